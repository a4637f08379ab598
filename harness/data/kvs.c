#include "data/kvs.h"

#include "base/text.h"
#include <string.h>

/* First place whose key is not below `key`. */
static size_t place_of(const struct ridge_kvs *kvs, const char *key)
{
    size_t low = 0, high = kvs->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (strcmp(kvs->v[mid].key, key) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

const char *ridge_kvs_get(const struct ridge_kvs *kvs, const char *key)
{
    size_t i = place_of(kvs, key);
    return i < kvs->n && strcmp(kvs->v[i].key, key) == 0 ? kvs->v[i].value : NULL;
}

enum { MAX_SHARED = 64 };

void ridge_kvs_set(struct ridge_arena *a, struct ridge_kvs *kvs, const char *key, const char *value)
{
    size_t i = place_of(kvs, key);
    bool is_new = i == kvs->n || strcmp(kvs->v[i].key, key) != 0;
    size_t n_after = kvs->n + is_new;
    if (n_after <= MAX_SHARED || n_after > kvs->cap) { /* small lists: copy on write */
        size_t cap = n_after <= MAX_SHARED ? n_after : 2 * n_after;
        struct ridge_kv *fresh = ridge_arena_array(a, cap, sizeof *fresh);
        if (kvs->n > 0)
            memcpy(fresh, kvs->v, kvs->n * sizeof *fresh);
        kvs->v = fresh;
        kvs->cap = cap;
    }
    if (is_new)
        memmove(kvs->v + i + 1, kvs->v + i, (kvs->n - i) * sizeof *kvs->v);
    kvs->v[i] = (struct ridge_kv){key, value};
    kvs->n = n_after;
}

struct ridge_kvs ridge_kvs_copy(struct ridge_arena *a, const struct ridge_kvs *kvs)
{
    struct ridge_kvs out = {ridge_arena_array(a, kvs->n, sizeof *out.v), kvs->n, kvs->n};
    for (size_t i = 0; i < kvs->n; i++)
        out.v[i] = (struct ridge_kv){ridge_arena_str(a, kvs->v[i].key),
                                     ridge_arena_str(a, kvs->v[i].value)};
    return out;
}

char *ridge_kvs_text(struct ridge_arena *a, const struct ridge_kvs *kvs)
{
    struct ridge_buf b = {0};
    ridge_buf_puts(&b, "");
    for (size_t i = 0; i < kvs->n; i++) {
        ridge_buf_puts(&b, i > 0 ? "," : "");
        ridge_buf_puts(&b, kvs->v[i].key);
        ridge_buf_puts(&b, "=");
        ridge_buf_puts(&b, kvs->v[i].value);
    }
    char *text = ridge_arena_strn(a, b.data, b.n);
    ridge_buf_deinit(&b);
    return text;
}
