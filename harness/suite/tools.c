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

/* The case of a yardstick beside a member; SIZE_MAX: there is none of this kind. A copy moves its bytes twice. */
static size_t yard_case(struct yard *y, const struct ridge_case *c, const char *kind, double n_bytes)
{
    struct ridge_arena *a = &y->plan->arena;
    const bool is_memory = strcmp(kind, "fma") != 0;
    const double buffer_bytes = strcmp(kind, "copy") == 0 ? n_bytes / 2 : n_bytes;
    struct ridge_kvs shape = {0};
    ridge_kvs_set(a, &shape, "kind", ridge_arena_str(a, kind));
    if (is_memory)
        ridge_kvs_set(a, &shape, "bytes", ridge_arena_printf(a, "%.0f", buffer_bytes));
    if ((is_memory && buffer_bytes < 1) ||
        ridge_suite_shape_finish(a, y->peak, y->peak->name, &shape, NULL) != RIDGE_OK)
        return SIZE_MAX;
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
        &subject, &backend, yard_options(y, c, is_memory), c->device, c->target, &y->scratch);
    return find_case(y, &made, y->scratch.data);
}

static bool has_member(const struct yard *y, const struct ridge_group *group, size_t i_case, size_t i_arm)
{
    for (size_t i = 0; i < group->n_members; i++) {
        const struct ridge_member *m = &y->members.v[group->members[i]];
        if (m->i_case == i_case && m->i_arm == i_arm)
            return true;
    }
    return false;
}

/* Beyond every cache a larger buffer is no slower by the byte, and it lies in memory beside those of the members. */
#define MAX_YARDSTICK_BYTES 1073741824.0

/* Every ranked member gets yardsticks of its own threads, device, target and cache; equal ones are shared. They
 * run in the first member's arm: the machine's peak does not depend on the build, and another arm's program need
 * not know how to measure it. */
static void add_to_group(struct yard *y, struct ridge_group *group)
{
    const size_t n_ranked = group->n_members;
    const struct ridge_cat_operator *op =
        ridge_catalogue_operator(y->cat, y->cases.v[y->members.v[group->members[0]].i_case].op);
    size_t n_kinds = 0;
    double n_bytes = 0;
    for (size_t i = 0; i < n_ranked; i++) {
        const struct ridge_case *c = &y->cases.v[y->members.v[group->members[i]].i_case];
        n_bytes = c->compulsory_bytes > n_bytes ? c->compulsory_bytes : n_bytes;
    }
    if (n_bytes > MAX_YARDSTICK_BYTES)
        n_bytes = MAX_YARDSTICK_BYTES;
    while (op != NULL && op->yardsticks != NULL && op->yardsticks[n_kinds] != NULL)
        n_kinds++;
    size_t *members = ridge_arena_array(&y->plan->arena, n_ranked * (1 + n_kinds) + 1, sizeof *members);
    memcpy(members, group->members, n_ranked * sizeof *members);
    group->members = members;
    const size_t i_arm = y->members.v[members[0]].i_arm;
    for (size_t i = 0; i < n_ranked; i++) {
        const struct ridge_case c = y->cases.v[y->members.v[members[i]].i_case];
        for (size_t k = 0; k < n_kinds; k++) {
            const size_t i_case = yard_case(y, &c, op->yardsticks[k], n_bytes);
            if (i_case == SIZE_MAX || has_member(y, group, i_case, i_arm))
                continue;
            members[group->n_members++] = y->members.n;
            RIDGE_PUSH(y->members, ((struct ridge_member){
                .i_case = i_case, .i_arm = i_arm,
                .yardstick = ridge_arena_str(&y->plan->arena, op->yardsticks[k])}));
        }
    }
}

static void add_yardsticks(struct ridge_plan *plan, const struct ridge_catalogue *cat)
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

/* Guesses for a machine that nobody has measured yet; good to a factor of two, and only shown as such. */
static double expected_run_ns(const struct ridge_case *c)
{
    const double flop_per_ns = 40, bytes_per_ns = 8;
    const double compute_ns = c->flop / flop_per_ns, memory_ns = c->compulsory_bytes / bytes_per_ns;
    return compute_ns > memory_ns ? compute_ns : memory_ns;
}

static bool has_requests(const struct ridge_case *c)
{
    const char *scenario = ridge_kvs_get(&c->options, "scenario");
    return scenario != NULL && strcmp(scenario, "single") != 0;
}

static double expected_member_ns(const struct ridge_plan_settings *v, const struct ridge_case *c)
{
    const double start_ns = 50e6, lead_in_ns = 2e6, canary_ns = 2e6, run_ns = expected_run_ns(c);
    const bool is_requests = has_requests(c);
    const double least_ns = (double)(is_requests ? v->request_block_ns : v->block_ns);
    const double rounds = (double)(is_requests ? v->request_rounds : v->rounds);
    const double block_ns = run_ns > least_ns ? run_ns : least_ns;
    const double lead_ns = run_ns > 10e6             ? run_ns
                           : 3 * run_ns > lead_in_ns ? 3 * run_ns
                                                     : lead_in_ns;
    const double warm_ns = 0.5 * (double)v->warmup_ns > run_ns ? 0.5 * (double)v->warmup_ns : run_ns;
    return (double)v->forks * (start_ns + warm_ns + 2 * run_ns + rounds * (block_ns + lead_ns + canary_ns));
}

static double expected_group_ns(const struct ridge_plan *plan, const struct ridge_group *group)
{
    const double most_ns = (double)plan->settings.max_group_ns;
    double group_ns = 0;
    for (size_t j = 0; j < group->n_members; j++)
        group_ns += expected_member_ns(&plan->settings, &plan->cases[plan->members[group->members[j]].i_case]);
    return group_ns < most_ns ? group_ns : most_ns;
}

int64_t ridge_plan_expected_ns(const struct ridge_plan *plan)
{
    double total_ns = 0;
    for (size_t i = 0; i < plan->n_groups; i++)
        total_ns += plan->groups[i].expected_ns;
    return total_ns < 9e18 ? (int64_t)total_ns : INT64_MAX;
}

void ridge_plan_add_yardsticks(struct ridge_plan *plan, const struct ridge_catalogue *cat)
{
    add_yardsticks(plan, cat);
    for (size_t i = 0; i < plan->n_groups; i++)
        plan->groups[i].expected_ns = expected_group_ns(plan, &plan->groups[i]);
}

static void put_set(struct ridge_buf *b, struct ridge_arena *a, const char *key, const char *value)
{
    ridge_buf_puts(b, " --set ");
    ridge_text_shell(b, ridge_arena_printf(a, "%s=%s", key, value));
}

/* duration follows from rounds and block; forks and rounds have other defaults in `ridge bench`. */
static bool is_said(const char *key, const char *now, const char *def)
{
    const bool is_always = strcmp(key, "forks") == 0 || strcmp(key, "rounds") == 0;
    return is_always || (strcmp(key, "duration") != 0 && strcmp(now, def) != 0);
}

char *ridge_plan_settings_words(struct ridge_arena *a, const struct ridge_plan_settings *settings)
{
    struct ridge_plan_settings defaults = {0};
    struct ridge_buf b = {0};
    ridge_suite_settings_defaults(&defaults);
    ridge_suite_settings_finish(&defaults, false, false);
    for (size_t i = 0; i < ridge_n_suite_setting_rows; i++) {
        const struct ridge_option_row *row = &ridge_suite_setting_rows[i];
        const char *now = ridge_suite_settings_text(a, row, settings);
        if (is_said(row->key, now, ridge_suite_settings_text(a, row, &defaults)))
            put_set(&b, a, row->key, now);
    }
    char *out = ridge_arena_strn(a, b.data, b.n);
    ridge_buf_deinit(&b);
    return out;
}
