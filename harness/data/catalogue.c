#include "data/catalogue.h"

#include <string.h>

void ridge_catalogue_deinit(struct ridge_catalogue *c)
{
    struct ridge_arena arena = c->arena;
    *c = (struct ridge_catalogue){0};
    ridge_arena_deinit(&arena);
}

const struct ridge_cat_operator *ridge_catalogue_operator(const struct ridge_catalogue *c,
                                                          const char *name)
{
    for (size_t i = 0; i < c->n_operators; i++)
        if (strcmp(c->operators[i].name, name) == 0)
            return &c->operators[i];
    for (size_t i = 0; i < c->n_operators; i++)
        for (const char **a = c->operators[i].aliases; a != NULL && *a != NULL; a++)
            if (strlen(name) == strcspn(*a, ":") && strncmp(*a, name, strlen(name)) == 0)
                return &c->operators[i];
    return NULL;
}

const struct ridge_cat_backend *ridge_catalogue_backend(const struct ridge_catalogue *c,
                                                        const char *name)
{
    for (size_t i = 0; i < c->n_backends; i++)
        if (strcmp(c->backends[i].name, name) == 0)
            return &c->backends[i];
    return NULL;
}
