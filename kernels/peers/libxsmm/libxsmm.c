/* libxsmm 1.x, opened at run time: a JIT-compiled sgemm for one small shape, no packing.
 *
 * BSD-3. Debian's libxsmm-dev carries static archives only; README.md says how to make a shared library of
 * them, or give a label's path. Column-major: C^T = B^T A^T, so B goes first.
 * Source of the signatures: libxsmm 1.17, libxsmm.h. */
#include "common/dynlib.h"
#include "common/library.h"
#include "peers/gemm_peer.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_EDGE = 512 }; /* beyond, a single kernel without blocking is not what the library is for */

typedef void xsmm_kernel_fn(const float *a, const float *b, float *c);

struct libxsmm {
    void *handle;
    void (*init)(void);
    const char *(*target_arch)(void);
    xsmm_kernel_fn *(*dispatch)(int m, int n, int k, const int *lda, const int *ldb, const int *ldc,
                                const float *alpha, const float *beta, const int *flags, const int *prefetch);
};

static void libxsmm_close(void *library)
{
    free(library); /* the library stays: 1.17 crashes when it is finalised or unloaded and opened again */
}

static enum ridge_status libxsmm_open(const char *path, int n_threads, void **library,
                                      struct ridge_library_info *info, struct ridge_error *err)
{
    static const char *const names[] = {"libxsmm.so.1", "libxsmm.so", NULL};
    struct libxsmm *lib = calloc(1, sizeof *lib);
    if (lib == NULL)
        return ridge_fail(err, RIDGE_ERR_NOMEM, "libxsmm", "out of memory");
    enum ridge_status rc = ridge_dynlib_open(path, names, "Debian's libxsmm-dev has no shared library; "
                                             "kernels/peers/README.md says how to make one", &lib->handle, err);
    if (rc != RIDGE_OK)
        goto out;
    const struct ridge_dynlib_symbol symbols[] = {
        {"libxsmm_init", &lib->init},
        {"libxsmm_get_target_arch", &lib->target_arch},
        {"libxsmm_smmdispatch", &lib->dispatch},
    };
    rc = ridge_dynlib_symbols(lib->handle, symbols, sizeof symbols / sizeof symbols[0], err);
    if (rc != RIDGE_OK)
        goto out;
    lib->init();
    (void)n_threads;
    (void)snprintf(info->version, sizeof info->version, "libxsmm 1.x, JIT for %s", lib->target_arch());
    (void)snprintf(info->threading, sizeof info->threading, "single-threaded kernel");
    ridge_dynlib_file(*(void **)(void *)&lib->dispatch, info->path, sizeof info->path);
    *library = lib;
    return RIDGE_OK;
out:
    libxsmm_close(lib);
    return rc;
}

static bool supports(const void *shape, int n_threads, char *reason, size_t n_reason)
{
    const struct ridge_gemm_shape *s = shape;
    if (n_threads != 1)
        return ridge_peer_refuse(reason, n_reason, "libxsmm's kernels run on one thread");
    if (s->m == 0 || s->n == 0 || s->k == 0)
        return ridge_peer_refuse(reason, n_reason, "libxsmm is not asked for sizes of 0");
    if (s->m > MAX_EDGE || s->n > MAX_EDGE || s->k > MAX_EDGE) {
        (void)snprintf(reason, n_reason, "libxsmm is asked for m, n, k up to %d only: it compiles one kernel per "
                       "shape and does not block", MAX_EDGE);
        return false;
    }
    return ridge_blas_supports(shape, n_threads, reason, n_reason) &&
           ridge_peer_is_plain_gemm(s, "libxsmm", reason, n_reason);
}

/* The library keeps the code; the state is its address. */
static enum ridge_status prepare(const struct ridge_kernel_args *args, struct ridge_kernel_prepared *out,
                                 struct ridge_error *err)
{
    const struct libxsmm *lib = args->library;
    const struct ridge_gemm_shape *s = args->shape;
    const int m = (int)s->m, n = (int)s->n, k = (int)s->k, no_prefetch = 0;
    const float alpha = 1.0f, beta = 0.0f;
    xsmm_kernel_fn *kernel = lib->dispatch(n, m, k, &n, &k, &n, &alpha, &beta, NULL, &no_prefetch);
    if (kernel == NULL)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "libxsmm", "libxsmm compiles no kernel for %dx%dx%d on this CPU",
                          m, n, k);
    memcpy(&out->state, &kernel, sizeof kernel);
    return RIDGE_OK;
}

static void release(void *library, void *state)
{
    (void)library, (void)state;
}

static enum ridge_status run(const struct ridge_kernel_args *args)
{
    xsmm_kernel_fn *kernel;
    memcpy(&kernel, &args->state, sizeof kernel);
    kernel(args->in[1].data, args->in[0].data, args->out[0].data);
    return RIDGE_OK;
}

static const struct ridge_kernel libxsmm_smm = {
    .op = "gemm", .name = "libxsmm_smmdispatch", .algorithm = "direct", .dtype = "f32", .isa = "library",
    .layout = "row", .supports = supports, .prepare = prepare, .release = release, .run = run,
};

static const struct ridge_kernel *const *kernels(size_t *n)
{
    static const struct ridge_kernel *const all[] = {&libxsmm_smm};
    *n = 1;
    return all;
}

static const struct ridge_operator *const operators[] = {&ridge_gemm_operator, NULL};

const struct ridge_kernel_library ridge_kernel_library = {
    .name = "libxsmm",
    .doc = "libxsmm's JIT-compiled sgemm for small shapes",
    .operators = operators,
    .kernels = kernels,
    .open = libxsmm_open,
    .close = libxsmm_close,
};
