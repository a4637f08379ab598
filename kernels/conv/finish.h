/* What the fast kernels share on top of vec.h: masks for any count, strided lanes, and the epilogue. */
#ifndef RIDGE_KERNELS_CONV_FINISH_H
#define RIDGE_KERNELS_CONV_FINISH_H

#include "common/vec_act.h"
#include <stddef.h>

INLINE int lanes_of(int64_t n)
{
    return (int)(n < 0 ? 0 : n > VL ? VL : n);
}

/* The first n lanes; n may be beyond either end. */
INLINE MASK mask_of(int64_t n)
{
    return MASK_FOR(lanes_of(n));
}

INLINE VEC load_lanes(const float *p, int64_t lane_stride, int n_lanes)
{
    float lanes[VL] = {0};
    for (int i = 0; i < n_lanes; i++)
        lanes[i] = p[i * lane_stride];
    return LOAD(lanes);
}

INLINE void store_lanes(float *p, int64_t lane_stride, int n_lanes, VEC v)
{
    float lanes[VL];
    STORE(lanes, v);
    for (int i = 0; i < n_lanes; i++)
        p[i * lane_stride] = lanes[i];
}

/* What follows the sum: act(x + bias + residual). NaN stays NaN. */
struct finish {
    VEC low, high;
    int32_t act;
    bool is_cut, is_curved; /* relu and relu6; silu and hardswish */
};

INLINE struct finish finish_of(int32_t act)
{
    struct finish f = {.act = act};
    f.low = ZERO();
    f.high = SET(act == RIDGE_ACT_RELU6 ? 6.0f : INFINITY);
    f.is_cut = act == RIDGE_ACT_RELU || act == RIDGE_ACT_RELU6;
    f.is_curved = act == RIDGE_ACT_SILU || act == RIDGE_ACT_HARDSWISH;
    return f;
}

__attribute__((noinline, unused)) static VEC act_curved(int32_t act, VEC x)
{
    return vec_act(x, act);
}

INLINE VEC finish_vec(const struct finish *f, VEC x)
{
    if (f->is_curved)
        return act_curved(f->act, x);
    return f->is_cut ? MIN_SECOND(f->high, MAX_SECOND(f->low, x)) : x;
}

#endif
