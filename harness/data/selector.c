/* key=glob,key=glob. A comma inside parentheses belongs to the value: scenario=open(100,poisson).
 */
#include "data/kvs.h"

#include "base/text.h"
#include <string.h>

static size_t term_length(const char *s)
{
    size_t depth = 0, i = 0;
    for (; s[i] != '\0' && (s[i] != ',' || depth > 0); i++) {
        if (s[i] == '(')
            depth++;
        else if (s[i] == ')' && depth > 0)
            depth--;
    }
    return i;
}

static const char *trimmed(struct ridge_arena *a, const char *s, size_t n)
{
    while (n > 0 && *s == ' ') {
        s++;
        n--;
    }
    while (n > 0 && s[n - 1] == ' ')
        n--;
    return ridge_arena_strn(a, s, n);
}

static enum ridge_status parse_term(struct ridge_arena *a, const char *s, size_t n,
                                    struct ridge_selector *out, struct ridge_error *err)
{
    const char *equals = memchr(s, '=', n);
    const char *key = equals != NULL ? trimmed(a, s, (size_t)(equals - s)) : "";
    if (*key == '\0')
        return ridge_fail(err, RIDGE_ERR_CONFIG, "",
                          "'%.*s' is not key=glob; a selector reads like op=gemm,model=bert-*",
                          n < 80 ? (int)n : 80, s);
    if (ridge_kvs_get(&out->terms, key) != NULL)
        return ridge_fail(err, RIDGE_ERR_CONFIG, "", "the key '%.80s' is in the selector twice",
                          key);
    ridge_kvs_set(a, &out->terms, key, trimmed(a, equals + 1, n - (size_t)(equals + 1 - s)));
    return RIDGE_OK;
}

enum ridge_status ridge_selector_parse(struct ridge_arena *a, const char *text,
                                       struct ridge_selector *out, struct ridge_error *err)
{
    *out = (struct ridge_selector){0};
    if (text[strspn(text, " ")] == '\0')
        return RIDGE_OK; /* no term: matches all */
    for (const char *s = text;;) {
        size_t n = term_length(s);
        enum ridge_status status = parse_term(a, s, n, out, err);
        if (status != RIDGE_OK)
            return status;
        if (s[n] == '\0')
            return RIDGE_OK;
        s += n + 1;
    }
}

bool ridge_selector_match(const struct ridge_selector *s, const struct ridge_kvs *kvs)
{
    for (size_t i = 0; i < s->terms.n; i++) {
        const char *glob = s->terms.v[i].value;
        const char *value = ridge_kvs_get(kvs, s->terms.v[i].key);
        if (value == NULL ? *glob != '\0' : !ridge_text_glob(glob, value))
            return false;
    }
    return true;
}
