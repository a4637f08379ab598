/* A group: planned forks, then whole forks bought until the two-level interval is narrow enough. */
#include "sched/engine.h"
#include "stat/stat.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct ridge_target *find_target(const struct ridge_plan *plan, const char *name)
{
    for (size_t i = 0; i < plan->n_targets; i++)
        if (name != NULL && strcmp(plan->targets[i].name, name) == 0)
            return &plan->targets[i];
    return NULL;
}
static bool has_requests(const struct ridge_plan *plan, const struct ridge_group *group)
{
    for (size_t i = 0; i < group->n_members; i++) {
        const struct ridge_case *c = &plan->cases[plan->members[group->members[i]].i_case];
        const char *scenario = ridge_kvs_get(&c->options, "scenario");
        if (scenario != NULL && strcmp(scenario, "single") != 0)
            return true;
    }
    return false;
}
static void group_init(struct group_run *g, struct run *run, size_t i_group)
{
    const struct ridge_plan *plan = run->plan;
    const struct ridge_group *group = &plan->groups[i_group];
    const struct ridge_plan_settings *set = &plan->settings;
    *g = (struct group_run){.run = run,
                            .i_group = i_group,
                            .n_slots = group->n_members,
                            .width_ratio = INFINITY,
                            .stop_reason = "no_members",
                            .begin_ns = ridge_os_now_ns()};
    g->max_forks = 2 * (size_t)(set->forks > 0 ? set->forks : 1);
    g->is_requests = has_requests(plan, group);
    int64_t max_rounds = g->is_requests ? set->request_rounds : set->max_rounds;
    g->max_rounds = (size_t)(max_rounds > 0 ? max_rounds : 1);
    g->slots = ridge_xmalloc((g->n_slots ? g->n_slots : 1) * sizeof *g->slots);
    g->pool = (struct pool){.n = g->n_slots, .interrupted = run->config->interrupted};
    g->pool.v = ridge_xmalloc((g->n_slots ? g->n_slots : 1) * sizeof(struct proc *));
    for (size_t i = 0; i < g->n_slots; i++) {
        const struct ridge_member *m = &plan->members[group->members[i]];
        struct slot *s = &g->slots[i];
        *s = (struct slot){.i_member = group->members[i],
                           .c = &plan->cases[m->i_case],
                           .arm = &plan->arms[m->i_arm]};
        s->target = find_target(plan, s->c->target);
        size_t n = g->max_forks * g->max_rounds;
        s->blocks = ridge_xmalloc(n * sizeof *s->blocks);
        for (size_t j = 0; j < n; j++)
            s->blocks[j] = NAN;
        if (s->target == NULL && s->c->target != NULL && s->c->target[0] != '\0' &&
            strcmp(s->c->target, "local") != 0)
            ridge_proc_fail(&s->proc, RIDGE_VERDICT_FAILED, "the plan has no target '%s'",
                            s->c->target);
        g->pool.v[i] = &s->proc;
    }
}
static void group_deinit(struct group_run *g)
{
    for (size_t i = 0; i < g->n_slots; i++) {
        ridge_proc_deinit(&g->slots[i].proc);
        free(g->slots[i].blocks);
    }
    free(g->slots);
    free(g->pool.v);
}
void ridge_sched_progress(const struct group_run *g, double group_share, const char *what)
{
    const struct run *run = g->run;
    if (run->sink->progress == NULL)
        return;
    const double *share = &run->shares[g->i_group];
    double done = share[0] + fmin(group_share, 1.0) * (share[1] - share[0]);
    double elapsed_s = (double)(ridge_os_now_ns() - run->begin_ns) * 1e-9;
    double own = done - run->done_before;
    char text[320];
    (void)snprintf(text, sizeof text, "%.200s%s%s", run->plan->groups[g->i_group].title,
                   what[0] ? ": " : "", what);
    run->sink->progress(run->sink->self, done, own > 0 ? elapsed_s * (1 - done) / own : NAN, text);
}

static struct ridge_blocks blocks_of(const struct group_run *g, const struct slot *s,
                                     size_t n_forks)
{
    return (struct ridge_blocks){.n_forks = n_forks, .n_rounds = g->max_rounds, .v = s->blocks};
}
static double half_width(const struct ridge_interval *v, double scale)
{
    double w = (v->high - v->low) / 2 / scale;
    return isfinite(w) ? fabs(w) : INFINITY;
}
/* Worst half width of a ranked member's ratio to the best one; of the headline when there is but
 * one. */
static double two_level_width(const struct group_run *g, size_t n_forks)
{
    const struct slot *best = NULL;
    double best_ns = INFINITY, worst = 0;
    size_t n_ranked = 0;
    for (size_t i = 0; i < g->n_slots; i++) {
        const struct slot *s = &g->slots[i];
        if (s->dropped || g->run->plan->members[s->i_member].yardstick != NULL)
            continue;
        struct ridge_blocks b = blocks_of(g, s, n_forks);
        struct ridge_interval h = ridge_stat_headline(&b, g->run->plan->seed);
        n_ranked++;
        if (h.value < best_ns) {
            best_ns = h.value;
            best = s;
            worst = half_width(&h, h.value);
        }
    }
    if (best == NULL)
        return INFINITY;
    if (n_ranked == 1)
        return worst;
    worst = 0;
    struct ridge_blocks a = blocks_of(g, best, n_forks);
    for (size_t i = 0; i < g->n_slots; i++) {
        const struct slot *s = &g->slots[i];
        if (s == best || s->dropped || g->run->plan->members[s->i_member].yardstick != NULL)
            continue;
        struct ridge_blocks b = blocks_of(g, s, n_forks);
        struct ridge_interval r = ridge_stat_ratio(&a, &b, g->run->plan->seed);
        worst = fmax(worst, half_width(&r, r.value));
    }
    return worst;
}
static bool any_left(const struct group_run *g)
{
    for (size_t i = 0; i < g->n_slots; i++)
        if (!g->slots[i].dropped)
            return true;
    return false;
}
static bool is_skipped(const struct run *run, size_t i_group, int64_t fork)
{
    return run->sink->skip != NULL && run->sink->skip(run->sink->self, i_group, fork);
}
static int64_t time_left(const struct group_run *g)
{
    return g->run->plan->settings.max_group_ns - (int64_t)(ridge_os_now_ns() - g->begin_ns);
}
static enum ridge_status one_fork(struct group_run *g, int64_t fork, int64_t budget_ns)
{
    /* the order depends on group and fork alone, so a resumed run draws the same */
    g->rng =
        ridge_sched_mix(g->run->plan->seed, ridge_os_hash64(g->run->plan->groups[g->i_group].id),
                        (uint64_t)fork, 1);
    return ridge_sched_fork(g, fork, budget_ns);
}
static int64_t forks_left(const struct group_run *g, int64_t fork, int64_t planned)
{
    int64_t n = 0;
    for (; fork < planned; fork++)
        n += !is_skipped(g->run, g->i_group, fork);
    return n;
}
static enum ridge_status planned_forks(struct group_run *g, size_t *n_run)
{
    int64_t planned = (int64_t)g->max_forks / 2;
    for (int64_t fork = 0; fork < planned && any_left(g); fork++) {
        if (is_skipped(g->run, g->i_group, fork))
            continue;
        int64_t left = time_left(g);
        if (*n_run > 0 && left <= 0) {
            g->stop_reason = "cap_time";
            return RIDGE_OK;
        }
        enum ridge_status status = one_fork(g, fork, (left > 0 ? left : 1) / forks_left(g, fork, planned));
        if (status != RIDGE_OK)
            return status;
        ++*n_run;
    }
    return RIDGE_OK;
}
/* With one planned fork the in-fork stop rule has the last word. */
static enum ridge_status bought_forks(struct group_run *g)
{
    size_t fork = g->max_forks / 2;
    double target = g->run->plan->settings.width_ratio;
    uint64_t longest_ns = 0;
    while (any_left(g)) {
        g->width_ratio = two_level_width(g, fork);
        if (g->width_ratio <= target) {
            g->stop_reason = "width";
            return RIDGE_OK;
        }
        if (fork == g->max_forks) {
            g->stop_reason = "cap_forks";
            return RIDGE_OK;
        }
        int64_t left = time_left(g);
        uint64_t spent = ridge_os_now_ns() - g->begin_ns;
        longest_ns = longest_ns ? longest_ns : spent / fork;
        if (left < (int64_t)longest_ns) { /* a whole fork or none */
            g->stop_reason = "cap_time";
            return RIDGE_OK;
        }
        enum ridge_status status = one_fork(g, (int64_t)fork, left);
        if (status != RIDGE_OK)
            return status;
        uint64_t took = ridge_os_now_ns() - g->begin_ns - spent; /* without waiting for the machine */
        longest_ns = took > longest_ns ? took : longest_ns;
        fork++;
    }
    return RIDGE_OK;
}
static enum ridge_status fail_unknown_targets(struct group_run *g)
{
    for (size_t i = 0; i < g->n_slots; i++) {
        struct slot *s = &g->slots[i];
        if (s->proc.info.verdict == RIDGE_VERDICT_OK)
            continue;
        s->proc.info.i_member = s->i_member;
        enum ridge_status status = ridge_sched_report(g, s);
        if (status != RIDGE_OK)
            return status;
    }
    return RIDGE_OK;
}
static enum ridge_status end_group(struct group_run *g, enum ridge_status status)
{
    const struct ridge_sched_sink *sink = g->run->sink;
    if (status == RIDGE_ERR_INTERRUPTED)
        g->stop_reason = "interrupted";
    else if (status != RIDGE_OK)
        return status;
    else if (!any_left(g))
        g->stop_reason = "no_members";
    if (sink->group_end == NULL)
        return status;
    struct ridge_error err = {0};
    enum ridge_status ended =
        sink->group_end(sink->self, g->i_group, g->stop_reason, g->width_ratio, &err);
    if (status == RIDGE_OK && ended != RIDGE_OK)
        return ridge_fail(g->run->err, ended, err.where, "%s", err.text);
    return status;
}
enum ridge_status ridge_sched_group(struct run *run, size_t i_group)
{
    struct group_run g;
    size_t n_run = 0;
    group_init(&g, run, i_group);
    enum ridge_status status = fail_unknown_targets(&g);
    if (status == RIDGE_OK)
        status = planned_forks(&g, &n_run);
    bool all_here =
        n_run == g.max_forks / 2; /* a resumed group's earlier blocks are in the store only */
    if (status == RIDGE_OK && all_here && n_run > 1)
        status = bought_forks(&g);
    if (n_run > 0 || !any_left(&g) || status != RIDGE_OK)
        status = end_group(&g, status);
    else
        run->done_before = run->shares[i_group + 1];
    group_deinit(&g);
    return status;
}
