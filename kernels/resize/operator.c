/* resize: fields, formulas, tensors, and the comparison with the double reference.
 *
 * Tolerance: nearest is exact. bilinear: weights are rounded once (u each), and each of the 3
 * interpolations rounds two products and a sum: at most (1 + 2) u twice in a row, so 6 u of the largest
 * of the four values; we take 8 u. */
#include "common/compare.h"
#include "resize/resize.h"
#include <math.h>

static const char *const mode_names[] = {"nearest", "bilinear", NULL};
static const char *const short_form[] = {"batch", "c", "ih", "iw", "oh", "ow", NULL};
static const int64_t max_side = INT64_C(1) << 30; /* products of two sides and 2 stay exact */

#define SIZE(field, text) RIDGE_SIZE_ROW(struct ridge_resize_shape, field, 0, text)

static const struct ridge_option_row fields[] = {
    SIZE(batch, "images"),
    SIZE(c, "channels"),
    SIZE(ih, "rows of x"),
    SIZE(iw, "columns of x"),
    SIZE(oh, "rows of y"),
    SIZE(ow, "columns of y"),
    RIDGE_ENUM_ROW(struct ridge_resize_shape, mode, RIDGE_ROLE_SUBJECT, mode_names, "nearest",
                   "nearest: asymmetric, floor; bilinear: half_pixel"),
    RIDGE_ENUM_ROW(struct ridge_resize_shape, layout, RIDGE_ROLE_IDENTITY, ridge_dense_layout_names,
                   "nhwc", "order of the tensors' dimensions"),
    RIDGE_DTYPE_ROW(struct ridge_resize_shape),
};

static enum ridge_status check_shape(const void *shape, struct ridge_error *err)
{
    const struct ridge_resize_shape *s = shape;
    if (s->ih > max_side || s->iw > max_side || s->oh > max_side || s->ow > max_side)
        return ridge_fail(err, RIDGE_ERR_CONFIG, "resize", "a side may have at most %lld elements",
                          (long long)max_side);
    if ((s->ih == 0 || s->iw == 0) && s->oh > 0 && s->ow > 0)
        return ridge_fail(err, RIDGE_ERR_CONFIG, "resize", "no image (%lld x %lld) to make %lld x %lld of",
                          (long long)s->ih, (long long)s->iw, (long long)s->oh, (long long)s->ow);
    return RIDGE_OK;
}

struct ridge_resize_source ridge_resize_source_of(int32_t mode, int64_t o, int64_t n_in, int64_t n_out)
{
    if (mode == RIDGE_RESIZE_NEAREST)
        return (struct ridge_resize_source){o * n_in / n_out, o * n_in / n_out, 1.0f, 0.0f};
    const double at = ((double)o + 0.5) * (double)n_in / (double)n_out - 0.5;
    const double inside = fmin(fmax(at, 0), (double)(n_in - 1)), whole = floor(inside);
    const int64_t line = (int64_t)whole;
    return (struct ridge_resize_source){line, line + 1 < n_in ? line + 1 : line,
                                        (float)(1.0 - (inside - whole)), (float)(inside - whole)};
}

static void describe(const void *shape, size_t i, struct ridge_dense_tensor *out)
{
    const struct ridge_resize_shape *s = shape;
    const int64_t h = i == 0 ? s->ih : s->oh, w = i == 0 ? s->iw : s->ow;
    const bool is_nchw = s->layout == RIDGE_DENSE_NCHW;
    *out = (struct ridge_dense_tensor){
        .name = i == 0 ? "x" : "y",
        .layout = ridge_dense_layout_names[s->layout],
        .role = i == 0 ? RIDGE_TENSOR_ACTIVATION : RIDGE_TENSOR_OUTPUT,
        .rank = 4,
        .dims = {s->batch, is_nchw ? s->c : h, is_nchw ? h : w, is_nchw ? w : s->c}};
}

static double flop(const void *shape)
{
    const struct ridge_resize_shape *s = shape;
    const double n = (double)s->batch * (double)s->c * (double)s->oh * (double)s->ow;
    return s->mode == RIDGE_RESIZE_BILINEAR ? 9.0 * n : 0.0;
}

static bool takes_layout(const struct ridge_resize_shape *s, enum ridge_dense_layout layout, char *reason,
                         size_t n_reason)
{
    if (s->layout == (int32_t)layout)
        return true;
    (void)snprintf(reason, n_reason, "this resize kernel takes %s only", ridge_dense_layout_names[layout]);
    return false;
}

bool ridge_resize_takes_nhwc(const void *shape, char *reason, size_t n_reason)
{
    return takes_layout(shape, RIDGE_DENSE_NHWC, reason, n_reason);
}

bool ridge_resize_takes_nchw(const void *shape, char *reason, size_t n_reason)
{
    return takes_layout(shape, RIDGE_DENSE_NCHW, reason, n_reason);
}

size_t ridge_resize_nhwc_scratch_bytes(const void *shape, int n_threads)
{
    const struct ridge_resize_shape *s = shape;
    (void)n_threads;
    return (size_t)s->ow * sizeof(struct ridge_resize_source);
}

size_t ridge_resize_nchw_scratch_bytes(const void *shape, int n_threads)
{
    const struct ridge_resize_shape *s = shape;
    const size_t threads = n_threads > 0 ? (size_t)n_threads : 1;
    return sizeof(float) * (4 * (size_t)ridge_resize_columns(s) + threads * (size_t)ridge_resize_line(s));
}

struct reference {
    const struct ridge_resize_shape *s;
    const void *x, *y;
};

static double value_at(const struct reference *r, int64_t b, int64_t c, int64_t h, int64_t w)
{
    const struct ridge_resize_shape *s = r->s;
    return ridge_compare_load(r->x, s->layout == RIDGE_DENSE_NHWC ? ((b * s->ih + h) * s->iw + w) * s->c + c
                                                                  : ((b * s->c + c) * s->ih + h) * s->iw + w);
}

/* From the definition, without ridge_resize_source_of(): position, whole part, rest. */
static double position(int64_t o, int64_t n_in, int64_t n_out, int64_t *line, int64_t *next)
{
    const double at = fmin(fmax((2.0 * (double)o + 1) * (double)n_in / (2.0 * (double)n_out) - 0.5, 0),
                           (double)n_in - 1);
    *line = (int64_t)at;
    *next = *line + 1 < n_in ? *line + 1 : *line;
    return at - (double)*line;
}

static void compare_element(void *ctx, int64_t i, struct ridge_compare *cmp)
{
    const struct reference *r = ctx;
    const struct ridge_resize_shape *s = r->s;
    const bool is_nhwc = s->layout == RIDGE_DENSE_NHWC;
    const int64_t c = is_nhwc ? i % s->c : i / (s->oh * s->ow) % s->c;
    const int64_t pixel = is_nhwc ? i / s->c : i % (s->oh * s->ow);
    const int64_t ox = pixel % s->ow, oy = pixel / s->ow % s->oh, b = i / (s->c * s->oh * s->ow);
    const double got = ridge_compare_load(r->y, i);
    if (s->mode == RIDGE_RESIZE_NEAREST) {
        const double want = value_at(r, b, c, oy * s->ih / s->oh, ox * s->iw / s->ow);
        ridge_compare_value(cmp, i, got, want, 0);
        return;
    }
    int64_t y0, y1, x0, x1;
    const double fy = position(oy, s->ih, s->oh, &y0, &y1), fx = position(ox, s->iw, s->ow, &x0, &x1);
    const double v[4] = {value_at(r, b, c, y0, x0), value_at(r, b, c, y0, x1), value_at(r, b, c, y1, x0),
                         value_at(r, b, c, y1, x1)};
    const double want = (1 - fy) * ((1 - fx) * v[0] + fx * v[1]) + fy * ((1 - fx) * v[2] + fx * v[3]);
    ridge_compare_value(cmp, i, got, want, fmax(fmax(fabs(v[0]), fabs(v[1])), fmax(fabs(v[2]), fabs(v[3]))));
}

static enum ridge_status check(const void *shape, const struct ridge_tensor *in,
                               const struct ridge_tensor *out, uint64_t seed, const char *algorithm,
                               struct ridge_check *result, struct ridge_error *err)
{
    (void)algorithm;
    const struct ridge_resize_shape *s = shape;
    struct reference r = {s, in[0].data, out[0].data};
    struct ridge_compare cmp;
    ridge_compare_begin(&cmp, "resize", s->mode == RIDGE_RESIZE_BILINEAR ? 8 * RIDGE_UNIT_ROUNDOFF : 0, result);
    ridge_compare_units(&cmp, (int64_t)(out[0].n_bytes / sizeof(float)), 20, seed, compare_element, &r);
    return ridge_compare_end(&cmp, err);
}

static const struct ridge_dense_rules rules = {.op = "resize",
                                               RIDGE_DENSE_RULES_ROWS,
                                               .n_tensors = 2,
                                               .fill_scale = 1.0f,
                                               .check_shape = check_shape,
                                               .describe = describe,
                                               .flop = flop};

RIDGE_DENSE_OPERATOR(ridge_resize_operator, rules, struct ridge_resize_shape, 1, .name = "resize",
                     .doc = "images to another height and width, nearest or bilinear",
                     .short_form = short_form, .check = check);
