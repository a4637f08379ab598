/* Shape lists: RFC 4180 text with a header line. Cells live in the arena. Errors name file:line.
 * Pure but for reading the file. */
#ifndef RIDGE_SUITE_CSV_H
#define RIDGE_SUITE_CSV_H

#include "base/arena.h"
#include "abi/status.h"
#include <stddef.h>

#define RIDGE_SUITE_MAX_CSV_COLUMNS 256

struct ridge_csv_row {
    const char **cells; /* n_columns */
    int line;
};
struct ridge_csv {
    const char *path;
    const char **columns; /* NULL-terminated */
    size_t n_columns;
    struct ridge_csv_row *rows;
    size_t n_rows;
    char sha256[65];
};
/* On failure *line is the line of the mistake (0: the file itself). */
enum ridge_status ridge_suite_csv_read(struct ridge_arena *a, const char *path,
                                       struct ridge_csv *out, int *line,
                                       struct ridge_error *err) RIDGE_MUST_USE;
enum ridge_status ridge_suite_csv_parse(struct ridge_arena *a, const char *text, size_t n_bytes,
                                        struct ridge_csv *out, int *line,
                                        struct ridge_error *err) RIDGE_MUST_USE;
/* NULL when the list has no such column. */
const char *ridge_suite_csv_cell(const struct ridge_csv *csv, const struct ridge_csv_row *row,
                                 const char *column);

#endif
