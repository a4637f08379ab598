/* Sums and maxima of f32, once per ISA: what pool and reduce share. The maximum is NaN where an element is. */
#ifndef RIDGE_KERNELS_COMMON_FOLD_H
#define RIDGE_KERNELS_COMMON_FOLD_H

#include "common/vec.h"

INLINE VEC fold(VEC acc, VEC x, const bool is_max)
{
    return is_max ? MAXIMUM(acc, x) : ADD(acc, x);
}

INLINE VEC fold_neutral(const bool is_max)
{
    return is_max ? SET(-INFINITY) : ZERO();
}

INLINE float fold_one(float acc, float x, const bool is_max)
{
    if (!is_max)
        return acc + x;
    return acc > x || acc != acc ? acc : x;
}

INLINE float fold_lanes(VEC v, const bool is_max)
{
    return is_max ? vec_maximum_lanes(v) : SUM_LANES(v);
}

INLINE float fold_row(const float *x, int64_t n, const bool is_max)
{
    const VEC none = fold_neutral(is_max);
    VEC acc[4] = {none, none, none, none};
    int64_t i = 0;
    for (; i + 4 * VL <= n; i += 4 * VL)
        UNROLL(4) for (int v = 0; v < 4; v++) acc[v] = fold(acc[v], LOAD(x + i + v * VL), is_max);
    for (; i + VL <= n; i += VL)
        acc[0] = fold(acc[0], LOAD(x + i), is_max);
    if (i < n)
        acc[1] = fold(acc[1], LOAD_MASKED(x + i, MASK_FOR(n - i), none), is_max);
    return fold_lanes(fold(fold(acc[0], acc[1], is_max), fold(acc[2], acc[3], is_max), is_max), is_max);
}

#endif
