#include "softmax/softmax.h"

#define RIDGE_OP "softmax"
#define RIDGE_LIST "softmax/list.inc"
#define RIDGE_KERNELS_OF ridge_softmax_kernels
#include "common/registry.inc"
