/* Inside the grouped kernels: groups of 2, 4 or 8 channels in, as many out, nhwc.
 *
 * A vector holds the channels of several groups. Lane o of turn i multiplies input channel o ^ i of its
 * group: over all turns every output meets every input, no lane idles, and turn 0 needs no permutation.
 * Rows of x are copied once (`copy_row`) between zeros and kept for the filter's height; a column of it is
 * loaded and permuted once for all neighbouring taps of a row that read it.
 */
#ifndef RIDGE_KERNELS_CONV_GROUPED_H
#define RIDGE_KERNELS_CONV_GROUPED_H

#include "conv/conv.h"

enum { RIDGE_CONV_GROUPED_MAX_HEIGHT = 16 };

struct ridge_conv_grouped_line { /* one output row of one vector of channels */
    const float *rows[RIDGE_CONV_GROUPED_MAX_HEIGHT]; /* [column][lane]; NULL: outside x */
    const float *w;                                   /* [r][q][turn][lane] */
    const float *bias, *residual;                     /* NULL: none; at the first channel */
    float *y;
    int64_t n, stride, dilation, y_step; /* pixels; columns of x; floats */
    int64_t kh, kw;
    int n_group, n_channels; /* channels of a group; of this vector */
    int32_t act;
};

struct ridge_conv_grouped {
    const char *isa;
    int n_lanes;
    /* n pixels of one row, ic floats apart: to[pixel][lane]. Prefetches what lies `ahead` floats farther. */
    void (*copy_row)(const float *x, int64_t ic, int64_t n, int64_t ahead, int n_channels, float *to);
    void (*line)(const struct ridge_conv_grouped_line *l);
};
extern const struct ridge_conv_grouped ridge_conv_grouped_avx2, ridge_conv_grouped_avx512;

#endif
