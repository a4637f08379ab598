#include "store/db.h"

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>

enum ridge_status ridge_db_fail(struct ridge_store *s, struct ridge_error *err, const char *doing)
{
    static const struct {
        int code;
        const char *advice;
    } advices[] = {
        {SQLITE_FULL, "; the disk or the file's limit is full; what was committed before is kept"},
        {SQLITE_BUSY, "; another process held the file for over 30 s"},
        {SQLITE_READONLY, "; check the permissions of the file and its folder"},
        {SQLITE_CANTOPEN, "; check that the folder exists and may be written"},
        {SQLITE_CORRUPT, "; the file is damaged: restore a backup, or save the rest with sqlite3's .recover"},
        {SQLITE_NOTADB, "; this is not a results file"},
    };
    int code = sqlite3_errcode(s->db) & 0xff;
    const char *advice = "";
    for (size_t i = 0; i < sizeof advices / sizeof advices[0]; i++)
        if (advices[i].code == code)
            advice = advices[i].advice;
    return ridge_fail(err, RIDGE_ERR_DB, s->path, "%s: cannot %s: %s%s", s->path, doing,
                      sqlite3_errmsg(s->db), advice);
}

enum ridge_status ridge_db_exec(struct ridge_store *s, const char *sql, const char *doing,
                                struct ridge_error *err)
{
    if (sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK)
        return RIDGE_OK;
    return ridge_db_fail(s, err, doing);
}

enum ridge_status ridge_db_prepare(struct ridge_store *s, const char *sql, sqlite3_stmt **out,
                                   struct ridge_error *err)
{
    *out = NULL;
    if (sqlite3_prepare_v2(s->db, sql, -1, out, NULL) == SQLITE_OK)
        return RIDGE_OK;
    return ridge_db_fail(s, err, "prepare a statement");
}

enum ridge_status ridge_db_begin(struct ridge_store *s, struct ridge_error *err)
{
    if (!s->is_writable)
        return ridge_fail(err, RIDGE_ERR_DB, s->path, "%s: is open for reading only", s->path);
    return ridge_db_exec(s, "BEGIN IMMEDIATE", "start writing", err);
}

enum ridge_status ridge_db_end(struct ridge_store *s, enum ridge_status st, struct ridge_error *err)
{
    if (st == RIDGE_OK)
        st = ridge_db_exec(s, "COMMIT", "commit", err);
    if (st != RIDGE_OK && !sqlite3_get_autocommit(s->db)) /* SQLite may have rolled back on its own */
        (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    return st;
}

void ridge_db_bind(sqlite3_stmt *q, const char *types, ...)
{
    va_list ap;
    va_start(ap, types);
    for (int i = 1; types[i - 1] != '\0'; i++) {
        char type = types[i - 1];
        if (type == 'i') {
            sqlite3_bind_int64(q, i, va_arg(ap, int64_t));
        } else if (type == 'd') {
            double v = va_arg(ap, double);
            if (isfinite(v))
                sqlite3_bind_double(q, i, v);
            else
                sqlite3_bind_null(q, i);
        } else {
            const char *text = va_arg(ap, const char *);
            if (text == NULL && type == 'n')
                sqlite3_bind_null(q, i);
            else
                sqlite3_bind_text(q, i, text != NULL ? text : "", -1, SQLITE_TRANSIENT);
        }
    }
    va_end(ap);
}

enum ridge_status ridge_db_run(struct ridge_store *s, sqlite3_stmt *q, struct ridge_error *err)
{
    int rc = sqlite3_step(q);
    enum ridge_status st = rc == SQLITE_DONE || rc == SQLITE_ROW ? RIDGE_OK : ridge_db_fail(s, err, "write");
    sqlite3_reset(q);
    return st;
}

enum ridge_status ridge_db_step(struct ridge_store *s, sqlite3_stmt *q, bool *is_row, struct ridge_error *err)
{
    int rc = sqlite3_step(q);
    *is_row = rc == SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE ? RIDGE_OK : ridge_db_fail(s, err, "read");
}

double ridge_db_real(sqlite3_stmt *q, int i)
{
    return sqlite3_column_type(q, i) == SQLITE_NULL ? NAN : sqlite3_column_double(q, i);
}

double ridge_db_measured(sqlite3_stmt *q, int i)
{
    return sqlite3_column_type(q, i) == SQLITE_NULL ? -1 : sqlite3_column_double(q, i);
}

const char *ridge_db_text(sqlite3_stmt *q, int i)
{
    const char *text = (const char *)sqlite3_column_text(q, i);
    return text != NULL ? text : "";
}

enum ridge_status ridge_db_int(struct ridge_store *s, const char *sql, int64_t otherwise, int64_t *out,
                               struct ridge_error *err)
{
    sqlite3_stmt *q;
    bool is_row = false;
    *out = otherwise;
    enum ridge_status st = ridge_db_prepare(s, sql, &q, err);
    if (st == RIDGE_OK)
        st = ridge_db_step(s, q, &is_row, err);
    if (is_row)
        *out = sqlite3_column_int64(q, 0);
    sqlite3_finalize(q);
    return st;
}
