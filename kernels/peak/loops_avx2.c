#define SYMBOL ridge_peak_loops_avx2
#define VEC __m256
#define IVEC __m256i
#define VL 8
#define N_ACC 12
#define SET(x) _mm256_set1_ps(x)
#define FMA(a, b, c) _mm256_fmadd_ps(a, b, c)
#define STORE(p, v) _mm256_storeu_ps(p, v)
#define ILOAD(p) _mm256_loadu_si256((const __m256i *)(const void *)(p))
#define ISTORE(p, v) _mm256_storeu_si256((__m256i *)(void *)(p), v)
#define IADD(a, b) _mm256_add_epi64(a, b)
#define IZERO() _mm256_setzero_si256()
#include "peak/vector_loops.h"
