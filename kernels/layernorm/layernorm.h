/* The layernorm operator: y[r,j] = (x[r,j] - mean_r) / sqrt(variance_r + epsilon) * gamma[j] + beta[j],
 * variance_r = mean of (x[r,.] - mean_r)^2; f32, over the last axis (ONNX LayerNormalization, axis -1;
 * Ba, Kiros and Hinton, arXiv:1607.06450).
 *
 * Tensors: inputs x [rows, columns], gamma [columns], beta [columns]; output y [rows, columns]; dense. A
 * size of 0 is legal and gives nothing. A NaN or an infinity in a row makes the whole row NaN.
 * All tables are const; safe from any thread.
 */
#ifndef RIDGE_KERNELS_LAYERNORM_H
#define RIDGE_KERNELS_LAYERNORM_H

#include "abi/kernel.h"
#include "common/dense.h"

struct ridge_layernorm_shape {
    int64_t rows, columns;
    double epsilon;
    int32_t dtype; /* 0: f32 */
};

extern const struct ridge_operator ridge_layernorm_operator;
const struct ridge_kernel *const *ridge_layernorm_kernels(size_t *n_kernels); /* list.inc */

#endif
