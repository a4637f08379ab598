#include "rows.h"
#include "cli.h"
#include <stdlib.h>
#include <string.h>

static size_t n_columns(const struct ridge_rows *t)
{
    size_t n = 0;
    while (t->columns[n] != NULL)
        n++;
    return n;
}

void ridge_rows_add(struct ridge_rows *t, const char *const *cells)
{
    struct ridge_rows_row row = {{NULL}};
    for (size_t i = 0; i < n_columns(t); i++)
        row.cells[i] = cells[i] != NULL ? cells[i] : "";
    RIDGE_PUSH(*t, row);
}

int ridge_rows_print(const struct ridge_rows *t, bool json)
{
    struct ridge_buf b = {0};
    struct ridge_error err = {0};
    if (json)
        ridge_rows_json(t, &b);
    else
        ridge_rows_text(t, &b);
    int rc = ridge_cli_print(&b, NULL, &err);
    ridge_buf_deinit(&b);
    return rc;
}

void ridge_rows_deinit(struct ridge_rows *t)
{
    free(t->v);
    t->v = NULL;
    t->n = t->cap = 0;
}

static void put_row(struct ridge_buf *out, const char *const *cells, const size_t *width, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t before = out->n;
        ridge_text_terminal(out, cells[i]);
        size_t used = out->n - before, wanted = (used > width[i] ? used : width[i]) + 2;
        for (; i + 1 < n && used < wanted; used++) /* a cell that is too long still ends before the next */
            ridge_buf_puts(out, " ");
    }
    while (out->n > 0 && out->data[out->n - 1] == ' ')
        out->data[--out->n] = '\0';
    ridge_buf_puts(out, "\n");
}

void ridge_rows_text(const struct ridge_rows *t, struct ridge_buf *out)
{
    size_t width[RIDGE_ROWS_MAX_COLUMNS], n = n_columns(t);
    for (size_t i = 0; i < n; i++) {
        width[i] = strlen(t->columns[i]);
        for (size_t j = 0; j < t->n; j++) {
            size_t w = strlen(t->v[j].cells[i]);
            if (w > width[i] && w <= 48) /* a longer cell shifts its own row only */
                width[i] = w;
        }
    }
    put_row(out, t->columns, width, n);
    for (size_t j = 0; j < t->n; j++)
        put_row(out, t->v[j].cells, width, n);
}

void ridge_rows_json(const struct ridge_rows *t, struct ridge_buf *out)
{
    size_t n = n_columns(t);
    ridge_buf_puts(out, "[");
    for (size_t j = 0; j < t->n; j++) {
        ridge_buf_puts(out, j > 0 ? ",\n {" : "\n {");
        for (size_t i = 0; i < n; i++) {
            ridge_buf_puts(out, i > 0 ? ", " : "");
            ridge_text_json(out, t->columns[i]);
            ridge_buf_puts(out, ": ");
            ridge_text_json(out, t->v[j].cells[i]);
        }
        ridge_buf_puts(out, "}");
    }
    ridge_buf_puts(out, "\n]\n");
}
