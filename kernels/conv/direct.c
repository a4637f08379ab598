/* The direct kernels of conv and conv_transpose for nhwc and nchw16c: how a problem becomes tiles.
 *
 * A line is an output row (transposed: the pixels of it that see the same taps, every stride_w-th). Its
 * pixels lie a constant step apart, in x as in y, so a tile reads x in place. At the borders taps reach
 * outside x: such a tile first adds the taps that only some of its pixels have, each with those pixels
 * alone, so nothing is padded, copied or multiplied by zero. 1x1 with step 1 is one long line. */
#include "common/split.h"
#include "conv/direct.h"
#include "common/size.h"
#include "conv/support.h"
#include <string.h>

struct job {
    const struct ridge_conv_plan *p;
    const float *x, *b, *bias, *residual;
    float *y;
    int32_t act;
    int64_t ldb_in_place, oc_real; /* columns beyond oc_real have no bias */
    struct ridge_conv_segment *segments;
    float *padded;
    int64_t n_chunks;
};

/* The pixels [from, to) of one line, for one panel. */
struct line {
    const struct job *job;
    struct ridge_conv_segment *inner, *edge; /* all taps; those of a border tile */
    struct ridge_conv_tile tile;             /* what all tiles of the line share */
    int64_t h, residue, from, to;
    int64_t inner_from, inner_to; /* pixels that have every tap of a row */
    size_t n_inner;
    const float *x; /* pixel 0, tap offsets from here */
    int64_t x_width, pad_l; /* of the rows at x: those of the tensor, or copies between zeros */
    float *padded;          /* NULL: in place */
    float *y;
};

/* Where tap `t` of output `at` reads; the caller checks the range. False: between the samples. */
static bool tap_at(bool is_transpose, int64_t at, int64_t t, int64_t stride, int64_t dilation,
                   int64_t pad, int64_t *from)
{
    const int64_t shift = is_transpose ? at + pad - t * dilation : at * stride + t * dilation - pad;
    *from = is_transpose ? shift / stride : shift;
    return !is_transpose || shift - *from * stride == 0;
}

/* Columns of taps: tap q reads column j * step + *first of x; *lo .. *hi are the pixels it serves. */
static bool column_tap(const struct line *l, int64_t q, int64_t *first, int64_t *lo, int64_t *hi)
{
    const struct ridge_conv_plan *p = l->job->p;
    if (!tap_at(p->is_transpose, l->residue, q, p->stride_w, p->dilation, l->pad_l, first))
        return false;
    *lo = *first >= 0 ? 0 : ridge_kernels_size_ceil_div(-*first, p->step);
    *hi = *first >= l->x_width ? 0 : (l->x_width - 1 - *first) / p->step + 1;
    return true;
}

/* Lists the taps that serve exactly the pixels [lo, hi) of the tile [j0, j1). */
static size_t list_segments(const struct line *l, int64_t j0, int64_t j1, int64_t lo, int64_t hi,
                            struct ridge_conv_segment *to)
{
    const struct ridge_conv_plan *p = l->job->p;
    size_t n = 0;
    for (int64_t block = 0; block < p->n_blocks; block++)
        for (int64_t r = 0; r < p->kh; r++) {
            int64_t row, first, tap_lo, tap_hi;
            if (!tap_at(p->is_transpose, l->h, r, p->stride_h, p->dilation, p->pad_t, &row) || row < 0 ||
                row >= p->ih)
                continue;
            for (int64_t q = 0; q < p->kw; q++) {
                if (!column_tap(l, q, &first, &tap_lo, &tap_hi) ||
                    (tap_lo > j0 ? tap_lo : j0) != lo || (tap_hi < j1 ? tap_hi : j1) != hi)
                    continue;
                const struct ridge_conv_segment s = {
                    block * p->x_block +
                        ((l->padded != NULL ? r : row) * l->x_width + first) * p->x_pixel,
                    ((block * p->kh + r) * p->kw + q) * p->block, p->block};
                if (n > 0 && to[n - 1].a + to[n - 1].n == s.a && to[n - 1].k + to[n - 1].n == s.k)
                    to[n - 1].n += s.n;
                else
                    to[n++] = s;
            }
        }
    return n;
}

static void run_rows(const struct line *l, struct ridge_conv_tile *t, int64_t j0, int64_t j1)
{
    const struct ridge_conv_plan *p = l->job->p;
    const int64_t y_step = p->y_pixel * p->n_residues;
    t->a = l->x + j0 * p->step * p->x_pixel;
    t->c = l->y + j0 * y_step;
    t->prefetch = t->a + (j1 - j0) * t->lda;
    if (t->residual != NULL)
        t->residual = l->job->residual + (t->c - l->job->y);
    p->tiles->run[j1 - j0][t->n_columns > p->tiles->n_lanes](t);
}

/* Adds the taps that only some pixels of the tile have; taps of the same pixels go together. */
static void run_partial_taps(const struct line *l, struct ridge_conv_tile *t, int64_t j0, int64_t j1)
{
    const struct ridge_conv_plan *p = l->job->p;
    for (int64_t q = 0; q < p->kw; q++) {
        int64_t first, lo, hi, before_lo, before_hi;
        if (!column_tap(l, q, &first, &lo, &hi))
            continue;
        lo = lo > j0 ? lo : j0;
        hi = hi < j1 ? hi : j1;
        bool is_done = lo >= hi || (lo == j0 && hi == j1);
        for (int64_t before = 0; before < q && !is_done; before++)
            if (column_tap(l, before, &first, &before_lo, &before_hi))
                is_done = (before_lo > j0 ? before_lo : j0) == lo && (before_hi < j1 ? before_hi : j1) == hi;
        if (is_done)
            continue;
        t->n_segments = list_segments(l, j0, j1, lo, hi, l->edge);
        if (t->n_segments > 0)
            run_rows(l, t, lo, hi);
    }
}

static void run_border_tile(const struct line *l, int64_t j0, int64_t j1)
{
    struct ridge_conv_tile t = l->tile;
    const bool has_end = t.residual != NULL || t.act != RIDGE_ACT_NONE;
    t.segments = l->edge;
    t.n_segments = has_end ? 0 : list_segments(l, j0, j1, j0, j1, l->edge);
    t.residual = NULL;
    t.act = RIDGE_ACT_NONE;
    run_rows(l, &t, j0, j1); /* bias, or all taps that every pixel has */
    t.is_accumulating = true;
    t.bias = NULL;
    run_partial_taps(l, &t, j0, j1);
    if (!has_end)
        return;
    t.n_segments = list_segments(l, j0, j1, j0, j1, l->edge);
    t.residual = l->tile.residual;
    t.act = l->tile.act;
    run_rows(l, &t, j0, j1);
}

static void find_inner(struct line *l)
{
    const struct ridge_conv_plan *p = l->job->p;
    l->inner_from = 0;
    l->inner_to = INT64_MAX;
    for (int64_t q = 0; q < p->kw; q++) {
        int64_t first, lo, hi;
        if (!column_tap(l, q, &first, &lo, &hi))
            continue;
        l->inner_from = lo > l->inner_from ? lo : l->inner_from;
        l->inner_to = hi < l->inner_to ? hi : l->inner_to;
    }
    l->n_inner = SIZE_MAX; /* listed when first needed */
}

static void run_line(struct line *l)
{
    const int64_t n = l->to - l->from, max_rows = l->job->p->tiles->max_rows;
    const int64_t n_tiles = ridge_kernels_size_ceil_div(n, max_rows);
    find_inner(l);
    for (int64_t i = 0; i < n_tiles; i++) {
        const int64_t j0 = l->from + i * n / n_tiles, j1 = l->from + (i + 1) * n / n_tiles;
        if (j0 < l->inner_from || j1 > l->inner_to) {
            run_border_tile(l, j0, j1);
            continue;
        }
        if (l->n_inner == SIZE_MAX)
            l->n_inner = list_segments(l, j0, j1, j0, j1, l->inner);
        struct ridge_conv_tile t = l->tile;
        t.segments = l->inner;
        t.n_segments = l->n_inner;
        run_rows(l, &t, j0, j1);
    }
}

/* Copies the rows that the line's taps read, with zeros where they reach outside. */
static void pad_rows(struct line *l, const float *image)
{
    const struct ridge_conv_plan *p = l->job->p;
    const int64_t ic = p->x_pixel, left = p->pad_l < p->padded_width ? p->pad_l : p->padded_width;
    const int64_t room = p->padded_width - left, n = p->iw < room ? p->iw : room;
    float *to = l->padded;
    for (int64_t r = 0; r < p->kh; r++, to += p->padded_width * ic) {
        const int64_t row = l->h * p->stride_h + r * p->dilation - p->pad_t;
        if (row < 0 || row >= p->ih)
            continue;
        memset(to, 0, sizeof *to * (size_t)(left * ic));
        memcpy(to + left * ic, image + row * p->iw * ic, sizeof *to * (size_t)(n * ic));
        memset(to + (left + n) * ic, 0, sizeof *to * (size_t)((room - n) * ic));
    }
    l->x = l->padded;
}

/* Line i: (image, row, residue, part). */
static void place_line(struct line *l, int64_t i, int64_t group, int64_t panel)
{
    const struct job *job = l->job;
    const struct ridge_conv_plan *p = job->p;
    const int64_t part = i % p->n_parts, rest = i / p->n_parts, row = rest / p->n_residues;
    l->residue = rest % p->n_residues;
    l->h = row % p->oh;
    const int64_t n_pixels = ridge_kernels_size_ceil_div(p->ow - l->residue, p->n_residues);
    l->from = part * n_pixels / p->n_parts;
    l->to = (part + 1) * n_pixels / p->n_parts;
    l->x = job->x + row / p->oh * p->x_image + group * p->x_block * p->n_blocks;
    if (l->padded != NULL)
        pad_rows(l, l->x);
    l->y = job->y + row / p->oh * p->y_image + l->h * p->y_line + l->residue * p->y_pixel +
           group * p->y_group + panel * p->y_panel;
}

static void run_task(void *ctx, size_t i_task, int i_thread)
{
    const struct job *job = ctx;
    const struct ridge_conv_plan *p = job->p;
    const int64_t chunk = (int64_t)i_task % job->n_chunks, panels = (int64_t)i_task / job->n_chunks;
    const int64_t group = panels / p->n_panels, panel = panels % p->n_panels;
    const int64_t n_columns = ridge_conv_panel_columns(p, panel), o = group * p->ocg + panel * p->width;
    const int64_t lanes = p->tiles->n_lanes;
    float bias[RIDGE_CONV_MAX_PANEL] = {0};
    for (int64_t i = 0; job->bias != NULL && i < n_columns && o + i < job->oc_real; i++)
        bias[i] = job->bias[o + i];
    struct line l = {.job = job, .inner = job->segments + 2 * p->n_capacity * i_thread};
    l.edge = l.inner + p->n_capacity;
    l.x_width = p->padded_width > 0 ? p->padded_width : p->iw;
    l.pad_l = p->padded_width > 0 ? 0 : p->pad_l;
    if (p->padded_width > 0)
        l.padded = job->padded + (int64_t)(p->padded_bytes / sizeof(float)) * i_thread;
    l.tile = (struct ridge_conv_tile){
        .lda = p->step * p->x_pixel,
        .b = p->is_packed ? job->b + ridge_conv_panel_offset(p, group, panel) : job->b + o,
        .ldb = p->is_packed ? ridge_kernels_size_ceil_div(n_columns, lanes) * lanes : job->ldb_in_place,
        .ldc = p->y_pixel * p->n_residues,
        .c_step = p->y_vector,
        .n_columns = n_columns,
        .bias = job->bias != NULL ? bias : NULL,
        .residual = job->residual,
        .act = job->act};
    for (int64_t i = chunk * p->n_lines / job->n_chunks; i < (chunk + 1) * p->n_lines / job->n_chunks; i++) {
        place_line(&l, i, group, panel);
        run_line(&l);
    }
}

static void run_any(const struct ridge_conv_tiles *tiles, bool is_transpose,
                    const struct ridge_kernel_args *args)
{
    const struct ridge_conv_shape *s = args->shape;
    const int n_threads = args->host != NULL && args->host->n_threads > 0 ? args->host->n_threads : 1;
    struct ridge_conv_plan p;
    ridge_conv_plan_make(&p, tiles, is_transpose, s, n_threads);
    const int64_t n_panels = p.groups * p.n_panels;
    if (p.n_lines == 0 || p.ow == 0 || n_panels == 0)
        return;
    float *padded = (float *)(void *)((char *)args->scratch + p.segment_bytes);
    float *packed = padded + p.padded_bytes / sizeof(float) * (size_t)n_threads;
    const bool is_prepacked = s->weights == RIDGE_CONV_PREPACKED;
    if (p.is_packed && !is_prepacked)
        ridge_conv_plan_pack(&p, s, args->in[RIDGE_CONV_W].data, packed, args->host);
    const int64_t wanted = ridge_kernels_size_ceil_div(n_threads > 1 ? 4 * n_threads : 1, n_panels);
    struct job job = {.p = &p,
                      .x = args->in[RIDGE_CONV_X].data,
                      .b = is_prepacked  ? args->packed
                           : p.is_packed ? packed
                                         : args->in[RIDGE_CONV_W].data,
                      .bias = s->bias != 0 ? args->in[RIDGE_CONV_BIAS].data : NULL,
                      .residual = s->residual != 0 ? args->in[RIDGE_CONV_RESIDUAL].data : NULL,
                      .y = args->out[0].data,
                      .act = s->act,
                      .ldb_in_place = is_transpose ? p.ocg : s->oc,
                      .oc_real = s->oc,
                      .segments = args->scratch,
                      .padded = padded,
                      .n_chunks = wanted < p.n_lines ? wanted : p.n_lines};
    ridge_split_tasks(args->host, n_panels * job.n_chunks, run_task, &job);
}

/* ---- tables -------------------------------------------------------------------------------- */

static size_t packed_bytes_any(const struct ridge_conv_tiles *tiles, bool is_transpose, const void *shape)
{
    struct ridge_conv_plan p;
    ridge_conv_plan_make(&p, tiles, is_transpose, shape, 1);
    return p.panel_bytes;
}

static size_t scratch_bytes_any(const struct ridge_conv_tiles *tiles, bool is_transpose, const void *shape,
                                int n_threads)
{
    struct ridge_conv_plan p;
    ridge_conv_plan_make(&p, tiles, is_transpose, shape, n_threads);
    return ridge_conv_plan_scratch_bytes(&p, shape, n_threads);
}

#define KERNEL(op_name, id, isa_name, is_transpose)                                                \
    static bool id##_supports(const void *shape, int n_threads, char *reason, size_t n_reason)     \
    {                                                                                              \
        (void)n_threads;                                                                           \
        return ridge_conv_plan_supports(#isa_name, shape, reason, n_reason);                       \
    }                                                                                              \
    static size_t id##_packed_bytes(const void *shape, int n_threads)                              \
    {                                                                                              \
        (void)n_threads;                                                                           \
        return packed_bytes_any(&ridge_conv_tiles_##isa_name, is_transpose, shape);                \
    }                                                                                              \
    static size_t id##_scratch_bytes(const void *shape, int n_threads)                             \
    {                                                                                              \
        return scratch_bytes_any(&ridge_conv_tiles_##isa_name, is_transpose, shape, n_threads);    \
    }                                                                                              \
    static enum ridge_status id##_pack(const struct ridge_kernel_args *args,                       \
                                       struct ridge_error *err)                                    \
    {                                                                                              \
        struct ridge_conv_plan p;                                                                  \
        (void)err;                                                                                 \
        ridge_conv_plan_make(&p, &ridge_conv_tiles_##isa_name, is_transpose, args->shape, 1);      \
        ridge_conv_plan_pack(&p, args->shape, args->in[RIDGE_CONV_W].data, args->packed, args->host); \
        return RIDGE_OK;                                                                           \
    }                                                                                              \
    static enum ridge_status id##_run(const struct ridge_kernel_args *args)                        \
    {                                                                                              \
        run_any(&ridge_conv_tiles_##isa_name, is_transpose, args);                                 \
        return RIDGE_OK;                                                                           \
    }                                                                                              \
    extern const struct ridge_kernel ridge_##id;                                                   \
    const struct ridge_kernel ridge_##id = {.op = op_name,                                         \
                                            .name = "ridge_" #id,                                  \
                                            .algorithm = "direct",                                 \
                                            .dtype = "f32",                                        \
                                            .isa = #isa_name,                                      \
                                            .layout = "nhwc, nchw16c",                             \
                                            .supports = id##_supports,                             \
                                            .packed_bytes = id##_packed_bytes,                     \
                                            .pack = id##_pack,                                     \
                                            .scratch_bytes = id##_scratch_bytes,                   \
                                            .run = id##_run};

#ifdef RIDGE_KERNELS_X86
KERNEL("conv", conv_direct_f32__avx512, avx512, false)
KERNEL("conv", conv_direct_f32__avx2, avx2, false)
KERNEL("conv_transpose", conv_transpose_direct_f32__avx512, avx512, true)
KERNEL("conv_transpose", conv_transpose_direct_f32__avx2, avx2, true)
#endif
