/* pool: fields, formulas, tensors. */
#include "pool/pool.h"

static const char *const kind_names[] = {"max", "average", "global_max", "global_average", NULL};
static const char *const short_form[] = {"batch", "c", "ih", "iw", NULL};

#define SIZE(field, lowest, text) RIDGE_SIZE_ROW(struct ridge_pool_shape, field, lowest, text)
#define SIZE_OR(field, lowest, value, text)                                                        \
    RIDGE_SIZE_ROW_OR(struct ridge_pool_shape, field, lowest, value, text)

static const struct ridge_option_row fields[] = {
    SIZE(batch, 0, "images"),
    SIZE(c, 0, "channels"),
    SIZE(ih, 0, "rows of an image"),
    SIZE(iw, 0, "columns of an image"),
    RIDGE_ENUM_ROW(struct ridge_pool_shape, kind, RIDGE_ROLE_SUBJECT, kind_names, "max",
                   "maximum or mean, of windows or of the whole image"),
    SIZE_OR(kh, 1, "1", "rows of a window"),
    SIZE_OR(kw, 1, "1", "columns of a window"),
    SIZE_OR(stride_h, 1, "1", "rows from window to window"),
    SIZE_OR(stride_w, 1, "1", "columns from window to window"),
    SIZE_OR(pad_t, 0, "0", "rows of padding above"),
    SIZE_OR(pad_b, 0, "0", "rows of padding below"),
    SIZE_OR(pad_l, 0, "0", "columns of padding on the left"),
    SIZE_OR(pad_r, 0, "0", "columns of padding on the right"),
    RIDGE_BOOL_ROW(struct ridge_pool_shape, count_include_pad, "false",
                   "the mean divides by kh * kw also at the border"),
    RIDGE_ENUM_ROW(struct ridge_pool_shape, layout, RIDGE_ROLE_IDENTITY, ridge_dense_layout_names,
                   "nhwc", "order of the tensors' dimensions"),
    RIDGE_DTYPE_ROW(struct ridge_pool_shape),
};

static int64_t count_windows(int64_t size, int64_t pads, int64_t window, int64_t stride)
{
    return size == 0 || size + pads < window ? 0 : (size + pads - window) / stride + 1;
}

struct ridge_pool_plan ridge_pool_plan_make(const struct ridge_pool_shape *s)
{
    const bool is_max = s->kind == RIDGE_POOL_MAX || s->kind == RIDGE_POOL_GLOBAL_MAX;
    if (s->kind == RIDGE_POOL_GLOBAL_MAX || s->kind == RIDGE_POOL_GLOBAL_AVERAGE) {
        const int64_t n = s->ih > 0 && s->iw > 0 ? 1 : 0;
        return (struct ridge_pool_plan){n, n, s->ih, s->iw, 1, 1, 0, 0, is_max, true, false};
    }
    return (struct ridge_pool_plan){
        .oh = count_windows(s->ih, s->pad_t + s->pad_b, s->kh, s->stride_h),
        .ow = count_windows(s->iw, s->pad_l + s->pad_r, s->kw, s->stride_w),
        .kh = s->kh,
        .kw = s->kw,
        .stride_h = s->stride_h,
        .stride_w = s->stride_w,
        .pad_t = s->pad_t,
        .pad_l = s->pad_l,
        .is_max = is_max,
        .counts_pad = s->count_include_pad != 0};
}

static enum ridge_status check_shape(const void *shape, struct ridge_error *err)
{
    const struct ridge_pool_shape *s = shape;
    int64_t n_window;
    if (!ridge_kernels_size_mul3(s->kh, s->kw, 1, &n_window))
        return ridge_fail(err, RIDGE_ERR_CONFIG, "pool", "a window of %lld x %lld has too many elements",
                          (long long)s->kh, (long long)s->kw);
    if (s->pad_t < s->kh && s->pad_b < s->kh && s->pad_l < s->kw && s->pad_r < s->kw)
        return RIDGE_OK;
    return ridge_fail(err, RIDGE_ERR_CONFIG, "pool",
                      "pads %lld,%lld,%lld,%lld: each must be smaller than its window of %lld x %lld",
                      (long long)s->pad_t, (long long)s->pad_b, (long long)s->pad_l,
                      (long long)s->pad_r, (long long)s->kh, (long long)s->kw);
}

static void describe(const void *shape, size_t i, struct ridge_dense_tensor *out)
{
    const struct ridge_pool_shape *s = shape;
    const struct ridge_pool_plan p = ridge_pool_plan_make(s);
    const int64_t h = i == 0 ? s->ih : p.oh, w = i == 0 ? s->iw : p.ow;
    *out = (struct ridge_dense_tensor){.name = i == 0 ? "x" : "y",
                                       .layout = ridge_dense_layout_names[s->layout],
                                       .role = i == 0 ? RIDGE_TENSOR_ACTIVATION : RIDGE_TENSOR_OUTPUT,
                                       .rank = 4,
                                       .dims = {s->batch, h, w, s->c}};
    if (s->layout == RIDGE_DENSE_NCHW) {
        out->dims[1] = s->c;
        out->dims[2] = h;
        out->dims[3] = w;
    }
}

static double flop(const void *shape)
{
    const struct ridge_pool_shape *s = shape;
    const struct ridge_pool_plan p = ridge_pool_plan_make(s);
    return (double)s->batch * (double)s->c * (double)p.oh * (double)p.ow * (double)p.kh * (double)p.kw;
}

static bool takes_layout(const struct ridge_pool_shape *s, enum ridge_dense_layout layout,
                         char *reason, size_t n_reason)
{
    if (s->layout == (int32_t)layout)
        return true;
    (void)snprintf(reason, n_reason, "this pool kernel takes %s only", ridge_dense_layout_names[layout]);
    return false;
}

bool ridge_pool_takes_nhwc(const void *shape, char *reason, size_t n_reason)
{
    return takes_layout(shape, RIDGE_DENSE_NHWC, reason, n_reason);
}

bool ridge_pool_takes_nchw(const void *shape, char *reason, size_t n_reason)
{
    return takes_layout(shape, RIDGE_DENSE_NCHW, reason, n_reason);
}

static const struct ridge_dense_rules rules = {.op = "pool",
                                               RIDGE_DENSE_RULES_ROWS,
                                               .n_tensors = 2,
                                               .fill_scale = 1.0f,
                                               .check_shape = check_shape,
                                               .describe = describe,
                                               .flop = flop};

RIDGE_DENSE_OPERATOR(ridge_pool_operator, rules, struct ridge_pool_shape, 1, .name = "pool",
                     .doc = "maximum or mean of windows of images, or of whole images",
                     .short_form = short_form, .check = ridge_pool_check);
