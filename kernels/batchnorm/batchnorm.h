/* The batchnorm operator at inference: y = x * scale[channel] + shift[channel], f32.
 *
 * scale = gamma / sqrt(variance + epsilon) and shift = beta - mean * scale are folded beforehand (Ioffe and
 * Szegedy, arXiv:1502.03167, algorithm 2). Tensors: inputs x, scale [c], shift [c]; output y; nhwc [b,h,w,c] or
 * nchw [b,c,h,w]; dense. A size of 0 is legal and gives nothing. Special values as x * scale + shift gives
 * them. All tables are const; safe from any thread.
 */
#ifndef RIDGE_KERNELS_BATCHNORM_H
#define RIDGE_KERNELS_BATCHNORM_H

#include "abi/kernel.h"
#include "common/dense.h"

struct ridge_batchnorm_shape {
    int64_t batch, c, h, w;
    int32_t layout; /* enum ridge_dense_layout */
    int32_t dtype;  /* 0: f32 */
};

extern const struct ridge_operator ridge_batchnorm_operator;
const struct ridge_kernel *const *ridge_batchnorm_kernels(size_t *n_kernels); /* list.inc */

#endif
