#include "gemm/gemm.h"

#define RIDGE_GEMM_KERNEL(id) extern const struct ridge_kernel id;
#include "gemm/list.inc"
#undef RIDGE_GEMM_KERNEL

#define RIDGE_GEMM_KERNEL(id) &(id),
static const struct ridge_kernel *const kernels[] = {
#include "gemm/list.inc"
};
#undef RIDGE_GEMM_KERNEL

const struct ridge_kernel *const *ridge_gemm_kernels(size_t *n_kernels)
{
    *n_kernels = sizeof kernels / sizeof kernels[0];
    return kernels;
}
