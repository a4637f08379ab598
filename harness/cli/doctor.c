/* ridge doctor: what can be measured here; for all that cannot, why and how to get it. */
#include "cli.h"
#include "host/host.h"
#include "rows.h"
#include "worker.h"
#include <string.h>

#define MAX_ABILITIES 64

/* How to get a peer that is missing: a backend's name -> the line to type. */
static const char *const remedies[][2] = {
    {"openblas", "apt install libopenblas0-pthread"},
    {"blis", "apt install libblis4-pthread"},
    {"onednn", "apt install libdnnl2"},
    {"xnnpack", "apt install libxnnpack0"},
    {"fftw", "apt install libfftw3-single3"},
};

static const char *remedy(struct ridge_arena *a, const char *name, const char *reason)
{
    for (size_t i = 0; i < sizeof remedies / sizeof remedies[0]; i++)
        if (strcmp(remedies[i][0], name) == 0 && (reason == NULL || strstr(reason, "apt ") == NULL))
            return ridge_arena_printf(a, "%s (%s)", reason != NULL ? reason : "not usable", remedies[i][1]);
    return reason;
}

static void add_backend(struct ridge_arena *a, const struct ridge_cat_backend *b, struct ridge_rows *t)
{
    const char *note = b->note != NULL ? b->note : "";
    const char *what = b->usable ? ridge_arena_printf(a, "%s %s%s%s", b->version != NULL ? b->version : "",
                                                      b->library_path != NULL ? b->library_path : "",
                                                      note[0] != '\0' ? "; " : "", note)
                                 : remedy(a, b->name, b->reason);
    const char *cells[] = {"backend", b->name, b->usable ? "ok" : "no", what};
    ridge_rows_add(t, cells);
    for (size_t i = 0; i < b->n_variant_probes; i++) {
        const char *name = ridge_arena_printf(a, "%s:%s", b->name, b->variant_probes[i].name);
        const char *row[] = {"backend", name, b->variant_probes[i].usable ? "ok" : "no",
                             b->variant_probes[i].usable ? "" : b->variant_probes[i].reason};
        ridge_rows_add(t, row);
    }
}

static void collect(struct ridge_cli_worker *w, struct ridge_rows *t)
{
    static const char *const columns[] = {"kind", "what", "usable", "why, or how to get it", NULL};
    struct ridge_ability *abilities = ridge_arena_array(&w->arena, MAX_ABILITIES, sizeof *abilities);
    size_t n = ridge_host_abilities(&w->arena, abilities, MAX_ABILITIES);
    memcpy(t->columns, columns, sizeof columns);
    for (size_t i = 0; i < n; i++) {
        const char *cells[] = {"machine", abilities[i].what, abilities[i].usable ? "ok" : "no", abilities[i].reason};
        ridge_rows_add(t, cells);
    }
    for (size_t i = 0; i < w->catalogue->n_backends; i++)
        add_backend(&w->arena, &w->catalogue->backends[i], t);
    for (size_t i = 0; i < w->catalogue->n_profilers; i++) {
        const struct ridge_cat_profiler *p = &w->catalogue->profilers[i];
        const char *cells[] = {"profiler", p->name, p->usable ? "ok" : "no", p->usable ? p->doc : p->reason};
        ridge_rows_add(t, cells);
    }
}

int ridge_cli_doctor(const struct ridge_cli_args *args)
{
    struct ridge_cli_worker worker = {0};
    struct ridge_rows t = {0};
    struct ridge_error err = {0};
    int rc = ridge_cli_worker_open(&worker, &err) == RIDGE_OK ? RIDGE_EXIT_OK : ridge_cli_error(&err);
    if (rc == RIDGE_EXIT_OK) {
        collect(&worker, &t);
        rc = ridge_rows_print(&t, ridge_cli_value(args, "--json") != NULL);
    }
    ridge_rows_deinit(&t);
    ridge_cli_worker_close(&worker);
    return rc;
}
