#include "common/dense.h"
#include "common/rng.h"
#include <string.h>

const char *const ridge_dense_dtype_names[] = {"f32", NULL};
const char *const ridge_dense_layout_names[] = {"nhwc", "nchw", NULL};
const char *const ridge_dense_yardsticks[] = {"read", "copy", NULL};

static enum ridge_status check_int(const char *op, const struct ridge_option_row *row,
                                   const char *place, struct ridge_error *err)
{
    int64_t value;
    memcpy(&value, place, sizeof value);
    if ((double)value >= row->min && (double)value <= row->max)
        return RIDGE_OK;
    return ridge_fail(err, RIDGE_ERR_CONFIG, op, "%s=%lld: must be %.0f to %.0f (%s)", row->key,
                      (long long)value, row->min, row->max, row->help);
}

static enum ridge_status check_name(const char *op, const struct ridge_option_row *row,
                                    const char *place, struct ridge_error *err)
{
    int32_t value, n = 0;
    memcpy(&value, place, sizeof value);
    while (row->kind == RIDGE_KIND_ENUM && row->names[n] != NULL)
        n++;
    if (row->kind == RIDGE_KIND_BOOL)
        n = 2;
    if (value >= 0 && value < n)
        return RIDGE_OK;
    return ridge_fail(err, RIDGE_ERR_CONFIG, op, "%s has no value %d; there are %d (%s)", row->key,
                      value, n, row->help);
}

/* Below 2^60 bytes a tensor, so that sums over tensors and padding cannot wrap. */
static enum ridge_status count_bytes(const char *op, const struct ridge_dense_tensor *t,
                                     int64_t *n_bytes, struct ridge_error *err)
{
    bool fits = true;
    *n_bytes = 4;
    for (uint32_t d = 0; d < t->rank; d++) /* zeros last: 2^40 x 2^40 x 0 is still refused */
        if (t->dims[d] != 0)
            fits = fits && ridge_kernels_size_mul3(*n_bytes, t->dims[d], 1, n_bytes);
    for (uint32_t d = 0; d < t->rank; d++)
        if (fits && t->dims[d] == 0)
            *n_bytes = 0;
    if (fits && *n_bytes < (INT64_C(1) << 60))
        return RIDGE_OK;
    return ridge_fail(err, RIDGE_ERR_CONFIG, op,
                      "tensor %s of f32 elements does not fit a 64-bit address space", t->name);
}

enum ridge_status ridge_dense_validate(const struct ridge_dense_rules *rules, const void *shape,
                                       struct ridge_error *err)
{
    enum ridge_status status = RIDGE_OK;
    for (size_t i = 0; i < rules->n_fields && status == RIDGE_OK; i++) {
        const struct ridge_option_row *row = &rules->fields[i];
        const char *place = (const char *)shape + row->offset;
        if (row->kind == RIDGE_KIND_INT)
            status = check_int(rules->op, row, place, err);
        else if (row->kind == RIDGE_KIND_ENUM || row->kind == RIDGE_KIND_BOOL)
            status = check_name(rules->op, row, place, err);
    }
    if (status == RIDGE_OK && rules->check_shape != NULL)
        status = rules->check_shape(shape, err);
    for (size_t i = 0; i < rules->n_tensors && status == RIDGE_OK; i++) {
        struct ridge_dense_tensor t = {0};
        int64_t n_bytes;
        rules->describe(shape, i, &t);
        status = count_bytes(rules->op, &t, &n_bytes, err);
    }
    return status;
}

enum ridge_status ridge_dense_cost(const struct ridge_dense_rules *rules, const void *shape,
                                   struct ridge_cost *out, struct ridge_error *err)
{
    enum ridge_status status = ridge_dense_validate(rules, shape, err);
    *out = (struct ridge_cost){0};
    if (status != RIDGE_OK)
        return status;
    out->flop = rules->flop(shape);
    for (size_t i = 0; i < rules->n_tensors; i++) {
        struct ridge_tensor t;
        status = ridge_dense_describe(rules, shape, i, &t, err);
        if (status != RIDGE_OK)
            return status;
        out->compulsory_bytes += (double)t.n_bytes;
    }
    return RIDGE_OK;
}

enum ridge_status ridge_dense_describe(const struct ridge_dense_rules *rules, const void *shape,
                                       size_t i, struct ridge_tensor *out, struct ridge_error *err)
{
    if (i >= rules->n_tensors)
        return ridge_fail(err, RIDGE_ERR_INTERNAL, rules->op, "has %zu tensors, asked for %zu",
                          rules->n_tensors, i);
    const enum ridge_status status = ridge_dense_validate(rules, shape, err);
    if (status != RIDGE_OK)
        return status;
    struct ridge_dense_tensor t = {0};
    int64_t n_bytes;
    rules->describe(shape, i, &t);
    const enum ridge_status counted = count_bytes(rules->op, &t, &n_bytes, err);
    if (counted != RIDGE_OK)
        return counted;
    *out = (struct ridge_tensor){.name = t.name,
                                 .dtype = RIDGE_F32,
                                 .role = t.role,
                                 .rank = t.rank,
                                 .layout = t.layout != NULL ? t.layout : "row",
                                 .device = "cpu",
                                 .n_bytes = (uint64_t)n_bytes};
    memcpy(out->dims, t.dims, sizeof out->dims);
    return RIDGE_OK;
}

void ridge_dense_fill(const struct ridge_dense_rules *rules, size_t i, struct ridge_tensor *t,
                      uint64_t seed)
{
    const size_t n = t->n_bytes / sizeof(float);
    char *x = t->data;
    ridge_kernels_rng_fill_f32(x, n, seed * 11 + i);
    for (size_t j = 0; j < n && rules->fill_scale != 1.0f; j++) {
        float value;
        memcpy(&value, x + j * sizeof value, sizeof value);
        value *= rules->fill_scale;
        memcpy(x + j * sizeof value, &value, sizeof value);
    }
}
