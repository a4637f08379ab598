/* Series per case, metric and host class, with their change points. */
#include "gate/gate.h"
#include "data/metric.h"
#include "stat/change.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct entry {
    const struct ridge_gate_run *run;
    const struct ridge_rd_member *m;
    const struct ridge_metric *x;
};

static int by_series(const void *a, const void *b)
{
    const struct entry *x = a, *y = b;
    int order = strcmp(x->m->subject, y->m->subject);
    order = order != 0 ? order : strcmp(x->m->case_id, y->m->case_id);
    order = order != 0 ? order : strcmp(x->run->run.host_class, y->run->run.host_class);
    if (order != 0)
        return order;
    return (x->run->run.started_utc_ns > y->run->run.started_utc_ns) - (x->run->run.started_utc_ns < y->run->run.started_utc_ns);
}

/* A member of two groups is one point. */
static size_t once_a_run(struct entry *v, size_t n)
{
    size_t n_kept = 1;
    for (size_t i = 1; i < n; i++) {
        const struct entry *last = &v[n_kept - 1];
        if (v[i].run != last->run || strcmp(v[i].m->case_id, last->m->case_id) != 0)
            v[n_kept++] = v[i];
    }
    return n_kept;
}

static void find_changes(struct ridge_arena *a, struct ridge_gate_series *s)
{
    enum { MOST = 16 };
    struct ridge_change_point found[MOST];
    double *v = ridge_arena_array(a, s->n + 1, sizeof *v);
    for (size_t i = 0; i < s->n; i++)
        v[i] = s->v[i].value;
    s->n_changes = ridge_stat_changes(v, s->n, &ridge_change_rule_default, found, MOST);
    s->changes = ridge_arena_array(a, s->n_changes + 1, sizeof *s->changes);
    for (size_t i = 0; i < s->n_changes; i++)
        s->changes[i] = (struct ridge_change_point_at){found[i].at, found[i].before, found[i].after, found[i].ratio,
                                                       found[i].p, found[i].n_after};
}

static void fill(struct ridge_arena *a, struct ridge_gate_series *s, const struct entry *e, size_t n, const char *metric)
{
    const struct ridge_metric_def *def = ridge_metric_find(metric);
    *s = (struct ridge_gate_series){.case_id = e->m->case_id, .subject = e->m->subject, .label = ridge_gate_label(a, &e->run->run, e->m),
                                    .metric = metric, .unit = e->x->unit, .host_class = e->run->run.host_class,
                                    .better = def != NULL ? def->better : "none", .n = n};
    s->v = ridge_arena_array(a, n + 1, sizeof *s->v);
    for (size_t i = 0; i < n; i++)
        s->v[i] = (struct ridge_gate_point){e[i].run->run.id, e[i].run->run.started_utc_ns, e[i].run->run.name,
                                            e[i].run->run.version, e[i].x->value, e[i].x->low, e[i].x->high};
    find_changes(a, s);
}

enum ridge_status ridge_gate_history(struct ridge_arena *a, const struct ridge_gate_run *runs, size_t n_runs,
                                     const struct ridge_selector *cases, const char *metric,
                                     struct ridge_gate_series **out, size_t *n, struct ridge_error *err)
{
    struct { struct entry *v; size_t n, cap; } all = {0};
    for (size_t i = 0; i < n_runs; i++)
        for (size_t g = 0; g < runs[i].n_groups; g++)
            for (size_t k = 0; k < runs[i].groups[g].n_members; k++) {
                const struct ridge_rd_member *m = &runs[i].groups[g].members[k];
                const struct ridge_metric *x = ridge_rd_metric(m, metric);
                struct ridge_kvs kvs = ridge_gate_member_kvs(a, m);
                if (m->yardstick == NULL && strcmp(m->arm, "main") == 0 && strcmp(m->verdict, "ok") == 0 && x != NULL &&
                    x->refused == NULL && x->value > 0 && ridge_selector_match(cases, &kvs))
                    RIDGE_PUSH(all, ((struct entry){&runs[i], m, x}));
            }
    *n = 0;
    *out = ridge_arena_array(a, all.n + 1, sizeof **out);
    if (all.n == 0) {
        free(all.v);
        return ridge_fail(err, RIDGE_ERR_USAGE, "", "no stored case has the metric %s and matches", metric);
    }
    qsort(all.v, all.n, sizeof *all.v, by_series);
    all.n = once_a_run(all.v, all.n);
    for (size_t i = 0, from = 0; i < all.n; i++) {
        bool is_last = i + 1 == all.n || strcmp(all.v[i].m->case_id, all.v[i + 1].m->case_id) != 0 ||
                       strcmp(all.v[i].run->run.host_class, all.v[i + 1].run->run.host_class) != 0;
        if (is_last) {
            fill(a, &(*out)[(*n)++], &all.v[from], i + 1 - from, metric);
            from = i + 1;
        }
    }
    free(all.v);
    return RIDGE_OK;
}
