/* pool: windows, strides, pads, both layouts, tails, special values. */
#include "memops.h"
#include "pool/pool.h"

typedef struct ridge_pool_shape shape;

static void check_both_layouts(shape s)
{
    for (s.layout = 0; s.layout < RIDGE_DENSE_N_LAYOUTS; s.layout++)
        for (s.kind = 0; s.kind <= RIDGE_POOL_GLOBAL_AVERAGE; s.kind++)
            for (s.count_include_pad = 0; s.count_include_pad < (s.kind == RIDGE_POOL_AVERAGE ? 2 : 1);
                 s.count_include_pad++)
                memop_check(&ridge_pool_operator, ridge_pool_kernels, &s);
}

static shape window(int64_t c, int64_t ih, int64_t iw, int64_t k, int64_t stride, int64_t pad)
{
    return (shape){.batch = 1, .c = c, .ih = ih, .iw = iw, .kh = k, .kw = k, .stride_h = stride, .stride_w = stride,
                   .pad_t = pad, .pad_b = pad, .pad_l = pad, .pad_r = pad};
}

static void every_channel_tail_is_right(void)
{
    static const int64_t channels[] = {1, 3, 7, 8, 9, 15, 16, 17, 31, 33, 64, 65, 83, 130};
    for (size_t i = 0; i < sizeof channels / sizeof channels[0]; i++) {
        check_both_layouts(window(channels[i], 7, 9, 3, 2, 1));
        check_both_layouts(window(channels[i], 5, 6, 2, 2, 0));
    }
}

static void every_width_is_right(void)
{
    for (int64_t w = 1; w <= 40; w += w < 20 ? 1 : 3) {
        check_both_layouts(window(2, 4, w, 3, 2, 1));
        check_both_layouts(window(2, 3, w, 3, 1, 1));
        if (w >= 5)
            check_both_layouts(window(3, 6, w, 5, 3, 2));
    }
}

static void odd_windows_are_right(void)
{
    shape s = window(18, 11, 13, 3, 1, 0);
    s.kh = 4, s.kw = 2, s.stride_h = 3, s.stride_w = 5, s.pad_t = 3, s.pad_b = 1, s.pad_l = 0, s.pad_r = 1;
    s.batch = 3;
    check_both_layouts(s);
    s.kw = 13, s.stride_w = 2, s.pad_l = 12, s.pad_r = 12;
    check_both_layouts(s);
    check_both_layouts(window(40, 1, 1, 1, 1, 0));
    check_both_layouts(window(5, 1, 1, 3, 2, 1));
    s = window(24, 9, 9, 3, 2, 1);
    s.pad_t = s.pad_l = 0;
    check_both_layouts(s);
    check_both_layouts(window(2, 19, 1500, 3, 1, 1)); /* nchw: 2 lines at a time, then 1 */
    check_both_layouts(window(1, 5, 4100, 3, 2, 1));
}

static void empty_problems_touch_nothing(void)
{
    check_both_layouts(window(0, 4, 4, 2, 2, 0));
    check_both_layouts(window(4, 0, 4, 2, 2, 1));
    check_both_layouts(window(4, 4, 0, 2, 2, 1));
    check_both_layouts(window(4, 2, 2, 3, 1, 0)); /* the window does not fit */
    shape s = window(4, 4, 4, 2, 2, 0);
    s.batch = 0;
    check_both_layouts(s);
}

static void large_problems_are_sampled_and_right(void)
{
    shape s = window(96, 57, 55, 3, 2, 1);
    s.batch = 2;
    memop_check(&ridge_pool_operator, ridge_pool_kernels, &s);
    s.layout = RIDGE_DENSE_NCHW;
    s.kind = RIDGE_POOL_AVERAGE;
    memop_check(&ridge_pool_operator, ridge_pool_kernels, &s);
}

static void put_specials(struct memop *m)
{
    float *x = m->in[0].data;
    const int64_t n = (int64_t)(m->in[0].n_bytes / 4);
    for (int64_t i = 0; i < n; i++)
        x[i] = i % 37 == 0 ? NAN : i % 23 == 0 ? INFINITY : i % 5 == 0 ? -INFINITY : i % 3 == 0 ? -0.0f : 1e-41f * (float)i;
}

static void special_values_propagate(void)
{
    static const int64_t kinds[] = {RIDGE_POOL_MAX, RIDGE_POOL_AVERAGE, RIDGE_POOL_GLOBAL_MAX, RIDGE_POOL_GLOBAL_AVERAGE};
    for (size_t k = 0; k < 4; k++)
        for (int layout = 0; layout < 2; layout++)
            for (int64_t stride = 1; stride <= 3; stride++) {
                shape s = window(21, 9, 40, 3, stride, 1);
                s.kind = (int32_t)kinds[k];
                s.layout = layout;
                memop_check_edited(&ridge_pool_operator, ridge_pool_kernels, &s, put_specials);
            }
}

static void put_one_nan(struct memop *m)
{
    ((float *)m->in[0].data)[(5 * 9 + 4) * 20 + 19] = NAN;
}

static void a_maximum_with_a_nan_is_nan(void)
{
    size_t n;
    const struct ridge_kernel *const *list = ridge_pool_kernels(&n);
    shape s = window(20, 9, 9, 3, 1, 1);
    for (size_t i = 0; i < n; i++) {
        struct memop m;
        if (!list[i]->supports(&s, 1, (char[256]){0}, 256))
            continue;
        memop_init(&m, &ridge_pool_operator, &s, false);
        put_one_nan(&m);
        memop_run(&m, list[i], 1, false);
        int n_nan = 0;
        for (int64_t j = 0; j < 9 * 9 * 20; j++)
            n_nan += isnan(((float *)m.out.data)[j]) ? 1 : 0;
        CHECK(n_nan == 9);
        memop_deinit(&m);
    }
}

static void wrong_answers_and_shapes_are_seen(void)
{
    shape s = window(6, 9, 8, 3, 2, 1);
    memop_sees_errors(&ridge_pool_operator, ridge_pool_kernels, &s);
    s.kind = RIDGE_POOL_AVERAGE;
    memop_sees_errors(&ridge_pool_operator, ridge_pool_kernels, &s);
    memop_costs(&ridge_pool_operator, &s, 6 * 5 * 4 * 9, 4 * (6 * 72 + 6 * 20));
    s.pad_l = 3;
    memop_refuses(&ridge_pool_operator, &s, "smaller than its window");
    s = window(INT64_C(1) << 40, INT64_C(1) << 30, 1, 1, 1, 0);
    memop_refuses(&ridge_pool_operator, &s, "64-bit");
    s = window(4, -1, 4, 2, 2, 0);
    memop_refuses(&ridge_pool_operator, &s, "ih=-1");
    s = window(4, 4, 4, 2, 0, 0);
    memop_refuses(&ridge_pool_operator, &s, "stride_h=0");
    s = window(4, 4, 4, 2, 2, 0);
    s.kind = 9;
    memop_refuses(&ridge_pool_operator, &s, "kind");
}

RIDGE_TEST_MAIN(TEST_ROW(every_channel_tail_is_right), TEST_ROW(every_width_is_right), TEST_ROW(odd_windows_are_right),
                TEST_ROW(empty_problems_touch_nothing), TEST_ROW(large_problems_are_sampled_and_right),
                TEST_ROW(special_values_propagate), TEST_ROW(a_maximum_with_a_nan_is_nan),
                TEST_ROW(wrong_answers_and_shapes_are_seen))
