/* One vector vocabulary for three instruction sets: AVX-512, AVX2 + FMA, and one f32 (VL = 1).
 *
 * A kernel file is compiled once per ISA (common/isa.cmake), with RIDGE_VEC_BITS = 512, 256 or 32
 * and RIDGE_ISA = avx512, avx2 or ref. Everything here is static or a macro: no code of one ISA's
 * flags can reach a CPU without it. Masks cover the first n lanes, 0 <= n <= VL.
 *
 * NaN: MAX_SECOND(a, b) and MIN_SECOND give b where a or b is NaN (as vmaxps does); MAXIMUM and
 * MINIMUM give NaN where either is (IEEE 754-2019 maximum), but either zero for +0 and -0.
 */
#ifndef RIDGE_KERNELS_COMMON_VEC_H
#define RIDGE_KERNELS_COMMON_VEC_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define INLINE static inline __attribute__((always_inline, unused))
#define VEC_PRAGMA(x) _Pragma(#x)
#define UNROLL(n) VEC_PRAGMA(GCC unroll n)
#define VEC_JOIN_(id, isa) id##__##isa
#define VEC_JOIN(id, isa) VEC_JOIN_(id, isa)
/* The symbol of a kernel's run() in this ISA: ridge_pool_nhwc_f32__avx2 */
#define RIDGE_ISA_NAME(id) VEC_JOIN(id, RIDGE_ISA)

#if RIDGE_VEC_BITS == 512
#include <immintrin.h>
#define VEC __m512
#define VL 16
#define MASK __mmask16
#define MASK_FOR(n) ((__mmask16)((1u << (n)) - 1u))
#define SET(x) _mm512_set1_ps(x)
#define LOAD(p) _mm512_loadu_ps(p)
#define LOAD_MASKED(p, m, fill) _mm512_mask_loadu_ps(fill, m, p)
#define STORE(p, v) _mm512_storeu_ps(p, v)
#define STORE_MASKED(p, m, v) _mm512_mask_storeu_ps(p, m, v)
#define STREAM(p, v) _mm512_stream_ps(p, v)
#define STREAM_FENCE() _mm_sfence()
#define ADD(a, b) _mm512_add_ps(a, b)
#define SUB(a, b) _mm512_sub_ps(a, b)
#define MUL(a, b) _mm512_mul_ps(a, b)
#define DIV(a, b) _mm512_div_ps(a, b)
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define FNMA(a, b, c) _mm512_fnmadd_ps(a, b, c)
#define MAX_SECOND(a, b) _mm512_max_ps(a, b)
#define MIN_SECOND(a, b) _mm512_min_ps(a, b)
/* Fix-up table: a NaN (classes 0 and 1) answers itself, everything else keeps the first operand. */
#define OR_NAN_OF(v, x) _mm512_fixupimm_ps(v, x, _mm512_set1_epi32(0x22), 0)
#define ABS(a) _mm512_abs_ps(a)
#define COPYSIGN(a, sign)                                                                          \
    _mm512_castsi512_ps(_mm512_ternarylogic_epi32(                                                 \
        _mm512_castps_si512(a), _mm512_castps_si512(sign), _mm512_set1_epi32(INT32_MIN), 0xd8))
#define IF_LESS(a, b, yes, no) _mm512_mask_blend_ps(_mm512_cmp_ps_mask(a, b, _CMP_LT_OQ), no, yes)
#define SUM_LANES(v) _mm512_reduce_add_ps(v)
#define MAX_LANES(v) _mm512_reduce_max_ps(v)
#define HAS_NAN(v) (_mm512_cmp_ps_mask(v, v, _CMP_UNORD_Q) != 0)
#define ZERO_WHERE_LESS(v, a, b) _mm512_maskz_mov_ps(_mm512_cmp_ps_mask(a, b, _CMP_NLT_UQ), v)
#define SCALE_BY_POWER(v, n, magic_n) _mm512_scalef_ps(v, n)
#define SCALE_TO_NORMAL(v, n, magic_n) _mm512_scalef_ps(v, n)
/* Elements 0, 2, 4, ... of the 2 VL elements of a then b. */
#define EVEN(a, b)                                                                                 \
    _mm512_permutex2var_ps(a,                                                                      \
                           _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4,   \
                                            2, 0),                                                 \
                           b)
#define IVEC __m512i
#define ILOAD(p) _mm512_loadu_si512(p)
#define GATHER(base, index) _mm512_i32gather_ps(index, base, 4)
/* Lane i is element index[i] of the 3 VL elements of a, b, c (or the 4 VL of a, b, c, d). */
#define PICK3(a, b, c, index)                                                                      \
    _mm512_mask_permutexvar_ps(_mm512_permutex2var_ps(a, index, b),                                \
                               _mm512_cmpge_epi32_mask(index, _mm512_set1_epi32(2 * VL)), index, c)
#define PICK4(a, b, c, d, index)                                                                   \
    _mm512_mask_blend_ps(_mm512_cmpge_epi32_mask(index, _mm512_set1_epi32(2 * VL)),                \
                         _mm512_permutex2var_ps(a, index, b), _mm512_permutex2var_ps(c, index, d))
#elif RIDGE_VEC_BITS == 256
#include <immintrin.h>
#define VEC __m256
#define VL 8
#define MASK __m256i
#define MASK_FOR(n)                                                                                \
    _mm256_cmpgt_epi32(_mm256_set1_epi32((int)(n)), _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0))
#define SET(x) _mm256_set1_ps(x)
#define LOAD(p) _mm256_loadu_ps(p)
#define LOAD_MASKED(p, m, fill) vec_load_masked(p, m, fill)
#define STORE(p, v) _mm256_storeu_ps(p, v)
#define STORE_MASKED(p, m, v) _mm256_maskstore_ps(p, m, v)
#define STREAM(p, v) _mm256_stream_ps(p, v)
#define STREAM_FENCE() _mm_sfence()
#define ADD(a, b) _mm256_add_ps(a, b)
#define SUB(a, b) _mm256_sub_ps(a, b)
#define MUL(a, b) _mm256_mul_ps(a, b)
#define DIV(a, b) _mm256_div_ps(a, b)
#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define FNMA(a, b, c) _mm256_fnmadd_ps(a, b, c)
#define MAX_SECOND(a, b) _mm256_max_ps(a, b)
#define MIN_SECOND(a, b) _mm256_min_ps(a, b)
/* All bits set is a NaN, and so is anything or-ed with it. */
#define OR_NAN_OF(v, x) _mm256_or_ps(v, _mm256_cmp_ps(x, x, _CMP_UNORD_Q))
#define ABS(a) _mm256_andnot_ps(_mm256_set1_ps(-0.0f), a)
#define COPYSIGN(a, sign)                                                                          \
    _mm256_or_ps(ABS(a), _mm256_and_ps(_mm256_set1_ps(-0.0f), sign))
#define IF_LESS(a, b, yes, no) _mm256_blendv_ps(no, yes, _mm256_cmp_ps(a, b, _CMP_LT_OQ))
#define SUM_LANES(v) vec_sum_lanes(v)
#define MAX_LANES(v) vec_max_lanes(v)
#define HAS_NAN(v) (_mm256_movemask_ps(_mm256_cmp_ps(v, v, _CMP_UNORD_Q)) != 0)
#define ZERO_WHERE_LESS(v, a, b) _mm256_and_ps(v, _mm256_cmp_ps(a, b, _CMP_NLT_UQ))
#define SCALE_BY_POWER(v, n, magic_n) vec_scale_by_power(v, magic_n)
#define SCALE_TO_NORMAL(v, n, magic_n) vec_scale_to_normal(v, magic_n)
#define EVEN(a, b)                                                                                 \
    _mm256_castpd_ps(_mm256_permute4x64_pd(                                                        \
        _mm256_castps_pd(_mm256_shuffle_ps(a, b, 0x88)), 0xd8))

#define IVEC __m256i
#define ILOAD(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define GATHER(base, index) _mm256_i32gather_ps(base, index, 4)
#define PICK3(a, b, c, index) vec_pick3(a, b, c, index)
#define PICK4(a, b, c, d, index) vec_pick4(a, b, c, d, index)

/* Lanes outside the mask are loaded as 0; the compiler drops the rest where `fill` is 0 too. */
INLINE __m256 vec_load_masked(const float *p, __m256i mask, __m256 fill)
{
    const __m256i outside = _mm256_and_si256(_mm256_xor_si256(mask, _mm256_set1_epi32(-1)), _mm256_castps_si256(fill));
    return _mm256_castsi256_ps(_mm256_or_si256(_mm256_castps_si256(_mm256_maskload_ps(p, mask)), outside));
}
INLINE __m256 vec_pick3(__m256 a, __m256 b, __m256 c, __m256i index)
{
    const __m256 past_a = _mm256_castsi256_ps(_mm256_cmpgt_epi32(index, _mm256_set1_epi32(VL - 1)));
    const __m256 past_b = _mm256_castsi256_ps(_mm256_cmpgt_epi32(index, _mm256_set1_epi32(2 * VL - 1)));
    const __m256 ab = _mm256_blendv_ps(_mm256_permutevar8x32_ps(a, index), _mm256_permutevar8x32_ps(b, index), past_a);
    return _mm256_blendv_ps(ab, _mm256_permutevar8x32_ps(c, index), past_b);
}
INLINE __m256 vec_pick4(__m256 a, __m256 b, __m256 c, __m256 d, __m256i index)
{
    const __m256 past_c = _mm256_castsi256_ps(_mm256_cmpgt_epi32(index, _mm256_set1_epi32(3 * VL - 1)));
    return _mm256_blendv_ps(vec_pick3(a, b, c, index), _mm256_permutevar8x32_ps(d, index), past_c);
}
INLINE float vec_sum_lanes(__m256 v)
{
    __m128 x = _mm_add_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    x = _mm_add_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_add_ss(x, _mm_movehdup_ps(x)));
}
INLINE float vec_max_lanes(__m256 v)
{
    __m128 x = _mm_max_ps(_mm256_castps256_ps128(v), _mm256_extractf128_ps(v, 1));
    x = _mm_max_ps(x, _mm_movehl_ps(x, x));
    return _mm_cvtss_f32(_mm_max_ss(x, _mm_movehdup_ps(x)));
}
/* v * 2^n for n in [-126, 127]: its low bits, moved to the exponent. */
INLINE __m256 vec_scale_to_normal(__m256 v, __m256 magic_n)
{
    const __m256i n = _mm256_slli_epi32(_mm256_castps_si256(magic_n), 23);
    return _mm256_mul_ps(v, _mm256_castsi256_ps(_mm256_add_epi32(n, _mm256_set1_epi32(0x3f800000))));
}
/* The same in two steps, so that n = -150 reaches the denormals and n = 128 infinity. */
INLINE __m256 vec_scale_by_power(__m256 v, __m256 magic_n)
{
    const __m256i n = _mm256_sub_epi32(_mm256_castps_si256(magic_n), _mm256_set1_epi32(0x4b400000));
    const __m256i half = _mm256_srai_epi32(n, 1), bias = _mm256_set1_epi32(127);
    const __m256i s1 = _mm256_slli_epi32(_mm256_add_epi32(half, bias), 23);
    const __m256i s2 = _mm256_slli_epi32(_mm256_add_epi32(_mm256_sub_epi32(n, half), bias), 23);
    return _mm256_mul_ps(_mm256_mul_ps(v, _mm256_castsi256_ps(s1)), _mm256_castsi256_ps(s2));
}
#else
#define VEC float
#define VL 1
#define MASK int
#define MASK_FOR(n) ((int)(n))
#define SET(x) (x)
#define LOAD(p) vec_load(p)
#define LOAD_MASKED(p, m, fill) ((m) ? vec_load(p) : (fill))
#define STORE(p, v) vec_store(p, v)
#define STORE_MASKED(p, m, v) ((m) ? vec_store(p, v) : (void)0)
#define STREAM(p, v) vec_store(p, v)
#define STREAM_FENCE() ((void)0)
#define ADD(a, b) ((a) + (b))
#define SUB(a, b) ((a) - (b))
#define MUL(a, b) ((a) * (b))
#define DIV(a, b) ((a) / (b))
#define FMA(a, b, c) ((a) * (b) + (c))
#define FNMA(a, b, c) ((c) - (a) * (b))
#define MAX_SECOND(a, b) vec_max_second(a, b)
#define MIN_SECOND(a, b) vec_min_second(a, b)
#define OR_NAN_OF(v, x) vec_or_nan_of(v, x)
#define ABS(a) fabsf(a)
#define COPYSIGN(a, sign) copysignf(a, sign)
#define IF_LESS(a, b, yes, no) vec_if_less(a, b, yes, no)
#define SUM_LANES(v) (v)
#define MAX_LANES(v) (v)
#define HAS_NAN(v) ((v) != (v))
#define ZERO_WHERE_LESS(v, a, b) vec_if_less(a, b, 0.0f, v)
#define SCALE_BY_POWER(v, n, magic_n) vec_scale_by_power(v, magic_n)
#define SCALE_TO_NORMAL(v, n, magic_n) vec_scale_by_power(v, magic_n)
#define EVEN(a, b) vec_even(a, b)

#define IVEC int32_t
#define ILOAD(p) (*(p))
#define GATHER(base, index) vec_load((base) + (index))
#define PICK3(a, b, c, index) vec_pick3(a, b, c, index)
#define PICK4(a, b, c, d, index) vec_pick4(a, b, c, d, index)

INLINE float vec_pick3(float a, float b, float c, int32_t index)
{
    return index == 0 ? a : index == 1 ? b : c;
}
INLINE float vec_pick4(float a, float b, float c, float d, int32_t index)
{
    return index == 3 ? d : vec_pick3(a, b, c, index);
}
/* By bytes: a tensor may lie at any address. */
INLINE float vec_load(const float *p)
{
    float x;
    memcpy(&x, (const void *)p, sizeof x);
    return x;
}
INLINE void vec_store(float *p, float x)
{
    memcpy((void *)p, &x, sizeof x);
}
INLINE float vec_max_second(float a, float b)
{
    return a > b ? a : b;
}
INLINE float vec_min_second(float a, float b)
{
    return a < b ? a : b;
}
INLINE float vec_or_nan_of(float v, float x)
{
    return x != x ? x : v;
}
INLINE float vec_if_less(float a, float b, float yes, float no)
{
    return a < b ? yes : no;
}
INLINE float vec_even(float a, float b)
{
    (void)b;
    return a;
}
INLINE float vec_power(int32_t n)
{
    const uint32_t bits = (uint32_t)(n + 127) << 23;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}
INLINE float vec_scale_by_power(float v, float magic_n)
{
    int32_t n;
    memcpy(&n, &magic_n, sizeof n);
    n -= 0x4b400000;
    const int32_t half = n >= 0 ? n / 2 : -((1 - n) / 2);
    return v * vec_power(half) * vec_power(n - half);
}
#endif

/* acc first: once NaN, it stays NaN. */
#define MAXIMUM(acc, x) OR_NAN_OF(MAX_SECOND(x, acc), x)
#define MINIMUM(acc, x) OR_NAN_OF(MIN_SECOND(x, acc), x)
#define ZERO() SET(0.0f)

enum { VEC_BYTES = VL * 4 };

/* The largest lane; NaN where one is NaN. */
INLINE float vec_maximum_lanes(VEC v)
{
    return HAS_NAN(v) ? NAN : MAX_LANES(v);
}

/* Elements before the first aligned vector of y, at most n. */
INLINE int64_t vec_head(const float *y, int64_t n)
{
    const int64_t head = (int64_t)((0 - (uintptr_t)y) % VEC_BYTES / sizeof(float));
    return head < n ? head : n;
}

/* e^x, for any x. Range reduction x = n ln2 + r, |r| <= ln2 / 2, with ln2 in two parts of which n
 * times the first is exact (Cody and Waite, "Software Manual for the Elementary Functions", 1980,
 * chapter 6); e^r by its minimax polynomial of degree 6 (own Remez fit, relative error 2^-27.7 with f32
 * coefficients). The
 * result is within 1.1 ulp, 1.6 without FMA (worst seen over every 211th f32: 0.87 and 1.12), also for
 * denormal results (test_memops_eltwise). n by the
 * rounding of x log2(e) + 1.5 * 2^23. NaN stays NaN; -Inf gives 0, +Inf gives Inf. */
INLINE VEC vec_exp_core(VEC x, const bool is_normal)
{
    const VEC magic = SET(12582912.0f);
    const VEC magic_n = FMA(x, SET(1.44269504088896341f), magic);
    const VEC n = SUB(magic_n, magic);
    VEC r = FNMA(n, SET(0.693359375f), x);
    r = FNMA(n, SET(-2.12194440054690583e-4f), r);
    VEC p = SET(0.0013814467f);
    p = FMA(p, r, SET(0.0083687808f));
    p = FMA(p, r, SET(0.041668393f));
    p = FMA(p, r, SET(0.16666520f));
    p = FMA(p, r, SET(0.49999994f));
    p = FMA(p, r, SET(1.0f));
    p = FMA(p, r, SET(1.0f));
    return is_normal ? SCALE_TO_NORMAL(p, n, magic_n) : SCALE_BY_POWER(p, n, magic_n);
}
/* For x <= 0 or NaN: one comparison less. */
INLINE VEC vec_exp_negative(VEC x)
{
    return vec_exp_core(MAX_SECOND(SET(-104.0f), x), false);
}
/* The same for x <= 88, but 0 where e^x is below the smallest normal f32: Intel cores take some 150 cycles to make a
 * denormal, and a masked score or the lanes past a row's end would make one in every vector. */
INLINE VEC vec_exp_flushed(VEC x)
{
    const VEC least = SET(-87.33654f); /* the last f32 before -126 ln 2, whose e^x rounds to a denormal */
#if RIDGE_VEC_BITS == 512 /* the zeroing is part of the scaling, which then makes no denormal */
    return ZERO_WHERE_LESS(vec_exp_core(x, true), x, least);
#else
    return ZERO_WHERE_LESS(vec_exp_core(MAX_SECOND(least, x), true), x, least);
#endif
}
/* For x <= 0 or NaN, where an error that grows with |x| does no harm because e^x shrinks faster (softmax):
 * 2^(n + f) with n + f = x log2(e) in one step, which costs 0.22 u |x| (u = 2^-24), and 2^f of degree 5 (own fit, within
 * 1.6 u with f32 coefficients); 0 as above. g = -f, which one FNMA gives. */
INLINE VEC vec_exp_relaxed(VEC x)
{
    const VEC magic = SET(12582912.0f), log2_e = SET(1.44269504088896341f), least = SET(-87.33654f);
    const VEC d = VL == 16 ? x : MAX_SECOND(least, x); /* AVX-512 scales by any n, and drops the result */
    const VEC magic_n = FMA(d, log2_e, magic);
    const VEC n = SUB(magic_n, magic);
    const VEC g = FNMA(d, log2_e, n);
    VEC p = SET(-0.00132647133f);
    p = FMA(p, g, SET(0.00967151951f));
    p = FMA(p, g, SET(-0.0555072092f));
    p = FMA(p, g, SET(0.240222439f));
    p = FMA(p, g, SET(-0.693147004f));
    p = FMA(p, g, SET(1.0f));
    return ZERO_WHERE_LESS(SCALE_TO_NORMAL(p, n, magic_n), x, least);
}
INLINE VEC vec_exp(VEC x)
{
    return vec_exp_negative(MIN_SECOND(SET(89.0f), x));
}

#endif
