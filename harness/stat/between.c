/* The control's binomial, Student's t, and the change against a stored run. */
#include "stat/judge.h"

#include <math.h>

static double pmf(int64_t k, int64_t n, double p)
{
    int sign;
    if (p <= 0 || p >= 1)
        return (p <= 0 ? k == 0 : k == n) ? 1 : 0;
    double choose = lgamma_r((double)n + 1, &sign) - lgamma_r((double)k + 1, &sign) - lgamma_r((double)(n - k) + 1, &sign);
    return exp(choose + (double)k * log(p) + (double)(n - k) * log1p(-p));
}

double ridge_stat_binomial_tail(int64_t k, int64_t n, double p)
{
    double sum = 0;
    if (k <= 0)
        return 1;
    for (int64_t i = n; i >= k; i--)
        sum += pmf(i, n, p);
    return fmin(sum, 1);
}

int64_t ridge_stat_binomial_allowed(int64_t n, double p, double probability)
{
    int64_t k = 0;
    double rare = (1 - probability) * (1 + 1e-9); /* 0.1^3 is 0.001, whatever the last bit says */
    while (k < n && ridge_stat_binomial_tail(k + 1, n, p) > rare)
        k++;
    return k;
}

double ridge_stat_binomial_upper(int64_t k, int64_t n, double confidence)
{
    double low = 0, high = 1;
    if (n <= 0)
        return NAN;
    if (k >= n)
        return 1;
    for (int i = 0; i < 60; i++) { /* P(X <= k) falls with p */
        double mid = (low + high) / 2;
        if (1 - ridge_stat_binomial_tail(k + 1, n, mid) > 1 - confidence)
            low = mid;
        else
            high = mid;
    }
    return high;
}

double ridge_stat_normal_quantile(double p)
{
    double low = -40, high = 40;
    if (!(p > 0 && p < 1))
        return NAN;
    for (int i = 0; i < 80; i++) {
        double mid = (low + high) / 2;
        if (0.5 * erfc(-mid / sqrt(2)) < p)
            low = mid;
        else
            high = mid;
    }
    return (low + high) / 2;
}

/* Continued fraction of the incomplete beta function (Abramowitz & Stegun 26.5.8, modified Lentz). */
static double beta_fraction(double a, double b, double x)
{
    const double tiny = 1e-300;
    double c = 1, d = 1 - (a + b) * x / (a + 1);
    d = 1 / (fabs(d) < tiny ? tiny : d);
    double f = d;
    for (int m = 1; m < 300; m++) {
        for (int odd = 0; odd < 2; odd++) {
            double t = odd ? -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
                           : m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
            d = 1 + t * d;
            c = 1 + t / c;
            d = 1 / (fabs(d) < tiny ? tiny : d);
            c = fabs(c) < tiny ? tiny : c;
            f *= d * c;
        }
        if (fabs(d * c - 1) < 1e-14)
            break;
    }
    return f;
}

static double beta_regular(double a, double b, double x)
{
    int sign;
    if (x <= 0 || x >= 1)
        return x <= 0 ? 0 : 1;
    double front = exp(lgamma_r(a + b, &sign) - lgamma_r(a, &sign) - lgamma_r(b, &sign) + a * log(x) + b * log1p(-x));
    return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double ridge_stat_t_tail(double t, double degrees)
{
    if (!isfinite(degrees))
        return 0.5 * erfc(t / sqrt(2));
    double half = 0.5 * beta_regular(degrees / 2, 0.5, degrees / (degrees + t * t));
    return t >= 0 ? half : 1 - half;
}

double ridge_stat_t_quantile(double p, double degrees)
{
    double low = -1e4, high = 1e4;
    if (!isfinite(degrees))
        return ridge_stat_normal_quantile(p);
    for (int i = 0; i < 100; i++) {
        double mid = (low + high) / 2;
        if (1 - ridge_stat_t_tail(mid, degrees) < p)
            low = mid;
        else
            high = mid;
    }
    return (low + high) / 2;
}

struct ridge_between ridge_stat_between(const double *v, size_t n, size_t n_level, double within, double prior)
{
    struct ridge_between out = {.spread = prior, .degrees = INFINITY, .is_prior = true};
    if (n >= RIDGE_JUDGE_MIN_RUNS) {
        double sum = 0;
        for (size_t i = 1; i < n; i++)
            sum += (v[i] - v[i - 1]) * (v[i] - v[i - 1]);
        /* von Neumann: 2/3 of the pairs' degrees are worth something */
        out = (struct ridge_between){sqrt(sum / (2 * (double)(n - 1))), fmax(1, 2 * (double)(n - 1) / 3), false};
        if (n_level >= RIDGE_JUDGE_MIN_RUNS) /* where neighbours are alike, their differences are less than the spread */
            out.spread = fmax(out.spread, ridge_stat_stddev(v + n - n_level, n_level));
    }
    if (isfinite(within) && within > out.spread)
        out.spread = within;
    return out;
}

struct ridge_shift ridge_stat_unpaired(double now, const double *base, size_t n_base, struct ridge_between *between,
                                       const struct ridge_judge_rule *rule)
{
    if (n_base >= RIDGE_JUDGE_MIN_RUNS)
        between->spread = fmax(between->spread, ridge_stat_stddev(base, n_base));
    double margin = log1p(rule->margin_ratio);
    struct ridge_shift s = {.value = now - ridge_stat_hodges_lehmann(base, n_base), .n_forks = RIDGE_JUDGE_MIN_FORKS};
    /* pi/3: what Hodges-Lehmann loses against the mean under normal noise */
    double sd = between->spread * sqrt(1 + (n_base > 1 ? 1.0472 : 1) / (double)(n_base > 0 ? n_base : 1));
    double half = ridge_stat_t_quantile(1 - rule->alpha, between->degrees) * sd;
    s.low = s.value - half;
    s.high = s.value + half;
    s.p_slower = sd > 0 ? ridge_stat_t_tail((s.value - margin) / sd, between->degrees) : s.value > margin ? 0 : 1;
    s.p_faster = sd > 0 ? ridge_stat_t_tail((-s.value - margin) / sd, between->degrees) : s.value < -margin ? 0 : 1;
    return s;
}
