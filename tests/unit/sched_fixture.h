/* A plan of one group on workers that misbehave (tests/fault/fake_worker.py), and a sink that records. */
#ifndef RIDGE_TEST_SCHED_FIXTURE_H
#define RIDGE_TEST_SCHED_FIXTURE_H

#include "base/os.h"
#include "host/host.h"
#include "ridge_test.h"
#include "sched/sched.h"
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_MEMBERS 8
static const char *const fake[] = {"python3", RIDGE_SOURCE_DIR "/tests/fault/fake_worker.py", NULL};

struct record {
    struct ridge_plan plan;
    struct ridge_process last[MAX_MEMBERS];
    int n_process[MAX_MEMBERS], n_chunks[MAX_MEMBERS];
    double usual_loads; /* known before the run */
    bool no_yardsticks;
    int64_t n_repeats, n_disturbed;
    double slowest_ns; /* block */
    int n_rounds, n_groups, n_begin, n_hosts, n_fork_ends;
    int n_ready; /* processes that were reported in this fork */
    size_t first_order[64];
    int n_launched_first[2]; /* forks in which this member's process was the first to be ready */
    char stop_reason[32], conditions[4096];
    double width_ratio;
    double progress[8]; /* the largest share said for each group */
    int64_t skip_fork; /* -1: none */
    volatile sig_atomic_t interrupted;
    const char *const *program; /* NULL: the fake worker */
    long n_switches[64];        /* voluntary ones of this process, after each round */
    int interrupt_at_round; /* 0: never */
    enum ridge_status fail_round;
};

static enum ridge_status on_host(void *self, const struct ridge_msg_hello *hello,
                                 struct ridge_error *err)
{
    (void)err;
    struct record *r = self;
    CHECK_STR(hello->worker, r->program == NULL ? "fake" : "ridge-worker");
    r->n_hosts++;
    return RIDGE_OK;
}
static enum ridge_status on_begin(void *self, size_t i_group, int64_t fork, struct ridge_error *err)
{
    (void)i_group, (void)fork, (void)err;
    ((struct record *)self)->n_begin++;
    ((struct record *)self)->n_ready = 0;
    return RIDGE_OK;
}
static enum ridge_status on_process(void *self, const struct ridge_process *p,
                                    struct ridge_error *err)
{
    (void)err;
    struct record *r = self;
    if (r->n_ready++ == 0 && p->i_member < 2)
        r->n_launched_first[p->i_member]++;
    r->last[p->i_member] = *p;
    r->n_process[p->i_member]++;
    const char *env = ridge_kvs_get(&p->conditions, "env");
    if (env != NULL)
        (void)snprintf(r->conditions, sizeof r->conditions, "%s", env);
    return RIDGE_OK;
}
static enum ridge_status on_round(void *self, size_t i_group, int64_t fork, int64_t round,
                                  const size_t *i_members, struct ridge_chunk *chunks, size_t n,
                                  struct ridge_error *err)
{
    (void)i_group, (void)fork;
    struct record *r = self;
    struct rusage usage;
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0);
    r->first_order[r->n_rounds % 64] = i_members[0];
    r->n_switches[r->n_rounds % 64] = usage.ru_nvcsw;
    r->n_rounds++;
    for (size_t i = 0; i < n; i++) {
        r->n_chunks[i_members[i]]++;
        r->n_repeats += chunks[i].n_repeats;
        r->n_disturbed += chunks[i].n_disturbed > 0;
        r->slowest_ns = chunks[i].block_ns > r->slowest_ns ? chunks[i].block_ns : r->slowest_ns;
        CHECK(chunks[i].round == round);
        CHECK(r->program != NULL || (chunks[i].n == 13 && chunks[i].n_lead_in == 3));
        CHECK(chunks[i].order == (int64_t)i);
    }
    if (r->interrupt_at_round != 0 && r->n_rounds >= r->interrupt_at_round)
        r->interrupted = 1;
    return r->fail_round != RIDGE_OK ? ridge_fail(err, r->fail_round, "disk", "disk full")
                                     : RIDGE_OK;
}
/* Every process of the fork was sent, and none runs any more. */
static enum ridge_status on_fork_end(void *self, size_t i_group, int64_t fork, struct ridge_error *err)
{
    (void)i_group, (void)fork, (void)err;
    struct record *r = self;
    CHECK(r->n_process[0] >= 2 * (r->n_fork_ends + 1)); /* loaded, and after its check */
    CHECK(++r->n_fork_ends == r->n_begin);
    return RIDGE_OK;
}
static enum ridge_status on_end(void *self, size_t i_group, const char *stop_reason,
                                double width_ratio, struct ridge_error *err)
{
    (void)i_group, (void)err;
    struct record *r = self;
    r->n_groups++;
    r->width_ratio = width_ratio;
    (void)snprintf(r->stop_reason, sizeof r->stop_reason, "%s", stop_reason);
    return RIDGE_OK;
}
static void on_progress(void *self, double done_ratio, double eta_s, const char *text)
{
    struct record *r = self;
    size_t i_group = r->n_groups < 8 ? (size_t)r->n_groups : 7;
    (void)eta_s, (void)text;
    if (done_ratio > r->progress[i_group])
        r->progress[i_group] = done_ratio;
}
static bool on_skip(void *self, size_t i_group, int64_t fork)
{
    (void)i_group;
    return ((struct record *)self)->skip_fork == fork;
}

/* A lock of our own: no waiting for other tests, or for somebody who measures. */
static void own_lock(void)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s.lock", RIDGE_BINARY_DIR, program_invocation_short_name);
    CHECK(setenv("RIDGE_LOCK_FILE", path, 1) == 0);
}
/* One group with one case per backend name. */
static struct record *record_new(const char *const *backends)
{
    struct record *r = calloc(1, sizeof *r);
    struct ridge_plan *p = &r->plan;
    r->skip_fork = -1;
    own_lock();
    p->seed = 42;
    p->settings = (struct ridge_plan_settings){.forks = 1,
                                               .rounds = 2,
                                               .max_rounds = 3,
                                               .block_ns = 1000000,
                                               .warmup_ns = 1,
                                               .max_group_ns = 60000000000,
                                               .load_timeout_ns = 20000000000,
                                               .silence_timeout_ns = 20000000000,
                                               .width_ratio = 1e-9,
                                               .statistic = "median"};
    while (backends[p->n_cases] != NULL)
        p->n_cases++;
    p->n_members = p->n_cases;
    p->cases = ridge_arena_array(&p->arena, p->n_cases, sizeof *p->cases);
    p->members = ridge_arena_array(&p->arena, p->n_cases, sizeof *p->members);
    p->groups = ridge_arena_array(&p->arena, 1, sizeof *p->groups);
    p->arms = ridge_arena_array(&p->arena, 1, sizeof *p->arms);
    p->n_groups = p->n_arms = 1;
    p->arms[0].name = "main";
    p->groups[0] = (struct ridge_group){.title = "gemm", .id = "g", .n_members = p->n_members};
    p->groups[0].members = ridge_arena_array(&p->arena, p->n_members, sizeof(size_t));
    for (size_t i = 0; i < p->n_cases; i++) {
        struct ridge_case *c = &p->cases[i];
        *c = (struct ridge_case){.canonical = "",
                                 .subject = "gemm:m=8",
                                 .op = "gemm",
                                 .backend = backends[i],
                                 .backend_name = backends[i],
                                 .variant = "",
                                 .label = "",
                                 .device = "cpu",
                                 .target = "local",
                                 .model = "",
                                 .layer = ""};
        (void)snprintf(c->id, sizeof c->id, "case%u", (unsigned)i);
        ridge_kvs_set(&p->arena, &c->shape, "m", i % 2 ? "8" : "16");
        ridge_kvs_set(&p->arena, &c->options, "threads", "1");
        p->members[i].i_case = i;
        p->groups[0].members[i] = i;
    }
    return r;
}
static void record_free(struct record *r)
{
    ridge_plan_deinit(&r->plan);
    free(r);
}
static enum ridge_status run(struct record *r, struct ridge_error *err)
{
    struct ridge_sched_config config = {.default_program = r->program != NULL ? r->program : fake, .interrupted = &r->interrupted,
                                        .usual_loads = r->usual_loads, .no_yardsticks = r->no_yardsticks};
    struct ridge_sched_sink sink = {.self = r,
                                    .host = on_host,
                                    .group_begin = on_begin,
                                    .process = on_process,
                                    .round = on_round,
                                    .fork_end = on_fork_end,
                                    .group_end = on_end,
                                    .progress = on_progress,
                                    .skip = on_skip};
    return ridge_sched_run(&r->plan, &config, &sink, err);
}
#define BACKENDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#endif
