/* Layout of the NCHW kernel's scratch, in f32 elements: reciprocal column counts, then folded lines
 * of each thread. Multiples of a cache line; a line has room for reads past its end. */
#ifndef RIDGE_KERNELS_POOL_NCHW_H
#define RIDGE_KERNELS_POOL_NCHW_H

#include "pool/pool.h"

enum { RIDGE_POOL_LINE_SLACK = 64 }; /* two vectors of the widest ISA, and the rest of one */
enum { RIDGE_POOL_MAX_LINES = 8, RIDGE_POOL_LINES_ELEMENTS = 4096 }; /* lines of a thread: at most, and a third of L1 */

static inline int64_t ridge_pool_nchw_weights(const struct ridge_pool_plan *p)
{
    return (p->ow + 16 + 15) / 16 * 16;
}

/* pad_l neutral elements, the row, neutral elements up to where the last window ends. */
static inline int64_t ridge_pool_nchw_line(const struct ridge_pool_shape *s,
                                           const struct ridge_pool_plan *p)
{
    const int64_t end = (p->ow - 1) * p->stride_w + p->kw, row = p->pad_l + s->iw;
    return ((end > row ? end : row) + RIDGE_POOL_LINE_SLACK + 15) / 16 * 16;
}

static inline int64_t ridge_pool_nchw_lines(int64_t n_line)
{
    const int64_t fitting = RIDGE_POOL_LINES_ELEMENTS / n_line;
    return fitting < 1 ? 1 : fitting < RIDGE_POOL_MAX_LINES ? fitting : RIDGE_POOL_MAX_LINES;
}

#endif
