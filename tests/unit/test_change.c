/* Change points: where there is one, where there is none, and twice the same. */
#include "ridge_test.h"
#include "stat/change.h"
#include "tests/stat/noise.h"

enum { N = 60 };

static size_t find(const double *v, size_t n, struct ridge_change_point *out)
{
    return ridge_stat_changes(v, n, &ridge_change_rule_default, out, 8);
}

static void white(double *v, size_t n, uint64_t seed)
{
    struct noise s = {.state = seed};
    for (size_t i = 0; i < n; i++)
        v[i] = 100 * (1 + 0.01 * noise_normal(&s));
}

static void a_step_is_found_where_it_is(void)
{
    double v[N];
    struct ridge_change_point out[8];
    white(v, N, 5);
    for (size_t i = 40; i < N; i++)
        v[i] *= 1.1;
    CHECK(find(v, N, out) == 1);
    CHECK(out[0].at >= 39 && out[0].at <= 41);
    CHECK_NEAR(out[0].ratio, 1.1, 0.01);
    CHECK(out[0].n_after == N - out[0].at);
    CHECK_NEAR(out[0].p, 0.005, 1e-12); /* the floor of 199 permutations */
}

static void two_steps(void)
{
    double v[N];
    struct ridge_change_point out[8];
    white(v, N, 6);
    for (size_t i = 20; i < 40; i++)
        v[i] *= 1.2;
    CHECK(find(v, N, out) == 2);
    CHECK(out[0].at < out[1].at && out[0].ratio > 1.15 && out[1].ratio < 0.87);
}

static void nothing_where_nothing_is(void)
{
    double v[N];
    struct ridge_change_point out[8];
    white(v, N, 7);
    CHECK(find(v, N, out) == 0);
    for (size_t i = 30; i < N; i++)
        v[i] *= 1.02; /* below the floor of 3 % */
    CHECK(find(v, N, out) == 0);
    for (size_t i = 0; i < N; i++)
        v[i] = 5;
    CHECK(find(v, N, out) == 0);
    CHECK(find(v, 9, out) == 0 && find(v, 0, out) == 0); /* two segments of five do not fit */
}

static void a_spike_is_no_change(void)
{
    double v[N];
    struct ridge_change_point out[8];
    white(v, N, 8);
    v[30] *= 3;
    v[N - 1] *= 2; /* nor the newest point alone */
    CHECK(find(v, N, out) == 0);
}

static void the_same_data_give_the_same_answer(void)
{
    double v[N];
    struct ridge_change_point a[8], b[8];
    white(v, N, 9);
    for (size_t i = 50; i < N; i++)
        v[i] *= 1.05;
    size_t n = find(v, N, a);
    CHECK(n == find(v, N, b));
    CHECK(n == 1 && a[0].p == b[0].p && a[0].at == b[0].at);
}

RIDGE_TEST_MAIN(TEST_ROW(a_step_is_found_where_it_is), TEST_ROW(two_steps), TEST_ROW(nothing_where_nothing_is),
                TEST_ROW(a_spike_is_no_change), TEST_ROW(the_same_data_give_the_same_answer))
