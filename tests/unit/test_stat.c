/* Statistics against values worked out by hand, and the refusal counts. */
#include "ridge_test.h"
#include "stat/stat.h"

#include <string.h>

static uint64_t rng_state;
static double uniform(void)
{
    rng_state = rng_state * 6364136223846793005u + 1442695040888963407u;
    return ((double)(rng_state >> 11) + 0.5) / 9007199254740992.0;
}
static double normal(void)
{
    return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
}

static void it_takes_the_nearest_rank(void)
{
    double v[100];
    for (int i = 0; i < 100; i++)
        v[i] = i + 1;
    CHECK_NEAR(ridge_stat_quantile_sorted(v, 100, 0.5), 50, 0);
    CHECK_NEAR(ridge_stat_quantile_sorted(v, 100, 0.07), 7, 0);
    CHECK_NEAR(ridge_stat_quantile_sorted(v, 100, 0.99), 99, 0);
    CHECK_NEAR(ridge_stat_quantile_sorted(v, 100, 0.991), 100, 0);
    CHECK_NEAR(ridge_stat_quantile_sorted(v, 100, 1), 100, 0);
    CHECK_NEAR(ridge_stat_quantile_sorted(v, 1, 0.001), 1, 0);
    CHECK(isnan(ridge_stat_quantile_sorted(v, 0, 0.5)));
    CHECK(isnan(ridge_stat_quantile_sorted(v, 100, 0)));
    for (int n = 1; n <= 100; n++)
        for (int k = 1; k <= n; k++)
            CHECK_NEAR(ridge_stat_quantile_sorted(v, (size_t)n, (double)k / n), k, 0);
}

static void it_knows_how_many_samples_a_percentile_needs(void)
{
    static const struct { double p; int64_t n; } rows[] = {
        {0.5, 6}, {0.9, 29}, {0.1, 29}, {0.95, 59}, {0.99, 299}, {0.999, 2995}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        double *v = calloc((size_t)rows[i].n, sizeof *v);
        for (int64_t k = 0; k < rows[i].n; k++)
            v[k] = (double)k;
        CHECK(ridge_stat_quantile_needs(rows[i].p, 0.95) == rows[i].n);
        struct ridge_quantile few = ridge_stat_quantile(v, (size_t)rows[i].n - 1, rows[i].p, 0.95);
        struct ridge_quantile enough = ridge_stat_quantile(v, (size_t)rows[i].n, rows[i].p, 0.95);
        CHECK(few.refused && isnan(few.low) && isnan(few.high) && few.n_needed == rows[i].n);
        CHECK(!enough.refused && enough.low <= enough.value && enough.value <= enough.high);
        free(v);
    }
}

static double coverage(int n, double p, int low, int high)
{
    double sum = 0;
    for (int k = low; k < high; k++)
        sum += exp(lgamma(n + 1.0) - lgamma(k + 1.0) - lgamma(n - k + 1.0) + k * log(p) + (n - k) * log1p(-p));
    return sum;
}
static void it_bounds_a_quantile_by_exact_binomial_coverage(void)
{
    static double v[5000];
    for (int i = 0; i < 5000; i++)
        v[i] = i + 1; /* value = rank */
    struct ridge_quantile q = ridge_stat_quantile(v, 10, 0.5, 0.95);
    CHECK_NEAR(q.low, 2, 0); /* the textbook interval [X2, X9], coverage 0.9785 */
    CHECK_NEAR(q.high, 9, 0);
    static const double ps[] = {0.01, 0.1, 0.5, 0.9, 0.95, 0.99, 0.999};
    for (size_t i = 0; i < sizeof ps / sizeof ps[0]; i++)
        for (int n = 6; n <= 5000; n = n < 400 ? n + 1 : n + 373) {
            q = ridge_stat_quantile(v, (size_t)n, ps[i], 0.95);
            if (q.refused)
                continue;
            CHECK(q.low >= 1 && q.high <= n && q.low <= q.value && q.value <= q.high);
            double c = coverage(n, ps[i], (int)q.low, (int)q.high);
            CHECK(c >= 0.95 - 1e-9);
        }
}

static void it_finds_medians_and_hodges_lehmann(void)
{
    double v[] = {3, 1, 2};
    CHECK_NEAR(ridge_stat_median(v, 3), 2, 0);
    double w[] = {4, 1, 2, 3};
    CHECK_NEAR(ridge_stat_median(w, 4), 2.5, 0);
    double d[] = {1, 2, 10}; /* Walsh: 1 1.5 2 5.5 6 10 */
    CHECK_NEAR(ridge_stat_hodges_lehmann(d, 3), 3.75, 1e-15);
    CHECK(isnan(ridge_stat_hodges_lehmann(d, 0)));
    double big[60], pairs[60 * 61 / 2];
    for (int n = 25; n <= 60; n += 5) {
        size_t k = 0;
        for (int i = 0; i < n; i++)
            big[i] = normal();
        for (int i = 0; i < n; i++)
            for (int j = i; j < n; j++)
                pairs[k++] = (big[i] + big[j]) / 2;
        CHECK_NEAR(ridge_stat_hodges_lehmann(big, (size_t)n), ridge_stat_median(pairs, k), 1e-12);
    }
    double s[] = {2, 4, 4, 4, 5, 5, 7, 9};
    CHECK_NEAR(ridge_stat_mean(s, 8), 5, 1e-15);
    CHECK_NEAR(ridge_stat_stddev(s, 8), sqrt(32.0 / 7), 1e-14);
    CHECK(isnan(ridge_stat_stddev(s, 1)));
}

static void it_reduces_a_block(void)
{
    double v[] = {5, 4, 3, 2, 1, 10, 9, 8, 7, 6};
    CHECK_NEAR(ridge_stat_block(v, 10, "p10"), 1, 0);
    CHECK_NEAR(ridge_stat_block(v, 10, "median"), 5.5, 0);
    CHECK(isnan(ridge_stat_block(v, 10, "p11")));
    CHECK(isnan(ridge_stat_block(v, 0, "p10")));
}

/* Half of a core is another machine: such blocks are left out where enough others are there. */
static void it_leaves_out_disturbed_blocks(void)
{
    enum { F = 6, R = 3 };
    double a[F * R], b[F * R], forks[F];
    size_t n_disturbed;
    bool in_a[F * R] = {false}, in_b[F * R] = {false};
    for (int i = 0; i < F * R; i++)
        a[i] = b[i] = 100;
    struct ridge_blocks ba = {F, R, a, in_a}, bb = {F, R, b, in_b};
    b[0] = 150; /* one round of a fork that has others */
    in_b[0] = true;
    for (int i = R; i < 3 * R; i++) { /* all rounds of two forks, on the other side */
        a[i] = 140;
        in_a[i] = true;
    }
    struct ridge_interval r = ridge_stat_ratio(&ba, &bb, 7), h = ridge_stat_headline(&ba, 7);
    CHECK_NEAR(r.value, 1, 0);
    CHECK_NEAR(r.low, 1, 0);
    CHECK_NEAR(r.high, 1, 0);
    CHECK(r.n == F * R - 7 && r.n_forks == F - 2);
    CHECK_NEAR(h.high, 100, 0);
    CHECK(h.n == (F - 2) * R);
    CHECK(ridge_stat_fork_ratios(&ba, &bb, forks, &n_disturbed) == F - 2 && forks[0] == 0 && n_disturbed == 0);
    for (int i = 3 * R; i < 5 * R; i++) /* four of six have no other: all count */
        in_a[i] = true;
    r = ridge_stat_ratio(&ba, &bb, 7);
    CHECK(r.n == F * R && r.n_forks == F);
    CHECK(r.low < 0.9);
    CHECK(ridge_stat_fork_ratios(&ba, &bb, forks, &n_disturbed) == F && n_disturbed == 4);
    for (int i = 0; i < F * R; i++)
        in_a[i] = true;
    CHECK(ridge_stat_headline(&ba, 7).n == F * R);
}

static void five_quiet_forks_are_enough(void)
{
    enum { F = 14 };
    double a[F], b[F], forks[F];
    bool disturbed[F] = {false};
    size_t n_disturbed;
    for (int i = 0; i < F; i++) {
        a[i] = 100;
        b[i] = i < 9 ? 140 : 100;
        disturbed[i] = i < 9;
    }
    struct ridge_blocks ba = {F, 1, a, NULL}, bb = {F, 1, b, disturbed};
    CHECK(ridge_stat_fork_ratios(&ba, &bb, forks, &n_disturbed) == 5 && forks[0] == 0 && n_disturbed == 0);
    disturbed[9] = true;
    CHECK(ridge_stat_fork_ratios(&ba, &bb, forks, &n_disturbed) == F && n_disturbed == 10);
}

static void it_makes_a_table_of_blocks(void)
{
    int64_t ns[] = {900, 20, 30, 40};
    struct ridge_chunk c[] = {
        {.fork = 1, .round = 0, .n = 4, .n_lead_in = 1, .inner_reps = 10, .block_ns = NAN, .n_disturbed = 3, .n_columns = 1,
         .columns = {{.name = "duration_ns", .type = RIDGE_COL_I64, .data = ns}}},
        {.fork = 0, .round = 1, .n = 4, .n_lead_in = 1, .inner_reps = 10, .block_ns = 7, .n_disturbed = 2},
        {.fork = 0, .round = 0, .n = 1, .n_lead_in = 1, .inner_reps = 1, .block_ns = NAN}};
    struct ridge_block_table t;
    ridge_stat_block_table(c, 3, "median", &t);
    CHECK(t.blocks.n_forks == 2 && t.blocks.n_rounds == 2);
    CHECK(isnan(t.v[0]) && t.v[1] == 7 && t.v[2] == 3 && isnan(t.v[3]));
    CHECK(!t.disturbed[0] && !t.disturbed[1] && t.disturbed[2] && !t.disturbed[3]);
    ridge_stat_block_table_deinit(&t);
    ridge_stat_block_table(c, 0, "median", &t);
    CHECK(t.blocks.n_forks == 0);
    ridge_stat_block_table_deinit(&t);
}

static void it_gives_ratio_and_headline(void)
{
    enum { F = 3, R = 9 };
    double a[F * R], b[F * R];
    for (int i = 0; i < F * R; i++) {
        double drift = 100 + 10 * i; /* hits both sides alike */
        a[i] = drift;
        b[i] = drift * 1.25;
    }
    b[4] = NAN;
    struct ridge_blocks ba = {F, R, a, NULL}, bb = {F, R, b, NULL};
    struct ridge_interval r = ridge_stat_ratio(&ba, &bb, 7);
    CHECK_NEAR(r.value, 1.25, 1e-12);
    CHECK_NEAR(r.low, 1.25, 1e-12);
    CHECK_NEAR(r.high, 1.25, 1e-12);
    CHECK(r.n == F * R - 1 && r.n_forks == F);
    struct ridge_interval h = ridge_stat_headline(&ba, 7), again = ridge_stat_headline(&ba, 7);
    CHECK_NEAR(h.value, 230, 1e-12);
    CHECK(h.low < 230 && h.high > 230 && h.low == again.low && h.high == again.high);
    struct ridge_blocks none = {0, 0, NULL, NULL};
    CHECK(isnan(ridge_stat_ratio(&none, &ba, 1).value));
    double one[] = {5};
    struct ridge_blocks single = {1, 1, one, NULL};
    CHECK_NEAR(ridge_stat_headline(&single, 1).value, 5, 0);
    CHECK(isnan(ridge_stat_headline(&single, 1).low));
}

static void it_is_exact_from_ten_forks_on(void)
{
    double a[10], b[10];
    for (int i = 0; i < 10; i++) {
        a[i] = 1;
        b[i] = exp(0.01 * (i + 1));
    }
    struct ridge_blocks ba = {10, 1, a, NULL}, bb = {10, 1, b, NULL};
    struct ridge_interval r = ridge_stat_ratio(&ba, &bb, 1);
    CHECK_NEAR(log(r.low), 0.02, 1e-12);
    CHECK_NEAR(log(r.high), 0.09, 1e-12);
    CHECK_NEAR(log(r.value), 0.055, 1e-12);
}

static void it_stops_by_width_rounds_or_time(void)
{
    struct ridge_plan_settings s = {.rounds = 7, .max_rounds = 25, .block_ns = 20, .duration_ns = 0,
                                    .max_group_ns = 1000, .width_ratio = 0.005};
    double v[2 * 25], width;
    for (int i = 0; i < 50; i++)
        v[i] = i < 25 ? 100 : 200;
    double quiet[2 * 7];
    for (int i = 0; i < 14; i++)
        quiet[i] = i < 7 ? 100 : 200;
    CHECK(ridge_stat_stop(quiet, 1, 6, &s, 0, &width) == RIDGE_STOP_NO);
    CHECK(ridge_stat_stop(quiet, 2, 7, &s, 0, &width) == RIDGE_STOP_WIDTH);
    CHECK_NEAR(width, 0, 1e-12);
    CHECK(ridge_stat_stop(quiet, 1, 3, &s, 1000, &width) == RIDGE_STOP_CAP_TIME);
    CHECK(isinf(width));
    quiet[8] = 230;
    quiet[9] = 170;
    CHECK(ridge_stat_stop(quiet, 2, 7, &s, 0, &width) == RIDGE_STOP_NO);
    CHECK(width > 0.1);
    quiet[13] = NAN; /* failed in the last round: no longer holds the group up */
    CHECK(ridge_stat_stop(quiet, 2, 7, &s, 0, &width) == RIDGE_STOP_WIDTH);
    v[30] = 300;
    v[31] = 100;
    v[32] = 300;
    for (int i = 33; i < 45; i++)
        v[i] = 150 + 10 * (i % 9);
    CHECK(ridge_stat_stop(v, 2, 25, &s, 0, NULL) == RIDGE_STOP_CAP_ROUNDS);
    CHECK_STR(ridge_stat_stop_text(RIDGE_STOP_CAP_ROUNDS), "cap_rounds");
    CHECK_STR(ridge_stat_stop_text(RIDGE_STOP_NO), "");
    s.duration_ns = 10 * 100; /* a block is one run of 100 ns */
    for (int i = 0; i < 14; i++)
        quiet[i] = i < 7 ? 100 : 200;
    CHECK(ridge_stat_stop(quiet, 2, 7, &s, 0, NULL) == RIDGE_STOP_NO);
    double few[] = {1, 1, 1, 1};
    CHECK(isinf(ridge_stat_fork_half_width(few, few, 4)));
}

static void it_knows_a_steady_series(void)
{
    double v[] = {9, 5, 3, 1, 1, 1, 1, 1};
    CHECK(!ridge_stat_steady(v, 4, 2, 0.02));
    CHECK(ridge_stat_steady(v, 8, 2, 0.02));
    CHECK(!ridge_stat_steady(v, 3, 2, 0.02));
    CHECK(!ridge_stat_steady(v, 3, 0, 0.02));
}

static const struct ridge_metric *find(const struct ridge_metric *m, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(m[i].name, name) == 0)
            return &m[i];
    return NULL;
}
static void it_makes_the_metrics_of_a_case(void)
{
    struct ridge_arena arena = {0};
    double run[165], blocks[9], fma[9], hz[] = {-1, 3.6e9, 3.7e9, 3.8e9};
    for (int i = 0; i < 165; i++)
        run[i] = 1000 + 164 - i;
    for (int i = 0; i < 9; i++) {
        blocks[i] = 1000;
        fma[i] = 500;
    }
    struct ridge_case_samples s = {.run_ns = run, .n = 165, .inner_reps = 8, .n_disturbed = 33,
                                   .blocks = {1, 9, blocks}, .statistic = "p10", .flop = 4000,
                                   .compulsory_bytes = 0, .yardstick_fma = {1, 9, fma},
                                   .yardstick_fma_flop = 4000, .canary_hz = hz, .n_canary = 4, .seed = 1};
    struct ridge_metric m[64];
    size_t n = ridge_stat_case_metrics(&arena, &s, m, 64);
    CHECK(n == 23);
    CHECK_STR(m[0].name, "time_ns");
    CHECK_NEAR(m[0].value, 1000, 0);
    CHECK_STR(m[0].rule, "median of block p10 v2");
    CHECK_STR(m[0].unit, "ns");
    CHECK_NEAR(find(m, n, "min_ns")->value, 1000, 0);
    CHECK_NEAR(find(m, n, "p50_ns")->value, 1082, 0);
    const struct ridge_metric *p99 = find(m, n, "p99_ns");
    CHECK_STR(p99->refused, "p99 needs 299 samples, has 165");
    CHECK(isnan(p99->value));
    CHECK_STR(find(m, n, "p999_ns")->refused, "p99.9 needs 2995 samples, has 165");
    CHECK_STR(p99->rule, "nearest-rank v1, samples are means of 8 runs");
    CHECK_NEAR(find(m, n, "flop_per_s")->value, 4e9, 1);
    CHECK_NEAR(find(m, n, "peak_ratio")->value, 0.5, 1e-12);
    CHECK_STR(find(m, n, "bytes_per_s")->refused, "the bytes of this case are unknown");
    CHECK_STR(find(m, n, "read_ratio")->refused, "no plain read ran in these rounds");
    CHECK_NEAR(find(m, n, "throughput_per_s")->value, 1e6, 1e-3);
    CHECK_NEAR(find(m, n, "disturbed_ratio")->value, 0.2, 1e-12);
    CHECK_NEAR(find(m, n, "clock_hz")->value, 3.7e9, 1);
    CHECK(ridge_stat_case_metrics(&arena, &s, m, 3) == 3);
    s.yardstick_read = s.yardstick_fma;
    s.yardstick_read_bytes = 500;
    n = ridge_stat_case_metrics(&arena, &s, m, 64);
    CHECK_STR(find(m, n, "read_ratio")->refused, "the bytes of this case are unknown");
    s.compulsory_bytes = 1000; /* twice the yardstick's in twice its time */
    n = ridge_stat_case_metrics(&arena, &s, m, 64);
    CHECK_NEAR(find(m, n, "read_ratio")->value, 1, 1e-12);
    struct ridge_case_samples empty = {.statistic = "p10"};
    n = ridge_stat_case_metrics(&arena, &empty, m, 64);
    CHECK(find(m, n, "time_ns")->refused != NULL && find(m, n, "min_ns")->refused != NULL);
    ridge_arena_deinit(&arena);
}

static void it_judges_the_machine(void)
{
    char why[512];
    struct ridge_noise n = {.n_blocks = 9, .n_samples = 100, .steal_ratio = 0.001, .foreign_ratio = -1,
                            .canary_median_hz = 3.67e9, .canary_spread_ratio = 0.01,
                            .yardstick_spread_ratio = -1};
    CHECK(ridge_stat_fitness(&n, why, sizeof why) == RIDGE_QUIET);
    CHECK(strstr(why, "steal 0.1 %") != NULL && strstr(why, "foreign CPU time unknown") != NULL);
    n.steal_ratio = 0.0051;
    CHECK(ridge_stat_fitness(&n, why, sizeof why) == RIDGE_NOISY);
    CHECK(strstr(why, "noisy above 0.5 %") != NULL);
    n.canary_spread_ratio = 0.11;
    n.n_repeated = 3;
    CHECK(ridge_stat_fitness(&n, why, sizeof why) == RIDGE_UNFIT);
    CHECK(strstr(why, "3 blocks of 9 measured again (core shared)") != NULL);
    char small[4];
    CHECK(ridge_stat_fitness(&n, small, sizeof small) == RIDGE_UNFIT && strlen(small) == 3);
    n.n_blocks = 0;
    CHECK(ridge_stat_fitness(&n, why, sizeof why) == RIDGE_UNFIT);
    CHECK_STR(ridge_fitness_text(RIDGE_NOISY), "noisy");
}

/* The interval of an A/A ratio holds 1 about as often as it says; the seed makes this deterministic. */
static void it_covers_the_truth(void)
{
    enum { TRIALS = 300, F = 5, R = 9 };
    int covered = 0, exact = 0;
    rng_state = 12345;
    for (int t = 0; t < TRIALS; t++) {
        double a[12 * R], b[12 * R];
        for (int f = 0; f < 12; f++) {
            double fork_a = 0.005 * normal(), fork_b = 0.005 * normal();
            for (int r = 0; r < R; r++) {
                double drift = 0.05 * normal();
                a[f * R + r] = exp(drift + fork_a + 0.01 * normal());
                b[f * R + r] = exp(drift + fork_b + 0.01 * normal());
            }
        }
        struct ridge_blocks a5 = {F, R, a, NULL}, b5 = {F, R, b, NULL}, a12 = {12, R, a, NULL}, b12 = {12, R, b, NULL};
        struct ridge_interval i5 = ridge_stat_ratio(&a5, &b5, (uint64_t)t);
        struct ridge_interval i12 = ridge_stat_ratio(&a12, &b12, (uint64_t)t);
        covered += i5.low <= 1 && 1 <= i5.high;
        exact += i12.low <= 1 && 1 <= i12.high;
    }
    printf("A/A coverage: 5 forks %.3f, 12 forks %.3f\n", covered / (double)TRIALS, exact / (double)TRIALS);
    CHECK(covered >= 0.88 * TRIALS);
    CHECK(exact >= 0.93 * TRIALS);
}

RIDGE_TEST_MAIN(TEST_ROW(it_takes_the_nearest_rank), TEST_ROW(it_knows_how_many_samples_a_percentile_needs),
                TEST_ROW(it_bounds_a_quantile_by_exact_binomial_coverage),
                TEST_ROW(it_finds_medians_and_hodges_lehmann), TEST_ROW(it_reduces_a_block),
                TEST_ROW(it_leaves_out_disturbed_blocks), TEST_ROW(five_quiet_forks_are_enough),
                TEST_ROW(it_makes_a_table_of_blocks),
                TEST_ROW(it_gives_ratio_and_headline), TEST_ROW(it_is_exact_from_ten_forks_on),
                TEST_ROW(it_stops_by_width_rounds_or_time), TEST_ROW(it_knows_a_steady_series),
                TEST_ROW(it_makes_the_metrics_of_a_case), TEST_ROW(it_judges_the_machine),
                TEST_ROW(it_covers_the_truth))
