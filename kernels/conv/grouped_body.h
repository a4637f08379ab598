/* The grouped kernels' inner loops, once for every ISA; the including file sets RIDGE_VEC_BITS, RIDGE_ISA, and
 * MAX_PIXELS and TILES(X): X of every number of pixels that a tile may have. */
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
enum { STRETCH = 3 }; /* neighbouring taps that share the permuted columns of x */

static void copy_row(const float *x, int64_t ic, int64_t n, int64_t ahead, int n_channels, float *to)
{
    const MASK mask = mask_of(n_channels);
    for (int64_t j = 0; j < n; j++, x += ic, to += VL) {
        _mm_prefetch((const char *)(x + ahead), _MM_HINT_T1); /* not T0: such steps share few sets of L1 */
        STORE(to, LOAD_MASKED(x, mask, ZERO()));
    }
}

/* Adds one turn of n_taps taps to n pixels. A column that several of them read is permuted once. */
INLINE void add_turn(VEC *acc, const float *x, const float *w, const int64_t w_step, const int n, const int64_t step,
                     const int n_taps, const bool is_turned, const INDEX index)
{
    VEC w_q[STRETCH], x_q[STRETCH];
    UNROLL(3) for (int q = 0; q < n_taps; q++) w_q[q] = LOAD(w + q * w_step);
    UNROLL(14) for (int p = 0; p < n; p++, x += step * VL)
    {
        UNROLL(3) for (int q = 0; q < n_taps; q++)
        {
            if (p > 0 && q + step < n_taps)
                x_q[q] = x_q[q + step];
            else
                x_q[q] = is_turned ? PERMUTE(index, LOAD(x + q * VL)) : LOAD(x + q * VL);
            acc[p] = FMA(x_q[q], w_q[q], acc[p]);
        }
    }
}

INLINE void add_taps(VEC *acc, const float *x, const float *w, const int n_group, const int n, const int64_t step,
                     const int n_taps)
{
    static const int32_t lanes[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const INDEX in_order = LOAD_INDEX(lanes);
    add_turn(acc, x, w, n_group * VL, n, step, n_taps, false, in_order);
    for (int i = 1; i < n_group; i++)
        add_turn(acc, x, w + i * VL, n_group * VL, n, step, n_taps, true, TURN(in_order, i));
}

/* n pixels from pixel j on. usual_step: the stride where it is a usual one, a constant; else 0. */
INLINE void tile(const struct ridge_conv_grouped_line *l, int64_t j, const int n, const int usual_step)
{
    const struct finish end = finish_of(l->act);
    const MASK mask = mask_of(l->n_channels);
    const int64_t step = usual_step > 0 ? usual_step : l->stride;
    VEC acc[MAX_PIXELS];
    UNROLL(14) for (int p = 0; p < n; p++) acc[p] = l->bias != NULL ? LOAD_MASKED(l->bias, mask, ZERO()) : ZERO();
    for (int64_t r = 0; r < l->kh; r++) {
        if (l->rows[r] == NULL)
            continue;
        const float *w = l->w + r * l->kw * l->n_group * VL, *x = l->rows[r] + j * step * VL;
        for (int64_t q = 0, n_taps; q < l->kw; q += n_taps) {
            const bool is_stretch = usual_step > 0 && l->dilation == 1 && l->kw - q >= STRETCH;
            n_taps = is_stretch ? STRETCH : 1;
            if (is_stretch)
                add_taps(acc, x, w, l->n_group, n, step, STRETCH);
            else
                add_taps(acc, x, w, l->n_group, n, step, 1);
            x += n_taps * l->dilation * VL;
            w += n_taps * l->n_group * VL;
        }
    }
    float *y = l->y + j * l->y_step;
    const float *residual = l->residual != NULL ? l->residual + j * l->y_step : NULL;
    UNROLL(14) for (int p = 0; p < n; p++, y += l->y_step)
    {
        if (residual != NULL)
            acc[p] = ADD(acc[p], LOAD_MASKED(residual + p * l->y_step, mask, ZERO()));
        STORE_MASKED(y, mask, finish_vec(&end, acc[p]));
    }
}

#define TILE(n)                                                                                                      \
    static void tile_##n(const struct ridge_conv_grouped_line *l, int64_t j)                                         \
    {                                                                                                                \
        if (l->stride == 1)                                                                                          \
            tile(l, j, n, 1);                                                                                        \
        else if (l->stride == 2)                                                                                     \
            tile(l, j, n, 2);                                                                                        \
        else                                                                                                         \
            tile(l, j, n, 0);                                                                                        \
    }
#define TILE_ROW(n) [n] = tile_##n,
TILES(TILE)

/* Tiles of about equal width. */
static void run_line(const struct ridge_conv_grouped_line *l)
{
    static void (*const run_tile[])(const struct ridge_conv_grouped_line *, int64_t) = {TILES(TILE_ROW)};
    const int64_t n_tiles = (l->n + MAX_PIXELS - 1) / MAX_PIXELS;
    for (int64_t i = 0; i < n_tiles; i++) {
        const int64_t from = i * l->n / n_tiles;
        run_tile[(i + 1) * l->n / n_tiles - from](l, from);
    }
}
