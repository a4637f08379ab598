/* Rules with a margin on another metric than the time: tails by a bootstrap over forks, the rest by stored values. A ratio above
 * 1 is the worse side's, whichever way the figure runs. */
#include "gate/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct { const char *metric; double q; } tails[] = {
    {"p50_ns", 0.5}, {"p90_ns", 0.9}, {"p95_ns", 0.95}, {"p99_ns", 0.99}, {"p999_ns", 0.999}};

static void conclude(struct ridge_judged *r)
{
    double margin = 1 + r->margin_ratio;
    if (!(r->low > 0) || !isfinite(r->high))
        r->verdict = RIDGE_CHANGE_INCONCLUSIVE;
    else if (r->low > margin)
        r->verdict = RIDGE_CHANGE_REGRESSED;
    else if (r->high < 1 / margin)
        r->verdict = RIDGE_CHANGE_IMPROVED;
    else
        r->verdict = r->high < margin ? RIDGE_CHANGE_OK : RIDGE_CHANGE_INCONCLUSIVE;
    if (r->verdict == RIDGE_CHANGE_INCONCLUSIVE && r->why[0] == '\0')
        r->why = "the interval reaches over the margin";
}

/* N resamples give no share below 1/N: as many as the alpha of one case among all needs, within reason. */
static size_t resamples_for(double alpha)
{
    return (size_t)fmin(20000, fmax(1000, ceil(4 / alpha)));
}

/* n forks carry no p below 2^-n, N resamples none below 1/N: a change that is rare enough among all cases needs as many. */
static void check_floor(struct ridge_arena *a, double alpha, struct ridge_judged *r)
{
    int64_t needs = ridge_stat_forks_for(alpha, 1);
    bool has_resamples = alpha * (double)resamples_for(alpha) >= 1;
    if ((r->verdict != RIDGE_CHANGE_REGRESSED && r->verdict != RIDGE_CHANGE_IMPROVED) || (r->n_forks >= needs && has_resamples))
        return;
    if (!has_resamples) {
        r->why = ridge_arena_printf(a, "would be %s, but %zu resamples carry no p below %.2g; filter to fewer cases",
                                    ridge_change_text(r->verdict), resamples_for(alpha), 1 / (double)resamples_for(alpha));
        r->verdict = RIDGE_CHANGE_INCONCLUSIVE;
        return;
    }
    r->n_more_forks = needs - r->n_forks;
    r->why = ridge_arena_printf(a, "would be %s, but %lld forks carry no p below %.2g, and this look needs %.2g; needs %lld more forks",
                                ridge_change_text(r->verdict), (long long)r->n_forks, ldexp(1, -(int)r->n_forks), alpha,
                                (long long)r->n_more_forks);
    r->verdict = RIDGE_CHANGE_INCONCLUSIVE;
}

static enum ridge_status judge_tail(struct ridge_arena *a, const struct ridge_gate_run *run, const struct ridge_gate_pair *p,
                                    double q, double alpha, struct ridge_judged *r, struct ridge_error *err)
{
    struct ridge_gate_samples x = {0}, y = {0};
    int64_t needs = ridge_stat_quantile_needs(q, 0.95);
    enum ridge_status st = ridge_gate_samples_read(run, p->base, true, &x, err);
    if (st == RIDGE_OK)
        st = ridge_gate_samples_read(run, p->now, true, &y, err);
    size_t n = x.run_ns.n < y.run_ns.n ? x.run_ns.n : y.run_ns.n;
    if (st == RIDGE_OK && ((int64_t)n < needs || r->n_forks < RIDGE_GATE_MIN_FORKS)) {
        r->why = ridge_arena_printf(a, "%s needs %lld samples a side and %d forks; there are %zu and %lld", r->metric,
                                    (long long)needs, RIDGE_GATE_MIN_FORKS, n, (long long)r->n_forks);
    } else if (st == RIDGE_OK) {
        struct ridge_tail_side s = {x.run_ns.v, x.fork.v, x.run_ns.n}, t = {y.run_ns.v, y.fork.v, y.run_ns.n};
        struct ridge_interval i = ridge_stat_tail_ratio(&s, &t, q, alpha, resamples_for(alpha), run->run.seed);
        r->ratio = i.value;
        r->low = i.low;
        r->high = i.high;
    }
    conclude(r);
    check_floor(a, alpha, r);
    ridge_gate_samples_deinit(&x);
    ridge_gate_samples_deinit(&y);
    return st;
}

static double value_of(const struct ridge_rd_member *m, const char *metric)
{
    const struct ridge_metric *x = ridge_rd_metric(m, metric);
    return x != NULL && x->refused == NULL ? x->value : NAN;
}

/* Analytic and declared figures (FLOPs, bytes) are exact: there is no noise to allow for. The peak of memory is as good. */
static bool is_exact(const struct ridge_metric *x, const struct ridge_metric *y)
{
    bool is_figure = strcmp(x->source, "analytic") == 0 || strcmp(x->source, "declared") == 0;
    return (is_figure && strcmp(x->source, y->source) == 0) || strcmp(x->name, "peak_memory_bytes") == 0;
}

static bool has_interval(const struct ridge_metric *x)
{
    return x->low > 0 && isfinite(x->low) && isfinite(x->high);
}

/* No ratio tells how far it is from or to nothing: which of the two it was does. */
static void judge_zero(struct ridge_arena *a, double old, double now, const char *unit, bool is_higher, struct ridge_judged *r)
{
    r->verdict = (old == 0) != is_higher ? RIDGE_CHANGE_REGRESSED : RIDGE_CHANGE_IMPROVED;
    r->why = ridge_arena_printf(a, "%s was %.4g and is %.4g %s", r->metric, old, now, unit);
}

/* A measured figure counts with the far ends of both intervals; one without an interval decides nothing. */
static void judge_value(struct ridge_arena *a, const struct ridge_gate_pair *p, bool is_higher, struct ridge_judged *r)
{
    const struct ridge_metric *x = ridge_rd_metric(p->base, r->metric), *y = ridge_rd_metric(p->now, r->metric);
    double old = value_of(p->base, r->metric), now = value_of(p->now, r->metric);
    if (isfinite(old) && isfinite(now) && (old == 0) != (now == 0) && is_exact(x, y)) {
        judge_zero(a, old, now, y->unit, is_higher, r);
        return;
    }
    r->ratio = old == 0 && now == 0 ? 1 : is_higher ? old / now : now / old;
    if (!isfinite(r->ratio)) {
        r->why = ridge_arena_printf(a, "%s was not measured on both sides", r->metric);
    } else if (is_exact(x, y)) {
        r->low = r->high = r->ratio;
    } else if (has_interval(x) && has_interval(y)) {
        r->low = is_higher ? x->low / y->high : y->low / x->high;
        r->high = is_higher ? x->high / y->low : y->high / x->low;
    } else {
        r->why = ridge_arena_printf(a, "%s is measured without an interval, so a ratio of it decides nothing: give it a limit "
                                    "(max, min)", r->metric);
    }
    conclude(r);
}

static size_t tail_of(const char *metric)
{
    size_t k = 0;
    while (k < sizeof tails / sizeof tails[0] && strcmp(tails[k].metric, metric) != 0)
        k++;
    return k;
}

bool ridge_gate_is_percentile(const char *metric)
{
    return tail_of(metric) < sizeof tails / sizeof tails[0];
}

enum ridge_status ridge_gate_pair_metrics(struct ridge_arena *a, const struct ridge_gate_run *run,
                                          const struct ridge_gate_pair *p, const struct ridge_gate_rules *rules,
                                          double alpha, struct ridge_judgement *out, struct ridge_error *err)
{
    struct ridge_kvs kvs = ridge_gate_member_kvs(a, p->now);
    enum ridge_status st = RIDGE_OK;
    for (size_t i = 0; i < rules->n && st == RIDGE_OK; i++) {
        const struct ridge_gate_rule *rule = &rules->v[i];
        bool is_time = strcmp(rule->metric, "time_ns") == 0;
        if (is_time || ridge_gate_rule_for(rules, &kvs, rule->metric, ridge_gate_has_margin) != rule) /* another one wins */
            continue;
        struct ridge_judged *r = ridge_gate_add(a, out, &run->run, p->now, rule->metric, "metric");
        r->base_run_id = p->base_run_id;
        r->i_member_base = p->base->i_member;
        r->margin_ratio = rule->margin_ratio;
        r->n_forks = p->now->n_forks < p->base->n_forks ? p->now->n_forks : p->base->n_forks;
        const struct ridge_metric *x = ridge_rd_metric(p->now, rule->metric);
        const struct ridge_gate_pair turned = {p->now, p->base, p->base_run_id, p->is_paired};
        if (p->is_paired && ridge_gate_is_percentile(rule->metric))
            st = judge_tail(a, run, rule->is_higher_better ? &turned : p, tails[tail_of(rule->metric)].q,
                            alpha * ridge_gate_alpha(rules, &kvs, rule->metric) / rules->alpha, r, err);
        else if (p->is_paired || (x != NULL && is_exact(x, x)))
            judge_value(a, p, rule->is_higher_better, r);
        else {
            r->verdict = RIDGE_CHANGE_INCONCLUSIVE;
            r->why = ridge_arena_printf(a, "%s of two runs cannot be paired: ridge ab judges it, or a limit (max, min)", rule->metric);
        }
    }
    return st;
}
