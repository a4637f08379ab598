/* Shared inside gate: rows that grow, samples of members. */
#ifndef RIDGE_GATE_ROWS_H
#define RIDGE_GATE_ROWS_H

#include "gate/gate.h"

struct ridge_judged *ridge_gate_add(struct ridge_arena *a, struct ridge_judgement *j, const struct ridge_rd_member *m,
                                    const char *metric, const char *kind);
/* A member's block statistics and, with `tail`, its samples with their forks. */
struct ridge_gate_samples {
    struct ridge_blocks blocks;
    double *block_v;
    struct {
        double *v;
        size_t n, cap;
    } run_ns;
    struct {
        int32_t *v;
        size_t n, cap;
    } fork;
};
enum ridge_status ridge_gate_samples_read(const struct ridge_gate_run *run, const struct ridge_rd_member *m, bool tail,
                                          struct ridge_gate_samples *out, struct ridge_error *err) RIDGE_MUST_USE;
void ridge_gate_samples_deinit(struct ridge_gate_samples *s);
/* One log ratio b / a per fork that both have: the median over its rounds. Returns how many. */
size_t ridge_gate_fork_values(const struct ridge_gate_samples *a, const struct ridge_gate_samples *b, double *out);
struct ridge_gate_spread { /* sums of variances over pairs */
    double rounds, forks;
    size_t n_rounds, n;
};
void ridge_gate_spread_add(struct ridge_gate_spread *s, const struct ridge_gate_samples *a, const struct ridge_gate_samples *b);
const char *ridge_gate_spread_text(struct ridge_arena *a, const struct ridge_gate_spread *s); /* "": unknown */
struct ridge_gate_pair {
    const struct ridge_rd_member *base, *now;
};
/* metrics.c: rows for the rules that have a margin on another metric than the time. */
enum ridge_status ridge_gate_pair_metrics(struct ridge_arena *a, const struct ridge_gate_run *run,
                                          const struct ridge_gate_pair *p, const struct ridge_gate_rules *rules,
                                          double alpha, struct ridge_judgement *out, struct ridge_error *err) RIDGE_MUST_USE;
#endif
