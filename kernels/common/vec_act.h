/* The activations of epilogue.h on vectors. NaN stays NaN: comparisons have it as their second operand. */
#ifndef RIDGE_KERNELS_COMMON_VEC_ACT_H
#define RIDGE_KERNELS_COMMON_VEC_ACT_H

#include "common/epilogue.h"
#include "common/vec.h"

INLINE VEC vec_relu(VEC x)
{
    return MAX_SECOND(ZERO(), x);
}

INLINE VEC vec_relu6(VEC x)
{
    return MIN_SECOND(SET(6.0f), vec_relu(x));
}

INLINE VEC vec_silu(VEC x)
{
    const VEC minus_x = MAX_SECOND(SET(-87.0f), SUB(ZERO(), x)); /* e^ less is 0 beside 1, and slow */
    return DIV(x, ADD(SET(1.0f), vec_exp(minus_x)));
}

INLINE VEC vec_hardswish(VEC x)
{
    return MUL(x, MUL(vec_relu6(ADD(x, SET(3.0f))), SET(1.0f / 6))); /* x * 6 may overflow */
}

INLINE VEC vec_act(VEC x, const int act)
{
    switch (act) {
    case RIDGE_ACT_RELU: return vec_relu(x);
    case RIDGE_ACT_RELU6: return vec_relu6(x);
    case RIDGE_ACT_SILU: return vec_silu(x);
    case RIDGE_ACT_HARDSWISH: return vec_hardswish(x);
    default: return x;
    }
}

#endif
