/* The f32 product that operators are built on: C = act(alpha * op(A) * op(B) + beta * C + bias + residual).
 *
 * Row-major; leading dimensions in elements. One engine per ISA (ref, avx2, avx512). It allocates
 * nothing: scratch and packed weights come from the caller. A size of 0 is legal: k = 0 gives
 * act(beta * C + ...). beta = 0 never reads C. Thread rule: called from the thread that runs the case;
 * uses host->parallel_for where host is given and n_threads > 1. Results do not depend on who runs what.
 */
#ifndef RIDGE_KERNELS_COMMON_SGEMM_H
#define RIDGE_KERNELS_COMMON_SGEMM_H

#include "abi/host.h"
#include "common/epilogue.h"
#include <stdbool.h>

struct ridge_sgemm_engine; /* one per ISA */
/* "ref", "avx2", "avx512"; NULL for a name that this build does not have. The caller asks
 * ridge_kernels_cpu_has first. */
const struct ridge_sgemm_engine *ridge_sgemm_engine(const char *isa);

/* Rows [i0, i0 + n_rows) x columns [p0, p0 + n_k) of op(A) into `to`: to[p * n_rows + i]. Lets a
 * convolution build its im2col block on the way (implicit GEMM). Called from pool threads. */
typedef void ridge_sgemm_gather_fn(const void *ctx, int64_t i0, int64_t n_rows, int64_t p0, int64_t n_k,
                                   float *to);

struct ridge_sgemm {
    int64_t m, n, k;
    const float *a;
    int64_t lda;
    const float *b;      /* NULL when packed_b is given */
    int64_t ldb;
    float *c;
    int64_t ldc;
    bool is_a_transposed, is_b_transposed;
    float alpha, beta;
    const float *c0; /* what beta multiplies; NULL: C itself */
    int64_t ldc0;
    struct ridge_epilogue epilogue;
    const void *packed_b;          /* from ridge_sgemm_pack_b, same engine, n and k, any m; NULL: B as given */
    ridge_sgemm_gather_fn *gather; /* NULL: A is an array */
    const void *gather_ctx;
};

size_t ridge_sgemm_packed_b_bytes(const struct ridge_sgemm_engine *engine, int64_t n, int64_t k);
void ridge_sgemm_pack_b(const struct ridge_sgemm_engine *engine, int64_t n, int64_t k, const float *b,
                        int64_t ldb, bool is_b_transposed, void *packed);
/* Depends on sizes and flags only, never on pointers' values (NULL or not is a flag). */
size_t ridge_sgemm_scratch_bytes(const struct ridge_sgemm_engine *engine, const struct ridge_sgemm *problem,
                                 int n_threads);
void ridge_sgemm_run(const struct ridge_sgemm_engine *engine, const struct ridge_sgemm *problem,
                     const struct ridge_host *host, void *scratch);
/* `n` independent products; A, B, C, C0 and residual step by these elements from one to the next (0: all
 * share it). packed_b steps by ridge_sgemm_packed_b_bytes unless stride_b is 0; bias is shared; no gather. */
struct ridge_sgemm_batch {
    int64_t n, stride_a, stride_b, stride_c, stride_c0, stride_residual;
};
size_t ridge_sgemm_batch_scratch_bytes(const struct ridge_sgemm_engine *engine, const struct ridge_sgemm *first,
                                       const struct ridge_sgemm_batch *batch, int n_threads);
void ridge_sgemm_batch_run(const struct ridge_sgemm_engine *engine, const struct ridge_sgemm *first,
                           const struct ridge_sgemm_batch *batch, const struct ridge_host *host, void *scratch);

#endif
