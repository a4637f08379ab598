/* Inside the f32 product engine: what its files share. Users include sgemm.h.
 *
 * An ISA file brings a ridge_sgemm_micro_set, a table of tile functions; plan.c decides how a problem is
 * cut; driver.c walks it. Nothing here allocates; all tables are const.
 *
 * Cuts: k into blocks of about kc, A into blocks of mc rows (in L2), B into panels of 2 vectors. The
 * first tile of a panel reads B where it lies and stores it packed on its way, or the tiles of the panel
 * before copied it, so packing costs no pass of its own. A is read in place or packed in tiles (`is_packing_a`).
 * Few rows (`is_skinny`) read B in place, along its rows.
 */
#ifndef RIDGE_KERNELS_COMMON_SGEMM_ENGINE_H
#define RIDGE_KERNELS_COMMON_SGEMM_ENGINE_H

#include "common/sgemm/sgemm.h"

enum { RIDGE_SGEMM_BODY = 4, RIDGE_SGEMM_MAX_ROWS = 28 };
/* A tile's width is log2 of its vectors, or RIDGE_SGEMM_PAIRS + the vectors that pairs of steps fill. */
enum { RIDGE_SGEMM_N_PLAIN_WIDTHS = 4, RIDGE_SGEMM_PAIRS = 3, RIDGE_SGEMM_MAX_PAIR_VECTORS = 3 };
enum { RIDGE_SGEMM_N_WIDTHS = RIDGE_SGEMM_PAIRS + RIDGE_SGEMM_MAX_PAIR_VECTORS + 1 };

/* Bits of a tile function's mode. */
enum { RIDGE_SGEMM_A_COLUMNS = 1, RIDGE_SGEMM_B_STORE = 2, RIDGE_SGEMM_N_MODES = 4 };

/* What becomes of a sum: C = act(alpha * sum + c_scale * c_from + bias + residual). */
struct ridge_sgemm_post {
    float alpha, c_scale;
    int32_t act;
    const float *c_from, *bias, *residual; /* at this tile; NULL: none */
    int64_t c_from_ld, residual_ld;
    bool is_bias_per_row;
};

/* What a tile does for the tiles after it, a little with every RIDGE_SGEMM_BODY steps of k: all at once would take the
 * fill buffers from A and B. Rows are as wide as a panel. */
struct ridge_sgemm_ahead {
    const float *from;
    int64_t ld, n_rows, rows_per_body;
    float *to; /* copies the rows here, one after the other; NULL: fetches them into L2 */
};

struct ridge_sgemm_tile {
    int64_t k;      /* >= 1 */
    const float *a; /* a[i * lda + p]; mode A_COLUMNS: a[p * rows + i] */
    int64_t lda;
    const float *b; /* b[p * ldb + j] */
    int64_t ldb;
    float *c; /* c[i * ldc + j] */
    int64_t ldc;
    int64_t n_columns;    /* 1 .. width; no element beyond is touched, in B or in C */
    bool is_accumulating; /* C += instead of C =, when there is no post */
    bool has_post;
    bool is_by_steps; /* sums in the order of k in tiles of every width; else in four chains where rows are few */
    float *b_store;       /* mode B_STORE: the panel, width elements a row, zero padded */
    const float *a_below; /* A of the tile below (its own, if there is none), to be fetched; NULL: it is not */
    const float *c_below; /* tiles of pairs fetch it */
    struct ridge_sgemm_ahead ahead;
    struct ridge_sgemm_post post;
};

typedef void (*ridge_sgemm_tile_fn)(struct ridge_sgemm_tile *tile); /* moves `ahead` on */

/* The tiles of one panel, from the top. */
struct ridge_sgemm_column {
    struct ridge_sgemm_tile tile; /* the topmost */
    int64_t m, n_tiles;           /* rows are dealt evenly: 16 are 8 + 8, not 14 + 2 */
    int64_t a_step;               /* from the A of a row to that of the next */
    bool is_fetching_a;           /* a_below; always in columns of pairs */
    int mode, width;              /* of the tile functions; with B_STORE the topmost stores for the others */
};

struct ridge_sgemm_micro_set {
    int vector;          /* f32 in a vector */
    int max_rows;        /* of a tile */
    int narrow_max_rows; /* of a tile of one vector that reads A and B in place; 0: max_rows */
    int pair_max_rows[RIDGE_SGEMM_MAX_PAIR_VECTORS]; /* of a tile of pairs, by its vectors less one */
    int stream_rows;     /* up to here B is read in place, when not prepacked, ... */
    int skinny_max_rows; /* ... up to here where it comes from beyond L2, ... */
    int skinny_rows;     /* ... by tiles of at most so many rows */
    int min_n_to_pack_a; /* a packed element must be used often enough */
    /* to[p * ld_to + i] = from[i * ld_from + p] for i < rows, p < k; nothing else is touched. */
    void (*transpose)(const float *from, int64_t ld_from, int64_t rows, int64_t k, float *to, int64_t ld_to);
    void (*run)(const struct ridge_sgemm_micro_set *set, struct ridge_sgemm_column *column); /* uses up `column` */
    /* [mode][rows][width]; NULL: no such tile. Plain widths above 2 exist in mode 0 only. For `run`. */
    ridge_sgemm_tile_fn tile[RIDGE_SGEMM_N_MODES][RIDGE_SGEMM_MAX_ROWS + 1][RIDGE_SGEMM_N_WIDTHS];
};

struct ridge_sgemm_engine {
    const char *isa;
    const struct ridge_sgemm_micro_set *set; /* NULL: plain C */
};

struct ridge_sgemm_plan {
    bool is_skinny, is_packing_a, is_fetching_a, is_b_in_place, is_keeping_b, is_splitting_m;
    int max_rows;  /* of a tile */
    int64_t panel; /* columns of a B panel */
    int n_pair_vectors; /* above 0: one panel of so many vectors, by tiles of pairs */
    int64_t kc, mc, nc;
    int64_t n_tasks;
    size_t a_bytes, b_bytes, task_bytes; /* scratch of one task: A block, then B panels */
};

void ridge_sgemm_plan_make(const struct ridge_sgemm *problem, const struct ridge_sgemm_micro_set *set,
                           int n_threads, struct ridge_sgemm_plan *plan);

/* The walk; problems with m, n and k > 0. */
void ridge_sgemm_driver_run(const struct ridge_sgemm_micro_set *set, const struct ridge_sgemm *problem,
                            const struct ridge_host *host, void *scratch);

/* Plain C, any problem. */
size_t ridge_sgemm_ref_scratch_bytes(const struct ridge_sgemm *problem, int n_threads);
void ridge_sgemm_ref_run(const struct ridge_sgemm *problem, const struct ridge_host *host, void *scratch);

/* One panel: k rows of n_columns, zero padded to `width`; b is at its first element. In pairs: element (p, j) at
 * p / 2 * 2 * width + 2 * j + p % 2, an odd k padded too. */
void ridge_sgemm_pack_panel(const struct ridge_sgemm_micro_set *set, const float *b, int64_t ldb,
                            bool is_transposed, bool is_in_pairs, int64_t k, int64_t n_columns, int64_t width,
                            float *to); /* set NULL: plain C */
/* Vectors that hold n columns of two steps; 0: too many columns for tiles of pairs, or plain C. */
static inline int ridge_sgemm_pair_vectors(const struct ridge_sgemm_micro_set *set, int64_t n)
{
    const int64_t half = set == NULL ? 0 : set->vector / 2;
    return half > 0 && n <= RIDGE_SGEMM_MAX_PAIR_VECTORS * half ? (int)((n + half - 1) / half) : 0;
}
/* log2 of the vectors that a panel of so many columns has. */
static inline int ridge_sgemm_panel_width(int64_t n_columns, int vector)
{
    return n_columns > vector ? 1 : 0;
}

#ifdef RIDGE_KERNELS_X86
extern const struct ridge_sgemm_micro_set ridge_sgemm_micro_set_avx2, ridge_sgemm_micro_set_avx512;
#endif

#endif
