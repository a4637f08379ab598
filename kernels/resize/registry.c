#include "resize/resize.h"

#define RIDGE_OP "resize"
#define RIDGE_LIST "resize/list.inc"
#define RIDGE_KERNELS_OF ridge_resize_kernels
#include "common/registry.inc"
