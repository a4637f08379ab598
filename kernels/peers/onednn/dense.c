/* Memory-bound operators through oneDNN: pooling, softmax, layernorm, and layouts through its reorder. */
#include "layernorm/layernorm.h"
#include "peers/onednn/dnnl.h"
#include "pool/pool.h"
#include "reorder/reorder.h"
#include "softmax/softmax.h"
#include "transpose/transpose.h"

enum { DENSE_MAX_MD = 4 };

/* One primitive without packed weights: its tensors, then what asks for it. */
struct dense {
    const struct dnnl *lib;
    const struct ridge_kernel_args *args;
    struct dnnl_set *set;
    struct dnnl_md md[DENSE_MAX_MD];
    dnnl_handle attr, desc;
    bool is_good;
};

static struct dense dense_begin(const struct ridge_kernel_args *args)
{
    struct dense d = {.lib = args->library, .args = args, .set = ridge_dnnl_set_new(args->host)};
    d.is_good = d.set != NULL && d.lib->attr_create(&d.attr) == 0 &&
                d.lib->attr_set_scratchpad_mode(d.attr, DNNL_SCRATCHPAD_USER) == 0;
    return d;
}

static void dense_plain(struct dense *d, int i, int n_dims, const int64_t *dims, const int64_t *strides)
{
    d->is_good = d->is_good && ridge_dnnl_md_plain(d->lib, &d->md[i], n_dims, dims, strides);
}

static const void *dense_md(const struct dense *d, int i)
{
    return ridge_dnnl_md(d->lib, &d->md[i]);
}

static dnnl_handle dense_memory(struct dense *d, int i, void *data)
{
    return ridge_dnnl_memory(d->lib, d->set, dense_md(d, i), data, NULL);
}

/* src is md 0, dst md 1; the caller adds further arguments to the step. NULL: no such primitive. */
static struct dnnl_step *dense_step(struct dense *d, struct ridge_kernel_prepared *out)
{
    if (!d->is_good || d->desc == NULL) {
        if (d->set != NULL)
            d->set->is_broken = true;
        return NULL;
    }
    (void)snprintf(out->note, sizeof out->note, "%s", ridge_dnnl_impl(d->lib, d->desc));
    struct dnnl_step *step = ridge_dnnl_step(d->lib, d->set, d->desc);
    d->desc = NULL;
    ridge_dnnl_step_arg(d->set, step, DNNL_ARG_SRC, dense_memory(d, 0, d->args->in[0].data));
    ridge_dnnl_step_arg(d->set, step, DNNL_ARG_DST, dense_memory(d, 1, d->args->out[0].data));
    return step;
}

static enum ridge_status dense_end(struct dense *d, const char *what, struct ridge_kernel_prepared *out,
                                   struct ridge_error *err)
{
    for (int i = 0; i < DENSE_MAX_MD; i++)
        ridge_dnnl_md_free(d->lib, &d->md[i]);
    if (d->attr != NULL)
        (void)d->lib->attr_destroy(d->attr);
    return ridge_dnnl_set_finish(d->args->library, d->set, what, out, err);
}

static bool has_no_zero(const int64_t *sizes, size_t n, char *reason, size_t n_reason)
{
    for (size_t i = 0; i < n; i++)
        if (sizes[i] <= 0) {
            (void)snprintf(reason, n_reason, "oneDNN is not asked for sizes of 0");
            return false;
        }
    return true;
}

/* ---- pool */
static bool pool_supports(const void *shape, int n_threads, char *reason, size_t n_reason)
{
    const struct ridge_pool_shape *s = shape;
    const struct ridge_pool_plan p = ridge_pool_plan_make(s);
    (void)n_threads;
    return has_no_zero((const int64_t[]){s->batch, s->c, s->ih, s->iw, p.oh, p.ow}, 6, reason, n_reason);
}

static enum ridge_status pool_prepare(const struct ridge_kernel_args *args, struct ridge_kernel_prepared *out,
                                      struct ridge_error *err)
{
    const struct ridge_pool_shape *s = args->shape;
    const struct ridge_pool_plan p = ridge_pool_plan_make(s);
    const int64_t c = s->c, x[4] = {s->batch, c, s->ih, s->iw}, y[4] = {s->batch, c, p.oh, p.ow};
    const int64_t strides[2] = {p.stride_h, p.stride_w}, kernel[2] = {p.kh, p.kw}, dilation[2] = {0, 0};
    const int64_t begin[2] = {p.pad_t, p.pad_l};
    const int64_t end[2] = {p.is_global ? 0 : s->pad_b, p.is_global ? 0 : s->pad_r};
    const int64_t nhwc_x[4] = {s->ih * s->iw * c, 1, s->iw * c, c}, nhwc_y[4] = {p.oh * p.ow * c, 1, p.ow * c, c};
    const int64_t nchw_x[4] = {c * s->ih * s->iw, s->ih * s->iw, s->iw, 1};
    const int64_t nchw_y[4] = {c * p.oh * p.ow, p.oh * p.ow, p.ow, 1};
    const bool is_nhwc = s->layout == RIDGE_DENSE_NHWC;
    const int algorithm = p.is_max ? 0x1ff : p.counts_pad ? 0x2ff : 0x3ff;
    struct dense d = dense_begin(args);
    dense_plain(&d, 0, 4, x, is_nhwc ? nhwc_x : nchw_x);
    dense_plain(&d, 1, 4, y, is_nhwc ? nhwc_y : nchw_y);
    _Alignas(16) unsigned char op[DNNL_OP_BYTES] = {0};
    if (d.is_good && d.lib->is_v3)
        d.is_good = d.lib->pooling_desc_create(&d.desc, d.lib->engine, DNNL_FORWARD_INFERENCE, algorithm,
                                               dense_md(&d, 0), dense_md(&d, 1), strides, kernel, dilation, begin, end,
                                               d.attr) == 0;
    else if (d.is_good && d.lib->pooling_init(op, DNNL_FORWARD_INFERENCE, algorithm, dense_md(&d, 0), dense_md(&d, 1),
                                              strides, kernel, begin, end) == 0)
        d.desc = ridge_dnnl_first_v2(d.lib, op, NULL, d.attr);
    (void)dense_step(&d, out);
    return dense_end(&d, "pooling", out, err);
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
    const struct ridge_softmax_shape *s = args->shape;
    const int64_t dims[2] = {s->rows, s->columns}, strides[2] = {s->columns, 1};
    struct dense d = dense_begin(args);
    dense_plain(&d, 0, 2, dims, strides);
    dense_plain(&d, 1, 2, dims, strides);
    _Alignas(16) unsigned char op[DNNL_OP_BYTES] = {0};
    if (d.is_good && d.lib->is_v3)
        d.is_good = d.lib->softmax_desc_create(&d.desc, d.lib->engine, DNNL_FORWARD_INFERENCE, 0x30000,
                                               dense_md(&d, 0), dense_md(&d, 1), 1, d.attr) == 0;
    else if (d.is_good && d.lib->softmax_init(op, DNNL_FORWARD_INFERENCE, dense_md(&d, 0), 1) == 0)
        d.desc = ridge_dnnl_first_v2(d.lib, op, NULL, d.attr);
    (void)dense_step(&d, out);
    return dense_end(&d, "softmax", out, err);
}

/* ---- layernorm */
static bool layernorm_supports(const void *shape, int n_threads, char *reason, size_t n_reason)
{
    const struct ridge_layernorm_shape *s = shape;
    (void)n_threads;
    return has_no_zero((const int64_t[]){s->rows, s->columns}, 2, reason, n_reason);
}

static enum ridge_status layernorm_prepare(const struct ridge_kernel_args *args, struct ridge_kernel_prepared *out,
                                           struct ridge_error *err)
{
    const struct ridge_layernorm_shape *s = args->shape;
    const int64_t dims[2] = {s->rows, s->columns}, strides[2] = {s->columns, 1}, vector[1] = {s->columns};
    struct dense d = dense_begin(args);
    dense_plain(&d, 0, 2, dims, strides);
    dense_plain(&d, 1, 2, dims, strides);
    dense_plain(&d, 2, 1, vector, &strides[1]);
    dense_plain(&d, 3, 1, &dims[0], &strides[1]); /* mean and variance, which stay inside */
    _Alignas(16) unsigned char op[DNNL_OP_BYTES] = {0};
    if (d.is_good && d.lib->is_v3)
        d.is_good = d.lib->layernorm_desc_create(&d.desc, d.lib->engine, DNNL_FORWARD_INFERENCE, dense_md(&d, 0),
                                                 dense_md(&d, 1), dense_md(&d, 3), (float)s->epsilon, 0x2 | 0x4,
                                                 d.attr) == 0;
    else if (d.is_good && d.lib->layernorm_init(op, DNNL_FORWARD_INFERENCE, dense_md(&d, 0), dense_md(&d, 3),
                                                (float)s->epsilon, 0x8 | 0x10) == 0)
        d.desc = ridge_dnnl_first_v2(d.lib, op, NULL, d.attr);
    struct dnnl_step *step = dense_step(&d, out);
    if (step != NULL) {
        ridge_dnnl_step_arg(d.set, step, DNNL_ARG_SCALE, dense_memory(&d, 2, args->in[1].data));
        ridge_dnnl_step_arg(d.set, step, DNNL_ARG_SHIFT, dense_memory(&d, 2, args->in[2].data));
    }
    return dense_end(&d, "layer normalisation", out, err);
}

/* ---- layouts: the reorder primitive */
static enum ridge_status reorder_end(struct dense *d, struct ridge_kernel_prepared *out, struct ridge_error *err)
{
    if (d->is_good && d->lib->reorder_desc_create(&d->desc, dense_md(d, 0), d->lib->engine, dense_md(d, 1),
                                                  d->lib->engine, d->attr) != 0)
        d->desc = NULL;
    (void)dense_step(d, out);
    return dense_end(d, "reorder", out, err);
}

static bool reorder_supports(const void *shape, int n_threads, char *reason, size_t n_reason)
{
    const struct ridge_reorder_shape *s = shape;
    (void)n_threads;
    return has_no_zero((const int64_t[]){s->batch, s->c, s->h, s->w}, 4, reason, n_reason);
}

static enum ridge_status reorder_prepare(const struct ridge_kernel_args *args, struct ridge_kernel_prepared *out,
                                         struct ridge_error *err)
{
    const struct ridge_reorder_shape *s = args->shape;
    const int64_t dims[4] = {s->batch, s->c, s->h, s->w}, n_pixels = s->h * s->w;
    const int64_t strides[2][4] = {{s->c * n_pixels, n_pixels, s->w, 1}, {n_pixels * s->c, 1, s->w * s->c, s->c}};
    const int32_t layouts[2] = {s->from, s->to};
    struct dense d = dense_begin(args);
    for (int i = 0; i < 2; i++) {
        if (layouts[i] == RIDGE_REORDER_NCHW16C)
            d.is_good = d.is_good && ridge_dnnl_md_tag(d.lib, &d.md[i], 4, dims, d.lib->tag_nchw16c);
        else
            dense_plain(&d, i, 4, dims, strides[layouts[i] == RIDGE_REORDER_NHWC]);
    }
    return reorder_end(&d, out, err);
}

static bool transpose_supports(const void *shape, int n_threads, char *reason, size_t n_reason)
{
    const struct ridge_transpose_shape *s = shape;
    (void)n_threads;
    return has_no_zero((const int64_t[]){s->d0, s->d1, s->d2, s->d3}, 4, reason, n_reason);
}

static enum ridge_status transpose_prepare(const struct ridge_kernel_args *args, struct ridge_kernel_prepared *out,
                                           struct ridge_error *err)
{
    const struct ridge_transpose_shape *s = args->shape;
    const int64_t dims[4] = {s->d0, s->d1, s->d2, s->d3};
    const int64_t from[4] = {s->d1 * s->d2 * s->d3, s->d2 * s->d3, s->d3, 1};
    int64_t to[4], step = 1;
    int order[RIDGE_TRANSPOSE_RANK];
    ridge_transpose_order(s->perm, order);
    for (int i = RIDGE_TRANSPOSE_RANK - 1; i >= 0; i--) {
        to[order[i]] = step;
        step *= dims[order[i]];
    }
    struct dense d = dense_begin(args);
    dense_plain(&d, 0, 4, dims, from);
    dense_plain(&d, 1, 4, dims, to);
    return reorder_end(&d, out, err);
}

#define DENSE_KERNEL(id, text)                                                                                  \
    static const struct ridge_kernel id##_kernel = {                                                            \
        .op = #id, .name = text, .algorithm = "library", .dtype = "f32", .isa = "library", .layout = "any",     \
        .supports = id##_supports, .prepare = id##_prepare, .release = ridge_dnnl_set_free,                     \
        .run = ridge_dnnl_set_run}

DENSE_KERNEL(pool, "dnnl_pooling");
DENSE_KERNEL(softmax, "dnnl_softmax");
DENSE_KERNEL(layernorm, "dnnl_layer_normalization");
DENSE_KERNEL(reorder, "dnnl_reorder");
DENSE_KERNEL(transpose, "dnnl_reorder");

const struct ridge_kernel *const *ridge_onednn_dense_kernels(size_t *n)
{
    static const struct ridge_kernel *const all[] = {&pool_kernel, &softmax_kernel, &layernorm_kernel, &reorder_kernel,
                                                     &transpose_kernel};
    *n = sizeof all / sizeof all[0];
    return all;
}
