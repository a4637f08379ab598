/* run --gate: what makes a run fit to be judged. */
#include "judge.h"

#include <string.h>

enum { MORE_PASSES = 2 };

static int adjust(void *self, struct ridge_plan *plan)
{
    (void)self;
    if (plan->settings.forks < RIDGE_GATE_MIN_FORKS)
        plan->settings.forks = RIDGE_GATE_MIN_FORKS;
    ridge_cli_add_arm(plan, RIDGE_GATE_AA, NULL, NULL, RIDGE_GATE_AA);
    return RIDGE_EXIT_OK;
}

static bool is_quiet(const struct ridge_rd_group *g)
{
    for (size_t k = 0; k < g->n_members; k++) {
        const struct ridge_rd_member *m = &g->members[k];
        if (m->yardstick == NULL && strcmp(m->verdict, "ok") == 0 && !ridge_gate_is_quiet(m))
            return false;
    }
    return true;
}

/* A figure that disturbed forks had to be counted for can be held against no other run. Its group gets as many forks again, at
 * most twice, after all the others: a neighbour has a minute to leave. */
static bool look(void *self, struct ridge_store *store, int64_t run_id, const struct ridge_plan *plan, int64_t *want)
{
    int *n_passes = self;
    struct ridge_arena a = {0};
    struct ridge_gate_run run;
    struct ridge_error err = {0};
    char id[32];
    size_t n = 0;
    (void)snprintf(id, sizeof id, "%lld", (long long)run_id);
    bool is_read = *n_passes < MORE_PASSES && ridge_gate_load(store, &a, id, &run, &err) == RIDGE_OK;
    for (size_t i = 0; is_read && i < run.n_groups; i++) {
        const struct ridge_rd_group *g = &run.groups[i];
        if ((size_t)g->i_group >= plan->n_groups)
            continue;
        want[g->i_group] = is_quiet(g) ? 0 : ridge_gate_forks(g) + ridge_gate_forks(g) / (1 + *n_passes);
        n += want[g->i_group] > 0;
    }
    ridge_arena_deinit(&a);
    ++*n_passes;
    if (n > 0)
        ridge_cli_say("%zu of %zu groups were disturbed from outside (shared core, steal, other clock): more forks, pass %d of %d", n,
                      plan->n_groups, *n_passes, MORE_PASSES);
    return n > 0;
}

struct ridge_session_hooks ridge_cli_gate_hooks(int *n_passes)
{
    *n_passes = 0;
    return (struct ridge_session_hooks){.self = n_passes, .adjust = adjust, .look = look};
}
