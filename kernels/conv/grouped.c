/* The grouped kernels: a task is a vector of channels and a stretch of output rows, walked in strips of
 * columns. Its rows of x lie in a ring of the filter's height, which a strip keeps inside L1, with zeros for
 * the padding. Part of algorithm `direct`. */
#include "common/split.h"
#include "conv/grouped.h"
#include "common/size.h"
#include "conv/direct.h"
#include "conv/support.h"
#include <string.h>

static const double max_ring_bytes = 4 << 20;
static const int64_t l1_ring_bytes = 24 << 10;
static const int64_t chunk_bytes = 1 << 20; /* of x: stays in L2 from vector to vector */
enum { STRIP_STEP = 14 }; /* pixels of a full tile */

struct plan {
    const struct ridge_conv_grouped *isa;
    const struct ridge_conv_shape *s;
    struct ridge_conv_out out;
    int64_t n_group, n_lanes, n_vectors;
    int64_t strip, width; /* output pixels of a strip; columns of its rows of x */
    int64_t row_floats, n_ring, weight_floats;
    size_t thread_bytes;
};

static void plan_make(struct plan *p, const struct ridge_conv_grouped *isa, const struct ridge_conv_shape *s)
{
    *p = (struct plan){.isa = isa, .s = s, .out = ridge_conv_out_size(s), .n_group = s->ic / s->groups,
                       .n_lanes = isa->n_lanes};
    p->n_vectors = ridge_kernels_size_ceil_div(s->oc, p->n_lanes);
    const int64_t column_bytes = p->n_lanes * (int64_t)sizeof(float);
    p->n_ring = (s->kh - 1) * s->dilation + 1;
    const int64_t fit = (l1_ring_bytes / (p->n_ring * column_bytes) - (s->kw - 1) * s->dilation) / s->stride_w;
    const int64_t strip = fit < STRIP_STEP ? STRIP_STEP : fit / STRIP_STEP * STRIP_STEP;
    p->strip = strip < p->out.ow ? strip : p->out.ow;
    p->width = p->strip > 0 ? (p->strip - 1) * s->stride_w + (s->kw - 1) * s->dilation + 1 : 0;
    p->row_floats = p->width * p->n_lanes;
    p->weight_floats = s->kh * s->kw * p->n_group * p->n_lanes;
    p->thread_bytes = ridge_kernels_size_round_up(
        sizeof(float) * (size_t)(p->row_floats * p->n_ring + p->weight_floats), 64);
}

/* [r][q][turn][lane] of one vector of channels: lane o of turn i has the weight of input o ^ i. */
static void pack_vector(const struct plan *p, const float *w, int64_t vector, float *to)
{
    const int64_t o = vector * p->n_lanes, left = p->s->oc - o, n = left < p->n_lanes ? left : p->n_lanes;
    for (int64_t k = 0; k < p->weight_floats / p->n_lanes; k++, to += p->n_lanes) {
        const int64_t tap = k / p->n_group * p->n_group, turn = k % p->n_group;
        for (int64_t l = 0; l < n; l++)
            to[l] = w[(tap + (l % p->n_group ^ turn)) * p->s->oc + o + l];
        memset(to + n, 0, sizeof *to * (size_t)(p->n_lanes - n));
    }
}

struct job {
    const struct plan *p;
    const struct ridge_kernel_args *args;
    int64_t n_chunks;
};

/* Columns [from, from + width) of a row of x, which may lie outside. */
static void copy_row(const struct plan *p, const float *x, int64_t row, int64_t from, int n_channels,
                       float *ring)
{
    const int64_t column = p->n_lanes, iw = p->s->iw;
    const int64_t left = from < 0 ? (-from < p->width ? -from : p->width) : 0;
    const int64_t right = iw - from < left ? left : iw - from < p->width ? iw - from : p->width;
    float *to = ring + row % p->n_ring * p->row_floats;
    memset(to, 0, sizeof *to * (size_t)(left * column));
    if (right > left)
        p->isa->copy_row(x + (row * iw + from + left) * p->s->ic, p->s->ic, right - left,
                         p->s->stride_h * iw * p->s->ic, n_channels, to + left * column);
    memset(to + right * column, 0, sizeof *to * (size_t)((p->width - right) * column));
}

/* Rows [h0, h1) of a strip, for the image and vector of channels that `line` stands at. */
static void run_strip(const struct plan *p, struct ridge_conv_grouped_line line, const float *x, int64_t h0,
                      int64_t h1, int64_t w0, float *ring)
{
    const struct ridge_conv_shape *s = p->s;
    int64_t next = 0; /* first row that is not in the ring yet */
    line.n = p->out.ow - w0 < p->strip ? p->out.ow - w0 : p->strip;
    line.y += (h0 * p->out.ow + w0) * s->oc;
    if (line.residual != NULL)
        line.residual += (h0 * p->out.ow + w0) * s->oc;
    for (int64_t h = h0; h < h1; h++) {
        const int64_t first = h * s->stride_h - s->pad_t, last = first + p->n_ring - 1;
        next = next > first ? next : first;
        for (; next <= last && next < s->ih; next++)
            copy_row(p, x, next, w0 * s->stride_w - s->pad_l, line.n_channels, ring);
        for (int64_t r = 0; r < s->kh; r++) {
            const int64_t row = first + r * s->dilation;
            line.rows[r] = row < 0 || row >= s->ih ? NULL : ring + row % p->n_ring * p->row_floats;
        }
        p->isa->line(&line);
        line.y += p->out.ow * s->oc;
        if (line.residual != NULL)
            line.residual += p->out.ow * s->oc;
    }
}

/* Task: (image, chunk of rows, vector): what a cache line of x brings along is the next vector's. */
static void run_task(void *ctx, size_t i_task, int i_thread)
{
    const struct job *job = ctx;
    const struct plan *p = job->p;
    const struct ridge_conv_shape *s = p->s;
    const struct ridge_tensor *in = job->args->in;
    const int64_t vector = (int64_t)i_task % p->n_vectors, rest = (int64_t)i_task / p->n_vectors;
    const int64_t chunk = rest % job->n_chunks, image = rest / job->n_chunks, o = vector * p->n_lanes;
    const int64_t y = image * p->out.oh * p->out.ow * s->oc + o;
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
        .y_step = s->oc,
        .kh = s->kh,
        .kw = s->kw,
        .n_group = (int)p->n_group,
        .n_channels = (int)(s->oc - o < p->n_lanes ? s->oc - o : p->n_lanes),
        .act = s->act};
    const int64_t h0 = chunk * p->out.oh / job->n_chunks, h1 = (chunk + 1) * p->out.oh / job->n_chunks;
    const float *x = (const float *)in[RIDGE_CONV_X].data + image * s->ih * s->iw * s->ic + o;
    for (int64_t w0 = 0; w0 < p->out.ow; w0 += p->strip)
        run_strip(p, line, x, h0, h1, w0, ring);
}

static bool supports_any(const struct ridge_conv_grouped *isa, const void *shape, char *reason, size_t n_reason)
{
    const struct ridge_conv_shape *s = shape;
    if (!ridge_conv_asks_for(s, RIDGE_CONV_DIRECT, RIDGE_CONV_IN_NHWC, isa->isa, reason, n_reason))
        return false;
    const int64_t n_group = s->groups > 1 ? s->ic / s->groups : 0;
    if ((n_group != 2 && n_group != 4 && n_group != 8) || s->ic != s->oc) {
        (void)snprintf(reason, n_reason, "the grouped kernel takes groups of 2, 4 or 8 channels, as many out as in");
        return false;
    }
    const double width = (double)ridge_conv_out_size(s).ow * (double)s->stride_w + (double)s->kw * (double)s->dilation;
    const double ring = width * (double)s->kh * (double)s->dilation * (double)(isa->n_lanes * 4);
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
    const int64_t for_cache = ridge_kernels_size_ceil_div(image_bytes, chunk_bytes);
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
                                            .layout = "nhwc",                                      \
                                            .supports = id##_supports,                             \
                                            .packed_bytes = id##_packed_bytes,                     \
                                            .pack = id##_pack,                                     \
                                            .scratch_bytes = id##_scratch_bytes,                   \
                                            .run = id##_run};

#ifdef RIDGE_KERNELS_X86
KERNEL(conv_grouped_f32__avx2, avx2)
KERNEL(conv_grouped_f32__avx512, avx512)
#endif
