/* OpenBLAS, opened at run time: cblas_sgemm. BSD licence; Debian package libopenblas0-pthread. */
#include "peers/cblas_peer.h"
#include "common/dynlib.h"
#include "common/library.h"

#include <stdlib.h>

struct openblas {
    void *handle;
    ridge_cblas_sgemm_fn *sgemm;
    void (*set_num_threads)(int);
    char *(*get_config)(void);
    char *(*get_corename)(void);
};

static void openblas_close(void *library)
{
    struct openblas *lib = library;
    if (lib != NULL)
        ridge_dynlib_close(lib->handle);
    free(lib);
}

static enum ridge_status openblas_open(const char *path, int n_threads, void **library,
                                       struct ridge_library_info *info, struct ridge_error *err)
{
    static const char *const names[] = {"libopenblas.so.0", "libopenblas.so", NULL};
    struct openblas *lib = calloc(1, sizeof *lib);
    if (lib == NULL)
        return ridge_fail(err, RIDGE_ERR_NOMEM, "openblas", "out of memory");
    enum ridge_status rc = ridge_dynlib_open(path, names, "Debian: apt install libopenblas0-pthread",
                                             &lib->handle, err);
    if (rc != RIDGE_OK)
        goto out;
    const struct ridge_dynlib_symbol symbols[] = {
        {"cblas_sgemm", &lib->sgemm},
        {"openblas_set_num_threads", &lib->set_num_threads},
        {"openblas_get_config", &lib->get_config},
        {"openblas_get_corename", &lib->get_corename},
    };
    /* The scipy-openblas wheels prefix every name. */
    const struct ridge_dynlib_symbol wheel[] = {
        {"scipy_cblas_sgemm", &lib->sgemm},
        {"scipy_openblas_set_num_threads", &lib->set_num_threads},
        {"scipy_openblas_get_config", &lib->get_config},
        {"scipy_openblas_get_corename", &lib->get_corename},
    };
    if (ridge_dynlib_symbols(lib->handle, symbols, 4, NULL) != RIDGE_OK) {
        rc = ridge_dynlib_symbols(lib->handle, wheel, 4, err);
        if (rc != RIDGE_OK)
            goto out;
    }
    lib->set_num_threads(n_threads);
    (void)snprintf(info->version, sizeof info->version, "%s, core %s", lib->get_config(), lib->get_corename());
    (void)snprintf(info->threading, sizeof info->threading, "openblas_set_num_threads(%d)", n_threads);
    ridge_dynlib_file(*(void **)(void *)&lib->sgemm, info->path, sizeof info->path);
    *library = lib;
    return RIDGE_OK;
out:
    openblas_close(lib);
    return rc;
}

static enum ridge_status openblas_sgemm_run(const struct ridge_kernel_args *args)
{
    const struct openblas *lib = args->library;
    ridge_cblas_run(lib->sgemm, args);
    return RIDGE_OK;
}

static const struct ridge_kernel openblas_sgemm = {
    .op = "gemm", .name = "cblas_sgemm", .algorithm = "packed", .dtype = "f32", .isa = "library",
    .layout = "row", .supports = ridge_blas_supports, .run = openblas_sgemm_run,
};

static const struct ridge_kernel *const *openblas_kernels(size_t *n)
{
    static const struct ridge_kernel *const kernels[] = {&openblas_sgemm};
    *n = 1;
    return kernels;
}

static const struct ridge_operator *const openblas_operators[] = {&ridge_gemm_operator, NULL};

const struct ridge_kernel_library ridge_kernel_library = {
    .name = "openblas",
    .doc = "OpenBLAS through cblas_sgemm",
    .operators = openblas_operators,
    .kernels = openblas_kernels,
    .open = openblas_open,
    .close = openblas_close,
};
