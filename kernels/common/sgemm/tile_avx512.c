/* AVX-512 tiles: up to 14 rows of 2 vectors (28 accumulators, 2 of B, 2 spare), or few rows of
 * more. */
#define VEC __m512
#define VL 16
#define MASK __mmask16
#define MASK_FOR(n) ((__mmask16)((1u << (n)) - 1u))
#define ZERO() _mm512_setzero_ps()
#define LOAD(p) _mm512_loadu_ps(p)
#define LOAD_MASKED(p, mask) _mm512_maskz_loadu_ps(mask, p)
#define STORE(p, v) _mm512_storeu_ps(p, v)
#define STORE_MASKED(p, mask, v) _mm512_mask_storeu_ps(p, mask, v)
#define BROADCAST(p) _mm512_set1_ps(*(p))
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define ADD(a, b) _mm512_add_ps(a, b)
#define MUL(a, b) _mm512_mul_ps(a, b)
#define DIV(a, b) _mm512_div_ps(a, b)
#define MAX(a, b) _mm512_max_ps(a, b)
#define MIN(a, b) _mm512_min_ps(a, b)
#define SET1(x) _mm512_set1_ps(x)
#define ROUND(v) _mm512_roundscale_ps(v, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC)
#define TIMES_POW2(v, n) _mm512_scalef_ps(v, n)
#include "common/sgemm/tile.h"

#define ALL_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)
ALL_ROWS(TILES)
TILE(1, 4, 0)
TILE(1, 8, 0)
TILE(2, 4, 0)
TILE(2, 8, 0)
TILE(3, 4, 0)
TILE(3, 8, 0)
TILE(4, 4, 0)
TILE(5, 4, 0)
TILE(6, 4, 0)

#define WIDE8(rows)                                                                                \
    [rows] = {tile_##rows##_1_0, tile_##rows##_2_0, tile_##rows##_4_0, tile_##rows##_8_0}
#define WIDE4(rows) [rows] = {tile_##rows##_1_0, tile_##rows##_2_0, tile_##rows##_4_0}
#define ROW0(rows) TILE_ROW(rows, 0),
#define ROW1(rows) TILE_ROW(rows, 1),
#define ROW2(rows) TILE_ROW(rows, 2),
#define ROW3(rows) TILE_ROW(rows, 3),

const struct ridge_sgemm_micro_set ridge_sgemm_micro_set_avx512 = {
    .vector = VL,
    .max_rows = 14,
    .skinny_max_rows = 16,
    .skinny_rows = 6,
    .tile = {{WIDE8(1), WIDE8(2), WIDE8(3), WIDE4(4), WIDE4(5), WIDE4(6), ROW0(7) ROW0(8) ROW0(9)
                  ROW0(10) ROW0(11) ROW0(12) ROW0(13) ROW0(14)},
             {ALL_ROWS(ROW1)},
             {ALL_ROWS(ROW2)},
             {ALL_ROWS(ROW3)}},
};
