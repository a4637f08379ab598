/* Signed ranks by Walsh averages: p, interval and Hodges-Lehmann estimate agree by construction, also with ties. */
#include "stat/judge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { EXACT = 40, MAX_SUM = EXACT * (EXACT + 1) / 2 };

/* P(W+ = w), w = 0 .. n(n+1)/2: each rank is in the sum or not, with equal chances. */
static void distribution(size_t n, double *f)
{
    size_t sum = 0;
    memset(f, 0, (MAX_SUM + 1) * sizeof *f);
    f[0] = 1;
    for (size_t i = 1; i <= n; i++) {
        sum += i;
        for (size_t w = sum + 1; w-- > 0;)
            f[w] = 0.5 * (f[w] + (w >= i ? f[w - i] : 0));
    }
}

static double deviation(double n)
{
    return sqrt(n * (n + 1) * (2 * n + 1) / 24);
}

double ridge_stat_signed_rank_tail(size_t n, double w)
{
    double pairs = (double)n * ((double)n + 1) / 2;
    if (n == 0 || w <= 0)
        return 1;
    if (w > pairs)
        return 0;
    if (n > EXACT)
        return 0.5 * erfc((w - 0.5 - pairs / 2) / deviation((double)n) / sqrt(2));
    double f[MAX_SUM + 1], p = 0;
    distribution(n, f);
    for (size_t k = (size_t)pairs + 1; k-- > 0 && (double)k >= w;)
        p += f[k];
    return fmin(p, 1);
}

double ridge_stat_signed_rank_p(const double *d, size_t n, double delta)
{
    double above = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++)
            above += d[i] / 2 + d[j] / 2 > delta;
    return n == 0 ? NAN : fmax(ridge_stat_signed_rank_tail(n, above), ldexp(1, -(int)(n < 1000 ? n : 1000)));
}

/* Largest c with P(W+ <= c) <= alpha; -1: none. */
static int64_t critical(size_t n, double alpha)
{
    if (n > EXACT) {
        double mean = (double)n * ((double)n + 1) / 4;
        return (int64_t)floor(mean - 0.5 + ridge_stat_normal_quantile(alpha) * deviation((double)n));
    }
    double f[MAX_SUM + 1], p = 0;
    distribution(n, f);
    int64_t c = -1;
    for (size_t w = 0; w <= n * (n + 1) / 2 && p + f[w] <= alpha * (1 + 1e-12); w++) {
        p += f[w];
        c = (int64_t)w;
    }
    return c;
}

bool ridge_stat_signed_rank_interval(const double *d, size_t n, double alpha, double *low, double *high)
{
    int64_t c = n > 0 ? critical(n, alpha) : -1;
    *low = -INFINITY;
    *high = INFINITY;
    if (c < 0)
        return false;
    size_t pairs = n * (n + 1) / 2, k = 0;
    double *walsh = ridge_xrealloc_array(NULL, pairs, sizeof *walsh);
    for (size_t i = 0; i < n; i++)
        for (size_t j = i; j < n; j++)
            walsh[k++] = d[i] / 2 + d[j] / 2;
    ridge_stat_sort(walsh, pairs);
    if ((size_t)c < pairs) {
        *low = walsh[c];
        *high = walsh[pairs - 1 - (size_t)c];
    }
    free(walsh);
    return *low <= *high;
}

int64_t ridge_stat_forks_for(double alpha, size_t n_cases)
{
    double want = alpha / (double)(n_cases > 0 ? n_cases : 1);
    int64_t n = RIDGE_JUDGE_MIN_FORKS;
    while (n < 64 && ldexp(1, -(int)n) > want)
        n++;
    return n;
}

double ridge_stat_autocorrelation(const double *d, size_t n)
{
    double mean = ridge_stat_mean(d, n), sum = 0, lag = 0;
    for (size_t i = 0; i < n; i++) {
        sum += (d[i] - mean) * (d[i] - mean);
        lag += i > 0 ? (d[i] - mean) * (d[i - 1] - mean) : 0;
    }
    if (n < 5 || !(sum > 0))
        return 0;
    double r = lag / sum, chance = 1.645 / sqrt((double)n);
    return r > fmax(0.2, chance) ? fmin(r, 0.95) : 0;
}
