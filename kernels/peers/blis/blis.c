/* BLIS, opened at run time: cblas_sgemm. BSD licence; Debian package libblis4-pthread. */
#include "peers/core_note.h"
#include "peers/gemm_peer.h"
#include "common/dynlib.h"
#include "common/library.h"

#include <stdlib.h>

struct blis {
    void *handle;
    ridge_cblas_sgemm_fn *sgemm;
    void (*init)(void);
    void (*set_num_threads)(int64_t);
    const char *(*version)(void);
    int (*arch_id)(void);
    const char *(*arch_string)(int);
};

/* BLIS 0.9 knows no AVX-512 kernels for AMD and answers zen3 there. */
static void note_core(const struct blis *lib, struct ridge_library_info *info)
{
    static const struct ridge_peer_core cores[] = {
        {"skx", "avx512"}, {"knl", "avx512"}, {"zen4", "avx512"}, {"zen5", "avx512"},
        {"zen3", "avx2"},  {"zen2", "avx2"},  {"zen", "avx2"},    {"haswell", "avx2"},
    };
    ridge_peer_core_note(cores, sizeof cores / sizeof cores[0], lib->arch_string(lib->arch_id()),
                         "BLIS_ARCH_TYPE=0 in an arm's env takes its skx kernels, not always faster", "BLIS_ARCH_TYPE chooses others",
                         info->note, sizeof info->note);
}

static void blis_close(void *library)
{
    struct blis *lib = library;
    if (lib != NULL)
        ridge_dynlib_close(lib->handle);
    free(lib);
}

static enum ridge_status blis_open(const char *path, int n_threads, void **library,
                                   struct ridge_library_info *info, struct ridge_error *err)
{
    static const char *const names[] = {"libblis.so.4", "libblis.so", "libblis-mt.so.5", NULL};
    struct blis *lib = calloc(1, sizeof *lib);
    if (lib == NULL)
        return ridge_fail(err, RIDGE_ERR_NOMEM, "blis", "out of memory");
    enum ridge_status rc =
        ridge_dynlib_open(path, names, "Debian: apt install libblis4-pthread", &lib->handle, err);
    if (rc != RIDGE_OK)
        goto out;
    const struct ridge_dynlib_symbol symbols[] = {
        {"cblas_sgemm", &lib->sgemm},
        {"bli_init", &lib->init},
        {"bli_thread_set_num_threads", &lib->set_num_threads},
        {"bli_info_get_version_str", &lib->version},
        {"bli_arch_query_id", &lib->arch_id},
        {"bli_arch_string", &lib->arch_string},
    };
    rc = ridge_dynlib_symbols(lib->handle, symbols, sizeof symbols / sizeof symbols[0], err);
    if (rc != RIDGE_OK)
        goto out;
    lib->init(); /* bli_arch_query_id aborts before it where BLIS_ARCH_TYPE is set (0.9) */
    lib->set_num_threads(n_threads);
    note_core(lib, info);
    (void)snprintf(info->version, sizeof info->version, "BLIS %s, %s kernels", lib->version(),
                   lib->arch_string(lib->arch_id()));
    (void)snprintf(info->threading, sizeof info->threading, "bli_thread_set_num_threads(%d)", n_threads);
    ridge_dynlib_file(*(void **)(void *)&lib->sgemm, info->path, sizeof info->path);
    *library = lib;
    return RIDGE_OK;
out:
    blis_close(lib);
    return rc;
}

static enum ridge_status blis_sgemm_run(const struct ridge_kernel_args *args)
{
    const struct blis *lib = args->library;
    ridge_cblas_run(lib->sgemm, args);
    return RIDGE_OK;
}

static const struct ridge_kernel blis_sgemm = {
    .op = "gemm", .name = "cblas_sgemm", .algorithm = "packed", .dtype = "f32", .isa = "library",
    .layout = "row", .supports = ridge_blas_supports, .run = blis_sgemm_run,
};

static const struct ridge_kernel *const *blis_kernels(size_t *n)
{
    static const struct ridge_kernel *const kernels[] = {&blis_sgemm};
    *n = 1;
    return kernels;
}

static const struct ridge_operator *const blis_operators[] = {&ridge_gemm_operator, NULL};

const struct ridge_kernel_library ridge_kernel_library = {
    .name = "blis",
    .doc = "BLIS through cblas_sgemm",
    .operators = blis_operators,
    .kernels = blis_kernels,
    .open = blis_open,
    .close = blis_close,
};
