/* Repacking with rows and columns swapped, VL x VL at a time. Part of tile.h; the ISA file defines
 * TRANSPOSE(r), which transposes VL vectors in place. */

INLINE void transpose_block(const float *from, int64_t ld_from, const int64_t n_rows, MASK k_mask, float *to,
                            int64_t ld_to, const int64_t n_k, MASK rows_mask, const bool is_whole)
{
    VEC r[VL];
    UNROLL(32) for (int i = 0; i < VL; i++)
    {
        const float *row = from + (i < n_rows ? i : 0) * ld_from;
        r[i] = is_whole ? LOAD(row) : LOAD_MASKED(row, k_mask, ZERO());
    }
    TRANSPOSE(r);
    UNROLL(32) for (int q = 0; q < VL; q++)
    {
        if (is_whole || q < n_k)
            STORE_MASKED(to + q * ld_to, rows_mask, r[q]);
    }
}

/* to[p * ld_to + i] = from[i * ld_from + p] for i < rows, p < k; nothing else is touched. */
static void transpose(const float *from, int64_t ld_from, int64_t rows, int64_t k, float *to, int64_t ld_to)
{
    for (int64_t i = 0; i < rows; i += VL) {
        const int64_t n_rows = rows - i < VL ? rows - i : VL;
        const MASK rows_mask = MASK_FOR(n_rows);
        const float *x = from + i * ld_from;
        int64_t p = 0;
        for (; p + VL <= k; p += VL)
            transpose_block(x + p, ld_from, n_rows, rows_mask, to + p * ld_to + i, ld_to, VL, rows_mask, true);
        if (p < k)
            transpose_block(x + p, ld_from, n_rows, MASK_FOR(k - p), to + p * ld_to + i, ld_to, k - p, rows_mask,
                            false);
    }
    _mm256_zeroupper();
}
