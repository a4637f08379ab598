/* Loading runs, naming members, margins. */
#include "gate/rows.h"

#include <math.h>
#include <string.h>

enum ridge_status ridge_gate_load(struct ridge_store *store, struct ridge_arena *a, const char *run,
                                  struct ridge_gate_run *out, struct ridge_error *err)
{
    *out = (struct ridge_gate_run){.store = store};
    enum ridge_status st = ridge_read_run(store, a, run, &out->run, err);
    return st == RIDGE_OK ? ridge_read_groups(store, a, out->run.id, &out->groups, &out->n_groups, err) : st;
}

static void put(struct ridge_arena *a, struct ridge_kvs *out, const char *key, const char *value)
{
    if (ridge_kvs_get(out, key) == NULL)
        ridge_kvs_set(a, out, key, value != NULL ? value : "");
}

struct ridge_kvs ridge_gate_member_kvs(struct ridge_arena *a, const struct ridge_rd_member *m)
{
    struct ridge_kvs out = {0};
    const struct ridge_kv fixed[] = {{"case", m->case_id},     {"subject", m->subject}, {"op", m->op},
                                     {"backend", m->backend},  {"device", m->device},   {"target", m->target},
                                     {"arm", m->arm},          {"model", m->model},     {"layer", m->layer}};
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++)
        put(a, &out, fixed[i].key, fixed[i].value);
    for (size_t i = 0; i < m->options.n; i++)
        put(a, &out, m->options.v[i].key, m->options.v[i].value);
    for (size_t i = 0; i < m->shape.n; i++)
        put(a, &out, m->shape.v[i].key, m->shape.v[i].value);
    return out;
}

/* At its default; element type and threads are always said. */
static bool is_hidden(struct ridge_arena *a, const struct ridge_rd_run *run, const struct ridge_rd_member *m,
                      const struct ridge_kv *kv)
{
    if (strcmp(kv->key, "dtype") == 0 || strcmp(kv->key, "threads") == 0)
        return false;
    const char *def = ridge_kvs_get(&run->defaults, ridge_arena_printf(a, "%s.%s", m->op, kv->key));
    def = def != NULL ? def : ridge_kvs_get(&run->defaults, kv->key);
    return def != NULL && strcmp(def, kv->value) == 0;
}

const char *ridge_gate_label(struct ridge_arena *a, const struct ridge_rd_run *run, const struct ridge_rd_member *m)
{
    struct ridge_buf b = {0};
    ridge_buf_puts(&b, m->backend);
    for (size_t i = 0; i < m->options.n; i++) {
        const struct ridge_kv *kv = &m->options.v[i];
        if (is_hidden(a, run, m, kv))
            continue;
        if (strcmp(kv->key, "dtype") == 0)
            ridge_buf_printf(&b, " %s", kv->value);
        else if (strcmp(kv->key, "threads") == 0)
            ridge_buf_printf(&b, " %s thread%s", kv->value, strcmp(kv->value, "1") == 0 ? "" : "s");
        else
            ridge_buf_printf(&b, " %s=%s", kv->key, kv->value);
    }
    const char *text = ridge_arena_strn(a, b.data, b.n);
    ridge_buf_deinit(&b);
    return text;
}

const struct ridge_rd_member *ridge_gate_member(const struct ridge_gate_run *run, int64_t i_member)
{
    for (size_t g = 0; g < run->n_groups; g++)
        for (size_t k = 0; k < run->groups[g].n_members; k++)
            if (run->groups[g].members[k].i_member == i_member)
                return &run->groups[g].members[k];
    return NULL;
}

int64_t ridge_gate_forks(const struct ridge_rd_group *g)
{
    int64_t most = 0;
    for (size_t k = 0; k < g->n_members; k++)
        most = g->members[k].n_forks > most ? g->members[k].n_forks : most;
    return most;
}

bool ridge_gate_is_aa(const struct ridge_rd_member *m)
{
    return m->yardstick != NULL && strcmp(m->yardstick, RIDGE_GATE_AA) == 0;
}

static double value_of(const struct ridge_rd_member *m, const char *metric)
{
    const struct ridge_metric *x = ridge_rd_metric(m, metric);
    return x != NULL && x->refused == NULL ? x->value : NAN;
}

/* Closer to the roof of memory than to the roof of arithmetic. */
bool ridge_gate_is_memory_bound(const struct ridge_rd_member *m)
{
    double peak = value_of(m, "peak_ratio"), read = fmax(value_of(m, "read_ratio"), value_of(m, "copy_ratio"));
    return isfinite(read) && (!isfinite(peak) || read > peak);
}

bool ridge_gate_has_margin(const struct ridge_gate_rule *r)
{
    return !isnan(r->margin_ratio);
}

const struct ridge_gate_rule *ridge_gate_rule_for(const struct ridge_gate_rules *rules, const struct ridge_kvs *kvs, const char *metric,
                                                  bool (*has)(const struct ridge_gate_rule *))
{
    for (size_t i = rules->n; i > 0; i--) {
        const struct ridge_gate_rule *r = &rules->v[i - 1];
        if (has(r) && strcmp(r->metric, metric) == 0 && ridge_selector_match(&r->cases, kvs))
            return r;
    }
    return NULL;
}

double ridge_gate_margin(const struct ridge_gate_rules *rules, const struct ridge_kvs *kvs, const struct ridge_rd_member *m,
                         const char *metric)
{
    double margin = ridge_gate_is_memory_bound(m) ? rules->memory_margin_ratio : rules->margin_ratio;
    if (m->model != NULL && m->model[0] != '\0' && (m->layer == NULL || m->layer[0] == '\0') && m->shape.n == 0)
        margin = rules->model_margin_ratio;
    const struct ridge_gate_rule *r = ridge_gate_rule_for(rules, kvs, metric, ridge_gate_has_margin);
    return r != NULL ? r->margin_ratio : margin;
}

static bool has_alpha(const struct ridge_gate_rule *r)
{
    return !isnan(r->alpha);
}

double ridge_gate_alpha(const struct ridge_gate_rules *rules, const struct ridge_kvs *kvs, const char *metric)
{
    const struct ridge_gate_rule *r = ridge_gate_rule_for(rules, kvs, metric, has_alpha);
    return r != NULL ? r->alpha : rules->alpha;
}

int64_t ridge_gate_wanted_forks(const struct ridge_gate_run *run, size_t i_group, const struct ridge_judgement *j)
{
    int64_t want = 0;
    const struct ridge_rd_group *g = &run->groups[i_group];
    for (size_t i = 0; i < j->n_rows; i++) {
        const struct ridge_judged *r = &j->rows[i];
        if (r->n_more_forks <= 0)
            continue;
        for (size_t k = 0; k < g->n_members; k++) {
            int64_t have = g->members[k].n_forks; /* of which r->n_forks could be used: as many of the next ones will */
            int64_t more = r->n_forks > 0 ? (r->n_more_forks * have + r->n_forks - 1) / r->n_forks : r->n_more_forks;
            if (g->members[k].i_member == r->i_member && have + more > want)
                want = have + more;
        }
    }
    return want;
}
