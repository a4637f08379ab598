/* The output is written front to back: for each outer index the rows of all inputs in turn. */
#include "common/copy.h"
#include "common/cpu.h"
#include "common/split.h"
#include "concat/concat.h"

enum { PIECE = 1 << 15 }; /* elements of an output row in one unit of work */

struct job {
    const float *x[RIDGE_CONCAT_N_INPUTS];
    int64_t n[RIDGE_CONCAT_N_INPUTS], row, n_pieces; /* elements of a row: of each input, of the output */
    float *y;
    bool is_streaming;
};

/* Elements [begin, end) of output row o. */
static void run_piece(const struct job *job, int64_t o, int64_t begin, int64_t end)
{
    int64_t at = 0;
    for (int k = 0; k < RIDGE_CONCAT_N_INPUTS; at += job->n[k], k++) {
        const int64_t from = begin > at ? begin : at;
        const int64_t to = end < at + job->n[k] ? end : at + job->n[k];
        if (from < to)
            copy_row(job->y + o * job->row + from, job->x[k] + o * job->n[k] + from - at, to - from,
                     job->is_streaming);
    }
}

static void run_units(void *ctx, int64_t begin, int64_t end, int64_t i_part)
{
    const struct job *job = ctx;
    (void)i_part;
    for (int64_t u = begin; u < end; u++) {
        const int64_t first = u % job->n_pieces * PIECE;
        run_piece(job, u / job->n_pieces, first, first + PIECE < job->row ? first + PIECE : job->row);
    }
    if (job->is_streaming)
        STREAM_FENCE();
}

enum ridge_status RIDGE_ISA_NAME(ridge_concat_rows_f32)(const struct ridge_kernel_args *args);
enum ridge_status RIDGE_ISA_NAME(ridge_concat_rows_f32)(const struct ridge_kernel_args *args)
{
    const struct ridge_concat_shape *s = args->shape;
    const double n_bytes = 2 * (double)args->out[0].n_bytes;
    struct job job = {.y = args->out[0].data};
    if (args->out[0].n_bytes == 0)
        return RIDGE_OK;
    job.row = ridge_concat_sizes(s, job.n) * s->inner;
    for (int k = 0; k < RIDGE_CONCAT_N_INPUTS; k++) {
        job.x[k] = args->in[k].data;
        job.n[k] *= s->inner;
    }
    job.n_pieces = (job.row + PIECE - 1) / PIECE;
    job.is_streaming = ridge_kernels_cpu_should_stream(n_bytes);
    ridge_split_units(args->host, s->outer * job.n_pieces, n_bytes, run_units, &job);
    return RIDGE_OK;
}
