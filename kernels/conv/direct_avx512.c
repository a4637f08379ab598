/* AVX-512 tiles: up to 14 pixels of 2 vectors (28 sums, 2 of weights, 1 of x). */
#define RIDGE_VEC_BITS 512
#define RIDGE_ISA avx512
#include "conv/direct_tile.h"

UP_TO_14(TILES)
const struct ridge_conv_tiles ridge_conv_tiles_avx512 = {
    .n_lanes = VL, .max_rows = 14, .copy_pixels = copy_pixels, .turn = turn, .run = {UP_TO_14(TILE_ROW)}};
