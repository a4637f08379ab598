/* Inside the grouped kernels: nhwc and nchw16c.
 *
 * Narrow: groups of 2, 4 or 8 channels in, as many out. A vector holds the channels of several groups. Lane o of
 * turn i multiplies input channel o ^ i of its group: over all turns every output meets every input, no lane
 * idles, and turn 0 needs no permutation.
 * Wide: groups of whole vectors of channels. Turn i multiplies input channel i, the same for all lanes.
 * Rows of x are copied once (`copy_row`) between zeros and kept for the filter's height; a column of it is
 * permuted or broadcast once for all neighbouring taps of a row that read it.
 */
#ifndef RIDGE_KERNELS_CONV_GROUPED_H
#define RIDGE_KERNELS_CONV_GROUPED_H

#include "conv/conv.h"

enum { RIDGE_CONV_GROUPED_MAX_HEIGHT = 16 };

struct ridge_conv_grouped_line { /* n_lines output rows of one vector of channels that have the same filter rows */
    const float *rows[RIDGE_CONV_GROUPED_MAX_HEIGHT]; /* of the first line: [block][column][lane] */
    const float *w;                                   /* [r][q][turn][lane] */
    const float *bias, *residual;                     /* NULL: none; at the first channel */
    float *y;
    int64_t n, stride, dilation, y_step; /* pixels; columns of x; floats */
    int64_t n_lines, x_line, y_line;     /* floats from line to line */
    int64_t r_first, r_last;             /* filter rows that are inside */
    int64_t first, last;                 /* columns of the rows that are no padding; may be beyond either end */
    int64_t kh, kw;
    int64_t n_blocks, block_floats; /* wide: vectors of inputs, from one to the next; narrow: 0 */
    const float *ahead; /* column 0 of the first of n_ahead rows of x that are copied next: prefetched */
    int64_t n_ahead, ahead_row, ahead_pixel, ahead_block;
    const char *w_ahead; /* n_w_ahead cache lines of the next weights are prefetched with every filter row */
    int64_t n_w_ahead;
    int n_group, n_channels; /* channels of a group; of this vector */
    int32_t act;
};

struct ridge_conv_grouped {
    const char *isa;
    int n_lanes;
    /* n pixels of one row, x_pixel floats apart: to[pixel][lane]. */
    void (*copy_row)(const float *x, int64_t x_pixel, int64_t n, int n_channels, float *to);
    void (*line)(const struct ridge_conv_grouped_line *l);
};
extern const struct ridge_conv_grouped ridge_conv_grouped_avx2, ridge_conv_grouped_avx512;

#endif
