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

const struct ridge_column *ridge_chunk_column(const struct ridge_chunk *c, const char *name)
{
    for (size_t i = 0; i < c->n_columns; i++)
        if (strcmp(c->columns[i].name, name) == 0)
            return &c->columns[i];
    return NULL;
}

void ridge_plan_deinit(struct ridge_plan *p)
{
    struct ridge_arena arena = p->arena;
    *p = (struct ridge_plan){0};
    ridge_arena_deinit(&arena);
}
