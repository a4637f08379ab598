/* The tile transforms in plain C. */
#define RIDGE_VEC_BITS 32
#define RIDGE_ISA ref
#include "conv/tiled_body.h"

#include "conv/winograd.h"

#include "conv/fft.h"
