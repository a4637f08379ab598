/* The plain C twins: one lane, 12 chains. */
#include "peak/loops.h"
#include "peak/peak.h"
#include <string.h>

enum { N_CHAINS = 12 };

static float fma_loop(int64_t n_units, float a, float b)
{
    const int64_t n_iterations = n_units * (RIDGE_PEAK_UNIT_FLOP / (2 * N_CHAINS));
    float acc[N_CHAINS], sum = 0;
    for (int i = 0; i < N_CHAINS; i++)
        acc[i] = (float)i;
    for (int64_t t = 0; t < n_iterations; t++)
        for (int i = 0; i < N_CHAINS; i++)
            acc[i] = acc[i] * a + b;
    for (int i = 0; i < N_CHAINS; i++)
        sum += acc[i];
    return sum / N_CHAINS;
}

static uint64_t read_loop(const char *from, size_t n_bytes)
{
    uint64_t sum = 0, word;
    size_t p = 0;
    for (; n_bytes - p >= sizeof word; p += sizeof word) {
        memcpy(&word, from + p, sizeof word);
        sum += word;
    }
    word = 0;
    if (p < n_bytes)
        memcpy(&word, from + p, n_bytes - p);
    return sum + word;
}

static void copy_loop(char *to, const char *from, size_t n_bytes)
{
    if (n_bytes > 0)
        memcpy(to, from, n_bytes);
}

const struct ridge_peak_loops ridge_peak_loops_ref = {
    .fma = fma_loop, .read = read_loop, .copy = copy_loop};
