/* The gemm operator: row-major C[m,n] = A[m,k] * B[k,n].
 *
 * Tensors: inputs A (activation) and B (weight), output C; all dense. A size of 0 is legal: k = 0
 * gives C = 0, m = 0 or n = 0 gives nothing. C never needs a value before. All tables are const;
 * safe from any thread.
 */
#ifndef RIDGE_KERNELS_GEMM_H
#define RIDGE_KERNELS_GEMM_H

#include "abi/kernel.h"

enum ridge_gemm_dtype { RIDGE_GEMM_F32 };

/* given: B is as the caller has it, packing counts as time. prepacked: pack() saw B before. */
enum ridge_gemm_weights { RIDGE_GEMM_GIVEN, RIDGE_GEMM_PREPACKED };

struct ridge_gemm_shape {
    int64_t m, n, k;
    int32_t dtype;   /* enum ridge_gemm_dtype */
    int32_t weights; /* enum ridge_gemm_weights */
};

extern const struct ridge_operator ridge_gemm_operator;

/* Every own kernel, in the order of list.inc, also those that this CPU cannot run. */
const struct ridge_kernel *const *ridge_gemm_kernels(size_t *n_kernels);

/* operator.check, see check.c. */
enum ridge_status ridge_gemm_check(const void *shape, const struct ridge_tensor *in,
                                   const struct ridge_tensor *out, uint64_t seed,
                                   const char *algorithm, struct ridge_check *result,
                                   struct ridge_error *err);

#endif
