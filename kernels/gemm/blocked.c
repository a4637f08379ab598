/* The blocked kernels' rows: each is the driver with one ISA's tiles. Compiled with baseline flags,
 * since supports() runs before anything is known of the CPU. */
#include "common/cpu.h"
#include "gemm/driver.h"

#define BLOCKED_KERNEL(id, set, isa_name)                                                          \
    static bool id##_supports(const void *shape, int n_threads, char *reason, size_t n_reason)     \
    {                                                                                              \
        (void)shape;                                                                               \
        (void)n_threads;                                                                           \
        return ridge_kernels_cpu_supports(isa_name, reason, n_reason);                             \
    }                                                                                              \
    static size_t id##_packed_bytes(const void *shape, int n_threads)                              \
    {                                                                                              \
        (void)n_threads;                                                                           \
        return ridge_gemm_driver_packed_bytes(&(set), shape);                                      \
    }                                                                                              \
    static enum ridge_status id##_pack(const struct ridge_kernel_args *args,                        \
                                       struct ridge_error *err)                                     \
    {                                                                                              \
        (void)err;                                                                                 \
        ridge_gemm_driver_pack(&(set), args->shape, args->in[1].data, args->packed);               \
        return RIDGE_OK;                                                                           \
    }                                                                                              \
    static size_t id##_scratch_bytes(const void *shape, int n_threads)                             \
    {                                                                                              \
        return ridge_gemm_driver_scratch_bytes(&(set), shape, n_threads);                          \
    }                                                                                              \
    static enum ridge_status id##_run(const struct ridge_kernel_args *args)                        \
    {                                                                                              \
        return ridge_gemm_driver_run(&(set), args);                                                \
    }                                                                                              \
    extern const struct ridge_kernel id;                                                           \
    const struct ridge_kernel id = {                                                               \
        .op = "gemm",                                                                              \
        .name = #id,                                                                               \
        .algorithm = "packed",                                                                     \
        .dtype = "f32",                                                                            \
        .isa = isa_name,                                                                           \
        .layout = "row",                                                                           \
        .supports = id##_supports,                                                                 \
        .packed_bytes = id##_packed_bytes,                                                         \
        .pack = id##_pack,                                                                         \
        .scratch_bytes = id##_scratch_bytes,                                                       \
        .run = id##_run,                                                                           \
    };

#ifdef RIDGE_KERNELS_X86
BLOCKED_KERNEL(ridge_gemm_packed_f32_6x16__avx2, ridge_gemm_micro_set_avx2, "avx2")
BLOCKED_KERNEL(ridge_gemm_packed_f32_14x32__avx512, ridge_gemm_micro_set_avx512, "avx512")
#endif
