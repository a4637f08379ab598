/* concat: fields, tensors, and the comparison with the definition (bit for bit). */
#include "common/compare.h"
#include "concat/concat.h"
#include <string.h>

static const char *const short_form[] = {"outer", "n0", "n1", "inner", NULL};

#define SIZE_OR(field, value, text) RIDGE_SIZE_ROW_OR(struct ridge_concat_shape, field, 0, value, text)

static const struct ridge_option_row fields[] = {
    SIZE_OR(outer, NULL, "product of the dimensions before the axis"),
    SIZE_OR(n0, NULL, "first input's elements on the axis"),
    SIZE_OR(n1, "0", "second input's elements on the axis; 0: no such input"),
    SIZE_OR(n2, "0", "third input's elements on the axis; 0: no such input"),
    SIZE_OR(n3, "0", "fourth input's elements on the axis; 0: no such input"),
    SIZE_OR(inner, "1", "product of the dimensions after the axis"),
    RIDGE_DTYPE_ROW(struct ridge_concat_shape),
};

static void describe(const void *shape, size_t i, struct ridge_dense_tensor *out)
{
    static const char *const names[] = {"x0", "x1", "x2", "x3", "y"};
    const struct ridge_concat_shape *s = shape;
    int64_t sizes[RIDGE_CONCAT_N_INPUTS + 1];
    sizes[RIDGE_CONCAT_N_INPUTS] = ridge_concat_sizes(s, sizes);
    *out = (struct ridge_dense_tensor){
        .name = names[i],
        .role = i == RIDGE_CONCAT_N_INPUTS ? RIDGE_TENSOR_OUTPUT : RIDGE_TENSOR_ACTIVATION,
        .rank = 3,
        .dims = {s->outer, sizes[i], s->inner}};
}

static double flop(const void *shape)
{
    (void)shape;
    return 0;
}

struct reference {
    const struct ridge_concat_shape *s;
    const struct ridge_tensor *in;
    const char *y;
};

static void compare_element(void *ctx, int64_t i, struct ridge_compare *cmp)
{
    const struct reference *r = ctx;
    int64_t sizes[RIDGE_CONCAT_N_INPUTS];
    const int64_t n = ridge_concat_sizes(r->s, sizes), inner = r->s->inner;
    int64_t at = i / inner % n;
    int k = 0;
    while (at >= sizes[k])
        at -= sizes[k++];
    const int64_t from = (i / inner / n * sizes[k] + at) * inner + i % inner;
    const char *x = r->in[k].data;
    const bool is_same = memcmp(x + 4 * from, r->y + 4 * i, 4) == 0;
    ridge_compare_value(cmp, i, is_same ? 0 : ridge_compare_load(r->y, i),
                        is_same ? 0 : ridge_compare_load(x, from), 0);
}

static enum ridge_status check(const void *shape, const struct ridge_tensor *in,
                               const struct ridge_tensor *out, uint64_t seed, const char *algorithm,
                               struct ridge_check *result, struct ridge_error *err)
{
    (void)algorithm;
    struct reference r = {shape, in, out[0].data};
    struct ridge_compare cmp;
    ridge_compare_begin(&cmp, "concat", 0, result);
    ridge_compare_units(&cmp, (int64_t)(out[0].n_bytes / sizeof(float)), 10, seed, compare_element, &r);
    return ridge_compare_end(&cmp, err);
}

static const struct ridge_dense_rules rules = {.op = "concat",
                                               RIDGE_DENSE_RULES_ROWS,
                                               .n_tensors = RIDGE_CONCAT_N_INPUTS + 1,
                                               .fill_scale = 1.0f,
                                               .describe = describe,
                                               .flop = flop};

RIDGE_DENSE_OPERATOR(ridge_concat_operator, rules, struct ridge_concat_shape, RIDGE_CONCAT_N_INPUTS,
                     .name = "concat", .doc = "up to four tensors one after the other along an axis",
                     .short_form = short_form, .check = check);
