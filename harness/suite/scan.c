/* Recursive descent over a bounded text; positions are counted as the scanner moves, never re-read.
 */
#include "suite/scan.h"
#include "base/os.h"
#include "base/text.h"
#include "data/plan.h"
#include <string.h>

struct scan {
    struct ridge_arena *arena;
    const char *file, *p, *end;
    const char *mark; /* column is known here */
    int line, mark_column;
    struct ridge_buf text; /* scratch of the string being decoded */
    struct ridge_scan_error *err;
    bool failed;
};

static int column_of(struct scan *s)
{
    for (; s->mark < s->p; s->mark++)
        if (((unsigned char)*s->mark & 0xC0) != 0x80)
            s->mark_column++;
    return s->mark_column;
}

static bool fail(struct scan *s, const char *fmt, ...) RIDGE_PRINTF(2, 3);
static bool fail(struct scan *s, const char *fmt, ...)
{
    if (!s->failed) {
        va_list ap;
        s->failed = true;
        s->err->line = s->line;
        s->err->column = column_of(s);
        va_start(ap, fmt);
        (void)vsnprintf(s->err->text, sizeof s->err->text, fmt, ap);
        va_end(ap);
    }
    return false;
}

/* What stands at the cursor, for "got ..." */
static const char *got(const struct scan *s, char out[24])
{
    const unsigned char c = s->p < s->end ? (unsigned char)*s->p : 0;
    if (s->p >= s->end)
        (void)snprintf(out, 24, "the end of the file");
    else if (c >= 0x21 && c < 0x7F)
        (void)snprintf(out, 24, "'%c'", c);
    else
        (void)snprintf(out, 24, "byte 0x%02X", c);
    return out;
}

static void skip_space(struct scan *s)
{
    for (; s->p < s->end; s->p++) {
        if (*s->p == '\n') {
            s->line++;
            s->mark = s->p + 1;
            s->mark_column = 1;
        } else if (*s->p != ' ' && *s->p != '\t' && *s->p != '\r') {
            return;
        }
    }
}

static struct ridge_node *node_at(struct scan *s, enum ridge_node_type type)
{
    struct ridge_node *node = ridge_arena_alloc(s->arena, sizeof *node);
    node->type = type;
    node->file = s->file;
    node->line = s->line;
    node->column = column_of(s);
    return node;
}

static void put_utf8(struct ridge_buf *b, uint32_t c)
{
    char out[4];
    size_t n = 0;
    if (c < 0x80) {
        out[n++] = (char)c;
    } else if (c < 0x800) {
        out[n++] = (char)(0xC0 | (c >> 6));
    } else if (c < 0x10000) {
        out[n++] = (char)(0xE0 | (c >> 12));
        out[n++] = (char)(0x80 | ((c >> 6) & 0x3F));
    } else {
        out[n++] = (char)(0xF0 | (c >> 18));
        out[n++] = (char)(0x80 | ((c >> 12) & 0x3F));
        out[n++] = (char)(0x80 | ((c >> 6) & 0x3F));
    }
    if (c >= 0x80)
        out[n++] = (char)(0x80 | (c & 0x3F));
    ridge_buf_put(b, out, n);
}

static bool scan_hex4(struct scan *s, uint32_t *out)
{
    *out = 0;
    for (int i = 0; i < 4; i++, s->p++) {
        const char c = s->p < s->end ? *s->p : ' ';
        uint32_t digit;
        if (c >= '0' && c <= '9')
            digit = (uint32_t)(c - '0');
        else if ((c | 32) >= 'a' && (c | 32) <= 'f')
            digit = (uint32_t)((c | 32) - 'a') + 10;
        else
            return fail(s, "expected four hex digits after \\u");
        *out = *out * 16 + digit;
    }
    return true;
}

static bool scan_unicode(struct scan *s)
{
    uint32_t c, low;
    if (!scan_hex4(s, &c))
        return false;
    if (c == 0)
        return fail(s, "a string must not contain \\u0000");
    if (c >= 0xDC00 && c <= 0xDFFF)
        return fail(s, "\\u%04X is the second half of a surrogate pair, without a first",
                    (unsigned)c);
    if (c >= 0xD800 && c <= 0xDBFF) {
        if (s->end - s->p < 2 || s->p[0] != '\\' || s->p[1] != 'u')
            return fail(s, "\\u%04X is half of a surrogate pair, without the second", (unsigned)c);
        s->p += 2;
        if (!scan_hex4(s, &low))
            return false;
        if (low < 0xDC00 || low > 0xDFFF)
            return fail(s, "\\u%04X cannot follow the first half of a surrogate pair",
                        (unsigned)low);
        c = 0x10000 + ((c - 0xD800) << 10) + (low - 0xDC00);
    }
    put_utf8(&s->text, c);
    return true;
}

static bool scan_escape(struct scan *s)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char c = s->p < s->end ? *s->p : '\0';
    if (c == 'u') {
        s->p++;
        return scan_unicode(s);
    }
    const char *at = c != '\0' ? strchr(from, c) : NULL;
    if (at == NULL)
        return fail(s, "unknown escape; known are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
    s->p++;
    ridge_buf_put(&s->text, &to[at - from], 1);
    return true;
}

/* Length of the UTF-8 sequence at p, 0 when it is invalid (overlong, surrogate, beyond U+10FFFF).
 */
static size_t utf8_length(const unsigned char *p, size_t n)
{
    static const struct {
        unsigned char low, high, second_low, second_high;
        size_t length;
    } rows[] = {{0xC2, 0xDF, 0x80, 0xBF, 2}, {0xE0, 0xE0, 0xA0, 0xBF, 3},
                {0xE1, 0xEC, 0x80, 0xBF, 3}, {0xED, 0xED, 0x80, 0x9F, 3},
                {0xEE, 0xEF, 0x80, 0xBF, 3}, {0xF0, 0xF0, 0x90, 0xBF, 4},
                {0xF1, 0xF3, 0x80, 0xBF, 4}, {0xF4, 0xF4, 0x80, 0x8F, 4}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (p[0] < rows[i].low || p[0] > rows[i].high)
            continue;
        if (n < rows[i].length || p[1] < rows[i].second_low || p[1] > rows[i].second_high)
            return 0;
        for (size_t j = 2; j < rows[i].length; j++)
            if ((p[j] & 0xC0) != 0x80)
                return 0;
        return rows[i].length;
    }
    return 0;
}

/* Copies one plain character of a string. */
static bool scan_character(struct scan *s)
{
    const unsigned char c = (unsigned char)*s->p;
    size_t n = 1;
    if (c < 0x20)
        return fail(s,
                    c == '\n' ? "the string is not closed: expected '\"' before the end of the line"
                              : "a control byte in a string: write it as \\u%04X",
                    c);
    if (c >= 0x80)
        n = utf8_length((const unsigned char *)s->p, (size_t)(s->end - s->p));
    if (n == 0)
        return fail(s, "invalid UTF-8: byte 0x%02X", c);
    ridge_buf_put(&s->text, s->p, n);
    s->p += n;
    return true;
}

/* The cursor is on the opening quote. */
static const char *scan_string(struct scan *s)
{
    s->text.n = 0;
    s->p++;
    while (s->p < s->end && *s->p != '"') {
        if (*s->p == '\\') {
            s->p++;
            if (!scan_escape(s))
                return NULL;
        } else if (!scan_character(s)) {
            return NULL;
        }
    }
    if (s->p >= s->end) {
        (void)fail(s, "the string is not closed: expected '\"', got the end of the file");
        return NULL;
    }
    s->p++;
    return ridge_arena_strn(s->arena, s->text.n > 0 ? s->text.data : "", s->text.n);
}

static bool scan_digits(struct scan *s, const char *what)
{
    const char *start = s->p;
    while (s->p < s->end && *s->p >= '0' && *s->p <= '9')
        s->p++;
    return s->p > start || fail(s, "expected a digit %s", what);
}

static struct ridge_node *scan_number(struct scan *s)
{
    struct ridge_node *node = node_at(s, RIDGE_NODE_NUMBER);
    const char *start = s->p;
    if (*s->p == '-')
        s->p++;
    const bool leading_zero = s->p < s->end && *s->p == '0';
    if (!scan_digits(s, "after '-'"))
        return NULL;
    if (leading_zero && s->p - start > (*start == '-' ? 2 : 1)) {
        (void)fail(s, "a number must not start with 0");
        return NULL;
    }
    if (s->p < s->end && *s->p == '.') {
        s->p++;
        if (!scan_digits(s, "after '.'"))
            return NULL;
    }
    if (s->p < s->end && (*s->p | 32) == 'e') {
        s->p++;
        if (s->p < s->end && (*s->p == '+' || *s->p == '-'))
            s->p++;
        if (!scan_digits(s, "in the exponent"))
            return NULL;
    }
    node->text = ridge_arena_strn(s->arena, start, (size_t)(s->p - start));
    return node;
}

static struct ridge_node *scan_word(struct scan *s)
{
    static const struct {
        const char *word;
        enum ridge_node_type type;
    } rows[] = {{"true", RIDGE_NODE_BOOL}, {"false", RIDGE_NODE_BOOL}, {"null", RIDGE_NODE_NULL}};
    char text[24];
    for (size_t i = 0; i < 3; i++) {
        const size_t n = strlen(rows[i].word);
        if ((size_t)(s->end - s->p) < n || memcmp(s->p, rows[i].word, n) != 0)
            continue;
        struct ridge_node *node = node_at(s, rows[i].type);
        node->text = rows[i].word;
        s->p += n;
        return node;
    }
    if (s->p < s->end && (*s->p == '/' || *s->p == '#'))
        (void)fail(s, "JSON has no comments: use a key \"$comment\"");
    else if (s->p < s->end && *s->p == '\'')
        (void)fail(s, "expected a value, got '; strings are written with \"");
    else if (s->p < s->end && (*s->p == ']' || *s->p == '}'))
        (void)fail(s, "expected a value, got '%c': is there a comma too many?", *s->p);
    else
        (void)fail(s, "expected a value, got %s", got(s, text));
    return NULL;
}

static struct ridge_node *scan_value(struct scan *s, int depth);

void ridge_suite_append(struct ridge_node *parent, struct ridge_node *child)
{
    child->parent = parent;
    child->index = parent->n++;
    child->next = NULL;
    if (parent->last != NULL)
        parent->last->next = child;
    else
        parent->first = child;
    parent->last = child;
}

static const struct ridge_node *same_key(const struct ridge_node *object, const char *key,
                                         uint64_t hash)
{
    for (const struct ridge_node *c = object->first; c != NULL; c = c->next)
        if (c->key_hash == hash && strcmp(c->key, key) == 0)
            return c;
    return NULL;
}

static bool scan_member(struct scan *s, struct ridge_node *object, int depth)
{
    char text[24];
    if (s->p < s->end && (*s->p == '/' || *s->p == '#'))
        return fail(s, "JSON has no comments: use a key \"$comment\"");
    if (s->p >= s->end || *s->p != '"')
        return fail(s, "expected a key in quotes%s, got %s",
                    object->n > 0 ? " after ','" : " or '}'", got(s, text));
    struct ridge_node at = *node_at(s, RIDGE_NODE_STRING);
    const char *key = scan_string(s);
    if (key == NULL)
        return false;
    const uint64_t hash = ridge_os_hash64(key);
    const struct ridge_node *twin = same_key(object, key, hash);
    if (twin != NULL || object->n >= RIDGE_SUITE_MAX_KEYS_PER_OBJECT) {
        s->line = at.line, s->mark_column = at.column, s->mark = s->p;
        if (twin == NULL)
            return fail(s, "an object may have at most %d keys", RIDGE_SUITE_MAX_KEYS_PER_OBJECT);
        return fail(s, "duplicate key \"%.80s\": it is already on line %d", key, twin->key_line);
    }
    skip_space(s);
    if (s->p >= s->end || *s->p != ':')
        return fail(s, "expected ':' after the key \"%.80s\", got %s", key, got(s, text));
    s->p++;
    struct ridge_node *value = scan_value(s, depth);
    if (value == NULL)
        return false;
    value->key = key;
    value->key_hash = hash;
    value->key_line = at.line;
    value->key_column = at.column;
    ridge_suite_append(object, value);
    return true;
}

/* Objects and arrays; the cursor is on the opening bracket. */
static struct ridge_node *scan_list(struct scan *s, int depth)
{
    const bool is_object = *s->p == '{';
    const char close = is_object ? '}' : ']';
    char text[24];
    struct ridge_node *list = node_at(s, is_object ? RIDGE_NODE_OBJECT : RIDGE_NODE_ARRAY);
    if (depth >= RIDGE_SUITE_MAX_DEPTH) {
        (void)fail(s, "nested deeper than %d levels", RIDGE_SUITE_MAX_DEPTH);
        return NULL;
    }
    s->p++;
    skip_space(s);
    if (s->p < s->end && *s->p == close) {
        s->p++;
        return list;
    }
    for (;;) {
        skip_space(s);
        if (is_object) {
            if (!scan_member(s, list, depth + 1))
                return NULL;
        } else {
            struct ridge_node *item = scan_value(s, depth + 1);
            if (item == NULL)
                return NULL;
            ridge_suite_append(list, item);
        }
        skip_space(s);
        if (s->p < s->end && *s->p == close) {
            s->p++;
            return list;
        }
        if (s->p >= s->end || *s->p != ',') {
            (void)fail(s, "expected ',' or '%c', got %s", close, got(s, text));
            return NULL;
        }
        s->p++;
    }
}

static struct ridge_node *scan_value(struct scan *s, int depth)
{
    skip_space(s);
    const char c = s->p < s->end ? *s->p : '\0';
    if (c == '{' || c == '[')
        return scan_list(s, depth);
    if (c == '"') {
        struct ridge_node *node = node_at(s, RIDGE_NODE_STRING);
        node->text = scan_string(s);
        return node->text != NULL ? node : NULL;
    }
    if (c == '-' || (c >= '0' && c <= '9'))
        return scan_number(s);
    return scan_word(s);
}

struct ridge_node *ridge_suite_scan(struct ridge_arena *a, const char *file, const char *text,
                                    size_t n_bytes, struct ridge_scan_error *err)
{
    struct scan s = {.arena = a,
                     .file = file,
                     .p = text,
                     .end = text + n_bytes,
                     .mark = text,
                     .line = 1,
                     .mark_column = 1,
                     .err = err};
    struct ridge_node *root = NULL;
    char what[24];
    if (n_bytes > RIDGE_MAX_SUITE_BYTES) {
        (void)fail(&s, "the file has %zu bytes; at most %u are read", n_bytes,
                   RIDGE_MAX_SUITE_BYTES);
        return NULL;
    }
    if (n_bytes >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        s.p = s.mark = text + 3;
    root = scan_value(&s, 0);
    skip_space(&s);
    if (root != NULL && s.p < s.end) {
        (void)fail(&s, "expected the end of the file, got %s", got(&s, what));
        root = NULL;
    }
    ridge_buf_deinit(&s.text);
    return root;
}

struct ridge_node *ridge_suite_child(const struct ridge_node *object, const char *key)
{
    if (object == NULL || object->type != RIDGE_NODE_OBJECT)
        return NULL;
    for (struct ridge_node *c = object->first; c != NULL; c = c->next)
        if (strcmp(c->key, key) == 0)
            return c;
    return NULL;
}
