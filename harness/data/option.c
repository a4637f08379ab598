/* What an option row says about a text: check, canonical form, storage. One table over the kinds.
 */
#include "data/kvs.h"

#include "base/text.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

union value {
    int64_t i64;
    int32_t i32;
    double real;
    const char *text;
};

static enum ridge_status parse_int(const struct ridge_option_row *row, const char *text,
                                   union value *v, struct ridge_error *err)
{
    (void)row;
    return ridge_text_int(text, &v->i64, err);
}

static enum ridge_status parse_real(const struct ridge_option_row *row, const char *text,
                                    union value *v, struct ridge_error *err)
{
    (void)row;
    return ridge_text_real(text, &v->real, err);
}

static enum ridge_status parse_bool(const struct ridge_option_row *row, const char *text,
                                    union value *v, struct ridge_error *err)
{
    (void)row;
    return ridge_text_bool(text, &v->i32, err);
}

static enum ridge_status parse_string(const struct ridge_option_row *row, const char *text,
                                      union value *v, struct ridge_error *err)
{
    (void)row;
    if (strlen(text) >= RIDGE_OPTION_STRING_MAX)
        return ridge_fail(err, RIDGE_ERR_CONFIG, "",
                          "'%.40s...' has %zu bytes; at most %d are allowed", text, strlen(text),
                          RIDGE_OPTION_STRING_MAX - 1);
    v->text = text;
    return RIDGE_OK;
}

static enum ridge_status parse_enum(const struct ridge_option_row *row, const char *text,
                                    union value *v, struct ridge_error *err)
{
    for (int32_t i = 0; row->names[i] != NULL; i++)
        if (strcmp(text, row->names[i]) == 0) {
            v->i32 = i;
            return RIDGE_OK;
        }
    struct ridge_buf all = {0};
    ridge_buf_puts(&all, "");
    for (size_t i = 0; row->names[i] != NULL; i++)
        ridge_buf_printf(&all, "%s%s", i > 0 ? ", " : "", row->names[i]);
    const char *near = ridge_text_nearest(text, row->names);
    enum ridge_status status = ridge_fail(
        err, RIDGE_ERR_CONFIG, "", "'%.80s' is not one of %s%s%s%s", text, all.data,
        near != NULL ? "; did you mean '" : "", near != NULL ? near : "", near != NULL ? "'?" : "");
    ridge_buf_deinit(&all);
    return status;
}

static enum ridge_status parse_duration(const struct ridge_option_row *row, const char *text,
                                        union value *v, struct ridge_error *err)
{
    (void)row;
    return ridge_text_duration_ns(text, &v->i64, err);
}

static enum ridge_status parse_bytes(const struct ridge_option_row *row, const char *text,
                                     union value *v, struct ridge_error *err)
{
    (void)row;
    return ridge_text_bytes(text, &v->i64, err);
}

static double number_i64(union value v)
{
    return (double)v.i64;
}

static double number_real(union value v)
{
    return v.real;
}

static const char *print_i64(struct ridge_arena *a, const struct ridge_option_row *row,
                             union value v)
{
    (void)row;
    return ridge_arena_printf(a, "%" PRId64, v.i64);
}

static const char *print_ns(struct ridge_arena *a, const struct ridge_option_row *row,
                            union value v)
{
    (void)row;
    return ridge_arena_printf(a, "%" PRId64 "ns", v.i64); /* parses again, unlike a bare number */
}

/* Shortest text that reads back as the same number. */
static const char *print_real(struct ridge_arena *a, const struct ridge_option_row *row,
                              union value v)
{
    (void)row;
    char text[40];
    for (int digits = 6; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, v.real);
        if (strtod(text, NULL) == v.real)
            break;
    }
    return ridge_arena_str(a, v.real == 0 ? "0" : text); /* no -0 */
}

static const char *print_bool(struct ridge_arena *a, const struct ridge_option_row *row,
                              union value v)
{
    (void)a;
    (void)row;
    return v.i32 != 0 ? "true" : "false";
}

static const char *print_enum(struct ridge_arena *a, const struct ridge_option_row *row,
                              union value v)
{
    (void)a;
    return row->names[v.i32];
}

static const char *print_string(struct ridge_arena *a, const struct ridge_option_row *row,
                                union value v)
{
    (void)row;
    return ridge_arena_str(a, v.text);
}

static void store_i64(char *at, union value v)
{
    memcpy(at, &v.i64, sizeof v.i64);
}

static void store_i32(char *at, union value v)
{
    memcpy(at, &v.i32, sizeof v.i32);
}

static void store_real(char *at, union value v)
{
    memcpy(at, &v.real, sizeof v.real);
}

static void store_string(char *at, union value v)
{
    (void)snprintf(at, RIDGE_OPTION_STRING_MAX, "%s", v.text);
}

static const struct kind {
    enum ridge_status (*parse)(const struct ridge_option_row *row, const char *text, union value *v,
                               struct ridge_error *err);
    double (*number)(union value v); /* for bounds; NULL: none */
    const char *(*print)(struct ridge_arena *a, const struct ridge_option_row *row, union value v);
    void (*store)(char *at, union value v);
} kinds[] = {
    [RIDGE_KIND_INT] = {parse_int, number_i64, print_i64, store_i64},
    [RIDGE_KIND_REAL] = {parse_real, number_real, print_real, store_real},
    [RIDGE_KIND_BOOL] = {parse_bool, NULL, print_bool, store_i32},
    [RIDGE_KIND_STRING] = {parse_string, NULL, print_string, store_string},
    [RIDGE_KIND_ENUM] = {parse_enum, NULL, print_enum, store_i32},
    [RIDGE_KIND_DURATION_NS] = {parse_duration, number_i64, print_ns, store_i64},
    [RIDGE_KIND_BYTES] = {parse_bytes, number_i64, print_i64, store_i64},
};

static enum ridge_status parse_value(const struct ridge_option_row *row, const char *text,
                                     union value *v, struct ridge_error *err)
{
    struct ridge_error why = {0};
    enum ridge_status status = kinds[row->kind].parse(row, text, v, &why);
    if (status != RIDGE_OK)
        return ridge_fail(err, status, row->key, "%s: %s", row->key, why.text);
    bool is_bounded = (row->min != 0 || row->max != 0) && kinds[row->kind].number != NULL;
    if (!is_bounded)
        return RIDGE_OK;
    double number = kinds[row->kind].number(*v);
    if (number >= row->min && number <= row->max)
        return RIDGE_OK;
    return ridge_fail(err, RIDGE_ERR_CONFIG, row->key, "%s: '%.80s' is outside %.15g to %.15g%s%s",
                      row->key, text, row->min, row->max, row->unit != NULL ? " " : "",
                      row->unit != NULL ? row->unit : "");
}

enum ridge_status ridge_option_canonical(struct ridge_arena *a, const struct ridge_option_row *row,
                                         const char *text, const char **out,
                                         struct ridge_error *err)
{
    union value v = {0};
    enum ridge_status status = parse_value(row, text, &v, err);
    if (status == RIDGE_OK)
        *out = kinds[row->kind].print(a, row, v);
    return status;
}

static enum ridge_status check_keys(const struct ridge_option_row *rows, size_t n_rows,
                                    const struct ridge_kvs *kvs, struct ridge_error *err)
{
    for (size_t i = 0; i < kvs->n; i++) {
        size_t k = 0;
        while (k < n_rows && strcmp(rows[k].key, kvs->v[i].key) != 0)
            k++;
        if (k < n_rows)
            continue;
        const char **names = ridge_xrealloc_array(NULL, n_rows + 1, sizeof *names);
        for (k = 0; k < n_rows; k++)
            names[k] = rows[k].key;
        names[n_rows] = NULL;
        const char *near = ridge_text_nearest(kvs->v[i].key, names);
        enum ridge_status status =
            ridge_fail(err, RIDGE_ERR_CONFIG, kvs->v[i].key, "unknown key '%.80s'%s%s%s",
                       kvs->v[i].key, near != NULL ? "; did you mean '" : "",
                       near != NULL ? near : "", near != NULL ? "'?" : "");
        free(names);
        return status;
    }
    return RIDGE_OK;
}

enum ridge_status ridge_option_fill(const struct ridge_option_row *rows, size_t n_rows,
                                    const struct ridge_kvs *kvs, bool ignore_unknown, void *base,
                                    struct ridge_error *err)
{
    enum ridge_status status = ignore_unknown ? RIDGE_OK : check_keys(rows, n_rows, kvs, err);
    for (size_t i = 0; i < n_rows && status == RIDGE_OK; i++) {
        const char *text = ridge_kvs_get(kvs, rows[i].key);
        if (text == NULL)
            text = rows[i].def;
        if (text == NULL) {
            status =
                ridge_fail(err, RIDGE_ERR_CONFIG, rows[i].key, "'%s' is required: %s", rows[i].key,
                           rows[i].help != NULL ? rows[i].help : "it has no default");
            break;
        }
        union value v = {0};
        status = parse_value(&rows[i], text, &v, err);
        if (status == RIDGE_OK)
            kinds[rows[i].kind].store((char *)base + rows[i].offset, v);
    }
    return status;
}
