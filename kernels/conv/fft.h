/* Overlap-save by real 2-D FFT of 16 x 16 and 32 x 32 tiles, a vector of channels per element.
 *
 * Columns of a tile: complex radix-2 transforms, decimation in frequency on the way in, in time on the way
 * back (Cooley and Tukey 1965; Gentleman and Sande 1966): so the bit-reversed order of the points never
 * has to be undone. Rows: a real transform of n as a complex one of n / 2. Filters are conjugated
 * (correlation) and carry the scale. All twiddles are known to the compiler: 1 and -i cost no product.
 */

/* cos(2 pi k / 32) */
static const float wave[32] = {
    1, 0.980785280f, 0.923879533f, 0.831469612f, 0.707106781f, 0.555570233f, 0.382683432f, 0.195090322f,
    0, -0.195090322f, -0.382683432f, -0.555570233f, -0.707106781f, -0.831469612f, -0.923879533f, -0.980785280f,
    -1, -0.980785280f, -0.923879533f, -0.831469612f, -0.707106781f, -0.555570233f, -0.382683432f, -0.195090322f,
    0, 0.195090322f, 0.382683432f, 0.555570233f, 0.707106781f, 0.831469612f, 0.923879533f, 0.980785280f,
};
#define COSINE(k) wave[(k) & 31]
#define SINE(k) wave[((k) + 24) & 31]

/* (re, im) *= cos - i sin of 2 pi k / 32, or its conjugate. */
INLINE void turn(VEC *re, VEC *im, const int k, const bool is_conjugate)
{
    const float c = COSINE(k), s = is_conjugate ? -SINE(k) : SINE(k);
    const VEC a = *re, b = *im;
    if (s == 0)
        return; /* k = 0 is the only such twiddle here */
    if (c == 0) {
        *re = s > 0 ? b : SUB(ZERO(), b);
        *im = s > 0 ? SUB(ZERO(), a) : a;
        return;
    }
    *re = FMA(SET(c), a, MUL(SET(s), b));
    *im = FMA(SET(c), b, MUL(SET(-s), a));
}

INLINE void stage(VEC *re, VEC *im, const int n, const int length, const bool is_inverse)
{
    UNROLL(64) for (int q = 0; q < n / 2; q++)
    {
        const int j = q % (length / 2), a = q / (length / 2) * length + j, b = a + length / 2;
        if (is_inverse)
            turn(&re[b], &im[b], j * (32 / length), true);
        const VEC r = SUB(re[a], re[b]), i = SUB(im[a], im[b]);
        re[a] = ADD(re[a], re[b]);
        im[a] = ADD(im[a], im[b]);
        re[b] = r;
        im[b] = i;
        if (!is_inverse)
            turn(&re[b], &im[b], j * (32 / length), false);
    }
}

/* Natural order to bit-reversed order. */
INLINE void forward(VEC *re, VEC *im, const int n)
{
    if (n >= 32)
        stage(re, im, n, 32, false);
    if (n >= 16)
        stage(re, im, n, 16, false);
    stage(re, im, n, 8, false);
    stage(re, im, n, 4, false);
    stage(re, im, n, 2, false);
}

/* Bit-reversed order to natural order; n times the inverse. */
INLINE void inverse(VEC *re, VEC *im, const int n)
{
    stage(re, im, n, 2, true);
    stage(re, im, n, 4, true);
    stage(re, im, n, 8, true);
    if (n >= 16)
        stage(re, im, n, 16, true);
    if (n >= 32)
        stage(re, im, n, 32, true);
}

INLINE int reversed(const int k, const int n)
{
    return ((k & 1) << 3 | (k & 2) << 1 | (k & 4) >> 1 | (k & 8) >> 3) >> (n == 8 ? 1 : 0);
}

/* Twice the transform of n real values x: points 0 .. n/2. Even values are the real parts of n / 2
 * complex ones, odd values the imaginary parts. */
INLINE void real_forward(const VEC *x, VEC *re, VEC *im, const int n)
{
    const int half = n / 2;
    VEC zr[16], zi[16];
    UNROLL(64) for (int j = 0; j < half; j++)
    {
        zr[j] = x[2 * j];
        zi[j] = x[2 * j + 1];
    }
    forward(zr, zi, half);
    const VEC sum = ADD(zr[0], zi[0]), difference = SUB(zr[0], zi[0]);
    re[0] = ADD(sum, sum);
    re[half] = ADD(difference, difference);
    im[0] = im[half] = ZERO();
    UNROLL(64) for (int k = 1; k <= half / 2; k++)
    {
        const int a = reversed(k, half), b = reversed(half - k, half);
        const VEC er = ADD(zr[a], zr[b]), ei = SUB(zi[a], zi[b]); /* even samples' transform */
        VEC or = ADD(zi[a], zi[b]), oi = SUB(zr[b], zr[a]);       /* odd samples' */
        turn(&or, &oi, k * (32 / n), false);
        re[k] = ADD(er, or);
        im[k] = ADD(ei, oi);
        re[half - k] = SUB(er, or);
        im[half - k] = SUB(oi, ei);
    }
}

/* n real values from points 0 .. n/2, times n. */
INLINE void real_inverse(const VEC *re, const VEC *im, VEC *x, const int n)
{
    const int half = n / 2;
    VEC zr[16], zi[16];
    zr[0] = ADD(re[0], re[half]);
    zi[0] = SUB(re[0], re[half]);
    UNROLL(64) for (int k = 1; k <= half / 2; k++)
    {
        const int a = reversed(k, half), b = reversed(half - k, half);
        const VEC er = ADD(re[k], re[half - k]), ei = SUB(im[k], im[half - k]);
        VEC or = SUB(re[k], re[half - k]), oi = ADD(im[k], im[half - k]);
        turn(&or, &oi, k * (32 / n), true);
        zr[a] = SUB(er, oi);
        zi[a] = ADD(ei, or);
        if (b != a) {
            zr[b] = ADD(er, oi);
            zi[b] = SUB(or, ei);
        }
    }
    inverse(zr, zi, half);
    UNROLL(64) for (int j = 0; j < half; j++)
    {
        x[2 * j] = zr[j];
        x[2 * j + 1] = zi[j];
    }
}

/* Rows of a tile: half[2 * (h * (n/2 + 1) + k)] real, then imaginary. Rows outside are zero. */
INLINE void rows_forward(const struct view *s, const enum view_mode mode, const int n, VEC *half)
{
    const int width = n / 2 + 1;
    for (int h = 0; h < n; h++) {
        VEC *row = half + 2 * width * h, x[32];
        if (mode != INSIDE && (h < s->h0 || h >= s->h1)) {
            for (int k = 0; k < 2 * width; k++)
                row[k] = ZERO();
            continue;
        }
        for (int w = 0; w < n; w++)
            x[w] = view_load(s, mode, h, w);
        real_forward(x, row, row + width, n);
    }
}

INLINE void column_forward(const VEC *half, const int k, const int n, VEC *re, VEC *im)
{
    const int width = n / 2 + 1;
    for (int h = 0; h < n; h++) {
        re[h] = half[2 * width * h + k];
        im[h] = half[2 * width * h + width + k];
    }
    forward(re, im, n);
}

#define FFT(N)                                                                                     \
    INLINE void fft##N##_input_tile(const struct view *s, const enum view_mode mode,               \
                                    const struct target *to, float *v)                             \
    {                                                                                              \
        VEC half[N * (N + 2)], re[N], im[N];                                                       \
        rows_forward(s, mode, N, half);                                                            \
        for (int k = 0; k <= N / 2; k++) {                                                         \
            column_forward(half, k, N, re, im);                                                    \
            for (int j = 0; j < N; j++) {                                                          \
                float *at = v + (k * N + j) * to->point;                                           \
                target_store(s, at, re[j]);                                                        \
                target_store(s, at + to->part, im[j]);                                             \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
    INLINE void fft##N##_filter(const struct view *s, const enum view_mode mode,                   \
                                const struct target *to, float *u)                                 \
    {                                                                                              \
        const VEC scale = SET(0.25f / (N * N)); /* both transforms are twofold */                 \
        VEC half[N * (N + 2)], re[N], im[N];                                                       \
        rows_forward(s, mode, N, half);                                                            \
        for (int k = 0; k <= N / 2; k++) {                                                         \
            column_forward(half, k, N, re, im);                                                    \
            for (int j = 0; j < N; j++) {                                                          \
                float *at = u + (k * N + j) * to->point;                                           \
                const VEC r = MUL(scale, re[j]), i = MUL(scale, im[j]);                            \
                target_store(s, at, r);                                                            \
                target_store(s, at + to->part, SUB(ZERO(), i));                                \
                target_store(s, at + to->rows, i);                                                 \
                target_store(s, at + to->rows + to->part, r);                                      \
            }                                                                                      \
        }                                                                                          \
    }                                                                                              \
    INLINE void fft##N##_output_tile(const struct source *from, const struct sink *s)              \
    {                                                                                              \
        VEC half[N * (N + 2)], re[N], im[N], x[N];                                                 \
        enum { WIDTH = N / 2 + 1 };                                                                \
        for (int k = 0; k < WIDTH; k++) {                                                          \
            for (int j = 0; j < N; j++) {                                                          \
                const float *at = from->m + (k * N + j) * from->point;                             \
                re[j] = LOAD_MASKED(at, from->mask, ZERO());                                               \
                im[j] = LOAD_MASKED(at + from->part, from->mask, ZERO());                                  \
            }                                                                                      \
            inverse(re, im, N);                                                                    \
            for (int h = 0; h < s->n_rows; h++) {                                                  \
                half[2 * WIDTH * h + k] = re[h];                                                   \
                half[2 * WIDTH * h + WIDTH + k] = im[h];                                           \
            }                                                                                      \
        }                                                                                          \
        for (int h = 0; h < s->n_rows; h++) {                                                      \
            const VEC *row = half + 2 * WIDTH * h;                                                 \
            real_inverse(row, row + WIDTH, x, N);                                                  \
            for (int w = 0; w < s->n_columns; w++)                                                 \
                sink_store(s, h, w, x[w]);                                                         \
        }                                                                                          \
    }                                                                                              \
    INPUT_FUNCTION(fft##N##_input, fft##N##_input_tile)                                            \
    WEIGHTS_FUNCTION(fft##N##_weights, fft##N##_filter)                                            \
    OUTPUT_FUNCTION(fft##N##_output, fft##N##_output_tile)                                         \
    const struct ridge_conv_tiled_variant RIDGE_ISA_NAME(ridge_conv_fft##N##_variant) = {                     \
        .tile = N,                                                                                 \
        .n_points = N * (N / 2 + 1),                                                               \
        .n_parts = 2,                                                                              \
        .input_flop = FFT_FLOP(N),                                                                 \
        .output_flop = FFT_FLOP(N),                                                                \
        .weight_flop = FFT_FLOP(N),                                                                \
        .input = fft##N##_input,                                                                   \
        .weights = fft##N##_weights,                                                               \
        .output = fft##N##_output,                                                                 \
    };
/* 5 n log2 n for each of n/2 + 1 complex columns, half of it for each of n real rows. */
#define FFT_FLOP(N) (5.0 * (N) * ((N) == 16 ? 4 : 5) * ((N) / 2 + 1 + (N) / 2))

FFT(16)
FFT(32)
