/* Softmax a row at a time in three passes: the largest; e^(x - largest) into y with its sum; y times
 * 1 / sum. A row of up to a few thousand elements stays in L1 between the passes, so memory sees each
 * element once; the second pass is bound by e^x. Four accumulators hide the latency of each sum. */
#include "common/split.h"
#include "common/vec.h"
#include "softmax/softmax.h"

enum { N_ACC = 4, BLOCK = N_ACC * VL, MIN_ALIGNED = 4 * BLOCK }; /* from here on rows start on whole lines of y */

struct job {
    int64_t n;
    const float *x;
    float *y;
};

/* The mask of vector v of the last block, of which `left` elements are asked for. */
INLINE MASK rest_mask(int64_t left, int v)
{
    const int64_t n = left - v * VL;
    return MASK_FOR(n < 0 ? 0 : n < VL ? n : VL);
}

INLINE float row_maximum(const float *x, int64_t n)
{
    const VEC none = SET(-INFINITY);
    VEC acc[N_ACC] = {none, none, none, none};
    int64_t i = 0;
    for (; i + BLOCK <= n; i += BLOCK)
        UNROLL(4) for (int v = 0; v < N_ACC; v++) acc[v] = MAX_SECOND(LOAD(x + i + v * VL), acc[v]);
    if (i < n)
        UNROLL(4) for (int v = 0; v < N_ACC; v++)
            acc[v] = MAX_SECOND(LOAD_MASKED(x + i + v * VL, rest_mask(n - i, v), none), acc[v]);
    return MAX_LANES(MAX_SECOND(MAX_SECOND(acc[0], acc[1]), MAX_SECOND(acc[2], acc[3])));
}

/* e^(x - most) of one row: whole blocks lie in y, the elements before the first whole line of y and after
 * the last block wait in registers (a masked store could not be read back at once). */
struct row {
    int64_t head, blocks_end;
    VEC first, rest[N_ACC];
    float sum;
};

/* Lanes outside the mask hold -Inf: they add e^-Inf = 0, or NaN to a sum that is NaN anyway. */
INLINE VEC part_exp(const float *x, MASK mask, VEC most)
{
    return vec_exp_flushed(SUB(LOAD_MASKED(x, mask, SET(-INFINITY)), most));
}

/* A NaN that the maximum has dropped comes back here: e^NaN is in the sum. */
INLINE void row_exp(struct row *row, const float *x, float *y, int64_t n, VEC most)
{
    VEC acc[N_ACC] = {ZERO(), ZERO(), ZERO(), ZERO()};
    row->first = ZERO();
    UNROLL(4) for (int v = 0; v < N_ACC; v++) row->rest[v] = ZERO();
    int64_t i = row->head = VL > 1 && n >= MIN_ALIGNED ? vec_head(y, n) : 0;
    if (i > 0)
        acc[0] = row->first = part_exp(x, MASK_FOR(i), most);
    for (; i + BLOCK <= n; i += BLOCK)
        UNROLL(4) for (int v = 0; v < N_ACC; v++)
        {
            const VEC e = vec_exp_flushed(SUB(LOAD(x + i + v * VL), most));
            STORE(y + i + v * VL, e);
            acc[v] = ADD(acc[v], e);
        }
    row->blocks_end = i;
    if (i < n)
        UNROLL(4) for (int v = 0; v < N_ACC; v++)
        {
            row->rest[v] = part_exp(x + i + v * VL, rest_mask(n - i, v), most);
            acc[v] = ADD(acc[v], row->rest[v]);
        }
    row->sum = SUM_LANES(ADD(ADD(acc[0], acc[1]), ADD(acc[2], acc[3])));
}

INLINE void row_scale(const struct row *row, float *y, int64_t n)
{
    const VEC factor = SET(1.0f / row->sum);
    int64_t i = row->head;
    if (i > 0)
        STORE_MASKED(y, MASK_FOR(i), MUL(row->first, factor));
    for (; i < row->blocks_end; i += BLOCK)
        UNROLL(4) for (int v = 0; v < N_ACC; v++)
            STORE(y + i + v * VL, MUL(LOAD(y + i + v * VL), factor));
    if (i < n)
        UNROLL(4) for (int v = 0; v < N_ACC; v++)
            STORE_MASKED(y + i + v * VL, rest_mask(n - i, v), MUL(row->rest[v], factor));
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
        struct row row;
        row_exp(&row, x, y, n, SET(most));
        /* The next row's first pass hides the latency of this sum and of its own last steps. */
        if (r + 1 < end)
            most = row_maximum(x + n, n);
        row_scale(&row, y, n);
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
