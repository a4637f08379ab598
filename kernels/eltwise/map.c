/* Every function over blocks of rows: a vector of a, a vector or one value of b (or the other way
 * round), a vector of the result. A result much larger than the caches is written around them. */
#include "common/cpu.h"
#include "common/split.h"
#include "eltwise/eltwise.h"
#include "eltwise/functions.h"

enum { PIECE = 1 << 15 }; /* elements of a row in one unit of work */

struct block {
    int64_t n_rows, n, a_step, b_step; /* steps from row to row; the result's is n */
    const float *a, *b;
    float *y;
    bool is_streaming;
};

typedef VEC function(VEC x, VEC y);

INLINE VEC load(const float *p, int64_t i, const bool is_one)
{
    return is_one ? SET(*p) : LOAD(p + i);
}

INLINE VEC load_part(const float *p, int64_t i, MASK mask, const bool is_one)
{
    return is_one ? SET(*p) : LOAD_MASKED(p + i, mask, ZERO());
}

INLINE void part(function *fn, const float *a, const float *b, float *y, int64_t i, int64_t n,
                 const bool is_a_one, const bool is_b_one)
{
    const MASK mask = MASK_FOR(n);
    STORE_MASKED(y + i, mask, fn(load_part(a, i, mask, is_a_one), load_part(b, i, mask, is_b_one)));
}

INLINE void row(function *fn, const float *a, const float *b, float *y, int64_t n,
                const bool is_a_one, const bool is_b_one, const bool is_streaming)
{
    int64_t i = 0;
    if (is_streaming) { /* up to the first whole line of y */
        i = vec_head(y, n);
        if (i > 0)
            part(fn, a, b, y, 0, i, is_a_one, is_b_one);
    }
    for (; i + 4 * VL <= n; i += 4 * VL) {
        UNROLL(4) for (int k = 0; k < 4; k++)
        {
            const VEC v = fn(load(a, i + k * VL, is_a_one), load(b, i + k * VL, is_b_one));
            if (is_streaming)
                STREAM(y + i + k * VL, v);
            else
                STORE(y + i + k * VL, v);
        }
    }
    for (; i + VL <= n; i += VL)
        STORE(y + i, fn(load(a, i, is_a_one), load(b, i, is_b_one)));
    if (i < n)
        part(fn, a, b, y, i, n - i, is_a_one, is_b_one);
}

INLINE void rows(function *fn, const struct block *t, const bool is_a_one, const bool is_b_one)
{
    for (int64_t r = 0; r < t->n_rows; r++) {
        const float *a = t->a + r * t->a_step, *b = t->b + r * t->b_step;
        if (t->is_streaming)
            row(fn, a, b, t->y + r * t->n, t->n, is_a_one, is_b_one, true);
        else
            row(fn, a, b, t->y + r * t->n, t->n, is_a_one, is_b_one, false);
    }
}

typedef void rows_fn(const struct block *t);
#define ROWS_UNARY(NAME, name)                                                                     \
    static void name##_rows(const struct block *t)                                                 \
    {                                                                                              \
        rows(fn_##name, t, false, true);                                                           \
    }
#define ROWS_BINARY(NAME, name)                                                                    \
    static void name##_rows_each(const struct block *t)                                            \
    {                                                                                              \
        rows(fn_##name, t, false, false);                                                          \
    }                                                                                              \
    static void name##_rows_b_one(const struct block *t)                                           \
    {                                                                                              \
        rows(fn_##name, t, false, true);                                                           \
    }                                                                                              \
    static void name##_rows_a_one(const struct block *t)                                           \
    {                                                                                              \
        rows(fn_##name, t, true, false);                                                           \
    }
RIDGE_ELTWISE_UNARY(ROWS_UNARY)
RIDGE_ELTWISE_BINARY(ROWS_BINARY)

enum { EACH, B_ONE, A_ONE, N_WAYS };
#define TABLE_UNARY(NAME, name) {NULL, name##_rows, NULL},
#define TABLE_BINARY(NAME, name) {name##_rows_each, name##_rows_b_one, name##_rows_a_one},
static rows_fn *const table[RIDGE_ELTWISE_N_OPS][N_WAYS] = {
    RIDGE_ELTWISE_UNARY(TABLE_UNARY) RIDGE_ELTWISE_BINARY(TABLE_BINARY)};

struct job {
    struct ridge_eltwise_view p;
    rows_fn *fn;
    const float *a, *b;
    float *y;
    int64_t n_pieces, rows_of_unit, units_of_plane; /* a unit: some whole rows, or a piece of one */
    bool is_streaming;
};

/* u mod n, and *u becomes u / n; most operands are one unit, which spares them the divisions. */
static int64_t take(int64_t *u, int64_t n)
{
    const int64_t whole = *u < n ? 0 : *u / n, rest = *u - whole * n;
    *u = whole;
    return rest;
}

/* Unit -> outer indices, first row, first element. */
static void run_unit(const struct job *job, int64_t unit)
{
    const struct ridge_eltwise_view *p = &job->p;
    int64_t i0 = unit, row = take(&i0, job->units_of_plane);
    const int64_t first = take(&row, job->n_pieces) * PIECE, first_row = row * job->rows_of_unit;
    const int64_t plane = i0, i1 = take(&i0, p->dims[1]), left = p->dims[3] - first;
    const int64_t rows_left = p->dims[2] - first_row;
    const struct block t = {
        .n_rows = rows_left < job->rows_of_unit ? rows_left : job->rows_of_unit,
        .n = job->n_pieces > 1 && left > PIECE ? PIECE : left,
        .a_step = p->a[2],
        .b_step = p->b[2],
        .a = job->a + i0 * p->a[0] + i1 * p->a[1] + first_row * p->a[2] + first * p->a[3],
        .b = job->b + i0 * p->b[0] + i1 * p->b[1] + first_row * p->b[2] + first * p->b[3],
        .y = job->y + (plane * p->dims[2] + first_row) * p->dims[3] + first,
        .is_streaming = job->is_streaming};
    job->fn(&t);
}

static void run_units(void *ctx, int64_t begin, int64_t end, int64_t i_part)
{
    const struct job *job = ctx;
    (void)i_part;
    for (int64_t u = begin; u < end; u++)
        run_unit(job, u);
    if (job->is_streaming)
        STREAM_FENCE();
}

/* Rows of at least four vectors that keep the alignment of the first, or one long row. */
static bool can_stream(const struct job *job)
{
    const struct ridge_eltwise_view *p = &job->p;
    const bool is_one_row = p->dims[0] * p->dims[1] * p->dims[2] == 1;
    return VL > 1 && (is_one_row || (p->dims[3] >= 4 * VL && p->dims[3] % VL == 0));
}

enum ridge_status RIDGE_ISA_NAME(ridge_eltwise_map_f32)(const struct ridge_kernel_args *args);
enum ridge_status RIDGE_ISA_NAME(ridge_eltwise_map_f32)(const struct ridge_kernel_args *args)
{
    static const float zero = 0;
    const struct ridge_eltwise_shape *s = args->shape;
    const double n_bytes = (double)args->in[0].n_bytes + (double)args->in[1].n_bytes + (double)args->out[0].n_bytes;
    struct job job = {.p = ridge_eltwise_plan_make(s), .a = args->in[0].data, .y = args->out[0].data};
    const struct ridge_eltwise_view *p = &job.p;
    if (args->out[0].n_bytes == 0)
        return RIDGE_OK;
    job.b = ridge_eltwise_is_binary(s->op) ? args->in[1].data : &zero;
    const bool is_single = p->a[3] == 0 && p->b[3] == 0; /* one element, or one times one */
    job.fn = table[s->op][p->b[3] == 0 ? B_ONE : p->a[3] == 0 ? A_ONE : EACH];
    if (is_single && p->dims[3] != 1)
        return RIDGE_ERR_INTERNAL;
    job.n_pieces = (p->dims[3] + PIECE - 1) / PIECE;
    job.rows_of_unit = job.n_pieces > 1 ? 1 : PIECE / p->dims[3] > 1 ? PIECE / p->dims[3] : 1;
    job.units_of_plane = (p->dims[2] + job.rows_of_unit - 1) / job.rows_of_unit * job.n_pieces;
    job.is_streaming = can_stream(&job) && ridge_kernels_cpu_should_stream(n_bytes);
    ridge_split_units(args->host, p->dims[0] * p->dims[1] * job.units_of_plane, n_bytes, run_units, &job);
    return RIDGE_OK;
}
