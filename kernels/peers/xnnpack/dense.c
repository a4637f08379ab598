/* Memory-bound operators through XNNPACK: pooling in NHWC, softmax, ReLU, ReLU6, add and multiply. */
#include "eltwise/eltwise.h"
#include "peers/gemm_peer.h"
#include "peers/xnnpack/xnnpack.h"
#include "pool/pool.h"
#include "softmax/softmax.h"

#include <math.h>

static bool has_no_zero(const int64_t *sizes, size_t n, char *reason, size_t n_reason)
{
    for (size_t i = 0; i < n; i++)
        if (sizes[i] <= 0 || sizes[i] > INT_MAX)
            return ridge_peer_refuse(reason, n_reason, "XNNPACK is not asked for sizes of 0, or beyond 32 bits");
    return true;
}

/* ---- pool */
static bool pool_supports(const void *shape, int n_threads, char *reason, size_t n_reason)
{
    const struct ridge_pool_shape *s = shape;
    const struct ridge_pool_plan p = ridge_pool_plan_make(s);
    const bool is_padded = (s->pad_t | s->pad_b | s->pad_l | s->pad_r) != 0;
    (void)n_threads;
    if (s->layout != RIDGE_DENSE_NHWC)
        return ridge_peer_refuse(reason, n_reason, "XNNPACK's pooling takes layout=nhwc only");
    if (s->kind == RIDGE_POOL_GLOBAL_MAX)
        return ridge_peer_refuse(reason, n_reason, "XNNPACK has no global maximum");
    if (!p.is_global && s->kh * s->kw == 1)
        return ridge_peer_refuse(reason, n_reason, "XNNPACK has no pooling of 1x1");
    if (s->kind == RIDGE_POOL_AVERAGE && p.counts_pad && is_padded)
        return ridge_peer_refuse(reason, n_reason, "XNNPACK's mean leaves the padding out");
    return has_no_zero((const int64_t[]){s->batch, s->c, s->ih, s->iw, p.oh, p.ow}, 6, reason, n_reason);
}

static int pool_make(const struct xnnpack *lib, const struct ridge_pool_shape *s, const float *x, float *y,
                     xnn_handle *op)
{
    const size_t c = (size_t)s->c, batch = (size_t)s->batch, ih = (size_t)s->ih, iw = (size_t)s->iw;
    const uint32_t top = (uint32_t)s->pad_t, right = (uint32_t)s->pad_r, bottom = (uint32_t)s->pad_b;
    const uint32_t left = (uint32_t)s->pad_l, kh = (uint32_t)s->kh, kw = (uint32_t)s->kw;
    const uint32_t sh = (uint32_t)s->stride_h, sw = (uint32_t)s->stride_w;
    int rc;
    if (s->kind == RIDGE_POOL_GLOBAL_AVERAGE) {
        rc = lib->global_create(c, c, c, -INFINITY, INFINITY, 0, op);
        return rc != 0 ? rc : lib->global_setup(*op, batch, ih * iw, x, y, lib->pool);
    }
    if (s->kind == RIDGE_POOL_MAX) {
        rc = lib->max_pool_create(top, right, bottom, left, kh, kw, sh, sw, 1, 1, c, c, c, -INFINITY, INFINITY, 0, op);
        return rc != 0 ? rc : lib->max_pool_setup(*op, batch, ih, iw, x, y, lib->pool);
    }
    rc = lib->mean_pool_create(top, right, bottom, left, kh, kw, sh, sw, c, c, c, -INFINITY, INFINITY, 0, op);
    return rc != 0 ? rc : lib->mean_pool_setup(*op, batch, ih, iw, x, y, lib->pool);
}

static enum ridge_status pool_prepare(const struct ridge_kernel_args *args, struct ridge_kernel_prepared *out,
                                      struct ridge_error *err)
{
    const struct xnnpack *lib = args->library;
    const uint64_t before = ridge_xnn_allocated_bytes();
    xnn_handle op = NULL;
    const int rc = pool_make(lib, args->shape, args->in[0].data, args->out[0].data, &op);
    return ridge_xnn_finish(lib, rc, op, before, out, err);
}

/* ---- softmax */
static bool softmax_supports(const void *shape, int n_threads, char *reason, size_t n_reason)
{
    const struct ridge_softmax_shape *s = shape;
    (void)n_threads;
    return has_no_zero((const int64_t[]){s->rows, s->columns}, 2, reason, n_reason);
}

static enum ridge_status softmax_prepare(const struct ridge_kernel_args *args, struct ridge_kernel_prepared *out,
                                         struct ridge_error *err)
{
    const struct xnnpack *lib = args->library;
    const struct ridge_softmax_shape *s = args->shape;
    const uint64_t before = ridge_xnn_allocated_bytes();
    const size_t c = (size_t)s->columns;
    xnn_handle op = NULL;
    int rc = lib->softmax_create(c, c, c, 0, &op);
    if (rc == 0)
        rc = lib->softmax_setup(op, (size_t)s->rows, args->in[0].data, args->out[0].data, lib->pool);
    return ridge_xnn_finish(lib, rc, op, before, out, err);
}

/* ---- eltwise */
static bool eltwise_supports(const void *shape, int n_threads, char *reason, size_t n_reason)
{
    const struct ridge_eltwise_shape *s = shape;
    (void)n_threads;
    if (s->op != RIDGE_ELTWISE_RELU && s->op != RIDGE_ELTWISE_RELU6 && s->op != RIDGE_ELTWISE_ADD &&
        s->op != RIDGE_ELTWISE_MUL)
        return ridge_peer_refuse(reason, n_reason, "XNNPACK is asked for relu, relu6, add and mul only here");
    if (!has_no_zero((const int64_t[]){s->a0, s->a1, s->a2, s->a3}, 4, reason, n_reason))
        return false;
    return !ridge_eltwise_is_binary(s->op) ||
           has_no_zero((const int64_t[]){s->b0, s->b1, s->b2, s->b3}, 4, reason, n_reason);
}

static int eltwise_make(const struct ridge_kernel_args *args, xnn_handle *op)
{
    const struct xnnpack *lib = args->library;
    const struct ridge_eltwise_shape *s = args->shape;
    const size_t a[4] = {(size_t)s->a0, (size_t)s->a1, (size_t)s->a2, (size_t)s->a3};
    const size_t b[4] = {(size_t)s->b0, (size_t)s->b1, (size_t)s->b2, (size_t)s->b3};
    int rc;
    if (!ridge_eltwise_is_binary(s->op)) {
        rc = lib->clamp_create(1, 1, 1, 0.0f, s->op == RIDGE_ELTWISE_RELU6 ? 6.0f : INFINITY, 0, op);
        return rc != 0 ? rc : lib->clamp_setup(*op, a[0] * a[1] * a[2] * a[3], args->in[0].data, args->out[0].data,
                                               lib->pool);
    }
    const int i = s->op == RIDGE_ELTWISE_MUL;
    rc = lib->binary_create[i](-INFINITY, INFINITY, 0, op);
    return rc != 0 ? rc : lib->binary_setup[i](*op, 4, a, 4, b, args->in[0].data, args->in[1].data, args->out[0].data,
                                               lib->pool);
}

static enum ridge_status eltwise_prepare(const struct ridge_kernel_args *args, struct ridge_kernel_prepared *out,
                                         struct ridge_error *err)
{
    const uint64_t before = ridge_xnn_allocated_bytes();
    xnn_handle op = NULL;
    const int rc = eltwise_make(args, &op);
    return ridge_xnn_finish(args->library, rc, op, before, out, err);
}

#define DENSE_KERNEL(id, text, in_layout)                                                                       \
    const struct ridge_kernel ridge_xnn_##id = {                                                                \
        .op = #id, .name = text, .algorithm = "library", .dtype = "f32", .isa = "library", .layout = in_layout, \
        .supports = id##_supports, .prepare = id##_prepare, .release = ridge_xnn_release, .run = ridge_xnn_run}

DENSE_KERNEL(pool, "xnn_pooling2d_nhwc_f32", "nhwc");
DENSE_KERNEL(softmax, "xnn_softmax_nc_f32", "row");
DENSE_KERNEL(eltwise, "xnn_clamp_add_multiply_f32", "row");
