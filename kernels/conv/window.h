/* The plain sliding window: no blocking, no packing, no copies. The same source is built for each ISA
 * and left to the compiler; the including file names it by WINDOW_ID and WINDOW_ISA.
 *
 * nhwc and nchw16c: pixel by pixel, tap by tap, all channels of y at once; nchw: row by row, tap by
 * tap, all pixels of the row at once. y itself holds the sums. Weights are read where they lie. */
#include "common/size.h"
#include "conv/support.h"
#include <string.h>

struct window {
    const struct ridge_conv_shape *s;
    struct ridge_conv_out out;
    const float *x, *w, *bias, *residual;
    float *y;
};

static void window_finish(const struct window *v, float *y, int64_t n, int64_t step)
{
    const float *residual = v->residual != NULL ? v->residual + (y - v->y) : NULL;
    for (int64_t i = 0; residual != NULL && i < n; i++)
        y[i * step] += residual[i * step];
    for (int64_t i = 0; v->s->act != RIDGE_ACT_NONE && i < n; i++)
        y[i * step] = ridge_act_f32(v->s->act, y[i * step]);
}

/* A pixel of nhwc: y[o] += x[i] * w[r,q,i,o]. */
static void window_add_channels(const struct window *v, const float *x, const float *w, float *y,
                                int64_t icg, int64_t ocg)
{
    for (int64_t g = 0; g < v->s->groups; g++)
        for (int64_t i = 0; i < icg; i++) {
            const float x_i = x[g * icg + i], *w_i = w + i * v->s->oc + g * ocg;
            float *restrict y_g = y + g * ocg;
            for (int64_t o = 0; o < ocg; o++)
                y_g[o] += x_i * w_i[o];
        }
}

static void window_row_nhwc(const struct window *v, int64_t b, int64_t h)
{
    const struct ridge_conv_shape *s = v->s;
    const int64_t icg = s->ic / s->groups, ocg = s->oc / s->groups;
    for (int64_t w = 0; w < v->out.ow; w++) {
        float *y = v->y + ((b * v->out.oh + h) * v->out.ow + w) * s->oc;
        for (int64_t o = 0; o < s->oc; o++)
            y[o] = v->bias != NULL ? v->bias[o] : 0.0f;
        for (int64_t t = 0; t < s->kh * s->kw; t++) {
            const int64_t xh = h * s->stride_h + t / s->kw * s->dilation - s->pad_t,
                          xw = w * s->stride_w + t % s->kw * s->dilation - s->pad_l;
            if (xh >= 0 && xh < s->ih && xw >= 0 && xw < s->iw)
                window_add_channels(v, v->x + ((b * s->ih + xh) * s->iw + xw) * s->ic,
                                    v->w + t * icg * s->oc, y, icg, ocg);
        }
        window_finish(v, y, s->oc, 1);
    }
}

/* Adds one tap of one channel of x to a row of nchw. */
static void window_add_row(const struct window *v, const float *x, float w, int64_t q, float *restrict y)
{
    const struct ridge_conv_shape *s = v->s;
    const int64_t first = q * s->dilation - s->pad_l, stride = s->stride_w;
    const int64_t lo = first >= 0 ? 0 : ridge_kernels_size_ceil_div(-first, stride);
    const int64_t fit = first >= s->iw ? 0 : (s->iw - 1 - first) / stride + 1;
    const int64_t hi = fit < v->out.ow ? fit : v->out.ow;
    if (stride == 1)
        for (int64_t i = lo; i < hi; i++)
            y[i] += x[first + i] * w;
    else
        for (int64_t i = lo; i < hi; i++)
            y[i] += x[first + i * stride] * w;
}

static void window_row_nchw(const struct window *v, int64_t b, int64_t o, int64_t h)
{
    const struct ridge_conv_shape *s = v->s;
    const int64_t icg = s->ic / s->groups, first = o / (s->oc / s->groups) * icg;
    float *y = v->y + ((b * s->oc + o) * v->out.oh + h) * v->out.ow;
    for (int64_t w = 0; w < v->out.ow; w++)
        y[w] = v->bias != NULL ? v->bias[o] : 0.0f;
    for (int64_t i = 0; i < icg; i++)
        for (int64_t r = 0; r < s->kh; r++) {
            const int64_t xh = h * s->stride_h + r * s->dilation - s->pad_t;
            const float *x = v->x + ((b * s->ic + first + i) * s->ih + xh) * s->iw;
            for (int64_t q = 0; q < s->kw && xh >= 0 && xh < s->ih; q++)
                window_add_row(v, x, v->w[((o * icg + i) * s->kh + r) * s->kw + q], q, y);
        }
    window_finish(v, y, v->out.ow, 1);
}

/* A pixel of a block of 16 channels of nchw16c. */
static void window_block_pixel(const struct window *v, int64_t b, int64_t block, int64_t h, int64_t w)
{
    const struct ridge_conv_shape *s = v->s;
    const int64_t n_blocks = (s->oc + 15) / 16, icg = s->ic / s->groups, ocg = s->oc / s->groups;
    const int64_t n_o = s->oc - block * 16 < 16 ? s->oc - block * 16 : 16;
    float *y = v->y + (((b * n_blocks + block) * v->out.oh + h) * v->out.ow + w) * 16;
    memset(y, 0, 16 * sizeof *y);
    for (int64_t j = 0; j < n_o; j++) {
        const int64_t o = block * 16 + j, first = o / ocg * icg;
        float sum = v->bias != NULL ? v->bias[o] : 0.0f;
        for (int64_t t = 0; t < s->kh * s->kw; t++) {
            const int64_t xh = h * s->stride_h + t / s->kw * s->dilation - s->pad_t,
                          xw = w * s->stride_w + t % s->kw * s->dilation - s->pad_l;
            if (xh < 0 || xh >= s->ih || xw < 0 || xw >= s->iw)
                continue;
            for (int64_t i = 0; i < icg; i++)
                sum += v->x[ridge_conv_index(s, s->ic, s->ih, s->iw, b, first + i, xh, xw)] *
                       v->w[(o * icg + i) * s->kh * s->kw + t];
        }
        y[j] = sum;
    }
    window_finish(v, y, n_o, 1);
}

/* Task: an output row, in nchw and nchw16c of one channel or block. */
static void window_task(void *ctx, size_t i_task, int i_thread)
{
    const struct window *v = ctx;
    const struct ridge_conv_shape *s = v->s;
    const int64_t n_planes = s->layout == RIDGE_CONV_NHWC   ? 1
                             : s->layout == RIDGE_CONV_NCHW ? s->oc
                                                            : (s->oc + 15) / 16;
    const int64_t h = (int64_t)i_task % v->out.oh, plane = (int64_t)i_task / v->out.oh % n_planes,
                  b = (int64_t)i_task / v->out.oh / n_planes;
    (void)i_thread;
    if (s->layout == RIDGE_CONV_NHWC)
        window_row_nhwc(v, b, h);
    else if (s->layout == RIDGE_CONV_NCHW)
        window_row_nchw(v, b, plane, h);
    else
        for (int64_t w = 0; w < v->out.ow; w++)
            window_block_pixel(v, b, plane, h, w);
}

static bool window_supports(const void *shape, int n_threads, char *reason, size_t n_reason)
{
    const struct ridge_conv_shape *s = shape;
    (void)n_threads;
    return ridge_conv_asks_for(s, RIDGE_CONV_WINDOW,
                               RIDGE_CONV_IN_NCHW | RIDGE_CONV_IN_NHWC | RIDGE_CONV_IN_NCHW16C, WINDOW_ISA,
                               reason, n_reason);
}

static enum ridge_status window_run(const struct ridge_kernel_args *args)
{
    const struct ridge_conv_shape *s = args->shape;
    const struct ridge_host *host = args->host;
    struct window v = {.s = s,
                       .out = ridge_conv_out_size(s),
                       .x = args->in[RIDGE_CONV_X].data,
                       .w = args->in[RIDGE_CONV_W].data,
                       .bias = s->bias != 0 ? args->in[RIDGE_CONV_BIAS].data : NULL,
                       .residual = s->residual != 0 ? args->in[RIDGE_CONV_RESIDUAL].data : NULL,
                       .y = args->out[0].data};
    const int64_t n_planes = s->layout == RIDGE_CONV_NHWC   ? 1
                             : s->layout == RIDGE_CONV_NCHW ? s->oc
                                                            : (s->oc + 15) / 16;
    const int64_t n_tasks = v.out.ow > 0 ? s->batch * n_planes * v.out.oh : 0;
    if (host != NULL && host->parallel_for != NULL && host->n_threads > 1) {
        host->parallel_for(host->self, (size_t)n_tasks, window_task, &v);
        return RIDGE_OK;
    }
    for (int64_t i = 0; i < n_tasks; i++)
        window_task(&v, (size_t)i, 0);
    return RIDGE_OK;
}

extern const struct ridge_kernel WINDOW_ID;
const struct ridge_kernel WINDOW_ID = {
    .op = "conv",
    .name = WINDOW_NAME,
    .algorithm = "window",
    .dtype = "f32",
    .isa = WINDOW_ISA,
    .layout = "nchw, nhwc, nchw16c",
    .supports = window_supports,
    .run = window_run,
};
