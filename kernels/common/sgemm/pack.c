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

void ridge_sgemm_pack_panel(const struct ridge_sgemm_micro_set *set, const float *b, int64_t ldb,
                            bool is_transposed, int64_t k, int64_t n_columns, int64_t width, float *to)
{
    if (is_transposed)
        (set != NULL ? set->transpose : transpose_scalar)(b, ldb, n_columns, k, to, width);
    for (int64_t p = 0; p < k; p++) {
        if (!is_transposed)
            memcpy(to + p * width, b + p * ldb, sizeof(float) * (size_t)n_columns);
        memset(to + p * width + n_columns, 0, sizeof(float) * (size_t)(width - n_columns));
    }
}
