/* Which file is this, and the linear steps from an older schema to the newest. */
#include "store/db.h"
#include "base/log.h"
#include "base/os.h"

#include <inttypes.h>

#include "store_sql.inc"

/* Step i makes schema i + 1. */
static const char *const steps[] = {ridge_sql_schema, ridge_sql_migrate_2, ridge_sql_migrate_3, ridge_sql_migrate_4, ridge_sql_migrate_5,
                                    ridge_sql_migrate_6, ridge_sql_migrate_7};
enum { N_STEPS = sizeof steps / sizeof steps[0] };

int64_t ridge_db_schema(void)
{
    return N_STEPS;
}

enum ridge_status ridge_db_identify(struct ridge_store *s, int64_t *version, bool *is_new,
                                    struct ridge_error *err)
{
    int64_t application = 0, n_tables = 0;
    enum ridge_status st = ridge_db_int(s, "PRAGMA application_id", 0, &application, err);
    if (st == RIDGE_OK)
        st = ridge_db_int(s, "PRAGMA user_version", 0, version, err);
    if (st == RIDGE_OK)
        st = ridge_db_int(s, "SELECT count(*) FROM sqlite_schema", 0, &n_tables, err);
    if (st != RIDGE_OK)
        return st;
    *is_new = application == 0 && *version == 0 && n_tables == 0;
    if (*is_new)
        return RIDGE_OK;
    if (application != RIDGE_STORE_APPLICATION_ID)
        return ridge_fail(err, RIDGE_ERR_DB, s->path,
                          "%s: is an SQLite file of another program (application_id 0x%08" PRIx64
                          "), not a Ridge results file; it was left as it is",
                          s->path, (uint64_t)application & 0xffffffffu);
    if (*version > N_STEPS)
        return ridge_fail(err, RIDGE_ERR_DB, s->path,
                          "%s: was written by a newer Ridge (schema %" PRId64
                          ", this one knows up to %d); use that version, the file was left as it is",
                          s->path, *version, (int)N_STEPS);
    if (*version < 1)
        return ridge_fail(err, RIDGE_ERR_DB, s->path, "%s: says schema %" PRId64 ", which never was", s->path,
                          *version);
    return RIDGE_OK;
}

/* PATH.schemaN.bak, or .bak.1, .bak.2 where that is taken; VACUUM INTO writes a consistent copy. */
static enum ridge_status backup(struct ridge_store *s, int64_t version, struct ridge_error *err)
{
    struct ridge_arena a = {0};
    char *path = ridge_arena_printf(&a, "%s.schema%" PRId64 ".bak", s->path, version);
    for (int i = 1; ridge_os_exists(path) && i < 1000; i++)
        path = ridge_arena_printf(&a, "%s.schema%" PRId64 ".bak.%d", s->path, version, i);
    sqlite3_stmt *q;
    enum ridge_status st = ridge_db_prepare(s, "VACUUM INTO ?1", &q, err);
    if (st == RIDGE_OK) {
        ridge_db_bind(q, "t", path);
        st = ridge_db_run(s, q, err);
    }
    sqlite3_finalize(q);
    if (st == RIDGE_OK)
        ridge_log(RIDGE_LOG_INFO, "%s: schema %" PRId64 " becomes %d; the old file is kept as %s", s->path,
                  version, (int)N_STEPS, path);
    ridge_arena_deinit(&a);
    return st;
}

/* The first builds of schema 4 made files without this column. */
static enum ridge_status complete_schema_4(struct ridge_store *s, struct ridge_error *err)
{
    int64_t n = 0;
    enum ridge_status st = ridge_db_int(s, "SELECT count(*) FROM pragma_table_info('run') WHERE name = 'defaults_json'", 0, &n, err);
    return st != RIDGE_OK || n > 0 ? st
                                   : ridge_db_exec(s, "ALTER TABLE run ADD COLUMN defaults_json TEXT NOT NULL DEFAULT '{}'",
                                                   "change the schema", err);
}

static enum ridge_status step(struct ridge_store *s, int64_t version, struct ridge_error *err)
{
    char pragma[96];
    enum ridge_status st = version == 4 ? complete_schema_4(s, err) : RIDGE_OK;
    if (st == RIDGE_OK)
        st = ridge_db_exec(s, steps[version], "change the schema", err);
    (void)snprintf(pragma, sizeof pragma, "PRAGMA application_id = %d; PRAGMA user_version = %" PRId64,
                   RIDGE_STORE_APPLICATION_ID, version + 1);
    if (st == RIDGE_OK)
        st = ridge_db_exec(s, pragma, "change the schema", err);
    return st;
}

enum ridge_status ridge_db_migrate(struct ridge_store *s, bool is_copy, struct ridge_error *err)
{
    int64_t version;
    bool is_new;
    enum ridge_status st = ridge_db_identify(s, &version, &is_new, err);
    if (st != RIDGE_OK || version == N_STEPS)
        return st;
    if (!is_new && !is_copy && (st = backup(s, version, err)) != RIDGE_OK)
        return st;
    st = ridge_db_begin(s, err);
    if (st != RIDGE_OK)
        return st;
    st = ridge_db_identify(s, &version, &is_new, err); /* another process may have been faster */
    for (int64_t v = is_new ? 0 : version; st == RIDGE_OK && v < N_STEPS; v++)
        st = step(s, v, err);
    return ridge_db_end(s, st, err);
}
