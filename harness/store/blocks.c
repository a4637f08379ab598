/* Reading rows of blocks and of processes without their samples. */
#include "store/db.h"
#include "store/reader.h"
#include <stdlib.h>
#include <string.h>

enum ridge_status ridge_read_blocks(struct ridge_store *s, struct ridge_arena *a, int64_t run_id,
                                    struct ridge_rd_block **out, size_t *n, struct ridge_error *err)
{
    struct { struct ridge_rd_block *v; size_t n, cap; } blocks = {0};
    sqlite3_stmt *q;
    bool is_row = true;
    enum ridge_status st = ridge_db_prepare(s,
        "SELECT i_member, n - n_lead_in, n_disturbed, steal_ns, foreign_ns, cpu_time_ns, n_repeats, canary_hz, block_ns "
        "FROM chunk WHERE run_id = ?1 AND attempt = 0 ORDER BY id", &q, err);
    if (st == RIDGE_OK)
        ridge_db_bind(q, "i", run_id);
    while (st == RIDGE_OK && (st = ridge_db_step(s, q, &is_row, err)) == RIDGE_OK && is_row) {
        struct ridge_rd_block b = {sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 2),
                                   sqlite3_column_int64(q, 3), sqlite3_column_int64(q, 4), sqlite3_column_int64(q, 5),
                                   sqlite3_column_int64(q, 6), ridge_db_measured(q, 7),    ridge_db_measured(q, 8)};
        RIDGE_PUSH(blocks, b);
    }
    sqlite3_finalize(q);
    *n = st == RIDGE_OK ? blocks.n : 0;
    *out = ridge_arena_array(a, *n + 1, sizeof **out);
    if (*n > 0)
        memcpy(*out, blocks.v, *n * sizeof **out);
    free(blocks.v);
    return st;
}

enum ridge_status ridge_read_facts(struct ridge_store *s, struct ridge_arena *a, int64_t run_id,
                                   struct ridge_rd_fact **out, size_t *n, struct ridge_error *err)
{
    struct { struct ridge_rd_fact *v; size_t n, cap; } facts = {0};
    sqlite3_stmt *q;
    bool is_row = true;
    enum ridge_status st = ridge_db_prepare(s,
        "SELECT p.i_member, p.fork, p.verdict, j.key, j.value FROM process p LEFT JOIN json_each(p.facts_json) j "
        "WHERE p.run_id = ?1 AND p.attempt = 0 ORDER BY p.i_member, p.fork", &q, err);
    if (st == RIDGE_OK)
        ridge_db_bind(q, "i", run_id);
    while (st == RIDGE_OK && (st = ridge_db_step(s, q, &is_row, err)) == RIDGE_OK && is_row) {
        const char *name = sqlite3_column_type(q, 3) == SQLITE_NULL ? NULL : ridge_db_text(q, 3);
        struct ridge_rd_fact f = {sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1),
                                  ridge_arena_str(a, ridge_db_text(q, 2)), name != NULL ? ridge_arena_str(a, name) : NULL,
                                  sqlite3_column_double(q, 4)};
        RIDGE_PUSH(facts, f);
    }
    sqlite3_finalize(q);
    *n = st == RIDGE_OK ? facts.n : 0;
    *out = ridge_arena_array(a, *n + 1, sizeof **out);
    if (*n > 0)
        memcpy(*out, facts.v, *n * sizeof **out);
    free(facts.v);
    return st;
}
