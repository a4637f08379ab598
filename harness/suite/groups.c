/* Members -> groups: all identity but the compare axes is equal. Order of first appearance. */
#include "suite/state.h"
#include "base/os.h"
#include <stdlib.h>
#include <string.h>

struct grouping {
    const struct ridge_catalogue *cat;
    struct ridge_plan *plan;
    struct suite_map map;
    struct {
        char **v;
        size_t n, cap;
    } keys;           /* heap texts */
    size_t *group_of; /* per member */
};

static bool is_compared(const struct ridge_plan *plan, const char *axis)
{
    for (size_t i = 0; plan->compare[i] != NULL; i++)
        if (strcmp(plan->compare[i], axis) == 0)
            return true;
    return false;
}

static bool has_row(const struct ridge_option_row *rows, size_t n, const char *key)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(rows[i].key, key) == 0)
            return true;
    return false;
}

/* An option that only this backend has cannot be shared with the others it is compared with. */
static bool is_backend_own(const struct ridge_catalogue *cat, const struct ridge_case *c,
                           const char *key)
{
    const struct ridge_cat_backend *backend = ridge_catalogue_backend(cat, c->backend_name);
    const struct ridge_cat_operator *op = ridge_catalogue_operator(cat, c->op);
    return backend != NULL && backend->n_options > 0 &&
           has_row(backend->options, backend->n_options, key) &&
           (op == NULL || !has_row(op->fields, op->n_fields, key)) &&
           !has_row(cat->options, cat->n_options, key);
}

static void put_key(const struct grouping *g, const struct ridge_member *m, struct ridge_buf *b)
{
    const struct ridge_case *c = &g->plan->cases[m->i_case];
    const bool backends_differ = is_compared(g->plan, "backend");
    const struct ridge_kv fixed[] = {{"backend", c->backend},
                                     {"device", c->device},
                                     {"target", c->target},
                                     {"arm", g->plan->arms[m->i_arm].name}};
    b->n = 0;
    ridge_buf_put(b, c->canonical, strcspn(c->canonical, "|"));
    for (size_t i = 0; i < sizeof fixed / sizeof fixed[0]; i++) {
        if (is_compared(g->plan, fixed[i].key))
            continue;
        ridge_buf_puts(b, "|");
        ridge_buf_puts(b, fixed[i].value);
    }
    for (size_t i = 0; i < c->options.n; i++) {
        const struct ridge_kv *o = &c->options.v[i];
        if (is_compared(g->plan, o->key) || (backends_differ && is_backend_own(g->cat, c, o->key)))
            continue;
        ridge_buf_puts(b, "|");
        ridge_buf_puts(b, o->key);
        ridge_buf_puts(b, "=");
        ridge_buf_puts(b, o->value);
    }
}

static bool same_key(void *self, size_t i, const void *key)
{
    const struct grouping *g = self;
    return strcmp(g->keys.v[i], key) == 0;
}

/* subject, the options that all members share and that say something, then device and target. */
static const char *title_of(const struct grouping *g, const struct ridge_case *c)
{
    struct ridge_buf b = {0};
    ridge_buf_puts(&b, c->op);
    const char *fields = c->subject + strlen(c->op);
    for (fields += *fields == ':'; *fields != '\0'; fields += *fields == ',') {
        const size_t n = strcspn(fields, ",");
        ridge_buf_printf(&b, " %.*s", (int)n, fields);
        fields += n;
    }
    for (size_t i = 0; i < c->options.n; i++) {
        const struct ridge_kv *o = &c->options.v[i];
        const struct ridge_option_row *row = ridge_suite_row(g->cat, o->key, 0);
        const bool is_dtype = strcmp(o->key, "dtype") == 0,
                   is_threads = strcmp(o->key, "threads") == 0;
        if (is_compared(g->plan, o->key))
            continue;
        if (is_dtype)
            ridge_buf_printf(&b, "  %s", o->value);
        else if (is_threads)
            ridge_buf_printf(&b, "  %s thread%s", o->value, strcmp(o->value, "1") == 0 ? "" : "s");
        else if (row == NULL || row->def == NULL || strcmp(row->def, o->value) != 0)
            ridge_buf_printf(&b, "  %s=%s", o->key, o->value);
    }
    if (!is_compared(g->plan, "backend"))
        ridge_buf_printf(&b, "  %s", c->backend);
    if (strcmp(c->device, "cpu") != 0 && !is_compared(g->plan, "device"))
        ridge_buf_printf(&b, "  on %s", c->device);
    if (strcmp(c->target, "local") != 0 && !is_compared(g->plan, "target"))
        ridge_buf_printf(&b, "  at %s", c->target);
    const char *out = ridge_arena_strn(&g->plan->arena, b.data, b.n);
    ridge_buf_deinit(&b);
    return out;
}

static void set_id(const struct ridge_plan *plan, struct ridge_group *group)
{
    struct ridge_buf b = {0};
    char hex[65];
    for (size_t i = 0; i < group->n_members; i++) {
        const struct ridge_member *m = &plan->members[group->members[i]];
        ridge_buf_printf(&b, "%s %s\n", plan->cases[m->i_case].id, plan->arms[m->i_arm].name);
    }
    ridge_os_sha256(b.data, b.n, hex);
    memcpy(group->id, hex, 16);
    group->id[16] = '\0';
    ridge_buf_deinit(&b);
}

static void assign(struct grouping *g)
{
    struct ridge_buf key = {0};
    for (size_t i = 0; i < g->plan->n_members; i++) {
        put_key(g, &g->plan->members[i], &key);
        size_t *slot =
            ridge_suite_map_slot(&g->map, ridge_os_hash64(key.data), same_key, g, key.data);
        if (*slot == 0) {
            char *copy = ridge_xmalloc(key.n + 1);
            memcpy(copy, key.data, key.n + 1);
            RIDGE_PUSH(g->keys, copy);
            *slot = g->keys.n;
        }
        g->group_of[i] = *slot - 1;
    }
    ridge_buf_deinit(&key);
}

void ridge_suite_groups(struct ridge_plan *plan, const struct ridge_catalogue *cat)
{
    struct grouping g = {.cat = cat, .plan = plan};
    g.group_of = ridge_arena_array(&plan->arena, plan->n_members + 1, sizeof *g.group_of);
    assign(&g);
    plan->n_groups = g.keys.n;
    plan->groups = ridge_arena_array(&plan->arena, plan->n_groups + 1, sizeof *plan->groups);
    for (size_t i = 0; i < plan->n_members; i++)
        plan->groups[g.group_of[i]].n_members++;
    for (size_t i = 0; i < plan->n_groups; i++) {
        struct ridge_group *group = &plan->groups[i];
        group->members = ridge_arena_array(&plan->arena, group->n_members, sizeof *group->members);
        group->n_members = 0;
    }
    for (size_t i = 0; i < plan->n_members; i++) {
        struct ridge_group *group = &plan->groups[g.group_of[i]];
        group->members[group->n_members++] = i;
    }
    for (size_t i = 0; i < plan->n_groups; i++) {
        struct ridge_group *group = &plan->groups[i];
        group->title = title_of(&g, &plan->cases[plan->members[group->members[0]].i_case]);
        set_id(plan, group);
        free(g.keys.v[i]);
    }
    free(g.keys.v);
    ridge_suite_map_deinit(&g.map);
}
