/* What all reports show, worked out once: ranked rows, labels, who is level, who wins how often.
 * A view borrows the input's strings and owns an arena. Every figure in it is a stored row or its
 * inverse; the one exception, the geomean of stored ratios, is named as such wherever it is printed.
 * Not thread-safe; one view belongs to one thread. */
#ifndef RIDGE_REPORTS_VIEW_H
#define RIDGE_REPORTS_VIEW_H
#include "report.h"

enum ridge_standing {
    RIDGE_STANDING_BEST,   /* the fastest headline time of the group */
    RIDGE_STANDING_LEVEL,  /* the ratio's interval holds 1 */
    RIDGE_STANDING_BEHIND,
    RIDGE_STANDING_AHEAD,  /* paired ratio contradicts the headline order: no winner is named */
    RIDGE_STANDING_UNKNOWN /* no comparison with the best is stored */
};
struct ridge_view_row {
    const struct ridge_rd_member *m;
    const char *label; /* backend and whatever tells it from its neighbours */
    size_t i_label;    /* index into view.labels; colour and marker follow it */
    enum ridge_standing standing;
    double vs, vs_low, vs_high; /* speed relative to the best: time(best) / time(this) */
    const char *note;           /* of the comparison; NULL: none */
};
enum ridge_outcome { RIDGE_OUTCOME_WIN, RIDGE_OUTCOME_LEVEL, RIDGE_OUTCOME_OPEN, RIDGE_OUTCOME_ALONE, RIDGE_OUTCOME_NONE };
struct ridge_view_group {
    const struct ridge_rd_group *g;
    struct ridge_view_row *rows; /* ranked fastest first, then yardsticks, then those without a result */
    size_t n_ranked, n_yardsticks, n_bad;
    const char *heading; /* gemm m=512 n=512 k=512 */
    const char *options; /* f32, 1 thread */
    const char *rate_metric, *rate_unit; /* flop_per_s GFLOP/s, or bytes_per_s GB/s; NULL: time only */
    enum ridge_outcome outcome;
    int64_t n_forks, n_rounds;
};
struct ridge_standing_sum { /* one label over all groups */
    const char *label;
    size_t n_wins, n_level, n_behind, n_alone, n_unknown, n_bad;
    size_t n_ratios;   /* stored ratios in the geomean, the best counting as 1 */
    double log_sum;
};
enum { RIDGE_VIEW_MAX_FAMILIES = 200 };
enum { RIDGE_N_SHARES = 3 }; /* of the FMA peak, of a plain read, of a plain copy */
struct ridge_view_contest { /* one backend (of one: one label) in one family, by its fastest member of each group */
    const char *name;
    size_t n;                   /* groups in which it met another */
    double log_sum, least, most; /* speed against the best of the others: quotients of stored ratios */
    size_t n_shares[RIDGE_N_SHARES];
    double share_log_sum[RIDGE_N_SHARES];
};
struct ridge_view_family { /* groups under one heading of the suite */
    const char *name;
    size_t n_groups;
    struct ridge_view_contest *contests;
    size_t n_contests;
};
struct ridge_view {
    struct ridge_arena arena;
    const struct ridge_report_input *in;
    struct ridge_view_group *groups;
    size_t n_groups;
    struct ridge_standing_sum *labels; /* most wins first is the reader's job: order of first sight */
    size_t n_labels;
    struct ridge_view_family *families; /* in the suite's order; none where it names none */
    size_t n_families;
    size_t n_cases, n_ok, n_unsupported, n_failed, n_unmeasured, n_outcomes[5];
    int64_t n_samples;
};
void ridge_view_init(struct ridge_view *v, const struct ridge_report_input *in);
void ridge_view_deinit(struct ridge_view *v);

/* families.c; part of ridge_view_init */
void ridge_view_sum_families(struct ridge_view *v);

/* heading.c: words for a group and a member */
void ridge_view_headings(struct ridge_view *v, struct ridge_view_group *vg);
const char *ridge_view_label(struct ridge_view *v, const struct ridge_rd_group *g, const struct ridge_rd_member *m);
const char *ridge_view_yardstick_name(const char *yardstick); /* "FMA peak" */

/* Formatting that every report shares; all return out. Absent or refused: "-". */
char *ridge_view_rate(const struct ridge_view_group *vg, const struct ridge_rd_member *m, char *out, size_t n);
char *ridge_view_percent(const struct ridge_metric *metric, char *out, size_t n);
char *ridge_view_time(const struct ridge_rd_member *m, const char *metric, char *out, size_t n);
char *ridge_view_vs(const struct ridge_view_group *vg, const struct ridge_view_row *r, char *out, size_t n);
double ridge_view_geomean(double log_sum, size_t n); /* 0 of nothing */
char *ridge_view_number(double v, char *out, size_t n); /* 111.8, 9.87, 0.123 */
/* Interval with just enough digits that its ends differ: "0.928 to 0.934". */
char *ridge_view_interval(double low, double high, char *out, size_t n);
char *ridge_view_utc(int64_t utc_ns, char *out, size_t n);
bool ridge_view_has(const struct ridge_metric *metric); /* present, not refused, finite */
/* Why percentiles are missing and what a share above 100 % means, "" when there is nothing to say. */
const char *ridge_view_remarks(struct ridge_view *v, const struct ridge_view_group *vg);
/* Chunks of a member by the input's hook or from its store. */
bool ridge_view_has_samples(const struct ridge_report_input *in);
enum ridge_status ridge_view_chunks(const struct ridge_report_input *in, const struct ridge_rd_member *m,
                                    struct ridge_chunk **out, size_t *n, struct ridge_error *err);
/* Block statistic of one chunk ("p10" or "median"), per run; for exports that want one figure a block. */
double ridge_view_block_ns(const struct ridge_chunk *c, const char *statistic);
#endif
