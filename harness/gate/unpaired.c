/* A run against stored ones. Yesterday's time cannot be paired with today's: what is compared is the case's time
 * relative to the yardstick of its own rounds, and the interval holds the spread between runs of this host class. */
#include "gate/rows.h"
#include "stat/change.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct relative { /* how a case is expressed, and where memory of such spreads starts */
    const char *metric;
    const char *words;
    double sign; /* of the log: +1 a time, -1 a rate */
};
static const struct relative relatives[] = {{"peak_ratio", "relative to the FMA yardstick of the same rounds", -1},
                                            {"read_ratio", "relative to the plain read of the same rounds", -1},
                                            {"copy_ratio", "relative to the plain copy of the same rounds", -1},
                                            {"time_ns", "unpaired, no yardstick: drift of the machine not excluded", 1}};

/* Members of a run by case: one sorted list per run, or 10,000 cases would need 10^8 comparisons. */
struct index {
    const struct ridge_rd_member **v;
    size_t n;
};

static int by_case(const void *a, const void *b)
{
    const struct ridge_rd_member *x = *(const struct ridge_rd_member *const *)a;
    const struct ridge_rd_member *y = *(const struct ridge_rd_member *const *)b;
    int order = strcmp(x->case_id, y->case_id);
    return order != 0 ? order : strcmp(x->arm, y->arm);
}

static struct index index_of(struct ridge_arena *a, const struct ridge_gate_run *run)
{
    struct index out = {0};
    size_t n = 0;
    for (size_t i = 0; i < run->n_groups; i++)
        n += run->groups[i].n_members;
    out.v = ridge_arena_array(a, n + 1, sizeof *out.v);
    for (size_t i = 0; i < run->n_groups; i++)
        for (size_t k = 0; k < run->groups[i].n_members; k++)
            if (run->groups[i].members[k].yardstick == NULL)
                out.v[out.n++] = &run->groups[i].members[k];
    qsort(out.v, out.n, sizeof *out.v, by_case);
    return out;
}

static const struct ridge_rd_member *lookup(const struct index *index, const struct ridge_rd_member *key)
{
    const struct ridge_rd_member **hit = index->n > 0 ? bsearch(&key, index->v, index->n, sizeof *index->v, by_case) : NULL;
    return hit != NULL ? *hit : NULL;
}

static const struct ridge_metric *good(const struct ridge_rd_member *m, const char *metric)
{
    const struct ridge_metric *x = m != NULL && strcmp(m->verdict, "ok") == 0 ? ridge_rd_metric(m, metric) : NULL;
    return x != NULL && x->refused == NULL && x->value > 0 && isfinite(x->value) ? x : NULL;
}

static const struct relative *pick(const struct ridge_rd_member *now, const struct ridge_rd_member *base)
{
    size_t first = ridge_gate_is_memory_bound(base) ? 1 : 0;
    for (size_t i = first; i < sizeof relatives / sizeof relatives[0]; i++)
        if (good(now, relatives[i].metric) != NULL && good(base, relatives[i].metric) != NULL)
            return &relatives[i];
    return NULL;
}

static double log_of(const struct relative *r, const struct ridge_metric *x)
{
    return r->sign * log(x->value);
}

/* Standard error inside a run, from its 95 % interval. */
static double within(const struct ridge_metric *x)
{
    return x->low > 0 && x->high > x->low ? log(x->high / x->low) / (2 * 1.96) : NAN;
}

struct judging {
    struct ridge_arena *a;
    const struct ridge_gate_run *now, *base, *earlier;
    struct index now_index, *base_index, *earlier_index;
    size_t n_base, n_earlier;
    const struct ridge_gate_rules *rules;
    double alpha;
};
struct change {
    const struct ridge_rd_member *now, *base;
    const struct relative *relative;
    struct ridge_shift shift;
    struct ridge_between between;
    struct ridge_judge_rule rule;
    int64_t n_forks;
    size_t n_runs, n_level; /* level: runs that the reference is made of */
};

static double prior_of(const struct judging *j, const struct relative *r, bool is_memory)
{
    if (strcmp(r->metric, "time_ns") == 0)
        return j->rules->prior_none;
    return is_memory ? j->rules->prior_memory : j->rules->prior_compute;
}

static int64_t baseline_utc_ns(const struct judging *j)
{
    int64_t last = INT64_MIN;
    for (size_t i = 0; i < j->n_base; i++)
        last = j->base[i].run.started_utc_ns > last ? j->base[i].run.started_utc_ns : last;
    return last;
}

/* The runs up to the baseline that lie on its level (since the last change point before it) are one reference: a single
 * run carries its own day's luck. Later runs never move it, so slow creeping is held against the baseline. */
static size_t level_of_baseline(const double *v, size_t n, size_t n_until, double *base)
{
    enum { MOST = 16 };
    struct ridge_change_point found[MOST];
    double *ratios = ridge_xrealloc_array(NULL, n + 1, sizeof *ratios);
    size_t from = 0, k = 0;
    for (size_t i = 0; i < n; i++)
        ratios[i] = exp(v[i] - v[0]);
    size_t n_found = ridge_stat_changes(ratios, n, &ridge_change_rule_default, found, MOST);
    for (size_t i = 0; i < n_found; i++)
        from = found[i].at < n_until ? found[i].at : from;
    free(ratios);
    for (size_t i = from; i < n_until; i++)
        base[k++] = v[i];
    return k;
}

static void measure(const struct judging *j, struct change *c)
{
    double *earlier = ridge_arena_array(j->a, j->n_earlier + 1, sizeof *earlier);
    double *base = ridge_arena_array(j->a, j->n_base + j->n_earlier + 1, sizeof *base);
    size_t n_base = 0, n_until = 0;
    int64_t until_ns = baseline_utc_ns(j);
    const struct ridge_metric *x = good(c->now, c->relative->metric);
    for (size_t i = 0; i < j->n_earlier; i++) {
        const struct ridge_metric *e = good(lookup(&j->earlier_index[i], c->now), c->relative->metric);
        if (e == NULL)
            continue;
        earlier[c->n_runs++] = log_of(c->relative, e);
        n_until += j->earlier[i].run.started_utc_ns <= until_ns;
    }
    if (n_until >= RIDGE_JUDGE_MIN_RUNS)
        n_base = level_of_baseline(earlier, c->n_runs, n_until, base);
    for (size_t i = 0; i < j->n_base && n_until < RIDGE_JUDGE_MIN_RUNS; i++) {
        const struct ridge_metric *b = good(lookup(&j->base_index[i], c->now), c->relative->metric);
        if (b != NULL)
            base[n_base++] = log_of(c->relative, b);
    }
    c->n_level = n_base;
    double prior = prior_of(j, c->relative, ridge_gate_is_memory_bound(c->base));
    c->between = ridge_stat_between(earlier, c->n_runs, within(x), prior);
    c->shift = ridge_stat_unpaired(log_of(c->relative, x), base, n_base, &c->between, &c->rule);
    c->shift.n_forks = c->now->n_forks < c->base->n_forks ? c->now->n_forks : c->base->n_forks;
}

static const char *missing_runs(struct ridge_arena *a, const struct change *c)
{
    if (!c->between.is_prior)
        return ridge_arena_printf(a, "spread between %zu runs %.2g %%, level of %zu", c->n_runs, 100 * c->between.spread,
                                  c->n_level);
    return ridge_arena_printf(a, "spread between runs assumed %.2g %%: %zu of %d earlier runs of this host class are there, "
                              "%zu more are missing", 100 * c->between.spread, c->n_runs, RIDGE_JUDGE_MIN_RUNS,
                              RIDGE_JUDGE_MIN_RUNS - c->n_runs);
}

static void judge(const struct judging *j, const struct change *c, bool is_slower, bool is_faster,
                  struct ridge_judgement *out)
{
    struct ridge_judged *r = ridge_gate_add(j->a, out, c->now, "time_ns", "unpaired");
    r->base_run_id = j->base[0].run.id;
    r->i_member_base = c->base->i_member;
    r->margin_ratio = c->rule.margin_ratio;
    r->ratio = exp(c->shift.value);
    r->low = exp(c->shift.low);
    r->high = exp(c->shift.high);
    r->n_forks = c->shift.n_forks;
    r->p = c->shift.value >= 0 ? c->shift.p_slower : c->shift.p_faster;
    r->detect_ratio = ridge_stat_detectable(&c->shift, c->rule.margin_ratio);
    r->verdict = ridge_stat_verdict(&c->shift, &c->rule);
    bool is_many = (r->verdict == RIDGE_CHANGE_REGRESSED && !is_slower) || (r->verdict == RIDGE_CHANGE_IMPROVED && !is_faster);
    if (is_many)
        r->verdict = RIDGE_CHANGE_INCONCLUSIVE;
    const char *spread = missing_runs(j->a, c);
    if (c->now->flop != c->base->flop || c->now->compulsory_bytes != c->base->compulsory_bytes) {
        r->verdict = RIDGE_CHANGE_INCONCLUSIVE;
        r->why = "the two runs do different work under one name: FLOPs or bytes differ";
    } else if (r->verdict == RIDGE_CHANGE_INCONCLUSIVE) {
        r->why = ridge_arena_printf(j->a, "%s; %s%s; ridge ab decides it today", c->relative->words, spread,
                                    is_many ? "; over the margin, but not rare enough among all cases" : "");
    } else {
        r->why = ridge_arena_printf(j->a, "%s; %s", c->relative->words, spread);
    }
}

static void missing_case(const struct judging *j, const struct ridge_rd_member *base, struct ridge_judgement *out)
{
    struct ridge_judged *r = ridge_gate_add(j->a, out, base, "time_ns", "unpaired");
    r->i_member = -1;
    r->base_run_id = j->base[0].run.id;
    r->i_member_base = base->i_member;
    r->verdict = RIDGE_CHANGE_INCONCLUSIVE;
    r->why = "the baseline has this case, the judged run has not";
}

static size_t collect(struct judging *j, struct change *changes, struct ridge_judgement *out)
{
    size_t n = 0;
    const struct index *base = &j->base_index[0];
    for (size_t i = 0; i < base->n; i++) {
        const struct ridge_rd_member *b = base->v[i], *now = lookup(&j->now_index, b);
        bool is_twin = i > 0 && by_case(&base->v[i - 1], &base->v[i]) == 0;
        if (is_twin || strcmp(b->verdict, "ok") != 0)
            continue;
        if (now == NULL) {
            missing_case(j, b, out);
            continue;
        }
        const struct relative *r = pick(now, b);
        if (r == NULL)
            continue; /* the answer's verdict says why: limits.c */
        struct ridge_kvs kvs = ridge_gate_member_kvs(j->a, now);
        changes[n++] = (struct change){.now = now, .base = b, .relative = r,
                                       .rule = {ridge_gate_margin(j->rules, &kvs, b, "time_ns"), j->alpha, 0}};
    }
    return n;
}

static struct index *index_all(struct ridge_arena *a, const struct ridge_gate_run *runs, size_t n)
{
    struct index *out = ridge_arena_array(a, n + 1, sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = index_of(a, &runs[i]);
    return out;
}

enum ridge_status ridge_gate_unpaired(struct ridge_arena *a, const struct ridge_gate_run *now,
                                      const struct ridge_gate_run *base, size_t n_base,
                                      const struct ridge_gate_run *earlier, size_t n_earlier,
                                      const struct ridge_gate_rules *rules, struct ridge_judgement *out,
                                      struct ridge_error *err)
{
    if (n_base == 0)
        return ridge_fail(err, RIDGE_ERR_USAGE, "", "the baseline has no run");
    if (strcmp(base[0].run.host_class, now->run.host_class) != 0)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "", "run %lld was measured on another class of host (%s) than run %lld (%s): "
                          "times of different machines are not judged", (long long)base[0].run.id, base[0].run.host_class,
                          (long long)now->run.id, now->run.host_class);
    struct judging j = {.a = a, .now = now, .base = base, .n_base = n_base, .earlier = earlier, .n_earlier = n_earlier,
                        .rules = rules, .alpha = rules->alpha, .now_index = index_of(a, now), .base_index = index_all(a, base, n_base),
                        .earlier_index = index_all(a, earlier, n_earlier)};
    struct change *changes = ridge_arena_array(a, j.base_index[0].n + 1, sizeof *changes);
    size_t n = collect(&j, changes, out);
    double *p = ridge_arena_array(a, 2 * n + 2, sizeof *p);
    bool *slower = ridge_arena_array(a, n + 1, sizeof *slower), *faster = ridge_arena_array(a, n + 1, sizeof *faster);
    for (size_t i = 0; i < n; i++) {
        changes[i].rule.n_cases = n;
        measure(&j, &changes[i]);
        p[i] = changes[i].shift.p_slower;
        p[n + i] = changes[i].shift.p_faster;
    }
    (void)ridge_stat_benjamini_hochberg(p, n, j.alpha, slower);
    (void)ridge_stat_benjamini_hochberg(p + n, n, j.alpha, faster);
    for (size_t i = 0; i < n; i++)
        judge(&j, &changes[i], slower[i], faster[i], out);
    out->alpha = j.alpha;
    out->n_looks = 1;
    return RIDGE_OK;
}
