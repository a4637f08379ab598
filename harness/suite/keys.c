/* The key table: which words may stand in defaults and matrix, and which rows a case has. */
#include "suite/state.h"
#include <stdlib.h>
#include <string.h>

/* Walks case options, operator fields that are no subject fields, backend options. */
static const struct ridge_option_row *row_at(const struct ridge_catalogue *cat, size_t i)
{
    if (i < cat->n_options)
        return &cat->options[i];
    i -= cat->n_options;
    for (size_t o = 0; o < cat->n_operators; o++) {
        if (i < cat->operators[o].n_fields)
            return &cat->operators[o].fields[i];
        i -= cat->operators[o].n_fields;
    }
    for (size_t b = 0; b < cat->n_backends; b++) {
        if (i < cat->backends[b].n_options)
            return &cat->backends[b].options[i];
        i -= cat->backends[b].n_options;
    }
    return NULL;
}

const struct ridge_option_row *ridge_suite_row(const struct ridge_catalogue *cat, const char *key,
                                               size_t i)
{
    const struct ridge_option_row *row;
    for (size_t at = 0; (row = row_at(cat, at)) != NULL; at++)
        if (row->role != RIDGE_ROLE_SUBJECT && strcmp(row->key, key) == 0 && i-- == 0)
            return row;
    return NULL;
}

size_t ridge_suite_key_find(const struct suite *s, const char *key)
{
    for (size_t i = 0; i < s->n_keys; i++)
        if (strcmp(s->keys[i], key) == 0)
            return i;
    return SIZE_MAX;
}

bool ridge_suite_keys_init(struct suite *s, struct ridge_error *err)
{
    static const char *const fixed[RIDGE_N_FIXED_KEYS] = {"subject", "backend", "device", "target",
                                                          "arm"};
    const struct ridge_option_row *row;
    for (size_t i = 0; i < RIDGE_N_FIXED_KEYS; i++)
        s->keys[s->n_keys++] = fixed[i];
    for (size_t at = 0; (row = row_at(s->cat, at)) != NULL; at++) {
        if (row->role == RIDGE_ROLE_SUBJECT || ridge_suite_key_find(s, row->key) != SIZE_MAX)
            continue;
        if (s->n_keys >= RIDGE_SUITE_MAX_KEYS) {
            (void)ridge_fail(err, RIDGE_ERR_INTERNAL, row->key,
                             "the catalogue has more than %d options", RIDGE_SUITE_MAX_KEYS);
            return false;
        }
        s->keys[s->n_keys++] = row->key;
    }
    s->i_key_cache = ridge_suite_key_find(s, "cache");
    s->i_key_dtype = ridge_suite_key_find(s, "dtype");
    return true;
}

static int compare_rows(const void *a, const void *b)
{
    const struct suite_layout_row *x = a, *y = b;
    return strcmp(x->row->key, y->row->key);
}

/* The first origin of a key wins: operator before backend before worker. */
static void add_row(struct suite *s, struct suite_layout *layout,
                    const struct ridge_option_row *row, bool is_backend_option)
{
    const char *def = NULL;
    if (row->role == RIDGE_ROLE_SUBJECT)
        return;
    for (size_t i = 0; i < layout->n_rows; i++)
        if (strcmp(layout->rows[i].row->key, row->key) == 0)
            return;
    if (row->def != NULL &&
        ridge_option_canonical(&s->plan->arena, row, row->def, &def, NULL) != RIDGE_OK)
        def = row->def;
    layout->rows[layout->n_rows++] =
        (struct suite_layout_row){.row = row,
                                  .i_key = ridge_suite_key_find(s, row->key),
                                  .def = def,
                                  .is_backend_option = is_backend_option};
}

struct suite_layout *ridge_suite_layout(struct suite *s, const struct ridge_cat_operator *op,
                                        const struct ridge_cat_backend *backend)
{
    for (struct suite_layout *l = s->layouts; l != NULL; l = l->next)
        if (l->op == op && l->backend == backend)
            return l;
    struct suite_layout *layout = ridge_arena_alloc(&s->arena, sizeof *layout);
    *layout = (struct suite_layout){.op = op, .backend = backend, .next = s->layouts};
    layout->rows = ridge_arena_array(
        &s->arena, op->n_fields + backend->n_options + s->cat->n_options + 1, sizeof *layout->rows);
    for (size_t i = 0; i < op->n_fields; i++)
        add_row(s, layout, &op->fields[i], false);
    for (size_t i = 0; i < backend->n_options; i++)
        add_row(s, layout, &backend->options[i], true);
    for (size_t i = 0; i < s->cat->n_options; i++)
        add_row(s, layout, &s->cat->options[i], false);
    qsort(layout->rows, layout->n_rows, sizeof *layout->rows, compare_rows);
    s->layouts = layout;
    return layout;
}

bool ridge_suite_can_run(const struct ridge_cat_backend *backend, const char *op)
{
    for (size_t i = 0; backend->operators != NULL && backend->operators[i] != NULL; i++)
        if (strcmp(backend->operators[i], op) == 0)
            return true;
    return false;
}
