/* One fork of a group: launch all, rounds in random order, stop rule, check, bye. */
#include "base/log.h"
#include "host/host.h"
#include "sched/engine.h"
#include "stat/stat.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define LEAD_IN_RUNS 3
#define LEAD_IN_NS 2000000
#define LONG_RUN_NS 10000000.0 /* above: one run of lead-in */
#define MAX_SAMPLES 200000
#define MAX_REPEATED_NS 100000000 /* a longer block sees many turns */
#define MAX_BLOCKS_LONG 10 /* a worker ends a block of requests that long by itself, in words */

struct round { /* chunks of one round, in the order they ran */
    size_t *i_members;
    struct ridge_chunk *chunks;
    size_t n;
};

static bool is_live(const struct slot *s)
{
    return !s->dropped && s->proc.alive && s->proc.info.verdict == RIDGE_VERDICT_OK;
}
static size_t list_live(struct group_run *g, struct slot **out)
{
    size_t n = 0;
    for (size_t i = 0; i < g->n_slots; i++)
        if (is_live(&g->slots[i]))
            out[n++] = &g->slots[i];
    return n;
}
static void shuffle(struct slot **v, size_t n, uint64_t *rng)
{
    for (size_t i = n; i > 1; i--) {
        size_t j = (size_t)(ridge_random_next(rng) % i);
        struct slot *t = v[i - 1];
        v[i - 1] = v[j];
        v[j] = t;
    }
}
static double *block_at(const struct group_run *g, const struct slot *s, int64_t fork, size_t round)
{
    return &s->blocks[(size_t)fork * g->max_rounds + round];
}
static bool chunk_is_asked(struct proc *p, const struct ridge_chunk *c,
                           const struct ridge_msg_go *go)
{
    if (c->fork == go->fork && c->round == go->round && c->order == go->order &&
        c->n - c->n_lead_in <= (size_t)go->max_samples)
        return true;
    ridge_proc_fail(p, RIDGE_VERDICT_FAILED,
                    "broken message: samples of fork %lld round %lld order %lld with n = %zu, "
                    "asked were %lld %lld %lld, at most %lld",
                    (long long)c->fork, (long long)c->round, (long long)c->order, c->n,
                    (long long)go->fork, (long long)go->round, (long long)go->order,
                    (long long)go->max_samples);
    return false;
}
/* Silence counts from when the block should be over. */
static uint64_t answer_within(const struct group_run *g, const struct ridge_msg_go *go)
{
    int64_t n_blocks = g->is_requests ? MAX_BLOCKS_LONG : 1;
    return (uint64_t)(g->run->plan->settings.silence_timeout_ns + n_blocks * (go->lead_in_ns + go->block_ns) +
                      go->quiet_wait_ns);
}
/* From unpark to park; between, the harness sleeps in poll. True: `answer` holds the chunk that was asked for. */
static bool ask_block(struct group_run *g, struct slot *s, struct ridge_message *go, struct ridge_message *answer)
{
    struct request r = {.message = go, .wanted = RIDGE_MSG_SAMPLES, .finish = true, .timeout_ns = answer_within(g, &go->u.go)};
    ridge_proc_unpark(&s->proc);
    bool got = ridge_proc_ask(&g->pool, &s->proc, &r, answer);
    ridge_proc_park(&s->proc);
    if (got && !chunk_is_asked(&s->proc, &answer->u.samples, &go->u.go)) {
        ridge_message_deinit(answer);
        return false;
    }
    return got;
}
/* One block, measured again while a neighbour is on its core; requests are not: their tails are the point. */
static void run_block(struct group_run *g, struct slot *s, int64_t fork, size_t round,
                      struct round *out)
{
    struct ridge_message answer, go = {.type = RIDGE_MSG_GO};
    const struct ridge_plan_settings *set = &g->run->plan->settings;
    struct core_share *share = &ridge_sched_target(g, s)->core_share;
    bool is_long = s->run_ns > LONG_RUN_NS;
    go.u.go = (struct ridge_msg_go){.fork = fork,
                                    .round = (int64_t)round,
                                    .order = (int64_t)out->n,
                                    .block_ns = g->is_requests ? set->request_block_ns : set->block_ns,
                                    .lead_in_ns = is_long ? 0 : LEAD_IN_NS,
                                    .lead_in_runs = is_long ? 1 : LEAD_IN_RUNS,
                                    .max_samples = MAX_SAMPLES};
    for (int64_t i_try = 0;; i_try++) {
        uint64_t begin_ns = ridge_os_now_ns();
        if (!g->is_requests)
            ridge_share_ask(share, &go.u.go);
        if (!ask_block(g, s, &go, &answer))
            return;
        bool may_repeat = !g->is_requests && ridge_os_now_ns() - begin_ns <= (uint64_t)(MAX_REPEATED_NS + go.u.go.quiet_wait_ns);
        if (!ridge_share_repeats(share, &answer.u.samples, i_try, may_repeat))
            break;
        ridge_message_deinit(&answer);
    }
    const struct ridge_plan *plan = g->run->plan;
    s->run_ns = ridge_stat_chunk(&answer.u.samples, ridge_plan_statistic(plan, &plan->members[s->i_member]));
    *block_at(g, s, fork, round) = answer.u.samples.block_ns = s->run_ns;
    out->i_members[out->n] = s->i_member;
    out->chunks[out->n++] = answer.u.samples;
    answer.u.samples = (struct ridge_chunk){0};
    ridge_message_deinit(&answer);
}
static enum ridge_status send_round(struct group_run *g, int64_t fork, size_t round,
                                    struct round *r)
{
    const struct ridge_sched_sink *sink = g->run->sink;
    if (r->n == 0 || sink->round == NULL)
        return RIDGE_OK;
    return sink->round(sink->self, g->i_group, fork, (int64_t)round, r->i_members, r->chunks, r->n,
                       g->run->err);
}
static enum ridge_status interrupted(struct group_run *g)
{
    return ridge_fail(g->run->err, RIDGE_ERR_INTERRUPTED, "", "interrupted");
}
/* A member that fails leaves the round and the group; the others' blocks are kept. */
static enum ridge_status run_round(struct group_run *g, int64_t fork, size_t round,
                                   struct slot **order, size_t n)
{
    enum ridge_status status = RIDGE_OK;
    struct round r = {.i_members = ridge_xmalloc(n * sizeof *r.i_members),
                      .chunks = ridge_xmalloc(n * sizeof *r.chunks)};
    shuffle(order, n, &g->rng);
    size_t i = 0;
    for (; i < n && status == RIDGE_OK && ridge_pool_interrupted(&g->pool) == 0; i++) {
        run_block(g, order[i], fork, round, &r);
        if (!is_live(order[i]) && order[i]->proc.info.verdict != RIDGE_VERDICT_INTERRUPTED)
            status = ridge_sched_report(g, order[i]);
    }
    if (status == RIDGE_OK && i == n)
        status = send_round(g, fork, round, &r);
    if (status == RIDGE_OK && ridge_pool_interrupted(&g->pool) != 0)
        status = interrupted(g);
    for (i = 0; i < r.n; i++)
        ridge_chunk_deinit(&r.chunks[i]);
    free(r.chunks);
    free(r.i_members);
    return status;
}
static bool is_ranked(const struct group_run *g, const struct slot *s)
{
    return g->run->plan->members[s->i_member].yardstick == NULL;
}
/* A control is no yardstick: it stands in an arm of its own. */
static bool is_yardstick(const struct group_run *g, const struct slot *s)
{
    return !is_ranked(g, s) && s->arm == &g->run->plan->arms[0];
}
/* Ranked members only: nobody asks how exactly a yardstick is known, and a noisy plain copy must not hold them up. */
static enum ridge_stop ask_stop(struct group_run *g, int64_t fork, size_t n_rounds,
                                struct slot **live, size_t n, int64_t budget_ns, int64_t elapsed_ns)
{
    struct ridge_plan_settings set = g->run->plan->settings;
    set.max_group_ns = budget_ns;
    if (g->is_requests)
        set.rounds = set.request_rounds;
    double *v = ridge_xmalloc(n * n_rounds * sizeof *v);
    size_t n_ranked = 0;
    for (size_t i = 0; i < n; i++)
        if (is_ranked(g, live[i]))
            memcpy(v + n_rounds * n_ranked++, block_at(g, live[i], fork, 0), n_rounds * sizeof *v);
    for (size_t i = 0; i < n && n_ranked == 0; i++) /* only yardsticks are left */
        memcpy(v + n_rounds * i, block_at(g, live[i], fork, 0), n_rounds * sizeof *v);
    enum ridge_stop stop = ridge_stat_stop(v, n_ranked > 0 ? n_ranked : n, n_rounds, &set, elapsed_ns, &g->width_ratio);
    free(v);
    return stop;
}
static int by_member(const void *a, const void *b)
{
    const struct slot *x = *(struct slot *const *)a, *y = *(struct slot *const *)b;
    return (x > y) - (x < y);
}
static enum ridge_status run_rounds(struct group_run *g, int64_t fork, struct slot **live,
                                    int64_t budget_ns, uint64_t begin_ns)
{
    enum ridge_stop stop = RIDGE_STOP_NO;
    for (size_t round = 0; stop == RIDGE_STOP_NO; round++) {
        size_t n = list_live(g, live);
        if (n == 0) {
            g->stop_reason = "no_members";
            return RIDGE_OK;
        }
        double share = (double)round / (double)g->max_rounds;
        ridge_sched_progress(g, ((double)fork + share) / (double)g->run->plan->settings.forks, "");
        enum ridge_status status = run_round(g, fork, round, live, n);
        if (status != RIDGE_OK)
            return status;
        if (g->n_rounds_had < round + 1)
            g->n_rounds_had = round + 1;
        n = list_live(g, live);
        qsort(live, n, sizeof *live, by_member);
        if (n > 0)
            stop = ask_stop(g, fork, round + 1, live, n, budget_ns,
                            (int64_t)(ridge_os_now_ns() - begin_ns));
        if (stop == RIDGE_STOP_NO && round + 1 >= g->max_rounds)
            stop = RIDGE_STOP_CAP_ROUNDS;
    }
    g->stop_reason = ridge_stat_stop_text(stop);
    return RIDGE_OK;
}
static enum ridge_status launch_one(struct group_run *g, struct slot *s, int64_t fork)
{
    ridge_sched_launch(g, s, fork);
    if (g->run->err->status != RIDGE_OK) /* the sink said no */
        return g->run->err->status;
    enum ridge_status status = ridge_sched_report(g, s);
    return status == RIDGE_OK && ridge_pool_interrupted(&g->pool) != 0 ? interrupted(g) : status;
}
static enum ridge_status launch_all(struct group_run *g, int64_t fork)
{
    int n_cpus = ridge_host_pick_cpus(g->cpus, RIDGE_SCHED_MAX_CPUS); /* once a fork: reading the topology takes 6 ms */
    g->n_cpus = n_cpus > 0 ? (size_t)n_cpus : 0;
    for (size_t i = 0; i < g->n_slots; i++) {
        struct slot *s = &g->slots[i];
        ridge_proc_deinit(&s->proc);
        s->proc = (struct proc){0};
        s->reported = false;
        s->run_ns = 0;
    }
    /* In random order: the kernel hands the pages of the processes before to the next ones, so a place in a fixed order
     * would keep its physical pages from fork to fork, and a side its luck. */
    struct slot **order = ridge_xmalloc(g->n_slots * sizeof(struct slot *));
    for (size_t i = 0; i < g->n_slots; i++)
        order[i] = &g->slots[i];
    shuffle(order, g->n_slots, &g->rng);
    enum ridge_status status = RIDGE_OK;
    for (size_t i = 0; i < g->n_slots && status == RIDGE_OK; i++)
        if (!order[i]->dropped && !(g->run->config->no_yardsticks && is_yardstick(g, order[i])))
            status = launch_one(g, order[i], fork);
    free(order);
    return status;
}
static enum ridge_status finish_all(struct group_run *g)
{
    for (size_t i = 0; i < g->n_slots; i++) {
        struct slot *s = &g->slots[i];
        if (!is_live(s))
            continue;
        ridge_sched_check(g, s);
        ridge_proc_finish(&g->pool, &s->proc);
        enum ridge_status status = ridge_sched_report(g, s);
        if (status != RIDGE_OK)
            return status;
        if (ridge_pool_interrupted(&g->pool) != 0)
            return interrupted(g);
    }
    return RIDGE_OK;
}
/* After an error or Ctrl-C: nobody stays, and what was alive says so. */
static void abandon(struct group_run *g)
{
    for (size_t i = 0; i < g->n_slots; i++) {
        struct slot *s = &g->slots[i];
        bool was_live = s->reported && is_live(s);
        bool unsaid = s->proc.info.verdict == RIDGE_VERDICT_INTERRUPTED && !s->dropped;
        ridge_proc_fail(&s->proc, RIDGE_VERDICT_INTERRUPTED, "the run was interrupted");
        if (was_live || unsaid) {
            struct ridge_error ignored = {0}; /* the first error is kept */
            if (g->run->sink->process != NULL &&
                g->run->sink->process(g->run->sink->self, &s->proc.info, &ignored) != RIDGE_OK)
                ridge_log(RIDGE_LOG_WARN, "an interrupted process could not be stored: %s",
                          ignored.text);
        }
    }
}
static void say_waiting(void *self)
{
    ridge_log(RIDGE_LOG_WARN,
              "another ridge is measuring on this machine; waiting for its turn to end");
    ridge_sched_progress(self, 0, "waits for another ridge on this machine");
}
enum ridge_status ridge_sched_fork(struct group_run *g, int64_t fork, int64_t budget_ns)
{
    int lock_fd = -1;
    uint64_t asked_ns = ridge_os_now_ns();
    enum ridge_status status = ridge_host_lock(&lock_fd, say_waiting, g, g->run->err);
    if (status != RIDGE_OK)
        return status;
    uint64_t begin_ns = ridge_os_now_ns();
    g->begin_ns += begin_ns - asked_ns; /* waiting for others is not our time */
    struct slot **live = ridge_xmalloc(g->n_slots * sizeof(struct slot *));
    const struct ridge_sched_sink *sink = g->run->sink;
    if (sink->group_begin != NULL)
        status = sink->group_begin(sink->self, g->i_group, fork, g->run->err);
    if (status == RIDGE_OK)
        status = launch_all(g, fork);
    if (status == RIDGE_OK)
        status = run_rounds(g, fork, live, budget_ns, begin_ns);
    if (status == RIDGE_OK)
        status = finish_all(g);
    if (status == RIDGE_OK && sink->fork_end != NULL)
        status = sink->fork_end(sink->self, g->i_group, fork, g->run->err);
    if (status != RIDGE_OK)
        abandon(g);
    ridge_host_unlock(lock_fd);
    free(live);
    return status;
}
