/* gemm through oneDNN: dnnl_sgemm takes B as given, the matmul primitive takes it in a layout of its own. */
#include "peers/onednn/dnnl.h"
#include "peers/gemm_peer.h"

static bool sgemm_supports(const void *shape, int n_threads, char *reason, size_t n_reason)
{
    const struct ridge_gemm_shape *s = shape;
    (void)n_threads;
    if (s->weights != RIDGE_GEMM_GIVEN)
        return ridge_peer_refuse(reason, n_reason, "dnnl_sgemm takes weights as given only, not weights=prepacked");
    return ridge_peer_is_plain_gemm(s, "dnnl_sgemm", reason, n_reason);
}

static enum ridge_status sgemm_run(const struct ridge_kernel_args *args)
{
    const struct dnnl *lib = args->library;
    const struct ridge_gemm_shape *s = args->shape;
    const int64_t lda = s->k > 0 ? s->k : 1, ldb = s->n > 0 ? s->n : 1;
    const int rc = lib->sgemm('N', 'N', s->m, s->n, s->k, 1.0f, args->in[0].data, lda, args->in[1].data, ldb,
                              0.0f, args->out[0].data, ldb);
    return rc == 0 ? RIDGE_OK : RIDGE_ERR_INTERNAL;
}

const struct ridge_kernel ridge_onednn_sgemm = {
    .op = "gemm", .name = "dnnl_sgemm", .algorithm = "packed", .dtype = "f32", .isa = "library",
    .layout = "row", .supports = sgemm_supports, .run = sgemm_run,
};

static bool matmul_supports(const void *shape, int n_threads, char *reason, size_t n_reason)
{
    const struct ridge_gemm_shape *s = shape;
    (void)n_threads;
    if (s->weights != RIDGE_GEMM_PREPACKED)
        return ridge_peer_refuse(reason, n_reason, "oneDNN's matmul is asked with weights=prepacked only here");
    if (s->m == 0 || s->n == 0 || s->k == 0)
        return ridge_peer_refuse(reason, n_reason, "oneDNN's matmul is not asked for sizes of 0");
    return ridge_peer_is_plain_gemm(s, "oneDNN's matmul", reason, n_reason);
}

/* Weights of format `any`: the primitive says its layout, one reorder fills it. */
static void build(const struct dnnl *lib, const struct ridge_kernel_args *args, struct dnnl_set *set,
                  struct dnnl_md md[4], dnnl_handle attr, struct ridge_kernel_prepared *out)
{
    const struct ridge_gemm_shape *s = args->shape;
    const int64_t a[2] = {s->m, s->k}, b[2] = {s->k, s->n}, c[2] = {s->m, s->n};
    const int64_t a_steps[2] = {s->k, 1}, b_steps[2] = {s->n, 1};
    dnnl_handle desc = NULL;
    if (ridge_dnnl_md_plain(lib, &md[0], 2, a, a_steps) && ridge_dnnl_md_plain(lib, &md[1], 2, b, b_steps) &&
        ridge_dnnl_md_plain(lib, &md[2], 2, c, b_steps) && ridge_dnnl_md_tag(lib, &md[3], 2, b, DNNL_TAG_ANY))
        desc = ridge_dnnl_matmul(lib, &md[0], &md[3], &md[2], attr);
    if (desc == NULL) {
        set->is_broken = true;
        return;
    }
    (void)snprintf(out->note, sizeof out->note, "%s", ridge_dnnl_impl(lib, desc));
    const void *packed_md = lib->desc_query_md(desc, DNNL_QUERY_WEIGHTS, 0);
    dnnl_handle given = ridge_dnnl_memory(lib, set, ridge_dnnl_md(lib, &md[1]), args->in[1].data, NULL);
    dnnl_handle packed = ridge_dnnl_memory(lib, set, packed_md, NULL, &set->packed_bytes);
    ridge_dnnl_reorder(lib, set, ridge_dnnl_md(lib, &md[1]), given, packed_md, packed, true);
    struct dnnl_step *step = ridge_dnnl_step(lib, set, desc);
    ridge_dnnl_step_arg(set, step, DNNL_ARG_SRC,
                        ridge_dnnl_memory(lib, set, ridge_dnnl_md(lib, &md[0]), args->in[0].data, NULL));
    ridge_dnnl_step_arg(set, step, DNNL_ARG_WEIGHTS, packed);
    ridge_dnnl_step_arg(set, step, DNNL_ARG_DST,
                        ridge_dnnl_memory(lib, set, ridge_dnnl_md(lib, &md[2]), args->out[0].data, NULL));
}

static enum ridge_status matmul_prepare(const struct ridge_kernel_args *args, struct ridge_kernel_prepared *out,
                                        struct ridge_error *err)
{
    struct dnnl *lib = args->library;
    struct dnnl_set *set = ridge_dnnl_set_new(args->host);
    struct dnnl_md md[4] = {0};
    dnnl_handle attr = NULL;
    if (set == NULL || lib->attr_create(&attr) != 0 ||
        lib->attr_set_scratchpad_mode(attr, DNNL_SCRATCHPAD_USER) != 0) {
        ridge_dnnl_set_free(lib, set);
        return ridge_fail(err, RIDGE_ERR_NOMEM, "onednn", "no memory for a matmul primitive");
    }
    build(lib, args, set, md, attr, out);
    for (size_t i = 0; i < sizeof md / sizeof md[0]; i++)
        ridge_dnnl_md_free(lib, &md[i]);
    (void)lib->attr_destroy(attr);
    return ridge_dnnl_set_finish(lib, set, "matmul", out, err);
}

const struct ridge_kernel ridge_onednn_matmul = {
    .op = "gemm", .name = "dnnl_matmul", .algorithm = "packed", .dtype = "f32", .isa = "library",
    .layout = "row", .supports = matmul_supports, .prepare = matmul_prepare, .release = ridge_dnnl_set_free,
    .run = ridge_dnnl_set_run,
};
