/* The tile function of the direct kernels, once for every ISA; the including file sets RIDGE_VEC_BITS,
 * RIDGE_ISA and MAX_ROWS. rows * vectors sums stay in registers: all bounds are constant and unroll. */
#include "conv/direct.h"
#include "common/transpose_tile.h"
#include "conv/finish.h"

/* Row i from two bases and four multiples of the step, which fit addressing modes: 14 row pointers do
 * not fit 16 registers. */
struct rows {
    const char *base, *base9;
    int64_t step, step3, step5, step7;
};

INLINE const float *row_at(const struct rows *r, int i)
{
    const char *base = i < 9 ? r->base : r->base9;
    const int n = i < 9 ? i : i - 9;
    const int64_t offset = n == 0   ? 0
                           : n == 3 ? r->step3
                           : n == 5 ? r->step5
                           : n == 6 ? 2 * r->step3
                           : n == 7 ? r->step7
                                    : n * r->step;
    return (const float *)(const void *)(base + offset);
}

INLINE VEC load_column(const float *p, bool is_masked, MASK mask)
{
    return is_masked ? LOAD_MASKED(p, mask, ZERO()) : LOAD(p);
}

INLINE void store_column(float *p, VEC x, bool is_masked, MASK mask)
{
    if (is_masked)
        STORE_MASKED(p, mask, x);
    else
        STORE(p, x);
}

/* The sums are in c already: residual and activation in place. Rare enough to go through memory. */
static __attribute__((noinline)) void finish_in_place(const struct ridge_conv_tile *t, int n_rows,
                                                      int n_vec)
{
    const struct finish end = finish_of(t->act);
    for (int v = 0; v < n_vec; v++) {
        const MASK mask = mask_of(t->n_columns - v * VL);
        for (int i = 0; i < n_rows; i++) {
            float *c = t->c + i * t->ldc + v * t->c_step;
            VEC x = LOAD_MASKED(c, mask, ZERO());
            if (t->residual != NULL)
                x = ADD(x, LOAD_MASKED(t->residual + i * t->ldc + v * t->c_step, mask, ZERO()));
            STORE_MASKED(c, mask, finish_vec(&end, x));
        }
    }
}

INLINE void start(const struct ridge_conv_tile *t, VEC *acc, const int n_rows, const int n_vec,
                  const bool is_masked, const MASK mask)
{
    VEC first[2] = {ZERO(), ZERO()};
    if (t->bias != NULL) {
        UNROLL(2) for (int v = 0; v < n_vec; v++) first[v] = LOAD(t->bias + v * VL);
    }
    UNROLL(14) for (int i = 0; i < n_rows; i++)
    {
        UNROLL(2) for (int v = 0; v < n_vec; v++) acc[i * n_vec + v] = first[v];
    }
    if (!t->is_accumulating)
        return;
    UNROLL(14) for (int i = 0; i < n_rows; i++)
    {
        UNROLL(2) for (int v = 0; v < n_vec; v++) acc[i * n_vec + v] =
            load_column(t->c + i * t->ldc + v * t->c_step, is_masked && v == n_vec - 1, mask);
    }
}

INLINE void finish(const struct ridge_conv_tile *t, const VEC *acc, const int n_rows, const int n_vec,
                   const bool is_masked, const MASK mask)
{
    const struct finish end = finish_of(t->act);
    const bool has_more = t->residual != NULL || t->act != RIDGE_ACT_NONE;
    const int64_t ldc = t->ldc, c_step = t->c_step; /* for all the compiler knows, the stores change them */
    float *c = t->c;
    if (t->residual == NULL && end.is_cut) {
        UNROLL(14) for (int i = 0; i < n_rows; i++, c += ldc)
        {
            UNROLL(2) for (int v = 0; v < n_vec; v++)
                store_column(c + v * c_step,
                             MIN_SECOND(end.high, MAX_SECOND(end.low, acc[i * n_vec + v])),
                             is_masked && v == n_vec - 1, mask);
        }
        return;
    }
    UNROLL(14) for (int i = 0; i < n_rows; i++, c += ldc)
    {
        UNROLL(2) for (int v = 0; v < n_vec; v++)
            store_column(c + v * c_step, acc[i * n_vec + v], is_masked && v == n_vec - 1, mask);
    }
    if (has_more)
        finish_in_place(t, n_rows, n_vec);
}

INLINE void compute(const struct ridge_conv_tile *t, const int n_rows, const int n_vec,
                    const bool is_masked)
{
    VEC acc[RIDGE_CONV_MAX_TILE_ROWS * 2];
    VEC b[2];
    const int64_t ldb = t->ldb;
    const int64_t n_last = t->n_columns - (n_vec - 1) * VL;
    const MASK mask = MASK_FOR(n_last);
    struct rows r = {.step = t->lda * 4, .step3 = t->lda * 12, .step5 = t->lda * 20, .step7 = t->lda * 28};
    start(t, acc, n_rows, n_vec, is_masked, mask);
    /* One prefetch a step, all for the next tile: first where it writes, a column of lines after the other (all at
     * once would take every fill buffer from x and the weights), then what it reads, which follows this stretch. */
    int line = 0;
    for (size_t j = 0; j < t->n_segments; j++) {
        const struct ridge_conv_segment *s = &t->segments[j];
        const float *pb = t->b + s->k * ldb, *next = t->a + s->a + (n_rows - 1) * t->lda + s->n;
        r.base = (const char *)(t->a + s->a);
        r.base9 = r.base + 9 * r.step;
        for (int64_t left = s->n; left > 0; line++) {
            const bool is_for_c = line < n_vec;
            const char *at = (const char *)(is_for_c ? t->c + n_rows * t->ldc + line * t->c_step : next);
            const int64_t at_step = is_for_c ? t->ldc * 4 : t->ahead_bytes;
            const int64_t n_steps = is_for_c && left > n_rows ? n_rows : left;
            left -= n_steps;
            for (int64_t p = n_steps; p > 0; p--) {
                UNROLL(2) for (int v = 0; v < n_vec; v++)
                    b[v] = load_column(pb + v * VL, is_masked && v == n_vec - 1, mask);
                _mm_prefetch(at, _MM_HINT_T0);
                at += at_step;
                UNROLL(14) for (int i = 0; i < n_rows; i++)
                {
                    const VEC x = SET(*row_at(&r, i));
                    UNROLL(2) for (int v = 0; v < n_vec; v++)
                        acc[i * n_vec + v] = FMA(x, b[v], acc[i * n_vec + v]);
                }
                pb += ldb;
                r.base += 4;
                r.base9 += 4;
                /* Hides that the bases move together, or the compiler makes a pointer of every row. */
                __asm__("" : "+r"(r.base), "+r"(r.base9));
            }
        }
    }
    finish(t, acc, n_rows, n_vec, is_masked, mask);
}

static void copy_pixels(const float *x, int64_t x_pixel, int64_t n_pixels, int64_t n_channels, float *to)
{
    const int64_t n_whole = n_channels / VL * VL;
    const MASK mask = MASK_FOR(n_channels - n_whole);
    for (int64_t j = 0; j < n_pixels; j++, x += x_pixel, to += n_channels) {
        for (int64_t c = 0; c < n_whole; c += VL)
            STORE(to + c, LOAD(x + c));
        if (n_whole < n_channels)
            STORE_MASKED(to + n_whole, mask, LOAD_MASKED(x + n_whole, mask, ZERO()));
    }
}

static void turn(const float *from, int64_t ld_from, float *to, int64_t ld_to, int64_t i0, int64_t i1, int64_t j0,
                 int64_t j1)
{
    const struct transpose_job t = {.from = from, .ld_from = ld_from, .to = to, .ld_to = ld_to};
    transpose_range(&t, i0, i1, j0, j1);
}

#define TILE(rows, vectors)                                                                        \
    static void tile_##rows##_##vectors(const struct ridge_conv_tile *t)                           \
    {                                                                                              \
        if (t->n_columns == (vectors) * VL)                                                        \
            compute(t, rows, vectors, false);                                                      \
        else                                                                                       \
            compute(t, rows, vectors, true);                                                       \
    }
#define TILES(rows) TILE(rows, 1) TILE(rows, 2)
#define TILE_ROW(rows) [rows] = {tile_##rows##_1, tile_##rows##_2},
#define UP_TO_6(X) X(1) X(2) X(3) X(4) X(5) X(6)
#define UP_TO_14(X) UP_TO_6(X) X(7) X(8) X(9) X(10) X(11) X(12) X(13) X(14)
