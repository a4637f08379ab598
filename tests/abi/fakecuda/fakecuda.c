/* Stands in for NVIDIA's driver: the part of libcuda.so.1 that runners/cuda asks for, on host memory.
 *
 * "Device" addresses are host pointers with the top bit set, so that a host access faults. A launch computes the
 * product at once, with plain loops; an event is ready at its second query. It proves the runner (addresses, copies,
 * arguments, order of completions), not the GPU code. */
#include "abi/status.h"
#include "common/half.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { OK = 0, INVALID = 1, NOT_READY = 600, N_FUNCTIONS = 3 };
#define DEVICE_BIT (UINT64_C(1) << 63)

struct event {
    double ms;
    int n_queries;
};
static const char *const function_names[N_FUNCTIONS] = {"ridge_gemm_f32_simt", "ridge_gemm_f16_wmma",
                                                        "ridge_gemm_bf16_wmma"};
static int object; /* what context, stream and module point at */

static void *host_of(uint64_t address)
{
    return (void *)(uintptr_t)(address & ~DEVICE_BIT);
}

#define DRIVER(name, ...)                                                                          \
    RIDGE_EXPORT int name(__VA_ARGS__);                                                            \
    int name(__VA_ARGS__)

DRIVER(cuInit, unsigned flags)
{
    return flags == 0 ? OK : INVALID;
}
DRIVER(cuDriverGetVersion, int *version)
{
    *version = 13000;
    return OK;
}
DRIVER(cuDeviceGetCount, int *n)
{
    *n = 1;
    return OK;
}
DRIVER(cuDeviceGet, int *device, int ordinal)
{
    *device = ordinal;
    return OK;
}
DRIVER(cuDeviceGetName, char *name, int n_name, int device)
{
    (void)snprintf(name, (size_t)n_name, "fake GPU %d", device);
    return OK;
}
DRIVER(cuDeviceGetAttribute, int *value, int attribute, int device)
{
    *value = attribute == 75 ? 9 : attribute == 76 ? 0 : 1000000;
    return device == 0 ? OK : INVALID;
}
DRIVER(cuDevicePrimaryCtxRetain, void **context, int device)
{
    *context = &object;
    return device;
}
DRIVER(cuDevicePrimaryCtxRelease_v2, int device)
{
    return device;
}
DRIVER(cuCtxSetCurrent, void *context)
{
    return context == &object ? OK : INVALID;
}
DRIVER(cuMemAlloc_v2, uint64_t *address, size_t n_bytes)
{
    void *p = n_bytes > 0 ? aligned_alloc(256, (n_bytes + 255) / 256 * 256) : NULL;
    *address = (uint64_t)(uintptr_t)p | DEVICE_BIT;
    return p != NULL ? OK : INVALID;
}
DRIVER(cuMemFree_v2, uint64_t address)
{
    free(host_of(address));
    return OK;
}
DRIVER(cuMemcpyHtoD_v2, uint64_t to, const void *from, size_t n_bytes)
{
    memcpy(host_of(to), from, n_bytes);
    return (to & DEVICE_BIT) != 0 ? OK : INVALID;
}
DRIVER(cuMemcpyDtoH_v2, void *to, uint64_t from, size_t n_bytes)
{
    memcpy(to, host_of(from), n_bytes);
    return (from & DEVICE_BIT) != 0 ? OK : INVALID;
}
DRIVER(cuStreamCreate, void **stream, unsigned flags)
{
    *stream = &object;
    return flags == 1 ? OK : INVALID;
}
DRIVER(cuStreamDestroy_v2, void *stream)
{
    return stream == &object ? OK : INVALID;
}
DRIVER(cuStreamSynchronize, void *stream)
{
    return stream == &object ? OK : INVALID;
}
DRIVER(cuEventCreate, struct event **event, unsigned flags)
{
    *event = flags == 0 ? calloc(1, sizeof **event) : NULL;
    return *event != NULL ? OK : INVALID;
}
DRIVER(cuEventDestroy_v2, struct event *event)
{
    free(event);
    return OK;
}
DRIVER(cuEventRecord, struct event *event, void *stream)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    *event = (struct event){.ms = (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6};
    return stream == &object ? OK : INVALID;
}
DRIVER(cuEventQuery, struct event *event)
{
    return event->n_queries++ > 0 ? OK : NOT_READY;
}
DRIVER(cuEventElapsedTime, float *ms, const struct event *begin, const struct event *end)
{
    *ms = (float)(end->ms - begin->ms);
    return OK;
}
DRIVER(cuModuleLoadData, void **module, const void *image)
{
    static const unsigned char fatbin[] = {0x50, 0xed, 0x55, 0xba}; /* the fatbinary's first bytes */
    *module = &object;
    return memcmp(image, fatbin, sizeof fatbin) == 0 ? OK : INVALID;
}
DRIVER(cuModuleUnload, void *module)
{
    return module == &object ? OK : INVALID;
}
DRIVER(cuModuleGetFunction, const char *const **function, void *module, const char *name)
{
    for (int i = 0; i < N_FUNCTIONS; i++)
        if (strcmp(function_names[i], name) == 0) {
            *function = &function_names[i];
            return module == &object ? OK : INVALID;
        }
    return INVALID;
}
DRIVER(cuGetErrorString, int error, const char **text)
{
    *text = error == OK ? "no error" : "the fake driver was given something wrong";
    return OK;
}

static float element(const void *x, int64_t i, int64_t kind)
{
    if (kind == 0)
        return ((const float *)x)[i];
    const uint16_t h = ((const uint16_t *)x)[i];
    return kind == 1 ? ridge_kernels_f16_to_f32(h) : ridge_kernels_bf16_to_f32(h);
}

static void store(void *x, int64_t i, int64_t kind, float value)
{
    if (kind == 0)
        ((float *)x)[i] = value;
    else
        ((uint16_t *)x)[i] = kind == 1 ? ridge_kernels_f16_of(value) : ridge_kernels_bf16_of(value);
}

DRIVER(cuLaunchKernel, const char *const *function, unsigned gx, unsigned gy, unsigned gz, unsigned bx, unsigned by,
       unsigned bz, unsigned shared_bytes, void *stream, void **args, void **extra)
{
    uint64_t at[3];
    int64_t size[3]; /* m, n, k */
    for (int i = 0; i < 3; i++) {
        memcpy(&at[i], args[i], sizeof at[i]);
        memcpy(&size[i], args[3 + i], sizeof size[i]);
    }
    const int64_t kind = function - function_names, m = size[0], n = size[1], k = size[2];
    const bool is_good = bx == 256 && by * bz * gz == 1 && shared_bytes == 0 && stream == &object && extra == NULL &&
                         (int64_t)gx == (m + 127) / 128 && (int64_t)gy == (n + 127) / 128;
    const void *a = host_of(at[0]), *b = host_of(at[1]);
    for (int64_t i = 0; is_good && i < m; i++)
        for (int64_t j = 0; j < n; j++) {
            float sum = 0;
            for (int64_t q = 0; q < k; q++)
                sum += element(a, i * k + q, kind) * element(b, q * n + j, kind);
            store(host_of(at[2]), i * n + j, kind, sum);
        }
    return is_good ? OK : INVALID;
}
