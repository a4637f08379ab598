/* Depthwise rows in vectors of channels, once for every ISA; see depthwise.h. */
#include "conv/depthwise.h"
#include "conv/finish.h"

#define N_COLUMNS_MAX RIDGE_CONV_DEPTHWISE_MAX_COLUMNS
enum { /* of x in L1, as measured with one of 48 KiB */
    STRIP_BYTES = 44 << 10,         /* nhwc */
    BLOCKED_STRIP_BYTES = 24 << 10, /* nchw16c: all channels of a strip ... */
    BLOCKED_ROW_BYTES = 48 << 10,   /* ... or 16 of them in a long row */
    MAX_SPANS = 16,
    MAX_PAIRS = 7 /* outputs of two rows each at once */
};

/* n_vectors vectors of channels of a tile; the pointers are at the first. */
struct tile {
    const float *x; /* first filter row inside, input column of output 0 and tap 0 */
    int64_t x_row, x_pixel, x_vector;
    const float *w;
    int64_t w_row, w_tap, w_vector;
    const float *bias;
    int64_t n_vectors;
    int64_t n_rows;      /* filter rows inside the image */
    int64_t first, last; /* input columns inside, counted from x */
    float *y;
    const float *residual;
    int64_t y_pixel, y_row, y_vector;
    MASK mask, mask_stored; /* channels; what of the vector is stored */
    struct finish finish;
};

/* Keeps a value in a register: the compiler would read it again for every use. */
#if VL > 1
#define PIN(v) __asm__("" : "+v"(v))
#else
#define PIN(v) ((void)0)
#endif
/* Hides where a pointer comes from: the compiler would keep one for every column, most of them in memory (which
 * costs a fifth to a third). */
#define PIN_POINTER(p) __asm__("" : "+r"(p))

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

/* FULL: all columns are inside. SIDES: all but up to kw / 2 at either end. TAIL: the same with masked lanes.
 * CAREFUL: any column may be outside, and lanes are masked. */
enum tile_mode { FULL, SIDES, TAIL, CAREFUL, N_MODES };

/* What row of the filter adds to n outputs; x and w are at its first tap. */
INLINE void add_row(const struct tile *t, const float *x, const float *w, VEC *sums, const int kw, const int stride,
                    const int n, const enum tile_mode mode)
{
    const bool is_masked = mode >= TAIL;
    const int width = (n - 1) * stride + kw;
    const int64_t x_pixel = t->x_pixel, w_tap = t->w_tap;
    VEC taps[7];
    UNROLL(7) for (int q = 0; q < kw; q++, w += w_tap)
    {
        PIN_POINTER(w);
        taps[q] = load_if(w, t->mask, is_masked);
    }
    UNROLL(40) for (int j = 0; j < width; j++, x += x_pixel)
    {
        PIN_POINTER(x);
        const bool is_at_side = mode != FULL && (j < kw / 2 || j >= width - kw / 2);
        if ((mode == CAREFUL || is_at_side) && (j < t->first || j >= t->last))
            continue;
        VEC v = load_if(x, t->mask, is_masked);
        PIN(v);
        UNROLL(7) for (int q = 0; q < kw; q++)
        {
            const int c = (j - q) / stride;
            if (j >= q && (j - q) % stride == 0 && c < n)
                sums[c] = FMA(v, taps[q], sums[c]);
        }
    }
}

/* n outputs of a row. */
INLINE void columns(const struct tile *t, const int kw, const int stride, const int n, const enum tile_mode mode)
{
    const float *x_vector = t->x, *w_vector = t->w, *bias = t->bias;
    for (int64_t v = 0; v < t->n_vectors; v++, x_vector += t->x_vector, w_vector += t->w_vector) {
        VEC sums[N_COLUMNS_MAX];
        const VEC start = bias == NULL ? ZERO() : load_if(bias + v * VL, t->mask, mode >= TAIL);
        UNROLL(14) for (int c = 0; c < n; c++) sums[c] = start;
        const float *x = x_vector, *w = w_vector;
        if (kw == 3 && t->n_rows == 3) { /* most rows of most layers: 1.05 to 1.1 times */
            UNROLL(3) for (int r = 0; r < 3; r++, x += t->x_row, w += t->w_row)
                add_row(t, x, w, sums, kw, stride, n, mode);
        } else {
            for (int64_t r = t->n_rows; r > 0; r--, x += t->x_row, w += t->w_row)
                add_row(t, x, w, sums, kw, stride, n, mode);
        }
        finish_columns(t, v * t->y_vector, sums, n, mode >= TAIL);
    }
}

/* n outputs each of two rows whose filter rows are all inside: 3 columns, stride 2. The middle row of x serves both
 * and the filter is read once. */
INLINE void column_pairs(const struct tile *t, const int n, const enum tile_mode mode)
{
    const float *x_vector = t->x, *w_vector = t->w, *bias = t->bias;
    const int width = 2 * n + 1;
    const int64_t x_pixel = t->x_pixel;
    for (int64_t v = 0; v < t->n_vectors; v++, x_vector += t->x_vector, w_vector += t->w_vector) {
        VEC sums[2 * MAX_PAIRS], taps[9];
        const VEC start = bias == NULL ? ZERO() : LOAD(bias + v * VL);
        UNROLL(14) for (int c = 0; c < 2 * n; c++) sums[c] = start;
        UNROLL(9) for (int q = 0; q < 9; q++)
        {
            taps[q] = LOAD(w_vector + q * t->w_tap);
            PIN(taps[q]);
        }
        UNROLL(5) for (int r = 0; r < 5; r++)
        {
            const float *x = x_vector + r * t->x_row;
            UNROLL(15) for (int j = 0; j < width; j++, x += x_pixel)
            {
                PIN_POINTER(x);
                if (mode == SIDES && (j < 1 || j >= width - 1) && (j < t->first || j >= t->last))
                    continue;
                VEC in = LOAD(x);
                PIN(in);
                UNROLL(6) for (int i = 0; i < 6; i++)
                {
                    const int line = i / 3, q = i % 3, row = r - 2 * line, c = (j - q) / 2;
                    if (row >= 0 && row < 3 && j >= q && (j - q) % 2 == 0 && c < n)
                        sums[line * n + c] = FMA(in, taps[row * 3 + q], sums[line * n + c]);
                }
            }
        }
        finish_columns(t, v * t->y_vector, sums, n, false);
        finish_columns(t, v * t->y_vector + t->y_row, sums + n, n, false);
    }
}

typedef void tile_fn(const struct tile *t);
#define TILE_OF_MODE(kw, stride, n, mode)                                                          \
    static void tile_##kw##_##stride##_##n##_##mode(const struct tile *t) { columns(t, kw, stride, n, mode); }
#define TILE(kw, stride, n)                                                                        \
    TILE_OF_MODE(kw, stride, n, FULL) TILE_OF_MODE(kw, stride, n, SIDES) TILE_OF_MODE(kw, stride, n, TAIL)         \
    TILE_OF_MODE(kw, stride, n, CAREFUL)
#define TILE_ROW(kw, stride, n)                                                                    \
    [n] = {tile_##kw##_##stride##_##n##_FULL, tile_##kw##_##stride##_##n##_SIDES,                  \
           tile_##kw##_##stride##_##n##_TAIL, tile_##kw##_##stride##_##n##_CAREFUL},
#define UP_TO_3(X, kw, s) X(kw, s, 1) X(kw, s, 2) X(kw, s, 3)
#define UP_TO_4(X, kw, s) UP_TO_3(X, kw, s) X(kw, s, 4)
#define UP_TO_5(X, kw, s) UP_TO_4(X, kw, s) X(kw, s, 5)
#define UP_TO_6(X, kw, s) UP_TO_5(X, kw, s) X(kw, s, 6)
#define UP_TO_7(X, kw, s) UP_TO_6(X, kw, s) X(kw, s, 7)
#define UP_TO_8(X, kw, s) UP_TO_7(X, kw, s) X(kw, s, 8)
#define UP_TO_10(X, kw, s) UP_TO_8(X, kw, s) X(kw, s, 9) X(kw, s, 10)
#define UP_TO_14(X, kw, s) UP_TO_10(X, kw, s) X(kw, s, 11) X(kw, s, 12) X(kw, s, 13) X(kw, s, 14)
/* The widest tile: what 32 or 16 registers hold. */
#if VL == 16
#define COLUMNS_3_1 14
#define COLUMNS_5_1 14
#define COLUMNS_7_1 14
#define COLUMNS_3_2 14
#define COLUMNS_5_2 14
#define COLUMNS_7_2 14
#else
#define COLUMNS_3_1 10
#define COLUMNS_5_1 8
#define COLUMNS_7_1 6
#define COLUMNS_3_2 10
#define COLUMNS_5_2 8
#define COLUMNS_7_2 6
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

#if VL == 16
#define PAIR(kw, stride, n)                                                                        \
    static void pair_##n##_FULL(const struct tile *t) { column_pairs(t, n, FULL); }                \
    static void pair_##n##_SIDES(const struct tile *t) { column_pairs(t, n, SIDES); }
#define PAIR_ROW(kw, stride, n) [n] = {pair_##n##_FULL, pair_##n##_SIDES},
UP_TO_7(PAIR, 3, 2)
#else /* too few registers */
#define PAIR_ROW(kw, stride, n) [n] = {NULL, NULL},
#endif
static tile_fn *const pairs[MAX_PAIRS + 1][2] = {UP_TO_7(PAIR_ROW, 3, 2)}; /* [outputs][mode] */

/* Two rows at once are 1.03 to 1.1 times as fast where x lies in L2, and as fast beyond; in nhwc they are slower. */
static bool has_pairs(const struct ridge_conv_shape *s)
{
    return VL == 16 && s->layout == RIDGE_CONV_NCHW16C && s->kh == 3 && s->kw == 3 && s->stride_w == 2;
}

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
    t.y_row = p->y.row;
    t.x_vector = VL == p->x.block_channels ? p->x.block : VL;
    t.y_vector = VL == p->y.block_channels ? p->y.block : VL;
    return t;
}

/* n outputs of a row from column w0 on. */
struct span {
    tile_fn *tile, *pair; /* pair: for this row and the next; NULL: none */
    int64_t x, y;        /* offsets of column w0 */
    int64_t first, last; /* input columns inside, counted from x */
};

static struct span span_of(const struct ridge_conv_depthwise_plan *p, int64_t w0, int64_t n, bool is_masked)
{
    const struct ridge_conv_shape *s = p->shape;
    const int64_t x0 = w0 * s->stride_w - s->pad_l, n_right = x0 + (n - 1) * s->stride_w + s->kw - s->iw;
    const int64_t n_outside = -x0 > n_right ? -x0 : n_right;
    const enum tile_mode mode = n_outside > s->kw / 2 ? CAREFUL : is_masked ? TAIL : n_outside > 0 ? SIDES : FULL;
    return (struct span){.tile = tiles[s->kw / 2 - 1][s->stride_w - 1][n][mode],
                         .pair = has_pairs(s) && mode <= SIDES ? pairs[n][mode] : NULL,
                         .x = x0 * p->x.pixel,
                         .y = w0 * p->y.pixel,
                         .first = -x0,
                         .last = s->iw - x0};
}

/* The spans in row h, and in the next where they come in pairs: how many rows. x, y: offsets of the image at the
 * tile's first channel. */
static int64_t run_spans(const struct ridge_conv_depthwise_plan *p, const struct ridge_conv_depthwise_data *d,
                         struct tile *t, const struct span *spans, int64_t n_spans, int64_t x, int64_t y, int64_t h,
                         int64_t h1)
{
    const struct ridge_conv_shape *s = p->shape;
    const int64_t top = h * s->stride_h - s->pad_t;
    const float *w = t->w;
    int64_t first, last;
    taps_inside(top, 1, s->kh, s->ih, &first, &last);
    t->n_rows = last - first;
    t->w += first * t->w_row;
    x += (top + first) * t->x_row;
    y += h * p->y.row;
    bool is_pair = h + 1 < h1 && top >= 0 && top + s->stride_h + s->kh <= s->ih;
    for (int64_t i = 0; i < n_spans; i++)
        is_pair = is_pair && spans[i].pair != NULL;
    for (int64_t i = 0; i < n_spans; i++) {
        t->first = spans[i].first;
        t->last = spans[i].last;
        t->x = d->x + x + spans[i].x;
        t->y = d->y + y + spans[i].y;
        t->residual = d->residual == NULL ? NULL : d->residual + y + spans[i].y;
        (is_pair ? spans[i].pair : spans[i].tile)(t);
    }
    t->w = w;
    return is_pair ? 2 : 1;
}

/* Columns [w0, w1) as n_spans spans, rows [part->h0, part->h1), n_vectors of channels from o on. */
static void strip(const struct ridge_conv_depthwise_plan *p, const struct ridge_conv_depthwise_data *d,
                  const struct ridge_conv_depthwise_part *part, int64_t w0, int64_t w1, int64_t n_spans, int64_t o,
                  int64_t n_vectors)
{
    const int64_t x = part->b * p->x.batch + ridge_conv_channel_offset(&p->x, o);
    const int64_t y = part->b * p->y.batch + ridge_conv_channel_offset(&p->y, o);
    struct span spans[MAX_SPANS];
    for (int64_t i = 0; i < n_spans; i++) {
        const int64_t n = (w1 - w0) / (n_spans - i);
        spans[i] = span_of(p, w0, n, p->shape->oc - o < n_vectors * VL);
        w0 += n;
    }
    struct tile t = tile_of(p, d, o);
    t.n_vectors = n_vectors;
    t.w = d->w + o / VL * p->w_block;
    for (int64_t h = part->h0; h < part->h1;)
        h += run_spans(p, d, &t, spans, n_spans, x, y, h, part->h1);
}

/* How a layout is walked: the widest span, spans of a strip, vectors of channels in it, and where these end. */
struct walk {
    int64_t max_columns, n_spans, n_vectors, n_aligned;
};

static int64_t clamp(int64_t n, int64_t least, int64_t most)
{
    return n < least ? least : n > most ? most : n;
}

/* nchw16c: pixels follow each other, so whole rows are streamed. nhwc: pixels are far apart, so a strip is one
 * span. Either with as many channels as keep its rows in L1. */
static struct walk walk_of(const struct ridge_conv_depthwise_plan *p)
{
    const struct ridge_conv_shape *s = p->shape;
    const bool is_blocked = s->layout == RIDGE_CONV_NCHW16C;
    const int64_t column_bytes = (s->kh + s->stride_h) * s->stride_w * VEC_BYTES;
    struct walk w = {.max_columns = max_columns[s->kw / 2 - 1][s->stride_w - 1], .n_spans = 1, .n_aligned = INT64_MAX};
    if (has_pairs(s))
        w.max_columns = MAX_PAIRS;
    if (is_blocked)
        w.n_spans = clamp(BLOCKED_ROW_BYTES / (column_bytes * w.max_columns * (16 / VL)), 1, MAX_SPANS);
    else
        w.max_columns = (w.max_columns + s->stride_w - 1) / s->stride_w;
    const int64_t n = clamp(p->out.ow, 1, w.max_columns * w.n_spans) + s->kw;
    w.n_vectors = clamp((is_blocked ? BLOCKED_STRIP_BYTES : STRIP_BYTES) / (column_bytes * n), 1, INT64_MAX);
    if (is_blocked && VL != 16) /* the step to the next block is another */
        w.n_vectors = w.n_aligned = 16 / VL;
    return w;
}

/* Vectors dealt evenly; one whose lanes are not all there goes by itself. */
static int64_t vectors_from(const struct ridge_conv_depthwise_plan *p, const struct walk *w, int64_t v, int64_t end)
{
    const int64_t n_full = p->shape->oc / VL, left = (n_full < end ? n_full : end) - v;
    if (left < 1)
        return 1;
    const int64_t n_groups = (left + w->n_vectors - 1) / w->n_vectors, n = (left + n_groups - 1) / n_groups;
    return clamp(n, 1, w->n_aligned - v % w->n_aligned);
}

/* Strips of columns, dealt evenly; in them groups of channels; in them rows. */
void RIDGE_ISA_NAME(ridge_conv_depthwise_columns)(const struct ridge_conv_depthwise_plan *p,
                                                  const struct ridge_conv_depthwise_data *d,
                                                  const struct ridge_conv_depthwise_part *part)
{
    const struct walk walk = walk_of(p);
    int64_t left = (p->out.ow + walk.max_columns - 1) / walk.max_columns;
    for (int64_t w0 = 0; left > 0;) {
        const int64_t n_spans = left < walk.n_spans ? left : walk.n_spans;
        const int64_t w1 = w0 + (p->out.ow - w0) * n_spans / left;
        for (int64_t v = part->block0, n; v < part->block1; v += n) {
            n = vectors_from(p, &walk, v, part->block1);
            strip(p, d, part, w0, w1, n_spans, v * VL, n);
        }
        w0 = w1;
        left -= n_spans;
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
