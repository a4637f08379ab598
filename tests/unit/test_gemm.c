/* Every kernel of gemm/list.inc against the operator's own check: tails, thin sizes, guard pages,
 * poisoned outputs, special values, 1 and 2 threads, given and prepacked weights. */
#include "gemm/gemm.h"
#include "common/cpu.h"
#include "common/rng.h"
#include "common/size.h"
#include "kernel_host.h"
#include "ridge_test.h"

static const struct ridge_operator *const op = &ridge_gemm_operator;

enum { N_TENSORS = RIDGE_GEMM_N_INPUTS + 1 };

struct problem {
    struct ridge_gemm_shape shape;
    struct ridge_tensor in[RIDGE_GEMM_N_INPUTS], out;
    struct test_buffer buffers[N_TENSORS];
};

static void problem_init(struct problem *p, struct ridge_gemm_shape shape, bool is_at_end)
{
    p->shape = shape;
    for (size_t i = 0; i < N_TENSORS; i++) {
        struct ridge_tensor *t = i < RIDGE_GEMM_N_INPUTS ? &p->in[i] : &p->out;
        CHECK(op->tensor(&p->shape, i, t, NULL) == RIDGE_OK);
        test_buffer_init(&p->buffers[i], t->n_bytes, is_at_end);
        t->data = p->buffers[i].data;
        if (i < RIDGE_GEMM_N_INPUTS)
            op->fill(&p->shape, i, t, 7);
    }
}

static void problem_deinit(struct problem *p)
{
    for (size_t i = 0; i < N_TENSORS; i++)
        test_buffer_deinit(&p->buffers[i]);
}

/* Nothing was written between the rows of C. */
static bool are_gaps_untouched(const struct problem *p)
{
    const int64_t ldc = ridge_gemm_ldc(&p->shape), n = p->shape.n;
    const uint32_t *c = p->out.data;
    for (int64_t i = 0; n > 0 && ldc > n && i < p->shape.batch * p->shape.m; i++)
        for (int64_t j = n; j < ldc; j++)
            if (c[i * ldc + j] != UINT32_MAX)
                return false;
    return true;
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
        memset(p->in[1].data, 0xff, p->in[1].n_bytes); /* run() may only look at what pack() made */
    }
    if (status == RIDGE_OK)
        status = test_run(kernel, &args);
    test_buffer_deinit(&packed);
    test_buffer_deinit(&scratch);
    if (is_prepacked)
        op->fill(&p->shape, 1, &p->in[1], 7);
    return status;
}

static bool is_usable(const struct ridge_kernel *kernel)
{
    char reason[128] = "";
    const struct ridge_gemm_shape shape = ridge_gemm_plain_shape(1, 1, 1);
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
        fprintf(stderr,
                "%s m=%lld n=%lld k=%lld batch=%lld weights=%d trans=%d,%d alpha=%g beta=%g bias=%d act=%d "
                "ld=%lld,%lld,%lld threads=%d: %s\n",
                kernel->name, (long long)shape.m, (long long)shape.n, (long long)shape.k, (long long)shape.batch,
                shape.weights, shape.trans_a, shape.trans_b, shape.alpha, shape.beta, shape.bias, shape.act,
                (long long)shape.lda, (long long)shape.ldb, (long long)shape.ldc, n_threads, err.text);
    CHECK(status == RIDGE_OK);
    CHECK(are_gaps_untouched(&p));
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
                check_all_ways(ridge_gemm_plain_shape(m, columns[j], depths[q]), seed++);
}

static void blocks_and_thin_problems_are_right(void)
{
    static const struct {
        int64_t m, n, k;
    } shapes[] = {
        {.m = 0, .n = 5, .k = 3},        {.m = 5, .n = 0, .k = 3},
        {.m = 0, .n = 0, .k = 0},        {.m = 28, .n = 64, .k = 385},
        {.m = 29, .n = 63, .k = 769},    {.m = 33, .n = 70, .k = 1000},
        {.m = 127, .n = 131, .k = 137},  {.m = 15, .n = 33, .k = 5000},
        {.m = 300, .n = 64, .k = 1100},  {.m = 40, .n = 520, .k = 1024},
        {.m = 40, .n = 90, .k = 1024},   {.m = 9, .n = 40, .k = 2048},
        {.m = 1, .n = 1031, .k = 1024},  {.m = 2, .n = 700, .k = 333},
        {.m = 3, .n = 9001, .k = 50},    {.m = 700, .n = 9, .k = 64},
        {.m = 16, .n = 16, .k = 4096},   {.m = 1, .n = 1, .k = 10007},
        {.m = 350, .n = 1100, .k = 400}, {.m = 700, .n = 40, .k = 700},
        {.m = 61, .n = 2003, .k = 67},   {.m = 83, .n = 95, .k = 577},
    };
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++)
        check_all_ways(ridge_gemm_plain_shape(shapes[i].m, shapes[i].n, shapes[i].k), (unsigned)i);
}

static void special_values_propagate(void)
{
    size_t n_kernels;
    const struct ridge_kernel *const *kernels = ridge_gemm_kernels(&n_kernels);
    for (size_t i = 0; i < n_kernels; i++) {
        for (int way = 0; is_usable(kernels[i]) && way < 2; way++) {
            struct problem p;
            struct ridge_check result;
            const struct ridge_gemm_shape shape = ridge_gemm_plain_shape(21, 45, 30);
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
    const struct ridge_gemm_shape shape = ridge_gemm_plain_shape(200, 300, 100); /* sampled, not full */
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

struct option_case {
    struct ridge_gemm_shape options;
    int64_t gap_a, gap_b, gap_c; /* added to dense leading dimensions */
};

static void check_options(const struct option_case *o, int64_t m, int64_t n, int64_t k, unsigned seed)
{
    struct ridge_gemm_shape s = o->options;
    s.m = m;
    s.n = n;
    s.k = k;
    s.lda = o->gap_a > 0 ? ridge_gemm_lda(&s) + o->gap_a : 0;
    s.ldb = o->gap_b > 0 ? ridge_gemm_ldb(&s) + o->gap_b : 0;
    s.ldc = o->gap_c > 0 ? ridge_gemm_ldc(&s) + o->gap_c : 0;
    check_all_ways(s, seed);
}

static void every_option_is_right(void)
{
    static const struct option_case cases[] = {
        {.options = {.batch = 1, .alpha = 1, .trans_a = 1}},
        {.options = {.batch = 1, .alpha = 1, .trans_b = 1}},
        {.options = {.batch = 1, .alpha = 1, .trans_a = 1, .trans_b = 1}, .gap_a = 3, .gap_b = 5},
        {.options = {.batch = 1, .alpha = -0.75}},
        {.options = {.batch = 1, .alpha = 1, .beta = 1}},
        {.options = {.batch = 1, .alpha = 2, .beta = -0.5, .bias = 1}, .gap_c = 1},
        {.options = {.batch = 1, .alpha = 0, .beta = 1, .trans_b = 1}},
        {.options = {.batch = 1, .alpha = 1, .bias = 1}, .gap_a = 1, .gap_b = 2, .gap_c = 7},
        {.options = {.batch = 1, .alpha = 1, .act = RIDGE_ACT_RELU}},
        {.options = {.batch = 1, .alpha = 1, .bias = 1, .act = RIDGE_ACT_RELU6, .trans_a = 1}},
        {.options = {.batch = 1, .alpha = 1, .bias = 1, .act = RIDGE_ACT_SILU}, .gap_c = 40},
        {.options = {.batch = 1, .alpha = 3, .beta = 1, .bias = 1, .act = RIDGE_ACT_HARDSWISH}},
        {.options = {.batch = 3, .alpha = 1}},
        {.options = {.batch = 2, .alpha = 1, .beta = 2, .trans_a = 1, .trans_b = 1, .bias = 1}, .gap_c = 3},
        {.options = {.batch = 0, .alpha = 1, .bias = 1}},
    };
    static const struct {
        int64_t m, n, k;
    } sizes[] = {{1, 1, 1},   {1, 33, 17},  {1, 300, 70},  {4, 65, 9},    {5, 8, 0},     {13, 16, 40},
                 {16, 96, 33}, {17, 31, 18}, {30, 70, 50}, {15, 33, 800}, {29, 67, 400}, {0, 4, 4},
                 {40, 20, 1024}};
    unsigned seed = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++)
            check_options(&cases[i], sizes[j].m, sizes[j].n, sizes[j].k, seed++);
}

static void large_options_are_right(void)
{
    static const struct option_case cases[] = {
        {.options = {.batch = 1, .alpha = 0.5, .beta = 1, .trans_a = 1, .bias = 1}, .gap_b = 3},
        {.options = {.batch = 1, .alpha = 1, .bias = 1, .act = RIDGE_ACT_RELU, .trans_b = 1}, .gap_a = 3},
        {.options = {.batch = 3, .alpha = 1, .beta = 1}},
    };
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++)
        check_options(&cases[i], 161, 333, 811, i);
}

static void activations_keep_nan(void)
{
    size_t n_kernels;
    const struct ridge_kernel *const *kernels = ridge_gemm_kernels(&n_kernels);
    for (size_t i = 0; i < n_kernels; i++) {
        for (int32_t act = RIDGE_ACT_NONE; is_usable(kernels[i]) && act <= RIDGE_ACT_HARDSWISH; act++) {
            struct problem p;
            struct ridge_check result;
            struct ridge_gemm_shape shape = ridge_gemm_plain_shape(3, 19, 2);
            shape.act = act;
            shape.alpha = 60; /* far into the flat ends of silu */
            problem_init(&p, shape, true);
            ((float *)p.in[0].data)[2] = NAN;
            CHECK(run_kernel(kernels[i], &p, 1, true) == RIDGE_OK);
            CHECK(op->check(&p.shape, p.in, &p.out, 1, "", &result, NULL) == RIDGE_OK);
            const float *c = p.out.data;
            CHECK(isfinite(c[0]) && isnan(c[19]) && isnan(c[37]) && isfinite(c[38]));
            problem_deinit(&p);
        }
    }
}

static void shapes_that_overflow_are_refused(void)
{
    struct ridge_gemm_shape huge = ridge_gemm_plain_shape(INT64_C(1) << 40, 8, INT64_C(1) << 40);
    const struct ridge_gemm_shape negative = ridge_gemm_plain_shape(-1, 8, 8);
    struct ridge_gemm_shape odd = ridge_gemm_plain_shape(1, 8, 8), wide = odd, bent = odd, infinite = odd;
    struct ridge_error err = {0};
    struct ridge_cost cost;
    odd.weights = 9;
    wide.ldb = 7;
    bent.act = 77;
    infinite.alpha = INFINITY;
    CHECK(op->validate(&huge, &err) == RIDGE_ERR_CONFIG);
    CHECK(strstr(err.text, "64-bit") != NULL);
    huge = ridge_gemm_plain_shape(1 << 20, 1 << 20, 8);
    huge.batch = INT64_C(1) << 40;
    CHECK(op->validate(&huge, &err) == RIDGE_ERR_CONFIG);
    CHECK(op->validate(&negative, NULL) == RIDGE_ERR_CONFIG);
    CHECK(op->cost(&odd, &cost, NULL) == RIDGE_ERR_CONFIG);
    err = (struct ridge_error){0};
    CHECK(op->validate(&wide, &err) == RIDGE_ERR_CONFIG && strstr(err.text, "ldb=7") != NULL);
    CHECK(op->validate(&bent, NULL) == RIDGE_ERR_CONFIG);
    CHECK(op->validate(&infinite, NULL) == RIDGE_ERR_CONFIG);
    struct ridge_gemm_shape good = ridge_gemm_plain_shape(3, 4, 5);
    CHECK(op->cost(&good, &cost, NULL) == RIDGE_OK);
    CHECK_NEAR(cost.flop, 120, 0);
    CHECK_NEAR(cost.compulsory_bytes, 4 * (15 + 20 + 12), 0);
    struct ridge_tensor t;
    CHECK(op->tensor(&good, N_TENSORS, &t, NULL) == RIDGE_ERR_INTERNAL);
    CHECK(ridge_gemm_is_plain(&good));
    good.batch = 2;
    good.beta = 1;
    good.bias = 1;
    CHECK(op->cost(&good, &cost, NULL) == RIDGE_OK && !ridge_gemm_is_plain(&good));
    CHECK_NEAR(cost.compulsory_bytes, 4 * (2 * (15 + 20 + 24) + 4), 0);
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
                TEST_ROW(every_option_is_right), TEST_ROW(large_options_are_right),
                TEST_ROW(activations_keep_nan), TEST_ROW(special_values_propagate), TEST_ROW(check_sees_one_wrong_element))
