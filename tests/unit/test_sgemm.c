/* The f32 product engine of every ISA against a sum in double: gathered A, packed B, residual and bias per
 * row, beta in place and from C0, batches with and without a shared B; guard pages behind every buffer. */
#include "common/cpu.h"
#include "common/rng.h"
#include "common/sgemm/sgemm.h"
#include "kernel_host.h"
#include "ridge_test.h"

static const char *const isas[] = {"ref", "avx2", "avx512"};

/* One way to call the engine. */
struct way {
    const char *name;
    bool is_gathered, is_packed, is_a_transposed, is_b_transposed, is_c0_apart, is_bias_per_row, has_bias,
        has_residual;
    float alpha, beta;
    int32_t act;
    int64_t gap, n_batch;
    bool is_b_shared;
};

enum { A, B, C, C0, BIAS, RESIDUAL, PACKED, SCRATCH, N_BUFFERS };

struct call {
    struct way way;
    struct ridge_sgemm p;
    struct ridge_sgemm_batch batch;
    struct test_buffer buffers[N_BUFFERS];
    float *c_before;
    const float *a; /* what the gather reads */
};

static float *new_buffer(struct call *call, int i, int64_t n_floats, bool is_at_end)
{
    test_buffer_init(&call->buffers[i], sizeof(float) * (size_t)n_floats, is_at_end);
    ridge_kernels_rng_fill_f32(call->buffers[i].data, (size_t)n_floats, 100 + (uint64_t)i);
    return call->buffers[i].data;
}

static void gather(const void *ctx, int64_t i0, int64_t n_rows, int64_t p0, int64_t n_k, float *to)
{
    const struct call *call = ctx;
    CHECK(i0 >= 0 && n_rows >= 1 && i0 + n_rows <= call->p.m && p0 >= 0 && n_k >= 1 && p0 + n_k <= call->p.k);
    for (int64_t p = 0; p < n_k; p++)
        for (int64_t i = 0; i < n_rows; i++)
            to[p * n_rows + i] = call->a[(i0 + i) * call->p.lda + p0 + p];
}

static void call_init(struct call *call, const struct way *w, int64_t m, int64_t n, int64_t k, bool is_at_end)
{
    const int64_t gap = w->gap, n_batch = w->n_batch;
    *call = (struct call){.way = *w};
    struct ridge_sgemm *p = &call->p;
    *p = (struct ridge_sgemm){.m = m, .n = n, .k = k, .lda = (w->is_a_transposed ? m : k) + gap,
                              .ldb = (w->is_b_transposed ? k : n) + gap, .ldc = n + gap, .ldc0 = n + 2 * gap,
                              .is_a_transposed = w->is_a_transposed, .is_b_transposed = w->is_b_transposed,
                              .alpha = w->alpha, .beta = w->beta};
    call->batch = (struct ridge_sgemm_batch){.n = n_batch,
                                             .stride_a = (w->is_a_transposed ? k : m) * p->lda,
                                             .stride_b = w->is_b_shared ? 0 : (w->is_b_transposed ? n : k) * p->ldb,
                                             .stride_c = m * p->ldc, .stride_c0 = m * p->ldc0,
                                             .stride_residual = m * n};
    const int64_t n_b = w->is_b_shared ? 1 : n_batch;
    p->a = new_buffer(call, A, n_batch * call->batch.stride_a, is_at_end);
    p->b = new_buffer(call, B, n_b * (w->is_b_transposed ? n : k) * p->ldb, is_at_end);
    p->c = new_buffer(call, C, n_batch * call->batch.stride_c, is_at_end);
    float *c0 = new_buffer(call, C0, n_batch * call->batch.stride_c0, is_at_end);
    p->c0 = w->is_c0_apart ? c0 : NULL;
    const float *bias = new_buffer(call, BIAS, w->is_bias_per_row ? m : n, is_at_end);
    const float *residual = new_buffer(call, RESIDUAL, n_batch * m * n, is_at_end);
    p->epilogue = (struct ridge_epilogue){.bias = w->has_bias ? bias : NULL, .is_bias_per_row = w->is_bias_per_row,
                                          .act = w->act, .residual = w->has_residual ? residual : NULL,
                                          .residual_ld = n};
    const size_t c_bytes = sizeof(float) * (size_t)(n_batch * call->batch.stride_c);
    call->c_before = malloc(c_bytes + 1);
    if (w->beta == 0) /* never read */
        memset(p->c, 0xff, c_bytes);
    memcpy(call->c_before, p->c, c_bytes);
    call->a = p->a;
}

static void call_deinit(struct call *call)
{
    for (int i = 0; i < N_BUFFERS; i++)
        test_buffer_deinit(&call->buffers[i]);
    free(call->c_before);
}

/* |got - want| within u (16 + 2 sqrt k) of the sum of magnitudes, as in kernels/gemm/check.c. */
static bool is_right(const struct call *call, int64_t i_batch, int64_t i, int64_t j)
{
    const struct ridge_sgemm *p = &call->p;
    const struct ridge_sgemm_batch *t = &call->batch;
    const float *a = call->a + i_batch * t->stride_a;
    const float *b = (const float *)call->buffers[B].data + i_batch * t->stride_b;
    double sum = 0, scale = 0;
    for (int64_t q = 0; q < p->k; q++) {
        const double x = (double)(p->is_a_transposed ? a[q * p->lda + i] : a[i * p->lda + q]) *
                         (double)(p->is_b_transposed ? b[j * p->ldb + q] : b[q * p->ldb + j]);
        sum += x;
        scale += fabs(x);
    }
    const float *c0 = p->c0 != NULL ? p->c0 + i_batch * t->stride_c0 + i * p->ldc0
                                    : call->c_before + i_batch * t->stride_c + i * p->ldc;
    double added[3] = {p->beta != 0 ? (double)p->beta * (double)c0[j] : 0, 0, 0};
    if (p->epilogue.bias != NULL)
        added[1] = (double)p->epilogue.bias[p->epilogue.is_bias_per_row ? i : j];
    if (p->epilogue.residual != NULL)
        added[2] = (double)p->epilogue.residual[i_batch * t->stride_residual + i * p->n + j];
    sum *= (double)p->alpha;
    scale *= fabs((double)p->alpha);
    for (int x = 0; x < 3; x++) {
        sum += added[x];
        scale += fabs(added[x]);
    }
    const double want = ridge_act_reference(p->epilogue.act, sum);
    const double got = (double)p->c[i_batch * t->stride_c + i * p->ldc + j];
    return fabs(got - want) <= 1.5 * 0x1p-24 * (16 + 2 * sqrt((double)p->k)) * scale;
}

/* Of large problems the edges and every 13th element. */
static bool is_looked_at(const struct ridge_sgemm *p, int64_t i, int64_t j)
{
    return p->m * p->n * p->k < 4000000 || (i * p->n + j) % 13 == 0 || i == p->m - 1 || j == p->n - 1;
}

static void check_result(const struct call *call, const char *isa)
{
    const struct ridge_sgemm *p = &call->p;
    int64_t n_wrong = 0, n_touched = 0;
    for (int64_t b = 0; b < call->batch.n; b++) {
        for (int64_t i = 0; i < p->m; i++) {
            for (int64_t j = 0; j < p->n; j++)
                n_wrong += is_looked_at(p, i, j) && !is_right(call, b, i, j);
            const int64_t end = b * call->batch.stride_c + i * p->ldc + p->n;
            n_touched += memcmp(p->c + end, call->c_before + end, sizeof(float) * (size_t)(p->ldc - p->n)) != 0;
        }
    }
    if (n_wrong + n_touched > 0)
        fprintf(stderr, "%s, %s: m=%lld n=%lld k=%lld: %lld elements wrong, %lld gaps written\n", isa,
                call->way.name, (long long)p->m, (long long)p->n, (long long)p->k, (long long)n_wrong,
                (long long)n_touched);
    CHECK(n_wrong == 0 && n_touched == 0);
}

static void pack_all(struct call *call, const struct ridge_sgemm_engine *engine, bool is_at_end)
{
    struct ridge_sgemm *p = &call->p;
    const size_t step = ridge_sgemm_packed_b_bytes(engine, p->n, p->k);
    const int64_t n_b = call->batch.stride_b == 0 ? 1 : call->batch.n;
    test_buffer_init(&call->buffers[PACKED], call->way.is_packed ? step * (size_t)n_b : 0, is_at_end);
    if (!call->way.is_packed)
        return;
    for (int64_t i = 0; i < n_b; i++)
        ridge_sgemm_pack_b(engine, p->n, p->k, p->b + i * call->batch.stride_b, p->ldb, p->is_b_transposed,
                           (char *)call->buffers[PACKED].data + (size_t)i * step);
    p->packed_b = call->buffers[PACKED].data;
    p->b = NULL;
}

static void check_call(const char *isa, const struct way *w, const int64_t *size, int n_threads, bool is_at_end)
{
    const struct ridge_sgemm_engine *engine = ridge_sgemm_engine(isa);
    const struct ridge_host *self;
    struct ridge_host host;
    struct call call;
    test_host_init(&host, &self, n_threads);
    call_init(&call, w, size[0], size[1], size[2], is_at_end);
    pack_all(&call, engine, is_at_end);
    if (w->is_gathered) {
        call.p.gather = gather;
        call.p.gather_ctx = &call;
        call.p.a = NULL;
    }
    const bool is_batch = w->n_batch != 1;
    test_buffer_init(&call.buffers[SCRATCH],
                     is_batch ? ridge_sgemm_batch_scratch_bytes(engine, &call.p, &call.batch, n_threads)
                              : ridge_sgemm_scratch_bytes(engine, &call.p, n_threads),
                     is_at_end);
    if (is_batch)
        ridge_sgemm_batch_run(engine, &call.p, &call.batch, &host, call.buffers[SCRATCH].data);
    else
        ridge_sgemm_run(engine, &call.p, &host, call.buffers[SCRATCH].data);
    check_result(&call, isa);
    call_deinit(&call);
}

static const struct way ways[] = {
    {.name = "plain", .alpha = 1, .n_batch = 1},
    {.name = "gathered", .is_gathered = true, .alpha = 1, .n_batch = 1, .gap = 3},
    {.name = "gathered, packed B, bias, residual, relu", .is_gathered = true, .is_packed = true, .has_bias = true,
     .has_residual = true, .act = RIDGE_ACT_RELU, .alpha = 1, .n_batch = 1},
    {.name = "bias per row, silu", .has_bias = true, .is_bias_per_row = true, .act = RIDGE_ACT_SILU, .alpha = 1,
     .n_batch = 1, .gap = 1},
    {.name = "beta in place", .alpha = 1, .beta = 1, .n_batch = 1, .gap = 2},
    {.name = "beta in place, scaled", .alpha = 0.5f, .beta = -2, .n_batch = 1, .gap = 2},
    {.name = "beta from C0, residual", .alpha = 1, .beta = 1, .is_c0_apart = true, .has_residual = true,
     .n_batch = 1, .gap = 5},
    {.name = "transposed, packed", .is_a_transposed = true, .is_b_transposed = true, .is_packed = true, .alpha = 1,
     .n_batch = 1, .gap = 1},
    {.name = "transposed", .is_a_transposed = true, .is_b_transposed = true, .alpha = 1, .n_batch = 1},
    {.name = "batch", .alpha = 1, .n_batch = 5, .has_residual = true, .gap = 1},
    {.name = "batch, shared B", .alpha = 1, .n_batch = 4, .is_b_shared = true, .has_bias = true},
    {.name = "batch, shared B, bias per row", .alpha = 1, .n_batch = 4, .is_b_shared = true, .has_bias = true,
     .is_bias_per_row = true, .is_packed = true},
    {.name = "batch, packed, transposed", .alpha = 1, .n_batch = 3, .is_packed = true, .is_b_transposed = true,
     .is_a_transposed = true, .beta = 1, .is_c0_apart = true, .act = RIDGE_ACT_HARDSWISH},
};

static const int64_t sizes[][3] = {{1, 1, 1},    {1, 37, 20},  {3, 130, 19},  {7, 16, 33},  {14, 32, 64},
                                   {16, 48, 17}, {29, 33, 65}, {40, 100, 50}, {6, 9, 0},    {0, 5, 5},
                                   {5, 0, 5},    {50, 70, 410}, {17, 600, 8}, {33, 40, 1030}, {200, 97, 300},
                                   {57, 16, 40}, {29, 9, 33},  {100, 5, 70}, {2, 64, 37},  {3, 20, 130},
                                   {40, 24, 45}, {33, 8, 1},   {61, 17, 31}, {14, 12, 7},  {30, 11, 771},
                                   {26, 13, 90}, {1, 16, 41},  {2, 12, 77},  {4, 5, 99},
                                   {5, 130, 400}, {6, 203, 195}};

static void every_way_of_every_isa(void)
{
    for (size_t i = 0; i < sizeof isas / sizeof isas[0]; i++) {
        if (!ridge_kernels_cpu_has(isas[i]) || ridge_sgemm_engine(isas[i]) == NULL)
            continue;
        for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++)
            for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++)
                for (int threads = 1; threads <= 3; threads += 2)
                    check_call(isas[i], &ways[w], sizes[s], threads, ((w + s + (size_t)threads / 2) & 1) != 0);
    }
}

/* Rows that fall on the same L1 sets, k beyond one block, A and B beyond one block of each, rows of B far apart (tiles
 * copy the next panel), few rows with a large B, one vector of columns, a short k below a large C. */
static void large_blocks(void)
{
    static const int64_t large[][3] = {{300, 520, 1024}, {35, 2100, 500}, {520, 64, 2048}, {61, 1830, 45},
                                       {75, 2050, 390},  {40, 1500, 800}, {60, 16, 2048},  {31, 12, 512},
                                       {40, 12, 512},  {700, 24, 801},   {2040, 263, 37}};
    for (size_t i = 1; i < sizeof isas / sizeof isas[0]; i++)
        for (size_t s = 0; s < sizeof large / sizeof large[0]; s++)
            for (size_t w = 0; ridge_kernels_cpu_has(isas[i]) && w < 9; w++)
                check_call(isas[i], &ways[w], large[s], 1 + (int)(w & 1), true);
}

static void check_threads(const char *isa, const int64_t *size)
{
    static const struct way plain = {.name = "plain", .alpha = 1, .n_batch = 1};
    const struct ridge_sgemm_engine *engine = ridge_sgemm_engine(isa);
    const size_t c_bytes = sizeof(float) * (size_t)(size[0] * size[1]);
    const struct ridge_host *self;
    struct ridge_host host;
    struct call call;
    float *first = malloc(c_bytes);
    if (first == NULL || engine == NULL || !ridge_kernels_cpu_has(isa)) {
        free(first);
        return;
    }
    call_init(&call, &plain, size[0], size[1], size[2], false);
    for (int threads = 1; threads <= 4; threads++) {
        test_host_init(&host, &self, threads);
        void *scratch = malloc(ridge_sgemm_scratch_bytes(engine, &call.p, threads) + 1);
        ridge_sgemm_run(engine, &call.p, &host, scratch);
        free(scratch);
        if (threads == 1)
            memcpy(first, call.p.c, c_bytes);
        CHECK(memcmp(first, call.p.c, c_bytes) == 0);
    }
    call_deinit(&call);
    free(first);
}

static void threads_do_not_change_a_bit(void)
{
    static const int64_t shared[][3] = {{61, 123, 777}, {13, 9, 100}, {15, 16, 70}, {9, 40, 1024}, {37, 20, 50},
                                        {29, 5, 60},    {2, 200, 90}, {90, 33, 40}, {57, 24, 45},   {70, 11, 401},
                                        {6, 300, 420},  {2050, 257, 20}};
    for (size_t i = 0; i < sizeof isas / sizeof isas[0]; i++)
        for (size_t s = 0; s < sizeof shared / sizeof shared[0]; s++)
            check_threads(isas[i], shared[s]);
}

static void names_and_slopes(void)
{
    CHECK(ridge_sgemm_engine("ref") != NULL && ridge_sgemm_engine("avx1024") == NULL);
    CHECK_STR(ridge_act_names[RIDGE_ACT_HARDSWISH], "hardswish");
    CHECK(ridge_act_names[RIDGE_ACT_HARDSWISH + 1] == NULL);
    for (int32_t act = RIDGE_ACT_NONE; act <= RIDGE_ACT_HARDSWISH; act++) {
        double steepest = 0;
        for (double x = -12; x < 12; x += 0.001) {
            const double y = ridge_act_reference(act, x);
            steepest = fmax(steepest, fabs(ridge_act_reference(act, x + 0.001) - y) / 0.001);
            CHECK_NEAR(ridge_act_f32(act, (float)x), y, 1e-5);
        }
        CHECK(steepest <= ridge_act_max_slope(act) + 1e-3);
        CHECK(isnan(ridge_act_f32(act, NAN)) && isnan(ridge_act_reference(act, NAN)));
    }
}

RIDGE_TEST_MAIN(TEST_ROW(names_and_slopes), TEST_ROW(every_way_of_every_isa), TEST_ROW(large_blocks),
                TEST_ROW(threads_do_not_change_a_bit))
