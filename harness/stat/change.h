/* Change points in a series: E-divisive (Matteson & James 2014) with winsorising, block permutation, a
 * minimum segment and a minimum magnitude. Deterministic: the seed comes from the data. */
#ifndef RIDGE_STAT_CHANGE_H
#define RIDGE_STAT_CHANGE_H

#include <stddef.h>
#include <stdint.h>

#define RIDGE_RULE_CHANGE "E-divisive, block permutation v1"

struct ridge_change_rule {
    size_t min_segment, n_permutations;
    double alpha, min_magnitude_ratio; /* 0.03: medians differ by 3 % */
    double winsor_mads;
    size_t winsor_window; /* points on each side */
};
extern const struct ridge_change_rule ridge_change_rule_default;
struct ridge_change_point {
    size_t at;           /* first point of the new segment */
    double before, after; /* medians */
    double ratio, p;     /* after / before */
    size_t n_after;      /* points of the new segment, up to the next change */
};
/* v: positive values in time order. Points are sorted by place; at most max. */
size_t ridge_stat_changes(const double *v, size_t n, const struct ridge_change_rule *rule,
                          struct ridge_change_point *out, size_t max);
#endif
