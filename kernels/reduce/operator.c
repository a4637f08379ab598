/* reduce: fields, formulas, tensors, and the comparison with the double reference.
 *
 * A maximum is exact. A sum of n f32 in any order is off by at most (n - 1) u sum |x|, with a probability
 * near 1 by 2 sqrt(n) u sum |x| (Higham and Mary, SIAM J. Sci. Comput. 41(5), 2019); the mean adds its
 * quotient: u * (2 + min(n, 2 sqrt(n))). */
#include "common/compare.h"
#include "reduce/reduce.h"
#include <math.h>

static const char *const kind_names[] = {"sum", "mean", "max", NULL};
static const char *const short_form[] = {"outer", "n", "inner", NULL};

static const struct ridge_option_row fields[] = {
    RIDGE_SIZE_ROW(struct ridge_reduce_shape, outer, 0, "product of the dimensions before the axis"),
    RIDGE_SIZE_ROW(struct ridge_reduce_shape, n, 0, "elements on the axis"),
    RIDGE_SIZE_ROW_OR(struct ridge_reduce_shape, inner, 0, "1", "product of the dimensions after the axis"),
    RIDGE_ENUM_ROW(struct ridge_reduce_shape, kind, RIDGE_ROLE_SUBJECT, kind_names, "sum", "what of the elements"),
    RIDGE_DTYPE_ROW(struct ridge_reduce_shape),
};

static void describe(const void *shape, size_t i, struct ridge_dense_tensor *out)
{
    const struct ridge_reduce_shape *s = shape;
    *out = (struct ridge_dense_tensor){.name = i == 0 ? "x" : "y",
                                       .role = i == 0 ? RIDGE_TENSOR_ACTIVATION : RIDGE_TENSOR_OUTPUT,
                                       .rank = i == 0 ? 3 : 2,
                                       .dims = {s->outer, i == 0 ? s->n : s->inner, i == 0 ? s->inner : 0}};
}

static double flop(const void *shape)
{
    const struct ridge_reduce_shape *s = shape;
    return (double)s->outer * (double)s->n * (double)s->inner;
}

struct reference {
    const struct ridge_reduce_shape *s;
    const void *x, *y;
};

static void compare_element(void *ctx, int64_t at, struct ridge_compare *cmp)
{
    const struct reference *r = ctx;
    const struct ridge_reduce_shape *s = r->s;
    const int64_t base = at / s->inner * s->n * s->inner + at % s->inner;
    double most = -INFINITY, sum = 0, sum_abs = 0;
    for (int64_t k = 0; k < s->n; k++) {
        const double x = ridge_compare_load(r->x, base + k * s->inner);
        most = isnan(x) || isnan(most) ? (double)NAN : x > most ? x : most;
        sum += x;
        sum_abs += fabs(x);
    }
    const double count = s->kind == RIDGE_REDUCE_MEAN ? (double)s->n : 1.0;
    const bool is_max = s->kind == RIDGE_REDUCE_MAX;
    ridge_compare_value(cmp, at, ridge_compare_load(r->y, at), is_max ? most : sum / count,
                        is_max ? 0 : sum_abs / count);
}

static enum ridge_status check(const void *shape, const struct ridge_tensor *in,
                               const struct ridge_tensor *out, uint64_t seed, const char *algorithm,
                               struct ridge_check *result, struct ridge_error *err)
{
    (void)algorithm;
    const struct ridge_reduce_shape *s = shape;
    struct reference r = {s, in[0].data, out[0].data};
    const double n = (double)s->n;
    struct ridge_compare cmp;
    ridge_compare_begin(
        &cmp, "reduce",
        s->kind == RIDGE_REDUCE_MAX ? 0 : RIDGE_UNIT_ROUNDOFF * (2 + fmin(n, 2 * sqrt(n))), result);
    ridge_compare_units(&cmp, s->outer * s->inner, n, seed, compare_element, &r);
    return ridge_compare_end(&cmp, err);
}

static const struct ridge_dense_rules rules = {.op = "reduce",
                                               RIDGE_DENSE_RULES_ROWS,
                                               .n_tensors = 2,
                                               .fill_scale = 1.0f,
                                               .describe = describe,
                                               .flop = flop};

RIDGE_DENSE_OPERATOR(ridge_reduce_operator, rules, struct ridge_reduce_shape, 1, .name = "reduce",
                     .doc = "sum, mean or maximum over one axis", .short_form = short_form, .check = check);
