/* f16 and bf16: the conversions, and gemm's tensors, inputs and check in those dtypes. */
#include "common/half.h"
#include "gemm/gemm.h"
#include "ridge_test.h"

static void every_f16_survives_a_round_trip(void)
{
    int n_wrong = 0;
    for (uint32_t h = 0; h < 65536; h++) {
        const float x = ridge_kernels_f16_to_f32((uint16_t)h);
        const bool is_nan = (h & 0x7c00u) == 0x7c00u && (h & 0x3ffu) != 0;
        n_wrong += is_nan ? !isnan(x) : ridge_kernels_f16_of(x) != h;
    }
    CHECK(n_wrong == 0);
    CHECK(ridge_kernels_f16_to_f32(0x3c00) == 1.0f && ridge_kernels_f16_to_f32(0x0001) == 0x1p-24f);
    CHECK(ridge_kernels_f16_to_f32(0xfbff) == -65504.0f);
}

static void rounding_is_to_the_nearest_ties_to_even(void)
{
    CHECK(ridge_kernels_f16_of(1.0f + 0x1p-11f) == 0x3c00);           /* a tie: down to even */
    CHECK(ridge_kernels_f16_of(1.0f + 3 * 0x1p-11f) == 0x3c02);       /* a tie: up to even */
    CHECK(ridge_kernels_f16_of(1.0f + 0x1p-11f + 0x1p-20f) == 0x3c01);
    CHECK(ridge_kernels_f16_of(65519.0f) == 0x7bff && ridge_kernels_f16_of(65520.0f) == 0x7c00);
    CHECK(ridge_kernels_f16_of(0x1p-25f) == 0 && ridge_kernels_f16_of(0x1.8p-25f) == 1);
    CHECK(ridge_kernels_f16_of(-INFINITY) == 0xfc00);
    CHECK(isnan(ridge_kernels_f16_to_f32(ridge_kernels_f16_of(NAN))));
    CHECK(ridge_kernels_bf16_of(1.0f + 0x1p-8f) == 0x3f80 && ridge_kernels_bf16_of(1.0f + 3 * 0x1p-8f) == 0x3f82);
    CHECK(isnan(ridge_kernels_bf16_to_f32(ridge_kernels_bf16_of(NAN))));
    CHECK(ridge_kernels_bf16_to_f32(0xff80) == -INFINITY);
}

struct narrow {
    struct ridge_gemm_shape s;
    struct ridge_tensor in[RIDGE_GEMM_N_INPUTS], out;
};

static float widen(int32_t dtype, uint16_t x)
{
    return dtype == RIDGE_GEMM_F16 ? ridge_kernels_f16_to_f32(x) : ridge_kernels_bf16_to_f32(x);
}

static uint16_t round_to(int32_t dtype, float x)
{
    return dtype == RIDGE_GEMM_F16 ? ridge_kernels_f16_of(x) : ridge_kernels_bf16_of(x);
}

/* A product summed in f32 and rounded once, as a tensor core's kernel does it. */
static void narrow_init(struct narrow *p, int32_t dtype, int64_t m, int64_t n, int64_t k)
{
    const struct ridge_operator *op = &ridge_gemm_operator;
    p->s = ridge_gemm_plain_shape(m, n, k);
    p->s.dtype = dtype;
    for (size_t i = 0; i < RIDGE_GEMM_N_INPUTS; i++) {
        CHECK(op->tensor(&p->s, i, &p->in[i], NULL) == RIDGE_OK);
        p->in[i].data = malloc(p->in[i].n_bytes + 1);
        op->fill(&p->s, i, &p->in[i], 3);
    }
    CHECK(op->tensor(&p->s, RIDGE_GEMM_N_INPUTS, &p->out, NULL) == RIDGE_OK);
    CHECK(p->out.n_bytes == (uint64_t)(2 * m * n) && p->in[0].n_bytes == (uint64_t)(2 * m * k));
    p->out.data = malloc(p->out.n_bytes + 1);
    const uint16_t *a = p->in[0].data, *b = p->in[1].data;
    uint16_t *c = p->out.data;
    for (int64_t i = 0; i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            float sum = 0;
            for (int64_t q = 0; q < k; q++)
                sum += widen(dtype, a[i * k + q]) * widen(dtype, b[q * n + j]);
            c[i * n + j] = round_to(dtype, sum);
        }
}

static void narrow_deinit(struct narrow *p)
{
    for (size_t i = 0; i < RIDGE_GEMM_N_INPUTS; i++)
        free(p->in[i].data);
    free(p->out.data);
}

static enum ridge_status check(const struct narrow *p, struct ridge_check *result)
{
    return ridge_gemm_operator.check(&p->s, p->in, &p->out, 5, "", result, NULL);
}

static void gemm_checks_narrow_results(void)
{
    static const int64_t sizes[][3] = {{5, 7, 3}, {33, 40, 100}, {200, 150, 300}, {4, 4, 0}};
    for (int32_t dtype = RIDGE_GEMM_F16; dtype <= RIDGE_GEMM_BF16; dtype++)
        for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
            struct narrow p;
            struct ridge_check result;
            narrow_init(&p, dtype, sizes[i][0], sizes[i][1], sizes[i][2]);
            CHECK(check(&p, &result) == RIDGE_OK);
            uint16_t *c = p.out.data;
            const float kept = widen(dtype, c[0]);
            c[0] = round_to(dtype, kept + 0.5f); /* a corner, off by one term */
            CHECK(check(&p, &result) == RIDGE_ERR_WRONG);
            c[0] = round_to(dtype, NAN);
            CHECK(check(&p, &result) == RIDGE_ERR_WRONG);
            narrow_deinit(&p);
        }
}

static void gemm_costs_count_the_dtype(void)
{
    struct ridge_gemm_shape s = ridge_gemm_plain_shape(3, 4, 5);
    struct ridge_cost cost;
    s.dtype = RIDGE_GEMM_BF16;
    CHECK(ridge_gemm_operator.cost(&s, &cost, NULL) == RIDGE_OK);
    CHECK_NEAR(cost.compulsory_bytes, 2 * (15 + 20 + 12), 0);
    s.dtype = 3;
    CHECK(ridge_gemm_operator.cost(&s, &cost, NULL) == RIDGE_ERR_CONFIG);
}

RIDGE_TEST_MAIN(TEST_ROW(every_f16_survives_a_round_trip), TEST_ROW(rounding_is_to_the_nearest_ties_to_even),
                TEST_ROW(gemm_checks_narrow_results), TEST_ROW(gemm_costs_count_the_dtype))
