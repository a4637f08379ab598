/* The grouped kernels for avx512. */
#define RIDGE_VEC_BITS 512
#define RIDGE_ISA avx512
#include "conv/grouped_body.h"

const struct ridge_conv_grouped ridge_conv_grouped_avx512 = {
    .isa = "avx512", .n_lanes = VL, .expand = expand, .line = line};
