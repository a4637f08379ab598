/* The kernel runner: turns one kernel library (own or a peer's) into a backend.
 *
 * Compiled into every kernel plug-in; the plug-in supplies `ridge_kernel_library`. It picks the kernel
 * by variant and supports(), packs weights per input set outside the timing, and owns scratch. */
#include "common/library.h"
#include "kernels/choice.h"

#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SETS = 4096, MAX_TENSORS = 8, MAX_CANDIDATES = 16 };
/* A candidate of algorithm=auto is timed for this long after its first run, and not at all when that took
 * hopelessly longer than the best so far. */
enum { CANDIDATE_NS = 20000000, HOPELESS = 4 };

struct bound_set {
    struct ridge_tensor in[MAX_TENSORS], out[MAX_TENSORS];
    void *packed;
    struct ridge_kernel_prepared prepared;
};

struct kernel_runner {
    const struct ridge_host *host;
    const char *variant;
    void *library;
    struct ridge_library_info info;
    const struct ridge_kernel *kernel;
    const struct ridge_kernel *candidates[MAX_CANDIDATES]; /* of algorithm=auto, the preferred one first */
    size_t n_candidates;
    struct ridge_choice choice;
    struct ridge_problem problem;
    struct bound_set *sets;
    size_t n_sets, cap_sets;
    void *scratch;
    size_t scratch_bytes, packed_bytes;
    char kernel_text[256];
};

/* Vendor libraries start their own threads, which inherit our CPU mask: give them the case's CPUs. */
static void widen_affinity(const struct ridge_host *host)
{
    if (host->cpus == NULL || host->n_threads < 2)
        return;
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int i = 0; i < host->n_threads; i++)
        CPU_SET((size_t)host->cpus[i], &set);
    (void)sched_setaffinity(0, sizeof set, &set);
}

static bool variant_matches(const struct ridge_kernel *k, const char *variant)
{
    return variant[0] == '\0' || strcmp(k->isa, variant) == 0;
}

static size_t variant_rank(const struct ridge_kernel *k)
{
    const char *const *v = ridge_kernel_library.variants;
    size_t i = 0;
    while (v != NULL && v[i] != NULL && strcmp(v[i], k->isa) != 0)
        i++;
    return i;
}

/* The value of an enum row of the operator, as text; `absent` where it has no such row. */
static const char *enum_option(const struct ridge_operator *op, const void *shape, const char *key,
                               const char *absent)
{
    for (size_t i = 0; i < op->n_fields; i++) {
        const struct ridge_option_row *row = &op->fields[i];
        if (strcmp(row->key, key) != 0 || row->kind != RIDGE_KIND_ENUM)
            continue;
        int32_t value = 0;
        memcpy(&value, (const char *)shape + row->offset, sizeof value);
        return row->names[value];
    }
    return absent;
}

static bool wants_packed(const struct ridge_operator *op, const void *shape)
{
    return strcmp(enum_option(op, shape, "weights", ""), "prepacked") == 0;
}

/* supports(), and before it the dtype, which is the same question for every kernel. */
static bool kernel_supports(const struct kernel_runner *r, const struct ridge_kernel *k,
                            const struct ridge_problem *p, char *why, size_t n_why)
{
    const char *dtype = enum_option(p->op, p->shape, "dtype", k->dtype);
    if (strcmp(dtype, k->dtype) == 0)
        return k->supports(p->shape, r->host->n_threads, why, n_why);
    (void)snprintf(why, n_why, "%s has no %s kernel for dtype=%s", ridge_kernel_library.name, p->op->name, dtype);
    return false;
}

/* Best kernel of the operator that supports the shape; else the reason of the best that does not. */
static const struct ridge_kernel *pick_kernel(const struct kernel_runner *r, const struct ridge_problem *p,
                                              char *reason, size_t n_reason)
{
    size_t n = 0;
    const struct ridge_kernel *const *kernels = ridge_kernel_library.kernels(&n);
    const struct ridge_kernel *best = NULL;
    size_t refused_rank = SIZE_MAX;
    (void)snprintf(reason, n_reason, "%s%s%s has no kernel for %s", ridge_kernel_library.name,
                   r->variant[0] != '\0' ? ":" : "", r->variant, p->op->name);
    for (size_t i = 0; i < n; i++) {
        char why[256] = "";
        if (strcmp(kernels[i]->op, p->op->name) != 0 || !variant_matches(kernels[i], r->variant))
            continue;
        if (kernel_supports(r, kernels[i], p, why, sizeof why)) {
            if (best == NULL || variant_rank(kernels[i]) < variant_rank(best))
                best = kernels[i];
        } else if (variant_rank(kernels[i]) < refused_rank) {
            refused_rank = variant_rank(kernels[i]);
            (void)snprintf(reason, n_reason, "%s", why);
        }
    }
    return best;
}

static enum ridge_status runner_probe(const struct ridge_host *host, const struct ridge_open_args *args,
                                      struct ridge_probe *out)
{
    (void)host;
    memset(out, 0, sizeof *out);
    out->usable = true;
    if (ridge_kernel_library.open == NULL) {
        size_t n = 0;
        const struct ridge_kernel *const *kernels = ridge_kernel_library.kernels(&n);
        for (size_t i = 0; i < n && args->variant[0] != '\0'; i++) {
            if (strcmp(kernels[i]->isa, args->variant) != 0)
                continue;
            const struct ridge_operator *op = ridge_kernel_library.operators[0];
            void *shape = calloc(1, op->shape_size);
            if (shape != NULL && strcmp(kernels[i]->op, op->name) == 0)
                out->usable = kernels[i]->supports(shape, 1, out->reason, sizeof out->reason);
            free(shape);
            break;
        }
        return RIDGE_OK;
    }
    struct ridge_library_info info = {0};
    struct ridge_error err = {0};
    void *library = NULL;
    if (ridge_kernel_library.open(args->library_path, 1, &library, &info, &err) != RIDGE_OK) {
        out->usable = false;
        (void)snprintf(out->reason, sizeof out->reason, "%.500s", err.text);
        return RIDGE_OK;
    }
    (void)snprintf(out->version, sizeof out->version, "%s", info.version);
    (void)snprintf(out->note, sizeof out->note, "%s", info.note);
    (void)snprintf(out->library_path, sizeof out->library_path, "%s", info.path);
    ridge_kernel_library.close(library);
    return RIDGE_OK;
}

static void drop_set(struct kernel_runner *r, struct bound_set *set)
{
    if (set->prepared.state != NULL)
        r->kernel->release(r->library, set->prepared.state);
    r->host->free_(r->host->self, set->packed);
    set->packed = NULL;
    set->prepared = (struct ridge_kernel_prepared){0};
}

static void runner_unload(void *self)
{
    struct kernel_runner *r = self;
    for (size_t i = 0; i < r->n_sets; i++)
        drop_set(r, &r->sets[i]);
    free(r->sets);
    r->sets = NULL;
    r->n_sets = r->cap_sets = 0;
    r->host->free_(r->host->self, r->scratch);
    r->scratch = NULL;
    r->kernel = NULL;
}

static void runner_close(void *self)
{
    struct kernel_runner *r = self;
    runner_unload(r);
    if (r->library != NULL)
        ridge_kernel_library.close(r->library);
    free(r);
}

static enum ridge_status runner_open(const struct ridge_host *host, const struct ridge_open_args *args,
                                     void **self, struct ridge_error *err)
{
    struct kernel_runner *r = calloc(1, sizeof *r);
    if (r == NULL)
        return ridge_fail(err, RIDGE_ERR_NOMEM, ridge_kernel_library.name, "out of memory");
    r->host = host;
    r->variant = args->variant;
    if (ridge_kernel_library.open != NULL) {
        widen_affinity(host);
        const enum ridge_status rc =
            ridge_kernel_library.open(args->library_path, host->n_threads, &r->library, &r->info, err);
        if (rc != RIDGE_OK) {
            free(r);
            return rc;
        }
    }
    *self = r;
    return RIDGE_OK;
}

/* Own kernels of the same ISA that could do it too, where the case leaves the algorithm open. */
static void list_candidates(struct kernel_runner *r)
{
    size_t n = 0;
    const struct ridge_kernel *const *kernels = ridge_kernel_library.kernels(&n);
    r->n_candidates = 0;
    if (ridge_kernel_library.open != NULL ||
        strcmp(enum_option(r->problem.op, r->problem.shape, "algorithm", ""), "auto") != 0)
        return;
    for (size_t i = 0; i < n && r->n_candidates < MAX_CANDIDATES; i++) {
        char why[256];
        if (strcmp(kernels[i]->op, r->problem.op->name) == 0 && strcmp(kernels[i]->isa, r->kernel->isa) == 0 &&
            kernel_supports(r, kernels[i], &r->problem, why, sizeof why))
            r->candidates[r->n_candidates++] = kernels[i];
    }
}

static enum ridge_status use_kernel(struct kernel_runner *r, const struct ridge_kernel *kernel,
                                    struct ridge_error *err)
{
    r->kernel = kernel;
    r->scratch_bytes = kernel->scratch_bytes != NULL ? kernel->scratch_bytes(r->problem.shape, r->host->n_threads) : 0;
    r->scratch = NULL;
    if (r->scratch_bytes > 0) {
        r->scratch = r->host->alloc(r->host->self, r->scratch_bytes, 64, NULL);
        if (r->scratch == NULL)
            return ridge_fail(err, RIDGE_ERR_NOMEM, kernel->name, "no memory for %zu bytes of scratch",
                              r->scratch_bytes);
    }
    (void)snprintf(r->kernel_text, sizeof r->kernel_text, "%s (%s, %s)", kernel->name, kernel->algorithm,
                   kernel->isa);
    return RIDGE_OK;
}

static enum ridge_status runner_load(void *self, const struct ridge_problem *problem, struct ridge_error *err)
{
    struct kernel_runner *r = self;
    char reason[512];
    r->problem = *problem;
    r->kernel = pick_kernel(r, problem, reason, sizeof reason);
    if (r->kernel == NULL)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, ridge_kernel_library.name, "%s", reason);
    if (problem->op->n_inputs > MAX_TENSORS || problem->op->n_outputs > MAX_TENSORS)
        return ridge_fail(err, RIDGE_ERR_INTERNAL, problem->op->name, "more than %d tensors", MAX_TENSORS);
    list_candidates(r);
    return r->n_candidates > 1 ? RIDGE_OK : use_kernel(r, r->kernel, err); /* else bind chooses */
}

static struct ridge_kernel_args args_of(const struct kernel_runner *r, const struct bound_set *set)
{
    return (struct ridge_kernel_args){.shape = r->problem.shape, .in = set->in, .out = set->out,
                                      .packed = set->packed, .scratch = r->scratch, .host = r->host,
                                      .library = r->library, .state = set->prepared.state};
}

static enum ridge_status grow_sets(struct kernel_runner *r, struct ridge_error *err)
{
    if (r->n_sets < r->cap_sets)
        return RIDGE_OK;
    const size_t cap = r->cap_sets > 0 ? 2 * r->cap_sets : 4;
    struct bound_set *sets = cap <= MAX_SETS ? realloc(r->sets, cap * sizeof *sets) : NULL;
    if (sets == NULL)
        return ridge_fail(err, RIDGE_ERR_NOMEM, "bind", "no memory for %zu input sets", cap);
    r->sets = sets;
    r->cap_sets = cap;
    return RIDGE_OK;
}

static enum ridge_status pack_set(struct kernel_runner *r, struct bound_set *set, struct ridge_error *err)
{
    if (!wants_packed(r->problem.op, r->problem.shape) || r->kernel->packed_bytes == NULL)
        return RIDGE_OK;
    const size_t n_bytes = r->kernel->packed_bytes(r->problem.shape, r->host->n_threads);
    if (n_bytes == 0)
        return RIDGE_OK;
    set->packed = r->host->alloc(r->host->self, n_bytes, 64, NULL);
    if (set->packed == NULL)
        return ridge_fail(err, RIDGE_ERR_NOMEM, r->kernel->name, "no memory for %zu bytes of packed weights",
                          n_bytes);
    r->packed_bytes = n_bytes;
    const struct ridge_kernel_args args = args_of(r, set);
    return r->kernel->pack(&args, err);
}

/* What a library chose of its own is known once a set is bound. */
static const char *runner_algorithm(void *self)
{
    const struct kernel_runner *r = self;
    const char *chosen = r->n_sets > 0 ? r->sets[0].prepared.algorithm : NULL;
    return chosen != NULL ? chosen : r->kernel->algorithm;
}

static enum ridge_status prepare_set(struct kernel_runner *r, struct bound_set *set, struct ridge_error *err)
{
    enum ridge_status rc = pack_set(r, set, err);
    if (rc != RIDGE_OK || r->kernel->prepare == NULL)
        return rc;
    const struct ridge_kernel_args args = args_of(r, set);
    rc = r->kernel->prepare(&args, &set->prepared, err);
    if (rc == RIDGE_OK)
        (void)snprintf(r->kernel_text, sizeof r->kernel_text, "%s (%s, %s%s%s)", r->kernel->name,
                       runner_algorithm(r), r->kernel->isa, set->prepared.note[0] != '\0' ? ", " : "",
                       set->prepared.note);
    return rc;
}

/* Shortest run of a candidate in ns; INFINITY where it cannot. */
static double time_candidate(struct kernel_runner *r, const struct ridge_kernel *kernel, struct bound_set *set,
                             double best_ns)
{
    struct ridge_error ignored = {0};
    double shortest_ns = INFINITY;
    if (use_kernel(r, kernel, &ignored) == RIDGE_OK && prepare_set(r, set, &ignored) == RIDGE_OK) {
        const struct ridge_kernel_args args = args_of(r, set);
        const uint64_t begin_ns = r->host->now_ns(r->host->self);
        uint64_t last_ns = begin_ns, limit_ns = 0; /* the first run warms up */
        while (last_ns - begin_ns <= limit_ns && kernel->run(&args) == RIDGE_OK) {
            const uint64_t now_ns = r->host->now_ns(r->host->self);
            const double run_ns = (double)(now_ns - last_ns);
            if (limit_ns == 0 && run_ns > HOPELESS * best_ns) {
                shortest_ns = run_ns;
                break;
            }
            shortest_ns = limit_ns == 0 || run_ns < shortest_ns ? run_ns : shortest_ns;
            limit_ns = (uint64_t)run_ns + CANDIDATE_NS;
            last_ns = now_ns;
        }
    }
    drop_set(r, set);
    r->host->free_(r->host->self, r->scratch);
    r->scratch = NULL;
    return shortest_ns;
}

struct candidate {
    const struct ridge_kernel *kernel;
    double ns;
};

static int by_time(const void *pa, const void *pb)
{
    const struct candidate *a = pa, *b = pb;
    return (a->ns > b->ns) - (a->ns < b->ns);
}

static void measure_candidates(struct kernel_runner *r, struct bound_set *set)
{
    struct candidate v[MAX_CANDIDATES];
    double best_ns = INFINITY;
    size_t used = 0;
    for (size_t i = 0; i < r->n_candidates; i++) {
        v[i] = (struct candidate){r->candidates[i], time_candidate(r, r->candidates[i], set, best_ns)};
        best_ns = v[i].ns < best_ns ? v[i].ns : best_ns;
    }
    qsort(v, r->n_candidates, sizeof v[0], by_time);
    (void)snprintf(r->choice.kernel, sizeof r->choice.kernel, "%s", v[0].kernel->name);
    for (size_t i = 0; i < r->n_candidates && used < sizeof r->choice.text; i++)
        used += (size_t)snprintf(r->choice.text + used, sizeof r->choice.text - used, "%s%s %.4g us", i > 0 ? ", " : "",
                                 v[i].kernel->algorithm, v[i].ns / 1e3);
}

static const struct ridge_kernel *candidate_named(const struct kernel_runner *r, const char *name)
{
    for (size_t i = 0; i < r->n_candidates; i++)
        if (strcmp(r->candidates[i]->name, name) == 0)
            return r->candidates[i];
    return NULL;
}

/* Once per shape, CPU and build; later forks and runs read what the first one kept. */
static enum ridge_status choose(struct kernel_runner *r, struct bound_set *set, struct ridge_error *err)
{
    char key[RIDGE_CHOICE_KEY];
    ridge_choice_key(&r->problem, r->variant, r->host->n_threads, key);
    if (!ridge_choice_recall(key, &r->choice) || candidate_named(r, r->choice.kernel) == NULL) {
        measure_candidates(r, set);
        ridge_choice_keep(key, &r->choice);
    }
    return use_kernel(r, candidate_named(r, r->choice.kernel), err);
}

static enum ridge_status runner_bind(void *self, size_t i_set, const struct ridge_tensor *in,
                                     const struct ridge_tensor *out, struct ridge_error *err)
{
    struct kernel_runner *r = self;
    if (i_set != r->n_sets)
        return ridge_fail(err, RIDGE_ERR_INTERNAL, "bind", "input set %zu bound before %zu", i_set, r->n_sets);
    enum ridge_status rc = grow_sets(r, err);
    if (rc != RIDGE_OK)
        return rc;
    struct bound_set *set = &r->sets[r->n_sets++];
    memset(set, 0, sizeof *set);
    memcpy(set->in, in, r->problem.op->n_inputs * sizeof *in);
    memcpy(set->out, out, r->problem.op->n_outputs * sizeof *out);
    if (i_set == 0 && r->n_candidates > 1)
        rc = choose(r, set, err);
    return rc == RIDGE_OK ? prepare_set(r, set, err) : rc;
}

static enum ridge_status runner_run(void *self, size_t i_set, struct ridge_error *err)
{
    const struct kernel_runner *r = self;
    const struct ridge_kernel_args args = args_of(r, &r->sets[i_set]);
    const enum ridge_status rc = r->kernel->run(&args);
    return rc == RIDGE_OK ? rc : ridge_fail(err, rc, r->kernel->name, "the kernel answered status %d", (int)rc);
}

static size_t runner_facts(void *self, struct ridge_fact *facts, size_t max_facts)
{
    struct kernel_runner *r = self;
    const struct ridge_kernel *k = r->kernel;
    const struct ridge_kernel_prepared prepared =
        r->n_sets > 0 ? r->sets[0].prepared : (struct ridge_kernel_prepared){0};
    const struct ridge_fact all[] = {
        {"kernel", 0, r->kernel_text},
        {"auto_candidates", 0, r->choice.text},
        {"library_version", 0, r->info.version},
        {"library_path", 0, r->info.path},
        {"library_note", 0, r->info.note},
        {"threading", 0, ridge_kernel_library.open != NULL ? r->info.threading : "host pool"},
        {"packed_bytes", (double)r->packed_bytes + (double)prepared.packed_bytes, NULL},
        {"workspace_bytes", (double)r->scratch_bytes + (double)prepared.workspace_bytes, NULL},
        {"executed_flop", k->executed_flop != NULL ? k->executed_flop(r->problem.shape) : 0, NULL},
    };
    size_t n = 0;
    for (size_t i = 0; i < sizeof all / sizeof all[0] && n < max_facts; i++) {
        const bool empty_text = all[i].text != NULL && all[i].text[0] == '\0';
        const bool no_flop = strcmp(all[i].name, "executed_flop") == 0 && k->executed_flop == NULL;
        if (!empty_text && !no_flop)
            facts[n++] = all[i];
    }
    return n;
}

/* The rows of `list kernels`, made once from the library's table. */
static const struct ridge_kernel_row *kernel_rows(size_t *n)
{
    static struct ridge_kernel_row rows[256];
    const struct ridge_kernel *const *kernels = ridge_kernel_library.kernels(n);
    if (*n > sizeof rows / sizeof rows[0])
        *n = sizeof rows / sizeof rows[0];
    for (size_t i = 0; i < *n; i++) {
        const struct ridge_kernel *k = kernels[i];
        rows[i] = (struct ridge_kernel_row){k->op, k->name, k->algorithm, k->dtype, k->isa, k->layout};
    }
    return rows;
}

RIDGE_EXPORT const struct ridge_runner *ridge_runner_get(void);
const struct ridge_runner *ridge_runner_get(void)
{
    static struct ridge_runner runner = {
        .abi_version = RIDGE_ABI_VERSION, .struct_size = sizeof(struct ridge_runner),
        .probe = runner_probe, .open = runner_open, .close = runner_close,
        .load = runner_load, .unload = runner_unload, .bind = runner_bind, .run = runner_run,
        .facts = runner_facts, .algorithm = runner_algorithm,
    };
    runner.name = ridge_kernel_library.name;
    runner.doc = ridge_kernel_library.doc;
    runner.variants = ridge_kernel_library.variants;
    runner.operators = ridge_kernel_library.operators;
    runner.kernels = kernel_rows(&runner.n_kernels);
    return &runner;
}
