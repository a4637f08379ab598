/* Ridge's own kernels as a kernel library: backend `ridge`, variants by ISA, best first. */
#include "common/library.h"
#include "batchnorm/batchnorm.h"
#include "concat/concat.h"
#include "conv/conv.h"
#include "eltwise/eltwise.h"
#include "gemm/gemm.h"
#include "layernorm/layernorm.h"
#include "peak/peak.h"
#include "pool/pool.h"
#include "reduce/reduce.h"
#include "reorder/reorder.h"
#include "resize/resize.h"
#include "softmax/softmax.h"
#include "transpose/transpose.h"

typedef const struct ridge_kernel *const *kernels_fn(size_t *n);
static kernels_fn *const operator_kernels[] = {
    ridge_gemm_kernels, ridge_conv_kernels, ridge_peak_kernels, ridge_pool_kernels,
    ridge_softmax_kernels, ridge_layernorm_kernels, ridge_batchnorm_kernels, ridge_eltwise_kernels,
    ridge_reduce_kernels, ridge_transpose_kernels, ridge_reorder_kernels, ridge_concat_kernels,
    ridge_resize_kernels,
};

static const struct ridge_kernel *const *all_kernels(size_t *n)
{
    static const struct ridge_kernel *all[256];
    *n = 0;
    for (size_t i = 0; i < sizeof operator_kernels / sizeof operator_kernels[0]; i++) {
        size_t n_op = 0;
        const struct ridge_kernel *const *list = operator_kernels[i](&n_op);
        for (size_t j = 0; j < n_op && *n < sizeof all / sizeof all[0]; j++)
            all[(*n)++] = list[j];
    }
    return all;
}

static const struct ridge_operator *const operators[] = {
    &ridge_gemm_operator, &ridge_conv_operator, &ridge_conv_transpose_operator,
    &ridge_peak_operator, &ridge_pool_operator, &ridge_softmax_operator, &ridge_layernorm_operator,
    &ridge_batchnorm_operator, &ridge_eltwise_operator, &ridge_reduce_operator,
    &ridge_transpose_operator, &ridge_reorder_operator, &ridge_concat_operator,
    &ridge_resize_operator, NULL
};
static const char *const variants[] = {"avx512", "avx2", "ref", NULL};

const struct ridge_kernel_library ridge_kernel_library = {
    .name = "ridge",
    .doc = "Ridge's own kernels",
    .variants = variants,
    .operators = operators,
    .kernels = all_kernels,
};
