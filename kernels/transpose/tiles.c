/* A permutation as many small jobs: where the fastest dimension stays the fastest, rows are copied; else
 * matrices of (fastest of y) x (fastest of x) are turned, for every index of the other dimensions. */
#include "common/copy.h"
#include "common/cpu.h"
#include "common/split.h"
#include "common/transpose_tile.h"
#include "transpose/transpose.h"

enum { RANK = RIDGE_TRANSPOSE_RANK };

struct job {
    struct ridge_transpose_plan p;
    const float *x;
    float *y;
    int outer[RANK], n_outer;       /* the dimensions that are walked one by one */
    int64_t strips, strip;          /* turning: parts of the fast dimension of x */
    bool is_streaming;
};

/* A place among the outer dimensions: divided out once, then counted on. */
struct walk {
    int64_t at[RANK], from, to;
};

static void walk_start(const struct job *job, int64_t u, struct walk *w)
{
    *w = (struct walk){0};
    for (int k = job->n_outer - 1; k >= 0; k--) {
        const int d = job->outer[k];
        w->at[k] = u % job->p.dims[d];
        u /= job->p.dims[d];
        w->from += w->at[k] * job->p.from[d];
        w->to += w->at[k] * job->p.to[d];
    }
}

static void walk_next(const struct job *job, struct walk *w)
{
    for (int k = job->n_outer - 1; k >= 0; k--) {
        const int d = job->outer[k];
        w->from += job->p.from[d];
        w->to += job->p.to[d];
        if (++w->at[k] < job->p.dims[d])
            return;
        w->from -= job->p.dims[d] * job->p.from[d];
        w->to -= job->p.dims[d] * job->p.to[d];
        w->at[k] = 0;
    }
}

static void copy_units(void *ctx, int64_t begin, int64_t end, int64_t i_part)
{
    const struct job *job = ctx;
    struct walk w;
    (void)i_part;
    walk_start(job, begin, &w);
    for (int64_t u = begin; u < end; u++, walk_next(job, &w))
        copy_row(job->y + w.to, job->x + w.from, job->p.dims[RANK - 1], job->is_streaming);
    if (job->is_streaming)
        STREAM_FENCE();
}

static void turn_units(void *ctx, int64_t begin, int64_t end, int64_t i_part)
{
    const struct job *job = ctx;
    const struct ridge_transpose_plan *p = &job->p;
    (void)i_part;
    for (int64_t u = begin; u < end; u++) {
        struct walk w;
        walk_start(job, u / job->strips, &w);
        const int64_t j = u % job->strips * job->strip, left = p->dims[p->i_fast] - j;
        struct transpose_job t = {.from = job->x + w.from,
                                  .ld_from = p->from[RANK - 1],
                                  .to = job->y + w.to,
                                  .ld_to = p->to[p->i_fast]};
        t.is_streaming = job->is_streaming && transpose_can_stream(&t, p->dims[RANK - 1]);
        transpose_range(&t, 0, p->dims[RANK - 1], j, j + (left < job->strip ? left : job->strip));
    }
    if (job->is_streaming)
        STREAM_FENCE();
}

enum ridge_status RIDGE_ISA_NAME(ridge_transpose_tiles_f32)(const struct ridge_kernel_args *args);
enum ridge_status RIDGE_ISA_NAME(ridge_transpose_tiles_f32)(const struct ridge_kernel_args *args)
{
    struct job job = {.p = ridge_transpose_plan_make(args->shape), .x = args->in[0].data, .y = args->out[0].data};
    const double n_bytes = 2 * (double)args->in[0].n_bytes;
    int64_t n_units = 1;
    if (args->in[0].n_bytes == 0)
        return RIDGE_OK;
    for (int d = 0; d < RANK - 1; d++)
        if (d != job.p.i_fast) {
            job.outer[job.n_outer++] = d;
            n_units *= job.p.dims[d];
        }
    job.is_streaming = ridge_kernels_cpu_should_stream(n_bytes);
    if (job.p.i_fast == RANK - 1) {
        ridge_split_units(args->host, n_units, n_bytes, copy_units, &job);
        return RIDGE_OK;
    }
    job.strip = 4 * TRANSPOSE_BLOCK;
    job.strips = (job.p.dims[job.p.i_fast] + job.strip - 1) / job.strip;
    ridge_split_units(args->host, n_units * job.strips, n_bytes, turn_units, &job);
    return RIDGE_OK;
}
