/* NCHW windows: first the rows of the window are folded into one line in scratch (long, contiguous,
 * padded with the neutral value), then the line's columns: stride 1 by loads at every offset, stride 2
 * by the even elements of two loads, other strides one by one. A few lines are folded before their columns
 * are: loads that overlap a store of a moment ago would wait for it. A whole image is folded in place. */
#include "common/fold.h"
#include "common/split.h"
#include "pool/nchw.h"

struct job {
    const struct ridge_pool_shape *s;
    struct ridge_pool_plan p;
    const float *x;
    float *y, *weights, *lines;
};

INLINE void fold_rows(const float *x, int64_t n_rows, int64_t n, float *to, const bool is_max)
{
    const VEC none = fold_neutral(is_max);
    for (int64_t i = 0; i < n; i += VL) {
        const bool is_tail = n - i < VL;
        const MASK mask = MASK_FOR(is_tail ? n - i : VL);
        const float *p = x + i;
        VEC acc = is_tail ? LOAD_MASKED(p, mask, none) : LOAD(p);
        for (int64_t r = 1; r < n_rows; r++) {
            p += n;
            acc = fold(acc, is_tail ? LOAD_MASKED(p, mask, none) : LOAD(p), is_max);
        }
        if (is_tail)
            STORE_MASKED(to + i, mask, acc);
        else
            STORE(to + i, acc);
    }
}

INLINE void store_part(float *to, int64_t left, VEC v)
{
    if (left >= VL)
        STORE(to, v);
    else
        STORE_MASKED(to, MASK_FOR(left), v);
}

/* stride 1 or 2, from the padded line; reads up to two vectors past the last window. */
INLINE void fold_columns(const struct job *job, const float *line, float row_weight, float *to,
                         const int stride, const bool is_max)
{
    const int64_t ow = job->p.ow;
    for (int64_t ox = 0; ox < ow; ox += VL) {
        const float *p = line + ox * stride;
        VEC acc = stride == 1 ? LOAD(p) : EVEN(LOAD(p), LOAD(p + VL));
        for (int64_t k = 1; k < job->p.kw; k++)
            acc = fold(acc, stride == 1 ? LOAD(p + k) : EVEN(LOAD(p + k), LOAD(p + k + VL)), is_max);
        if (!is_max)
            acc = MUL(acc, MUL(LOAD(job->weights + ox), SET(row_weight)));
        store_part(to + ox, ow - ox, acc);
    }
}

INLINE void fold_columns_any(const struct job *job, const float *line, float row_weight, float *to,
                             const bool is_max)
{
    for (int64_t ox = 0; ox < job->p.ow; ox++) {
        const float *p = line + ox * job->p.stride_w;
        float acc = p[0];
        for (int64_t k = 1; k < job->p.kw; k++)
            acc = fold_one(acc, p[k], is_max);
        to[ox] = is_max ? acc : acc * (job->weights[ox] * row_weight);
    }
}

INLINE void fold_line(const struct job *job, const float *line, float row_weight, float *y, const bool is_max)
{
    if (job->p.stride_w == 1)
        fold_columns(job, line, row_weight, y, 1, is_max);
    else if (job->p.stride_w == 2)
        fold_columns(job, line, row_weight, y, 2, is_max);
    else
        fold_columns_any(job, line, row_weight, y, is_max);
}

/* One plane: a line for each output row. Elements outside the image keep the neutral value. */
INLINE void run_plane(const struct job *job, const float *x, float *y, float *lines, int64_t n_line, const bool is_max)
{
    const struct ridge_pool_shape *s = job->s;
    const struct ridge_pool_plan *p = &job->p;
    const int64_t most = ridge_pool_nchw_lines(n_line);
    float row_weight[RIDGE_POOL_MAX_LINES];
    for (int64_t oy = 0; oy < p->oh; oy += most) {
        const int64_t n = p->oh - oy < most ? p->oh - oy : most;
        for (int64_t k = 0; k < n; k++) {
            const int64_t y0 = (oy + k) * p->stride_h - p->pad_t;
            const int64_t first = y0 > 0 ? y0 : 0, last = y0 + p->kh < s->ih ? y0 + p->kh : s->ih;
            row_weight[k] = 1.0f / (float)(p->counts_pad ? p->kh : last - first);
            fold_rows(x + first * s->iw, last - first, s->iw, lines + k * n_line + p->pad_l, is_max);
        }
        for (int64_t k = 0; k < n; k++, y += p->ow)
            fold_line(job, lines + k * n_line, row_weight[k], y, is_max);
    }
}

INLINE void run_planes(const struct job *job, int64_t begin, int64_t end, int64_t i_part, const bool is_max)
{
    const struct ridge_pool_shape *s = job->s;
    const int64_t n_in = s->ih * s->iw, n_out = job->p.oh * job->p.ow;
    if (job->p.is_global) {
        for (int64_t plane = begin; plane < end; plane++)
            job->y[plane] = fold_row(job->x + plane * n_in, n_in, is_max) * (is_max ? 1.0f : 1.0f / (float)n_in);
        return;
    }
    const int64_t n_line = ridge_pool_nchw_line(s, &job->p);
    const int64_t n_lines = ridge_pool_nchw_lines(n_line) * n_line;
    float *lines = job->lines + i_part * n_lines;
    for (int64_t i = 0; i < n_lines; i++)
        lines[i] = is_max ? -INFINITY : 0.0f;
    for (int64_t plane = begin; plane < end; plane++)
        run_plane(job, job->x + plane * n_in, job->y + plane * n_out, lines, n_line, is_max);
}

static void run_units(void *ctx, int64_t begin, int64_t end, int64_t i_part)
{
    const struct job *job = ctx;
    if (job->p.is_max)
        run_planes(job, begin, end, i_part, true);
    else
        run_planes(job, begin, end, i_part, false);
}

static void make_weights(struct job *job)
{
    const struct ridge_pool_plan *p = &job->p;
    for (int64_t ox = 0; ox < p->ow; ox++) {
        const int64_t x0 = ox * p->stride_w - p->pad_l;
        const int64_t begin = x0 > 0 ? x0 : 0, end = x0 + p->kw < job->s->iw ? x0 + p->kw : job->s->iw;
        job->weights[ox] = 1.0f / (float)(p->counts_pad ? p->kw : end - begin);
    }
    for (int64_t ox = p->ow; ox < ridge_pool_nchw_weights(p); ox++)
        job->weights[ox] = 0.0f;
}

enum ridge_status RIDGE_ISA_NAME(ridge_pool_nchw_f32)(const struct ridge_kernel_args *args);
enum ridge_status RIDGE_ISA_NAME(ridge_pool_nchw_f32)(const struct ridge_kernel_args *args)
{
    const struct ridge_pool_shape *s = args->shape;
    struct job job = {.s = s, .x = args->in[0].data, .y = args->out[0].data};
    job.p = ridge_pool_plan_make(s);
    if (job.p.oh == 0 || job.p.ow == 0)
        return RIDGE_OK;
    if (!job.p.is_global) {
        job.weights = args->scratch;
        job.lines = job.weights + ridge_pool_nchw_weights(&job.p);
        make_weights(&job);
    }
    ridge_split_units(args->host, s->batch * s->c,
                      (double)args->in[0].n_bytes + (double)args->out[0].n_bytes, run_units, &job);
    return RIDGE_OK;
}
