/* What the files of sched share while a plan runs: the run, one group, its slots. Internal to
 * sched. */
#ifndef RIDGE_SCHED_ENGINE_H
#define RIDGE_SCHED_ENGINE_H

#include "base/random.h"
#include "sched/proc.h"
#include "sched/sched.h"

struct slot { /* one member of the group, over all forks */
    size_t i_member;
    const struct ridge_case *c;
    const struct ridge_arm *arm;
    const struct ridge_target *target; /* NULL: local */
    bool dropped;                      /* a verdict that is not ok: no further fork */
    bool reported;                     /* this fork's process was sent */
    struct proc proc;                  /* this fork's */
    double run_ns;                     /* of the last block; 0 unknown */
    double *blocks;                    /* [max_forks][max_rounds], NAN: none */
};
enum { RIDGE_SHARE_BEST = 3, RIDGE_SCHED_MAX_CPUS = 64 };
struct core_share { /* of one target, over a run */
    double best[RIDGE_SHARE_BEST]; /* the most loads a step seen, falling */
    int64_t n_blocks, n_repeats;
    int64_t patience_ns; /* for the core to be quiet before a block */
};
struct target_run { /* what a run learns about one target */
    bool host_sent;
    struct core_share core_share;
};
struct run {
    struct ridge_plan *plan;
    const struct ridge_sched_config *config;
    const struct ridge_sched_sink *sink;
    struct ridge_error *err;
    struct target_run *targets; /* as in the plan, [n_targets] for local */
    uint64_t begin_ns;
    double *shares; /* of the expected time that lies before a group; [n_groups] is 1 */
    double done_before; /* share of the plan that was stored by an earlier run */
};
struct group_run {
    struct run *run;
    size_t i_group;
    struct slot *slots;
    size_t n_slots;
    int cpus[RIDGE_SCHED_MAX_CPUS]; /* of this machine, in the order that a worker's threads take them; read anew by every fork */
    size_t n_cpus;
    bool is_requests; /* a member gets requests: blocks and rounds of their own */
    struct pool pool; /* procs of the slots */
    size_t max_forks, max_rounds;
    size_t n_rounds_had; /* the most of any fork */
    uint64_t begin_ns; /* moved on by every wait for the machine: the rest is our time */
    uint64_t rng; /* order of blocks */
    const char *stop_reason;
    double width_ratio;
};

uint64_t ridge_sched_mix(uint64_t seed, uint64_t a, uint64_t b, uint64_t c);

/* share.c: usual_loads 0: unknown. */
void ridge_share_init(struct core_share *s, double usual_loads);
/* How long a block waits for a neighbour to leave. */
void ridge_share_ask(struct core_share *s, struct ridge_msg_go *go);
/* Learns from a block; true: measure it again, where that may be. What stays shared is marked disturbed. */
bool ridge_share_repeats(struct core_share *s, struct ridge_chunk *c, int64_t i_try, bool may_repeat);

/* launch.c */
bool ridge_sched_is_local(const struct slot *s);
struct target_run *ridge_sched_target(const struct group_run *g, const struct slot *s);
void ridge_sched_launch(struct group_run *g, struct slot *s,
                        int64_t fork); /* ends ok and parked, or with a verdict */
enum ridge_status ridge_sched_report(struct group_run *g, struct slot *s);
void ridge_sched_check(struct group_run *g, struct slot *s); /* the answer, after the last block */
/* argv = transport ++ program, clean environment ++ extra; strings live in the arena */
const char *const *ridge_sched_argv(struct ridge_arena *a, const char *const *transport,
                                    const char *const *program);
const char *const *ridge_sched_env(struct ridge_arena *a, const struct ridge_kvs *extra,
                                   size_t n_pad);
bool ridge_sched_hello(const struct pool *pool, struct proc *p, uint64_t timeout_ns,
                       struct ridge_message *answer);

/* fork.c: returns an error only when the whole run must end */
enum ridge_status ridge_sched_fork(struct group_run *g, int64_t fork, int64_t budget_ns);
/* group.c */
enum ridge_status ridge_sched_group(struct run *run, size_t i_group);
void ridge_sched_progress(const struct group_run *g, double group_share, const char *what);
#endif
