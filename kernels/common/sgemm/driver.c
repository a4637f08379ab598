/* Walks a plan. See engine.h. */
#include "common/sgemm/engine.h"
#include "common/size.h"
#include <string.h>

struct job {
    const struct ridge_sgemm_micro_set *set;
    struct ridge_sgemm_plan plan;
    struct ridge_sgemm p;
    char *scratch;
};

/* One task's part of C, with its scratch. */
struct region {
    int64_t i_begin, i_end, j_begin, j_end;
    float *a_block, *b_panels;
};

/* One block of A against a run of panels of B. */
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

/* What has to follow the sums of k steps from p0 on, the same for all tiles. */
static void set_post(const struct job *job, int64_t p0, int64_t k, struct ridge_sgemm_tile *tile)
{
    const struct ridge_sgemm *p = &job->p;
    const struct ridge_epilogue *e = &p->epilogue;
    const bool is_first = p0 == 0, is_last = p0 + k == p->k;
    const bool has_epilogue = is_last && (e->bias != NULL || e->residual != NULL || e->act != RIDGE_ACT_NONE);
    tile->is_accumulating = !is_first || (p->beta == 1 && p->c0 == NULL);
    tile->has_post = p->alpha != 1 || has_epilogue || (!tile->is_accumulating && p->beta != 0);
    if (!tile->has_post)
        return;
    tile->post = (struct ridge_sgemm_post){.alpha = p->alpha, .c_scale = is_first ? p->beta : 1,
                                           .act = is_last ? e->act : RIDGE_ACT_NONE,
                                           .is_bias_per_row = e->is_bias_per_row != 0};
}

/* Where at row i, column j of C the post finds its arrays. */
static void place_post(const struct job *job, int64_t p0, int64_t k, int64_t i, int64_t j,
                       struct ridge_sgemm_tile *tile)
{
    if (!tile->has_post)
        return;
    const struct ridge_sgemm *p = &job->p;
    const struct ridge_epilogue *e = &p->epilogue;
    struct ridge_sgemm_post *post = &tile->post;
    const bool is_last = p0 + k == p->k, is_c0 = p0 == 0 && p->c0 != NULL;
    post->c_from = post->c_scale == 0 ? NULL : is_c0 ? p->c0 + i * p->ldc0 + j : tile->c;
    post->c_from_ld = is_c0 ? p->ldc0 : p->ldc;
    post->bias = is_last && e->bias != NULL ? e->bias + (post->is_bias_per_row ? i : j) : NULL;
    post->residual = is_last && e->residual != NULL ? e->residual + i * e->residual_ld + j : NULL;
    post->residual_ld = e->residual_ld;
}

/* op(A)[i .. i + rows) x [p0 .. p0 + k) as to[p * rows + i]. */
static void pack_a_tile(const struct job *job, int64_t i, int64_t rows, int64_t p0, int64_t k, float *to)
{
    const struct ridge_sgemm *p = &job->p;
    if (p->gather != NULL)
        p->gather(p->gather_ctx, i, rows, p0, k, to);
    else if (!p->is_a_transposed)
        job->set->transpose(p->a + i * p->lda + p0, p->lda, rows, k, to, rows);
    else
        for (int64_t q = 0; q < k; q++)
            memcpy(to + q * rows, p->a + (p0 + q) * p->lda + i, sizeof(float) * (size_t)rows);
}

static void pack_a_block(const struct job *job, const struct block *block, float *packed)
{
    const int64_t n_tiles = ridge_kernels_size_ceil_div(block->m, job->plan.max_rows);
    for (int64_t t = 0; t < n_tiles; t++) {
        const int64_t begin = tile_begin(block->m, n_tiles, t);
        const int64_t rows = tile_begin(block->m, n_tiles, t + 1) - begin;
        pack_a_tile(job, block->i0 + begin, rows, block->p0, block->k, packed + begin * block->k);
    }
}

static int64_t panel_floats(const struct job *job, int64_t n_columns)
{
    if (job->plan.n_pair_vectors > 0)
        return job->plan.panel;
    return (int64_t)job->set->vector << ridge_sgemm_panel_width(n_columns, job->set->vector);
}

/* Where rows of B lie far apart, what was fetched of a panel shares few sets of L2 and is gone before its use:
 * then tiles copy the next panel. Fewer tiles would copy too much each. */
enum { MIN_TILES_TO_COPY = 4, MIN_ROW_BYTES_TO_COPY = 7 * 1024 };
enum { ALONG_RUN = 2048 }; /* floats: two pages */

/* One panel of B meets its block of A. */
struct panel_run {
    struct ridge_sgemm_column column;
    int64_t j0, n_columns;
    int64_t i_panel; /* of the block */
    bool is_packed_ahead, is_storing; /* the first tile packs the panel on its way */
};

static bool is_packing_b(const struct job *job, const struct block *block)
{
    const struct ridge_sgemm_plan *plan = &job->plan;
    return job->p.packed_b == NULL && !plan->is_b_in_place && (!plan->is_keeping_b || block->is_first_rows);
}

/* Where a packed panel of the block is, or goes. Panels that are forgotten take turns in two places. */
static float *panel_at(const struct job *job, const struct region *region, const struct block *block, int64_t i_panel)
{
    const int64_t i_place = job->plan.is_keeping_b ? i_panel : i_panel % 2;
    return region->b_panels + i_place * job->plan.panel * block->k;
}

static void set_b(const struct job *job, const struct region *region, const struct block *block, struct panel_run *r)
{
    const struct ridge_sgemm *p = &job->p;
    const int64_t j0 = r->j0, width = panel_floats(job, r->n_columns);
    struct ridge_sgemm_tile *tile = &r->column.tile;
    tile->n_columns = r->n_columns;
    tile->ldb = width;
    if (p->packed_b != NULL) {
        tile->b = (const float *)p->packed_b + j0 * p->k + block->p0 * width;
    } else if (job->plan.is_b_in_place) {
        tile->b = p->b + block->p0 * p->ldb + j0;
        tile->ldb = p->ldb;
    } else {
        float *panel = panel_at(job, region, block, r->i_panel);
        const bool is_to_pack = is_packing_b(job, block) && !r->is_packed_ahead;
        tile->b = tile->b_store = panel;
        r->is_storing = is_to_pack && !p->is_b_transposed;
        if (r->is_storing) {
            tile->b = p->b + block->p0 * p->ldb + j0;
            tile->ldb = p->ldb;
        } else if (is_to_pack) {
            ridge_sgemm_pack_panel(job->set, p->b + j0 * p->ldb + block->p0, p->ldb, true,
                                   job->plan.n_pair_vectors > 0, block->k, r->n_columns, width, panel);
        }
    }
}

/* What the tiles of this prepacked panel fetch: of the panel after it a row with every body. Few tiles leave rows
 * out; the hardware fetches them, as it does along any run, faster than a request a line could be. One tile only
 * leads it on. */
static struct ridge_sgemm_ahead next_prepacked(const struct job *job, const struct region *region,
                                               const struct block *block, const struct panel_run *r)
{
    const struct ridge_sgemm *p = &job->p;
    const int64_t n_bodies = block->k / RIDGE_SGEMM_BODY * r->column.n_tiles;
    int64_t j = r->j0 + job->plan.panel, p0 = block->p0;
    if (j >= region->j_end) {
        j = region->j_begin;
        p0 += block->i0 + block->m == region->i_end ? block->k : 0;
    }
    const int64_t n_rows = min_i64(job->plan.kc, p->k - p0);
    struct ridge_sgemm_ahead ahead = {.rows_per_body = 1};
    if (n_bodies == 0 || n_rows <= 0)
        return ahead;
    const int64_t step = ridge_kernels_size_ceil_div(n_rows, n_bodies);
    const int64_t width = panel_floats(job, min_i64(job->plan.panel, region->j_end - j));
    const float *next = (const float *)p->packed_b + j * p->k + p0 * width;
    ahead.from = r->column.n_tiles == 1 ? r->column.tile.b + ALONG_RUN : next;
    ahead.ld = step * width;
    ahead.n_rows = n_rows / step;
    return ahead;
}

/* What the tiles of this panel do for the next one: pack it, or fetch it. */
static struct ridge_sgemm_ahead next_panel(const struct job *job, const struct region *region,
                                           const struct block *block, const struct panel_run *r)
{
    const struct ridge_sgemm *p = &job->p;
    const int64_t next = r->j0 + job->plan.panel, n_columns = min_i64(job->plan.panel, region->j_end - next);
    struct ridge_sgemm_ahead ahead = {.ld = panel_floats(job, n_columns)};
    const int64_t n_tiles = r->column.n_tiles, n_bodies = block->k / RIDGE_SGEMM_BODY * (n_tiles - r->is_storing);
    if (n_columns <= 0 || n_bodies == 0)
        return ahead;
    const bool is_packing = is_packing_b(job, block);
    if (is_packing && (p->is_b_transposed || n_columns < job->plan.panel))
        return ahead;
    if (is_packing || job->plan.is_b_in_place) {
        ahead.from = p->b + block->p0 * p->ldb + next;
        ahead.ld = p->ldb;
    } else {
        ahead.from = panel_at(job, region, block, r->i_panel + 1);
    }
    if (is_packing && n_tiles >= MIN_TILES_TO_COPY && p->ldb * (int64_t)sizeof(float) >= MIN_ROW_BYTES_TO_COPY)
        ahead.to = panel_at(job, region, block, r->i_panel + 1);
    ahead.n_rows = block->k;
    ahead.rows_per_body = ridge_kernels_size_ceil_div(block->k, n_bodies);
    return ahead;
}

static void run_panel(const struct job *job, const struct region *region, const struct block *block,
                      struct panel_run *r)
{
    const struct ridge_sgemm_plan *plan = &job->plan;
    const struct ridge_sgemm *p = &job->p;
    struct ridge_sgemm_column *column = &r->column;
    r->n_columns = min_i64(plan->panel, region->j_end - r->j0);
    set_b(job, region, block, r);
    const struct ridge_sgemm_ahead ahead =
        p->packed_b != NULL ? next_prepacked(job, region, block, r) : next_panel(job, region, block, r);
    column->m = block->m;
    column->is_fetching_a = plan->is_fetching_a;
    column->a_step = plan->is_packing_a ? block->k : p->lda;
    column->mode = (plan->is_packing_a ? RIDGE_SGEMM_A_COLUMNS : 0) | (r->is_storing ? RIDGE_SGEMM_B_STORE : 0);
    column->width = plan->n_pair_vectors > 0 ? RIDGE_SGEMM_PAIRS + plan->n_pair_vectors
                                             : ridge_sgemm_panel_width(r->n_columns, job->set->vector);
    column->tile.ahead = ahead;
    column->tile.a = plan->is_packing_a ? region->a_block : p->a + block->i0 * p->lda + block->p0;
    column->tile.c = p->c + block->i0 * p->ldc + r->j0;
    place_post(job, block->p0, block->k, block->i0, r->j0, &column->tile);
    job->set->run(job->set, column);
    r->is_packed_ahead = ahead.to != NULL;
}

static void run_blocks(const struct job *job, const struct region *region, int64_t j_begin, int64_t j_end)
{
    const struct ridge_sgemm_plan *plan = &job->plan;
    for (int64_t p0 = 0; p0 < job->p.k; p0 += plan->kc) {
        for (int64_t i0 = region->i_begin; i0 < region->i_end; i0 += plan->mc) {
            const struct block block = {.p0 = p0,
                                        .k = min_i64(plan->kc, job->p.k - p0),
                                        .i0 = i0,
                                        .m = min_i64(plan->mc, region->i_end - i0),
                                        .is_first_rows = i0 == region->i_begin};
            if (plan->is_packing_a)
                pack_a_block(job, &block, region->a_block);
            struct panel_run r = {.column = {.tile = {.k = block.k, .lda = job->p.lda, .ldc = job->p.ldc},
                                             .n_tiles = ridge_kernels_size_ceil_div(block.m, plan->max_rows)}};
            set_post(job, p0, block.k, &r.column.tile);
            for (r.j0 = j_begin; r.j0 < j_end; r.j0 += plan->panel, r.i_panel++)
                run_panel(job, region, &block, &r);
        }
    }
}

/* The widest tile that does not exceed the columns left; at the end one with a mask. */
static int skinny_width(const struct ridge_sgemm_micro_set *set, int64_t rows, int64_t n_columns)
{
    for (int width = RIDGE_SGEMM_N_PLAIN_WIDTHS - 1; width > 0; width--)
        if (set->tile[0][rows][width] != NULL && ((int64_t)set->vector << width) <= n_columns)
            return width;
    return n_columns > set->vector && set->tile[0][rows][1] != NULL ? 1 : 0;
}

/* kc rows of B along `n` columns, for all rows of A. */
static void run_skinny_strip(const struct job *job, const float *a, int64_t lda, int64_t p0, int64_t j_begin,
                             int64_t j_end)
{
    const struct ridge_sgemm *p = &job->p;
    const int64_t n_tiles = ridge_kernels_size_ceil_div(p->m, job->plan.max_rows);
    const int64_t rows_max = ridge_kernels_size_ceil_div(p->m, n_tiles);
    struct ridge_sgemm_column column = {
        .m = p->m, .n_tiles = n_tiles, .a_step = lda,
        .tile = {.k = min_i64(job->plan.kc, p->k - p0), .lda = lda, .ldb = p->ldb, .ldc = p->ldc,
                 .is_by_steps = true}}; /* how wide a tile is depends on the number of threads */
    struct ridge_sgemm_tile *tile = &column.tile;
    set_post(job, p0, tile->k, tile);
    for (int64_t j = j_begin; j < j_end; j += tile->n_columns) {
        column.width = skinny_width(job->set, rows_max, j_end - j);
        tile->n_columns = min_i64((int64_t)job->set->vector << column.width, j_end - j);
        tile->a = a + p0;
        tile->b = p->b + p0 * p->ldb + j;
        tile->c = p->c + j;
        place_post(job, p0, tile->k, 0, j, tile);
        job->set->run(job->set, &column);
    }
}

static void run_skinny(const struct job *job, const struct region *region)
{
    const struct ridge_sgemm_plan *plan = &job->plan;
    const struct ridge_sgemm *p = &job->p;
    const float *a = p->a;
    int64_t lda = p->lda;
    if (plan->is_packing_a) { /* a copy of op(A), row by row */
        for (int64_t i = 0; i < p->m; i++) {
            float *row = region->a_block + i * p->k;
            if (p->gather != NULL)
                p->gather(p->gather_ctx, i, 1, 0, p->k, row);
            for (int64_t q = 0; p->gather == NULL && q < p->k; q++)
                row[q] = p->a[q * p->lda + i];
        }
        a = region->a_block;
        lda = p->k;
    }
    for (int64_t j0 = region->j_begin; j0 < region->j_end; j0 += plan->nc)
        for (int64_t p0 = 0; p0 < p->k; p0 += plan->kc)
            run_skinny_strip(job, a, lda, p0, j0, min_i64(j0 + plan->nc, region->j_end));
}

static void run_task(void *ctx, size_t i_task, int i_thread)
{
    const struct job *job = ctx;
    const struct ridge_sgemm_plan *plan = &job->plan;
    const int64_t t = (int64_t)i_task, n_tasks = plan->n_tasks;
    (void)i_thread;
    struct region region = {.i_end = job->p.m, .j_end = job->p.n};
    if (n_tasks > 1 && plan->is_splitting_m) {
        region.i_begin = tile_begin(job->p.m, n_tasks, t);
        region.i_end = tile_begin(job->p.m, n_tasks, t + 1);
    } else if (n_tasks > 1) {
        const int64_t n_panels = ridge_kernels_size_ceil_div(job->p.n, plan->panel);
        region.j_begin = tile_begin(n_panels, n_tasks, t) * plan->panel;
        region.j_end = min_i64(tile_begin(n_panels, n_tasks, t + 1) * plan->panel, job->p.n);
    }
    char *scratch = job->scratch + i_task * plan->task_bytes;
    region.a_block = (float *)(void *)scratch;
    region.b_panels = (float *)(void *)(scratch + plan->a_bytes);
    if (plan->is_skinny)
        run_skinny(job, &region);
    for (int64_t j0 = region.j_begin; !plan->is_skinny && j0 < region.j_end; j0 += plan->nc)
        run_blocks(job, &region, j0, min_i64(j0 + plan->nc, region.j_end));
}

void ridge_sgemm_driver_run(const struct ridge_sgemm_micro_set *set, const struct ridge_sgemm *problem,
                            const struct ridge_host *host, void *scratch)
{
    const bool has_pool = host != NULL && host->parallel_for != NULL;
    struct job job = {.set = set, .p = *problem, .scratch = scratch};
    ridge_sgemm_plan_make(problem, set, has_pool ? host->n_threads : 1, &job.plan);
    if (job.scratch != NULL) /* the caller's alignment is not known */
        job.scratch += -(uintptr_t)job.scratch % 64;
    if (job.plan.n_tasks > 1)
        host->parallel_for(host->self, (size_t)job.plan.n_tasks, run_task, &job);
    else
        run_task(&job, 0, 0);
}
