/* reorder: fields, tensors, and the comparison with the definition (bit for bit). */
#include "common/compare.h"
#include "reorder/reorder.h"
#include <string.h>

static const char *const layout_names[] = {"nchw", "nhwc", "nchw16c", NULL};
static const char *const short_form[] = {"batch", "c", "h", "w", NULL};

#define SIZE(field, text) RIDGE_SIZE_ROW(struct ridge_reorder_shape, field, 0, text)

static const struct ridge_option_row fields[] = {
    SIZE(batch, "images"),
    SIZE(c, "channels"),
    SIZE(h, "rows"),
    SIZE(w, "columns"),
    RIDGE_ENUM_ROW(struct ridge_reorder_shape, from, RIDGE_ROLE_SUBJECT, layout_names, "nchw", "layout of x"),
    RIDGE_ENUM_ROW(struct ridge_reorder_shape, to, RIDGE_ROLE_SUBJECT, layout_names, "nhwc", "layout of y"),
    RIDGE_DTYPE_ROW(struct ridge_reorder_shape),
};

static enum ridge_status check_shape(const void *shape, struct ridge_error *err)
{
    const struct ridge_reorder_shape *s = shape;
    if (s->from != s->to)
        return RIDGE_OK;
    return ridge_fail(err, RIDGE_ERR_CONFIG, "reorder", "from and to are both %s: nothing to reorder",
                      layout_names[s->from]);
}

static int64_t blocks_of(int64_t c)
{
    return ridge_kernels_size_ceil_div(c, RIDGE_REORDER_BLOCK);
}

static void describe(const void *shape, size_t i, struct ridge_dense_tensor *out)
{
    const struct ridge_reorder_shape *s = shape;
    const int32_t layout = i == 0 ? s->from : s->to;
    const struct {
        uint32_t rank;
        int64_t dims[5];
    } rows[RIDGE_REORDER_N] = {
        [RIDGE_REORDER_NCHW] = {4, {s->batch, s->c, s->h, s->w}},
        [RIDGE_REORDER_NHWC] = {4, {s->batch, s->h, s->w, s->c}},
        [RIDGE_REORDER_NCHW16C] = {5, {s->batch, blocks_of(s->c), s->h, s->w, RIDGE_REORDER_BLOCK}},
    };
    *out = (struct ridge_dense_tensor){.name = i == 0 ? "x" : "y",
                                       .layout = layout_names[layout],
                                       .role = i == 0 ? RIDGE_TENSOR_ACTIVATION : RIDGE_TENSOR_OUTPUT,
                                       .rank = rows[layout].rank};
    memcpy(out->dims, rows[layout].dims, sizeof rows[layout].dims);
}

static double flop(const void *shape)
{
    (void)shape;
    return 0;
}

struct reference {
    const struct ridge_reorder_shape *s;
    const char *x, *y;
};

/* Pixel p of channel c of image b. */
static int64_t index_of(const struct ridge_reorder_shape *s, int32_t layout, int64_t b, int64_t c, int64_t p)
{
    const int64_t hw = s->h * s->w, block = RIDGE_REORDER_BLOCK;
    if (layout == RIDGE_REORDER_NCHW)
        return (b * s->c + c) * hw + p;
    if (layout == RIDGE_REORDER_NHWC)
        return (b * hw + p) * s->c + c;
    return ((b * blocks_of(s->c) + c / block) * hw + p) * block + c % block;
}

/* Units run over the stored channels of y, so that its padding is seen. */
static void compare_element(void *ctx, int64_t unit, struct ridge_compare *cmp)
{
    const struct reference *r = ctx;
    const struct ridge_reorder_shape *s = r->s;
    const int64_t hw = s->h * s->w;
    const int64_t n_stored = s->to == RIDGE_REORDER_NCHW16C ? blocks_of(s->c) * RIDGE_REORDER_BLOCK : s->c;
    const int64_t p = unit % hw, c = unit / hw % n_stored, b = unit / hw / n_stored;
    const int64_t to = index_of(s, s->to, b, c, p);
    const double got = ridge_compare_load(r->y, to);
    if (c >= s->c) {
        ridge_compare_value(cmp, to, got, 0, 0);
        return;
    }
    const int64_t from = index_of(s, s->from, b, c, p);
    const bool is_same = memcmp(r->x + 4 * from, r->y + 4 * to, 4) == 0;
    ridge_compare_value(cmp, to, is_same ? 0 : got, is_same ? 0 : ridge_compare_load(r->x, from), 0);
}

static enum ridge_status check(const void *shape, const struct ridge_tensor *in,
                               const struct ridge_tensor *out, uint64_t seed, const char *algorithm,
                               struct ridge_check *result, struct ridge_error *err)
{
    (void)algorithm;
    const struct ridge_reorder_shape *s = shape;
    struct reference r = {s, in[0].data, out[0].data};
    struct ridge_compare cmp;
    ridge_compare_begin(&cmp, "reorder", 0, result);
    ridge_compare_units(&cmp, (int64_t)(out[0].n_bytes / sizeof(float)), 10, seed, compare_element, &r);
    return ridge_compare_end(&cmp, err);
}

static const struct ridge_dense_rules rules = {.op = "reorder",
                                               RIDGE_DENSE_RULES_ROWS,
                                               .n_tensors = 2,
                                               .fill_scale = 1.0f,
                                               .check_shape = check_shape,
                                               .describe = describe,
                                               .flop = flop};

RIDGE_DENSE_OPERATOR(ridge_reorder_operator, rules, struct ridge_reorder_shape, 1, .name = "reorder",
                     .doc = "a batch of images from one memory layout to another",
                     .short_form = short_form, .check = check);
