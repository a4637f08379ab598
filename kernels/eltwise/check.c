/* eltwise: comparison with the double reference.
 *
 * Tolerances in units of u = 2^-24, relative to the result (gelu: to |x|). Selections are exact; one
 * rounding is 1. exp: 1.6 ulp of the vector e^x (common/vec.h) are 3.2. sigmoid and silu: e = e^-|x|, then
 * a sum, a quotient (and a product): 3.2 + 1 + 1 + 1. hardswish: a sum and two products, one by the
 * rounded 1/6. tanh: odd polynomial of degree 11 below 0.625, |error| 2^-27.7 + 2 u; above (1 - e) /
 * (1 + e), e = e^-2|x| <= 0.29: (3.2 e + 0.5) (1 / (1 - e) + 1 / (1 + e)) + 1 < 5. gelu: erfc(z) e^z^2 as a
 * polynomial of 1 / (1 + 0.45 z) with error 2^-29.8, times e^-z^2, where the rounding of z^2 <= 1 / e
 * adds less than 1: below 6 of |x|. */
#include "common/compare.h"
#include "eltwise/eltwise.h"
#include <math.h>

static double maximum(double a, double b)
{
    return isnan(a) || isnan(b) ? (double)NAN : a > b ? a : b;
}

#define REFERENCE(NAME, expression)                                                                \
    static double want_##NAME(double x, double y)                                                  \
    {                                                                                              \
        (void)y;                                                                                   \
        return expression;                                                                         \
    }
REFERENCE(RELU, maximum(x, 0))
REFERENCE(RELU6, -maximum(-maximum(x, 0), -6))
REFERENCE(SILU, x * (1 / (1 + exp(-x))))
REFERENCE(HARDSWISH, x * -maximum(-maximum(x + 3, 0), -6) / 6)
REFERENCE(SIGMOID, 1 / (1 + exp(-x)))
REFERENCE(TANH, tanh(x))
REFERENCE(GELU, 0.5 * x * (x > 0 ? 1 + erf(x * M_SQRT1_2) : erfc(-x * M_SQRT1_2)))
REFERENCE(EXP, exp(x))
REFERENCE(ADD, x + y)
REFERENCE(SUB, x - y)
REFERENCE(MUL, x * y)
REFERENCE(DIV, x / y)
REFERENCE(MAX, maximum(x, y))
REFERENCE(MIN, -maximum(-x, -y))

static const struct {
    double (*want)(double x, double y);
    double tolerance_u;
} ops[RIDGE_ELTWISE_N_OPS] = {
    [RIDGE_ELTWISE_RELU] = {want_RELU, 0},       [RIDGE_ELTWISE_RELU6] = {want_RELU6, 0},
    [RIDGE_ELTWISE_SILU] = {want_SILU, 8},       [RIDGE_ELTWISE_HARDSWISH] = {want_HARDSWISH, 5},
    [RIDGE_ELTWISE_SIGMOID] = {want_SIGMOID, 7}, [RIDGE_ELTWISE_TANH] = {want_TANH, 6},
    [RIDGE_ELTWISE_GELU] = {want_GELU, 6},       [RIDGE_ELTWISE_EXP] = {want_EXP, 4},
    [RIDGE_ELTWISE_ADD] = {want_ADD, 1.001},     [RIDGE_ELTWISE_SUB] = {want_SUB, 1.001},
    [RIDGE_ELTWISE_MUL] = {want_MUL, 1.001},     [RIDGE_ELTWISE_DIV] = {want_DIV, 1.001},
    [RIDGE_ELTWISE_MAX] = {want_MAX, 0},         [RIDGE_ELTWISE_MIN] = {want_MIN, 0},
};

struct reference {
    int32_t op;
    struct ridge_eltwise_view v;
    const void *a, *b, *y;
};

static void compare_element(void *ctx, int64_t i, struct ridge_compare *cmp)
{
    const struct reference *r = ctx;
    int64_t rest = i, a = 0, b = 0;
    for (int d = RIDGE_ELTWISE_RANK - 1; d >= 0; d--) {
        const int64_t at = rest % r->v.dims[d];
        rest /= r->v.dims[d];
        a += at * r->v.a[d];
        b += at * r->v.b[d];
    }
    const double x = ridge_compare_load(r->a, a);
    const double y = ridge_eltwise_is_binary(r->op) ? ridge_compare_load(r->b, b) : 0;
    const double want = ops[r->op].want(x, y);
    ridge_compare_value(cmp, i, ridge_compare_load(r->y, i), want,
                        r->op == RIDGE_ELTWISE_GELU ? fabs(x) : fabs(want));
}

enum ridge_status ridge_eltwise_check(const void *shape, const struct ridge_tensor *in,
                                      const struct ridge_tensor *out, uint64_t seed,
                                      const char *algorithm, struct ridge_check *result,
                                      struct ridge_error *err)
{
    (void)algorithm;
    const struct ridge_eltwise_shape *s = shape;
    struct reference r = {.op = s->op, .v = ridge_eltwise_view_make(s), .a = in[0].data,
                          .b = in[1].data, .y = out[0].data};
    struct ridge_compare cmp;
    ridge_compare_begin(&cmp, "eltwise", ops[s->op].tolerance_u * RIDGE_UNIT_ROUNDOFF, result);
    ridge_compare_units(&cmp, r.v.dims[0] * r.v.dims[1] * r.v.dims[2] * r.v.dims[3], 20, seed,
                        compare_element, &r);
    return ridge_compare_end(&cmp, err);
}
