#include "reduce/reduce.h"

#define RIDGE_OP "reduce"
#define RIDGE_LIST "reduce/list.inc"
#define RIDGE_KERNELS_OF ridge_reduce_kernels
#include "common/registry.inc"
