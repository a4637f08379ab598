/* Matrices -> combinations: the product of the axes, less exclude, extended by include, as CI
 * systems do: an include entry joins every combination whose axis values it does not change; one
 * that joins none is a combination of its own. */
#include "suite/state.h"
#include <inttypes.h>
#include <string.h>

#define MAX_STEPS 400000000u /* combinations x entries: a bound on the time */

static uint64_t n_combinations(const struct suite_matrix *m)
{
    uint64_t n = m->n_axes > 0 ? 1 : 0;
    for (size_t i = 0; i < m->n_axes; i++)
        if (__builtin_mul_overflow(n, (uint64_t)m->axes[i].values.n, &n))
            return UINT64_MAX / 2;
    return n;
}

/* Too many cases are refused by multiplying sizes, before anything is expanded. */
static bool check_size(struct suite *s, const struct suite_matrix *m, uint64_t *total)
{
    const uint64_t n = n_combinations(m);
    struct ridge_buf axes = {0};
    *total = *total + n + m->extras.n;
    if (*total <= RIDGE_MAX_CASES && n * (m->extras.n + 1) <= MAX_STEPS &&
        n * m->excludes.n <= MAX_STEPS / 4)
        return true;
    for (size_t i = 0; i < m->n_axes; i++)
        ridge_buf_printf(&axes, "%s%s %zu", i > 0 ? " x " : "", s->keys[m->axes[i].key],
                         m->axes[i].values.n);
    if (*total > RIDGE_MAX_CASES)
        ridge_suite_report_key(
            s, m->node,
            "%" PRIu64 " cases (%s, %zu included); at most %u: name fewer values or split "
            "the suite",
            *total, axes.n > 0 ? axes.data : "no axis", m->extras.n, RIDGE_MAX_CASES);
    else
        ridge_suite_report_key(s, m->node,
                               "%" PRIu64
                               " combinations against %zu include and %zu exclude entries: too "
                               "many, split the suite",
                               n, m->extras.n, m->excludes.n);
    ridge_buf_deinit(&axes);
    return false;
}

static const char *row_default(const struct suite *s, const struct ridge_cat_operator *op,
                               const char *key)
{
    for (size_t i = 0; op != NULL && i < op->n_fields; i++)
        if (strcmp(op->fields[i].key, key) == 0)
            return op->fields[i].def;
    for (size_t i = 0; i < s->cat->n_options; i++)
        if (strcmp(s->cat->options[i].key, key) == 0)
            return s->cat->options[i].def;
    return NULL;
}

static const char *lookup_word(const char *key, const struct suite_subject *subject,
                               const struct suite_value *backend)
{
    const struct {
        const char *key, *text;
    } rows[] = {{"op", subject != NULL ? subject->op->name : ""},
                {"model", subject != NULL ? subject->model : ""},
                {"layer", subject != NULL ? subject->layer : ""},
                {"id", subject != NULL ? subject->id : ""},
                {"variant", backend != NULL ? backend->variant : ""},
                {"label", backend != NULL ? backend->label : ""}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strcmp(rows[i].key, key) == 0)
            return rows[i].text;
    return subject != NULL ? ridge_kvs_get(&subject->shape, key) : NULL;
}

/* Text of a selector's key for one combination; "" when it has none. */
const char *ridge_suite_lookup(struct suite *s, const struct suite_term *term,
                               struct suite_value *const *values)
{
    const struct suite_value *subject = values[RIDGE_KEY_SUBJECT];
    const struct suite_subject *about = subject != NULL ? subject->subject : NULL;
    const char *text = NULL;
    if (term->i_key == SIZE_MAX)
        text = lookup_word(term->key, about, values[RIDGE_KEY_BACKEND]);
    else if (values[term->i_key] != NULL)
        text = values[term->i_key]->text;
    else if (term->i_key == RIDGE_KEY_DEVICE || term->i_key == RIDGE_KEY_TARGET)
        text = term->i_key == RIDGE_KEY_DEVICE ? "cpu" : "local";
    else
        text = row_default(s, about != NULL ? about->op : NULL, term->key);
    return text != NULL ? text : "";
}

static bool is_excluded(struct suite *s, const struct suite_matrix *m,
                        struct suite_value *const *values)
{
    for (size_t i = 0; i < m->excludes.n; i++) {
        const struct suite_exclude *e = &m->excludes.v[i];
        size_t n = 0;
        while (n < e->n_terms &&
               ridge_text_glob(e->terms[n].pattern, ridge_suite_lookup(s, &e->terms[n], values)))
            n++;
        if (n == e->n_terms)
            return true;
    }
    return false;
}

/* True when the entry changes no axis value of the combination. */
static bool joins(const struct suite_matrix *m, const struct suite_extra *extra,
                  struct suite_value *const *axis_values)
{
    for (size_t i = 0; i < m->n_axes; i++) {
        const struct suite_value *mine = extra->values[m->axes[i].key];
        if (mine != NULL && mine->text != axis_values[m->axes[i].key]->text)
            return false;
    }
    return true;
}

static void start(struct suite *s, const struct suite_value *subject, struct suite_value **values)
{
    memcpy(values, s->defaults, s->n_keys * sizeof *values);
    if (subject != NULL && subject->subject->is_cold)
        values[s->i_key_cache] = s->cold;
}

static void overlay(struct suite *s, struct suite_value **values, struct suite_value *const *over)
{
    for (size_t i = 0; i < s->n_keys; i++)
        if (over[i] != NULL)
            values[i] = over[i];
}

static void expand_one(struct suite *s, struct suite_matrix *m, const size_t *at)
{
    struct suite_value *axis_values[RIDGE_SUITE_MAX_KEYS] = {0},
                       *values[RIDGE_SUITE_MAX_KEYS] = {0};
    for (size_t i = 0; i < m->n_axes; i++)
        axis_values[m->axes[i].key] = m->axes[i].values.v[at[i]];
    start(s, axis_values[RIDGE_KEY_SUBJECT], values);
    overlay(s, values, axis_values);
    if (is_excluded(s, m, values))
        return;
    for (size_t i = 0; i < m->extras.n; i++) {
        struct suite_extra *extra = &m->extras.v[i];
        if (!joins(m, extra, axis_values))
            continue;
        extra->was_used = true;
        if (extra->values[RIDGE_KEY_SUBJECT] != NULL && axis_values[RIDGE_KEY_SUBJECT] == NULL)
            start(s, extra->values[RIDGE_KEY_SUBJECT], values), overlay(s, values, axis_values);
        overlay(s, values, extra->values);
    }
    if (values[RIDGE_KEY_SUBJECT] != NULL)
        ridge_suite_emit_cases(s, m, values);
}

static void expand_extras(struct suite *s, struct suite_matrix *m)
{
    for (size_t i = 0; i < m->extras.n; i++) {
        struct suite_value *values[RIDGE_SUITE_MAX_KEYS] = {0};
        const struct suite_extra *extra = &m->extras.v[i];
        if (extra->was_used)
            continue;
        if (extra->values[RIDGE_KEY_SUBJECT] == NULL) {
            if (s->errors->n == 0)
                ridge_suite_report(
                    s, extra->node,
                    "matches no combination of the axes and names no subject of its own");
            continue;
        }
        start(s, extra->values[RIDGE_KEY_SUBJECT], values);
        overlay(s, values, extra->values);
        ridge_suite_emit_cases(s, m, values);
    }
}

static void expand_matrix(struct suite *s, struct suite_matrix *m)
{
    size_t at[RIDGE_SUITE_MAX_KEYS] = {0};
    bool more = m->n_axes > 0;
    while (more && s->errors->n < RIDGE_SUITE_MAX_ERRORS) {
        expand_one(s, m, at);
        more = false;
        for (size_t i = m->n_axes; i-- > 0 && !more;) { /* the last axis turns fastest */
            more = ++at[i] < m->axes[i].values.n;
            if (!more)
                at[i] = 0;
        }
    }
    expand_extras(s, m);
}

void ridge_suite_expand(struct suite *s)
{
    uint64_t total = 0;
    for (size_t i = 0; i < s->n_matrices; i++)
        if (!check_size(s, &s->matrices[i], &total))
            return;
    for (size_t i = 0; i < s->n_matrices; i++)
        expand_matrix(s, &s->matrices[i]);
    if (s->errors->n == 0 && s->cases.n == 0)
        ridge_suite_report_key(
            s, ridge_suite_child(s->root, "matrix"), "%s",
            s->has_filter ? "no case is left: the filter (or exclude) removes every one"
                          : "no case is left: exclude, \"dtypes\" of the shape lists or the "
                            "backends' operators remove every one");
}
