/* Every kernel of peak/list.inc: right for any size, alignment and number of threads. */
#include "peak/peak.h"
#include "kernel_host.h"
#include "ridge_test.h"

static const struct ridge_operator *const op = &ridge_peak_operator;

static void run_one(const struct ridge_kernel *kernel, struct ridge_peak_shape shape, int n_threads,
                    bool is_at_end, bool is_spoiled)
{
    const struct ridge_host *self;
    struct ridge_host host;
    struct ridge_tensor in, out;
    struct test_buffer from, to;
    struct ridge_check result;
    struct ridge_error err = {0};
    test_host_init(&host, &self, n_threads);
    CHECK(op->tensor(&shape, 0, &in, NULL) == RIDGE_OK &&
          op->tensor(&shape, 1, &out, NULL) == RIDGE_OK);
    /* read's word and fma's number are aligned, as a dense tensor is */
    test_buffer_init(&from, in.n_bytes, is_at_end && shape.kind != RIDGE_PEAK_FMA);
    test_buffer_init(&to, out.n_bytes, is_at_end && shape.kind == RIDGE_PEAK_COPY);
    in.data = from.data;
    out.data = to.data;
    op->fill(&shape, 0, &in, 3);
    const struct ridge_kernel_args args = {.shape = &shape, .in = &in, .out = &out, .host = &host};
    CHECK(test_run(kernel, &args) == RIDGE_OK);
    if (is_spoiled && out.n_bytes > 0)
        ((unsigned char *)out.data)[out.n_bytes - 1] ^= 0x40;
    const enum ridge_status want = is_spoiled ? RIDGE_ERR_WRONG : RIDGE_OK;
    const enum ridge_status got = op->check(&shape, &in, &out, 3, "", &result, &err);
    if (got != want)
        fprintf(stderr, "%s kind=%d bytes=%lld threads=%d: %d %s\n", kernel->name, shape.kind,
                (long long)shape.bytes, n_threads, (int)got, err.text);
    CHECK(got == want);
    test_buffer_deinit(&from);
    test_buffer_deinit(&to);
}

static void every_kernel_is_right(void)
{
    static const int64_t sizes[] = {0,   1,    7,    63,   64,    65,     511,
                                    513, 4095, 4096, 4097, 12345, 1 << 20};
    size_t n_kernels;
    const struct ridge_kernel *const *kernels = ridge_peak_kernels(&n_kernels);
    for (size_t i = 0; i < n_kernels; i++) {
        char reason[128] = "";
        if (!kernels[i]->supports(NULL, 1, reason, sizeof reason)) {
            CHECK(reason[0] != '\0');
            continue;
        }
        for (int n_threads = 1; n_threads <= 3; n_threads++) {
            run_one(kernels[i], (struct ridge_peak_shape){.kind = RIDGE_PEAK_FMA}, n_threads, false,
                    false);
            for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++)
                for (int32_t kind = RIDGE_PEAK_READ; kind <= RIDGE_PEAK_COPY; kind++)
                    run_one(kernels[i], (struct ridge_peak_shape){.kind = kind, .bytes = sizes[j]},
                            n_threads, (j + (size_t)n_threads) % 2 == 0, false);
        }
    }
}

static void a_spoiled_result_is_seen(void)
{
    size_t n_kernels;
    const struct ridge_kernel *const *kernels = ridge_peak_kernels(&n_kernels);
    for (int32_t kind = RIDGE_PEAK_FMA; kind <= RIDGE_PEAK_COPY; kind++)
        run_one(kernels[0], (struct ridge_peak_shape){.kind = kind, .bytes = 1000}, 1, false, true);
}

static void formulas_and_refusals(void)
{
    struct ridge_cost cost;
    CHECK(op->cost(&(struct ridge_peak_shape){.kind = RIDGE_PEAK_COPY, .bytes = 100}, &cost,
                   NULL) == RIDGE_OK);
    CHECK_NEAR(cost.compulsory_bytes, 200, 0);
    CHECK(op->cost(&(struct ridge_peak_shape){.kind = RIDGE_PEAK_FMA}, &cost, NULL) == RIDGE_OK);
    CHECK_NEAR(cost.flop, 768.0 * 40960, 0);
    CHECK(op->validate(&(struct ridge_peak_shape){.kind = 3}, NULL) == RIDGE_ERR_CONFIG);
    CHECK(op->validate(&(struct ridge_peak_shape){.bytes = -1}, NULL) == RIDGE_ERR_CONFIG);
}

RIDGE_TEST_MAIN(TEST_ROW(formulas_and_refusals), TEST_ROW(every_kernel_is_right),
                TEST_ROW(a_spoiled_result_is_seen))
