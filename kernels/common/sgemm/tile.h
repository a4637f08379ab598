/* The tile function, once for every vector width. Included by one ISA file, which defines
 *   VEC, VL, MASK, MASK_FOR(n), ZERO(), LOAD(p), LOAD_MASKED(p, mask), STORE(p, v),
 *   STORE_MASKED(p, mask, v), BROADCAST(p), FMA(a, b, c), ADD(a, b), and for the epilogue MUL, DIV, MAX,
 *   MIN (a NaN in the second operand stays), SET1(x), ROUND(v), TIMES_POW2(v, n);
 *   TRANSPOSE(r).
 * Everything is static: no code of this file's flags can reach a CPU without them.
 *
 * rows * vectors accumulators stay in registers: the loops below have constant bounds and unroll.
 */
#include "common/sgemm/engine.h"
#include <immintrin.h>

#define UNROLL _Pragma("GCC unroll 32")
#define INLINE static inline __attribute__((always_inline))

#include "common/sgemm/post.h"
#include "common/sgemm/transpose.h"

/* Row i of A in place, from two bases and four multiples of the stride that fit addressing modes:
 * 14 row pointers do not fit 16 registers. */
struct rows {
    const char *base, *base9;
    int64_t ld, ld3, ld5, ld7;
};

INLINE const float *row_at(const struct rows *r, int i)
{
    const char *base = i < 9 ? r->base : r->base9;
    const int step = i < 9 ? i : i - 9;
    const int64_t offset = step == 0   ? 0
                           : step == 3 ? r->ld3
                           : step == 5 ? r->ld5
                           : step == 6 ? 2 * r->ld3
                           : step == 7 ? r->ld7
                                       : step * r->ld;
    return (const float *)(const void *)(base + offset);
}

INLINE void finish(float *c, const int64_t ldc, const VEC *acc, const int n_rows, const int n_vec,
                   const MASK mask, const bool is_masked, const bool is_accumulating)
{
    UNROLL for (int i = 0; i < n_rows; i++)
    {
        UNROLL for (int v = 0; v < n_vec; v++)
        {
            VEC x = acc[i * n_vec + v];
            if (is_masked && v == n_vec - 1) {
                if (is_accumulating)
                    x = ADD(x, LOAD_MASKED(c + v * VL, mask));
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

INLINE void compute(const struct ridge_sgemm_tile *t, const int n_rows, const int n_vec,
                    const int mode, const bool is_masked)
{
    VEC acc[RIDGE_SGEMM_MAX_ROWS * 2];
    VEC b[8];
    const MASK mask = MASK_FOR(t->n_columns - (n_vec - 1) * VL);
    UNROLL for (int i = 0; i < n_rows * n_vec; i++) acc[i] = ZERO();
    const float *a = t->a, *pb = t->b;
    struct rows r = {.base = (const char *)t->a, .ld = t->lda * 4};
    r.base9 = r.base + 9 * r.ld;
    r.ld3 = 3 * r.ld;
    r.ld5 = 5 * r.ld;
    r.ld7 = 7 * r.ld;
    float *b_store = t->b_store;
    const int64_t ldb = t->ldb, lda = t->lda;
    const int n_lines = (n_vec * VL + 15) / 16;
    int64_t left = t->k;
    /* One prefetch a step: first C, a column of lines after the other (all at once would take every fill
     * buffer from A and B), then what the driver wants. Wide tiles have C in L1 and read B in long runs. */
    for (int line = n_vec > 2 ? n_lines : 0; left > 0; line++) {
        const bool is_for_c = line < n_lines;
        const char *prefetch = is_for_c ? (const char *)(t->c + line * 16) : t->prefetch;
        const int64_t step_bytes = is_for_c ? t->ldc * 4 : t->prefetch_step_bytes;
        const int64_t n_steps = is_for_c && left > n_rows ? n_rows : left;
        left -= n_steps;
        for (int64_t p = n_steps; p > 0; p--) {
            UNROLL for (int v = 0; v < n_vec; v++)
                b[v] = is_masked && v == n_vec - 1 ? LOAD_MASKED(pb + v * VL, mask)
                                                   : LOAD(pb + v * VL);
            if (n_vec <= 2) /* into L2: L1 belongs to the panel at work */
                _mm_prefetch(prefetch, _MM_HINT_T1);
            prefetch += step_bytes;
            if ((mode & RIDGE_SGEMM_B_STORE) != 0) {
                UNROLL for (int v = 0; v < n_vec; v++) STORE(b_store + v * VL, b[v]);
                b_store += n_vec * VL;
            }
            UNROLL for (int i = 0; i < n_rows; i++)
            {
                const VEC x = BROADCAST((mode & RIDGE_SGEMM_A_COLUMNS) != 0 ? a + i : row_at(&r, i));
                UNROLL for (int v = 0; v < n_vec; v++)
                    acc[i * n_vec + v] = FMA(x, b[v], acc[i * n_vec + v]);
            }
            pb += ldb;
            a += lda;
            r.base += 4;
            r.base9 += 4;
            /* Hides that the bases move together, or the compiler makes a pointer of every row. */
            __asm__("" : "+r"(r.base), "+r"(r.base9));
        }
    }
    if (t->has_post) {
        VEC sums[RIDGE_SGEMM_MAX_ROWS * 2];
        UNROLL for (int i = 0; i < n_rows * n_vec; i++) sums[i] = acc[i];
        post_rows(t, sums, n_rows, n_vec);
    } else if (t->is_accumulating) {
        finish(t->c, t->ldc, acc, n_rows, n_vec, mask, is_masked, true);
    } else {
        finish(t->c, t->ldc, acc, n_rows, n_vec, mask, is_masked, false);
    }
}

#define TILE(rows, vectors, mode)                                                                  \
    static void tile_##rows##_##vectors##_##mode(const struct ridge_sgemm_tile *t)                 \
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
