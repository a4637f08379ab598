/* gemm and conv through XNNPACK: fully connected, NHWC convolution (indirect GEMM, depthwise). */
#include "peers/conv_peer.h"
#include "peers/gemm_peer.h"
#include "peers/xnnpack/xnnpack.h"

#include <math.h>
#include <stdlib.h>

/* ---- gemm */
static bool fc_supports(const void *shape, int n_threads, char *reason, size_t n_reason)
{
    const struct ridge_gemm_shape *s = shape;
    (void)n_threads;
    if (s->weights != RIDGE_GEMM_PREPACKED)
        return ridge_peer_refuse(reason, n_reason, "XNNPACK packs weights when its operator is made: it answers "
                                                   "weights=prepacked, not weights=given");
    if (s->m == 0 || s->n == 0 || s->k == 0)
        return ridge_peer_refuse(reason, n_reason, "XNNPACK is not asked for sizes of 0");
    return ridge_peer_is_plain_gemm(s, "XNNPACK", reason, n_reason);
}

static enum ridge_status fc_prepare(const struct ridge_kernel_args *args, struct ridge_kernel_prepared *out,
                                    struct ridge_error *err)
{
    struct xnnpack *lib = args->library;
    const struct ridge_gemm_shape *s = args->shape;
    const size_t m = (size_t)s->m, n = (size_t)s->n, k = (size_t)s->k;
    const uint64_t before = ridge_xnn_allocated_bytes();
    xnn_handle op = NULL;
    int rc = lib->fc_create(k, n, k, n, args->in[1].data, NULL, -INFINITY, INFINITY, XNN_TRANSPOSE_WEIGHTS, &op);
    if (rc == 0)
        rc = lib->fc_setup(op, m, args->in[0].data, args->out[0].data, lib->pool);
    return ridge_xnn_finish(lib, rc, op, before, out, err);
}

const struct ridge_kernel ridge_xnn_fully_connected = {
    .op = "gemm", .name = "xnn_fully_connected_nc_f32", .algorithm = "packed", .dtype = "f32", .isa = "library",
    .layout = "row", .supports = fc_supports, .prepare = fc_prepare, .release = ridge_xnn_release, .run = ridge_xnn_run,
};

/* ---- conv */
static bool conv_supports(const void *shape, int n_threads, char *reason, size_t n_reason)
{
    const struct ridge_conv_shape *s = shape;
    (void)n_threads;
    const bool is_depthwise = s->groups == s->ic && s->groups > 1;
    const int32_t own = is_depthwise ? RIDGE_CONV_DEPTHWISE : RIDGE_CONV_IMPLICIT;
    if (s->layout != RIDGE_CONV_NHWC)
        return ridge_peer_refuse(reason, n_reason, "XNNPACK's convolution takes layout=nhwc only");
    if (s->weights != RIDGE_CONV_PREPACKED)
        return ridge_peer_refuse(reason, n_reason, "XNNPACK packs weights when its operator is made: it answers "
                                                   "weights=prepacked, not weights=given");
    if (s->algorithm != RIDGE_CONV_AUTO && s->algorithm != own)
        return ridge_peer_refuse(reason, n_reason, is_depthwise ? "XNNPACK has algorithm=depthwise for this shape"
                                                                : "XNNPACK has algorithm=implicit (an indirect GEMM) "
                                                                  "for this shape");
    if (s->residual || s->act > RIDGE_ACT_RELU6)
        return ridge_peer_refuse(reason, n_reason, "XNNPACK's convolution fuses bias, ReLU and ReLU6 only");
    return ridge_peer_is_plain_conv(s, "XNNPACK", reason, n_reason);
}

/* [r,s,i,o] -> [o,r,s,i], as the library wants the weights of anything but a depthwise convolution. */
static float *weights_ohwi(const struct ridge_conv_shape *s, const float *w)
{
    const size_t n_rest = (size_t)(s->kh * s->kw * (s->ic / s->groups)), n_out = (size_t)s->oc;
    float *to = malloc(n_rest * n_out * sizeof *to);
    for (size_t o = 0; to != NULL && o < n_out; o++)
        for (size_t i = 0; i < n_rest; i++)
            to[o * n_rest + i] = w[i * n_out + o];
    return to;
}

static enum ridge_status conv_prepare(const struct ridge_kernel_args *args, struct ridge_kernel_prepared *out,
                                      struct ridge_error *err)
{
    struct xnnpack *lib = args->library;
    const struct ridge_conv_shape *s = args->shape;
    const bool is_depthwise = s->groups == s->ic && s->groups > 1;
    const float low = s->act == RIDGE_ACT_NONE ? -INFINITY : 0.0f, high = s->act == RIDGE_ACT_RELU6 ? 6.0f : INFINITY;
    const float *given = args->in[RIDGE_CONV_W].data;
    float *turned = is_depthwise ? NULL : weights_ohwi(s, given);
    if (!is_depthwise && turned == NULL)
        return ridge_fail(err, RIDGE_ERR_NOMEM, "xnnpack", "no memory to turn the weights");
    const uint64_t before = ridge_xnn_allocated_bytes();
    xnn_handle op = NULL;
    int rc = lib->conv_create((uint32_t)s->pad_t, (uint32_t)s->pad_r, (uint32_t)s->pad_b, (uint32_t)s->pad_l,
                              (uint32_t)s->kh, (uint32_t)s->kw, (uint32_t)s->stride_h, (uint32_t)s->stride_w,
                              (uint32_t)s->dilation, (uint32_t)s->dilation, (uint32_t)s->groups,
                              (size_t)(s->ic / s->groups), (size_t)(s->oc / s->groups), (size_t)s->ic, (size_t)s->oc,
                              is_depthwise ? given : turned, s->bias ? args->in[RIDGE_CONV_BIAS].data : NULL, low, high,
                              is_depthwise ? XNN_DEPTHWISE : 0, &op);
    free(turned);
    if (rc == 0)
        rc = lib->conv_setup(op, (size_t)s->batch, (size_t)s->ih, (size_t)s->iw, args->in[RIDGE_CONV_X].data,
                             args->out[0].data, lib->pool);
    out->algorithm = is_depthwise ? "depthwise" : "implicit";
    return ridge_xnn_finish(lib, rc, op, before, out, err);
}

const struct ridge_kernel ridge_xnn_convolution = {
    .op = "conv", .name = "xnn_convolution2d_nhwc_f32", .algorithm = "implicit", .dtype = "f32", .isa = "library",
    .layout = "nhwc", .supports = conv_supports, .prepare = conv_prepare, .release = ridge_xnn_release, .run = ridge_xnn_run,
};
