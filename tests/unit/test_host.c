#include "ridge_test.h"

#include "base/os.h"
#include "host/host.h"
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static void fingerprint_is_complete(void)
{
    static const char *const keys[] = {"cpu.model",
                                       "cpu.microcode",
                                       "isa",
                                       "cache.l1d_bytes",
                                       "cache.l2_bytes",
                                       "cache.l3_bytes",
                                       "topology.cores",
                                       "topology.pus",
                                       "topology.numa",
                                       "memory_bytes",
                                       "kernel",
                                       "governor",
                                       "turbo",
                                       "smt",
                                       "virtual",
                                       "cgroup.cpu_max",
                                       "cgroup.memory_max",
                                       "thp",
                                       "hugepages",
                                       "aslr",
                                       "clocksource",
                                       "tsc",
                                       "perf_event_paranoid",
                                       "boot_id",
                                       "hostname",
                                       "compiler",
                                       "flags",
                                       "microcode"};
    struct ridge_arena a = {0};
    struct ridge_kvs f = ridge_host_fingerprint(&a);
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        const char *v = ridge_kvs_get(&f, keys[i]);
        CHECK(v != NULL && *v != '\0' && strcmp(v, "0 B") != 0);
    }
    CHECK(strncmp(ridge_kvs_get(&f, "compiler"), "unknown", 7) != 0);
    const char *host_class = ridge_host_class(&a, &f);
    struct ridge_kvs again = ridge_host_fingerprint(&a);
    CHECK_STR(ridge_host_class(&a, &again), host_class);
    ridge_kvs_set(&a, &again, "hostname", "other"); /* not part of the class */
    CHECK_STR(ridge_host_class(&a, &again), host_class);
    ridge_kvs_set(&a, &again, "cpu.model", "other");
    CHECK(strcmp(ridge_host_class(&a, &again), host_class) != 0);
    CHECK(strstr(ridge_host_topology_text(&a), "PU") != NULL);
    ridge_arena_deinit(&a);
}

static void picks_and_pins_allowed_cpus(void)
{
    int cpus[64];
    cpu_set_t old, now;
    CHECK(sched_getaffinity(0, sizeof old, &old) == 0);
    int n = ridge_host_pick_cpus(cpus, 64);
    CHECK(n > 0 && n <= CPU_COUNT(&old));
    for (int i = 0; i < n; i++)
        for (int k = 0; k < i; k++)
            CHECK(cpus[i] != cpus[k]);
    CHECK(ridge_host_pin_self(&cpus[n - 1], 1, NULL) == RIDGE_OK);
    CHECK(sched_getaffinity(0, sizeof now, &now) == 0);
    CHECK(CPU_COUNT(&now) == 1 && CPU_ISSET((size_t)cpus[n - 1], &now));
    int only;
    CHECK(ridge_host_pick_cpus(&only, 1) == 1 && only == cpus[n - 1]);
    struct ridge_clock c;
    uint32_t cpu = 9999;
    ridge_clock_calibrate(&c);
    (void)ridge_clock_stop(&c, &cpu);
    CHECK((int)cpu == only);
    CHECK(sched_setaffinity(0, sizeof old, &old) == 0);
    int bad = -1;
    CHECK(ridge_host_pin_self(&bad, 1, NULL) == RIDGE_ERR_CONFIG);
    bad = 65000;
    CHECK(ridge_host_pin_self(&bad, 1, NULL) == RIDGE_ERR_UNSUPPORTED);
}

static void clock_agrees_with_the_system(void)
{
    struct ridge_clock c;
    ridge_clock_calibrate(&c);
    CHECK(c.cost_ns > 0 && c.cost_ns < 100000 && c.resolution_ns > 0 && c.why != NULL);
    uint32_t cpu;
    uint64_t t0 = ridge_os_now_ns(), begin = ridge_clock_start(&c);
    ridge_os_sleep_ns(50000000);
    uint64_t end = ridge_clock_stop(&c, &cpu), t1 = ridge_os_now_ns();
    double got = ridge_clock_ns(&c, end - begin), want = (double)(t1 - t0);
    CHECK(got <= want * 1.01 &&
          got > 49e6); /* the outer pair may be preempted, so only one side is tight */
}

static void canary_and_counters(void)
{
    double hz = ridge_host_canary_hz(2000000);
    CHECK(hz > 1e7 && hz < 2e10);
    double loads = ridge_host_loads_per_step();
    CHECK(loads > 0.01 && loads < 16);
    int cpus[64];
    int n = ridge_host_pick_cpus(cpus, 64);
    struct ridge_host_counters a, b;
    ridge_host_read_counters(cpus, n, &a);
    uint64_t until = ridge_os_now_ns() + 50000000;
    while (ridge_os_now_ns() < until)
        ;
    ridge_host_read_counters(cpus, n, &b);
    CHECK(b.steal_ns >= a.steal_ns && b.wait_ns >= a.wait_ns && a.n_threads == 1);
    CHECK(b.n_voluntary >= a.n_voluntary && b.n_involuntary >= a.n_involuntary);
    int none = 99999;
    ridge_host_read_counters(&none, 1, &a);
    CHECK(a.steal_ns == -1); /* absent is not 0 */
}

static int n_waiting;
static void count_waiting(void *ctx)
{
    (void)ctx;
    n_waiting++;
}
static void on_alarm(int signo)
{
    (void)signo;
}

/* exit code 7: had it after waiting */
static _Noreturn void second_run(void)
{
    int fd;
    bool had = ridge_host_lock(&fd, count_waiting, NULL, NULL) == RIDGE_OK;
    _exit(had ? 6 + n_waiting : 1);
}

static void second_run_waits_its_turn(void)
{
    char path[] = "/tmp/ridge-lock-test-XXXXXX";
    int tmp = mkstemp(path);
    CHECK(tmp >= 0);
    close(tmp);
    unlink(path); /* the lock makes it, open to all */
    setenv("RIDGE_LOCK_FILE", path, 1);
    int fd, status = 0, other;
    n_waiting = 0;
    CHECK(ridge_host_lock(&fd, count_waiting, NULL, NULL) == RIDGE_OK && n_waiting == 0);
    pid_t child = fork();
    if (child == 0) {
        close(fd); /* ours, inherited */
        second_run();
    }
    ridge_os_sleep_ns(100000000);
    CHECK(waitpid(child, &status, WNOHANG) == 0);
    ridge_host_unlock(fd);
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 7);

    /* Ctrl-C while waiting */
    CHECK(ridge_host_lock(&fd, NULL, NULL, NULL) == RIDGE_OK);
    child = fork();
    if (child == 0) {
        struct sigaction sa = {.sa_handler = on_alarm};
        sigaction(SIGALRM, &sa, NULL);
        ualarm(100000, 100000);
        _exit(ridge_host_lock(&other, NULL, NULL, NULL) == RIDGE_ERR_INTERRUPTED ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    ridge_host_unlock(fd);
    unlink(path);
    setenv("RIDGE_LOCK_FILE", "/no/such/folder/lock", 1);
    struct ridge_error err = {0};
    CHECK(ridge_host_lock(&fd, NULL, NULL, &err) == RIDGE_ERR_IO &&
          strstr(err.text, "RIDGE_LOCK_FILE") != NULL);
    unsetenv("RIDGE_LOCK_FILE");
}

static void abilities_have_reasons(void)
{
    struct ridge_arena a = {0};
    struct ridge_ability rows[32];
    size_t n = ridge_host_abilities(&a, rows, 32);
    CHECK(n >= 8);
    for (size_t i = 0; i < n; i++) {
        CHECK(rows[i].what != NULL && rows[i].reason != NULL && rows[i].reason[0] != '\0');
        printf("    %-28s %-3s %s\n", rows[i].what, rows[i].usable ? "yes" : "no", rows[i].reason);
    }
    CHECK(ridge_host_abilities(&a, rows, 2) == 2);
    ridge_arena_deinit(&a);
}

RIDGE_TEST_MAIN(TEST_ROW(fingerprint_is_complete), TEST_ROW(picks_and_pins_allowed_cpus),
                TEST_ROW(clock_agrees_with_the_system), TEST_ROW(canary_and_counters),
                TEST_ROW(second_run_waits_its_turn), TEST_ROW(abilities_have_reasons))
