/* What every convolution kernel needs: where an element lies, and whether it is asked for. Pure. */
#ifndef RIDGE_KERNELS_CONV_SUPPORT_H
#define RIDGE_KERNELS_CONV_SUPPORT_H

#include "conv/conv.h"

/* Bits of the layouts that a kernel takes. */
enum {
    RIDGE_CONV_IN_NCHW = 1 << RIDGE_CONV_NCHW,
    RIDGE_CONV_IN_NHWC = 1 << RIDGE_CONV_NHWC,
    RIDGE_CONV_IN_NCHW16C = 1 << RIDGE_CONV_NCHW16C
};

/* True when the CPU has `isa`, the shape names `algorithm` or auto, and its layout is among the bits;
 * else `reason` says why not. A kernel's supports() asks this first. */
bool ridge_conv_asks_for(const struct ridge_conv_shape *s, enum ridge_conv_algorithm algorithm,
                         int layouts, const char *isa, char *reason, size_t n_reason);

/* Channels as stored: nchw16c pads them up to 16. */
static inline int64_t ridge_conv_stored_channels(const struct ridge_conv_shape *s, int64_t n_channels)
{
    return s->layout == RIDGE_CONV_NCHW16C ? (n_channels + 15) / 16 * 16 : n_channels;
}

/* Index of element [b, c, h, w] of a tensor of n_channels x height x width. */
static inline int64_t ridge_conv_index(const struct ridge_conv_shape *s, int64_t n_channels,
                                       int64_t height, int64_t width, int64_t b, int64_t c, int64_t h,
                                       int64_t w)
{
    if (s->layout == RIDGE_CONV_NCHW)
        return ((b * n_channels + c) * height + h) * width + w;
    if (s->layout == RIDGE_CONV_NHWC)
        return ((b * height + h) * width + w) * n_channels + c;
    const int64_t n_blocks = (n_channels + 15) / 16;
    return (((b * n_blocks + c / 16) * height + h) * width + w) * 16 + c % 16;
}

/* conv: i counts inside the group. [o,i,r,s], or [r,s,i,o] for nhwc. */
static inline int64_t ridge_conv_weight_index(const struct ridge_conv_shape *s, int64_t o, int64_t i,
                                              int64_t r, int64_t q)
{
    const int64_t icg = s->ic / s->groups;
    if (s->layout == RIDGE_CONV_NHWC)
        return ((r * s->kw + q) * icg + i) * s->oc + o;
    return ((o * icg + i) * s->kh + r) * s->kw + q;
}

/* conv_transpose: o counts inside the group. [i,o,r,s], or [r,s,i,o] for nhwc. */
static inline int64_t ridge_conv_transpose_weight_index(const struct ridge_conv_shape *s, int64_t o,
                                                        int64_t i, int64_t r, int64_t q)
{
    const int64_t ocg = s->oc / s->groups;
    if (s->layout == RIDGE_CONV_NHWC)
        return ((r * s->kw + q) * s->ic + i) * ocg + o;
    return ((i * ocg + o) * s->kh + r) * s->kw + q;
}

/* Output rows or columns of conv_transpose. */
struct ridge_conv_out ridge_conv_transpose_out_size(const struct ridge_conv_shape *s);

static inline bool ridge_conv_is_pointwise(const struct ridge_conv_shape *s)
{
    return s->kh == 1 && s->kw == 1 && s->stride_h == 1 && s->stride_w == 1 &&
           (s->pad_t | s->pad_b | s->pad_l | s->pad_r) == 0;
}

#endif
