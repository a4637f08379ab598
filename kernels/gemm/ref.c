/* The reference twin: plain C, one accumulator per element, any shape. */
#include "gemm/gemm.h"
#include <string.h>

static bool supports(const void *shape, int n_threads, char *reason, size_t n_reason)
{
    (void)shape;
    (void)n_threads;
    (void)reason;
    (void)n_reason;
    return true;
}

static size_t packed_bytes(const void *shape, int n_threads)
{
    const struct ridge_gemm_shape *s = shape;
    (void)n_threads;
    return sizeof(float) * (size_t)s->k * (size_t)s->n;
}

static enum ridge_status pack(const struct ridge_kernel_args *args, struct ridge_error *err)
{
    (void)err;
    const size_t n_bytes = packed_bytes(args->shape, 1);
    if (n_bytes > 0)
        memcpy(args->packed, args->in[1].data, n_bytes);
    return RIDGE_OK;
}

struct rows {
    const struct ridge_gemm_shape *shape;
    const float *a, *b;
    float *c;
};

static void compute_row(void *ctx, size_t i_task, int i_thread)
{
    const struct rows *r = ctx;
    const int64_t n = r->shape->n, k = r->shape->k, i = (int64_t)i_task;
    (void)i_thread;
    for (int64_t j = 0; j < n; j++) {
        float sum = 0;
        for (int64_t p = 0; p < k; p++)
            sum += r->a[i * k + p] * r->b[p * n + j];
        r->c[i * n + j] = sum;
    }
}

static enum ridge_status run(const struct ridge_kernel_args *args)
{
    const struct ridge_gemm_shape *s = args->shape;
    const bool is_prepacked = s->weights == RIDGE_GEMM_PREPACKED;
    struct rows rows = {.shape = s,
                        .a = args->in[0].data,
                        .b = is_prepacked ? args->packed : args->in[1].data,
                        .c = args->out[0].data};
    const struct ridge_host *host = args->host;
    if (host != NULL && host->parallel_for != NULL && host->n_threads > 1) {
        host->parallel_for(host->self, (size_t)s->m, compute_row, &rows);
    } else {
        for (int64_t i = 0; i < s->m; i++)
            compute_row(&rows, (size_t)i, 0);
    }
    return RIDGE_OK;
}

extern const struct ridge_kernel ridge_gemm_plain_f32_1x1__ref;
const struct ridge_kernel ridge_gemm_plain_f32_1x1__ref = {
    .op = "gemm",
    .name = "ridge_gemm_plain_f32_1x1__ref",
    .algorithm = "plain",
    .dtype = "f32",
    .isa = "ref",
    .layout = "row",
    .supports = supports,
    .packed_bytes = packed_bytes,
    .pack = pack,
    .run = run,
};
