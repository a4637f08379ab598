#include "base/arena.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MIN_BLOCK_BYTES = 16 * 1024 };

struct ridge_arena_block {
    struct ridge_arena_block *next;
    size_t used_bytes, cap_bytes;
    _Alignas(16) unsigned char data[];
};

static _Noreturn void die_out_of_memory(size_t n_bytes)
{
    fprintf(stderr, "ridge: out of memory: could not get %zu bytes\n", n_bytes);
    abort();
}

void *ridge_xmalloc(size_t n_bytes)
{
    void *p = malloc(n_bytes > 0 ? n_bytes : 1);
    if (p == NULL)
        die_out_of_memory(n_bytes);
    return p;
}

void *ridge_xrealloc_array(void *p, size_t n, size_t size)
{
    size_t n_bytes;
    if (__builtin_mul_overflow(n, size, &n_bytes))
        die_out_of_memory(SIZE_MAX);
    void *q = realloc(p, n_bytes > 0 ? n_bytes : 1);
    if (q == NULL)
        die_out_of_memory(n_bytes);
    return q;
}

void ridge_arena_deinit(struct ridge_arena *a)
{
    struct ridge_arena_block *b = a->head;
    while (b != NULL) {
        struct ridge_arena_block *next = b->next;
        free(b);
        b = next;
    }
    a->head = NULL;
}

static struct ridge_arena_block *block_new(size_t n_bytes)
{
    size_t cap = n_bytes > MIN_BLOCK_BYTES ? n_bytes : MIN_BLOCK_BYTES;
    size_t total;
    if (__builtin_add_overflow(cap, sizeof(struct ridge_arena_block), &total))
        die_out_of_memory(SIZE_MAX);
    struct ridge_arena_block *b = calloc(1, total);
    if (b == NULL)
        die_out_of_memory(total);
    b->cap_bytes = cap;
    return b;
}

void *ridge_arena_alloc(struct ridge_arena *a, size_t n_bytes)
{
    if (n_bytes > SIZE_MAX - 64)
        die_out_of_memory(n_bytes);
    size_t need = n_bytes == 0 ? 16 : (n_bytes + 15) & ~(size_t)15;
    struct ridge_arena_block *b = a->head;
    if (b == NULL || b->cap_bytes - b->used_bytes < need) {
        struct ridge_arena_block *fresh = block_new(need);
        if (b != NULL && need > MIN_BLOCK_BYTES) { /* a large one must not hide the free rest */
            fresh->next = b->next;
            b->next = fresh;
        } else {
            fresh->next = b;
            a->head = fresh;
        }
        b = fresh;
    }
    void *p = b->data + b->used_bytes;
    b->used_bytes += need;
    return p;
}

void *ridge_arena_array(struct ridge_arena *a, size_t n, size_t size)
{
    size_t n_bytes;
    if (__builtin_mul_overflow(n, size, &n_bytes))
        die_out_of_memory(SIZE_MAX);
    return ridge_arena_alloc(a, n_bytes);
}

char *ridge_arena_strn(struct ridge_arena *a, const char *s, size_t n)
{
    char *out = ridge_arena_alloc(a, n + 1);
    if (n > 0)
        memcpy(out, s, n);
    out[n] = '\0';
    return out;
}

void *ridge_arena_grown(struct ridge_arena *a, const void *v, size_t n, size_t size)
{
    void *grown = ridge_arena_array(a, n + 1, size);
    if (n > 0)
        memcpy(grown, v, n * size);
    return grown;
}

char *ridge_arena_str(struct ridge_arena *a, const char *s)
{
    return s != NULL ? ridge_arena_strn(a, s, strlen(s)) : NULL;
}

char *ridge_arena_printf(struct ridge_arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    char *out = ridge_arena_alloc(a, (size_t)(n > 0 ? n : 0) + 1);
    if (n > 0)
        (void)vsnprintf(out, (size_t)n + 1, fmt, again);
    va_end(again);
    return out;
}
