/* From fork values to a verdict. */
#include "stat/judge.h"

#include <math.h>
#include <stdlib.h>

struct ridge_shift ridge_stat_shift(const double *d, size_t n, const struct ridge_judge_rule *rule)
{
    double margin = log1p(rule->margin_ratio);
    struct ridge_shift s = {.value = ridge_stat_hodges_lehmann(d, n), .n_forks = (int64_t)n};
    bool has = ridge_stat_signed_rank_interval(d, n, rule->alpha, &s.low, &s.high);
    s.autocorrelation = ridge_stat_autocorrelation(d, n);
    if (has && s.autocorrelation > 0) {
        double widen = sqrt((1 + s.autocorrelation) / (1 - s.autocorrelation));
        s.low = s.value - (s.value - s.low) * widen;
        s.high = s.value + (s.high - s.value) * widen;
    }
    s.p_slower = ridge_stat_signed_rank_p(d, n, margin);
    double *turned = ridge_xrealloc_array(NULL, n + 1, sizeof *turned);
    for (size_t i = 0; i < n; i++)
        turned[i] = -d[i];
    s.p_faster = ridge_stat_signed_rank_p(turned, n, margin);
    free(turned);
    return s;
}

enum ridge_change ridge_stat_verdict(const struct ridge_shift *s, const struct ridge_judge_rule *rule)
{
    double margin = log1p(rule->margin_ratio);
    bool may_change = s->n_forks >= RIDGE_JUDGE_MIN_FORKS;
    if (!isfinite(s->value) || !isfinite(s->low) || !isfinite(s->high))
        return RIDGE_CHANGE_INCONCLUSIVE;
    if (s->low > margin)
        return may_change ? RIDGE_CHANGE_REGRESSED : RIDGE_CHANGE_INCONCLUSIVE;
    if (s->high < -margin)
        return may_change ? RIDGE_CHANGE_IMPROVED : RIDGE_CHANGE_INCONCLUSIVE;
    return s->high < margin ? RIDGE_CHANGE_OK : RIDGE_CHANGE_INCONCLUSIVE;
}

/* The interval shrinks as 1/sqrt(n). An estimate at the margin itself is decided by no number of forks. */
int64_t ridge_stat_more_forks(const struct ridge_shift *s, enum ridge_change verdict, const struct ridge_judge_rule *rule)
{
    enum { MOST = 200 };
    if (verdict != RIDGE_CHANGE_INCONCLUSIVE || !isfinite(s->value))
        return 0;
    double margin = log1p(rule->margin_ratio), gap = fabs(fabs(s->value) - margin);
    bool is_out = fabs(s->value) > margin;
    int64_t floor_forks = is_out ? ridge_stat_forks_for(rule->alpha, rule->n_cases) : RIDGE_JUDGE_MIN_FORKS;
    int64_t want = floor_forks;
    if (isfinite(s->low) && isfinite(s->high)) {
        double half = (s->high - s->low) / 2, n = (double)s->n_forks;
        if (half * sqrt(n / MOST) >= gap)
            return 0;
        want = (int64_t)ceil(n * (half / gap) * (half / gap));
    }
    want = want > floor_forks ? want : floor_forks;
    return want > s->n_forks ? want - s->n_forks : 1;
}

double ridge_stat_detectable(const struct ridge_shift *s, double margin_ratio)
{
    return isfinite(s->low) ? expm1(log1p(margin_ratio) + (s->value - s->low)) : NAN;
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
