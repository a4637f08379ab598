/* Which blocks ran beside a neighbour on their core, by the level of all that is stored: a run that begins beside one, and is
 * short, cannot know it from its own blocks. Of this machine only; other targets are judged by their own run. */
#include "base/order.h"
#include "store/db.h"
#include "store/reader.h"
#include "store/writer.h"

#include <stdlib.h>

enum { MOST_RUNS = 20, LEAST_BLOCKS = 100 };
#define TOLD                                                                                                                   \
    "FROM chunk c JOIN member m ON m.run_id = c.run_id AND m.i_member = c.i_member JOIN bench_case b ON b.id = m.case_rowid "  \
    "WHERE c.run_id = ?1 AND c.attempt = 0 AND c.loads_per_step > 0 AND b.target = 'local'"

static enum ridge_status ask(struct ridge_store *s, const char *sql, int64_t run_id, int64_t second, double *out,
                             struct ridge_error *err)
{
    sqlite3_stmt *q;
    bool is_row = false;
    enum ridge_status st = ridge_db_prepare(s, sql, &q, err);
    if (st == RIDGE_OK) {
        ridge_db_bind(q, "ii", run_id, second);
        st = ridge_db_step(s, q, &is_row, err);
    }
    if (st == RIDGE_OK && is_row)
        *out = sqlite3_column_double(q, 0);
    sqlite3_finalize(q);
    return st;
}

/* What 5 % of a run's blocks reach: no lucky canary rules. 0: the run has fewer blocks than are asked for. */
static enum ridge_status level_of(struct ridge_store *s, int64_t run_id, double least_blocks, double *out, struct ridge_error *err)
{
    double n = 0;
    *out = 0;
    enum ridge_status st = ask(s, "SELECT count(*), ?2 " TOLD, run_id, 0, &n, err);
    if (st != RIDGE_OK || n < least_blocks)
        return st;
    return ask(s, "SELECT c.loads_per_step " TOLD " ORDER BY c.loads_per_step DESC LIMIT 1 OFFSET ?2", run_id, (int64_t)(n / 20), out,
               err);
}

enum ridge_status ridge_read_loads(struct ridge_store *s, int64_t run_id, double *out, struct ridge_error *err)
{
    return level_of(s, run_id, 1, out, err);
}

/* Median over the runs: no odd run rules either. */
enum ridge_status ridge_read_loads_before(struct ridge_store *s, int64_t run_id, double *out, struct ridge_error *err)
{
    sqlite3_stmt *q;
    bool is_row = true;
    double levels[MOST_RUNS], level;
    size_t n = 0;
    enum ridge_status st = ridge_db_prepare(s,
        "SELECT r.id FROM run o JOIN host g ON g.id = o.host_id JOIN host h ON h.class = g.class JOIN run r ON r.host_id = h.id "
        "WHERE o.id = ?1 AND r.id < ?1 ORDER BY r.id DESC LIMIT ?2", &q, err);
    if (st == RIDGE_OK)
        ridge_db_bind(q, "ii", run_id, (int64_t)MOST_RUNS);
    while (st == RIDGE_OK && (st = ridge_db_step(s, q, &is_row, err)) == RIDGE_OK && is_row) {
        st = level_of(s, sqlite3_column_int64(q, 0), LEAST_BLOCKS, &level, err);
        if (st == RIDGE_OK && level > 0)
            levels[n++] = level;
    }
    sqlite3_finalize(q);
    qsort(levels, n, sizeof *levels, ridge_order_real);
    *out = n > 0 ? levels[n / 2] : 0;
    return st;
}

enum ridge_status ridge_store_mark_shared(struct ridge_store *s, int64_t run_id, double least_loads, bool *marked, size_t n_groups,
                                          struct ridge_error *err)
{
    sqlite3_stmt *q = NULL;
    bool is_row = true;
    enum ridge_status st = ridge_db_begin(s, err);
    if (st != RIDGE_OK)
        return st;
    st = ridge_db_prepare(s,
        "UPDATE chunk SET n_disturbed = n - n_lead_in WHERE id IN (SELECT c.id " TOLD " AND c.loads_per_step < ?2 "
        "AND c.n_disturbed < c.n - c.n_lead_in) RETURNING i_group", &q, err);
    if (st == RIDGE_OK)
        ridge_db_bind(q, "id", run_id, least_loads);
    while (st == RIDGE_OK && (st = ridge_db_step(s, q, &is_row, err)) == RIDGE_OK && is_row)
        if ((size_t)sqlite3_column_int64(q, 0) < n_groups)
            marked[sqlite3_column_int64(q, 0)] = true;
    sqlite3_finalize(q);
    return ridge_db_end(s, st, err);
}
