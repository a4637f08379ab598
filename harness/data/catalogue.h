/* What a worker has: backends, operators, kernels, profilers, metrics. Rows only: the harness sees no
 * plug-in. Everything lives in the catalogue's arena. Travels as the reply to `describe`. */
#ifndef RIDGE_DATA_CATALOGUE_H
#define RIDGE_DATA_CATALOGUE_H

#include "data/kvs.h"

struct ridge_cat_operator {
    const char *name, *doc;
    struct ridge_option_row *fields; /* offset unused here; strings in the arena */
    size_t n_fields;
    const char **short_form; /* NULL-terminated */
    const char **yardsticks; /* NULL-terminated */
    const char **aliases;    /* NULL-terminated NAME or NAME:field=field,..., or NULL */
};
struct ridge_cat_backend {
    const char *name, *doc, *runner; /* runner: plug-in or program that runs it */
    const char **variants;           /* NULL-terminated */
    const char **operators;          /* NULL-terminated names */
    struct ridge_option_row *options;
    size_t n_options;
    bool usable;
    const char *reason, *version, *note; /* note: usable, but ... */
    const char *library_path, *library_sha256, *plugin_path, *plugin_sha256;
    struct ridge_cat_variant {
        const char *name;
        bool usable;
        const char *reason;
    } *variant_probes;
    size_t n_variant_probes;
};
struct ridge_cat_kernel {
    const char *backend, *op, *name, *algorithm, *dtype, *isa, *layout;
};
struct ridge_cat_profiler {
    const char *name, *doc;
    bool usable;
    const char *reason;
};
struct ridge_catalogue {
    struct ridge_arena arena;
    const char *worker, *version, *digest; /* program, its version, sha256 of program + plug-ins */
    struct ridge_cat_operator *operators;
    size_t n_operators;
    struct ridge_cat_backend *backends;
    size_t n_backends;
    struct ridge_cat_kernel *kernels;
    size_t n_kernels;
    struct ridge_cat_profiler *profilers;
    size_t n_profilers;
    struct ridge_option_row *options; /* case options every worker knows: threads, cache, ... */
    size_t n_options;
};
void ridge_catalogue_deinit(struct ridge_catalogue *c);
/* By name or alias. */
const struct ridge_cat_operator *ridge_catalogue_operator(const struct ridge_catalogue *c, const char *name);
const struct ridge_cat_backend *ridge_catalogue_backend(const struct ridge_catalogue *c, const char *name);

/* Case options that belong to no operator and no backend (identity: threads, cache, scenario,
 * input_sets; see data/case_options.inc). Fills `out`, the struct of the rows. */
struct ridge_case_options {
    int64_t threads;
    int32_t cache;    /* enum: hot, cold */
    char scenario[RIDGE_OPTION_STRING_MAX]; /* single, depth(n), open(rate,poisson|constant), offline */
};
extern const struct ridge_option_row ridge_case_option_rows[];
extern const size_t ridge_n_case_option_rows;
#endif
