/* One combination -> cases (a "*" backend gives several) and members. */
#include "suite/state.h"
#include "base/os.h"
#include <stdlib.h>
#include <string.h>

static void put_pair(struct ridge_buf *b, const char *key, const char *value)
{
    ridge_buf_puts(b, "|");
    ridge_buf_puts(b, key);
    ridge_buf_puts(b, "=");
    ridge_buf_puts(b, value);
}

/* Subject, then all identity in key order: what the id is the hash of. */
static void put_canonical(struct ridge_buf *b, const struct suite_subject *subject,
                          const struct ridge_case *c)
{
    const struct ridge_kv fixed[] = {
        {"backend", c->backend}, {"device", c->device}, {"target", c->target}};
    size_t i = 0;
    b->n = 0;
    ridge_buf_puts(b, subject->canonical);
    for (size_t j = 0; j < c->options.n; j++) {
        for (; i < 3 && strcmp(fixed[i].key, c->options.v[j].key) < 0; i++)
            put_pair(b, fixed[i].key, fixed[i].value);
        put_pair(b, c->options.v[j].key, c->options.v[j].value);
    }
    for (; i < 3; i++)
        put_pair(b, fixed[i].key, fixed[i].value);
}

struct ridge_case ridge_suite_case(const struct suite_subject *subject,
                                   const struct suite_value *backend, struct ridge_kvs options,
                                   const char *device, const char *target,
                                   struct ridge_buf *scratch)
{
    char hex[65];
    struct ridge_case c = {.subject = subject->text,
                           .op = subject->op->name,
                           .shape = subject->shape,
                           .options = options,
                           .backend = backend->text,
                           .backend_name = backend->backend->name,
                           .variant = backend->variant,
                           .label = backend->label,
                           .device = device,
                           .target = target,
                           .model = subject->model,
                           .layer = subject->layer};
    put_canonical(scratch, subject, &c);
    ridge_os_sha256(scratch->data, scratch->n, hex);
    memcpy(c.id, hex, 16);
    c.id[16] = '\0';
    return c;
}

/* Canonical options of the pair in key order; false when a value is refused (reported) or missing.
 */
static bool fill_options(struct suite *s, const struct suite_layout *layout,
                         struct suite_value *const *values, struct ridge_kv *out, size_t *n_out)
{
    bool ok = true;
    *n_out = 0;
    for (size_t i = 0; i < layout->n_rows; i++) {
        const struct suite_layout_row *r = &layout->rows[i];
        struct suite_value *value = values[r->i_key];
        if (r->row->role != RIDGE_ROLE_IDENTITY)
            continue;
        const char *text = value != NULL ? ridge_suite_canonical(s, value, r->row) : r->def;
        if (text == NULL && value == NULL)
            ridge_suite_report(s, values[RIDGE_KEY_SUBJECT]->node,
                               "%s of %s has no default: set it in \"defaults\"", r->row->key,
                               layout->op->name);
        ok &= text != NULL;
        out[(*n_out)++] = (struct ridge_kv){r->row->key, text};
    }
    return ok;
}

/* Conditions that the suite sets travel with the case but are no part of its id. */
static void add_conditions(struct suite *s, const struct suite_layout *layout,
                           struct suite_value *const *values, struct ridge_kvs *options)
{
    for (size_t i = 0; i < layout->n_rows; i++) {
        const struct suite_layout_row *r = &layout->rows[i];
        struct suite_value *value = values[r->i_key];
        const char *text = value != NULL && r->row->role == RIDGE_ROLE_CONDITION
                               ? ridge_suite_canonical(s, value, r->row)
                               : NULL;
        if (text != NULL)
            ridge_kvs_set(&s->plan->arena, options, r->row->key, text);
    }
}

static bool same_case(void *self, size_t i, const void *key)
{
    const struct suite *s = self;
    return strcmp(s->cases.v[i].canonical, key) == 0;
}

static bool passes_filter(const struct suite *s, struct suite_value *const *values, const char *arm)
{
    for (size_t i = 0; i < s->filter.terms.n; i++) {
        const char *key = s->filter.terms.v[i].key;
        if (strcmp(key, "case") == 0)
            continue;
        const struct suite_term term = {.key = key, .i_key = ridge_suite_key_find(s, key)};
        const char *text = term.i_key == RIDGE_KEY_ARM
                               ? arm
                               : ridge_suite_lookup((struct suite *)s, &term, values);
        if (!ridge_text_glob(s->filter.terms.v[i].value, text))
            return false;
    }
    return true;
}

static uint32_t arms_of(const struct suite *s, struct suite_value *const *values)
{
    uint32_t bits = 0;
    for (size_t i = 0; i < s->plan->n_arms; i++) {
        const struct suite_value *arm = values[RIDGE_KEY_ARM];
        if ((arm == NULL || arm->i_arm == i) &&
            (!s->has_filter || passes_filter(s, values, s->plan->arms[i].name)))
            bits |= UINT32_C(1) << i;
    }
    return bits;
}

static bool accepts_dtype(const struct suite *s, const struct suite_subject *subject,
                          const struct ridge_kv *options, size_t n)
{
    const char *dtype = NULL;
    if (subject->dtypes == NULL || s->i_key_dtype == SIZE_MAX)
        return true;
    for (size_t i = 0; i < n; i++)
        if (strcmp(options[i].key, "dtype") == 0)
            dtype = options[i].value;
    if (dtype == NULL)
        return true;
    for (size_t i = 0; subject->dtypes[i] != NULL; i++)
        if (strcmp(subject->dtypes[i], dtype) == 0)
            return true;
    return false;
}

static const char *text_or(const struct suite_value *value, const char *otherwise)
{
    return value != NULL ? value->text : otherwise;
}

static size_t case_index(struct suite *s, const struct ridge_case *found,
                         const struct ridge_kvs *options)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < 16; i++)
        hash = hash << 4 |
               (uint64_t)(found->id[i] <= '9' ? found->id[i] - '0' : found->id[i] - 'a' + 10);
    size_t *slot = ridge_suite_map_slot(&s->case_map, hash, same_case, s, s->scratch.data);
    if (*slot == 0) {
        struct ridge_case c = *found;
        c.canonical = ridge_arena_strn(&s->plan->arena, s->scratch.data, s->scratch.n);
        c.options = ridge_kvs_copy(&s->plan->arena, options);
        RIDGE_PUSH(s->cases, c);
        RIDGE_PUSH(s->case_arms, 0);
        *slot = s->cases.n;
    }
    return *slot - 1;
}

/* A case that several entries name stands under all their headings. */
static void add_family(struct suite *s, struct ridge_case *c, const char *family)
{
    if (family == NULL)
        return;
    for (size_t i = 0; i < c->n_families; i++)
        if (strcmp(c->families[i], family) == 0)
            return;
    c->families = ridge_arena_grown(&s->plan->arena, c->families, c->n_families, sizeof *c->families);
    c->families[c->n_families++] = family;
}

static void emit_case(struct suite *s, const struct suite_matrix *m, struct suite_value **values)
{
    const struct suite_subject *subject = values[RIDGE_KEY_SUBJECT]->subject;
    const struct suite_value *backend = values[RIDGE_KEY_BACKEND];
    const struct suite_layout *layout = ridge_suite_layout(s, subject->op, backend->backend);
    struct ridge_kv pairs[RIDGE_SUITE_MAX_KEYS];
    struct ridge_kvs options = {.v = pairs};
    if (!fill_options(s, layout, values, pairs, &options.n) ||
        !accepts_dtype(s, subject, pairs, options.n))
        return;
    const uint32_t arms = arms_of(s, values);
    if (arms == 0)
        return;
    const struct ridge_case found =
        ridge_suite_case(subject, backend, options, text_or(values[RIDGE_KEY_DEVICE], "cpu"),
                         text_or(values[RIDGE_KEY_TARGET], "local"), &s->scratch);
    if (s->filter_case != NULL && !ridge_text_glob(s->filter_case, found.id))
        return;
    const size_t n_before = s->cases.n, i_case = case_index(s, &found, &options);
    add_family(s, &s->cases.v[i_case], m->family);
    if (s->cases.n > n_before)
        add_conditions(s, layout, values, &s->cases.v[i_case].options);
    for (size_t i = 0; i < s->plan->n_arms; i++) {
        const uint32_t bit = UINT32_C(1) << i;
        if ((arms & bit) == 0 || (s->case_arms.v[i_case] & bit) != 0)
            continue;
        s->case_arms.v[i_case] |= bit;
        RIDGE_PUSH(s->members, ((struct ridge_member){.i_case = i_case, .i_arm = i}));
    }
}

void ridge_suite_emit_cases(struct suite *s, const struct suite_matrix *m,
                            struct suite_value *const *values)
{
    const char *op = values[RIDGE_KEY_SUBJECT]->subject->op->name;
    struct suite_value *mine[RIDGE_SUITE_MAX_KEYS];
    bool is_any = false;
    memcpy(mine, values, s->n_keys * sizeof *mine);
    const struct suite_value *backend = mine[RIDGE_KEY_BACKEND];
    if (backend != NULL) {
        if (!backend->is_from_star || ridge_suite_can_run(backend->backend, op))
            emit_case(s, m, mine);
        return;
    }
    if (ridge_suite_child(m->node, "backend") != NULL)
        return; /* its axis had mistakes */
    for (size_t i = 0; i < s->cat->n_backends; i++) {
        const struct ridge_cat_backend *b = &s->cat->backends[i];
        if (!b->usable || !ridge_suite_can_run(b, op))
            continue;
        is_any = true;
        mine[RIDGE_KEY_BACKEND] = ridge_suite_backend_value(s, b, "", m->node);
        emit_case(s, m, mine);
    }
    if (!is_any)
        ridge_suite_report(s, values[RIDGE_KEY_SUBJECT]->node,
                           "no usable backend runs %s; `ridge doctor` says why", op);
}
