/* A report: a writer from the reader to a file. One folder and one row in reports/table.c each.
 * Every printed figure is a stored row; samples may only be binned for a picture. */
#ifndef RIDGE_REPORTS_REPORT_H
#define RIDGE_REPORTS_REPORT_H
#include "store/reader.h"

struct ridge_report_input { /* store NULL: no samples, hence no latency pictures */
    struct ridge_store *store;
    const struct ridge_rd_run *run;
    const struct ridge_rd_group *groups;
    size_t n_groups;
    const char *file;      /* name of the results file, for commands */
    /* re-run command of a case; the string lives in the arena */
    char *(*rerun)(struct ridge_arena *a, const struct ridge_rd_run *run, const struct ridge_rd_member *m);
    /* where samples come from instead of the store (tests, spools); NULL: ridge_read_chunks on `store` */
    enum ridge_status (*read_chunks)(const struct ridge_report_input *in, const struct ridge_rd_member *m,
                                     struct ridge_chunk **out, size_t *n, struct ridge_error *err);
    const struct ridge_judgement *judgement; /* the last one of this run; NULL: never judged */
    /* takes what a long report has so far and empties the buffer; NULL: the buffer holds it all */
    enum ridge_status (*flush)(void *flush_self, struct ridge_buf *out, struct ridge_error *err);
    void *flush_self;
    bool color;            /* table only */
    int width_columns;     /* table only; 0: unlimited */
};
struct ridge_report {
    const char *name, *doc, *extension; /* html table markdown csv json ndjson gbench, verdict ... */
    enum ridge_status (*write)(const struct ridge_report_input *in, struct ridge_buf *out, struct ridge_error *err);
};
/* A part of at most most_bytes of the job summary, from row i_row of the judgement on (0: with its head); gives the row that
 * the next part, a file named `next`, begins with. A part holds one row at least and begins with the mark. */
#define RIDGE_SUMMARY_MARK "## Ridge: "
size_t ridge_report_summary_part(const struct ridge_judgement *j, size_t i_row, size_t most_bytes, const char *next,
                                 struct ridge_buf *out);
/* For writers whose length grows with the samples: call it where the text may be cut. */
#define RIDGE_REPORT_FLUSH_BYTES ((size_t)1 << 20)
enum ridge_status ridge_report_flush(const struct ridge_report_input *in, struct ridge_buf *out, struct ridge_error *err);
extern const struct ridge_report ridge_reports[];
extern const size_t ridge_n_reports;
const struct ridge_report *ridge_report_find(const char *name);
#endif
