/* How a problem is cut. The sizes were tuned on an L1D of 48 KiB and an L2 of 2 MiB and keep a
 * margin for 32 KiB and 1 MiB. */
#include "common/sgemm/engine.h"
#include "common/size.h"

enum {
    MAX_KC = 384,             /* panel of 32 columns: 48 KiB; long enough to hide the C update */
    MAX_KC_ONE_TILE = 1024,   /* few rows: C lives in registers */
    MAX_KC_ONE_RUN = 4096,    /* ... and B, prepacked, is best read in one run; A still fits L2 */
    SKINNY_KC = 64,           /* rows of B that are read at a time, 4 vectors of each; ... */
    SKINNY_KC_STREAM = 32,    /* ... by few rows of A, where reading B is all that counts: along its rows if it is far, */
    SKINNY_KC_NEAR = 192,     /* more rows if it is near: of what exceeds L2 a little more stays there */
    SKINNY_C_BYTES = 1024 * 1024, /* stays in L2 between two visits */
    SKINNY_B_BYTES = 4096 * 1024, /* beyond L2, where fetching line by line is too slow */
    A_BLOCK_BYTES = 512 * 1024,
    SHORT_K = 96,             /* where C comes from beyond L2, most time goes into writing it: small blocks of A, whose */
    SHORT_K_TILES = 5,        /* panels fill whole rows of C one after the other */
    SHORT_K_C_BYTES = 2048 * 1024,
    MIN_N_OF_SHORT_K = 256,
    B_KEEP_BYTES = 8192 * 1024, /* in L3: packing again for each block of A costs more */
    B_IN_PLACE_BYTES = 36 * 1024, /* about L1: packing would not pay */
    L1_WAY_BYTES = 4096,
    MAX_ALIASED_ROWS = 8,     /* of 8 (Zen 4) or 12 ways */
    MIN_M_TO_PACK_A = 28,
    MAX_K_TO_FETCH_A = 160,
    MIN_A_BYTES_TO_FETCH = 128 * 1024,
    MIN_N_TO_PACK_ALIASED_A = 512, /* or as ISAs have it, where the rows of A do not fall on the same L1 sets */
    SCRATCH_ALIGN = 64
};

/* By the vectors of pairs: packing B in pairs must pay. Prepacked it is in pairs. */
static const int min_m_to_pair[RIDGE_SGEMM_MAX_PAIR_VECTORS] = {8, 48, 16};

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
    return total <= max ? total : ridge_kernels_size_ceil_div(total, ridge_kernels_size_ceil_div(total, max));
}

static void plan_tasks(const struct ridge_sgemm *p, int n_threads, struct ridge_sgemm_plan *plan)
{
    const int64_t n_row_tiles = ridge_kernels_size_ceil_div(p->m, plan->max_rows);
    const int64_t n_panels = ridge_kernels_size_ceil_div(p->n, plan->panel);
    plan->is_splitting_m = !plan->is_skinny && n_row_tiles > n_panels;
    plan->n_tasks = min_i64(max_i64(n_threads, 1), plan->is_splitting_m ? n_row_tiles : n_panels);
    plan->n_tasks = max_i64(plan->n_tasks, 1);
}

static int64_t max_block_rows(const struct ridge_sgemm *p, const struct ridge_sgemm_plan *plan)
{
    if (p->k <= SHORT_K && p->n >= MIN_N_OF_SHORT_K && p->m * p->n * 4 > SHORT_K_C_BYTES)
        return SHORT_K_TILES * plan->max_rows;
    return max_i64(A_BLOCK_BYTES / (4 * plan->kc) / plan->max_rows, 1) * plan->max_rows;
}

/* Columns of B that are kept packed, of what one task has. */
static int64_t max_columns(const struct ridge_sgemm *p, const struct ridge_sgemm_plan *plan)
{
    const int64_t n_panels = ridge_kernels_size_ceil_div(p->n, plan->panel);
    const int64_t n_own = plan->is_splitting_m ? n_panels : ridge_kernels_size_ceil_div(n_panels, plan->n_tasks);
    return even_part(n_own, max_i64(B_KEEP_BYTES / (4 * plan->kc * plan->panel), 1)) * plan->panel;
}

static void plan_blocks(const struct ridge_sgemm *p, const struct ridge_sgemm_micro_set *set,
                        struct ridge_sgemm_plan *plan)
{
    const int64_t m =
        plan->is_splitting_m ? ridge_kernels_size_ceil_div(p->m, plan->n_tasks) : p->m;
    /* How k is cut must not depend on the number of threads. */
    const bool is_one_tile = p->m <= plan->max_rows;
    const int64_t max_one_tile = p->packed_b != NULL ? MAX_KC_ONE_RUN : MAX_KC_ONE_TILE;
    plan->kc = even_part(p->k, is_one_tile ? max_one_tile : MAX_KC);
    if (plan->n_pair_vectors > 0)
        plan->kc += plan->kc % 2;
    plan->mc = even_part(m, max_block_rows(p, plan));
    const bool is_given = p->packed_b == NULL;
    plan->is_b_in_place = is_given && !p->is_b_transposed && plan->n_pair_vectors == 0 &&
                          (p->m <= 2 * plan->max_rows || p->k * p->n * 4 <= B_IN_PLACE_BYTES ||
                           plan->max_rows > set->max_rows);
    /* With one block of A every panel is used once: it is packed and forgotten. */
    plan->is_keeping_b = is_given && !plan->is_b_in_place && m > plan->mc;
    plan->nc = plan->is_keeping_b ? max_columns(p, plan) : p->n;
    plan->a_bytes = plan->is_packing_a ? (size_t)(4 * plan->mc * plan->kc) : 0;
    if (is_given && !plan->is_b_in_place)
        plan->b_bytes = (size_t)(4 * plan->kc * (plan->is_keeping_b ? plan->nc : 2 * plan->panel));
}

static bool is_b_far(const struct ridge_sgemm *p)
{
    return p->k * p->n * 4 > SKINNY_B_BYTES;
}

static void plan_skinny(const struct ridge_sgemm *p, const struct ridge_sgemm_micro_set *set,
                        struct ridge_sgemm_plan *plan)
{
    const int64_t stream_kc = is_b_far(p) ? SKINNY_KC_STREAM : SKINNY_KC_NEAR;
    plan->kc = min_i64(p->k, p->m <= set->stream_rows ? stream_kc : SKINNY_KC);
    plan->nc = max_i64(SKINNY_C_BYTES / 4 / p->m / 256 * 256, 256);
    plan->a_bytes = plan->is_packing_a ? sizeof(float) * (size_t)p->m * (size_t)p->k : 0;
}

/* Reading B is what counts: for a few rows always, for more where B comes from beyond L2. */
static bool is_skinny(const struct ridge_sgemm *p, const struct ridge_sgemm_micro_set *set, int64_t panel)
{
    return p->packed_b == NULL && !p->is_b_transposed && p->n > panel && /* few columns want tiles of many rows */
           p->m <= (is_b_far(p) ? set->skinny_max_rows : set->stream_rows);
}

/* Rows of A in place that do not push each other out: the power of 2 in their distance says how many L1 sets
 * they share. */
static int64_t max_rows_in_l1(const struct ridge_sgemm *p)
{
    const int64_t low_bit = 4 * (p->lda & -p->lda);
    return low_bit == 0 ? MAX_ALIASED_ROWS : MAX_ALIASED_ROWS * max_i64(L1_WAY_BYTES / low_bit, 1);
}

static int pair_vectors(const struct ridge_sgemm *p, const struct ridge_sgemm_micro_set *set)
{
    const int n = ridge_sgemm_pair_vectors(set, p->n);
    return p->packed_b != NULL || (n > 0 && p->m >= min_m_to_pair[n - 1]) ? n : 0;
}

/* One vector of columns leaves registers for tiles of twice the rows. */
static bool is_narrow(const struct ridge_sgemm *p, const struct ridge_sgemm_micro_set *set)
{
    return p->n <= set->vector && set->narrow_max_rows > 0 && p->gather == NULL && !p->is_a_transposed &&
           p->packed_b == NULL && !p->is_b_transposed;
}

void ridge_sgemm_plan_make(const struct ridge_sgemm *p, const struct ridge_sgemm_micro_set *set,
                           int n_threads, struct ridge_sgemm_plan *plan)
{
    *plan = (struct ridge_sgemm_plan){.max_rows = set->max_rows, .panel = 2 * set->vector};
    const bool is_a_in_rows = p->gather == NULL && !p->is_a_transposed;
    plan->is_skinny = is_skinny(p, set, plan->panel);
    plan->n_pair_vectors = pair_vectors(p, set);
    if (plan->n_pair_vectors > 0)
        plan->panel = plan->n_pair_vectors * (set->vector / 2);
    const bool is_aliased = is_a_in_rows && p->lda * 4 % L1_WAY_BYTES == 0 && p->m > MAX_ALIASED_ROWS;
    const bool is_worth_packing = is_aliased ? p->n >= MIN_N_TO_PACK_ALIASED_A
                                             : p->n >= set->min_n_to_pack_a && p->m >= MIN_M_TO_PACK_A;
    plan->is_packing_a = !is_a_in_rows || (is_worth_packing && !plan->is_skinny);
    if (plan->is_skinny)
        plan->max_rows = set->skinny_rows;
    else if (plan->n_pair_vectors > 0)
        plan->max_rows = set->pair_max_rows[plan->n_pair_vectors - 1];
    else if (is_narrow(p, set))
        plan->max_rows = set->narrow_max_rows;
    /* The hardware fetches along rows, but short ones end before it has begun. */
    plan->is_fetching_a =
        plan->n_pair_vectors > 0 || (p->k <= MAX_K_TO_FETCH_A && p->m * p->k * 4 > MIN_A_BYTES_TO_FETCH);
    if (!plan->is_packing_a)
        plan->max_rows = (int)min_i64(plan->max_rows, max_rows_in_l1(p));
    plan_tasks(p, n_threads, plan);
    if (plan->is_skinny)
        plan_skinny(p, set, plan);
    else
        plan_blocks(p, set, plan);
    plan->a_bytes = ridge_kernels_size_round_up(plan->a_bytes, SCRATCH_ALIGN);
    plan->task_bytes =
        ridge_kernels_size_round_up(plan->a_bytes + plan->b_bytes + SCRATCH_ALIGN, SCRATCH_ALIGN);
}
