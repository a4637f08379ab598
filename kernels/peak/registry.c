#include "common/cpu.h"
#include "peak/loops.h"
#include "peak/run.h"

#define RIDGE_PEAK_KERNEL(id, loops, isa_name)                                                     \
    static bool id##_supports(const void *shape, int n_threads, char *reason, size_t n_reason)     \
    {                                                                                              \
        (void)shape;                                                                               \
        (void)n_threads;                                                                           \
        return ridge_kernels_cpu_supports(isa_name, reason, n_reason);                             \
    }                                                                                              \
    static enum ridge_status id##_run(const struct ridge_kernel_args *args)                        \
    {                                                                                              \
        return ridge_peak_run(&(loops), args);                                                     \
    }                                                                                              \
    static const struct ridge_kernel id = {                                                        \
        .op = "peak",                                                                              \
        .name = #id,                                                                               \
        .algorithm = "loops",                                                                      \
        .dtype = "f32",                                                                            \
        .isa = isa_name,                                                                           \
        .layout = "row",                                                                           \
        .supports = id##_supports,                                                                 \
        .run = id##_run,                                                                           \
    };
#include "peak/list.inc"
#undef RIDGE_PEAK_KERNEL

#define RIDGE_PEAK_KERNEL(id, loops, isa_name) &(id),
static const struct ridge_kernel *const kernels[] = {
#include "peak/list.inc"
};
#undef RIDGE_PEAK_KERNEL

const struct ridge_kernel *const *ridge_peak_kernels(size_t *n_kernels)
{
    *n_kernels = sizeof kernels / sizeof kernels[0];
    return kernels;
}
