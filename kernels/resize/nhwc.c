/* Channels in vectors: a pixel of the result is a copy of one pixel, or a blend of four. */
#include "common/copy.h"
#include "common/split.h"
#include "resize/resize.h"

struct job {
    const struct ridge_resize_shape *s;
    const float *x;
    float *y;
    struct ridge_resize_source *columns;
};

INLINE VEC blend(VEC a, VEC b, VEC near_weight, VEC far_weight)
{
    return FMA(far_weight, b, MUL(near_weight, a));
}

static void blend_pixel(const struct job *job, const float *near_row, const float *far_row,
                        const struct ridge_resize_source *row, const struct ridge_resize_source *column, float *y)
{
    const int64_t c = job->s->c, x0 = column->near_line * c, x1 = column->far_line * c;
    const VEC wx0 = SET(column->near_weight), wx1 = SET(column->far_weight);
    const VEC wy0 = SET(row->near_weight), wy1 = SET(row->far_weight), none = ZERO();
    for (int64_t i = 0; i < c; i += VL) {
        const bool is_tail = c - i < VL;
        const MASK mask = MASK_FOR(is_tail ? c - i : VL);
        const float *p[4] = {near_row + x0 + i, near_row + x1 + i, far_row + x0 + i, far_row + x1 + i};
        VEC v[4];
        UNROLL(4) for (int k = 0; k < 4; k++) v[k] = is_tail ? LOAD_MASKED(p[k], mask, none) : LOAD(p[k]);
        const VEC out = blend(blend(v[0], v[1], wx0, wx1), blend(v[2], v[3], wx0, wx1), wy0, wy1);
        if (is_tail)
            STORE_MASKED(y + i, mask, out);
        else
            STORE(y + i, out);
    }
}

static void run_rows(void *ctx, int64_t begin, int64_t end, int64_t i_part)
{
    const struct job *job = ctx;
    const struct ridge_resize_shape *s = job->s;
    (void)i_part;
    for (int64_t u = begin; u < end; u++) {
        const int64_t b = u / s->oh;
        const struct ridge_resize_source row = ridge_resize_source_of(s->mode, u % s->oh, s->ih, s->oh);
        const float *near_row = job->x + (b * s->ih + row.near_line) * s->iw * s->c;
        const float *far_row = job->x + (b * s->ih + row.far_line) * s->iw * s->c;
        float *y = job->y + u * s->ow * s->c;
        for (int64_t ox = 0; ox < s->ow; ox++, y += s->c) {
            if (s->mode == RIDGE_RESIZE_NEAREST)
                copy_vectors(y, near_row + job->columns[ox].near_line * s->c, s->c, false);
            else
                blend_pixel(job, near_row, far_row, &row, &job->columns[ox], y);
        }
    }
}

enum ridge_status RIDGE_ISA_NAME(ridge_resize_nhwc_f32)(const struct ridge_kernel_args *args);
enum ridge_status RIDGE_ISA_NAME(ridge_resize_nhwc_f32)(const struct ridge_kernel_args *args)
{
    const struct ridge_resize_shape *s = args->shape;
    struct job job = {s, args->in[0].data, args->out[0].data, args->scratch};
    if (args->out[0].n_bytes == 0)
        return RIDGE_OK;
    for (int64_t ox = 0; ox < s->ow; ox++)
        job.columns[ox] = ridge_resize_source_of(s->mode, ox, s->iw, s->ow);
    ridge_split_units(args->host, s->batch * s->oh,
                      (double)args->in[0].n_bytes + (double)args->out[0].n_bytes, run_rows, &job);
    return RIDGE_OK;
}
