#include "stat/change.h"
#include "base/random.h"
#include "stat/stat.h"
#include "base/arena.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct ridge_change_rule ridge_change_rule_default = {.min_segment = 5,
                                                            .n_permutations = 199,
                                                            .alpha = 0.01,
                                                            .min_magnitude_ratio = 0.03,
                                                            .winsor_mads = 4,
                                                            .winsor_window = 7};

struct series {
    const struct ridge_change_rule *rule;
    double *z, *scratch, *draw; /* z: winsorised logs */
    size_t n;
    uint64_t state;
};

static double median_of(struct series *s, const double *v, size_t n)
{
    memcpy(s->scratch, v, n * sizeof *v);
    return ridge_stat_median(s->scratch, n);
}

/* Pulls single spikes in: to `winsor_mads` scaled MADs around the median of the window. */
static void winsorise(struct series *s, const double *log_v)
{
    size_t w = s->rule->winsor_window;
    for (size_t i = 0; i < s->n; i++) {
        size_t from = i > w ? i - w : 0, to = i + w + 1 < s->n ? i + w + 1 : s->n;
        double mid = median_of(s, log_v + from, to - from);
        for (size_t k = from; k < to; k++)
            s->draw[k - from] = fabs(log_v[k] - mid);
        double limit = s->rule->winsor_mads * 1.4826 * median_of(s, s->draw, to - from);
        s->z[i] = fmin(fmax(log_v[i], mid - limit), mid + limit);
    }
}

/* Largest energy distance over all splits, by moving one point a time from right to left: O(n^2). */
static double best_split(const double *v, size_t n, size_t min_segment, size_t *at)
{
    double left = 0, right = 0, between = 0, best = -INFINITY;
    *at = 0;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++)
            right += fabs(v[i] - v[j]);
    for (size_t t = 0; t < n; t++) { /* v[t] changes sides */
        double to_left = 0, to_right = 0;
        for (size_t i = 0; i < t; i++)
            to_left += fabs(v[i] - v[t]);
        for (size_t i = t + 1; i < n; i++)
            to_right += fabs(v[i] - v[t]);
        left += to_left;
        right -= to_right;
        between += to_right - to_left;
        double m = (double)(t + 1), k = (double)(n - t - 1);
        if (t + 1 < min_segment || n - t - 1 < min_segment)
            continue;
        double q = m * k / (m + k) * (2 * between / (m * k) - 2 * left / (m * fmax(1, m - 1)) - 2 * right / (k * fmax(1, k - 1)));
        if (q > best) {
            best = q;
            *at = t + 1;
        }
    }
    return best;
}

/* Lag-1 autocorrelation around the two segments' means, corrected for its small-sample bias. */
static double residual_autocorrelation(const double *v, size_t n, size_t at)
{
    double a = ridge_stat_mean(v, at), b = ridge_stat_mean(v + at, n - at), sum = 0, lag = 0;
    for (size_t i = 0; i < n; i++) {
        double x = v[i] - (i < at ? a : b);
        sum += x * x;
        if (i > 0 && i != at)
            lag += x * (v[i - 1] - (i - 1 < at ? a : b));
    }
    double r = sum > 0 ? lag / sum : 0;
    r += (1 + 4 * fmax(r, 0)) / (double)n; /* Kendall 1954 */
    return fmin(fmax(r, 0), 0.95);
}

/* Blocks that keep most of the correlation inside (Hall, Horowitz & Jing 1995: grows with (2r/(1-r^2))^(2/3)), but six of
 * them or more: of four blocks every twelfth order is the one that was seen, or its mirror image, however large the step. */
static size_t block_length(double r, size_t n)
{
    if (r < 0.15)
        return 1;
    double l = pow(2 * r / (1 - r * r), 2.0 / 3.0) * cbrt((double)n) * 1.5;
    return (size_t)fmin(fmax(2, ceil(l)), fmax(2, (double)n / 6));
}

/* Blocks in random order, cut at a random phase. */
static void permute(struct series *s, const double *v, size_t n, size_t block)
{
    size_t phase = (size_t)(ridge_random_next(&s->state) % block), n_blocks = 0, k = 0;
    size_t *from = ridge_xrealloc_array(NULL, n + 2, sizeof *from);
    for (size_t at = 0; at < n; at = at == 0 && phase > 0 ? phase : at + block)
        from[n_blocks++] = at;
    for (size_t i = n_blocks; i > 1; i--) {
        size_t j = (size_t)(ridge_random_next(&s->state) % i), t = from[i - 1];
        from[i - 1] = from[j];
        from[j] = t;
    }
    for (size_t i = 0; i < n_blocks; i++) {
        size_t end = from[i] == 0 && phase > 0 ? phase : from[i] + block;
        for (size_t j = from[i]; j < end && j < n; j++)
            s->draw[k++] = v[j];
    }
    free(from);
}

static double permutation_p(struct series *s, const double *v, size_t n, double q, size_t block)
{
    size_t above = 0, at;
    for (size_t i = 0; i < s->rule->n_permutations; i++) {
        permute(s, v, n, block);
        above += best_split(s->draw, n, s->rule->min_segment, &at) >= q;
    }
    return (double)(above + 1) / (double)(s->rule->n_permutations + 1);
}

/* How far the means are apart in standard errors that know of the correlation: short permutations of a
 * strongly correlated series are too alike to tell. The limit is that of a maximum over splits. */
static bool is_far(const double *v, size_t n, size_t at, double r)
{
    double a = ridge_stat_mean(v, at), b = ridge_stat_mean(v + at, n - at), sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += (v[i] - (i < at ? a : b)) * (v[i] - (i < at ? a : b));
    double sd = sqrt(sum / (double)(n > 2 ? n - 2 : 1));
    double error = sd * sqrt(1 / (double)at + 1 / (double)(n - at)) * sqrt((1 + r) / (1 - r));
    return fabs(b - a) > 3.2 * error;
}

/* The best split of a stretch when it is one: large, far apart, and rarer than alpha. 0: none. */
static size_t find_one(struct series *s, size_t from, size_t to, double alpha, double *p)
{
    size_t n = to - from, at;
    const double *v = s->z + from;
    if (n < 2 * s->rule->min_segment)
        return 0;
    double q = best_split(v, n, s->rule->min_segment, &at);
    if (at == 0)
        return 0;
    double before = median_of(s, v, at), after = median_of(s, v + at, n - at), r = residual_autocorrelation(v, n, at);
    if (fabs(after - before) < log1p(s->rule->min_magnitude_ratio) || !is_far(v, n, at, r))
        return 0;
    *p = permutation_p(s, v, n, q, block_length(r, n));
    return *p <= alpha ? from + at : 0;
}

/* A bump hides from a single split: both thirds' windows are looked at as well, at half the alpha. */
static size_t find(struct series *s, size_t from, size_t to, double *p)
{
    size_t third = (to - from) / 3, at = find_one(s, from, to, s->rule->alpha, p);
    if (at == 0 && third >= s->rule->min_segment)
        at = find_one(s, from, to - third, s->rule->alpha / 2, p);
    if (at == 0 && third >= s->rule->min_segment)
        at = find_one(s, from + third, to, s->rule->alpha / 2, p);
    return at;
}

static size_t split(struct series *s, size_t from, size_t to, struct ridge_change_point *out, size_t max)
{
    double p = 1;
    size_t at = max > 0 ? find(s, from, to, &p) : 0, used = 0;
    if (at == 0)
        return 0;
    used = split(s, from, at, out, max);
    if (used < max)
        out[used++] = (struct ridge_change_point){.at = at, .p = p};
    return used + split(s, at, to, out + used, max - used);
}

size_t ridge_stat_changes(const double *v, size_t n, const struct ridge_change_rule *rule,
                          struct ridge_change_point *out, size_t max)
{
    double *buffer = ridge_xrealloc_array(NULL, 4 * n + 4, sizeof *buffer);
    struct series s = {.rule = rule, .z = buffer, .scratch = buffer + n + 1, .draw = buffer + 2 * n + 2, .n = n, .state = 1};
    double *log_v = buffer + 3 * n + 3;
    for (size_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &v[i], sizeof bits);
        s.state = (s.state ^ bits) * 0x100000001b3u; /* the same data give the same answer */
        log_v[i] = log(v[i] > 0 ? v[i] : 1e-300);
    }
    winsorise(&s, log_v);
    size_t n_out = split(&s, 0, n, out, max);
    for (size_t i = 0; i < n_out; i++) {
        size_t from = i > 0 ? out[i - 1].at : 0, end = i + 1 < n_out ? out[i + 1].at : n;
        out[i].before = exp(median_of(&s, s.z + from, out[i].at - from));
        out[i].after = exp(median_of(&s, s.z + out[i].at, end - out[i].at));
        out[i].ratio = out[i].after / out[i].before;
        out[i].n_after = end - out[i].at;
    }
    free(buffer);
    return n_out;
}
