/* layernorm: fields, formulas, tensors, and the comparison with the double reference.
 *
 * Tolerance. With g = min(n, 2 sqrt(n)) for a sum of n terms (Higham and Mary, SIAM J. Sci. Comput.
 * 41(5), 2019): the mean is off by (g + 2) u A, A = mean |x|; so is each difference d = x - mean, plus
 * u |d|. The mean of d^2 has second order in the mean's error, so its relative error is (g + 4) u, of
 * which the root takes half. Then y - beta is off by u (g + 8) |gamma| (|d| + A) / s, s the
 * deviation, and the last sum adds u (|y| + |beta|). We take u (12 + g) of |gamma| (|d| + A) / s + |beta|. */
#include "common/compare.h"
#include "layernorm/layernorm.h"
#include <math.h>

static const char *const short_form[] = {"rows", "columns", NULL};

static const struct ridge_option_row fields[] = {
    RIDGE_SIZE_ROW(struct ridge_layernorm_shape, rows, 0, "independent rows"),
    RIDGE_SIZE_ROW(struct ridge_layernorm_shape, columns, 0, "elements of a row"),
    {.key = "epsilon",
     .kind = RIDGE_KIND_REAL,
     .role = RIDGE_ROLE_SUBJECT,
     .offset = offsetof(struct ridge_layernorm_shape, epsilon),
     .def = "1e-5",
     .min = 0,
     .max = 1,
     .help = "added to the variance"},
    RIDGE_DTYPE_ROW(struct ridge_layernorm_shape),
};

static void describe(const void *shape, size_t i, struct ridge_dense_tensor *out)
{
    static const char *const names[] = {"x", "gamma", "beta", "y"};
    static const enum ridge_tensor_role roles[] = {RIDGE_TENSOR_ACTIVATION, RIDGE_TENSOR_WEIGHT,
                                                   RIDGE_TENSOR_WEIGHT, RIDGE_TENSOR_OUTPUT};
    const struct ridge_layernorm_shape *s = shape;
    const bool is_vector = roles[i] == RIDGE_TENSOR_WEIGHT;
    *out = (struct ridge_dense_tensor){.name = names[i],
                                       .role = roles[i],
                                       .rank = is_vector ? 1 : 2,
                                       .dims = {is_vector ? s->columns : s->rows, is_vector ? 0 : s->columns}};
}

static double flop(const void *shape)
{
    const struct ridge_layernorm_shape *s = shape;
    return 7.0 * (double)s->rows * (double)s->columns;
}

static enum ridge_status check_shape(const void *shape, struct ridge_error *err)
{
    const struct ridge_layernorm_shape *s = shape;
    if (s->epsilon >= 0 && s->epsilon <= 1)
        return RIDGE_OK;
    return ridge_fail(err, RIDGE_ERR_CONFIG, "layernorm", "epsilon=%g: must be 0 to 1", s->epsilon);
}

struct reference {
    const struct ridge_layernorm_shape *s;
    const void *x, *gamma, *beta, *y;
};

static void compare_row(void *ctx, int64_t row, struct ridge_compare *cmp)
{
    const struct reference *r = ctx;
    const int64_t n = r->s->columns, base = row * n;
    double sum = 0, sum_abs = 0, sum_squares = 0;
    for (int64_t j = 0; j < n; j++) {
        const double x = ridge_compare_load(r->x, base + j);
        sum += x;
        sum_abs += fabs(x);
    }
    const double mean = sum / (double)n, mean_abs = sum_abs / (double)n;
    for (int64_t j = 0; j < n; j++) {
        const double d = ridge_compare_load(r->x, base + j) - mean;
        sum_squares += d * d;
    }
    const double scale = 1.0 / sqrt(sum_squares / (double)n + r->s->epsilon);
    for (int64_t j = 0; j < n; j++) {
        const double d = ridge_compare_load(r->x, base + j) - mean;
        const double gamma = ridge_compare_load(r->gamma, j), beta = ridge_compare_load(r->beta, j);
        ridge_compare_value(cmp, base + j, ridge_compare_load(r->y, base + j), d * scale * gamma + beta,
                            fabs(gamma) * scale * (fabs(d) + mean_abs) + fabs(beta));
    }
}

static enum ridge_status check(const void *shape, const struct ridge_tensor *in,
                               const struct ridge_tensor *out, uint64_t seed, const char *algorithm,
                               struct ridge_check *result, struct ridge_error *err)
{
    (void)algorithm;
    const struct ridge_layernorm_shape *s = shape;
    struct reference r = {s, in[0].data, in[1].data, in[2].data, out[0].data};
    const double n = (double)s->columns;
    struct ridge_compare cmp;
    ridge_compare_begin(&cmp, "layernorm", RIDGE_UNIT_ROUNDOFF * (12 + fmin(n, 2 * sqrt(n))), result);
    ridge_compare_units(&cmp, s->columns > 0 ? s->rows : 0, 8 * n, seed, compare_row, &r);
    return ridge_compare_end(&cmp, err);
}

static const struct ridge_dense_rules rules = {.op = "layernorm",
                                               RIDGE_DENSE_RULES_ROWS,
                                               .n_tensors = 4,
                                               .fill_scale = 1.0f,
                                               .check_shape = check_shape,
                                               .describe = describe,
                                               .flop = flop};

RIDGE_DENSE_OPERATOR(ridge_layernorm_operator, rules, struct ridge_layernorm_shape, 3,
                     .name = "layernorm", .doc = "layer normalisation over the last axis of rows x columns",
                     .short_form = short_form, .check = check);
