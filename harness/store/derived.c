/* Metric and comparison rows of a group: computed once, replaced as a whole. */
#include "store/db.h"
#include "store/writer.h"

static enum ridge_status clear(struct ridge_store *s, const char *sql, int64_t run_id, int64_t i_group,
                               struct ridge_error *err)
{
    sqlite3_stmt *q;
    enum ridge_status st = ridge_db_prepare(s, sql, &q, err);
    if (st == RIDGE_OK) {
        ridge_db_bind(q, "ii", run_id, i_group);
        st = ridge_db_run(s, q, err);
    }
    sqlite3_finalize(q);
    return st;
}

struct metric_writer {
    sqlite3_stmt *def, *row;
};

/* A name that is not in the dictionary (a fact of some worker) gets a definition of its own, after the others. */
static enum ridge_status put_metric(struct ridge_store *s, struct metric_writer *w, int64_t run_id,
                                    int64_t i_group, int64_t i_member, const struct ridge_metric *m,
                                    struct ridge_error *err)
{
    ridge_db_bind(w->def, "ttt", m->name, m->unit, m->source);
    enum ridge_status st = ridge_db_run(s, w->def, err);
    if (st != RIDGE_OK)
        return st;
    ridge_db_bind(w->row, "iii" "t" "ddd" "i" "tttn" "i", run_id, i_group, i_member, m->name, m->value, m->low, m->high,
                  m->n, m->unit, m->source, m->rule, m->refused, m->n_forks);
    return ridge_db_run(s, w->row, err);
}

static enum ridge_status put_metrics(struct ridge_store *s, int64_t run_id, int64_t i_group,
                                     const size_t *i_members, const struct ridge_metric *const *metrics,
                                     const size_t *n_metrics, size_t n_members, struct ridge_error *err)
{
    struct metric_writer w = {0};
    enum ridge_status st = ridge_db_prepare(s,
        "INSERT OR IGNORE INTO metric_def (name, unit, better, source, doc, place) "
        "VALUES (?1, ?2, 'none', ?3, '', 1000000)", &w.def, err);
    if (st == RIDGE_OK)
        st = ridge_db_prepare(s,
            "INSERT OR REPLACE INTO metric (run_id, i_group, i_member, metric_id, value, low, high, n, unit, source, "
            "rule, refused, n_forks) VALUES (?1, ?2, ?3, (SELECT id FROM metric_def WHERE name = ?4), ?5, ?6, ?7, ?8, ?9, "
            "?10, ?11, ?12, ?13)", &w.row, err);
    for (size_t i = 0; i < n_members; i++)
        for (size_t k = 0; st == RIDGE_OK && k < n_metrics[i]; k++)
            st = put_metric(s, &w, run_id, i_group, (int64_t)i_members[i], &metrics[i][k], err);
    sqlite3_finalize(w.def);
    sqlite3_finalize(w.row);
    return st;
}

static enum ridge_status put_comparisons(struct ridge_store *s, int64_t run_id, int64_t i_group,
                                         const struct ridge_comparison *v, size_t n, struct ridge_error *err)
{
    sqlite3_stmt *q;
    enum ridge_status st = ridge_db_prepare(s,
        "INSERT OR REPLACE INTO comparison (run_id, i_group, i_member_a, i_member_b, estimator, ratio, low, high, "
        "n_pairs, n_forks, paired, note) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)", &q, err);
    for (size_t i = 0; st == RIDGE_OK && i < n; i++) {
        ridge_db_bind(q, "iiii" "t" "ddd" "iii" "t", run_id, i_group, (int64_t)v[i].i_member_a,
                      (int64_t)v[i].i_member_b, v[i].estimator, v[i].ratio, v[i].low, v[i].high, v[i].n_pairs,
                      v[i].n_forks, (int64_t)v[i].paired, v[i].note);
        st = ridge_db_run(s, q, err);
    }
    sqlite3_finalize(q);
    return st;
}

enum ridge_status ridge_store_derived(struct ridge_store *s, int64_t run_id, size_t i_group,
                                      const size_t *i_members, const struct ridge_metric *const *metrics,
                                      const size_t *n_metrics, size_t n_members,
                                      const struct ridge_comparison *comparisons, size_t n_comparisons,
                                      struct ridge_error *err)
{
    int64_t group = (int64_t)i_group;
    enum ridge_status st = ridge_db_begin(s, err);
    if (st != RIDGE_OK)
        return st;
    st = clear(s, "DELETE FROM metric WHERE run_id = ?1 AND i_group = ?2 AND scope = 'case'", run_id, group, err);
    if (st == RIDGE_OK)
        st = clear(s, "DELETE FROM comparison WHERE run_id = ?1 AND i_group = ?2", run_id, group, err);
    if (st == RIDGE_OK)
        st = put_metrics(s, run_id, group, i_members, metrics, n_metrics, n_members, err);
    if (st == RIDGE_OK)
        st = put_comparisons(s, run_id, group, comparisons, n_comparisons, err);
    return ridge_db_end(s, st, err);
}
