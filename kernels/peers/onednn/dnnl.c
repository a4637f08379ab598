/* oneDNN: opening, descriptions in both generations of its interface, and the objects of an input set. */
#include "peers/onednn/dnnl.h"
#include "common/dynlib.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_TAG = 1024 };

void ridge_dnnl_close(void *library)
{
    struct dnnl *lib = library;
    if (lib == NULL)
        return;
    if (lib->stream != NULL)
        (void)lib->stream_destroy(lib->stream);
    if (lib->engine != NULL)
        (void)lib->engine_destroy(lib->engine);
    ridge_dynlib_close(lib->dl);
    free(lib);
}

static enum ridge_status find_common(struct dnnl *lib, struct ridge_error *err)
{
    const struct ridge_dynlib_symbol rows[] = {
        {"dnnl_sgemm", &lib->sgemm},
        {"dnnl_version", &lib->version},
        {"omp_set_num_threads", &lib->omp_set_num_threads},
        {"dnnl_fmt_tag2str", &lib->tag_text},
        {"dnnl_engine_create", &lib->engine_create},
        {"dnnl_engine_destroy", &lib->engine_destroy},
        {"dnnl_stream_create", &lib->stream_create},
        {"dnnl_stream_wait", &lib->stream_wait},
        {"dnnl_stream_destroy", &lib->stream_destroy},
        {"dnnl_primitive_attr_create", &lib->attr_create},
        {"dnnl_primitive_attr_destroy", &lib->attr_destroy},
        {"dnnl_primitive_attr_set_scratchpad_mode", &lib->attr_set_scratchpad_mode},
        {"dnnl_primitive_attr_set_post_ops", &lib->attr_set_post_ops},
        {"dnnl_post_ops_create", &lib->post_ops_create},
        {"dnnl_post_ops_destroy", &lib->post_ops_destroy},
        {"dnnl_post_ops_append_eltwise", &lib->post_ops_append_eltwise},
        {"dnnl_post_ops_append_binary", &lib->post_ops_append_binary},
        {"dnnl_primitive_desc_query_md", &lib->desc_query_md},
        {"dnnl_primitive_desc_query", &lib->desc_query},
        {"dnnl_primitive_desc_destroy", &lib->desc_destroy},
        {"dnnl_memory_desc_get_size", &lib->md_get_size},
        {"dnnl_memory_desc_equal", &lib->md_equal},
        {"dnnl_memory_create", &lib->memory_create},
        {"dnnl_memory_destroy", &lib->memory_destroy},
        {"dnnl_reorder_primitive_desc_create", &lib->reorder_desc_create},
        {"dnnl_primitive_create", &lib->primitive_create},
        {"dnnl_primitive_execute", &lib->primitive_execute},
        {"dnnl_primitive_destroy", &lib->primitive_destroy},
    };
    return ridge_dynlib_symbols(lib->dl, rows, sizeof rows / sizeof rows[0], err);
}

static enum ridge_status find_generation(struct dnnl *lib, struct ridge_error *err)
{
    const struct ridge_dynlib_symbol v2[] = {
        {"dnnl_memory_desc_init_by_strides", &lib->md_init_by_strides},
        {"dnnl_memory_desc_init_by_tag", &lib->md_init_by_tag},
        {"dnnl_matmul_desc_init", &lib->matmul_init},
        {"dnnl_dilated_convolution_forward_desc_init", &lib->convolution_init},
        {"dnnl_pooling_forward_desc_init", &lib->pooling_init},
        {"dnnl_softmax_forward_desc_init", &lib->softmax_init},
        {"dnnl_layer_normalization_forward_desc_init", &lib->layernorm_init},
        {"dnnl_primitive_desc_iterator_create", &lib->iterator_create},
        {"dnnl_primitive_desc_iterator_next", &lib->iterator_next},
        {"dnnl_primitive_desc_iterator_fetch", &lib->iterator_fetch},
        {"dnnl_primitive_desc_iterator_destroy", &lib->iterator_destroy},
    };
    const struct ridge_dynlib_symbol v3[] = {
        {"dnnl_memory_desc_create_with_strides", &lib->md_create_with_strides},
        {"dnnl_memory_desc_create_with_tag", &lib->md_create_with_tag},
        {"dnnl_memory_desc_destroy", &lib->md_destroy},
        {"dnnl_matmul_primitive_desc_create", &lib->matmul_desc_create},
        {"dnnl_convolution_forward_primitive_desc_create", &lib->convolution_desc_create},
        {"dnnl_pooling_forward_primitive_desc_create", &lib->pooling_desc_create},
        {"dnnl_softmax_forward_primitive_desc_create", &lib->softmax_desc_create},
        {"dnnl_layer_normalization_forward_primitive_desc_create", &lib->layernorm_desc_create},
        {"dnnl_primitive_desc_next_impl", &lib->desc_next_impl},
    };
    const int major = lib->version()->major;
    lib->is_v3 = major == 3;
    if (major == 2)
        return ridge_dynlib_symbols(lib->dl, v2, sizeof v2 / sizeof v2[0], err);
    if (major == 3)
        return ridge_dynlib_symbols(lib->dl, v3, sizeof v3 / sizeof v3[0], err);
    return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "onednn", "oneDNN %d is not known here; 2.x and 3.x are", major);
}

static enum ridge_status find_all(struct dnnl *lib, struct ridge_error *err)
{
    const enum ridge_status rc = find_common(lib, err);
    return rc == RIDGE_OK ? find_generation(lib, err) : rc;
}

enum ridge_status ridge_dnnl_open(const char *path, int n_threads, void **library, struct ridge_library_info *info,
                                  struct ridge_error *err)
{
    static const char *const names[] = {"libdnnl.so.2", "libdnnl.so.3", "libdnnl.so", NULL};
    struct dnnl *lib = calloc(1, sizeof *lib);
    if (lib == NULL)
        return ridge_fail(err, RIDGE_ERR_NOMEM, "onednn", "out of memory");
    enum ridge_status rc = ridge_dynlib_open(path, names, "Debian: apt install libdnnl2", &lib->dl, err);
    if (rc == RIDGE_OK)
        rc = find_all(lib, err);
    if (rc != RIDGE_OK)
        goto out;
    lib->omp_set_num_threads(n_threads);
    while (lib->tag_nchw16c < MAX_TAG && strcmp(lib->tag_text(lib->tag_nchw16c), "aBcd16b") != 0)
        lib->tag_nchw16c++;
    if (lib->engine_create(&lib->engine, DNNL_CPU, 0) != 0 ||
        lib->stream_create(&lib->stream, lib->engine, DNNL_IN_ORDER) != 0) {
        rc = ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "onednn", "oneDNN could not make a CPU engine (a build for SYCL "
                        "needs its runtime); a build with an OpenMP runtime is needed");
        goto out;
    }
    const struct dnnl_version_text *v = lib->version();
    const bool has_hash = v->hash != NULL && strcmp(v->hash, "N/A") != 0; /* Debian's build has none */
    (void)snprintf(info->version, sizeof info->version, "oneDNN %d.%d.%d%s%.12s", v->major, v->minor, v->patch,
                   has_hash ? " " : "", has_hash ? v->hash : "");
    (void)snprintf(info->threading, sizeof info->threading, "omp_set_num_threads(%d)", n_threads);
    ridge_dynlib_file(*(void **)(void *)&lib->sgemm, info->path, sizeof info->path);
    *library = lib;
    return RIDGE_OK;
out:
    ridge_dnnl_close(lib);
    return rc;
}

/* ---- descriptions */
bool ridge_dnnl_md_plain(const struct dnnl *lib, struct dnnl_md *md, int n_dims, const int64_t *dims,
                         const int64_t *strides)
{
    const int rc = lib->is_v3 ? lib->md_create_with_strides(&md->handle, n_dims, dims, DNNL_F32, strides)
                              : lib->md_init_by_strides(md->in_place, n_dims, dims, DNNL_F32, strides);
    return rc == 0;
}

bool ridge_dnnl_md_tag(const struct dnnl *lib, struct dnnl_md *md, int n_dims, const int64_t *dims, int tag)
{
    const int rc = lib->is_v3 ? lib->md_create_with_tag(&md->handle, n_dims, dims, DNNL_F32, tag)
                              : lib->md_init_by_tag(md->in_place, n_dims, dims, DNNL_F32, tag);
    return rc == 0;
}

void ridge_dnnl_md_free(const struct dnnl *lib, struct dnnl_md *md)
{
    if (lib->is_v3 && md->handle != NULL)
        (void)lib->md_destroy(md->handle);
    md->handle = NULL;
}

const void *ridge_dnnl_md(const struct dnnl *lib, const struct dnnl_md *md)
{
    if (md == NULL)
        return NULL;
    return lib->is_v3 ? (const void *)md->handle : (const void *)md->in_place;
}

const char *ridge_dnnl_impl(const struct dnnl *lib, dnnl_handle desc)
{
    const char *name = NULL;
    return lib->desc_query(desc, DNNL_QUERY_IMPL, 0, &name) == 0 && name != NULL ? name : "";
}

static bool impl_matches(const struct dnnl *lib, dnnl_handle desc, const char *impl)
{
    const char *name = ridge_dnnl_impl(lib, desc);
    if (impl != NULL && strcmp(impl, "-") == 0)
        return strstr(name, "gemm:") == NULL && strstr(name, "ref") == NULL;
    return impl == NULL || strstr(name, impl) != NULL;
}

/* 2.x: walks the implementations of an operation. */
dnnl_handle ridge_dnnl_first_v2(const struct dnnl *lib, const void *op, const char *impl, dnnl_handle attr)
{
    dnnl_handle iterator = NULL, found = NULL;
    if (lib->iterator_create(&iterator, op, attr, lib->engine, NULL) != 0)
        return NULL;
    do {
        dnnl_handle desc = lib->iterator_fetch(iterator);
        if (desc != NULL && impl_matches(lib, desc, impl))
            found = desc;
        else if (desc != NULL)
            (void)lib->desc_destroy(desc);
    } while (found == NULL && lib->iterator_next(iterator) == 0);
    (void)lib->iterator_destroy(iterator);
    return found;
}

dnnl_handle ridge_dnnl_matmul(const struct dnnl *lib, const struct dnnl_md *src, const struct dnnl_md *weights,
                              const struct dnnl_md *dst, dnnl_handle attr)
{
    const void *s = ridge_dnnl_md(lib, src), *w = ridge_dnnl_md(lib, weights), *d = ridge_dnnl_md(lib, dst);
    dnnl_handle desc = NULL;
    if (lib->is_v3)
        return lib->matmul_desc_create(&desc, lib->engine, s, w, NULL, d, attr) == 0 ? desc : NULL;
    _Alignas(16) unsigned char op[DNNL_OP_BYTES] = {0};
    return lib->matmul_init(op, s, w, NULL, d) == 0 ? ridge_dnnl_first_v2(lib, op, NULL, attr) : NULL;
}

static dnnl_handle convolution_v3(const struct dnnl *lib, const struct dnnl_convolution *c, const char *impl,
                                  dnnl_handle attr)
{
    dnnl_handle desc = NULL;
    if (lib->convolution_desc_create(&desc, lib->engine, DNNL_FORWARD_INFERENCE, c->algorithm,
                                     ridge_dnnl_md(lib, c->src), ridge_dnnl_md(lib, c->weights),
                                     ridge_dnnl_md(lib, c->bias), ridge_dnnl_md(lib, c->dst), c->strides, c->dilates,
                                     c->pad_begin, c->pad_end, attr) != 0)
        return NULL;
    while (!impl_matches(lib, desc, impl))
        if (lib->desc_next_impl(desc) != 0) {
            (void)lib->desc_destroy(desc);
            return NULL;
        }
    return desc;
}

dnnl_handle ridge_dnnl_convolution(const struct dnnl *lib, const struct dnnl_convolution *c, const char *impl,
                                   dnnl_handle attr)
{
    if (lib->is_v3)
        return convolution_v3(lib, c, impl, attr);
    _Alignas(16) unsigned char op[DNNL_OP_BYTES] = {0};
    if (lib->convolution_init(op, DNNL_FORWARD_INFERENCE, c->algorithm, ridge_dnnl_md(lib, c->src),
                              ridge_dnnl_md(lib, c->weights), ridge_dnnl_md(lib, c->bias), ridge_dnnl_md(lib, c->dst),
                              c->strides, c->dilates, c->pad_begin, c->pad_end) != 0)
        return NULL;
    return ridge_dnnl_first_v2(lib, op, impl, attr);
}

/* ---- an input set's objects */
struct dnnl_set *ridge_dnnl_set_new(const struct ridge_host *host)
{
    struct dnnl_set *set = calloc(1, sizeof *set);
    if (set != NULL)
        set->host = host;
    return set;
}

void ridge_dnnl_set_free(void *library, void *state)
{
    const struct dnnl *lib = library;
    struct dnnl_set *set = state;
    if (set == NULL)
        return;
    for (int i = 0; i < set->n_steps; i++)
        if (set->steps[i].primitive != NULL)
            (void)lib->primitive_destroy(set->steps[i].primitive);
    for (int i = 0; i < set->n_memories; i++)
        (void)lib->memory_destroy(set->memories[i]);
    for (int i = 0; i < set->n_buffers; i++)
        set->host->free_(set->host->self, set->buffers[i]);
    free(set);
}

enum ridge_status ridge_dnnl_set_finish(struct dnnl *lib, struct dnnl_set *set, const char *what,
                                        struct ridge_kernel_prepared *out, struct ridge_error *err)
{
    if (set == NULL || set->is_broken) {
        const struct dnnl_version_text *v = lib->version();
        ridge_dnnl_set_free(lib, set);
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "onednn", "oneDNN %d.%d.%d makes no %s of this shape on this CPU",
                          v->major, v->minor, v->patch, what);
    }
    out->state = set;
    out->packed_bytes = set->packed_bytes;
    out->workspace_bytes = set->workspace_bytes;
    return RIDGE_OK;
}

enum ridge_status ridge_dnnl_set_run(const struct ridge_kernel_args *args)
{
    const struct dnnl *lib = args->library;
    const struct dnnl_set *set = args->state;
    int rc = 0;
    for (int i = 0; i < set->n_steps && rc == 0; i++)
        rc = lib->primitive_execute(set->steps[i].primitive, lib->stream, set->steps[i].n_args, set->steps[i].args);
    if (rc == 0)
        rc = lib->stream_wait(lib->stream);
    return rc == 0 ? RIDGE_OK : RIDGE_ERR_INTERNAL;
}

dnnl_handle ridge_dnnl_memory(const struct dnnl *lib, struct dnnl_set *set, const void *md, void *data,
                              uint64_t *n_bytes)
{
    dnnl_handle memory = NULL;
    if (data == NULL && set->n_buffers < DNNL_MAX_BUFFERS) {
        const size_t n = lib->md_get_size(md);
        data = set->host->alloc(set->host->self, n > 0 ? n : 64, 64, NULL);
        if (data != NULL) {
            set->buffers[set->n_buffers++] = data;
            *n_bytes += n;
        }
    }
    if (data == NULL || set->n_memories == DNNL_MAX_MEMORIES ||
        lib->memory_create(&memory, md, lib->engine, data) != 0) {
        set->is_broken = true;
        return NULL;
    }
    set->memories[set->n_memories++] = memory;
    return memory;
}

void ridge_dnnl_step_arg(struct dnnl_set *set, struct dnnl_step *step, int arg, dnnl_handle memory)
{
    if (step == NULL || memory == NULL || step->n_args == DNNL_MAX_ARGS)
        set->is_broken = true;
    else
        step->args[step->n_args++] = (struct dnnl_arg){arg, memory};
}

struct dnnl_step *ridge_dnnl_step(const struct dnnl *lib, struct dnnl_set *set, dnnl_handle desc)
{
    struct dnnl_step *step = NULL;
    if (set->n_steps < DNNL_MAX_STEPS &&
        lib->primitive_create(&set->steps[set->n_steps].primitive, desc) == 0) {
        step = &set->steps[set->n_steps++];
        const void *md = lib->desc_query_md(desc, DNNL_QUERY_SCRATCHPAD, 0);
        if (md != NULL && lib->md_get_size(md) > 0)
            ridge_dnnl_step_arg(set, step, DNNL_ARG_SCRATCHPAD,
                                ridge_dnnl_memory(lib, set, md, NULL, &set->workspace_bytes));
    } else {
        set->is_broken = true;
    }
    (void)lib->desc_destroy(desc);
    return step;
}

void ridge_dnnl_reorder(const struct dnnl *lib, struct dnnl_set *set, const void *from_md, dnnl_handle from,
                        const void *to_md, dnnl_handle to, bool is_now)
{
    dnnl_handle attr = NULL, desc = NULL;
    struct dnnl_step *step = NULL;
    if (lib->attr_create(&attr) == 0 && lib->attr_set_scratchpad_mode(attr, DNNL_SCRATCHPAD_USER) == 0 &&
        lib->reorder_desc_create(&desc, from_md, lib->engine, to_md, lib->engine, attr) == 0)
        step = ridge_dnnl_step(lib, set, desc);
    if (attr != NULL)
        (void)lib->attr_destroy(attr);
    ridge_dnnl_step_arg(set, step, DNNL_ARG_SRC, from);
    ridge_dnnl_step_arg(set, step, DNNL_ARG_DST, to);
    if (!is_now || set->is_broken)
        return;
    if (lib->primitive_execute(step->primitive, lib->stream, step->n_args, step->args) != 0 ||
        lib->stream_wait(lib->stream) != 0)
        set->is_broken = true;
    (void)lib->primitive_destroy(step->primitive);
    set->n_steps--;
    *step = (struct dnnl_step){0};
}
