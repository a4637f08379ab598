/* Walks a plan. See driver.h. */
#include "gemm/driver.h"
#include "common/size.h"
#include <string.h>

struct job {
    const struct ridge_gemm_micro_set *set;
    struct ridge_gemm_plan plan;
    int64_t m, n, k;
    const float *a, *b, *packed; /* packed: prepacked weights, or NULL */
    float *c;
    char *scratch;
};

/* One task's part of C, with its scratch. */
struct region {
    int64_t i_begin, i_end, j_begin, j_end;
    float *a_block, *b_panels;
};

/* One block of A against one panel of B. */
struct block {
    int64_t p0, k, i0, m;
    bool is_first_rows;
};

static int64_t min_i64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Rows of a block are dealt evenly: 16 rows are 8 + 8, not 14 + 2. */
static int64_t tile_begin(int64_t m, int64_t n_tiles, int64_t i_tile)
{
    return m / n_tiles * i_tile + min_i64(i_tile, m % n_tiles);
}

static void pack_tile_scalar(const float *a, int64_t lda, int64_t rows, int64_t k, float *packed)
{
    for (int64_t p = 0; p < k; p++)
        for (int64_t i = 0; i < rows; i++)
            packed[p * rows + i] = a[i * lda + p];
}

#ifdef RIDGE_KERNELS_X86
#include <xmmintrin.h>

/* 4 x 4 transposes; SSE is there on every x86-64. */
static void pack_tile(const float *a, int64_t lda, int64_t rows, int64_t k, float *packed)
{
    const int64_t rows4 = rows / 4 * 4, k4 = k / 4 * 4;
    for (int64_t p = 0; p < k4; p += 4) {
        for (int64_t i = 0; i < rows4; i += 4) {
            const float *from = a + i * lda + p;
            __m128 r0 = _mm_loadu_ps(from), r1 = _mm_loadu_ps(from + lda);
            __m128 r2 = _mm_loadu_ps(from + 2 * lda), r3 = _mm_loadu_ps(from + 3 * lda);
            _MM_TRANSPOSE4_PS(r0, r1, r2, r3);
            float *to = packed + p * rows + i;
            _mm_storeu_ps(to, r0);
            _mm_storeu_ps(to + rows, r1);
            _mm_storeu_ps(to + 2 * rows, r2);
            _mm_storeu_ps(to + 3 * rows, r3);
        }
        for (int64_t i = rows4; i < rows; i++)
            for (int64_t q = p; q < p + 4; q++)
                packed[q * rows + i] = a[i * lda + q];
    }
    pack_tile_scalar(a + k4, lda, rows, k - k4, packed + k4 * rows);
}
#else
#define pack_tile pack_tile_scalar
#endif

static void pack_a_block(const struct job *job, const struct block *block, float *packed)
{
    const int64_t n_tiles = ridge_kernels_size_ceil_div(block->m, job->plan.max_rows);
    for (int64_t t = 0; t < n_tiles; t++) {
        const int64_t begin = tile_begin(block->m, n_tiles, t);
        const int64_t rows = tile_begin(block->m, n_tiles, t + 1) - begin;
        pack_tile(job->a + (block->i0 + begin) * job->k + block->p0, job->k, rows, block->k,
                  packed + begin * block->k);
    }
}

static int log2_vectors(int64_t n_columns, int vector)
{
    return n_columns > vector ? 1 : 0;
}

enum { LINE_FLOATS = 16 };

/* How one panel of B meets its block of A. */
struct panel_run {
    struct ridge_gemm_tile tile; /* what all its tiles share */
    int width;                   /* log2 of vectors */
    int64_t n_tiles;
    bool is_storing;  /* the first tile packs the panel on its way */
    bool is_in_place; /* B is read where it lies */
};

static struct panel_run panel_run_of(const struct job *job, const struct region *region,
                                     const struct block *block, int64_t j0)
{
    const struct ridge_gemm_plan *plan = &job->plan;
    const int64_t n_columns = min_i64(plan->panel, region->j_end - j0);
    struct panel_run r = {.width = log2_vectors(n_columns, job->set->vector),
                          .n_tiles = ridge_kernels_size_ceil_div(block->m, plan->max_rows)};
    const bool is_to_pack = job->packed == NULL && (!plan->is_keeping_b || block->is_first_rows);
    r.is_in_place = is_to_pack && !plan->is_keeping_b && r.n_tiles == 1;
    r.is_storing = is_to_pack && !r.is_in_place;
    const int64_t ld_panel = (int64_t)job->set->vector << r.width;
    float *panel = NULL;
    if (job->packed == NULL)
        panel = region->b_panels + (plan->is_keeping_b ? j0 - region->j_begin : 0) * block->k;
    r.tile = (struct ridge_gemm_tile){
        .k = block->k,
        .lda = job->k,
        .b = panel,
        .ldb = ld_panel,
        .ldc = job->n,
        .n_columns = n_columns,
        .is_accumulating = block->p0 > 0,
        .b_store = panel,
    };
    if (job->packed != NULL)
        r.tile.b = job->packed + j0 * job->k + block->p0 * ld_panel;
    return r;
}

static void run_panel(const struct job *job, const struct region *region, const struct block *block,
                      int64_t j0)
{
    const struct ridge_gemm_plan *plan = &job->plan;
    const struct panel_run r = panel_run_of(job, region, block, j0);
    const float *source = job->b + block->p0 * job->n + j0;
    const bool is_prefetching = r.is_storing && j0 + plan->panel < region->j_end;
    for (int64_t t = 0; t < r.n_tiles; t++) {
        const int64_t begin = tile_begin(block->m, r.n_tiles, t);
        const int64_t rows = tile_begin(block->m, r.n_tiles, t + 1) - begin;
        struct ridge_gemm_tile tile = r.tile;
        int mode = plan->is_packing_a ? RIDGE_GEMM_A_PACKED : 0;
        if (r.is_in_place || (r.is_storing && t == 0)) {
            tile.b = source;
            tile.ldb = job->n;
            mode |= r.is_storing ? RIDGE_GEMM_B_STORE : 0;
        }
        tile.a = plan->is_packing_a ? region->a_block + begin * block->k
                                    : job->a + (block->i0 + begin) * job->k + block->p0;
        tile.c = job->c + (block->i0 + begin) * job->n + j0;
        tile.prefetch = (const char *)tile.b;
        if (is_prefetching && (t == 1 || t == 2)) {
            tile.prefetch = (const char *)(source + plan->panel + (t - 1) * LINE_FLOATS);
            tile.prefetch_step_bytes = job->n * (int64_t)sizeof(float);
        }
        job->set->tile[mode][rows][r.width](&tile);
    }
}

static void run_panels(const struct job *job, const struct region *region)
{
    const struct ridge_gemm_plan *plan = &job->plan;
    for (int64_t p0 = 0; p0 < job->k; p0 += plan->kc) {
        for (int64_t i0 = region->i_begin; i0 < region->i_end; i0 += plan->mc) {
            const struct block block = {.p0 = p0,
                                        .k = min_i64(plan->kc, job->k - p0),
                                        .i0 = i0,
                                        .m = min_i64(plan->mc, region->i_end - i0),
                                        .is_first_rows = i0 == region->i_begin};
            if (plan->is_packing_a)
                pack_a_block(job, &block, region->a_block);
            for (int64_t j0 = region->j_begin; j0 < region->j_end; j0 += plan->panel)
                run_panel(job, region, &block, j0);
        }
    }
}

/* The widest tile that does not exceed the columns left; at the end one with a mask. */
static int skinny_width(const struct ridge_gemm_micro_set *set, int64_t rows, int64_t n_columns)
{
    for (int width = RIDGE_GEMM_N_WIDTHS - 1; width > 0; width--)
        if (set->tile[0][rows][width] != NULL && ((int64_t)set->vector << width) <= n_columns)
            return width;
    return n_columns > set->vector && set->tile[0][rows][1] != NULL ? 1 : 0;
}

/* kc rows of B along `n` columns, for all rows of A. */
static void run_skinny_strip(const struct job *job, int64_t p0, int64_t j_begin, int64_t j_end)
{
    const int64_t n_tiles = ridge_kernels_size_ceil_div(job->m, job->plan.max_rows);
    const int64_t rows_max = ridge_kernels_size_ceil_div(job->m, n_tiles);
    int64_t width_columns;
    for (int64_t j = j_begin; j < j_end; j += width_columns) {
        const int width = skinny_width(job->set, rows_max, j_end - j);
        width_columns = (int64_t)job->set->vector << width;
        struct ridge_gemm_tile tile = {.k = min_i64(job->plan.kc, job->k - p0),
                                       .lda = job->k,
                                       .b = job->b + p0 * job->n + j,
                                       .ldb = job->n,
                                       .ldc = job->n,
                                       .n_columns = min_i64(width_columns, j_end - j),
                                       .is_accumulating = p0 > 0};
        for (int64_t t = 0; t < n_tiles; t++) {
            const int64_t begin = tile_begin(job->m, n_tiles, t);
            const int64_t rows = tile_begin(job->m, n_tiles, t + 1) - begin;
            tile.a = job->a + begin * job->k + p0;
            tile.c = job->c + begin * job->n + j;
            tile.prefetch = (const char *)(tile.b + width_columns);
            tile.prefetch_step_bytes = job->n * (int64_t)sizeof(float);
            job->set->tile[0][rows][width](&tile);
        }
    }
}

static void run_skinny(const struct job *job, const struct region *region)
{
    const struct ridge_gemm_plan *plan = &job->plan;
    for (int64_t j0 = region->j_begin; j0 < region->j_end; j0 += plan->nc)
        for (int64_t p0 = 0; p0 < job->k; p0 += plan->kc)
            run_skinny_strip(job, p0, j0, min_i64(j0 + plan->nc, region->j_end));
}

static void run_task(void *ctx, size_t i_task, int i_thread)
{
    const struct job *job = ctx;
    const struct ridge_gemm_plan *plan = &job->plan;
    const int64_t t = (int64_t)i_task, n_tasks = plan->n_tasks;
    (void)i_thread;
    struct region region = {.i_end = job->m, .j_end = job->n};
    if (plan->is_splitting_m) {
        region.i_begin = tile_begin(job->m, n_tasks, t);
        region.i_end = tile_begin(job->m, n_tasks, t + 1);
    } else {
        const int64_t n_panels = ridge_kernels_size_ceil_div(job->n, plan->panel);
        region.j_begin = tile_begin(n_panels, n_tasks, t) * plan->panel;
        region.j_end = min_i64(tile_begin(n_panels, n_tasks, t + 1) * plan->panel, job->n);
    }
    char *scratch = job->scratch + i_task * plan->task_bytes;
    region.a_block = (float *)(void *)scratch;
    region.b_panels = (float *)(void *)(scratch + plan->a_bytes);
    if (plan->is_skinny)
        run_skinny(job, &region);
    else
        run_panels(job, &region);
}

size_t ridge_gemm_driver_packed_bytes(const struct ridge_gemm_micro_set *set,
                                      const struct ridge_gemm_shape *s)
{
    const size_t columns = ridge_kernels_size_round_up((size_t)s->n, (size_t)set->vector);
    return sizeof(float) * columns * (size_t)s->k;
}

/* Panels of 2 vectors, the last may have 1; element (p, j) of a panel at p * width + j. */
void ridge_gemm_driver_pack(const struct ridge_gemm_micro_set *set,
                            const struct ridge_gemm_shape *s, const float *b, float *packed)
{
    const int64_t panel = 2 * set->vector;
    for (int64_t j0 = 0; j0 < s->n; j0 += panel) {
        const int64_t n_columns = min_i64(panel, s->n - j0);
        const int64_t width = (int64_t)set->vector << log2_vectors(n_columns, set->vector);
        float *to = packed + j0 * s->k;
        for (int64_t p = 0; p < s->k; p++, to += width) {
            memcpy(to, b + p * s->n + j0, sizeof(float) * (size_t)n_columns);
            memset(to + n_columns, 0, sizeof(float) * (size_t)(width - n_columns));
        }
    }
}

size_t ridge_gemm_driver_scratch_bytes(const struct ridge_gemm_micro_set *set,
                                       const struct ridge_gemm_shape *shape, int n_threads)
{
    struct ridge_gemm_plan plan;
    ridge_gemm_plan_make(shape, set, n_threads, &plan);
    return plan.n_tasks == 0 ? 0 : (size_t)plan.n_tasks * plan.task_bytes + 64;
}

enum ridge_status ridge_gemm_driver_run(const struct ridge_gemm_micro_set *set,
                                        const struct ridge_kernel_args *args)
{
    const struct ridge_gemm_shape *s = args->shape;
    const struct ridge_host *host = args->host;
    const bool has_pool = host != NULL && host->parallel_for != NULL;
    struct job job = {.set = set, .m = s->m, .n = s->n, .k = s->k};
    job.c = args->out[0].data;
    if (s->m > 0 && s->n > 0 && s->k == 0)
        memset(job.c, 0, sizeof(float) * (size_t)s->m * (size_t)s->n);
    ridge_gemm_plan_make(s, set, has_pool ? host->n_threads : 1, &job.plan);
    if (job.plan.n_tasks == 0)
        return RIDGE_OK;
    job.a = args->in[0].data;
    job.b = args->in[1].data;
    job.packed = s->weights == RIDGE_GEMM_PREPACKED ? args->packed : NULL;
    job.scratch = args->scratch;
    if (job.scratch != NULL) /* the caller's alignment is not known */
        job.scratch += -(uintptr_t)job.scratch % 64;
    if (job.plan.n_tasks > 1)
        host->parallel_for(host->self, (size_t)job.plan.n_tasks, run_task, &job);
    else
        run_task(&job, 0, 0);
    return RIDGE_OK;
}
