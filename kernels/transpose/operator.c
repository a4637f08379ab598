/* transpose: fields, formulas, tensors, how a problem is cut, and the comparison with the definition. */
#include "common/compare.h"
#include "transpose/transpose.h"
#include <string.h>

static const char *const perm_names[] = {
    "0123", "0132", "0213", "0231", "0312", "0321", "1023", "1032", "1203", "1230", "1302", "1320",
    "2013", "2031", "2103", "2130", "2301", "2310", "3012", "3021", "3102", "3120", "3201", "3210", NULL};
static const char *const short_form[] = {"d0", "d1", "d2", "d3", NULL};

#define SIZE(field, text) RIDGE_SIZE_ROW_OR(struct ridge_transpose_shape, field, 0, "1", text)

static const struct ridge_option_row fields[] = {
    SIZE(d0, "outermost dimension of x"),
    SIZE(d1, "second dimension of x"),
    SIZE(d2, "third dimension of x"),
    SIZE(d3, "innermost dimension of x"),
    RIDGE_ENUM_ROW(struct ridge_transpose_shape, perm, RIDGE_ROLE_SUBJECT, perm_names, "0132",
                   "the dimensions of x in the order in which y has them"),
    RIDGE_DTYPE_ROW(struct ridge_transpose_shape),
};

void ridge_transpose_order(int32_t perm, int order[RIDGE_TRANSPOSE_RANK])
{
    for (int i = 0; i < RIDGE_TRANSPOSE_RANK; i++)
        order[i] = perm_names[perm][i] - '0';
}

static void sizes_of(const struct ridge_transpose_shape *s, int64_t d[RIDGE_TRANSPOSE_RANK])
{
    const int64_t sizes[RIDGE_TRANSPOSE_RANK] = {s->d0, s->d1, s->d2, s->d3};
    memcpy(d, sizes, sizeof sizes);
}

struct ridge_transpose_plan ridge_transpose_plan_make(const struct ridge_transpose_shape *s)
{
    int order[RIDGE_TRANSPOSE_RANK], at = RIDGE_TRANSPOSE_RANK;
    int64_t d[RIDGE_TRANSPOSE_RANK], stride[RIDGE_TRANSPOSE_RANK], n = 1;
    struct ridge_transpose_plan p = {.dims = {1, 1, 1, 1}, .i_fast = RIDGE_TRANSPOSE_RANK - 1};
    sizes_of(s, d);
    ridge_transpose_order(s->perm, order);
    for (int i = RIDGE_TRANSPOSE_RANK - 1; i >= 0; i--) {
        stride[i] = n;
        n *= d[i];
    }
    n = 1;
    for (int i = RIDGE_TRANSPOSE_RANK - 1; i >= 0; i--) {
        const int k = order[i];
        if (d[k] == 1)
            continue;
        if (at < RIDGE_TRANSPOSE_RANK && stride[k] == p.from[at] * p.dims[at]) {
            p.dims[at] *= d[k];
        } else {
            at--;
            p.dims[at] = d[k];
            p.from[at] = stride[k];
            p.to[at] = n;
        }
        n *= d[k];
    }
    for (int i = 0; i < RIDGE_TRANSPOSE_RANK; i++)
        if (p.from[i] == 1)
            p.i_fast = i;
    return p;
}

static void describe(const void *shape, size_t i, struct ridge_dense_tensor *out)
{
    const struct ridge_transpose_shape *s = shape;
    int order[RIDGE_TRANSPOSE_RANK];
    int64_t d[RIDGE_TRANSPOSE_RANK];
    sizes_of(s, d);
    ridge_transpose_order(i == 0 ? 0 : s->perm, order);
    *out = (struct ridge_dense_tensor){.name = i == 0 ? "x" : "y",
                                       .role = i == 0 ? RIDGE_TENSOR_ACTIVATION : RIDGE_TENSOR_OUTPUT,
                                       .rank = RIDGE_TRANSPOSE_RANK};
    for (int j = 0; j < RIDGE_TRANSPOSE_RANK; j++)
        out->dims[j] = d[order[j]];
}

static double flop(const void *shape)
{
    (void)shape;
    return 0;
}

struct reference {
    int64_t dims[RIDGE_TRANSPOSE_RANK], stride[RIDGE_TRANSPOSE_RANK]; /* in the order of y; strides in x */
    const char *x, *y;
};

static void compare_element(void *ctx, int64_t i, struct ridge_compare *cmp)
{
    const struct reference *r = ctx;
    int64_t rest = i, from = 0;
    for (int d = RIDGE_TRANSPOSE_RANK - 1; d >= 0; d--) {
        from += rest % r->dims[d] * r->stride[d];
        rest /= r->dims[d];
    }
    const bool is_same = memcmp(r->x + from * 4, r->y + i * 4, 4) == 0;
    const double want = ridge_compare_load(r->x, from), got = ridge_compare_load(r->y, i);
    ridge_compare_value(cmp, i, is_same ? 0 : got, is_same ? 0 : want, 0);
}

static enum ridge_status check(const void *shape, const struct ridge_tensor *in,
                               const struct ridge_tensor *out, uint64_t seed, const char *algorithm,
                               struct ridge_check *result, struct ridge_error *err)
{
    (void)algorithm;
    const struct ridge_transpose_shape *s = shape;
    struct reference r = {.x = in[0].data, .y = out[0].data};
    int order[RIDGE_TRANSPOSE_RANK];
    int64_t d[RIDGE_TRANSPOSE_RANK], n = 1;
    sizes_of(s, d);
    ridge_transpose_order(s->perm, order);
    for (int k = RIDGE_TRANSPOSE_RANK - 1; k >= 0; k--) {
        for (int i = 0; i < RIDGE_TRANSPOSE_RANK; i++)
            if (order[i] == k) {
                r.dims[i] = d[k];
                r.stride[i] = n;
            }
        n *= d[k];
    }
    struct ridge_compare cmp;
    ridge_compare_begin(&cmp, "transpose", 0, result);
    ridge_compare_units(&cmp, out[0].n_bytes > 0 ? n : 0, 10, seed, compare_element, &r);
    return ridge_compare_end(&cmp, err);
}

static const struct ridge_dense_rules rules = {.op = "transpose",
                                               RIDGE_DENSE_RULES_ROWS,
                                               .n_tensors = 2,
                                               .fill_scale = 1.0f,
                                               .describe = describe,
                                               .flop = flop};

RIDGE_DENSE_OPERATOR(ridge_transpose_operator, rules, struct ridge_transpose_shape, 1, .name = "transpose",
                     .doc = "a tensor of up to 4 dimensions with its dimensions in another order",
                     .short_form = short_form, .check = check);
