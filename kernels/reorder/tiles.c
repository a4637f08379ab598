/* Every reorder is a set of small matrices: channels x pixels or pixels x channels, turned by tiles, or
 * (between nhwc and nchw16c) copied row by row. A unit of work is a strip of pixels of one image. */
#include "common/copy.h"
#include "common/cpu.h"
#include "common/split.h"
#include "common/transpose_tile.h"
#include "reorder/reorder.h"

enum { BLOCK = RIDGE_REORDER_BLOCK, STRIP = 4 * TRANSPOSE_COLUMNS, FEW = 4 };

struct job {
    const struct ridge_reorder_shape *s;
    const float *x;
    float *y;
    int64_t hw, n_blocks, n_strips;
    bool is_streaming;
    int32_t pick[FEW][VL]; /* of few_channels */
};

/* Pixels [p0, p1) of one image. */
struct strip {
    const float *x;
    float *y;
    int64_t p0, p1;
};

/* Two to four channels, as images come: VL pixels are as many vectors on either side, and each vector of the
 * result picks its lanes from those that were read. The fewer than VL pixels that are left go one by one. */
INLINE void few_channels(const struct job *job, const struct strip *s, const int c)
{
    const bool is_to_pixels = job->s->from == RIDGE_REORDER_NCHW;
    const int64_t from_step = is_to_pixels ? job->hw : VL, to_step = is_to_pixels ? VL : job->hw;
    int64_t p = s->p0;
    for (; p + VL <= s->p1; p += VL) {
        const float *x = s->x + (is_to_pixels ? p : c * p);
        float *y = s->y + (is_to_pixels ? c * p : p);
        VEC in[FEW];
        UNROLL(4) for (int k = 0; k < FEW; k++) in[k] = LOAD(x + (k < c ? k : c - 1) * from_step);
        UNROLL(4) for (int k = 0; k < c; k++)
        {
            const IVEC pick = ILOAD(job->pick[k]);
            STORE(y + k * to_step, c == 4 ? PICK4(in[0], in[1], in[2], in[3], pick) : PICK3(in[0], in[1], in[2], pick));
        }
    }
    for (; p < s->p1; p++)
        for (int64_t k = 0; k < c; k++) {
            const int64_t planar = k * job->hw + p, packed = c * p + k;
            s->y[is_to_pixels ? packed : planar] = s->x[is_to_pixels ? planar : packed];
        }
}

/* Element i of vector k of the result, counted through the vectors that are read. */
static void make_picks(struct job *job)
{
    const int c = (int)job->s->c;
    for (int k = 0; k < c; k++)
        for (int i = 0; i < VL; i++) {
            const int at = k * VL + i;
            job->pick[k][i] = job->s->from == RIDGE_REORDER_NCHW ? at % c * VL + at / c : c * i + k;
        }
}

/* nchw <-> nhwc; one channel is the same in both. False: c is not that small. */
static bool did_few_channels(const struct job *job, const struct strip *s)
{
    switch (job->s->c) {
    case 1: copy_row(s->y + s->p0, s->x + s->p0, s->p1 - s->p0, job->is_streaming); return true;
    case 2: few_channels(job, s, 2); return true;
    case 3: few_channels(job, s, 3); return true;
    case 4: few_channels(job, s, 4); return true;
    default: return false;
    }
}

static void nchw_to_nhwc(const struct job *job, const struct strip *s)
{
    if (did_few_channels(job, s))
        return;
    struct transpose_job t = {.from = s->x, .ld_from = job->hw, .to = s->y, .ld_to = job->s->c};
    t.is_streaming = job->is_streaming && transpose_can_stream(&t, job->s->c);
    transpose_range(&t, 0, job->s->c, s->p0, s->p1);
}

static void nhwc_to_nchw(const struct job *job, const struct strip *s)
{
    if (did_few_channels(job, s))
        return;
    struct transpose_job t = {.from = s->x, .ld_from = job->s->c, .to = s->y, .ld_to = job->hw};
    t.is_streaming = job->is_streaming && transpose_can_stream(&t, s->p0) && transpose_can_stream(&t, s->p1);
    transpose_range(&t, s->p0, s->p1, 0, job->s->c);
}

static void nchw_to_blocks(const struct job *job, const struct strip *s)
{
    for (int64_t k = 0; k < job->n_blocks; k++) {
        const int64_t left = job->s->c - k * BLOCK;
        struct transpose_job t = {.from = s->x + k * BLOCK * job->hw,
                                  .ld_from = job->hw,
                                  .to = s->y + k * BLOCK * job->hw,
                                  .ld_to = BLOCK};
        t.is_streaming = job->is_streaming && left >= BLOCK && transpose_can_stream(&t, BLOCK);
        if (left < BLOCK)
            memset(t.to + s->p0 * BLOCK, 0, (size_t)(s->p1 - s->p0) * BLOCK * sizeof(float));
        transpose_range(&t, 0, left < BLOCK ? left : BLOCK, s->p0, s->p1);
    }
}

static void blocks_to_nchw(const struct job *job, const struct strip *s)
{
    for (int64_t k = 0; k < job->n_blocks; k++) {
        const int64_t left = job->s->c - k * BLOCK;
        struct transpose_job t = {.from = s->x + k * BLOCK * job->hw,
                                  .ld_from = BLOCK,
                                  .to = s->y + k * BLOCK * job->hw,
                                  .ld_to = job->hw};
        t.is_streaming = job->is_streaming && transpose_can_stream(&t, s->p0) && transpose_can_stream(&t, s->p1);
        transpose_range(&t, s->p0, s->p1, 0, left < BLOCK ? left : BLOCK);
    }
}

/* 16 channels of one pixel; those past n are written as 0. */
INLINE void copy_block(float *to, const float *from, int64_t n)
{
    UNROLL(16) for (int v = 0; v < BLOCK / VL; v++)
    {
        const int64_t left = n - v * VL;
        const MASK mask = MASK_FOR(left < 0 ? 0 : left < VL ? left : VL);
        STORE(to + v * VL, left >= VL ? LOAD(from + v * VL) : LOAD_MASKED(from + v * VL, mask, ZERO()));
    }
}

INLINE void copy_channels(float *to, const float *from, int64_t n)
{
    for (int64_t i = 0; i < n; i += VL) {
        if (n - i >= VL)
            STORE(to + i, LOAD(from + i));
        else
            STORE_MASKED(to + i, MASK_FOR(n - i), LOAD_MASKED(from + i, MASK_FOR(n - i), ZERO()));
    }
}

static void nhwc_to_blocks(const struct job *job, const struct strip *s)
{
    for (int64_t k = 0; k < job->n_blocks; k++)
        for (int64_t p = s->p0; p < s->p1; p++) {
            const int64_t left = job->s->c - k * BLOCK;
            copy_block(s->y + (k * job->hw + p) * BLOCK, s->x + p * job->s->c + k * BLOCK,
                       left < BLOCK ? left : BLOCK);
        }
}

static void blocks_to_nhwc(const struct job *job, const struct strip *s)
{
    for (int64_t p = s->p0; p < s->p1; p++)
        for (int64_t k = 0; k < job->n_blocks; k++) {
            const int64_t left = job->s->c - k * BLOCK;
            copy_channels(s->y + p * job->s->c + k * BLOCK, s->x + (k * job->hw + p) * BLOCK,
                          left < BLOCK ? left : BLOCK);
        }
}

typedef void strip_fn(const struct job *job, const struct strip *s);
static strip_fn *const table[RIDGE_REORDER_N][RIDGE_REORDER_N] = {
    [RIDGE_REORDER_NCHW] = {NULL, nchw_to_nhwc, nchw_to_blocks},
    [RIDGE_REORDER_NHWC] = {nhwc_to_nchw, NULL, nhwc_to_blocks},
    [RIDGE_REORDER_NCHW16C] = {blocks_to_nchw, blocks_to_nhwc, NULL},
};

static int64_t stored_channels(const struct job *job, int32_t layout)
{
    return layout == RIDGE_REORDER_NCHW16C ? job->n_blocks * BLOCK : job->s->c;
}

static void run_units(void *ctx, int64_t begin, int64_t end, int64_t i_part)
{
    const struct job *job = ctx;
    (void)i_part;
    for (int64_t u = begin; u < end; u++) {
        const int64_t b = u / job->n_strips, p0 = u % job->n_strips * STRIP;
        const struct strip s = {.x = job->x + b * job->hw * stored_channels(job, job->s->from),
                                .y = job->y + b * job->hw * stored_channels(job, job->s->to),
                                .p0 = p0,
                                .p1 = p0 + STRIP < job->hw ? p0 + STRIP : job->hw};
        table[job->s->from][job->s->to](job, &s);
    }
    if (job->is_streaming)
        STREAM_FENCE();
}

enum ridge_status RIDGE_ISA_NAME(ridge_reorder_tiles_f32)(const struct ridge_kernel_args *args);
enum ridge_status RIDGE_ISA_NAME(ridge_reorder_tiles_f32)(const struct ridge_kernel_args *args)
{
    const struct ridge_reorder_shape *s = args->shape;
    const double n_bytes = (double)args->in[0].n_bytes + (double)args->out[0].n_bytes;
    if (args->out[0].n_bytes == 0)
        return RIDGE_OK;
    struct job job = {.s = s, .x = args->in[0].data, .y = args->out[0].data, .hw = s->h * s->w};
    job.n_blocks = (s->c + BLOCK - 1) / BLOCK;
    job.n_strips = (job.hw + STRIP - 1) / STRIP;
    if (s->c <= FEW)
        make_picks(&job);
    job.is_streaming = ridge_kernels_cpu_should_stream(n_bytes);
    ridge_split_units(args->host, s->batch * job.n_strips, n_bytes, run_units, &job);
    return RIDGE_OK;
}
