/* AVX2 tiles: up to 6 rows of 2 vectors (12 accumulators, 2 of B, 1 of A), or few rows of more. */
#define VEC __m256
#define VL 8
#define MASK __m256i
#define MASK_FOR(n) mask_for(n)
#define ZERO() _mm256_setzero_ps()
#define LOAD(p) _mm256_loadu_ps(p)
#define LOAD_MASKED(p, mask) _mm256_maskload_ps(p, mask)
#define STORE(p, v) _mm256_storeu_ps(p, v)
#define STORE_MASKED(p, mask, v) _mm256_maskstore_ps(p, mask, v)
#define BROADCAST(p) _mm256_broadcast_ss(p)
#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define ADD(a, b) _mm256_add_ps(a, b)
#define MUL(a, b) _mm256_mul_ps(a, b)
#define DIV(a, b) _mm256_div_ps(a, b)
#define MAX(a, b) _mm256_max_ps(a, b)
#define MIN(a, b) _mm256_min_ps(a, b)
#define SET1(x) _mm256_set1_ps(x)
#define ROUND(v) _mm256_round_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)
#define TIMES_POW2(v, n) times_pow2(v, n)
#define TRANSPOSE(r) transpose_8x8(r)
#include <immintrin.h>
#include <stdint.h>

static inline __m256i mask_for(int64_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

/* n in [-126, 127] goes into the exponent's bits. */
static inline __m256 times_pow2(__m256 x, __m256 n)
{
    const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_mul_ps(x, _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23)));
}

static inline __attribute__((always_inline)) void transpose_8x8(__m256 *r)
{
    __m256 u[8];
#pragma GCC unroll 2
    for (int g = 0; g < 8; g += 4) {
        const __m256 a = _mm256_unpacklo_ps(r[g], r[g + 1]), b = _mm256_unpackhi_ps(r[g], r[g + 1]);
        const __m256 c = _mm256_unpacklo_ps(r[g + 2], r[g + 3]), d = _mm256_unpackhi_ps(r[g + 2], r[g + 3]);
        u[g] = _mm256_shuffle_ps(a, c, 0x44);
        u[g + 1] = _mm256_shuffle_ps(a, c, 0xee);
        u[g + 2] = _mm256_shuffle_ps(b, d, 0x44);
        u[g + 3] = _mm256_shuffle_ps(b, d, 0xee);
    }
#pragma GCC unroll 4
    for (int c = 0; c < 4; c++) {
        r[c] = _mm256_permute2f128_ps(u[c], u[4 + c], 0x20);
        r[4 + c] = _mm256_permute2f128_ps(u[c], u[4 + c], 0x31);
    }
}

#include "common/sgemm/tile.h"

#define ALL_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6)
ALL_ROWS(TILES)
TILE(1, 4, 0)
TILE(1, 8, 0)
TILE(2, 4, 0)

#define ROW0(rows) TILE_ROW(rows, 0),
#define ROW1(rows) TILE_ROW(rows, 1),
#define ROW2(rows) TILE_ROW(rows, 2),
#define ROW3(rows) TILE_ROW(rows, 3),

const struct ridge_sgemm_micro_set ridge_sgemm_micro_set_avx2 = {
    .vector = VL,
    .max_rows = 6,
    .skinny_max_rows = 8,
    .skinny_rows = 6,
    .transpose = transpose,
    .tile = {{[1] = {tile_1_1_0, tile_1_2_0, tile_1_4_0, tile_1_8_0},
              [2] = {tile_2_1_0, tile_2_2_0, tile_2_4_0},
              ROW0(3) ROW0(4) ROW0(5) ROW0(6)},
             {ALL_ROWS(ROW1)},
             {ALL_ROWS(ROW2)},
             {ALL_ROWS(ROW3)}},
};
