#include "data/result.h"

#include <stdlib.h>
#include <string.h>

const char *ridge_verdict_text(enum ridge_verdict v)
{
    static const char *const texts[] = {
#define RIDGE_VERDICT_TEXT(name, text) text,
        RIDGE_VERDICTS(RIDGE_VERDICT_TEXT)
#undef RIDGE_VERDICT_TEXT
    };
    return (size_t)v < sizeof texts / sizeof texts[0] ? texts[v] : "unknown";
}

void ridge_chunk_deinit(struct ridge_chunk *c)
{
    for (size_t i = 0; i < c->n_columns && i < RIDGE_MAX_COLUMNS; i++) {
        free(c->columns[i].data);
        c->columns[i].data = NULL;
    }
    c->n_columns = 0;
    c->n = 0;
}

bool ridge_chunk_is_disturbed(const struct ridge_chunk *c)
{
    return c->n > c->n_lead_in && c->n_disturbed >= (int64_t)(c->n - c->n_lead_in);
}

const struct ridge_column *ridge_chunk_column(const struct ridge_chunk *c, const char *name)
{
    for (size_t i = 0; i < c->n_columns; i++)
        if (strcmp(c->columns[i].name, name) == 0)
            return &c->columns[i];
    return NULL;
}

static const int64_t *times_of(const struct ridge_chunk *c, const char *name)
{
    const struct ridge_column *column = ridge_chunk_column(c, name);
    return column != NULL && column->type == RIDGE_COL_I64 ? column->data : NULL;
}

bool ridge_chunk_run_ns(const struct ridge_chunk *c, double *out)
{
    const int64_t *duration = times_of(c, "duration_ns"), *due = times_of(c, "due_ns"), *start = times_of(c, "start_ns");
    const double k = c->inner_reps > 0 ? (double)c->inner_reps : 1.0;
    if (duration == NULL)
        return false;
    for (size_t i = c->n_lead_in; i < c->n; i++) {
        const int64_t late_ns = due != NULL && start != NULL && start[i] > due[i] ? start[i] - due[i] : 0;
        out[i - c->n_lead_in] = (double)(late_ns + duration[i]) / k;
    }
    return true;
}

const char *ridge_plan_statistic(const struct ridge_plan *p, const struct ridge_member *m)
{
    return m->yardstick != NULL ? "p10" : p->settings.statistic;
}

void ridge_plan_deinit(struct ridge_plan *p)
{
    struct ridge_arena arena = p->arena;
    *p = (struct ridge_plan){0};
    ridge_arena_deinit(&arena);
}
