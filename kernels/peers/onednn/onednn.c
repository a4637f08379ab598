/* oneDNN as a kernel library: gemm, convolution, memory-bound operators. Apache-2.0; Debian package libdnnl2. */
#include "conv/conv.h"
#include "gemm/gemm.h"
#include "layernorm/layernorm.h"
#include "peers/onednn/dnnl.h"
#include "pool/pool.h"
#include "reorder/reorder.h"
#include "softmax/softmax.h"
#include "transpose/transpose.h"

static const struct ridge_kernel *const *kernels(size_t *n)
{
    static const struct ridge_kernel *all[32] = {&ridge_onednn_sgemm, &ridge_onednn_matmul};
    size_t n_conv = 0, n_dense = 0;
    const struct ridge_kernel *const *conv = ridge_onednn_conv_kernels(&n_conv);
    const struct ridge_kernel *const *dense = ridge_onednn_dense_kernels(&n_dense);
    *n = 2;
    for (size_t i = 0; i < n_conv; i++)
        all[(*n)++] = conv[i];
    for (size_t i = 0; i < n_dense; i++)
        all[(*n)++] = dense[i];
    return all;
}

static const struct ridge_operator *const operators[] = {
    &ridge_gemm_operator,      &ridge_conv_operator,    &ridge_pool_operator,      &ridge_softmax_operator,
    &ridge_layernorm_operator, &ridge_reorder_operator, &ridge_transpose_operator, NULL};

const struct ridge_kernel_library ridge_kernel_library = {
    .name = "onednn",
    .doc = "oneDNN: dnnl_sgemm and its primitives",
    .operators = operators,
    .kernels = kernels,
    .open = ridge_dnnl_open,
    .close = ridge_dnnl_close,
};
