/* run --gate: what makes a run fit to be judged. */
#include "base/os.h"
#include "judge.h"

#include <string.h>

enum { MORE_PASSES = 2 };

static int adjust(void *self, struct ridge_plan *plan)
{
    struct ridge_cli_fit *fit = self;
    fit->begin_ns = ridge_os_now_ns();
    fit->is_wanted |= plan->gate_file != NULL;
    if (!fit->is_wanted)
        return RIDGE_EXIT_OK;
    int rc = ridge_cli_load_rules(&fit->arena, plan->gate_file, &fit->rules);
    if (rc != RIDGE_EXIT_OK)
        return rc;
    int64_t least = ridge_stat_forks_for(fit->rules.alpha, 1); /* fewer carry no p that the control could leave by */
    least = least > RIDGE_GATE_MIN_FORKS ? least : RIDGE_GATE_MIN_FORKS;
    if (plan->settings.forks < least)
        plan->settings.forks = least;
    ridge_cli_add_arm(plan, RIDGE_GATE_AA, NULL, NULL, RIDGE_GATE_AA);
    return RIDGE_EXIT_OK;
}

static bool is_disturbed(const struct ridge_rd_group *g)
{
    for (size_t k = 0; k < g->n_members; k++)
        if (g->members[k].yardstick == NULL && ridge_gate_is_disturbed(&g->members[k]))
            return true;
    return false;
}

static double seconds_since(uint64_t begin_ns)
{
    return (double)(ridge_os_now_ns() - begin_ns) * 1e-9;
}

/* Forks that a group should have in all, 0: enough. One that ran out of time has none to spare. */
static int64_t wanted(const struct ridge_gate_run *run, size_t i, const struct ridge_judgement *control, int n_passes)
{
    const struct ridge_rd_group *g = &run->groups[i];
    bool is_capped = g->stop_reason != NULL && strcmp(g->stop_reason, "cap_time") == 0;
    int64_t have = ridge_gate_forks(g);
    bool is_short = is_disturbed(g) || ridge_gate_wanted_forks(run, i, control) > have;
    return is_short && !is_capped ? have + have / (1 + n_passes) : 0;
}

/* Within the time that the planned forks took. */
static size_t buy(const struct ridge_cli_fit *fit, struct ridge_arena *a, const struct ridge_gate_run *run,
                  const struct ridge_judgement *control, size_t n_groups, int64_t *want)
{
    size_t n = 0;
    double left_s = 2 * fit->planned_s - seconds_since(fit->begin_ns);
    double around_s;
    const double *cost = ridge_cli_fork_costs(a, run, fit->begin_ns, &around_s);
    for (size_t i = 0; i < run->n_groups; i++) {
        const struct ridge_rd_group *g = &run->groups[i];
        if ((size_t)g->i_group >= n_groups)
            continue;
        int64_t all = wanted(run, i, control, fit->n_passes);
        double cost_s = (double)(all - ridge_gate_forks(g)) * cost[i];
        want[g->i_group] = all > 0 && cost_s <= left_s ? all : 0;
        left_s -= want[g->i_group] > 0 ? cost_s : 0;
        n += want[g->i_group] > 0;
    }
    return n;
}

static enum ridge_status read_run(const struct ridge_cli_fit *fit, struct ridge_store *store, struct ridge_arena *a, int64_t run_id,
                                  struct ridge_gate_run *run, struct ridge_judgement *control, struct ridge_error *err)
{
    char id[32];
    (void)snprintf(id, sizeof id, "%lld", (long long)run_id);
    enum ridge_status st = ridge_gate_load(store, a, id, run, err);
    return st == RIDGE_OK ? ridge_gate_control(a, run, &fit->rules, control, err) : st;
}

/* A figure that disturbed forks had to be counted for can be held against no other run, and without a control that has 5 quiet
 * forks nothing can be judged. Such groups get as many forks again, at most twice, after all the others: a neighbour may have
 * left by then. */
static bool look(void *self, struct ridge_store *store, int64_t run_id, const struct ridge_plan *plan, int64_t *want)
{
    struct ridge_cli_fit *fit = self;
    struct ridge_arena a = {0};
    struct ridge_gate_run run;
    struct ridge_judgement control = {0};
    struct ridge_error err = {0};
    if (!fit->is_wanted)
        return false;
    if (fit->n_passes == 0)
        fit->planned_s = seconds_since(fit->begin_ns);
    bool is_read = fit->n_passes < MORE_PASSES && read_run(fit, store, &a, run_id, &run, &control, &err) == RIDGE_OK;
    size_t n = is_read ? buy(fit, &a, &run, &control, plan->n_groups, want) : 0;
    ridge_arena_deinit(&a);
    fit->n_passes++;
    if (n > 0)
        ridge_cli_say("%zu of %zu groups were disturbed from outside (shared core, steal, other clock): more forks, pass %d of %d", n,
                      plan->n_groups, fit->n_passes, MORE_PASSES);
    return n > 0;
}

struct ridge_session_hooks ridge_cli_fit_hooks(struct ridge_cli_fit *fit, bool is_wanted)
{
    *fit = (struct ridge_cli_fit){.is_wanted = is_wanted};
    return (struct ridge_session_hooks){.self = fit, .adjust = adjust, .look = look};
}
