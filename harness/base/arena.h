/* Arena: many small allocations freed at once. Owns its blocks. Not thread-safe: one owner.
 * Allocation failure aborts with a message (a harness without a few KiB cannot go on). */
#ifndef RIDGE_BASE_ARENA_H
#define RIDGE_BASE_ARENA_H

#include "abi/status.h"
#include <stddef.h>

struct ridge_arena {
    struct ridge_arena_block *head;
};

void ridge_arena_deinit(struct ridge_arena *a);
void *ridge_arena_alloc(struct ridge_arena *a, size_t n_bytes); /* zeroed, 16-byte aligned */
void *ridge_arena_array(struct ridge_arena *a, size_t n, size_t size); /* overflow-checked */
/* A copy of n elements with room for one more, zeroed: for lists that stay short. */
void *ridge_arena_grown(struct ridge_arena *a, const void *v, size_t n, size_t size);
char *ridge_arena_str(struct ridge_arena *a, const char *s);
char *ridge_arena_strn(struct ridge_arena *a, const char *s, size_t n);
char *ridge_arena_printf(struct ridge_arena *a, const char *fmt, ...) RIDGE_PRINTF(2, 3);

void *ridge_xmalloc(size_t n_bytes);               /* aborts when out of memory */
void *ridge_xrealloc_array(void *p, size_t n, size_t size);

/* Grows a heap vector {T *v; size_t n, cap;}: RIDGE_PUSH(vec, value). Free with free(vec.v). */
#define RIDGE_PUSH(vec, value)                                                                     \
    do {                                                                                           \
        if ((vec).n == (vec).cap) {                                                                \
            (vec).cap = (vec).cap ? 2 * (vec).cap : 16;                                            \
            (vec).v = ridge_xrealloc_array((vec).v, (vec).cap, sizeof *(vec).v);                   \
        }                                                                                          \
        (vec).v[(vec).n++] = (value);                                                              \
    } while (0)

#endif
