/* Headline and ratio with their intervals: two-level bootstrap, or exact over forks from 10 forks on. */
#include "stat/stat.h"
#include "base/random.h"
#include "base/arena.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { N_RESAMPLES = 1000, EXACT_FORKS = 10, ENOUGH_FORKS = 5 };

/* Uniform in [0, n): multiply-shift; the bias is below n / 2^32. */
static size_t draw(uint64_t *state, size_t n)
{
    return (size_t)(((ridge_random_next(state) >> 32) * (uint64_t)n) >> 32);
}

/* The values that are there, fork by fork. */
struct table {
    size_t n_forks, n; /* n: all values */
    size_t *begin;     /* n_forks + 1 */
    double *v, *scratch, *fork_value;
    bool *disturbed; /* of v */
};

static void table_init(struct table *t, size_t n_forks, size_t n_rounds)
{
    t->begin = ridge_xrealloc_array(NULL, n_forks + 1, sizeof *t->begin);
    t->v = ridge_xrealloc_array(NULL, n_forks * n_rounds + 1, sizeof *t->v);
    t->scratch = ridge_xrealloc_array(NULL, n_forks * n_rounds + 1, sizeof *t->scratch);
    t->fork_value = ridge_xrealloc_array(NULL, n_forks + 1, sizeof *t->fork_value);
    t->disturbed = ridge_xrealloc_array(NULL, n_forks * n_rounds + 1, sizeof *t->disturbed);
    t->n_forks = t->n = t->begin[0] = 0;
}
static void table_deinit(struct table *t)
{
    free(t->begin);
    free(t->v);
    free(t->scratch);
    free(t->fork_value);
    free(t->disturbed);
}
static void table_add(struct table *t, double value, bool is_disturbed)
{
    t->disturbed[t->n] = is_disturbed;
    t->v[t->n++] = value;
}
static void table_end_fork(struct table *t)
{
    if (t->n > t->begin[t->n_forks])
        t->begin[++t->n_forks] = t->n;
}

static size_t count_undisturbed(const struct table *t, size_t fork)
{
    size_t n = 0;
    for (size_t i = t->begin[fork]; i < t->begin[fork + 1]; i++)
        n += !t->disturbed[i];
    return n;
}
/* The rule of disturbed blocks, see stat.h. Returns how many forks count although all of theirs are disturbed. */
static size_t leave_out_disturbed(struct table *t)
{
    size_t n_forks = t->n_forks, n_with = 0, begin = 0;
    for (size_t f = 0; f < n_forks; f++)
        n_with += count_undisturbed(t, f) > 0;
    if (n_with == 0 || (2 * n_with < n_forks && n_with < ENOUGH_FORKS))
        return n_forks - n_with;
    t->n_forks = t->n = 0;
    for (size_t f = 0; f < n_forks; f++) {
        size_t end = t->begin[f + 1]; /* what is kept moves down, so it may be written over */
        for (size_t i = begin; i < end; i++)
            if (!t->disturbed[i])
                table_add(t, t->v[i], false);
        table_end_fork(t);
        begin = end;
    }
    return 0;
}

static double median_of(struct table *t, const double *v, size_t n)
{
    memcpy(t->scratch, v, n * sizeof *v);
    return ridge_stat_median(t->scratch, n);
}
static void fork_medians(struct table *t)
{
    for (size_t f = 0; f < t->n_forks; f++)
        t->fork_value[f] = median_of(t, t->v + t->begin[f], t->begin[f + 1] - t->begin[f]);
}

/* One resample of the pooled median: forks with replacement, then each fork's values. */
static double resample_pooled(struct table *t, uint64_t *state)
{
    size_t n = 0;
    for (size_t i = 0; i < t->n_forks; i++) {
        size_t f = draw(state, t->n_forks), m = t->begin[f + 1] - t->begin[f];
        for (size_t k = 0; k < m; k++)
            t->scratch[n++] = t->v[t->begin[f] + draw(state, m)];
    }
    return ridge_stat_median(t->scratch, n);
}
/* One resample of the Hodges-Lehmann over fork medians. */
static double resample_forks(struct table *t, uint64_t *state)
{
    for (size_t i = 0; i < t->n_forks; i++) {
        size_t f = draw(state, t->n_forks), m = t->begin[f + 1] - t->begin[f];
        for (size_t k = 0; k < m; k++)
            t->scratch[k] = t->v[t->begin[f] + draw(state, m)];
        t->fork_value[i] = ridge_stat_median(t->scratch, m);
    }
    return ridge_stat_hodges_lehmann(t->fork_value, t->n_forks);
}

static void interval(struct table *t, uint64_t seed, double (*resample)(struct table *, uint64_t *),
                     struct ridge_interval *out)
{
    out->n = (int64_t)t->n;
    out->n_forks = (int64_t)t->n_forks;
    out->low = out->high = NAN;
    if (t->n < 2)
        return;
    if (t->n_forks >= EXACT_FORKS) {
        fork_medians(t);
        ridge_stat_sort(t->fork_value, t->n_forks);
        struct ridge_quantile q = ridge_stat_quantile(t->fork_value, t->n_forks, 0.5, 0.95);
        out->low = q.low;
        out->high = q.high;
    } else {
        double values[N_RESAMPLES];
        uint64_t state = seed;
        for (size_t i = 0; i < N_RESAMPLES; i++)
            values[i] = resample(t, &state);
        ridge_stat_sort(values, N_RESAMPLES);
        out->low = ridge_stat_quantile_sorted(values, N_RESAMPLES, 0.025);
        out->high = ridge_stat_quantile_sorted(values, N_RESAMPLES, 0.975);
    }
    out->low = fmin(out->low, out->value); /* the estimate is inside its interval */
    out->high = fmax(out->high, out->value);
}

static bool is_disturbed(const struct ridge_blocks *b, size_t fork, size_t round)
{
    return b->disturbed != NULL && b->disturbed[fork * b->n_rounds + round];
}

struct ridge_interval ridge_stat_headline(const struct ridge_blocks *b, uint64_t seed)
{
    struct ridge_interval out = {.value = NAN, .low = NAN, .high = NAN};
    if (b->v == NULL)
        return out;
    struct table t;
    table_init(&t, b->n_forks, b->n_rounds);
    for (size_t f = 0; f < b->n_forks; f++) {
        for (size_t r = 0; r < b->n_rounds; r++)
            if (!isnan(b->v[f * b->n_rounds + r]))
                table_add(&t, b->v[f * b->n_rounds + r], is_disturbed(b, f, r));
        table_end_fork(&t);
    }
    out.n_disturbed = (int64_t)leave_out_disturbed(&t);
    out.value = median_of(&t, t.v, t.n);
    interval(&t, seed, resample_pooled, &out);
    table_deinit(&t);
    return out;
}

/* ln(b / a) of the pairs that are there. Returns as leave_out_disturbed does. */
static size_t log_pairs(const struct ridge_blocks *a, const struct ridge_blocks *b, struct table *t)
{
    size_t n_forks = a->n_forks < b->n_forks ? a->n_forks : b->n_forks;
    size_t n_rounds = a->n_rounds < b->n_rounds ? a->n_rounds : b->n_rounds;
    table_init(t, n_forks, n_rounds);
    for (size_t f = 0; f < n_forks; f++) {
        for (size_t r = 0; r < n_rounds; r++) {
            double x = a->v[f * a->n_rounds + r], y = b->v[f * b->n_rounds + r];
            if (x > 0 && y > 0 && isfinite(x) && isfinite(y))
                table_add(t, log(y) - log(x), is_disturbed(a, f, r) || is_disturbed(b, f, r));
        }
        table_end_fork(t);
    }
    return leave_out_disturbed(t);
}

size_t ridge_stat_fork_ratios(const struct ridge_blocks *a, const struct ridge_blocks *b, double *out, size_t *n_disturbed)
{
    struct table t;
    *n_disturbed = log_pairs(a, b, &t);
    fork_medians(&t);
    memcpy(out, t.fork_value, t.n_forks * sizeof *out);
    size_t n = t.n_forks;
    table_deinit(&t);
    return n;
}

struct ridge_interval ridge_stat_ratio(const struct ridge_blocks *a, const struct ridge_blocks *b,
                                       uint64_t seed)
{
    struct ridge_interval out = {.value = NAN, .low = NAN, .high = NAN};
    if (a->v == NULL || b->v == NULL)
        return out;
    struct table t;
    out.n_disturbed = (int64_t)log_pairs(a, b, &t);
    if (t.n > 0) {
        fork_medians(&t);
        out.value = ridge_stat_hodges_lehmann(t.fork_value, t.n_forks);
    }
    interval(&t, seed, resample_forks, &out);
    out.value = exp(out.value);
    out.low = exp(out.low);
    out.high = exp(out.high);
    table_deinit(&t);
    return out;
}

static double half_width(double *d, size_t n)
{
    if (n < 5)
        return INFINITY;
    ridge_stat_sort(d, n);
    if (n == 5) /* min to max covers the median in 93.75 %: the best five can say */
        return (d[4] - d[0]) / 2;
    struct ridge_quantile q = ridge_stat_quantile(d, n, 0.5, 0.95);
    return (q.high - q.low) / 2;
}

double ridge_stat_fork_half_width(const double *a, const double *b, size_t n_rounds)
{
    double *d = ridge_xrealloc_array(NULL, n_rounds + 1, sizeof *d);
    size_t n = 0;
    for (size_t r = 0; r < n_rounds; r++)
        if (a[r] > 0 && b[r] > 0 && isfinite(a[r]) && isfinite(b[r]))
            d[n++] = log(b[r]) - log(a[r]);
    double half = half_width(d, n);
    free(d);
    return half;
}
