/* A plan: what `suite` makes of a suite file and `sched` executes. Plain structs in the plan's arena;
 * immutable after expansion except for costs and yardsticks (ridge_plan_* in suite/suite.h). */
#ifndef RIDGE_DATA_PLAN_H
#define RIDGE_DATA_PLAN_H

#include "data/kvs.h"

#define RIDGE_MAX_CASES 100000u
#define RIDGE_MAX_SUITE_BYTES (4u << 20)

struct ridge_case {
    char id[17];             /* first 16 hex digits of sha256(canonical) */
    const char *canonical;   /* gemm:k=512,m=512,n=512|backend=ridge|cache=hot|device=cpu|... sorted keys */
    const char *subject;     /* gemm:m=512,n=512,k=512 in field order */
    const char *op;
    struct ridge_kvs shape;  /* SUBJECT fields */
    struct ridge_kvs options; /* all other IDENTITY options with defaults filled: dtype, weights, threads, cache, scenario */
    const char *backend;     /* name[:variant][@label], as written */
    const char *backend_name, *variant, *label; /* parts; "" when absent */
    const char *device, *target;
    const char *model, *layer; /* origin from a shape list, or "" (labels, not identity) */
    const char **families;     /* headings of the matrix entries that named it (labels too) */
    size_t n_families;
    double flop, compulsory_bytes; /* from the worker; 0 until known */
};
struct ridge_arm {
    const char *name;         /* "main" */
    const char **program;     /* NULL-terminated argv of the worker; NULL: the default worker */
    struct ridge_kvs env;     /* added to the clean environment */
    struct ridge_kvs libraries; /* backend@label -> library path: a CONDITION */
};
struct ridge_target {
    const char *name;
    const char **transport; /* argv prefix, NULL-terminated, may be empty */
};
struct ridge_member {
    size_t i_case, i_arm;
    const char *yardstick; /* NULL for ranked members, else "fma", "read", "copy" */
};
struct ridge_group {
    const char *title;   /* subject + the options all members share */
    char id[17];         /* hash of its members' case ids and arms */
    size_t *members;     /* indexes into plan.members */
    size_t n_members;
    double expected_ns;  /* a guess, for the time left; 0: unknown */
};
struct ridge_plan_settings {
    int64_t forks, rounds;        /* default 3 and 7 (minimum per fork) */
    int64_t max_rounds;           /* stop rule's cap per fork, default 25 */
    int64_t duration_ns;          /* timed time per member and fork that is aimed at; block_ns * rounds */
    int64_t block_ns;             /* default 20 ms */
    int64_t request_block_ns, request_rounds; /* the same for scenarios depth, open, offline: 2 s, 3 */
    int64_t warmup_ns;            /* cap, default 500 ms */
    int64_t max_group_ns;         /* default 120 s */
    int64_t load_timeout_ns, silence_timeout_ns; /* 120 s, 60 s */
    int64_t max_memory_bytes;     /* worker's RLIMIT_AS, 0: none */
    double width_ratio;           /* target half width of the group's worst ratio, default 0.005 */
    char statistic[16];           /* block statistic: "p10" or "median" */
    int32_t require_quiet;
};
struct ridge_plan {
    struct ridge_arena arena;
    const char *name, *suite_path, *suite_sha256;
    const char *suite_text; /* the resolved suite as canonical JSON: stored with the run */
    const char *gate_file;  /* whose rules the suite is judged by; NULL: the defaults */
    uint64_t seed;
    const char **compare; /* NULL-terminated axes, default {"backend"} */
    struct ridge_plan_settings settings;
    struct ridge_case *cases;
    size_t n_cases;
    struct ridge_arm *arms;
    size_t n_arms;
    struct ridge_target *targets;
    size_t n_targets;
    struct ridge_member *members;
    size_t n_members;
    struct ridge_group *groups;
    size_t n_groups;
};
/* Block statistic of a member: yardsticks are kernels, whatever the suite measures. */
const char *ridge_plan_statistic(const struct ridge_plan *p, const struct ridge_member *m);
void ridge_plan_deinit(struct ridge_plan *p);
#endif
