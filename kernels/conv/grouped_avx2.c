/* The grouped kernels for avx2. */
#define RIDGE_VEC_BITS 256
#define RIDGE_ISA avx2
#include "conv/grouped_body.h"

const struct ridge_conv_grouped ridge_conv_grouped_avx2 = {
    .isa = "avx2", .n_lanes = VL, .expand = expand, .line = line};
