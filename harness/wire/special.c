/* Fields whose shape in memory differs from their shape on the wire. */
#include "wire/codec.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))

enum ridge_status ridge_wire_read_cpus(struct decoder *d, const struct field *f, json_t *v,
                                       void *base)
{
    struct ridge_msg_load *load = base;
    if (!json_is_array(v) || json_array_size(v) > N_OF(load->cpus))
        return ridge_wire_bad(d, f->key, "must be a list of at most %zu numbers", N_OF(load->cpus));
    load->n_cpus = json_array_size(v);
    for (size_t i = 0; i < load->n_cpus; i++) {
        json_t *item = json_array_get(v, i);
        if (!json_is_integer(item) || json_integer_value(item) < 0 ||
            json_integer_value(item) > 1 << 20)
            return ridge_wire_bad(d, f->key, "item %zu must be a CPU number", i);
        load->cpus[i] = json_integer_value(item);
    }
    return RIDGE_OK;
}
void ridge_wire_write_cpus(struct ridge_buf *b, const struct field *f, const void *base)
{
    (void)f;
    const struct ridge_msg_load *load = base;
    ridge_buf_puts(b, "[");
    for (size_t i = 0; i < load->n_cpus && i < N_OF(load->cpus); i++)
        ridge_buf_printf(b, "%s%" PRId64, i ? "," : "", load->cpus[i]);
    ridge_buf_puts(b, "]");
}

enum ridge_status ridge_wire_read_phases(struct decoder *d, const struct field *f, json_t *v,
                                         void *base)
{
    struct ridge_process *p = &((struct ridge_msg_loaded *)base)->process;
    if (!json_is_object(v) || json_object_size(v) > RIDGE_MAX_PHASES)
        return ridge_wire_bad(d, f->key, "must be an object of at most %d durations",
                              RIDGE_MAX_PHASES);
    const char *key;
    json_t *item;
    json_object_foreach(v, key, item)
    {
        struct ridge_phase *phase = &p->phases[p->n_phases];
        if (!json_is_integer(item) || json_integer_value(item) < 0 ||
            strlen(key) >= sizeof phase->name)
            return ridge_wire_bad(d, f->key,
                                  "'%.64s' must be a short name with whole nanoseconds >= 0", key);
        (void)snprintf(phase->name, sizeof phase->name, "%s", key);
        phase->duration_ns = json_integer_value(item);
        p->n_phases++;
    }
    return RIDGE_OK;
}
void ridge_wire_write_phases(struct ridge_buf *b, const struct field *f, const void *base)
{
    (void)f;
    const struct ridge_process *p = &((const struct ridge_msg_loaded *)base)->process;
    ridge_buf_puts(b, "{");
    for (size_t i = 0; i < p->n_phases; i++) {
        ridge_buf_puts(b, i ? "," : "");
        ridge_wire_write_text(b, p->phases[i].name);
        ridge_buf_printf(b, ":%" PRId64, p->phases[i].duration_ns);
    }
    ridge_buf_puts(b, "}");
}

enum ridge_status ridge_wire_read_facts(struct decoder *d, const struct field *f, json_t *v,
                                        void *base)
{
    struct ridge_process *p = &((struct ridge_msg_loaded *)base)->process;
    if (!json_is_object(v) || json_object_size(v) > N_OF(p->facts))
        return ridge_wire_bad(d, f->key, "must be an object of at most %zu numbers",
                              N_OF(p->facts));
    const char *key;
    json_t *item;
    json_object_foreach(v, key, item)
    {
        if (json_is_null(item))
            continue; /* could not be measured */
        if (!json_is_number(item))
            return ridge_wire_bad(d, f->key, "'%.64s' must be a number", key);
        p->facts[p->n_facts].name = ridge_arena_str(d->arena, key);
        p->facts[p->n_facts++].value = json_number_value(item);
    }
    return RIDGE_OK;
}
void ridge_wire_write_facts(struct ridge_buf *b, const struct field *f, const void *base)
{
    (void)f;
    const struct ridge_process *p = &((const struct ridge_msg_loaded *)base)->process;
    ridge_buf_puts(b, "{");
    for (size_t i = 0; i < p->n_facts; i++) {
        ridge_buf_puts(b, i ? "," : "");
        ridge_wire_write_text(b, p->facts[i].name);
        ridge_buf_puts(b, ":");
        ridge_wire_write_real(b, p->facts[i].value);
    }
    ridge_buf_puts(b, "}");
}

static const char *const byte_columns[] = {"flags", "cpu_changed", "status", NULL};

/* ns and their sums and differences stay within 64 bits */
#define MAX_COLUMN_VALUE (INT64_C(1) << 61)

static enum ridge_column_type column_type(const char *name)
{
    for (size_t i = 0; byte_columns[i] != NULL; i++)
        if (strcmp(byte_columns[i], name) == 0)
            return RIDGE_COL_U8;
    return RIDGE_COL_I64;
}
static enum ridge_status read_column(struct decoder *d, const char *name, json_t *v,
                                     struct ridge_chunk *c)
{
    struct ridge_column *column = &c->columns[c->n_columns];
    if (strlen(name) >= sizeof column->name)
        return ridge_wire_bad(d, "columns", "the name '%.64s' is too long", name);
    if (!json_is_array(v) || json_array_size(v) != c->n)
        return ridge_wire_bad(d, "columns", "'%s' has %zu values, n says %zu", name,
                              json_array_size(v), c->n);
    (void)snprintf(column->name, sizeof column->name, "%s", name);
    column->type = column_type(name);
    int64_t max = column->type == RIDGE_COL_U8 ? UINT8_MAX : MAX_COLUMN_VALUE;
    size_t size = column->type == RIDGE_COL_U8 ? sizeof(uint8_t) : sizeof(int64_t);
    column->data = ridge_xmalloc((c->n ? c->n : 1) * size);
    c->n_columns++; /* from here ridge_chunk_deinit frees it */
    for (size_t i = 0; i < c->n; i++) {
        json_t *item = json_array_get(v, i);
        if (!json_is_integer(item) || json_integer_value(item) < 0 ||
            json_integer_value(item) > max)
            return ridge_wire_bad(
                d, "columns", "'%s'[%zu] must be a whole number in [0, %" PRId64 "]", name, i, max);
        if (column->type == RIDGE_COL_U8)
            ((uint8_t *)column->data)[i] = (uint8_t)json_integer_value(item);
        else
            ((int64_t *)column->data)[i] = json_integer_value(item);
    }
    return RIDGE_OK;
}
enum ridge_status ridge_wire_read_columns(struct decoder *d, const struct field *f, json_t *v,
                                          void *base)
{
    struct ridge_chunk *c = base; /* n, n_lead_in and disturbed come before columns in the table */
    if (c->n_lead_in > c->n)
        return ridge_wire_bad(d, "n_lead_in", "%zu is more than n = %zu", c->n_lead_in, c->n);
    if (c->n_disturbed > (int64_t)c->n)
        return ridge_wire_bad(d, "disturbed", "%" PRId64 " is more than n = %zu", c->n_disturbed, c->n);
    if (!json_is_object(v) || json_object_size(v) > RIDGE_MAX_COLUMNS)
        return ridge_wire_bad(d, f->key, "must be an object of at most %d lists",
                              RIDGE_MAX_COLUMNS);
    const char *name;
    json_t *item;
    json_object_foreach(v, name, item)
    {
        enum ridge_status status = read_column(d, name, item, c);
        if (status != RIDGE_OK)
            return status;
    }
    if (ridge_chunk_column(c, "duration_ns") == NULL)
        return ridge_wire_bad(d, f->key, "duration_ns is missing");
    return RIDGE_OK;
}
static int64_t value_at(const struct ridge_column *c, size_t i)
{
    return c->type == RIDGE_COL_U8 ? ((const uint8_t *)c->data)[i] : ((const int64_t *)c->data)[i];
}
void ridge_wire_write_columns(struct ridge_buf *b, const struct field *f, const void *base)
{
    (void)f;
    const struct ridge_chunk *c = base;
    ridge_buf_puts(b, "{");
    for (size_t i = 0; i < c->n_columns; i++) {
        ridge_buf_puts(b, i ? "," : "");
        ridge_wire_write_text(b, c->columns[i].name);
        ridge_buf_puts(b, ":[");
        for (size_t j = 0; j < c->n; j++)
            ridge_buf_printf(b, "%s%" PRId64, j ? "," : "", value_at(&c->columns[i], j));
        ridge_buf_puts(b, "]");
    }
    ridge_buf_puts(b, "}");
}
