/* What every BLAS peer shares: cblas_sgemm on Ridge's row-major GEMM. */
#ifndef RIDGE_KERNELS_PEERS_CBLAS_PEER_H
#define RIDGE_KERNELS_PEERS_CBLAS_PEER_H

#include "gemm/gemm.h"
#include <limits.h>

#define RIDGE_CBLAS_ROW_MAJOR 101
#define RIDGE_CBLAS_NO_TRANS 111

typedef void ridge_cblas_sgemm_fn(int order, int trans_a, int trans_b, int m, int n, int k, float alpha,
                                  const float *a, int lda, const float *b, int ldb, float beta, float *c,
                                  int ldc);

/* 32-bit sizes, f32, weights as given: all that a BLAS with int arguments can do. */
static inline bool ridge_blas_supports(const void *shape, int n_threads, char *reason, size_t n_reason)
{
    const struct ridge_gemm_shape *s = shape;
    (void)n_threads;
    if (s->m > INT_MAX || s->n > INT_MAX || s->k > INT_MAX) {
        (void)snprintf(reason, n_reason, "this library has 32-bit sizes");
        return false;
    }
    if (s->weights != RIDGE_GEMM_GIVEN) {
        (void)snprintf(reason, n_reason, "this library's BLAS interface takes weights as given only, "
                                         "not weights=prepacked");
        return false;
    }
    return true;
}

static inline void ridge_cblas_run(ridge_cblas_sgemm_fn *sgemm, const struct ridge_kernel_args *args)
{
    const struct ridge_gemm_shape *s = args->shape;
    const int m = (int)s->m, n = (int)s->n, k = (int)s->k;
    sgemm(RIDGE_CBLAS_ROW_MAJOR, RIDGE_CBLAS_NO_TRANS, RIDGE_CBLAS_NO_TRANS, m, n, k, 1.0f, args->in[0].data,
          k > 0 ? k : 1, args->in[1].data, n > 0 ? n : 1, 0.0f, args->out[0].data, n > 0 ? n : 1);
}

#endif
