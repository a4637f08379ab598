/* conv_transpose by a matrix product and col2im, and as a plain window.
 *
 * Product: nhwc: parts[pixels of x, (r,q,o)] = x[pixels, i] * w[(r,q)][i, o], one product per tap; nchw:
 * parts[(o,r,q), pixels of x] = w[i, (o,r,q)]^T * x[i, pixels]. col2im then gathers, for every output, the
 * parts that fall on it: no two threads add to one place, and the order of a sum is fixed. An image and
 * a group at a time. */
#include "common/split.h"
#include "common/cpu.h"
#include "common/sgemm/sgemm.h"
#include "common/size.h"
#include "conv/support.h"
#include <string.h>

struct plan {
    const struct ridge_conv_shape *s;
    const struct ridge_sgemm_engine *engine;
    struct ridge_conv_out out;
    int64_t icg, ocg, n_taps, n_pixels;
    bool is_nhwc, is_prepacked;
    size_t parts_bytes, packed_tap_bytes;
};

static void plan_make(struct plan *p, const char *isa, const struct ridge_conv_shape *s)
{
    *p = (struct plan){.s = s, .engine = ridge_sgemm_engine(isa), .out = ridge_conv_transpose_out_size(s),
                       .icg = s->ic / s->groups, .ocg = s->oc / s->groups, .n_taps = s->kh * s->kw,
                       .n_pixels = s->ih * s->iw, .is_nhwc = s->layout == RIDGE_CONV_NHWC,
                       .is_prepacked = s->weights == RIDGE_CONV_PREPACKED};
    p->parts_bytes = ridge_kernels_size_round_up(
        sizeof(float) * (size_t)p->n_pixels * (size_t)p->n_taps * (size_t)p->ocg, 64);
    p->packed_tap_bytes =
        p->is_nhwc ? ridge_kernels_size_round_up(ridge_sgemm_packed_b_bytes(p->engine, p->ocg, p->icg), 64)
                   : sizeof(float) * (size_t)(p->icg * p->ocg);
}

static struct ridge_sgemm nhwc_product(const struct plan *p, const struct ridge_kernel_args *args,
                                       int64_t image, int64_t g, int64_t t)
{
    const struct ridge_conv_shape *s = p->s;
    const float *x = args->in[RIDGE_CONV_X].data, *w = args->in[RIDGE_CONV_W].data;
    return (struct ridge_sgemm){
        .m = p->n_pixels, .n = p->ocg, .k = p->icg,
        .a = x + image * p->n_pixels * s->ic + g * p->icg,
        .lda = s->ic,
        .b = p->is_prepacked ? NULL : w + (t * s->ic + g * p->icg) * p->ocg,
        .ldb = p->ocg,
        .c = (float *)args->scratch + t * p->ocg,
        .ldc = p->n_taps * p->ocg,
        .alpha = 1.0f,
        .packed_b = p->is_prepacked
                        ? (const char *)args->packed + (size_t)(g * p->n_taps + t) * p->packed_tap_bytes
                        : NULL};
}

static struct ridge_sgemm nchw_product(const struct plan *p, const struct ridge_kernel_args *args,
                                       int64_t image, int64_t g)
{
    const float *w = p->is_prepacked ? args->packed : args->in[RIDGE_CONV_W].data;
    const float *x = args->in[RIDGE_CONV_X].data;
    const int64_t m = p->ocg * p->n_taps;
    return (struct ridge_sgemm){.m = m, .n = p->n_pixels, .k = p->icg,
                                .a = w + g * p->icg * m,
                                .lda = m,
                                .is_a_transposed = true,
                                .b = x + (image * p->s->ic + g * p->icg) * p->n_pixels,
                                .ldb = p->n_pixels,
                                .c = args->scratch,
                                .ldc = p->n_pixels,
                                .alpha = 1.0f};
}

/* ---- col2im and the window: both gather, output by output ------------------------------------ */

struct job {
    const struct plan *p;
    const struct ridge_kernel_args *args;
    int64_t image, group;
};

static bool source(int64_t at, int64_t t, int64_t stride, int64_t dilation, int64_t pad, int64_t n_in,
                   int64_t *from)
{
    const int64_t shift = at + pad - t * dilation;
    *from = shift / stride;
    return shift >= 0 && shift % stride == 0 && *from < n_in;
}

static float finished(const struct job *j, int64_t o, int64_t i_y, float sum)
{
    const struct ridge_conv_shape *s = j->p->s;
    const float *bias = j->args->in[RIDGE_CONV_BIAS].data, *residual = j->args->in[RIDGE_CONV_RESIDUAL].data;
    if (s->bias != 0)
        sum += bias[o];
    if (s->residual != 0)
        sum += residual[i_y];
    return ridge_act_f32(s->act, sum);
}

/* One pixel of all channels of the group: their parts lie side by side. */
static void gather_nhwc(const struct job *j, int64_t h, int64_t w)
{
    const struct plan *p = j->p;
    const struct ridge_conv_shape *s = p->s;
    const float *parts = j->args->scratch;
    const int64_t o0 = j->group * p->ocg, i_y = ((j->image * p->out.oh + h) * p->out.ow + w) * s->oc + o0;
    float *y = (float *)j->args->out[0].data + i_y;
    int64_t xh, xw;
    memset(y, 0, sizeof *y * (size_t)p->ocg);
    for (int64_t t = 0; t < p->n_taps; t++) {
        if (!source(h, t / s->kw, s->stride_h, s->dilation, s->pad_t, s->ih, &xh) ||
            !source(w, t % s->kw, s->stride_w, s->dilation, s->pad_l, s->iw, &xw))
            continue;
        const float *part = parts + ((xh * s->iw + xw) * p->n_taps + t) * p->ocg;
        for (int64_t o = 0; o < p->ocg; o++)
            y[o] += part[o];
    }
    for (int64_t o = 0; o < p->ocg; o++)
        y[o] = finished(j, o0 + o, i_y + o, y[o]);
}

static void gather_nchw(const struct job *j, int64_t o, int64_t h, int64_t w)
{
    const struct plan *p = j->p;
    const struct ridge_conv_shape *s = p->s;
    const float *parts = (const float *)j->args->scratch + o * p->n_taps * p->n_pixels;
    const int64_t o_all = j->group * p->ocg + o,
                  i_y = ((j->image * s->oc + o_all) * p->out.oh + h) * p->out.ow + w;
    float sum = 0;
    int64_t xh, xw;
    for (int64_t t = 0; t < p->n_taps; t++)
        if (source(h, t / s->kw, s->stride_h, s->dilation, s->pad_t, s->ih, &xh) &&
            source(w, t % s->kw, s->stride_w, s->dilation, s->pad_l, s->iw, &xw))
            sum += parts[t * p->n_pixels + xh * s->iw + xw];
    ((float *)j->args->out[0].data)[i_y] = finished(j, o_all, i_y, sum);
}

/* Task: an output row, in nchw of one channel. */
static void col2im_row(void *ctx, size_t i_task, int i_thread)
{
    const struct job *j = ctx;
    const int64_t oh = j->p->out.oh, h = (int64_t)i_task % oh, o = (int64_t)i_task / oh;
    (void)i_thread;
    for (int64_t w = 0; w < j->p->out.ow; w++) {
        if (j->p->is_nhwc)
            gather_nhwc(j, h, w);
        else
            gather_nchw(j, o, h, w);
    }
}

/* Task: an output row of one channel of one image, by the formula. */
static void window_row(void *ctx, size_t i_task, int i_thread)
{
    const struct job *j = ctx;
    const struct ridge_conv_shape *s = j->p->s;
    const struct ridge_conv_out out = j->p->out;
    const int64_t h = (int64_t)i_task % out.oh, o = (int64_t)i_task / out.oh % s->oc,
                  b = (int64_t)i_task / out.oh / s->oc, first = o / j->p->ocg * j->p->icg;
    const float *x = j->args->in[RIDGE_CONV_X].data, *weights = j->args->in[RIDGE_CONV_W].data;
    int64_t xh, xw;
    (void)i_thread;
    for (int64_t w = 0; w < out.ow; w++) {
        float sum = 0;
        for (int64_t t = 0; t < j->p->n_taps; t++) {
            if (!source(h, t / s->kw, s->stride_h, s->dilation, s->pad_t, s->ih, &xh) ||
                !source(w, t % s->kw, s->stride_w, s->dilation, s->pad_l, s->iw, &xw))
                continue;
            for (int64_t i = first; i < first + j->p->icg; i++)
                sum += x[ridge_conv_index(s, s->ic, s->ih, s->iw, b, i, xh, xw)] *
                       weights[ridge_conv_transpose_weight_index(s, o % j->p->ocg, i, t / s->kw, t % s->kw)];
        }
        const int64_t i_y = ridge_conv_index(s, s->oc, out.oh, out.ow, b, o, h, w);
        ((float *)j->args->out[0].data)[i_y] = finished(j, o, i_y, sum);
    }
}

/* ---- kernels ------------------------------------------------------------------------------- */

static void multiply(const struct plan *p, const struct ridge_kernel_args *args, int64_t image, int64_t g)
{
    char *scratch = (char *)args->scratch + p->parts_bytes;
    if (!p->is_nhwc) {
        const struct ridge_sgemm product = nchw_product(p, args, image, g);
        ridge_sgemm_run(p->engine, &product, args->host, scratch);
        return;
    }
    for (int64_t t = 0; t < p->n_taps; t++) {
        const struct ridge_sgemm product = nhwc_product(p, args, image, g, t);
        ridge_sgemm_run(p->engine, &product, args->host, scratch);
    }
}

static enum ridge_status run_product(const char *isa, const struct ridge_kernel_args *args)
{
    struct plan p;
    plan_make(&p, isa, args->shape);
    if (p.out.oh == 0 || p.out.ow == 0 || p.s->oc == 0)
        return RIDGE_OK;
    struct job job = {.p = &p, .args = args};
    for (job.image = 0; job.image < p.s->batch; job.image++)
        for (job.group = 0; job.group < p.s->groups; job.group++) {
            multiply(&p, args, job.image, job.group);
            ridge_split_tasks(args->host, p.out.oh * (p.is_nhwc ? 1 : p.ocg), col2im_row, &job);
        }
    return RIDGE_OK;
}

static size_t scratch_product(const char *isa, const void *shape, int n_threads)
{
    static const float there[1];
    struct plan p;
    plan_make(&p, isa, shape);
    struct ridge_tensor in[RIDGE_CONV_N_INPUTS] = {{0}};
    for (int i = 0; i < RIDGE_CONV_N_INPUTS; i++)
        in[i].data = (void *)(uintptr_t)there;
    const struct ridge_kernel_args args = {.shape = shape, .in = in, .packed = in[0].data, .scratch = in[0].data};
    const struct ridge_sgemm product =
        p.is_nhwc ? nhwc_product(&p, &args, 0, 0, 0) : nchw_product(&p, &args, 0, 0);
    return p.parts_bytes + ridge_sgemm_scratch_bytes(p.engine, &product, n_threads);
}

static enum ridge_status pack_product(const char *isa, const struct ridge_kernel_args *args)
{
    struct plan p;
    plan_make(&p, isa, args->shape);
    const float *w = args->in[RIDGE_CONV_W].data;
    char *to = args->packed;
    if (!p.is_nhwc && p.packed_tap_bytes > 0)
        memcpy(to, w, p.packed_tap_bytes * (size_t)(p.n_taps * p.s->groups));
    for (int64_t i = 0; p.is_nhwc && i < p.s->groups * p.n_taps; i++, to += p.packed_tap_bytes)
        ridge_sgemm_pack_b(p.engine, p.ocg, p.icg,
                           w + (i % p.n_taps * p.s->ic + i / p.n_taps * p.icg) * p.ocg, p.ocg, false, to);
    return RIDGE_OK;
}

static bool supports_product(const char *isa, const void *shape, char *reason, size_t n_reason)
{
    const struct ridge_conv_shape *s = shape;
    if (!ridge_conv_asks_for(s, RIDGE_CONV_IM2COL, RIDGE_CONV_IN_NHWC | RIDGE_CONV_IN_NCHW, isa, reason,
                             n_reason))
        return false;
    const double n_taps = (double)s->kh * (double)s->kw, n_pixels = (double)s->ih * (double)s->iw;
    if (n_taps * n_pixels * (double)s->oc < 0x1p57 && n_taps * (double)s->oc * (double)s->ic < 0x1p57)
        return true;
    (void)snprintf(reason, n_reason, "the matrix of parts does not fit a 64-bit address space");
    return false;
}

static bool window_supports(const void *shape, int n_threads, char *reason, size_t n_reason)
{
    const struct ridge_conv_shape *s = shape;
    (void)n_threads;
    return ridge_conv_asks_for(s, RIDGE_CONV_WINDOW, RIDGE_CONV_IN_NHWC | RIDGE_CONV_IN_NCHW, "ref", reason,
                               n_reason);
}

static enum ridge_status window_run(const struct ridge_kernel_args *args)
{
    struct plan p;
    plan_make(&p, "ref", args->shape);
    struct job job = {.p = &p, .args = args};
    ridge_split_tasks(args->host, p.s->batch * p.s->oc * p.out.oh, window_row, &job);
    return RIDGE_OK;
}

extern const struct ridge_kernel ridge_conv_transpose_window_f32__ref;
const struct ridge_kernel ridge_conv_transpose_window_f32__ref = {
    .op = "conv_transpose",
    .name = "ridge_conv_transpose_window_f32__ref",
    .algorithm = "window",
    .dtype = "f32",
    .isa = "ref",
    .layout = "nchw, nhwc",
    .supports = window_supports,
    .run = window_run,
};

#define KERNEL(id, isa_name)                                                                       \
    static bool id##_supports(const void *shape, int n_threads, char *reason, size_t n_reason)     \
    {                                                                                              \
        (void)n_threads;                                                                           \
        return supports_product(#isa_name, shape, reason, n_reason);                               \
    }                                                                                              \
    static size_t id##_packed_bytes(const void *shape, int n_threads)                              \
    {                                                                                              \
        struct plan p;                                                                             \
        (void)n_threads;                                                                           \
        plan_make(&p, #isa_name, shape);                                                           \
        return p.packed_tap_bytes * (size_t)(p.n_taps * p.s->groups);                              \
    }                                                                                              \
    static size_t id##_scratch_bytes(const void *shape, int n_threads)                             \
    {                                                                                              \
        return scratch_product(#isa_name, shape, n_threads);                                       \
    }                                                                                              \
    static enum ridge_status id##_pack(const struct ridge_kernel_args *args,                       \
                                       struct ridge_error *err)                                    \
    {                                                                                              \
        (void)err;                                                                                 \
        return pack_product(#isa_name, args);                                                      \
    }                                                                                              \
    static enum ridge_status id##_run(const struct ridge_kernel_args *args)                        \
    {                                                                                              \
        return run_product(#isa_name, args);                                                       \
    }                                                                                              \
    extern const struct ridge_kernel ridge_##id;                                                   \
    const struct ridge_kernel ridge_##id = {.op = "conv_transpose",                                \
                                            .name = "ridge_" #id,                                  \
                                            .algorithm = "im2col",                                 \
                                            .dtype = "f32",                                        \
                                            .isa = #isa_name,                                      \
                                            .layout = "nchw, nhwc",                                \
                                            .supports = id##_supports,                             \
                                            .packed_bytes = id##_packed_bytes,                     \
                                            .pack = id##_pack,                                     \
                                            .scratch_bytes = id##_scratch_bytes,                   \
                                            .run = id##_run};

KERNEL(conv_transpose_im2col_f32__ref, ref)
#ifdef RIDGE_KERNELS_X86
KERNEL(conv_transpose_im2col_f32__avx2, avx2)
KERNEL(conv_transpose_im2col_f32__avx512, avx512)
#endif
