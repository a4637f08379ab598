/* gemm: fields, formulas, tensors and inputs. */
#include "common/rng.h"
#include "common/size.h"
#include "gemm/gemm.h"
#include <string.h>

static const char *const dtype_names[] = {"f32", NULL};
static const char *const weights_names[] = {"given", "prepacked", NULL};
static const char *const short_form[] = {"m", "n", "k", NULL};
static const char *const yardsticks[] = {"fma", "read", "copy", NULL};

#define SIZE_ROW(field, text)                                                                      \
    {                                                                                              \
        .key = #field, .kind = RIDGE_KIND_INT, .role = RIDGE_ROLE_SUBJECT,                         \
        .offset = offsetof(struct ridge_gemm_shape, field), .unit = "elements", .min = 0,          \
        .max = 0x1p53, .help = text                                                                \
    }
#define ENUM_ROW(field, table, value, text)                                                        \
    {                                                                                              \
        .key = #field, .kind = RIDGE_KIND_ENUM, .role = RIDGE_ROLE_IDENTITY,                       \
        .offset = offsetof(struct ridge_gemm_shape, field), .def = value, .names = table,          \
        .help = text                                                                               \
    }

static const struct ridge_option_row fields[] = {
    SIZE_ROW(m, "rows of A and C"),
    SIZE_ROW(n, "columns of B and C"),
    SIZE_ROW(k, "columns of A, rows of B"),
    ENUM_ROW(dtype, dtype_names, "f32", "element type of A, B and C"),
    ENUM_ROW(weights, weights_names, "given",
             "given: packing B is timed; prepacked: B was packed before, as for a constant weight"),
};

static bool is_enum(int32_t value, const char *const *names)
{
    int32_t n = 0;
    while (names[n] != NULL)
        n++;
    return value >= 0 && value < n;
}

/* Sizes stay below 2^60 bytes, so that sums over the three tensors and padding cannot wrap. */
static enum ridge_status check_bytes(const char *what, int64_t rows, int64_t columns,
                                     struct ridge_error *err)
{
    int64_t n_bytes;
    if (ridge_kernels_size_mul3(rows, columns, 4, &n_bytes) && n_bytes < (INT64_C(1) << 60))
        return RIDGE_OK;
    return ridge_fail(err, RIDGE_ERR_CONFIG, "gemm",
                      "%s of %lld x %lld f32 elements does not fit a 64-bit address space", what,
                      (long long)rows, (long long)columns);
}

static enum ridge_status validate(const void *shape, struct ridge_error *err)
{
    const struct ridge_gemm_shape *s = shape;
    if (s->m < 0 || s->n < 0 || s->k < 0)
        return ridge_fail(err, RIDGE_ERR_CONFIG, "gemm",
                          "m=%lld, n=%lld, k=%lld: a size is 0 or more", (long long)s->m,
                          (long long)s->n, (long long)s->k);
    if (!is_enum(s->dtype, dtype_names))
        return ridge_fail(err, RIDGE_ERR_CONFIG, "gemm.dtype", "no dtype %d; known: f32", s->dtype);
    if (!is_enum(s->weights, weights_names))
        return ridge_fail(err, RIDGE_ERR_CONFIG, "gemm.weights",
                          "no weights %d; known: given, prepacked", s->weights);
    enum ridge_status status = check_bytes("A", s->m, s->k, err);
    if (status == RIDGE_OK)
        status = check_bytes("B", s->k, s->n, err);
    if (status == RIDGE_OK)
        status = check_bytes("C", s->m, s->n, err);
    return status;
}

static enum ridge_status cost(const void *shape, struct ridge_cost *out, struct ridge_error *err)
{
    const struct ridge_gemm_shape *s = shape;
    const enum ridge_status status = validate(shape, err);
    if (status != RIDGE_OK)
        return status;
    const double m = (double)s->m, n = (double)s->n, k = (double)s->k;
    out->flop = 2.0 * m * n * k;
    out->compulsory_bytes = 4.0 * (m * k + k * n + m * n);
    return RIDGE_OK;
}

static enum ridge_status tensor(const void *shape, size_t i, struct ridge_tensor *out,
                                struct ridge_error *err)
{
    const struct ridge_gemm_shape *s = shape;
    const struct {
        const char *name;
        enum ridge_tensor_role role;
        int64_t rows, columns;
    } rows[] = {{"A", RIDGE_TENSOR_ACTIVATION, s->m, s->k},
                {"B", RIDGE_TENSOR_WEIGHT, s->k, s->n},
                {"C", RIDGE_TENSOR_OUTPUT, s->m, s->n}};
    if (i >= sizeof rows / sizeof rows[0])
        return ridge_fail(err, RIDGE_ERR_INTERNAL, "gemm", "has 3 tensors, asked for %zu", i);
    const enum ridge_status status = validate(shape, err);
    if (status != RIDGE_OK)
        return status;
    *out =
        (struct ridge_tensor){.name = rows[i].name,
                              .dtype = RIDGE_F32,
                              .role = rows[i].role,
                              .rank = 2,
                              .dims = {rows[i].rows, rows[i].columns},
                              .layout = "row",
                              .device = "cpu",
                              .n_bytes = 4u * (uint64_t)rows[i].rows * (uint64_t)rows[i].columns};
    return RIDGE_OK;
}

static void fill(const void *shape, size_t i, struct ridge_tensor *t, uint64_t seed)
{
    (void)shape;
    ridge_kernels_rng_fill_f32(t->data, t->n_bytes / sizeof(float), seed * 3 + i);
}

const struct ridge_operator ridge_gemm_operator = {
    .abi_version = RIDGE_ABI_VERSION,
    .struct_size = sizeof(struct ridge_operator),
    .name = "gemm",
    .doc = "row-major C[m,n] = A[m,k] * B[k,n]",
    .fields = fields,
    .n_fields = sizeof fields / sizeof fields[0],
    .shape_size = sizeof(struct ridge_gemm_shape),
    .short_form = short_form,
    .yardsticks = yardsticks,
    .validate = validate,
    .cost = cost,
    .n_inputs = 2,
    .n_outputs = 1,
    .tensor = tensor,
    .fill = fill,
    .check = ridge_gemm_check,
};
