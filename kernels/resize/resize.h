/* The resize operator: images to another height and width, f32.
 *
 * nearest: y[oy,ox] = x[floor(oy * ih / oh), floor(ox * iw / ow)] (ONNX Resize: asymmetric, floor).
 * bilinear: source row (oy + 1/2) * ih / oh - 1/2, clamped to the image (ONNX: half_pixel, linear); with r its
 * whole part, f the rest and r' = min(r + 1, ih - 1), the same for columns:
 * y = (1 - fy) * ((1 - fx) x[r,c] + fx x[r,c']) + fy * ((1 - fx) x[r',c] + fx x[r',c']).
 * Tensors: input x, output y; nhwc [b,h,w,c] or nchw [b,c,h,w]; dense. A size of 0 is legal; an output that is
 * not empty needs an image. Special values as the formula gives them (0 * Inf is NaN). All tables are
 * const; safe from any thread.
 */
#ifndef RIDGE_KERNELS_RESIZE_H
#define RIDGE_KERNELS_RESIZE_H

#include "abi/kernel.h"
#include "common/dense.h"

enum ridge_resize_mode { RIDGE_RESIZE_NEAREST, RIDGE_RESIZE_BILINEAR };

struct ridge_resize_shape {
    int64_t batch, c, ih, iw, oh, ow;
    int32_t mode;   /* enum ridge_resize_mode */
    int32_t layout; /* enum ridge_dense_layout */
    int32_t dtype;  /* 0: f32 */
};

/* Where row or column o of n_out comes from: lines near and far with their weights. */
struct ridge_resize_source {
    int64_t near_line, far_line;
    float near_weight, far_weight;
};
struct ridge_resize_source ridge_resize_source_of(int32_t mode, int64_t o, int64_t n_in, int64_t n_out);

extern const struct ridge_operator ridge_resize_operator;
const struct ridge_kernel *const *ridge_resize_kernels(size_t *n_kernels); /* list.inc */

/* list.inc */
bool ridge_resize_takes_nhwc(const void *shape, char *reason, size_t n_reason);
bool ridge_resize_takes_nchw(const void *shape, char *reason, size_t n_reason);
size_t ridge_resize_nhwc_scratch_bytes(const void *shape, int n_threads);
size_t ridge_resize_nchw_scratch_bytes(const void *shape, int n_threads);

/* Scratch of nchw: near and far columns (int32_t), near and far weights, ridge_resize_columns() each; then a
 * blended line of ridge_resize_line() elements for each thread. Whole cache lines. */
static inline int64_t ridge_resize_columns(const struct ridge_resize_shape *s)
{
    return (s->ow + 15) / 16 * 16;
}
static inline int64_t ridge_resize_line(const struct ridge_resize_shape *s)
{
    return (s->iw + 15) / 16 * 16;
}

#endif
