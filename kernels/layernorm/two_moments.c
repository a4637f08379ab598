/* Layer normalisation a row at a time: the mean, then the mean of squared differences (no cancellation,
 * unlike E[x^2] - E[x]^2), then the result. The row stays in L1 between the passes. */
#include "common/cpu.h"
#include "common/split.h"
#include "common/vec.h"
#include "layernorm/layernorm.h"

enum { N_ACC = 4 };

struct job {
    int64_t n;
    const float *x, *gamma, *beta;
    float *y;
    float epsilon;
    bool is_streaming;
};

INLINE float sum_of(VEC *acc)
{
    return SUM_LANES(ADD(ADD(acc[0], acc[1]), ADD(acc[2], acc[3])));
}

INLINE float row_sum(const float *x, int64_t n)
{
    VEC acc[N_ACC] = {ZERO(), ZERO(), ZERO(), ZERO()};
    int64_t i = 0;
    for (; i + N_ACC * VL <= n; i += N_ACC * VL)
        UNROLL(4) for (int v = 0; v < N_ACC; v++) acc[v] = ADD(acc[v], LOAD(x + i + v * VL));
    for (; i + VL <= n; i += VL)
        acc[0] = ADD(acc[0], LOAD(x + i));
    if (i < n)
        acc[1] = ADD(acc[1], LOAD_MASKED(x + i, MASK_FOR(n - i), ZERO()));
    return sum_of(acc);
}

INLINE float row_squares(const float *x, int64_t n, VEC mean)
{
    VEC acc[N_ACC] = {ZERO(), ZERO(), ZERO(), ZERO()}, d;
    int64_t i = 0;
    for (; i + N_ACC * VL <= n; i += N_ACC * VL)
        UNROLL(4) for (int v = 0; v < N_ACC; v++)
        {
            d = SUB(LOAD(x + i + v * VL), mean);
            acc[v] = FMA(d, d, acc[v]);
        }
    for (; i + VL <= n; i += VL) {
        d = SUB(LOAD(x + i), mean);
        acc[0] = FMA(d, d, acc[0]);
    }
    if (i < n) {
        d = SUB(LOAD_MASKED(x + i, MASK_FOR(n - i), mean), mean);
        acc[1] = FMA(d, d, acc[1]);
    }
    return sum_of(acc);
}

INLINE VEC apply(VEC x, VEC mean, VEC scale, VEC gamma, VEC beta)
{
    return FMA(MUL(SUB(x, mean), scale), gamma, beta);
}

INLINE void apply_part(const struct job *job, const float *x, float *y, int64_t i, int64_t n, VEC mean,
                       VEC scale)
{
    const MASK mask = MASK_FOR(n);
    const VEC zero = ZERO();
    STORE_MASKED(y + i, mask,
                 apply(LOAD_MASKED(x + i, mask, zero), mean, scale, LOAD_MASKED(job->gamma + i, mask, zero),
                       LOAD_MASKED(job->beta + i, mask, zero)));
}

INLINE void row_apply(const struct job *job, const float *x, float *y, VEC mean, VEC scale,
                      const bool is_streaming)
{
    const int64_t n = job->n;
    int64_t i = 0;
    if (is_streaming) {
        i = vec_head(y, n);
        if (i > 0)
            apply_part(job, x, y, 0, i, mean, scale);
    }
    UNROLL(4) for (; i + VL <= n; i += VL)
    {
        const VEC v = apply(LOAD(x + i), mean, scale, LOAD(job->gamma + i), LOAD(job->beta + i));
        if (is_streaming)
            STREAM(y + i, v);
        else
            STORE(y + i, v);
    }
    if (i < n)
        apply_part(job, x, y, i, n - i, mean, scale);
}

static void run_rows(void *ctx, int64_t begin, int64_t end, int64_t i_part)
{
    const struct job *job = ctx;
    const float per_n = 1.0f / (float)job->n;
    (void)i_part;
    for (int64_t r = begin; r < end; r++) {
        const float *x = job->x + r * job->n;
        const float mean = row_sum(x, job->n) * per_n;
        const float variance = row_squares(x, job->n, SET(mean)) * per_n;
        const VEC scale = SET(1.0f / sqrtf(variance + job->epsilon));
        if (job->is_streaming)
            row_apply(job, x, job->y + r * job->n, SET(mean), scale, true);
        else
            row_apply(job, x, job->y + r * job->n, SET(mean), scale, false);
    }
    if (job->is_streaming)
        STREAM_FENCE();
}

enum ridge_status RIDGE_ISA_NAME(ridge_layernorm_two_moments_f32)(const struct ridge_kernel_args *args);
enum ridge_status RIDGE_ISA_NAME(ridge_layernorm_two_moments_f32)(const struct ridge_kernel_args *args)
{
    const struct ridge_layernorm_shape *s = args->shape;
    struct job job = {.n = s->columns,
                      .x = args->in[0].data,
                      .gamma = args->in[1].data,
                      .beta = args->in[2].data,
                      .y = args->out[0].data,
                      .epsilon = (float)s->epsilon};
    const double n_bytes = 2 * (double)args->in[0].n_bytes;
    job.is_streaming = s->columns >= 16 * VL && ridge_kernels_cpu_should_stream(n_bytes);
    if (s->columns > 0)
        ridge_split_units(args->host, s->rows, n_bytes, run_rows, &job);
    return RIDGE_OK;
}
