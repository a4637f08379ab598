/* The Winograd and FFT kernels: rows of the table, each a struct ridge_conv_tiled. Baseline code. */
#include "conv/tiled.h"

#define TILED_KERNEL(id, isa_name, algorithm_id, algorithm_name, least, most, ...)                 \
    static const struct ridge_conv_tiled_variant *const id##_variants[] = {__VA_ARGS__, NULL};     \
    static const struct ridge_conv_tiled id##_tiled = {algorithm_id, isa_name, least, most, id##_variants}; \
    static bool id##_supports(const void *shape, int n_threads, char *reason, size_t n_reason)     \
    {                                                                                              \
        (void)n_threads;                                                                           \
        return ridge_conv_tiled_supports(&id##_tiled, shape, reason, n_reason);                    \
    }                                                                                              \
    static size_t id##_packed_bytes(const void *shape, int n_threads)                              \
    {                                                                                              \
        (void)n_threads;                                                                           \
        return ridge_conv_tiled_packed_bytes(&id##_tiled, shape);                                  \
    }                                                                                              \
    static enum ridge_status id##_pack(const struct ridge_kernel_args *args, struct ridge_error *err)  \
    {                                                                                              \
        return ridge_conv_tiled_pack(&id##_tiled, args, err);                                      \
    }                                                                                              \
    static size_t id##_scratch_bytes(const void *shape, int n_threads)                             \
    {                                                                                              \
        return ridge_conv_tiled_scratch_bytes(&id##_tiled, shape, n_threads);                      \
    }                                                                                              \
    static double id##_executed_flop(const void *shape)                                            \
    {                                                                                              \
        return ridge_conv_tiled_executed_flop(&id##_tiled, shape);                                 \
    }                                                                                              \
    static enum ridge_status id##_run(const struct ridge_kernel_args *args)                        \
    {                                                                                              \
        return ridge_conv_tiled_run(&id##_tiled, args);                                            \
    }                                                                                              \
    extern const struct ridge_kernel id;                                                           \
    const struct ridge_kernel id = {                                                               \
        .op = "conv",                                                                              \
        .name = #id,                                                                               \
        .algorithm = algorithm_name,                                                               \
        .dtype = "f32",                                                                            \
        .isa = isa_name,                                                                           \
        .layout = "nhwc, nchw, nchw16c",                                                           \
        .supports = id##_supports,                                                                 \
        .packed_bytes = id##_packed_bytes,                                                         \
        .pack = id##_pack,                                                                         \
        .scratch_bytes = id##_scratch_bytes,                                                       \
        .run = id##_run,                                                                           \
        .executed_flop = id##_executed_flop,                                                       \
    };

#define TILED_KERNELS(isa)                                                                         \
    TILED_KERNEL(ridge_conv_winograd2_f32__##isa, #isa, RIDGE_CONV_WINOGRAD2, "winograd2", 3, 3,   \
                 &ridge_conv_winograd2_variant__##isa)                                             \
    TILED_KERNEL(ridge_conv_winograd4_f32__##isa, #isa, RIDGE_CONV_WINOGRAD4, "winograd4", 3, 3,   \
                 &ridge_conv_winograd4_variant__##isa)                                             \
    TILED_KERNEL(ridge_conv_winograd6_f32__##isa, #isa, RIDGE_CONV_WINOGRAD6, "winograd6", 3, 3,   \
                 &ridge_conv_winograd6_variant__##isa)                                             \
    TILED_KERNEL(ridge_conv_fft_f32__##isa, #isa, RIDGE_CONV_FFT, "fft", 1, 24,                    \
                 &ridge_conv_fft16_variant__##isa, &ridge_conv_fft32_variant__##isa)

TILED_KERNELS(ref)
#ifdef RIDGE_KERNELS_X86
TILED_KERNELS(avx2)
TILED_KERNELS(avx512)
#endif
