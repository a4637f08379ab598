/* The direct kernels of conv and conv_transpose: how a problem becomes tiles.
 *
 * A line is an output row (transposed: the pixels of it that see the same taps, every stride_w-th). Its
 * pixels lie a constant step apart, in x as in y, so a tile reads x in place. At the borders taps reach
 * outside x: such a tile first adds the taps that only some of its pixels have, each with those pixels
 * alone; only for short sums are the rows copied between zeros. 1x1 with step 1 is one long line. */
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
    char *lists;
    float *padded;
    int64_t n_chunks;
};

/* The pixels [from, to) of one line, for one panel. */
struct line {
    const struct job *job;
    struct ridge_conv_segment *inner, *edge; /* all taps; those of a border tile */
    struct ridge_conv_column *columns;       /* in the order of q: lo and hi only rise or only fall */
    size_t n_columns, n_inner;
    struct ridge_conv_tile tile; /* what all tiles of the line share */
    int64_t image, h, residue, part, n_pixels, from, to; /* n_pixels: of all parts */
    int64_t n_tiles, n_rows, n_longer; /* of n_rows pixels, the first n_longer of one more */
    int64_t inner_from, inner_to; /* pixels that have every tap of a row */
    const float *x;               /* pixel 0, tap offsets from here */
    int64_t x_width, pad_l;       /* of the rows at x: those of the tensor, or copies between zeros */
    float *padded;                /* the ring of rows of x; NULL: in place */
    int64_t ring_next;            /* first row that is not in it yet */
    int64_t x_pixel;
    float *y, *y_panel;           /* pixel 0, of the group and of the panel */
};

/* Where tap `t` of output `at` reads; the caller checks the range. False: between the samples. */
static bool tap_at(bool is_transpose, int64_t at, int64_t t, int64_t stride, int64_t dilation,
                   int64_t pad, int64_t *from)
{
    const int64_t shift = is_transpose ? at + pad - t * dilation : at * stride + t * dilation - pad;
    *from = is_transpose ? shift / stride : shift;
    return !is_transpose || shift - *from * stride == 0;
}

/* For the residue that the line stands at. */
static void list_columns(struct line *l)
{
    const struct ridge_conv_plan *p = l->job->p;
    l->n_pixels = ridge_kernels_size_ceil_div(p->ow - l->residue, p->n_residues);
    l->n_columns = 0;
    l->inner_from = 0;
    l->inner_to = INT64_MAX;
    for (int64_t q = 0; q < p->kw; q++) {
        struct ridge_conv_column c = {.q = q};
        if (!tap_at(p->is_transpose, l->residue, q, p->stride_w, p->dilation, l->pad_l, &c.first))
            continue;
        c.lo = c.first >= 0 ? 0 : ridge_kernels_size_ceil_div(-c.first, p->step);
        c.hi = c.first >= l->x_width ? 0 : (l->x_width - 1 - c.first) / p->step + 1;
        l->inner_from = c.lo > l->inner_from ? c.lo : l->inner_from;
        l->inner_to = c.hi < l->inner_to ? c.hi : l->inner_to;
        l->columns[l->n_columns++] = c;
    }
}

/* Lists the taps of the columns [begin, end). */
static size_t list_segments(const struct line *l, size_t begin, size_t end, struct ridge_conv_segment *to)
{
    const struct ridge_conv_plan *p = l->job->p;
    size_t n = 0;
    for (int64_t block = 0; block < p->n_blocks && p->block > 0; block++)
        for (int64_t r = 0; r < p->kh; r++) {
            int64_t row;
            if (!tap_at(p->is_transpose, l->h, r, p->stride_h, p->dilation, p->pad_t, &row) || row < 0 ||
                row >= p->ih)
                continue;
            const int64_t at = l->padded != NULL ? row % p->n_ring : row;
            const int64_t a = block * p->x_block + at * l->x_width * l->x_pixel,
                          k = (block * p->kh + r) * p->kw;
            for (size_t i = begin; i < end; i++) {
                const struct ridge_conv_column *c = &l->columns[i];
                const struct ridge_conv_segment s = {a + c->first * l->x_pixel, (k + c->q) * p->block, p->block};
                if (n > 0 && to[n - 1].a + to[n - 1].n == s.a && to[n - 1].k + to[n - 1].n == s.k)
                    to[n - 1].n += s.n;
                else
                    to[n++] = s;
            }
        }
    return n;
}

/* t->n_tiles tiles of n_rows pixels, from j0 on. */
static void run_rows(const struct line *l, struct ridge_conv_tile *t, int64_t j0, int64_t n_rows)
{
    const struct ridge_conv_plan *p = l->job->p;
    const int64_t y_step = p->y_pixel * p->n_residues;
    if (n_rows == 0)
        return;
    t->a = l->x + j0 * p->step * l->x_pixel;
    t->c = l->y_panel + j0 * y_step;
    if (t->residual != NULL)
        t->residual = l->job->residual + (t->c - l->job->y);
    p->tiles->run[n_rows][t->n_columns > p->tiles->n_lanes](t);
}

/* Columns that serve the same pixels [*lo, *hi) of the tile [j0, j1) are neighbours: the end of those from `begin`. */
static size_t alike_columns(const struct line *l, size_t begin, int64_t j0, int64_t j1, int64_t *lo, int64_t *hi)
{
    size_t end = begin;
    for (; end < l->n_columns; end++) {
        const struct ridge_conv_column *c = &l->columns[end];
        const int64_t c_lo = c->lo > j0 ? c->lo : j0, c_hi = c->hi < j1 ? c->hi : j1;
        if (end > begin && (c_lo != *lo || c_hi != *hi))
            break;
        *lo = c_lo;
        *hi = c_hi;
    }
    return end;
}

/* First the taps that only some pixels have, each with those alone, then all others. */
static void run_border_tile(const struct line *l, int64_t j0, int64_t j1)
{
    struct ridge_conv_tile t = l->tile;
    size_t whole = 0, whole_end = 0, end;
    int64_t lo = 0, hi = 0;
    t.n_tiles = 1;
    t.segments = l->edge;
    t.residual = NULL;
    t.act = RIDGE_ACT_NONE;
    for (size_t begin = 0; begin < l->n_columns; begin = end) {
        end = alike_columns(l, begin, j0, j1, &lo, &hi);
        if (lo == j0 && hi == j1) {
            whole = begin;
            whole_end = end;
        }
        if (lo >= hi || (lo == j0 && hi == j1))
            continue;
        if (!t.is_accumulating) { /* the pixels that lack these taps start as well */
            t.n_segments = 0;
            run_rows(l, &t, j0, lo - j0);
            run_rows(l, &t, hi, j1 - hi);
        }
        t.n_segments = list_segments(l, begin, end, l->edge);
        run_rows(l, &t, lo, hi - lo);
        t.is_accumulating = true;
        t.bias = NULL;
    }
    t.n_segments = list_segments(l, whole, whole_end, l->edge);
    t.residual = l->tile.residual;
    t.act = l->tile.act;
    run_rows(l, &t, j0, j1 - j0);
}

/* Tiles of about equal height; those of one height in one call, as far as they have all taps. */
static void run_line(struct line *l)
{
    struct ridge_conv_tile *t = &l->tile;
    t->segments = l->inner;
    for (int64_t i = 0, j = l->from, n; i < l->n_tiles; i += n) {
        const int64_t n_alike = i < l->n_longer ? l->n_longer - i : l->n_tiles - i;
        const int64_t n_rows = l->n_rows + (i < l->n_longer);
        const int64_t n_whole = j < l->inner_from || j > l->inner_to ? 0 : (l->inner_to - j) / n_rows;
        n = n_whole < 1 ? 1 : n_whole < n_alike ? n_whole : n_alike;
        if (n_whole < 1) {
            run_border_tile(l, j, j + n_rows);
        } else {
            if (l->n_inner == SIZE_MAX)
                l->n_inner = list_segments(l, 0, l->n_columns, l->inner);
            t->n_segments = l->n_inner;
            t->n_tiles = n;
            run_rows(l, t, j, n_rows);
        }
        j += n * n_rows;
    }
}

/* Copies a row of the group's channels between zeros. */
static void pad_row(const struct line *l, const float *x, int64_t row)
{
    const struct ridge_conv_plan *p = l->job->p;
    const int64_t icg = p->icg, left = p->pad_l < p->padded_width ? p->pad_l : p->padded_width;
    const int64_t room = p->padded_width - left, n = p->iw < room ? p->iw : room;
    float *to = l->padded + row % p->n_ring * p->padded_width * icg;
    x += row * p->iw * p->x_pixel;
    memset(to, 0, sizeof *to * (size_t)(left * icg));
    to += left * icg;
    if (p->groups == 1)
        memcpy(to, x, sizeof *to * (size_t)(n * icg));
    else
        p->tiles->copy_pixels(x, p->x_pixel, n, icg, to);
    memset(to + n * icg, 0, sizeof *to * (size_t)((room - n) * icg));
}

/* Has the rows that the line's taps read in the ring; the lines of an image come from top to bottom. */
static void pad_rows(struct line *l)
{
    const struct ridge_conv_plan *p = l->job->p;
    const int64_t first = l->h * p->stride_h - p->pad_t, last = first + p->n_ring - 1;
    int64_t row = l->h == 0 || l->ring_next < first ? first : l->ring_next;
    for (row = row < 0 ? 0 : row; row <= last && row < p->ih; row++)
        pad_row(l, l->x, row);
    l->ring_next = row;
    l->x = l->padded;
}

/* Stands at line i of all: (image, row, residue, part). */
static void seek_line(struct line *l, int64_t i)
{
    const struct ridge_conv_plan *p = l->job->p;
    const int64_t row = i / p->n_parts / p->n_residues;
    l->part = i % p->n_parts;
    l->residue = i / p->n_parts % p->n_residues;
    l->h = row % p->oh;
    l->image = row / p->oh;
    list_columns(l);
}

static void next_line(struct line *l)
{
    const struct ridge_conv_plan *p = l->job->p;
    if (++l->part < p->n_parts)
        return;
    l->part = 0;
    if (p->n_residues > 1) {
        l->residue = (l->residue + 1) % p->n_residues;
        list_columns(l);
    }
    if (l->residue > 0 || ++l->h < p->oh)
        return;
    l->h = 0;
    l->image++;
}

static void place_line(struct line *l, int64_t group)
{
    const struct job *job = l->job;
    const struct ridge_conv_plan *p = job->p;
    const int64_t before = l->to - l->from;
    l->from = p->n_parts == 1 ? 0 : l->part * l->n_pixels / p->n_parts;
    l->to = p->n_parts == 1 ? l->n_pixels : (l->part + 1) * l->n_pixels / p->n_parts;
    if (l->to - l->from != before) {
        l->n_tiles = ridge_kernels_size_ceil_div(l->to - l->from, p->tiles->max_rows);
        l->n_rows = (l->to - l->from) / l->n_tiles;
        l->n_longer = (l->to - l->from) % l->n_tiles;
    }
    l->x = job->x + l->image * p->x_image + group * p->x_block * p->n_blocks;
    if (l->padded != NULL)
        pad_rows(l);
    l->y = job->y + l->image * p->y_image + l->h * p->y_line + l->residue * p->y_pixel + group * p->y_group;
    l->n_inner = SIZE_MAX; /* listed when first needed */
}

static void run_panel(struct line *l, int64_t group, int64_t panel)
{
    const struct job *job = l->job;
    const struct ridge_conv_plan *p = job->p;
    const int64_t o = group * p->ocg + panel * p->width, lanes = p->tiles->n_lanes;
    struct ridge_conv_tile *t = &l->tile;
    float bias[RIDGE_CONV_MAX_PANEL];
    t->n_columns = ridge_conv_panel_columns(p, panel);
    t->b = p->is_packed ? job->b + ridge_conv_panel_offset(p, group, panel) : job->b + o;
    t->ldb = !p->is_packed ? job->ldb_in_place : t->n_columns > lanes ? p->width : lanes;
    t->bias = job->bias != NULL ? job->bias + o : NULL;
    if (t->bias != NULL && (t->n_columns < p->width || o + p->width > job->oc_real)) { /* the tile loads whole vectors */
        for (int64_t i = 0; i < RIDGE_CONV_MAX_PANEL; i++)
            bias[i] = i < t->n_columns && o + i < job->oc_real ? job->bias[o + i] : 0.0f;
        t->bias = bias;
    }
    l->y_panel = l->y + panel * p->y_panel;
    run_line(l);
}

/* Task: (group, block of panels, chunk of lines); every line meets the panels of the block in turn. */
static void run_task(void *ctx, size_t i_task, int i_thread)
{
    const struct job *job = ctx;
    const struct ridge_conv_plan *p = job->p;
    const int64_t chunk = (int64_t)i_task % job->n_chunks, block = (int64_t)i_task / job->n_chunks;
    const int64_t n_blocks = ridge_kernels_size_ceil_div(p->n_panels, p->block_panels);
    const int64_t group = block / n_blocks, first = block % n_blocks * p->block_panels;
    const int64_t last = first + p->block_panels < p->n_panels ? first + p->block_panels : p->n_panels;
    char *lists = job->lists + p->list_bytes * (size_t)i_thread;
    struct line l = {.job = job, .inner = (struct ridge_conv_segment *)(void *)lists};
    l.edge = l.inner + p->n_capacity;
    l.columns = (struct ridge_conv_column *)(void *)(l.edge + p->n_capacity);
    l.x_width = p->padded_width > 0 ? p->padded_width : p->iw;
    l.x_pixel = p->padded_width > 0 ? p->icg : p->x_pixel;
    l.pad_l = p->padded_width > 0 ? 0 : p->pad_l;
    if (p->padded_width > 0)
        l.padded = job->padded + (int64_t)(p->padded_bytes / sizeof(float)) * i_thread;
    l.tile = (struct ridge_conv_tile){.lda = p->step * l.x_pixel,
                                      .ldc = p->y_pixel * p->n_residues,
                                      .c_step = p->y_vector,
                                      .residual = job->residual,
                                      .act = job->act};
    if (p->block > 0)
        l.tile.ahead_bytes = p->tiles->max_rows * l.tile.lda * (int64_t)sizeof(float) / (p->kw * p->block);
    const int64_t begin = chunk * p->n_lines / job->n_chunks, end = (chunk + 1) * p->n_lines / job->n_chunks;
    seek_line(&l, begin);
    for (int64_t i = begin; i < end; i++, next_line(&l)) {
        place_line(&l, group);
        for (int64_t panel = first; panel < last; panel++)
            run_panel(&l, group, panel);
    }
}

/* ---- nchw: x and the residual become nhwc before, y nchw after ----------------------------- */

enum { TURN_PIXELS = 512 }; /* of a task */

struct turn {
    const struct ridge_conv_tiles *tiles;
    const float *from;
    float *to;
    int64_t n_channels, n_pixels, n_chunks; /* of an image */
    bool is_to_nchw;
};

static void turn_chunk(void *ctx, size_t i_task, int i_thread)
{
    const struct turn *t = ctx;
    const int64_t first = (int64_t)i_task % t->n_chunks * TURN_PIXELS, left = t->n_pixels - first;
    const int64_t last = first + (left < TURN_PIXELS ? left : TURN_PIXELS);
    const int64_t image = (int64_t)i_task / t->n_chunks * t->n_channels * t->n_pixels;
    (void)i_thread;
    if (t->is_to_nchw)
        t->tiles->turn(t->from + image, t->n_channels, t->to + image, t->n_pixels, first, last, 0, t->n_channels);
    else
        t->tiles->turn(t->from + image, t->n_pixels, t->to + image, t->n_channels, 0, t->n_channels, first, last);
}

static void turn_images(struct turn t, int64_t n_images, const struct ridge_host *host)
{
    t.n_chunks = ridge_kernels_size_ceil_div(t.n_pixels, TURN_PIXELS);
    ridge_split_tasks(host, t.n_chunks * n_images, turn_chunk, &t);
}

/* ---- a run --------------------------------------------------------------------------------- */

static void run_plan(const struct ridge_conv_plan *p, struct job *job, const struct ridge_host *host)
{
    const int64_t n_blocks = p->groups * ridge_kernels_size_ceil_div(p->n_panels, p->block_panels);
    const int64_t n_threads = host != NULL ? host->n_threads : 1;
    const int64_t wanted = ridge_kernels_size_ceil_div(n_threads > 1 ? 4 * n_threads : 1, n_blocks);
    job->n_chunks = wanted < p->n_lines ? wanted : p->n_lines;
    ridge_split_tasks(host, n_blocks * job->n_chunks, run_task, job);
}

/* x, y and the residual in nhwc lie at `scratch`. */
static void run_turned(const struct ridge_conv_plan *p, struct job *job, const struct ridge_conv_shape *s,
                       const struct ridge_host *host, char *scratch)
{
    const struct ridge_conv_out o = p->is_transpose ? ridge_conv_transpose_out_size(s) : ridge_conv_out_size(s);
    float *x = (float *)(void *)scratch, *y = (float *)(void *)(scratch + p->turned_x_bytes),
          *residual = (float *)(void *)(scratch + p->turned_x_bytes + p->turned_y_bytes), *given_y = job->y;
    struct turn t = {.tiles = p->tiles, .from = job->x, .to = x, .n_channels = s->ic, .n_pixels = s->ih * s->iw};
    turn_images(t, s->batch, host);
    t.n_channels = s->oc;
    t.n_pixels = o.oh * o.ow;
    if (job->residual != NULL) {
        t.from = job->residual;
        t.to = residual;
        turn_images(t, s->batch, host);
        job->residual = residual;
    }
    job->x = x;
    job->y = y;
    run_plan(p, job, host);
    t.from = y;
    t.to = given_y;
    t.is_to_nchw = true;
    turn_images(t, s->batch, host);
}

/* A long line in parts for all threads. */
static void share_line(struct ridge_conv_plan *p, int64_t n_threads)
{
    const int64_t n_tiles = ridge_kernels_size_ceil_div(p->ow, p->tiles->max_rows);
    const int64_t wanted = 4 * n_threads < n_tiles ? 4 * n_threads : n_tiles;
    if (p->oh != 1 || p->n_residues != 1 || p->padded_width > 0 || n_threads == 1 || wanted <= p->n_parts)
        return;
    p->n_parts = wanted;
    p->n_lines = p->batch * wanted;
}

static void run_any(const struct ridge_conv_tiles *tiles, bool is_transpose,
                    const struct ridge_kernel_args *args)
{
    const struct ridge_conv_shape *s = args->shape;
    const size_t n_threads = args->host != NULL && args->host->n_threads > 0 ? (size_t)args->host->n_threads : 1;
    struct ridge_conv_plan p;
    ridge_conv_plan_make(&p, tiles, is_transpose, s);
    if (p.n_lines == 0 || p.ow == 0 || p.n_panels == 0)
        return;
    share_line(&p, (int64_t)n_threads);
    const bool is_prepacked = s->weights == RIDGE_CONV_PREPACKED;
    char *padded = (char *)args->scratch + p.list_bytes * n_threads, *turned = padded + p.padded_bytes * n_threads;
    float *packed = (float *)(void *)(turned + ridge_conv_plan_turned_bytes(&p, s));
    if (p.is_packed && !is_prepacked)
        ridge_conv_plan_pack(&p, s, args->in[RIDGE_CONV_W].data, packed, args->host);
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
                      .lists = args->scratch,
                      .padded = (float *)(void *)padded};
    if (s->layout == RIDGE_CONV_NCHW)
        run_turned(&p, &job, s, args->host, turned);
    else
        run_plan(&p, &job, args->host);
}

/* ---- tables -------------------------------------------------------------------------------- */

static size_t packed_bytes_any(const struct ridge_conv_tiles *tiles, bool is_transpose, const void *shape)
{
    struct ridge_conv_plan p;
    ridge_conv_plan_make(&p, tiles, is_transpose, shape);
    return p.panel_bytes;
}

static size_t scratch_bytes_any(const struct ridge_conv_tiles *tiles, bool is_transpose, const void *shape,
                                int n_threads)
{
    struct ridge_conv_plan p;
    ridge_conv_plan_make(&p, tiles, is_transpose, shape);
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
        ridge_conv_plan_make(&p, &ridge_conv_tiles_##isa_name, is_transpose, args->shape);      \
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
                                            .layout = "nchw, nhwc, nchw16c",                             \
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
