/* A small table of text cells that prints as aligned columns or as JSON objects: list and doctor. */
#ifndef RIDGE_CLI_ROWS_H
#define RIDGE_CLI_ROWS_H

#include "base/arena.h"
#include "base/text.h"

#define RIDGE_ROWS_MAX_COLUMNS 8
struct ridge_rows { /* zero-initialise but for the columns; cells are borrowed */
    const char *columns[RIDGE_ROWS_MAX_COLUMNS + 1]; /* NULL-terminated */
    struct ridge_rows_row {
        const char *cells[RIDGE_ROWS_MAX_COLUMNS];
    } *v;
    size_t n, cap;
};
void ridge_rows_add(struct ridge_rows *t, const char *const *cells); /* as many as columns */
void ridge_rows_text(const struct ridge_rows *t, struct ridge_buf *out);
void ridge_rows_json(const struct ridge_rows *t, struct ridge_buf *out);
/* On stdout, as text or as JSON; the exit code. */
int ridge_rows_print(const struct ridge_rows *t, bool json);
void ridge_rows_deinit(struct ridge_rows *t);
#endif
