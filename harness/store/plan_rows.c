/* The rows that a run has from its plan: cases, members, groups, the metric dictionary. */
#include "store/db.h"
#include "data/metric.h"

static enum ridge_status put_dictionary(struct ridge_store *s, struct ridge_error *err)
{
    sqlite3_stmt *q;
    enum ridge_status st = ridge_db_prepare(s,
        "INSERT INTO metric_def (name, unit, better, source, doc, place) VALUES (?1, ?2, ?3, ?4, ?5, ?6) "
        "ON CONFLICT (name) DO UPDATE SET unit = ?2, better = ?3, source = ?4, doc = ?5, place = ?6", &q, err);
    for (size_t i = 0; st == RIDGE_OK && i < ridge_n_metric_defs; i++) {
        ridge_db_bind(q, "ttttt", ridge_metric_defs[i].name, ridge_metric_defs[i].unit, ridge_metric_defs[i].better,
                      ridge_metric_defs[i].source, ridge_metric_defs[i].doc);
        sqlite3_bind_int64(q, 6, (int64_t)i);
        st = ridge_db_run(s, q, err);
    }
    sqlite3_finalize(q);
    return st;
}

/* case_rowids[i]: row of plan->cases[i], an old one where the same case was run before */
static enum ridge_status put_cases(struct ridge_store *s, const struct ridge_plan *plan, int64_t *case_rowids,
                                   struct ridge_error *err)
{
    sqlite3_stmt *q;
    struct ridge_buf shape = {0}, options = {0};
    enum ridge_status st = ridge_db_prepare(s,
        "INSERT INTO bench_case (case_id, canonical, subject, op, shape_json, options_json, backend, device, target) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) "
        "ON CONFLICT (canonical) DO UPDATE SET case_id = ?1 RETURNING id", &q, err);
    for (size_t i = 0; st == RIDGE_OK && i < plan->n_cases; i++) {
        const struct ridge_case *c = &plan->cases[i];
        bool is_row;
        shape.n = options.n = 0;
        ridge_json_put_kvs(&shape, &c->shape);
        ridge_json_put_kvs(&options, &c->options);
        ridge_db_bind(q, "ttttttttt", c->id, c->canonical, c->subject, c->op, shape.data, options.data,
                      c->backend, c->device, c->target);
        st = ridge_db_step(s, q, &is_row, err);
        if (st == RIDGE_OK)
            case_rowids[i] = sqlite3_column_int64(q, 0);
        sqlite3_reset(q);
    }
    sqlite3_finalize(q);
    ridge_buf_deinit(&shape);
    ridge_buf_deinit(&options);
    return st;
}

static enum ridge_status put_members(struct ridge_store *s, int64_t run_id, const struct ridge_plan *plan,
                                     const int64_t *case_rowids, struct ridge_error *err)
{
    sqlite3_stmt *q;
    enum ridge_status st = ridge_db_prepare(s,
        "INSERT INTO member (run_id, i_member, case_rowid, arm, yardstick, model, layer, flop, compulsory_bytes) "
        "VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, coalesce(?8, 0.0), coalesce(?9, 0.0))", &q, err);
    for (size_t i = 0; st == RIDGE_OK && i < plan->n_members; i++) {
        const struct ridge_member *m = &plan->members[i];
        const struct ridge_case *c = &plan->cases[m->i_case];
        const char *arm = m->i_arm < plan->n_arms ? plan->arms[m->i_arm].name : "main";
        ridge_db_bind(q, "iii" "tntt" "dd", run_id, (int64_t)i, case_rowids[m->i_case], arm, m->yardstick,
                      c->model, c->layer, c->flop, c->compulsory_bytes);
        st = ridge_db_run(s, q, err);
    }
    sqlite3_finalize(q);
    return st;
}

static enum ridge_status put_groups(struct ridge_store *s, int64_t run_id, const struct ridge_plan *plan,
                                    struct ridge_error *err)
{
    sqlite3_stmt *group = NULL, *member = NULL;
    enum ridge_status st = ridge_db_prepare(s,
        "INSERT INTO group_row (run_id, i_group, group_id, title) VALUES (?1, ?2, ?3, ?4)", &group, err);
    if (st == RIDGE_OK)
        st = ridge_db_prepare(s, "INSERT INTO group_member (run_id, i_group, place, i_member) VALUES (?1, ?2, ?3, ?4)",
                              &member, err);
    for (size_t i = 0; st == RIDGE_OK && i < plan->n_groups; i++) {
        const struct ridge_group *g = &plan->groups[i];
        ridge_db_bind(group, "iitt", run_id, (int64_t)i, g->id, g->title);
        st = ridge_db_run(s, group, err);
        for (size_t k = 0; st == RIDGE_OK && k < g->n_members; k++) {
            ridge_db_bind(member, "iiii", run_id, (int64_t)i, (int64_t)k, (int64_t)g->members[k]);
            st = ridge_db_run(s, member, err);
        }
    }
    sqlite3_finalize(group);
    sqlite3_finalize(member);
    return st;
}

static enum ridge_status put_families(struct ridge_store *s, int64_t run_id, const struct ridge_plan *plan,
                                      struct ridge_error *err)
{
    sqlite3_stmt *q;
    enum ridge_status st = ridge_db_prepare(s, "INSERT INTO member_family (run_id, i_member, place, family) VALUES (?1, ?2, ?3, ?4)",
                                            &q, err);
    for (size_t i = 0; st == RIDGE_OK && i < plan->n_members; i++) {
        const struct ridge_case *c = &plan->cases[plan->members[i].i_case];
        for (size_t k = 0; st == RIDGE_OK && k < c->n_families; k++) {
            ridge_db_bind(q, "iiit", run_id, (int64_t)i, (int64_t)k, c->families[k]);
            st = ridge_db_run(s, q, err);
        }
    }
    sqlite3_finalize(q);
    return st;
}

enum ridge_status ridge_db_put_plan(struct ridge_store *s, int64_t run_id, const struct ridge_plan *plan,
                                    struct ridge_error *err)
{
    struct ridge_arena a = {0};
    int64_t *case_rowids = ridge_arena_array(&a, plan->n_cases + 1, sizeof *case_rowids);
    enum ridge_status st = put_dictionary(s, err);
    if (st == RIDGE_OK)
        st = put_cases(s, plan, case_rowids, err);
    if (st == RIDGE_OK)
        st = put_members(s, run_id, plan, case_rowids, err);
    if (st == RIDGE_OK)
        st = put_families(s, run_id, plan, err);
    if (st == RIDGE_OK)
        st = put_groups(s, run_id, plan, err);
    ridge_arena_deinit(&a);
    return st;
}
