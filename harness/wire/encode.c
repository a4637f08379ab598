/* Writes a message as one line along the tables. Hostile bytes in texts are escaped by
 * ridge_text_json; numbers that are not finite travel as null. */
#include "wire/codec.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

typedef void writer(struct ridge_buf *b, const struct field *f, const char *at, const char *base);

void ridge_wire_write_text(struct ridge_buf *b, const char *s)
{
    ridge_text_json(b, s != NULL ? s : "");
}
void ridge_wire_write_real(struct ridge_buf *b, double v)
{
    if (isfinite(v))
        ridge_buf_printf(b, "%.17g", v);
    else
        ridge_buf_puts(b, "null");
}
static void write_int(struct ridge_buf *b, const struct field *f, const char *at, const char *base)
{
    (void)f, (void)base;
    int64_t v;
    memcpy(&v, at, sizeof v);
    ridge_buf_printf(b, "%" PRId64, v);
}
static void write_seed(struct ridge_buf *b, const struct field *f, const char *at, const char *base)
{
    (void)f, (void)base;
    uint64_t v;
    memcpy(&v, at, sizeof v);
    ridge_buf_printf(b, "%" PRIu64, v & (uint64_t)INT64_MAX);
}
static void write_real(struct ridge_buf *b, const struct field *f, const char *at, const char *base)
{
    (void)f, (void)base;
    double v;
    memcpy(&v, at, sizeof v);
    ridge_wire_write_real(b, v);
}
static void write_bool(struct ridge_buf *b, const struct field *f, const char *at, const char *base)
{
    (void)f, (void)base;
    bool v;
    memcpy(&v, at, sizeof v);
    ridge_buf_puts(b, v ? "true" : "false");
}
static void write_enum(struct ridge_buf *b, const struct field *f, const char *at, const char *base)
{
    (void)base;
    uint32_t v;
    memcpy(&v, at, sizeof v);
    ridge_wire_write_text(b, f->names[v]);
}
static const char *text_at(const char *at)
{
    const char *s;
    memcpy(&s, at, sizeof s);
    return s;
}
static void write_str(struct ridge_buf *b, const struct field *f, const char *at, const char *base)
{
    (void)base;
    if (f->need == NULLABLE && text_at(at) == NULL)
        ridge_buf_puts(b, "null");
    else
        ridge_wire_write_text(b, text_at(at));
}
static void write_chars(struct ridge_buf *b, const struct field *f, const char *at,
                        const char *base)
{
    (void)f, (void)base;
    ridge_wire_write_text(b, at);
}
static void write_kvs(struct ridge_buf *b, const struct field *f, const char *at, const char *base)
{
    (void)f, (void)base;
    struct ridge_kvs kvs;
    memcpy(&kvs, at, sizeof kvs);
    ridge_buf_puts(b, "{");
    for (size_t i = 0; i < kvs.n; i++) {
        ridge_buf_puts(b, i ? "," : "");
        ridge_wire_write_text(b, kvs.v[i].key);
        ridge_buf_puts(b, ":");
        ridge_wire_write_text(b, kvs.v[i].value);
    }
    ridge_buf_puts(b, "}");
}
static void write_strs(struct ridge_buf *b, const struct field *f, const char *at, const char *base)
{
    (void)base;
    const char *const *list;
    memcpy(&list, at, sizeof list);
    if (list == NULL && f->need == NULLABLE) {
        ridge_buf_puts(b, "null");
        return;
    }
    ridge_buf_puts(b, "[");
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        ridge_buf_puts(b, i ? "," : "");
        ridge_wire_write_text(b, list[i]);
    }
    ridge_buf_puts(b, "]");
}
static void write_list(struct ridge_buf *b, const struct field *f, const char *at, const char *base)
{
    const char *items = text_at(at);
    size_t n;
    memcpy(&n, base + f->offset_n, sizeof n);
    ridge_buf_puts(b, "[");
    for (size_t i = 0; i < n; i++) {
        ridge_buf_puts(b, i ? ",{" : "{");
        ridge_wire_write_fields(b, f->sub, items + i * f->size);
        ridge_buf_puts(b, "}");
    }
    ridge_buf_puts(b, "]");
}
static void write_object(struct ridge_buf *b, const struct field *f, const char *at,
                         const char *base)
{
    (void)at;
    ridge_buf_puts(b, "{");
    ridge_wire_write_fields(b, f->sub, base);
    ridge_buf_puts(b, "}");
}
static void write_hook(struct ridge_buf *b, const struct field *f, const char *at, const char *base)
{
    (void)at;
    f->encode(b, f, base);
}
static writer *const writers[] = {
    [F_INT] = write_int,   [F_SIZE] = write_seed, [F_SEED] = write_seed, [F_REAL] = write_real,
    [F_BOOL] = write_bool, [F_ENUM] = write_enum, [F_STR] = write_str,   [F_CHARS] = write_chars,
    [F_KVS] = write_kvs,   [F_STRS] = write_strs, [F_LIST] = write_list, [F_OBJECT] = write_object,
    [F_HOOK] = write_hook,
};
void ridge_wire_write_fields(struct ridge_buf *b, const struct field_table *t, const void *base)
{
    for (size_t i = 0; i < t->n; i++) {
        const struct field *f = &t->v[i];
        ridge_buf_printf(b, "%s\"%s\":", i ? "," : "", f->key);
        writers[f->kind](b, f, (const char *)base + f->offset, base);
    }
}
void ridge_wire_encode(struct ridge_buf *b, const struct ridge_message *m)
{
    if (m->type >= RIDGE_MSG_UNKNOWN)
        return;
    const struct field_table *table = &ridge_wire_tables[m->type];
    const void *base = &m->u;
    if (m->type == RIDGE_MSG_HELLO && m->u.hello.wire > 0)
        table = &ridge_wire_hello_answer;
    if (m->type == RIDGE_MSG_CATALOGUE)
        base = m->u.catalogue;
    ridge_buf_printf(b, "{\"type\":\"%s\"%s", ridge_wire_type_names[m->type], table->n ? "," : "");
    ridge_wire_write_fields(b, table, base);
    ridge_buf_puts(b, "}\n");
}
