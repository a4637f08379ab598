/* The depthwise kernels: plan, packing and the walk; see depthwise.h. Baseline code. */
#include "conv/depthwise.h"
#include "common/size.h"
#include "conv/support.h"
#include <stdio.h>

enum { TASKS_A_THREAD = 4, MIN_ROWS = 8, MAX_LANES = 16 };

enum kind { COLUMNS, PLANES, ANY };

struct depthwise {
    const char *isa;
    int n_lanes; /* output channels of a block */
    enum kind kind;
    ridge_conv_depthwise_fn *rows;
};

static int64_t min_i64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t max_i64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* One task for one thread. Else blocks of output rows; where these are too few, of channels as well. */
static void plan_tasks(struct ridge_conv_depthwise_plan *p, int n_threads)
{
    const int64_t wanted = n_threads > 1 ? (int64_t)n_threads * TASKS_A_THREAD : 1;
    const int64_t images = max_i64(p->shape->batch, 1), full = max_i64(p->out.oh / MIN_ROWS, 1);
    const int64_t most = p->plane_bytes > 0 ? 1 : full; /* a plane is copied once */
    const int64_t rows = min_i64(ridge_kernels_size_ceil_div(wanted, images), most);
    p->rows_a_task = max_i64(ridge_kernels_size_ceil_div(p->out.oh, rows), 1);
    p->n_row_tasks = ridge_kernels_size_ceil_div(p->out.oh, p->rows_a_task);
    const int64_t have = images * max_i64(p->n_row_tasks, 1);
    const int64_t splits = min_i64(ridge_kernels_size_ceil_div(wanted, have), max_i64(p->n_channel_blocks, 1));
    p->blocks_a_task = max_i64(ridge_kernels_size_ceil_div(p->n_channel_blocks, splits), 1);
    p->n_block_tasks = ridge_kernels_size_ceil_div(p->n_channel_blocks, p->blocks_a_task);
}

static void plan_make(const struct depthwise *k, const struct ridge_conv_shape *s, int n_threads,
                      struct ridge_conv_depthwise_plan *p)
{
    *p = (struct ridge_conv_depthwise_plan){.shape = s, .n_lanes = k->n_lanes};
    const int64_t n_taps = s->kh * s->kw;
    p->out = ridge_conv_out_size(s);
    p->x = ridge_conv_strides_of(s, s->ic, s->ih, s->iw);
    p->y = ridge_conv_strides_of(s, s->oc, p->out.oh, p->out.ow);
    p->multiplier = s->ic > 0 ? s->oc / s->ic : 1;
    p->n_stored = ridge_conv_stored_channels(s, s->oc);
    p->n_channel_blocks = ridge_kernels_size_ceil_div(p->n_stored, k->n_lanes);
    p->packed_bytes = 4 * (size_t)(p->n_channel_blocks * k->n_lanes) * (size_t)n_taps;
    const bool is_prepacked = s->weights == RIDGE_CONV_PREPACKED;
    /* nhwc filters lie right as they are, and those of nchw for planes. */
    p->is_packing = !is_prepacked && s->layout != RIDGE_CONV_NHWC && k->kind != PLANES;
    const bool is_packed = is_prepacked || p->is_packing || k->kind == PLANES;
    if (k->kind == PLANES) {
        /* What the last vector of a row reads: up to two vectors a step. */
        const int64_t columns = (p->out.ow + MAX_LANES) * s->stride_w + s->kw * s->dilation + MAX_LANES;
        p->plane_ld = max_i64(columns, s->pad_l + s->iw);
        p->plane_rows = max_i64(s->pad_t + s->ih + s->pad_b, 1);
        p->plane_bytes = ridge_kernels_size_round_up(4 * (size_t)(p->plane_rows * p->plane_ld), 64);
    }
    p->w_tap = is_packed ? k->n_lanes : s->oc;
    p->w_block = is_packed ? k->n_lanes * n_taps : k->n_lanes;
    plan_tasks(p, n_threads);
}

/* [channel block][tap][lane], zero padded. */
static void pack(const struct ridge_conv_depthwise_plan *p, const float *w, float *packed)
{
    const struct ridge_conv_shape *s = p->shape;
    for (int64_t block = 0; block < p->n_channel_blocks; block++)
        for (int64_t r = 0; r < s->kh; r++)
            for (int64_t q = 0; q < s->kw; q++)
                for (int64_t o = block * p->n_lanes; o < (block + 1) * p->n_lanes; o++)
                    *packed++ = o < s->oc ? w[ridge_conv_weight_index(s, o, 0, r, q)] : 0.0f;
}

/* ---- hooks ---- */

static bool is_for_columns(const struct ridge_conv_shape *s)
{
    return s->stride_h == s->stride_w && s->stride_w <= 2 && s->dilation == 1 && s->oc == s->ic &&
           (s->kw == 3 || s->kw == 5 || s->kw == 7);
}

static const int layouts_of[] = {
    [COLUMNS] = RIDGE_CONV_IN_NHWC | RIDGE_CONV_IN_NCHW16C,
    [PLANES] = RIDGE_CONV_IN_NCHW,
    [ANY] = RIDGE_CONV_IN_NCHW | RIDGE_CONV_IN_NHWC | RIDGE_CONV_IN_NCHW16C,
};

static bool supports(const struct depthwise *k, const struct ridge_conv_shape *s, char *reason, size_t n_reason)
{
    if (!ridge_conv_asks_for(s, RIDGE_CONV_DEPTHWISE, layouts_of[k->kind], k->isa, reason, n_reason))
        return false;
    if (s->groups != s->ic || s->ic == 0 || s->oc % s->ic != 0) {
        (void)snprintf(reason, n_reason, "depthwise needs as many groups as input channels, not %lld of %lld",
                       (long long)s->groups, (long long)s->ic);
        return false;
    }
    if (s->algorithm == RIDGE_CONV_AUTO && s->groups == 1) {
        (void)snprintf(reason, n_reason, "one group is a plain convolution: ask by algorithm=depthwise");
        return false;
    }
    if (k->kind == COLUMNS && !is_for_columns(s)) {
        (void)snprintf(reason, n_reason, "depthwise columns take 3, 5 or 7 columns, stride 1 or 2, dilation 1, "
                                         "multiplier 1, nhwc or nchw16c");
        return false;
    }
    const double plane = ((double)s->ih + (double)s->pad_t + (double)s->pad_b) *
                         ((double)s->iw + (double)s->pad_l + (double)s->pad_r + 64.0 * (double)s->stride_w);
    if (k->kind == PLANES && plane > 0x1p48) {
        (void)snprintf(reason, n_reason, "a plane of the input with its padding does not fit an address space");
        return false;
    }
    return true;
}

static size_t packed_bytes(const struct depthwise *k, const struct ridge_conv_shape *s)
{
    struct ridge_conv_depthwise_plan p;
    plan_make(k, s, 1, &p);
    return p.packed_bytes;
}

static size_t scratch_bytes(const struct depthwise *k, const struct ridge_conv_shape *s, int n_threads)
{
    struct ridge_conv_depthwise_plan p;
    plan_make(k, s, n_threads, &p);
    return p.is_packing ? p.packed_bytes : p.plane_bytes * (size_t)n_threads;
}

struct job {
    const struct depthwise *kernel;
    struct ridge_conv_depthwise_plan plan;
    struct ridge_conv_depthwise_data data;
    char *planes;
};

static void run_task(void *ctx, size_t i_task, int i_thread)
{
    const struct job *job = ctx;
    const struct ridge_conv_depthwise_plan *p = &job->plan;
    const int64_t i_blocks = (int64_t)i_task % p->n_block_tasks, i = (int64_t)i_task / p->n_block_tasks;
    struct ridge_conv_depthwise_part part = {.b = i / p->n_row_tasks};
    if (p->plane_bytes > 0)
        part.scratch = (float *)(void *)(job->planes + p->plane_bytes * (size_t)i_thread);
    part.h0 = i % p->n_row_tasks * p->rows_a_task;
    part.h1 = min_i64(part.h0 + p->rows_a_task, p->out.oh);
    part.block0 = i_blocks * p->blocks_a_task;
    part.block1 = min_i64(part.block0 + p->blocks_a_task, p->n_channel_blocks);
    job->kernel->rows(p, &job->data, &part);
}

static enum ridge_status run(const struct depthwise *k, const struct ridge_kernel_args *args)
{
    const struct ridge_conv_shape *s = args->shape;
    const struct ridge_host *host = args->host;
    const bool has_pool = host != NULL && host->parallel_for != NULL && host->n_threads > 1;
    struct job job = {.kernel = k, .planes = args->scratch};
    plan_make(k, s, has_pool ? host->n_threads : 1, &job.plan);
    const struct ridge_conv_depthwise_plan *p = &job.plan;
    const int64_t n_tasks = s->batch * p->n_row_tasks * p->n_block_tasks;
    if (n_tasks == 0 || p->out.ow == 0)
        return RIDGE_OK;
    if (p->is_packing)
        pack(p, args->in[RIDGE_CONV_W].data, args->scratch);
    job.data = (struct ridge_conv_depthwise_data){
        .x = args->in[RIDGE_CONV_X].data,
        .w = s->weights == RIDGE_CONV_PREPACKED ? args->packed
             : p->is_packing                    ? args->scratch
                                                : args->in[RIDGE_CONV_W].data,
        .bias = s->bias ? args->in[RIDGE_CONV_BIAS].data : NULL,
        .residual = s->residual ? args->in[RIDGE_CONV_RESIDUAL].data : NULL,
        .y = args->out[0].data};
    if (has_pool) {
        host->parallel_for(host->self, (size_t)n_tasks, run_task, &job);
        return RIDGE_OK;
    }
    for (int64_t i = 0; i < n_tasks; i++)
        run_task(&job, (size_t)i, 0);
    return RIDGE_OK;
}

#define DEPTHWISE_KERNEL(id, isa_name, lanes, kind_id, layouts, rows_fn)                                    \
    static const struct depthwise id##_depthwise = {isa_name, lanes, kind_id, rows_fn}   ;         \
    static bool id##_supports(const void *shape, int n_threads, char *reason, size_t n_reason)     \
    {                                                                                              \
        (void)n_threads;                                                                           \
        return supports(&id##_depthwise, shape, reason, n_reason);                                 \
    }                                                                                              \
    static size_t id##_packed_bytes(const void *shape, int n_threads)                              \
    {                                                                                              \
        (void)n_threads;                                                                           \
        return packed_bytes(&id##_depthwise, shape);                                               \
    }                                                                                              \
    static enum ridge_status id##_pack(const struct ridge_kernel_args *args, struct ridge_error *err)  \
    {                                                                                              \
        (void)err;                                                                                 \
        struct ridge_conv_depthwise_plan p;                                                        \
        plan_make(&id##_depthwise, args->shape, 1, &p);                                            \
        pack(&p, args->in[RIDGE_CONV_W].data, args->packed);                                       \
        return RIDGE_OK;                                                                           \
    }                                                                                              \
    static size_t id##_scratch_bytes(const void *shape, int n_threads)                             \
    {                                                                                              \
        return scratch_bytes(&id##_depthwise, shape, n_threads);                                   \
    }                                                                                              \
    static enum ridge_status id##_run(const struct ridge_kernel_args *args)                        \
    {                                                                                              \
        return run(&id##_depthwise, args);                                                         \
    }                                                                                              \
    extern const struct ridge_kernel id;                                                           \
    const struct ridge_kernel id = {                                                               \
        .op = "conv",                                                                              \
        .name = #id,                                                                               \
        .algorithm = "depthwise",                                                                  \
        .dtype = "f32",                                                                            \
        .isa = isa_name,                                                                           \
        .layout = layouts,                                                                         \
        .supports = id##_supports,                                                                 \
        .packed_bytes = id##_packed_bytes,                                                         \
        .pack = id##_pack,                                                                         \
        .scratch_bytes = id##_scratch_bytes,                                                       \
        .run = id##_run,                                                                           \
    };
#define DEPTHWISE_KERNELS(isa, lanes)                                                              \
    DEPTHWISE_KERNEL(ridge_conv_depthwise_columns_f32__##isa, #isa, lanes, COLUMNS, "nhwc, nchw16c", \
                     ridge_conv_depthwise_columns__##isa)                                          \
    DEPTHWISE_KERNEL(ridge_conv_depthwise_planes_f32__##isa, #isa, 1, PLANES, "nchw",              \
                     ridge_conv_depthwise_planes__##isa)                                           \
    DEPTHWISE_KERNEL(ridge_conv_depthwise_any_f32__##isa, #isa, lanes, ANY, "nhwc, nchw, nchw16c",  \
                     ridge_conv_depthwise_any__##isa)

DEPTHWISE_KERNELS(ref, 1)
#ifdef RIDGE_KERNELS_X86
DEPTHWISE_KERNELS(avx2, 8)
DEPTHWISE_KERNELS(avx512, 16)
#endif
