/* The case a worker holds: runner, operator, tensors, schedule. One at a time, from load to unload. */
#ifndef RIDGE_WORKER_CASE_H
#define RIDGE_WORKER_CASE_H

#include "data/catalogue.h"
#include "data/scenario.h"
#include "host/host.h"
#include "wire/wire.h"
#include "worker/plugin.h"
#include "worker/services.h"

enum { RIDGE_WORKER_MAX_TENSORS = 16, RIDGE_WORKER_MAX_SETS = 4096, RIDGE_WORKER_MAX_FLIGHT = 64 };
enum { RIDGE_WORKER_MAX_CANARIES = 31 };

struct ridge_case_set { /* tensors as the runner sees them; device pointers with device memory */
    struct ridge_tensor in[RIDGE_WORKER_MAX_TENSORS], out[RIDGE_WORKER_MAX_TENSORS];
};
struct ridge_worker_case { /* zero-initialise */
    struct ridge_arena arena;
    const struct ridge_plugin *plugin;
    const struct ridge_runner *runner; /* the plug-in's, with stubs */
    const struct ridge_operator *op;
    void *self; /* of the runner, NULL until open */
    void *shape, *backend_options;
    struct ridge_case_options options;
    struct ridge_scenario scenario;
    size_t max_in_flight; /* requests at once; 1 where a backend only runs */
    uint64_t seed;
    int64_t buffer_offset_bytes;
    struct ridge_services services;
    struct ridge_clock clock;
    struct ridge_case_set *sets;
    size_t n_sets;
    struct ridge_case_set staging; /* host side of one set, device memory only */
    uint64_t set_bytes;
    size_t i_run;         /* runs so far: set = i_run % n_sets */
    int64_t inner_reps;   /* k */
    double run_ns;        /* as warm-up saw it */
    bool is_problem_loaded;
    const char *warm;     /* warm, not_steady, too_few_runs */
    void *heap_pad;
    double canary_hz[RIDGE_WORKER_MAX_CANARIES]; /* of the last blocks, a ring */
    size_t n_canaries;
    size_t n_requested_sets; /* the first that requests wrote */
};

/* options.c: fills shape, options and backend_options; what is unknown is UNSUPPORTED in words. */
enum ridge_status ridge_case_parse(struct ridge_worker_case *c, const struct ridge_msg_load *m,
                                   struct ridge_error *err) RIDGE_MUST_USE;

/* tensors.c */
size_t ridge_case_count_in_flight(const struct ridge_worker_case *c, uint64_t max_bytes);
size_t ridge_case_count_sets(const struct ridge_worker_case *c, uint64_t cache_bytes, uint64_t max_bytes);
enum ridge_status ridge_case_alloc(struct ridge_worker_case *c, struct ridge_error *err) RIDGE_MUST_USE;
enum ridge_status ridge_case_fill(struct ridge_worker_case *c, struct ridge_error *err) RIDGE_MUST_USE;
enum ridge_status ridge_case_poison(struct ridge_worker_case *c, size_t i_set, struct ridge_error *err) RIDGE_MUST_USE;
enum ridge_status ridge_case_compare(struct ridge_worker_case *c, size_t i_set, struct ridge_check *result,
                                     struct ridge_error *err) RIDGE_MUST_USE;
/* After ridge_case_compare of that set. */
void ridge_case_output_digest(struct ridge_worker_case *c, size_t i_set, char hex[17]);
void ridge_case_free_tensors(struct ridge_worker_case *c);

/* warmup.c: chooses inner_reps, runs until steady or `max_ns`; sets warm and run_ns. */
enum ridge_status ridge_case_warm_up(struct ridge_worker_case *c, int64_t max_ns, struct ridge_error *err) RIDGE_MUST_USE;

/* check.c: compares one set as it lies there and keeps the worst error as a fact; what differs in words. */
enum ridge_status ridge_case_compare_set(struct ridge_worker_case *c, size_t i_set, struct ridge_process *p,
                                         struct ridge_error *err) RIDGE_MUST_USE;
enum ridge_status ridge_case_counted_run(struct ridge_worker_case *c, size_t i_set, struct ridge_error *err) RIDGE_MUST_USE;
/* After the last block: what the block wrote, then a run into poisoned outputs. */
void ridge_case_check(struct ridge_worker_case *c, struct ridge_msg_loaded *out);

/* load.c: fills `out`; never fails: what went wrong is the verdict. */
void ridge_case_load(struct ridge_worker_case *c, struct ridge_plugins *plugins, const struct ridge_msg_load *m,
                     struct ridge_msg_loaded *out);
void ridge_case_add_fact(struct ridge_process *p, const char *name, double value);
void ridge_case_say_verdict(struct ridge_worker_case *c, struct ridge_msg_loaded *out, enum ridge_status status,
                            const struct ridge_error *err);
void ridge_case_deinit(struct ridge_worker_case *c);
enum ridge_verdict ridge_case_verdict(enum ridge_status status);

/* timed.c and requests.c: fill columns of `out` (allocated before the first tick) */
struct ridge_block_limits { int64_t block_ns, lead_in_ns, lead_in_runs, max_samples; };
enum ridge_status ridge_case_time_single(struct ridge_worker_case *c, const struct ridge_block_limits *l,
                                         struct ridge_chunk *out, struct ridge_error *err) RIDGE_MUST_USE;
enum ridge_status ridge_case_time_requests(struct ridge_worker_case *c, const struct ridge_block_limits *l,
                                           struct ridge_chunk *out, struct ridge_error *err) RIDGE_MUST_USE;
/* block.c: canary, counters, the block, counters. */
enum ridge_status ridge_case_go(struct ridge_worker_case *c, const struct ridge_msg_go *go, struct ridge_chunk *out,
                                struct ridge_error *err) RIDGE_MUST_USE;
/* By what surrounded the block; `usual_hz` is the median of the canaries before it, -1 unknown. */
bool ridge_case_is_disturbed(const struct ridge_chunk *b, double usual_hz, int n_cpus);
void *ridge_chunk_add(struct ridge_chunk *c, const char *name, enum ridge_column_type type, size_t n);

/* One run on the next set. */
static inline enum ridge_status ridge_case_run(struct ridge_worker_case *c, struct ridge_error *err)
{
    size_t i_set = c->i_run++;
    if (i_set >= c->n_sets)
        i_set %= c->n_sets;
    return c->runner->run(c->self, i_set, err);
}
#endif
