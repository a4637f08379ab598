/* Depthwise rows in vectors of channels, once for every ISA; see depthwise.h. */
#include "conv/depthwise.h"
#include "conv/finish.h"

#define N_COLUMNS_MAX RIDGE_CONV_DEPTHWISE_MAX_COLUMNS
enum { L1_BYTES = 24 << 10 }; /* for x: half of the larger L1 caches */

/* n_vectors vectors of channels of a tile; the pointers are at the first. */
struct tile {
    const float *x; /* first filter row inside, input column of output 0 and tap 0 */
    int64_t x_row, x_pixel;
    const float *w;
    int64_t w_row, w_tap, w_vector;
    const float *bias;
    int64_t n_vectors;
    int64_t n_rows;      /* filter rows inside the image */
    int64_t first, last; /* input columns inside, counted from x */
    float *y;
    const float *residual;
    int64_t y_pixel;
    MASK mask, mask_stored; /* channels; what of the vector is stored */
    struct finish finish;
};

/* Keeps a value in a register: the compiler would read it again for every use. */
#if VL > 1
#define PIN(v) __asm__("" : "+v"(v))
#else
#define PIN(v) ((void)0)
#endif

INLINE VEC load_if(const float *p, MASK mask, bool is_masked)
{
    return is_masked ? LOAD_MASKED(p, mask, ZERO()) : LOAD(p);
}

INLINE void store_if(float *p, MASK mask, bool is_masked, VEC v)
{
    if (is_masked)
        STORE_MASKED(p, mask, v);
    else
        STORE(p, v);
}

INLINE void finish_columns(const struct tile *t, int64_t at, VEC *sums, const int n, const bool is_careful)
{
    const int64_t y_pixel = t->y_pixel;
    if (t->residual != NULL) {
        const float *r = t->residual + at;
        UNROLL(14) for (int c = 0; c < n; c++, r += y_pixel)
            sums[c] = ADD(sums[c], load_if(r, t->mask_stored, is_careful));
    }
    if (t->finish.is_cut) {
        UNROLL(14) for (int c = 0; c < n; c++)
            sums[c] = MIN_SECOND(t->finish.high, MAX_SECOND(t->finish.low, sums[c]));
    }
    float *y = t->y + at;
    UNROLL(14) for (int c = 0; c < n; c++, y += y_pixel) store_if(y, t->mask_stored, is_careful, sums[c]);
    if (!t->finish.is_curved)
        return;
    y = t->y + at;
    for (int c = 0; c < n; c++, y += y_pixel)
        store_if(y, t->mask_stored, is_careful,
                 act_curved(t->finish.act, load_if(y, t->mask_stored, is_careful)));
}

/* FULL: all is inside. EDGE: the first and last kw - 1 columns may lie outside. CAREFUL: any column may, and
 * lanes are masked. */
enum tile_mode { FULL, EDGE, CAREFUL, N_MODES };

/* n outputs of a row. */
INLINE void columns(const struct tile *t, const int kw, const int stride, const int n, const enum tile_mode mode)
{
    const bool is_careful = mode == CAREFUL;
    const int width = (n - 1) * stride + kw;
    const int64_t x_pixel = t->x_pixel, w_tap = t->w_tap, first = t->first, last = t->last;
    const float *w_vector = t->w;
    for (int64_t at = 0; at < t->n_vectors * VL; at += VL, w_vector += t->w_vector) {
        VEC sums[N_COLUMNS_MAX];
        const VEC bias = t->bias == NULL ? ZERO() : load_if(t->bias + at, t->mask, is_careful);
        UNROLL(14) for (int c = 0; c < n; c++) sums[c] = bias;
        const float *row = t->x + at, *w = w_vector;
        for (int64_t r = t->n_rows; r > 0; r--) {
            VEC taps[7];
            UNROLL(7) for (int q = 0; q < kw; q++) taps[q] = load_if(w + q * w_tap, t->mask, is_careful);
            const float *x = row;
            UNROLL(40) for (int j = 0; j < width; j++, x += x_pixel)
            {
                const bool is_near_edge = j < kw - 1 || j > width - kw;
                if ((is_careful || (mode == EDGE && is_near_edge)) && (j < first || j >= last))
                    continue;
                VEC v = load_if(x, t->mask, is_careful);
                PIN(v);
                UNROLL(7) for (int q = 0; q < kw; q++)
                {
                    const int c = (j - q) / stride;
                    if (j >= q && (j - q) % stride == 0 && c < n)
                        sums[c] = FMA(v, taps[q], sums[c]);
                }
            }
            row += t->x_row;
            w += t->w_row;
        }
        finish_columns(t, at, sums, n, is_careful);
    }
}

typedef void tile_fn(const struct tile *t);
#define TILE_OF_MODE(kw, stride, n, mode)                                                          \
    static void tile_##kw##_##stride##_##n##_##mode(const struct tile *t) { columns(t, kw, stride, n, mode); }
#define TILE(kw, stride, n)                                                                        \
    TILE_OF_MODE(kw, stride, n, FULL) TILE_OF_MODE(kw, stride, n, EDGE) TILE_OF_MODE(kw, stride, n, CAREFUL)
#define TILE_ROW(kw, stride, n)                                                                    \
    [n] = {tile_##kw##_##stride##_##n##_FULL, tile_##kw##_##stride##_##n##_EDGE,                   \
           tile_##kw##_##stride##_##n##_CAREFUL},
#define UP_TO_3(X, kw, s) X(kw, s, 1) X(kw, s, 2) X(kw, s, 3)
#define UP_TO_4(X, kw, s) UP_TO_3(X, kw, s) X(kw, s, 4)
#define UP_TO_5(X, kw, s) UP_TO_4(X, kw, s) X(kw, s, 5)
#define UP_TO_6(X, kw, s) UP_TO_5(X, kw, s) X(kw, s, 6)
#define UP_TO_7(X, kw, s) UP_TO_6(X, kw, s) X(kw, s, 7)
#define UP_TO_8(X, kw, s) UP_TO_7(X, kw, s) X(kw, s, 8)
#define UP_TO_10(X, kw, s) UP_TO_8(X, kw, s) X(kw, s, 9) X(kw, s, 10)
#define UP_TO_14(X, kw, s) UP_TO_10(X, kw, s) X(kw, s, 11) X(kw, s, 12) X(kw, s, 13) X(kw, s, 14)
/* The widest tile: what 32 or 16 registers hold; at stride 2 half of it, for as many columns of x. */
#if VL == 16
#define COLUMNS_3_1 14
#define COLUMNS_5_1 14
#define COLUMNS_7_1 14
#define COLUMNS_3_2 7
#define COLUMNS_5_2 7
#define COLUMNS_7_2 7
#else
#define COLUMNS_3_1 10
#define COLUMNS_5_1 8
#define COLUMNS_7_1 6
#define COLUMNS_3_2 5
#define COLUMNS_5_2 4
#define COLUMNS_7_2 3
#endif
#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define ALL_TILES(X, kw, s) JOIN(UP_TO_, COLUMNS_##kw##_##s)(X, kw, s)
ALL_TILES(TILE, 3, 1)
ALL_TILES(TILE, 3, 2)
ALL_TILES(TILE, 5, 1)
ALL_TILES(TILE, 5, 2)
ALL_TILES(TILE, 7, 1)
ALL_TILES(TILE, 7, 2)

static const int max_columns[3][2] = {
    {COLUMNS_3_1, COLUMNS_3_2}, {COLUMNS_5_1, COLUMNS_5_2}, {COLUMNS_7_1, COLUMNS_7_2}};
/* [kw / 2 - 1][stride - 1][outputs][mode] */
static tile_fn *const tiles[3][2][N_COLUMNS_MAX + 1][N_MODES] = {
    {{ALL_TILES(TILE_ROW, 3, 1)}, {ALL_TILES(TILE_ROW, 3, 2)}},
    {{ALL_TILES(TILE_ROW, 5, 1)}, {ALL_TILES(TILE_ROW, 5, 2)}},
    {{ALL_TILES(TILE_ROW, 7, 1)}, {ALL_TILES(TILE_ROW, 7, 2)}},
};

/* The taps i with 0 <= start + i * step < size. */
INLINE void taps_inside(int64_t start, int64_t step, int64_t n, int64_t size, int64_t *first, int64_t *last)
{
    *first = start < 0 ? (-start + step - 1) / step : 0;
    *last = start >= size ? 0 : (size - start + step - 1) / step;
    if (*last > n)
        *last = n;
    if (*first > *last)
        *first = *last;
}

static struct tile tile_of(const struct ridge_conv_depthwise_plan *p,
                           const struct ridge_conv_depthwise_data *d, int64_t o)
{
    struct tile t = {.n_vectors = 1};
    t.mask = mask_of(p->shape->oc - o);
    t.mask_stored = mask_of(p->n_stored - o);
    t.finish = finish_of(p->shape->act);
    t.bias = d->bias == NULL ? NULL : d->bias + o;
    t.w_tap = p->w_tap;
    t.w_row = p->shape->kw * p->w_tap;
    t.w_vector = p->w_block;
    t.x_pixel = p->x.pixel;
    t.x_row = p->x.row;
    t.y_pixel = p->y.pixel;
    return t;
}

/* n columns from w0 on, rows [h0, h1), n_vectors of channels from o on. */
static void strip(const struct ridge_conv_depthwise_plan *p, const struct ridge_conv_depthwise_data *d,
                  const struct ridge_conv_depthwise_part *part, int64_t w0, int64_t n, int64_t o,
                  int64_t n_vectors)
{
    const struct ridge_conv_shape *s = p->shape;
    struct tile t = tile_of(p, d, o);
    const int64_t x0 = w0 * s->stride_w - s->pad_l;
    const float *x = d->x + part->b * p->x.batch + ridge_conv_channel_offset(&p->x, o) + x0 * t.x_pixel;
    const int64_t y = part->b * p->y.batch + ridge_conv_channel_offset(&p->y, o) + w0 * t.y_pixel;
    t.n_vectors = n_vectors;
    t.first = -x0;
    t.last = s->iw - x0;
    const int64_t n_outside_left = -x0, n_outside_right = (n - 1) * s->stride_w + s->kw - t.last;
    const int64_t n_outside = n_outside_left > n_outside_right ? n_outside_left : n_outside_right;
    const enum tile_mode mode = s->oc - o < n_vectors * VL || n_outside >= s->kw ? CAREFUL
                                : n_outside > 0                                  ? EDGE
                                                                                 : FULL;
    tile_fn *const tile = tiles[s->kw / 2 - 1][s->stride_w - 1][n][mode];
    for (int64_t h = part->h0; h < part->h1; h++) {
        const int64_t top = h * s->stride_h - s->pad_t;
        int64_t first, last;
        taps_inside(top, 1, s->kh, s->ih, &first, &last);
        t.n_rows = last - first;
        t.x = x + (top + first) * t.x_row;
        t.w = d->w + o / VL * p->w_block + first * t.w_row;
        t.y = d->y + y + h * p->y.row;
        t.residual = d->residual == NULL ? NULL : d->residual + y + h * p->y.row;
        tile(&t);
    }
}

/* How many vectors of channels next to each other keep the filter's rows of a strip in L1. */
static int64_t vectors_at_once(const struct ridge_conv_depthwise_plan *p, int64_t n_columns)
{
    const struct ridge_conv_shape *s = p->shape;
    const int64_t window = (s->kh + s->stride_h) * (n_columns * s->stride_w + s->kw) * VEC_BYTES;
    const int64_t n = window < L1_BYTES ? L1_BYTES / window : 1;
    return s->layout == RIDGE_CONV_NCHW16C ? 16 / VL : n;
}

/* Strips of columns, dealt evenly; in them groups of channels; in them rows. */
void RIDGE_ISA_NAME(ridge_conv_depthwise_columns)(const struct ridge_conv_depthwise_plan *p,
                                                  const struct ridge_conv_depthwise_data *d,
                                                  const struct ridge_conv_depthwise_part *part)
{
    const struct ridge_conv_shape *s = p->shape;
    const int64_t most = max_columns[s->kw / 2 - 1][s->stride_w - 1], n_strips = (p->out.ow + most - 1) / most;
    int64_t w0 = 0;
    for (int64_t i = 0; i < n_strips; i++) {
        const int64_t n = (p->out.ow - w0) / (n_strips - i), group = vectors_at_once(p, n);
        for (int64_t v = part->block0; v < part->block1;) {
            const int64_t left = part->block1 - v, n_full = s->oc / VL - v;
            int64_t n_vectors = left < group - v % group ? left : group - v % group;
            if (n_full < n_vectors) /* the tail goes by itself */
                n_vectors = n_full > 0 ? n_full : 1;
            strip(p, d, part, w0, n, v * VL, n_vectors);
            v += n_vectors;
        }
        w0 += n;
    }
}

/* ---- any shape ---- */

enum { N_AT_ONCE = 4 };

struct lanes {
    int64_t offset[VL]; /* of each lane's input channel */
    int64_t stride;     /* where it is the same from lane to lane, else 0 */
    int n;
};

INLINE VEC load_channels(const float *x, const struct lanes *l, MASK mask)
{
    if (l->stride == 1)
        return LOAD_MASKED(x + l->offset[0], mask, ZERO());
    float v[VL] = {0};
    for (int i = 0; i < l->n; i++)
        v[i] = x[l->offset[i]];
    return LOAD(v);
}

static struct lanes lanes_from(const struct ridge_conv_depthwise_plan *p, int64_t o)
{
    struct lanes l = {.n = lanes_of(p->shape->oc - o)};
    for (int i = 0; i < l.n; i++)
        l.offset[i] = ridge_conv_channel_offset(&p->x, (o + i) / p->multiplier);
    l.stride = p->multiplier == 1 ? p->x.lane : 0;
    return l;
}

/* n <= 4 outputs of a row from column w on; x and t->w are at filter row `first`. */
static void any_columns(const struct ridge_conv_depthwise_plan *p, const struct tile *t,
                        const struct lanes *lanes, int64_t w, int n, VEC *sums)
{
    const struct ridge_conv_shape *s = p->shape;
    const VEC bias = t->bias == NULL ? ZERO() : LOAD_MASKED(t->bias, t->mask, ZERO());
    for (int c = 0; c < n; c++)
        sums[c] = bias;
    for (int64_t r = 0; r < t->n_rows; r++) {
        const float *row = t->x + r * t->x_row;
        for (int64_t q = 0; q < s->kw; q++) {
            const VEC tap = LOAD_MASKED(t->w + r * t->w_row + q * t->w_tap, t->mask, ZERO());
            for (int c = 0; c < n; c++) {
                const int64_t column = (w + c) * s->stride_w - s->pad_l + q * s->dilation;
                if (column >= 0 && column < s->iw)
                    sums[c] = FMA(load_channels(row + column * t->x_pixel, lanes, t->mask), tap, sums[c]);
            }
        }
    }
}

static void any_store(const struct ridge_conv_depthwise_plan *p, const struct tile *t, int n_lanes, int n,
                      const VEC *sums)
{
    for (int c = 0; c < n; c++) {
        float *y = t->y + c * t->y_pixel;
        const float *r = t->residual == NULL ? NULL : t->residual + c * t->y_pixel;
        VEC v = sums[c];
        if (r != NULL)
            v = ADD(v, p->y.lane == 1 ? LOAD_MASKED(r, t->mask_stored, ZERO()) : load_lanes(r, p->y.lane, n_lanes));
        v = finish_vec(&t->finish, v);
        if (p->y.lane == 1)
            STORE_MASKED(y, t->mask_stored, v);
        else
            store_lanes(y, p->y.lane, n_lanes, v);
    }
}

static void any_rows(const struct ridge_conv_depthwise_plan *p, const struct ridge_conv_depthwise_data *d,
                     const struct ridge_conv_depthwise_part *part, int64_t o)
{
    const struct ridge_conv_shape *s = p->shape;
    const struct lanes lanes = lanes_from(p, o);
    const int64_t y0 = part->b * p->y.batch + ridge_conv_channel_offset(&p->y, o);
    struct tile t = tile_of(p, d, o);
    t.x_row = p->x.row * s->dilation;
    for (int64_t h = part->h0; h < part->h1; h++) {
        const int64_t top = h * s->stride_h - s->pad_t;
        int64_t first, last;
        taps_inside(top, s->dilation, s->kh, s->ih, &first, &last);
        t.n_rows = last - first;
        t.x = d->x + part->b * p->x.batch + (top + first * s->dilation) * p->x.row;
        t.w = d->w + o / VL * p->w_block + first * t.w_row;
        for (int64_t w = 0; w < p->out.ow; w += N_AT_ONCE) {
            const int n = p->out.ow - w < N_AT_ONCE ? (int)(p->out.ow - w) : N_AT_ONCE;
            const int64_t at = y0 + h * p->y.row + w * p->y.pixel;
            VEC sums[N_AT_ONCE];
            t.y = d->y + at;
            t.residual = d->residual == NULL ? NULL : d->residual + at;
            any_columns(p, &t, &lanes, w, n, sums);
            any_store(p, &t, lanes.n, n, sums);
        }
    }
}

void RIDGE_ISA_NAME(ridge_conv_depthwise_any)(const struct ridge_conv_depthwise_plan *p,
                                              const struct ridge_conv_depthwise_data *d,
                                              const struct ridge_conv_depthwise_part *part)
{
    for (int64_t block = part->block0; block < part->block1; block++)
        any_rows(p, d, part, block * VL);
}
