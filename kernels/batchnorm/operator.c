/* batchnorm: fields, formulas, tensors, and the comparison with the double reference.
 *
 * Tolerance: with or without a fused product the error is at most u |x scale| + u |y|, so 2 u of
 * |x scale| + |shift|, and a little more for second order. */
#include "batchnorm/batchnorm.h"
#include "common/compare.h"
#include <math.h>

static const char *const short_form[] = {"batch", "c", "h", "w", NULL};

#define SIZE(field, text) RIDGE_SIZE_ROW(struct ridge_batchnorm_shape, field, 0, text)

static const struct ridge_option_row fields[] = {
    SIZE(batch, "images"),
    SIZE(c, "channels"),
    SIZE(h, "rows"),
    SIZE(w, "columns"),
    RIDGE_ENUM_ROW(struct ridge_batchnorm_shape, layout, RIDGE_ROLE_IDENTITY, ridge_dense_layout_names,
                   "nhwc", "order of the tensors' dimensions"),
    RIDGE_DTYPE_ROW(struct ridge_batchnorm_shape),
};

static void describe(const void *shape, size_t i, struct ridge_dense_tensor *out)
{
    static const char *const names[] = {"x", "scale", "shift", "y"};
    const struct ridge_batchnorm_shape *s = shape;
    *out = (struct ridge_dense_tensor){.name = names[i],
                                       .layout = ridge_dense_layout_names[s->layout],
                                       .role = i == 3 ? RIDGE_TENSOR_OUTPUT : RIDGE_TENSOR_ACTIVATION,
                                       .rank = 4,
                                       .dims = {s->batch, s->h, s->w, s->c}};
    if (i == 1 || i == 2) {
        *out = (struct ridge_dense_tensor){
            .name = names[i], .role = RIDGE_TENSOR_WEIGHT, .rank = 1, .dims = {s->c}};
    } else if (s->layout == RIDGE_DENSE_NCHW) {
        out->dims[1] = s->c;
        out->dims[2] = s->h;
        out->dims[3] = s->w;
    }
}

static double flop(const void *shape)
{
    const struct ridge_batchnorm_shape *s = shape;
    return 2.0 * (double)s->batch * (double)s->c * (double)s->h * (double)s->w;
}

struct reference {
    const struct ridge_batchnorm_shape *s;
    const void *x, *scale, *shift, *y;
};

static void compare_element(void *ctx, int64_t i, struct ridge_compare *cmp)
{
    const struct reference *r = ctx;
    const struct ridge_batchnorm_shape *s = r->s;
    const int64_t c = s->layout == RIDGE_DENSE_NHWC ? i % s->c : i / (s->h * s->w) % s->c;
    const double product = ridge_compare_load(r->x, i) * ridge_compare_load(r->scale, c);
    const double shift = ridge_compare_load(r->shift, c);
    ridge_compare_value(cmp, i, ridge_compare_load(r->y, i), product + shift, fabs(product) + fabs(shift));
}

static enum ridge_status check(const void *shape, const struct ridge_tensor *in,
                               const struct ridge_tensor *out, uint64_t seed, const char *algorithm,
                               struct ridge_check *result, struct ridge_error *err)
{
    (void)algorithm;
    struct reference r = {shape, in[0].data, in[1].data, in[2].data, out[0].data};
    struct ridge_compare cmp;
    ridge_compare_begin(&cmp, "batchnorm", 2.01 * RIDGE_UNIT_ROUNDOFF, result);
    ridge_compare_units(&cmp, (int64_t)(out[0].n_bytes / sizeof(float)), 10, seed, compare_element, &r);
    return ridge_compare_end(&cmp, err);
}

static const struct ridge_dense_rules rules = {.op = "batchnorm",
                                               RIDGE_DENSE_RULES_ROWS,
                                               .n_tensors = 4,
                                               .fill_scale = 1.0f,
                                               .describe = describe,
                                               .flop = flop};

RIDGE_DENSE_OPERATOR(ridge_batchnorm_operator, rules, struct ridge_batchnorm_shape, 3, .name = "batchnorm",
                     .doc = "batch normalisation at inference: a scale and a shift per channel",
                     .short_form = short_form, .check = check);
