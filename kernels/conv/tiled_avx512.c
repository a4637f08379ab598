/* The tile transforms in AVX-512. */
#define RIDGE_VEC_BITS 512
#define RIDGE_ISA avx512
#include "conv/tiled_body.h"

#include "conv/winograd.h"

#include "conv/fft.h"
