/* AVX2 tiles: up to 6 pixels of 2 vectors (12 sums, 2 of weights, 1 of x). */
#define RIDGE_VEC_BITS 256
#define RIDGE_ISA avx2
#include "conv/direct_tile.h"

UP_TO_6(TILES)
const struct ridge_conv_tiles ridge_conv_tiles_avx2 = {
    .n_lanes = VL, .max_rows = 6, .copy_pixels = copy_pixels, .turn = turn, .run = {UP_TO_6(TILE_ROW)}};
