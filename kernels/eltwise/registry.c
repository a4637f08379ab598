#include "eltwise/eltwise.h"

#define RIDGE_OP "eltwise"
#define RIDGE_LIST "eltwise/list.inc"
#define RIDGE_KERNELS_OF ridge_eltwise_kernels
#include "common/registry.inc"
