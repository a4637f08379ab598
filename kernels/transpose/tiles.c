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
    int outer[RANK], n_outer;       /* the dimensions that are walked one by one, the last one fastest */
    int64_t strips, strip;          /* turning: parts of the fast dimension of x */
    bool is_streaming;
};

/* A place among the outer dimensions, and how many rows there are from it along the fastest of them. */
struct place {
    int64_t from, to, n_rows;
};

static struct place place_of(const struct job *job, int64_t u)
{
    struct place place = {.n_rows = 1};
    for (int k = job->n_outer - 1; k >= 0; k--) {
        const int d = job->outer[k];
        const int64_t at = u % job->p.dims[d];
        if (k == job->n_outer - 1)
            place.n_rows = job->p.dims[d] - at;
        u /= job->p.dims[d];
        place.from += at * job->p.from[d];
        place.to += at * job->p.to[d];
    }
    return place;
}

static void copy_rows(const struct job *job, struct place place, int64_t n_rows)
{
    const int d = job->n_outer > 0 ? job->outer[job->n_outer - 1] : 0;
    const int64_t n = job->p.dims[RANK - 1], from = job->p.from[d], to = job->p.to[d];
    for (int64_t r = 0; r < n_rows; r++, place.from += from, place.to += to)
        copy_row(job->y + place.to, job->x + place.from, n, job->is_streaming);
}

static void copy_units(void *ctx, int64_t begin, int64_t end, int64_t i_part)
{
    const struct job *job = ctx;
    int64_t n_rows = 0;
    (void)i_part;
    for (int64_t u = begin; u < end; u += n_rows) {
        const struct place place = place_of(job, u);
        n_rows = place.n_rows < end - u ? place.n_rows : end - u;
        copy_rows(job, place, n_rows);
    }
    if (job->is_streaming)
        STREAM_FENCE();
}

static void turn_units(void *ctx, int64_t begin, int64_t end, int64_t i_part)
{
    const struct job *job = ctx;
    const struct ridge_transpose_plan *p = &job->p;
    (void)i_part;
    for (int64_t u = begin; u < end; u++) {
        const struct place w = place_of(job, u / job->strips);
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

static int64_t longer_step(const struct ridge_transpose_plan *p, int d)
{
    return p->from[d] > p->to[d] ? p->from[d] : p->to[d];
}

/* The outer dimension with the shortest steps on both sides goes fastest. */
static void choose_fastest(struct job *job)
{
    int *const last = &job->outer[job->n_outer > 0 ? job->n_outer - 1 : 0];
    for (int k = 0; k < job->n_outer; k++) {
        const int d = job->outer[k];
        if (longer_step(&job->p, d) < longer_step(&job->p, *last)) {
            job->outer[k] = *last;
            *last = d;
        }
    }
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
        if (d != job.p.i_fast && job.p.dims[d] > 1) {
            job.outer[job.n_outer++] = d;
            n_units *= job.p.dims[d];
        }
    job.is_streaming = ridge_kernels_cpu_should_stream(n_bytes);
    if (job.p.i_fast == RANK - 1) {
        choose_fastest(&job);
        ridge_split_units(args->host, n_units, n_bytes, copy_units, &job);
        return RIDGE_OK;
    }
    job.strip = 4 * TRANSPOSE_COLUMNS;
    job.strips = (job.p.dims[job.p.i_fast] + job.strip - 1) / job.strip;
    ridge_split_units(args->host, n_units * job.strips, n_bytes, turn_units, &job);
    return RIDGE_OK;
}
