/* The direct kernels' plan: what they take, how a problem is cut, and their packed weights. */
#include "common/size.h"
#include "common/split.h"
#include "conv/direct.h"
#include "conv/support.h"
#include <string.h>

static const double max_taps = 1 << 20;
static const int64_t max_pixels_in_place = 64; /* up to here packing given weights costs more than it saves */
static const int64_t n_line_tiles = 16;        /* of a part of a long 1x1 line */
static const int64_t block_bytes = 512 << 10;  /* of panels that pass over x together: they stay in L2 */
static const int64_t max_padded_k = 512;       /* beyond, passes for border tiles cost less than taps on zeros */
static const double max_padded_elements = 1 << 16;

/* 1x1 with step 1: rows, and in nhwc images too, are one line of pixels. */
static void flatten(struct ridge_conv_plan *p, const struct ridge_conv_shape *s)
{
    p->iw *= p->ih;
    p->ih = 1;
    if (s->layout != RIDGE_CONV_NCHW16C) {
        p->iw *= p->batch;
        p->batch = 1;
    }
    p->oh = 1;
    p->ow = p->iw;
    const int64_t part = p->tiles->max_rows * n_line_tiles;
    p->n_parts = p->ow > 0 ? ridge_kernels_size_ceil_div(p->ow, part) : 1;
}

static void plan_strides(struct ridge_conv_plan *p, const struct ridge_conv_shape *s)
{
    const bool is_blocked = s->layout == RIDGE_CONV_NCHW16C;
    p->icg = is_blocked && s->groups == 1 ? ridge_conv_stored_channels(s, s->ic) : s->ic / s->groups;
    p->ocg = is_blocked && s->groups == 1 ? ridge_conv_stored_channels(s, s->oc) : s->oc / s->groups;
    p->block = is_blocked ? 16 : p->icg;
    p->n_blocks = is_blocked ? p->icg / 16 : 1;
    p->x_pixel = is_blocked ? 16 : s->ic;
    p->y_pixel = is_blocked ? 16 : s->oc;
    p->x_block = is_blocked ? p->ih * p->iw * 16 : p->icg; /* also from group to group, in nhwc */
    p->x_image = p->ih * p->iw * p->icg * p->groups;
    p->y_line = p->ow * p->y_pixel;
    p->y_image = p->oh * p->ow * p->ocg * p->groups;
    p->y_vector = is_blocked && p->tiles->n_lanes == 16 ? p->oh * p->ow * 16 : p->tiles->n_lanes;
    p->y_panel = is_blocked ? p->oh * p->ow * 2 * p->tiles->n_lanes : 2 * p->tiles->n_lanes;
    p->y_group = is_blocked ? p->oh * p->ow * p->ocg : p->ocg;
}

/* Short sums: the passes of border tiles would be many short stretches, and the copy is small. */
static void plan_padding(struct ridge_conv_plan *p, const struct ridge_conv_shape *s)
{
    const double width = (double)(p->ow - 1) * (double)p->step + (double)(p->kw - 1) * (double)p->dilation + 1;
    const double n_ring = (double)(p->kh - 1) * (double)p->dilation + 1;
    const bool has_border = p->pad_l > 0 || width > (double)p->iw;
    if (p->is_transpose || s->layout == RIDGE_CONV_NCHW16C || p->k > max_padded_k || !has_border ||
        width * n_ring * (double)p->icg > max_padded_elements || p->ow == 0)
        return;
    p->padded_width = (int64_t)width;
    p->n_ring = (int64_t)n_ring;
    p->padded_bytes = ridge_kernels_size_round_up(
        sizeof(float) * (size_t)p->padded_width * (size_t)p->n_ring * (size_t)p->icg, 64);
}

static size_t turned_bytes(int64_t batch, int64_t n_channels, int64_t height, int64_t width)
{
    return ridge_kernels_size_round_up(sizeof(float) * (size_t)(batch * n_channels * height * width), 64);
}

void ridge_conv_plan_make(struct ridge_conv_plan *p, const struct ridge_conv_tiles *tiles, bool is_transpose,
                      const struct ridge_conv_shape *s)
{
    const struct ridge_conv_out o =
        is_transpose ? ridge_conv_transpose_out_size(s) : ridge_conv_out_size(s);
    *p = (struct ridge_conv_plan){.tiles = tiles, .is_transpose = is_transpose, .batch = s->batch, .ih = s->ih,
                       .iw = s->iw, .oh = o.oh, .ow = o.ow, .kh = s->kh, .kw = s->kw,
                       .stride_h = s->stride_h, .stride_w = s->stride_w, .pad_t = s->pad_t,
                       .pad_l = s->pad_l, .dilation = s->dilation, .groups = s->groups,
                       .step = is_transpose ? 1 : s->stride_w, .n_residues = 1, .n_parts = 1};
    if (ridge_conv_is_pointwise(s) && s->out_pad_h == 0 && s->out_pad_w == 0)
        flatten(p, s);
    if (is_transpose)
        p->n_residues = s->stride_w < p->ow ? s->stride_w : p->ow;
    plan_strides(p, s);
    p->k = p->n_blocks * p->block * p->kh * p->kw;
    p->width = 2 * tiles->n_lanes;
    p->oc_stored = ridge_kernels_size_ceil_div(p->ocg, tiles->n_lanes) * tiles->n_lanes;
    p->n_panels = ridge_kernels_size_ceil_div(p->ocg, p->width);
    p->n_lines = p->batch * p->oh * p->n_residues * p->n_parts;
    p->n_capacity = p->n_blocks * p->kh * p->kw;
    p->list_bytes = ridge_kernels_size_round_up(2 * (size_t)p->n_capacity * sizeof(struct ridge_conv_segment) +
                                                    (size_t)p->kw * sizeof(struct ridge_conv_column), 64);
    if (s->layout == RIDGE_CONV_NCHW) {
        p->turned_x_bytes = turned_bytes(s->batch, s->ic, s->ih, s->iw);
        p->turned_y_bytes = turned_bytes(s->batch, s->oc, o.oh, o.ow);
    }
    plan_padding(p, s);
    p->panel_bytes = sizeof(float) * (size_t)ridge_conv_panel_offset(p, p->groups, 0);
    const int64_t fit = p->k > 0 ? block_bytes / (p->k * p->width * (int64_t)sizeof(float)) : p->n_panels;
    p->block_panels = fit < 1 ? 1 : fit < p->n_panels ? fit : p->n_panels;
    p->is_packed = s->weights == RIDGE_CONV_PREPACKED || s->layout != RIDGE_CONV_NHWC ||
                   (is_transpose && s->groups > 1) ||
                   p->batch * p->oh * p->ow > max_pixels_in_place;
}

/* ---- weights ------------------------------------------------------------------------------- */

struct packing {
    const struct ridge_conv_plan *p;
    const struct ridge_conv_shape *s;
    const float *w;
    float *to;
};

/* The rows of one tap: channel i of the block, n_o columns from w and zeros after them. */
static void pack_rows(const float *w, int64_t i_step, int64_t o_step, int64_t n_i, int64_t n_o,
                      int64_t width, float *to)
{
    for (int64_t i = 0; i < n_i; i++, w += i_step, to += width) {
        if (o_step == 1 && n_o == RIDGE_CONV_MAX_PANEL) {
            memcpy(to, w, RIDGE_CONV_MAX_PANEL * sizeof *to); /* a known size becomes moves */
            continue;
        }
        for (int64_t o = 0; o < n_o; o++)
            to[o] = w[o * o_step];
        memset(to + n_o, 0, sizeof *to * (size_t)(width - n_o));
    }
}

/* One panel: row k is (block, r, q, channel of the block), as the segments count it. */
static void pack_panel(void *ctx, size_t i_task, int i_thread)
{
    const struct packing *x = ctx;
    const struct ridge_conv_plan *p = x->p;
    const struct ridge_conv_shape *s = x->s;
    const int64_t group = (int64_t)i_task / p->n_panels, panel = (int64_t)i_task % p->n_panels;
    const int64_t icg = s->ic / s->groups, ocg = s->oc / s->groups, lanes = p->tiles->n_lanes;
    const int64_t width = ridge_kernels_size_ceil_div(ridge_conv_panel_columns(p, panel), lanes) * lanes;
    const int64_t o0 = panel * p->width, fit = o0 + width < ocg ? width : ocg - o0;
    const int64_t n_o = fit > 0 ? fit : 0, plane = s->kh * s->kw;
    const bool is_nhwc = s->layout == RIDGE_CONV_NHWC;
    const int64_t o_step = is_nhwc ? 1 : p->is_transpose ? plane : icg * plane;
    const int64_t i_step = is_nhwc ? (p->is_transpose ? ocg : s->oc) : p->is_transpose ? ocg * plane : plane;
    float *to = x->to + ridge_conv_panel_offset(p, group, panel);
    (void)i_thread;
    for (int64_t tap = 0; tap < p->n_blocks * plane; tap++, to += p->block * width) {
        const int64_t i = tap / plane * p->block, r = tap / p->kw % p->kh, q = tap % p->kw;
        const int64_t n_i = icg - i < p->block ? icg - i : p->block;
        const int64_t first = n_o == 0          ? 0
                              : p->is_transpose ? ridge_conv_transpose_weight_index(s, o0, group * icg + i, r, q)
                                                : ridge_conv_weight_index(s, group * ocg + o0, i, r, q);
        pack_rows(x->w + first, i_step, o_step, n_i, n_o, width, to);
        memset(to + n_i * width, 0, sizeof *to * (size_t)((p->block - n_i) * width));
    }
}

void ridge_conv_plan_pack(const struct ridge_conv_plan *p, const struct ridge_conv_shape *s, const float *w,
                          float *to, const struct ridge_host *host)
{
    struct packing x = {p, s, w, to};
    ridge_split_tasks(host, p->groups * p->n_panels, pack_panel, &x);
}

bool ridge_conv_plan_supports(const char *isa, const void *shape, char *reason, size_t n_reason)
{
    const struct ridge_conv_shape *s = shape;
    const int layouts = RIDGE_CONV_IN_NCHW | RIDGE_CONV_IN_NHWC | RIDGE_CONV_IN_NCHW16C;
    if (!ridge_conv_asks_for(s, RIDGE_CONV_DIRECT, layouts, isa, reason, n_reason))
        return false;
    const double n_taps = (double)s->kh * (double)s->kw;
    if (n_taps > max_taps || n_taps * ((double)s->ic + 16) * ((double)s->oc + 32) > 0x1p57) {
        (void)snprintf(reason, n_reason, "direct takes filters of up to 2^20 taps and 2^57 weights");
        return false;
    }
    if (s->layout == RIDGE_CONV_NCHW16C && s->groups > 1 &&
        ((s->ic / s->groups) % 16 != 0 || (s->oc / s->groups) % 16 != 0)) {
        (void)snprintf(reason, n_reason,
                       "direct takes groups in nchw16c only of a multiple of 16 channels each");
        return false;
    }
    return true;
}

size_t ridge_conv_plan_scratch_bytes(const struct ridge_conv_plan *p, const struct ridge_conv_shape *s,
                                     int n_threads)
{
    const bool is_packing = p->is_packed && s->weights == RIDGE_CONV_GIVEN;
    return (p->list_bytes + p->padded_bytes) * (size_t)n_threads + ridge_conv_plan_turned_bytes(p, s) +
           (is_packing ? p->panel_bytes : 0);
}
