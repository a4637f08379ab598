/* AVX2 tiles: up to 6 rows of 2 vectors (12 accumulators, 2 of B, 1 of A), or few rows of more. */
#define RIDGE_VEC_BITS 256
#define RIDGE_ISA avx2
#define TRANSPOSE(r) transpose_8x8(r)
#include "common/vec.h"

INLINE void transpose_8x8(__m256 *r)
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

#define SET_PAIR(p) set_pair(p)
#define ZIP_LOW(a, b) _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x20)
#define ZIP_HIGH(a, b) _mm256_permute2f128_ps(_mm256_unpacklo_ps(a, b), _mm256_unpackhi_ps(a, b), 0x31)
#define ODD(a, b)                                                                                  \
    _mm256_castpd_ps(_mm256_permute4x64_pd(_mm256_castps_pd(_mm256_shuffle_ps(a, b, 0xdd)), 0xd8))

INLINE __m256 set_pair(const float *p)
{
    double pair;
    memcpy(&pair, p, sizeof pair);
    return _mm256_castpd_ps(_mm256_set1_pd(pair));
}

#include "common/sgemm/tile.h"

#define ALL_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6)
#define PAIR_ROWS_1(X) ALL_ROWS(X) X(7) X(8) X(9) X(10) X(11) X(12)
#define PAIR_ROWS_3(X) X(1) X(2) X(3) X(4)
ALL_ROWS(TILES)
PAIR_ROWS_1(PAIR_TILES_1)
ALL_ROWS(PAIR_TILES_2)
PAIR_ROWS_3(PAIR_TILES_3)
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
    .pair_max_rows = {12, 6, 4},
    .stream_rows = 2, /* only their tiles are 4 vectors wide */
    .skinny_max_rows = 8,
    .skinny_rows = 6,
    .min_n_to_pack_a = 256,
    .transpose = transpose,
    .run = run_column,
    .tile = {{[1] = {tile_1_1_0, tile_1_2_0, tile_1_4_0, tile_1_8_0},
              [2] = {tile_2_1_0, tile_2_2_0, tile_2_4_0},
              ROW0(3) ROW0(4) ROW0(5) ROW0(6)},
             {ALL_ROWS(ROW1)},
             {ALL_ROWS(ROW2)},
             {ALL_ROWS(ROW3)}},
    PAIR_ROWS_1(PAIR_ENTRIES_1) ALL_ROWS(PAIR_ENTRIES_2) PAIR_ROWS_3(PAIR_ENTRIES_3)
};
