/* The concat operator: up to four f32 tensors one after the other along one axis (ONNX Concat).
 *
 * Input k is [outer, nk, inner], the output [outer, n0 + n1 + n2 + n3, inner]. An input with nk = 0 is absent: 0 bytes,
 * not touched. Tensors: inputs x0 to x3, output y, dense. Bits are moved unchanged. All tables are const;
 * safe from any thread.
 */
#ifndef RIDGE_KERNELS_CONCAT_H
#define RIDGE_KERNELS_CONCAT_H

#include "abi/kernel.h"
#include "common/dense.h"

enum { RIDGE_CONCAT_N_INPUTS = 4 };

struct ridge_concat_shape {
    int64_t outer, n0, n1, n2, n3, inner;
    int32_t dtype; /* 0: f32 */
};

/* n0 ... n3; returns their sum. */
static inline int64_t ridge_concat_sizes(const struct ridge_concat_shape *s,
                                         int64_t sizes[RIDGE_CONCAT_N_INPUTS])
{
    sizes[0] = s->n0;
    sizes[1] = s->n1;
    sizes[2] = s->n2;
    sizes[3] = s->n3;
    return s->n0 + s->n1 + s->n2 + s->n3;
}

extern const struct ridge_operator ridge_concat_operator;
const struct ridge_kernel *const *ridge_concat_kernels(size_t *n_kernels); /* list.inc */

#endif
