/* The tile function of the direct kernels, once for every ISA; the including file sets RIDGE_VEC_BITS and
 * RIDGE_ISA. rows * vectors sums stay in registers: all bounds are constant and unroll. */
#include "conv/direct.h"
#include "common/transpose_tile.h"
#include "common/vec_rows.h"
#include "conv/finish.h"

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
static __attribute__((noinline)) void finish_in_place(const struct ridge_conv_tile *t, float *to, int n_rows, int n_vec)
{
    const struct finish end = finish_of(t->act);
    for (int v = 0; v < n_vec; v++) {
        const MASK mask = mask_of(t->n_columns - v * VL);
        for (int i = 0; i < n_rows; i++) {
            float *c = to + i * t->ldc + v * t->c_step;
            VEC x = LOAD_MASKED(c, mask, ZERO());
            if (t->residual != NULL)
                x = ADD(x, LOAD_MASKED(t->residual + (c - t->c), mask, ZERO()));
            STORE_MASKED(c, mask, finish_vec(&end, x));
        }
    }
}

INLINE void start(const struct ridge_conv_tile *t, const float *c, VEC *acc, const int n_rows, const int n_vec,
                  const bool is_masked, const MASK mask)
{
    /* The asm keeps the compiler from copying one register to all others: a clear costs nothing, a copy does. */
    UNROLL(28) for (int i = 0; i < n_rows * n_vec; i++)
    {
        acc[i] = ZERO();
        __asm__("" : "+v"(acc[i]));
    }
    const float *bias = t->bias;
    if (bias != NULL) {
        UNROLL(14) for (int i = 0; i < n_rows; i++)
        {
            __asm__("" : "+r"(bias)); /* nor here: a load each */
            UNROLL(2) for (int v = 0; v < n_vec; v++) acc[i * n_vec + v] = LOAD(bias + v * VL);
        }
    }
    if (!t->is_accumulating)
        return;
    UNROLL(14) for (int i = 0; i < n_rows; i++)
    {
        UNROLL(2) for (int v = 0; v < n_vec; v++) acc[i * n_vec + v] =
            load_column(c + i * t->ldc + v * t->c_step, is_masked && v == n_vec - 1, mask);
    }
}

INLINE void finish(const struct ridge_conv_tile *t, float *to, const VEC *acc, const int n_rows, const int n_vec,
                   const bool is_masked, const MASK mask)
{
    const struct finish end = finish_of(t->act);
    const bool has_more = t->residual != NULL || t->act != RIDGE_ACT_NONE;
    const int64_t ldc = t->ldc, c_step = t->c_step; /* for all the compiler knows, the stores change them */
    float *c = to;
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
        finish_in_place(t, to, n_rows, n_vec);
}

/* Where a stretch of a tile's sum starts. */
struct walk {
    struct rows rows;
    const float *b;
};

/* n steps of k. Each fetches a line from `ahead` on. */
INLINE void steps(struct walk w, VEC *acc, int64_t n, const int64_t ldb, const char *ahead, const int64_t ahead_step,
                  const int n_rows, const int n_vec, const bool is_masked, const MASK mask)
{
    VEC b[2];
    for (; n > 0; n--) {
        UNROLL(2) for (int v = 0; v < n_vec; v++)
            b[v] = load_column(w.b + v * VL, is_masked && v == n_vec - 1, mask);
        _mm_prefetch(ahead, _MM_HINT_T0);
        ahead += ahead_step;
        w.b += ldb;
        UNROLL(14) for (int i = 0; i < n_rows; i++)
        {
            const VEC x = SET(*row_at(&w.rows, i));
            UNROLL(2) for (int v = 0; v < n_vec; v++) acc[i * n_vec + v] = FMA(x, b[v], acc[i * n_vec + v]);
        }
        step_rows(&w.rows, n_rows, 1);
    }
}

INLINE void compute(const struct ridge_conv_tile *t, const int n_rows, const int n_vec, const bool is_masked)
{
    VEC acc[RIDGE_CONV_MAX_TILE_ROWS * 2];
    const MASK mask = MASK_FOR(t->n_columns - (n_vec - 1) * VL);
    const struct ridge_conv_segment *end = t->segments + t->n_segments;
    const int64_t ldb = t->ldb, lda = t->lda;
    const float *a = t->a;
    float *c = t->c;
    struct walk w = {.rows = rows_of(lda)};
    for (int64_t left = t->n_tiles; left > 0; left--) {
        start(t, c, acc, n_rows, n_vec, is_masked, mask);
        for (const struct ridge_conv_segment *s = t->segments; s < end; s++) {
            w.b = t->b + s->k * ldb;
            seek_rows(&w.rows, a + s->a, n_rows);
            steps(w, acc, s->n, ldb, (const char *)(a + s->a + (n_rows - 1) * lda + s->n), t->ahead_bytes, n_rows,
                  n_vec, is_masked, mask);
        }
        finish(t, c, acc, n_rows, n_vec, is_masked, mask);
        a += n_rows * lda;
        c += n_rows * t->ldc;
    }
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
