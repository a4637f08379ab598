/* The functions on vectors: fn_relu(x, y) ... fn_min(x, y); unary ones ignore y. Error bounds beside the
 * tolerances in check.c. Comparisons keep a NaN because it is the second operand. */
#ifndef RIDGE_KERNELS_ELTWISE_FUNCTIONS_H
#define RIDGE_KERNELS_ELTWISE_FUNCTIONS_H

#include "common/vec_act.h"

#define FUNCTION(name) INLINE VEC fn_##name(VEC x, VEC y __attribute__((unused)))

FUNCTION(relu)
{
    return vec_relu(x);
}

FUNCTION(relu6)
{
    return vec_relu6(x);
}

/* e^-|x| cannot overflow; for x < 0 the fraction is expanded by e^x. */
FUNCTION(sigmoid)
{
    const VEC e = vec_exp_flushed(SUB(ZERO(), ABS(x)));
    return DIV(IF_LESS(x, ZERO(), e, SET(1.0f)), ADD(SET(1.0f), e));
}

FUNCTION(silu)
{
    const VEC e = vec_exp_negative(SUB(ZERO(), ABS(x)));
    return DIV(MUL(x, IF_LESS(x, ZERO(), e, SET(1.0f))), ADD(SET(1.0f), e));
}

FUNCTION(hardswish)
{
    return vec_hardswish(x);
}

/* Own Remez fit of (tanh x / x - 1) in x^2 up to 0.625. */
FUNCTION(tanh)
{
    const VEC size = ABS(x), z = MUL(x, x);
    VEC p = SET(-0.0056973840f);
    p = FMA(p, z, SET(0.020632546f));
    p = FMA(p, z, SET(-0.053737797f));
    p = FMA(p, z, SET(0.13331421f));
    p = FMA(p, z, SET(-0.33333281f));
    const VEC small = FMA(MUL(z, x), p, x);
    const VEC e = vec_exp_flushed(MUL(SET(-2.0f), size));
    const VEC large = DIV(SUB(SET(1.0f), e), ADD(SET(1.0f), e));
    return IF_LESS(size, SET(0.625f), small, COPYSIGN(large, x));
}

/* x * Phi(x), Phi from q = erfc(|x| / sqrt 2) / 2: own Remez fit of erfc(z) e^(z^2) in
 * t = 1 / (1 + 0.45 z), the form of Abramowitz and Stegun 7.1.26. */
FUNCTION(gelu)
{
    const VEC z = MUL(ABS(x), SET(0.70710678118654752f));
    const VEC t = DIV(SET(1.0f), FMA(z, SET(0.45f), SET(1.0f)));
    VEC p = SET(0.5f * 0.092569835f);
    p = FMA(p, t, SET(0.5f * -0.49410525f));
    p = FMA(p, t, SET(0.5f * 0.85716957f));
    p = FMA(p, t, SET(0.5f * -0.37580466f));
    p = FMA(p, t, SET(0.5f * 0.46017170f));
    p = FMA(p, t, SET(0.5f * 0.20100905f));
    p = FMA(p, t, SET(0.5f * 0.25898972f));
    const VEC q = MUL(MUL(p, t), vec_exp_flushed(SUB(ZERO(), MUL(z, z))));
    return MUL(x, IF_LESS(x, ZERO(), q, SUB(SET(1.0f), q)));
}

FUNCTION(exp)
{
    return vec_exp(x);
}

FUNCTION(add)
{
    return ADD(x, y);
}

FUNCTION(sub)
{
    return SUB(x, y);
}

FUNCTION(mul)
{
    return MUL(x, y);
}

FUNCTION(div)
{
    return DIV(x, y);
}

FUNCTION(max)
{
    return MAXIMUM(x, y);
}

FUNCTION(min)
{
    return MINIMUM(x, y);
}

#endif
