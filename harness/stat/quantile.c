/* Distribution-free bounds of a quantile: order statistics by binomial coverage. */
#include "stat/stat.h"

#include <math.h>

/* ln P(B = k), B ~ Bin(n, p) */
static double log_pmf(int64_t k, int64_t n, double p)
{
    int sign;
    double choose = lgamma_r((double)n + 1, &sign) - lgamma_r((double)k + 1, &sign) -
                    lgamma_r((double)(n - k) + 1, &sign);
    return choose + (double)k * log(p) + (double)(n - k) * log1p(-p);
}

/* P(X_(1) <= q < X_(n)) = 1 - p^n - (1-p)^n: the widest interval a sample can give. */
static double widest_coverage(double p, int64_t n)
{
    return 1 - pow(p, (double)n) - pow(1 - p, (double)n);
}

int64_t ridge_stat_quantile_needs(double p, double confidence)
{
    if (!(p > 0 && p < 1) || !(confidence > 0 && confidence < 1))
        return INT64_MAX;
    double far = p > 0.5 ? p : 1 - p;
    double guess = floor(log(1 - confidence) / log(far)) - 1;
    int64_t n = guess > 2 ? (int64_t)guess : 2;
    while (widest_coverage(p, n) < confidence)
        n++;
    return n;
}

/* Grows [low, high) ranks around the mode, the likelier side first, until the mass of
 * low <= B < high reaches the confidence. Exact sum, O(sqrt(n)) terms. */
static void bounds(int64_t n, double p, double confidence, int64_t *low, int64_t *high)
{
    int64_t mode = (int64_t)floor((double)(n + 1) * p);
    mode = mode < 1 ? 1 : mode > n - 1 ? n - 1 : mode;
    double odds = p / (1 - p), mass = exp(log_pmf(mode, n, p));
    double down = mode > 1 ? mass * (double)mode / ((double)(n - mode + 1) * odds) : 0;
    double up = mode < n - 1 ? mass * (double)(n - mode) * odds / (double)(mode + 1) : 0;
    int64_t first = mode, last = mode;
    while (mass < confidence && (first > 1 || last < n - 1)) {
        if (last >= n - 1 || (first > 1 && down >= up)) {
            mass += down;
            first--;
            down = first > 1 ? down * (double)first / ((double)(n - first + 1) * odds) : 0;
        } else {
            mass += up;
            last++;
            up = last < n - 1 ? up * (double)(n - last) * odds / (double)(last + 1) : 0;
        }
    }
    *low = first;
    *high = last + 1;
}

struct ridge_quantile ridge_stat_quantile(const double *sorted, size_t n, double p, double confidence)
{
    struct ridge_quantile q = {.value = ridge_stat_quantile_sorted(sorted, n, p),
                               .low = NAN,
                               .high = NAN,
                               .n = (int64_t)n,
                               .n_needed = ridge_stat_quantile_needs(p, confidence)};
    q.refused = q.n < q.n_needed;
    if (q.refused)
        return q;
    int64_t low, high;
    bounds(q.n, p, confidence, &low, &high);
    q.low = sorted[low - 1];
    q.high = sorted[high - 1];
    return q;
}
