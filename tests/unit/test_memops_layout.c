/* transpose, reorder, concat: nothing but bits moved, so every comparison is exact. */
#include "concat/concat.h"
#include "memops.h"
#include "reorder/reorder.h"
#include "transpose/transpose.h"

static void put_bit_patterns(struct memop *m)
{
    for (size_t k = 0; k < m->op->n_inputs; k++) {
        uint32_t *x = m->in[k].data;
        for (size_t i = 0; i < m->in[k].n_bytes / 4; i++)
            x[i] = (uint32_t)(i + 1) * 2654435761u + (uint32_t)k; /* NaN payloads, denormals, all there is */
    }
}

static void check_transpose(struct ridge_transpose_shape s)
{
    memop_check_edited(&ridge_transpose_operator, ridge_transpose_kernels, &s, put_bit_patterns);
}

static void every_permutation_is_right(void)
{
    static const int64_t sizes[][4] = {{2, 3, 4, 5}, {17, 1, 33, 2}, {1, 16, 8, 1}, {5, 7, 1, 16}, {1, 1, 1, 1}, {2, 0, 3, 4}};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        for (int32_t perm = 0; perm < RIDGE_TRANSPOSE_N_PERMS; perm++)
            check_transpose((struct ridge_transpose_shape){sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], perm, 0});
}

static void every_matrix_tail_is_right(void)
{
    static const int64_t sizes[] = {1, 2, 3, 4, 5, 7, 8, 9, 12, 15, 16, 17, 20, 31, 32, 33, 63, 64, 65, 70, 130};
    const size_t n = sizeof sizes / sizeof sizes[0];
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < n; j++)
            check_transpose((struct ridge_transpose_shape){1, 1 + (int64_t)(i + j) % 2, sizes[i], sizes[j], 1, 0});
    check_transpose((struct ridge_transpose_shape){1, 1, 300, 700, 1, 0});
    check_transpose((struct ridge_transpose_shape){1, 12, 64, 128, 7, 0});
    check_transpose((struct ridge_transpose_shape){1, 1, 1024, 50, 1, 0}); /* narrow tiles: rows of one set of L1 */
    check_transpose((struct ridge_transpose_shape){1, 2, 2048, 33, 1, 0});
    check_transpose((struct ridge_transpose_shape){1, 1, 2064, 1041, 1, 0}); /* streamed */
}

static void check_reorders(int64_t batch, int64_t c, int64_t h, int64_t w)
{
    for (int32_t from = 0; from < RIDGE_REORDER_N; from++)
        for (int32_t to = 0; to < RIDGE_REORDER_N; to++) {
            const struct ridge_reorder_shape s = {batch, c, h, w, from, to, 0};
            if (from != to)
                memop_check_edited(&ridge_reorder_operator, ridge_reorder_kernels, &s, put_bit_patterns);
        }
}

static void every_reorder_is_right(void)
{
    static const int64_t channels[] = {0, 1, 2, 3, 4, 8, 15, 16, 17, 24, 32, 33, 64, 100};
    for (size_t i = 0; i < sizeof channels / sizeof channels[0]; i++) {
        check_reorders(2, channels[i], 3, 5);
        check_reorders(1, channels[i], 7, 7);
        check_reorders(1, channels[i], 16, 20);
    }
    check_reorders(0, 16, 3, 5);
    check_reorders(1, 16, 0, 5);
    for (int64_t c = 1; c <= 4; c++)
        check_reorders(1, c, 64, 66);
    check_reorders(1, 70, 33, 35);
    check_reorders(1, 1024, 7, 7);
}

static void every_concat_is_right(void)
{
    static const struct ridge_concat_shape shapes[] = {
        {.outer = 1, .n0 = 3, .inner = 1},
        {.outer = 5, .n0 = 3, .n1 = 7, .inner = 1},
        {.outer = 5, .n0 = 3, .n1 = 7, .n2 = 1, .n3 = 20, .inner = 1},
        {.outer = 4, .n0 = 16, .n1 = 0, .n2 = 33, .inner = 9},
        {.outer = 1, .n0 = 64, .n1 = 64, .inner = 784},
        {.outer = 300, .n0 = 64, .n1 = 128, .n2 = 32, .n3 = 32, .inner = 1},
        {.outer = 0, .n0 = 4, .n1 = 4, .inner = 4},
        {.outer = 4, .n0 = 0, .inner = 4},
        {.outer = 2, .n0 = 40000, .n1 = 30001, .inner = 1},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        memop_check_edited(&ridge_concat_operator, ridge_concat_kernels, &shapes[i], put_bit_patterns);
}

static void wrong_answers_and_shapes_are_seen(void)
{
    const struct ridge_transpose_shape t = {2, 3, 4, 5, 9, 0}, t_bad = {2, 3, 4, 5, 24, 0};
    const struct ridge_reorder_shape r = {2, 17, 4, 5, 0, 2, 0}, r_bad = {2, 17, 4, 5, 1, 1, 0};
    const struct ridge_concat_shape c = {.outer = 3, .n0 = 2, .n1 = 5, .inner = 3};
    const struct ridge_concat_shape c_bad = {.outer = INT64_C(1) << 53, .n0 = INT64_C(1) << 53, .inner = 3};
    memop_sees_errors(&ridge_transpose_operator, ridge_transpose_kernels, &t);
    memop_sees_errors(&ridge_reorder_operator, ridge_reorder_kernels, &r);
    memop_sees_errors(&ridge_concat_operator, ridge_concat_kernels, &c);
    memop_costs(&ridge_transpose_operator, &t, 0, 8 * 120);
    memop_costs(&ridge_reorder_operator, &r, 0, 4 * 2 * 20 * (17 + 32));
    memop_costs(&ridge_concat_operator, &c, 0, 8 * 63);
    memop_refuses(&ridge_transpose_operator, &t_bad, "perm");
    memop_refuses(&ridge_reorder_operator, &r_bad, "both nhwc");
    memop_refuses(&ridge_concat_operator, &c_bad, "64-bit");
}

RIDGE_TEST_MAIN(TEST_ROW(every_permutation_is_right), TEST_ROW(every_matrix_tail_is_right),
                TEST_ROW(every_reorder_is_right), TEST_ROW(every_concat_is_right),
                TEST_ROW(wrong_answers_and_shapes_are_seen))
