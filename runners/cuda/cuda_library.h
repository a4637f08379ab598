/* What a CUDA plug-in supplies: a way to enqueue one gemm. cuda_runner.c turns it into a backend.
 *
 * Each plug-in defines one `ridge_cuda_library`. Sizes and addresses are plain; nothing is allocated in
 * launch(). Thread rule: all hooks from the thread that runs the case.
 */
#ifndef RIDGE_RUNNERS_CUDA_LIBRARY_H
#define RIDGE_RUNNERS_CUDA_LIBRARY_H

#include "abi/runner.h"
#include "cuda/driver.h"
#include "gemm/gemm.h"

struct cuda_gemm { /* addresses of one input set */
    cuda_address a, b, c;
};

struct cuda_case { /* what a loaded problem is to the library */
    const struct cuda_driver *driver;
    const struct ridge_gemm_shape *shape;
    char kernel[128];          /* filled by load(): what was chosen */
    uint64_t workspace_bytes;  /* filled by load() */
};

struct ridge_cuda_library {
    const char *name, *doc;
    const struct ridge_kernel_row *kernels;
    size_t n_kernels;
    bool takes_library_path; /* a label's path names this library; else the driver */
    /* Cheap and without a GPU: is the code or the library there. NULL: always. */
    enum ridge_status (*present)(const char *library_path, struct ridge_error *err);
    enum ridge_status (*open)(const struct cuda_driver *driver, const char *library_path, void **library,
                              char *version, size_t n_version, struct ridge_error *err);
    void (*close)(void *library);
    enum ridge_status (*load)(void *library, struct cuda_case *c, struct ridge_error *err);
    void (*unload)(void *library);
    /* Enqueues C = A * B on the driver's stream. */
    enum ridge_status (*launch)(void *library, const struct cuda_gemm *set, struct ridge_error *err);
};

extern const struct ridge_cuda_library ridge_cuda_library;

#endif
