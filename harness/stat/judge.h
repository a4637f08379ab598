/* Did it get slower? Pure functions from the log ratios of forks, or of runs, to a verdict. All logs are
 * natural; "margin" is a ratio (0.03 = 3 %); alpha is one-sided (0.05 belongs to a 90 % interval). */
#ifndef RIDGE_STAT_JUDGE_H
#define RIDGE_STAT_JUDGE_H

#include "data/judgement.h"
#include "stat/stat.h"

#define RIDGE_JUDGE_MIN_FORKS 5

/* ---- signed ranks ---- */
/* P(W+ >= w) of n exchangeable signs: exact up to 40 forks, normal with continuity correction beyond. */
double ridge_stat_signed_rank_tail(size_t n, double w);
/* p of "the shift is at most `delta`" against larger: the share of Walsh averages above delta, as a signed
 * rank sum. Never below 2^-n. */
double ridge_stat_signed_rank_p(const double *d, size_t n, double delta);
/* Interval of the Hodges-Lehmann shift at one-sided alpha; false: n forks cannot carry this alpha. */
bool ridge_stat_signed_rank_interval(const double *d, size_t n, double alpha, double *low, double *high);
/* Fewest forks whose smallest p, 2^-n, is at most alpha / n_cases. */
int64_t ridge_stat_forks_for(double alpha, size_t n_cases);
/* Lag-1 autocorrelation when it is too large for chance, else 0; the interval widens by sqrt((1+r)/(1-r)). */
double ridge_stat_autocorrelation(const double *d, size_t n);

/* ---- one case ---- */
struct ridge_judge_rule {
    double margin_ratio, alpha; /* alpha of this look */
    size_t n_cases;             /* judged together */
};
struct ridge_shift { /* of the log ratio new / old */
    double value, low, high;    /* low -INFINITY, high INFINITY: the forks cannot carry alpha */
    double p_slower, p_faster;  /* of "not slower" and "not faster" than the margin */
    double autocorrelation;
    int64_t n_forks;
};
/* d: one log ratio per fork, in fork order. Neighbours that are alike widen the interval and raise p. */
struct ridge_shift ridge_stat_shift(const double *d, size_t n, const struct ridge_judge_rule *rule);
/* REGRESSED: low > d; IMPROVED: high < -d; OK: high < d; else INCONCLUSIVE. d = ln(1 + margin). Fewer than
 * RIDGE_JUDGE_MIN_FORKS are never REGRESSED or IMPROVED. */
enum ridge_change ridge_stat_verdict(const struct ridge_shift *s, const struct ridge_judge_rule *rule);
/* Forks beyond those it has that would decide the case, from the width it has; 0: decided, or none would help. */
int64_t ridge_stat_more_forks(const struct ridge_shift *s, enum ridge_change verdict, const struct ridge_judge_rule *rule);
/* The slow-down, as a ratio, of which half would have been REGRESSED at this width, alone among n_cases. */
double ridge_stat_detectable(const struct ridge_shift *s, const struct ridge_judge_rule *rule);
/* Marks in `rejected` the hypotheses that Benjamini-Hochberg rejects at q; returns how many. NAN is never. */
size_t ridge_stat_benjamini_hochberg(const double *p, size_t n, double q, bool *rejected);

/* ---- control ---- */
double ridge_stat_binomial_tail(int64_t k, int64_t n, double p);   /* P(X >= k) */
/* Most out of n that the nominal rate gives with this probability. */
int64_t ridge_stat_binomial_allowed(int64_t n, double p, double probability);
double ridge_stat_binomial_upper(int64_t k, int64_t n, double confidence); /* Clopper-Pearson, one-sided */

/* ---- a stored run ---- */
double ridge_stat_normal_quantile(double p);
double ridge_stat_t_quantile(double p, double degrees);
double ridge_stat_t_tail(double t, double degrees); /* P(T >= t) */
#define RIDGE_JUDGE_MIN_RUNS 5
struct ridge_between {
    double spread;   /* standard deviation between runs, log */
    double degrees;  /* INFINITY: it is the prior */
    bool is_prior;
};
/* From the case's log values over earlier runs, in time order: successive differences, so that one step does not count as
 * spread; never below the standard deviation of the last n_level, those since the newest change point, so that runs that are
 * like their neighbours do not hide it. Fewer than RIDGE_JUDGE_MIN_RUNS: the prior. Never below `within`, the new run's own. */
struct ridge_between ridge_stat_between(const double *v, size_t n, size_t n_level, double within, double prior);
/* now - Hodges-Lehmann of base, with an interval that holds the spread between runs, which is raised to that of a base
 * of RIDGE_JUDGE_MIN_RUNS or more. */
struct ridge_shift ridge_stat_unpaired(double now, const double *base, size_t n_base, struct ridge_between *between,
                                       const struct ridge_judge_rule *rule);

/* ---- tails and spread ---- */
struct ridge_tail_side { /* per-run durations with the fork they come from */
    const double *v;
    const int32_t *fork;
    size_t n;
};
/* Ratio b / a of the q-quantile (nearest rank), interval at one-sided alpha: forks are resampled together. */
struct ridge_interval ridge_stat_tail_ratio(const struct ridge_tail_side *a, const struct ridge_tail_side *b, double q,
                                            double alpha, size_t n_resamples, uint64_t seed);
/* Where the spread of the log times comes from: variances of rounds inside forks, of forks, of runs (NAN with
 * one run), by the estimators of Kalibera and Jones. */
struct ridge_spread_split {
    double rounds, forks, runs;
    double rounds_per_fork; /* that spend time best, given what a fork and a round cost; NAN unknown */
};
struct ridge_spread_split ridge_stat_spread_split(const struct ridge_blocks *runs, size_t n_runs, double fork_cost_ns,
                                                  double round_cost_ns);
#endif
