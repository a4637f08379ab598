/* Size arithmetic that cannot wrap. Pure; every function answers false instead of wrapping. */
#ifndef RIDGE_KERNELS_COMMON_SIZE_H
#define RIDGE_KERNELS_COMMON_SIZE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* *out = a * b * c, for a, b, c >= 0; false when negative or beyond INT64_MAX. */
static inline bool ridge_kernels_size_mul3(int64_t a, int64_t b, int64_t c, int64_t *out)
{
    int64_t ab;
    if (a < 0 || b < 0 || c < 0 || __builtin_mul_overflow(a, b, &ab))
        return false;
    return !__builtin_mul_overflow(ab, c, out);
}

static inline bool ridge_kernels_size_add(int64_t a, int64_t b, int64_t *out)
{
    return a >= 0 && b >= 0 && !__builtin_add_overflow(a, b, out);
}

static inline int64_t ridge_kernels_size_ceil_div(int64_t a, int64_t b)
{
    return a / b + (a % b != 0);
}

/* Rounds up to a multiple; the caller knows that it fits. */
static inline size_t ridge_kernels_size_round_up(size_t a, size_t multiple)
{
    return (a + multiple - 1) / multiple * multiple;
}

#endif
