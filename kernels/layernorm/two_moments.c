/* Layer normalisation: the mean, then the mean of squared differences (no cancellation, unlike
 * E[x^2] - E[x]^2), then the result. In cache a few rows go side by side: they share gamma and beta, and one
 * row's sums across lanes, quotient and root hide behind the others' loads. The order of additions within a row
 * is the same whatever the group. The rows stay in L1 between the passes. */
#include "common/cpu.h"
#include "common/split.h"
#include "common/vec.h"
#include "layernorm/layernorm.h"

enum { N_ACC = 4, GROUP = RIDGE_VEC_BITS == 512 ? 4 : 2 }; /* rows side by side: what the registers hold */
/* Longer rows gain nothing, and out of L2 the prefetchers want one row after the other (README.md). */
enum { GROUP_MAX_COLUMNS = 96 * VL, GROUP_MAX_BYTES = 5 << 19 };

struct job {
    int64_t n;
    const float *x, *gamma, *beta;
    float *y;
    float epsilon;
    bool is_grouped, is_streaming;
};

/* y = (x * scale + shift) * gamma + beta */
struct factors {
    VEC scale, shift;
};

/* One vector more of a row's sum, or of the squares of its distances from `mean`. */
INLINE VEC add_term(VEC acc, VEC x, VEC mean, const bool is_squares)
{
    if (!is_squares)
        return ADD(acc, x);
    const VEC d = SUB(x, mean);
    return FMA(d, d, acc);
}

/* Of each row the mean of x, or of (x - mean)^2. */
INLINE void row_means(const float *x, int64_t n, const float *mean, float *to, const int n_rows, const bool is_squares)
{
    VEC acc[GROUP][N_ACC], from[GROUP];
    UNROLL(4) for (int r = 0; r < n_rows; r++)
    {
        from[r] = SET(is_squares ? mean[r] : 0.0f);
        UNROLL(4) for (int v = 0; v < N_ACC; v++) acc[r][v] = ZERO();
    }
    int64_t i = 0;
    for (; i + N_ACC * VL <= n; i += N_ACC * VL)
        UNROLL(4) for (int r = 0; r < n_rows; r++)
            UNROLL(4) for (int v = 0; v < N_ACC; v++)
                acc[r][v] = add_term(acc[r][v], LOAD(x + r * n + i + v * VL), from[r], is_squares);
    for (; i + VL <= n; i += VL)
        UNROLL(4) for (int r = 0; r < n_rows; r++)
            acc[r][0] = add_term(acc[r][0], LOAD(x + r * n + i), from[r], is_squares);
    if (i < n)
        UNROLL(4) for (int r = 0; r < n_rows; r++)
            acc[r][1] = add_term(acc[r][1], LOAD_MASKED(x + r * n + i, MASK_FOR(n - i), from[r]), from[r], is_squares);
    UNROLL(4) for (int r = 0; r < n_rows; r++)
        to[r] = SUM_LANES(ADD(ADD(acc[r][0], acc[r][1]), ADD(acc[r][2], acc[r][3]))) * (1.0f / (float)n);
}

INLINE VEC apply(VEC x, struct factors f, VEC gamma, VEC beta)
{
    return FMA(FMA(x, f.scale, f.shift), gamma, beta);
}

INLINE void apply_part(const struct job *job, const float *x, float *y, int64_t i, int64_t n, struct factors f)
{
    const MASK mask = MASK_FOR(n);
    const VEC zero = ZERO();
    STORE_MASKED(y + i, mask,
                 apply(LOAD_MASKED(x + i, mask, zero), f, LOAD_MASKED(job->gamma + i, mask, zero),
                       LOAD_MASKED(job->beta + i, mask, zero)));
}

/* Several rows only where y has whole lines in each: stores that straddle lines are slow by turns. */
INLINE void rows_apply(const struct job *job, const float *x, float *y, const struct factors *f, const int n_rows,
                       const bool is_streaming)
{
    const int64_t n = job->n;
    int64_t i = 0;
    if (is_streaming) {
        i = vec_head(y, n);
        if (i > 0)
            apply_part(job, x, y, 0, i, f[0]);
    }
    UNROLL(4) for (; i + VL <= n; i += VL)
    {
        const VEC gamma = LOAD(job->gamma + i), beta = LOAD(job->beta + i);
        UNROLL(4) for (int r = 0; r < n_rows; r++)
        {
            const VEC v = apply(LOAD(x + r * n + i), f[r], gamma, beta);
            if (is_streaming)
                STREAM(y + r * n + i, v);
            else
                STORE(y + r * n + i, v);
        }
    }
    if (i < n)
        UNROLL(4) for (int r = 0; r < n_rows; r++) apply_part(job, x + r * n, y + r * n, i, n - i, f[r]);
}

INLINE void run_group(const struct job *job, int64_t row, const int n_rows)
{
    const int64_t n = job->n;
    const float *x = job->x + row * n;
    float *y = job->y + row * n, mean[GROUP], variance[GROUP];
    struct factors f[GROUP];
    row_means(x, n, NULL, mean, n_rows, false);
    row_means(x, n, mean, variance, n_rows, true);
    UNROLL(4) for (int r = 0; r < n_rows; r++)
    {
        const float scale = 1.0f / sqrtf(variance[r] + job->epsilon);
        f[r] = (struct factors){SET(scale), SET(-mean[r] * scale)};
    }
    if (job->is_streaming)
        rows_apply(job, x, y, f, 1, true);
    else if (n % VL == 0)
        rows_apply(job, x, y, f, n_rows, false);
    else
        for (int r = 0; r < n_rows; r++)
            rows_apply(job, x + r * n, y + r * n, &f[r], 1, false);
}

static void run_rows(void *ctx, int64_t begin, int64_t end, int64_t i_part)
{
    const struct job *job = ctx;
    (void)i_part;
    int64_t r = begin;
    for (; job->is_grouped && r + GROUP <= end; r += GROUP)
        run_group(job, r, GROUP);
    for (; r < end; r++)
        run_group(job, r, 1);
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
    job.is_grouped = s->columns <= GROUP_MAX_COLUMNS && n_bytes <= GROUP_MAX_BYTES;
    job.is_streaming = s->columns >= 16 * VL && ridge_kernels_cpu_should_stream(n_bytes);
    if (s->columns > 0)
        ridge_split_units(args->host, s->rows, n_bytes, run_rows, &job);
    return RIDGE_OK;
}
