/* {"csv": FILE, "where": SELECTOR} -> one subject per row. */
#include "suite/state.h"
#include <string.h>

static void report_row(struct suite *s, const struct ridge_csv *csv, int line, const char *column,
                       const char *text)
{
    ridge_suite_report_at(s, csv->path, line, 1, column, text);
}

static const struct ridge_csv *open_list(struct suite *s, const struct ridge_node *node)
{
    struct ridge_error err = {0};
    const char *path = ridge_suite_relative(&s->arena, node->file, node->text);
    int line = 0;
    for (size_t i = 0; i < s->csvs.n; i++)
        if (strcmp(s->csvs.v[i]->path, path) == 0)
            return s->csvs.v[i]->n_columns > 0 ? s->csvs.v[i] : NULL;
    struct ridge_csv *csv = ridge_arena_alloc(&s->arena, sizeof *csv);
    const enum ridge_status status = ridge_suite_csv_read(&s->arena, path, csv, &line, &err);
    RIDGE_PUSH(s->csvs, csv);
    if (status == RIDGE_OK)
        return csv;
    csv->n_columns = 0;
    if (line > 0)
        report_row(s, csv, line, "", err.text);
    else
        ridge_suite_report(s, node, "cannot read the shape list \"%.200s\": %.400s", node->text,
                           err.text);
    return NULL;
}

static bool read_where(struct suite *s, const struct ridge_node *where, const struct ridge_csv *csv,
                       struct ridge_selector *out)
{
    struct ridge_error err = {0};
    bool ok = true;
    *out = (struct ridge_selector){0};
    if (where == NULL)
        return true;
    if (!ridge_suite_expect(s, where, RIDGE_NODE_STRING,
                            "a selector such as \"op=gemm,model=bert-*\""))
        return false;
    if (ridge_selector_parse(&s->arena, where->text, out, &err) != RIDGE_OK) {
        ridge_suite_report(s, where, "%s", err.text);
        return false;
    }
    for (size_t i = 0; i < out->terms.n; i++) {
        const char *key = out->terms.v[i].key;
        bool is_column = false;
        for (size_t j = 0; j < csv->n_columns; j++)
            is_column |= strcmp(csv->columns[j], key) == 0;
        if (!is_column)
            ridge_suite_report(s, where, "the shape list has no column \"%.80s\"%s", key,
                               ridge_suite_hint(s, key, csv->columns));
        ok &= is_column;
    }
    return ok;
}

static bool matches(const struct ridge_selector *where, const struct ridge_csv *csv,
                    const struct ridge_csv_row *row)
{
    for (size_t i = 0; i < where->terms.n; i++)
        if (!ridge_text_glob(where->terms.v[i].value,
                             ridge_suite_csv_cell(csv, row, where->terms.v[i].key)))
            return false;
    return true;
}

static const char *cell_or(const struct ridge_csv *csv, const struct ridge_csv_row *row,
                           const char *column, const char *otherwise)
{
    const char *cell = ridge_suite_csv_cell(csv, row, column);
    return cell != NULL ? cell : otherwise;
}

static const char **split_dtypes(struct suite *s, const char *text)
{
    char *rest = ridge_arena_str(&s->arena, text);
    size_t n = 2, i = 0;
    for (const char *p = text; *p != '\0'; p++)
        n += *p == ';';
    const char **out = ridge_arena_array(&s->arena, n, sizeof *out);
    while (rest != NULL)
        out[i++] = strsep(&rest, ";");
    return out;
}

static bool row_shape(struct suite *s, const struct ridge_csv *csv, const struct ridge_csv_row *row,
                      const struct ridge_cat_operator *op, const char *name, struct ridge_kvs *shape)
{
    struct ridge_error err = {0};
    *shape = (struct ridge_kvs){0};
    for (size_t i = 0; i < op->n_fields; i++) {
        const char *cell = ridge_suite_csv_cell(csv, row, op->fields[i].key);
        if (op->fields[i].role == RIDGE_ROLE_SUBJECT && cell != NULL && cell[0] != '\0')
            ridge_kvs_set(&s->arena, shape, op->fields[i].key, cell);
    }
    if (ridge_suite_shape_finish(&s->arena, op, name, shape, &err) == RIDGE_OK)
        return true;
    report_row(s, csv, row->line, "", err.text);
    return false;
}

static const struct ridge_cat_operator *row_operator(struct suite *s, const struct ridge_csv *csv,
                                                     const struct ridge_csv_row *row,
                                                     const char *name)
{
    const struct ridge_cat_operator *op = ridge_catalogue_operator(s->cat, name);
    if (op != NULL)
        return op;
    const char **names = ridge_arena_array(&s->arena, s->cat->n_operators + 1, sizeof *names);
    for (size_t i = 0; i < s->cat->n_operators; i++)
        names[i] = s->cat->operators[i].name;
    report_row(s, csv, row->line, "op",
               ridge_arena_printf(&s->arena,
                                  "unknown operator \"%.80s\"%s; \"where\" can leave such rows out",
                                  name, ridge_suite_hint(s, name, names)));
    return NULL;
}

static void add_row(struct suite *s, const struct ridge_csv *csv, const struct ridge_csv_row *row,
                    const struct ridge_cat_operator *op, const char *name, const struct ridge_node *node,
                    struct suite_values *out)
{
    struct ridge_kvs shape;
    if (!row_shape(s, csv, row, op, name, &shape))
        return;
    const char *cold = cell_or(csv, row, "cold", "0"), *dtypes = cell_or(csv, row, "dtypes", "");
    if (strcmp(cold, "1") != 0 && strcmp(cold, "0") != 0 && cold[0] != '\0') {
        report_row(s, csv, row->line, "cold",
                   ridge_arena_printf(&s->arena, "expected 0 or 1, got \"%.80s\"", cold));
        return;
    }
    struct suite_subject *subject = ridge_suite_subject_new(s, op, shape);
    subject->model = ridge_suite_intern(s, cell_or(csv, row, "model", ""));
    subject->layer = ridge_suite_intern(s, cell_or(csv, row, "layer", ""));
    subject->id = ridge_suite_intern(s, cell_or(csv, row, "id", ""));
    subject->is_cold = strcmp(cold, "1") == 0 && s->i_key_cache != SIZE_MAX;
    subject->dtypes = dtypes[0] != '\0' ? split_dtypes(s, dtypes) : NULL;
    struct suite_value *value = ridge_arena_alloc(&s->arena, sizeof *value);
    *value = (struct suite_value){.text = ridge_suite_intern(s, subject->text),
                                  .raw = subject->text,
                                  .node = node,
                                  .subject = subject};
    RIDGE_PUSH(*out, value);
}

void ridge_suite_csv_values(struct suite *s, const struct ridge_node *node,
                            struct suite_values *out)
{
    static const char *const keys[] = {"csv", "where", "op", NULL};
    const struct ridge_node *file = ridge_suite_child(node, "csv"),
                            *op_node = ridge_suite_child(node, "op");
    struct ridge_selector where;
    const char *last_unknown = "";
    size_t n_rows = 0;
    ridge_suite_check_keys(s, node, keys);
    if (file == NULL) {
        ridge_suite_report(s, node,
                           "expected {\"csv\": FILE, \"where\": SELECTOR}: \"csv\" is missing");
        return;
    }
    if (!ridge_suite_expect(s, file, RIDGE_NODE_STRING, "a shape list, relative to this suite") ||
        (op_node != NULL && !ridge_suite_expect(s, op_node, RIDGE_NODE_STRING, "an operator")))
        return;
    const struct ridge_csv *csv = open_list(s, file);
    if (csv == NULL || !read_where(s, ridge_suite_child(node, "where"), csv, &where))
        return;
    for (size_t i = 0; i < csv->n_rows; i++) {
        const struct ridge_csv_row *row = &csv->rows[i];
        const char *name = cell_or(csv, row, "op", op_node != NULL ? op_node->text : NULL);
        if (!matches(&where, csv, row))
            continue;
        n_rows++;
        if (name == NULL) {
            ridge_suite_report(s, file,
                               "the list has no column \"op\": add it, or \"op\" beside \"csv\"");
            return;
        }
        if (strcmp(name, last_unknown) == 0)
            continue;
        const struct ridge_cat_operator *op = row_operator(s, csv, row, name);
        if (op != NULL)
            add_row(s, csv, row, op, name, node, out);
        else
            last_unknown = name;
    }
    if (n_rows == 0)
        ridge_suite_report(s, node, "no row of \"%.200s\" is selected", file->text);
}
