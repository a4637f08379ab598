#include "json_out.h"
#include <inttypes.h>
#include <math.h>

static void begin(struct ridge_buf *b, const char *key)
{
    char last = b->n ? b->data[b->n - 1] : '\0';
    if (last != '\0' && last != '{' && last != '[' && last != '\n')
        ridge_buf_puts(b, ",");
    if (key != NULL) {
        ridge_text_json(b, key);
        ridge_buf_puts(b, ":");
    }
}
void ridge_json_open(struct ridge_buf *b, const char *key, char bracket)
{
    begin(b, key);
    ridge_buf_put(b, &bracket, 1);
}
void ridge_json_close(struct ridge_buf *b, char bracket)
{
    ridge_buf_put(b, &bracket, 1);
}
void ridge_json_str(struct ridge_buf *b, const char *key, const char *value)
{
    begin(b, key);
    if (value == NULL)
        ridge_buf_puts(b, "null");
    else
        ridge_text_json(b, value);
}
void ridge_json_int(struct ridge_buf *b, const char *key, int64_t value)
{
    begin(b, key);
    ridge_buf_printf(b, "%" PRId64, value);
}
void ridge_json_real(struct ridge_buf *b, const char *key, double value)
{
    begin(b, key);
    if (isfinite(value))
        ridge_buf_printf(b, "%.9g", value);
    else
        ridge_buf_puts(b, "null");
}
void ridge_json_bool(struct ridge_buf *b, const char *key, bool value)
{
    begin(b, key);
    ridge_buf_puts(b, value ? "true" : "false");
}
void ridge_json_kvs(struct ridge_buf *b, const char *key, const struct ridge_kvs *kvs)
{
    ridge_json_open(b, key, '{');
    for (size_t i = 0; i < kvs->n; i++)
        ridge_json_str(b, kvs->v[i].key, kvs->v[i].value);
    ridge_json_close(b, '}');
}

void ridge_json_metrics(struct ridge_buf *b, const struct ridge_rd_member *m)
{
    ridge_json_open(b, "metrics", '{');
    for (size_t i = 0; i < m->n_metrics; i++) {
        const struct ridge_metric *x = &m->metrics[i];
        ridge_json_open(b, x->name, '{');
        if (x->refused)
            ridge_json_str(b, "refused", x->refused);
        else
            ridge_json_real(b, "value", x->value);
        ridge_json_real(b, "low", x->low);
        ridge_json_real(b, "high", x->high);
        ridge_json_int(b, "n", x->n);
        ridge_json_str(b, "unit", x->unit);
        ridge_json_str(b, "source", x->source);
        ridge_json_str(b, "rule", x->rule);
        ridge_json_close(b, '}');
    }
    ridge_json_close(b, '}');
}
