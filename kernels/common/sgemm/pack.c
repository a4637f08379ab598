/* Repacking of A and B. Baseline code: it runs beside every ISA's tiles. */
#include "common/sgemm/engine.h"
#include <string.h>

static void transpose_scalar(const float *from, int64_t ld_from, int64_t rows, int64_t k, float *to,
                             int64_t ld_to)
{
    for (int64_t p = 0; p < k; p++)
        for (int64_t i = 0; i < rows; i++)
            to[p * ld_to + i] = from[i * ld_from + p];
}

#ifdef RIDGE_KERNELS_X86
#include <xmmintrin.h>

/* 4 x 4, the last `n` rows of from repeated up to 4. */
static inline void transpose_4x4(const float *from, int64_t ld_from, int64_t n, float *to, int64_t ld_to)
{
    const int64_t last = n < 4 ? n - 1 : 3;
    __m128 r0 = _mm_loadu_ps(from), r1 = _mm_loadu_ps(from + ld_from * (last < 1 ? last : 1));
    __m128 r2 = _mm_loadu_ps(from + ld_from * (last < 2 ? last : 2)), r3 = _mm_loadu_ps(from + ld_from * last);
    _MM_TRANSPOSE4_PS(r0, r1, r2, r3);
    _mm_storeu_ps(to, r0);
    _mm_storeu_ps(to + ld_to, r1);
    _mm_storeu_ps(to + 2 * ld_to, r2);
    _mm_storeu_ps(to + 3 * ld_to, r3);
}

/* SSE is there on every x86-64. Four rows at a time, as more of them may fall on one L1 set. The odd rows go
 * first: what they write too far is written again after. */
void ridge_sgemm_pack_transposed(const float *from, int64_t ld_from, int64_t rows, int64_t k, float *to,
                                 int64_t ld_to)
{
    const int64_t k4 = k / 4 * 4;
    for (int64_t i = (rows - 1) / 4 * 4; i >= 0; i -= 4) {
        const int64_t n = rows - i < 4 ? rows - i : 4;
        for (int64_t p = 0; p < k4; p += 4)
            transpose_4x4(from + i * ld_from + p, ld_from, n, to + p * ld_to + i, ld_to);
        transpose_scalar(from + i * ld_from + k4, ld_from, n, k - k4, to + k4 * ld_to + i, ld_to);
    }
}
#else
void ridge_sgemm_pack_transposed(const float *from, int64_t ld_from, int64_t rows, int64_t k, float *to,
                                 int64_t ld_to)
{
    transpose_scalar(from, ld_from, rows, k, to, ld_to);
}
#endif

void ridge_sgemm_pack_panel(const float *b, int64_t ldb, bool is_transposed, int64_t k, int64_t n_columns,
                            int64_t width, float *to)
{
    if (is_transposed && (n_columns + 3) / 4 * 4 <= width)
        ridge_sgemm_pack_transposed(b, ldb, n_columns, k, to, width);
    else if (is_transposed)
        transpose_scalar(b, ldb, n_columns, k, to, width);
    for (int64_t p = 0; p < k; p++) {
        if (!is_transposed)
            memcpy(to + p * width, b + p * ldb, sizeof(float) * (size_t)n_columns);
        memset(to + p * width + n_columns, 0, sizeof(float) * (size_t)(width - n_columns));
    }
}
