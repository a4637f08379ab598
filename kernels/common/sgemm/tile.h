/* The tile function, once for every vector width. Included by one ISA file, which defines
 *   RIDGE_VEC_BITS and RIDGE_ISA for vec.h, TRANSPOSE(r), VL vectors of VL in place, and what pair.h names.
 * Everything is static: no code of this file's flags can reach a CPU without them.
 *
 * rows * vectors accumulators stay in registers: the loops below have constant bounds and unroll.
 */
#include "common/sgemm/engine.h"
#include "common/vec_rows.h"

#include "common/sgemm/post.h"
#include "common/sgemm/transpose.h"

INLINE void finish(float *c, const int64_t ldc, const VEC *acc, const int n_rows, const int n_vec,
                   const MASK mask, const bool is_masked, const bool is_accumulating)
{
    UNROLL(32) for (int i = 0; i < n_rows; i++)
    {
        UNROLL(32) for (int v = 0; v < n_vec; v++)
        {
            VEC x = acc[i * n_vec + v];
            if (is_masked && v == n_vec - 1) {
                if (is_accumulating)
                    x = ADD(x, LOAD_MASKED(c + v * VL, mask, ZERO()));
                STORE_MASKED(c + v * VL, mask, x);
            } else {
                if (is_accumulating)
                    x = ADD(x, LOAD(c + v * VL));
                STORE(c + v * VL, x);
            }
        }
        c += ldc;
    }
}

enum { MAX_SUMS = 28 }; /* registers' worth */
/* Rows; a body each covers the latency of L3, and the bodies of shorter vectors are shorter. */
enum { BODY = RIDGE_SGEMM_BODY, AHEAD_OF_COPY = 128 / VL };

/* What moves through a tile, from one body of steps to the next. */
struct walk {
    const float *a, *b;
    struct rows rows;
    float *b_store;
    int64_t ldb;
};

/* Step p adds to chain p % n_chains of the accumulators. */
INLINE void steps(struct walk *w, VEC *acc, const int n_steps, const int n_chains, const int n_rows, const int n_vec,
                  const int mode, const MASK mask, const bool is_masked)
{
    VEC b[8];
    const bool is_in_columns = (mode & RIDGE_SGEMM_A_COLUMNS) != 0;
    UNROLL(32) for (int p = 0; p < n_steps; p++)
    {
        UNROLL(32) for (int v = 0; v < n_vec; v++)
            b[v] = is_masked && v == n_vec - 1 ? LOAD_MASKED(w->b + v * VL, mask, ZERO()) : LOAD(w->b + v * VL);
        w->b += w->ldb;
        if ((mode & RIDGE_SGEMM_B_STORE) != 0)
            UNROLL(32) for (int v = 0; v < n_vec; v++) STORE(w->b_store + (p * n_vec + v) * VL, b[v]);
        UNROLL(32) for (int i = 0; i < n_rows; i++)
        {
            const VEC x = SET(*(is_in_columns ? w->a + p * n_rows + i : row_at(&w->rows, i)));
            UNROLL(32) for (int v = 0; v < n_vec; v++)
            {
                VEC *sum = &acc[(p % n_chains * n_rows + i) * n_vec + v];
                *sum = FMA(x, b[v], *sum);
            }
        }
        __asm__("" : "+r"(w->b));
        if (!is_in_columns)
            step_rows(&w->rows, n_rows, 1);
    }
    w->b_store += n_steps * n_vec * VL;
    w->a += n_steps * n_rows;
}

/* The lines of n_vec vectors, into L2: L1 belongs to the panel at work. Off the lines' bounds there is one more. */
INLINE void fetch(const float *at, const int n_vec)
{
    UNROLL(32) for (int line = 0; line < (n_vec * VL + 15) / 16; line++)
        _mm_prefetch((const char *)(at + line * 16), _MM_HINT_T1);
    if ((uintptr_t)at % 64 != 0)
        _mm_prefetch((const char *)(at + n_vec * VL - 1), _MM_HINT_T1);
}

/* Rows of A of the tile below, on their way into L1. */
struct rows_below {
    const float *at, *line;
    int i_part;
};

/* A line of a row lasts 16 steps: with every n_steps of them the lines of some rows are fetched, until all are. */
INLINE void fetch_below(struct rows_below *x, const int64_t lda, const int n_rows, const int n_steps)
{
    UNROLL(32) for (int r = 0; r < (n_rows * n_steps + 15) / 16; r++)
    {
        _mm_prefetch((const char *)x->at, _MM_HINT_T0);
        x->at += lda;
    }
    if (++x->i_part == 16 / n_steps) {
        x->i_part = 0;
        x->at = x->line += 16;
    }
}

/* Its state stays in memory: registers belong to the product. */
INLINE void go_ahead(struct ridge_sgemm_ahead *x, const int n_vec)
{
    int64_t n = x->rows_per_body;
    do {
        const float *from = x->from;
        x->from = from + x->ld;
        if (x->to != NULL) {
            fetch(from + AHEAD_OF_COPY * x->ld, n_vec);
            UNROLL(32) for (int v = 0; v < n_vec; v++) STORE(x->to + v * VL, LOAD(from + v * VL));
            x->to += n_vec * VL;
        } else {
            fetch(from, n_vec);
        }
        x->n_rows--;
    } while (--n > 0 && x->n_rows > 0);
}

/* BODY steps of k, with what else is under way. */
INLINE void body(struct ridge_sgemm_tile *t, struct walk *w, struct rows_below *below, VEC *acc, const int n_chains,
                 const int n_rows, const int n_vec, const int mode, const MASK mask, const bool is_masked)
{
    if (t->ahead.n_rows > 0)
        go_ahead(&t->ahead, n_vec);
    if ((mode & RIDGE_SGEMM_A_COLUMNS) == 0 && below->line != NULL)
        fetch_below(below, t->lda, n_rows, BODY);
    steps(w, acc, BODY, n_chains, n_rows, n_vec, mode, mask, is_masked);
}

/* The sums of a tile leave the registers. */
INLINE void end_tile(const struct ridge_sgemm_tile *t, const VEC *acc, const int n_rows, const int n_vec,
                     const MASK mask, const bool is_masked)
{
    if (t->has_post) {
        VEC sums[MAX_SUMS];
        UNROLL(32) for (int i = 0; i < n_rows * n_vec; i++) sums[i] = acc[i];
        post_rows(t, sums, n_rows, n_vec);
    } else if (t->is_accumulating) {
        finish(t->c, t->ldc, acc, n_rows, n_vec, mask, is_masked, true);
    } else {
        finish(t->c, t->ldc, acc, n_rows, n_vec, mask, is_masked, false);
    }
}

INLINE void compute(struct ridge_sgemm_tile *t, const int n_rows, const int n_vec,
                    const int mode, const bool is_masked)
{
    /* Two FMAs a cycle with a latency of 4 want 8 sums at a time: tiles of 1 and 2 rows add every fourth step apart.
     * Not those of 3: how rows are dealt to tiles may depend on the number of threads, the order of a sum must not. */
    const int n_sums = n_rows * n_vec, n_chains = n_vec <= 2 && n_rows <= 2 ? 4 : 1;
    VEC acc[MAX_SUMS];
    const MASK mask = MASK_FOR(t->n_columns - (n_vec - 1) * VL);
    UNROLL(32) for (int i = 0; i < n_chains * n_sums; i++) acc[i] = ZERO();
    struct walk w = {.a = t->a, .b = t->b, .b_store = t->b_store, .ldb = t->ldb, .rows = rows_of(t->lda)};
    seek_rows(&w.rows, t->a, n_rows);
    const float *c = t->c;
    struct rows_below below = {.at = t->a_below, .line = t->a_below};
    int64_t left = t->k;
    const int64_t n_single = n_vec > 2 || t->is_by_steps ? left : left % BODY;
    /* Bodies that fetch C, a row each, then others: packed tiles of 6 x 16 have no slot to spare for a needless fetch.
     * Wide tiles have C in L1 and read B in long runs, which the hardware fetches by itself. */
    for (int row = 0; n_vec <= 2 && row < n_rows && left > n_single; row++, left -= BODY) {
        fetch(c, n_vec);
        c += t->ldc;
        body(t, &w, &below, acc, n_chains, n_rows, n_vec, mode, mask, is_masked);
    }
    for (; n_vec <= 2 && left > n_single; left -= BODY)
        body(t, &w, &below, acc, n_chains, n_rows, n_vec, mode, mask, is_masked);
    for (; left > 0; left--)
        steps(&w, acc, 1, n_chains, n_rows, n_vec, mode, mask, is_masked);
    UNROLL(32) for (int i = n_chains * n_sums - 1; i >= n_sums; i--) acc[i - n_sums] = ADD(acc[i - n_sums], acc[i]);
    end_tile(t, acc, n_rows, n_vec, mask, is_masked);
}

/* From a tile of n_rows to the one below. */
INLINE void next_tile(struct ridge_sgemm_tile *t, int64_t a_step, int64_t n_rows)
{
    struct ridge_sgemm_post *post = &t->post;
    t->a += n_rows * a_step;
    t->c += n_rows * t->ldc;
    if (!t->has_post)
        return;
    if (post->c_from != NULL)
        post->c_from += n_rows * post->c_from_ld;
    if (post->bias != NULL && post->is_bias_per_row)
        post->bias += n_rows;
    if (post->residual != NULL)
        post->residual += n_rows * post->residual_ld;
}

/* Here, and not in baseline code, so that tiles follow each other without vzeroupper, which costs each 19 cycles. */
static void run_column(const struct ridge_sgemm_micro_set *set, struct ridge_sgemm_column *x)
{
    struct ridge_sgemm_tile *tile = &x->tile;
    const int64_t n_rows = x->m / x->n_tiles, n_longer = x->m % x->n_tiles, n_ahead = tile->ahead.n_rows;
    if ((x->mode & RIDGE_SGEMM_B_STORE) != 0)
        tile->ahead.n_rows = 0; /* it has enough to wait for */
    for (int64_t t = 0; t < x->n_tiles; t++) {
        const int64_t rows = n_rows + (t < n_longer), rows_to_below = t + 1 < x->n_tiles ? rows : 0;
        tile->a_below = x->is_fetching_a ? tile->a + rows_to_below * x->a_step : NULL;
        tile->c_below = tile->c + rows_to_below * tile->ldc;
        set->tile[x->mode][rows][x->width](tile);
        next_tile(tile, x->a_step, rows);
        if ((x->mode & RIDGE_SGEMM_B_STORE) != 0) {
            x->mode -= RIDGE_SGEMM_B_STORE;
            tile->b = tile->b_store;
            tile->ldb = (int64_t)VL << x->width;
            tile->ahead.n_rows = n_ahead;
        }
    }
    _mm256_zeroupper();
}

#define TILE(rows, vectors, mode)                                                                  \
    static void tile_##rows##_##vectors##_##mode(struct ridge_sgemm_tile *t)                       \
    {                                                                                              \
        if (t->n_columns == (vectors) * VL)                                                        \
            compute(t, rows, vectors, mode, false);                                                \
        else                                                                                       \
            compute(t, rows, vectors, mode, true);                                                 \
    }
#define TILES_OF_MODE(rows, mode) TILE(rows, 1, mode) TILE(rows, 2, mode)
#define TILES(rows)                                                                                \
    TILES_OF_MODE(rows, 0) TILES_OF_MODE(rows, 1) TILES_OF_MODE(rows, 2) TILES_OF_MODE(rows, 3)
#define TILE_ROW(rows, mode) [rows] = {tile_##rows##_1_##mode, tile_##rows##_2_##mode}

#include "common/sgemm/pair.h"
