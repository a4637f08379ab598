/* Reading runs. Everything a reader returns lives in the arena that the caller gives. Samples are read one
 * case at a time, so memory stays bounded. */
#ifndef RIDGE_STORE_READER_H
#define RIDGE_STORE_READER_H
#include "data/judgement.h"
#include "store/store.h"

struct ridge_rd_run {
    int64_t id, started_utc_ns, ended_utc_ns;
    const char *name, *suite_path, *suite_text, *command, *version, *status, *fitness, *why, *boot_id;
    uint64_t seed;
    const char *host_class, *topology;
    struct ridge_kvs host;
    int64_t forks, rounds; /* planned */
    int64_t n_cases, n_groups;
    const char *statistic;
    struct ridge_kvs defaults; /* of identity options: OPERATOR.KEY, or KEY */
    const char *settings_words, *set_words; /* of the command that makes the run again */
};
#define RIDGE_RD_DIGEST_VARIES "differs from process to process" /* value of the condition output_digest */
struct ridge_rd_member {
    int64_t i_member, case_rowid; /* i_member: index in the run's plan */
    const char *case_id, *subject, *op, *backend, *device, *target, *arm, *yardstick, *model, *layer;
    struct ridge_kvs shape, options;
    double flop, compulsory_bytes;
    const char *verdict, *reason, *stderr_tail; /* worst over the forks */
    int64_t n_forks, n_rounds, n_samples, inner_reps;
    const char *warm, *clock_name;
    double clock_cost_ns, clock_resolution_ns;
    struct ridge_kvs conditions;
    const char **families; /* headings of the suite under which reports sum it up */
    size_t n_families;
    struct ridge_metric *metrics; /* in the order of metrics.inc */
    size_t n_metrics;
};
struct ridge_rd_group {
    int64_t i_group;
    const char *title, *stop_reason;
    double width_ratio;
    struct ridge_rd_member *members; /* in plan order */
    size_t n_members;
    struct ridge_comparison *comparisons; /* i_member_* are indexes into `members` of this group */
    size_t n_comparisons;
};
/* "last", "last~2", an id, or a name. */
enum ridge_status ridge_read_run(struct ridge_store *s, struct ridge_arena *a, const char *run,
                                 struct ridge_rd_run *out, struct ridge_error *err) RIDGE_MUST_USE;
enum ridge_status ridge_read_runs(struct ridge_store *s, struct ridge_arena *a, struct ridge_rd_run **out,
                                  size_t *n, struct ridge_error *err) RIDGE_MUST_USE;
/* Have two runs a case in common, yardsticks aside? */
enum ridge_status ridge_read_shares_case(struct ridge_store *s, int64_t run_id, int64_t other_id, bool *out,
                                         struct ridge_error *err) RIDGE_MUST_USE;
/* All groups with members, metrics and comparisons (no samples), a few statements for the whole run. */
enum ridge_status ridge_read_groups(struct ridge_store *s, struct ridge_arena *a, int64_t run_id,
                                    struct ridge_rd_group **out, size_t *n, struct ridge_error *err) RIDGE_MUST_USE;
/* Chunks of one member, all forks and rounds, in order. Free each with ridge_chunk_deinit, then the array. */
enum ridge_status ridge_read_chunks(struct ridge_store *s, int64_t run_id, int64_t i_member,
                                    struct ridge_chunk **out, size_t *n, struct ridge_error *err) RIDGE_MUST_USE;
/* What surrounded every block of a run, in the order of measurement, without its samples; -1: unknown. */
struct ridge_rd_block {
    int64_t i_member, n_samples, n_disturbed, steal_ns, foreign_ns, cpu_time_ns, n_repeats;
    double canary_hz, block_ns;
};
enum ridge_status ridge_read_blocks(struct ridge_store *s, struct ridge_arena *a, int64_t run_id,
                                    struct ridge_rd_block **out, size_t *n, struct ridge_error *err) RIDGE_MUST_USE;
/* Loads a step of the canary where no neighbour is on the core, of this machine's blocks only; 0: no block tells. Of a run's own
 * blocks, and of the runs before it on hosts of its class. */
enum ridge_status ridge_read_loads(struct ridge_store *s, int64_t run_id, double *out, struct ridge_error *err) RIDGE_MUST_USE;
enum ridge_status ridge_read_loads_before(struct ridge_store *s, int64_t run_id, double *out, struct ridge_error *err) RIDGE_MUST_USE;
/* What the workers of a run said, one row a fact; name NULL: a process without facts. */
struct ridge_rd_fact {
    int64_t i_member, fork;
    const char *verdict, *name;
    double value;
};
enum ridge_status ridge_read_facts(struct ridge_store *s, struct ridge_arena *a, int64_t run_id,
                                   struct ridge_rd_fact **out, size_t *n, struct ridge_error *err) RIDGE_MUST_USE;
/* The last judgement of a run with its rows; NULL: it was never judged. */
enum ridge_status ridge_read_judgement(struct ridge_store *s, struct ridge_arena *a, int64_t run_id,
                                       struct ridge_judgement **out, struct ridge_error *err) RIDGE_MUST_USE;
/* Control cases of the runs of a host class before a run: how many left their margin, of how many. */
enum ridge_status ridge_read_aa(struct ridge_store *s, const char *host_class, int64_t before_run_id, int64_t *n_out,
                                int64_t *n, struct ridge_error *err) RIDGE_MUST_USE;
struct ridge_rd_baseline {
    const char *name;
    int64_t run_id, set_utc_ns;
};
enum ridge_status ridge_read_baselines(struct ridge_store *s, struct ridge_arena *a, struct ridge_rd_baseline **out,
                                       size_t *n, struct ridge_error *err) RIDGE_MUST_USE;
const struct ridge_metric *ridge_rd_metric(const struct ridge_rd_member *m, const char *name); /* NULL: none */
#endif
