/* A copy of n f32, once per ISA; streaming from the first whole line of `to` on. */
#ifndef RIDGE_KERNELS_COMMON_COPY_H
#define RIDGE_KERNELS_COMMON_COPY_H

#include "common/vec.h"

INLINE void copy_vectors(float *to, const float *from, int64_t n, const bool is_streaming)
{
    int64_t i = 0;
    if (is_streaming) {
        i = vec_head(to, n);
        if (i > 0)
            STORE_MASKED(to, MASK_FOR(i), LOAD_MASKED(from, MASK_FOR(i), ZERO()));
    }
    for (; i + 4 * VL <= n; i += 4 * VL) {
        VEC v[4];
        UNROLL(4) for (int k = 0; k < 4; k++) v[k] = LOAD(from + i + k * VL);
        UNROLL(4) for (int k = 0; k < 4; k++)
        {
            if (is_streaming)
                STREAM(to + i + k * VL, v[k]);
            else
                STORE(to + i + k * VL, v[k]);
        }
    }
    for (; i + VL <= n; i += VL)
        STORE(to + i, LOAD(from + i));
    if (i < n)
        STORE_MASKED(to + i, MASK_FOR(n - i), LOAD_MASKED(from + i, MASK_FOR(n - i), ZERO()));
}

/* Short rows never stream: their ends would be half lines. */
INLINE void copy_row(float *to, const float *from, int64_t n, bool is_streaming)
{
    if (is_streaming && n >= 16 * VL)
        copy_vectors(to, from, n, true);
    else
        copy_vectors(to, from, n, false);
}

#endif
