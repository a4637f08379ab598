/* The reorder operator: a batch of images from one layout to another, f32.
 *
 * nchw [b,c,h,w], nhwc [b,h,w,c], nchw16c [b,ceil(c/16),h,w,16]: channels beyond c are written as 0 and
 * never read. Tensors: input x in layout `from`, output y in layout `to`; dense. Bits are moved unchanged.
 * A size of 0 is legal and gives nothing. All tables are const; safe from any thread.
 */
#ifndef RIDGE_KERNELS_REORDER_H
#define RIDGE_KERNELS_REORDER_H

#include "abi/kernel.h"
#include "common/dense.h"

enum ridge_reorder_layout { RIDGE_REORDER_NCHW, RIDGE_REORDER_NHWC, RIDGE_REORDER_NCHW16C, RIDGE_REORDER_N };
enum { RIDGE_REORDER_BLOCK = 16 };

struct ridge_reorder_shape {
    int64_t batch, c, h, w;
    int32_t from, to; /* enum ridge_reorder_layout, different ones */
    int32_t dtype;    /* 0: f32 */
};

extern const struct ridge_operator ridge_reorder_operator;
const struct ridge_kernel *const *ridge_reorder_kernels(size_t *n_kernels); /* list.inc */

#endif
