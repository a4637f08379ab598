/* Shared inside gate: rows that grow, samples of members. */
#ifndef RIDGE_GATE_ROWS_H
#define RIDGE_GATE_ROWS_H

#include "gate/gate.h"

/* run: the one that m is a member of. */
struct ridge_judged *ridge_gate_add(struct ridge_arena *a, struct ridge_judgement *j, const struct ridge_rd_run *run,
                                    const struct ridge_rd_member *m, const char *metric, const char *kind);
/* index.c: the members of a run by case and arm, yardsticks left out. */
struct ridge_gate_entry {
    const struct ridge_rd_member *m;
    const struct ridge_rd_group *group;
};
struct ridge_gate_index {
    struct ridge_gate_entry *v;
    size_t n;
};
struct ridge_gate_index ridge_gate_index_of(struct ridge_arena *a, const struct ridge_gate_run *run);
const struct ridge_gate_entry *ridge_gate_lookup(const struct ridge_gate_index *index, const struct ridge_rd_member *m);
const struct ridge_rd_member *ridge_gate_find(const struct ridge_gate_index *index, const struct ridge_rd_member *m);
/* A member's block statistics and, with `tail`, its samples with their forks. */
struct ridge_gate_samples {
    struct ridge_block_table table;
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
struct ridge_gate_spread { /* sums of variances over cases; n_rounds and n_forks of the last one */
    double rounds, forks;
    double best_rounds; /* in a fork, summed over n_best cases of which the costs are known */
    size_t n_rounds, n_forks, n, n_best;
};
/* fork_s: what a fork costs around its rounds, round_s: what a round does; NAN: unknown */
void ridge_gate_spread_add(struct ridge_gate_spread *s, const struct ridge_gate_samples *a, const struct ridge_gate_samples *b,
                           double fork_s, double round_s);
void ridge_gate_spread_add_one(struct ridge_gate_spread *s, const struct ridge_gate_samples *a);
const char *ridge_gate_spread_text(struct ridge_arena *a, const struct ridge_gate_spread *s); /* "": unknown */
/* With the variances between runs of n_between cases, summed. */
const char *ridge_gate_days_text(struct ridge_arena *a, const struct ridge_gate_spread *s, double between, size_t n_between);
/* Both sentences, each "" when there is nothing to say. */
const char *ridge_gate_advice(struct ridge_arena *a, const char *first, const char *second);
/* exact.c: what two members differ in without a clock, in words, and how many cases of a judgement do. */
struct ridge_gate_exact {
    const char *words; /* "": nothing */
    bool has_cause;    /* words hold more than the answer's bits */
    bool has_other_kernel, has_other_bits, is_unsteady;
};
struct ridge_gate_exact_sum {
    size_t n_kernels, n_bits, n_unsteady;
};
struct ridge_gate_exact ridge_gate_exact(struct ridge_arena *a, const struct ridge_rd_member *base,
                                         const struct ridge_rd_member *now, bool same_inputs);
/* Words go in front of the row's why, as its likely cause where the time moved. */
void ridge_gate_exact_add(struct ridge_arena *a, struct ridge_judged *r, const struct ridge_gate_exact *e,
                          struct ridge_gate_exact_sum *sum);
const char *ridge_gate_exact_text(struct ridge_arena *a, const struct ridge_gate_exact_sum *sum); /* "": all alike */
struct ridge_gate_pair {
    const struct ridge_rd_member *base, *now;
    int64_t base_run_id;
    bool is_paired; /* measured in the same rounds */
};
/* gate.c: the last rule on a metric that matches a case and has what is asked for; NULL: none. */
const struct ridge_gate_rule *ridge_gate_rule_for(const struct ridge_gate_rules *rules, const struct ridge_kvs *kvs, const char *metric,
                                                  bool (*has)(const struct ridge_gate_rule *));
bool ridge_gate_has_margin(const struct ridge_gate_rule *r);
/* One-sided and over all looks, of the last rule on this metric that matches and has a confidence, else the file's.
 * Who has spent the file's alpha (looks, cases) multiplies by ridge_gate_alpha / rules->alpha. Benjamini-Hochberg runs at one
 * alpha for all: there the p of a case is divided by that factor. */
double ridge_gate_alpha(const struct ridge_gate_rules *rules, const struct ridge_kvs *kvs, const char *metric);
bool ridge_gate_is_percentile(const char *metric); /* whose interval is made at the alpha of the rule */
/* A row for each metric other than the time on which a rule has a margin: of the last such rule that matches. Where there are no
 * pairs, only exact figures are judged. run: of p->now. alpha: the file's, spent on looks and cases. */
enum ridge_status ridge_gate_pair_metrics(struct ridge_arena *a, const struct ridge_gate_run *run,
                                          const struct ridge_gate_pair *p, const struct ridge_gate_rules *rules,
                                          double alpha, struct ridge_judgement *out, struct ridge_error *err) RIDGE_MUST_USE;
#endif
