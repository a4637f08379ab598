/* The scheduler against workers that misbehave (tests/fault/fake_worker.py): one bad worker costs
 * its case only, and nobody stays behind. */
#include "sched_fixture.h"
#include <sys/wait.h>

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
    CHECK(r->n_begin == 4 && r->n_rounds == 12 && r->n_fork_ends == 4);
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
/* The kernel hands pages on in the order of the starts: a fixed one would keep a side's luck through all forks. */
static void no_member_is_always_launched_first(void)
{
    struct record *r = record_new(BACKENDS("good", "fast"));
    r->plan.settings.forks = 12;
    r->plan.settings.max_rounds = r->plan.settings.rounds = 1;
    CHECK(run(r, NULL) == RIDGE_OK);
    CHECK(r->n_launched_first[0] + r->n_launched_first[1] == 12);
    CHECK(r->n_launched_first[0] > 0 && r->n_launched_first[1] > 0);
    record_free(r);
}
static void a_block_beside_a_neighbour_is_measured_again(void)
{
    struct record *r = record_new(BACKENDS("neighbour"));
    r->plan.settings.max_rounds = r->plan.settings.rounds = 6;
    CHECK(run(r, NULL) == RIDGE_OK);
    CHECK(r->n_rounds == 6 && r->n_repeats == 3 && r->n_disturbed == 0);
    CHECK(r->slowest_ns < 1100);
    record_free(r);
}
/* Who never leaves does not hold the run up: 10 repeats, and one more for every second block. */
static void a_neighbour_that_stays_is_told_and_borne(void)
{
    struct record *r = record_new(BACKENDS("lodger"));
    r->plan.settings.max_rounds = r->plan.settings.rounds = 40;
    CHECK(run(r, NULL) == RIDGE_OK);
    CHECK(r->n_rounds == 40 && r->n_disturbed == 37);
    CHECK(r->n_repeats >= 25 && r->n_repeats <= 32);
    record_free(r);
}
/* Its own blocks cannot tell such a run; what is known from before can. */
static void a_neighbour_from_the_start_is_known_from_before(void)
{
    const double known[] = {0, 2.5};
    for (int i = 0; i < 2; i++) {
        struct record *r = record_new(BACKENDS("tenant"));
        r->plan.settings.max_rounds = r->plan.settings.rounds = 6;
        r->usual_loads = known[i];
        CHECK(run(r, NULL) == RIDGE_OK);
        CHECK(r->n_rounds == 6 && r->n_disturbed == (i == 0 ? 0 : 6));
        double more_ns = r->slowest_ns - 1010; /* 10: it was told to wait; 5: and for which level */
        CHECK(i == 0 ? more_ns >= 0 && more_ns < 5 : more_ns >= 5 && more_ns < 10);
        record_free(r);
    }
}
static void bought_forks_may_go_without_yardsticks(void)
{
    struct record *r = record_new(BACKENDS("good", "fast", "good"));
    struct ridge_arm arms[2] = {r->plan.arms[0], r->plan.arms[0]};
    r->plan.arms = arms;
    r->plan.n_arms = 2;
    r->plan.settings.forks = 2;
    r->plan.settings.width_ratio = 1e9; /* no fork is bought for the width */
    r->plan.members[1].yardstick = "read";
    r->plan.members[2].yardstick = "aa"; /* the control comes along */
    r->plan.members[2].i_arm = 1;
    r->no_yardsticks = true;
    CHECK(run(r, NULL) == RIDGE_OK);
    CHECK(r->n_process[0] == 4 && r->n_process[1] == 0 && r->n_process[2] == 4); /* loaded and checked, in two forks */
    record_free(r);
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
    (void)fault("kill9", RIDGE_VERDICT_CRASHED, "signal 9", 0, (int64_t)4 << 30); /* a limit is no evidence */
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
static void describe_and_cost_ask_once(void)
{
    struct ridge_catalogue *c = NULL;
    own_lock();
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
    TEST_ROW(progress_goes_by_the_expected_time), TEST_ROW(resume_skips_a_stored_fork), TEST_ROW(the_order_is_seeded), TEST_ROW(no_member_is_always_launched_first),
    TEST_ROW(a_block_beside_a_neighbour_is_measured_again), TEST_ROW(a_neighbour_that_stays_is_told_and_borne),
    TEST_ROW(a_neighbour_from_the_start_is_known_from_before), TEST_ROW(bought_forks_may_go_without_yardsticks),
                             TEST_ROW(a_crash_names_its_signal), TEST_ROW(a_hang_times_out), TEST_ROW(broken_messages_fail),
    TEST_ROW(early_ends_fail), TEST_ROW(memory_without_end_is_oom), TEST_ROW(noise_costs_nothing),
    TEST_ROW(an_escaped_grandchild_is_killed), TEST_ROW(a_worker_that_cannot_start_fails),
    TEST_ROW(an_unknown_target_stops_only_its_members), TEST_ROW(no_member_left_ends_the_group),
    TEST_ROW(an_interrupt_keeps_finished_rounds),
    TEST_ROW(a_second_interrupt_kills_a_running_block), TEST_ROW(a_failing_sink_ends_the_run),
    TEST_ROW(describe_and_cost_ask_once))
