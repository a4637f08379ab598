/* describe and cost: what this worker has, asked of every plug-in, and what cases cost. */
#include "worker/serve.h"
#include "base/os.h"
#include <stdlib.h>
#include <string.h>

static const char **copy_list(struct ridge_arena *a, const char *const *list)
{
    size_t n = 0;
    while (list != NULL && list[n] != NULL)
        n++;
    const char **out = ridge_arena_array(a, n + 1, sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = ridge_arena_str(a, list[i]);
    return out;
}
static struct ridge_option_row *copy_rows(struct ridge_arena *a, const struct ridge_option_row *rows, size_t n)
{
    struct ridge_option_row *out = ridge_arena_array(a, n + 1, sizeof *out);
    if (n > 0)
        memcpy(out, rows, n * sizeof *out); /* plug-ins stay open: their texts outlive the catalogue */
    return out;
}
static const char *file_sha256(struct ridge_arena *a, const char *path)
{
    char hex[65];
    if (path == NULL || path[0] == '\0' || ridge_os_sha256_file(path, hex, NULL) != RIDGE_OK)
        return "";
    return ridge_arena_str(a, hex);
}
static void add_operators(struct ridge_catalogue *c, const struct ridge_runner *r)
{
    for (size_t i = 0; r->operators[i] != NULL; i++) {
        const struct ridge_operator *op = r->operators[i];
        if (ridge_catalogue_operator(c, op->name) != NULL)
            continue;
        c->operators[c->n_operators++] = (struct ridge_cat_operator){
            .name = op->name, .doc = op->doc, .fields = copy_rows(&c->arena, op->fields, op->n_fields),
            .n_fields = op->n_fields, .short_form = copy_list(&c->arena, op->short_form),
            .yardsticks = copy_list(&c->arena, op->yardsticks), .aliases = copy_list(&c->arena, op->aliases)};
    }
}
static void add_kernels(struct ridge_catalogue *c, const struct ridge_runner *r)
{
    for (size_t i = 0; i < r->n_kernels; i++) {
        const struct ridge_kernel_row *k = &r->kernels[i];
        c->kernels[c->n_kernels++] =
            (struct ridge_cat_kernel){r->name, k->op, k->name, k->algorithm, k->dtype, k->isa, k->layout};
    }
}
/* probes[0] is of the best variant, the others of each in order */
static void add_probes(struct ridge_arena *a, const struct ridge_probe *probes, size_t n_probes, struct ridge_cat_backend *b)
{
    const struct ridge_probe *p = &probes[0];
    b->usable = p->usable;
    b->reason = ridge_arena_str(a, p->usable ? "" : p->reason);
    b->version = ridge_arena_str(a, p->version);
    b->note = ridge_arena_str(a, p->usable ? p->note : "");
    b->library_path = ridge_arena_str(a, p->library_path);
    b->library_sha256 = file_sha256(a, b->library_path);
    b->variant_probes = ridge_arena_array(a, n_probes, sizeof *b->variant_probes);
    for (b->n_variant_probes = 0; b->n_variant_probes + 1 < n_probes; b->n_variant_probes++) {
        p = &probes[b->n_variant_probes + 1];
        b->variant_probes[b->n_variant_probes] = (struct ridge_cat_variant){
            b->variants[b->n_variant_probes], p->usable, ridge_arena_str(a, p->usable ? "" : p->reason)};
    }
}
struct answers {
    struct ridge_probe *v;
    size_t n;
};
static void add_backend(struct ridge_catalogue *c, const struct ridge_plugin *p, const struct answers *probes)
{
    struct ridge_arena *a = &c->arena;
    struct ridge_cat_backend *b = &c->backends[c->n_backends++];
    *b = (struct ridge_cat_backend){.name = ridge_arena_str(a, p->name), .doc = "", .runner = "ridge-worker",
                                    .variants = copy_list(a, NULL), .operators = copy_list(a, NULL),
                                    .reason = ridge_arena_str(a, p->reason), .version = "", .note = "",
                                    .library_path = "",
                                    .library_sha256 = "", .plugin_path = ridge_arena_str(a, p->path)};
    b->plugin_sha256 = file_sha256(a, p->path);
    if (!p->is_usable)
        return;
    const struct ridge_runner *r = &p->runner;
    size_t n = 0;
    while (r->operators[n] != NULL)
        n++;
    b->doc = r->doc != NULL ? r->doc : "";
    b->variants = copy_list(a, r->variants);
    b->operators = ridge_arena_array(a, n + 1, sizeof *b->operators);
    for (size_t i = 0; i < n; i++)
        b->operators[i] = r->operators[i]->name;
    b->n_options = r->options != NULL ? r->n_options : 0;
    b->options = copy_rows(a, r->options, b->n_options);
    add_probes(a, probes->v, probes->n, b);
    add_operators(c, r);
    add_kernels(c, r);
}
static void reserve(struct ridge_catalogue *c, const struct ridge_plugins *plugins)
{
    size_t n_operators = 0, n_kernels = 0;
    for (size_t i = 0; i < plugins->n; i++) {
        const struct ridge_plugin *p = &plugins->v[i];
        for (size_t j = 0; p->is_usable && p->runner.operators[j] != NULL; j++)
            n_operators++;
        n_kernels += p->is_usable ? p->runner.n_kernels : 0;
    }
    c->operators = ridge_arena_array(&c->arena, n_operators + 1, sizeof *c->operators);
    c->kernels = ridge_arena_array(&c->arena, n_kernels + 1, sizeof *c->kernels);
    c->backends = ridge_arena_array(&c->arena, plugins->n + 1, sizeof *c->backends);
}
static const char *digest(struct ridge_catalogue *c)
{
    struct ridge_buf all = {0};
    char hex[65];
    ridge_buf_puts(&all, file_sha256(&c->arena, "/proc/self/exe"));
    for (size_t i = 0; i < c->n_backends; i++)
        ridge_buf_puts(&all, c->backends[i].plugin_sha256);
    ridge_os_sha256(all.data, all.n, hex);
    ridge_buf_deinit(&all);
    return ridge_arena_str(&c->arena, hex);
}
struct ridge_catalogue *ridge_worker_describe(struct ridge_plugins *plugins)
{
    struct ridge_services services;
    struct ridge_catalogue *c = ridge_xmalloc(sizeof *c);
    *c = (struct ridge_catalogue){.worker = "ridge-worker", .version = RIDGE_WORKER_VERSION};
    ridge_services_init(&services);
    struct answers *probes = ridge_arena_array(&c->arena, plugins->n + 1, sizeof *probes);
    for (size_t i = 0; i < plugins->n; i++)
        (void)ridge_plugin_probe(&plugins->v[i], &services.host, RIDGE_PROBE_TIMEOUT_NS, &c->arena, &probes[i].v,
                                 &probes[i].n);
    reserve(c, plugins);
    for (size_t i = 0; i < plugins->n; i++)
        add_backend(c, &plugins->v[i], &probes[i]);
    c->n_options = ridge_n_case_option_rows;
    c->options = copy_rows(&c->arena, ridge_case_option_rows, c->n_options);
    c->digest = digest(c);
    ridge_services_deinit(&services);
    return c;
}

static const struct ridge_operator *any_operator(struct ridge_plugins *plugins, const char *name)
{
    const struct ridge_operator *op = NULL;
    for (size_t i = 0; i < plugins->n && op == NULL; i++)
        op = ridge_plugin_operator(ridge_plugins_open_apart(plugins, i), name);
    return op;
}
static enum ridge_status cost_one(const struct ridge_operator *op, struct ridge_msg_cost_item *item, struct ridge_error *err)
{
    struct ridge_arena a = {0};
    struct ridge_kvs all = ridge_kvs_copy(&a, &item->shape);
    for (size_t i = 0; i < item->options.n; i++)
        ridge_kvs_set(&a, &all, item->options.v[i].key, item->options.v[i].value);
    void *shape = ridge_arena_alloc(&a, op->shape_size + 1);
    struct ridge_cost cost = {0};
    enum ridge_status status = ridge_option_fill(op->fields, op->n_fields, &all, true, shape, err);
    if (status == RIDGE_OK && op->validate != NULL)
        status = op->validate(shape, err);
    if (status == RIDGE_OK)
        status = op->cost(shape, &cost, err);
    item->flop = cost.flop;
    item->compulsory_bytes = cost.compulsory_bytes;
    ridge_arena_deinit(&a);
    return status;
}
void ridge_worker_cost(struct ridge_plugins *plugins, struct ridge_arena *a, struct ridge_msg_cost_item *v, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct ridge_error err = {0};
        const struct ridge_operator *op = any_operator(plugins, v[i].op);
        if (op == NULL)
            v[i].reason = ridge_arena_printf(a, "this worker does not know operator %.200s", v[i].op);
        else if (cost_one(op, &v[i], &err) != RIDGE_OK)
            v[i].reason = ridge_arena_str(a, err.text);
    }
}
