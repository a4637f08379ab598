/* Transposition of f32 matrices, once per ISA: to[j * ld_to + i] = from[i * ld_from + j].
 *
 * A tile of VL x VL goes through registers, log2(VL) shuffles a vector. Edges, and whole AVX2 tiles, load
 * 4-wide pieces of rows i, i + 4, ... side by side, so that only 4 x 4 transposes are left. Matrices are
 * walked in blocks, so that every line and page is finished while it is near: along the rows of `from`
 * with ordinary stores (whose next lines the prefetcher brings), along the rows of `to` with streaming
 * ones (whose write buffers then fill in order). kernels/transpose/README.md has the figures.
 */
#ifndef RIDGE_KERNELS_COMMON_TRANSPOSE_TILE_H
#define RIDGE_KERNELS_COMMON_TRANSPOSE_TILE_H

#include "common/vec.h"

struct transpose_job {
    const float *from;
    int64_t ld_from;
    float *to;
    int64_t ld_to;
    bool is_streaming; /* only where ld_to and `to` keep whole vectors aligned */
};

#if RIDGE_VEC_BITS >= 256

#if RIDGE_VEC_BITS == 512
/* Four elements of each of the rows i, i + 4, i + 8, i + 12. */
INLINE VEC tile_pieces(const float *p, int64_t ld, const int64_t *row, int i, __mmask8 k)
{
    (void)ld;
    __m512 v = _mm512_castps128_ps512(_mm_maskz_loadu_ps(k, p + row[i]));
    v = _mm512_insertf32x4(v, _mm_maskz_loadu_ps(k, p + row[i + 4]), 1);
    v = _mm512_insertf32x4(v, _mm_maskz_loadu_ps(k, p + row[i + 8]), 2);
    return _mm512_insertf32x4(v, _mm_maskz_loadu_ps(k, p + row[i + 12]), 3);
}
#define TILE_PIECE_MASK(n) ((__mmask8)((1u << (n)) - 1u))
typedef __mmask8 tile_piece_mask;
#define TILE_LOW(a, b) _mm512_unpacklo_ps(a, b)
#define TILE_HIGH(a, b) _mm512_unpackhi_ps(a, b)
#define TILE_LOW2(a, b) _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)))
#define TILE_HIGH2(a, b) _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)))
#else
INLINE VEC tile_pieces(const float *p, int64_t ld, const int64_t *row, int i, __m128i k)
{
    (void)ld;
    const __m256 v = _mm256_castps128_ps256(_mm_maskload_ps(p + row[i], k));
    return _mm256_insertf128_ps(v, _mm_maskload_ps(p + row[i + 4], k), 1);
}
INLINE VEC tile_pieces_whole(const float *p, int64_t ld, int i)
{
    const __m256 v = _mm256_castps128_ps256(_mm_loadu_ps(p + i * ld));
    return _mm256_insertf128_ps(v, _mm_loadu_ps(p + (i + 4) * ld), 1);
}
#define TILE_PIECE_MASK(n) _mm_cmpgt_epi32(_mm_set1_epi32((int)(n)), _mm_set_epi32(3, 2, 1, 0))
typedef __m128i tile_piece_mask;
#define TILE_LOW(a, b) _mm256_unpacklo_ps(a, b)
#define TILE_HIGH(a, b) _mm256_unpackhi_ps(a, b)
#define TILE_LOW2(a, b) _mm256_castpd_ps(_mm256_unpacklo_pd(_mm256_castps_pd(a), _mm256_castps_pd(b)))
#define TILE_HIGH2(a, b) _mm256_castpd_ps(_mm256_unpackhi_pd(_mm256_castps_pd(a), _mm256_castps_pd(b)))
#endif

/* Columns 4q ... 4q + 3 of the tile become rows of the result. */
INLINE void tile_turn(const VEC *in, VEC *out)
{
    const VEC a = TILE_LOW(in[0], in[1]), b = TILE_HIGH(in[0], in[1]);
    const VEC c = TILE_LOW(in[2], in[3]), d = TILE_HIGH(in[2], in[3]);
    out[0] = TILE_LOW2(a, c);
    out[1] = TILE_HIGH2(a, c);
    out[2] = TILE_LOW2(b, d);
    out[3] = TILE_HIGH2(b, d);
}

INLINE void tile_store(const struct transpose_job *t, float *to, int row, VEC v, const bool is_streaming)
{
    if (is_streaming)
        STREAM(to + row * t->ld_to, v);
    else
        STORE(to + row * t->ld_to, v);
}

#if RIDGE_VEC_BITS == 512
#define TILE_QUARTERS(a, b, k) _mm512_shuffle_f32x4(a, b, k)
INLINE void tile_whole(const struct transpose_job *t, const float *from, float *to, const bool is_streaming)
{
    VEC row[VL], turned[VL];
    UNROLL(16) for (int i = 0; i < VL; i++) row[i] = LOAD(from + i * t->ld_from);
    UNROLL(4) for (int i = 0; i < VL; i += 4) tile_turn(row + i, turned + i);
    UNROLL(4) for (int q = 0; q < 4; q++)
    { /* 0x88: quarters 0 and 2 of both, 0xdd: 1 and 3 */
        const VEC a = TILE_QUARTERS(turned[q], turned[4 + q], 0x88);
        const VEC b = TILE_QUARTERS(turned[q], turned[4 + q], 0xdd);
        const VEC c = TILE_QUARTERS(turned[8 + q], turned[12 + q], 0x88);
        const VEC d = TILE_QUARTERS(turned[8 + q], turned[12 + q], 0xdd);
        tile_store(t, to, q, TILE_QUARTERS(a, c, 0x88), is_streaming);
        tile_store(t, to, q + 4, TILE_QUARTERS(b, d, 0x88), is_streaming);
        tile_store(t, to, q + 8, TILE_QUARTERS(a, c, 0xdd), is_streaming);
        tile_store(t, to, q + 12, TILE_QUARTERS(b, d, 0xdd), is_streaming);
    }
}
#else
INLINE void tile_whole(const struct transpose_job *t, const float *from, float *to, const bool is_streaming)
{
    UNROLL(4) for (int q = 0; q < VL / 4; q++)
    {
        VEC in[4], out[4];
        UNROLL(4) for (int i = 0; i < 4; i++) in[i] = tile_pieces_whole(from + 4 * q, t->ld_from, i);
        tile_turn(in, out);
        UNROLL(4) for (int j = 0; j < 4; j++) tile_store(t, to, 4 * q + j, out[j], is_streaming);
    }
}
#endif

/* n_rows x n_columns, each 1 to VL. Rows past the end are read as the last one and not stored. */
INLINE void tile_part(const struct transpose_job *t, const float *from, float *to, int64_t n_rows,
                      int64_t n_columns)
{
    int64_t row[VL];
    UNROLL(16) for (int i = 0; i < VL; i++) row[i] = (i < n_rows ? i : n_rows - 1) * t->ld_from;
    const MASK mask = MASK_FOR(n_rows);
    for (int64_t q = 0; q < n_columns; q += 4) {
        const int64_t n = n_columns - q < 4 ? n_columns - q : 4;
        const tile_piece_mask k = TILE_PIECE_MASK(n);
        VEC in[4], out[4];
        UNROLL(4) for (int i = 0; i < 4; i++) in[i] = tile_pieces(from + q, t->ld_from, row, i, k);
        tile_turn(in, out);
        UNROLL(4) for (int j = 0; j < 4; j++)
            if (j < n)
                STORE_MASKED(to + (q + j) * t->ld_to, mask, out[j]);
    }
}

#else

INLINE void tile_whole(const struct transpose_job *t, const float *from, float *to, const bool is_streaming)
{
    (void)t;
    (void)is_streaming;
    *to = *from;
}
INLINE void tile_part(const struct transpose_job *t, const float *from, float *to, int64_t n_rows,
                      int64_t n_columns)
{
    (void)n_rows;
    (void)n_columns;
    tile_whole(t, from, to, false);
}

#endif

enum { TRANSPOSE_BLOCK = 64, TRANSPOSE_STREAM_ROWS = 32 };

INLINE int64_t transpose_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

INLINE void transpose_tile(const struct transpose_job *t, int64_t i, int64_t i_end, int64_t j, int64_t j_end,
                           const bool is_streaming)
{
    const float *from = t->from + i * t->ld_from + j;
    float *to = t->to + j * t->ld_to + i;
    if (i_end - i >= VL && j_end - j >= VL)
        tile_whole(t, from, to, is_streaming);
    else
        tile_part(t, from, to, transpose_min(i_end - i, VL), transpose_min(j_end - j, VL));
}

INLINE void transpose_block(const struct transpose_job *t, int64_t i0, int64_t i_end, int64_t j0, int64_t j_end,
                            const bool is_streaming)
{
    if (is_streaming) {
        for (int64_t j = j0; j < j_end; j += VL)
            for (int64_t i = i0; i < i_end; i += VL)
                transpose_tile(t, i, i_end, j, j_end, true);
    } else {
        for (int64_t i = i0; i < i_end; i += VL)
            for (int64_t j = j0; j < j_end; j += VL)
                transpose_tile(t, i, i_end, j, j_end, false);
    }
}

/* Rows [i_begin, i_end) and columns [j_begin, j_end) of `from`. */
INLINE void transpose_range(const struct transpose_job *t, int64_t i_begin, int64_t i_end, int64_t j_begin,
                            int64_t j_end)
{
    const int64_t rows = t->is_streaming ? TRANSPOSE_STREAM_ROWS : TRANSPOSE_BLOCK;
    for (int64_t i = i_begin; i < i_end; i += rows) {
        for (int64_t j = j_begin; j < j_end; j += TRANSPOSE_BLOCK) {
            const int64_t i_last = transpose_min(i + rows, i_end);
            const int64_t j_last = transpose_min(j + TRANSPOSE_BLOCK, j_end);
            if (t->is_streaming)
                transpose_block(t, i, i_last, j, j_last, true);
            else
                transpose_block(t, i, i_last, j, j_last, false);
        }
    }
}

/* Whether a transposition of n_rows rows may stream: every stored vector is whole and aligned. */
INLINE bool transpose_can_stream(const struct transpose_job *t, int64_t n_rows)
{
    return VL > 1 && (uintptr_t)t->to % VEC_BYTES == 0 && t->ld_to % VL == 0 && n_rows % VL == 0;
}

#endif
