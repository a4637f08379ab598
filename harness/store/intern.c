#include "store/db.h"
#include "base/os.h"

#include <string.h>

const char *ridge_intern(struct ridge_intern *t, const char *s)
{
    enum { N_SLOTS = sizeof t->slots / sizeof t->slots[0] };
    if (s[0] == '\0')
        return "";
    size_t i = (size_t)(ridge_os_hash64(s) % N_SLOTS);
    for (; t->slots[i] != NULL; i = (i + 1) % N_SLOTS)
        if (strcmp(t->slots[i], s) == 0)
            return t->slots[i];
    const char *copy = ridge_arena_str(t->arena, s);
    if (t->n < N_SLOTS / 2) { /* past that, strings are just copied */
        t->slots[i] = copy;
        t->n++;
    }
    return copy;
}
