/* Suite text + catalogue -> validated, expanded, ordered plan. Pure but for reading the named files.
 * All semantic errors of a file are reported at once (up to 50); one syntax error ends it. */
#ifndef RIDGE_SUITE_SUITE_H
#define RIDGE_SUITE_SUITE_H

#include "data/catalogue.h"
#include "data/plan.h"
#include "base/text.h"

struct ridge_suite_error {
    const char *file;
    int line, column;
    const char *path; /* key path: matrix.backend[2] */
    const char *text; /* what is wrong, what would be right, nearest name */
};
struct ridge_suite_errors {
    struct ridge_arena arena;
    struct ridge_suite_error *v;
    size_t n, cap;
};
void ridge_suite_errors_deinit(struct ridge_suite_errors *e);

/* What can be told before the catalogue is whole. Mistakes are left to the load, which names them. */
struct ridge_suite_peek {
    struct ridge_arena arena;
    const char *text; /* of the file itself, read once, so that a pipe works; NULL: it cannot be used */
    const struct ridge_arm *arms; /* of the merged tree, includes too */
    size_t n_arms;
};
void ridge_suite_peek(const char *path, const char *text, struct ridge_suite_peek *out); /* text NULL: read the path */
void ridge_suite_peek_deinit(struct ridge_suite_peek *p);

/* A path as a file names it, seen from where that file is; in the arena. */
const char *ridge_suite_relative(struct ridge_arena *a, const char *from_file, const char *path);

struct ridge_suite_overrides {
    const char *const *set; /* NULL-terminated key=value of --set: defaults.* keys, settings, matrix axes (comma lists) */
    const char *filter;     /* --filter selector over cases, or NULL */
};
/* From a file, or from text with a pseudo file name (bench builds text). Zero-initialised *plan is filled. */
enum ridge_status ridge_suite_load(const char *path, const char *text, const struct ridge_catalogue *cat,
                                   const struct ridge_suite_overrides *over, struct ridge_plan *plan,
                                   struct ridge_suite_errors *errors) RIDGE_MUST_USE;
/* Adds yardstick members to every group from the operators' rows, once costs are known:
 * peak:kind=fma; peak:kind=read,bytes=B; peak:kind=copy,bytes=B with B = the group's compulsory bytes. */
/* Also fills the groups' expected times, so it comes after the costs. */
void ridge_plan_add_yardsticks(struct ridge_plan *plan, const struct ridge_catalogue *cat);
/* Expected wall time. */
int64_t ridge_plan_expected_ns(const struct ridge_plan *plan);
/* " --set key=value" for every setting that a re-run must be told, ready for a shell. */
char *ridge_plan_settings_words(struct ridge_arena *a, const struct ridge_plan_settings *settings);
/* "gemm:512x512x512" or "gemm:m=512,..." -> op + shape kvs (canonical); errors name the nearest. */
enum ridge_status ridge_suite_subject(struct ridge_arena *a, const char *text, const struct ridge_catalogue *cat,
                                      const char **op, struct ridge_kvs *shape, struct ridge_error *err)
    RIDGE_MUST_USE;
/* JSON Schema 2020-12 of suite files. */
void ridge_suite_schema(const struct ridge_catalogue *cat, struct ridge_buf *out);
/* Rows of the suite's own settings (forks, rounds, duration, ...): for help, schema and list options. */
extern const struct ridge_option_row ridge_suite_setting_rows[];
extern const size_t ridge_n_suite_setting_rows;
#endif
