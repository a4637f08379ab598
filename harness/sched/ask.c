/* Questions to the default worker outside any group: what it has, and what cases cost. */
#include "base/log.h"
#include "host/host.h"
#include "sched/engine.h"
#include <stdlib.h>
#include <string.h>

#define ASK_TIMEOUT_NS 120000000000u
#define MAX_BATCH 2000u

struct talk { /* one worker, said hello */
    struct proc proc;
    struct proc *list[1];
    struct pool pool;
    struct sigaction old;
    int lock_fd;
};
static void say_waiting(void *self)
{
    (void)self;
    ridge_log(RIDGE_LOG_WARN, "another ridge is measuring on this machine; waiting for its turn to end");
}
/* A worker that opens and digests every library would disturb the block of another run. Without a lock file there
 * is nobody to wait for. */
static enum ridge_status take_turn(int *lock_fd, struct ridge_error *err)
{
    struct ridge_error own = {0};
    enum ridge_status status = ridge_host_lock(lock_fd, say_waiting, NULL, &own);
    if (status == RIDGE_ERR_INTERRUPTED)
        return ridge_fail(err, status, own.where, "%s", own.text);
    if (status != RIDGE_OK)
        ridge_log(RIDGE_LOG_WARN, "%s: %s", own.where, own.text);
    return RIDGE_OK;
}
static enum ridge_status talk_error(struct talk *t, struct ridge_error *err)
{
    enum ridge_status status =
        t->proc.info.verdict == RIDGE_VERDICT_TIMEOUT ? RIDGE_ERR_TIMEOUT : RIDGE_ERR_PROTOCOL;
    return ridge_fail(err, status, "worker", "the worker %s: %.480s%s%.480s",
                      ridge_verdict_text(t->proc.info.verdict), t->proc.info.reason,
                      t->proc.info.stderr_tail[0] ? "; it said: " : "", t->proc.info.stderr_tail);
}
static enum ridge_status talk_begin(struct talk *t, const char *const *program,
                                    struct ridge_message *hello, struct ridge_error *err)
{
    struct ridge_arena scratch = {0};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    *t = (struct talk){0};
    t->list[0] = &t->proc;
    t->pool = (struct pool){.v = t->list, .n = 1};
    t->proc.asked = "start";
    t->lock_fd = -1;
    sigaction(SIGPIPE, &ignore, &t->old);
    enum ridge_status status = take_turn(&t->lock_fd, err);
    if (status != RIDGE_OK)
        return status;
    struct ridge_spawn spec = {.argv = program, .env = ridge_sched_env(&scratch, NULL, 0)};
    if (!ridge_proc_start(&t->proc, &spec, true) ||
        !ridge_sched_hello(&t->pool, &t->proc, ASK_TIMEOUT_NS, hello))
        status = talk_error(t, err);
    ridge_arena_deinit(&scratch);
    return status;
}
static void talk_end(struct talk *t)
{
    ridge_proc_finish(&t->pool, &t->proc);
    ridge_proc_deinit(&t->proc);
    ridge_host_unlock(t->lock_fd);
    sigaction(SIGPIPE, &t->old, NULL);
}
static void copy_hello(struct ridge_arena *a, const struct ridge_msg_hello *from,
                       struct ridge_msg_hello *to)
{
    *to = *from;
    to->worker = ridge_arena_str(a, from->worker);
    to->version = ridge_arena_str(a, from->version);
    to->boot_id = ridge_arena_str(a, from->boot_id);
    to->host_class = ridge_arena_str(a, from->host_class);
    to->topology = ridge_arena_str(a, from->topology);
    to->host = (struct ridge_kvs){0};
    for (size_t i = 0; i < from->host.n; i++)
        ridge_kvs_set(a, &to->host, ridge_arena_str(a, from->host.v[i].key),
                      ridge_arena_str(a, from->host.v[i].value));
}
enum ridge_status ridge_sched_describe(const char *const *program, struct ridge_catalogue **out,
                                       struct ridge_msg_hello *hello, struct ridge_arena *arena,
                                       struct ridge_error *err)
{
    struct talk t;
    struct ridge_message answer;
    enum ridge_status status = talk_begin(&t, program, &answer, err);
    if (status != RIDGE_OK)
        goto out;
    if (hello != NULL)
        copy_hello(arena, &answer.u.hello, hello);
    ridge_message_deinit(&answer);
    struct ridge_message describe = {.type = RIDGE_MSG_DESCRIBE};
    struct request r = {
        .message = &describe, .wanted = RIDGE_MSG_CATALOGUE, .timeout_ns = ASK_TIMEOUT_NS};
    if (!ridge_proc_ask(&t.pool, &t.proc, &r, &answer)) {
        status = talk_error(&t, err);
        goto out;
    }
    *out = answer.u.catalogue;
    answer.u.catalogue = NULL;
    ridge_message_deinit(&answer);
out:
    talk_end(&t);
    return status;
}

struct keyed {
    char *key;
    size_t i_case;
};

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct keyed *)a)->key, ((const struct keyed *)b)->key);
}
/* Cases sorted by what their cost depends on, so equal ones are neighbours. */
static struct keyed *sort_cases(struct ridge_arena *a, const struct ridge_plan *plan)
{
    struct keyed *v = ridge_arena_array(a, plan->n_cases ? plan->n_cases : 1, sizeof *v);
    for (size_t i = 0; i < plan->n_cases; i++) {
        const struct ridge_case *c = &plan->cases[i];
        v[i] = (struct keyed){ridge_arena_printf(a, "%s|%s|%s", c->op, ridge_kvs_text(a, &c->shape),
                                                 ridge_kvs_text(a, &c->options)),
                              i};
    }
    qsort(v, plan->n_cases, sizeof *v, by_key);
    return v;
}
/* Fills one batch from v[*i_next]; ends[j] is the end of item j's run of equal cases. */
static size_t fill_batch(const struct ridge_plan *plan, const struct keyed *v, size_t *i_next,
                         struct ridge_msg_cost_item *items, size_t *ends)
{
    size_t n = 0, i = *i_next;
    while (i < plan->n_cases && n < MAX_BATCH) {
        const struct ridge_case *c = &plan->cases[v[i].i_case];
        items[n] =
            (struct ridge_msg_cost_item){.op = c->op, .shape = c->shape, .options = c->options};
        size_t end = i + 1;
        while (end < plan->n_cases && strcmp(v[end].key, v[i].key) == 0)
            end++;
        ends[n++] = i = end;
    }
    *i_next = i;
    return n;
}
static enum ridge_status cost_batch(struct talk *t, struct ridge_plan *plan, const struct keyed *v,
                                    size_t *i_next, struct ridge_error *err)
{
    struct ridge_arena scratch = {0};
    struct ridge_msg_cost_item *items = ridge_arena_array(&scratch, MAX_BATCH, sizeof *items);
    size_t *ends = ridge_arena_array(&scratch, MAX_BATCH, sizeof *ends);
    struct ridge_message answer, cost = {.type = RIDGE_MSG_COST};
    struct request r = {.message = &cost, .wanted = RIDGE_MSG_COSTS, .timeout_ns = ASK_TIMEOUT_NS};
    enum ridge_status status = RIDGE_OK;
    size_t i = *i_next, n = fill_batch(plan, v, i_next, items, ends);
    cost.u.cost.v = items;
    cost.u.cost.n = n;
    if (!ridge_proc_ask(&t->pool, &t->proc, &r, &answer)) {
        status = talk_error(t, err);
        goto out;
    }
    if (answer.u.cost.n != n)
        status = ridge_fail(err, RIDGE_ERR_PROTOCOL, "costs",
                            "the worker answered %zu costs, asked were %zu", answer.u.cost.n, n);
    for (size_t j = 0; j < n && status == RIDGE_OK; j++)
        for (; i < ends[j]; i++) {
            plan->cases[v[i].i_case].flop = answer.u.cost.v[j].flop;
            plan->cases[v[i].i_case].compulsory_bytes = answer.u.cost.v[j].compulsory_bytes;
        }
    ridge_message_deinit(&answer);
out:
    ridge_arena_deinit(&scratch);
    return status;
}
enum ridge_status ridge_sched_cost(const char *const *program, struct ridge_plan *plan,
                                   struct ridge_error *err)
{
    struct talk t;
    struct ridge_message answer;
    struct ridge_arena keys = {0};
    enum ridge_status status = talk_begin(&t, program, &answer, err);
    if (status == RIDGE_OK)
        ridge_message_deinit(&answer);
    const struct keyed *v = sort_cases(&keys, plan);
    for (size_t i = 0; i < plan->n_cases && status == RIDGE_OK;)
        status = cost_batch(&t, plan, v, &i, err);
    ridge_arena_deinit(&keys);
    talk_end(&t);
    return status;
}
