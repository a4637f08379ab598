/* Samples as they come: a round is one commit. */
#include "store/blob.h"
#include "store/db.h"
#include "store/writer.h"

static enum ridge_status put_blob(struct ridge_store *s, sqlite3_stmt *q, const struct ridge_chunk *c,
                                  struct ridge_buf *buf, struct ridge_error *err)
{
    buf->n = 0;
    ridge_blob_encode(c, buf);
    sqlite3_bind_int64(q, 1, sqlite3_last_insert_rowid(s->db));
    sqlite3_bind_blob64(q, 2, buf->data, buf->n, SQLITE_STATIC); /* buf lives until the step */
    return ridge_db_run(s, q, err);
}

static enum ridge_status put_chunks(struct ridge_store *s, int64_t run_id, int64_t i_group,
                                    const int64_t at[2], const size_t *i_members,
                                    const struct ridge_chunk *chunks, size_t n, struct ridge_error *err)
{
    sqlite3_stmt *row = NULL, *blob = NULL;
    struct ridge_buf buf = {0};
    enum ridge_status st = ridge_db_prepare(s,
        "INSERT INTO chunk (run_id, i_group, i_member, fork, round, place, n, n_lead_in, inner_reps, canary_hz, "
        "steal_ns, foreign_ns, wait_ns, n_voluntary_switches, n_involuntary_switches, n_disturbed, "
        "block_ns, cpu_time_ns, n_completed, span_ns, loads_per_step, n_repeats) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)", &row, err);
    if (st == RIDGE_OK)
        st = ridge_db_prepare(s, "INSERT INTO chunk_blob (chunk_id, columns) VALUES (?1, ?2)", &blob, err);
    for (size_t i = 0; st == RIDGE_OK && i < n; i++) {
        const struct ridge_chunk *c = &chunks[i];
        ridge_db_bind(row, "iiiiiiiii" "d" "iiiiii" "d" "iii" "d" "i", run_id, i_group, (int64_t)i_members[i], at[0], at[1], c->order,
                      (int64_t)c->n, (int64_t)c->n_lead_in, c->inner_reps, c->canary_hz, c->steal_ns, c->foreign_ns,
                      c->wait_ns, c->n_voluntary_switches, c->n_involuntary_switches, c->n_disturbed,
                      c->block_ns, c->cpu_time_ns, c->n_completed, c->span_ns,
                      c->loads_per_step, c->n_repeats);
        st = ridge_db_run(s, row, err);
        if (st == RIDGE_OK)
            st = put_blob(s, blob, c, &buf, err);
    }
    sqlite3_finalize(row);
    sqlite3_finalize(blob);
    ridge_buf_deinit(&buf);
    return st;
}

enum ridge_status ridge_store_round(struct ridge_store *s, int64_t run_id, size_t i_group, int64_t fork,
                                    int64_t round, const size_t *i_members, const struct ridge_chunk *chunks,
                                    size_t n, struct ridge_error *err)
{
    enum ridge_status st = ridge_db_begin(s, err);
    if (st != RIDGE_OK)
        return st;
    st = put_chunks(s, run_id, (int64_t)i_group, (const int64_t[]){fork, round}, i_members, chunks, n, err);
    return ridge_db_end(s, st, err);
}

static enum ridge_status run_one(struct ridge_store *s, sqlite3_stmt *q, enum ridge_status st,
                                 struct ridge_error *err)
{
    if (st == RIDGE_OK)
        st = ridge_db_run(s, q, err);
    sqlite3_finalize(q);
    return ridge_db_end(s, st, err);
}

enum ridge_status ridge_store_fork_end(struct ridge_store *s, int64_t run_id, size_t i_group, int64_t fork,
                                       struct ridge_error *err)
{
    sqlite3_stmt *q = NULL;
    enum ridge_status st = ridge_db_begin(s, err);
    if (st != RIDGE_OK)
        return st;
    st = ridge_db_prepare(s, "INSERT OR IGNORE INTO fork_row (run_id, i_group, fork) VALUES (?1, ?2, ?3)", &q, err);
    if (st == RIDGE_OK)
        ridge_db_bind(q, "iii", run_id, (int64_t)i_group, fork);
    return run_one(s, q, st, err);
}

enum ridge_status ridge_store_group_end(struct ridge_store *s, int64_t run_id, size_t i_group,
                                        const char *stop_reason, double width_ratio, struct ridge_error *err)
{
    sqlite3_stmt *q = NULL;
    enum ridge_status st = ridge_db_begin(s, err);
    if (st != RIDGE_OK)
        return st;
    st = ridge_db_prepare(s,
        "UPDATE group_row SET stop_reason = ?3, width_ratio = ?4 WHERE run_id = ?1 AND i_group = ?2", &q, err);
    if (st == RIDGE_OK)
        ridge_db_bind(q, "iitd", run_id, (int64_t)i_group, stop_reason, width_ratio);
    return run_one(s, q, st, err);
}
