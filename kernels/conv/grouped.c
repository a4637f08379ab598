/* The grouped kernels: a task is a vector of output channels and a stretch of output rows, walked in strips of
 * columns. Its rows of x lie in a ring of the filter's height, which a strip keeps inside L1, with zeros for
 * the padding. Part of algorithm `direct`. */
#include "common/split.h"
#include "conv/grouped.h"
#include "common/size.h"
#include "conv/direct.h"
#include "conv/support.h"
#include "conv/tiled.h"
#include <string.h>

static const double max_ring_bytes = 4 << 20;
static const int64_t l1_ring_bytes = 24 << 10, l1_wide_bytes = 44 << 10; /* wide: with the weights */
/* Of a vector of outputs, up to where `wide` was faster than the other direct kernels: [nchw16c][stride - 1]. */
static const double max_wide_weight_bytes[2][2] = {{27 << 10, 9 << 10}, {36 << 10, 36 << 10}};
static const int64_t chunk_bytes = 1 << 20; /* of x: stays in L2 from vector to vector */
enum { STRIP_STEP = 14 }; /* pixels of a full tile */

struct plan {
    const struct ridge_conv_grouped *isa;
    const struct ridge_conv_shape *s;
    struct ridge_conv_out out;
    struct ridge_conv_strides x, y;
    bool is_wide, is_in_place;                /* a group fills vectors; rows of x are read where they lie */
    int64_t n_group, n_lanes, n_vectors;      /* input channels of a group; vectors of outputs */
    int64_t n_blocks;                         /* vectors of inputs that a vector of outputs reads */
    int64_t strip, width;                     /* output pixels of a strip; columns of its rows of x */
    int64_t block_floats, row_floats, n_ring; /* the ring: [row][block][column][lane] */
    int64_t weight_floats;                    /* of a vector of outputs */
    int64_t w_lane, w_input, w_tap;           /* steps in the weights as given */
    size_t thread_bytes;
};

/* Groups of whole vectors (AVX2: of one, with more the tiles of direct.c are faster). The taps of a row have to
 * share what is broadcast. */
static bool takes_wide(const struct ridge_conv_grouped *isa, const struct ridge_conv_shape *s)
{
    const int64_t n_in = s->groups > 1 ? s->ic / s->groups : 0, n_out = s->groups > 1 ? s->oc / s->groups : 0;
    const bool is_whole = n_in > 0 && n_in % isa->n_lanes == 0 && n_out % isa->n_lanes == 0;
    if (!is_whole || s->kw < 3 || s->stride_w > 2 || s->dilation > 1 || (isa->n_lanes < 16 && n_out > isa->n_lanes))
        return false;
    return (double)n_in * (double)s->kh * (double)s->kw * isa->n_lanes * 4 <=
           max_wide_weight_bytes[s->layout == RIDGE_CONV_NCHW16C][s->stride_w - 1];
}

static void plan_make(struct plan *p, const struct ridge_conv_grouped *isa, const struct ridge_conv_shape *s)
{
    *p = (struct plan){.isa = isa, .s = s, .out = ridge_conv_out_size(s), .n_group = s->ic / s->groups,
                       .n_lanes = isa->n_lanes};
    const bool is_nhwc = s->layout == RIDGE_CONV_NHWC;
    p->is_wide = takes_wide(isa, s);
    p->x = ridge_conv_strides_of(s, s->ic, s->ih, s->iw);
    p->y = ridge_conv_strides_of(s, s->oc, p->out.oh, p->out.ow);
    p->w_lane = is_nhwc ? 1 : p->n_group * s->kh * s->kw;
    p->w_input = is_nhwc ? s->oc : s->kh * s->kw;
    p->w_tap = is_nhwc ? p->n_group * s->oc : 1;
    p->n_vectors = ridge_kernels_size_ceil_div(s->oc, p->n_lanes);
    p->n_blocks = p->is_wide ? p->n_group / p->n_lanes : 1;
    p->n_ring = (s->kh - 1) * s->dilation + 1;
    p->weight_floats = s->kh * s->kw * p->n_group * p->n_lanes;
    p->is_in_place = p->is_wide && p->x.pixel == p->n_lanes && s->kw == 3 && s->pad_l <= 1 &&
                     (p->out.ow - 1) * s->stride_w - s->pad_l + 3 <= s->iw + 1;
    const int64_t column_bytes = p->n_blocks * p->n_lanes * (int64_t)sizeof(float);
    const int64_t room = l1_wide_bytes - p->weight_floats * (int64_t)sizeof(float);
    const int64_t ring_bytes = p->is_wide && room < l1_ring_bytes ? room : l1_ring_bytes;
    const int64_t fit = (ring_bytes / (p->n_ring * column_bytes) - (s->kw - 1) * s->dilation) / s->stride_w;
    const int64_t strip = p->is_in_place     ? p->out.ow
                          : fit < STRIP_STEP ? STRIP_STEP
                                             : fit / STRIP_STEP * STRIP_STEP;
    p->strip = strip < p->out.ow ? strip : p->out.ow;
    p->width = p->strip > 0 ? (p->strip - 1) * s->stride_w + (s->kw - 1) * s->dilation + 1 : 0;
    p->block_floats = p->is_in_place ? p->x.block : p->width * p->n_lanes;
    p->row_floats = p->is_in_place ? 0 : p->n_blocks * p->block_floats;
    p->thread_bytes = ridge_kernels_size_round_up(
        sizeof(float) * (size_t)(p->row_floats * p->n_ring + p->weight_floats), 64);
}

/* [r][q][turn][lane] of one vector of outputs: turn i has the weights of input i, narrow: of input o ^ i. */
static void pack_vector(const struct plan *p, const float *w, int64_t vector, float *to)
{
    const int64_t o = vector * p->n_lanes, left = p->s->oc - o, n = left < p->n_lanes ? left : p->n_lanes;
    w += o * p->w_lane;
    for (int64_t k = 0; k < p->weight_floats / p->n_lanes; k++, to += p->n_lanes) {
        const float *tap = w + k / p->n_group * p->w_tap;
        const int64_t turn = k % p->n_group;
        for (int64_t l = 0; l < n; l++)
            to[l] = tap[l * p->w_lane + (p->is_wide ? turn : l % p->n_group ^ turn) * p->w_input];
        memset(to + n, 0, sizeof *to * (size_t)(p->n_lanes - n));
    }
}

struct job {
    const struct plan *p;
    const struct ridge_kernel_args *args;
    int64_t n_chunks;
};

/* Columns [from, from + width) of a row of x, which may lie outside. channel: the first that is read. */
static void copy_row(const struct plan *p, const float *x, int64_t channel, int n_channels, int64_t row, int64_t from,
                     float *ring)
{
    const int64_t iw = p->s->iw, lanes = p->n_lanes;
    const int64_t left = from < 0 ? (-from < p->width ? -from : p->width) : 0;
    const int64_t right = iw - from < left ? left : iw - from < p->width ? iw - from : p->width;
    const int64_t at = row * p->x.row + (from + left) * p->x.pixel;
    float *to = ring + row % p->n_ring * p->row_floats;
    for (int64_t block = 0; block < p->n_blocks; block++, to += p->block_floats) {
        memset(to, 0, sizeof *to * (size_t)(left * lanes));
        if (right > left)
            p->isa->copy_row(x + ridge_conv_channel_offset(&p->x, channel + block * lanes) + at, p->x.pixel,
                             right - left, n_channels, to + left * lanes);
        memset(to + right * lanes, 0, sizeof *to * (size_t)((p->width - right) * lanes));
    }
}

/* Has the rows that output row h reads in the ring. next: the first that is not in it yet. */
static int64_t fill_ring(const struct plan *p, const struct ridge_conv_grouped_line *line, const float *x,
                         int64_t channel, int64_t h, int64_t from, int64_t next, float *ring)
{
    const int64_t first = h * p->s->stride_h - p->s->pad_t, last = first + p->n_ring - 1;
    next = next > first ? next : first;
    for (; next <= last && next < p->s->ih; next++)
        if (!p->is_in_place)
            copy_row(p, x, channel, line->n_channels, next, from, ring);
    return next;
}

/* The filter rows of output row h that are inside. Divides at borders only: a row is short work. */
static void find_rows(const struct plan *p, int64_t h, struct ridge_conv_grouped_line *line)
{
    const struct ridge_conv_shape *s = p->s;
    const int64_t top = h * s->stride_h - s->pad_t, below = s->ih - top;
    line->r_first = top >= 0 ? 0 : ridge_kernels_size_ceil_div(-top, s->dilation);
    line->r_last = below >= p->n_ring ? s->kh : below <= 0 ? 0 : ridge_kernels_size_ceil_div(below, s->dilation);
}

/* How many rows from h on, below h1, have the filter rows of row h. */
static int64_t rows_alike(const struct plan *p, const struct ridge_conv_grouped_line *line, int64_t h, int64_t h1)
{
    const struct ridge_conv_shape *s = p->s;
    if (line->r_first > 0 || line->r_last < s->kh)
        return 1;
    const int64_t end = (s->ih + s->pad_t - p->n_ring) / s->stride_h + 1;
    return (end < h1 ? end : h1) - h;
}

/* Where they lie: in place or in the ring. */
static void place_rows(const struct plan *p, int64_t h, const float *x, const float *ring,
                       struct ridge_conv_grouped_line *line)
{
    const int64_t dilation = p->s->dilation, row = h * p->s->stride_h - p->s->pad_t + line->r_first * dilation;
    if (p->is_in_place) {
        for (int64_t r = line->r_first; r < line->r_last; r++)
            line->rows[r] = x + (row + r - line->r_first) * p->x.row;
        return;
    }
    int64_t slot = row % p->n_ring;
    for (int64_t r = line->r_first; r < line->r_last; r++) {
        line->rows[r] = ring + slot * p->row_floats;
        slot += dilation;
        slot -= slot < p->n_ring ? 0 : p->n_ring;
    }
}

/* Rows [h0, h1) of a strip, for the image and vector of outputs that `line` stands at. */
static void run_strip(const struct plan *p, struct ridge_conv_grouped_line line, const float *x, int64_t channel,
                      int64_t h0, int64_t h1, int64_t w0, float *ring)
{
    const struct ridge_conv_shape *s = p->s;
    const int64_t from = w0 * s->stride_w - s->pad_l;
    const int64_t at = from * p->x.pixel + ridge_conv_channel_offset(&p->x, channel);
    const int64_t y = h0 * p->y.row + w0 * p->y.pixel;
    const bool has_residual = line.residual != NULL;
    int64_t next = 0;
    line.n = p->out.ow - w0 < p->strip ? p->out.ow - w0 : p->strip;
    line.first = -from;
    line.last = s->iw - from;
    line.y += y;
    line.residual = has_residual ? line.residual + y : NULL;
    for (int64_t h = h0; h < h1; h += line.n_lines) {
        next = fill_ring(p, &line, x, channel, h, from, next, ring);
        find_rows(p, h, &line);
        line.n_lines = p->is_in_place ? rows_alike(p, &line, h, h1) : 1;
        place_rows(p, h, x + at, ring, &line);
        line.ahead = x + next * p->x.row + at;
        p->isa->line(&line);
        line.y += line.n_lines * p->y.row;
        line.residual = has_residual ? line.residual + line.n_lines * p->y.row : NULL;
        line.w_ahead += line.n_lines * line.n_w_ahead * s->kh * 64;
    }
}

/* Task: (image, chunk of rows, vector): in nhwc, what a cache line of x brings along is the next vector's. */
static void run_task(void *ctx, size_t i_task, int i_thread)
{
    const struct job *job = ctx;
    const struct plan *p = job->p;
    const struct ridge_conv_shape *s = p->s;
    const struct ridge_tensor *in = job->args->in;
    const int64_t vector = (int64_t)i_task % p->n_vectors, rest = (int64_t)i_task / p->n_vectors;
    const int64_t chunk = rest % job->n_chunks, image = rest / job->n_chunks, o = vector * p->n_lanes;
    const int64_t y = image * p->y.batch + ridge_conv_channel_offset(&p->y, o);
    float *ring = (float *)(void *)((char *)job->args->scratch + p->thread_bytes * (size_t)i_thread);
    float *w = ring + p->row_floats * p->n_ring;
    if (s->weights == RIDGE_CONV_PREPACKED)
        w = (float *)job->args->packed + vector * p->weight_floats;
    else
        pack_vector(p, in[RIDGE_CONV_W].data, vector, w);
    struct ridge_conv_grouped_line line = {
        .w = w,
        .bias = s->bias != 0 ? (const float *)in[RIDGE_CONV_BIAS].data + o : NULL,
        .residual = s->residual != 0 ? (const float *)in[RIDGE_CONV_RESIDUAL].data + y : NULL,
        .y = (float *)job->args->out[0].data + y,
        .stride = s->stride_w,
        .dilation = s->dilation,
        .y_step = p->y.pixel,
        .x_line = s->stride_h * p->x.row,
        .y_line = p->y.row,
        .kh = s->kh,
        .kw = s->kw,
        .n_blocks = p->is_wide ? p->n_blocks : 0,
        .block_floats = p->block_floats,
        .n_group = (int)p->n_group,
        .n_channels = (int)(s->oc - o < p->n_lanes ? s->oc - o : p->n_lanes),
        .n_ahead = s->stride_h,
        .ahead_row = p->x.row,
        .ahead_pixel = p->x.pixel,
        .ahead_block = ridge_conv_channel_offset(&p->x, p->n_lanes),
        .act = s->act};
    const int64_t h0 = chunk * p->out.oh / job->n_chunks, h1 = (chunk + 1) * p->out.oh / job->n_chunks;
    if (s->weights == RIDGE_CONV_PREPACKED && vector + 1 < p->n_vectors) {
        line.w_ahead = (const char *)(w + p->weight_floats);
        line.n_w_ahead = ridge_kernels_size_ceil_div(p->weight_floats, 16 * s->kh * (h1 - h0));
    }
    const int64_t channel = p->is_wide ? o / (s->oc / s->groups) * p->n_group : o;
    const float *x = (const float *)in[RIDGE_CONV_X].data + image * p->x.batch;
    for (int64_t w0 = 0; w0 < p->out.ow; w0 += p->strip)
        run_strip(p, line, x, channel, h0, h1, w0, ring);
}

static bool supports_any(const struct ridge_conv_grouped *isa, const void *shape, char *reason, size_t n_reason)
{
    const struct ridge_conv_shape *s = shape;
    if (!ridge_conv_asks_for(s, RIDGE_CONV_DIRECT, RIDGE_CONV_IN_NHWC | RIDGE_CONV_IN_NCHW16C, isa->isa,
                             reason, n_reason))
        return false;
    const int64_t n_group = s->groups > 1 ? s->ic / s->groups : 0;
    const bool takes_narrow = (n_group == 2 || n_group == 4 || n_group == 8) && s->ic == s->oc;
    if (!takes_narrow && !takes_wide(isa, s)) {
        (void)snprintf(reason, n_reason,
                       "the grouped kernel takes groups of 2, 4 or 8 channels, as many out as in, and of %d, %d, ... "
                       "with filters of 3 columns and more, up to 9 to 36 KiB",
                       isa->n_lanes, 2 * isa->n_lanes);
        return false;
    }
    if (s->layout == RIDGE_CONV_NCHW16C && (s->ic % 16 != 0 || s->oc % 16 != 0)) {
        (void)snprintf(reason, n_reason, "the grouped kernel takes whole blocks of channels in nchw16c");
        return false;
    }
    const double width = (double)ridge_conv_out_size(s).ow * (double)s->stride_w + (double)s->kw * (double)s->dilation;
    const double channels = (double)(n_group > isa->n_lanes ? n_group : isa->n_lanes);
    const double ring = width * (double)s->kh * (double)s->dilation * channels * 4;
    if (s->kh <= RIDGE_CONV_GROUPED_MAX_HEIGHT && ring <= max_ring_bytes)
        return true;
    (void)snprintf(reason, n_reason, "the grouped kernel takes filters of up to 16 rows and rows of up to 4 MiB");
    return false;
}

static enum ridge_status run_any(const struct ridge_conv_grouped *isa, const struct ridge_kernel_args *args)
{
    struct plan p;
    plan_make(&p, isa, args->shape);
    const int64_t n_threads = args->host != NULL ? args->host->n_threads : 1;
    const int64_t n_tasks = p.n_vectors * p.s->batch;
    if (n_tasks == 0 || p.out.oh == 0 || p.out.ow == 0)
        return RIDGE_OK;
    const int64_t for_threads = n_threads > 1 ? ridge_kernels_size_ceil_div(4 * n_threads, n_tasks) : 1;
    const int64_t image_bytes = p.s->ih * p.s->iw * p.s->ic * (int64_t)sizeof(float);
    const bool is_nhwc = p.s->layout == RIDGE_CONV_NHWC; /* else a vector reads lines of its own */
    const int64_t for_cache = is_nhwc ? ridge_kernels_size_ceil_div(image_bytes, chunk_bytes) : 1;
    const int64_t wanted = for_threads > for_cache ? for_threads : for_cache;
    struct job job = {&p, args, wanted < p.out.oh ? wanted : p.out.oh};
    ridge_split_tasks(args->host, n_tasks * job.n_chunks, run_task, &job);
    return RIDGE_OK;
}

static size_t packed_bytes_any(const struct ridge_conv_grouped *isa, const void *shape)
{
    struct plan p;
    plan_make(&p, isa, shape);
    return sizeof(float) * (size_t)(p.n_vectors * p.weight_floats);
}

static size_t scratch_bytes_any(const struct ridge_conv_grouped *isa, const void *shape, int n_threads)
{
    struct plan p;
    plan_make(&p, isa, shape);
    return p.thread_bytes * (size_t)n_threads;
}

static enum ridge_status pack_any(const struct ridge_conv_grouped *isa, const struct ridge_kernel_args *args)
{
    struct plan p;
    plan_make(&p, isa, args->shape);
    for (int64_t vector = 0; vector < p.n_vectors; vector++)
        pack_vector(&p, args->in[RIDGE_CONV_W].data, vector, (float *)args->packed + vector * p.weight_floats);
    return RIDGE_OK;
}

#define KERNEL(id, isa_name)                                                                       \
    static bool id##_supports(const void *shape, int n_threads, char *reason, size_t n_reason)     \
    {                                                                                              \
        (void)n_threads;                                                                           \
        return supports_any(&ridge_conv_grouped_##isa_name, shape, reason, n_reason);              \
    }                                                                                              \
    static size_t id##_packed_bytes(const void *shape, int n_threads)                              \
    {                                                                                              \
        (void)n_threads;                                                                           \
        return packed_bytes_any(&ridge_conv_grouped_##isa_name, shape);                            \
    }                                                                                              \
    static size_t id##_scratch_bytes(const void *shape, int n_threads)                             \
    {                                                                                              \
        return scratch_bytes_any(&ridge_conv_grouped_##isa_name, shape, n_threads);                \
    }                                                                                              \
    static enum ridge_status id##_pack(const struct ridge_kernel_args *args,                       \
                                       struct ridge_error *err)                                    \
    {                                                                                              \
        (void)err;                                                                                 \
        return pack_any(&ridge_conv_grouped_##isa_name, args);                                     \
    }                                                                                              \
    static enum ridge_status id##_run(const struct ridge_kernel_args *args)                        \
    {                                                                                              \
        return run_any(&ridge_conv_grouped_##isa_name, args);                                      \
    }                                                                                              \
    extern const struct ridge_kernel ridge_##id;                                                   \
    const struct ridge_kernel ridge_##id = {.op = "conv",                                          \
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
KERNEL(conv_grouped_f32__avx2, avx2)
KERNEL(conv_grouped_f32__avx512, avx512)
#endif
