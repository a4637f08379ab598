/* Depthwise rows in plain C. */
#define RIDGE_VEC_BITS 32
#define RIDGE_ISA ref
#include "conv/depthwise_body.h"

#include "conv/depthwise_planes.h"
