/* ridge list: rows of the worker's catalogue. */
#include "cli.h"
#include "data/metric.h"
#include "rows.h"
#include "suite/suite.h"
#include "worker.h"
#include <string.h>

static const char *joined(struct ridge_arena *a, const char *const *words)
{
    struct ridge_buf b = {0};
    for (size_t i = 0; words != NULL && words[i] != NULL; i++)
        ridge_buf_printf(&b, "%s%s", i > 0 ? "," : "", words[i]);
    const char *text = ridge_arena_strn(a, b.data != NULL ? b.data : "", b.n);
    ridge_buf_deinit(&b);
    return text;
}

static const char *usable_text(bool usable, const char *reason)
{
    return usable ? "yes" : reason != NULL && reason[0] != '\0' ? reason : "no";
}

static const char *backend_usable_text(struct ridge_arena *a, const struct ridge_cat_backend *b)
{
    if (b->usable && b->note != NULL && b->note[0] != '\0')
        return ridge_arena_printf(a, "yes; %s", b->note);
    return usable_text(b->usable, b->reason);
}

static const char *variants_text(struct ridge_arena *a, const struct ridge_cat_backend *b)
{
    struct ridge_buf t = {0};
    for (size_t i = 0; i < b->n_variant_probes; i++)
        ridge_buf_printf(&t, "%s%s%s", i > 0 ? "," : "", b->variant_probes[i].usable ? "" : "!",
                         b->variant_probes[i].name);
    const char *text = t.n > 0 ? ridge_arena_strn(a, t.data, t.n) : joined(a, b->variants);
    ridge_buf_deinit(&t);
    return text;
}

static void list_backends(struct ridge_arena *a, const struct ridge_catalogue *c, struct ridge_rows *t)
{
    static const char *const columns[] = {"backend", "variants", "operators", "version", "usable", "what", NULL};
    memcpy(t->columns, columns, sizeof columns);
    for (size_t i = 0; i < c->n_backends; i++) {
        const struct ridge_cat_backend *b = &c->backends[i];
        const char *cells[] = {b->name,    variants_text(a, b), joined(a, b->operators),
                               b->version, backend_usable_text(a, b), b->doc};
        ridge_rows_add(t, cells);
    }
}

static void list_runners(struct ridge_arena *a, const struct ridge_catalogue *c, struct ridge_rows *t)
{
    static const char *const columns[] = {"runner", "backend", "plug-in", "library", NULL};
    (void)a;
    memcpy(t->columns, columns, sizeof columns);
    for (size_t i = 0; i < c->n_backends; i++) {
        const struct ridge_cat_backend *b = &c->backends[i];
        const char *cells[] = {b->runner, b->name, b->plugin_path, b->library_path};
        ridge_rows_add(t, cells);
    }
}

static void list_operators(struct ridge_arena *a, const struct ridge_catalogue *c, struct ridge_rows *t)
{
    static const char *const columns[] = {"operator", "short form", "fields", "what", NULL};
    memcpy(t->columns, columns, sizeof columns);
    for (size_t i = 0; i < c->n_operators; i++) {
        const struct ridge_cat_operator *o = &c->operators[i];
        const char **names = ridge_arena_array(a, o->n_fields + 1, sizeof *names);
        for (size_t j = 0; j < o->n_fields; j++)
            names[j] = o->fields[j].key;
        const char *cells[] = {o->name, joined(a, o->short_form), joined(a, names), o->doc};
        ridge_rows_add(t, cells);
    }
}

static void list_kernels(struct ridge_arena *a, const struct ridge_catalogue *c, struct ridge_rows *t)
{
    static const char *const columns[] = {"kernel", "backend", "operator", "algorithm", "dtype", "isa", "layout", NULL};
    (void)a;
    memcpy(t->columns, columns, sizeof columns);
    for (size_t i = 0; i < c->n_kernels; i++) {
        const struct ridge_cat_kernel *k = &c->kernels[i];
        const char *cells[] = {k->name, k->backend, k->op, k->algorithm, k->dtype, k->isa, k->layout};
        ridge_rows_add(t, cells);
    }
}

static void list_profilers(struct ridge_arena *a, const struct ridge_catalogue *c, struct ridge_rows *t)
{
    static const char *const columns[] = {"profiler", "usable", "what", NULL};
    (void)a;
    memcpy(t->columns, columns, sizeof columns);
    for (size_t i = 0; i < c->n_profilers; i++) {
        const struct ridge_cat_profiler *p = &c->profilers[i];
        const char *cells[] = {p->name, usable_text(p->usable, p->reason), p->doc};
        ridge_rows_add(t, cells);
    }
}

static void list_metrics(struct ridge_arena *a, const struct ridge_catalogue *c, struct ridge_rows *t)
{
    static const char *const columns[] = {"metric", "unit", "better", "source", "what", NULL};
    (void)a;
    (void)c;
    memcpy(t->columns, columns, sizeof columns);
    for (size_t i = 0; i < ridge_n_metric_defs; i++) {
        const struct ridge_metric_def *d = &ridge_metric_defs[i];
        const char *cells[] = {d->name, d->unit, d->better, d->source, d->doc};
        ridge_rows_add(t, cells);
    }
}

static void add_options(struct ridge_arena *a, const char *of, const struct ridge_option_row *rows, size_t n,
                        struct ridge_rows *t)
{
    static const char *const roles[] = {"subject", "identity", "condition"};
    for (size_t i = 0; i < n; i++) {
        const struct ridge_option_row *r = &rows[i];
        const char *values = r->names != NULL ? joined(a, r->names) : r->unit != NULL ? r->unit : "";
        const char *cells[] = {r->key, of, roles[r->role], r->def != NULL ? r->def : "(required)", values, r->help};
        ridge_rows_add(t, cells);
    }
}

static void list_options(struct ridge_arena *a, const struct ridge_catalogue *c, struct ridge_rows *t)
{
    static const char *const columns[] = {"option", "of", "role", "default", "values", "what", NULL};
    memcpy(t->columns, columns, sizeof columns);
    add_options(a, "suite", ridge_suite_setting_rows, ridge_n_suite_setting_rows, t);
    add_options(a, "case", c->options, c->n_options, t);
    for (size_t i = 0; i < c->n_operators; i++)
        add_options(a, c->operators[i].name, c->operators[i].fields, c->operators[i].n_fields, t);
    for (size_t i = 0; i < c->n_backends; i++)
        add_options(a, c->backends[i].name, c->backends[i].options, c->backends[i].n_options, t);
}

static const struct {
    const char *what;
    void (*list)(struct ridge_arena *a, const struct ridge_catalogue *c, struct ridge_rows *t);
} lists[] = {
    {"backends", list_backends},   {"runners", list_runners}, {"operators", list_operators},
    {"kernels", list_kernels},     {"profilers", list_profilers}, {"metrics", list_metrics},
    {"options", list_options},
};

int ridge_cli_list(const struct ridge_cli_args *args)
{
    struct ridge_cli_worker worker = {0};
    struct ridge_rows t = {0};
    struct ridge_error err = {0};
    int rc = ridge_cli_worker_open(&worker, &err) == RIDGE_OK ? RIDGE_EXIT_OK : ridge_cli_error(&err);
    for (size_t i = 0; rc == RIDGE_EXIT_OK && i < sizeof lists / sizeof lists[0]; i++)
        if (strcmp(lists[i].what, args->operands[0]) == 0)
            lists[i].list(&worker.arena, worker.catalogue, &t);
    if (rc == RIDGE_EXIT_OK)
        rc = ridge_rows_print(&t, ridge_cli_value(args, "--json") != NULL);
    ridge_rows_deinit(&t);
    ridge_cli_worker_close(&worker);
    return rc;
}
