/* The reduce operator: sum, mean or maximum over one axis, f32 (ONNX ReduceSum, ReduceMean, ReduceMax).
 *
 * x is [outer, n, inner], y is [outer, inner]: y[o,i] over x[o,.,i]. inner = 1 is the last axis. Tensors: input x,
 * output y, dense. Nothing to reduce (n = 0) gives the sum 0, the mean NaN, the maximum -Inf. NaN: the
 * result is NaN where one is among the elements (also the maximum: IEEE 754-2019 maximum; of +0 and -0
 * either). All tables are const; safe from any thread.
 */
#ifndef RIDGE_KERNELS_REDUCE_H
#define RIDGE_KERNELS_REDUCE_H

#include "abi/kernel.h"
#include "common/dense.h"

enum ridge_reduce_kind { RIDGE_REDUCE_SUM, RIDGE_REDUCE_MEAN, RIDGE_REDUCE_MAX };

struct ridge_reduce_shape {
    int64_t outer, n, inner;
    int32_t kind;  /* enum ridge_reduce_kind */
    int32_t dtype; /* 0: f32 */
};

extern const struct ridge_operator ridge_reduce_operator;
const struct ridge_kernel *const *ridge_reduce_kernels(size_t *n_kernels); /* list.inc */

#endif
