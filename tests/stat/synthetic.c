/* How often the judge is wrong, on synthetic series with fixed seeds. Prints one line per figure with its bound;
 * exit 1 when a bound is broken. `synthetic quick` runs a tenth of the trials, for the sanitized build. */
#include "gate/prior.h"
#include "noise.h"
#include "stat/change.h"
#include "stat/judge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int n_broken;
static size_t scale = 1;

static void at_most(const char *name, double k, double n, double bound)
{
    bool ok = k / n <= bound;
    n_broken += !ok;
    printf("%-78s %6.0f of %6.0f = %6.2f %%  at most %5.1f %%  %s\n", name, k, n, 100 * k / n, 100 * bound, ok ? "ok" : "BROKEN");
}
static void at_least(const char *name, double k, double n, double bound)
{
    bool ok = k / n >= bound;
    n_broken += !ok;
    printf("%-78s %6.0f of %6.0f = %6.2f %%  at least %4.1f %%  %s\n", name, k, n, 100 * k / n, 100 * bound, ok ? "ok" : "BROKEN");
}
static void tell(const char *name, double k, double n)
{
    printf("%-78s %6.0f of %6.0f = %6.2f %%\n", name, k, n, 100 * k / n);
}

/* ---- pairs: what ab does, with up to three looks ---- */

enum { CASES = 20, MOST_FORKS = 90 };
struct world { /* of one case: log ratio of a fork */
    double shift, sd, heavy; /* heavy: chance of a fork that is three times as far out */
    double rho;
};
static double fork_value(struct noise *s, const struct world *w)
{
    double z = w->rho > 0 ? noise_ar1(s, w->rho) : noise_normal(s);
    return w->shift + w->sd * z * (w->heavy > 0 && noise_uniform(s) < w->heavy ? 3 : 1);
}

/* One run of CASES cases, forks bought for the undecided ones as ab does; counts of the verdicts per case. */
static void run_ab(struct noise *s, const struct world *w, double margin, enum ridge_change *out)
{
    static double d[CASES][MOST_FORKS];
    size_t n[CASES];
    const double alpha = 0.05 / 3;
    for (size_t i = 0; i < CASES; i++) {
        s->last = 0;
        n[i] = 0;
        for (; n[i] < 10; n[i]++)
            d[i][n[i]] = fork_value(s, &w[i]);
    }
    for (int look = 0; look < 3; look++) {
        struct ridge_shift shift[CASES];
        double slower[CASES], faster[CASES];
        bool is_slower[CASES], is_faster[CASES];
        struct ridge_judge_rule rule = {margin, alpha, CASES};
        for (size_t i = 0; i < CASES; i++) {
            shift[i] = ridge_stat_shift(d[i], n[i], &rule);
            slower[i] = shift[i].p_slower;
            faster[i] = shift[i].p_faster;
        }
        (void)ridge_stat_benjamini_hochberg(slower, CASES, alpha, is_slower);
        (void)ridge_stat_benjamini_hochberg(faster, CASES, alpha, is_faster);
        for (size_t i = 0; i < CASES; i++) {
            out[i] = ridge_stat_verdict(&shift[i], &rule);
            if ((out[i] == RIDGE_CHANGE_REGRESSED && !is_slower[i]) || (out[i] == RIDGE_CHANGE_IMPROVED && !is_faster[i]))
                out[i] = RIDGE_CHANGE_INCONCLUSIVE;
            int64_t more = ridge_stat_more_forks(&shift[i], out[i], &rule);
            size_t want = (size_t)(shift[i].n_forks + more), most = 3 * n[i] < MOST_FORKS ? 3 * n[i] : MOST_FORKS;
            for (want = want > most ? most : want; look < 2 && more > 0 && n[i] < want; n[i]++)
                d[i][n[i]] = fork_value(s, &w[i]);
        }
    }
}

static void null_pairs(const char *name, struct world world, double margin, double most_inconclusive)
{
    struct noise s = {.state = 20260101};
    struct world w[CASES];
    size_t n_runs = 500 / scale, red = 0, undecided = 0, red_runs = 0;
    char text[96];
    for (size_t i = 0; i < CASES; i++)
        w[i] = world;
    for (size_t r = 0; r < n_runs; r++) {
        enum ridge_change v[CASES];
        size_t before = red;
        run_ab(&s, w, margin, v);
        for (size_t i = 0; i < CASES; i++) {
            red += v[i] == RIDGE_CHANGE_REGRESSED;
            undecided += v[i] == RIDGE_CHANGE_INCONCLUSIVE;
        }
        red_runs += red > before;
    }
    (void)snprintf(text, sizeof text, "pairs, no change, %s: false REGRESSED", name);
    at_most(text, (double)red, (double)(n_runs * CASES), 0.01);
    (void)snprintf(text, sizeof text, "pairs, no change, %s: runs with any", name);
    at_most(text, (double)red_runs, (double)n_runs, 0.05);
    (void)snprintf(text, sizeof text, "pairs, no change, %s: INCONCLUSIVE", name);
    at_most(text, (double)undecided, (double)(n_runs * CASES), most_inconclusive);
}

/* One slow case among 19 that are not. */
static void power_pairs(const char *name, struct world world, double shift, double margin, double least)
{
    struct noise s = {.state = 20260202};
    struct world w[CASES];
    size_t n_runs = 500 / scale, found = 0, wrong = 0;
    char text[96];
    for (size_t i = 0; i < CASES; i++)
        w[i] = world;
    w[0].shift = log1p(shift);
    for (size_t r = 0; r < n_runs; r++) {
        enum ridge_change v[CASES];
        run_ab(&s, w, margin, v);
        found += v[0] == RIDGE_CHANGE_REGRESSED;
        for (size_t i = 1; i < CASES; i++)
            wrong += v[i] == RIDGE_CHANGE_REGRESSED;
    }
    (void)snprintf(text, sizeof text, "pairs, %s: %+.0f %% at margin %.0f %% found", name, 100 * shift, 100 * margin);
    at_least(text, (double)found, (double)n_runs, least);
    (void)snprintf(text, sizeof text, "pairs, %s: the 19 beside it REGRESSED", name);
    at_most(text, (double)wrong, (double)(n_runs * (CASES - 1)), 0.01);
}

/* ---- a stored baseline ---- */

enum series_kind { WHITE, AR5, AR8, OUTLIERS };
static double next_of(struct noise *s, enum series_kind kind)
{
    return kind == AR5 ? noise_ar1(s, 0.5) : kind == AR8 ? noise_ar1(s, 0.8) : noise_normal(s);
}

/* n_level: runs that the reference is made of, the oldest ones; 0: all where there are enough. */
static enum ridge_change run_gate(struct noise *s, enum series_kind kind, size_t n_runs, size_t n_level, double sd, double shift,
                                  double margin, double prior)
{
    double v[65];
    s->last = noise_normal(s);
    for (size_t i = 0; i <= n_runs; i++)
        v[i] = sd * next_of(s, kind) + (kind == OUTLIERS && noise_uniform(s) < 0.05 ? log(1.15) : 0);
    struct ridge_judge_rule rule = {margin, 0.05, CASES};
    struct ridge_between b = ridge_stat_between(v, n_runs, n_runs, 0.002, prior);
    if (n_level == 0)
        n_level = n_runs >= RIDGE_JUDGE_MIN_RUNS ? n_runs : 1;
    struct ridge_shift x = ridge_stat_unpaired(shift + v[n_runs], v, n_level, &b, &rule);
    enum ridge_change c = ridge_stat_verdict(&x, &rule);
    /* the strictest step of Benjamini-Hochberg among CASES: at least this many are found */
    return c == RIDGE_CHANGE_REGRESSED && x.p_slower > rule.alpha / CASES ? RIDGE_CHANGE_INCONCLUSIVE : c;
}

static void stored(const char *name, enum series_kind kind, size_t n_runs, size_t n_level, double sd, double shift,
                   enum ridge_change want, double bound, bool most)
{
    struct noise s = {.state = 20260303};
    size_t n = 5000 / scale, k = 0;
    char text[96];
    for (size_t i = 0; i < n; i++)
        k += run_gate(&s, kind, n_runs, n_level, sd, shift, 0.03, RIDGE_GATE_PRIOR_COMPUTE) == want;
    (void)snprintf(text, sizeof text, "stored, %s: %s", name, ridge_change_text(want));
    if (most)
        at_most(text, (double)k, (double)n, bound);
    else
        at_least(text, (double)k, (double)n, bound);
}

/* ---- history ---- */

static void make_series(struct noise *s, enum series_kind kind, double cov, size_t n, double *v)
{
    s->last = noise_normal(s);
    for (size_t i = 0; i < n; i++) {
        double z = next_of(s, kind);
        v[i] = 100 * exp(cov * z) * (kind == OUTLIERS && noise_uniform(s) < 0.05 ? 1.3 : 1);
    }
}

static void null_history(const char *name, enum series_kind kind, double cov)
{
    struct noise s = {.state = 20260404};
    struct ridge_change_point out[8];
    double v[100];
    size_t n = 1000 / scale, alarms = 0;
    char text[96];
    for (size_t i = 0; i < n; i++) {
        make_series(&s, kind, cov, 100, v);
        alarms += ridge_stat_changes(v, 100, &ridge_change_rule_default, out, 8) > 0;
    }
    (void)snprintf(text, sizeof text, "history, no change, %s, CoV %.0f %%: series with an alarm", name, 100 * cov);
    at_most(text, (double)alarms, (double)n, 0.03);
}

static double step_found(size_t n_after, size_t n)
{
    struct noise s = {.state = 20260505};
    struct ridge_change_point out[8];
    double v[120];
    size_t found = 0;
    for (size_t i = 0; i < n; i++) {
        make_series(&s, WHITE, 0.01, 90 + n_after, v);
        for (size_t k = 90; k < 90 + n_after; k++)
            v[k] *= 1.05;
        size_t n_out = ridge_stat_changes(v, 90 + n_after, &ridge_change_rule_default, out, 8);
        for (size_t k = 0; k < n_out; k++)
            if (out[k].at >= 87 && out[k].at <= 93) {
                found++;
                break;
            }
    }
    return (double)found;
}

/* ---- time ---- */

static void speed(void)
{
    enum { N_CASES = 10000, FORKS = 10, ROUNDS = 10, PER_BLOCK = 10 };
    struct noise s = {.state = 1};
    struct timespec a, b;
    static double p[N_CASES];
    static bool rejected[N_CASES];
    double *samples = malloc(2 * FORKS * ROUNDS * PER_BLOCK * sizeof *samples);
    for (size_t i = 0; samples != NULL && i < 2 * FORKS * ROUNDS * PER_BLOCK; i++)
        samples[i] = 100 * exp(0.01 * noise_normal(&s));
    (void)clock_gettime(CLOCK_MONOTONIC, &a);
    for (size_t c = 0; samples != NULL && c < N_CASES; c++) {
        double d[FORKS], scratch[PER_BLOCK], rounds[ROUNDS];
        for (size_t f = 0; f < FORKS; f++) {
            for (size_t r = 0; r < ROUNDS; r++) {
                double side[2];
                for (size_t k = 0; k < 2; k++) {
                    memcpy(scratch, samples + ((k * FORKS + f) * ROUNDS + r) * PER_BLOCK, sizeof scratch);
                    side[k] = ridge_stat_block(scratch, PER_BLOCK, "p10");
                }
                rounds[r] = log(side[1] / side[0]);
            }
            d[f] = ridge_stat_median(rounds, ROUNDS);
        }
        struct ridge_judge_rule rule = {0.03, 0.05 / 3, N_CASES};
        p[c] = ridge_stat_shift(d, FORKS, &rule).p_slower;
    }
    (void)ridge_stat_benjamini_hochberg(p, N_CASES, 0.05, rejected);
    (void)clock_gettime(CLOCK_MONOTONIC, &b);
    printf("10,000 cases x 1,000 samples a side judged in %.2f s\n",
           (double)(b.tv_sec - a.tv_sec) + 1e-9 * (double)(b.tv_nsec - a.tv_nsec));
    free(samples);
}

int main(int argc, char **argv)
{
    scale = argc > 1 && strcmp(argv[1], "quick") == 0 ? 10 : 1;
    null_pairs("fork sd 1 %, margin 3 %", (struct world){0, 0.01, 0, 0}, 0.03, 0.10);
    null_pairs("fork sd 3 %, 10 % far forks, margin 3 %", (struct world){0, 0.03, 0.1, 0}, 0.03, 1);
    null_pairs("fork sd 2 %, AR(1) 0.6, margin 3 %", (struct world){0, 0.02, 0, 0.6}, 0.03, 1);
    null_pairs("memory-bound, fork sd 3 %, margin 5 %", (struct world){0, 0.03, 0.02, 0}, 0.05, 0.10);
    null_pairs("true change 2 % under a margin of 3 %", (struct world){0.0198, 0.01, 0, 0}, 0.03, 1);
    power_pairs("fork sd 1 %", (struct world){0, 0.01, 0, 0}, 0.05, 0.02, 0.95);
    power_pairs("fork sd 1 %", (struct world){0, 0.01, 0, 0}, 0.10, 0.02, 0.99);
    power_pairs("fork sd 0.7 %", (struct world){0, 0.007, 0, 0}, 0.03, 0.01, 0.90);
    power_pairs("fork sd 3 %", (struct world){0, 0.03, 0.02, 0}, 0.10, 0.02, 0.95);
    stored("no change, 20 runs, sd 1 %", WHITE, 20, 0, 0.01, 0, RIDGE_CHANGE_REGRESSED, 0.01, true);
    stored("no change, 20 runs, sd 0.8 %", WHITE, 20, 0, 0.008, 0, RIDGE_CHANGE_INCONCLUSIVE, 0.10, true);
    stored("no change, 20 runs, sd 5 %", WHITE, 20, 0, 0.05, 0, RIDGE_CHANGE_REGRESSED, 0.01, true);
    stored("no change, 20 runs, AR(1) 0.5, sd 2 %", AR5, 20, 0, 0.02, 0, RIDGE_CHANGE_REGRESSED, 0.01, true);
    stored("no change, 20 runs, AR(1) 0.8, sd 2 %", AR8, 20, 0, 0.02, 0, RIDGE_CHANGE_REGRESSED, 0.01, true);
    stored("no change, 20 runs, baseline the first, sd 1 %", WHITE, 20, 1, 0.01, 0, RIDGE_CHANGE_REGRESSED, 0.01, true);
    stored("no change, 20 runs, baseline the first, AR(1) 0.8, sd 2 %", AR8, 20, 1, 0.02, 0, RIDGE_CHANGE_REGRESSED, 0.01, true);
    stored("no change, 20 runs, baseline the first, sd 0.8 %", WHITE, 20, 1, 0.008, 0, RIDGE_CHANGE_INCONCLUSIVE, 1.00, true);
    stored("no change, 5 runs, sd 2 %", WHITE, 5, 0, 0.02, 0, RIDGE_CHANGE_REGRESSED, 0.01, true);
    stored("no change, first day, sd 5 %", WHITE, 1, 0, 0.05, 0, RIDGE_CHANGE_REGRESSED, 0.01, true);
    stored("+5 %, first day, sd 2 %", WHITE, 1, 0, 0.02, log(1.05), RIDGE_CHANGE_REGRESSED, 0.01, true);
    stored("x 2, first day, sd 5 %", WHITE, 1, 0, 0.05, log(2), RIDGE_CHANGE_REGRESSED, 0.95, false);
    null_history("white", WHITE, 0.02);
    null_history("AR(1) 0.5", AR5, 0.02);
    null_history("AR(1) 0.8", AR8, 0.02);
    null_history("5 % outliers of +30 %", OUTLIERS, 0.02);
    at_least("history, +5 % step, CoV 1 %: reported by the 10th point", step_found(10, 500 / scale), (double)(500 / scale), 0.90);
    tell("history, +5 % step, CoV 1 %: reported by the 5th point", step_found(5, 500 / scale), (double)(500 / scale));
    speed();
    printf("%d bound%s broken\n", n_broken, n_broken == 1 ? "" : "s");
    return n_broken == 0 ? 0 : 1;
}
