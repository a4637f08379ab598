/* The metric dictionary of metrics.inc, to look things up in. */
#ifndef RIDGE_DATA_METRIC_H
#define RIDGE_DATA_METRIC_H

#include <stddef.h>

struct ridge_metric_def {
    const char *name, *unit;
    const char *better; /* lower, higher, none */
    const char *source, *doc;
};
extern const struct ridge_metric_def ridge_metric_defs[]; /* in the order of metrics.inc */
extern const size_t ridge_n_metric_defs;
const struct ridge_metric_def *ridge_metric_find(const char *name); /* NULL: no such metric */
const char *ridge_metric_nearest(const char *name);                 /* for "did you mean"; NULL: nothing is near */
#endif
