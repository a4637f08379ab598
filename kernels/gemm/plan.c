/* How a problem is cut. The sizes were tuned on an L1D of 48 KiB and an L2 of 2 MiB and keep a
 * margin for 32 KiB and 1 MiB. */
#include "common/size.h"
#include "gemm/driver.h"

enum {
    MAX_KC = 384,             /* panel of 32 columns: 48 KiB; long enough to hide the C update */
    MAX_KC_ONE_TILE = 1024,   /* prepacked and few rows: C lives in registers */
    SKINNY_KC = 16,           /* streams of B in flight */
    SKINNY_C_BYTES = 32 * 1024,
    A_BLOCK_BYTES = 512 * 1024,
    B_KEEP_BYTES = 1536 * 1024,
    L1_WAY_BYTES = 4096,
    MAX_ALIASED_ROWS = 8,     /* of 8 (Zen 4) or 12 ways */
    MIN_N_TO_PACK_A = 512,
    SCRATCH_ALIGN = 64
};

static int64_t min_i64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t max_i64(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* Equal parts of at most `max`: no thin last part. */
static int64_t even_part(int64_t total, int64_t max)
{
    const int64_t n_parts = ridge_kernels_size_ceil_div(total, max);
    return n_parts == 0 ? 0 : ridge_kernels_size_ceil_div(total, n_parts);
}

static void plan_tasks(const struct ridge_gemm_shape *s, int n_threads,
                       struct ridge_gemm_plan *plan)
{
    const int64_t n_row_tiles = ridge_kernels_size_ceil_div(s->m, plan->max_rows);
    const int64_t n_panels = ridge_kernels_size_ceil_div(s->n, plan->panel);
    plan->is_splitting_m = !plan->is_skinny && n_row_tiles > n_panels;
    plan->n_tasks = min_i64(max_i64(n_threads, 1), plan->is_splitting_m ? n_row_tiles : n_panels);
    plan->n_tasks = max_i64(plan->n_tasks, 1);
}

static void plan_blocks(const struct ridge_gemm_shape *s, struct ridge_gemm_plan *plan)
{
    const int64_t m =
        plan->is_splitting_m ? ridge_kernels_size_ceil_div(s->m, plan->n_tasks) : s->m;
    const int64_t n_panels = ridge_kernels_size_ceil_div(s->n, plan->panel);
    const int64_t n =
        plan->panel *
        (plan->is_splitting_m ? n_panels : ridge_kernels_size_ceil_div(n_panels, plan->n_tasks));
    const bool is_one_tile = m <= plan->max_rows;
    plan->kc = even_part(s->k, is_one_tile ? MAX_KC_ONE_TILE : MAX_KC);
    const int64_t mc_max = max_i64(A_BLOCK_BYTES / (4 * plan->kc), plan->max_rows);
    plan->mc = even_part(m, mc_max / plan->max_rows * plan->max_rows);
    const bool is_given = s->weights == RIDGE_GEMM_GIVEN;
    plan->is_keeping_b = is_given && plan->kc * n * 4 <= B_KEEP_BYTES;
    plan->a_bytes = plan->is_packing_a ? (size_t)(4 * plan->mc * plan->kc) : 0;
    plan->a_bytes = ridge_kernels_size_round_up(plan->a_bytes, SCRATCH_ALIGN);
    plan->b_bytes = is_given ? (size_t)(4 * plan->kc * (plan->is_keeping_b ? n : plan->panel)) : 0;
}

void ridge_gemm_plan_make(const struct ridge_gemm_shape *s, const struct ridge_gemm_micro_set *set,
                          int n_threads, struct ridge_gemm_plan *plan)
{
    *plan = (struct ridge_gemm_plan){.max_rows = set->max_rows, .panel = 2 * set->vector};
    if (s->m == 0 || s->n == 0 || s->k == 0) {
        plan->n_tasks = 0;
        return;
    }
    plan->is_skinny = s->weights == RIDGE_GEMM_GIVEN && s->m <= set->skinny_max_rows;
    const bool is_aliased = s->k * 4 % L1_WAY_BYTES == 0 && s->m > MAX_ALIASED_ROWS;
    plan->is_packing_a = !plan->is_skinny && is_aliased && s->n >= MIN_N_TO_PACK_A;
    if (is_aliased && !plan->is_packing_a)
        plan->max_rows = (int)min_i64(plan->max_rows, MAX_ALIASED_ROWS);
    plan_tasks(s, n_threads, plan);
    if (plan->is_skinny) {
        plan->kc = min_i64(s->k, SKINNY_KC);
        plan->nc = max_i64(SKINNY_C_BYTES / 4 / s->m / 256 * 256, 256);
    } else {
        plan_blocks(s, plan);
    }
    plan->task_bytes =
        ridge_kernels_size_round_up(plan->a_bytes + plan->b_bytes + SCRATCH_ALIGN, SCRATCH_ALIGN);
}
