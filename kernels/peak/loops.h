/* The three loops of one ISA, and the template that vector ISAs instantiate. */
#ifndef RIDGE_KERNELS_PEAK_LOOPS_H
#define RIDGE_KERNELS_PEAK_LOOPS_H

#include <stddef.h>
#include <stdint.h>

struct ridge_peak_loops {
    /* x -> a x + b, n_units * RIDGE_PEAK_UNIT_FLOP in all; returns a mean that tends to b / (1 -
     * a). */
    float (*fma)(int64_t n_units, float a, float b);
    /* Sum of little-endian 8-byte words modulo 2^64, the last one zero padded. Any alignment. */
    uint64_t (*read)(const char *from, size_t n_bytes);
    void (*copy)(char *to, const char *from, size_t n_bytes);
};

extern const struct ridge_peak_loops ridge_peak_loops_ref;
#ifdef RIDGE_KERNELS_X86
extern const struct ridge_peak_loops ridge_peak_loops_avx2, ridge_peak_loops_avx512;
#endif

#endif
