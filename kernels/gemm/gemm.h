/* The gemm operator: row-major C = act(alpha * op(A) * op(B) + beta * C0 + bias), `batch` times.
 *
 * op(A) is [m,k] and op(B) is [k,n]; with trans_a A is stored [k,m], with trans_b B is stored [n,k]. Rows
 * lie lda, ldb, ldc elements apart (0: dense; C0 is dense), matrices of a batch follow each other.
 * Tensors: inputs A (activation), B (weight), bias (n elements, shared by the batch), C0; output C. bias and
 * C0 have n_bytes = 0 and must not be touched where bias is off and beta is 0. A size of 0 is legal: k = 0
 * gives act(beta * C0 + bias). C never needs a value before, and the gaps between its rows are not written.
 * All tables are const; safe from any thread.
 */
#ifndef RIDGE_KERNELS_GEMM_H
#define RIDGE_KERNELS_GEMM_H

#include "abi/kernel.h"
#include "common/epilogue.h"

/* Of A, B, bias, C0 and C alike; f16 and bf16 are summed in f32 and rounded once. */
enum ridge_gemm_dtype { RIDGE_GEMM_F32, RIDGE_GEMM_F16, RIDGE_GEMM_BF16 };

/* given: B is as the caller has it, packing counts as time. prepacked: pack() saw B before. */
enum ridge_gemm_weights { RIDGE_GEMM_GIVEN, RIDGE_GEMM_PREPACKED };

enum ridge_gemm_tensor { RIDGE_GEMM_A, RIDGE_GEMM_B, RIDGE_GEMM_BIAS, RIDGE_GEMM_C0, RIDGE_GEMM_N_INPUTS };

struct ridge_gemm_shape {
    int64_t m, n, k, batch;
    int64_t lda, ldb, ldc; /* 0: dense */
    double alpha, beta;
    int32_t dtype;   /* enum ridge_gemm_dtype */
    int32_t weights; /* enum ridge_gemm_weights */
    int32_t act;     /* enum ridge_act */
    int32_t trans_a, trans_b, bias; /* bool */
};

/* C[m,n] = A[m,k] * B[k,n] and nothing else. */
static inline struct ridge_gemm_shape ridge_gemm_plain_shape(int64_t m, int64_t n, int64_t k)
{
    return (struct ridge_gemm_shape){.m = m, .n = n, .k = k, .batch = 1, .alpha = 1};
}

/* True when the shape asks for no more than that: what a library without epilogue or strides can do. */
bool ridge_gemm_is_plain(const struct ridge_gemm_shape *shape);

/* Elements between rows as stored, 0 resolved; never 0. */
int64_t ridge_gemm_lda(const struct ridge_gemm_shape *shape);
int64_t ridge_gemm_ldb(const struct ridge_gemm_shape *shape);
int64_t ridge_gemm_ldc(const struct ridge_gemm_shape *shape);
/* Elements from one matrix of the batch to the next. */
int64_t ridge_gemm_stride_a(const struct ridge_gemm_shape *shape);
int64_t ridge_gemm_stride_b(const struct ridge_gemm_shape *shape);
int64_t ridge_gemm_stride_c(const struct ridge_gemm_shape *shape);

extern const struct ridge_operator ridge_gemm_operator;

/* Every own kernel, in the order of list.inc, also those that this CPU cannot run. */
const struct ridge_kernel *const *ridge_gemm_kernels(size_t *n_kernels);

/* operator.check, see check.c. */
enum ridge_status ridge_gemm_check(const void *shape, const struct ridge_tensor *in,
                                   const struct ridge_tensor *out, uint64_t seed,
                                   const char *algorithm, struct ridge_check *result,
                                   struct ridge_error *err);

#endif
