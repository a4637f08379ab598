/* inner = 1: a row is folded into four accumulators, then across their lanes. inner > 1: neighbours in
 * `inner` are the lanes, and the axis is walked down in blocks of columns. */
#include "common/fold.h"
#include "common/split.h"
#include "reduce/reduce.h"

enum { BLOCK = 8, CHUNK = 1024 };

struct job {
    const struct ridge_reduce_shape *s;
    const float *x;
    float *y;
    float factor; /* 1 / n for a mean */
    int64_t n_chunks;
};

INLINE VEC finish(VEC acc, const struct job *job, const bool is_max)
{
    return is_max ? acc : MUL(acc, SET(job->factor));
}

/* Columns [c, c + n_vec * VL) of one [n, inner] matrix. */
INLINE void columns(const struct job *job, const float *x, float *y, const int n_vec, const bool is_max,
                    const bool is_masked, MASK mask)
{
    const VEC none = fold_neutral(is_max);
    const int64_t stride = job->s->inner;
    VEC acc[BLOCK];
    UNROLL(8) for (int v = 0; v < n_vec; v++) acc[v] = none;
    for (int64_t k = 0; k < job->s->n; k++, x += stride)
        UNROLL(8) for (int v = 0; v < n_vec; v++)
            acc[v] = fold(acc[v], is_masked ? LOAD_MASKED(x, mask, none) : LOAD(x + v * VL), is_max);
    UNROLL(8) for (int v = 0; v < n_vec; v++)
    {
        if (is_masked)
            STORE_MASKED(y, mask, finish(acc[v], job, is_max));
        else
            STORE(y + v * VL, finish(acc[v], job, is_max));
    }
}

INLINE void chunk(const struct job *job, int64_t unit, const bool is_max)
{
    const struct ridge_reduce_shape *s = job->s;
    const int64_t o = unit / job->n_chunks, c = unit % job->n_chunks * CHUNK;
    const float *x = job->x + o * s->n * s->inner + c;
    float *y = job->y + o * s->inner + c;
    int64_t n = s->inner - c < CHUNK ? s->inner - c : CHUNK;
    for (; n >= BLOCK * VL; n -= BLOCK * VL, x += BLOCK * VL, y += BLOCK * VL)
        columns(job, x, y, BLOCK, is_max, false, MASK_FOR(0));
    for (; n >= VL; n -= VL, x += VL, y += VL)
        columns(job, x, y, 1, is_max, false, MASK_FOR(0));
    if (n > 0)
        columns(job, x, y, 1, is_max, true, MASK_FOR(n));
}

static void run_chunks(void *ctx, int64_t begin, int64_t end, int64_t i_part)
{
    const struct job *job = ctx;
    (void)i_part;
    for (int64_t u = begin; u < end; u++) {
        if (job->s->kind == RIDGE_REDUCE_MAX)
            chunk(job, u, true);
        else
            chunk(job, u, false);
    }
}

static void run_rows(void *ctx, int64_t begin, int64_t end, int64_t i_part)
{
    const struct job *job = ctx;
    const int64_t n = job->s->n;
    (void)i_part;
    for (int64_t o = begin; o < end; o++) {
        if (job->s->kind == RIDGE_REDUCE_MAX)
            job->y[o] = fold_row(job->x + o * n, n, true);
        else
            job->y[o] = fold_row(job->x + o * n, n, false) * job->factor;
    }
}

enum ridge_status RIDGE_ISA_NAME(ridge_reduce_lanes_f32)(const struct ridge_kernel_args *args);
enum ridge_status RIDGE_ISA_NAME(ridge_reduce_lanes_f32)(const struct ridge_kernel_args *args)
{
    const struct ridge_reduce_shape *s = args->shape;
    const double n_bytes = (double)args->in[0].n_bytes + (double)args->out[0].n_bytes;
    struct job job = {.s = s, .x = args->in[0].data, .y = args->out[0].data, .factor = 1.0f};
    if (args->out[0].n_bytes == 0)
        return RIDGE_OK;
    if (s->kind == RIDGE_REDUCE_MEAN)
        job.factor = s->n > 0 ? 1.0f / (float)s->n : NAN;
    job.n_chunks = (s->inner + CHUNK - 1) / CHUNK;
    if (s->inner == 1)
        ridge_split_units(args->host, s->outer, n_bytes, run_rows, &job);
    else
        ridge_split_units(args->host, s->outer * job.n_chunks, n_bytes, run_chunks, &job);
    return RIDGE_OK;
}
