/* f16 (IEEE 754 binary16) and bf16 (the upper half of an f32), to and from f32. Pure.
 *
 * To the nearest, ties to even; NaN stays NaN, what is too large becomes infinite. Widening is exact.
 */
#ifndef RIDGE_KERNELS_COMMON_HALF_H
#define RIDGE_KERNELS_COMMON_HALF_H

#include <stdint.h>
#include <string.h>

static inline uint32_t ridge_kernels_bits_of(float x)
{
    uint32_t u;
    memcpy(&u, &x, sizeof u);
    return u;
}

static inline float ridge_kernels_float_of(uint32_t u)
{
    float x;
    memcpy(&x, &u, sizeof x);
    return x;
}

static inline uint16_t ridge_kernels_f16_of(float x)
{
    const uint32_t bits = ridge_kernels_bits_of(x), sign = bits >> 16 & 0x8000u;
    uint32_t u = bits & 0x7fffffffu;
    if (u > 0x7f800000u)
        return (uint16_t)(sign | 0x7e00u);
    if (u >= 0x477ff000u) /* 65520 rounds beyond the largest */
        return (uint16_t)(sign | 0x7c00u);
    if (u < 0x38800000u) /* denormal: the unit of 0.5f in f32 is that of a denormal f16 */
        return (uint16_t)(sign | (ridge_kernels_bits_of(ridge_kernels_float_of(u) + 0.5f) - 0x3f000000u));
    u += 0xfffu + (u >> 13 & 1u);
    return (uint16_t)(sign | (u - 0x38000000u) >> 13);
}

static inline float ridge_kernels_f16_to_f32(uint16_t h)
{
    const uint32_t sign = (uint32_t)(h & 0x8000u) << 16, exponent = h >> 10 & 31u, mantissa = h & 0x3ffu;
    if (exponent == 0) {
        const float x = (float)mantissa * 0x1p-24f;
        return sign != 0 ? -x : x;
    }
    if (exponent == 31)
        return ridge_kernels_float_of(sign | 0x7f800000u | mantissa << 13);
    return ridge_kernels_float_of(sign | (exponent + 112u) << 23 | mantissa << 13);
}

static inline uint16_t ridge_kernels_bf16_of(float x)
{
    const uint32_t u = ridge_kernels_bits_of(x);
    if ((u & 0x7fffffffu) > 0x7f800000u)
        return (uint16_t)(u >> 16 | 0x40u);
    return (uint16_t)((u + 0x7fffu + (u >> 16 & 1u)) >> 16);
}

static inline float ridge_kernels_bf16_to_f32(uint16_t b)
{
    return ridge_kernels_float_of((uint32_t)b << 16);
}

#endif
