#include "suite/csv.h"
#include "base/os.h"
#include "data/plan.h"
#include <stdlib.h>
#include <string.h>

struct reader {
    struct ridge_arena *arena;
    const char *p, *end;
    int line;
    struct ridge_buf cell;
    struct {
        const char **v;
        size_t n, cap;
    } cells;
    struct ridge_error *err;
};

static bool fail(struct reader *r, const char *text)
{
    (void)ridge_fail(r->err, RIDGE_ERR_CONFIG, "", "%s", text);
    return false;
}

static bool read_quoted(struct reader *r)
{
    const int line = r->line;
    for (r->p++; r->p < r->end; r->p++) {
        if (*r->p == '"' && (r->end - r->p < 2 || r->p[1] != '"')) {
            r->p++;
            if (r->p < r->end && *r->p != ',' && *r->p != '\n' && *r->p != '\r')
                return fail(r, "expected ',' or the end of the line after a closing quote");
            return true;
        }
        if (*r->p == '"')
            r->p++;
        if (*r->p == '\0')
            return fail(r, "a NUL byte in a cell");
        r->line += *r->p == '\n';
        ridge_buf_put(&r->cell, r->p, 1);
    }
    r->line = line;
    return fail(r, "a quoted cell is not closed");
}

static bool read_bare(struct reader *r)
{
    for (; r->p < r->end && *r->p != ',' && *r->p != '\n' && *r->p != '\r'; r->p++) {
        if (*r->p == '"')
            return fail(r,
                        "a quote inside a bare cell: write the whole cell in quotes, \" as \"\"");
        if (*r->p == '\0')
            return fail(r, "a NUL byte in a cell");
        ridge_buf_put(&r->cell, r->p, 1);
    }
    return true;
}

/* One record into r->cells. */
static bool read_record(struct reader *r)
{
    r->cells.n = 0;
    for (;;) {
        r->cell.n = 0;
        if (!(r->p < r->end && *r->p == '"' ? read_quoted(r) : read_bare(r)))
            return false;
        if (r->cells.n >= RIDGE_SUITE_MAX_CSV_COLUMNS)
            return fail(r, "more than 256 columns");
        RIDGE_PUSH(r->cells,
                   ridge_arena_strn(r->arena, r->cell.n > 0 ? r->cell.data : "", r->cell.n));
        if (r->p >= r->end || *r->p != ',')
            return true;
        r->p++;
    }
}

static bool end_line(struct reader *r)
{
    if (r->p < r->end && *r->p == '\r')
        r->p++;
    if (r->p >= r->end)
        return true;
    if (*r->p != '\n')
        return fail(r, "a carriage return without a line feed");
    r->p++;
    r->line++;
    return true;
}

static const char **keep(struct reader *r)
{
    const char **cells = ridge_arena_array(r->arena, r->cells.n + 1, sizeof *cells);
    memcpy(cells, r->cells.v, r->cells.n * sizeof *cells);
    return cells;
}

static bool read_header(struct reader *r, struct ridge_csv *out)
{
    if (r->p >= r->end)
        return fail(r, "the list is empty: expected a line of column names");
    if (!read_record(r))
        return false;
    for (size_t i = 0; i < r->cells.n; i++) {
        if (r->cells.v[i][0] == '\0')
            return fail(r, "a column without a name");
        for (size_t j = 0; j < i; j++)
            if (strcmp(r->cells.v[i], r->cells.v[j]) == 0) {
                (void)ridge_fail(r->err, RIDGE_ERR_CONFIG, "", "two columns are named \"%.80s\"",
                                 r->cells.v[i]);
                return false;
            }
    }
    out->columns = keep(r);
    out->n_columns = r->cells.n;
    return end_line(r);
}

struct row_vec {
    struct ridge_csv_row *v;
    size_t n, cap;
};

static bool read_rows(struct reader *r, struct row_vec *rows, const struct ridge_csv *out)
{
    while (r->p < r->end) {
        const int line = r->line;
        if (*r->p == '\n' || *r->p == '\r') {
            if (!end_line(r))
                return false;
            continue;
        }
        if (!read_record(r))
            return false;
        if (r->cells.n != out->n_columns) {
            r->line = line;
            (void)ridge_fail(r->err, RIDGE_ERR_CONFIG, "",
                             "%zu cells, but the header names %zu columns", r->cells.n,
                             out->n_columns);
            return false;
        }
        if (rows->n >= RIDGE_MAX_CASES)
            return fail(r, "more than 100,000 rows");
        RIDGE_PUSH(*rows, ((struct ridge_csv_row){.cells = keep(r), .line = line}));
        if (!end_line(r))
            return false;
    }
    return true;
}

enum ridge_status ridge_suite_csv_parse(struct ridge_arena *a, const char *text, size_t n_bytes,
                                        struct ridge_csv *out, int *line, struct ridge_error *err)
{
    struct ridge_error local = {0};
    struct reader r = {.arena = a, .p = text, .end = text + n_bytes, .line = 1, .err = &local};
    struct row_vec rows = {0};
    if (n_bytes >= 3 && memcmp(text, "\xEF\xBB\xBF", 3) == 0)
        r.p += 3;
    const bool ok = read_header(&r, out) && read_rows(&r, &rows, out);
    if (ok && rows.n > 0) {
        out->rows = ridge_arena_array(a, rows.n, sizeof *rows.v);
        memcpy(out->rows, rows.v, rows.n * sizeof *rows.v);
        out->n_rows = rows.n;
    }
    *line = r.line;
    free(rows.v);
    free(r.cells.v);
    ridge_buf_deinit(&r.cell);
    return ok ? RIDGE_OK : ridge_fail(err, RIDGE_ERR_CONFIG, "", "%s", local.text);
}

enum ridge_status ridge_suite_csv_read(struct ridge_arena *a, const char *path,
                                       struct ridge_csv *out, int *line, struct ridge_error *err)
{
    struct ridge_buf text = {0};
    *out = (struct ridge_csv){.path = path};
    *line = 0;
    enum ridge_status status = ridge_os_read_file(path, RIDGE_MAX_SUITE_BYTES, &text, err);
    if (status == RIDGE_OK) {
        ridge_os_sha256(text.n > 0 ? text.data : "", text.n, out->sha256);
        status = ridge_suite_csv_parse(a, text.n > 0 ? text.data : "", text.n, out, line, err);
    }
    ridge_buf_deinit(&text);
    return status;
}

const char *ridge_suite_csv_cell(const struct ridge_csv *csv, const struct ridge_csv_row *row,
                                 const char *column)
{
    for (size_t i = 0; i < csv->n_columns; i++)
        if (strcmp(csv->columns[i], column) == 0)
            return row->cells[i];
    return NULL;
}
