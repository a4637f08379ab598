#include "reorder/reorder.h"

#define RIDGE_OP "reorder"
#define RIDGE_LIST "reorder/list.inc"
#define RIDGE_KERNELS_OF ridge_reorder_kernels
#include "common/registry.inc"
