/* What comes back: process outcomes, chunks of samples, metrics, comparisons. */
#ifndef RIDGE_DATA_RESULT_H
#define RIDGE_DATA_RESULT_H

#include "data/plan.h"

/* X(name, text): the verdicts of a case or process. The text is what is stored and printed. */
#define RIDGE_VERDICTS(X)                                                                          \
    X(OK, "ok") X(UNSUPPORTED, "unsupported") X(FAILED, "failed") X(TIMEOUT, "timeout")            \
    X(OOM, "oom") X(CRASHED, "crashed") X(WRONG, "wrong") X(INTERRUPTED, "interrupted")
enum ridge_verdict {
#define RIDGE_VERDICT_ENUM(name, text) RIDGE_VERDICT_##name,
    RIDGE_VERDICTS(RIDGE_VERDICT_ENUM)
#undef RIDGE_VERDICT_ENUM
};
const char *ridge_verdict_text(enum ridge_verdict v);

enum ridge_column_type { RIDGE_COL_I64, RIDGE_COL_U8 };
struct ridge_column { /* names: start_ns duration_ns due_ns enqueue_ns h2d_ns compute_ns d2h_ns flags cpu_changed */
    char name[24];
    enum ridge_column_type type;
    void *data; /* n values */
};
#define RIDGE_MAX_COLUMNS 12
/* Fewer loads a step than this share of the usual: a neighbour has a part of the core. Alone the canary keeps
 * within 2 % (2.49 to 2.56 on Golden Cove). Of 16,000 blocks of GEMMs there, 1 % of those at the usual level
 * took 2 % too long, 5 % of those down to 0.95 of it, 15 % of those from 0.86 to 0.95, 90 % below 0.8. */
#define RIDGE_LEAST_LOADS_RATIO 0.95

struct ridge_chunk {
    int64_t fork, round, order; /* order: place of this member's block in the round */
    size_t n;                   /* samples */
    size_t n_lead_in;           /* the first n_lead_in samples are lead-in: stored, outside the statistics */
    int64_t inner_reps;         /* k: each sample times k runs; duration_ns is the whole sample, per run = duration_ns / k */
    size_t n_columns;
    struct ridge_column columns[RIDGE_MAX_COLUMNS];
    /* what surrounded the block; -1 where it could not be measured */
    double canary_hz;           /* clock by a dependent-add chain just before the block */
    double loads_per_step;      /* loads from L1 a step of that chain, the fewer of before and after the block: less when
                                 * another hardware thread shares the core */
    int64_t n_repeats;          /* blocks that ran in this one's place before, beside such a neighbour; of the harness */
    int64_t steal_ns;           /* host steal on the pinned CPUs */
    /* CPU time that others had on the pinned CPUs while we could have run: run-queue wait of our threads, counted in
     * ns by the scheduler. Unknown where we have more threads than CPUs, which wait for each other. */
    int64_t foreign_ns;
    int64_t cpu_time_ns;        /* of the pinned CPUs during the block: its length times their number */
    int64_t wait_ns;            /* the worker's own run-queue wait */
    int64_t n_voluntary_switches, n_involuntary_switches;
    double block_ns;            /* the block's statistic, per run; of the harness, not of the worker */
    int64_t n_completed, span_ns; /* requests that came back inside the block, also those of the lead-in, and its length */
    int64_t n_disturbed;        /* samples flagged: CPU changed during the sample; all, when the block was disturbed */
};
void ridge_chunk_deinit(struct ridge_chunk *c); /* frees column data */
bool ridge_chunk_is_disturbed(const struct ridge_chunk *c); /* every sample outside the lead-in is flagged */
const struct ridge_column *ridge_chunk_column(const struct ridge_chunk *c, const char *name);
/* Times of the samples outside the lead-in, per run, in ns: a request's counts from when it was due. `out` has
 * n - n_lead_in places; false when the chunk has no durations. */
bool ridge_chunk_run_ns(const struct ridge_chunk *c, double *out);

struct ridge_phase { char name[24]; int64_t duration_ns; };
#define RIDGE_MAX_PHASES 12
struct ridge_process { /* one (member, fork) */
    size_t i_member;
    int64_t fork;
    uint64_t layout_seed;
    enum ridge_verdict verdict;
    char reason[1024];
    char stderr_tail[2048];
    int term_signal;           /* CRASHED: the signal */
    char warm[16];             /* warm, not_steady, too_few_runs, "" */
    double clock_cost_ns, clock_resolution_ns;
    char clock_name[32];
    int64_t inner_reps;
    struct ridge_phase phases[RIDGE_MAX_PHASES];
    size_t n_phases;
    /* facts from the worker; strings in an arena of the sender, valid during the callback */
    struct ridge_kvs conditions; /* threading that was set, page size, library version/path/sha256, layout */
    struct { const char *name; double value; } facts[24]; /* metric values: packed_bytes, error_ratio, ... */
    size_t n_facts;
};

struct ridge_metric {
    const char *name; /* key of metrics.inc */
    double value, low, high; /* NAN: no interval */
    int64_t n;
    int64_t n_forks; /* that count in it; 0: not known */
    const char *unit, *source, *rule;
    const char *refused; /* not NULL: no value; says why in words */
};
struct ridge_comparison {
    size_t i_member_a, i_member_b; /* ratio = time(b) / time(a) ... as estimator says */
    double ratio, low, high;
    int64_t n_pairs, n_forks;
    bool paired;
    const char *estimator;
    const char *note; /* "1 layout seen", "cap_time", ... */
};
#endif
