/* The scheduler against workers that misbehave (tests/fault/fake_worker.py): one bad worker costs
 * its case only, and nobody stays behind. */
#include "base/os.h"
#include "ridge_test.h"
#include "sched/sched.h"
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#define MAX_MEMBERS 8
static const char *const fake[] = {"python3", RIDGE_SOURCE_DIR "/tests/fault/fake_worker.py", NULL};

struct record {
    struct ridge_plan plan;
    struct ridge_process last[MAX_MEMBERS];
    int n_process[MAX_MEMBERS], n_chunks[MAX_MEMBERS];
    int n_rounds, n_groups, n_begin, n_hosts;
    size_t first_order[64];
    char stop_reason[32], conditions[4096];
    double width_ratio;
    double progress[8]; /* the largest share said for each group */
    int64_t skip_fork; /* -1: none */
    volatile sig_atomic_t interrupted;
    int interrupt_at_round; /* 0: never */
    enum ridge_status fail_round;
};

static enum ridge_status on_host(void *self, const struct ridge_msg_hello *hello,
                                 struct ridge_error *err)
{
    (void)err;
    CHECK_STR(hello->worker, "fake");
    ((struct record *)self)->n_hosts++;
    return RIDGE_OK;
}
static enum ridge_status on_begin(void *self, size_t i_group, int64_t fork, struct ridge_error *err)
{
    (void)i_group, (void)fork, (void)err;
    ((struct record *)self)->n_begin++;
    return RIDGE_OK;
}
static enum ridge_status on_process(void *self, const struct ridge_process *p,
                                    struct ridge_error *err)
{
    (void)err;
    struct record *r = self;
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
    r->first_order[r->n_rounds % 64] = i_members[0];
    r->n_rounds++;
    for (size_t i = 0; i < n; i++) {
        r->n_chunks[i_members[i]]++;
        CHECK(chunks[i].round == round && chunks[i].n == 13 && chunks[i].n_lead_in == 3);
        CHECK(chunks[i].order == (int64_t)i);
    }
    if (r->interrupt_at_round != 0 && r->n_rounds >= r->interrupt_at_round)
        r->interrupted = 1;
    return r->fail_round != RIDGE_OK ? ridge_fail(err, r->fail_round, "disk", "disk full")
                                     : RIDGE_OK;
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

/* One group with one case per backend name. */
static struct record *record_new(const char *const *backends)
{
    struct record *r = calloc(1, sizeof *r);
    struct ridge_plan *p = &r->plan;
    r->skip_fork = -1;
    /* a lock of our own: no waiting for other tests, or for somebody who measures */
    (void)setenv("RIDGE_LOCK_FILE", RIDGE_BINARY_DIR "/test_sched.lock", 1);
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
    struct ridge_sched_config config = {.default_program = fake, .interrupted = &r->interrupted};
    struct ridge_sched_sink sink = {.self = r,
                                    .host = on_host,
                                    .group_begin = on_begin,
                                    .process = on_process,
                                    .round = on_round,
                                    .group_end = on_end,
                                    .progress = on_progress,
                                    .skip = on_skip};
    return ridge_sched_run(&r->plan, &config, &sink, err);
}
#define BACKENDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* `bad` beside a good member: its verdict and reason, and the good one's rounds are all there. */
static struct ridge_process fault(const char *bad, enum ridge_verdict verdict, const char *reason,
                                  int64_t silence_ns, int64_t max_memory_bytes)
{
    struct record *r = record_new(BACKENDS("good", bad, "fast"));
    struct ridge_error err = {0};
    r->plan.settings.max_memory_bytes = max_memory_bytes;
    if (silence_ns > 0)
        r->plan.settings.silence_timeout_ns = silence_ns;
    CHECK(run(r, &err) == RIDGE_OK);
    CHECK_STR(err.text, "");
    struct ridge_process p = r->last[1];
    CHECK_STR(ridge_verdict_text(p.verdict), ridge_verdict_text(verdict));
    if (strstr(p.reason, reason) == NULL)
        CHECK_STR(p.reason, reason);
    for (int i = 0; i < 3; i += 2) {
        CHECK(r->last[i].verdict == RIDGE_VERDICT_OK);
        CHECK(r->n_chunks[i] == 3);
    }
    CHECK(r->n_groups == 1 && r->n_hosts == 1);
    record_free(r);
    return p;
}
static void a_good_group_runs(void)
{
    struct record *r = record_new(BACKENDS("good", "fast"));
    struct ridge_error err = {0};
    CHECK(setenv("RIDGE_TEST_SECRET", "1", 1) == 0);
    CHECK(run(r, &err) == RIDGE_OK);
    CHECK(r->n_rounds == 3 && r->n_chunks[0] == 3 && r->n_chunks[1] == 3);
    CHECK_STR(r->stop_reason, "cap_rounds");
    CHECK_STR(r->last[0].warm, "warm");
    CHECK_STR(r->last[0].clock_name, "clock_gettime");
    CHECK(r->last[0].n_phases == 1 && r->last[0].n_facts == 2); /* load's and check's */
    CHECK(strstr(r->conditions, "RIDGE_LAYOUT_PAD") != NULL);
    CHECK(strstr(r->conditions, "RIDGE_TEST_SECRET") == NULL);
    record_free(r);
}
static void forks_are_bought_up_to_twice(void)
{
    struct record *r = record_new(BACKENDS("good", "fast"));
    struct ridge_error err = {0};
    r->plan.settings.forks = 2;
    r->plan.settings.width_ratio = -1;
    CHECK(run(r, &err) == RIDGE_OK);
    CHECK(r->n_begin == 4 && r->n_rounds == 12);
    CHECK_STR(r->stop_reason, "cap_forks");
    record_free(r);
}
/* A group that is expected to take nine times as long counts nine times as much. */
static void progress_goes_by_the_expected_time(void)
{
    struct record *r = record_new(BACKENDS("good", "fast"));
    struct ridge_plan *p = &r->plan;
    struct ridge_group *groups = ridge_arena_array(&p->arena, 2, sizeof *groups);
    groups[0] = groups[1] = p->groups[0];
    groups[1].id[0] = 'h';
    groups[0].expected_ns = 9e9;
    groups[1].expected_ns = 1e9;
    p->groups = groups;
    p->n_groups = 2;
    CHECK(run(r, NULL) == RIDGE_OK);
    CHECK(r->n_groups == 2);
    CHECK_NEAR(r->progress[0], 0.9 * 2 / 3, 0.001); /* said before the last of three rounds */
    CHECK_NEAR(r->progress[1], 0.9 + 0.1 * 2 / 3, 0.001);
    record_free(r);
}
static void resume_skips_a_stored_fork(void)
{
    struct record *r = record_new(BACKENDS("good", "fast"));
    struct ridge_error err = {0};
    r->plan.settings.forks = 2;
    r->skip_fork = 0;
    CHECK(run(r, &err) == RIDGE_OK);
    CHECK(r->n_begin == 1 && r->n_rounds == 3 && r->last[0].fork == 1);
    record_free(r);
}
static void the_order_is_seeded(void)
{
    size_t first[2][64];
    for (int i = 0; i < 2; i++) {
        struct record *r = record_new(BACKENDS("good", "fast"));
        r->plan.settings.max_rounds = 12;
        r->plan.settings.rounds = 12;
        CHECK(run(r, NULL) == RIDGE_OK);
        memcpy(first[i], r->first_order, sizeof first[i]);
        record_free(r);
    }
    CHECK(memcmp(first[0], first[1], sizeof first[0]) == 0);
    size_t sum = 0;
    for (int i = 0; i < 12; i++)
        sum += first[0][i];
    CHECK(sum > 0 && sum < 12);
}
static void a_crash_names_its_signal(void)
{
    struct ridge_process p = fault("crash", RIDGE_VERDICT_CRASHED, "signal 11", 0, 0);
    CHECK(p.term_signal == SIGSEGV);
    CHECK_STR(p.stderr_tail, "about to crash\n");
    (void)fault("late_crash", RIDGE_VERDICT_CRASHED, "signal 6", 0, 0);
}
static void a_hang_times_out(void)
{
    (void)fault("hang", RIDGE_VERDICT_TIMEOUT, "ended on SIGTERM", 500000000, 0);
    (void)fault("hang_term", RIDGE_VERDICT_TIMEOUT, "ignored SIGTERM", 500000000, 0);
}
static void broken_messages_fail(void)
{
    (void)fault("garbage", RIDGE_VERDICT_FAILED, "broken message: not a JSON object", 0, 0);
    (void)fault("lie_n", RIDGE_VERDICT_FAILED, "has 13 values, n says 14", 0, 0);
    (void)fault("lie_lead_in", RIDGE_VERDICT_FAILED, "n_lead_in", 0, 0);
    (void)fault("no_field", RIDGE_VERDICT_FAILED, "samples.fork: is missing", 0, 0);
    (void)fault("stale", RIDGE_VERDICT_FAILED, "broken message: samples of fork", 0, 0);
    (void)fault("twice", RIDGE_VERDICT_FAILED, "broken message", 0, 0);
    (void)fault("huge", RIDGE_VERDICT_FAILED, "a line longer than", 0, 0);
    (void)fault("close_out", RIDGE_VERDICT_FAILED, "closed its standard output", 0, 0);
}
static void early_ends_fail(void)
{
    (void)fault("exit0", RIDGE_VERDICT_FAILED, "exited with status 0 at go", 0, 0);
    (void)fault("error", RIDGE_VERDICT_UNSUPPORTED, "not today", 0, 0);
    (void)fault("unsupported", RIDGE_VERDICT_UNSUPPORTED, "weights=prepacked", 0, 0);
    (void)fault("wrong", RIDGE_VERDICT_WRONG, "element 3 is 7", 0, 0);
    (void)fault("kill9", RIDGE_VERDICT_CRASHED, "signal 9", 0, 0);
    (void)fault("kill9", RIDGE_VERDICT_OOM, "out of memory", 0, (int64_t)4 << 30);
}
static void memory_without_end_is_oom(void)
{
    (void)fault("oom", RIDGE_VERDICT_OOM, "out of memory at go", 0, (int64_t)1 << 30);
}
static void noise_costs_nothing(void)
{
    struct ridge_process p = fault("flood", RIDGE_VERDICT_OK, "", 0, 0);
    CHECK(strstr(p.stderr_tail, "end of flood") != NULL);
    (void)fault("chatty", RIDGE_VERDICT_OK, "", 0, 0);
}
static void an_escaped_grandchild_is_killed(void)
{
    char path[] = "/tmp/ridge-escape-XXXXXX", text[32];
    int fd = mkstemp(path);
    CHECK(fd >= 0);
    struct record *r = record_new(BACKENDS("good", "escape"));
    struct ridge_error err = {0};
    ridge_kvs_set(&r->plan.arena, &r->plan.arms[0].env, "ESCAPED", path);
    CHECK(run(r, &err) == RIDGE_OK);
    CHECK(strstr(r->last[1].reason, "exited with status 3") != NULL);
    CHECK(ridge_os_read_small(path, text, sizeof text));
    int64_t pid = 0;
    CHECK(ridge_text_int(text, &pid, NULL) == RIDGE_OK && pid > 1);
    CHECK(pid <= 1 || (kill((pid_t)pid, 0) == -1 && errno == ESRCH));
    record_free(r);
    close(fd);
    unlink(path);
}
static void a_worker_that_cannot_start_fails(void)
{
    struct record *r = record_new(BACKENDS("good", "other"));
    struct ridge_error err = {0};
    static const char *absent[] = {"/nonexistent/ridge-worker", NULL};
    struct ridge_arm arms[2] = {r->plan.arms[0], {.name = "absent", .program = absent}};
    r->plan.arms = arms;
    r->plan.n_arms = 2;
    r->plan.members[1].i_arm = 1;
    CHECK(run(r, &err) == RIDGE_OK);
    CHECK_STR(ridge_verdict_text(r->last[1].verdict), "failed");
    CHECK(strstr(r->last[1].reason, "No such file") != NULL);
    CHECK(r->last[0].verdict == RIDGE_VERDICT_OK && r->n_chunks[0] == 3);
    record_free(r);
}
static void an_unknown_target_stops_only_its_members(void)
{
    struct record *r = record_new(BACKENDS("good", "fast"));
    struct ridge_error err = {0};
    r->plan.cases[1].target = "board";
    CHECK(run(r, &err) == RIDGE_OK);
    CHECK(strstr(r->last[1].reason, "no target 'board'") != NULL);
    CHECK(r->n_chunks[0] == 3);
    record_free(r);
}
static void no_member_left_ends_the_group(void)
{
    struct record *r = record_new(BACKENDS("crash", "garbage"));
    struct ridge_error err = {0};
    r->plan.settings.forks = 3;
    CHECK(run(r, &err) == RIDGE_OK);
    CHECK_STR(r->stop_reason, "no_members");
    CHECK(r->n_begin == 1 && r->n_rounds == 0);
    record_free(r);
}
static void an_interrupt_keeps_finished_rounds(void)
{
    struct record *r = record_new(BACKENDS("good", "fast"));
    struct ridge_error err = {0};
    r->plan.settings.max_rounds = 50;
    r->interrupt_at_round = 2;
    CHECK(run(r, &err) == RIDGE_ERR_INTERRUPTED);
    CHECK(r->n_rounds == 2);
    CHECK_STR(ridge_verdict_text(r->last[0].verdict), "interrupted");
    CHECK_STR(ridge_verdict_text(r->last[1].verdict), "interrupted");
    CHECK_STR(r->stop_reason, "interrupted");
    record_free(r);
}
static struct record *alarmed;
static void press_twice(int signo)
{
    (void)signo;
    alarmed->interrupted = 2;
}
static void a_second_interrupt_kills_a_running_block(void)
{
    struct record *r = alarmed = record_new(BACKENDS("hang_term"));
    struct sigaction act = {.sa_handler = press_twice}, old;
    uint64_t begin_ns = ridge_os_now_ns();
    CHECK(sigaction(SIGALRM, &act, &old) == 0);
    (void)alarm(1);
    CHECK(run(r, NULL) == RIDGE_ERR_INTERRUPTED);
    CHECK(ridge_os_now_ns() - begin_ns < 10000000000u); /* its silence alone would last 20 s */
    CHECK_STR(ridge_verdict_text(r->last[0].verdict), "interrupted");
    CHECK_STR(r->stop_reason, "interrupted");
    CHECK(sigaction(SIGALRM, &old, NULL) == 0);
    record_free(r);
}
static void a_failing_sink_ends_the_run(void)
{
    struct record *r = record_new(BACKENDS("good", "fast"));
    struct ridge_error err = {0};
    r->fail_round = RIDGE_ERR_DB;
    CHECK(run(r, &err) == RIDGE_ERR_DB);
    CHECK_STR(err.text, "disk full");
    CHECK(r->n_rounds == 1);
    record_free(r);
}
/* Context switches of the harness while a block of 200 ms runs: asleep once, woken once per
 * message. */
static void the_harness_sleeps_through_a_block(void)
{
    struct rusage before, after;
    struct record *r = record_new(BACKENDS("slow"));
    r->plan.settings.max_rounds = 10;
    r->plan.settings.rounds = 10;
    CHECK(getrusage(RUSAGE_SELF, &before) == 0);
    CHECK(run(r, NULL) == RIDGE_OK);
    CHECK(getrusage(RUSAGE_SELF, &after) == 0);
    long with_blocks = after.ru_nvcsw - before.ru_nvcsw;
    CHECK(r->n_rounds == 10);
    record_free(r);
    r = record_new(BACKENDS("good"));
    r->plan.settings.max_rounds = 10;
    r->plan.settings.rounds = 10;
    CHECK(run(r, NULL) == RIDGE_OK);
    CHECK(getrusage(RUSAGE_SELF, &before) == 0);
    long without = before.ru_nvcsw - after.ru_nvcsw;
    CHECK(r->n_rounds == 10);
    record_free(r);
    printf("voluntary switches of 10 blocks: %ld asleep for 200 ms each, %ld of no length\n",
           with_blocks, without);
    CHECK(with_blocks <= without + 30); /* a wake-up every 10 ms would be 200 more */
}
static void describe_and_cost_ask_once(void)
{
    struct ridge_catalogue *c = NULL;
    struct ridge_arena arena = {0};
    struct ridge_msg_hello hello;
    struct ridge_error err = {0};
    CHECK(ridge_sched_describe(fake, &c, &hello, &arena, &err) == RIDGE_OK);
    CHECK(c != NULL && c->n_backends == 1);
    CHECK_STR(hello.host_class, "h");
    CHECK_STR(ridge_kvs_get(&hello.host, "cpu.model"), "x");
    if (c != NULL)
        ridge_catalogue_deinit(c);
    free(c);
    ridge_arena_deinit(&arena);
    struct record *r = record_new(BACKENDS("a", "b", "c"));
    CHECK(ridge_sched_cost(fake, &r->plan, &err) == RIDGE_OK);
    CHECK_NEAR(r->plan.cases[0].flop, 32, 0);
    CHECK_NEAR(r->plan.cases[1].flop, 16, 0);
    CHECK_NEAR(r->plan.cases[2].flop, 32, 0);
    record_free(r);
    static const char *const absent[] = {"/nonexistent", NULL};
    CHECK(ridge_sched_describe(absent, &c, &hello, &arena, &err) != RIDGE_OK);
    CHECK(strstr(err.text, "/nonexistent") != NULL);
}
RIDGE_TEST_MAIN(
    TEST_ROW(a_good_group_runs), TEST_ROW(forks_are_bought_up_to_twice),
    TEST_ROW(progress_goes_by_the_expected_time), TEST_ROW(resume_skips_a_stored_fork), TEST_ROW(the_order_is_seeded),
    TEST_ROW(a_crash_names_its_signal), TEST_ROW(a_hang_times_out), TEST_ROW(broken_messages_fail),
    TEST_ROW(early_ends_fail), TEST_ROW(memory_without_end_is_oom), TEST_ROW(noise_costs_nothing),
    TEST_ROW(an_escaped_grandchild_is_killed), TEST_ROW(a_worker_that_cannot_start_fails),
    TEST_ROW(an_unknown_target_stops_only_its_members), TEST_ROW(no_member_left_ends_the_group),
    TEST_ROW(an_interrupt_keeps_finished_rounds),
    TEST_ROW(a_second_interrupt_kills_a_running_block), TEST_ROW(a_failing_sink_ends_the_run),
    TEST_ROW(the_harness_sleeps_through_a_block), TEST_ROW(describe_and_cost_ask_once))
