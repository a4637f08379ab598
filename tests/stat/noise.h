/* Seeded noise for the statistics' tests: the same numbers on every machine. */
#ifndef RIDGE_TESTS_STAT_NOISE_H
#define RIDGE_TESTS_STAT_NOISE_H
#include <math.h>
#include <stddef.h>
#include <stdint.h>

struct noise {
    uint64_t state;
    double last; /* of the AR(1) series */
};
static inline double noise_uniform(struct noise *s) /* splitmix64 */
{
    uint64_t z = (s->state += 0x9e3779b97f4a7c15u);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return ((double)((z ^ (z >> 31)) >> 11) + 0.5) * 0x1p-53;
}
static inline double noise_normal(struct noise *s) /* Box & Muller 1958 */
{
    double u = noise_uniform(s);
    return sqrt(-2 * log(u)) * cos(6.283185307179586 * noise_uniform(s));
}
static inline double noise_ar1(struct noise *s, double r) /* stationary, variance 1 */
{
    s->last = r * s->last + sqrt(1 - r * r) * noise_normal(s);
    return s->last;
}
#endif
