/* The softmax operator: y[r,j] = e^(x[r,j] - m_r) / sum over k of e^(x[r,k] - m_r), m_r the largest
 * of row r; f32, over the last axis (ONNX Softmax, axis -1, flattened to rows x columns).
 *
 * Tensors: input x, output y, dense [rows, columns]. A size of 0 is legal and gives nothing.
 * Special values as the formula gives them: a NaN or +Inf in a row makes the whole row NaN, so does a
 * row of -Inf only; -Inf beside finite values gives 0. All tables are const; safe from any thread.
 */
#ifndef RIDGE_KERNELS_SOFTMAX_H
#define RIDGE_KERNELS_SOFTMAX_H

#include "abi/kernel.h"
#include "common/dense.h"

struct ridge_softmax_shape {
    int64_t rows, columns;
    int32_t dtype; /* 0: f32 */
};

extern const struct ridge_operator ridge_softmax_operator;
const struct ridge_kernel *const *ridge_softmax_kernels(size_t *n_kernels); /* list.inc */

#endif
