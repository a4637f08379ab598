/* From fork values to a verdict. */
#include "stat/judge.h"

#include <math.h>
#include <stdlib.h>

struct ridge_shift ridge_stat_shift(const double *d, size_t n, const struct ridge_judge_rule *rule)
{
    double margin = log1p(rule->margin_ratio);
    struct ridge_shift s = {.value = ridge_stat_hodges_lehmann(d, n), .n_forks = (int64_t)n};
    s.autocorrelation = ridge_stat_autocorrelation(d, n);
    double widen = sqrt((1 + s.autocorrelation) / (1 - s.autocorrelation));
    double *wide = ridge_xrealloc_array(NULL, n + 1, sizeof *wide); /* around the value: interval and p widen alike */
    for (size_t i = 0; i < n; i++)
        wide[i] = s.value + (d[i] - s.value) * widen;
    (void)ridge_stat_signed_rank_interval(wide, n, rule->alpha, &s.low, &s.high);
    s.p_slower = ridge_stat_signed_rank_p(wide, n, margin);
    for (size_t i = 0; i < n; i++)
        wide[i] = -wide[i];
    s.p_faster = ridge_stat_signed_rank_p(wide, n, margin);
    free(wide);
    return s;
}

enum ridge_change ridge_stat_verdict(const struct ridge_shift *s, const struct ridge_judge_rule *rule)
{
    double margin = log1p(rule->margin_ratio);
    if (s->n_forks < RIDGE_JUDGE_MIN_FORKS || !isfinite(s->value) || !isfinite(s->low) || !isfinite(s->high))
        return RIDGE_CHANGE_INCONCLUSIVE;
    if (s->low > margin)
        return RIDGE_CHANGE_REGRESSED;
    if (s->high < -margin)
        return RIDGE_CHANGE_IMPROVED;
    return s->high < margin ? RIDGE_CHANGE_OK : RIDGE_CHANGE_INCONCLUSIVE;
}

/* A change must be rare enough among all cases: how much farther than at alpha alone the interval then reaches. */
static double reach_among(const struct ridge_judge_rule *rule)
{
    double n = rule->n_cases > 1 ? (double)rule->n_cases : 1;
    return ridge_stat_normal_quantile(1 - rule->alpha / n) / ridge_stat_normal_quantile(1 - rule->alpha);
}

/* The interval shrinks as 1/sqrt(n). An estimate at the margin itself is decided by no number of forks. The width is itself a
 * guess, and a look has its price: what is bought is half as many again as would just do, and at least as many as are there. */
int64_t ridge_stat_more_forks(const struct ridge_shift *s, enum ridge_change verdict, const struct ridge_judge_rule *rule)
{
    enum { MOST = 200, FEW = 20 }; /* the interval of few forks is their range: one far fork makes it, and says little of more */
    if (verdict != RIDGE_CHANGE_INCONCLUSIVE || !isfinite(s->value))
        return 0;
    double margin = log1p(rule->margin_ratio), gap = fabs(fabs(s->value) - margin);
    bool is_out = fabs(s->value) > margin;
    int64_t floor_forks = is_out ? ridge_stat_forks_for(rule->alpha, rule->n_cases) : RIDGE_JUDGE_MIN_FORKS;
    int64_t want = floor_forks;
    if (isfinite(s->low) && isfinite(s->high)) {
        double half = (s->high - s->low) / 2 * (is_out ? reach_among(rule) : 1), n = (double)s->n_forks;
        if (half * sqrt(n / MOST) >= gap)
            return s->n_forks < FEW ? 2 * s->n_forks : 0; /* more than those ask for that the next forks decide: they go first */
        want = (int64_t)ceil(1.5 * n * (half / gap) * (half / gap));
    }
    want = want > floor_forks ? want : floor_forks;
    return want > 2 * s->n_forks ? want - s->n_forks : s->n_forks > 0 ? s->n_forks : 1;
}

double ridge_stat_detectable(const struct ridge_shift *s, const struct ridge_judge_rule *rule)
{
    return isfinite(s->low) ? expm1(log1p(rule->margin_ratio) + (s->value - s->low) * reach_among(rule)) : NAN;
}

struct hypothesis {
    double p;
    size_t i;
};

static int by_p(const void *a, const void *b)
{
    double x = ((const struct hypothesis *)a)->p, y = ((const struct hypothesis *)b)->p;
    return (x > y) - (x < y);
}

size_t ridge_stat_benjamini_hochberg(const double *p, size_t n, double q, bool *rejected)
{
    struct hypothesis *h = ridge_xrealloc_array(NULL, n + 1, sizeof *h);
    size_t m = 0, k = 0;
    for (size_t i = 0; i < n; i++) {
        rejected[i] = false;
        if (!isnan(p[i]))
            h[m++] = (struct hypothesis){p[i], i};
    }
    qsort(h, m, sizeof *h, by_p);
    for (size_t i = 0; i < m; i++)
        if (h[i].p <= q * (double)(i + 1) / (double)m)
            k = i + 1;
    for (size_t i = 0; i < k; i++)
        rejected[h[i].i] = true;
    free(h);
    return k;
}
