/* The grouped kernels' inner loops, once for every ISA; the including file sets RIDGE_VEC_BITS, RIDGE_ISA, and
 * MAX_PIXELS and TILES(X): X of every number of pixels that a tile may have; MAX_SUMS: vectors of sums. */
#include "conv/finish.h"
#include "conv/grouped.h"

#if RIDGE_VEC_BITS == 512
#define INDEX __m512i
#define LOAD_INDEX(p) _mm512_loadu_si512(p)
#define TURN(index, i) _mm512_xor_si512(index, _mm512_set1_epi32(i))
#define PERMUTE(index, v) _mm512_permutexvar_ps(index, v)
#else
#define INDEX __m256i
#define LOAD_INDEX(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define TURN(index, i) _mm256_xor_si256(index, _mm256_set1_epi32(i))
#define PERMUTE(index, v) _mm256_permutevar8x32_ps(v, index)
#endif
enum { STRETCH = 3 }; /* neighbouring taps that share a column of x */

static void copy_row(const float *x, int64_t x_pixel, int64_t n, int n_channels, float *to)
{
    const MASK mask = mask_of(n_channels);
    for (int64_t j = 0; j < n; j++, x += x_pixel, to += VL)
        STORE(to, LOAD_MASKED(x, mask, ZERO()));
}

/* What a turn makes of a column of x. */
enum column { AS_IT_IS, PERMUTED, BROADCAST };

/* sum += x * w in place: left to itself the compiler moves sums from register to register between FMAs. */
#define ADD_PRODUCT(sum, x, w) __asm__("vfmadd231ps %2, %1, %0" : "+v"(sum) : "v"(x), "v"(w))

INLINE VEC column_of(const float *x, const enum column how, const INDEX index)
{
    VEC v = how == BROADCAST ? SET(*x) : how == PERMUTED ? PERMUTE(index, LOAD(x)) : LOAD(x);
    __asm__("" : "+v"(v)); /* else it is read again for every tap */
    return v;
}

/* Neighbouring taps of a row at the first column that they read. */
struct stretch {
    const float *x, *w;
    int64_t w_tap, step; /* step: columns from pixel to pixel */
};

/* Adds one turn of n_taps taps to n pixels, without the first `left` and the last `right` columns, which are zero.
 * usual_step: s->step where n_taps > 1. */
INLINE void add_turn(VEC *sums, const struct stretch *s, int64_t i_x, int64_t i_w, const int n, const int usual_step,
                     const int n_taps, const int left, const int right, const enum column how, const INDEX index)
{
    const float *x = s->x + i_x, *w = s->w + i_w;
    VEC taps[STRETCH];
    UNROLL(3) for (int q = 0; q < n_taps; q++) taps[q] = LOAD(w + q * s->w_tap);
    if (n_taps == 1) {
        UNROLL(14) for (int p = 0; p < n; p++, x += s->step * VL)
            ADD_PRODUCT(sums[p], column_of(x, how, index), taps[0]);
        return;
    }
    const int width = (n - 1) * usual_step + n_taps;
    UNROLL(30) for (int j = left; j < width - right; j++)
    {
        const VEC v = column_of(x + j * VL, how, index);
        UNROLL(3) for (int q = 0; q < n_taps; q++)
        {
            const int p = (j - q) / usual_step;
            if (j >= q && (j - q) % usual_step == 0 && p < n)
                ADD_PRODUCT(sums[p], v, taps[q]);
        }
    }
}

/* Few pixels have two sums each, for even and odd turns: one would wait for the FMA before. */
#define N_SETS(n) ((n) * 2 <= MAX_SUMS ? 2 : 1)

INLINE void add_narrow(VEC *sums, const struct ridge_conv_grouped_line *l, const struct stretch *s, const int n,
                       const int usual_step, const int n_taps)
{
    static const int32_t lanes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const INDEX index = LOAD_INDEX(lanes);
    VEC *odd = sums + (N_SETS(n) - 1) * n;
    add_turn(sums, s, 0, 0, n, usual_step, n_taps, 0, 0, AS_IT_IS, index);
    add_turn(odd, s, 0, VL, n, usual_step, n_taps, 0, 0, PERMUTED, TURN(index, 1));
    for (int i = 2; i < l->n_group; i += 2) {
        add_turn(sums, s, 0, i * VL, n, usual_step, n_taps, 0, 0, PERMUTED, TURN(index, i));
        add_turn(odd, s, 0, (i + 1) * VL, n, usual_step, n_taps, 0, 0, PERMUTED, TURN(index, i + 1));
    }
}

INLINE void add_wide(VEC *sums, const struct ridge_conv_grouped_line *l, struct stretch s, const int n,
                     const int usual_step, const int n_taps, const int left, const int right)
{
    const INDEX none = {0};
    VEC *odd = sums + (N_SETS(n) - 1) * n;
    for (int64_t b = l->n_blocks; b > 0; b--, s.x += l->block_floats - VL)
        for (int i = VL / 2; i > 0; i--, s.x += 2, s.w += 2 * VL) {
            add_turn(sums, &s, 0, 0, n, usual_step, n_taps, left, right, BROADCAST, none);
            add_turn(odd, &s, 1, VL, n, usual_step, n_taps, left, right, BROADCAST, none);
        }
}

/* at: floats from the line's first pixel. */
INLINE void store_pixels(const struct ridge_conv_grouped_line *l, int64_t at, VEC *sums, const int n)
{
    const struct finish end = finish_of(l->act);
    const MASK mask = mask_of(l->n_channels);
    const int64_t y_step = l->y_step;
    float *y = l->y + at;
    if (l->residual != NULL) {
        const float *residual = l->residual + at;
        UNROLL(14) for (int p = 0; p < n; p++, residual += y_step)
            sums[p] = ADD(sums[p], LOAD_MASKED(residual, mask, ZERO()));
    }
    if (end.is_cut) {
        UNROLL(14) for (int p = 0; p < n; p++) sums[p] = MIN_SECOND(end.high, MAX_SECOND(end.low, sums[p]));
    }
    UNROLL(14) for (int p = 0; p < n; p++, y += y_step) STORE_MASKED(y, mask, sums[p]);
    if (!end.is_curved)
        return;
    y = l->y + at;
    for (int p = 0; p < n; p++, y += y_step)
        STORE_MASKED(y, mask, finish_vec(&end, LOAD_MASKED(y, mask, ZERO())));
}

/* Columns [first, first + n) of row r of those that are read next: to L1 where pixels are neighbours, as others share
 * few of its sets. */
INLINE void prefetch_ahead(const struct ridge_conv_grouped_line *l, int64_t r, int64_t first, int64_t n)
{
    const float *x = l->ahead + r * l->ahead_row + first * l->ahead_pixel;
    for (int64_t b = 0; b == 0 || b < l->n_blocks; b++, x += l->ahead_block)
        for (int64_t c = 0; c < n; c++)
            if (l->ahead_pixel == VL)
                _mm_prefetch((const char *)(x + c * VL), _MM_HINT_T0);
            else
                _mm_prefetch((const char *)(x + c * l->ahead_pixel), _MM_HINT_T1);
}

/* The row's taps; usual_step is the stride where it is a usual one, a constant; else 0. */
INLINE void add_row(VEC *sums, const struct ridge_conv_grouped_line *l, struct stretch s, int64_t column, const int n,
                    const int usual_step, const bool is_wide)
{
    for (int64_t q = 0, n_taps; q < l->kw; q += n_taps) {
        const bool is_stretch = usual_step > 0 && l->dilation == 1 && l->kw - q >= STRETCH;
        const bool has_left = column >= l->first, has_right = column + (n - 1) * s.step + STRETCH <= l->last;
        n_taps = is_stretch ? STRETCH : 1;
        if (!is_wide && is_stretch)
            add_narrow(sums, l, &s, n, usual_step, STRETCH);
        else if (!is_wide)
            add_narrow(sums, l, &s, n, 1, 1);
        else if (!is_stretch)
            add_wide(sums, l, s, n, 1, 1, 0, 0);
        else if (has_left && has_right)
            add_wide(sums, l, s, n, usual_step, STRETCH, 0, 0);
        else if (has_left)
            add_wide(sums, l, s, n, usual_step, STRETCH, 0, 1);
        else if (has_right)
            add_wide(sums, l, s, n, usual_step, STRETCH, 1, 0);
        else
            add_wide(sums, l, s, n, usual_step, STRETCH, 1, 1);
        column += n_taps * l->dilation;
        s.x += n_taps * l->dilation * VL;
        s.w += n_taps * s.w_tap;
    }
}

/* n pixels from pixel j on, of line i. */
INLINE void line_tile(const struct ridge_conv_grouped_line *l, int64_t i, int64_t j, const int n, const int usual_step,
                      const bool is_wide)
{
    VEC sums[MAX_SUMS];
    const VEC start = l->bias != NULL ? LOAD_MASKED(l->bias, mask_of(l->n_channels), ZERO()) : ZERO();
    UNROLL(14) for (int p = 0; p < n; p++) sums[p] = start;
    if (N_SETS(n) == 2) {
        UNROLL(14) for (int p = 0; p < n; p++) sums[n + p] = ZERO();
    }
    struct stretch s = {.w_tap = l->n_group * VL, .step = usual_step > 0 ? usual_step : l->stride};
    const int64_t column = j * s.step;
    for (int64_t r = l->r_first; r < l->r_last; r++) {
        const int64_t k = i * l->kh + r;
        for (int64_t c = k * l->n_w_ahead; c < (k + 1) * l->n_w_ahead; c++)
            _mm_prefetch(l->w_ahead + c * 64, _MM_HINT_T0);
        if (r - l->r_first < l->n_ahead)
            prefetch_ahead(l, i * l->n_ahead + r - l->r_first, column, n * s.step);
        s.x = l->rows[r] + i * l->x_line + column * VL;
        s.w = l->w + r * l->kw * s.w_tap;
        add_row(sums, l, s, column, n, usual_step, is_wide);
    }
    if (N_SETS(n) == 2) {
        UNROLL(14) for (int p = 0; p < n; p++) sums[p] = ADD(sums[p], sums[n + p]);
    }
    store_pixels(l, i * l->y_line + j * l->y_step, sums, n);
}

INLINE void tile(const struct ridge_conv_grouped_line *l, int64_t j, const int n, const int usual_step,
                 const bool is_wide)
{
    for (int64_t i = 0; i < l->n_lines; i++)
        line_tile(l, i, j, n, usual_step, is_wide);
}

#define TILE(n)                                                                                                      \
    static void narrow_##n(const struct ridge_conv_grouped_line *l, int64_t j)                                       \
    {                                                                                                                \
        if (l->stride == 1)                                                                                          \
            tile(l, j, n, 1, false);                                                                                 \
        else if (l->stride == 2)                                                                                     \
            tile(l, j, n, 2, false);                                                                                 \
        else                                                                                                         \
            tile(l, j, n, 0, false);                                                                                 \
    }                                                                                                                \
    static void wide_##n(const struct ridge_conv_grouped_line *l, int64_t j)                                         \
    {                                                                                                                \
        if (l->stride == 1)                                                                                          \
            tile(l, j, n, 1, true);                                                                                  \
        else                                                                                                         \
            tile(l, j, n, 2, true);                                                                                  \
    }
#define TILE_ROW(n) [n] = {narrow_##n, wide_##n},
TILES(TILE)

/* Tiles of about equal width. */
static void run_line(const struct ridge_conv_grouped_line *l)
{
    static void (*const tiles[][2])(const struct ridge_conv_grouped_line *, int64_t) = {TILES(TILE_ROW)};
    const int64_t n_tiles = (l->n + MAX_PIXELS - 1) / MAX_PIXELS;
    for (int64_t left = n_tiles, j = 0, n; left > 0; left--, j += n) {
        n = left == 1 ? l->n - j : (l->n - j) / left; /* most rows are one tile: no division */
        tiles[n][l->n_blocks > 0](l, j);
    }
}
