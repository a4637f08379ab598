/* peak: fields, formulas, tensors, inputs and check. */
#include "common/rng.h"
#include "peak/loops.h"
#include "peak/peak.h"
#include <math.h>
#include <string.h>

static const char *const kind_names[] = {"fma", "read", "copy", NULL};
static const char *const short_form[] = {"kind", NULL};
static const char *const yardsticks[] = {NULL};
static const double max_bytes = 0x1p46;

static const struct ridge_option_row fields[] = {
    {.key = "kind",
     .kind = RIDGE_KIND_ENUM,
     .role = RIDGE_ROLE_SUBJECT,
     .offset = offsetof(struct ridge_peak_shape, kind),
     .names = kind_names,
     .help = "fma: arithmetic in registers; read, copy: memory"},
    {.key = "bytes",
     .kind = RIDGE_KIND_BYTES,
     .role = RIDGE_ROLE_SUBJECT,
     .offset = offsetof(struct ridge_peak_shape, bytes),
     .unit = "bytes",
     .def = "64 MiB",
     .min = 0,
     .max = 0x1p46,
     .help = "bytes read or copied by one run; fma does not use it"},
};

static enum ridge_status validate(const void *shape, struct ridge_error *err)
{
    const struct ridge_peak_shape *s = shape;
    if (s->kind < RIDGE_PEAK_FMA || s->kind > RIDGE_PEAK_COPY)
        return ridge_fail(err, RIDGE_ERR_CONFIG, "peak.kind", "no kind %d; known: fma, read, copy",
                          s->kind);
    if (s->bytes < 0 || (double)s->bytes > max_bytes)
        return ridge_fail(err, RIDGE_ERR_CONFIG, "peak.bytes", "%lld bytes; must be 0 to 64 TiB",
                          (long long)s->bytes);
    return RIDGE_OK;
}

static enum ridge_status cost(const void *shape, struct ridge_cost *out, struct ridge_error *err)
{
    const struct ridge_peak_shape *s = shape;
    const enum ridge_status status = validate(shape, err);
    if (status != RIDGE_OK)
        return status;
    const double bytes = (double)s->bytes;
    const struct ridge_cost by_kind[] = {
        [RIDGE_PEAK_FMA] = {.flop = (double)RIDGE_PEAK_UNIT_FLOP * RIDGE_PEAK_N_UNITS},
        [RIDGE_PEAK_READ] = {.compulsory_bytes = bytes},
        [RIDGE_PEAK_COPY] = {.compulsory_bytes = 2 * bytes},
    };
    *out = by_kind[s->kind];
    return RIDGE_OK;
}

static enum ridge_status tensor(const void *shape, size_t i, struct ridge_tensor *out,
                                struct ridge_error *err)
{
    const struct ridge_peak_shape *s = shape;
    const enum ridge_status status = validate(shape, err);
    if (status != RIDGE_OK)
        return status;
    if (i > 1)
        return ridge_fail(err, RIDGE_ERR_INTERNAL, "peak", "has 2 tensors, asked for %zu", i);
    const struct {
        enum ridge_dtype dtype;
        int64_t n, element_bytes;
    } rows[][2] = {
        [RIDGE_PEAK_FMA] = {{RIDGE_F32, 2, 4}, {RIDGE_F32, 1, 4}},
        [RIDGE_PEAK_READ] = {{RIDGE_U8, s->bytes, 1}, {RIDGE_I64, 1, 8}},
        [RIDGE_PEAK_COPY] = {{RIDGE_U8, s->bytes, 1}, {RIDGE_U8, s->bytes, 1}},
    };
    *out = (struct ridge_tensor){
        .name = i == 0 ? "source" : "result",
        .dtype = rows[s->kind][i].dtype,
        .role = i == 0 ? RIDGE_TENSOR_ACTIVATION : RIDGE_TENSOR_OUTPUT,
        .rank = 1,
        .dims = {rows[s->kind][i].n},
        .layout = "row",
        .device = "cpu",
        .n_bytes = (uint64_t)(rows[s->kind][i].n * rows[s->kind][i].element_bytes)};
    return RIDGE_OK;
}

/* fma: a in [0.25, 0.75] and b = 1, so that the chain converges and no value is ever denormal. */
static void fill(const void *shape, size_t i, struct ridge_tensor *t, uint64_t seed)
{
    const struct ridge_peak_shape *s = shape;
    (void)i;
    if (s->kind == RIDGE_PEAK_FMA) {
        float *x = t->data;
        ridge_kernels_rng_fill_f32(x, 1, seed);
        x[0] = 0.5f + 0.25f * x[0];
        x[1] = 1.0f;
        return;
    }
    const size_t n = t->n_bytes / sizeof(float);
    ridge_kernels_rng_fill_f32(t->data, n, seed);
    memset((char *)t->data + n * sizeof(float), 0x5a, t->n_bytes - n * sizeof(float));
}

static bool is_fma_right(const struct ridge_tensor *in, const struct ridge_tensor *out,
                         struct ridge_check *result)
{
    const float *x = in->data, got = *(const float *)out->data;
    const double want = (double)x[1] / (1.0 - (double)x[0]);
    result->tolerance = 1e-4; /* a fixed point, then a mean over all lanes and threads in f32 */
    result->error_ratio = fabs((double)got - want) / want;
    (void)snprintf(result->text, sizeof result->text, "fma: the chain ends at %.9g, want %.9g",
                   (double)got, want);
    return isfinite(got) && result->error_ratio <= result->tolerance;
}

static bool is_read_right(const struct ridge_tensor *in, const struct ridge_tensor *out,
                          struct ridge_check *result)
{
    const uint64_t want = ridge_peak_loops_ref.read(in->data, in->n_bytes);
    const uint64_t got = (uint64_t) * (const int64_t *)out->data;
    (void)snprintf(result->text, sizeof result->text, "read: the sum is %llx, want %llx",
                   (unsigned long long)got, (unsigned long long)want);
    return got == want;
}

static bool is_copy_right(const struct ridge_tensor *in, const struct ridge_tensor *out,
                          struct ridge_check *result)
{
    (void)snprintf(result->text, sizeof result->text, "copy: source and result differ");
    return in->n_bytes == 0 || memcmp(in->data, out->data, in->n_bytes) == 0;
}

static enum ridge_status check(const void *shape, const struct ridge_tensor *in,
                               const struct ridge_tensor *out, uint64_t seed, const char *algorithm,
                               struct ridge_check *result, struct ridge_error *err)
{
    static bool (*const is_right[])(const struct ridge_tensor *, const struct ridge_tensor *,
                                    struct ridge_check *) = {is_fma_right, is_read_right,
                                                             is_copy_right};
    const struct ridge_peak_shape *s = shape;
    (void)seed;
    (void)algorithm;
    *result = (struct ridge_check){.n_checked = (uint64_t)out->dims[0]};
    if (!is_right[s->kind](in, out, result))
        return ridge_fail(err, RIDGE_ERR_WRONG, "peak", "%s", result->text);
    result->text[0] = '\0';
    return RIDGE_OK;
}

const struct ridge_operator ridge_peak_operator = {
    .abi_version = RIDGE_ABI_VERSION,
    .struct_size = sizeof(struct ridge_operator),
    .name = "peak",
    .doc = "the machine's ceilings: FMA rate, read and copy bandwidth",
    .fields = fields,
    .n_fields = sizeof fields / sizeof fields[0],
    .shape_size = sizeof(struct ridge_peak_shape),
    .short_form = short_form,
    .yardsticks = yardsticks,
    .validate = validate,
    .cost = cost,
    .n_inputs = 1,
    .n_outputs = 1,
    .tensor = tensor,
    .fill = fill,
    .check = check,
};
