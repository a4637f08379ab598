#include "transpose/transpose.h"

#define RIDGE_OP "transpose"
#define RIDGE_LIST "transpose/list.inc"
#define RIDGE_KERNELS_OF ridge_transpose_kernels
#include "common/registry.inc"
