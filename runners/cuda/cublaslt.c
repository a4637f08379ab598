/* Backend `cublaslt`: NVIDIA's cuBLASLt, opened at run time, beside Ridge's own kernels on the same seam.
 *
 * Proprietary (CUDA toolkit EULA): a peer, never linked. The library counts columns first, so C^T = B^T A^T and B
 * goes first. The first algorithm of its heuristic runs, with up to 32 MiB of workspace; f32 sums in f32 (no TF32).
 * Source of the signatures: cuBLAS 13 documentation, chapter "Using the cuBLASLt API". */
#include "common/dynlib.h"
#include "cuda/cuda_library.h"

#include <stdlib.h>

enum { CUBLAS_COMPUTE_32F = 68, PREFERENCE_MAX_WORKSPACE = 1 };
#define WORKSPACE_BYTES ((size_t)32 << 20)

typedef struct lt_object *lt_handle;

struct lt_choice { /* layout of cublasLtMatmulHeuristicResult_t */
    uint64_t algo[8];
    size_t workspace_bytes;
    int state;
    float waves;
    int reserved[4];
};

struct lt {
    const struct cuda_driver *driver;
    void *dl;
    lt_handle handle, operation, preference, a, b, c;
    struct lt_choice choice;
    cuda_address workspace;
    bool is_empty; /* a size of 0: C is cleared or nothing is to be done */
    size_t c_bytes;
    int (*create)(lt_handle *);
    int (*destroy)(lt_handle);
    size_t (*version)(void);
    const char *(*status_text)(int);
    int (*layout_create)(lt_handle *, int type, uint64_t rows, uint64_t columns, int64_t ld);
    int (*layout_destroy)(lt_handle);
    int (*operation_create)(lt_handle *, int compute, int scale_type);
    int (*operation_destroy)(lt_handle);
    int (*preference_create)(lt_handle *);
    int (*preference_set)(lt_handle, int attribute, const void *value, size_t n_bytes);
    int (*preference_destroy)(lt_handle);
    int (*heuristic)(lt_handle, lt_handle operation, lt_handle a, lt_handle b, lt_handle c, lt_handle d,
                     lt_handle preference, int n_wanted, struct lt_choice *choices, int *n_found);
    int (*matmul)(lt_handle, lt_handle operation, const void *alpha, const void *a, lt_handle a_layout, const void *b,
                  lt_handle b_layout, const void *beta, const void *c, lt_handle c_layout, void *d, lt_handle d_layout,
                  const void *algo, void *workspace, size_t workspace_bytes, cuda_handle stream);
    int (*clear)(cuda_address to, unsigned char value, size_t n_bytes, cuda_handle stream);
};

static const char *const hint = "the CUDA toolkit brings it (Debian from NVIDIA's repository: apt install libcublas-13-0), "
                                "or give a label's path";

static enum ridge_status open_dl(const char *path, void **dl, struct ridge_error *err)
{
    static const char *const names[] = {"libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so", NULL};
    return ridge_dynlib_open(path, names, hint, dl, err);
}

static enum ridge_status find_symbols(struct lt *l, struct ridge_error *err)
{
    const struct ridge_dynlib_symbol rows[] = {
        {"cublasLtCreate", &l->create},
        {"cublasLtDestroy", &l->destroy},
        {"cublasLtGetVersion", &l->version},
        {"cublasLtGetStatusString", &l->status_text},
        {"cublasLtMatrixLayoutCreate", &l->layout_create},
        {"cublasLtMatrixLayoutDestroy", &l->layout_destroy},
        {"cublasLtMatmulDescCreate", &l->operation_create},
        {"cublasLtMatmulDescDestroy", &l->operation_destroy},
        {"cublasLtMatmulPreferenceCreate", &l->preference_create},
        {"cublasLtMatmulPreferenceSetAttribute", &l->preference_set},
        {"cublasLtMatmulPreferenceDestroy", &l->preference_destroy},
        {"cublasLtMatmulAlgoGetHeuristic", &l->heuristic},
        {"cublasLtMatmul", &l->matmul},
    };
    const struct ridge_dynlib_symbol clear[] = {{"cuMemsetD8Async", &l->clear}};
    const enum ridge_status rc = ridge_dynlib_symbols(l->dl, rows, sizeof rows / sizeof rows[0], err);
    return rc == RIDGE_OK ? ridge_dynlib_symbols(l->driver->dl, clear, 1, err) : rc;
}

static void lt_close(void *library)
{
    struct lt *l = library;
    if (l->handle != NULL)
        (void)l->destroy(l->handle);
    ridge_dynlib_close(l->dl);
    free(l);
}

static enum ridge_status lt_open(const struct cuda_driver *driver, const char *library_path, void **library,
                                 char *version, size_t n_version, struct ridge_error *err)
{
    struct lt *l = calloc(1, sizeof *l);
    if (l == NULL)
        return ridge_fail(err, RIDGE_ERR_NOMEM, "cublaslt", "out of memory");
    l->driver = driver;
    enum ridge_status rc = open_dl(library_path, &l->dl, err);
    if (rc == RIDGE_OK)
        rc = find_symbols(l, err);
    if (rc == RIDGE_OK) {
        const int code = l->create(&l->handle);
        if (code != 0)
            rc = ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "cublaslt", "cublasLtCreate: %s", l->status_text(code));
    }
    if (rc != RIDGE_OK) {
        lt_close(l);
        return rc;
    }
    const size_t v = l->version();
    (void)snprintf(version, n_version, "cuBLASLt %zu.%zu.%zu", v / 10000, v / 100 % 100, v % 100);
    *library = l;
    return RIDGE_OK;
}

static void lt_unload(void *library)
{
    struct lt *l = library;
    lt_handle *layouts[] = {&l->a, &l->b, &l->c};
    for (size_t i = 0; i < sizeof layouts / sizeof layouts[0]; i++) {
        if (*layouts[i] != NULL)
            (void)l->layout_destroy(*layouts[i]);
        *layouts[i] = NULL;
    }
    if (l->operation != NULL)
        (void)l->operation_destroy(l->operation);
    if (l->preference != NULL)
        (void)l->preference_destroy(l->preference);
    if (l->workspace != 0)
        (void)l->driver->free_(l->workspace);
    l->operation = l->preference = NULL;
    l->workspace = 0;
}

/* The first non-zero code of the calls that describe the product. */
static int describe(struct lt *l, const struct ridge_gemm_shape *s)
{
    static const int types[] = {[RIDGE_GEMM_F32] = 0, [RIDGE_GEMM_F16] = 2, [RIDGE_GEMM_BF16] = 14};
    const uint64_t m = (uint64_t)s->m, n = (uint64_t)s->n, k = (uint64_t)s->k;
    const size_t workspace_bytes = WORKSPACE_BYTES;
    const int type = types[s->dtype];
    int n_found = 0, code = l->operation_create(&l->operation, CUBLAS_COMPUTE_32F, 0);
    if (code == 0)
        code = l->layout_create(&l->b, type, n, k, s->n);
    if (code == 0)
        code = l->layout_create(&l->a, type, k, m, s->k);
    if (code == 0)
        code = l->layout_create(&l->c, type, n, m, s->n);
    if (code == 0)
        code = l->preference_create(&l->preference);
    if (code == 0)
        code = l->preference_set(l->preference, PREFERENCE_MAX_WORKSPACE, &workspace_bytes, sizeof workspace_bytes);
    if (code == 0)
        code = l->heuristic(l->handle, l->operation, l->b, l->a, l->c, l->c, l->preference, 1, &l->choice, &n_found);
    return code != 0 ? code : n_found == 0 ? 15 : l->choice.state; /* 15: not supported */
}

static enum ridge_status lt_load(void *library, struct cuda_case *c, struct ridge_error *err)
{
    struct lt *l = library;
    const struct ridge_gemm_shape *s = c->shape;
    l->is_empty = s->m == 0 || s->n == 0 || s->k == 0;
    l->c_bytes = (size_t)(s->m * s->n) * (s->dtype == RIDGE_GEMM_F32 ? 4 : 2);
    (void)snprintf(c->kernel, sizeof c->kernel, "cublasLtMatmul, first algorithm of its heuristic");
    if (l->is_empty)
        return RIDGE_OK;
    const int code = describe(l, s);
    if (code != 0 || l->driver->alloc(&l->workspace, WORKSPACE_BYTES) != 0) {
        lt_unload(l);
        return ridge_fail(err, code != 0 ? RIDGE_ERR_UNSUPPORTED : RIDGE_ERR_NOMEM, "cublaslt", "%s",
                          code != 0 ? l->status_text(code) : "no device memory for 32 MiB of workspace");
    }
    c->workspace_bytes = l->choice.workspace_bytes;
    return RIDGE_OK;
}

static void *pointer(cuda_address address)
{
    return (void *)(uintptr_t)address;
}

static enum ridge_status lt_launch(void *library, const struct cuda_gemm *set, struct ridge_error *err)
{
    struct lt *l = library;
    const float one = 1.0f, zero = 0.0f;
    int code = 0;
    if (l->is_empty)
        code = l->c_bytes > 0 ? l->clear(set->c, 0, l->c_bytes, l->driver->stream) : 0;
    else
        code = l->matmul(l->handle, l->operation, &one, pointer(set->b), l->b, pointer(set->a), l->a, &zero,
                         pointer(set->c), l->c, pointer(set->c), l->c, l->choice.algo, pointer(l->workspace),
                         WORKSPACE_BYTES, l->driver->stream);
    if (code == 0)
        return RIDGE_OK;
    return ridge_fail(err, RIDGE_ERR_INTERNAL, "cublaslt", "%s",
                      l->is_empty ? ridge_cuda_text(l->driver, code) : l->status_text(code));
}

static const struct ridge_kernel_row rows[] = {
    {"gemm", "cublasLtMatmul", "heuristic", "f32", "library", "row"},
    {"gemm", "cublasLtMatmul", "heuristic", "f16", "library", "row"},
    {"gemm", "cublasLtMatmul", "heuristic", "bf16", "library", "row"},
};

const struct ridge_cuda_library ridge_cuda_library = {
    .name = "cublaslt",
    .doc = "NVIDIA cuBLASLt",
    .kernels = rows,
    .n_kernels = sizeof rows / sizeof rows[0],
    .takes_library_path = true,
    .open = lt_open,
    .close = lt_close,
    .load = lt_load,
    .unload = lt_unload,
    .launch = lt_launch,
};
