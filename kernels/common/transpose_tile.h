/* Transposition of f32 matrices, once per ISA: to[j * ld_to + i] = from[i * ld_from + j].
 *
 * A tile of VL rows goes through registers: 4-wide pieces of rows i, i + 4, ... are loaded side by side, so that
 * only 4 x 4 transposes are left, two shuffles a vector. Matrices are walked in blocks, so that every line and
 * page is finished while it is near, along the rows of `to`: their next lines are fetched ahead (no prefetcher
 * follows 16 rows of stores), and the write buffers of streaming stores fill in order.
 * kernels/transpose/README.md has the figures.
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

/* A tile: as many rows as a line of the result has elements. */
enum { TILE_ROWS = VL > 1 ? 16 : 1, TILE_WIDE = VL > 1 ? 16 : 1, TILE_NARROW = VL > 1 ? 8 : 1 };
enum { TRANSPOSE_LINE_BYTES = 64, TRANSPOSE_SET_BYTES = 4096 };
enum { TRANSPOSE_ROWS = 128, TRANSPOSE_STREAM_ROWS = 32, TRANSPOSE_COLUMNS = 64 }; /* of a block */

#if RIDGE_VEC_BITS >= 256

#if RIDGE_VEC_BITS == 512
/* Four elements of each of the rows i, i + 4, i + 8, i + 12. */
INLINE VEC tile_pieces(const float *p, const int64_t *row, int i, __mmask8 k)
{
    __m512 v = _mm512_castps128_ps512(_mm_maskz_loadu_ps(k, p + row[i]));
    v = _mm512_insertf32x4(v, _mm_maskz_loadu_ps(k, p + row[i + 4]), 1);
    v = _mm512_insertf32x4(v, _mm_maskz_loadu_ps(k, p + row[i + 8]), 2);
    return _mm512_insertf32x4(v, _mm_maskz_loadu_ps(k, p + row[i + 12]), 3);
}
INLINE VEC tile_pieces_whole(const float *p, int64_t ld4)
{
    __m512 v = _mm512_castps128_ps512(_mm_loadu_ps(p));
    v = _mm512_insertf32x4(v, _mm_loadu_ps(p + ld4), 1);
    v = _mm512_insertf32x4(v, _mm_loadu_ps(p + 2 * ld4), 2);
    return _mm512_insertf32x4(v, _mm_loadu_ps(p + 3 * ld4), 3);
}
#define TILE_PIECE_MASK(n) ((__mmask8)((1u << (n)) - 1u))
typedef __mmask8 tile_piece_mask;
#define TILE_LOW(a, b) _mm512_unpacklo_ps(a, b)
#define TILE_HIGH(a, b) _mm512_unpackhi_ps(a, b)
#define TILE_LOW2(a, b) _mm512_castpd_ps(_mm512_unpacklo_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)))
#define TILE_HIGH2(a, b) _mm512_castpd_ps(_mm512_unpackhi_pd(_mm512_castps_pd(a), _mm512_castps_pd(b)))
#else
INLINE VEC tile_pieces(const float *p, const int64_t *row, int i, __m128i k)
{
    const __m256 v = _mm256_castps128_ps256(_mm_maskload_ps(p + row[i], k));
    return _mm256_insertf128_ps(v, _mm_maskload_ps(p + row[i + 4], k), 1);
}
INLINE VEC tile_pieces_whole(const float *p, int64_t ld4)
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), _mm_loadu_ps(p + ld4), 1);
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

/* A row of the result; its next line is asked for, which may lie past the matrix: a prefetch touches nothing. */
INLINE void tile_store(float *to, VEC v, const bool is_streaming)
{
    if (is_streaming) {
        STREAM(to, v);
    } else {
        __builtin_prefetch((const void *)((uintptr_t)to + TRANSPOSE_LINE_BYTES), 1);
        STORE(to, v);
    }
}

INLINE void tile_whole(const struct transpose_job *t, const float *from, float *to, const int n_columns,
                       const bool is_streaming)
{
    const int64_t ld = t->ld_from;
    const float *row[4] = {from, from + ld, from + 2 * ld, from + 3 * ld};
    UNROLL(1) for (int q = 0; q < n_columns / 4; q++, to += 4 * t->ld_to)
    {
        UNROLL(2) for (int h = 0; h < TILE_ROWS; h += VL)
        {
            VEC in[4], out[4];
            UNROLL(4) for (int i = 0; i < 4; i++) in[i] = tile_pieces_whole(row[i] + h * ld + 4 * q, 4 * ld);
            tile_turn(in, out);
            UNROLL(4) for (int j = 0; j < 4; j++) tile_store(to + j * t->ld_to + h, out[j], is_streaming);
        }
    }
}

/* At most VL rows. Those past the end are read as the last one and not stored. */
INLINE void tile_part_rows(const struct transpose_job *t, const float *from, float *to, int64_t n_rows,
                           int64_t n_columns)
{
    int64_t row[VL];
    UNROLL(16) for (int i = 0; i < VL; i++) row[i] = (i < n_rows ? i : n_rows - 1) * t->ld_from;
    const MASK mask = MASK_FOR(n_rows);
    for (int64_t q = 0; q < n_columns; q += 4) {
        const int64_t n = n_columns - q < 4 ? n_columns - q : 4;
        const tile_piece_mask k = TILE_PIECE_MASK(n);
        VEC in[4], out[4];
        UNROLL(4) for (int i = 0; i < 4; i++) in[i] = tile_pieces(from + q, row, i, k);
        tile_turn(in, out);
        UNROLL(4) for (int j = 0; j < 4; j++)
            if (j < n)
                STORE_MASKED(to + (q + j) * t->ld_to, mask, out[j]);
    }
}

/* n_rows x n_columns, at most those of a tile. */
INLINE void tile_part(const struct transpose_job *t, const float *from, float *to, int64_t n_rows,
                      int64_t n_columns)
{
    UNROLL(1) for (int64_t h = 0; h < n_rows; h += VL)
        tile_part_rows(t, from + h * t->ld_from, to + h, n_rows - h < VL ? n_rows - h : VL, n_columns);
}

#else

INLINE void tile_whole(const struct transpose_job *t, const float *from, float *to, const int n_columns,
                       const bool is_streaming)
{
    (void)t;
    (void)n_columns;
    (void)is_streaming;
    *to = *from;
}
INLINE void tile_part(const struct transpose_job *t, const float *from, float *to, int64_t n_rows,
                      int64_t n_columns)
{
    (void)n_rows;
    (void)n_columns;
    tile_whole(t, from, to, 1, false);
}

#endif

INLINE int64_t transpose_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Rows [i_begin, i_end) and columns [j_begin, j_end) of `from`. */
struct transpose_range {
    int64_t i_begin, i_end, j_begin, j_end;
};

/* Where the tile of n that holds `i` starts: the last one of a range overlaps the one before it, if there is one. */
INLINE int64_t transpose_tile_start(int64_t i, int64_t begin, int64_t end, int64_t n)
{
    return end - i >= n || end - begin < n ? i : end - n;
}

INLINE void transpose_tile(const struct transpose_job *t, const struct transpose_range *r, int64_t i, int64_t j,
                           const int n_columns, const bool is_streaming)
{
    i = transpose_tile_start(i, r->i_begin, r->i_end, TILE_ROWS);
    j = transpose_tile_start(j, r->j_begin, r->j_end, n_columns);
    const float *from = t->from + i * t->ld_from + j;
    float *to = t->to + j * t->ld_to + i;
    if (r->i_end - i >= TILE_ROWS && r->j_end - j >= n_columns)
        tile_whole(t, from, to, n_columns, is_streaming);
    else
        tile_part(t, from, to, transpose_min(r->i_end - i, TILE_ROWS), transpose_min(r->j_end - j, n_columns));
}

INLINE void transpose_blocks(const struct transpose_job *t, const struct transpose_range *r, int64_t n_rows,
                             const int n_columns, const bool is_streaming)
{
    for (int64_t i0 = r->i_begin; i0 < r->i_end; i0 += n_rows)
        for (int64_t j0 = r->j_begin; j0 < r->j_end; j0 += TRANSPOSE_COLUMNS)
            for (int64_t j = j0; j < r->j_end && j < j0 + TRANSPOSE_COLUMNS; j += n_columns)
                for (int64_t i = i0; i < r->i_end && i < i0 + n_rows; i += TILE_ROWS)
                    transpose_tile(t, r, i, j, n_columns, is_streaming);
}

/* Rows of `to` that are a multiple of 4096 bytes apart share one set of L1, which does not hold 16 lines and their
 * successors: narrow tiles then, unless the rows of `from`, which these read twice, share few sets too. */
INLINE bool transpose_is_narrow(const struct transpose_job *t)
{
    const int64_t one_set = TRANSPOSE_SET_BYTES / (int64_t)sizeof(float);
    return t->ld_to % one_set == 0 && t->ld_from % (one_set / 4) != 0;
}

INLINE void transpose_range(const struct transpose_job *t, int64_t i_begin, int64_t i_end, int64_t j_begin,
                            int64_t j_end)
{
    const struct transpose_range r = {i_begin, i_end, j_begin, j_end};
    if (t->is_streaming)
        transpose_blocks(t, &r, TRANSPOSE_STREAM_ROWS, TILE_WIDE, true);
    else if (transpose_is_narrow(t))
        transpose_blocks(t, &r, TRANSPOSE_ROWS, TILE_NARROW, false);
    else
        transpose_blocks(t, &r, TRANSPOSE_ROWS, TILE_WIDE, false);
}

/* Whether a transposition of n_rows rows may stream: every stored line is whole. */
INLINE bool transpose_can_stream(const struct transpose_job *t, int64_t n_rows)
{
    const bool has_lines = (uintptr_t)t->to % TRANSPOSE_LINE_BYTES == 0 && t->ld_to % TILE_ROWS == 0;
    return VL > 1 && has_lines && n_rows % TILE_ROWS == 0;
}

#endif
