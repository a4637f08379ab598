/* Comparison of f32 results with a double reference, one value at a time.
 *
 * A unit is what the reference computes at once: an element, or a row. Small problems are compared
 * whole; of large ones the first and last units and a seeded sample. NaN matches NaN, an infinity
 * only itself; a result below the smallest normal f32 may have been flushed to zero.
 */
#ifndef RIDGE_KERNELS_COMMON_COMPARE_H
#define RIDGE_KERNELS_COMMON_COMPARE_H

#include "abi/kernel.h"

#define RIDGE_UNIT_ROUNDOFF 0x1p-24 /* of f32, to nearest */

struct ridge_compare {
    const char *op;
    double tolerance;
    struct ridge_check *result;
    bool is_wrong;
};

void ridge_compare_begin(struct ridge_compare *c, const char *op, double tolerance,
                         struct ridge_check *result);
/* Element i_element of the output: wrong unless |got - want| <= tolerance * scale. */
void ridge_compare_value(struct ridge_compare *c, int64_t i_element, double got, double want,
                         double scale);
/* Calls fn for all units when n_units * unit_cost (operations) is small, else for a sample. */
void ridge_compare_units(struct ridge_compare *c, int64_t n_units, double unit_cost, uint64_t seed,
                         void (*fn)(void *ctx, int64_t i_unit, struct ridge_compare *c), void *ctx);
/* RIDGE_ERR_WRONG with the first difference in words. */
enum ridge_status ridge_compare_end(struct ridge_compare *c, struct ridge_error *err);

/* An f32 at any address. */
double ridge_compare_load(const void *base, int64_t i);

#endif
