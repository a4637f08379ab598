/* conv and conv_transpose: fields, formulas, tensors and inputs. */
#include "common/rng.h"
#include "common/size.h"
#include "conv/check.h"
#include "conv/support.h"
#include <math.h>
#include <string.h>

static const char *const dtype_names[] = {"f32", NULL};
static const char *const layout_names[] = {"nchw", "nhwc", "nchw16c", NULL};
static const char *const weights_names[] = {"given", "prepacked", NULL};
static const char *const no_short_form[] = {NULL};
static const char *const yardsticks[] = {"fma", "read", "copy", NULL};
static const char *const conv_aliases[] = {"depthwise:groups=ic,oc=ic", NULL};
const char *const ridge_conv_algorithm_names[] = {
    "auto", "window", "direct", "im2col", "implicit", "depthwise", "winograd2", "winograd4",
    "winograd6", "fft", NULL};

#define MAX_SIZE 0x1p53
#define MAX_STEP 0x1p31
#define INT_ROW(field, least, most, value, words, text)                                            \
    {                                                                                              \
        .key = #field, .kind = RIDGE_KIND_INT, .role = RIDGE_ROLE_SUBJECT,                         \
        .offset = offsetof(struct ridge_conv_shape, field), .unit = words, .def = value,           \
        .min = least, .max = most, .help = text                                                    \
    }
#define ENUM_ROW(field, table, value, text)                                                        \
    {                                                                                              \
        .key = #field, .kind = RIDGE_KIND_ENUM, .role = RIDGE_ROLE_IDENTITY,                       \
        .offset = offsetof(struct ridge_conv_shape, field), .def = value, .names = table,          \
        .help = text                                                                               \
    }
#define BOOL_ROW(field, text)                                                                      \
    {                                                                                              \
        .key = #field, .kind = RIDGE_KIND_BOOL, .role = RIDGE_ROLE_IDENTITY,                       \
        .offset = offsetof(struct ridge_conv_shape, field), .def = "false", .help = text           \
    }
#define SUBJECT_ROWS                                                                               \
    INT_ROW(batch, 0, MAX_SIZE, "1", "images", "images"),                                          \
        INT_ROW(ic, 0, MAX_SIZE, NULL, "channels", "channels of x"),                               \
        INT_ROW(ih, 0, MAX_SIZE, NULL, "pixels", "height of x"),                                   \
        INT_ROW(iw, 0, MAX_SIZE, NULL, "pixels", "width of x"),                                    \
        INT_ROW(oc, 0, MAX_SIZE, NULL, "channels", "channels of y"),                               \
        INT_ROW(kh, 1, MAX_STEP, NULL, "pixels", "height of the filter"),                          \
        INT_ROW(kw, 1, MAX_STEP, NULL, "pixels", "width of the filter"),                           \
        INT_ROW(stride_h, 1, MAX_STEP, "1", "pixels", "step downwards"),                           \
        INT_ROW(stride_w, 1, MAX_STEP, "1", "pixels", "step to the right"),                        \
        INT_ROW(pad_t, 0, MAX_STEP, "0", "pixels", "zero rows above"),                             \
        INT_ROW(pad_b, 0, MAX_STEP, "0", "pixels", "zero rows below"),                             \
        INT_ROW(pad_l, 0, MAX_STEP, "0", "pixels", "zero columns on the left"),                    \
        INT_ROW(pad_r, 0, MAX_STEP, "0", "pixels", "zero columns on the right"),                   \
        INT_ROW(dilation, 1, MAX_STEP, "1", "pixels", "distance of neighbouring taps; 1: dense"),  \
        INT_ROW(groups, 1, MAX_SIZE, "1", "groups", "groups of channels; ic: depthwise")
#define OPTION_ROWS                                                                                \
    ENUM_ROW(dtype, dtype_names, "f32", "element type"),                                           \
        ENUM_ROW(layout, layout_names, "nhwc", "order of x, residual and y"),                      \
        ENUM_ROW(weights, weights_names, "given",                                                  \
                 "given: packing w is timed; prepacked: w was packed before, as a constant"),      \
        ENUM_ROW(algorithm, ridge_conv_algorithm_names, "auto", "how; auto: the library chooses"), \
        ENUM_ROW(act, ridge_act_names, "none", "activation at the end"),                           \
        BOOL_ROW(bias, "add a value per channel of y"),                                            \
        BOOL_ROW(residual, "add a tensor of y's shape before the activation")

static const struct ridge_option_row conv_fields[] = {SUBJECT_ROWS, OPTION_ROWS};
static const struct ridge_option_row transpose_fields[] = {
    SUBJECT_ROWS,
    INT_ROW(out_pad_h, 0, MAX_STEP, "0", "pixels", "rows added to y below"),
    INT_ROW(out_pad_w, 0, MAX_STEP, "0", "pixels", "columns added to y on the right"),
    OPTION_ROWS};
#define N_ROWS(rows) (sizeof(rows) / sizeof(rows)[0])

static int64_t conv_size(int64_t in, int64_t pad, int64_t dilation, int64_t k, int64_t stride)
{
    const int64_t room = in + pad - dilation * (k - 1) - 1;
    return room < 0 ? 0 : room / stride + 1;
}

struct ridge_conv_out ridge_conv_out_size(const struct ridge_conv_shape *s)
{
    return (struct ridge_conv_out){
        conv_size(s->ih, s->pad_t + s->pad_b, s->dilation, s->kh, s->stride_h),
        conv_size(s->iw, s->pad_l + s->pad_r, s->dilation, s->kw, s->stride_w)};
}

static int64_t transpose_size(int64_t in, int64_t stride, int64_t pad, int64_t reach, int64_t more)
{
    const int64_t size = in == 0 ? 0 : (in - 1) * stride - pad + reach + more + 1;
    return size < 0 ? 0 : size;
}

struct ridge_conv_out ridge_conv_transpose_out_size(const struct ridge_conv_shape *s)
{
    return (struct ridge_conv_out){transpose_size(s->ih, s->stride_h, s->pad_t + s->pad_b,
                                                  s->dilation * (s->kh - 1), s->out_pad_h),
                                   transpose_size(s->iw, s->stride_w, s->pad_l + s->pad_r,
                                                  s->dilation * (s->kw - 1), s->out_pad_w)};
}

static int32_t names_count(const char *const *names)
{
    int32_t n = 0;
    while (names[n] != NULL)
        n++;
    return n;
}

/* Every field inside its row's bounds: the sums and products below cannot wrap then. */
static enum ridge_status check_rows(const char *op, const struct ridge_option_row *rows, size_t n_rows,
                                    const void *shape, struct ridge_error *err)
{
    for (size_t i = 0; i < n_rows; i++) {
        const struct ridge_option_row *row = &rows[i];
        const char *at = (const char *)shape + row->offset;
        int64_t size = 0;
        int32_t value = 0;
        if (row->kind == RIDGE_KIND_INT) {
            memcpy(&size, at, sizeof size);
            if ((double)size < row->min || (double)size > row->max)
                return ridge_fail(err, RIDGE_ERR_CONFIG, op, "%s=%lld: from %.0f to %.0f", row->key,
                                  (long long)size, row->min, row->max);
        } else if (row->kind == RIDGE_KIND_ENUM) {
            memcpy(&value, at, sizeof value);
            if (value < 0 || value >= names_count(row->names))
                return ridge_fail(err, RIDGE_ERR_CONFIG, op, "no %s %d; known are %s, ...", row->key,
                                  value, row->names[0]);
        }
    }
    return RIDGE_OK;
}

/* *out = 4 * product of n sizes; false at 2^60 and beyond, so that sums cannot wrap either. */
static bool f32_bytes(const int64_t *sizes, size_t n, int64_t *out)
{
    *out = 4;
    for (size_t i = 0; i < n; i++)
        if (sizes[i] == 0) {
            *out = 0;
            return true;
        }
    for (size_t i = 0; i < n; i++)
        if (__builtin_mul_overflow(*out, sizes[i], out) || *out >= INT64_C(1) << 60)
            return false;
    return true;
}

struct sizes {
    int64_t dims[RIDGE_CONV_N_INPUTS + 1][4];
    int64_t n_bytes[RIDGE_CONV_N_INPUTS + 1];
};
enum { Y = RIDGE_CONV_N_INPUTS };
static const char *const tensor_names[] = {"x", "w", "bias", "residual", "y"};

static enum ridge_status measure(const struct ridge_conv_shape *s, bool is_transpose, struct sizes *out,
                                 struct ridge_error *err)
{
    const char *op = is_transpose ? "conv_transpose" : "conv";
    const struct ridge_conv_out o =
        is_transpose ? ridge_conv_transpose_out_size(s) : ridge_conv_out_size(s);
    const int64_t ic = ridge_conv_stored_channels(s, s->ic), oc = ridge_conv_stored_channels(s, s->oc);
    const bool has_residual = s->residual != 0;
    const struct sizes sizes = {
        .dims = {{s->batch, ic, s->ih, s->iw},
                 {is_transpose ? s->oc / s->groups : s->oc, is_transpose ? s->ic : s->ic / s->groups,
                  s->kh, s->kw},
                 {s->bias != 0 ? s->oc : 0, 1, 1, 1},
                 {has_residual ? s->batch : 0, oc, o.oh, o.ow},
                 {s->batch, oc, o.oh, o.ow}}};
    *out = sizes;
    for (int i = 0; i <= Y; i++) {
        const int64_t *d = out->dims[i];
        if (!f32_bytes(d, 4, &out->n_bytes[i]))
            return ridge_fail(err, RIDGE_ERR_CONFIG, op,
                              "%s of %lld x %lld x %lld x %lld f32 elements does not fit a 64-bit "
                              "address space",
                              tensor_names[i], (long long)d[0], (long long)d[1], (long long)d[2],
                              (long long)d[3]);
    }
    return RIDGE_OK;
}

static enum ridge_status validate_any(const void *shape, bool is_transpose, struct sizes *out,
                                      struct ridge_error *err)
{
    const struct ridge_conv_shape *s = shape;
    const char *op = is_transpose ? "conv_transpose" : "conv";
    const enum ridge_status status =
        is_transpose ? check_rows(op, transpose_fields, N_ROWS(transpose_fields), shape, err)
                     : check_rows(op, conv_fields, N_ROWS(conv_fields), shape, err);
    if (status != RIDGE_OK)
        return status;
    if (s->ic % s->groups != 0 || s->oc % s->groups != 0)
        return ridge_fail(err, RIDGE_ERR_CONFIG, op,
                          "ic=%lld and oc=%lld are to be multiples of groups=%lld", (long long)s->ic,
                          (long long)s->oc, (long long)s->groups);
    if ((double)s->dilation * (double)s->kh > 0x1p60 || (double)s->dilation * (double)s->kw > 0x1p60 ||
        (is_transpose && ((double)s->ih * (double)s->stride_h > 0x1p60 ||
                          (double)s->iw * (double)s->stride_w > 0x1p60)))
        return ridge_fail(err, RIDGE_ERR_CONFIG, op,
                          "the filter or the output spans more than 2^60 pixels");
    return measure(s, is_transpose, out, err);
}

static enum ridge_status validate_conv(const void *shape, struct ridge_error *err)
{
    struct sizes sizes;
    return validate_any(shape, false, &sizes, err);
}

static enum ridge_status validate_transpose(const void *shape, struct ridge_error *err)
{
    struct sizes sizes;
    return validate_any(shape, true, &sizes, err);
}

static enum ridge_status cost_any(const void *shape, bool is_transpose, struct ridge_cost *out,
                                  struct ridge_error *err)
{
    const struct ridge_conv_shape *s = shape;
    struct sizes sizes;
    const enum ridge_status status = validate_any(shape, is_transpose, &sizes, err);
    if (status != RIDGE_OK)
        return status;
    /* conv: every output has (ic / groups) * kh * kw taps; transposed: every input scatters. */
    const int64_t *pixels = sizes.dims[is_transpose ? RIDGE_CONV_X : Y];
    out->flop = 2.0 * (double)s->batch * (double)s->oc * (double)(s->ic / s->groups) *
                (double)pixels[2] * (double)pixels[3] * (double)s->kh * (double)s->kw;
    out->compulsory_bytes = 0;
    for (int i = 0; i <= Y; i++)
        out->compulsory_bytes += (double)sizes.n_bytes[i];
    return RIDGE_OK;
}

static enum ridge_status cost_conv(const void *shape, struct ridge_cost *out, struct ridge_error *err)
{
    return cost_any(shape, false, out, err);
}

static enum ridge_status cost_transpose(const void *shape, struct ridge_cost *out,
                                        struct ridge_error *err)
{
    return cost_any(shape, true, out, err);
}

/* dims in the order of the layout; `d` is [b,c,h,w] or [o,i,r,s]. */
static void put_dims(const struct ridge_conv_shape *s, size_t i, bool is_transpose, const int64_t *d,
                     struct ridge_tensor *out)
{
    static const int nhwc[] = {0, 2, 3, 1}, rsio[] = {2, 3, 1, 0}, as_is[] = {0, 1, 2, 3},
                     transposed[] = {1, 0, 2, 3};
    const bool is_weight = i == RIDGE_CONV_W, is_last = s->layout == RIDGE_CONV_NHWC;
    const int *order = is_weight ? (is_last ? rsio : is_transpose ? transposed : as_is)
                                 : (is_last ? nhwc : as_is);
    out->rank = 4;
    for (int j = 0; j < 4; j++)
        out->dims[j] = d[order[j]];
    if (is_weight || s->layout != RIDGE_CONV_NCHW16C)
        return;
    out->rank = 5;
    out->dims[1] /= 16;
    out->dims[4] = 16;
}

static enum ridge_status tensor_any(const void *shape, size_t i, bool is_transpose,
                                    struct ridge_tensor *out, struct ridge_error *err)
{
    static const enum ridge_tensor_role roles[] = {RIDGE_TENSOR_ACTIVATION, RIDGE_TENSOR_WEIGHT,
                                                   RIDGE_TENSOR_WEIGHT, RIDGE_TENSOR_ACTIVATION,
                                                   RIDGE_TENSOR_OUTPUT};
    const struct ridge_conv_shape *s = shape;
    struct sizes sizes;
    if (i > Y)
        return ridge_fail(err, RIDGE_ERR_INTERNAL, "conv", "has 5 tensors, asked for %zu", i);
    const enum ridge_status status = validate_any(shape, is_transpose, &sizes, err);
    if (status != RIDGE_OK)
        return status;
    *out = (struct ridge_tensor){.name = tensor_names[i],
                                 .dtype = RIDGE_F32,
                                 .role = roles[i],
                                 .layout = layout_names[s->layout],
                                 .device = "cpu",
                                 .n_bytes = (uint64_t)sizes.n_bytes[i]};
    if (i == RIDGE_CONV_BIAS) {
        out->rank = 1;
        out->dims[0] = sizes.dims[i][0];
        out->layout = "row";
    } else {
        put_dims(s, i, is_transpose, sizes.dims[i], out);
    }
    return RIDGE_OK;
}

static enum ridge_status tensor_conv(const void *shape, size_t i, struct ridge_tensor *out,
                                     struct ridge_error *err)
{
    return tensor_any(shape, i, false, out, err);
}

static enum ridge_status tensor_transpose(const void *shape, size_t i, struct ridge_tensor *out,
                                          struct ridge_error *err)
{
    return tensor_any(shape, i, true, out, err);
}

/* The channels that nchw16c adds are zero. */
static void clear_padding(const struct ridge_conv_shape *s, int64_t n_channels, float *x, uint64_t n)
{
    const int64_t n_blocks = (n_channels + 15) / 16, n_last = n_channels - (n_blocks - 1) * 16;
    if (s->layout != RIDGE_CONV_NCHW16C || n == 0 || n_last == 16)
        return;
    const uint64_t plane = n / (uint64_t)s->batch / (uint64_t)n_blocks;
    for (uint64_t i = 0; i < n; i += 16)
        if (i / plane % (uint64_t)n_blocks == (uint64_t)n_blocks - 1)
            memset(x + i + n_last, 0, sizeof(float) * (size_t)(16 - n_last));
}

static void fill(const void *shape, size_t i, struct ridge_tensor *t, uint64_t seed)
{
    const struct ridge_conv_shape *s = shape;
    const uint64_t n = t->n_bytes / sizeof(float);
    if (n == 0)
        return;
    ridge_kernels_rng_fill_f32(t->data, n, seed * 5 + i);
    if (i == RIDGE_CONV_X)
        clear_padding(s, s->ic, t->data, n);
    if (i == RIDGE_CONV_RESIDUAL)
        clear_padding(s, s->oc, t->data, n);
}

const struct ridge_operator ridge_conv_operator = {
    .abi_version = RIDGE_ABI_VERSION,
    .struct_size = sizeof(struct ridge_operator),
    .name = "conv",
    .doc = "convolution with bias, residual and activation; also benchdnn's problem strings",
    .fields = conv_fields,
    .n_fields = N_ROWS(conv_fields),
    .shape_size = sizeof(struct ridge_conv_shape),
    .short_form = no_short_form,
    .yardsticks = yardsticks,
    .aliases = conv_aliases,
    .validate = validate_conv,
    .cost = cost_conv,
    .n_inputs = RIDGE_CONV_N_INPUTS,
    .n_outputs = 1,
    .tensor = tensor_conv,
    .fill = fill,
    .check = ridge_conv_check,
};

const struct ridge_operator ridge_conv_transpose_operator = {
    .abi_version = RIDGE_ABI_VERSION,
    .struct_size = sizeof(struct ridge_operator),
    .name = "conv_transpose",
    .doc = "transposed convolution (the gradient of conv to its input, used for upsampling)",
    .fields = transpose_fields,
    .n_fields = N_ROWS(transpose_fields),
    .shape_size = sizeof(struct ridge_conv_shape),
    .short_form = no_short_form,
    .yardsticks = yardsticks,
    .validate = validate_transpose,
    .cost = cost_transpose,
    .n_inputs = RIDGE_CONV_N_INPUTS,
    .n_outputs = 1,
    .tensor = tensor_transpose,
    .fill = fill,
    .check = ridge_conv_transpose_check,
};
