/* Judging runs: rules, pairs, stored baselines. Reads runs through the reader only and writes nothing; the
 * judgement it fills is the caller's to store. Everything lives in the arena that is passed in. */
#ifndef RIDGE_GATE_GATE_H
#define RIDGE_GATE_GATE_H

#include "data/judgement.h"
#include "data/kvs.h"
#include "stat/judge.h"
#include "store/reader.h"

#define RIDGE_GATE_AA "aa" /* the arm, and the yardstick's name, of the control */
#define RIDGE_GATE_AA_CASES 20
#define RIDGE_GATE_MIN_FORKS RIDGE_JUDGE_MIN_FORKS

/* ---- rules: a JSON file; docs/gate.md has the keys ---- */
struct ridge_gate_rule {
    const char *name;
    struct ridge_selector cases;
    const char *metric;                  /* time_ns unless said otherwise */
    double margin_ratio, max, min, alpha; /* NAN: not set; alpha: one-sided, over all looks */
    bool is_higher_better;               /* what the margin bounds is a fall */
    bool must_exist, fail_inconclusive, fail_improved;
    int line;
};
struct ridge_gate_rules {
    const char *name, *text, *sha256;
    double margin_ratio, memory_margin_ratio, model_margin_ratio;
    double alpha;                        /* one-sided, over all looks */
    int64_t n_looks, budget_ns;
    bool require_fit, fail_inconclusive;
    double prior_compute, prior_memory, prior_none; /* spread between runs while nothing better is known */
    const char *prior_source;                       /* where those come from */
    struct ridge_gate_rule *v;
    size_t n;
};
/* text NULL: the defaults. Mistakes are told with file:line:column, all of them, in *errors. */
enum ridge_status ridge_gate_rules_load(struct ridge_arena *a, const char *file, const char *text,
                                        struct ridge_gate_rules *out, struct ridge_buf *errors,
                                        struct ridge_error *err) RIDGE_MUST_USE;

/* ---- runs ---- */
struct ridge_gate_run { /* a stored run, loaded */
    struct ridge_store *store;
    struct ridge_rd_run run;
    struct ridge_rd_group *groups;
    size_t n_groups;
};
enum ridge_status ridge_gate_load(struct ridge_store *store, struct ridge_arena *a, const char *run,
                                  struct ridge_gate_run *out, struct ridge_error *err) RIDGE_MUST_USE;
/* NULL: none. A member of two groups is one case: the first. */
const struct ridge_rd_member *ridge_gate_member(const struct ridge_gate_run *run, int64_t i_member);
int64_t ridge_gate_forks(const struct ridge_rd_group *g); /* of the member that has most */
/* Is the figure that would be held against another run's too weak for it: did disturbed forks have to be counted, or are
 * fewer than 5 left without them? */
bool ridge_gate_is_disturbed(const struct ridge_rd_member *m);
/* Keys that selectors see: id, subject, op, backend, device, target, arm, model, layer, shape and options. */
struct ridge_kvs ridge_gate_member_kvs(struct ridge_arena *a, const struct ridge_rd_member *m);
const char *ridge_gate_label(struct ridge_arena *a, const struct ridge_rd_run *run, const struct ridge_rd_member *m);

struct ridge_gate_look { /* which look this is, for the alpha that it may spend */
    int64_t i_look;      /* from 0 */
    const double *s_per_fork; /* what one more fork costs, by the group's place in the run; NULL: unknown */
    double s_around;          /* its part around the rounds: the process, loading, warm-up */
};
/* Members that match `b` against those of the same group that match `a` and agree in everything that the
 * selectors do not name; pairs are (fork, round). The control rows (arm aa against main) come along. */
enum ridge_status ridge_gate_paired(struct ridge_arena *a, const struct ridge_gate_run *run, const char *side_a,
                                    const char *side_b, const struct ridge_gate_rules *rules,
                                    const struct ridge_gate_look *look, struct ridge_judgement *out,
                                    struct ridge_error *err) RIDGE_MUST_USE;
/* Do two sides meet in the rounds of any group? */
bool ridge_gate_has_pairs(struct ridge_arena *a, const struct ridge_gate_run *run, const char *side_a, const char *side_b);
/* Where they do not: two runs out of one, each member of side b alone, and under its case id the first of side a that agrees in
 * all else. Their members carry the stored run's indexes. */
enum ridge_status ridge_gate_sides(struct ridge_arena *a, const struct ridge_gate_run *run, const char *side_a, const char *side_b,
                                   struct ridge_gate_run *base, struct ridge_gate_run *now, struct ridge_error *err) RIDGE_MUST_USE;
/* Only the control of a run: what `gate` reads. Appends rows. */
enum ridge_status ridge_gate_control(struct ridge_arena *a, const struct ridge_gate_run *run,
                                     const struct ridge_gate_rules *rules, struct ridge_judgement *out,
                                     struct ridge_error *err) RIDGE_MUST_USE;
/* A run against stored ones: base are the baseline's runs, earlier all of this host class in time order (the
 * baseline's among them). by_level: the reference is the level of the runs up to the baseline where it is known, else its
 * runs alone. Whether runs of two host classes may meet is the caller's to say. */
struct ridge_gate_stored {
    const struct ridge_gate_run *base, *earlier;
    size_t n_base, n_earlier;
    bool by_level;
    bool is_two_cases; /* of ridge_gate_sides: work and answer may differ */
};
enum ridge_status ridge_gate_unpaired(struct ridge_arena *a, const struct ridge_gate_run *now,
                                      const struct ridge_gate_stored *stored, const struct ridge_gate_rules *rules,
                                      struct ridge_judgement *out, struct ridge_error *err) RIDGE_MUST_USE;
/* Absolute limits, must-exist and wrong answers. Appends rows. */
enum ridge_status ridge_gate_limits(struct ridge_arena *a, const struct ridge_gate_run *run, const char *side_b,
                                    const struct ridge_gate_rules *rules, struct ridge_judgement *out,
                                    struct ridge_error *err) RIDGE_MUST_USE;
/* Looks at all rows and the run's fitness: banner, why, exit code (0, 1 or 4). needs_control: a run without the
 * arm aa cannot pass. */
void ridge_gate_conclude(struct ridge_arena *a, const struct ridge_gate_run *run, const struct ridge_gate_rules *rules,
                         bool needs_control, struct ridge_judgement *j);
/* Whole forks that group i_group of the run should have in all after this look; 0: it has enough. */
int64_t ridge_gate_wanted_forks(const struct ridge_gate_run *run, size_t i_group, const struct ridge_judgement *j);

/* The margin of a member: the last rule that matches it and has one, else the default of its kind. */
double ridge_gate_margin(const struct ridge_gate_rules *rules, const struct ridge_kvs *kvs, const struct ridge_rd_member *m,
                         const char *metric);
bool ridge_gate_is_memory_bound(const struct ridge_rd_member *m);
bool ridge_gate_is_aa(const struct ridge_rd_member *m);

/* ---- history ---- */
struct ridge_gate_point {
    int64_t run_id, started_utc_ns;
    const char *run_name, *version;
    double value, low, high;
};
struct ridge_gate_series { /* one case, one metric, one host class */
    const char *case_id, *subject, *label, *metric, *unit, *host_class, *better;
    struct ridge_gate_point *v;
    size_t n;
    struct ridge_change_point_at {
        size_t at;
        double before, after, ratio, p;
        size_t n_after;
    } *changes;
    size_t n_changes;
};
enum ridge_status ridge_gate_history(struct ridge_arena *a, const struct ridge_gate_run *runs, size_t n_runs,
                                     const struct ridge_selector *cases, const char *metric,
                                     struct ridge_gate_series **out, size_t *n, struct ridge_error *err) RIDGE_MUST_USE;
#endif
