/* NHWC windows: channels in vectors, so a window is a few loads at fixed distances.
 *
 * One output row at a time, a block of channels at a time, from left to right: first each column of
 * the window is folded over its rows, then the columns. For 3-wide windows of stride 1 and 2 the
 * columns that the next window shares stay in registers: 6 loads an output instead of 9 at stride 2,
 * 3 at stride 1. Padding is the neutral value. */
#include "common/fold.h"
#include "common/split.h"
#include "pool/pool.h"

enum { BLOCK = 4, MAX_CARRY = 2, CHUNK_BLOCKS = 4 };

struct job {
    const struct ridge_pool_shape *s;
    struct ridge_pool_plan p;
    const float *x;
    float *y;
    int64_t n_chunks, chunk; /* channels of a unit */
};

/* One output row: where its input rows start, how many of them lie in the image. */
struct line {
    const float *x;
    float *y;
    int64_t n_rows, row_stride, c;
};

/* Column `x` of the line, folded over its rows; neutral outside the image. */
INLINE void column(const struct job *job, const struct line *l, int64_t x, VEC *to, const int n_vec,
                   const bool is_max, const bool is_masked, MASK mask)
{
    const VEC none = fold_neutral(is_max);
    if (x < 0 || x >= job->s->iw) {
        UNROLL(4) for (int v = 0; v < n_vec; v++) to[v] = none;
        return;
    }
    const float *p = l->x + x * l->c;
    UNROLL(4) for (int v = 0; v < n_vec; v++)
        to[v] = is_masked ? LOAD_MASKED(p + v * VL, mask, none) : LOAD(p + v * VL);
    for (int64_t r = 1; r < l->n_rows; r++) {
        p += l->row_stride;
        UNROLL(4) for (int v = 0; v < n_vec; v++)
            to[v] = fold(to[v], is_masked ? LOAD_MASKED(p + v * VL, mask, none) : LOAD(p + v * VL),
                         is_max);
    }
}

/* Elements that the mean of output column `ox` divides by. */
INLINE VEC weight(const struct job *job, const struct line *l, int64_t x0)
{
    const struct ridge_pool_plan *p = &job->p;
    const int64_t begin = x0 > 0 ? x0 : 0, end = x0 + p->kw < job->s->iw ? x0 + p->kw : job->s->iw;
    const int64_t n = p->counts_pad ? p->kh * p->kw : l->n_rows * (end - begin);
    return SET(1.0f / (float)n);
}

INLINE void finish(const struct job *job, const struct line *l, int64_t ox, VEC *acc, const int n_vec,
                   const bool is_max, const bool is_masked, MASK mask)
{
    float *to = l->y + ox * l->c;
    if (!is_max) {
        const VEC w = weight(job, l, ox * job->p.stride_w - job->p.pad_l);
        UNROLL(4) for (int v = 0; v < n_vec; v++) acc[v] = MUL(acc[v], w);
    }
    UNROLL(4) for (int v = 0; v < n_vec; v++)
    {
        if (is_masked)
            STORE_MASKED(to + v * VL, mask, acc[v]);
        else
            STORE(to + v * VL, acc[v]);
    }
}

/* Any window: every column is folded anew. */
INLINE void line_plain(const struct job *job, const struct line *l, const int n_vec, const bool is_max,
                       const bool is_masked, MASK mask)
{
    for (int64_t ox = 0; ox < job->p.ow; ox++) {
        int64_t begin = ox * job->p.stride_w - job->p.pad_l, end = begin + job->p.kw;
        begin = begin > 0 ? begin : 0;
        end = end < job->s->iw ? end : job->s->iw;
        VEC acc[BLOCK], col[BLOCK];
        column(job, l, begin, acc, n_vec, is_max, is_masked, mask);
        for (int64_t x = begin + 1; x < end; x++) {
            column(job, l, x, col, n_vec, is_max, is_masked, mask);
            UNROLL(4) for (int v = 0; v < n_vec; v++) acc[v] = fold(acc[v], col[v], is_max);
        }
        finish(job, l, ox, acc, n_vec, is_max, is_masked, mask);
    }
}

/* 3 wide, stride 1 or 2: `stride` new columns an output, the others are carried along. */
INLINE void line_carry(const struct job *job, const struct line *l, const int stride, const int n_vec,
                       const bool is_max, const bool is_masked, MASK mask)
{
    VEC carry[MAX_CARRY][BLOCK], col[2][BLOCK], acc[BLOCK];
    const int n_carry = 3 - stride;
    int64_t x = -job->p.pad_l;
    UNROLL(2) for (int k = 0; k < n_carry; k++)
        column(job, l, x++, carry[k], n_vec, is_max, is_masked, mask);
    for (int64_t ox = 0; ox < job->p.ow; ox++) {
        UNROLL(2) for (int k = 0; k < stride; k++)
            column(job, l, x++, col[k], n_vec, is_max, is_masked, mask);
        UNROLL(4) for (int v = 0; v < n_vec; v++)
        {
            acc[v] = fold(carry[0][v], n_carry == 2 ? carry[1][v] : col[0][v], is_max);
            acc[v] = fold(acc[v], col[stride - 1][v], is_max);
            carry[0][v] = n_carry == 2 ? carry[1][v] : col[stride - 1][v];
            carry[1][v] = col[stride - 1][v];
        }
        finish(job, l, ox, acc, n_vec, is_max, is_masked, mask);
    }
}

INLINE void line_any(const struct job *job, const struct line *l, const int n_vec, const bool is_max,
                     const bool is_masked, MASK mask)
{
    if (job->p.kw == 3 && job->p.stride_w == 2)
        line_carry(job, l, 2, n_vec, is_max, is_masked, mask);
    else if (job->p.kw == 3 && job->p.stride_w == 1)
        line_carry(job, l, 1, n_vec, is_max, is_masked, mask);
    else
        line_plain(job, l, n_vec, is_max, is_masked, mask);
}

/* Channels [0, n) of a line. */
INLINE void line_channels(const struct job *job, struct line l, int64_t n, const bool is_max)
{
    for (; n >= BLOCK * VL; n -= BLOCK * VL, l.x += BLOCK * VL, l.y += BLOCK * VL)
        line_any(job, &l, BLOCK, is_max, false, MASK_FOR(0));
    for (; n >= VL; n -= VL, l.x += VL, l.y += VL)
        line_any(job, &l, 1, is_max, false, MASK_FOR(0));
    if (n > 0)
        line_any(job, &l, 1, is_max, true, MASK_FOR(n));
}

static void run_units(void *ctx, int64_t begin, int64_t end, int64_t i_part)
{
    const struct job *job = ctx;
    const struct ridge_pool_shape *s = job->s;
    const struct ridge_pool_plan *p = &job->p;
    (void)i_part;
    for (int64_t u = begin; u < end; u++) {
        const int64_t c0 = u % job->n_chunks * job->chunk, row = u / job->n_chunks;
        const int64_t b = row / p->oh, y0 = row % p->oh * p->stride_h - p->pad_t;
        const int64_t first = y0 > 0 ? y0 : 0, last = y0 + p->kh < s->ih ? y0 + p->kh : s->ih;
        const struct line l = {.x = job->x + (b * s->ih + first) * s->iw * s->c + c0,
                               .y = job->y + row * p->ow * s->c + c0,
                               .n_rows = last - first,
                               .row_stride = s->iw * s->c,
                               .c = s->c};
        const int64_t n = s->c - c0 < job->chunk ? s->c - c0 : job->chunk;
        if (p->is_max)
            line_channels(job, l, n, true);
        else
            line_channels(job, l, n, false);
    }
}

enum ridge_status RIDGE_ISA_NAME(ridge_pool_nhwc_f32)(const struct ridge_kernel_args *args);
enum ridge_status RIDGE_ISA_NAME(ridge_pool_nhwc_f32)(const struct ridge_kernel_args *args)
{
    const struct ridge_pool_shape *s = args->shape;
    struct job job = {.s = s, .x = args->in[0].data, .y = args->out[0].data, .chunk = CHUNK_BLOCKS * BLOCK * VL};
    job.p = ridge_pool_plan_make(s);
    job.n_chunks = (s->c + job.chunk - 1) / job.chunk;
    ridge_split_units(args->host, s->batch * job.p.oh * job.n_chunks,
                      (double)args->in[0].n_bytes + (double)args->out[0].n_bytes, run_units, &job);
    return RIDGE_OK;
}
