/* Ridge's gemm kernels: each is the product engine (common/sgemm) with one ISA's tiles. */
#include "common/cpu.h"
#include "common/sgemm/sgemm.h"
#include "common/size.h"
#include "gemm/gemm.h"

static size_t packed_bytes(const char *isa, const struct ridge_gemm_shape *s)
{
    return (size_t)s->batch * ridge_sgemm_packed_b_bytes(ridge_sgemm_engine(isa), s->n, s->k);
}

static enum ridge_status pack(const char *isa, const struct ridge_kernel_args *args)
{
    const struct ridge_gemm_shape *s = args->shape;
    const struct ridge_sgemm_engine *engine = ridge_sgemm_engine(isa);
    const size_t step = ridge_sgemm_packed_b_bytes(engine, s->n, s->k);
    for (int64_t i = 0; i < s->batch && step > 0; i++)
        ridge_sgemm_pack_b(engine, s->n, s->k, (const float *)args->in[RIDGE_GEMM_B].data + i * ridge_gemm_stride_b(s),
                           ridge_gemm_ldb(s), s->trans_b != 0, (char *)args->packed + (size_t)i * step);
    return RIDGE_OK;
}

static const float non_null; /* a flag for the plan, never read */

/* The engine's problem; without args only what scratch depends on. */
static struct ridge_sgemm problem_of(const struct ridge_gemm_shape *s, const struct ridge_kernel_args *args)
{
    const bool is_prepacked = s->weights == RIDGE_GEMM_PREPACKED;
    struct ridge_sgemm p = {
        .m = s->m,
        .n = s->n,
        .k = s->k,
        .a = &non_null,
        .lda = ridge_gemm_lda(s),
        .b = is_prepacked ? NULL : &non_null,
        .ldb = ridge_gemm_ldb(s),
        .ldc = ridge_gemm_ldc(s),
        .is_a_transposed = s->trans_a != 0,
        .is_b_transposed = s->trans_b != 0,
        .alpha = (float)s->alpha,
        .beta = (float)s->beta,
        .c0 = &non_null,
        .ldc0 = s->n,
        .epilogue = {.bias = s->bias ? &non_null : NULL, .act = s->act},
        .packed_b = is_prepacked ? &non_null : NULL,
    };
    if (args == NULL)
        return p;
    p.a = args->in[RIDGE_GEMM_A].data;
    p.b = is_prepacked ? NULL : args->in[RIDGE_GEMM_B].data;
    p.c = args->out[0].data;
    p.c0 = args->in[RIDGE_GEMM_C0].data;
    p.epilogue.bias = s->bias ? args->in[RIDGE_GEMM_BIAS].data : NULL;
    p.packed_b = is_prepacked ? args->packed : NULL;
    return p;
}

static struct ridge_sgemm_batch batch_of(const struct ridge_gemm_shape *s)
{
    return (struct ridge_sgemm_batch){.n = s->batch,
                                      .stride_a = ridge_gemm_stride_a(s),
                                      .stride_b = ridge_gemm_stride_b(s),
                                      .stride_c = ridge_gemm_stride_c(s),
                                      .stride_c0 = s->m * s->n};
}

static size_t scratch_bytes(const char *isa, const struct ridge_gemm_shape *s, int n_threads)
{
    const struct ridge_sgemm problem = problem_of(s, NULL);
    const struct ridge_sgemm_batch batch = batch_of(s);
    return ridge_sgemm_batch_scratch_bytes(ridge_sgemm_engine(isa), &problem, &batch, n_threads);
}

static enum ridge_status run(const char *isa, const struct ridge_kernel_args *args)
{
    const struct ridge_gemm_shape *s = args->shape;
    const struct ridge_sgemm problem = problem_of(s, args);
    const struct ridge_sgemm_batch batch = batch_of(s);
    ridge_sgemm_batch_run(ridge_sgemm_engine(isa), &problem, &batch, args->host, args->scratch);
    return RIDGE_OK;
}

static bool supports(const char *isa, const struct ridge_gemm_shape *s, char *reason, size_t n_reason)
{
    if (s->dtype == RIDGE_GEMM_F32)
        return ridge_kernels_cpu_supports(isa, reason, n_reason);
    (void)snprintf(reason, n_reason, "ridge's gemm for CPUs is f32 only");
    return false;
}

#define ENGINE_KERNEL(id, algorithm_name, isa_name)                                                \
    static bool id##_supports(const void *shape, int n_threads, char *reason, size_t n_reason)     \
    {                                                                                              \
        (void)n_threads;                                                                           \
        return supports(isa_name, shape, reason, n_reason);                                        \
    }                                                                                              \
    static size_t id##_packed_bytes(const void *shape, int n_threads)                              \
    {                                                                                              \
        (void)n_threads;                                                                           \
        return packed_bytes(isa_name, shape);                                                      \
    }                                                                                              \
    static enum ridge_status id##_pack(const struct ridge_kernel_args *args,                       \
                                       struct ridge_error *err)                                    \
    {                                                                                              \
        (void)err;                                                                                 \
        return pack(isa_name, args);                                                               \
    }                                                                                              \
    static size_t id##_scratch_bytes(const void *shape, int n_threads)                             \
    {                                                                                              \
        return scratch_bytes(isa_name, shape, n_threads);                                          \
    }                                                                                              \
    static enum ridge_status id##_run(const struct ridge_kernel_args *args)                        \
    {                                                                                              \
        return run(isa_name, args);                                                                \
    }                                                                                              \
    extern const struct ridge_kernel id;                                                           \
    const struct ridge_kernel id = {                                                               \
        .op = "gemm",                                                                              \
        .name = #id,                                                                               \
        .algorithm = algorithm_name,                                                               \
        .dtype = "f32",                                                                            \
        .isa = isa_name,                                                                           \
        .layout = "row",                                                                           \
        .supports = id##_supports,                                                                 \
        .packed_bytes = id##_packed_bytes,                                                         \
        .pack = id##_pack,                                                                         \
        .scratch_bytes = id##_scratch_bytes,                                                       \
        .run = id##_run,                                                                           \
    };

ENGINE_KERNEL(ridge_gemm_plain_f32_1x1__ref, "plain", "ref")
#ifdef RIDGE_KERNELS_X86
ENGINE_KERNEL(ridge_gemm_packed_f32_6x16__avx2, "packed", "avx2")
ENGINE_KERNEL(ridge_gemm_packed_f32_14x32__avx512, "packed", "avx512")
#endif
