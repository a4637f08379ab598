#include "common/rng.h"
#include <string.h>

__extension__ typedef unsigned __int128 wide_uint;

static uint64_t rotl(uint64_t x, int k)
{
    return (x << k) | (x >> (64 - k));
}

void ridge_kernels_rng_seed(struct ridge_kernels_rng *rng, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        uint64_t z = (seed += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        rng->s[i] = z ^ (z >> 31);
    }
}

uint64_t ridge_kernels_rng_next(struct ridge_kernels_rng *rng)
{
    uint64_t *s = rng->s;
    const uint64_t result = rotl(s[1] * 5, 7) * 9;
    const uint64_t t = s[1] << 17;
    s[2] ^= s[0];
    s[3] ^= s[1];
    s[1] ^= s[2];
    s[0] ^= s[3];
    s[2] ^= t;
    s[3] = rotl(s[3], 45);
    return result;
}

uint64_t ridge_kernels_rng_below(struct ridge_kernels_rng *rng, uint64_t n)
{
    return (uint64_t)(((wide_uint)ridge_kernels_rng_next(rng) * n) >> 64);
}

/* The odd integer 2u + 1 - 2^24 has at most 24 bits: exact in f32. */
static float to_unit(uint32_t u24)
{
    return (float)((int32_t)(2 * u24 + 1) - (1 << 24)) * 0x1p-24f;
}

void ridge_kernels_rng_fill_f32(void *x, size_t n, uint64_t seed)
{
    struct ridge_kernels_rng rng;
    ridge_kernels_rng_seed(&rng, seed);
    char *to = x;
    for (size_t i = 0; i < n; i += 2) {
        const uint64_t r = ridge_kernels_rng_next(&rng);
        const float pair[2] = {to_unit((uint32_t)(r >> 40)),
                               to_unit((uint32_t)(r >> 16) & 0xffffffu)};
        memcpy(to + i * sizeof(float), pair, i + 1 < n ? sizeof pair : sizeof pair[0]);
    }
}
