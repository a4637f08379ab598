/* conv and conv_transpose: comparison with the double reference.
 *
 * Sums of products (window, direct, im2col, implicit, depthwise): the bound of kernels/gemm/check.c
 * with k = taps * ic / groups + 2 for bias and residual: u (4 + min(k, 2 sqrt(k))), u = 2^-24, of the
 * element's own sum |x||w| + |bias| + |residual|. Activations have slopes up to 1 (relu, relu6), 1.1
 * (silu) and 1.5 (hardswish); silu's exp costs a few u more.
 *
 * Winograd and FFT mix a whole tile, so an element's error follows the norm of its tile, not its own
 * sum: the scale is sqrt(k) rms(x) rms(w), the rms of an output of random data. Winograd: the measured
 * maxima over random data (F(2,3) 4e-6, F(4,3) 2e-5 with the points 0, +-1, 1/2, -2, F(6,3) 9e-5) times
 * 3 to 5; see Barabasz et al., "Error analysis and improving the accuracy of Winograd convolution",
 * ACM TOMS 46(4), 2020. FFT: u log2(n) times a small constant (Higham, "Accuracy and Stability of
 * Numerical Algorithms", 2nd ed., section 24.1), bounded here by 2e-5.
 *
 * Large problems: corners, edges, seeded points, and (without activation) a product test: at a seeded
 * lattice of pixels the sum over channels with random signs, which sees every channel of the pixel.
 */
#include "conv/check.h"
#include "common/rng.h"
#include "conv/support.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double full_check_products = 2e6;
static const double product_test_products = 3e7;
static const double unit_roundoff = 0x1p-24;
static const double product_deviations = 8.0;
enum { N_SAMPLES = 400 };

static const struct {
    const char *algorithm;
    double tolerance;
} normwise[] = {{"winograd2", 2e-5}, {"winograd4", 1e-4}, {"winograd6", 3e-4}, {"fft", 2e-5}};

struct problem {
    const struct ridge_conv_shape *s;
    bool is_transpose;
    int64_t oh, ow, icg, ocg;
    int64_t x_step, x_pixel, x_image, w_step; /* from channel to channel of x (nchw16c: 0), ... */
    const float *x, *w, *bias, *residual, *y;
    double tolerance, norm; /* norm > 0: the scale of every element */
    bool is_normwise;
    struct ridge_check *result;
    bool is_wrong;
};

struct place {
    int64_t b, o, h, w;
};

static void report(struct problem *p, const char *test, struct place at, double got, double want)
{
    if (!p->is_wrong)
        (void)snprintf(p->result->text, sizeof p->result->text,
                       "%s: y[%lld,%lld,%lld,%lld] (image, channel, row, column) is %.9g, want %.9g",
                       test, (long long)at.b, (long long)at.o, (long long)at.h, (long long)at.w, got,
                       want);
    p->is_wrong = true;
}

static void judge(struct problem *p, const char *test, struct place at, double got, double want,
                  double error, double scale)
{
    const double ratio = scale > 0 && error > 0 ? error / scale : 0;
    if (ratio > p->result->error_ratio)
        p->result->error_ratio = ratio;
    if (!isfinite(got) || ratio > p->tolerance || (!(scale > 0) && error > 0))
        report(p, test, at, got, want);
}

/* Where tap `r` of output line `h` reads x along one axis; false where it reads no element. */
static bool tap_source(bool is_transpose, int64_t h, int64_t r, int64_t stride, int64_t dilation,
                       int64_t pad, int64_t n_in, int64_t *from)
{
    if (!is_transpose) {
        *from = h * stride + r * dilation - pad;
    } else {
        const int64_t t = h + pad - r * dilation;
        if (t < 0 || t % stride != 0)
            return false;
        *from = t / stride;
    }
    return *from >= 0 && *from < n_in;
}

struct tap {
    int64_t r, q, xh, xw;
};

/* Next tap of pixel (h, w) that reads an element; start with {0, -1}. */
static bool next_tap(const struct problem *p, int64_t h, int64_t w, struct tap *t)
{
    const struct ridge_conv_shape *s = p->s;
    for (; t->r < s->kh; t->r++, t->q = -1) {
        if (!tap_source(p->is_transpose, h, t->r, s->stride_h, s->dilation, s->pad_t, s->ih, &t->xh))
            continue;
        while (++t->q < s->kw)
            if (tap_source(p->is_transpose, w, t->q, s->stride_w, s->dilation, s->pad_l, s->iw,
                           &t->xw))
                return true;
    }
    return false;
}

static int64_t weight_index(const struct problem *p, int64_t o, int64_t i, const struct tap *t)
{
    if (p->is_transpose)
        return ridge_conv_transpose_weight_index(p->s, o % p->ocg, o / p->ocg * p->icg + i, t->r, t->q);
    return ridge_conv_weight_index(p->s, o, i, t->r, t->q);
}

static const float *x_at(const struct problem *p, int64_t b, int64_t c, const struct tap *t)
{
    const struct ridge_conv_shape *s = p->s;
    if (p->x_step > 0)
        return p->x + b * p->x_image + c * p->x_step + (t->xh * s->iw + t->xw) * p->x_pixel;
    return p->x + ridge_conv_index(s, s->ic, s->ih, s->iw, b, c, t->xh, t->xw);
}

static int64_t y_index(const struct problem *p, struct place at)
{
    return ridge_conv_index(p->s, p->s->oc, p->oh, p->ow, at.b, at.o, at.h, at.w);
}

static void check_element(struct problem *p, struct place at)
{
    const struct ridge_conv_shape *s = p->s;
    const int64_t first = at.o / p->ocg * p->icg, i_y = y_index(p, at);
    double want = 0, scale = 0;
    if (p->bias != NULL)
        want += (double)p->bias[at.o];
    scale = fabs(want);
    if (p->residual != NULL) {
        want += (double)p->residual[i_y];
        scale += fabs((double)p->residual[i_y]);
    }
    for (struct tap t = {.q = -1}; next_tap(p, at.h, at.w, &t);) {
        const float *w = p->w + weight_index(p, at.o, 0, &t);
        for (int64_t i = 0; i < p->icg; i++) {
            const double product = (double)*x_at(p, at.b, first + i, &t) * (double)w[i * p->w_step];
            want += product;
            scale += fabs(product);
        }
    }
    const bool is_special = !isfinite(want) || scale > (double)3.0e38f;
    const double got = (double)p->y[i_y], sum = want;
    want = ridge_act_reference(s->act, want);
    p->result->n_checked++;
    if (p->is_normwise && !isfinite(p->norm)) { /* NaN spreads over a tile: it may not get lost */
        if (isnan(sum) && isfinite(got) && s->act == RIDGE_ACT_NONE)
            report(p, "element", at, got, want);
        return;
    }
    if (is_special) { /* NaN, Inf, or a legal f32 overflow on the way */
        const bool is_same = isnan(want) ? isnan(got) : got == want || isfinite(want);
        if (!is_same)
            report(p, "element", at, got, want);
        return;
    }
    const double flushed = (double)(s->kh * s->kw * p->icg) * 0x1p-126;
    judge(p, "element", at, got, want, fabs(got - want) - flushed,
          p->is_normwise ? p->norm + scale * 0x1p-4 : scale);
}

/* nchw16c: what lies beyond the last channel is zero. */
static void check_padding(struct problem *p)
{
    const int64_t n_stored = ridge_conv_stored_channels(p->s, p->s->oc);
    for (int64_t b = 0; b < p->s->batch; b++)
        for (int64_t o = p->s->oc; o < n_stored; o++)
            for (int64_t i = 0; i < p->oh * p->ow; i++) {
                const struct place at = {b, o, i / p->ow, i % p->ow};
                const double got =
                    (double)p->y[ridge_conv_index(p->s, n_stored, p->oh, p->ow, b, o, at.h, at.w)];
                if (!(fabs(got) <= 0))
                    report(p, "padding channel", at, got, 0);
            }
}

static void check_all(struct problem *p)
{
    struct place at = {0};
    for (at.b = 0; at.b < p->s->batch; at.b++)
        for (at.o = 0; at.o < p->s->oc; at.o++)
            for (at.h = 0; at.h < p->oh; at.h++)
                for (at.w = 0; at.w < p->ow; at.w++)
                    check_element(p, at);
    check_padding(p);
}

static int64_t pick(struct ridge_kernels_rng *rng, int64_t n)
{
    return (int64_t)ridge_kernels_rng_below(rng, (uint64_t)n);
}

/* The corners first; of every 12 samples 8 lie on the edges of rows, columns and channels. */
static void check_sample(struct problem *p, uint64_t seed)
{
    struct ridge_kernels_rng rng;
    const struct place last = {p->s->batch - 1, p->s->oc - 1, p->oh - 1, p->ow - 1};
    ridge_kernels_rng_seed(&rng, seed);
    for (int i = 0; i < 16; i++)
        check_element(p, (struct place){(i & 1) != 0 ? last.b : 0, (i & 2) != 0 ? last.o : 0,
                                        (i & 4) != 0 ? last.h : 0, (i & 8) != 0 ? last.w : 0});
    for (int i = 0; i < N_SAMPLES; i++) {
        struct place at = {pick(&rng, p->s->batch), pick(&rng, p->s->oc), pick(&rng, p->oh),
                           pick(&rng, p->ow)};
        switch (i % 12) {
        case 0: at.h = 0; break;
        case 1: at.h = last.h; break;
        case 2: at.w = 0; break;
        case 3: at.w = last.w; break;
        case 4: at.o = 0; break;
        case 5: at.o = last.o; break;
        case 6: at.b = last.b; break;
        case 7: at.w = last.w - pick(&rng, p->ow < 8 ? p->ow : 8); break;
        default: break;
        }
        check_element(p, at);
    }
}

struct signs {
    double *z, *wz, *az; /* sign per channel of y; per (tap, channel of x): sum z w and sum |w| */
};

static void project_weights(const struct problem *p, const struct signs *v)
{
    const struct ridge_conv_shape *s = p->s;
    for (struct tap t = {0}; t.r < s->kh; t.r++)
        for (t.q = 0; t.q < s->kw; t.q++)
            for (int64_t c = 0; c < s->ic; c++) {
                const int64_t group = c / p->icg, at = (t.r * s->kw + t.q) * s->ic + c;
                double sum = 0, sum_abs = 0;
                for (int64_t o = group * p->ocg; o < (group + 1) * p->ocg; o++) {
                    const double w = (double)p->w[weight_index(p, o, c % p->icg, &t)];
                    sum += v->z[o] * w;
                    sum_abs += fabs(w);
                }
                v->wz[at] = sum;
                v->az[at] = sum_abs;
            }
}

static void check_pixel(struct problem *p, const struct signs *v, struct place at)
{
    const struct ridge_conv_shape *s = p->s;
    double want = 0, scale = 0, got = 0;
    for (struct tap t = {.q = -1}; next_tap(p, at.h, at.w, &t);)
        for (int64_t c = 0; c < s->ic; c++) {
            const double x = (double)*x_at(p, at.b, c, &t);
            want += x * v->wz[(t.r * s->kw + t.q) * s->ic + c];
            scale += fabs(x) * v->az[(t.r * s->kw + t.q) * s->ic + c];
        }
    for (at.o = 0; at.o < s->oc; at.o++) {
        const int64_t i_y = y_index(p, at);
        const double more = (p->bias != NULL ? (double)p->bias[at.o] : 0) +
                            (p->residual != NULL ? (double)p->residual[i_y] : 0);
        want += v->z[at.o] * more;
        scale += fabs(more);
        got += v->z[at.o] * (double)p->y[i_y];
    }
    if (!isfinite(want)) /* a NaN or Inf among the inputs: only the elements can be compared */
        return;
    if (p->is_normwise)
        scale = p->norm * (double)s->oc;
    at.o = -1;
    judge(p, "product test, sum over channels with random signs", at, got, want, fabs(got - want),
          scale * fmin(1.0, product_deviations / sqrt((double)s->oc)));
}

static enum ridge_status check_product(struct problem *p, uint64_t seed, struct ridge_error *err)
{
    const struct ridge_conv_shape *s = p->s;
    const size_t n_weights = (size_t)(s->kh * s->kw * s->ic);
    const double n_pixels = (double)s->batch * (double)p->oh * (double)p->ow;
    const int64_t step =
        1 + (int64_t)(n_pixels * ((double)n_weights + (double)s->oc) / product_test_products);
    struct ridge_kernels_rng rng;
    struct signs v = {.z = malloc(sizeof(double) * ((size_t)s->oc + 2 * n_weights))};
    if (v.z == NULL)
        return ridge_fail(err, RIDGE_ERR_NOMEM, "conv check", "no memory for %zu numbers",
                          (size_t)s->oc + 2 * n_weights);
    v.wz = v.z + s->oc;
    v.az = v.wz + n_weights;
    ridge_kernels_rng_seed(&rng, seed ^ 0x5bd1e995u);
    for (int64_t o = 0; o < s->oc; o++)
        v.z[o] = (ridge_kernels_rng_next(&rng) >> 63) != 0 ? 1.0 : -1.0;
    project_weights(p, &v);
    for (int64_t i = pick(&rng, step); i < s->batch * p->oh * p->ow; i += step)
        check_pixel(p, &v,
                    (struct place){.b = i / p->ow / p->oh, .h = i / p->ow % p->oh, .w = i % p->ow});
    free(v.z);
    return RIDGE_OK;
}

static double rms(const struct ridge_tensor *t)
{
    const float *x = t->data;
    const uint64_t n = t->n_bytes / sizeof(float);
    double sum = 0;
    for (uint64_t i = 0; i < n; i++)
        sum += (double)x[i] * (double)x[i];
    return n > 0 ? sqrt(sum / (double)n) : 0;
}

static void set_tolerance(struct problem *p, const char *algorithm, const struct ridge_tensor *in)
{
    const struct ridge_conv_shape *s = p->s;
    const double k = (double)s->kh * (double)s->kw * (double)p->icg + 2;
    const bool is_smooth = s->act == RIDGE_ACT_SILU || s->act == RIDGE_ACT_HARDSWISH;
    p->tolerance = unit_roundoff * (4.0 + fmin(k, 2.0 * sqrt(k)));
    for (size_t i = 0; i < sizeof normwise / sizeof normwise[0]; i++)
        if (algorithm != NULL && strcmp(normwise[i].algorithm, algorithm) == 0) {
            p->is_normwise = true;
            p->tolerance = normwise[i].tolerance;
            p->norm = sqrt(k) * rms(&in[RIDGE_CONV_X]) * rms(&in[RIDGE_CONV_W]);
        }
    if (is_smooth)
        p->tolerance = 1.5 * p->tolerance + 8 * unit_roundoff;
}

static enum ridge_status check_any(const void *shape, bool is_transpose, const struct ridge_tensor *in,
                                   const struct ridge_tensor *out, uint64_t seed,
                                   const char *algorithm, struct ridge_check *result,
                                   struct ridge_error *err)
{
    const struct ridge_conv_shape *s = shape;
    const struct ridge_conv_out o =
        is_transpose ? ridge_conv_transpose_out_size(s) : ridge_conv_out_size(s);
    struct problem p = {.s = s,
                        .is_transpose = is_transpose,
                        .oh = o.oh,
                        .ow = o.ow,
                        .icg = s->ic / s->groups,
                        .ocg = s->oc / s->groups,
                        .x = in[RIDGE_CONV_X].data,
                        .w = in[RIDGE_CONV_W].data,
                        .bias = s->bias != 0 ? in[RIDGE_CONV_BIAS].data : NULL,
                        .residual = s->residual != 0 ? in[RIDGE_CONV_RESIDUAL].data : NULL,
                        .y = out[0].data,
                        .result = result};
    const bool is_nhwc = s->layout == RIDGE_CONV_NHWC;
    p.x_step = is_nhwc ? 1 : s->layout == RIDGE_CONV_NCHW ? s->ih * s->iw : 0;
    p.x_pixel = is_nhwc ? s->ic : 1;
    p.x_image = s->ic * s->ih * s->iw;
    p.w_step = is_nhwc ? (is_transpose ? p.ocg : s->oc) : s->kh * s->kw * (is_transpose ? p.ocg : 1);
    set_tolerance(&p, algorithm, in);
    *result = (struct ridge_check){.tolerance = p.tolerance};
    if (s->batch == 0 || s->oc == 0 || o.oh == 0 || o.ow == 0)
        return RIDGE_OK;
    enum ridge_status status = RIDGE_OK;
    const double n_outputs =
        (double)s->batch * (double)s->oc * (double)o.oh * (double)o.ow;
    if (n_outputs * ((double)p.icg * (double)s->kh * (double)s->kw + 1) <= full_check_products) {
        check_all(&p);
    } else {
        check_sample(&p, seed);
        if (s->act == RIDGE_ACT_NONE && s->ic > 0)
            status = check_product(&p, seed, err);
    }
    if (status == RIDGE_OK && p.is_wrong)
        return ridge_fail(err, RIDGE_ERR_WRONG, is_transpose ? "conv_transpose" : "conv",
                          "%s; error ratio %.3g, tolerance %.3g", result->text, result->error_ratio,
                          result->tolerance);
    return status;
}

enum ridge_status ridge_conv_check(const void *shape, const struct ridge_tensor *in,
                                   const struct ridge_tensor *out, uint64_t seed,
                                   const char *algorithm, struct ridge_check *result,
                                   struct ridge_error *err)
{
    return check_any(shape, false, in, out, seed, algorithm, result, err);
}

enum ridge_status ridge_conv_transpose_check(const void *shape, const struct ridge_tensor *in,
                                             const struct ridge_tensor *out, uint64_t seed,
                                             const char *algorithm, struct ridge_check *result,
                                             struct ridge_error *err)
{
    return check_any(shape, true, in, out, seed, algorithm, result, err);
}
