/* How qsort orders plain numbers, smallest first. A NaN has no place in an order: leave it out before. */
#ifndef RIDGE_BASE_ORDER_H
#define RIDGE_BASE_ORDER_H

#include <stdint.h>

static inline int ridge_order_real(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline int ridge_order_u64(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}
#endif
