/* matrix: axes, include, exclude. */
#include "suite/state.h"
#include <stdlib.h>
#include <string.h>

#define MAX_INCLUDES 10000
#define MAX_EXCLUDES 1000

static const char *const words[] = {"op", "model", "layer", "id", "variant", "label", NULL};

static bool is_shape_field(const struct ridge_catalogue *cat, const char *key)
{
    for (size_t i = 0; i < cat->n_operators; i++)
        for (size_t j = 0; j < cat->operators[i].n_fields; j++)
            if (cat->operators[i].fields[j].role == RIDGE_ROLE_SUBJECT &&
                strcmp(cat->operators[i].fields[j].key, key) == 0)
                return true;
    return false;
}

bool ridge_suite_is_word(const char *key)
{
    for (size_t i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], key) == 0)
            return true;
    return false;
}

/* A key of a selector over cases; reports unknown ones. */
bool ridge_suite_check_selector(struct suite *s, const struct ridge_node *at, const char *key)
{
    const char *known[RIDGE_SUITE_MAX_KEYS + sizeof words / sizeof words[0]];
    size_t n = 0;
    if (ridge_suite_is_word(key) || ridge_suite_key_find(s, key) != SIZE_MAX ||
        is_shape_field(s->cat, key))
        return true;
    for (size_t i = 0; i < s->n_keys; i++)
        known[n++] = s->keys[i];
    for (size_t i = 0; words[i] != NULL; i++)
        known[n++] = words[i];
    known[n] = NULL;
    ridge_suite_report(s, at, "unknown key \"%.80s\" in a selector%s", key,
                       ridge_suite_hint(s, key, known));
    return false;
}

/* Brings a pattern into the form that values have: "gemm:512x512x512", "400 ms". */
const char *ridge_suite_pattern(struct suite *s, const char *key, const char *text)
{
    const struct ridge_option_row *row;
    const char *canonical, *op;
    struct ridge_kvs shape;
    if (strcmp(key, "subject") == 0 &&
        ridge_suite_subject(&s->arena, text, s->cat, &op, &shape, NULL) == RIDGE_OK)
        return ridge_suite_subject_text(&s->arena, ridge_catalogue_operator(s->cat, op), &shape);
    if (strpbrk(text, "*?") == NULL)
        for (size_t i = 0; (row = ridge_suite_row(s->cat, key, i)) != NULL; i++)
            if (ridge_option_canonical(&s->arena, row, text, &canonical, NULL) == RIDGE_OK)
                return canonical;
    return text;
}

static void add_term(struct suite *s, const struct ridge_node *at, struct suite_exclude *e,
                     const char *key, const char *text)
{
    if (!ridge_suite_check_selector(s, at, key))
        return;
    e->terms[e->n_terms++] = (struct suite_term){.key = key,
                                                 .pattern = ridge_suite_pattern(s, key, text),
                                                 .i_key = ridge_suite_key_find(s, key)};
}

static void read_exclude(struct suite *s, struct suite_matrix *m, const struct ridge_node *node)
{
    struct suite_exclude e = {0};
    struct ridge_selector selector = {0};
    struct ridge_error err = {0};
    if (node->type == RIDGE_NODE_STRING) {
        if (ridge_selector_parse(&s->arena, node->text, &selector, &err) != RIDGE_OK) {
            ridge_suite_report(s, node, "%s", err.text);
            return;
        }
    } else if (!ridge_suite_expect(s, node, RIDGE_NODE_OBJECT,
                                   "keys and globs, or a selector \"key=glob,key=glob\"")) {
        return;
    }
    e.terms = ridge_arena_array(&s->arena, node->n + selector.terms.n + 1, sizeof *e.terms);
    for (size_t i = 0; i < selector.terms.n; i++)
        add_term(s, node, &e, selector.terms.v[i].key, selector.terms.v[i].value);
    for (const struct ridge_node *c = node->first; c != NULL; c = c->next) {
        if (ridge_suite_is_comment(c))
            continue;
        if (c->type == RIDGE_NODE_ARRAY || c->type == RIDGE_NODE_OBJECT ||
            c->type == RIDGE_NODE_NULL)
            ridge_suite_report(s, c, "expected one value or glob, got %s",
                               ridge_suite_type_name(c->type));
        else
            add_term(s, c, &e, c->key, c->text);
    }
    if (e.n_terms == 0)
        ridge_suite_report(s, node, "an entry without keys would match every case");
    else
        RIDGE_PUSH(m->excludes, e);
}

static const struct ridge_option_row *only_conditions(struct suite *s, const char *key)
{
    const struct ridge_option_row *row, *last = NULL;
    for (size_t i = 0; (row = ridge_suite_row(s->cat, key, i)) != NULL; i++) {
        if (row->role == RIDGE_ROLE_IDENTITY)
            return NULL;
        last = row;
    }
    return last;
}

/* The key of an axis or of an include entry; SIZE_MAX after a report. */
static size_t axis_key(struct suite *s, const struct ridge_node *node)
{
    const size_t key = ridge_suite_key_find(s, node->key);
    if (key == SIZE_MAX && is_shape_field(s->cat, node->key))
        ridge_suite_report_key(
            s, node, "%s is a field of the subject: write it there, as in \"gemm:m=1,n=2,k=3\"",
            node->key);
    else if (key == SIZE_MAX && ridge_suite_setting(node->key) != NULL)
        ridge_suite_report_key(
            s, node, "%s is a setting of the whole suite: move it to \"defaults\"", node->key);
    else if (key == SIZE_MAX)
        ridge_suite_report_key(s, node, "unknown axis \"%.80s\"%s", node->key,
                               ridge_suite_hint(s, node->key, s->keys));
    else if (only_conditions(s, node->key) != NULL) {
        ridge_suite_report_key(s, node,
                               "%s is a condition, cases that differ only by it are the same case: "
                               "use arms, or set it in \"defaults\"",
                               node->key);
        return SIZE_MAX;
    }
    return key;
}

static void read_include(struct suite *s, struct suite_matrix *m, const struct ridge_node *node)
{
    struct suite_extra e = {.node = node};
    struct suite_values subjects = {0};
    if (!ridge_suite_expect(s, node, RIDGE_NODE_OBJECT, "keys and values to add"))
        return;
    e.values = ridge_arena_array(&s->arena, s->n_keys, sizeof *e.values);
    for (const struct ridge_node *c = node->first; c != NULL; c = c->next) {
        struct suite_values values = {0};
        const size_t key = ridge_suite_is_comment(c) ? SIZE_MAX : axis_key(s, c);
        if (key == SIZE_MAX)
            continue;
        ridge_suite_value(s, key, c, &values);
        if (key == RIDGE_KEY_SUBJECT) {
            subjects = values;
            continue;
        }
        if (values.n > 1)
            ridge_suite_report(s, c, "an include entry names one %s, not a pattern", c->key);
        if (values.n > 0)
            e.values[key] = values.v[0];
        free(values.v);
    }
    for (size_t i = 0; i < subjects.n || i == 0; i++) { /* a shape list gives one entry a row */
        struct suite_extra entry = e;
        if (i < subjects.n) {
            entry.values = ridge_arena_array(&s->arena, s->n_keys, sizeof *e.values);
            memcpy(entry.values, e.values, s->n_keys * sizeof *e.values);
            entry.values[RIDGE_KEY_SUBJECT] = subjects.v[i];
        }
        RIDGE_PUSH(m->extras, entry);
    }
    free(subjects.v);
}

static void read_axis(struct suite *s, struct suite_matrix *m, const struct ridge_node *node)
{
    const size_t key = axis_key(s, node);
    struct suite_axis *axis = &m->axes[m->n_axes];
    if (key == SIZE_MAX)
        return;
    *axis = (struct suite_axis){.key = key, .node = node};
    if (node->type == RIDGE_NODE_ARRAY)
        for (const struct ridge_node *c = node->first; c != NULL; c = c->next)
            ridge_suite_value(s, key, c, &axis->values);
    else
        ridge_suite_value(s, key, node, &axis->values);
    if (node->type == RIDGE_NODE_ARRAY && node->n == 0)
        ridge_suite_report(
            s, node, "an axis without values gives no case: name values, or leave the axis out");
    if (axis->values.n > 0)
        m->n_axes++;
    else
        free(axis->values.v);
}

typedef void read_entry(struct suite *s, struct suite_matrix *m, const struct ridge_node *node);

static void read_list(struct suite *s, struct suite_matrix *m, const char *key, size_t max,
                      read_entry *read)
{
    const struct ridge_node *list = ridge_suite_child(m->node, key);
    if (list == NULL || !ridge_suite_expect(s, list, RIDGE_NODE_ARRAY, "entries"))
        return;
    if (list->n > max) {
        ridge_suite_report(s, list, "%zu entries; at most %zu", list->n, max);
        return;
    }
    for (const struct ridge_node *c = list->first; c != NULL; c = c->next)
        read(s, m, c);
}

static bool has_key(const struct suite_matrix *m, size_t key)
{
    for (size_t i = 0; i < m->extras.n; i++)
        if (m->extras.v[i].values[key] != NULL)
            return true;
    for (size_t i = 0; i < m->n_axes; i++)
        if (m->axes[i].key == key)
            return true;
    return false;
}

/* No backend anywhere: every usable one, as an axis, so that exclude can speak about it. */
static void add_every_backend(struct suite *s, struct suite_matrix *m)
{
    struct suite_axis *axis = &m->axes[m->n_axes];
    if (m->n_axes == 0 || s->defaults[RIDGE_KEY_BACKEND] != NULL || has_key(m, RIDGE_KEY_BACKEND) ||
        ridge_suite_child(m->node, "backend") != NULL)
        return;
    *axis = (struct suite_axis){.key = RIDGE_KEY_BACKEND, .node = m->node};
    for (size_t i = 0; i < s->cat->n_backends; i++)
        if (s->cat->backends[i].usable)
            RIDGE_PUSH(axis->values,
                       ridge_suite_backend_value(s, &s->cat->backends[i], "", m->node));
    if (axis->values.n > 0)
        m->n_axes++;
}

/* Keys of a matrix that are no axes. */
static bool is_own_key(const char *key)
{
    return strcmp(key, "family") == 0 || strcmp(key, "include") == 0 || strcmp(key, "exclude") == 0;
}

static void read_family(struct suite *s, struct suite_matrix *m)
{
    const struct ridge_node *node = ridge_suite_child(m->node, "family");
    if (node != NULL && ridge_suite_expect(s, node, RIDGE_NODE_STRING, "a heading for its cases in reports"))
        m->family = ridge_arena_str(&s->plan->arena, node->text);
}

static void read_matrix(struct suite *s, const struct ridge_node *node)
{
    struct suite_matrix *m = &s->matrices[s->n_matrices];
    if (!ridge_suite_expect(s, node, RIDGE_NODE_OBJECT, "axes such as \"subject\" and \"backend\""))
        return;
    s->n_matrices++;
    *m = (struct suite_matrix){.node = node};
    m->axes = ridge_arena_array(&s->arena, node->n + 1, sizeof *m->axes);
    for (const struct ridge_node *c = node->first; c != NULL; c = c->next)
        if (!ridge_suite_is_comment(c) && !is_own_key(c->key))
            read_axis(s, m, c);
    read_family(s, m);
    read_list(s, m, "include", MAX_INCLUDES, read_include);
    read_list(s, m, "exclude", MAX_EXCLUDES, read_exclude);
    add_every_backend(s, m);
    if (!has_key(m, RIDGE_KEY_SUBJECT) && ridge_suite_child(node, "subject") == NULL &&
        s->errors->n == 0)
        ridge_suite_report(s, node, "no subject: add \"subject\": [\"gemm:512x512x512\"]");
}

void ridge_suite_matrices(struct suite *s)
{
    const struct ridge_node *node = ridge_suite_child(s->root, "matrix");
    if (node == NULL) {
        ridge_suite_report(s, s->root, "\"matrix\" is missing: it names subjects and backends");
        return;
    }
    s->matrices = ridge_arena_array(&s->arena, node->type == RIDGE_NODE_ARRAY ? node->n + 1 : 1,
                                    sizeof *s->matrices);
    if (node->type != RIDGE_NODE_ARRAY)
        read_matrix(s, node);
    else
        for (const struct ridge_node *c = node->first; c != NULL; c = c->next)
            read_matrix(s, c);
}
