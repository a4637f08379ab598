/* Whose time it is: sleep through blocks, deadlines that know them, the machine's lock, rounds that nobody needs. */
#include "sched_fixture.h"
#include <sys/wait.h>

/* Voluntary context switches of this process per round: asleep once, woken once, however long the block lasts. */
static long switches_per_block(int64_t block_ns, int n_blocks)
{
    static const char *const worker[] = {RIDGE_BINARY_DIR "/ridge-worker", NULL};
    struct record *r = record_new(BACKENDS("null"));
    struct ridge_error err = {0};
    struct ridge_case *c = &r->plan.cases[0];
    r->program = worker;
    c->op = "null";
    c->subject = "null:latency=50ms";
    c->shape = (struct ridge_kvs){0};
    ridge_kvs_set(&r->plan.arena, &c->shape, "latency", block_ns > 50000000 ? "50 ms" : "100 us");
    r->plan.settings.rounds = r->plan.settings.max_rounds = n_blocks + 1;
    r->plan.settings.block_ns = block_ns;
    CHECK(run(r, &err) == RIDGE_OK);
    CHECK_STR(err.text, "");
    CHECK_STR(r->last[0].reason, "");
    CHECK(r->n_rounds == n_blocks + 1);
    long most = 0; /* the first round follows the load */
    for (int i = 1; i <= n_blocks && r->n_rounds == n_blocks + 1; i++) {
        long n = r->n_switches[i] - r->n_switches[i - 1];
        most = n > most ? n : most;
    }
    record_free(r);
    return most;
}
static void the_harness_sleeps_through_a_block(void)
{
    if (!ridge_os_exists(RIDGE_BINARY_DIR "/ridge-worker"))
        return;
    long with_block = switches_per_block(1000000000, 3), without = switches_per_block(1, 3);
    printf("most voluntary switches in a round: %ld with blocks of 1 s, %ld of no length\n", with_block, without);
    CHECK(with_block <= without + 1);
}
static void a_long_block_is_no_silence(void)
{
    struct record *r = record_new(BACKENDS("whole_block"));
    struct ridge_error err = {0};
    r->plan.settings.block_ns = 1500000000;
    r->plan.settings.silence_timeout_ns = 700000000;
    r->plan.settings.rounds = r->plan.settings.max_rounds = 1;
    CHECK(run(r, &err) == RIDGE_OK);
    CHECK_STR(r->last[0].reason, "");
    CHECK(r->n_rounds == 1);
    record_free(r);
    r = record_new(BACKENDS("slow_warmup"));
    r->plan.settings.warmup_ns = 1500000000;
    r->plan.settings.load_timeout_ns = 700000000;
    CHECK(run(r, &err) == RIDGE_OK);
    CHECK_STR(r->last[0].reason, "");
    CHECK(r->n_rounds == 3);
    record_free(r);
}
static void a_noisy_yardstick_buys_no_rounds(void)
{
    struct record *r = record_new(BACKENDS("good", "fast", "noisy"));
    struct ridge_error err = {0};
    r->plan.members[2].yardstick = "copy";
    r->plan.settings.rounds = 5;
    r->plan.settings.max_rounds = 20;
    r->plan.settings.width_ratio = 0.01;
    CHECK(run(r, &err) == RIDGE_OK);
    CHECK_STR(r->stop_reason, "width");
    CHECK(r->n_rounds == 5 && r->n_chunks[2] == 5);
    record_free(r);
}
/* Somebody else has the machine for a while. */
static pid_t hold_lock(uint64_t ns)
{
    int ready[2];
    char byte;
    CHECK(pipe(ready) == 0);
    pid_t other = fork();
    if (other == 0) {
        int fd;
        struct ridge_error err = {0};
        if (ridge_host_lock(&fd, NULL, NULL, &err) == RIDGE_OK && write(ready[1], "x", 1) == 1)
            ridge_os_sleep_ns(ns);
        _exit(0);
    }
    CHECK(read(ready[0], &byte, 1) == 1);
    close(ready[0]);
    close(ready[1]);
    return other;
}
static void waiting_for_the_machine_is_not_our_time(void)
{
    struct record *r = record_new(BACKENDS("good"));
    struct ridge_error err = {0};
    r->plan.settings.forks = 2;
    r->plan.settings.width_ratio = 1;
    r->plan.settings.max_group_ns = 6000000000;
    pid_t other = hold_lock(7000000000);
    CHECK(run(r, &err) == RIDGE_OK);
    CHECK(waitpid(other, NULL, 0) == other);
    CHECK(r->n_begin == 2);
    CHECK_STR(r->stop_reason, "width");
    record_free(r);
}
static void describe_waits_for_its_turn(void)
{
    struct ridge_catalogue *c = NULL;
    struct ridge_arena arena = {0};
    struct ridge_error err = {0};
    own_lock();
    uint64_t begin_ns = ridge_os_now_ns();
    pid_t other = hold_lock(1500000000);
    CHECK(ridge_sched_describe(fake, &c, NULL, &arena, &err) == RIDGE_OK);
    CHECK(ridge_os_now_ns() - begin_ns >= 1500000000);
    CHECK(waitpid(other, NULL, 0) == other);
    if (c != NULL)
        ridge_catalogue_deinit(c);
    free(c);
    ridge_arena_deinit(&arena);
}
RIDGE_TEST_MAIN(TEST_ROW(the_harness_sleeps_through_a_block), TEST_ROW(a_long_block_is_no_silence),
                TEST_ROW(a_noisy_yardstick_buys_no_rounds), TEST_ROW(waiting_for_the_machine_is_not_our_time),
                TEST_ROW(describe_waits_for_its_turn))
