/* The convolution operators: `conv` (forward) and `conv_transpose`, f32.
 *
 * conv: y[b,o,yh,yw] = act(bias[o] + residual[b,o,yh,yw] + sum over i,r,s of
 *       x[b, g*ic/groups + i, yh*stride_h + r*dilation - pad_t, yw*stride_w + s*dilation - pad_l] * w[o,i,r,s])
 * oh = (ih + pad_t + pad_b - dilation*(kh-1) - 1) / stride_h + 1, ow likewise (ONNX Conv).
 *
 * Tensors: inputs x (activation), w (weight), bias, residual; output y. bias and residual have n_bytes = 0
 * and must not be touched where the shape does not ask for them. Layouts: nchw: x [b,c,h,w], w [o,i,r,s];
 * nhwc: x [b,h,w,c], w [r,s,i,o]; nchw16c: x [b,c/16,h,w,16], w [o,i,r,s] (channels padded up to 16, zero).
 * conv_transpose: y[b,o,xh*stride_h + r*dilation - pad_t, xw*stride_w + s*dilation - pad_l] += x[b,i,xh,xw] * w,
 * oh = (ih-1)*stride_h - pad_t - pad_b + dilation*(kh-1) + out_pad_h + 1; w [i,o,r,s], nhwc: w [r,s,i,o] (o per group).
 * flop = 2*batch*oc*oh*ow*(ic/groups)*kh*kw (padding counted, as the field does;
 * conv_transpose: ih*iw for oh*ow). A size of 0 is legal.
 * All tables are const; safe from any thread.
 */
#ifndef RIDGE_KERNELS_CONV_H
#define RIDGE_KERNELS_CONV_H

#include "abi/kernel.h"
#include "common/epilogue.h"

enum ridge_conv_layout { RIDGE_CONV_NCHW, RIDGE_CONV_NHWC, RIDGE_CONV_NCHW16C };
enum ridge_conv_weights { RIDGE_CONV_GIVEN, RIDGE_CONV_PREPACKED };
enum ridge_conv_tensor { RIDGE_CONV_X, RIDGE_CONV_W, RIDGE_CONV_BIAS, RIDGE_CONV_RESIDUAL, RIDGE_CONV_N_INPUTS };
enum ridge_conv_algorithm {
    RIDGE_CONV_AUTO,      /* the library's choice */
    RIDGE_CONV_WINDOW,    /* plain sliding window, loops in the order of the formula */
    RIDGE_CONV_DIRECT,    /* register-blocked, no workspace of the size of the input */
    RIDGE_CONV_IM2COL,    /* whole im2col matrix, then GEMM */
    RIDGE_CONV_IMPLICIT,  /* GEMM whose A block is gathered on the way; 1x1: plain GEMM */
    RIDGE_CONV_DEPTHWISE, /* groups = ic */
    RIDGE_CONV_WINOGRAD2, RIDGE_CONV_WINOGRAD4, RIDGE_CONV_WINOGRAD6, /* F(2x2,3x3), F(4x4,3x3), F(6x6,3x3) */
    RIDGE_CONV_FFT,
    RIDGE_CONV_N_ALGORITHMS
};
extern const char *const ridge_conv_algorithm_names[]; /* auto, window, direct, ..., winograd2, ..., fft */

struct ridge_conv_shape {
    int64_t batch, ic, ih, iw, oc, kh, kw, stride_h, stride_w, pad_t, pad_b, pad_l, pad_r, dilation, groups;
    int64_t out_pad_h, out_pad_w; /* conv_transpose only */
    int32_t dtype;                /* 0: f32 */
    int32_t layout, weights, algorithm, act; /* enums above */
    int32_t bias, residual;       /* bool */
};

struct ridge_conv_out { int64_t oh, ow; };
struct ridge_conv_out ridge_conv_out_size(const struct ridge_conv_shape *s); /* 0 where nothing fits */

extern const struct ridge_operator ridge_conv_operator, ridge_conv_transpose_operator;
const struct ridge_kernel *const *ridge_conv_kernels(size_t *n_kernels); /* list.inc */
enum ridge_status ridge_conv_check(const void *shape, const struct ridge_tensor *in, const struct ridge_tensor *out,
                                   uint64_t seed, const char *algorithm, struct ridge_check *result,
                                   struct ridge_error *err);

#endif
