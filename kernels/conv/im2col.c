/* conv by matrix products: `im2col` builds the whole matrix of taps first, `implicit` a strip of pixels of
 * it at a time, which stays in L2; 1x1 with step 1 multiplies x where it lies.
 *
 * nhwc: y[pixels, oc] = taps[pixels, (r,q,i)] * w[(r,q,i), oc]; weights may be prepacked by the engine.
 * nchw: y[oc, pixels] = w[oc, (i,r,q)] * taps[(i,r,q), pixels], an image at a time. */
#include "common/split.h"
#include "common/cpu.h"
#include "common/sgemm/sgemm.h"
#include "common/size.h"
#include "conv/support.h"
#include <string.h>

static const int64_t strip_bytes = 1 << 19; /* of taps of a strip of pixels: half of a small L2 */
enum { MIN_STRIP = 56 };

struct plan {
    const struct ridge_conv_shape *s;
    const struct ridge_sgemm_engine *engine;
    struct ridge_conv_out out;
    int64_t icg, ocg, k, n_pixels; /* pixels of one product: of all images in nhwc */
    int64_t strip;                 /* pixels whose taps are built at once; 0: none are built */
    bool is_nhwc, is_prepacked, is_packing; /* packing: in run(), once for all strips */
    size_t matrix_bytes, packed_group_bytes, packing_bytes;
};

static void plan_make(struct plan *p, const char *isa, bool is_implicit, const struct ridge_conv_shape *s)
{
    const bool is_plain = is_implicit && ridge_conv_is_pointwise(s);
    *p = (struct plan){.s = s, .engine = ridge_sgemm_engine(isa), .out = ridge_conv_out_size(s),
                       .icg = s->ic / s->groups, .ocg = s->oc / s->groups,
                       .is_nhwc = s->layout == RIDGE_CONV_NHWC,
                       .is_prepacked = s->weights == RIDGE_CONV_PREPACKED};
    p->k = p->icg * s->kh * s->kw;
    p->n_pixels = p->out.oh * p->out.ow * (p->is_nhwc ? s->batch : 1);
    if (!is_plain)
        p->strip = p->n_pixels;
    if (!is_plain && is_implicit) {
        const int64_t fit = strip_bytes / 4 / (p->k * s->groups + 1) / MIN_STRIP * MIN_STRIP;
        const int64_t most = fit < MIN_STRIP ? MIN_STRIP : fit;
        p->strip = most < p->n_pixels ? most : p->n_pixels;
    }
    p->is_packing = p->is_nhwc && !p->is_prepacked && p->strip > 0 && p->strip < p->n_pixels;
    p->matrix_bytes = ridge_kernels_size_round_up(
        sizeof(float) * (size_t)p->strip * (size_t)p->k * (size_t)s->groups, 64);
    p->packed_group_bytes =
        p->is_nhwc ? ridge_kernels_size_round_up(ridge_sgemm_packed_b_bytes(p->engine, p->ocg, p->k), 64)
                   : sizeof(float) * (size_t)(p->ocg * p->k);
    p->packing_bytes = p->is_packing ? p->packed_group_bytes * (size_t)s->groups : 0;
}

/* ---- the matrix of taps -------------------------------------------------------------------- */

struct taps {
    const struct plan *p;
    const float *x; /* nchw: of one image */
    float *to;
    int64_t from, n; /* pixels [from, from + n) */
};

static int64_t tap_row(const struct ridge_conv_shape *s, int64_t h, int64_t r)
{
    return h * s->stride_h + r * s->dilation - s->pad_t;
}

static int64_t tap_column(const struct ridge_conv_shape *s, int64_t w, int64_t q)
{
    return w * s->stride_w + q * s->dilation - s->pad_l;
}

/* First channel of what tap t = (r, q) of nhwc pixel i reads; NULL: padding. */
static const float *nhwc_source(const struct taps *m, int64_t i, int64_t t)
{
    const struct ridge_conv_shape *s = m->p->s;
    const int64_t ow = m->p->out.ow, oh = m->p->out.oh;
    const int64_t h = tap_row(s, i / ow % oh, t / s->kw), w = tap_column(s, i % ow, t % s->kw);
    if (h < 0 || h >= s->ih || w < 0 || w >= s->iw)
        return NULL;
    return m->x + ((i / ow / oh * s->ih + h) * s->iw + w) * s->ic;
}

static void copy_or_clear(float *to, const float *from, int64_t n)
{
    if (from == NULL)
        memset(to, 0, sizeof *to * (size_t)n);
    else
        memcpy(to, from, sizeof *to * (size_t)n);
}

/* A pixel's row of the nhwc matrix: [group][r][q][channel]. */
static void build_nhwc_row(void *ctx, size_t i_task, int i_thread)
{
    const struct taps *m = ctx;
    const struct ridge_conv_shape *s = m->p->s;
    const int64_t icg = m->p->icg, n_taps = s->kh * s->kw;
    float *row = m->to + (int64_t)i_task * m->p->k * s->groups;
    (void)i_thread;
    for (int64_t t = 0; t < n_taps; t++) {
        const float *from = nhwc_source(m, m->from + (int64_t)i_task, t);
        for (int64_t g = 0; g < s->groups; g++)
            copy_or_clear(row + (g * n_taps + t) * icg, from != NULL ? from + g * icg : NULL, icg);
    }
}

/* The same for one group and dense filters: a row of taps is contiguous. */
static void build_nhwc_dense_row(void *ctx, size_t i_task, int i_thread)
{
    const struct taps *m = ctx;
    const struct ridge_conv_shape *s = m->p->s;
    const int64_t pixel = m->from + (int64_t)i_task, line = pixel / m->p->out.ow, ic = s->ic;
    const int64_t image = line / m->p->out.oh, h0 = tap_row(s, line % m->p->out.oh, 0),
                  w0 = tap_column(s, pixel % m->p->out.ow, 0);
    const int64_t lo = w0 >= 0 ? 0 : -w0 < s->kw ? -w0 : s->kw;
    const int64_t fit = s->iw - w0 < s->kw ? s->iw - w0 : s->kw, hi = fit > lo ? fit : lo;
    float *to = m->to + (int64_t)i_task * m->p->k;
    (void)i_thread;
    for (int64_t r = 0; r < s->kh; r++, to += s->kw * ic) {
        const int64_t h = h0 + r;
        const bool is_inside = h >= 0 && h < s->ih;
        copy_or_clear(to, NULL, (is_inside ? lo : s->kw) * ic);
        if (!is_inside)
            continue;
        copy_or_clear(to + lo * ic, m->x + ((image * s->ih + h) * s->iw + w0 + lo) * ic, (hi - lo) * ic);
        copy_or_clear(to + hi * ic, NULL, (s->kw - hi) * ic);
    }
}

/* One output row's share of a tap: pixels [w0, w1) of row h. */
static void copy_stretch(const struct taps *m, const float *plane, int64_t h, int64_t q, int64_t w0,
                         int64_t w1, float *to)
{
    const struct ridge_conv_shape *s = m->p->s;
    const int64_t first = tap_column(s, 0, q);
    if (h < 0 || h >= s->ih) {
        memset(to, 0, sizeof *to * (size_t)(w1 - w0));
        return;
    }
    int64_t lo = first >= 0 ? 0 : ridge_kernels_size_ceil_div(-first, s->stride_w);
    int64_t hi = first >= s->iw ? 0 : (s->iw - 1 - first) / s->stride_w + 1;
    lo = lo < w0 ? w0 : lo > w1 ? w1 : lo;
    hi = hi > w1 ? w1 : hi < lo ? lo : hi;
    memset(to, 0, sizeof *to * (size_t)(lo - w0));
    const float *from = plane + h * s->iw + first;
    if (s->stride_w == 1 && hi > lo)
        memcpy(to + (lo - w0), from + lo, sizeof *to * (size_t)(hi - lo));
    else
        for (int64_t w = lo; w < hi; w++)
            to[w - w0] = from[w * s->stride_w];
    memset(to + (hi - w0), 0, sizeof *to * (size_t)(w1 - hi));
}

/* Row k = (channel, r, q) of the nchw matrix. */
static void build_nchw_row(void *ctx, size_t i_task, int i_thread)
{
    const struct taps *m = ctx;
    const struct ridge_conv_shape *s = m->p->s;
    const int64_t n_taps = s->kh * s->kw, c = (int64_t)i_task / n_taps, t = (int64_t)i_task % n_taps;
    const int64_t ow = m->p->out.ow;
    const float *plane = m->x + c * s->ih * s->iw;
    float *to = m->to + (int64_t)i_task * m->n;
    (void)i_thread;
    for (int64_t i = m->from; i < m->from + m->n;) {
        const int64_t w0 = i % ow, left = m->from + m->n - i;
        const int64_t w1 = w0 + left < ow ? w0 + left : ow;
        copy_stretch(m, plane, tap_row(s, i / ow, t / s->kw), t % s->kw, w0, w1, to);
        to += w1 - w0;
        i += w1 - w0;
    }
}

/* ---- products ------------------------------------------------------------------------------ */

/* Scratch: the strip, packed weights, the engine's own. */
static struct ridge_sgemm nhwc_product(const struct plan *p, const struct ridge_kernel_args *args, int64_t g,
                                       int64_t from, int64_t n)
{
    const struct ridge_conv_shape *s = p->s;
    const bool is_built = p->strip > 0, is_packed = p->is_prepacked || p->is_packing;
    const float *x = args->in[RIDGE_CONV_X].data, *w = args->in[RIDGE_CONV_W].data,
                *bias = args->in[RIDGE_CONV_BIAS].data, *residual = args->in[RIDGE_CONV_RESIDUAL].data;
    const char *packed = p->is_prepacked ? args->packed : (const char *)args->scratch + p->matrix_bytes;
    const int64_t y = from * s->oc + g * p->ocg;
    return (struct ridge_sgemm){
        .m = n, .n = p->ocg, .k = p->k,
        .a = is_built ? (const float *)args->scratch + g * p->k : x + from * s->ic + g * p->icg,
        .lda = is_built ? p->k * s->groups : s->ic,
        .b = is_packed ? NULL : w + g * p->ocg,
        .ldb = s->oc,
        .c = (float *)args->out[0].data + y,
        .ldc = s->oc,
        .alpha = 1.0f,
        .epilogue = {.bias = s->bias != 0 ? bias + g * p->ocg : NULL,
                     .act = s->act,
                     .residual = s->residual != 0 ? residual + y : NULL,
                     .residual_ld = s->oc},
        .packed_b = is_packed ? packed + (size_t)g * p->packed_group_bytes : NULL};
}

static void pack_nhwc(const struct plan *p, const struct ridge_kernel_args *args, char *to)
{
    const float *w = args->in[RIDGE_CONV_W].data;
    for (int64_t g = 0; g < p->s->groups; g++)
        ridge_sgemm_pack_b(p->engine, p->ocg, p->k, w + g * p->ocg, p->s->oc, false,
                           to + (size_t)g * p->packed_group_bytes);
}

static void run_nhwc(const struct plan *p, const struct ridge_kernel_args *args)
{
    const int64_t step = p->strip > 0 ? p->strip : p->n_pixels;
    const bool is_dense = p->s->groups == 1 && p->s->dilation == 1;
    char *packed = (char *)args->scratch + p->matrix_bytes;
    if (p->is_packing)
        pack_nhwc(p, args, packed);
    for (int64_t from = 0; from < p->n_pixels; from += step) {
        const int64_t n = p->n_pixels - from < step ? p->n_pixels - from : step;
        struct taps taps = {.p = p, .x = args->in[RIDGE_CONV_X].data, .to = args->scratch, .from = from, .n = n};
        if (p->strip > 0)
            ridge_split_tasks(args->host, n, is_dense ? build_nhwc_dense_row : build_nhwc_row, &taps);
        for (int64_t g = 0; g < p->s->groups; g++) {
            const struct ridge_sgemm product = nhwc_product(p, args, g, from, n);
            ridge_sgemm_run(p->engine, &product, args->host, packed + p->packing_bytes);
        }
    }
}

static struct ridge_sgemm nchw_product(const struct plan *p, const struct ridge_kernel_args *args,
                                       int64_t image, int64_t g, int64_t from, int64_t n)
{
    const struct ridge_conv_shape *s = p->s;
    const float *w = p->is_prepacked ? args->packed : args->in[RIDGE_CONV_W].data;
    const float *bias = args->in[RIDGE_CONV_BIAS].data, *residual = args->in[RIDGE_CONV_RESIDUAL].data;
    const int64_t y = (image * s->oc + g * p->ocg) * p->n_pixels + from;
    const float *x = args->in[RIDGE_CONV_X].data;
    const bool is_built = p->strip > 0;
    return (struct ridge_sgemm){
        .m = p->ocg, .n = n, .k = p->k,
        .a = w + g * p->ocg * p->k,
        .lda = p->k,
        .b = is_built ? (const float *)args->scratch + g * p->k * n
                      : x + (image * s->ic + g * p->icg) * p->n_pixels + from,
        .ldb = is_built ? n : p->n_pixels,
        .c = (float *)args->out[0].data + y,
        .ldc = p->n_pixels,
        .alpha = 1.0f,
        .epilogue = {.bias = s->bias != 0 ? bias + g * p->ocg : NULL,
                     .is_bias_per_row = 1,
                     .act = s->act,
                     .residual = s->residual != 0 ? residual + y : NULL,
                     .residual_ld = p->n_pixels}};
}

static void run_nchw(const struct plan *p, const struct ridge_kernel_args *args)
{
    const struct ridge_conv_shape *s = p->s;
    const int64_t step = p->strip > 0 ? p->strip : p->n_pixels;
    char *scratch = (char *)args->scratch + p->matrix_bytes;
    for (int64_t image = 0; image < s->batch; image++)
        for (int64_t from = 0; from < p->n_pixels; from += step) {
            const int64_t n = p->n_pixels - from < step ? p->n_pixels - from : step;
            struct taps taps = {.p = p,
                                .x = (const float *)args->in[RIDGE_CONV_X].data + image * s->ic * s->ih * s->iw,
                                .to = args->scratch,
                                .from = from,
                                .n = n};
            if (p->strip > 0)
                ridge_split_tasks(args->host, s->ic * s->kh * s->kw, build_nchw_row, &taps);
            for (int64_t g = 0; g < s->groups; g++) {
                const struct ridge_sgemm product = nchw_product(p, args, image, g, from, n);
                ridge_sgemm_run(p->engine, &product, args->host, scratch);
            }
        }
}

static enum ridge_status run_any(const char *isa, bool is_implicit, const struct ridge_kernel_args *args)
{
    struct plan p;
    plan_make(&p, isa, is_implicit, args->shape);
    if (p.n_pixels == 0 || p.s->batch == 0 || p.s->oc == 0)
        return RIDGE_OK;
    if (p.is_nhwc)
        run_nhwc(&p, args);
    else
        run_nchw(&p, args);
    return RIDGE_OK;
}

static size_t scratch_any(const char *isa, bool is_implicit, const void *shape, int n_threads)
{
    static const float there[1];
    struct plan p;
    plan_make(&p, isa, is_implicit, shape);
    struct ridge_tensor in[RIDGE_CONV_N_INPUTS] = {{0}}, out = {0};
    for (int i = 0; i < RIDGE_CONV_N_INPUTS; i++)
        in[i].data = (void *)(uintptr_t)there;
    out.data = in[0].data;
    const struct ridge_kernel_args args = {.shape = shape, .in = in, .out = &out,
                                           .packed = in[0].data, .scratch = in[0].data};
    const int64_t n = p.strip > 0 ? p.strip : p.n_pixels, tail = n > 0 ? p.n_pixels % n : 0;
    size_t most = 0;
    for (int i = 0; i < 2; i++) {
        const int64_t n_i = i == 0 ? n : tail;
        const struct ridge_sgemm product =
            p.is_nhwc ? nhwc_product(&p, &args, 0, 0, n_i) : nchw_product(&p, &args, 0, 0, 0, n_i);
        const size_t n_bytes = ridge_sgemm_scratch_bytes(p.engine, &product, n_threads);
        most = n_bytes > most ? n_bytes : most;
    }
    return p.matrix_bytes + p.packing_bytes + most;
}

static enum ridge_status pack_any(const char *isa, bool is_implicit, const struct ridge_kernel_args *args)
{
    struct plan p;
    plan_make(&p, isa, is_implicit, args->shape);
    if (p.is_nhwc)
        pack_nhwc(&p, args, args->packed);
    else if (p.packed_group_bytes > 0) /* w is the left factor, read in place: a copy */
        memcpy(args->packed, args->in[RIDGE_CONV_W].data, p.packed_group_bytes * (size_t)p.s->groups);
    return RIDGE_OK;
}

static bool supports_any(const char *isa, bool is_implicit, const void *shape, char *reason, size_t n_reason)
{
    const struct ridge_conv_shape *s = shape;
    const enum ridge_conv_algorithm algorithm = is_implicit ? RIDGE_CONV_IMPLICIT : RIDGE_CONV_IM2COL;
    if (!ridge_conv_asks_for(s, algorithm, RIDGE_CONV_IN_NHWC | RIDGE_CONV_IN_NCHW, isa, reason, n_reason))
        return false;
    const struct ridge_conv_out out = ridge_conv_out_size(s);
    const double k = (double)s->kh * (double)s->kw * (double)s->ic;
    if (k * (double)out.oh * (double)out.ow * (double)(s->batch + 1) < 0x1p57 && k * (double)s->oc < 0x1p57)
        return true;
    (void)snprintf(reason, n_reason, "the matrix of taps does not fit a 64-bit address space");
    return false;
}

#define KERNEL(id, algorithm_name, isa_name, is_implicit)                                          \
    static bool id##_supports(const void *shape, int n_threads, char *reason, size_t n_reason)     \
    {                                                                                              \
        (void)n_threads;                                                                           \
        return supports_any(#isa_name, is_implicit, shape, reason, n_reason);                      \
    }                                                                                              \
    static size_t id##_packed_bytes(const void *shape, int n_threads)                              \
    {                                                                                              \
        struct plan p;                                                                             \
        (void)n_threads;                                                                           \
        plan_make(&p, #isa_name, is_implicit, shape);                                              \
        return p.packed_group_bytes * (size_t)p.s->groups;                                         \
    }                                                                                              \
    static size_t id##_scratch_bytes(const void *shape, int n_threads)                             \
    {                                                                                              \
        return scratch_any(#isa_name, is_implicit, shape, n_threads);                              \
    }                                                                                              \
    static enum ridge_status id##_pack(const struct ridge_kernel_args *args,                       \
                                       struct ridge_error *err)                                    \
    {                                                                                              \
        (void)err;                                                                                 \
        return pack_any(#isa_name, is_implicit, args);                                             \
    }                                                                                              \
    static enum ridge_status id##_run(const struct ridge_kernel_args *args)                        \
    {                                                                                              \
        return run_any(#isa_name, is_implicit, args);                                              \
    }                                                                                              \
    extern const struct ridge_kernel ridge_##id;                                                   \
    const struct ridge_kernel ridge_##id = {.op = "conv",                                          \
                                            .name = "ridge_" #id,                                  \
                                            .algorithm = algorithm_name,                           \
                                            .dtype = "f32",                                        \
                                            .isa = #isa_name,                                      \
                                            .layout = "nchw, nhwc",                                \
                                            .supports = id##_supports,                             \
                                            .packed_bytes = id##_packed_bytes,                     \
                                            .pack = id##_pack,                                     \
                                            .scratch_bytes = id##_scratch_bytes,                   \
                                            .run = id##_run};

KERNEL(conv_im2col_f32__ref, "im2col", ref, false)
KERNEL(conv_implicit_f32__ref, "implicit", ref, true)
#ifdef RIDGE_KERNELS_X86
KERNEL(conv_im2col_f32__avx2, "im2col", avx2, false)
KERNEL(conv_implicit_f32__avx2, "implicit", avx2, true)
KERNEL(conv_im2col_f32__avx512, "im2col", avx512, false)
KERNEL(conv_implicit_f32__avx512, "implicit", avx512, true)
#endif
