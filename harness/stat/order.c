/* Order and location: sort, nearest rank, median, mean, Hodges-Lehmann, block statistic. */
#include "stat/stat.h"
#include "base/arena.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

void ridge_stat_sort(double *v, size_t n)
{
    if (n <= 32) { /* blocks and rounds are short; qsort's call per comparison dominates there */
        for (size_t i = 1; i < n; i++) {
            double x = v[i];
            size_t j = i;
            for (; j > 0 && v[j - 1] > x; j--)
                v[j] = v[j - 1];
            v[j] = x;
        }
        return;
    }
    qsort(v, n, sizeof *v, compare);
}

double ridge_stat_quantile_sorted(const double *sorted, size_t n, double p)
{
    if (n == 0 || !(p > 0 && p <= 1))
        return NAN;
    double x = p * (double)n;
    double rank = ceil(x - x * 1e-12); /* 0.07 * 100 is 7.000000000000001: the rank is 7 */
    if (rank < 1)
        rank = 1;
    size_t i = (size_t)rank - 1;
    return sorted[i < n ? i : n - 1];
}

double ridge_stat_mean(const double *v, size_t n)
{
    double mean = 0; /* running mean: no overflow, exact for a constant series */
    for (size_t i = 0; i < n; i++)
        mean += (v[i] - mean) / (double)(i + 1);
    return n == 0 ? NAN : mean;
}

double ridge_stat_stddev(const double *v, size_t n)
{
    if (n < 2)
        return NAN;
    double mean = ridge_stat_mean(v, n), sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (v[i] - mean) * (v[i] - mean);
    return sqrt(sum / (double)(n - 1));
}

double ridge_stat_median(double *scratch, size_t n)
{
    if (n == 0)
        return NAN;
    ridge_stat_sort(scratch, n);
    double upper = scratch[n / 2];
    return n % 2 == 1 ? upper : scratch[n / 2 - 1] + (upper - scratch[n / 2 - 1]) / 2;
}

/* Pairs i <= j of sorted d with (d_i + d_j) / 2 <= x, by two pointers. */
static size_t walsh_at_most(const double *d, size_t n, double x)
{
    size_t count = 0, j = n;
    for (size_t i = 0; i < n; i++) {
        while (j > i && d[i] / 2 + d[j - 1] / 2 > x)
            j--;
        if (j <= i)
            break;
        count += j - i;
    }
    return count;
}

/* The k-th smallest (1-based) Walsh average by bisection: O(n) memory for any n. */
static double walsh_select(const double *d, size_t n, size_t k)
{
    double low = d[0], high = d[n - 1];
    for (int i = 0; i < 200; i++) {
        double mid = low + (high - low) / 2;
        if (mid <= low || mid >= high)
            break;
        if (walsh_at_most(d, n, mid) >= k)
            high = mid;
        else
            low = mid;
    }
    return walsh_at_most(d, n, low) >= k ? low : high;
}

double ridge_stat_hodges_lehmann(const double *d, size_t n)
{
    enum { SMALL = 24, PAIRS = SMALL * (SMALL + 1) / 2 };
    if (n == 0)
        return NAN;
    if (n <= SMALL) {
        double walsh[PAIRS];
        size_t k = 0;
        for (size_t i = 0; i < n; i++)
            for (size_t j = i; j < n; j++)
                walsh[k++] = d[i] / 2 + d[j] / 2;
        return ridge_stat_median(walsh, k);
    }
    double *sorted = ridge_xrealloc_array(NULL, n, sizeof *sorted);
    memcpy(sorted, d, n * sizeof *sorted);
    ridge_stat_sort(sorted, n);
    size_t pairs = n * (n + 1) / 2;
    double a = walsh_select(sorted, n, (pairs + 1) / 2);
    double b = pairs % 2 == 1 ? a : walsh_select(sorted, n, pairs / 2 + 1);
    free(sorted);
    return a + (b - a) / 2;
}

double ridge_stat_block(double *scratch, size_t n, const char *statistic)
{
    static const struct {
        const char *name;
        double p;
    } quantiles[] = {{"p10", 0.10}, {"p25", 0.25}, {"p50", 0.50}, {"p90", 0.90}, {"p99", 0.99}};
    if (n == 0)
        return NAN;
    if (strcmp(statistic, "median") == 0)
        return ridge_stat_median(scratch, n);
    ridge_stat_sort(scratch, n);
    if (strcmp(statistic, "min") == 0)
        return scratch[0];
    if (strcmp(statistic, "mean") == 0)
        return ridge_stat_mean(scratch, n);
    for (size_t i = 0; i < sizeof quantiles / sizeof quantiles[0]; i++)
        if (strcmp(statistic, quantiles[i].name) == 0)
            return ridge_stat_quantile_sorted(scratch, n, quantiles[i].p);
    return NAN;
}
