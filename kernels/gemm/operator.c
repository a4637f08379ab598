/* gemm: fields, formulas, tensors and inputs. */
#include "common/dtype.h"
#include "common/half.h"
#include "common/rng.h"
#include "common/size.h"
#include "gemm/gemm.h"
#include <string.h>

static const char *const dtype_names[] = {"f32", "f16", "bf16", NULL};
static const enum ridge_dtype dtypes[] = {RIDGE_F32, RIDGE_F16, RIDGE_BF16};
static const char *const weights_names[] = {"given", "prepacked", NULL};
static const char *const short_form[] = {"m", "n", "k", NULL};
static const char *const yardsticks[] = {"fma", "read", "copy", NULL};

#define ROW(field, row_kind, row_role, ...)                                                        \
    {                                                                                              \
        .key = #field, .kind = row_kind, .role = row_role,                                         \
        .offset = offsetof(struct ridge_gemm_shape, field), __VA_ARGS__                            \
    }
#define SIZE_ROW(field, row_role, ...)                                                             \
    ROW(field, RIDGE_KIND_INT, row_role, .unit = "elements", .max = 0x1p53, __VA_ARGS__)
#define OPTION_ROW(field, kind, ...) ROW(field, kind, RIDGE_ROLE_IDENTITY, __VA_ARGS__)

static const struct ridge_option_row fields[] = {
    SIZE_ROW(m, RIDGE_ROLE_SUBJECT, .help = "rows of A and C"),
    SIZE_ROW(n, RIDGE_ROLE_SUBJECT, .help = "columns of B and C"),
    SIZE_ROW(k, RIDGE_ROLE_SUBJECT, .help = "columns of A, rows of B"),
    ROW(batch, RIDGE_KIND_INT, RIDGE_ROLE_SUBJECT, .def = "1", .max = 0x1p53,
        .help = "independent products, each with an A, B and C of its own"),
    OPTION_ROW(dtype, RIDGE_KIND_ENUM, .def = "f32", .names = dtype_names,
               .help = "element type of A, B and C"),
    OPTION_ROW(weights, RIDGE_KIND_ENUM, .def = "given", .names = weights_names,
               .help = "given: packing B is timed; prepacked: B was packed before, as for a constant "
                       "weight"),
    OPTION_ROW(trans_a, RIDGE_KIND_BOOL, .def = "false", .help = "A is stored [k,m]"),
    OPTION_ROW(trans_b, RIDGE_KIND_BOOL, .def = "false", .help = "B is stored [n,k]"),
    OPTION_ROW(alpha, RIDGE_KIND_REAL, .def = "1", .help = "factor of the product"),
    OPTION_ROW(beta, RIDGE_KIND_REAL, .def = "0", .help = "factor of the input C0 that is added; 0: none"),
    OPTION_ROW(bias, RIDGE_KIND_BOOL, .def = "false", .help = "one value per column of C is added"),
    OPTION_ROW(act, RIDGE_KIND_ENUM, .def = "none", .names = ridge_act_names,
               .help = "what the result goes through: none, relu, relu6, silu, hardswish"),
    SIZE_ROW(lda, RIDGE_ROLE_IDENTITY, .def = "0", .help = "between rows of A as stored; 0: dense"),
    SIZE_ROW(ldb, RIDGE_ROLE_IDENTITY, .def = "0", .help = "between rows of B as stored; 0: dense"),
    SIZE_ROW(ldc, RIDGE_ROLE_IDENTITY, .def = "0", .help = "between rows of C; 0: dense"),
};

static int64_t a_columns(const struct ridge_gemm_shape *s)
{
    return s->trans_a ? s->m : s->k;
}

static int64_t b_columns(const struct ridge_gemm_shape *s)
{
    return s->trans_b ? s->k : s->n;
}

static int64_t ld_of(int64_t ld, int64_t columns)
{
    return ld > 0 ? ld : columns > 0 ? columns : 1;
}

int64_t ridge_gemm_lda(const struct ridge_gemm_shape *s)
{
    return ld_of(s->lda, a_columns(s));
}

int64_t ridge_gemm_ldb(const struct ridge_gemm_shape *s)
{
    return ld_of(s->ldb, b_columns(s));
}

int64_t ridge_gemm_ldc(const struct ridge_gemm_shape *s)
{
    return ld_of(s->ldc, s->n);
}

int64_t ridge_gemm_stride_a(const struct ridge_gemm_shape *s)
{
    return (s->trans_a ? s->k : s->m) * ridge_gemm_lda(s);
}

int64_t ridge_gemm_stride_b(const struct ridge_gemm_shape *s)
{
    return (s->trans_b ? s->n : s->k) * ridge_gemm_ldb(s);
}

int64_t ridge_gemm_stride_c(const struct ridge_gemm_shape *s)
{
    return s->m * ridge_gemm_ldc(s);
}

bool ridge_gemm_is_plain(const struct ridge_gemm_shape *s)
{
    return s->batch == 1 && s->alpha == 1 && s->beta == 0 && !s->bias && s->act == RIDGE_ACT_NONE &&
           !s->trans_a && !s->trans_b && ridge_gemm_lda(s) == ld_of(0, s->k) &&
           ridge_gemm_ldb(s) == ld_of(0, s->n) && ridge_gemm_ldc(s) == ld_of(0, s->n);
}

static bool is_enum(int32_t value, const char *const *names)
{
    int32_t n = 0;
    while (names[n] != NULL)
        n++;
    return value >= 0 && value < n;
}

/* Sizes stay below 2^58 bytes, so that sums over the tensors and padding cannot wrap. */
static enum ridge_status check_bytes(const char *what, int64_t batch, int64_t rows, int64_t ld,
                                     struct ridge_error *err)
{
    int64_t n_bytes;
    if (ridge_kernels_size_mul3(rows, ld, 4, &n_bytes) && ridge_kernels_size_mul3(n_bytes, batch, 1, &n_bytes) &&
        n_bytes < (INT64_C(1) << 58))
        return RIDGE_OK;
    return ridge_fail(err, RIDGE_ERR_CONFIG, "gemm",
                      "%s of %lld x %lld x %lld f32 elements does not fit a 64-bit address space", what,
                      (long long)batch, (long long)rows, (long long)ld);
}

static enum ridge_status check_ld(const char *key, int64_t ld, int64_t columns, struct ridge_error *err)
{
    if (ld == 0 || ld >= columns)
        return RIDGE_OK;
    return ridge_fail(err, RIDGE_ERR_CONFIG, "gemm", "%s=%lld is less than the %lld columns of a row", key,
                      (long long)ld, (long long)columns);
}

static enum ridge_status check_options(const struct ridge_gemm_shape *s, struct ridge_error *err)
{
    if (!is_enum(s->dtype, dtype_names))
        return ridge_fail(err, RIDGE_ERR_CONFIG, "gemm.dtype", "no dtype %d; known: f32, f16, bf16", s->dtype);
    if (!is_enum(s->weights, weights_names))
        return ridge_fail(err, RIDGE_ERR_CONFIG, "gemm.weights",
                          "no weights %d; known: given, prepacked", s->weights);
    if (!is_enum(s->act, ridge_act_names))
        return ridge_fail(err, RIDGE_ERR_CONFIG, "gemm.act", "no act %d", s->act);
    if (!(s->alpha - s->alpha == 0) || !(s->beta - s->beta == 0))
        return ridge_fail(err, RIDGE_ERR_CONFIG, "gemm", "alpha and beta must be finite");
    return RIDGE_OK;
}

static enum ridge_status validate(const void *shape, struct ridge_error *err)
{
    const struct ridge_gemm_shape *s = shape;
    if (s->m < 0 || s->n < 0 || s->k < 0 || s->batch < 0 || s->lda < 0 || s->ldb < 0 || s->ldc < 0)
        return ridge_fail(err, RIDGE_ERR_CONFIG, "gemm",
                          "m=%lld, n=%lld, k=%lld, batch=%lld, lda=%lld, ldb=%lld, ldc=%lld: a size is 0 or more",
                          (long long)s->m, (long long)s->n, (long long)s->k, (long long)s->batch,
                          (long long)s->lda, (long long)s->ldb, (long long)s->ldc);
    enum ridge_status status = check_options(s, err);
    if (status == RIDGE_OK)
        status = check_ld("lda", s->lda, a_columns(s), err);
    if (status == RIDGE_OK)
        status = check_ld("ldb", s->ldb, b_columns(s), err);
    if (status == RIDGE_OK)
        status = check_ld("ldc", s->ldc, s->n, err);
    if (status == RIDGE_OK)
        status = check_bytes("A", s->batch, s->trans_a ? s->k : s->m, ridge_gemm_lda(s), err);
    if (status == RIDGE_OK)
        status = check_bytes("B", s->batch, s->trans_b ? s->n : s->k, ridge_gemm_ldb(s), err);
    if (status == RIDGE_OK)
        status = check_bytes("C", s->batch, s->m, ridge_gemm_ldc(s), err);
    return status;
}

static enum ridge_status cost(const void *shape, struct ridge_cost *out, struct ridge_error *err)
{
    const struct ridge_gemm_shape *s = shape;
    const enum ridge_status status = validate(shape, err);
    if (status != RIDGE_OK)
        return status;
    const double m = (double)s->m, n = (double)s->n, k = (double)s->k, batch = (double)s->batch;
    const double element_bytes = (double)ridge_kernels_dtype_bytes(dtypes[s->dtype]);
    out->flop = 2.0 * batch * m * n * k;
    out->compulsory_bytes = element_bytes * batch * (m * k + k * n + m * n * (s->beta != 0 ? 2 : 1)) +
                            (s->bias ? element_bytes * n : 0);
    return RIDGE_OK;
}

static enum ridge_status tensor(const void *shape, size_t i, struct ridge_tensor *out,
                                struct ridge_error *err)
{
    const struct ridge_gemm_shape *s = shape;
    const int64_t n_c0 = s->beta != 0 ? s->m : 0;
    const struct {
        const char *name;
        enum ridge_tensor_role role;
        int64_t batch, rows, columns, ld;
    } rows[] = {
        {"A", RIDGE_TENSOR_ACTIVATION, s->batch, s->trans_a ? s->k : s->m, a_columns(s), ridge_gemm_lda(s)},
        {"B", RIDGE_TENSOR_WEIGHT, s->batch, s->trans_b ? s->n : s->k, b_columns(s), ridge_gemm_ldb(s)},
        {"bias", RIDGE_TENSOR_WEIGHT, 1, s->bias ? 1 : 0, s->n, s->n},
        {"C0", RIDGE_TENSOR_ACTIVATION, s->batch, n_c0, s->n, s->n},
        {"C", RIDGE_TENSOR_OUTPUT, s->batch, s->m, s->n, ridge_gemm_ldc(s)}};
    if (i >= sizeof rows / sizeof rows[0])
        return ridge_fail(err, RIDGE_ERR_INTERNAL, "gemm", "has 5 tensors, asked for %zu", i);
    const enum ridge_status status = validate(shape, err);
    if (status != RIDGE_OK)
        return status;
    const int64_t ld = rows[i].columns > 0 ? rows[i].ld : 0;
    *out = (struct ridge_tensor){.name = rows[i].name,
                                 .dtype = dtypes[s->dtype],
                                 .role = rows[i].role,
                                 .rank = 2,
                                 .dims = {rows[i].rows, rows[i].columns},
                                 .strides = {rows[i].ld, 1},
                                 .layout = "row",
                                 .device = "cpu",
                                 .n_bytes = ridge_kernels_dtype_bytes(dtypes[s->dtype]) * (uint64_t)rows[i].batch *
                                            (uint64_t)rows[i].rows * (uint64_t)ld};
    if (rows[i].batch != 1) {
        out->rank = 3;
        memcpy(out->dims, (const int64_t[]){rows[i].batch, rows[i].rows, rows[i].columns}, 3 * sizeof(int64_t));
        memcpy(out->strides, (const int64_t[]){rows[i].rows * rows[i].ld, rows[i].ld, 1}, 3 * sizeof(int64_t));
    }
    return RIDGE_OK;
}

/* The f32 values of block after block, rounded; the smallest normal f16 stands in for what is below. */
static void fill_narrow(struct ridge_tensor *t, uint64_t seed)
{
    enum { BLOCK = 1024 };
    float block[BLOCK];
    uint16_t *to = t->data;
    const size_t n = t->n_bytes / sizeof *to;
    for (size_t done = 0; done < n; done += BLOCK) {
        ridge_kernels_rng_fill_f32(block, BLOCK, seed + done * UINT64_C(0x9e3779b97f4a7c15));
        for (size_t j = 0; j < BLOCK && done + j < n; j++) {
            const float x = block[j] < 0x1p-14f && block[j] > -0x1p-14f ? 0x1p-14f : block[j];
            to[done + j] = t->dtype == RIDGE_F16 ? ridge_kernels_f16_of(x) : ridge_kernels_bf16_of(x);
        }
    }
}

static void fill(const void *shape, size_t i, struct ridge_tensor *t, uint64_t seed)
{
    (void)shape;
    if (t->dtype == RIDGE_F32)
        ridge_kernels_rng_fill_f32(t->data, t->n_bytes / sizeof(float), seed * 3 + i);
    else
        fill_narrow(t, seed * 3 + i);
}

const struct ridge_operator ridge_gemm_operator = {
    .abi_version = RIDGE_ABI_VERSION,
    .struct_size = sizeof(struct ridge_operator),
    .name = "gemm",
    .doc = "row-major C = act(alpha * A[m,k] * B[k,n] + beta * C0 + bias)",
    .fields = fields,
    .n_fields = sizeof fields / sizeof fields[0],
    .shape_size = sizeof(struct ridge_gemm_shape),
    .short_form = short_form,
    .yardsticks = yardsticks,
    .validate = validate,
    .cost = cost,
    .n_inputs = RIDGE_GEMM_N_INPUTS,
    .n_outputs = 1,
    .tensor = tensor,
    .fill = fill,
    .check = ridge_gemm_check,
};
