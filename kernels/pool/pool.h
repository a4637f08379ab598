/* The pool operator: windows of a batch of images, each to its maximum or its mean, f32.
 *
 * y[b,c,oy,ox] = the maximum or the mean of x over rows oy * stride_h - pad_t + [0, kh) and columns
 * ox * stride_w - pad_l + [0, kw) that lie in the image (ONNX MaxPool and AveragePool, ceil_mode 0);
 * the mean divides by the elements in the image, or by kh * kw with count_include_pad. The global
 * kinds take the whole image and ignore window, stride and padding. oh = (ih + pad_t + pad_b - kh)
 * / stride_h + 1, 0 where the window does not fit or the image is empty. A pad is smaller than its
 * window, so every window sees the image.
 *
 * Tensors: input x, output y; dense, nhwc [b,h,w,c] or nchw [b,c,h,w]. NaN: the maximum is NaN where
 * the window holds one (IEEE 754-2019 maximum); of +0 and -0 either. All tables are const.
 */
#ifndef RIDGE_KERNELS_POOL_H
#define RIDGE_KERNELS_POOL_H

#include "abi/kernel.h"
#include "common/dense.h"

enum ridge_pool_kind { RIDGE_POOL_MAX, RIDGE_POOL_AVERAGE, RIDGE_POOL_GLOBAL_MAX, RIDGE_POOL_GLOBAL_AVERAGE };

struct ridge_pool_shape {
    int64_t batch, c, ih, iw, kh, kw, stride_h, stride_w, pad_t, pad_b, pad_l, pad_r;
    int32_t kind;              /* enum ridge_pool_kind */
    int32_t count_include_pad; /* bool */
    int32_t layout;            /* enum ridge_dense_layout */
    int32_t dtype;             /* 0: f32 */
};

/* What the kernels and the reference walk: the global kinds became a window of the whole image. */
struct ridge_pool_plan {
    int64_t oh, ow, kh, kw, stride_h, stride_w, pad_t, pad_l;
    bool is_max, is_global, counts_pad;
};
struct ridge_pool_plan ridge_pool_plan_make(const struct ridge_pool_shape *s);

extern const struct ridge_operator ridge_pool_operator;
const struct ridge_kernel *const *ridge_pool_kernels(size_t *n_kernels); /* list.inc */
enum ridge_status ridge_pool_check(const void *shape, const struct ridge_tensor *in,
                                   const struct ridge_tensor *out, uint64_t seed,
                                   const char *algorithm, struct ridge_check *result,
                                   struct ridge_error *err);

/* list.inc: which shapes a kernel takes, and its scratch. */
bool ridge_pool_takes_nhwc(const void *shape, char *reason, size_t n_reason);
bool ridge_pool_takes_nchw(const void *shape, char *reason, size_t n_reason);
size_t ridge_pool_nchw_scratch_bytes(const void *shape, int n_threads);

#endif
