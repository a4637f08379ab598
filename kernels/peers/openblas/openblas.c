/* OpenBLAS, opened at run time: cblas_sgemm. BSD licence; Debian package libopenblas0-pthread. */
#include "peers/core_note.h"
#include "peers/gemm_peer.h"
#include "transpose/transpose.h"
#include "common/dynlib.h"
#include "common/library.h"

#include <stdlib.h>

struct openblas {
    void *handle;
    ridge_cblas_sgemm_fn *sgemm;
    void (*set_num_threads)(int);
    char *(*get_config)(void);
    char *(*get_corename)(void);
    void (*omatcopy)(int order, int trans, int rows, int columns, float alpha, const float *a, int lda, float *b,
                     int ldb);
};

/* OpenBLAS 0.3.21 falls back to Prescott (SSE3) on a CPU that its table does not know. */
static void note_core(const struct openblas *lib, struct ridge_library_info *info)
{
    static const struct ridge_peer_core cores[] = {
        {"SkylakeX", "avx512"}, {"Cooperlake", "avx512"}, {"SapphireRapids", "avx512"},
        {"Haswell", "avx2"}, {"Zen", "avx2"}, {"Excavator", "avx2"},
    };
    ridge_peer_core_note(cores, sizeof cores / sizeof cores[0], lib->get_corename(),
                         "set OPENBLAS_CORETYPE=SkylakeX in an arm's env",
                         "set OPENBLAS_CORETYPE=Haswell in an arm's env", info->note, sizeof info->note);
}

/* "OpenBLAS 0.3.21 NO_LAPACKE DYNAMIC_ARCH NO_AFFINITY Prescott MAX_THREADS=64" -> "0.3.21, Prescott kernels" */
static void set_version(const struct openblas *lib, struct ridge_library_info *info)
{
    const char *text = lib->get_config();
    if (strncmp(text, "OpenBLAS ", 9) == 0)
        text += 9;
    (void)snprintf(info->version, sizeof info->version, "%.*s, %s kernels", (int)strcspn(text, " "), text,
                   lib->get_corename());
}

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
        {"cblas_somatcopy", &lib->omatcopy},
    };
    /* The scipy-openblas wheels prefix every name. */
    const struct ridge_dynlib_symbol wheel[] = {
        {"scipy_cblas_sgemm", &lib->sgemm},
        {"scipy_openblas_set_num_threads", &lib->set_num_threads},
        {"scipy_openblas_get_config", &lib->get_config},
        {"scipy_openblas_get_corename", &lib->get_corename},
        {"scipy_cblas_somatcopy", &lib->omatcopy},
    };
    if (ridge_dynlib_symbols(lib->handle, symbols, 5, NULL) != RIDGE_OK) {
        rc = ridge_dynlib_symbols(lib->handle, wheel, 5, err);
        if (rc != RIDGE_OK)
            goto out;
    }
    lib->set_num_threads(n_threads);
    set_version(lib, info);
    note_core(lib, info);
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

/* perm=0132: each of d0 x d1 matrices is turned. */
static bool omatcopy_supports(const void *shape, int n_threads, char *reason, size_t n_reason)
{
    const struct ridge_transpose_shape *s = shape;
    (void)n_threads;
    if (s->perm != 1)
        return ridge_peer_refuse(reason, n_reason, "OpenBLAS turns matrices: perm=0132 only");
    if (s->d2 > INT_MAX || s->d3 > INT_MAX)
        return ridge_peer_refuse(reason, n_reason, "OpenBLAS has 32-bit sizes");
    if (s->d0 * s->d1 == 0 || s->d2 * s->d3 == 0)
        return ridge_peer_refuse(reason, n_reason, "cblas_somatcopy is not asked for sizes of 0");
    return true;
}

static enum ridge_status omatcopy_run(const struct ridge_kernel_args *args)
{
    const struct openblas *lib = args->library;
    const struct ridge_transpose_shape *s = args->shape;
    const int rows = (int)s->d2, columns = (int)s->d3;
    const float *x = args->in[0].data;
    float *y = args->out[0].data;
    for (int64_t i = 0; i < s->d0 * s->d1; i++)
        lib->omatcopy(RIDGE_CBLAS_ROW_MAJOR, RIDGE_CBLAS_NO_TRANS + 1, rows, columns, 1.0f, x + i * rows * columns,
                      columns, y + i * rows * columns, rows);
    return RIDGE_OK;
}

static const struct ridge_kernel openblas_omatcopy = {
    .op = "transpose", .name = "cblas_somatcopy", .algorithm = "library", .dtype = "f32", .isa = "library",
    .layout = "row", .supports = omatcopy_supports, .run = omatcopy_run,
};

static const struct ridge_kernel *const *openblas_kernels(size_t *n)
{
    static const struct ridge_kernel *const kernels[] = {&openblas_sgemm, &openblas_omatcopy};
    *n = sizeof kernels / sizeof kernels[0];
    return kernels;
}

static const struct ridge_operator *const openblas_operators[] = {&ridge_gemm_operator, &ridge_transpose_operator,
                                                                  NULL};

const struct ridge_kernel_library ridge_kernel_library = {
    .name = "openblas",
    .doc = "OpenBLAS through cblas_sgemm and cblas_somatcopy",
    .operators = openblas_operators,
    .kernels = openblas_kernels,
    .open = openblas_open,
    .close = openblas_close,
};
