#include "pool/pool.h"

#define RIDGE_OP "pool"
#define RIDGE_LIST "pool/list.inc"
#define RIDGE_KERNELS_OF ridge_pool_kernels
#include "common/registry.inc"
