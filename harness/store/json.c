/* The few JSON objects of the file: maps of strings, maps of numbers. */
#include "store/db.h"

#include <math.h>
#include <string.h>

void ridge_json_put_kvs(struct ridge_buf *b, const struct ridge_kvs *kvs)
{
    ridge_buf_puts(b, "{");
    for (size_t i = 0; kvs != NULL && i < kvs->n; i++) {
        ridge_buf_puts(b, i > 0 ? "," : "");
        ridge_text_json(b, kvs->v[i].key);
        ridge_buf_puts(b, ":");
        ridge_text_json(b, kvs->v[i].value != NULL ? kvs->v[i].value : "");
    }
    ridge_buf_puts(b, "}");
}

void ridge_json_put_number(struct ridge_buf *b, bool is_first, const char *key, double value)
{
    ridge_buf_puts(b, is_first ? "" : ",");
    ridge_text_json(b, key);
    if (isfinite(value))
        ridge_buf_printf(b, ":%.17g", value);
    else
        ridge_buf_puts(b, ":null");
}

static void skip_space(const char **p)
{
    *p += strspn(*p, " \t\r\n");
}
static bool take(const char **p, char c)
{
    skip_space(p);
    if (**p != c)
        return false;
    ++*p;
    return true;
}

static bool get_hex4(const char **p, unsigned *out)
{
    static const char digits[] = "0123456789abcdef";
    *out = 0;
    for (int i = 0; i < 4; i++, ++*p) {
        char c = **p >= 'A' && **p <= 'F' ? (char)(**p + 32) : **p;
        const char *at = c != '\0' ? strchr(digits, c) : NULL;
        if (at == NULL)
            return false;
        *out = *out * 16 + (unsigned)(at - digits);
    }
    return true;
}

static void put_utf8(struct ridge_buf *b, unsigned c)
{
    char s[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; c >>= 6)
        s[i] = (char)(0x80 | (c & 0x3f));
    s[0] = (char)(lead[n] | c);
    ridge_buf_put(b, s, n);
}

/* \uXXXX and surrogate pairs; a lone surrogate or \u0000 is refused */
static bool get_unicode(const char **p, struct ridge_buf *b)
{
    unsigned c, low;
    if (!get_hex4(p, &c) || c == 0 || (c >= 0xdc00 && c < 0xe000))
        return false;
    if (c >= 0xd800 && c < 0xdc00) {
        if ((*p)[0] != '\\' || (*p)[1] != 'u')
            return false;
        *p += 2;
        if (!get_hex4(p, &low) || low < 0xdc00 || low >= 0xe000)
            return false;
        c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
    }
    put_utf8(b, c);
    return true;
}

static bool get_escape(const char **p, struct ridge_buf *b)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    char c = **p;
    if (c == '\0')
        return false;
    ++*p;
    if (c == 'u')
        return get_unicode(p, b);
    const char *at = strchr(from, c);
    if (at == NULL)
        return false;
    ridge_buf_put(b, &to[at - from], 1);
    return true;
}

static char *get_string(struct ridge_arena *a, const char **p)
{
    struct ridge_buf b = {0};
    char *out = NULL;
    if (!take(p, '"'))
        return NULL;
    for (;;) {
        size_t n = strcspn(*p, "\"\\");
        ridge_buf_put(&b, *p, n);
        *p += n;
        if (**p == '"') {
            ++*p;
            out = b.n > 0 ? ridge_arena_strn(a, b.data, b.n) : ridge_arena_str(a, "");
            break;
        }
        if (**p == '\0')
            break;
        ++*p;
        if (!get_escape(p, &b))
            break;
    }
    ridge_buf_deinit(&b);
    return out;
}

bool ridge_json_get_kvs(struct ridge_arena *a, const char *text, struct ridge_kvs *out)
{
    const char *p = text;
    *out = (struct ridge_kvs){0};
    if (!take(&p, '{'))
        return false;
    if (take(&p, '}'))
        return *p == '\0';
    do {
        const char *key = get_string(a, &p);
        const char *value = key != NULL && take(&p, ':') ? get_string(a, &p) : NULL;
        if (value == NULL)
            return false;
        ridge_kvs_set(a, out, key, value);
    } while (take(&p, ','));
    return take(&p, '}') && *p == '\0';
}
