#include "data/metric.h"
#include "base/text.h"

#include <string.h>

const struct ridge_metric_def ridge_metric_defs[] = {
#define X(name, unit, better, source, doc) {name, unit, better, source, doc},
#include "data/metrics.inc"
#undef X
};
const size_t ridge_n_metric_defs = sizeof ridge_metric_defs / sizeof ridge_metric_defs[0];

const struct ridge_metric_def *ridge_metric_find(const char *name)
{
    for (size_t i = 0; i < ridge_n_metric_defs; i++)
        if (strcmp(ridge_metric_defs[i].name, name) == 0)
            return &ridge_metric_defs[i];
    return NULL;
}

const char *ridge_metric_nearest(const char *name)
{
    static const char *const names[] = {
#define X(name, unit, better, source, doc) name,
#include "data/metrics.inc"
#undef X
        NULL};
    return ridge_text_nearest(name, names);
}
