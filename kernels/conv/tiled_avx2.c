/* The tile transforms in AVX2. */
#define RIDGE_VEC_BITS 256
#define RIDGE_ISA avx2
#include "conv/tiled_body.h"

#include "conv/winograd.h"

#include "conv/fft.h"
