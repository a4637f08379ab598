/* Seeded numbers: equal on every machine and every compiler.
 *
 * Generator: xoshiro256** seeded by SplitMix64 (Blackman and Vigna, "Scrambled linear pseudorandom
 * number generators", ACM TOMS 47(4), 2021). The state belongs to the caller; one thread at a time.
 */
#ifndef RIDGE_KERNELS_COMMON_RNG_H
#define RIDGE_KERNELS_COMMON_RNG_H

#include <stddef.h>
#include <stdint.h>

struct ridge_kernels_rng {
    uint64_t s[4];
};

void ridge_kernels_rng_seed(struct ridge_kernels_rng *rng, uint64_t seed);
uint64_t ridge_kernels_rng_next(struct ridge_kernels_rng *rng);
/* In [0, n); n >= 1. The bias is below n / 2^64. */
uint64_t ridge_kernels_rng_below(struct ridge_kernels_rng *rng, uint64_t n);

/* n f32, uniform in (-1, 1): odd multiples of 2^-24, so never zero, never denormal. Any alignment.
 */
void ridge_kernels_rng_fill_f32(void *x, size_t n, uint64_t seed);

#endif
