/* Subjects: "gemm:512x512x512", "gemm:m=1,n=2,k=3", "conv:ic64ih56oc64kh3ph1". */
#include "suite/state.h"
#include <string.h>

static enum ridge_status fail_unknown(struct ridge_arena *a, const char *what, const char *word,
                                      const char *const *known, struct ridge_error *err)
{
    const char *near = ridge_text_nearest(word, known);
    if (near != NULL)
        return ridge_fail(err, RIDGE_ERR_CONFIG, "", "unknown %s \"%.80s\"; did you mean \"%s\"?",
                          what, word, near);
    return ridge_fail(err, RIDGE_ERR_CONFIG, "", "unknown %s \"%.80s\"; known are %s", what, word,
                      known[0] != NULL ? ridge_suite_join(a, known, ", ") : "none");
}

static const struct ridge_option_row *field_of(const struct ridge_cat_operator *op, const char *key)
{
    for (size_t i = 0; i < op->n_fields; i++)
        if (strcmp(op->fields[i].key, key) == 0)
            return &op->fields[i];
    return NULL;
}

static const char *const *field_names(struct ridge_arena *a, const struct ridge_cat_operator *op)
{
    const char **names = ridge_arena_array(a, op->n_fields + 1, sizeof *names);
    size_t n = 0;
    for (size_t i = 0; i < op->n_fields; i++)
        if (op->fields[i].role == RIDGE_ROLE_SUBJECT)
            names[n++] = op->fields[i].key;
    return names;
}

static enum ridge_status set_field(struct ridge_arena *a, const struct ridge_cat_operator *op,
                                   const char *key, const char *value, struct ridge_kvs *shape,
                                   struct ridge_error *err)
{
    const struct ridge_option_row *row = field_of(op, key);
    if (row == NULL)
        return fail_unknown(a, ridge_arena_printf(a, "field of %s", op->name), key,
                            field_names(a, op), err);
    if (row->role != RIDGE_ROLE_SUBJECT)
        return ridge_fail(
            err, RIDGE_ERR_CONFIG, "",
            "%s is an option, not a field of the subject: set it in defaults or matrix, or by "
            "--set %s=%.80s",
            key, key, value);
    if (ridge_kvs_get(shape, key) != NULL)
        return ridge_fail(err, RIDGE_ERR_CONFIG, "", "the field %s is given twice", key);
    ridge_kvs_set(a, shape, key, value);
    return RIDGE_OK;
}

static enum ridge_status set_short(struct ridge_arena *a, const struct ridge_cat_operator *op,
                                   char *text, struct ridge_kvs *shape, struct ridge_error *err)
{
    const char *const *keys = (const char *const *)op->short_form;
    size_t n_keys = 0, n = 0;
    char *rest = text;
    while (keys != NULL && keys[n_keys] != NULL)
        n_keys++;
    if (n_keys == 0)
        return ridge_fail(err, RIDGE_ERR_CONFIG, "",
                          "expected key=value, got \"%.80s\"; %s has the fields %s", text, op->name,
                          ridge_suite_join(a, field_names(a, op), ", "));
    for (const char *p = text; p != NULL; p = strchr(p, 'x') != NULL ? strchr(p, 'x') + 1 : NULL)
        n++;
    if (n != n_keys)
        return ridge_fail(err, RIDGE_ERR_CONFIG, "",
                          "\"%.80s\" has %zu numbers; the short form is %s:%s", text, n, op->name,
                          ridge_suite_join(a, keys, "x"));
    for (size_t i = 0; i < n_keys; i++) {
        const char *value = strsep(&rest, "x");
        const enum ridge_status status = set_field(a, op, keys[i], value, shape, err);
        if (status != RIDGE_OK)
            return status;
    }
    return RIDGE_OK;
}

/* Canonical values, defaults filled, nothing missing. */
/* An alias can say that fields follow others: of "depthwise", groups is ic unless it is given. */
static void follow_alias(struct ridge_arena *a, const struct ridge_cat_operator *op, const char *name,
                         struct ridge_kvs *shape)
{
    const size_t n_name = strlen(name);
    for (const char **alias = op->aliases; alias != NULL && *alias != NULL; alias++) {
        if (strncmp(*alias, name, n_name) != 0 || (*alias)[n_name] != ':')
            continue;
        char *rest = ridge_arena_str(a, *alias + n_name + 1);
        while (rest != NULL) {
            char *from = strsep(&rest, ",");
            const char *key = strsep(&from, "="), *value = from != NULL ? ridge_kvs_get(shape, from) : NULL;
            if (value != NULL && ridge_kvs_get(shape, key) == NULL)
                ridge_kvs_set(a, shape, key, value);
        }
    }
}

enum ridge_status ridge_suite_shape_finish(struct ridge_arena *a,
                                           const struct ridge_cat_operator *op, const char *name,
                                           struct ridge_kvs *shape, struct ridge_error *err)
{
    follow_alias(a, op, name, shape);
    for (size_t i = 0; i < op->n_fields; i++) {
        const struct ridge_option_row *row = &op->fields[i];
        if (row->role != RIDGE_ROLE_SUBJECT)
            continue;
        const char *text = ridge_kvs_get(shape, row->key), *canonical = NULL;
        if (text == NULL)
            text = row->def;
        if (text == NULL)
            return ridge_fail(err, RIDGE_ERR_CONFIG, "", "%s needs %s (%s)", op->name, row->key,
                              row->help != NULL ? row->help : "no default");
        if (strpbrk(text, "|") != NULL)
            return ridge_fail(err, RIDGE_ERR_CONFIG, "", "%s: a value must not contain '|'",
                              row->key);
        const enum ridge_status status = ridge_option_canonical(a, row, text, &canonical, err);
        if (status != RIDGE_OK)
            return status;
        ridge_kvs_set(a, shape, row->key, canonical);
    }
    return RIDGE_OK;
}

enum ridge_status ridge_suite_subject(struct ridge_arena *a, const char *text,
                                      const struct ridge_catalogue *cat, const char **op_name,
                                      struct ridge_kvs *shape, struct ridge_error *err)
{
    const size_t n_name = strcspn(text, ":");
    const char *name = ridge_arena_strn(a, text, n_name);
    const struct ridge_cat_operator *op = ridge_catalogue_operator(cat, name);
    enum ridge_status status = RIDGE_OK;
    *shape = (struct ridge_kvs){0};
    if (op == NULL) {
        const char **names = ridge_arena_array(a, cat->n_operators + 1, sizeof *names);
        for (size_t i = 0; i < cat->n_operators; i++)
            names[i] = cat->operators[i].name;
        return fail_unknown(a, "operator", name, names, err);
    }
    *op_name = op->name;
    char *rest = text[n_name] == ':' ? ridge_arena_str(a, text + n_name + 1) : NULL;
    if (rest != NULL && rest[0] == '\0')
        rest = NULL;
    if (rest != NULL && strcmp(op->name, "conv") == 0 && ridge_suite_is_benchdnn(rest)) {
        status = ridge_suite_benchdnn(a, rest, shape, err);
        rest = NULL;
    }
    while (rest != NULL && status == RIDGE_OK) {
        char *value = strsep(&rest, ",");
        char *key = value;
        value = strchr(value, '=');
        if (value == NULL) {
            status = shape->n > 0 ? ridge_fail(err, RIDGE_ERR_CONFIG, "",
                                               "expected key=value, got \"%.80s\"", key)
                                  : set_short(a, op, key, shape, err);
            continue;
        }
        *value++ = '\0';
        status = set_field(a, op, key, value, shape, err);
    }
    return status == RIDGE_OK ? ridge_suite_shape_finish(a, op, name, shape, err) : status;
}

/* Field order; fields at their default are left out. */
const char *ridge_suite_subject_text(struct ridge_arena *a, const struct ridge_cat_operator *op,
                                     const struct ridge_kvs *shape)
{
    struct ridge_buf b = {0};
    const char *separator = ":";
    ridge_buf_puts(&b, op->name);
    for (size_t i = 0; i < op->n_fields; i++) {
        const struct ridge_option_row *row = &op->fields[i];
        const char *value = row->role == RIDGE_ROLE_SUBJECT ? ridge_kvs_get(shape, row->key) : NULL;
        const char *def = NULL;
        if (value == NULL ||
            (row->def != NULL && ridge_option_canonical(a, row, row->def, &def, NULL) == RIDGE_OK &&
             strcmp(def, value) == 0))
            continue;
        ridge_buf_printf(&b, "%s%s=%s", separator, row->key, value);
        separator = ",";
    }
    const char *out = ridge_arena_strn(a, b.data, b.n);
    ridge_buf_deinit(&b);
    return out;
}

struct suite_subject *ridge_suite_subject_new(struct suite *s, const struct ridge_cat_operator *op,
                                              struct ridge_kvs shape)
{
    struct ridge_arena *a = &s->plan->arena;
    struct suite_subject *subject = ridge_arena_alloc(a, sizeof *subject);
    *subject = (struct suite_subject){.op = op,
                                      .shape = ridge_kvs_copy(a, &shape),
                                      .text = ridge_suite_subject_text(a, op, &shape),
                                      .model = "",
                                      .layer = "",
                                      .id = ""};
    subject->canonical =
        ridge_arena_printf(a, "%s:%s", op->name, ridge_kvs_text(a, &subject->shape));
    return subject;
}
