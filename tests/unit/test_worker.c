/* The worker's parts: stubs, adoption, options, sets, pool, memory, the timed loop with a fake runner. */
#include "worker_fixture.h"
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

static void missing_hooks_become_stubs(void)
{
    struct ridge_plugin p = {.name = "fake"};
    struct ridge_runner r = fake();
    struct ridge_error err = {0};
    CHECK(ridge_plugin_adopt(&p, &r));
    CHECK(!p.has_submit && !p.has_output_dims);
    CHECK(p.runner.submit(NULL, 0, 0, &err) == RIDGE_ERR_UNSUPPORTED && err.text[0] != '\0');
    CHECK(p.runner.reap(NULL, 0, NULL, 0) == 0);
    CHECK(p.runner.facts(NULL, NULL, 0) == 0);
    CHECK_STR(p.runner.algorithm(NULL), "");
    plugin_free(&p);
}
static void bad_plugins_are_refused_in_words(void)
{
    struct ridge_plugin p = {.name = "fake"};
    struct ridge_runner r = fake();
    r.abi_version = 9;
    CHECK(!ridge_plugin_adopt(&p, &r) && strstr(p.reason, "version 9") != NULL);
    r = fake();
    r.struct_size = 8;
    CHECK(!ridge_plugin_adopt(&p, &r) && strstr(p.reason, "too small") != NULL);
    r = fake();
    r.bind = NULL;
    CHECK(!ridge_plugin_adopt(&p, &r) && strstr(p.reason, "bind") != NULL);
    CHECK(!ridge_plugin_adopt(&p, NULL));
}
static void unknown_options_are_unsupported(void)
{
    static const struct ridge_operator op = {.name = "nothing", .shape_size = 8};
    struct ridge_plugin plugin = {.name = "fake"};
    struct ridge_runner r = fake();
    struct ridge_error err = {0};
    CHECK(ridge_plugin_adopt(&plugin, &r));
    struct ridge_worker_case c = {.plugin = &plugin, .runner = &plugin.runner, .op = &op};
    struct ridge_msg_load m = {.op = "nothing"};
    ridge_kvs_set(&c.arena, &m.options, "weights", "prepacked");
    CHECK(ridge_case_parse(&c, &m, &err) == RIDGE_ERR_UNSUPPORTED);
    CHECK_STR(err.text, "this worker does not know weights=prepacked");
    ridge_arena_deinit(&c.arena);
    plugin_free(&plugin);
}
static void cold_sets_exceed_the_cache(void)
{
    struct ridge_worker_case c = {.set_bytes = 1000};
    CHECK(ridge_case_count_sets(&c, 100000, 1 << 30) == 1);
    c.options.cache = 1;
    CHECK(ridge_case_count_sets(&c, 100000, 1 << 30) == 200);
    CHECK(ridge_case_count_sets(&c, 100000, 50000) == 50);
    CHECK(ridge_case_count_sets(&c, 100000, 10) == 2);
    c.max_in_flight = 300;
    CHECK(ridge_case_count_sets(&c, 100000, 1 << 30) == 300);
}
static void memory_is_aligned_zeroed_and_shifted(void)
{
    struct ridge_services s;
    ridge_services_init(&s);
    size_t page_bytes = 0;
    char *a = ridge_memory_alloc(&s.memory, 100, 4096, 128, &page_bytes);
    CHECK(a != NULL && (uintptr_t)a % 4096 == 128 && a[99] == 0 && page_bytes > 0);
    CHECK(s.memory.largest_bytes == 100 && s.memory.page_bytes == page_bytes);
    char *b = s.host.alloc(s.host.self, (size_t)4 << 20, 64, &page_bytes);
    CHECK(s.memory.largest_bytes == (size_t)4 << 20 && s.memory.page_bytes == page_bytes);
    CHECK(b != NULL && (uintptr_t)b % 64 == 0);
    CHECK(s.host.alloc(s.host.self, SIZE_MAX / 2, 64, NULL) == NULL);
    s.host.free_(s.host.self, a);
    ridge_services_deinit(&s);
}
static void count_task(void *ctx, size_t i_task, int i_thread)
{
    (void)i_thread;
    atomic_fetch_add((atomic_size_t *)ctx, i_task + 1);
}
static void the_pool_runs_every_task_once(void)
{
    struct ridge_pool *pool = NULL;
    CHECK(ridge_pool_new(&pool, 3, NULL, NULL) == RIDGE_OK);
    static const size_t sizes[] = {0, 1, 2, 3, 100};
    for (int round = 0; round < 200; round++)
        for (size_t i = 0; i < 5; i++) {
            atomic_size_t sum = 0;
            ridge_pool_run(pool, sizes[i], count_task, &sum);
            CHECK(sum == sizes[i] * (sizes[i] + 1) / 2);
        }
    ridge_pool_free(pool);
}
static void a_block_counts_lead_in_and_samples(void)
{
    struct ridge_plugin plugin = {.name = "fake"};
    struct ridge_runner r = fake();
    struct ridge_chunk chunk = {0};
    CHECK(ridge_plugin_adopt(&plugin, &r));
    struct ridge_worker_case c = {.plugin = &plugin, .runner = &plugin.runner, .n_sets = 3, .inner_reps = 4};
    ridge_clock_calibrate(&c.clock);
    struct ridge_block_limits limits = {.block_ns = 1000000000, .lead_in_ns = 0, .lead_in_runs = 10, .max_samples = 20};
    n_runs = 0;
    CHECK(ridge_case_time_single(&c, &limits, &chunk, NULL) == RIDGE_OK);
    CHECK(chunk.n_lead_in == 3 && chunk.n == 23 && n_runs == 92);
    const int64_t *start = ridge_chunk_column(&chunk, "start_ns")->data;
    CHECK(start[0] == 0 && start[22] >= start[21]);
    ridge_chunk_deinit(&chunk);
    chunk = (struct ridge_chunk){0};
    struct ridge_error err = {0};
    n_runs = 999990;
    CHECK(ridge_case_time_single(&c, &limits, &chunk, &err) == RIDGE_ERR_INTERNAL);
    CHECK_STR(err.text, "a million");
    ridge_chunk_deinit(&chunk);
    plugin_free(&plugin);
}

static enum ridge_status good_probe(const struct ridge_host *h, const struct ridge_open_args *a, struct ridge_probe *o)
{
    (void)h;
    o->usable = true;
    (void)snprintf(o->version, sizeof o->version, "v%s", a->variant);
    return RIDGE_OK;
}
static enum ridge_status crash_probe(const struct ridge_host *h, const struct ridge_open_args *a, struct ridge_probe *o)
{
    (void)h, (void)a, (void)o;
    (void)signal(SIGILL, SIG_DFL);
    (void)raise(SIGILL);
    return RIDGE_OK;
}
static enum ridge_status hang_probe(const struct ridge_host *h, const struct ridge_open_args *a, struct ridge_probe *o)
{
    (void)h, (void)a, (void)o;
    ridge_os_sleep_ns(UINT64_C(60000000000));
    return RIDGE_OK;
}
static enum ridge_status exit_probe(const struct ridge_host *h, const struct ridge_open_args *a, struct ridge_probe *o)
{
    (void)h, (void)a, (void)o;
    _exit(0);
    return RIDGE_OK;
}
static void a_bad_probe_costs_its_plugin_only(void)
{
    static const char *const variants[] = {"x", "y", NULL};
    const struct {
        enum ridge_status (*probe)(const struct ridge_host *, const struct ridge_open_args *, struct ridge_probe *);
        const char *reason;
    } rows[] = {{good_probe, NULL}, {crash_probe, "its probe crashed (signal 4)"},
                {hang_probe, "its probe did not end in 0.2 s"}, {exit_probe, "its probe ended the process"}};
    struct ridge_services s;
    ridge_services_init(&s);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ridge_arena a = {0};
        struct ridge_plugin p = {.name = "fake", .is_opened = true};
        struct ridge_runner r = fake();
        struct ridge_probe *answers = NULL;
        size_t n = 0;
        r.probe = rows[i].probe;
        r.variants = variants;
        CHECK(ridge_plugin_adopt(&p, &r));
        bool ok = ridge_plugin_probe(&p, &s.host, 200000000, &a, &answers, &n);
        CHECK(ok == (rows[i].reason == NULL) && ok == p.is_usable);
        if (ok)
            CHECK_STR(n == 3 ? answers[2].version : "", "vy");
        else
            CHECK(strstr(p.reason, rows[i].reason) != NULL);
        plugin_free(&p);
        ridge_arena_deinit(&a);
    }
    ridge_services_deinit(&s);
}

static atomic_bool team_is_over;
static void *team_main(void *arg)
{
    (void)arg;
    while (!team_is_over)
        (void)usleep(1000);
    return NULL;
}
static void threads_of_a_library_are_pinned(void)
{
    int cpus[2];
    char text[128] = "";
    struct ridge_services s;
    if (ridge_host_pick_cpus(cpus, 2) < 2)
        return;
    const int64_t wanted[] = {cpus[0], cpus[1]};
    pthread_t team;
    cpu_set_t set, old;
    CHECK(sched_getaffinity(0, sizeof old, &old) == 0);
    ridge_services_init(&s);
    CHECK(ridge_services_start(&s, 2, wanted, 2, NULL) == RIDGE_OK);
    ridge_services_say_pinning(&s, text, sizeof text);
    CHECK_STR(text, "yes");
    CPU_ZERO(&set);
    CPU_SET((size_t)cpus[0], &set);
    CPU_SET((size_t)cpus[1], &set);
    CHECK(sched_setaffinity(0, sizeof set, &set) == 0); /* as the kernel runner does for libraries */
    CHECK(pthread_create(&team, NULL, team_main, NULL) == 0);
    ridge_services_say_pinning(&s, text, sizeof text);
    CHECK_STR(text, "no: 2 of 3 threads may run on any of 2 CPUs");
    ridge_services_pin_threads(&s);
    ridge_services_say_pinning(&s, text, sizeof text);
    CHECK_STR(text, "yes");
    CHECK(pthread_getaffinity_np(team, sizeof set, &set) == 0 && CPU_COUNT(&set) == 1 && CPU_ISSET((size_t)cpus[1], &set));
    CHECK(sched_getaffinity(0, sizeof set, &set) == 0 && CPU_ISSET((size_t)cpus[0], &set));
    team_is_over = true;
    CHECK(pthread_join(team, NULL) == 0);
    CHECK(sched_setaffinity(0, sizeof old, &old) == 0);
    ridge_services_deinit(&s);
}
RIDGE_TEST_MAIN(TEST_ROW(missing_hooks_become_stubs), TEST_ROW(bad_plugins_are_refused_in_words),
                TEST_ROW(unknown_options_are_unsupported),
                TEST_ROW(cold_sets_exceed_the_cache), TEST_ROW(memory_is_aligned_zeroed_and_shifted),
                TEST_ROW(the_pool_runs_every_task_once), TEST_ROW(a_block_counts_lead_in_and_samples),
                TEST_ROW(a_bad_probe_costs_its_plugin_only), TEST_ROW(threads_of_a_library_are_pinned))
