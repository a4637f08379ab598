/* Rows of equal treatment: nhwc pixels, whose scale and shift are vectors, and nchw planes, whose scale and
 * shift are one value each. A result much larger than the caches is written around them. */
#include "batchnorm/batchnorm.h"
#include "common/cpu.h"
#include "common/split.h"
#include "common/vec.h"

enum { PIECE = 1 << 15 }; /* elements of a plane in one unit of work */

struct job {
    const float *x, *scale, *shift;
    float *y;
    int64_t c, row, n_pieces; /* row: elements of a row; planes are cut into pieces */
    bool is_streaming;
};

INLINE VEC load(const float *p, int64_t i, const bool is_one)
{
    return is_one ? SET(*p) : LOAD(p + i);
}

INLINE VEC load_part(const float *p, int64_t i, MASK mask, const bool is_one)
{
    return is_one ? SET(*p) : LOAD_MASKED(p + i, mask, ZERO());
}

INLINE void apply_part(const float *x, const float *scale, const float *shift, float *y, int64_t i, int64_t n,
                       const bool is_one)
{
    const MASK mask = MASK_FOR(n);
    STORE_MASKED(y + i, mask, FMA(LOAD_MASKED(x + i, mask, ZERO()), load_part(scale, i, mask, is_one),
                                  load_part(shift, i, mask, is_one)));
}

INLINE void apply_row(const float *x, const float *scale, const float *shift, float *y, int64_t n,
                      const bool is_one, const bool is_streaming)
{
    int64_t i = 0;
    if (is_streaming) {
        i = vec_head(y, n);
        if (i > 0)
            apply_part(x, scale, shift, y, 0, i, is_one);
    }
    UNROLL(4) for (; i + VL <= n; i += VL)
    {
        const VEC v = FMA(LOAD(x + i), load(scale, i, is_one), load(shift, i, is_one));
        if (is_streaming)
            STREAM(y + i, v);
        else
            STORE(y + i, v);
    }
    if (i < n)
        apply_part(x, scale, shift, y, i, n - i, is_one);
}

static void run_pixels(void *ctx, int64_t begin, int64_t end, int64_t i_part)
{
    const struct job *job = ctx;
    (void)i_part;
    for (int64_t u = begin; u < end; u++) {
        const float *x = job->x + u * job->row;
        float *y = job->y + u * job->row;
        if (job->is_streaming && job->row % VL == 0 && job->row >= 4 * VL)
            apply_row(x, job->scale, job->shift, y, job->row, false, true);
        else
            apply_row(x, job->scale, job->shift, y, job->row, false, false);
    }
    if (job->is_streaming)
        STREAM_FENCE();
}

static void run_planes(void *ctx, int64_t begin, int64_t end, int64_t i_part)
{
    const struct job *job = ctx;
    (void)i_part;
    for (int64_t u = begin; u < end; u++) {
        const int64_t plane = u / job->n_pieces, first = u % job->n_pieces * PIECE;
        const int64_t at = plane * job->row + first, c = plane % job->c;
        const int64_t n = job->row - first < PIECE ? job->row - first : PIECE;
        if (job->is_streaming && n >= 16 * VL)
            apply_row(job->x + at, job->scale + c, job->shift + c, job->y + at, n, true, true);
        else
            apply_row(job->x + at, job->scale + c, job->shift + c, job->y + at, n, true, false);
    }
    if (job->is_streaming)
        STREAM_FENCE();
}

enum ridge_status RIDGE_ISA_NAME(ridge_batchnorm_rows_f32)(const struct ridge_kernel_args *args);
enum ridge_status RIDGE_ISA_NAME(ridge_batchnorm_rows_f32)(const struct ridge_kernel_args *args)
{
    const struct ridge_batchnorm_shape *s = args->shape;
    const double n_bytes = 2 * (double)args->in[0].n_bytes;
    if (args->out[0].n_bytes == 0)
        return RIDGE_OK;
    struct job job = {.x = args->in[0].data,
                      .scale = args->in[1].data,
                      .shift = args->in[2].data,
                      .y = args->out[0].data,
                      .c = s->c,
                      .is_streaming = ridge_kernels_cpu_should_stream(n_bytes)};
    if (s->layout == RIDGE_DENSE_NHWC) {
        job.row = s->c;
        ridge_split_units(args->host, s->batch * s->h * s->w, n_bytes, run_pixels, &job);
        return RIDGE_OK;
    }
    job.row = s->h * s->w;
    job.n_pieces = (job.row + PIECE - 1) / PIECE;
    ridge_split_units(args->host, s->batch * s->c * job.n_pieces, n_bytes, run_planes, &job);
    return RIDGE_OK;
}
