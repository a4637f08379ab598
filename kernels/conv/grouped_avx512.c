/* The grouped kernels for avx512. */
#define RIDGE_VEC_BITS 512
#define RIDGE_ISA avx512
enum { MAX_PIXELS = 14, MAX_SUMS = 20 };
#define TILES(X) X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)
#include "conv/grouped_body.h"

const struct ridge_conv_grouped ridge_conv_grouped_avx512 = {
    .isa = "avx512", .n_lanes = VL, .copy_row = copy_row, .line = run_line};
