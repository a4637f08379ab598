/* Judgements and baselines: written by the command line, read by reports, gate and history. */
#include "store/db.h"
#include "store/reader.h"
#include "store/writer.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static enum ridge_status put_head(struct ridge_store *s, struct ridge_judgement *j, struct ridge_error *err)
{
    sqlite3_stmt *q;
    enum ridge_status st = ridge_db_prepare(s,
        "INSERT INTO judgement (run_id, base_run_id, judged_utc_ns, mode, baseline, rules_name, rules_text, rules_sha256, "
        "command, banner, why, exit_code, n_aa_out, n_aa, n_aa_allowed, n_aa_out_pooled, n_aa_pooled, alpha, n_looks, "
        "aa_upper, detect_ratio, advice) "
        "VALUES (?1, nullif(?2, -1), ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, "
        "?16, ?17, ?18, ?19, ?20, ?21, ?22)", &q, err);
    if (st == RIDGE_OK) {
        ridge_db_bind(q, "iii" "tttttttt" "iiiiii" "d" "i" "dd" "t", j->run_id, j->base_run_id, j->judged_utc_ns, j->mode, j->baseline,
                      j->rules_name, j->rules_text, j->rules_sha256, j->command, j->banner, j->why, j->exit_code,
                      j->n_aa_out, j->n_aa, j->n_aa_allowed, j->n_aa_out_pooled, j->n_aa_pooled, j->alpha, j->n_looks,
                      j->aa_upper, j->detect_ratio, j->advice);
        st = ridge_db_run(s, q, err);
    }
    sqlite3_finalize(q);
    j->id = sqlite3_last_insert_rowid(s->db);
    return st;
}

static enum ridge_status put_rows(struct ridge_store *s, const struct ridge_judgement *j, struct ridge_error *err)
{
    sqlite3_stmt *q;
    enum ridge_status st = ridge_db_prepare(s,
        "INSERT INTO verdict (judgement_id, run_id, i_member, base_run_id, i_member_base, case_id, subject, label, metric, "
        "kind, verdict, ratio, low, high, margin_ratio, p, detect_ratio, n_forks, n_more_forks, more_s, why, again) VALUES "
        "(?1, ?2, nullif(?3, -1), nullif(?4, -1), nullif(?5, -1), ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, "
        "?18, ?19, ?20, ?21, ?22)", &q, err);
    for (size_t i = 0; st == RIDGE_OK && i < j->n_rows; i++) {
        const struct ridge_judged *r = &j->rows[i];
        ridge_db_bind(q, "iiiii" "tttttt" "dddddd" "ii" "d" "tt", j->id, j->run_id, r->i_member, r->base_run_id,
                      r->i_member_base, r->case_id, r->subject, r->label, r->metric, r->kind,
                      ridge_change_text(r->verdict), r->ratio, r->low, r->high, r->margin_ratio, r->p, r->detect_ratio,
                      r->n_forks, r->n_more_forks, r->more_s, r->why, r->again);
        st = ridge_db_run(s, q, err);
    }
    sqlite3_finalize(q);
    return st;
}

enum ridge_status ridge_store_judgement(struct ridge_store *s, struct ridge_judgement *j, struct ridge_error *err)
{
    enum ridge_status st = ridge_db_begin(s, err);
    if (st != RIDGE_OK)
        return st;
    st = put_head(s, j, err);
    if (st == RIDGE_OK)
        st = put_rows(s, j, err);
    return ridge_db_end(s, st, err);
}

enum ridge_status ridge_store_baseline(struct ridge_store *s, const char *name, const int64_t *runs, size_t n,
                                       int64_t set_utc_ns, struct ridge_error *err)
{
    sqlite3_stmt *q = NULL;
    enum ridge_status st = ridge_db_begin(s, err);
    if (st != RIDGE_OK)
        return st;
    st = ridge_db_prepare(s, "DELETE FROM baseline WHERE name = ?1", &q, err);
    if (st == RIDGE_OK) {
        ridge_db_bind(q, "t", name);
        st = ridge_db_run(s, q, err);
    }
    sqlite3_finalize(q);
    q = NULL;
    if (st == RIDGE_OK)
        st = ridge_db_prepare(s, "INSERT OR REPLACE INTO baseline (name, run_id, set_utc_ns) VALUES (?1, ?2, ?3)", &q, err);
    for (size_t i = 0; st == RIDGE_OK && i < n; i++) {
        ridge_db_bind(q, "tii", name, runs[i], set_utc_ns);
        st = ridge_db_run(s, q, err);
    }
    sqlite3_finalize(q);
    return ridge_db_end(s, st, err);
}

/* Files of schema 1 and 2 are read as they are: they have none of this. */
static bool has_judgements(struct ridge_store *s)
{
    int64_t n = 0;
    return ridge_db_int(s, "SELECT count(*) FROM sqlite_schema WHERE name = 'judgement'", 0, &n, NULL) == RIDGE_OK && n > 0;
}

static const char *text(struct ridge_arena *a, sqlite3_stmt *q, int i)
{
    return ridge_arena_str(a, ridge_db_text(q, i));
}

static int64_t id_or_none(sqlite3_stmt *q, int i)
{
    return sqlite3_column_type(q, i) == SQLITE_NULL ? -1 : sqlite3_column_int64(q, i);
}

#define HEAD_COLUMNS                                                                               \
    "SELECT id, run_id, base_run_id, judged_utc_ns, mode, baseline, rules_name, rules_text, rules_sha256, command, banner, " \
    "why, exit_code, n_aa_out, n_aa, n_aa_allowed, n_aa_out_pooled, n_aa_pooled, alpha, n_looks, aa_upper, " \
    "detect_ratio, advice FROM judgement "

static void read_head(struct ridge_arena *a, sqlite3_stmt *q, struct ridge_judgement *j)
{
    const char **const texts[] = {&j->mode, &j->baseline, &j->rules_name, &j->rules_text, &j->rules_sha256,
                                  &j->command, &j->banner, &j->why};
    *j = (struct ridge_judgement){.id = sqlite3_column_int64(q, 0),
                                  .run_id = sqlite3_column_int64(q, 1),
                                  .base_run_id = id_or_none(q, 2),
                                  .judged_utc_ns = sqlite3_column_int64(q, 3),
                                  .exit_code = sqlite3_column_int64(q, 12),
                                  .n_aa_out = sqlite3_column_int64(q, 13),
                                  .n_aa = sqlite3_column_int64(q, 14),
                                  .n_aa_allowed = sqlite3_column_int64(q, 15),
                                  .n_aa_out_pooled = sqlite3_column_int64(q, 16),
                                  .n_aa_pooled = sqlite3_column_int64(q, 17),
                                  .alpha = sqlite3_column_double(q, 18),
                                  .n_looks = sqlite3_column_int64(q, 19),
                                  .aa_upper = ridge_db_real(q, 20),
                                  .detect_ratio = ridge_db_real(q, 21)};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        *texts[i] = text(a, q, 4 + (int)i);
    j->advice = text(a, q, 22);
}

static void read_row(struct ridge_arena *a, sqlite3_stmt *q, struct ridge_judged *r)
{
    *r = (struct ridge_judged){.i_member = id_or_none(q, 0),
                               .base_run_id = id_or_none(q, 1),
                               .i_member_base = id_or_none(q, 2),
                               .case_id = text(a, q, 3),
                               .subject = text(a, q, 4),
                               .label = text(a, q, 5),
                               .metric = text(a, q, 6),
                               .kind = text(a, q, 7),
                               .verdict = ridge_change_parse(ridge_db_text(q, 8)),
                               .ratio = ridge_db_real(q, 9),
                               .low = ridge_db_real(q, 10),
                               .high = ridge_db_real(q, 11),
                               .margin_ratio = ridge_db_real(q, 12),
                               .p = ridge_db_real(q, 13),
                               .detect_ratio = ridge_db_real(q, 14),
                               .n_forks = sqlite3_column_int64(q, 15),
                               .n_more_forks = sqlite3_column_int64(q, 16),
                               .more_s = ridge_db_real(q, 17),
                               .why = text(a, q, 18),
                               .again = text(a, q, 19)};
}

static enum ridge_status read_rows(struct ridge_store *s, struct ridge_arena *a, struct ridge_judgement *j,
                                   struct ridge_error *err)
{
    struct { struct ridge_judged *v; size_t n, cap; } rows = {0};
    sqlite3_stmt *q;
    bool is_row = true;
    enum ridge_status st = ridge_db_prepare(s,
        "SELECT i_member, base_run_id, i_member_base, case_id, subject, label, metric, kind, verdict, ratio, low, high, "
        "margin_ratio, p, detect_ratio, n_forks, n_more_forks, more_s, why, again FROM verdict WHERE judgement_id = ?1 "
        "ORDER BY id", &q, err);
    if (st == RIDGE_OK)
        ridge_db_bind(q, "i", j->id);
    while (st == RIDGE_OK && (st = ridge_db_step(s, q, &is_row, err)) == RIDGE_OK && is_row) {
        struct ridge_judged r;
        read_row(a, q, &r);
        RIDGE_PUSH(rows, r);
    }
    sqlite3_finalize(q);
    j->rows = ridge_arena_array(a, rows.n + 1, sizeof *j->rows);
    j->n_rows = rows.n;
    if (rows.n > 0)
        memcpy(j->rows, rows.v, rows.n * sizeof *j->rows);
    free(rows.v);
    return st;
}

enum ridge_status ridge_read_judgement(struct ridge_store *s, struct ridge_arena *a, int64_t run_id,
                                       struct ridge_judgement **out, struct ridge_error *err)
{
    sqlite3_stmt *q;
    bool is_row = false;
    *out = NULL;
    if (!has_judgements(s))
        return RIDGE_OK;
    enum ridge_status st = ridge_db_prepare(s, HEAD_COLUMNS "WHERE run_id = ?1 ORDER BY id DESC LIMIT 1", &q, err);
    if (st == RIDGE_OK)
        ridge_db_bind(q, "i", run_id);
    if (st == RIDGE_OK)
        st = ridge_db_step(s, q, &is_row, err);
    if (st == RIDGE_OK && is_row) {
        *out = ridge_arena_alloc(a, sizeof **out);
        read_head(a, q, *out);
    }
    sqlite3_finalize(q);
    return st == RIDGE_OK && is_row ? read_rows(s, a, *out, err) : st;
}

enum ridge_status ridge_read_aa(struct ridge_store *s, const char *host_class, int64_t before_run_id, int64_t *n_out,
                                int64_t *n, struct ridge_error *err)
{
    sqlite3_stmt *q;
    bool is_row = false;
    *n_out = *n = 0;
    if (!has_judgements(s))
        return RIDGE_OK;
    /* the last judgement of each run counts; a run that is judged twice has one control */
    enum ridge_status st = ridge_db_prepare(s,
        "SELECT total(j.n_aa_out), total(j.n_aa) FROM judgement j JOIN run r ON r.id = j.run_id JOIN host h ON h.id = r.host_id "
        "WHERE h.class = ?1 AND j.run_id < ?2 AND j.id = (SELECT max(k.id) FROM judgement k WHERE k.run_id = j.run_id)", &q, err);
    if (st == RIDGE_OK) {
        ridge_db_bind(q, "ti", host_class, before_run_id);
        st = ridge_db_step(s, q, &is_row, err);
    }
    if (st == RIDGE_OK && is_row) {
        *n_out = (int64_t)sqlite3_column_double(q, 0);
        *n = (int64_t)sqlite3_column_double(q, 1);
    }
    sqlite3_finalize(q);
    return st;
}

enum ridge_status ridge_read_baselines(struct ridge_store *s, struct ridge_arena *a, struct ridge_rd_baseline **out,
                                       size_t *n, struct ridge_error *err)
{
    struct { struct ridge_rd_baseline *v; size_t n, cap; } rows = {0};
    sqlite3_stmt *q;
    bool is_row = true;
    *out = NULL;
    *n = 0;
    if (!has_judgements(s))
        return RIDGE_OK;
    enum ridge_status st = ridge_db_prepare(s, "SELECT name, run_id, set_utc_ns FROM baseline ORDER BY name, run_id", &q, err);
    while (st == RIDGE_OK && (st = ridge_db_step(s, q, &is_row, err)) == RIDGE_OK && is_row) {
        struct ridge_rd_baseline b = {text(a, q, 0), sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 2)};
        RIDGE_PUSH(rows, b);
    }
    sqlite3_finalize(q);
    *out = ridge_arena_array(a, rows.n + 1, sizeof **out);
    *n = rows.n;
    if (rows.n > 0)
        memcpy(*out, rows.v, rows.n * sizeof **out);
    free(rows.v);
    return st;
}
