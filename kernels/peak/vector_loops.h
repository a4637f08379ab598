/* The loops for any vector width. Included by one ISA file, which defines
 *   VEC, IVEC, VL, N_ACC, SET(x), FMA(a, b, c), STORE(p, v), ILOAD(p), ISTORE(p, v), IADD(a, b),
 *   IZERO(), SYMBOL. Static but for the table. */
#include "peak/loops.h"
#include "peak/peak.h"
#include <immintrin.h>

/* Every loop over an array of accumulators unrolls: one that did not would put them in memory. */
#define UNROLL _Pragma("GCC unroll 32")
enum { VEC_BYTES = VL * 4, N_STREAM = 8 };

static float fma_loop(int64_t n_units, float a, float b)
{
    const int64_t n_iterations = n_units * (RIDGE_PEAK_UNIT_FLOP / (2 * VL * N_ACC));
    VEC acc[N_ACC], va = SET(a), vb = SET(b);
    UNROLL for (int i = 0; i < N_ACC; i++) acc[i] = SET((float)i);
    for (int64_t t = 0; t < n_iterations; t++) {
        UNROLL for (int i = 0; i < N_ACC; i++)
        {
            acc[i] = FMA(acc[i], va, vb);
            __asm__ volatile("" : "+v"(acc[i])); /* keeps it in its register, in this order */
        }
    }
    float lanes[VL], sum = 0;
    UNROLL for (int i = 0; i < N_ACC; i++)
    {
        STORE(lanes, acc[i]);
        for (int j = 0; j < VL; j++)
            sum += lanes[j];
    }
    return sum / (float)(N_ACC * VL);
}

static uint64_t read_loop(const char *from, size_t n_bytes)
{
    IVEC acc[N_STREAM];
    UNROLL for (int i = 0; i < N_STREAM; i++) acc[i] = IZERO();
    const size_t step = (size_t)VEC_BYTES * N_STREAM, n_main = n_bytes / step * step;
    for (size_t p = 0; p < n_main; p += step)
        UNROLL for (int i = 0; i < N_STREAM; i++)
            acc[i] = IADD(acc[i], ILOAD(from + p + (size_t)i * VEC_BYTES));
    uint64_t lanes[VL / 2], sum = 0;
    UNROLL for (int i = 0; i < N_STREAM; i++)
    {
        ISTORE(lanes, acc[i]);
        for (int j = 0; j < VL / 2; j++)
            sum += lanes[j];
    }
    return sum + ridge_peak_loops_ref.read(from + n_main, n_bytes - n_main);
}

static void copy_loop(char *to, const char *from, size_t n_bytes)
{
    const size_t step = (size_t)VEC_BYTES * N_STREAM, n_main = n_bytes / step * step;
    for (size_t p = 0; p < n_main; p += step) {
        IVEC v[N_STREAM];
        UNROLL for (int i = 0; i < N_STREAM; i++) v[i] = ILOAD(from + p + (size_t)i * VEC_BYTES);
        UNROLL for (int i = 0; i < N_STREAM; i++) ISTORE(to + p + (size_t)i * VEC_BYTES, v[i]);
    }
    ridge_peak_loops_ref.copy(to + n_main, from + n_main, n_bytes - n_main);
}

const struct ridge_peak_loops SYMBOL = {.fma = fma_loop, .read = read_loop, .copy = copy_loop};
