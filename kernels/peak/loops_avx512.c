#define SYMBOL ridge_peak_loops_avx512
#define VEC __m512
#define IVEC __m512i
#define VL 16
#define N_ACC 24
#define SET(x) _mm512_set1_ps(x)
#define FMA(a, b, c) _mm512_fmadd_ps(a, b, c)
#define STORE(p, v) _mm512_storeu_ps(p, v)
#define ILOAD(p) _mm512_loadu_si512(p)
#define ISTORE(p, v) _mm512_storeu_si512(p, v)
#define IADD(a, b) _mm512_add_epi64(a, b)
#define IZERO() _mm512_setzero_si512()
#include "peak/vector_loops.h"
