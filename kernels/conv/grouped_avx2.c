/* The grouped kernels for avx2. */
#define RIDGE_VEC_BITS 256
#define RIDGE_ISA avx2
enum { MAX_PIXELS = 7, MAX_SUMS = 10 };
#define TILES(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7)
#include "conv/grouped_body.h"

const struct ridge_conv_grouped ridge_conv_grouped_avx2 = {
    .isa = "avx2", .n_lanes = VL, .copy_row = copy_row, .line = run_line};
