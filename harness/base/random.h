/* Seeded numbers: splitmix64 (Steele, Lea, Flood 2014). One word of state, any seed is good; for shuffles,
 * resampling and arrivals, not for secrets. The state is the caller's; one thread at a time. */
#ifndef RIDGE_BASE_RANDOM_H
#define RIDGE_BASE_RANDOM_H

#include <stdint.h>

static inline uint64_t ridge_random_next(uint64_t *state)
{
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}
#endif
