/* batchnorm, reduce, resize: both layouts, tails, special values, empty problems. */
#include "batchnorm/batchnorm.h"
#include "memops.h"
#include "reduce/reduce.h"
#include "resize/resize.h"

static void every_batchnorm_is_right(void)
{
    static const int64_t channels[] = {0, 1, 3, 8, 15, 16, 17, 40, 64, 130};
    for (size_t i = 0; i < sizeof channels / sizeof channels[0]; i++)
        for (int32_t layout = 0; layout < RIDGE_DENSE_N_LAYOUTS; layout++)
            for (int64_t w = 1; w <= 40; w += 3) {
                const struct ridge_batchnorm_shape s = {1 + w % 2, channels[i], 2, w, layout, 0};
                memop_check(&ridge_batchnorm_operator, ridge_batchnorm_kernels, &s);
            }
    const struct ridge_batchnorm_shape large = {1, 5, 200, 201, RIDGE_DENSE_NCHW, 0};
    memop_check(&ridge_batchnorm_operator, ridge_batchnorm_kernels, &large);
}

static void put_specials(struct memop *m)
{
    float *x = m->in[0].data;
    for (size_t i = 0; i < m->in[0].n_bytes / 4; i++)
        x[i] = i % 37 == 0 ? NAN : i % 23 == 0 ? INFINITY : i % 5 == 0 ? -INFINITY : i % 3 == 0 ? -0.0f : x[i];
}

static void check_reduce(struct ridge_reduce_shape s)
{
    for (s.kind = RIDGE_REDUCE_SUM; s.kind <= RIDGE_REDUCE_MAX; s.kind++)
        memop_check(&ridge_reduce_operator, ridge_reduce_kernels, &s);
}

static void every_reduction_is_right(void)
{
    for (int64_t n = 0; n <= 150; n += n < 70 ? 1 : 9) {
        check_reduce((struct ridge_reduce_shape){.outer = 3, .n = n, .inner = 1});
        check_reduce((struct ridge_reduce_shape){.outer = 2, .n = 5, .inner = n});
    }
    check_reduce((struct ridge_reduce_shape){.outer = 2, .n = 49, .inner = 1300});
    check_reduce((struct ridge_reduce_shape){.outer = 1, .n = 100003, .inner = 1});
    check_reduce((struct ridge_reduce_shape){.outer = 0, .n = 4, .inner = 4});
    check_reduce((struct ridge_reduce_shape){.outer = 2, .n = 0, .inner = 7});
}

static void special_values_propagate(void)
{
    for (int32_t kind = RIDGE_REDUCE_SUM; kind <= RIDGE_REDUCE_MAX; kind++)
        for (int64_t n = 1; n < 80; n += 6)
            for (int64_t inner = 1; inner < 40; inner += 19) {
                const struct ridge_reduce_shape s = {.outer = 2, .n = n, .inner = inner, .kind = kind};
                memop_check_edited(&ridge_reduce_operator, ridge_reduce_kernels, &s, put_specials);
            }
    for (int32_t layout = 0; layout < RIDGE_DENSE_N_LAYOUTS; layout++) {
        const struct ridge_batchnorm_shape b = {1, 19, 5, 7, layout, 0};
        memop_check_edited(&ridge_batchnorm_operator, ridge_batchnorm_kernels, &b, put_specials);
        for (int32_t mode = RIDGE_RESIZE_NEAREST; mode <= RIDGE_RESIZE_BILINEAR; mode++) {
            const struct ridge_resize_shape r = {1, 19, 6, 7, 12, 14, mode, layout, 0};
            memop_check_edited(&ridge_resize_operator, ridge_resize_kernels, &r, put_specials);
        }
    }
}

static void every_resize_is_right(void)
{
    static const int64_t sides[][4] = {{5, 5, 10, 10}, {10, 9, 5, 4},  {7, 3, 1, 1},   {1, 1, 6, 5},
                                       {8, 8, 8, 8},   {4, 6, 13, 31}, {13, 31, 6, 7}, {3, 4, 0, 5}, {0, 4, 0, 5}};
    static const int64_t channels[] = {0, 1, 3, 8, 17, 40};
    for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++)
        for (size_t j = 0; j < sizeof channels / sizeof channels[0]; j++)
            for (int32_t way = 0; way < 4; way++) {
                const struct ridge_resize_shape s = {2, channels[j], sides[i][0], sides[i][1], sides[i][2], sides[i][3],
                                                     way & 1, way >> 1, 0};
                memop_check(&ridge_resize_operator, ridge_resize_kernels, &s);
            }
    for (int32_t way = 0; way < 4; way++) {
        const struct ridge_resize_shape s = {1, 32, 40, 41, 80, 82, way & 1, way >> 1, 0};
        memop_check(&ridge_resize_operator, ridge_resize_kernels, &s);
    }
}

static void wrong_answers_and_shapes_are_seen(void)
{
    const struct ridge_batchnorm_shape b = {2, 3, 4, 5, 0, 0}, b_bad = {2, 3, 4, 5, 7, 0};
    const struct ridge_reduce_shape r = {.outer = 4, .n = 20, .inner = 3};
    const struct ridge_reduce_shape r_bad = {.outer = 4, .n = -20, .inner = 3};
    const struct ridge_resize_shape z = {1, 3, 4, 5, 7, 9, RIDGE_RESIZE_BILINEAR, 0, 0}, z_bad = {1, 3, 0, 5, 7, 9, 0, 0, 0};
    memop_sees_errors(&ridge_batchnorm_operator, ridge_batchnorm_kernels, &b);
    memop_sees_errors(&ridge_reduce_operator, ridge_reduce_kernels, &r);
    memop_sees_errors(&ridge_resize_operator, ridge_resize_kernels, &z);
    memop_costs(&ridge_batchnorm_operator, &b, 240, 4 * (240 + 6));
    memop_costs(&ridge_reduce_operator, &r, 240, 4 * (240 + 12));
    memop_costs(&ridge_resize_operator, &z, 9 * 189, 4 * (60 + 189));
    memop_refuses(&ridge_batchnorm_operator, &b_bad, "layout");
    memop_refuses(&ridge_reduce_operator, &r_bad, "n=-20");
    memop_refuses(&ridge_resize_operator, &z_bad, "no image");
}

RIDGE_TEST_MAIN(TEST_ROW(every_batchnorm_is_right), TEST_ROW(every_reduction_is_right),
                TEST_ROW(special_values_propagate), TEST_ROW(every_resize_is_right),
                TEST_ROW(wrong_answers_and_shapes_are_seen))
