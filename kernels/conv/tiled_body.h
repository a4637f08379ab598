/* A tile of a tensor as vectors of channels: where it lies, what of it is inside, how it is stored.
 * Included by the ISA files; the transforms in winograd.h and fft.h load and store through it. */
#include "conv/finish.h"
#include "conv/support.h"
#include "conv/tiled.h"

/* How a tile is read or written: INSIDE has neither edge nor strided lanes. */
enum view_mode { INSIDE, EDGE, LANES };

struct view {
    const float *x; /* element 0,0 of the tile, also where that lies outside */
    int64_t row, pixel, lane;
    int64_t h0, h1, w0, w1; /* the part inside: h0 <= h < h1 */
    MASK mask;
    int n_lanes;
    enum view_mode mode;
};

INLINE VEC view_load(const struct view *s, enum view_mode mode, int64_t h, int64_t w)
{
    const float *p = s->x + h * s->row + w * s->pixel;
    if (mode == INSIDE)
        return LOAD_MASKED(p, s->mask, ZERO());
    if (h < s->h0 || h >= s->h1 || w < s->w0 || w >= s->w1)
        return ZERO();
    return mode == EDGE ? LOAD_MASKED(p, s->mask, ZERO()) : load_lanes(p, s->lane, s->n_lanes);
}

INLINE int64_t min_i64(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Where a transformed value goes: from one point to the next, from real to imaginary, and (weights) from
 * the rows of real to those of imaginary inputs. */
struct target {
    int64_t point, part, rows;
};

INLINE void target_store(const struct view *s, float *to, VEC v)
{
    if (s->n_lanes == VL)
        STORE(to, v);
    else
        STORE_MASKED(to, s->mask, v);
}

/* The tile's place among all: image, first output row and column. */
struct place {
    int64_t b, h, w;
};

INLINE struct place place_of(const struct ridge_conv_tiled_plan *p, int64_t i_tile)
{
    const int64_t per_image = p->tiles_h * p->tiles_w, t = i_tile % per_image;
    return (struct place){i_tile / per_image, t / p->tiles_w * p->out_h, t % p->tiles_w * p->out_w};
}

/* The input tile without its channel: set x, mask and n_lanes for each channel block. */
INLINE struct view input_view(const struct ridge_conv_tiled_plan *p, struct place at)
{
    const struct ridge_conv_shape *s = p->shape;
    const int64_t tile = p->variant->tile, h = at.h - s->pad_t, w = at.w - s->pad_l;
    struct view v = {.row = p->x.row, .pixel = p->x.pixel, .lane = p->x.lane};
    v.h0 = h < 0 ? -h : 0;
    v.w0 = w < 0 ? -w : 0;
    v.h1 = min_i64(tile, s->ih - h);
    v.w1 = min_i64(tile, s->iw - w);
    const bool is_inside = v.h0 == 0 && v.w0 == 0 && v.h1 == tile && v.w1 == tile;
    v.mode = v.lane != 1 ? LANES : is_inside ? INSIDE : EDGE;
    return v;
}

/* Calls transform(view, mode, v, point stride) for every channel block of the tile. */
#define INPUT_FUNCTION(name, transform)                                                            \
    static void name(const struct ridge_conv_tiled_plan *p, const float *x, int64_t i_tile, float *v)  \
    {                                                                                              \
        const struct place at = place_of(p, i_tile);                                               \
        struct view s = input_view(p, at);                                                         \
        const int64_t first = at.b * p->x.batch + (at.h - p->shape->pad_t) * s.row +               \
                              (at.w - p->shape->pad_l) * s.pixel;                                  \
        const struct target to = {.point = p->v_point, .part = p->shape->ic};                      \
        for (int64_t c = 0; c < p->shape->ic; c += VL) {                                           \
            s.x = x + first + ridge_conv_channel_offset(&p->x, c);                                 \
            s.n_lanes = lanes_of(p->shape->ic - c);                                                \
            s.mask = mask_of(p->shape->ic - c);                                                   \
            if (s.mode == INSIDE)                                                                  \
                transform(&s, INSIDE, &to, v + c);                                                 \
            else if (s.mode == EDGE)                                                               \
                transform(&s, EDGE, &to, v + c);                                                   \
            else                                                                                   \
                transform(&s, LANES, &to, v + c);                                                  \
        }                                                                                          \
    }

/* The filters of one input channel: lanes are output channels. */
#define WEIGHTS_FUNCTION(name, transform)                                                          \
    static void name(const struct ridge_conv_tiled_plan *p, const float *w, int64_t i_channel, float *u) \
    {                                                                                              \
        const struct ridge_conv_shape *f = p->shape;                                               \
        struct view s = {.h1 = f->kh, .w1 = f->kw};                                                \
        const int64_t zero = ridge_conv_weight_index(f, 0, i_channel, 0, 0);                       \
        s.row = ridge_conv_weight_index(f, 0, i_channel, 1, 0) - zero;                             \
        s.pixel = ridge_conv_weight_index(f, 0, i_channel, 0, 1) - zero;                           \
        s.lane = ridge_conv_weight_index(f, 1, i_channel, 0, 0) - zero;                            \
        const struct target to = {.point = p->u_point, .part = f->oc, .rows = f->ic * p->n};       \
        for (int64_t o = 0; o < f->oc; o += VL) {                                                  \
            s.x = w + zero + o * s.lane;                                                           \
            s.n_lanes = lanes_of(f->oc - o);                                                       \
            s.mask = mask_of(f->oc - o);                                                          \
            if (s.lane == 1)                                                                       \
                transform(&s, EDGE, &to, u + i_channel * p->n + o);                                \
            else                                                                                   \
                transform(&s, LANES, &to, u + i_channel * p->n + o);                               \
        }                                                                                          \
    }

/* An output tile: act(value + bias + residual), cut at the image's end. */
struct sink {
    float *y;
    const float *residual;
    int64_t row, pixel, lane;
    int64_t n_rows, n_columns;
    MASK mask;
    int n_lanes;
    VEC bias;
    struct finish finish;
};

INLINE void sink_store(const struct sink *s, int64_t h, int64_t w, VEC v)
{
    if (w >= s->n_columns)
        return;
    const int64_t at = h * s->row + w * s->pixel;
    v = ADD(v, s->bias);
    if (s->lane == 1) {
        if (s->residual != NULL)
            v = ADD(v, LOAD_MASKED(s->residual + at, s->mask, ZERO()));
        v = finish_vec(&s->finish, v);
        if (s->n_lanes == VL)
            STORE(s->y + at, v);
        else
            STORE_MASKED(s->y + at, s->mask, v);
    } else {
        if (s->residual != NULL)
            v = ADD(v, load_lanes(s->residual + at, s->lane, s->n_lanes));
        store_lanes(s->y + at, s->lane, s->n_lanes, finish_vec(&s->finish, v));
    }
}

struct source {
    const float *m;
    int64_t point, part;
    MASK mask;
};

/* Calls transform(source, sink) for every block of output channels; padded channels become zero. */
#define OUTPUT_FUNCTION(name, transform)                                                           \
    static void name(const struct ridge_conv_tiled_plan *p, const struct ridge_kernel_args *args,     \
                     int64_t i_tile, const float *m)                                               \
    {                                                                                              \
        const struct ridge_conv_shape *f = p->shape;                                               \
        const struct place at = place_of(p, i_tile);                                               \
        struct sink s = {.row = p->y.row, .pixel = p->y.pixel, .lane = p->y.lane};                 \
        struct source from = {.point = p->m_point, .part = f->oc};                                 \
        const float *bias = args->in[RIDGE_CONV_BIAS].data;                                        \
        s.n_rows = min_i64(p->out_h, p->out.oh - at.h);                                            \
        s.n_columns = min_i64(p->out_w, p->out.ow - at.w);                                         \
        s.finish = finish_of(f->act);                                                              \
        const int64_t first = at.b * p->y.batch + at.h * s.row + at.w * s.pixel;                   \
        const int64_t n_stored = ridge_conv_stored_channels(f, f->oc);                             \
        for (int64_t o = 0; o < n_stored; o += VL) {                                               \
            const int64_t here = first + ridge_conv_channel_offset(&p->y, o);                      \
            s.y = (float *)args->out[0].data + here;                                               \
            if (f->residual)                                                                       \
                s.residual = (const float *)args->in[RIDGE_CONV_RESIDUAL].data + here;             \
            s.n_lanes = lanes_of(n_stored - o);                                                    \
            s.mask = mask_of(n_stored - o);                                                       \
            from.mask = mask_of(f->oc - o);                                                       \
            from.m = m + o;                                                                        \
            s.bias = f->bias ? LOAD_MASKED(bias + o, from.mask, ZERO()) : ZERO();                      \
            transform(&from, &s);                                                                  \
        }                                                                                          \
    }
