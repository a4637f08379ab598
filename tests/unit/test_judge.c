/* Fork values to verdicts, against tables and by hand. */
#include "ridge_test.h"
#include "stat/judge.h"

static void signed_rank_tails_are_the_table(void)
{
    /* Wilcoxon's table: n = 5, W+ >= 15 has 1/32; n = 10, P(W+ >= 45) = 0.0420 (W- <= 10) */
    CHECK_NEAR(ridge_stat_signed_rank_tail(5, 15), 1.0 / 32, 1e-12);
    CHECK_NEAR(ridge_stat_signed_rank_tail(5, 14), 2.0 / 32, 1e-12);
    CHECK_NEAR(ridge_stat_signed_rank_tail(10, 45), 43.0 / 1024, 1e-12);
    CHECK_NEAR(ridge_stat_signed_rank_tail(10, 0), 1, 0);
    CHECK_NEAR(ridge_stat_signed_rank_tail(41, 41 * 42 / 4.0), 0.5, 0.01); /* normal from 41 on */
    CHECK_NEAR(ridge_stat_signed_rank_tail(40, 600), ridge_stat_signed_rank_tail(41, 600 + 20.5), 0.01);
}

static void p_has_its_floor(void)
{
    double d[10];
    for (size_t i = 0; i < 10; i++)
        d[i] = 1 + 0.01 * (double)i;
    CHECK_NEAR(ridge_stat_signed_rank_p(d, 10, 0), 1.0 / 1024, 1e-12);
    CHECK_NEAR(ridge_stat_signed_rank_p(d, 10, 2), 1, 1e-12);
    CHECK(isnan(ridge_stat_signed_rank_p(d, 0, 0)));
}

static void interval_and_p_agree(void)
{
    const double d[] = {0.031, 0.044, 0.052, 0.038, 0.061, 0.047, 0.049, 0.055};
    double low, high;
    CHECK(ridge_stat_signed_rank_interval(d, 8, 0.05, &low, &high));
    CHECK(ridge_stat_signed_rank_p(d, 8, low - 1e-9) <= 0.05);
    CHECK(ridge_stat_signed_rank_p(d, 8, low + 1e-9) > 0.05);
    double middle = ridge_stat_hodges_lehmann(d, 8);
    CHECK(low < middle && middle < high);
    CHECK(!ridge_stat_signed_rank_interval(d, 4, 0.05, &low, &high)); /* 2^-4 > 0.05 */
    CHECK(isinf(low) && isinf(high));
    CHECK(ridge_stat_signed_rank_interval(d, 5, 0.05, &low, &high));
    CHECK_NEAR(low, 0.031, 1e-12);
    CHECK_NEAR(high, 0.061, 1e-12);
}

static void forks_that_a_p_needs(void)
{
    CHECK(ridge_stat_forks_for(0.05, 1) == 5);
    CHECK(ridge_stat_forks_for(0.05, 20) == 9);         /* the first look of one */
    CHECK(ridge_stat_forks_for(0.05 / 3, 20) == 11);
    CHECK(ridge_stat_forks_for(0.05, 10000) == 18);
    CHECK(ridge_stat_forks_for(0.05 / 3, 10000) == 20);
}

static enum ridge_change verdict_of(const double *d, size_t n)
{
    struct ridge_judge_rule rule = {0.03, 0.05, 1};
    struct ridge_shift s = ridge_stat_shift(d, n, &rule);
    return ridge_stat_verdict(&s, &rule);
}

static void verdicts(void)
{
    const double slow[] = {0.095, 0.097, 0.094, 0.096, 0.095, 0.093};
    const double fast[] = {-0.095, -0.097, -0.094, -0.096, -0.095, -0.093};
    const double same[] = {0.001, -0.002, 0.0005, 0.003, -0.001, 0.002};
    const double wide[] = {0.09, -0.08, 0.02, 0.07, -0.03, 0.05};
    CHECK(verdict_of(slow, 6) == RIDGE_CHANGE_REGRESSED);
    CHECK(verdict_of(fast, 6) == RIDGE_CHANGE_IMPROVED);
    CHECK(verdict_of(same, 6) == RIDGE_CHANGE_OK);
    CHECK(verdict_of(wide, 6) == RIDGE_CHANGE_INCONCLUSIVE);
    for (size_t n = 0; n < 5; n++) { /* one lucky process, or four, never decide */
        CHECK(verdict_of(slow, n) == RIDGE_CHANGE_INCONCLUSIVE);
        CHECK(verdict_of(fast, n) == RIDGE_CHANGE_INCONCLUSIVE);
    }
    CHECK_STR(ridge_change_text(RIDGE_CHANGE_REGRESSED), "REGRESSED");
    CHECK(ridge_change_parse("IMPROVED") == RIDGE_CHANGE_IMPROVED);
    CHECK(ridge_change_parse("?") == RIDGE_CHANGE_INCONCLUSIVE);
}

static void more_forks(void)
{
    struct ridge_judge_rule rule = {0.03, 0.05, 20};
    struct ridge_shift s = {.value = 0.05, .low = 0.02, .high = 0.08, .n_forks = 10};
    /* half width 0.03, gap 0.0204, alone: 1.5 * 10 * (0.03/0.0204)^2 = 32.3 */
    rule.n_cases = 1;
    CHECK(ridge_stat_more_forks(&s, RIDGE_CHANGE_INCONCLUSIVE, &rule) == 23);
    /* among 20 cases 2.807 / 1.645 as far: 94.1 */
    rule.n_cases = 20;
    CHECK(ridge_stat_more_forks(&s, RIDGE_CHANGE_INCONCLUSIVE, &rule) == 85);
    CHECK_NEAR(ridge_stat_detectable(&s, &rule), expm1(log1p(0.03) + 0.03 * 1.7066), 1e-4);
    CHECK(ridge_stat_more_forks(&s, RIDGE_CHANGE_OK, &rule) == 0);
    s.n_forks = 20;
    s.value = log1p(0.03);
    CHECK(ridge_stat_more_forks(&s, RIDGE_CHANGE_INCONCLUSIVE, &rule) == 0); /* at the margin: nothing helps */
    s.value = 0.04;
    s.low = -0.15; /* one far fork makes the interval of a few */
    CHECK(ridge_stat_more_forks(&s, RIDGE_CHANGE_INCONCLUSIVE, &rule) == 0);
    s.n_forks = 10;
    CHECK(ridge_stat_more_forks(&s, RIDGE_CHANGE_INCONCLUSIVE, &rule) == 20);
    s = (struct ridge_shift){.value = 0.09, .low = 0.08, .high = 0.1, .n_forks = 10}; /* not rare enough: twice as many, not one more */
    CHECK(ridge_stat_more_forks(&s, RIDGE_CHANGE_INCONCLUSIVE, &rule) == 10);
    s = (struct ridge_shift){.value = 0.1, .low = -INFINITY, .high = INFINITY, .n_forks = 4};
    CHECK(ridge_stat_more_forks(&s, RIDGE_CHANGE_INCONCLUSIVE, &rule) == 5); /* to the floor of 20 cases: 9 */
}

static void benjamini_hochberg_by_hand(void)
{
    const double p[] = {0.039, 0.001, 0.9, 0.008, NAN, 0.041};
    bool r[6];
    /* of five: 0.001 <= 0.01, 0.008 <= 0.02, 0.039 > 0.03, 0.041 > 0.04, 0.9 */
    CHECK(ridge_stat_benjamini_hochberg(p, 6, 0.05, r) == 2);
    CHECK(!r[0] && r[1] && !r[2] && r[3] && !r[4] && !r[5]);
    const double all[] = {0.04, 0.05};
    CHECK(ridge_stat_benjamini_hochberg(all, 2, 0.05, r) == 2); /* step-up: the largest saves the smaller */
}

static void autocorrelation_widens(void)
{
    double d[12], shuffled[12];
    for (size_t i = 0; i < 12; i++)
        d[i] = 0.01 * (double)i;
    for (size_t i = 0; i < 12; i++)
        shuffled[i] = d[(i * 5) % 12];
    CHECK(ridge_stat_autocorrelation(d, 12) > 0.5);
    CHECK_NEAR(ridge_stat_autocorrelation(shuffled, 12), 0, 0);
    struct ridge_judge_rule rule = {0.03, 0.05, 1};
    struct ridge_shift a = ridge_stat_shift(d, 12, &rule), b = ridge_stat_shift(shuffled, 12, &rule);
    CHECK(a.high - a.low > 1.5 * (b.high - b.low));
}

static void the_control(void)
{
    CHECK_NEAR(ridge_stat_binomial_tail(1, 20, 0.05), 1 - pow(0.95, 20), 1e-12);
    CHECK_NEAR(ridge_stat_binomial_tail(0, 20, 0.05), 1, 0);
    CHECK(ridge_stat_binomial_allowed(20, 0.05, 0.999) == 5); /* P(X > 5) = 0.0003, P(X > 4) = 0.0026 */
    CHECK(ridge_stat_binomial_allowed(0, 0.05, 0.999) == 0);
    CHECK(ridge_stat_binomial_allowed(2, 0.1, 0.999) == 2 && ridge_stat_binomial_allowed(3, 0.1, 0.999) == 2);
    CHECK_NEAR(ridge_stat_binomial_upper(0, 20, 0.95), 1 - pow(0.05, 1.0 / 20), 1e-9); /* rule of three */
    CHECK_NEAR(ridge_stat_binomial_upper(3, 3, 0.95), 1, 0);
    CHECK(isnan(ridge_stat_binomial_upper(0, 0, 0.95)));
}

static void student(void)
{
    CHECK_NEAR(ridge_stat_normal_quantile(0.975), 1.959963985, 1e-8);
    CHECK_NEAR(ridge_stat_t_quantile(0.95, 4), 2.131846786, 1e-6);
    CHECK_NEAR(ridge_stat_t_quantile(0.95, 19), 1.729132812, 1e-6);
    CHECK_NEAR(ridge_stat_t_quantile(0.95, INFINITY), 1.644853627, 1e-8);
    CHECK_NEAR(ridge_stat_t_tail(2.131846786, 4), 0.05, 1e-8);
    CHECK_NEAR(ridge_stat_t_tail(-2.131846786, 4), 0.95, 1e-8);
}

static void against_a_stored_run(void)
{
    const double few[] = {0, 0.01}, many[] = {0, 0.004, -0.003, 0.002, -0.001, 0.003};
    struct ridge_judge_rule rule = {0.03, 0.05, 20};
    struct ridge_between prior = ridge_stat_between(few, 2, 2, 0.001, 0.08), own = ridge_stat_between(many, 6, 6, 0.001, 0.08);
    CHECK(prior.is_prior && prior.spread == 0.08 && isinf(prior.degrees));
    CHECK(!own.is_prior && own.spread < 0.01 && own.degrees < 5);
    CHECK_NEAR(ridge_stat_between(many, 6, 6, 0.05, 0.08).spread, 0.05, 0); /* never below the run's own */
    struct ridge_shift doubled = ridge_stat_unpaired(log(2), few, 1, &prior, &rule);
    struct ridge_shift five = ridge_stat_unpaired(log(1.05), few, 1, &prior, &rule);
    CHECK(ridge_stat_verdict(&doubled, &rule) == RIDGE_CHANGE_REGRESSED); /* red on the first day */
    CHECK(doubled.p_slower < 0.05 / 20);
    CHECK(ridge_stat_verdict(&five, &rule) == RIDGE_CHANGE_INCONCLUSIVE);
    struct ridge_shift ok = ridge_stat_unpaired(0.001, many, 6, &own, &rule);
    CHECK(ridge_stat_verdict(&ok, &rule) == RIDGE_CHANGE_OK);
    double step[] = {0, 0.001, -0.001, 0.2, 0.201, 0.199}; /* one step is not spread */
    CHECK(ridge_stat_between(step, 6, 3, 0, 0.5).spread < 0.08);
    const double creeping[] = {0, 0.01, 0.02, 0.03, 0.04, 0.05}; /* neighbours are alike, the spread is not small for that */
    CHECK_NEAR(ridge_stat_between(creeping, 6, 6, 0, 0.5).spread, 0.0187, 1e-4);
    struct ridge_shift four = {.value = 0, .low = -0.001, .high = 0.001, .n_forks = 4}; /* neither red nor green */
    CHECK(ridge_stat_verdict(&four, &rule) == RIDGE_CHANGE_INCONCLUSIVE);
}

static void tails(void)
{
    enum { N = 2000 };
    static double a[N], b[N];
    static int32_t fork[N];
    for (int i = 0; i < N; i++) {
        fork[i] = i / 200;
        a[i] = 100 + i % 100;
        b[i] = a[i] * 1.2;
    }
    struct ridge_tail_side x = {a, fork, N}, y = {b, fork, N};
    struct ridge_interval r = ridge_stat_tail_ratio(&x, &y, 0.99, 0.05, 200, 7);
    CHECK_NEAR(r.value, 1.2, 1e-12);
    CHECK(r.low <= r.value && r.value <= r.high && r.n_forks == 10);
    struct ridge_interval again = ridge_stat_tail_ratio(&x, &y, 0.99, 0.05, 200, 7);
    CHECK(again.low == r.low && again.high == r.high);
}

static void spread_is_split(void)
{
    /* forks at +-2 %, rounds at +-1 %: 4 forks x 4 rounds */
    double v[16];
    for (int i = 0; i < 16; i++)
        v[i] = exp((i / 4 % 2 ? 0.02 : -0.02) + (i % 2 ? 0.01 : -0.01));
    struct ridge_blocks b = {4, 4, v, NULL};
    struct ridge_spread_split s = ridge_stat_spread_split(&b, 1, 100, 1);
    CHECK_NEAR(s.rounds, 16 * 0.0001 / 12, 1e-9);
    CHECK_NEAR(s.forks, 4 * 0.0004 / 3 - s.rounds / 4, 1e-9);
    CHECK(isnan(s.runs));
    CHECK_NEAR(s.rounds_per_fork, sqrt(100 * s.rounds / s.forks), 1e-9);
}

RIDGE_TEST_MAIN(TEST_ROW(signed_rank_tails_are_the_table), TEST_ROW(p_has_its_floor), TEST_ROW(interval_and_p_agree),
                TEST_ROW(forks_that_a_p_needs), TEST_ROW(verdicts), TEST_ROW(more_forks),
                TEST_ROW(benjamini_hochberg_by_hand), TEST_ROW(autocorrelation_widens), TEST_ROW(the_control),
                TEST_ROW(student), TEST_ROW(against_a_stored_run), TEST_ROW(tails), TEST_ROW(spread_is_split))
