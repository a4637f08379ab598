/* The transpose operator: y = x with its dimensions in another order, f32 (ONNX Transpose, rank 4).
 *
 * x is [d0,d1,d2,d3]; dimension i of y is dimension perm[i] of x. The default perm=0132 turns each of d0 x d1
 * matrices. Lower ranks leave their first sizes at 1. Tensors: input x, output y, dense. Bits are moved
 * unchanged (NaN payloads too). A size of 0 is legal and gives nothing. All tables are const; safe
 * from any thread.
 */
#ifndef RIDGE_KERNELS_TRANSPOSE_H
#define RIDGE_KERNELS_TRANSPOSE_H

#include "abi/kernel.h"
#include "common/dense.h"

enum { RIDGE_TRANSPOSE_RANK = 4, RIDGE_TRANSPOSE_N_PERMS = 24 };

struct ridge_transpose_shape {
    int64_t d0, d1, d2, d3;
    int32_t perm;  /* index into the 24 orders, lexicographic: 0 is 0123, 1 is 0132, ... 23 is 3210 */
    int32_t dtype; /* 0: f32 */
};

/* perm as digits: order[i] is the dimension of x that dimension i of y is. */
void ridge_transpose_order(int32_t perm, int order[RIDGE_TRANSPOSE_RANK]);

/* Sizes of 1 dropped, dimensions that stay neighbours merged: what is left, right-aligned, in the order of
 * y, with the distance of neighbours in x. dims[3] is the fastest in y. */
struct ridge_transpose_plan {
    int64_t dims[RIDGE_TRANSPOSE_RANK], from[RIDGE_TRANSPOSE_RANK], to[RIDGE_TRANSPOSE_RANK];
    int i_fast; /* the dimension with from = 1 */
};
struct ridge_transpose_plan ridge_transpose_plan_make(const struct ridge_transpose_shape *s);

extern const struct ridge_operator ridge_transpose_operator;
const struct ridge_kernel *const *ridge_transpose_kernels(size_t *n_kernels); /* list.inc */

#endif
