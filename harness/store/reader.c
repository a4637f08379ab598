/* Runs and samples. */
#include "store/reader.h"
#include "store/blob.h"
#include "store/db.h"

#include <inttypes.h>
#include <stdlib.h>
#include <math.h>
#include <string.h>

#define RUN_COLUMNS                                                                                \
    "SELECT r.id, r.started_utc_ns, r.ended_utc_ns, r.name, r.suite_path, r.suite_text, r.command, r.version, "   \
    "r.status, r.fitness, r.why, r.boot_id, r.seed, h.class, h.topology, h.fingerprint_json, r.forks, r.rounds, "  \
    "r.n_cases, r.n_groups, r.statistic, r.settings_words, r.set_words, "  \
    "r.defaults_json FROM run r JOIN host h ON h.id = r.host_id "

static void read_run_row(struct ridge_arena *a, sqlite3_stmt *q, struct ridge_rd_run *r)
{
    const char **const texts[] = {&r->name, &r->suite_path, &r->suite_text, &r->command, &r->version,
                                  &r->status, &r->fitness, &r->why, &r->boot_id};
    *r = (struct ridge_rd_run){.id = sqlite3_column_int64(q, 0),
                               .started_utc_ns = sqlite3_column_int64(q, 1),
                               .ended_utc_ns = sqlite3_column_int64(q, 2),
                               .seed = (uint64_t)sqlite3_column_int64(q, 12),
                               .forks = sqlite3_column_int64(q, 16),
                               .rounds = sqlite3_column_int64(q, 17),
                               .n_cases = sqlite3_column_int64(q, 18),
                               .n_groups = sqlite3_column_int64(q, 19)};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = ridge_arena_str(a, ridge_db_text(q, 3 + (int)i));
    r->host_class = ridge_arena_str(a, ridge_db_text(q, 13));
    r->topology = ridge_arena_str(a, ridge_db_text(q, 14));
    (void)ridge_json_get_kvs(a, ridge_db_text(q, 15), &r->host); /* verify names damaged ones */
    r->statistic = ridge_arena_str(a, ridge_db_text(q, 20));
    r->settings_words = ridge_arena_str(a, ridge_db_text(q, 21));
    r->set_words = ridge_arena_str(a, ridge_db_text(q, 22));
    (void)ridge_json_get_kvs(a, ridge_db_text(q, 23), &r->defaults);
}

/* RUN is last, last~N, an id or a name (the latest run that has it). */
static enum ridge_status find(struct ridge_store *s, const char *run, sqlite3_stmt **q, struct ridge_error *err)
{
    int64_t number = 0;
    if (strcmp(run, "last") == 0 || strncmp(run, "last~", 5) == 0) {
        if (run[4] == '~' && (ridge_text_int(run + 5, &number, NULL) != RIDGE_OK || number < 0))
            return ridge_fail(err, RIDGE_ERR_USAGE, run, "%s: after last~ a count is needed, as in last~1", run);
        enum ridge_status st = ridge_db_prepare(s, RUN_COLUMNS "ORDER BY r.id DESC LIMIT 1 OFFSET ?1", q, err);
        if (st == RIDGE_OK)
            ridge_db_bind(*q, "i", number);
        return st;
    }
    bool is_id = ridge_text_int(run, &number, NULL) == RIDGE_OK;
    enum ridge_status st = ridge_db_prepare(s, RUN_COLUMNS
        "WHERE (?2 AND r.id = ?1) OR r.name = ?3 ORDER BY (?2 AND r.id = ?1) DESC, r.id DESC LIMIT 1", q, err);
    if (st == RIDGE_OK)
        ridge_db_bind(*q, "iit", number, (int64_t)is_id, run);
    return st;
}

/* Names the newest runs, so that the right word is at hand. */
static enum ridge_status no_such_run(struct ridge_store *s, const char *run, struct ridge_error *err)
{
    struct ridge_buf list = {0};
    sqlite3_stmt *q;
    bool is_row = true;
    int64_t n = 0;
    enum ridge_status st = ridge_db_int(s, "SELECT count(*) FROM run", 0, &n, err);
    if (st == RIDGE_OK)
        st = ridge_db_prepare(s, "SELECT id, substr(name, 1, 40), strftime('%Y-%m-%d %H:%M', started_utc_ns / 1000000000, "
                                 "'unixepoch') FROM run ORDER BY id DESC LIMIT 8", &q, err);
    if (st != RIDGE_OK)
        return st;
    while ((st = ridge_db_step(s, q, &is_row, err)) == RIDGE_OK && is_row)
        ridge_buf_printf(&list, "%s%" PRId64 " (%s, %s)", list.n > 0 ? ", " : "", (int64_t)sqlite3_column_int64(q, 0),
                         ridge_db_text(q, 1), ridge_db_text(q, 2));
    sqlite3_finalize(q);
    if (st == RIDGE_OK)
        st = ridge_fail(err, RIDGE_ERR_USAGE, s->path,
                        "there is no run '%.200s'; of %" PRId64 " run%s the newest %s: %s; say last, last~1, an id or a name",
                        run, n, n == 1 ? "" : "s", n == 1 ? "is" : "are", list.n > 0 ? list.data : "none");
    ridge_buf_deinit(&list);
    return st;
}

enum ridge_status ridge_read_run(struct ridge_store *s, struct ridge_arena *a, const char *run,
                                 struct ridge_rd_run *out, struct ridge_error *err)
{
    sqlite3_stmt *q = NULL;
    bool is_row = false;
    enum ridge_status st = find(s, run, &q, err);
    if (st == RIDGE_OK)
        st = ridge_db_step(s, q, &is_row, err);
    if (st == RIDGE_OK && is_row)
        read_run_row(a, q, out);
    sqlite3_finalize(q);
    return st == RIDGE_OK && !is_row ? no_such_run(s, run, err) : st;
}

enum ridge_status ridge_read_runs(struct ridge_store *s, struct ridge_arena *a, struct ridge_rd_run **out,
                                  size_t *n, struct ridge_error *err)
{
    struct { struct ridge_rd_run *v; size_t n, cap; } runs = {0};
    sqlite3_stmt *q;
    bool is_row = true;
    enum ridge_status st = ridge_db_prepare(s, RUN_COLUMNS "ORDER BY r.id", &q, err);
    while (st == RIDGE_OK && (st = ridge_db_step(s, q, &is_row, err)) == RIDGE_OK && is_row) {
        struct ridge_rd_run r;
        read_run_row(a, q, &r);
        RIDGE_PUSH(runs, r);
    }
    sqlite3_finalize(q);
    *n = runs.n;
    *out = ridge_arena_array(a, runs.n + 1, sizeof **out);
    if (runs.n > 0)
        memcpy(*out, runs.v, runs.n * sizeof **out);
    free(runs.v);
    return st;
}

enum ridge_status ridge_read_shares_case(struct ridge_store *s, int64_t run_id, int64_t other_id, bool *out, struct ridge_error *err)
{
    sqlite3_stmt *q;
    *out = false;
    enum ridge_status st = ridge_db_prepare(s,
        "SELECT 1 FROM member m WHERE m.run_id = ?1 AND m.yardstick IS NULL AND m.case_rowid IN "
        "(SELECT case_rowid FROM member WHERE run_id = ?2 AND yardstick IS NULL) LIMIT 1", &q, err);
    if (st == RIDGE_OK) {
        ridge_db_bind(q, "ii", run_id, other_id);
        st = ridge_db_step(s, q, out, err);
    }
    sqlite3_finalize(q);
    return st;
}

static enum ridge_status read_chunk(struct ridge_store *s, sqlite3_stmt *q, struct ridge_chunk *c,
                                    struct ridge_error *err)
{
    struct ridge_error inner = {0};
    int64_t id = sqlite3_column_int64(q, 0), n = sqlite3_column_int64(q, 4);
    *c = (struct ridge_chunk){.fork = sqlite3_column_int64(q, 1),
                              .round = sqlite3_column_int64(q, 2),
                              .order = sqlite3_column_int64(q, 3),
                              .n_lead_in = (size_t)sqlite3_column_int64(q, 5),
                              .inner_reps = sqlite3_column_int64(q, 6),
                              .canary_hz = ridge_db_measured(q, 7),
                              .steal_ns = sqlite3_column_int64(q, 8),
                              .foreign_ns = sqlite3_column_int64(q, 9),
                              .wait_ns = sqlite3_column_int64(q, 10),
                              .n_voluntary_switches = sqlite3_column_int64(q, 11),
                              .n_involuntary_switches = sqlite3_column_int64(q, 12),
                              .n_disturbed = sqlite3_column_int64(q, 13),
                              .block_ns = ridge_db_real(q, 15),
                              .cpu_time_ns = sqlite3_column_int64(q, 16),
                              .n_completed = sqlite3_column_int64(q, 17),
                              .span_ns = sqlite3_column_int64(q, 18),
                              .loads_per_step = ridge_db_measured(q, 19),
                              .n_repeats = sqlite3_column_int64(q, 20)};
    if (ridge_blob_decode(sqlite3_column_blob(q, 14), (size_t)sqlite3_column_bytes(q, 14), c, &inner) != RIDGE_OK)
        return ridge_fail(err, RIDGE_ERR_DB, s->path, "%s: chunk %" PRId64 ": %s", s->path, id, inner.text);
    if ((int64_t)c->n != n || c->n_lead_in > c->n)
        return ridge_fail(err, RIDGE_ERR_DB, s->path,
                          "%s: chunk %" PRId64 ": its row says %" PRId64 " samples, its blob holds %zu", s->path, id,
                          n, c->n);
    return RIDGE_OK;
}

enum ridge_status ridge_read_chunks(struct ridge_store *s, int64_t run_id, int64_t i_member,
                                    struct ridge_chunk **out, size_t *n, struct ridge_error *err)
{
    struct { struct ridge_chunk *v; size_t n, cap; } chunks = {0};
    sqlite3_stmt *q;
    bool is_row = true;
    enum ridge_status st = ridge_db_prepare(s,
        "SELECT c.id, c.fork, c.round, c.place, c.n, c.n_lead_in, c.inner_reps, c.canary_hz, c.steal_ns, c.foreign_ns, "
        "c.wait_ns, c.n_voluntary_switches, c.n_involuntary_switches, c.n_disturbed, b.columns, "
        "c.block_ns, c.cpu_time_ns, c.n_completed, c.span_ns, c.loads_per_step, c.n_repeats "
        "FROM chunk c LEFT JOIN chunk_blob b ON b.chunk_id = c.id "
        "WHERE c.run_id = ?1 AND c.i_member = ?2 AND c.attempt = 0 ORDER BY c.fork, c.round, c.i_group", &q, err);
    if (st == RIDGE_OK)
        ridge_db_bind(q, "ii", run_id, i_member);
    while (st == RIDGE_OK && (st = ridge_db_step(s, q, &is_row, err)) == RIDGE_OK && is_row) {
        struct ridge_chunk c;
        st = read_chunk(s, q, &c, err);
        RIDGE_PUSH(chunks, c);
    }
    sqlite3_finalize(q);
    if (st != RIDGE_OK) {
        for (size_t i = 0; i < chunks.n; i++)
            ridge_chunk_deinit(&chunks.v[i]);
        free(chunks.v);
        chunks.v = NULL;
        chunks.n = 0;
    }
    *out = chunks.v;
    *n = chunks.n;
    return st;
}

const struct ridge_metric *ridge_rd_metric(const struct ridge_rd_member *m, const char *name)
{
    for (size_t i = 0; i < m->n_metrics; i++)
        if (strcmp(m->metrics[i].name, name) == 0)
            return &m->metrics[i];
    return NULL;
}
