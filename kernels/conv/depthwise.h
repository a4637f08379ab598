/* Depthwise convolution: groups = ic, oc = ic * multiplier. Lanes are channels.
 *
 * columns: filters of 3, 5 or 7 columns, stride 1 or 2, no dilation, multiplier 1, nhwc and nchw16c.
 *   A tile is up to 14 (AVX2: 10, 8, 6) outputs of a row, in nhwc half of that at stride 2; its sums and one filter
 *   row stay in registers. 3x3 stride 2 in nchw16c, AVX-512: up to 7 outputs of each of two rows, the whole filter in
 *   registers.
 *   A vector of x is loaded once a row and serves every tap that it meets. Filter rows outside the image
 *   are not visited; only tiles at the left and right edge ask which columns are inside.
 * planes: nchw. Lanes are output columns; see depthwise_planes.h.
 * any: every other shape and layout, four outputs of a row at a time.
 *
 * Order: strips of columns (nhwc: a tile's, nchw16c: a row's, as far as L1 holds it), in them groups of
 * neighbouring channels, in them rows from top to bottom: what the filter's rows share stays in L1, x and y are
 * streamed once. (Measured to be slower: rows in the outermost loop of nhwc, fetching the row below ahead.)
 */
#ifndef RIDGE_KERNELS_CONV_DEPTHWISE_H
#define RIDGE_KERNELS_CONV_DEPTHWISE_H

#include "conv/tiled.h"

enum { RIDGE_CONV_DEPTHWISE_MAX_COLUMNS = 14, RIDGE_CONV_DEPTHWISE_MAX_LANES = 16 };

struct ridge_conv_depthwise_plan {
    const struct ridge_conv_shape *shape;
    struct ridge_conv_out out;
    struct ridge_conv_strides x, y;
    int64_t multiplier, n_stored;      /* output channels as stored */
    int64_t n_lanes, n_channel_blocks; /* of n_lanes output channels */
    int64_t rows_a_task, blocks_a_task;
    int64_t n_row_tasks, n_block_tasks;
    int64_t w_tap, w_block; /* floats from tap to tap, from channel block to channel block */
    int64_t plane_rows, plane_ld; /* planes: x between its zeros */
    size_t plane_bytes;
    bool is_packing;        /* in the run, into scratch */
    size_t packed_bytes;
};

struct ridge_conv_depthwise_data {
    const float *x, *w, *bias, *residual; /* bias, residual: NULL where not asked for */
    float *y;
};

/* What a task computes: of image b the output rows [h0, h1) of channel blocks [block0, block1). */
struct ridge_conv_depthwise_part {
    int64_t b, h0, h1, block0, block1;
    float *scratch; /* planes: one padded plane */
};
typedef void ridge_conv_depthwise_fn(const struct ridge_conv_depthwise_plan *p,
                                     const struct ridge_conv_depthwise_data *d,
                                     const struct ridge_conv_depthwise_part *part);
#define RIDGE_CONV_DEPTHWISE_DECLARE(isa)                                                          \
    ridge_conv_depthwise_fn ridge_conv_depthwise_columns__##isa, ridge_conv_depthwise_planes__##isa, \
        ridge_conv_depthwise_any__##isa;
RIDGE_CONV_DEPTHWISE_DECLARE(ref)
RIDGE_CONV_DEPTHWISE_DECLARE(avx2)
RIDGE_CONV_DEPTHWISE_DECLARE(avx512)

#endif
