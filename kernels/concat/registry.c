#include "concat/concat.h"

#define RIDGE_OP "concat"
#define RIDGE_LIST "concat/list.inc"
#define RIDGE_KERNELS_OF ridge_concat_kernels
#include "common/registry.inc"
