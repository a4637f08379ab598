/* Softmax in three passes over a row: the largest; e^(x - largest) into y with its sum; y times 1 / sum. A few
 * short rows take each pass in turn, so that one row's folding across lanes hides behind the next row's work.
 * They stay in L1 between the passes, so memory sees each element once; the second pass is bound by e^x. */
#include "common/split.h"
#include "common/vec.h"
#include "softmax/softmax.h"

enum { N_ACC = 4, BLOCK = N_ACC * VL, MIN_ALIGNED = 4 * BLOCK }; /* from here on rows start on whole lines of y */
/* Rows of a group, at most; their elements; bytes of x and y up to which there are groups. */
enum { GROUP = 4, GROUP_ELEMENTS = 4096, GROUP_MAX_BYTES = 16 << 20 };

struct job {
    int64_t n;
    const float *x;
    float *y;
    int64_t group; /* rows that take each pass in turn */
};

INLINE float row_maximum(const float *x, int64_t n)
{
    const VEC none = SET(-INFINITY);
    VEC acc[N_ACC] = {none, none, none, none};
    int64_t i = 0;
    for (; i + BLOCK <= n; i += BLOCK)
        UNROLL(4) for (int v = 0; v < N_ACC; v++) acc[v] = MAX_SECOND(LOAD(x + i + v * VL), acc[v]);
    for (; i + VL <= n; i += VL)
        acc[0] = MAX_SECOND(LOAD(x + i), acc[0]);
    if (i < n)
        acc[1] = MAX_SECOND(LOAD_MASKED(x + i, MASK_FOR(n - i), none), acc[1]);
    return MAX_LANES(MAX_SECOND(MAX_SECOND(acc[0], acc[1]), MAX_SECOND(acc[2], acc[3])));
}

/* e^(x - most) of one row: whole vectors lie in y, the elements before the first whole line of y and after the
 * last vector wait here (a masked store could not be read back at once). */
struct row {
    int64_t head;
    VEC first, last;
    float sum;
};

/* Lanes outside the mask hold -Inf: they add e^-Inf = 0, or NaN to a sum that is NaN anyway. */
INLINE VEC part_exp(const float *x, MASK mask, VEC most)
{
    return vec_exp_relaxed(SUB(LOAD_MASKED(x, mask, SET(-INFINITY)), most));
}

INLINE VEC whole_exp(const float *x, float *y, VEC most)
{
    const VEC e = vec_exp_relaxed(SUB(LOAD(x), most));
    STORE(y, e);
    return e;
}

/* A NaN that the maximum has dropped comes back here: e^NaN is in the sum. */
INLINE void row_exp(struct row *row, const float *x, float *y, int64_t n, VEC most)
{
    VEC acc[N_ACC] = {ZERO(), ZERO(), ZERO(), ZERO()};
    int64_t i = row->head = VL > 1 && n >= MIN_ALIGNED ? vec_head(y, n) : 0;
    if (i > 0)
        acc[0] = row->first = part_exp(x, MASK_FOR(i), most);
    for (; i + BLOCK <= n; i += BLOCK)
        UNROLL(4) for (int v = 0; v < N_ACC; v++)
            acc[v] = ADD(acc[v], whole_exp(x + i + v * VL, y + i + v * VL, most));
    for (; i + VL <= n; i += VL)
        acc[1] = ADD(acc[1], whole_exp(x + i, y + i, most));
    if (i < n) {
        row->last = part_exp(x + i, MASK_FOR(n - i), most);
        acc[2] = ADD(acc[2], row->last);
    }
    row->sum = SUM_LANES(ADD(ADD(acc[0], acc[1]), ADD(acc[2], acc[3])));
}

INLINE void row_scale(const struct row *row, float *y, int64_t n)
{
    const VEC factor = SET(1.0f / row->sum);
    int64_t i = row->head;
    if (i > 0)
        STORE_MASKED(y, MASK_FOR(i), MUL(row->first, factor));
    UNROLL(4) for (; i + VL <= n; i += VL) STORE(y + i, MUL(LOAD(y + i), factor));
    if (i < n)
        STORE_MASKED(y + i, MASK_FOR(n - i), MUL(row->last, factor));
}

static void run_group(const float *x, float *y, int64_t n, int64_t n_rows)
{
    struct row rows[GROUP];
    float most[GROUP];
    for (int64_t r = 0; r < n_rows; r++)
        most[r] = row_maximum(x + r * n, n);
    for (int64_t r = 0; r < n_rows; r++)
        row_exp(&rows[r], x + r * n, y + r * n, n, SET(most[r]));
    for (int64_t r = 0; r < n_rows; r++)
        row_scale(&rows[r], y + r * n, n);
}

static void run_rows(void *ctx, int64_t begin, int64_t end, int64_t i_part)
{
    const struct job *job = ctx;
    const int64_t n = job->n, group = job->group;
    (void)i_part;
    for (int64_t r = begin; r < end; r += group)
        run_group(job->x + r * n, job->y + r * n, n, end - r < group ? end - r : group);
}

/* Of rows from far away the prefetchers want one after the other. */
static int64_t group_of(int64_t n, double n_bytes)
{
    const int64_t fitting = GROUP_ELEMENTS / n;
    if (fitting < 1 || n_bytes > GROUP_MAX_BYTES)
        return 1;
    return fitting < GROUP ? fitting : GROUP;
}

enum ridge_status RIDGE_ISA_NAME(ridge_softmax_three_pass_f32)(const struct ridge_kernel_args *args);
enum ridge_status RIDGE_ISA_NAME(ridge_softmax_three_pass_f32)(const struct ridge_kernel_args *args)
{
    const struct ridge_softmax_shape *s = args->shape;
    const double n_bytes = 2 * (double)args->in[0].n_bytes;
    struct job job = {.n = s->columns, .x = args->in[0].data, .y = args->out[0].data};
    if (s->columns <= 0)
        return RIDGE_OK;
    job.group = group_of(job.n, n_bytes);
    ridge_split_units(args->host, s->rows, n_bytes, run_rows, &job);
    return RIDGE_OK;
}
