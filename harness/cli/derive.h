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
        int64_t n;         /* forks that said it */
        int64_t last_fork;
    } v[32];
    size_t n;
};
void ridge_derive_add_verdict(struct ridge_derive_facts *f, enum ridge_verdict verdict);
void ridge_derive_add_fact(struct ridge_derive_facts *f, int64_t fork, const char *name, double value);
void ridge_derive_add_process(struct ridge_derive_facts *f, const struct ridge_process *p);

/* noise.c: disturbance and drift over all blocks of a run, also those of earlier sessions, from its stored rows. */
enum ridge_status ridge_derive_noise(struct ridge_store *store, int64_t run_id, const struct ridge_plan *plan,
                                     struct ridge_noise *out, struct ridge_error *err) RIDGE_MUST_USE;

enum ridge_status ridge_derive_group(struct ridge_store *store, int64_t run_id, const struct ridge_plan *plan,
                                     size_t i_group, const char *stop_reason,
                                     const struct ridge_derive_facts *facts, struct ridge_error *err) RIDGE_MUST_USE;
#endif
