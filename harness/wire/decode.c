/* Reads one line into a message, field by field along the tables. Strict: wrong types, lying counts
 * and missing fields are errors that name the field; unknown fields are ignored. */
#include "wire/codec.h"
#include <stdlib.h>
#include <string.h>

typedef enum ridge_status reader(struct decoder *d, const struct field *f, json_t *v, char *at,
                                 char *base);

enum ridge_status ridge_wire_bad(struct decoder *d, const char *key, const char *fmt, ...)
{
    char text[512], where[256];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    (void)snprintf(where, sizeof where, "%s.%.64s", d->path, key);
    return ridge_fail(d->err, RIDGE_ERR_PROTOCOL, where, "%s.%.64s: %s", d->path, key, text);
}
static enum ridge_status read_int(struct decoder *d, const struct field *f, json_t *v, char *at,
                                  char *base)
{
    (void)base;
    if (!json_is_integer(v))
        return ridge_wire_bad(d, f->key, "must be a whole number");
    int64_t value = json_integer_value(v);
    if ((f->min != 0 || f->max != 0) && (value < f->min || value > f->max))
        return ridge_wire_bad(d, f->key, "%lld is outside [%lld, %lld]", (long long)value,
                              (long long)f->min, (long long)f->max);
    memcpy(at, &value, sizeof value);
    return RIDGE_OK;
}
static enum ridge_status read_unsigned(struct decoder *d, const struct field *f, json_t *v,
                                       char *at, char *base)
{
    (void)base;
    if (!json_is_integer(v) || json_integer_value(v) < 0)
        return ridge_wire_bad(d, f->key, "must be a whole number >= 0");
    uint64_t value = (uint64_t)json_integer_value(v);
    memcpy(at, &value, sizeof value);
    return RIDGE_OK;
}
_Static_assert(sizeof(size_t) == sizeof(uint64_t), "F_SIZE shares a reader with F_SEED");

static enum ridge_status read_real(struct decoder *d, const struct field *f, json_t *v, char *at,
                                   char *base)
{
    (void)base;
    if (!json_is_number(v))
        return ridge_wire_bad(d, f->key, "must be a number");
    double value = json_number_value(v);
    memcpy(at, &value, sizeof value);
    return RIDGE_OK;
}
static enum ridge_status read_bool(struct decoder *d, const struct field *f, json_t *v, char *at,
                                   char *base)
{
    (void)base;
    if (!json_is_boolean(v))
        return ridge_wire_bad(d, f->key, "must be true or false");
    bool value = json_is_true(v);
    memcpy(at, &value, sizeof value);
    return RIDGE_OK;
}
static enum ridge_status read_enum(struct decoder *d, const struct field *f, json_t *v, char *at,
                                   char *base)
{
    (void)base;
    if (!json_is_string(v))
        return ridge_wire_bad(d, f->key, "must be a text");
    for (uint32_t i = 0; f->names[i] != NULL; i++)
        if (strcmp(f->names[i], json_string_value(v)) == 0) {
            memcpy(at, &i, sizeof i);
            return RIDGE_OK;
        }
    return ridge_wire_bad(d, f->key, "'%.64s' is none of the known names", json_string_value(v));
}
static enum ridge_status read_str(struct decoder *d, const struct field *f, json_t *v, char *at,
                                  char *base)
{
    (void)base;
    if (!json_is_string(v))
        return ridge_wire_bad(d, f->key, "must be a text");
    const char *s = ridge_arena_strn(d->arena, json_string_value(v), json_string_length(v));
    memcpy(at, &s, sizeof s);
    return RIDGE_OK;
}
static enum ridge_status read_chars(struct decoder *d, const struct field *f, json_t *v, char *at,
                                    char *base)
{
    (void)base;
    if (!json_is_string(v) || json_string_length(v) >= f->size)
        return ridge_wire_bad(d, f->key, "must be a text of less than %zu bytes", f->size);
    memcpy(at, json_string_value(v), json_string_length(v) + 1);
    return RIDGE_OK;
}
static enum ridge_status read_kvs(struct decoder *d, const struct field *f, json_t *v, char *at,
                                  char *base)
{
    (void)base;
    if (!json_is_object(v) || json_object_size(v) > MAX_KVS)
        return ridge_wire_bad(d, f->key, "must be an object of at most %u texts", MAX_KVS);
    struct ridge_kvs kvs = {0};
    const char *key;
    json_t *item;
    json_object_foreach(v, key, item)
    {
        if (!json_is_string(item))
            return ridge_wire_bad(d, f->key, "'%.64s' must be a text", key);
        ridge_kvs_set(d->arena, &kvs, ridge_arena_str(d->arena, key),
                      ridge_arena_str(d->arena, json_string_value(item)));
    }
    memcpy(at, &kvs, sizeof kvs);
    return RIDGE_OK;
}
static enum ridge_status read_strs(struct decoder *d, const struct field *f, json_t *v, char *at,
                                   char *base)
{
    (void)base;
    if (!json_is_array(v) || json_array_size(v) > MAX_LIST)
        return ridge_wire_bad(d, f->key, "must be a list of texts");
    size_t n = json_array_size(v);
    const char **list = ridge_arena_array(d->arena, n + 1, sizeof *list);
    for (size_t i = 0; i < n; i++) {
        if (!json_is_string(json_array_get(v, i)))
            return ridge_wire_bad(d, f->key, "item %zu must be a text", i);
        list[i] = ridge_arena_str(d->arena, json_string_value(json_array_get(v, i)));
    }
    memcpy(at, &list, sizeof list);
    return RIDGE_OK;
}
/* Reads a struct one level down, with the path of errors extended meanwhile. */
static enum ridge_status read_below(struct decoder *d, const struct field *f, json_t *v, void *into,
                                    long i_item)
{
    struct decoder below = {.arena = d->arena, .err = d->err};
    if (i_item < 0)
        (void)snprintf(below.path, sizeof below.path, "%.60s.%s", d->path, f->key);
    else
        (void)snprintf(below.path, sizeof below.path, "%.60s.%s[%ld]", d->path, f->key, i_item);
    return ridge_wire_read_fields(&below, f->sub, v, into);
}
static enum ridge_status read_list(struct decoder *d, const struct field *f, json_t *v, char *at,
                                   char *base)
{
    if (!json_is_array(v) || json_array_size(v) > MAX_LIST)
        return ridge_wire_bad(d, f->key, "must be a list of at most %u objects", MAX_LIST);
    size_t n = json_array_size(v);
    char *items = ridge_arena_array(d->arena, n ? n : 1, f->size);
    for (size_t i = 0; i < n; i++) {
        enum ridge_status status =
            read_below(d, f, json_array_get(v, i), items + i * f->size, (long)i);
        if (status != RIDGE_OK)
            return status;
    }
    memcpy(at, &items, sizeof items);
    memcpy(base + f->offset_n, &n, sizeof n);
    return RIDGE_OK;
}
static enum ridge_status read_object(struct decoder *d, const struct field *f, json_t *v, char *at,
                                     char *base)
{
    (void)at;
    return read_below(d, f, v, base, -1);
}
static enum ridge_status read_hook(struct decoder *d, const struct field *f, json_t *v, char *at,
                                   char *base)
{
    (void)at;
    return f->decode(d, f, v, base);
}
static reader *const readers[] = {
    [F_INT] = read_int,   [F_SIZE] = read_unsigned, [F_SEED] = read_unsigned,
    [F_REAL] = read_real, [F_BOOL] = read_bool,     [F_ENUM] = read_enum,
    [F_STR] = read_str,   [F_CHARS] = read_chars,   [F_KVS] = read_kvs,
    [F_STRS] = read_strs, [F_LIST] = read_list,     [F_OBJECT] = read_object,
    [F_HOOK] = read_hook,
};
static void fill_absent(struct decoder *d, const struct field *f, char *at)
{
    int64_t whole = (int64_t)f->fallback;
    const char *empty = "";
    if (f->kind == F_REAL)
        memcpy(at, &f->fallback, sizeof f->fallback);
    else if (f->kind == F_INT)
        memcpy(at, &whole, sizeof whole);
    else if (f->kind == F_STR && f->need == OPTIONAL)
        memcpy(at, &empty, sizeof empty);
    else if (f->kind == F_STRS && f->need == OPTIONAL) {
        const char **none = ridge_arena_array(d->arena, 1, sizeof *none);
        memcpy(at, &none, sizeof none);
    }
}
enum ridge_status ridge_wire_read_fields(struct decoder *d, const struct field_table *t,
                                         json_t *object, void *base)
{
    if (!json_is_object(object))
        return ridge_fail(d->err, RIDGE_ERR_PROTOCOL, d->path, "%s must be an object", d->path);
    for (size_t i = 0; i < t->n; i++) {
        const struct field *f = &t->v[i];
        char *at = (char *)base + f->offset;
        json_t *v = json_object_get(object, f->key);
        if (v == NULL || json_is_null(v)) {
            if (f->need == REQUIRED)
                return ridge_wire_bad(d, f->key, "is missing");
            fill_absent(d, f, at);
            continue;
        }
        enum ridge_status status = readers[f->kind](d, f, v, at, base);
        if (status != RIDGE_OK)
            return status;
    }
    return RIDGE_OK;
}
static enum ridge_wire_type type_of(const char *name)
{
    for (int i = 0; i < RIDGE_MSG_UNKNOWN; i++)
        if (strcmp(ridge_wire_type_names[i], name) == 0)
            return (enum ridge_wire_type)i;
    return RIDGE_MSG_UNKNOWN;
}
static enum ridge_status read_message(struct decoder *d, json_t *root, struct ridge_message *out)
{
    (void)snprintf(d->path, sizeof d->path, "%s", ridge_wire_type_names[out->type]);
    const struct field_table *table = &ridge_wire_tables[out->type];
    if (out->type == RIDGE_MSG_HELLO && json_object_get(root, "wire") != NULL)
        table = &ridge_wire_hello_answer;
    if (out->type != RIDGE_MSG_CATALOGUE)
        return ridge_wire_read_fields(d, table, root, &out->u);
    struct ridge_catalogue *c = ridge_xmalloc(sizeof *c);
    memset(c, 0, sizeof *c);
    out->u.catalogue = c;
    d->arena = &c->arena;
    return ridge_wire_read_fields(d, table, root, c);
}
enum ridge_status ridge_wire_decode(const char *line, size_t n, struct ridge_message *out,
                                    struct ridge_error *err)
{
    memset(out, 0, sizeof *out);
    out->type = RIDGE_MSG_UNKNOWN;
    if (n > RIDGE_WIRE_MAX_LINE_BYTES)
        return ridge_fail(err, RIDGE_ERR_PROTOCOL, "line", "a line of %zu bytes is longer than %u",
                          n, RIDGE_WIRE_MAX_LINE_BYTES);
    json_error_t parse;
    json_t *root = json_loadb(line, n, JSON_REJECT_DUPLICATES, &parse);
    if (root == NULL)
        return ridge_fail(err, RIDGE_ERR_PROTOCOL, "line",
                          "not a JSON object: %s near byte %d: '%.*s'", parse.text, parse.position,
                          (int)(n < 60 ? n : 60), line);
    enum ridge_status status;
    const char *type = json_string_value(json_object_get(root, "type"));
    if (type == NULL) {
        status = ridge_fail(err, RIDGE_ERR_PROTOCOL, "type", "type: is missing");
        goto out;
    }
    status = RIDGE_OK;
    out->type = type_of(type);
    if (out->type != RIDGE_MSG_UNKNOWN) {
        struct decoder d = {.arena = &out->arena, .err = err};
        status = read_message(&d, root, out);
    }
    if (status != RIDGE_OK)
        ridge_message_deinit(out);
out:
    json_decref(root);
    return status;
}
void ridge_message_deinit(struct ridge_message *m)
{
    if (m->type == RIDGE_MSG_CATALOGUE && m->u.catalogue != NULL) {
        ridge_catalogue_deinit(m->u.catalogue);
        free(m->u.catalogue);
    }
    if (m->type == RIDGE_MSG_SAMPLES)
        ridge_chunk_deinit(&m->u.samples);
    ridge_arena_deinit(&m->arena);
    memset(m, 0, sizeof *m);
    m->type = RIDGE_MSG_UNKNOWN;
}
