/* Scratch of the NCHW kernel, in baseline code. */
#include "pool/nchw.h"

size_t ridge_pool_nchw_scratch_bytes(const void *shape, int n_threads)
{
    const struct ridge_pool_shape *s = shape;
    const struct ridge_pool_plan p = ridge_pool_plan_make(s);
    if (p.is_global || p.oh == 0 || p.ow == 0)
        return 0;
    const int64_t n_line = ridge_pool_nchw_line(s, &p), of_thread = ridge_pool_nchw_lines(n_line) * n_line;
    const size_t threads = n_threads > 0 ? (size_t)n_threads : 1;
    return sizeof(float) * ((size_t)ridge_pool_nchw_weights(&p) + threads * (size_t)of_thread);
}
