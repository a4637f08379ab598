/* What every gemm peer shares: refusing in words, and cblas_sgemm on Ridge's row-major gemm. Pure. */
#ifndef RIDGE_KERNELS_PEERS_GEMM_PEER_H
#define RIDGE_KERNELS_PEERS_GEMM_PEER_H

#include "gemm/gemm.h"
#include <limits.h>

#define RIDGE_CBLAS_ROW_MAJOR 101
#define RIDGE_CBLAS_NO_TRANS 111 /* transposed: 112 */

typedef void ridge_cblas_sgemm_fn(int order, int trans_a, int trans_b, int m, int n, int k, float alpha,
                                  const float *a, int lda, const float *b, int ldb, float beta, float *c,
                                  int ldc);

static inline bool ridge_peer_refuse(char *reason, size_t n_reason, const char *text)
{
    (void)snprintf(reason, n_reason, "%s", text);
    return false;
}

static inline bool ridge_peer_fits_int(const struct ridge_gemm_shape *s)
{
    return s->m <= INT_MAX && s->n <= INT_MAX && s->k <= INT_MAX && ridge_gemm_lda(s) <= INT_MAX &&
           ridge_gemm_ldb(s) <= INT_MAX && ridge_gemm_ldc(s) <= INT_MAX;
}

/* C = A * B and nothing else, in sizes that fit the library's 32-bit integers. */
static inline bool ridge_peer_is_plain_gemm(const struct ridge_gemm_shape *s, const char *who, char *reason,
                                            size_t n_reason)
{
    if (ridge_gemm_is_plain(s) && ridge_peer_fits_int(s))
        return true;
    if (!ridge_peer_fits_int(s))
        (void)snprintf(reason, n_reason, "%s has 32-bit sizes", who);
    else
        (void)snprintf(reason, n_reason, "%s is asked for a dense A * B only here: no transposes, alpha, beta, "
                                         "bias, act, batch or leading dimensions", who);
    return false;
}

/* All that a BLAS with int arguments can do: one product, weights as given. */
static inline bool ridge_blas_supports(const void *shape, int n_threads, char *reason, size_t n_reason)
{
    const struct ridge_gemm_shape *s = shape;
    (void)n_threads;
    if (s->weights != RIDGE_GEMM_GIVEN)
        return ridge_peer_refuse(reason, n_reason, "this library's BLAS interface takes weights as given only, "
                                                   "not weights=prepacked");
    if (!ridge_peer_fits_int(s))
        return ridge_peer_refuse(reason, n_reason, "this library has 32-bit sizes");
    if (s->bias || s->act != RIDGE_ACT_NONE)
        return ridge_peer_refuse(reason, n_reason, "a BLAS has no bias and no activation");
    if (s->beta != 0)
        return ridge_peer_refuse(reason, n_reason, "a BLAS adds beta * C in place, not from an input C0");
    if (s->batch != 1)
        return ridge_peer_refuse(reason, n_reason, "cblas_sgemm has no batch");
    return true;
}

static inline void ridge_cblas_run(ridge_cblas_sgemm_fn *sgemm, const struct ridge_kernel_args *args)
{
    const struct ridge_gemm_shape *s = args->shape;
    sgemm(RIDGE_CBLAS_ROW_MAJOR, RIDGE_CBLAS_NO_TRANS + (s->trans_a != 0), RIDGE_CBLAS_NO_TRANS + (s->trans_b != 0),
          (int)s->m, (int)s->n, (int)s->k, (float)s->alpha, args->in[RIDGE_GEMM_A].data, (int)ridge_gemm_lda(s),
          args->in[RIDGE_GEMM_B].data, (int)ridge_gemm_ldb(s), 0.0f, args->out[0].data, (int)ridge_gemm_ldc(s));
}

#endif
