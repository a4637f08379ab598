/* softmax: fields, formulas, tensors, and the comparison with the double reference.
 *
 * Tolerance, relative to y: e^d is within 1.6 ulp = 3.2 u of its rounded argument d = x - m, and exact for d = 0; the
 * rounding of d adds |d| u, that of log2(e) 0.22 |d| u more, where e^d matters at most 104 times that; but
 * these errors have the factor e^d itself, so we scale by y (4 + 1.22 |d|). The sum of positive terms is off by
 * min(n, 2 sqrt(n)) u + its terms' errors, a mean weighted by y of the same <= 4 + 1.22 (log n + 1); then
 * reciprocal and product, 2 u. Together u * (10 + 1.22 log n + min(n, 2 sqrt(n))) in units of y (1 + |d|). A
 * result below the smallest normal f32 may be off by one of that size. */
#include "common/compare.h"
#include "softmax/softmax.h"
#include <math.h>

static const char *const short_form[] = {"rows", "columns", NULL};

static const struct ridge_option_row fields[] = {
    RIDGE_SIZE_ROW(struct ridge_softmax_shape, rows, 0, "independent rows"),
    RIDGE_SIZE_ROW(struct ridge_softmax_shape, columns, 0, "elements of a row, which sum to 1"),
    RIDGE_DTYPE_ROW(struct ridge_softmax_shape),
};

static void describe(const void *shape, size_t i, struct ridge_dense_tensor *out)
{
    const struct ridge_softmax_shape *s = shape;
    *out = (struct ridge_dense_tensor){.name = i == 0 ? "x" : "y",
                                       .role = i == 0 ? RIDGE_TENSOR_ACTIVATION : RIDGE_TENSOR_OUTPUT,
                                       .rank = 2,
                                       .dims = {s->rows, s->columns}};
}

static double flop(const void *shape)
{
    const struct ridge_softmax_shape *s = shape;
    return 5.0 * (double)s->rows * (double)s->columns;
}

struct reference {
    const struct ridge_softmax_shape *s;
    const void *x, *y;
};

static void compare_row(void *ctx, int64_t row, struct ridge_compare *cmp)
{
    const struct reference *r = ctx;
    const int64_t n = r->s->columns, base = row * n;
    double most = -INFINITY, sum = 0;
    for (int64_t j = 0; j < n; j++)
        most = fmax(most, ridge_compare_load(r->x, base + j));
    for (int64_t j = 0; j < n; j++)
        sum += exp(ridge_compare_load(r->x, base + j) - most);
    for (int64_t j = 0; j < n; j++) {
        const double distance = ridge_compare_load(r->x, base + j) - most, want = exp(distance) / sum;
        const double scale = isfinite(distance) ? want * (1 - distance) : want;
        ridge_compare_value(cmp, base + j, ridge_compare_load(r->y, base + j), want, scale);
    }
}

static enum ridge_status check(const void *shape, const struct ridge_tensor *in,
                               const struct ridge_tensor *out, uint64_t seed, const char *algorithm,
                               struct ridge_check *result, struct ridge_error *err)
{
    (void)algorithm;
    const struct ridge_softmax_shape *s = shape;
    struct reference r = {s, in[0].data, out[0].data};
    const double n = (double)s->columns;
    struct ridge_compare cmp;
    ridge_compare_begin(&cmp, "softmax",
                        RIDGE_UNIT_ROUNDOFF * (10 + 1.22 * log(n + 1) + fmin(n, 2 * sqrt(n))), result);
    ridge_compare_units(&cmp, s->columns > 0 ? s->rows : 0, 40 * n, seed, compare_row, &r);
    return ridge_compare_end(&cmp, err);
}

static const struct ridge_dense_rules rules = {.op = "softmax",
                                               RIDGE_DENSE_RULES_ROWS,
                                               .n_tensors = 2,
                                               .fill_scale = 8.0f,
                                               .describe = describe,
                                               .flop = flop};

RIDGE_DENSE_OPERATOR(ridge_softmax_operator, rules, struct ridge_softmax_shape, 1, .name = "softmax",
                     .doc = "softmax over the last axis of rows x columns", .short_form = short_form,
                     .check = check);
