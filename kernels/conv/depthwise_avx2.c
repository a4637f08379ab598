/* Depthwise rows in AVX2. */
#define RIDGE_VEC_BITS 256
#define RIDGE_ISA avx2
#include "conv/depthwise_body.h"

#include "conv/depthwise_planes.h"
