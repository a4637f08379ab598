/* Rows of one stride that a tile reads side by side, a step of one float at a time. Row i is a base every 9 rows and a
 * multiple of the stride that fits addressing modes: a pointer a row would not fit 16 registers. Counts are constants
 * where this is used, so that all of it unrolls. */
#ifndef RIDGE_KERNELS_COMMON_VEC_ROWS_H
#define RIDGE_KERNELS_COMMON_VEC_ROWS_H

#include "common/vec.h"

enum { ROWS_PER_BASE = 9, MAX_ROW_BASES = 4 };

struct rows {
    const char *base[MAX_ROW_BASES];
    int64_t ld, ld3, ld5, ld7;
};

/* ld: floats from row to row. Nowhere yet: seek_rows. */
INLINE struct rows rows_of(int64_t ld)
{
    ld *= (int64_t)sizeof(float);
    return (struct rows){.ld = ld, .ld3 = 3 * ld, .ld5 = 5 * ld, .ld7 = 7 * ld};
}

INLINE int n_bases_of(const int n_rows)
{
    return (n_rows + ROWS_PER_BASE - 1) / ROWS_PER_BASE;
}

INLINE void seek_rows(struct rows *r, const float *first, const int n_rows)
{
    r->base[0] = (const char *)first;
    UNROLL(4) for (int i = 1; i < n_bases_of(n_rows); i++) r->base[i] = r->base[0] + i * ROWS_PER_BASE * r->ld;
}

INLINE const float *row_at(const struct rows *r, int i)
{
    const int n = i % ROWS_PER_BASE;
    const int64_t offset = n == 0   ? 0
                           : n == 3 ? r->ld3
                           : n == 5 ? r->ld5
                           : n == 6 ? 2 * r->ld3
                           : n == 7 ? r->ld7
                                    : n * r->ld;
    return (const float *)(const void *)(r->base[i / ROWS_PER_BASE] + offset);
}

/* Hides how the bases move, or the compiler makes a pointer of every row and of every step. */
INLINE void step_rows(struct rows *r, const int n_rows, const int n_steps)
{
    UNROLL(4) for (int i = 0; i < n_bases_of(n_rows); i++)
    {
        r->base[i] += n_steps * (int)sizeof(float);
        __asm__("" : "+r"(r->base[i]));
    }
}
#endif
