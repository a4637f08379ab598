#include "batchnorm/batchnorm.h"

#define RIDGE_OP "batchnorm"
#define RIDGE_LIST "batchnorm/list.inc"
#define RIDGE_KERNELS_OF ridge_batchnorm_kernels
#include "common/registry.inc"
