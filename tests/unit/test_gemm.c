/* Every kernel of gemm/list.inc against the operator's own check: tails, thin sizes, guard pages,
 * poisoned outputs, special values, 1 and 2 threads, given and prepacked weights. */
#include "gemm/gemm.h"
#include "common/cpu.h"
#include "common/rng.h"
#include "common/size.h"
#include "kernel_host.h"
#include "ridge_test.h"

static const struct ridge_operator *const op = &ridge_gemm_operator;

struct problem {
    struct ridge_gemm_shape shape;
    struct ridge_tensor in[2], out;
    struct test_buffer a, b, c;
};

static void problem_init(struct problem *p, struct ridge_gemm_shape shape, bool is_at_end)
{
    p->shape = shape;
    CHECK(op->tensor(&p->shape, 0, &p->in[0], NULL) == RIDGE_OK);
    CHECK(op->tensor(&p->shape, 1, &p->in[1], NULL) == RIDGE_OK);
    CHECK(op->tensor(&p->shape, 2, &p->out, NULL) == RIDGE_OK);
    test_buffer_init(&p->a, p->in[0].n_bytes, is_at_end);
    test_buffer_init(&p->b, p->in[1].n_bytes, is_at_end);
    test_buffer_init(&p->c, p->out.n_bytes, is_at_end);
    p->in[0].data = p->a.data;
    p->in[1].data = p->b.data;
    p->out.data = p->c.data;
    op->fill(&p->shape, 0, &p->in[0], 7);
    op->fill(&p->shape, 1, &p->in[1], 7);
}

static void problem_deinit(struct problem *p)
{
    test_buffer_deinit(&p->a);
    test_buffer_deinit(&p->b);
    test_buffer_deinit(&p->c);
}

/* Runs the kernel with scratch and packed weights of exactly the size it asked for. */
static enum ridge_status run_kernel(const struct ridge_kernel *kernel, struct problem *p,
                                    int n_threads, bool is_at_end)
{
    const struct ridge_host *self;
    struct ridge_host host;
    test_host_init(&host, &self, n_threads);
    const bool is_prepacked = p->shape.weights == RIDGE_GEMM_PREPACKED;
    const size_t n_packed = is_prepacked ? kernel->packed_bytes(&p->shape, n_threads) : 0;
    const size_t n_scratch =
        kernel->scratch_bytes == NULL ? 0 : kernel->scratch_bytes(&p->shape, n_threads);
    struct test_buffer packed, scratch;
    test_buffer_init(&packed, n_packed, is_at_end);
    test_buffer_init(&scratch, n_scratch, is_at_end);
    struct ridge_kernel_args args = {.shape = &p->shape,
                                     .in = p->in,
                                     .out = &p->out,
                                     .packed = is_prepacked ? packed.data : NULL,
                                     .scratch = scratch.data,
                                     .host = &host};
    enum ridge_status status = RIDGE_OK;
    if (is_prepacked) {
        status = kernel->pack(&args, NULL);
        memset(p->b.data, 0xff, p->in[1].n_bytes); /* run() may only look at what pack() made */
    }
    if (status == RIDGE_OK)
        status = kernel->run(&args);
    test_buffer_deinit(&packed);
    test_buffer_deinit(&scratch);
    if (is_prepacked)
        op->fill(&p->shape, 1, &p->in[1], 7);
    return status;
}

static bool is_usable(const struct ridge_kernel *kernel)
{
    char reason[128] = "";
    const struct ridge_gemm_shape shape = {.m = 1, .n = 1, .k = 1};
    if (kernel->supports(&shape, 1, reason, sizeof reason))
        return true;
    CHECK(reason[0] != '\0');
    printf("       %s left out: %s\n", kernel->name, reason);
    return false;
}

static void check_one(const struct ridge_kernel *kernel, struct ridge_gemm_shape shape,
                      int n_threads, bool is_at_end)
{
    struct problem p;
    struct ridge_check result;
    struct ridge_error err = {0};
    problem_init(&p, shape, is_at_end);
    CHECK(run_kernel(kernel, &p, n_threads, is_at_end) == RIDGE_OK);
    const enum ridge_status status = op->check(&p.shape, p.in, &p.out, 11, "", &result, &err);
    if (status != RIDGE_OK)
        fprintf(stderr, "%s m=%lld n=%lld k=%lld weights=%d threads=%d: %s\n", kernel->name,
                (long long)shape.m, (long long)shape.n, (long long)shape.k, shape.weights,
                n_threads, err.text);
    CHECK(status == RIDGE_OK);
    problem_deinit(&p);
}

static void check_all_ways(struct ridge_gemm_shape shape, unsigned seed)
{
    size_t n_kernels;
    const struct ridge_kernel *const *kernels = ridge_gemm_kernels(&n_kernels);
    for (size_t i = 0; i < n_kernels; i++) {
        if (!kernels[i]->supports(&shape, 1, (char[64]){0}, 64))
            continue;
        for (int way = 0; way < 4; way++) {
            shape.weights = way & 1;
            check_one(kernels[i], shape, 1 + (way >> 1), ((seed + (unsigned)way) & 1) != 0);
        }
    }
}

static void every_tail_is_right(void)
{
    static const int64_t columns[] = {1, 5, 8, 9, 15, 16, 17, 31, 32, 33, 49, 64, 71, 131, 200};
    static const int64_t depths[] = {0, 1, 2, 3, 17, 40};
    unsigned seed = 0;
    for (int64_t m = 0; m <= 17; m++)
        for (size_t j = 0; j < sizeof columns / sizeof columns[0]; j++)
            for (size_t q = 0; q < sizeof depths / sizeof depths[0]; q++)
                check_all_ways((struct ridge_gemm_shape){.m = m, .n = columns[j], .k = depths[q]},
                               seed++);
}

static void blocks_and_thin_problems_are_right(void)
{
    static const struct ridge_gemm_shape shapes[] = {
        {.m = 0, .n = 5, .k = 3},        {.m = 5, .n = 0, .k = 3},
        {.m = 0, .n = 0, .k = 0},        {.m = 28, .n = 64, .k = 385},
        {.m = 29, .n = 63, .k = 769},    {.m = 33, .n = 70, .k = 1000},
        {.m = 127, .n = 131, .k = 137},  {.m = 15, .n = 33, .k = 5000},
        {.m = 300, .n = 64, .k = 1100},  {.m = 40, .n = 520, .k = 1024},
        {.m = 40, .n = 90, .k = 1024},   {.m = 9, .n = 40, .k = 2048},
        {.m = 1, .n = 1031, .k = 1024},  {.m = 2, .n = 700, .k = 333},
        {.m = 3, .n = 9001, .k = 50},    {.m = 700, .n = 9, .k = 64},
        {.m = 16, .n = 16, .k = 4096},   {.m = 1, .n = 1, .k = 10007},
        {.m = 700, .n = 1100, .k = 400}, {.m = 1500, .n = 40, .k = 700},
        {.m = 61, .n = 2003, .k = 67},   {.m = 83, .n = 95, .k = 577},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        check_all_ways(shapes[i], (unsigned)i);
}

static void special_values_propagate(void)
{
    size_t n_kernels;
    const struct ridge_kernel *const *kernels = ridge_gemm_kernels(&n_kernels);
    for (size_t i = 0; i < n_kernels; i++) {
        for (int way = 0; is_usable(kernels[i]) && way < 2; way++) {
            struct problem p;
            struct ridge_check result;
            const struct ridge_gemm_shape shape = {.m = 21, .n = 45, .k = 30};
            problem_init(&p, shape, true);
            float *a = p.in[0].data, *b = p.in[1].data;
            a[3 * 30 + 29] = NAN;
            a[20 * 30 + 0] = INFINITY;
            b[5 * 45 + 44] = way == 0 ? -INFINITY : NAN;
            a[7 * 30 + 5] = 0.0f; /* 0 * Inf is NaN: a kernel may not skip zeros */
            CHECK(run_kernel(kernels[i], &p, 1, true) == RIDGE_OK);
            CHECK(op->check(&p.shape, p.in, &p.out, 1, "", &result, NULL) == RIDGE_OK);
            const float *c = p.out.data;
            CHECK(isnan(c[3 * 45 + 0]) && isnan(c[7 * 45 + 44]) && isfinite(c[7 * 45 + 43]));
            problem_deinit(&p);
        }
    }
}

static void check_sees_one_wrong_element(void)
{
    struct problem p;
    struct ridge_check result;
    size_t n_kernels;
    const struct ridge_gemm_shape shape = {.m = 200, .n = 300, .k = 100}; /* sampled, not full */
    problem_init(&p, shape, false);
    CHECK(run_kernel(ridge_gemm_kernels(&n_kernels)[0], &p, 1, false) == RIDGE_OK);
    CHECK(op->check(&p.shape, p.in, &p.out, 1, "", &result, NULL) == RIDGE_OK);
    CHECK(result.n_checked >= 256);
    float *c = p.out.data;
    for (int i = 0; i < 200; i += 7) {
        struct ridge_error err = {0};
        float *wrong = &c[i * 300 + 13 + i];
        const float kept = *wrong, dropped_term = ((float *)p.in[0].data)[i * 100] * 0.5f;
        *wrong = kept + dropped_term;
        CHECK(op->check(&p.shape, p.in, &p.out, 1, "", &result, &err) == RIDGE_ERR_WRONG);
        CHECK(result.text[0] != '\0' && err.text[0] != '\0');
        *wrong = kept;
    }
    c[0] = NAN;
    CHECK(op->check(&p.shape, p.in, &p.out, 1, "", &result, NULL) == RIDGE_ERR_WRONG);
    problem_deinit(&p);
}

static void shapes_that_overflow_are_refused(void)
{
    const struct ridge_gemm_shape huge = {.m = INT64_C(1) << 40, .n = 8, .k = INT64_C(1) << 40};
    const struct ridge_gemm_shape negative = {.m = -1, .n = 8, .k = 8};
    const struct ridge_gemm_shape odd = {.m = 1, .n = 8, .k = 8, .weights = 9};
    struct ridge_error err = {0};
    struct ridge_cost cost;
    CHECK(op->validate(&huge, &err) == RIDGE_ERR_CONFIG);
    CHECK(strstr(err.text, "64-bit") != NULL);
    CHECK(op->validate(&negative, NULL) == RIDGE_ERR_CONFIG);
    CHECK(op->cost(&odd, &cost, NULL) == RIDGE_ERR_CONFIG);
    const struct ridge_gemm_shape good = {.m = 3, .n = 4, .k = 5};
    CHECK(op->cost(&good, &cost, NULL) == RIDGE_OK);
    CHECK_NEAR(cost.flop, 120, 0);
    CHECK_NEAR(cost.compulsory_bytes, 4 * (15 + 20 + 12), 0);
    struct ridge_tensor t;
    CHECK(op->tensor(&good, 3, &t, NULL) == RIDGE_ERR_INTERNAL);
}

static void common_helpers_hold(void)
{
    int64_t x;
    CHECK(ridge_kernels_size_mul3(1 << 20, 1 << 20, 1 << 20, &x) && x == INT64_C(1) << 60);
    CHECK(!ridge_kernels_size_mul3(INT64_C(1) << 40, INT64_C(1) << 40, 1, &x));
    CHECK(!ridge_kernels_size_mul3(-1, 1, 1, &x));
    CHECK(ridge_kernels_cpu_has("ref") && !ridge_kernels_cpu_has("avx1024"));
    CHECK(!ridge_kernels_cpu_has("avx512") || ridge_kernels_cpu_has("avx2"));
    float a[1001], b[1001], worst = 0, least = 1;
    ridge_kernels_rng_fill_f32(a, 1001, 5);
    ridge_kernels_rng_fill_f32(b, 1001, 5);
    CHECK(memcmp(a, b, sizeof a) == 0);
    for (int i = 0; i < 1001; i++) {
        worst = fmaxf(worst, fabsf(a[i]));
        least = fminf(least, fabsf(a[i]));
    }
    CHECK(worst < 1.0f && worst > 0.9f && least >= 0x1p-24f);
}

RIDGE_TEST_MAIN(TEST_ROW(common_helpers_hold), TEST_ROW(shapes_that_overflow_are_refused),
                TEST_ROW(every_tail_is_right), TEST_ROW(blocks_and_thin_problems_are_right),
                TEST_ROW(special_values_propagate), TEST_ROW(check_sees_one_wrong_element))
