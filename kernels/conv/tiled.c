/* Plan and walk of convolution by transformed tiles; see tiled.h. Baseline code. */
#include "common/split.h"
#include "conv/tiled.h"
#include "common/size.h"
#include "conv/support.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    BLOCK_BYTES = 768 << 10, /* V and M of a block: with the filters of a few points they fit 1 MiB of L2 */
    MIN_BLOCK = 42,          /* tiles: fewer would read the filters too often */
    MAX_BLOCK = 336,
    CACHED_U_BYTES = 4 << 20, /* filters beyond it come from L3 or DRAM: then V and M may leave L2 as well */
    MIN_BLOCK_FAR = 112,
    ROW_PAD = 16,            /* floats: keeps rows and points off the same cache sets */
    ALIGN = 64
};

struct ridge_conv_strides ridge_conv_strides_of(const struct ridge_conv_shape *s, int64_t n_channels,
                                                int64_t height, int64_t width)
{
    const int64_t plane = height * width, stored = ridge_conv_stored_channels(s, n_channels);
    struct ridge_conv_strides t = {.batch = stored * plane, .lane = 1, .block_channels = INT64_MAX};
    t.pixel = s->layout == RIDGE_CONV_NCHW ? 1 : s->layout == RIDGE_CONV_NHWC ? n_channels : 16;
    t.row = width * t.pixel;
    if (s->layout == RIDGE_CONV_NCHW)
        t.lane = plane;
    if (s->layout == RIDGE_CONV_NCHW16C) {
        t.block_channels = 16;
        t.block = plane * 16;
    }
    return t;
}

static int64_t tiles_of(const struct ridge_conv_shape *s, const struct ridge_conv_tiled_variant *v)
{
    const struct ridge_conv_out out = ridge_conv_out_size(s);
    return s->batch * ridge_kernels_size_ceil_div(out.oh, v->tile - s->kh + 1) *
           ridge_kernels_size_ceil_div(out.ow, v->tile - s->kw + 1);
}

/* Products per input and output channel, and the filters' traffic as so many tiles more. */
static double price(const struct ridge_conv_shape *s, const struct ridge_conv_tiled_variant *v)
{
    return (double)v->n_points * ((double)tiles_of(s, v) + 16.0);
}

static bool fits(const struct ridge_conv_shape *s, const struct ridge_conv_tiled_variant *v)
{
    return s->kh <= v->tile && s->kw <= v->tile;
}

static const struct ridge_conv_tiled_variant *variant_for(const struct ridge_conv_tiled *t,
                                                          const struct ridge_conv_shape *s)
{
    const struct ridge_conv_tiled_variant *best = NULL;
    for (int i = 0; t->variants[i] != NULL; i++)
        if (fits(s, t->variants[i]) && (best == NULL || price(s, t->variants[i]) < price(s, best)))
            best = t->variants[i];
    return best;
}

static int64_t block_of(const struct ridge_conv_tiled_plan *p)
{
    const int64_t tile_bytes = 4 * (int64_t)p->variant->n_points * (p->ld_v + p->ld_m);
    const bool is_far = p->variant->n_points * p->k * p->n > CACHED_U_BYTES / 4;
    const int64_t least = is_far ? MIN_BLOCK_FAR : MIN_BLOCK;
    int64_t n = BLOCK_BYTES / tile_bytes;
    n = n < least ? least : n > MAX_BLOCK ? MAX_BLOCK : n;
    const int64_t n_blocks = ridge_kernels_size_ceil_div(p->n_tiles, n);
    return n_blocks == 0 ? 0 : ridge_kernels_size_ceil_div(p->n_tiles, n_blocks);
}

static int64_t padded(int64_t n)
{
    return (int64_t)ridge_kernels_size_round_up((size_t)n, 16) + ROW_PAD;
}

static void plan_products(const struct ridge_conv_tiled *t, struct ridge_conv_tiled_plan *p, int n_threads)
{
    const struct ridge_sgemm_engine *engine = ridge_sgemm_engine(t->isa);
    const bool is_prepacked = p->shape->weights == RIDGE_CONV_PREPACKED;
    const int64_t n_blocks = p->n_block == 0 ? 0 : ridge_kernels_size_ceil_div(p->n_tiles, p->n_block);
    p->product = (struct ridge_sgemm){.m = p->n_block, .n = p->n, .k = p->k, .lda = p->ld_v,
                                      .ldb = p->n, .ldc = p->ld_m, .alpha = 1};
    p->batch = (struct ridge_sgemm_batch){.n = p->variant->n_points, .stride_a = p->v_point,
                                          .stride_b = p->u_point, .stride_c = p->m_point};
    static const float some[1];
    if (is_prepacked)
        p->product.packed_b = some; /* a flag for the sizes below; run() puts the pointer */
    else
        p->product.b = some;
    p->is_by_block = n_threads == 1 || n_blocks >= 2 * n_threads;
    p->n_slots = p->is_by_block ? n_threads : 1;
    p->sgemm_bytes = ridge_sgemm_batch_scratch_bytes(engine, &p->product, &p->batch,
                                                     p->is_by_block ? 1 : n_threads);
    const size_t floats = (size_t)p->variant->n_points * (size_t)(p->v_point + p->m_point);
    p->slot_bytes = ridge_kernels_size_round_up(4 * floats, ALIGN) +
                    ridge_kernels_size_round_up(p->sgemm_bytes, ALIGN);
    p->u_bytes = is_prepacked ? 0
                              : ridge_kernels_size_round_up(
                                    4 * (size_t)p->variant->n_points * (size_t)p->u_point, ALIGN);
}

static void plan_make(const struct ridge_conv_tiled *t, const struct ridge_conv_shape *s, int n_threads,
                      struct ridge_conv_tiled_plan *p)
{
    *p = (struct ridge_conv_tiled_plan){.shape = s, .variant = variant_for(t, s)};
    p->out = ridge_conv_out_size(s);
    p->out_h = p->variant->tile - s->kh + 1;
    p->out_w = p->variant->tile - s->kw + 1;
    p->tiles_h = ridge_kernels_size_ceil_div(p->out.oh, p->out_h);
    p->tiles_w = ridge_kernels_size_ceil_div(p->out.ow, p->out_w);
    p->n_tiles = s->batch * p->tiles_h * p->tiles_w;
    p->x = ridge_conv_strides_of(s, s->ic, s->ih, s->iw);
    p->y = ridge_conv_strides_of(s, s->oc, p->out.oh, p->out.ow);
    p->k = p->variant->n_parts * s->ic;
    p->n = p->variant->n_parts * s->oc;
    p->ld_v = padded(p->k);
    p->ld_m = padded(p->n);
    p->n_block = block_of(p);
    p->v_point = p->n_block * p->ld_v + ROW_PAD;
    p->m_point = p->n_block * p->ld_m + ROW_PAD;
    p->u_point = p->k * p->n;
    plan_products(t, p, n_threads);
}

/* ---- hooks ---- */

static bool is_too_big(const struct ridge_conv_tiled *t, const struct ridge_conv_shape *s)
{
    const struct ridge_conv_tiled_variant *v = variant_for(t, s);
    const double parts = v->n_parts;
    const double rows = fmax(parts * (double)s->ic, MAX_BLOCK), columns = parts * (double)s->oc + 64;
    return (double)v->n_points * rows * (columns + parts * (double)s->ic) * 64 > 0x1p60;
}

bool ridge_conv_tiled_supports(const struct ridge_conv_tiled *t, const struct ridge_conv_shape *s,
                               char *reason, size_t n_reason)
{
    const int any = RIDGE_CONV_IN_NCHW | RIDGE_CONV_IN_NHWC | RIDGE_CONV_IN_NCHW16C;
    const char *name = ridge_conv_algorithm_names[t->algorithm];
    if (!ridge_conv_asks_for(s, t->algorithm, any, t->isa, reason, n_reason))
        return false;
    if (s->stride_h != 1 || s->stride_w != 1 || s->dilation != 1 || s->groups != 1) {
        (void)snprintf(reason, n_reason, "%s needs stride 1, dilation 1 and one group", name);
        return false;
    }
    const int64_t least = s->kh < s->kw ? s->kh : s->kw, most = s->kh > s->kw ? s->kh : s->kw;
    if (least < t->min_kernel || most > t->max_kernel) {
        (void)snprintf(reason, n_reason, "%s takes filters of %d to %d rows and columns, not %lldx%lld", name,
                       t->min_kernel, t->max_kernel, (long long)s->kh, (long long)s->kw);
        return false;
    }
    if (is_too_big(t, s)) {
        (void)snprintf(reason, n_reason, "%s: the transformed filters do not fit a 64-bit address space", name);
        return false;
    }
    return true;
}

size_t ridge_conv_tiled_packed_bytes(const struct ridge_conv_tiled *t, const struct ridge_conv_shape *s)
{
    struct ridge_conv_tiled_plan p;
    plan_make(t, s, 1, &p);
    return (size_t)p.variant->n_points * ridge_sgemm_packed_b_bytes(ridge_sgemm_engine(t->isa), p.n, p.k);
}

size_t ridge_conv_tiled_scratch_bytes(const struct ridge_conv_tiled *t, const struct ridge_conv_shape *s,
                                      int n_threads)
{
    struct ridge_conv_tiled_plan p;
    plan_make(t, s, n_threads, &p);
    return p.n_tiles == 0 ? 0 : p.u_bytes + (size_t)p.n_slots * p.slot_bytes + ALIGN;
}

double ridge_conv_tiled_executed_flop(const struct ridge_conv_tiled *t, const struct ridge_conv_shape *s)
{
    const struct ridge_conv_tiled_variant *v = variant_for(t, s);
    const double tiles = (double)tiles_of(s, v), ic = (double)s->ic, oc = (double)s->oc;
    const double depth = v->n_parts * ic, width = v->n_parts * oc;
    const double filters = s->weights == RIDGE_CONV_PREPACKED ? 0 : ic * oc * v->weight_flop;
    return 2 * tiles * v->n_points * depth * width + tiles * (ic * v->input_flop + oc * v->output_flop) +
           filters;
}

enum ridge_status ridge_conv_tiled_pack(const struct ridge_conv_tiled *t, const struct ridge_kernel_args *args,
                                        struct ridge_error *err)
{
    const struct ridge_sgemm_engine *engine = ridge_sgemm_engine(t->isa);
    struct ridge_conv_tiled_plan p;
    plan_make(t, args->shape, 1, &p);
    const size_t n_floats = (size_t)p.variant->n_points * (size_t)p.u_point;
    if (n_floats == 0)
        return RIDGE_OK;
    float *u = malloc(n_floats * sizeof *u);
    if (u == NULL)
        return ridge_fail(err, RIDGE_ERR_NOMEM, "conv", "no memory for %zu transformed filter values", n_floats);
    for (int64_t i = 0; i < p.shape->ic; i++)
        p.variant->weights(&p, args->in[RIDGE_CONV_W].data, i, u);
    const size_t point_bytes = ridge_sgemm_packed_b_bytes(engine, p.n, p.k);
    for (int64_t i = 0; i < p.variant->n_points; i++)
        ridge_sgemm_pack_b(engine, p.n, p.k, u + i * p.u_point, p.n, false,
                           (char *)args->packed + (size_t)i * point_bytes);
    free(u);
    return RIDGE_OK;
}

/* ---- run ---- */

struct job {
    const struct ridge_conv_tiled_plan *plan;
    const struct ridge_sgemm_engine *engine;
    const struct ridge_kernel_args *args;
    float *u; /* filters as given, transformed; NULL: packed before */
    char *slots;
    int64_t first, n; /* tiles of the present block */
};

enum { TILES_A_TASK = 4 };

static float *v_of(const struct job *job, int slot)
{
    return (float *)(void *)(job->slots + (size_t)slot * job->plan->slot_bytes);
}

static float *m_of(const struct job *job, int slot)
{
    return v_of(job, slot) + job->plan->variant->n_points * job->plan->v_point;
}

static void multiply(const struct job *job, int slot, const struct ridge_host *host)
{
    const struct ridge_conv_tiled_plan *p = job->plan;
    struct ridge_sgemm product = p->product;
    product.m = job->n;
    product.a = v_of(job, slot);
    product.c = m_of(job, slot);
    product.b = job->u;
    product.packed_b = job->u == NULL ? job->args->packed : NULL;
    const size_t used = ridge_kernels_size_round_up(
        4 * (size_t)p->variant->n_points * (size_t)(p->v_point + p->m_point), ALIGN);
    ridge_sgemm_batch_run(job->engine, &product, &p->batch, host,
                          job->slots + (size_t)slot * p->slot_bytes + used);
}

static void transform_input(const struct job *job, int slot, int64_t i)
{
    job->plan->variant->input(job->plan, job->args->in[RIDGE_CONV_X].data, job->first + i,
                              v_of(job, slot) + i * job->plan->ld_v);
}

static void transform_output(const struct job *job, int slot, int64_t i)
{
    job->plan->variant->output(job->plan, job->args, job->first + i, m_of(job, slot) + i * job->plan->ld_m);
}

static void run_block(void *ctx, size_t i_task, int i_thread)
{
    struct job job = *(const struct job *)ctx;
    job.first = (int64_t)i_task * job.plan->n_block;
    if (job.n > job.plan->n_tiles - job.first)
        job.n = job.plan->n_tiles - job.first;
    for (int64_t i = 0; i < job.n; i++)
        transform_input(&job, i_thread, i);
    multiply(&job, i_thread, NULL);
    for (int64_t i = 0; i < job.n; i++)
        transform_output(&job, i_thread, i);
}

static void input_task(void *ctx, size_t i_task, int i_thread)
{
    const struct job *job = ctx;
    (void)i_thread;
    for (int64_t i = (int64_t)i_task * TILES_A_TASK; i < job->n && i < ((int64_t)i_task + 1) * TILES_A_TASK; i++)
        transform_input(job, 0, i);
}

static void output_task(void *ctx, size_t i_task, int i_thread)
{
    const struct job *job = ctx;
    (void)i_thread;
    for (int64_t i = (int64_t)i_task * TILES_A_TASK; i < job->n && i < ((int64_t)i_task + 1) * TILES_A_TASK; i++)
        transform_output(job, 0, i);
}

static void weights_task(void *ctx, size_t i_task, int i_thread)
{
    const struct job *job = ctx;
    (void)i_thread;
    job->plan->variant->weights(job->plan, job->args->in[RIDGE_CONV_W].data, (int64_t)i_task, job->u);
}

enum ridge_status ridge_conv_tiled_run(const struct ridge_conv_tiled *t, const struct ridge_kernel_args *args)
{
    const struct ridge_host *host = args->host;
    const int n_threads = host != NULL && host->parallel_for != NULL ? host->n_threads : 1;
    struct ridge_conv_tiled_plan p;
    plan_make(t, args->shape, n_threads, &p);
    if (p.n_tiles == 0 || p.shape->oc == 0)
        return RIDGE_OK;
    struct job job = {.plan = &p, .engine = ridge_sgemm_engine(t->isa), .args = args, .n = p.n_block};
    char *scratch = (char *)ridge_kernels_size_round_up((size_t)(uintptr_t)args->scratch, ALIGN);
    job.slots = scratch + p.u_bytes;
    if (p.shape->weights != RIDGE_CONV_PREPACKED) {
        job.u = (float *)(void *)scratch;
        ridge_split_tasks(host, p.shape->ic, weights_task, &job);
    }
    const int64_t n_blocks = ridge_kernels_size_ceil_div(p.n_tiles, p.n_block);
    if (p.is_by_block) {
        ridge_split_tasks(host, n_blocks, run_block, &job);
        return RIDGE_OK;
    }
    for (; job.first < p.n_tiles; job.first += job.n) {
        if (job.n > p.n_tiles - job.first)
            job.n = p.n_tiles - job.first;
        const int64_t n_tasks = ridge_kernels_size_ceil_div(job.n, TILES_A_TASK);
        ridge_split_tasks(host, n_tasks, input_task, &job);
        multiply(&job, 0, host);
        ridge_split_tasks(host, n_tasks, output_task, &job);
    }
    return RIDGE_OK;
}
