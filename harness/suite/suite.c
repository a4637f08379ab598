/* The order of a load: read and merge, head, matrices, expansion, groups. */
#include "suite/state.h"
#include "base/os.h"
#include <stdlib.h>
#include <string.h>

static void read_filter(struct suite *s)
{
    struct ridge_error err = {0};
    const struct ridge_node at = {.file = "--filter", .line = 1, .column = 1};
    if (s->over == NULL || s->over->filter == NULL)
        return;
    if (ridge_selector_parse(&s->arena, s->over->filter, &s->filter, &err) != RIDGE_OK) {
        ridge_suite_report(s, &at, "%s", err.text);
        return;
    }
    s->has_filter = true;
    for (size_t i = 0; i < s->filter.terms.n; i++) {
        struct ridge_kv *term = &s->filter.terms.v[i];
        if (strcmp(term->key, "case") == 0)
            s->filter_case = term->value; /* an id: known when the case is made, see emit_case */
        else if (ridge_suite_check_selector(s, &at, term->key))
            term->value = ridge_suite_pattern(s, term->key, term->value);
    }
}

static void make_cold(struct suite *s)
{
    s->cold = ridge_arena_alloc(&s->arena, sizeof *s->cold);
    *s->cold = (struct suite_value){.text = ridge_suite_intern(s, "cold"), .raw = "cold"};
}

/* The digest covers the shape lists too: another list is another suite. */
static void keep_text(struct suite *s, const char *path)
{
    struct ridge_buf text = {0};
    char hex[65];
    ridge_suite_emit(s->root, path, &text);
    s->plan->suite_path = ridge_arena_str(&s->plan->arena, path);
    s->plan->suite_text = ridge_arena_strn(&s->plan->arena, text.data, text.n);
    for (size_t i = 0; i < s->csvs.n; i++)
        ridge_buf_puts(&text, s->csvs.v[i]->sha256);
    ridge_os_sha256(text.data, text.n, hex);
    s->plan->suite_sha256 = ridge_arena_str(&s->plan->arena, hex);
    ridge_buf_deinit(&text);
}

static void keep_cases(struct suite *s)
{
    struct ridge_plan *p = s->plan;
    p->cases = ridge_arena_array(&p->arena, s->cases.n + 1, sizeof *p->cases);
    p->n_cases = s->cases.n;
    if (s->cases.n > 0)
        memcpy(p->cases, s->cases.v, s->cases.n * sizeof *p->cases);
    p->members = ridge_arena_array(&p->arena, s->members.n + 1, sizeof *p->members);
    p->n_members = s->members.n;
    if (s->members.n > 0)
        memcpy(p->members, s->members.v, s->members.n * sizeof *p->members);
}

static void deinit(struct suite *s)
{
    for (size_t i = 0; i < s->n_matrices; i++) {
        struct suite_matrix *m = &s->matrices[i];
        for (size_t j = 0; j < m->n_axes; j++)
            free(m->axes[j].values.v);
        free(m->extras.v);
        free(m->excludes.v);
    }
    free(s->texts.v);
    free(s->csvs.v);
    free(s->cases.v);
    free(s->case_arms.v);
    free(s->members.v);
    ridge_suite_map_deinit(&s->interned);
    ridge_suite_map_deinit(&s->case_map);
    ridge_buf_deinit(&s->scratch);
    ridge_arena_deinit(&s->arena);
}

enum ridge_status ridge_suite_load(const char *path, const char *text,
                                   const struct ridge_catalogue *cat,
                                   const struct ridge_suite_overrides *over,
                                   struct ridge_plan *plan, struct ridge_suite_errors *errors)
{
    struct suite s = {.cat = cat, .over = over, .plan = plan, .errors = errors};
    struct ridge_error err = {0};
    if (!ridge_suite_keys_init(&s, &err)) {
        ridge_suite_report_at(&s, path, 0, 0, err.where, err.text);
        goto out;
    }
    if (cat->n_backends == 0 && cat->n_operators == 0) {
        ridge_suite_report_at(&s, path, 0, 0, "",
                              "the worker knows no backend and no operator: it found no plug-ins; "
                              "`ridge doctor` says where it looked");
        goto out;
    }
    make_cold(&s);
    if (!ridge_suite_read(&s, path, text))
        goto out;
    ridge_suite_head(&s);
    ridge_suite_matrices(&s);
    read_filter(&s);
    ridge_suite_expand(&s);
    if (errors->n > 0)
        goto out;
    keep_cases(&s);
    ridge_suite_groups(plan, cat);
    keep_text(&s, path);
out:
    ridge_suite_sort_errors(&s);
    deinit(&s);
    if (errors->n == 0)
        return RIDGE_OK;
    ridge_plan_deinit(plan);
    *plan = (struct ridge_plan){0};
    return RIDGE_ERR_CONFIG;
}
