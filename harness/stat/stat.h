/* Statistics: pure functions over arrays of doubles. No allocation is kept; inputs are not changed
 * unless named scratch. Sources: notes beside each formula in stat/README.md.
 *
 * THE percentile rule of Ridge: the p-quantile of n sorted samples is the one of rank ceil(p*n)
 * (1-based; "nearest rank", no interpolation), p in (0,1]. Its 95 % bounds are distribution-free: order
 * statistics whose binomial coverage is >= 0.95. A percentile is refused when no such upper bound
 * exists in the sample: p99 needs 299 samples (1 - 0.99^n >= 0.95), p99.9 needs 2995, p90 29, p50 6.
 */
#ifndef RIDGE_STAT_STAT_H
#define RIDGE_STAT_STAT_H

#include "data/result.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ridge_quantile {
    double value, low, high; /* bounds NAN when refused */
    bool refused;
    int64_t n, n_needed;
};
void ridge_stat_sort(double *v, size_t n);
double ridge_stat_quantile_sorted(const double *sorted, size_t n, double p); /* the rule, no refusal */
struct ridge_quantile ridge_stat_quantile(const double *sorted, size_t n, double p, double confidence);
int64_t ridge_stat_quantile_needs(double p, double confidence);
double ridge_stat_mean(const double *v, size_t n);
double ridge_stat_stddev(const double *v, size_t n); /* n-1; NAN for n < 2 */
double ridge_stat_median(double *scratch, size_t n); /* sorts scratch */
double ridge_stat_hodges_lehmann(const double *d, size_t n); /* median of Walsh averages, i <= j */

/* A member's block statistics: v[fork][round] flattened; NAN = no such block.
 *
 * THE rule of disturbed blocks: those whose every sample was flagged from outside (steal, foreign CPU time, another clock,
 * a shared core) are left out of headline and ratio, where at least half of the forks, or 5, have others; a pair is
 * disturbed when one of its blocks is. Where fewer have, all count: the run was noisy, and its fitness says so. */
struct ridge_blocks {
    size_t n_forks, n_rounds; /* n_rounds: the most of any fork */
    const double *v;          /* n_forks * n_rounds */
    const bool *disturbed;    /* likewise; NULL: none */
};
struct ridge_block_table { /* owns what `blocks` shows */
    struct ridge_blocks blocks;
    double *v;
    bool *disturbed;
};
/* The block statistic of a chunk's samples outside the lead-in; NAN without any, or without time. */
double ridge_stat_chunk(const struct ridge_chunk *c, const char *statistic);
/* statistic: for chunks of older files, which do not hold their own value. */
void ridge_stat_block_table(const struct ridge_chunk *chunks, size_t n, const char *statistic,
                            struct ridge_block_table *out);
void ridge_stat_block_table_deinit(struct ridge_block_table *t);
struct ridge_interval {
    double value, low, high; /* 95 % */
    int64_t n, n_forks;
    int64_t n_disturbed; /* forks that count although all of their blocks are disturbed */
};
/* Headline: median of the block statistics; interval by two-level bootstrap (forks, then rounds), seeded.
 * Exact order-statistic interval over the fork values from 10 forks on. */
struct ridge_interval ridge_stat_headline(const struct ridge_blocks *b, uint64_t seed);
/* Ratio time(b)/time(a): exp(Hodges-Lehmann over forks of the fork's median of ln(b/a) over its rounds);
 * with one fork the median over its rounds. Pairs are (fork, round). Interval as above. */
struct ridge_interval ridge_stat_ratio(const struct ridge_blocks *a, const struct ridge_blocks *b,
                                       uint64_t seed);
/* The ratio's fork values: the median of ln(b/a) of every fork that has pairs, in fork order. `out` has room for the forks
 * of either side; returns how many. *n_disturbed: forks that count although all of their pairs are disturbed. */
size_t ridge_stat_fork_ratios(const struct ridge_blocks *a, const struct ridge_blocks *b, double *out, size_t *n_disturbed);
/* Half width of the log interval inside ONE fork (order statistics of the paired log differences), for
 * the stop rule; INFINITY with fewer than 5 pairs. */
double ridge_stat_fork_half_width(const double *a, const double *b, size_t n_rounds);

/* Warm-up: steady when the median of the last `window` is within `tolerance_ratio` of the `window` before. */
bool ridge_stat_steady(const double *v, size_t n, size_t window, double tolerance_ratio);

/* Stop rule of a group, asked at the end of a round. `v` is n_members x n_rounds (row per member) of this
 * fork's block statistics, member 0 the anchor. */
enum ridge_stop { RIDGE_STOP_NO, RIDGE_STOP_WIDTH, RIDGE_STOP_CAP_ROUNDS, RIDGE_STOP_CAP_TIME };
enum ridge_stop ridge_stat_stop(const double *v, size_t n_members, size_t n_rounds,
                                const struct ridge_plan_settings *s, int64_t elapsed_ns, double *width_ratio);
const char *ridge_stat_stop_text(enum ridge_stop stop); /* width, cap_rounds, cap_time */

/* Percent labels and rule names that are stored beside each metric. */
#define RIDGE_RULE_QUANTILE "nearest-rank v1"
#define RIDGE_RULE_HEADLINE "median of block %s v2"
#define RIDGE_RULE_RATIO "HL over forks of median paired log ratio v2"
/* Ends a rule's name where disturbed forks count: a figure that is held against no other run. */
#define RIDGE_RULE_DISTURBED ", disturbed forks too"

/* One process's or one case's samples -> block statistic ("p10", "median"); durations are per run. */
double ridge_stat_block(double *scratch, size_t n, const char *statistic);

/* Case metrics from all its samples and blocks; appends to out (at most max), returns the count. Walks the
 * order of data/metrics.inc. Percentiles that the sample count cannot carry have `refused`, text in `a`. */
struct ridge_case_samples {
    double *run_ns;  /* per-run duration of every sample outside lead-in; sorted in place */
    size_t n;
    int64_t inner_reps;
    int64_t n_disturbed;
    struct ridge_blocks blocks;
    const char *statistic;
    double flop, compulsory_bytes;
    struct ridge_blocks yardstick_fma, yardstick_read, yardstick_copy; /* v NULL: absent; time per run */
    double yardstick_fma_flop; /* FLOPs of one run of the FMA yardstick */
    double yardstick_read_bytes, yardstick_copy_bytes;
    const double *canary_hz;
    size_t n_canary;
    double throughput_per_s; /* completions over wall time; 0: derive from time */
    uint64_t seed;
};
size_t ridge_stat_case_metrics(struct ridge_arena *a, struct ridge_case_samples *s, struct ridge_metric *out,
                               size_t max);

/* Quiet, noisy or unfit, and why. */
struct ridge_noise {
    int64_t n_blocks, n_samples, n_disturbed;
    int64_t n_repeated;                        /* blocks measured again: a neighbour had a part of the core */
    double steal_ratio, foreign_ratio;         /* of timed CPU time; -1 unknown */
    double canary_median_hz, canary_spread_ratio; /* (p90-p10)/median; -1 unknown */
    double yardstick_spread_ratio;             /* of the FMA yardstick's blocks; -1 unknown */
};
enum ridge_fitness { RIDGE_QUIET, RIDGE_NOISY, RIDGE_UNFIT };
enum ridge_fitness ridge_stat_fitness(const struct ridge_noise *n, char *why, size_t n_why);
const char *ridge_fitness_text(enum ridge_fitness f);
#endif
