/* When a group has enough: warm-up and the stop rule. */
#include "stat/stat.h"
#include "base/arena.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

bool ridge_stat_steady(const double *v, size_t n, size_t window, double tolerance_ratio)
{
    if (window == 0 || n < 2 * window)
        return false;
    double *scratch = ridge_xrealloc_array(NULL, window, sizeof *scratch);
    memcpy(scratch, v + n - window, window * sizeof *v);
    double now = ridge_stat_median(scratch, window);
    memcpy(scratch, v + n - 2 * window, window * sizeof *v);
    double before = ridge_stat_median(scratch, window);
    free(scratch);
    return fabs(now - before) <= tolerance_ratio * before;
}

/* Half width (log) of the worst ratio to the anchor; a group of one: of the anchor itself. Members whose
 * last round is missing have failed and no longer hold the group up. */
static double worst_half_width(const double *v, size_t n_members, size_t n_rounds)
{
    double worst = 0;
    size_t n_pairs = 0;
    for (size_t m = 1; m < n_members; m++) {
        if (isnan(v[m * n_rounds + n_rounds - 1]))
            continue;
        worst = fmax(worst, ridge_stat_fork_half_width(v, v + m * n_rounds, n_rounds));
        n_pairs++;
    }
    if (n_pairs > 0)
        return worst;
    double *ones = ridge_xrealloc_array(NULL, n_rounds, sizeof *ones);
    for (size_t r = 0; r < n_rounds; r++)
        ones[r] = 1;
    worst = ridge_stat_fork_half_width(ones, v, n_rounds);
    free(ones);
    return worst;
}

/* Time measured so far in this fork by the anchor: a block lasts block_ns, or one run where a run is longer. */
static double timed_ns(const double *v, size_t n_rounds, int64_t block_ns)
{
    double sum = 0;
    for (size_t r = 0; r < n_rounds; r++)
        sum += v[r] > (double)block_ns ? v[r] : (double)block_ns;
    return sum;
}

enum ridge_stop ridge_stat_stop(const double *v, size_t n_members, size_t n_rounds,
                                const struct ridge_plan_settings *s, int64_t elapsed_ns, double *width_ratio)
{
    double half = n_rounds == 0 ? INFINITY : worst_half_width(v, n_members, n_rounds);
    if (width_ratio != NULL)
        *width_ratio = expm1(half);
    if (s->max_group_ns > 0 && elapsed_ns >= s->max_group_ns)
        return RIDGE_STOP_CAP_TIME;
    if ((int64_t)n_rounds < s->rounds)
        return RIDGE_STOP_NO;
    if (s->max_rounds > 0 && (int64_t)n_rounds >= s->max_rounds)
        return expm1(half) <= s->width_ratio ? RIDGE_STOP_WIDTH : RIDGE_STOP_CAP_ROUNDS;
    if (timed_ns(v, n_rounds, s->block_ns) < (double)s->duration_ns)
        return RIDGE_STOP_NO;
    return expm1(half) <= s->width_ratio ? RIDGE_STOP_WIDTH : RIDGE_STOP_NO;
}

const char *ridge_stat_stop_text(enum ridge_stop stop)
{
    static const char *const texts[] = {[RIDGE_STOP_NO] = "",
                                        [RIDGE_STOP_WIDTH] = "width",
                                        [RIDGE_STOP_CAP_ROUNDS] = "cap_rounds",
                                        [RIDGE_STOP_CAP_TIME] = "cap_time"};
    return (unsigned)stop < sizeof texts / sizeof texts[0] ? texts[stop] : "";
}
