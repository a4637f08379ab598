#include "layernorm/layernorm.h"

#define RIDGE_OP "layernorm"
#define RIDGE_LIST "layernorm/list.inc"
#define RIDGE_KERNELS_OF ridge_layernorm_kernels
#include "common/registry.inc"
