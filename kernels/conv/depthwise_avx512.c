/* Depthwise rows in AVX-512. */
#define RIDGE_VEC_BITS 512
#define RIDGE_ISA avx512
#include "conv/depthwise_body.h"

#include "conv/depthwise_planes.h"
