/* Softmax a row at a time in three passes: the largest; e^(x - largest) into y with its sum; y times
 * 1 / sum. A row of up to a few thousand elements stays in L1 between the passes, so memory sees each
 * element once; the second pass is bound by e^x. Four accumulators hide the latency of each sum. */
#include "common/split.h"
#include "common/vec.h"
#include "softmax/softmax.h"

enum { N_ACC = 4, MIN_ALIGNED = 16 * VL }; /* from here on rows start on whole lines of y */

struct job {
    int64_t n;
    const float *x;
    float *y;
};

INLINE float row_maximum(const float *x, int64_t n)
{
    const VEC none = SET(-INFINITY);
    VEC acc[N_ACC] = {none, none, none, none};
    int64_t i = 0;
    for (; i + N_ACC * VL <= n; i += N_ACC * VL)
        UNROLL(4) for (int v = 0; v < N_ACC; v++) acc[v] = MAX_SECOND(LOAD(x + i + v * VL), acc[v]);
    for (; i + VL <= n; i += VL)
        acc[0] = MAX_SECOND(LOAD(x + i), acc[0]);
    if (i < n)
        acc[1] = MAX_SECOND(LOAD_MASKED(x + i, MASK_FOR(n - i), none), acc[1]);
    return MAX_LANES(MAX_SECOND(MAX_SECOND(acc[0], acc[1]), MAX_SECOND(acc[2], acc[3])));
}

/* n elements, at most a vector. Lanes past the end hold -Inf: they add e^-Inf = 0, or NaN to a sum
 * that is NaN anyway. */
INLINE VEC part_exp(const float *x, float *y, int64_t n, VEC most)
{
    const MASK mask = MASK_FOR(n);
    const VEC e = vec_exp_negative(SUB(LOAD_MASKED(x, mask, SET(-INFINITY)), most));
    STORE_MASKED(y, mask, e);
    return e;
}

INLINE VEC whole_exp(const float *x, float *y, VEC most)
{
    const VEC e = vec_exp_negative(SUB(LOAD(x), most));
    STORE(y, e);
    return e;
}

/* A NaN that the maximum has dropped comes back here: e^NaN is in the sum. */
INLINE float row_exp(const float *x, float *y, int64_t n, int64_t head, VEC most)
{
    VEC acc[N_ACC] = {ZERO(), ZERO(), ZERO(), ZERO()};
    int64_t i = head;
    if (head > 0)
        acc[2] = part_exp(x, y, head, most);
    for (; i + N_ACC * VL <= n; i += N_ACC * VL)
        UNROLL(4) for (int v = 0; v < N_ACC; v++)
            acc[v] = ADD(acc[v], whole_exp(x + i + v * VL, y + i + v * VL, most));
    for (; i + VL <= n; i += VL)
        acc[0] = ADD(acc[0], whole_exp(x + i, y + i, most));
    if (i < n)
        acc[1] = ADD(acc[1], part_exp(x + i, y + i, n - i, most));
    return SUM_LANES(ADD(ADD(acc[0], acc[1]), ADD(acc[2], acc[3])));
}

INLINE void part_scale(float *y, int64_t n, VEC factor)
{
    const MASK mask = MASK_FOR(n);
    STORE_MASKED(y, mask, MUL(LOAD_MASKED(y, mask, ZERO()), factor));
}

INLINE void row_scale(float *y, int64_t n, int64_t head, VEC factor)
{
    int64_t i = head;
    if (head > 0)
        part_scale(y, head, factor);
    for (; i + N_ACC * VL <= n; i += N_ACC * VL)
        UNROLL(4) for (int v = 0; v < N_ACC; v++)
            STORE(y + i + v * VL, MUL(LOAD(y + i + v * VL), factor));
    for (; i + VL <= n; i += VL)
        STORE(y + i, MUL(LOAD(y + i), factor));
    if (i < n)
        part_scale(y + i, n - i, factor);
}

static void run_rows(void *ctx, int64_t begin, int64_t end, int64_t i_part)
{
    const struct job *job = ctx;
    const int64_t n = job->n;
    (void)i_part;
    float most = row_maximum(job->x + begin * n, n);
    for (int64_t r = begin; r < end; r++) {
        const float *x = job->x + r * n;
        float *y = job->y + r * n;
        const int64_t head = VL > 1 && n >= MIN_ALIGNED ? vec_head(y, n) : 0;
        const float sum = row_exp(x, y, n, head, SET(most));
        /* The next row's first pass hides the latency of this sum and of its own last steps. */
        if (r + 1 < end)
            most = row_maximum(x + n, n);
        row_scale(y, n, head, SET(1.0f / sum));
    }
}

enum ridge_status RIDGE_ISA_NAME(ridge_softmax_three_pass_f32)(const struct ridge_kernel_args *args);
enum ridge_status RIDGE_ISA_NAME(ridge_softmax_three_pass_f32)(const struct ridge_kernel_args *args)
{
    const struct ridge_softmax_shape *s = args->shape;
    struct job job = {s->columns, args->in[0].data, args->out[0].data};
    if (s->columns > 0)
        ridge_split_units(args->host, s->rows, 2 * (double)args->in[0].n_bytes, run_rows, &job);
    return RIDGE_OK;
}
