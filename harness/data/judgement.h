/* What was judged: one judgement is a run held against something, one row per case and metric. Gate fills
 * it, store keeps it, reports print it. Strings are borrowed, usually from an arena. */
#ifndef RIDGE_DATA_JUDGEMENT_H
#define RIDGE_DATA_JUDGEMENT_H

#include "base/arena.h"
#include "data/kvs.h"
#include <stdbool.h>
#include <stdint.h>

/* X(name, text): worst last, so that rows sort by it. */
#define RIDGE_CHANGES(X)                                                                           \
    X(OK, "OK") X(IMPROVED, "IMPROVED") X(INCONCLUSIVE, "INCONCLUSIVE") X(REGRESSED, "REGRESSED") X(FAILED, "FAILED")
enum ridge_change {
#define RIDGE_CHANGE_ENUM(name, text) RIDGE_CHANGE_##name,
    RIDGE_CHANGES(RIDGE_CHANGE_ENUM)
#undef RIDGE_CHANGE_ENUM
    RIDGE_N_CHANGES
};
const char *ridge_change_text(enum ridge_change c);
enum ridge_change ridge_change_parse(const char *text); /* unknown: INCONCLUSIVE */

struct ridge_judged {
    int64_t i_member;                     /* of the judged run; -1: the case is not in it */
    int64_t base_run_id, i_member_base;   /* -1: none */
    const char *case_id, *subject, *label; /* label: backend and the options that are not defaults */
    const char *metric, *kind;            /* kind: paired, unpaired, metric, limit, exists, answer, aa */
    enum ridge_change verdict;
    double ratio, low, high;  /* new / old with its interval; a limit: value / limit. NAN: none */
    double margin_ratio, p;   /* p of "not worse than the margin"; NAN: none */
    double detect_ratio;      /* the smallest change that this case could have shown, as 0.012 */
    int64_t n_forks, n_more_forks; /* more: that would decide it; 0: none needed or none helps */
    double more_s;
    const char *why;
    const char *again;        /* the command that reproduces it */
    const struct ridge_kvs *keys; /* of the case, for selectors; NULL: read from a file */
};
struct ridge_judgement {
    int64_t id, run_id, base_run_id, judged_utc_ns; /* base_run_id -1: none, or another file's */
    const char *mode;     /* ab, gate, compare, rejudge */
    const char *baseline; /* in words */
    const char *rules_name, *rules_text, *rules_sha256;
    const char *command;
    const char *banner;   /* one line: what came out */
    const char *why;      /* why the machine is unfit to judge, or "" */
    const char *advice;   /* where the next second buys most, or "" */
    int64_t exit_code;
    int64_t n_aa_out, n_aa, n_aa_allowed;         /* control cases that left their margin */
    int64_t n_aa_out_pooled, n_aa_pooled;         /* over earlier runs of this host class too */
    double aa_upper;      /* 95 % upper bound of the pooled rate */
    double detect_ratio;  /* median over the cases of what they could have shown; NAN: none */
    double alpha;                                 /* one-sided, of the last look */
    int64_t n_looks;
    struct ridge_judged *rows; /* kind aa: the control */
    size_t n_rows;
};
/* Rows of a verdict that are no control rows. */
size_t ridge_judgement_count(const struct ridge_judgement *j, enum ridge_change verdict);
#endif
