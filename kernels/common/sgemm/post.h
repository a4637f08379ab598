/* What follows a sum, in vectors: the epilogue of epilogue.h with alpha and beta. Part of tile.h. */

#include "common/vec_act.h"

/* sums[i * n_vec + v]: a tile's sums; C gets what the post says. */
INLINE void post_rows_with(const struct ridge_sgemm_tile *t, const VEC *sums, const int n_rows,
                           const int n_vec, const int act)
{
    const struct ridge_sgemm_post post = t->post;
    const VEC alpha = SET(post.alpha), c_scale = SET(post.c_scale);
    float *c_row = t->c;
    const int64_t ldc = t->ldc;
    for (int v = 0; v < n_vec; v++) {
        const int64_t n_left = t->n_columns - v * VL;
        const MASK mask = MASK_FOR(n_left < VL ? n_left : VL);
        float *c = c_row + v * VL;
        const float *c_from = post.c_from == NULL ? NULL : post.c_from + v * VL;
        const float *residual = post.residual == NULL ? NULL : post.residual + v * VL;
        const bool has_columns = post.bias != NULL && !post.is_bias_per_row;
        const VEC columns = has_columns ? LOAD_MASKED(post.bias + v * VL, mask, ZERO()) : ZERO();
        for (int i = 0; i < n_rows; i++) {
            VEC x = FMA(alpha, sums[i * n_vec + v], columns);
            if (c_from != NULL) {
                x = FMA(c_scale, LOAD_MASKED(c_from, mask, ZERO()), x);
                c_from += post.c_from_ld;
            }
            if (post.bias != NULL && post.is_bias_per_row)
                x = ADD(x, SET(*(post.bias + i)));
            if (residual != NULL) {
                x = ADD(x, LOAD_MASKED(residual, mask, ZERO()));
                residual += post.residual_ld;
            }
            STORE_MASKED(c, mask, vec_act(x, act));
            c += ldc;
        }
    }
}

static __attribute__((noinline)) void post_rows(const struct ridge_sgemm_tile *t, const VEC *sums, int n_rows,
                                                int n_vec)
{
    switch (t->post.act) {
    case RIDGE_ACT_RELU: post_rows_with(t, sums, n_rows, n_vec, RIDGE_ACT_RELU); break;
    case RIDGE_ACT_RELU6: post_rows_with(t, sums, n_rows, n_vec, RIDGE_ACT_RELU6); break;
    case RIDGE_ACT_SILU: post_rows_with(t, sums, n_rows, n_vec, RIDGE_ACT_SILU); break;
    case RIDGE_ACT_HARDSWISH: post_rows_with(t, sums, n_rows, n_vec, RIDGE_ACT_HARDSWISH); break;
    default: post_rows_with(t, sums, n_rows, n_vec, RIDGE_ACT_NONE); break;
    }
}
