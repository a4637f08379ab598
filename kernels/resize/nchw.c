/* A plane at a time: the two source rows are blended into one line (contiguous), then its columns are
 * gathered. Rows of a nearest result that come from the same source row are copied. */
#include "common/copy.h"
#include "common/split.h"
#include "resize/resize.h"

struct job {
    const struct ridge_resize_shape *s;
    const float *x;
    float *y;
    int32_t *near_column, *far_column; /* sides are below 2^31 */
    float *near_weight, *far_weight, *lines;
};

static void blend_rows(const float *a, const float *b, float near_weight, float far_weight, float *to, int64_t n)
{
    const VEC w0 = SET(near_weight), w1 = SET(far_weight);
    int64_t i = 0;
    for (; i + VL <= n; i += VL)
        STORE(to + i, FMA(w1, LOAD(b + i), MUL(w0, LOAD(a + i))));
    if (i < n) {
        const MASK mask = MASK_FOR(n - i);
        STORE_MASKED(to + i, mask,
                     FMA(w1, LOAD_MASKED(b + i, mask, ZERO()), MUL(w0, LOAD_MASKED(a + i, mask, ZERO()))));
    }
}

INLINE void pick_columns(const struct job *job, const float *line, float *y, const bool is_blending)
{
    for (int64_t ox = 0; ox < job->s->ow; ox += VL) { /* the tables are whole vectors long */
        VEC v = GATHER(line, ILOAD(job->near_column + ox));
        if (is_blending)
            v = FMA(LOAD(job->far_weight + ox), GATHER(line, ILOAD(job->far_column + ox)),
                    MUL(LOAD(job->near_weight + ox), v));
        if (job->s->ow - ox >= VL)
            STORE(y + ox, v);
        else
            STORE_MASKED(y + ox, MASK_FOR(job->s->ow - ox), v);
    }
}

static void bilinear_plane(const struct job *job, const float *x, float *y, float *line)
{
    const struct ridge_resize_shape *s = job->s;
    for (int64_t oy = 0; oy < s->oh; oy++, y += s->ow) {
        const struct ridge_resize_source row = ridge_resize_source_of(s->mode, oy, s->ih, s->oh);
        blend_rows(x + row.near_line * s->iw, x + row.far_line * s->iw, row.near_weight, row.far_weight, line,
                   s->iw);
        pick_columns(job, line, y, true);
    }
}

static void nearest_plane(const struct job *job, const float *x, float *y)
{
    const struct ridge_resize_shape *s = job->s;
    int64_t last = -1;
    for (int64_t oy = 0; oy < s->oh; oy++, y += s->ow) {
        const int64_t from = ridge_resize_source_of(s->mode, oy, s->ih, s->oh).near_line;
        if (from == last) {
            copy_vectors(y, y - s->ow, s->ow, false);
            continue;
        }
        last = from;
        pick_columns(job, x + from * s->iw, y, false);
    }
}

static void run_planes(void *ctx, int64_t begin, int64_t end, int64_t i_part)
{
    const struct job *job = ctx;
    const struct ridge_resize_shape *s = job->s;
    for (int64_t u = begin; u < end; u++) {
        const float *x = job->x + u * s->ih * s->iw;
        float *y = job->y + u * s->oh * s->ow;
        if (s->mode == RIDGE_RESIZE_NEAREST)
            nearest_plane(job, x, y);
        else
            bilinear_plane(job, x, y, job->lines + i_part * ridge_resize_line(s));
    }
}

static void make_tables(struct job *job, void *scratch)
{
    const struct ridge_resize_shape *s = job->s;
    const int64_t n = ridge_resize_columns(s);
    job->near_column = scratch;
    job->far_column = job->near_column + n;
    job->near_weight = (float *)(void *)(job->far_column + n);
    job->far_weight = job->near_weight + n;
    job->lines = job->far_weight + n;
    for (int64_t ox = 0; ox < n; ox++) { /* past the end: column 0 with weight 0, never stored */
        struct ridge_resize_source c = {0};
        if (ox < s->ow)
            c = ridge_resize_source_of(s->mode, ox, s->iw, s->ow);
        job->near_column[ox] = (int32_t)c.near_line;
        job->far_column[ox] = (int32_t)c.far_line;
        job->near_weight[ox] = c.near_weight;
        job->far_weight[ox] = c.far_weight;
    }
}

enum ridge_status RIDGE_ISA_NAME(ridge_resize_nchw_f32)(const struct ridge_kernel_args *args);
enum ridge_status RIDGE_ISA_NAME(ridge_resize_nchw_f32)(const struct ridge_kernel_args *args)
{
    const struct ridge_resize_shape *s = args->shape;
    struct job job = {.s = s, .x = args->in[0].data, .y = args->out[0].data};
    if (args->out[0].n_bytes == 0)
        return RIDGE_OK;
    make_tables(&job, args->scratch);
    ridge_split_units(args->host, s->batch * s->c,
                      (double)args->in[0].n_bytes + (double)args->out[0].n_bytes, run_planes, &job);
    return RIDGE_OK;
}
