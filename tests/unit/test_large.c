/* Offsets beyond 2^31 elements: rows that lie that far apart, in memory that is reserved and never touched. What has
 * that many elements to work on takes minutes and lies in configs/suites/large.json. */
#include "gemm/gemm.h"
#include "kernel_host.h"

#define FAR (INT64_C(0x80000040)) /* elements from row to row */

enum { M = 3, N = 40, K = 4 };

static float *reserve(int64_t n_rows, int64_t n_columns, struct ridge_tensor *t, const struct ridge_gemm_shape *shape, size_t i)
{
    CHECK(ridge_gemm_operator.tensor(shape, i, t, NULL) == RIDGE_OK);
    CHECK(t->n_bytes >= sizeof(float) * (size_t)((n_rows - 1) * FAR + n_columns));
    void *p = mmap(NULL, t->n_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    t->data = p == MAP_FAILED ? NULL : p;
    for (int64_t r = 0; t->data != NULL && r < n_rows; r++)
        for (int64_t c = 0; c < n_columns; c++)
            ((float *)t->data)[r * FAR + c] = (float)(1 + (3 * r + 5 * c) % 7);
    return t->data;
}

static double product(const float *a, const float *b, bool is_trans_a, bool is_trans_b, int64_t i, int64_t j)
{
    double sum = 0;
    for (int64_t p = 0; p < K; p++)
        sum += (double)a[is_trans_a ? p * FAR + i : i * FAR + p] * (double)b[is_trans_b ? j * FAR + p : p * FAR + j];
    return sum;
}

static void check_kernel(const struct ridge_kernel *kernel, const struct ridge_gemm_shape *shape, bool is_trans_a, bool is_trans_b)
{
    struct ridge_tensor in[RIDGE_GEMM_N_INPUTS] = {0}, out = {0};
    const struct ridge_host *self;
    struct ridge_host host;
    struct test_buffer scratch;
    const float *a = reserve(is_trans_a ? K : M, is_trans_a ? M : K, &in[RIDGE_GEMM_A], shape, RIDGE_GEMM_A);
    const float *b = reserve(is_trans_b ? N : K, is_trans_b ? K : N, &in[RIDGE_GEMM_B], shape, RIDGE_GEMM_B);
    const float *c = reserve(M, N, &out, shape, RIDGE_GEMM_N_INPUTS);
    test_host_init(&host, &self, 1);
    test_buffer_init(&scratch, kernel->scratch_bytes(shape, 1), true);
    if (a != NULL && b != NULL && c != NULL) {
        const struct ridge_kernel_args args = {.shape = shape, .in = in, .out = &out, .scratch = scratch.data, .host = &host};
        CHECK(test_run(kernel, &args) == RIDGE_OK);
        for (int64_t i = 0; i < M; i++)
            for (int64_t j = 0; j < N; j++)
                CHECK_NEAR((double)c[i * FAR + j], product(a, b, is_trans_a, is_trans_b, i, j), 1e-3);
    } else {
        printf("       left out: this machine does not let a process reserve %zu GiB\n", in[RIDGE_GEMM_B].n_bytes >> 30);
    }
    test_buffer_deinit(&scratch);
    const struct ridge_tensor *const all[] = {&in[RIDGE_GEMM_A], &in[RIDGE_GEMM_B], &out};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (all[i]->data != NULL)
            munmap(all[i]->data, all[i]->n_bytes);
}

static void gemm_rows_may_lie_2_to_the_31_apart(void)
{
    size_t n_kernels;
    const struct ridge_kernel *const *kernels = ridge_gemm_kernels(&n_kernels);
    for (size_t i = 0; i < n_kernels; i++)
        for (int way = 0; way < 4; way++) {
            struct ridge_gemm_shape shape = ridge_gemm_plain_shape(M, N, K);
            shape.lda = shape.ldb = shape.ldc = FAR;
            shape.trans_a = way & 1;
            shape.trans_b = way >> 1;
            if (kernels[i]->supports(&shape, 1, (char[64]){0}, 64))
                check_kernel(kernels[i], &shape, shape.trans_a != 0, shape.trans_b != 0);
        }
}

static void sizes_that_overflow_are_refused_in_words(void)
{
    const struct ridge_gemm_shape shape = ridge_gemm_plain_shape(INT64_C(1) << 40, INT64_C(1) << 40, 1);
    struct ridge_tensor t;
    struct ridge_error err = {0};
    CHECK(ridge_gemm_operator.tensor(&shape, RIDGE_GEMM_N_INPUTS, &t, &err) != RIDGE_OK);
    CHECK(strstr(err.text, "does not fit") != NULL);
}

RIDGE_TEST_MAIN(TEST_ROW(gemm_rows_may_lie_2_to_the_31_apart), TEST_ROW(sizes_that_overflow_are_refused_in_words))
