#include "data/judgement.h"

#include <string.h>

static const char *const texts[] = {
#define RIDGE_CHANGE_TEXT(name, text) text,
    RIDGE_CHANGES(RIDGE_CHANGE_TEXT)
#undef RIDGE_CHANGE_TEXT
};

const char *ridge_change_text(enum ridge_change c)
{
    return (size_t)c < RIDGE_N_CHANGES ? texts[c] : "INCONCLUSIVE";
}

enum ridge_change ridge_change_parse(const char *text)
{
    for (size_t i = 0; i < RIDGE_N_CHANGES; i++)
        if (strcmp(texts[i], text) == 0)
            return (enum ridge_change)i;
    return RIDGE_CHANGE_INCONCLUSIVE;
}

size_t ridge_judgement_count(const struct ridge_judgement *j, enum ridge_change verdict)
{
    size_t n = 0;
    for (size_t i = 0; i < j->n_rows; i++)
        n += j->rows[i].verdict == verdict && strcmp(j->rows[i].kind, "aa") != 0;
    return n;
}
