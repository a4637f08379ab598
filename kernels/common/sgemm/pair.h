/* The tile of few columns: two steps of k in one vector. Part of tile.h; the ISA file defines
 *   SET_PAIR(p)            p[0] p[1] p[0] p[1] ..., by a load
 *   ZIP_LOW(a, b), ZIP_HIGH  a0 b0 a1 b1 ... of the lower and of the upper halves
 *   ODD(a, b)              elements 1, 3, 5 ... of a then b, as EVEN of vec.h
 *
 * Lanes 2 j and 2 j + 1 of a vector hold steps p and p + 1 of column j; their sums are added when k is through. Half a
 * vector of columns so fills a whole one, and a load of A feeds twice the products: with a broadcast for each of them
 * (one vector of columns) loads alone took all of both load ports, and had to wait for every line that came into L1.
 */

/* Steps p and p + 1 of B: packed, or from their rows, packed on the way. An odd k ends with half a pair. */
INLINE void load_pairs(struct walk *w, VEC *b, const int n_vec, const int mode, const MASK *masks, const bool is_half)
{
    if ((mode & RIDGE_SGEMM_B_STORE) == 0) {
        UNROLL(32) for (int v = 0; v < n_vec; v++) b[v] = LOAD(w->b + v * VL);
        w->b += n_vec * VL;
        return;
    }
    UNROLL(32) for (int v = 0; v < n_vec; v += 2)
    {
        const float *row = w->b + v / 2 * VL;
        const VEC first = LOAD_MASKED(row, masks[v / 2], ZERO());
        const VEC second = is_half ? ZERO() : LOAD_MASKED(row + w->ldb, masks[v / 2], ZERO());
        b[v] = ZIP_LOW(first, second);
        if (v + 1 < n_vec)
            b[v + 1] = ZIP_HIGH(first, second);
    }
    UNROLL(32) for (int v = 0; v < n_vec; v++) STORE(w->b_store + v * VL, b[v]);
    w->b += 2 * w->ldb;
    w->b_store += n_vec * VL;
}

INLINE VEC pair_of_a(const struct walk *w, const int i, const int n_rows, const int mode, const bool is_half)
{
    if ((mode & RIDGE_SGEMM_A_COLUMNS) != 0)
        return ZIP_LOW(SET(w->a[i]), is_half ? ZERO() : SET(w->a[n_rows + i]));
    const float *row = row_at(&w->rows, i);
    return is_half ? ZIP_LOW(SET(*row), ZERO()) : SET_PAIR(row);
}

INLINE void pair_step(struct walk *w, VEC *acc, const int n_rows, const int n_vec, const int mode, const MASK *masks,
                      const bool is_half)
{
    VEC b[4];
    load_pairs(w, b, n_vec, mode, masks, is_half);
    UNROLL(32) for (int i = 0; i < n_rows; i++)
    {
        const VEC x = pair_of_a(w, i, n_rows, mode, is_half);
        UNROLL(32) for (int v = 0; v < n_vec; v++) acc[i * n_vec + v] = FMA(x, b[v], acc[i * n_vec + v]);
    }
    __asm__("" : "+r"(w->b));
    w->a += 2 * n_rows;
    if ((mode & RIDGE_SGEMM_A_COLUMNS) == 0)
        step_rows(&w->rows, n_rows, 2);
}

/* Rows of C of the tile below that are fetched with a pair of steps. */
#define ROWS_PER_PAIR(n_rows) (((n_rows) + 7) / 8)

INLINE void compute_pairs(struct ridge_sgemm_tile *t, const int n_rows, const int n_vec, const int mode)
{
    const int n_out = (n_vec + 1) / 2; /* vectors of columns */
    /* Two FMAs a cycle with a latency of 4 want 8 sums at a time. Tiles of so few are whole problems, see compute(). */
    const int n_sums = n_rows * n_vec, n_chains = n_sums <= 2 ? 4 : n_sums <= 4 ? 2 : 1;
    const int64_t n_last = t->n_columns - (n_out - 1) * VL;
    const MASK masks[2] = {MASK_FOR(t->n_columns < VL ? t->n_columns : VL), MASK_FOR(n_last)};
    VEC acc[MAX_SUMS], sums[MAX_SUMS];
    UNROLL(32) for (int i = 0; i < n_chains * n_sums; i++) acc[i] = ZERO();
    struct walk w = {.a = t->a, .b = t->b, .b_store = t->b_store, .ldb = t->ldb, .rows = rows_of(t->lda)};
    seek_rows(&w.rows, t->a, n_rows);
    struct rows_below below = {.at = t->a_below, .line = t->a_below};
    const float *c_below = t->c_below;
    int64_t n_c_rows = n_rows;
    int64_t left = t->k;
    for (; n_chains > 1 && left >= 2 * n_chains; left -= 2 * n_chains)
        UNROLL(4) for (int chain = 0; chain < n_chains; chain++)
            pair_step(&w, acc + chain * n_sums, n_rows, n_vec, mode, masks, false);
    for (; left >= 2; left -= 2) {
        if ((mode & RIDGE_SGEMM_A_COLUMNS) == 0)
            fetch_below(&below, t->lda, n_rows, 2);
        for (int r = 0; n_c_rows > 0 && r < ROWS_PER_PAIR(n_rows); r++, n_c_rows--) {
            fetch(c_below, n_out);
            c_below += t->ldc;
        }
        pair_step(&w, acc, n_rows, n_vec, mode, masks, false);
    }
    if (left > 0)
        pair_step(&w, acc, n_rows, n_vec, mode, masks, true);
    UNROLL(32) for (int i = n_chains * n_sums - 1; i >= n_sums; i--) acc[i - n_sums] = ADD(acc[i - n_sums], acc[i]);
    UNROLL(32) for (int i = 0; i < n_rows; i++)
    {
        UNROLL(32) for (int v = 0; v < n_vec; v += 2)
        {
            const VEC low = acc[i * n_vec + v], high = v + 1 < n_vec ? acc[i * n_vec + v + 1] : low;
            sums[i * n_out + v / 2] = ADD(EVEN(low, high), ODD(low, high));
        }
    }
    end_tile(t, sums, n_rows, n_out, masks[n_out - 1], n_last < VL);
}

#define PAIR_TILE(rows, vectors, mode)                                                             \
    static void pair_tile_##rows##_##vectors##_##mode(struct ridge_sgemm_tile *t)                  \
    {                                                                                              \
        compute_pairs(t, rows, vectors, mode);                                                     \
    }
#define PAIR_TILES(rows, vectors)                                                                  \
    PAIR_TILE(rows, vectors, 0) PAIR_TILE(rows, vectors, 1) PAIR_TILE(rows, vectors, 2) PAIR_TILE(rows, vectors, 3)
#define PAIR_TILES_1(rows) PAIR_TILES(rows, 1)
#define PAIR_TILES_2(rows) PAIR_TILES(rows, 2)
#define PAIR_TILES_3(rows) PAIR_TILES(rows, 3)
#define PAIR_ENTRY(rows, vectors, mode)                                                            \
    .tile[mode][rows][RIDGE_SGEMM_PAIRS + (vectors)] = pair_tile_##rows##_##vectors##_##mode
#define PAIR_ENTRIES(rows, vectors)                                                                \
    PAIR_ENTRY(rows, vectors, 0), PAIR_ENTRY(rows, vectors, 1), PAIR_ENTRY(rows, vectors, 2),      \
        PAIR_ENTRY(rows, vectors, 3),
#define PAIR_ENTRIES_1(rows) PAIR_ENTRIES(rows, 1)
#define PAIR_ENTRIES_2(rows) PAIR_ENTRIES(rows, 2)
#define PAIR_ENTRIES_3(rows) PAIR_ENTRIES(rows, 3)
