/* eltwise: fields, formulas, tensors, and how a problem is cut. */
#include "eltwise/eltwise.h"

#define NAME_OF(NAME, name) #name,
static const char *const op_names[] = {RIDGE_ELTWISE_UNARY(NAME_OF) RIDGE_ELTWISE_BINARY(NAME_OF) NULL};
static const char *const short_form[] = {"a0", "a1", "a2", "a3", NULL};

#define SIZE(field, text) RIDGE_SIZE_ROW_OR(struct ridge_eltwise_shape, field, 0, "1", text)

static const struct ridge_option_row fields[] = {
    RIDGE_ENUM_ROW(struct ridge_eltwise_shape, op, RIDGE_ROLE_SUBJECT, op_names, NULL, "the function"),
    SIZE(a0, "first operand, outermost dimension"),
    SIZE(a1, "first operand, second dimension"),
    SIZE(a2, "first operand, third dimension"),
    SIZE(a3, "first operand, innermost dimension"),
    SIZE(b0, "second operand, outermost dimension"),
    SIZE(b1, "second operand, second dimension"),
    SIZE(b2, "second operand, third dimension"),
    SIZE(b3, "second operand, innermost dimension"),
    RIDGE_DTYPE_ROW(struct ridge_eltwise_shape),
};

static void sizes_of(const struct ridge_eltwise_shape *s, int64_t *a, int64_t *b)
{
    const int64_t rows[2][RIDGE_ELTWISE_RANK] = {{s->a0, s->a1, s->a2, s->a3},
                                                 {s->b0, s->b1, s->b2, s->b3}};
    for (int d = 0; d < RIDGE_ELTWISE_RANK; d++) {
        a[d] = rows[0][d];
        b[d] = rows[1][d];
    }
}

struct ridge_eltwise_view ridge_eltwise_view_make(const struct ridge_eltwise_shape *s)
{
    int64_t a[RIDGE_ELTWISE_RANK], b[RIDGE_ELTWISE_RANK], a_stride = 1, b_stride = 1;
    struct ridge_eltwise_view v = {0};
    sizes_of(s, a, b);
    for (int d = RIDGE_ELTWISE_RANK - 1; d >= 0; d--) {
        v.dims[d] = a[d] == 1 ? b[d] : a[d];
        v.a[d] = a[d] == 1 ? 0 : a_stride;
        v.b[d] = b[d] == 1 ? 0 : b_stride;
        a_stride = a[d] == 0 ? 0 : a_stride * a[d];
        b_stride = b[d] == 0 ? 0 : b_stride * b[d];
    }
    return v;
}

/* Right to left: a dimension joins the group on its right where both operands walk on evenly. */
struct ridge_eltwise_view ridge_eltwise_plan_make(const struct ridge_eltwise_shape *s)
{
    const struct ridge_eltwise_view v = ridge_eltwise_view_make(s);
    struct ridge_eltwise_view p = {.dims = {1, 1, 1, 1}};
    int to = RIDGE_ELTWISE_RANK;
    for (int d = RIDGE_ELTWISE_RANK - 1; d >= 0; d--) {
        if (v.dims[d] == 1)
            continue;
        if (to < RIDGE_ELTWISE_RANK && v.a[d] == p.dims[to] * p.a[to] && v.b[d] == p.dims[to] * p.b[to]) {
            p.dims[to] *= v.dims[d];
            continue;
        }
        to--;
        p.dims[to] = v.dims[d];
        p.a[to] = v.a[d];
        p.b[to] = v.b[d];
    }
    return p;
}

static enum ridge_status check_shape(const void *shape, struct ridge_error *err)
{
    int64_t a[RIDGE_ELTWISE_RANK], b[RIDGE_ELTWISE_RANK];
    const struct ridge_eltwise_shape *s = shape;
    const bool is_binary = ridge_eltwise_is_binary(s->op);
    sizes_of(s, a, b);
    for (int d = 0; d < RIDGE_ELTWISE_RANK; d++) {
        if (!is_binary && b[d] != 1)
            return ridge_fail(err, RIDGE_ERR_CONFIG, "eltwise", "b%d=%lld: %s takes one operand, a", d,
                              (long long)b[d], op_names[s->op]);
        if (a[d] != b[d] && a[d] != 1 && b[d] != 1)
            return ridge_fail(err, RIDGE_ERR_CONFIG, "eltwise",
                              "a%d=%lld and b%d=%lld: sizes must be equal, or one of them 1", d,
                              (long long)a[d], d, (long long)b[d]);
    }
    return RIDGE_OK;
}

/* Views are made of checked shapes only: describe() of a and b needs no strides. */
static void describe(const void *shape, size_t i, struct ridge_dense_tensor *out)
{
    static const char *const names[] = {"a", "b", "y"};
    const struct ridge_eltwise_shape *s = shape;
    int64_t a[RIDGE_ELTWISE_RANK], b[RIDGE_ELTWISE_RANK];
    sizes_of(s, a, b);
    *out = (struct ridge_dense_tensor){.name = names[i],
                                       .role = i == 2 ? RIDGE_TENSOR_OUTPUT : RIDGE_TENSOR_ACTIVATION,
                                       .rank = RIDGE_ELTWISE_RANK};
    if (i == 1 && !ridge_eltwise_is_binary(s->op)) {
        out->rank = 1;
        return;
    }
    for (int d = 0; d < RIDGE_ELTWISE_RANK; d++)
        out->dims[d] = i == 0 ? a[d] : i == 1 ? b[d] : a[d] == 1 ? b[d] : a[d];
}

/* An arithmetic operation, a comparison and a call of exp, erf or tanh count one each. */
static double flop(const void *shape)
{
    static const double per_element[RIDGE_ELTWISE_N_OPS] = {
        [RIDGE_ELTWISE_RELU] = 1,      [RIDGE_ELTWISE_RELU6] = 2,   [RIDGE_ELTWISE_SILU] = 4,
        [RIDGE_ELTWISE_HARDSWISH] = 5, [RIDGE_ELTWISE_SIGMOID] = 4, [RIDGE_ELTWISE_TANH] = 1,
        [RIDGE_ELTWISE_GELU] = 5,      [RIDGE_ELTWISE_EXP] = 1,     [RIDGE_ELTWISE_ADD] = 1,
        [RIDGE_ELTWISE_SUB] = 1,       [RIDGE_ELTWISE_MUL] = 1,     [RIDGE_ELTWISE_DIV] = 1,
        [RIDGE_ELTWISE_MAX] = 1,       [RIDGE_ELTWISE_MIN] = 1};
    const struct ridge_eltwise_shape *s = shape;
    struct ridge_dense_tensor y;
    describe(shape, 2, &y);
    double n = per_element[s->op];
    for (int d = 0; d < RIDGE_ELTWISE_RANK; d++)
        n *= (double)y.dims[d];
    return n;
}

static const struct ridge_dense_rules rules = {.op = "eltwise",
                                               RIDGE_DENSE_RULES_ROWS,
                                               .n_tensors = 3,
                                               .fill_scale = 8.0f,
                                               .check_shape = check_shape,
                                               .describe = describe,
                                               .flop = flop};

RIDGE_DENSE_OPERATOR(ridge_eltwise_operator, rules, struct ridge_eltwise_shape, 2, .name = "eltwise",
                     .doc = "a function of one tensor, or of two with broadcasting, element by element",
                     .short_form = short_form, .check = ridge_eltwise_check);
