/* Writing a run. Ids are SQLite rowids. Lists of strings are borrowed for the call. */
#ifndef RIDGE_STORE_WRITER_H
#define RIDGE_STORE_WRITER_H
#include "data/judgement.h"
#include "store/store.h"

struct ridge_run_info {
    const char *name, *suite_path, *suite_text, *suite_sha256, *command, *version, *catalogue_digest;
    uint64_t seed;
    int64_t started_utc_ns;
    const struct ridge_kvs *host; /* fingerprint */
    const char *host_class, *topology, *boot_id;
    const struct ridge_kvs *defaults; /* of identity options: OPERATOR.KEY, or KEY where every operator has it */
    const char *owner; /* ridge_os_process_name of whoever measures */
    const char *settings_words, *set_words; /* of the command that makes the run again: settings, and --set as given */
    const struct ridge_plan *plan;
};
/* Inserts host (unless equal one is there), run, cases, groups, members, metric_def. */
enum ridge_status ridge_store_begin_run(struct ridge_store *s, const struct ridge_run_info *info,
                                        int64_t *run_id, struct ridge_error *err) RIDGE_MUST_USE;
/* Latest unfinished run with equal suite text, catalogue digest, boot_id, groups and members, for --resume; 0: none. Refuses a run
 * whose owner is alive. Marks half forks interrupted. ridge_store_fork_done tells what can be skipped. */
enum ridge_status ridge_store_resume_run(struct ridge_store *s, const struct ridge_run_info *info,
                                         int64_t *run_id, struct ridge_error *err) RIDGE_MUST_USE;
bool ridge_store_fork_done(struct ridge_store *s, int64_t run_id, size_t i_group, int64_t fork);
enum ridge_status ridge_store_process(struct ridge_store *s, int64_t run_id, const struct ridge_process *p,
                                      struct ridge_error *err) RIDGE_MUST_USE; /* upsert by (run, member, fork) */
enum ridge_status ridge_store_round(struct ridge_store *s, int64_t run_id, size_t i_group, int64_t fork,
                                    int64_t round, const size_t *i_members, const struct ridge_chunk *chunks,
                                    size_t n, struct ridge_error *err) RIDGE_MUST_USE; /* one commit */
enum ridge_status ridge_store_fork_end(struct ridge_store *s, int64_t run_id, size_t i_group, int64_t fork,
                                       struct ridge_error *err) RIDGE_MUST_USE;
enum ridge_status ridge_store_group_end(struct ridge_store *s, int64_t run_id, size_t i_group,
                                        const char *stop_reason, double width_ratio,
                                        struct ridge_error *err) RIDGE_MUST_USE;
/* Blocks of this machine beside which its core did fewer loads a step are disturbed from now on; sets marked[i_group] where
 * there are any. The measured loads stay. */
enum ridge_status ridge_store_mark_shared(struct ridge_store *s, int64_t run_id, double least_loads, bool *marked, size_t n_groups,
                                          struct ridge_error *err) RIDGE_MUST_USE;
/* Derived rows of one group in one transaction: metrics per member and comparisons. Replaces older ones. */
enum ridge_status ridge_store_derived(struct ridge_store *s, int64_t run_id, size_t i_group,
                                      const size_t *i_members, const struct ridge_metric *const *metrics,
                                      const size_t *n_metrics, size_t n_members,
                                      const struct ridge_comparison *comparisons, size_t n_comparisons,
                                      struct ridge_error *err) RIDGE_MUST_USE;
/* A judgement with its rows in one transaction; sets j->id. Older ones stay. */
enum ridge_status ridge_store_judgement(struct ridge_store *s, struct ridge_judgement *j, struct ridge_error *err) RIDGE_MUST_USE;
/* The name stands for these runs from now on; none: the name is forgotten. */
enum ridge_status ridge_store_baseline(struct ridge_store *s, const char *name, const int64_t *runs, size_t n,
                                       int64_t set_utc_ns, struct ridge_error *err) RIDGE_MUST_USE;
/* status: complete, interrupted, failed; fitness: quiet, noisy, unfit. Checkpoints the WAL. */
enum ridge_status ridge_store_end_run(struct ridge_store *s, int64_t run_id, const char *status,
                                      const char *fitness, const char *why, struct ridge_error *err) RIDGE_MUST_USE;
#endif
