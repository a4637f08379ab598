/* The blocked gemm driver: written once, for every ISA.
 *
 * An ISA file brings a ridge_gemm_micro_set, a table of tile functions; plan.c decides how a
 * problem is cut; driver.c walks it. Nothing here allocates: scratch and packed weights come from
 * the caller. A run may use host->parallel_for; the result does not depend on who runs which task.
 *
 * Cuts: k into blocks of about kc, A into blocks of mc rows (in L2), B into panels of 2 vectors.
 * The first tile of a panel reads B where it lies and stores it packed on its way, so packing costs
 * no pass of its own; later tiles read the packed panel from L1. A is read in place, except where
 * its rows fall on the same L1 sets. Few rows (`is_skinny`) read B in place, along its rows.
 */
#ifndef RIDGE_KERNELS_GEMM_DRIVER_H
#define RIDGE_KERNELS_GEMM_DRIVER_H

#include "gemm/gemm.h"

enum { RIDGE_GEMM_MAX_ROWS = 14, RIDGE_GEMM_N_WIDTHS = 4 };

/* Bits of a tile function's mode. */
enum { RIDGE_GEMM_A_PACKED = 1, RIDGE_GEMM_B_STORE = 2, RIDGE_GEMM_N_MODES = 4 };

struct ridge_gemm_tile {
    int64_t k;        /* >= 1 */
    const float *a;   /* in place: a[i * lda + p]; packed: a[p * rows + i] */
    int64_t lda;
    const float *b;   /* b[p * ldb + j] */
    int64_t ldb;
    float *c;         /* c[i * ldc + j] */
    int64_t ldc;
    int64_t n_columns;    /* 1 .. width; no element beyond is touched, in B or in C */
    bool is_accumulating; /* C += instead of C = */
    float *b_store;       /* mode B_STORE: the panel, width elements a row, zero padded */
    const char *prefetch; /* one line per step of k, then prefetch_step_bytes further */
    int64_t prefetch_step_bytes;
};

typedef void (*ridge_gemm_tile_fn)(const struct ridge_gemm_tile *tile);

struct ridge_gemm_micro_set {
    const char *isa;
    int vector;     /* f32 in a vector */
    int max_rows;   /* of a tile */
    int skinny_max_rows; /* up to here B is read in place, when not prepacked */
    /* [mode][rows][log2 of vectors across]; NULL: no such tile. Modes other than 0 have widths
     * 1, 2. */
    ridge_gemm_tile_fn tile[RIDGE_GEMM_N_MODES][RIDGE_GEMM_MAX_ROWS + 1][RIDGE_GEMM_N_WIDTHS];
};

struct ridge_gemm_plan {
    bool is_skinny, is_packing_a, is_keeping_b, is_splitting_m;
    int max_rows;  /* of a tile */
    int64_t panel; /* columns of a B panel */
    int64_t kc, mc, nc;
    int64_t n_tasks;
    size_t a_bytes, b_bytes, task_bytes; /* scratch of one task: A block, then B panels */
};

void ridge_gemm_plan_make(const struct ridge_gemm_shape *shape,
                          const struct ridge_gemm_micro_set *set, int n_threads,
                          struct ridge_gemm_plan *plan);

/* Bodies of a kernel's hooks. */
size_t ridge_gemm_driver_packed_bytes(const struct ridge_gemm_micro_set *set,
                                      const struct ridge_gemm_shape *shape);
void ridge_gemm_driver_pack(const struct ridge_gemm_micro_set *set,
                            const struct ridge_gemm_shape *shape, const float *b, float *packed);
size_t ridge_gemm_driver_scratch_bytes(const struct ridge_gemm_micro_set *set,
                                       const struct ridge_gemm_shape *shape, int n_threads);
enum ridge_status ridge_gemm_driver_run(const struct ridge_gemm_micro_set *set,
                                        const struct ridge_kernel_args *args);

#ifdef RIDGE_KERNELS_X86
extern const struct ridge_gemm_micro_set ridge_gemm_micro_set_avx2, ridge_gemm_micro_set_avx512;
#endif

#endif
