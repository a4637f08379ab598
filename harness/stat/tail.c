/* Tails by a bootstrap over forks, and where the spread comes from. */
#include "stat/judge.h"
#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct point {
    double v;
    int32_t fork;
};

static int by_value(const void *a, const void *b)
{
    double x = ((const struct point *)a)->v, y = ((const struct point *)b)->v;
    return (x > y) - (x < y);
}

static struct point *sorted(const struct ridge_tail_side *s, int32_t *n_forks)
{
    struct point *out = ridge_xrealloc_array(NULL, s->n + 1, sizeof *out);
    for (size_t i = 0; i < s->n; i++) {
        out[i] = (struct point){s->v[i], s->fork[i]};
        *n_forks = s->fork[i] >= *n_forks ? s->fork[i] + 1 : *n_forks;
    }
    qsort(out, s->n, sizeof *out, by_value);
    return out;
}

/* Nearest rank of a sample where fork f counts weight[f] times. */
static double quantile(const struct point *v, size_t n, const int32_t *weight, double q)
{
    double total = 0, seen = 0;
    for (size_t i = 0; i < n; i++)
        total += weight[v[i].fork];
    double rank = fmax(1, ceil(q * total * (1 - 1e-12)));
    for (size_t i = 0; i < n; i++) {
        seen += weight[v[i].fork];
        if (seen >= rank)
            return v[i].v;
    }
    return NAN;
}

struct ridge_interval ridge_stat_tail_ratio(const struct ridge_tail_side *a, const struct ridge_tail_side *b, double q,
                                            double alpha, size_t n_resamples, uint64_t seed)
{
    struct ridge_interval out = {.value = NAN, .low = NAN, .high = NAN};
    int32_t n_forks = 0;
    struct point *x = sorted(a, &n_forks), *y = sorted(b, &n_forks);
    int32_t *weight = ridge_xrealloc_array(NULL, (size_t)n_forks + 1, sizeof *weight);
    double *ratios = ridge_xrealloc_array(NULL, n_resamples + 1, sizeof *ratios);
    size_t n = 0;
    for (int32_t f = 0; f < n_forks; f++)
        weight[f] = 1;
    out.value = quantile(y, b->n, weight, q) / quantile(x, a->n, weight, q);
    out.n = (int64_t)(a->n < b->n ? a->n : b->n);
    out.n_forks = n_forks;
    for (size_t i = 0; i < n_resamples && n_forks > 1; i++) {
        memset(weight, 0, (size_t)n_forks * sizeof *weight);
        for (int32_t f = 0; f < n_forks; f++)
            weight[((ridge_random_next(&seed) >> 32) * (uint64_t)n_forks) >> 32]++;
        double r = quantile(y, b->n, weight, q) / quantile(x, a->n, weight, q);
        if (isfinite(r))
            ratios[n++] = r;
    }
    if (n > 0) {
        ridge_stat_sort(ratios, n);
        out.low = fmin(out.value, ridge_stat_quantile_sorted(ratios, n, alpha));
        out.high = fmax(out.value, ridge_stat_quantile_sorted(ratios, n, 1 - alpha));
    }
    free(x);
    free(y);
    free(weight);
    free(ratios);
    return out;
}

struct level { /* sums for one level of nesting */
    double squares, degrees;
};

static double mean_of(const double *v, size_t n, size_t *n_there)
{
    double sum = 0;
    *n_there = 0;
    for (size_t i = 0; i < n; i++)
        if (v[i] > 0 && isfinite(v[i])) {
            sum += log(v[i]);
            ++*n_there;
        }
    return *n_there > 0 ? sum / (double)*n_there : NAN;
}

static void add(struct level *l, double deviation)
{
    l->squares += deviation * deviation;
}

static double variance(const struct level *l)
{
    return l->degrees > 0 ? l->squares / l->degrees : NAN;
}

/* One run: rounds around their fork, forks around the run; returns the run's mean. */
static double split_run(const struct ridge_blocks *b, struct level *rounds, struct level *forks, double *per_fork)
{
    double *means = ridge_xrealloc_array(NULL, b->n_forks + 1, sizeof *means);
    size_t n = 0, n_rounds = 0, n_there;
    for (size_t f = 0; f < b->n_forks; f++) {
        const double *v = b->v + f * b->n_rounds;
        double mean = mean_of(v, b->n_rounds, &n_there);
        if (n_there == 0)
            continue;
        for (size_t r = 0; r < b->n_rounds; r++)
            if (v[r] > 0 && isfinite(v[r]))
                add(rounds, log(v[r]) - mean);
        rounds->degrees += (double)n_there - 1;
        n_rounds += n_there;
        means[n++] = mean;
    }
    double mean = ridge_stat_mean(means, n);
    for (size_t i = 0; i < n; i++)
        add(forks, means[i] - mean);
    forks->degrees += n > 0 ? (double)n - 1 : 0;
    *per_fork = n > 0 ? (double)n_rounds / (double)n : 1;
    free(means);
    return mean;
}

struct ridge_spread_split ridge_stat_spread_split(const struct ridge_blocks *runs, size_t n_runs, double fork_cost_ns,
                                                  double round_cost_ns)
{
    struct level rounds = {0}, forks = {0}, days = {0};
    double *means = ridge_xrealloc_array(NULL, n_runs + 1, sizeof *means), per_fork = 1, n_forks = 1;
    for (size_t i = 0; i < n_runs; i++) {
        means[i] = split_run(&runs[i], &rounds, &forks, &per_fork);
        n_forks = (double)runs[i].n_forks;
    }
    double mean = ridge_stat_mean(means, n_runs);
    for (size_t i = 0; i < n_runs; i++)
        add(&days, means[i] - mean);
    days.degrees = n_runs > 0 ? (double)n_runs - 1 : 0;
    free(means);
    struct ridge_spread_split out = {.rounds = variance(&rounds), .rounds_per_fork = NAN};
    double of_means = variance(&forks); /* holds a share of the rounds' */
    out.forks = fmax(0, of_means - out.rounds / per_fork);
    out.runs = n_runs > 1 ? fmax(0, variance(&days) - of_means / fmax(1, n_forks)) : NAN;
    if (out.forks > 0 && fork_cost_ns > 0 && round_cost_ns > 0)
        out.rounds_per_fork = fmax(1, sqrt(fork_cost_ns / round_cost_ns * out.rounds / out.forks));
    return out;
}
