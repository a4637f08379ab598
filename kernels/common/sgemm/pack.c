/* Repacking of B, panel by panel. */
#include "common/sgemm/engine.h"
#include <string.h>

static void transpose_scalar(const float *from, int64_t ld_from, int64_t rows, int64_t k, float *to,
                             int64_t ld_to)
{
    for (int64_t p = 0; p < k; p++)
        for (int64_t i = 0; i < rows; i++)
            to[p * ld_to + i] = from[i * ld_from + p];
}

static void pack_pairs(const float *b, int64_t step_k, int64_t step_n, int64_t k, int64_t n_columns, int64_t width,
                       float *to)
{
    for (int64_t p = 0; p < k; p += 2, to += 2 * width)
        for (int64_t j = 0; j < width; j++) {
            const float *column = b + p * step_k + j * step_n;
            to[2 * j] = j < n_columns ? column[0] : 0;
            to[2 * j + 1] = j < n_columns && p + 1 < k ? column[step_k] : 0;
        }
}

void ridge_sgemm_pack_panel(const struct ridge_sgemm_micro_set *set, const float *b, int64_t ldb,
                            bool is_transposed, bool is_in_pairs, int64_t k, int64_t n_columns, int64_t width,
                            float *to)
{
    if (is_in_pairs) {
        pack_pairs(b, is_transposed ? 1 : ldb, is_transposed ? ldb : 1, k, n_columns, width, to);
        return;
    }
    if (is_transposed)
        (set != NULL ? set->transpose : transpose_scalar)(b, ldb, n_columns, k, to, width);
    for (int64_t p = 0; p < k; p++) {
        if (!is_transposed)
            memcpy(to + p * width, b + p * ldb, sizeof(float) * (size_t)n_columns);
        memset(to + p * width + n_columns, 0, sizeof(float) * (size_t)(width - n_columns));
    }
}
