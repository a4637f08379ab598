/* Backend `cuda`: Ridge's own GPU kernels, embedded as a fatbinary (kernels/cuda). */
#include "cuda/cuda_library.h"
#include "cuda/image.h"

#include <limits.h>
#include <stdlib.h>

enum { TILE = 128, BLOCK_THREADS = 256, MAX_GRID_Y = 65535 };

struct own {
    const struct cuda_driver *driver;
    cuda_handle module, function;
    int64_t m, n, k;
};

static const char *const function_names[] = {
    [RIDGE_GEMM_F32] = "ridge_gemm_f32_simt",
    [RIDGE_GEMM_F16] = "ridge_gemm_f16_wmma",
    [RIDGE_GEMM_BF16] = "ridge_gemm_bf16_wmma",
};

static enum ridge_status present(const char *library_path, struct ridge_error *err)
{
    (void)library_path;
    if (ridge_cuda_image() != NULL)
        return RIDGE_OK;
    return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "cuda", "built without CUDA: CMake found no nvcc; install the CUDA "
                      "toolkit, then configure and build again");
}

static void own_close(void *library)
{
    struct own *o = library;
    if (o->module != NULL)
        (void)o->driver->module_unload(o->module);
    free(o);
}

static enum ridge_status own_open(const struct cuda_driver *driver, const char *library_path, void **library,
                                  char *version, size_t n_version, struct ridge_error *err)
{
    (void)library_path;
    struct own *o = calloc(1, sizeof *o);
    if (o == NULL)
        return ridge_fail(err, RIDGE_ERR_NOMEM, "cuda", "out of memory");
    o->driver = driver;
    const int code = driver->module_load(&o->module, ridge_cuda_image());
    if (code != 0) {
        free(o);
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "cuda", "the driver does not take this build's GPU code: %s",
                          ridge_cuda_text(driver, code));
    }
    (void)snprintf(version, n_version, "%s", "");
    *library = o;
    return RIDGE_OK;
}

static enum ridge_status own_load(void *library, struct cuda_case *c, struct ridge_error *err)
{
    struct own *o = library;
    const struct ridge_gemm_shape *s = c->shape;
    o->m = s->m;
    o->n = s->n;
    o->k = s->k;
    if (s->m > (int64_t)INT_MAX * TILE || s->n > (int64_t)MAX_GRID_Y * TILE)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "cuda", "n is beyond the %d x %d columns of one grid",
                          (int)MAX_GRID_Y, (int)TILE);
    const char *name = function_names[s->dtype];
    const int code = c->driver->module_function(&o->function, o->module, name);
    if (code != 0)
        return ridge_fail(err, RIDGE_ERR_INTERNAL, "cuda", "no function %s in the GPU code: %s", name,
                          ridge_cuda_text(c->driver, code));
    (void)snprintf(c->kernel, sizeof c->kernel, "%s (128x128 tiles)", name);
    return RIDGE_OK;
}

static void own_unload(void *library)
{
    (void)library; /* functions belong to the module */
}

static enum ridge_status own_launch(void *library, const struct cuda_gemm *set, struct ridge_error *err)
{
    struct own *o = library;
    cuda_address a = set->a, b = set->b, c = set->c;
    void *args[] = {&a, &b, &c, &o->m, &o->n, &o->k};
    const unsigned rows = (unsigned)((o->m + TILE - 1) / TILE), columns = (unsigned)((o->n + TILE - 1) / TILE);
    if (rows == 0 || columns == 0)
        return RIDGE_OK;
    const int code = o->driver->launch(o->function, rows, columns, 1, BLOCK_THREADS, 1, 1, 0, o->driver->stream, args,
                                       NULL);
    return code == 0 ? RIDGE_OK : ridge_fail(err, RIDGE_ERR_INTERNAL, "cuda", "launch: %s",
                                             ridge_cuda_text(o->driver, code));
}

static const struct ridge_kernel_row rows[] = {
    {"gemm", "ridge_gemm_f32_simt", "tiled", "f32", "sm_80", "row"},
    {"gemm", "ridge_gemm_f16_wmma", "tiled", "f16", "sm_80", "row"},
    {"gemm", "ridge_gemm_bf16_wmma", "tiled", "bf16", "sm_80", "row"},
};

const struct ridge_cuda_library ridge_cuda_library = {
    .name = "cuda",
    .doc = "Ridge's own GPU kernels through NVIDIA's driver API",
    .kernels = rows,
    .n_kernels = sizeof rows / sizeof rows[0],
    .present = present,
    .open = own_open,
    .close = own_close,
    .load = own_load,
    .unload = own_unload,
    .launch = own_launch,
};
