/* softmax and layernorm: every row length, special values, refusals. */
#include "layernorm/layernorm.h"
#include "memops.h"
#include "softmax/softmax.h"

static void softmax_of_every_length_is_right(void)
{
    for (int64_t n = 1; n <= 150; n += n < 70 ? 1 : 7)
        memop_check(&ridge_softmax_operator, ridge_softmax_kernels,
                    &(struct ridge_softmax_shape){.rows = n % 5, .columns = n});
    static const struct ridge_softmax_shape shapes[] = {
        {.rows = 40, .columns = 1000}, {.rows = 3, .columns = 30011}, {.rows = 4096, .columns = 2},
        {.rows = 7, .columns = 1024},  {.rows = 5, .columns = 2049},  {.rows = 7, .columns = 1365}, /* groups */
        {.rows = 1, .columns = 1},     {.rows = 0, .columns = 8},     {.rows = 8, .columns = 0}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        memop_check(&ridge_softmax_operator, ridge_softmax_kernels, &shapes[i]);
}

/* Row 0: far apart; 1: a NaN; 2: +Inf; 3: only -Inf; 4: -Inf beside finite; 5: denormals; 6: huge; 7: equal. */
static void put_special_rows(struct memop *m)
{
    float *x = m->in[0].data;
    const int64_t n = m->in[0].dims[1];
    for (int64_t j = 0; j < n; j++) {
        x[0 * n + j] = -100.0f * (float)j;
        x[3 * n + j] = -INFINITY;
        x[5 * n + j] = 1e-42f * (float)j;
        x[6 * n + j] = j % 2 == 0 ? 3e38f : -3e38f;
        x[7 * n + j] = 12.5f;
    }
    x[1 * n + n - 1] = NAN;
    x[2 * n + n / 2] = INFINITY;
    x[4 * n + 0] = -INFINITY;
    x[8 * n + 0] = NAN;
}

static void softmax_of_special_values_follows_the_formula(void)
{
    static const int64_t lengths[] = {1, 2, 16, 17, 64, 77, 200};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        memop_check_edited(&ridge_softmax_operator, ridge_softmax_kernels,
                           &(struct ridge_softmax_shape){.rows = 9, .columns = lengths[i]}, put_special_rows);
}

static void layernorm_of_every_length_is_right(void)
{
    for (int64_t n = 1; n <= 150; n += n < 70 ? 1 : 7)
        memop_check(&ridge_layernorm_operator, ridge_layernorm_kernels,
                    &(struct ridge_layernorm_shape){.rows = 1 + n % 5, .columns = n, .epsilon = 1e-5});
    static const struct ridge_layernorm_shape shapes[] = {
        {.rows = 40, .columns = 768, .epsilon = 1e-12}, {.rows = 3, .columns = 30011, .epsilon = 1e-5},
        {.rows = 7, .columns = 1536, .epsilon = 1e-12}, {.rows = 6, .columns = 1537, .epsilon = 1e-5},
        {.rows = 7, .columns = 752, .epsilon = 1e-12},
        /* streamed */
        {.rows = 2130, .columns = 1001, .epsilon = 1e-5}, {.rows = 2100, .columns = 1008, .epsilon = 1e-5},
        {.rows = 0, .columns = 8, .epsilon = 1e-5},     {.rows = 8, .columns = 0, .epsilon = 1e-5}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        memop_check(&ridge_layernorm_operator, ridge_layernorm_kernels, &shapes[i]);
}

/* A large common offset must not drown the differences: E[x^2] - E[x]^2 would. */
static void put_layernorm_rows(struct memop *m)
{
    float *x = m->in[0].data;
    const int64_t n = m->in[0].dims[1];
    for (int64_t j = 0; j < n; j++) {
        x[0 * n + j] += 4096.0f;
        x[1 * n + j] = 3.0f;
        x[2 * n + j] *= 1e15f;
    }
    x[3 * n + n - 1] = NAN;
    x[4 * n + 0] = INFINITY;
    x[5 * n + n / 2] = -INFINITY;
}

static void layernorm_of_special_rows_is_right(void)
{
    static const int64_t lengths[] = {2, 16, 33, 77, 300};
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++)
        memop_check_edited(&ridge_layernorm_operator, ridge_layernorm_kernels,
                           &(struct ridge_layernorm_shape){.rows = 6, .columns = lengths[i], .epsilon = 1e-5},
                           put_layernorm_rows);
}

static void wrong_answers_and_shapes_are_seen(void)
{
    const struct ridge_softmax_shape s = {.rows = 7, .columns = 33};
    const struct ridge_softmax_shape wide = {.rows = INT64_C(1) << 40, .columns = INT64_C(1) << 40};
    const struct ridge_layernorm_shape l = {.rows = 7, .columns = 33, .epsilon = 1e-5};
    const struct ridge_layernorm_shape bad = {.rows = 7, .columns = 33, .epsilon = -1};
    memop_sees_errors(&ridge_softmax_operator, ridge_softmax_kernels, &s);
    memop_sees_errors(&ridge_layernorm_operator, ridge_layernorm_kernels, &l);
    memop_costs(&ridge_softmax_operator, &s, 5 * 7 * 33, 8 * 7 * 33);
    memop_costs(&ridge_layernorm_operator, &l, 7 * 7 * 33, 4 * (2 * 7 * 33 + 66));
    memop_refuses(&ridge_softmax_operator, &wide, "64-bit");
    memop_refuses(&ridge_layernorm_operator, &bad, "epsilon");
    memop_refuses(&ridge_softmax_operator, &(struct ridge_softmax_shape){.rows = -1, .columns = 3}, "rows=-1");
}

RIDGE_TEST_MAIN(TEST_ROW(softmax_of_every_length_is_right), TEST_ROW(softmax_of_special_values_follows_the_formula),
                TEST_ROW(layernorm_of_every_length_is_right), TEST_ROW(layernorm_of_special_rows_is_right),
                TEST_ROW(wrong_answers_and_shapes_are_seen))
