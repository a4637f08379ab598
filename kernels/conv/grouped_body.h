/* The grouped kernels' inner loops, once for every ISA. */
#include "conv/finish.h"
#include "conv/grouped.h"

#if RIDGE_VEC_BITS == 512
#define INDEX __m512i
#define LOAD_INDEX(p) _mm512_loadu_si512(p)
#define PERMUTE(index, v) _mm512_permutexvar_ps(index, v)
#else
#define INDEX __m256i
#define LOAD_INDEX(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define PERMUTE(index, v) _mm256_permutevar8x32_ps(v, index)
#endif
enum { MAX_PIXELS = 14, MAX_GROUP = 8 };

static void expand(const float *x, int64_t ic, int64_t n, int n_group, int n_channels, float *to)
{
    const MASK mask = mask_of(n_channels);
    INDEX index[MAX_GROUP];
    for (int i = 0; i < n_group; i++) {
        int32_t lanes[VL];
        for (int l = 0; l < VL; l++)
            lanes[l] = l / n_group * n_group + i;
        index[i] = LOAD_INDEX(lanes);
    }
    for (int64_t j = 0; j < n; j++, x += ic) {
        const VEC v = LOAD_MASKED(x, mask, ZERO());
        for (int i = 0; i < n_group; i++, to += VL)
            STORE(to, PERMUTE(index[i], v));
    }
}

/* n pixels from pixel j on. `step`, floats from pixel to pixel, is a constant where it is a usual one:
 * the addresses are then offsets of one register. */
INLINE void pixels(const struct ridge_conv_grouped_line *l, int64_t j, const int n, const int64_t step)
{
    const struct finish end = finish_of(l->act);
    const MASK mask = mask_of(l->n_channels);
    const float *w = l->w;
    VEC acc[MAX_PIXELS];
    UNROLL(14) for (int p = 0; p < n; p++) acc[p] =
        l->bias != NULL ? LOAD_MASKED(l->bias, mask, ZERO()) : ZERO();
    for (int64_t r = 0; r < l->kh; r++) {
        if (l->rows[r] == NULL) {
            w += l->kw * l->n_group * VL;
            continue;
        }
        for (int64_t q = 0; q < l->kw; q++) {
            const float *x = l->rows[r] + j * step + q * l->dilation * l->n_group * VL;
            for (int i = 0; i < l->n_group; i++, x += VL, w += VL) {
                const VEC w_i = LOAD(w);
                UNROLL(14) for (int p = 0; p < n; p++) acc[p] = FMA(LOAD(x + p * step), w_i, acc[p]);
            }
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

INLINE void walk(const struct ridge_conv_grouped_line *l, const int64_t step)
{
    int64_t j = 0;
    for (; j + 14 <= l->n; j += 14)
        pixels(l, j, 14, step);
    for (; j + 7 <= l->n; j += 7)
        pixels(l, j, 7, step);
    for (; j + 2 <= l->n; j += 2)
        pixels(l, j, 2, step);
    for (; j < l->n; j++)
        pixels(l, j, 1, step);
}

static void line(const struct ridge_conv_grouped_line *l)
{
    const int64_t step = l->stride * l->n_group;
    if (step == 4)
        walk(l, 4 * VL);
    else if (step == 8)
        walk(l, 8 * VL);
    else
        walk(l, step * VL);
}
