/* What is asked of a finished plan: yardsticks, expected time, the command that re-runs one case.
 */
#include "suite/state.h"
#include <stdlib.h>
#include <string.h>

struct yard {
    struct ridge_plan *plan;
    const struct ridge_catalogue *cat;
    const struct ridge_cat_operator *peak;
    const struct ridge_cat_backend *backend;
    struct {
        struct ridge_case *v;
        size_t n, cap;
    } cases;
    struct {
        struct ridge_member *v;
        size_t n, cap;
    } members;
    struct suite_map map;
    struct ridge_buf scratch;
};

static bool same_case(void *self, size_t i, const void *key)
{
    const struct yard *y = self;
    return strcmp(y->cases.v[i].canonical, key) == 0;
}

static size_t find_case(struct yard *y, const struct ridge_case *c, const char *canonical)
{
    const uint64_t hash = strtoull(c->id, NULL, 16);
    size_t *slot = ridge_suite_map_slot(&y->map, hash, same_case, y, canonical);
    if (*slot == 0) {
        struct ridge_case copy = *c;
        copy.canonical =
            c->canonical != NULL ? c->canonical : ridge_arena_str(&y->plan->arena, canonical);
        RIDGE_PUSH(y->cases, copy);
        *slot = y->cases.n;
    }
    return *slot - 1;
}

/* Own kernels first: their peak is the roof that figures are a share of. */
static const struct ridge_cat_backend *peak_backend(const struct ridge_catalogue *cat)
{
    const struct ridge_cat_backend *ridge = ridge_catalogue_backend(cat, "ridge"), *any = NULL;
    if (ridge != NULL && ridge_suite_can_run(ridge, "peak"))
        return ridge;
    for (size_t i = 0; i < cat->n_backends; i++) {
        const struct ridge_cat_backend *b = &cat->backends[i];
        if (ridge_suite_can_run(b, "peak") && (any == NULL || (b->usable && !any->usable)))
            any = b;
    }
    return any;
}

/* Identity options of the yardstick: defaults, but threads and cache follow the member beside it.
 */
static struct ridge_kvs yard_options(struct yard *y, const struct ridge_case *beside,
                                     bool is_memory)
{
    const struct {
        const struct ridge_option_row *rows;
        size_t n;
    } origins[] = {{y->peak->fields, y->peak->n_fields},
                   {y->backend->options, y->backend->n_options},
                   {y->cat->options, y->cat->n_options}};
    struct ridge_kvs out = {0};
    for (size_t o = 0; o < sizeof origins / sizeof origins[0]; o++)
        for (size_t i = 0; i < origins[o].n; i++) {
            const struct ridge_option_row *row = &origins[o].rows[i];
            const bool follows =
                strcmp(row->key, "threads") == 0 || (is_memory && strcmp(row->key, "cache") == 0);
            const char *value = follows ? ridge_kvs_get(&beside->options, row->key) : NULL;
            if (value == NULL)
                value = row->def;
            if (row->role != RIDGE_ROLE_IDENTITY || value == NULL ||
                ridge_kvs_get(&out, row->key) != NULL)
                continue;
            (void)!ridge_option_canonical(&y->plan->arena, row, value, &value, NULL);
            ridge_kvs_set(&y->plan->arena, &out, row->key, value);
        }
    return out;
}

static bool add_yardstick(struct yard *y, const struct ridge_member *beside, const char *kind,
                          double n_bytes, size_t *i_member)
{
    struct ridge_arena *a = &y->plan->arena;
    const struct ridge_case c = y->cases.v[beside->i_case];
    const bool is_memory = strcmp(kind, "fma") != 0;
    struct ridge_kvs shape = {0};
    ridge_kvs_set(a, &shape, "kind", ridge_arena_str(a, kind));
    if (is_memory)
        ridge_kvs_set(a, &shape, "bytes", ridge_arena_printf(a, "%.0f", n_bytes));
    if ((is_memory && n_bytes < 1) ||
        ridge_suite_shape_finish(a, y->peak, &shape, NULL) != RIDGE_OK)
        return false;
    struct suite_subject subject = {.op = y->peak,
                                    .shape = shape,
                                    .model = "",
                                    .layer = "",
                                    .id = "",
                                    .text = ridge_suite_subject_text(a, y->peak, &shape)};
    subject.canonical = ridge_arena_printf(a, "peak:%s", ridge_kvs_text(a, &shape));
    const struct suite_value backend = {
        .text = y->backend->name, .backend = y->backend, .variant = "", .label = ""};
    const struct ridge_case made = ridge_suite_case(
        &subject, &backend, yard_options(y, &c, is_memory), c.device, c.target, &y->scratch);
    const size_t i_case = find_case(y, &made, y->scratch.data);
    *i_member = y->members.n;
    RIDGE_PUSH(y->members, ((struct ridge_member){.i_case = i_case,
                                                  .i_arm = beside->i_arm,
                                                  .yardstick = ridge_arena_str(a, kind)}));
    return true;
}

/* One set of yardsticks for each thread count in the group (there are several when threads are
 * compared). */
static void add_to_group(struct yard *y, struct ridge_group *group)
{
    const size_t n_ranked = group->n_members;
    const struct ridge_cat_operator *op =
        ridge_catalogue_operator(y->cat, y->cases.v[y->members.v[group->members[0]].i_case].op);
    const char *seen[64];
    size_t n_seen = 0, n_kinds = 0, i_member;
    double n_bytes = 0;
    for (size_t i = 0; i < n_ranked; i++) {
        const struct ridge_case *c = &y->cases.v[y->members.v[group->members[i]].i_case];
        n_bytes = c->compulsory_bytes > n_bytes ? c->compulsory_bytes : n_bytes;
    }
    while (op != NULL && op->yardsticks != NULL && op->yardsticks[n_kinds] != NULL)
        n_kinds++;
    size_t *members =
        ridge_arena_array(&y->plan->arena, n_ranked + 64 * n_kinds + 1, sizeof *members);
    memcpy(members, group->members, n_ranked * sizeof *members);
    group->members = members;
    for (size_t i = 0; i < n_ranked && n_seen < 64; i++) {
        const struct ridge_member beside = y->members.v[members[i]];
        const char *threads = ridge_kvs_get(&y->cases.v[beside.i_case].options, "threads");
        size_t k = 0;
        while (k < n_seen && strcmp(seen[k], threads != NULL ? threads : "") != 0)
            k++;
        if (k < n_seen)
            continue;
        seen[n_seen++] = threads != NULL ? threads : "";
        for (k = 0; k < n_kinds; k++)
            if (add_yardstick(y, &beside, op->yardsticks[k], n_bytes, &i_member))
                members[group->n_members++] = i_member;
    }
}

void ridge_plan_add_yardsticks(struct ridge_plan *plan, const struct ridge_catalogue *cat)
{
    struct yard y = {.plan = plan,
                     .cat = cat,
                     .peak = ridge_catalogue_operator(cat, "peak"),
                     .backend = peak_backend(cat)};
    if (y.peak == NULL || y.backend == NULL)
        return;
    for (size_t i = 0; i < plan->n_cases; i++)
        (void)find_case(&y, &plan->cases[i], plan->cases[i].canonical);
    for (size_t i = 0; i < plan->n_members; i++)
        RIDGE_PUSH(y.members, plan->members[i]);
    for (size_t i = 0; i < plan->n_groups; i++)
        if (plan->groups[i].n_members > 0)
            add_to_group(&y, &plan->groups[i]);
    plan->cases = ridge_arena_array(&plan->arena, y.cases.n + 1, sizeof *plan->cases);
    plan->n_cases = y.cases.n;
    if (y.cases.n > 0)
        memcpy(plan->cases, y.cases.v, y.cases.n * sizeof *plan->cases);
    plan->members = ridge_arena_array(&plan->arena, y.members.n + 1, sizeof *plan->members);
    plan->n_members = y.members.n;
    if (y.members.n > 0)
        memcpy(plan->members, y.members.v, y.members.n * sizeof *plan->members);
    free(y.cases.v);
    free(y.members.v);
    ridge_suite_map_deinit(&y.map);
    ridge_buf_deinit(&y.scratch);
}

/* Guesses for a machine that nobody has measured yet; good to a factor of two, and only shown as
 * such. */
static double expected_run_ns(const struct ridge_case *c)
{
    const double flop_per_ns = 40, bytes_per_ns = 8;
    const double compute_ns = c->flop / flop_per_ns, memory_ns = c->compulsory_bytes / bytes_per_ns;
    return compute_ns > memory_ns ? compute_ns : memory_ns;
}

int64_t ridge_plan_expected_ns(const struct ridge_plan *plan)
{
    const struct ridge_plan_settings *v = &plan->settings;
    const double start_ns = 150e6, lead_in_ns = 2e6, canary_ns = 2e6;
    double total_ns = 0;
    for (size_t i = 0; i < plan->n_groups; i++) {
        const struct ridge_group *group = &plan->groups[i];
        double group_ns = 0;
        for (size_t j = 0; j < group->n_members; j++) {
            const double run_ns =
                expected_run_ns(&plan->cases[plan->members[group->members[j]].i_case]);
            const double block_ns = run_ns > (double)v->block_ns ? run_ns : (double)v->block_ns;
            const double lead_ns = run_ns > 10e6             ? run_ns
                                   : 3 * run_ns > lead_in_ns ? 3 * run_ns
                                                             : lead_in_ns;
            const double warm_ns =
                0.5 * (double)v->warmup_ns > run_ns ? 0.5 * (double)v->warmup_ns : run_ns;
            group_ns += (double)v->forks * (start_ns + warm_ns + 2 * run_ns +
                                            (double)v->rounds * (block_ns + lead_ns + canary_ns));
        }
        total_ns += group_ns < (double)v->max_group_ns ? group_ns : (double)v->max_group_ns;
    }
    return total_ns < 9e18 ? (int64_t)total_ns : INT64_MAX;
}

static void put_set(struct ridge_buf *b, struct ridge_arena *a, const char *key, const char *value)
{
    ridge_buf_puts(b, " --set ");
    ridge_text_shell(b, ridge_arena_printf(a, "%s=%s", key, value));
}

char *ridge_plan_rerun_command(struct ridge_arena *a, const struct ridge_plan *plan, size_t i_case)
{
    const struct ridge_case *c = &plan->cases[i_case];
    struct ridge_plan_settings defaults = {0};
    struct ridge_buf b = {0};
    ridge_suite_settings_defaults(&defaults);
    ridge_suite_settings_finish(&defaults, false, false);
    ridge_buf_puts(&b, "ridge bench ");
    ridge_text_shell(&b, c->subject);
    ridge_buf_puts(&b, " --backend ");
    ridge_text_shell(&b, c->backend);
    const char *threads = ridge_kvs_get(&c->options, "threads");
    if (threads != NULL)
        ridge_buf_printf(&b, " --threads %s", threads);
    for (size_t i = 0; i < c->options.n; i++)
        if (strcmp(c->options.v[i].key, "threads") != 0)
            put_set(&b, a, c->options.v[i].key, c->options.v[i].value);
    if (strcmp(c->device, "cpu") != 0)
        put_set(&b, a, "device", c->device);
    for (size_t i = 0; c->label[0] != '\0' && i < plan->n_arms; i++) {
        const char *path = ridge_kvs_get(&plan->arms[i].libraries, c->backend);
        if (path != NULL) {
            put_set(&b, a, ridge_arena_printf(a, "libraries.%s", c->backend), path);
            break;
        }
    }
    for (size_t i = 0; i < ridge_n_suite_setting_rows; i++) {
        const struct ridge_option_row *row = &ridge_suite_setting_rows[i];
        const char *now = ridge_suite_settings_text(a, row, &plan->settings);
        /* duration follows from rounds and block, which are named when they matter */
        if (strcmp(row->key, "duration") != 0 &&
            strcmp(now, ridge_suite_settings_text(a, row, &defaults)) != 0)
            put_set(&b, a, row->key, now);
    }
    char *out = ridge_arena_strn(a, b.data, b.n);
    ridge_buf_deinit(&b);
    return out;
}
