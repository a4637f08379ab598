/* AVX-512 tiles: up to 14 rows of 2 vectors (28 accumulators, 2 of B, 2 spare), or few rows of
 * more. */
#define RIDGE_VEC_BITS 512
#define RIDGE_ISA avx512
#define TRANSPOSE(r) transpose_16x16(r)
#include "common/vec.h"

INLINE void transpose_16x16(__m512 *r)
{
    __m512 u[16];
#pragma GCC unroll 4
    for (int g = 0; g < 16; g += 4) {
        const __m512 a = _mm512_unpacklo_ps(r[g], r[g + 1]), b = _mm512_unpackhi_ps(r[g], r[g + 1]);
        const __m512 c = _mm512_unpacklo_ps(r[g + 2], r[g + 3]), d = _mm512_unpackhi_ps(r[g + 2], r[g + 3]);
        u[g] = _mm512_shuffle_ps(a, c, 0x44);
        u[g + 1] = _mm512_shuffle_ps(a, c, 0xee);
        u[g + 2] = _mm512_shuffle_ps(b, d, 0x44);
        u[g + 3] = _mm512_shuffle_ps(b, d, 0xee);
    }
#pragma GCC unroll 4
    for (int c = 0; c < 4; c++) { /* lane L of u[4 g + c] is column 4 L + c of rows 4 g .. 4 g + 3 */
        const __m512 even0 = _mm512_shuffle_f32x4(u[c], u[4 + c], 0x88);
        const __m512 even1 = _mm512_shuffle_f32x4(u[8 + c], u[12 + c], 0x88);
        const __m512 odd0 = _mm512_shuffle_f32x4(u[c], u[4 + c], 0xdd);
        const __m512 odd1 = _mm512_shuffle_f32x4(u[8 + c], u[12 + c], 0xdd);
        r[c] = _mm512_shuffle_f32x4(even0, even1, 0x88);
        r[4 + c] = _mm512_shuffle_f32x4(odd0, odd1, 0x88);
        r[8 + c] = _mm512_shuffle_f32x4(even0, even1, 0xdd);
        r[12 + c] = _mm512_shuffle_f32x4(odd0, odd1, 0xdd);
    }
}

#define SET_PAIR(p) set_pair(p)
#define ZIP_LOW(a, b) zip(a, b, 0)
#define ZIP_HIGH(a, b) zip(a, b, VL / 2)
#define ODD(a, b)                                                                                  \
    _mm512_permutex2var_ps(a, _mm512_setr_epi32(1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 29, 31), b)

INLINE __m512 set_pair(const float *p)
{
    double pair;
    memcpy(&pair, p, sizeof pair);
    return _mm512_castpd_ps(_mm512_set1_pd(pair));
}

INLINE __m512 zip(__m512 a, __m512 b, const int from)
{
    const __m512i first = _mm512_setr_epi32(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
    return _mm512_permutex2var_ps(a, _mm512_add_epi32(first, _mm512_set1_epi32(from)), b);
}

#include "common/sgemm/tile.h"

#define ALL_ROWS(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)
#define PAIR_ROWS_3(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9)
#define NARROW_ROWS(X)                                                                             \
    X(15) X(16) X(17) X(18) X(19) X(20) X(21) X(22) X(23) X(24) X(25) X(26) X(27) X(28)
ALL_ROWS(TILES)
#define PAIR_ROWS_1(X) ALL_ROWS(X) NARROW_ROWS(X)
#define NARROW_TILE(rows) TILE(rows, 1, 0)
NARROW_ROWS(NARROW_TILE)
PAIR_ROWS_1(PAIR_TILES_1)
ALL_ROWS(PAIR_TILES_2)
PAIR_ROWS_3(PAIR_TILES_3)
TILE(1, 4, 0)
TILE(2, 4, 0)
TILE(3, 4, 0)
TILE(4, 4, 0)
TILE(5, 4, 0)
TILE(6, 4, 0)

#define WIDE4(rows) [rows] = {tile_##rows##_1_0, tile_##rows##_2_0, tile_##rows##_4_0}
#define NARROW0(rows) [rows] = {tile_##rows##_1_0},
#define ROW0(rows) TILE_ROW(rows, 0),
#define ROW1(rows) TILE_ROW(rows, 1),
#define ROW2(rows) TILE_ROW(rows, 2),
#define ROW3(rows) TILE_ROW(rows, 3),

const struct ridge_sgemm_micro_set ridge_sgemm_micro_set_avx512 = {
    .vector = VL,
    .max_rows = 14,
    .narrow_max_rows = 28,
    .pair_max_rows = {28, 14, 9},
    .stream_rows = 6,
    .skinny_max_rows = 48,
    .skinny_rows = 6,
    .min_n_to_pack_a = 2048,
    .transpose = transpose,
    .run = run_column,
    .tile = {{WIDE4(1), WIDE4(2), WIDE4(3), WIDE4(4), WIDE4(5), WIDE4(6), ROW0(7) ROW0(8) ROW0(9)
                  ROW0(10) ROW0(11) ROW0(12) ROW0(13) ROW0(14) NARROW_ROWS(NARROW0)},
             {ALL_ROWS(ROW1)},
             {ALL_ROWS(ROW2)},
             {ALL_ROWS(ROW3)}},
    PAIR_ROWS_1(PAIR_ENTRIES_1) ALL_ROWS(PAIR_ENTRIES_2) PAIR_ROWS_3(PAIR_ENTRIES_3)
};
