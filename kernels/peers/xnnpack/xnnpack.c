/* XNNPACK, opened at run time.
 *
 * BSD-3; Debian package libxnnpack0 (February 2022). It packs weights when an operator is made, so it answers
 * weights=prepacked only. Newer versions take another interface (reshape + setup)and are refused in words. */
#include "common/dynlib.h"
#include "conv/conv.h"
#include "eltwise/eltwise.h"
#include "gemm/gemm.h"
#include "peers/xnnpack/xnnpack.h"
#include "pool/pool.h"
#include "softmax/softmax.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define HUGE_PAGE_BYTES ((size_t)2 << 20)

struct xnn_allocator { /* layout of the library's */
    void *context;
    void *(*allocate)(void *context, size_t size);
    void *(*reallocate)(void *context, void *p, size_t size);
    void (*deallocate)(void *context, void *p);
    void *(*aligned_allocate)(void *context, size_t alignment, size_t size);
    void (*aligned_deallocate)(void *context, void *p);
};

/* ---- its memory: huge pages asked for from 2 MiB up, as for Ridge's own packed weights. The library keeps the
 * first allocator that it is given for as long as it is loaded, so nothing here belongs to a handle. */
static uint64_t allocated_bytes; /* grows while an operator is made: what it packed */

static void *take(void *context, size_t alignment, size_t size)
{
    (void)context;
    void *p = NULL;
    const bool is_large = size >= HUGE_PAGE_BYTES;
    if (posix_memalign(&p, is_large ? HUGE_PAGE_BYTES : alignment, size) != 0)
        return NULL;
    if (is_large)
        (void)madvise(p, size, MADV_HUGEPAGE);
    allocated_bytes += size;
    return p;
}
static void *allocate(void *context, size_t size)
{
    return take(context, 64, size);
}
static void *reallocate(void *context, void *p, size_t size)
{
    (void)context;
    return realloc(p, size);
}
static void deallocate(void *context, void *p)
{
    (void)context;
    free(p);
}
static const struct xnn_allocator allocator = {NULL, allocate, reallocate, deallocate, take, deallocate};

static void xnnpack_close(void *library)
{
    struct xnnpack *lib = library;
    if (lib == NULL)
        return;
    if (lib->pool != NULL)
        lib->pool_destroy(lib->pool);
    if (lib->is_initialized)
        (void)lib->deinitialize();
    ridge_dynlib_close(lib->handle);
    free(lib);
}

static enum ridge_status find_symbols(struct xnnpack *lib, struct ridge_error *err)
{
    const struct ridge_dynlib_symbol newer[] = {{"xnn_reshape_convolution2d_nhwc_f32", &lib->conv_setup}};
    const struct ridge_dynlib_symbol rows[] = {
        {"xnn_initialize", &lib->initialize},
        {"xnn_deinitialize", &lib->deinitialize},
        {"xnn_run_operator", &lib->run},
        {"xnn_delete_operator", &lib->destroy},
        {"pthreadpool_create", &lib->pool_create},
        {"pthreadpool_destroy", &lib->pool_destroy},
        {"xnn_create_fully_connected_nc_f32", &lib->fc_create},
        {"xnn_setup_fully_connected_nc_f32", &lib->fc_setup},
        {"xnn_create_convolution2d_nhwc_f32", &lib->conv_create},
        {"xnn_setup_convolution2d_nhwc_f32", &lib->conv_setup},
        {"xnn_create_max_pooling2d_nhwc_f32", &lib->max_pool_create},
        {"xnn_setup_max_pooling2d_nhwc_f32", &lib->max_pool_setup},
        {"xnn_create_average_pooling2d_nhwc_f32", &lib->mean_pool_create},
        {"xnn_setup_average_pooling2d_nhwc_f32", &lib->mean_pool_setup},
        {"xnn_create_global_average_pooling_nwc_f32", &lib->global_create},
        {"xnn_setup_global_average_pooling_nwc_f32", &lib->global_setup},
        {"xnn_create_softmax_nc_f32", &lib->softmax_create},
        {"xnn_setup_softmax_nc_f32", &lib->softmax_setup},
        {"xnn_create_clamp_nc_f32", &lib->clamp_create},
        {"xnn_setup_clamp_nc_f32", &lib->clamp_setup},
        {"xnn_create_add_nd_f32", &lib->binary_create[0]},
        {"xnn_setup_add_nd_f32", &lib->binary_setup[0]},
        {"xnn_create_multiply_nd_f32", &lib->binary_create[1]},
        {"xnn_setup_multiply_nd_f32", &lib->binary_setup[1]},
    };
    if (ridge_dynlib_symbols(lib->handle, newer, 1, NULL) == RIDGE_OK)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "xnnpack", "this XNNPACK has the interface of 2023 and later "
                          "(reshape); known here is that of 2022, Debian: apt install libxnnpack0");
    return ridge_dynlib_symbols(lib->handle, rows, sizeof rows / sizeof rows[0], err);
}

static enum ridge_status xnnpack_open(const char *path, int n_threads, void **library,
                                      struct ridge_library_info *info, struct ridge_error *err)
{
    static const char *const names[] = {"libXNNPACK.so.0", "libXNNPACK.so", NULL};
    struct xnnpack *lib = calloc(1, sizeof *lib);
    if (lib == NULL)
        return ridge_fail(err, RIDGE_ERR_NOMEM, "xnnpack", "out of memory");
    enum ridge_status rc =
        ridge_dynlib_open(path, names, "Debian: apt install libxnnpack0", &lib->handle, err);
    if (rc == RIDGE_OK)
        rc = find_symbols(lib, err);
    if (rc != RIDGE_OK)
        goto out;
    lib->is_initialized = lib->initialize(&allocator) == 0;
    if (lib->is_initialized && n_threads > 1)
        lib->pool = lib->pool_create((size_t)n_threads);
    if (!lib->is_initialized || (n_threads > 1 && lib->pool == NULL)) {
        rc = ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "xnnpack", "xnn_initialize refuses this CPU, or no thread pool");
        goto out;
    }
    (void)snprintf(info->version, sizeof info->version, "XNNPACK (its library carries no version)");
    (void)snprintf(info->threading, sizeof info->threading, n_threads > 1 ? "pthreadpool_create(%d)" : "no pool (%d)",
                   n_threads);
    ridge_dynlib_file(*(void **)(void *)&lib->initialize, info->path, sizeof info->path);
    *library = lib;
    return RIDGE_OK;
out:
    xnnpack_close(lib);
    return rc;
}

/* ---- every operator: the state is the library's operator */
void ridge_xnn_release(void *library, void *state)
{
    const struct xnnpack *lib = library;
    (void)lib->destroy(state);
}

enum ridge_status ridge_xnn_run(const struct ridge_kernel_args *args)
{
    const struct xnnpack *lib = args->library;
    return lib->run(args->state, lib->pool) == 0 ? RIDGE_OK : RIDGE_ERR_INTERNAL;
}

uint64_t ridge_xnn_allocated_bytes(void)
{
    return allocated_bytes;
}

enum ridge_status ridge_xnn_finish(const struct xnnpack *lib, int rc, xnn_handle op, uint64_t bytes_before,
                                   struct ridge_kernel_prepared *out, struct ridge_error *err)
{
    if (rc != 0) {
        if (op != NULL)
            (void)lib->destroy(op);
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "xnnpack", "XNNPACK declines this problem (xnn_status %d)", rc);
    }
    out->state = op;
    out->packed_bytes = allocated_bytes - bytes_before;
    return RIDGE_OK;
}

static const struct ridge_kernel *const *kernels(size_t *n)
{
    static const struct ridge_kernel *const all[] = {&ridge_xnn_fully_connected, &ridge_xnn_convolution, &ridge_xnn_pool,
                                                     &ridge_xnn_softmax, &ridge_xnn_eltwise};
    *n = sizeof all / sizeof all[0];
    return all;
}

static const struct ridge_operator *const operators[] = {&ridge_gemm_operator,    &ridge_conv_operator,
                                                         &ridge_pool_operator,    &ridge_softmax_operator,
                                                         &ridge_eltwise_operator, NULL};

const struct ridge_kernel_library ridge_kernel_library = {
    .name = "xnnpack",
    .doc = "XNNPACK: fully connected, NHWC convolution, pooling, softmax, element-wise",
    .operators = operators,
    .kernels = kernels,
    .open = xnnpack_open,
    .close = xnnpack_close,
};
