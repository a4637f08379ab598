/* eltwise: every function over the whole range of f32, broadcasting in every dimension, tails. */
#include "eltwise/eltwise.h"
#include "memops.h"

typedef struct ridge_eltwise_shape shape;

static void check(const shape *s)
{
    memop_check(&ridge_eltwise_operator, ridge_eltwise_kernels, s);
}

static shape unary(int32_t op, int64_t n)
{
    return (shape){.a0 = 1, .a1 = 1, .a2 = 1, .a3 = n, .b0 = 1, .b1 = 1, .b2 = 1, .b3 = 1, .op = op};
}

static void every_length_is_right(void)
{
    for (int32_t op = 0; op < RIDGE_ELTWISE_N_OPS; op++)
        for (int64_t n = 0; n <= 150; n += n < 70 ? 1 : 9) {
            shape s = unary(op, n);
            if (ridge_eltwise_is_binary(op))
                s.b3 = n;
            check(&s);
        }
}

static void every_broadcast_is_right(void)
{
    static const int64_t sizes[] = {3, 2, 5, 33};
    for (int ones = 0; ones < 256; ones++) {
        const int a = ones & 15, b = ones >> 4;
        const shape s = {.a0 = (a & 1) ? 1 : sizes[0], .a1 = (a & 2) ? 1 : sizes[1],
                         .a2 = (a & 4) ? 1 : sizes[2], .a3 = (a & 8) ? 1 : sizes[3],
                         .b0 = (b & 1) ? 1 : sizes[0], .b1 = (b & 2) ? 1 : sizes[1],
                         .b2 = (b & 4) ? 1 : sizes[2], .b3 = (b & 8) ? 1 : sizes[3],
                         .op = ones % 3 == 0 ? RIDGE_ELTWISE_SUB : RIDGE_ELTWISE_DIV};
        check(&s);
    }
}

static void large_and_empty_problems_are_right(void)
{
    const shape shapes[] = {
        {1, 28, 28, 256, 1, 1, 1, 256, RIDGE_ELTWISE_ADD, 0}, {2, 64, 56, 56, 1, 64, 1, 1, RIDGE_ELTWISE_MUL, 0},
        {1, 1, 1, 300001, 1, 1, 1, 300001, RIDGE_ELTWISE_MAX, 0}, {1, 1, 1, 300001, 1, 1, 1, 1, RIDGE_ELTWISE_GELU, 0},
        {0, 3, 4, 5, 1, 1, 1, 5, RIDGE_ELTWISE_ADD, 0}, {1, 3, 0, 5, 1, 3, 1, 5, RIDGE_ELTWISE_MIN, 0},
        {4, 1, 1, 70000, 1, 1, 3, 1, RIDGE_ELTWISE_SUB, 0}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        check(&shapes[i]);
}

/* Every exponent, signs, infinities, NaN, denormals: one f32 in each 2^17 bit patterns. */
static void put_every_exponent(struct memop *m)
{
    uint32_t *x = m->in[0].data;
    const int64_t n = (int64_t)(m->in[0].n_bytes / 4);
    static const uint32_t special[] = {0x00000000, 0x80000000, 0x00000001, 0x80000001, 0x7f800000, 0xff800000,
                                       0x7fc00000, 0xffc00000, 0x7f7fffff, 0xff7fffff, 0x7f800001, 0xffbfffff};
    for (int64_t i = 0; i < n; i++)
        x[i] = i < 12 ? special[i] : (uint32_t)(i * 131071u + 12345u);
}

static void the_whole_range_of_f32_is_right(void)
{
    for (int32_t op = 0; op < RIDGE_ELTWISE_N_OPS; op++) {
        shape s = unary(op, 32771);
        if (ridge_eltwise_is_binary(op))
            s.b3 = op % 2 == 0 ? 32771 : 1;
        memop_check_edited(&ridge_eltwise_operator, ridge_eltwise_kernels, &s, put_every_exponent);
    }
}

/* Where the functions bend: [-20, 20] densely, and where e^x leaves the normal range. */
static void put_range(struct memop *m)
{
    float *x = m->in[0].data;
    const int64_t n = m->in[0].dims[3];
    for (int64_t i = 0; i < n; i++)
        x[i] = i % 4 == 0 ? 110.0f * x[i] / 8.0f : 20.0f * x[i] / 8.0f;
}

static void functions_keep_their_bounds(void)
{
    for (int32_t op = 0; op < RIDGE_ELTWISE_ADD; op++) {
        const shape s = unary(op, 150001); /* just below what the check compares whole */
        memop_check_edited(&ridge_eltwise_operator, ridge_eltwise_kernels, &s, put_range);
    }
}

static void put_nans(struct memop *m)
{
    float *a = m->in[0].data, *b = m->in[1].data;
    for (int64_t i = 0; i < m->in[0].dims[3]; i++) {
        a[i] = i % 3 == 0 ? NAN : a[i];
        if (m->in[1].n_bytes > 0)
            b[i] = i % 5 == 0 ? NAN : i % 7 == 0 ? -INFINITY : b[i];
    }
}

static void nan_gives_nan_everywhere(void)
{
    for (int32_t op = 0; op < RIDGE_ELTWISE_N_OPS; op++) {
        shape s = unary(op, 100);
        if (ridge_eltwise_is_binary(op))
            s.b3 = 100;
        memop_check_edited(&ridge_eltwise_operator, ridge_eltwise_kernels, &s, put_nans);
    }
}

static void wrong_answers_and_shapes_are_seen(void)
{
    shape s = {2, 3, 4, 5, 1, 3, 1, 5, RIDGE_ELTWISE_ADD, 0};
    memop_sees_errors(&ridge_eltwise_operator, ridge_eltwise_kernels, &s);
    memop_costs(&ridge_eltwise_operator, &s, 120, 4 * (120 + 15 + 120));
    s.b1 = 2;
    memop_refuses(&ridge_eltwise_operator, &s, "one of them 1");
    s = unary(RIDGE_ELTWISE_RELU, 8);
    memop_costs(&ridge_eltwise_operator, &s, 8, 64);
    s.b2 = 2;
    memop_refuses(&ridge_eltwise_operator, &s, "one operand");
    s = unary(RIDGE_ELTWISE_N_OPS, 8);
    memop_refuses(&ridge_eltwise_operator, &s, "op");
    s = unary(RIDGE_ELTWISE_RELU, INT64_C(1) << 53);
    s.a2 = INT64_C(1) << 20;
    memop_refuses(&ridge_eltwise_operator, &s, "64-bit");
    /* An outer product whose operands fit and whose result does not. */
    const shape outer = {1, 1, INT64_C(1) << 31, 1, 1, 1, 1, INT64_C(1) << 31, RIDGE_ELTWISE_MUL, 0};
    memop_refuses(&ridge_eltwise_operator, &outer, "64-bit");
}

RIDGE_TEST_MAIN(TEST_ROW(every_length_is_right), TEST_ROW(every_broadcast_is_right),
                TEST_ROW(large_and_empty_problems_are_right), TEST_ROW(the_whole_range_of_f32_is_right),
                TEST_ROW(functions_keep_their_bounds), TEST_ROW(nan_gives_nan_everywhere),
                TEST_ROW(wrong_answers_and_shapes_are_seen))
