/* From stored samples to metric and comparison rows of one group: reads the group's chunks back, asks
 * stat, hands rows to the store. Runs between groups only. */
#ifndef RIDGE_CLI_DERIVE_H
#define RIDGE_CLI_DERIVE_H

#include "data/plan.h"
#include "data/result.h"
#include "stat/stat.h"
#include "store/reader.h"
#include "store/writer.h"

/* What is known of a member beside its samples; one per member of the plan. */
struct ridge_derive_facts {
    enum ridge_verdict verdict; /* worst over the forks */
    bool is_known;
    struct {
        const char *name; /* of the metric dictionary */
        double value;     /* worst over the forks: the largest */
        int64_t n;
    } v[32];
    size_t n;
};
void ridge_derive_add_process(struct ridge_derive_facts *f, const struct ridge_process *p);

/* Disturbance and drift over the run, for the fitness line. */
struct ridge_derive_noise {
    struct ridge_noise noise;
    double timed_ns, steal_ns, foreign_ns; /* sums over blocks that know them */
    struct {
        double *v;
        size_t n, cap;
    } canary_hz, fma_relative;
};
void ridge_derive_add_chunk(struct ridge_derive_noise *n, const struct ridge_chunk *c);
void ridge_derive_noise_finish(struct ridge_derive_noise *n); /* fills n->noise */
void ridge_derive_noise_deinit(struct ridge_derive_noise *n);

enum ridge_status ridge_derive_group(struct ridge_store *store, int64_t run_id, const struct ridge_plan *plan,
                                     size_t i_group, const char *stop_reason,
                                     const struct ridge_derive_facts *facts, struct ridge_derive_noise *noise,
                                     struct ridge_error *err) RIDGE_MUST_USE;
#endif
