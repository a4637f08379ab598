/* Inside the direct kernels: what the tile function and its driver share.
 *
 * A tile is up to 14 (AVX2: 6) pixels of one output row times up to two vectors of channels, kept in
 * registers. Its sum runs over segments: stretches of k that are contiguous in x and in the weights.
 * Pixels of x are read where they lie; a step from one pixel to the next is constant. */
#ifndef RIDGE_KERNELS_CONV_DIRECT_H
#define RIDGE_KERNELS_CONV_DIRECT_H

#include "conv/conv.h"

enum { RIDGE_CONV_MAX_TILE_ROWS = 14, RIDGE_CONV_MAX_PANEL = 32 };

struct ridge_conv_segment {
    int64_t a, k, n; /* element of x after the tile's first pixel; row of the panel; steps of k */
};

/* A column of taps: for the pixels [lo, hi) of a line, tap q reads column j * step + first of x. */
struct ridge_conv_column {
    int64_t q, first, lo, hi;
};

struct ridge_conv_tile {
    const struct ridge_conv_segment *segments;
    size_t n_segments;
    const float *a; /* pixel i: a + i * lda */
    int64_t lda;
    const float *b; /* row k of the panel: b + k * ldb */
    int64_t ldb;
    float *c; /* pixel i, vector v: c + i * ldc + v * c_step */
    int64_t ldc, c_step;
    int64_t n_tiles;       /* so many of the same rows, one behind the other in a and c */
    int64_t n_columns;     /* 1 .. two vectors; no element beyond is touched */
    bool is_accumulating;  /* start from c, else from bias */
    const float *bias;     /* two vectors of it, zero padded; NULL: none */
    const float *residual; /* strides of c; added at the end; NULL: none */
    int32_t act;           /* at the end */
    int64_t ahead_bytes;   /* a step prefetches so much of the x that follows its stretch: the next tile's */
};

struct ridge_conv_tiles {
    int n_lanes, max_rows;
    /* From pixels that are x_pixel floats apart to neighbours. */
    void (*copy_pixels)(const float *x, int64_t x_pixel, int64_t n_pixels, int64_t n_channels, float *to);
    /* to[j * ld_to + i] = from[i * ld_from + j] for i in [i0, i1) and j in [j0, j1). */
    void (*turn)(const float *from, int64_t ld_from, float *to, int64_t ld_to, int64_t i0, int64_t i1, int64_t j0,
                 int64_t j1);
    void (*run[RIDGE_CONV_MAX_TILE_ROWS + 1][2])(const struct ridge_conv_tile *t); /* [rows][vectors - 1] */
};
extern const struct ridge_conv_tiles ridge_conv_tiles_avx2, ridge_conv_tiles_avx512;

/* A problem, cut. */
struct ridge_conv_plan {
    const struct ridge_conv_tiles *tiles;
    bool is_transpose, is_packed;
    int64_t batch, ih, iw, oh, ow, kh, kw, stride_h, stride_w, pad_t, pad_l, dilation;
    int64_t groups, icg, ocg; /* channels as stored */
    int64_t step;             /* pixels of x from one pixel of a line to the next */
    int64_t n_blocks, block;  /* channels of a tap: n_blocks x block, each contiguous */
    int64_t x_pixel, x_block, x_image, y_pixel, y_line, y_image, y_vector, y_panel, y_group;
    int64_t k, width, n_panels, oc_stored; /* of one group */
    int64_t n_residues, n_parts, n_lines;
    int64_t n_capacity; /* segments of one list */
    int64_t block_panels;      /* so many pass over a line together */
    int64_t padded_width, n_ring; /* > 0: rows of x are copied between zeros, so many pixels wide, into a ring */
    size_t list_bytes, padded_bytes, panel_bytes; /* lists, padded: of one thread */
    size_t turned_x_bytes, turned_y_bytes; /* nchw: the tensors in nhwc */
};

void ridge_conv_plan_make(struct ridge_conv_plan *p, const struct ridge_conv_tiles *tiles, bool is_transpose,
                          const struct ridge_conv_shape *s);
bool ridge_conv_plan_supports(const char *isa, const void *shape, char *reason, size_t n_reason);
/* Scratch: lists, padded rows, x, y and residual in nhwc, then the packed weights of a run that packs them. */
size_t ridge_conv_plan_scratch_bytes(const struct ridge_conv_plan *p, const struct ridge_conv_shape *s,
                                     int n_threads);
static inline size_t ridge_conv_plan_turned_bytes(const struct ridge_conv_plan *p, const struct ridge_conv_shape *s)
{
    return p->turned_x_bytes + (s->residual != 0 ? 2 : 1) * p->turned_y_bytes;
}
void ridge_conv_plan_pack(const struct ridge_conv_plan *p, const struct ridge_conv_shape *s, const float *w,
                          float *to, const struct ridge_host *host);
static inline int64_t ridge_conv_panel_offset(const struct ridge_conv_plan *p, int64_t group, int64_t panel)
{
    return (group * p->oc_stored + panel * p->width) * p->k;
}

static inline int64_t ridge_conv_panel_columns(const struct ridge_conv_plan *p, int64_t panel)
{
    const int64_t left = p->ocg - panel * p->width;
    return left < p->width ? left : p->width;
}

#endif
