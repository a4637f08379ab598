/* oneDNN, opened at run time: dnnl_sgemm (weights as given). Apache-2.0; Debian package libdnnl2.
 * Source of the signature: oneDNN 2.6 developer guide, "BLAS functions"; dnnl_sgemm is row-major. */
#include "peers/cblas_peer.h"
#include "common/dynlib.h"
#include "common/library.h"

#include <stdlib.h>

struct onednn_version { /* layout of dnnl_version_t in 2.x and 3.x */
    int major, minor, patch;
    const char *hash;
    unsigned cpu_runtime, gpu_runtime;
};

struct onednn {
    void *handle;
    int (*sgemm)(char, char, int64_t, int64_t, int64_t, float, const float *, int64_t, const float *, int64_t,
                 float, float *, int64_t);
    const struct onednn_version *(*version)(void);
    void (*omp_set_num_threads)(int); /* of the OpenMP runtime that the library brought along */
};

static void onednn_close(void *library)
{
    struct onednn *lib = library;
    if (lib != NULL)
        ridge_dynlib_close(lib->handle);
    free(lib);
}

static enum ridge_status onednn_open(const char *path, int n_threads, void **library,
                                     struct ridge_library_info *info, struct ridge_error *err)
{
    static const char *const names[] = {"libdnnl.so.2", "libdnnl.so.3", "libdnnl.so", NULL};
    struct onednn *lib = calloc(1, sizeof *lib);
    if (lib == NULL)
        return ridge_fail(err, RIDGE_ERR_NOMEM, "onednn", "out of memory");
    enum ridge_status rc = ridge_dynlib_open(path, names, "Debian: apt install libdnnl2", &lib->handle, err);
    if (rc != RIDGE_OK)
        goto out;
    const struct ridge_dynlib_symbol symbols[] = {
        {"dnnl_sgemm", &lib->sgemm},
        {"dnnl_version", &lib->version},
        {"omp_set_num_threads", &lib->omp_set_num_threads},
    };
    rc = ridge_dynlib_symbols(lib->handle, symbols, sizeof symbols / sizeof symbols[0], err);
    if (rc != RIDGE_OK)
        goto out;
    lib->omp_set_num_threads(n_threads);
    const struct onednn_version *v = lib->version();
    (void)snprintf(info->version, sizeof info->version, "oneDNN %d.%d.%d %.12s", v->major, v->minor, v->patch,
                   v->hash != NULL ? v->hash : "");
    (void)snprintf(info->threading, sizeof info->threading, "omp_set_num_threads(%d)", n_threads);
    ridge_dynlib_file(*(void **)(void *)&lib->sgemm, info->path, sizeof info->path);
    *library = lib;
    return RIDGE_OK;
out:
    onednn_close(lib);
    return rc;
}

static bool onednn_supports(const void *shape, int n_threads, char *reason, size_t n_reason)
{
    const struct ridge_gemm_shape *s = shape;
    (void)n_threads;
    if (s->weights == RIDGE_GEMM_GIVEN)
        return true;
    (void)snprintf(reason, n_reason, "dnnl_sgemm takes weights as given only, not weights=prepacked");
    return false;
}

static enum ridge_status onednn_sgemm_run(const struct ridge_kernel_args *args)
{
    const struct onednn *lib = args->library;
    const struct ridge_gemm_shape *s = args->shape;
    const int64_t lda = s->k > 0 ? s->k : 1, ldb = s->n > 0 ? s->n : 1;
    const int rc = lib->sgemm('N', 'N', s->m, s->n, s->k, 1.0f, args->in[0].data, lda, args->in[1].data, ldb,
                              0.0f, args->out[0].data, ldb);
    return rc == 0 ? RIDGE_OK : RIDGE_ERR_INTERNAL;
}

static const struct ridge_kernel onednn_sgemm = {
    .op = "gemm", .name = "dnnl_sgemm", .algorithm = "packed", .dtype = "f32", .isa = "library",
    .layout = "row", .supports = onednn_supports, .run = onednn_sgemm_run,
};

static const struct ridge_kernel *const *onednn_kernels(size_t *n)
{
    static const struct ridge_kernel *const kernels[] = {&onednn_sgemm};
    *n = 1;
    return kernels;
}

static const struct ridge_operator *const onednn_operators[] = {&ridge_gemm_operator, NULL};

const struct ridge_kernel_library ridge_kernel_library = {
    .name = "onednn",
    .doc = "oneDNN through dnnl_sgemm",
    .operators = onednn_operators,
    .kernels = onednn_kernels,
    .open = onednn_open,
    .close = onednn_close,
};
