/* The tables of kernels, from list.inc. */
#include "conv/conv.h"

#define RIDGE_CONV_KERNEL(id) extern const struct ridge_kernel id;
#include "conv/list.inc"
#undef RIDGE_CONV_KERNEL

#define RIDGE_CONV_KERNEL(id) &(id),
static const struct ridge_kernel *const kernels[] = {
#include "conv/list.inc"
};
#undef RIDGE_CONV_KERNEL

const struct ridge_kernel *const *ridge_conv_kernels(size_t *n_kernels)
{
    *n_kernels = sizeof kernels / sizeof kernels[0];
    return kernels;
}
