#include "base/arena.h"
#include "base/text.h"

#include <stdlib.h>
#include <string.h>

void ridge_buf_deinit(struct ridge_buf *b)
{
    free(b->data);
    *b = (struct ridge_buf){0};
}

static void reserve(struct ridge_buf *b, size_t n_more)
{
    size_t need;
    if (__builtin_add_overflow(b->n, n_more, &need) || __builtin_add_overflow(need, 1, &need))
        need = SIZE_MAX; /* the allocator refuses in words */
    if (need <= b->cap)
        return;
    size_t cap = b->cap > 0 ? b->cap : 64;
    while (cap < need && cap <= SIZE_MAX / 2)
        cap *= 2;
    b->cap = cap < need ? need : cap;
    b->data = ridge_xrealloc_array(b->data, b->cap, 1);
}

void ridge_buf_put(struct ridge_buf *b, const char *bytes, size_t n)
{
    reserve(b, n);
    if (n > 0)
        memcpy(b->data + b->n, bytes, n);
    b->n += n;
    b->data[b->n] = '\0';
}

void ridge_buf_puts(struct ridge_buf *b, const char *s)
{
    ridge_buf_put(b, s, strlen(s));
}

void ridge_buf_printf(struct ridge_buf *b, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    reserve(b, 128);
    int n = vsnprintf(b->data + b->n, b->cap - b->n, fmt, ap);
    va_end(ap);
    if (n > 0 && (size_t)n >= b->cap - b->n) {
        reserve(b, (size_t)n);
        (void)vsnprintf(b->data + b->n, b->cap - b->n, fmt, again);
    }
    va_end(again);
    b->n += n > 0 ? (size_t)n : 0;
    b->data[b->n] = '\0';
}
