/* Winograd's F(m x m, 3 x 3): transforms from short constant matrices.
 *
 * Y = A^T ((G g G^T) . (B^T d B)) A (Lavin and Gray, arXiv:1509.09308), by Toom-Cook from m + 1 points p
 * and infinity, M(x) = prod (x - p): row j of B^T holds the coefficients of M(x) / (x - p_j), row j of G
 * the powers of p_j over prod (p_j - p_l), column j of A^T the powers of p_j.
 * F(4,3) takes the points 0, 1, -1, 1/2, -2: p and -1/p together keep all entries small and halve the
 * error of 0, +-1, +-2. F(6,3): 0, +-1, +-2, +-1/2.
 *
 * Each of B^T and A^T is a product of two sparse matrices: the first forms what several rows share.
 * Zeros cost nothing and ones no product: everything below is known to the compiler.
 */

/* F(2,3): B^T = second * identity. */
static const float w2_input_1[4 * 4] = {1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1};
static const float w2_input_2[4 * 4] = {1, 0, -1, 0, 0, 1, 1, 0, 0, -1, 1, 0, 0, -1, 0, 1};
static const float w2_filter[4 * 3] = {1, 0, 0, 0.5f, 0.5f, 0.5f, 0.5f, -0.5f, 0.5f, 0, 0, 1};
static const float w2_output_1[4 * 4] = {1, 0, 0, 0, 0, 1, 1, 0, 0, 1, -1, 0, 0, 0, 0, 1};
static const float w2_output_2[2 * 4] = {1, 1, 0, 0, 0, 0, 1, 1};

/* F(4,3): t_i = d_(i+2) + 1.5 d_(i+1) - d_i and e_i = d_(i+2) - d_i are what the rows share. */
static const float w4_input_1[6 * 6] = {
    -1, 1.5f, 1, 0,    0, 0, /* t0 */
    0,  -1,   1.5f, 1, 0, 0, /* t1 */
    0,  0,    -1, 1.5f, 1, 0, /* t2 */
    0,  0,    0, -1, 1.5f, 1, /* t3 */
    0,  -1,   0, 1,    0, 0, /* e1 */
    0,  0,    -1, 0,   1, 0, /* e2 */
};
static const float w4_input_2[6 * 6] = {
    -1, 0,  1, 0, 0,     0, /* 0 */
    0,  1,  1, 0, 0,     0, /* 1 */
    0,  -1, 1, 0, 0,     0, /* -1 */
    0,  0,  0, 0, 2,     1, /* 1/2 */
    0,  0,  0, 0, -0.5f, 1, /* -2 */
    0,  -1, 0, 1, 0,     0, /* infinity */
};
static const float w4_filter[6 * 3] = {
    1,        0,        0,        1 / 3.0f, 1 / 3.0f,  1 / 3.0f, -1 / 3.0f, 1 / 3.0f, -1 / 3.0f,
    -16 / 15.0f, -8 / 15.0f, -4 / 15.0f, 1 / 15.0f, -2 / 15.0f, 4 / 15.0f, 0, 0, 1,
};
static const float w4_output_1[6 * 6] = {
    1, 0, 0, 0, 0, 0, 0, 1, 1,  0, 0, 0, /* sum of 1 and -1 */
    0, 1, -1, 0, 0, 0,                   /* difference */
    0, 0, 0, 1, 0, 0, 0, 0, 0,  0, 1, 0, 0, 0, 0, 0, 0, 1,
};
static const float w4_output_2[4 * 6] = {
    1, 1, 0, 1, 1, 0, 0, 0, 1, 0.5f, -2, 0, 0, 1, 0, 0.25f, 4, 0, 0, 0, 1, 0.125f, -8, 1,
};

/* F(6,3): even and odd parts of each pair of points p, -p; then their sum and difference. */
static const float w6_input_1[8 * 8] = {
    1, 0,    -5.25f, 0,     5.25f,  0,  -1, 0, /* 0 */
    0, 0,    1,      0,     -4.25f, 0,  1,  0, /* even part of 1 */
    0, 1,    0,      -4.25f, 0,     1,  0,  0, /* odd part of 1 */
    0, 0,    0.25f,  0,     -1.25f, 0,  1,  0, /* 2 */
    0, 0.5f, 0,      -2.5f, 0,      2,  0,  0,
    0, 0,    4,      0,     -5,     0,  1,  0, /* 1/2 */
    0, 2,    0,      -2.5f, 0,      0.5f, 0, 0,
    0, -1,   0,      5.25f, 0,      -5.25f, 0, 1, /* infinity */
};
static const float w6_input_2[8 * 8] = {
    1, 0, 0,  0, 0,  0, 0, 0, 0, 1, 1,  0, 0, 0, 0,  0, 0, 1, -1, 0, 0, 0, 0,
    0, 0, 0,  0, 1,  1, 0, 0, 0, 0, 0,  0, 1, -1, 0, 0, 0, 0, 0,  0, 0, 0, 1,
    1, 0, 0,  0, 0,  0, 0, 1, -1, 0, 0, 0, 0, 0, 0,  0, 0, 1,
};
static const float w6_filter[8 * 3] = {
    1,         0,          0,         -2 / 9.0f,   -2 / 9.0f,  -2 / 9.0f,   -2 / 9.0f,  2 / 9.0f,
    -2 / 9.0f, 1 / 90.0f,  2 / 90.0f, 4 / 90.0f,   1 / 90.0f,  -2 / 90.0f,  4 / 90.0f,  32 / 45.0f,
    16 / 45.0f, 8 / 45.0f, 32 / 45.0f, -16 / 45.0f, 8 / 45.0f, 0,           0,          1,
};
static const float w6_output_1[8 * 8] = {
    1, 0, 0,  0, 0,  0, 0, 0, 0, 1, 1,  0, 0, 0, 0,  0, 0, 1, -1, 0, 0, 0, 0,
    0, 0, 0,  0, 1,  1, 0, 0, 0, 0, 0,  0, 1, -1, 0, 0, 0, 0, 0,  0, 0, 0, 1,
    1, 0, 0,  0, 0,  0, 0, 1, -1, 0, 0, 0, 0, 0, 0,  0, 0, 1,
};
static const float w6_output_2[6 * 8] = {
    1, 1, 0, 1,  0,  1,       0,       0, 0, 0, 1, 0, 2, 0,       0.5f,     0,
    0, 1, 0, 4,  0,  0.25f,   0,       0, 0, 0, 1, 0, 8, 0,       0.125f,   0,
    0, 1, 0, 16, 0,  0.0625f, 0,       0, 0, 0, 1, 0, 32, 0,      0.03125f, 1,
};

/* out[i] = sum over j of m[i][j] * in[j] */
INLINE void combine(const float *m, const int n_out, const int n_in, const VEC *in, VEC *out)
{
    UNROLL(64) for (int i = 0; i < n_out; i++)
    {
        int start = -1; /* a coefficient of 1 costs nothing as the first */
        UNROLL(64) for (int j = n_in - 1; j >= 0; j--)
            if (m[i * n_in + j] == 1 || (m[i * n_in + j] != 0 && start < 0))
                start = j;
        VEC sum = m[i * n_in + start] == 1 ? in[start] : MUL(SET(m[i * n_in + start]), in[start]);
        UNROLL(64) for (int j = 0; j < n_in; j++)
        {
            const float c = m[i * n_in + j];
            if (c == 0 || j == start)
                continue;
            sum = c == 1 ? ADD(sum, in[j]) : c == -1 ? SUB(sum, in[j]) : FMA(SET(c), in[j], sum);
        }
        out[i] = sum;
    }
}

enum { MAX_ALPHA = 8 };

#define WINOGRAD(M, ALPHA, in_flop, out_flop, filter_flop)                                         \
    INLINE void winograd##M##_input_tile(const struct view *s, const enum view_mode mode,          \
                                         const struct target *to, float *v)                        \
    {                                                                                              \
        VEC half[ALPHA * ALPHA], a[ALPHA], b[ALPHA];                                               \
        for (int w = 0; w < ALPHA; w++) {                                                          \
            UNROLL(64) for (int h = 0; h < ALPHA; h++) a[h] = view_load(s, mode, h, w);                \
            combine(w##M##_input_1, ALPHA, ALPHA, a, b);                                           \
            combine(w##M##_input_2, ALPHA, ALPHA, b, a);                                           \
            UNROLL(64) for (int h = 0; h < ALPHA; h++) half[h * ALPHA + w] = a[h];                     \
        }                                                                                          \
        for (int h = 0; h < ALPHA; h++) {                                                          \
            combine(w##M##_input_1, ALPHA, ALPHA, half + h * ALPHA, b);                            \
            combine(w##M##_input_2, ALPHA, ALPHA, b, a);                                           \
            UNROLL(64) for (int w = 0; w < ALPHA; w++)                                                 \
                target_store(s, v + (h * ALPHA + w) * to->point, a[w]);                            \
        }                                                                                          \
    }                                                                                              \
    INLINE void winograd##M##_filter(const struct view *s, const enum view_mode mode,              \
                                     const struct target *to, float *u)                            \
    {                                                                                              \
        VEC half[ALPHA * 3], a[ALPHA];                                                             \
        for (int w = 0; w < 3; w++) {                                                              \
            VEC g[3];                                                                              \
            UNROLL(64) for (int h = 0; h < 3; h++) g[h] = view_load(s, mode, h, w);                    \
            combine(w##M##_filter, ALPHA, 3, g, a);                                                \
            UNROLL(64) for (int h = 0; h < ALPHA; h++) half[h * 3 + w] = a[h];                         \
        }                                                                                          \
        for (int h = 0; h < ALPHA; h++) {                                                          \
            combine(w##M##_filter, ALPHA, 3, half + h * 3, a);                                     \
            UNROLL(64) for (int w = 0; w < ALPHA; w++)                                                 \
                target_store(s, u + (h * ALPHA + w) * to->point, a[w]);                            \
        }                                                                                          \
    }                                                                                              \
    INLINE void winograd##M##_output_tile(const struct source *from, const struct sink *s)         \
    {                                                                                              \
        VEC half[M * ALPHA], a[ALPHA], b[ALPHA];                                                   \
        for (int w = 0; w < ALPHA; w++) {                                                          \
            UNROLL(64) for (int h = 0; h < ALPHA; h++)                                                 \
                a[h] = LOAD_MASKED(from->m + (h * ALPHA + w) * from->point, from->mask, ZERO());           \
            combine(w##M##_output_1, ALPHA, ALPHA, a, b);                                          \
            combine(w##M##_output_2, M, ALPHA, b, a);                                              \
            UNROLL(64) for (int h = 0; h < M; h++) half[h * ALPHA + w] = a[h];                         \
        }                                                                                          \
        for (int h = 0; h < s->n_rows; h++) {                                                      \
            combine(w##M##_output_1, ALPHA, ALPHA, half + h * ALPHA, b);                           \
            combine(w##M##_output_2, M, ALPHA, b, a);                                              \
            UNROLL(64) for (int w = 0; w < M; w++) sink_store(s, h, w, a[w]);                          \
        }                                                                                          \
    }                                                                                              \
    INPUT_FUNCTION(winograd##M##_input, winograd##M##_input_tile)                                  \
    WEIGHTS_FUNCTION(winograd##M##_weights, winograd##M##_filter)                                  \
    OUTPUT_FUNCTION(winograd##M##_output, winograd##M##_output_tile)                               \
    const struct ridge_conv_tiled_variant RIDGE_ISA_NAME(ridge_conv_winograd##M##_variant) = {                \
        .tile = ALPHA,                                                                             \
        .n_points = ALPHA * ALPHA,                                                                 \
        .n_parts = 1,                                                                              \
        .input_flop = 2 * ALPHA * (in_flop),                                                       \
        .output_flop = (ALPHA + M) * (out_flop),                                                   \
        .weight_flop = (ALPHA + 3) * (filter_flop),                                                \
        .input = winograd##M##_input,                                                              \
        .weights = winograd##M##_weights,                                                          \
        .output = winograd##M##_output,                                                            \
    };

/* Operations of one application to a vector, a fused multiply-add being two. */
WINOGRAD(2, 4, 4, 4, 10)
WINOGRAD(4, 6, 22, 18, 20)
WINOGRAD(6, 8, 40, 30, 30)
