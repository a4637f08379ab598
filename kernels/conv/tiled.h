/* Convolution by transformed tiles, once for Winograd and FFT: y = T_out(sum over i of T_x(x_i) . T_w(w_i)).
 *
 * The input is cut into overlapping tiles, each tile and each filter is transformed; at every point of the
 * transform the sum over input channels is one matrix product (tiles x ic) * (ic x oc), done by sgemm.
 * A complex point is a real product of twice the depth and width: [Xr Xi] * [[Wr -Wi] [Wi Wr]].
 * Tiles are taken in blocks whose transforms stay in L2. Stride 1, dilation 1, groups 1; any layout.
 *
 * tiled.c plans and walks; an ISA file brings the transforms (tiled_body.h, winograd.h, fft.h).
 */
#ifndef RIDGE_KERNELS_CONV_TILED_H
#define RIDGE_KERNELS_CONV_TILED_H

#include "common/sgemm/sgemm.h"
#include "conv/conv.h"

struct ridge_conv_tiled_plan;

/* Where the elements of a tensor lie: lanes are channels. */
struct ridge_conv_strides {
    int64_t batch, row, pixel, lane;
    int64_t block; /* between blocks of block_channels channels */
    int64_t block_channels;
};

struct ridge_conv_tiled_variant {
    int tile;     /* rows and columns of an input tile */
    int n_points; /* of its transform */
    int n_parts;  /* 1: real, 2: complex */
    double input_flop, output_flop, weight_flop; /* of one tile and channel; of one filter */
    void (*input)(const struct ridge_conv_tiled_plan *plan, const float *x, int64_t i_tile, float *v);
    void (*weights)(const struct ridge_conv_tiled_plan *plan, const float *w, int64_t i_channel, float *u);
    void (*output)(const struct ridge_conv_tiled_plan *plan, const struct ridge_kernel_args *args,
                   int64_t i_tile, const float *m);
};

/* What a kernel is: an algorithm, its ISA, and the tile sizes to choose from. */
struct ridge_conv_tiled {
    enum ridge_conv_algorithm algorithm;
    const char *isa;
    int min_kernel, max_kernel; /* rows and columns of the filter */
    const struct ridge_conv_tiled_variant *const *variants; /* NULL-terminated */
};

struct ridge_conv_tiled_plan {
    const struct ridge_conv_shape *shape;
    const struct ridge_conv_tiled_variant *variant;
    struct ridge_conv_out out;
    struct ridge_conv_strides x, y;
    int64_t out_h, out_w;     /* of a tile */
    int64_t tiles_h, tiles_w; /* of an image */
    int64_t n_tiles, n_block; /* all; of a block */
    int64_t k, n;             /* of a product: parts * ic, parts * oc */
    int64_t ld_v, ld_m, v_point, m_point, u_point; /* floats */
    struct ridge_sgemm product;
    struct ridge_sgemm_batch batch;
    bool is_by_block; /* a task is a block; else the three steps of a block are split */
    size_t u_bytes, slot_bytes, sgemm_bytes;
    int64_t n_slots;
};

/* Strides of a tensor of n_channels x height x width in the shape's layout. */
struct ridge_conv_strides ridge_conv_strides_of(const struct ridge_conv_shape *s, int64_t n_channels,
                                                int64_t height, int64_t width);
static inline int64_t ridge_conv_channel_offset(const struct ridge_conv_strides *s, int64_t c)
{
    return c / s->block_channels * s->block + c % s->block_channels * s->lane;
}

/* Bodies of a kernel's hooks. */
bool ridge_conv_tiled_supports(const struct ridge_conv_tiled *t, const struct ridge_conv_shape *s,
                               char *reason, size_t n_reason);
size_t ridge_conv_tiled_packed_bytes(const struct ridge_conv_tiled *t, const struct ridge_conv_shape *s);
enum ridge_status ridge_conv_tiled_pack(const struct ridge_conv_tiled *t, const struct ridge_kernel_args *args,
                                        struct ridge_error *err);
size_t ridge_conv_tiled_scratch_bytes(const struct ridge_conv_tiled *t, const struct ridge_conv_shape *s,
                                      int n_threads);
enum ridge_status ridge_conv_tiled_run(const struct ridge_conv_tiled *t, const struct ridge_kernel_args *args);
double ridge_conv_tiled_executed_flop(const struct ridge_conv_tiled *t, const struct ridge_conv_shape *s);

#define RIDGE_CONV_TILED_VARIANTS(X, isa)                                                          \
    X(ridge_conv_winograd2_variant__##isa)                                                         \
    X(ridge_conv_winograd4_variant__##isa)                                                         \
    X(ridge_conv_winograd6_variant__##isa)                                                         \
    X(ridge_conv_fft16_variant__##isa)                                                             \
    X(ridge_conv_fft32_variant__##isa)
#define RIDGE_CONV_TILED_DECLARE(id) extern const struct ridge_conv_tiled_variant id;
RIDGE_CONV_TILED_VARIANTS(RIDGE_CONV_TILED_DECLARE, ref)
RIDGE_CONV_TILED_VARIANTS(RIDGE_CONV_TILED_DECLARE, avx2)
RIDGE_CONV_TILED_VARIANTS(RIDGE_CONV_TILED_DECLARE, avx512)

#endif
