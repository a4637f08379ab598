/* The worker's parts: stubs, adoption, options, sets, pool, memory, the timed loop with a fake runner. */
#include "ridge_test.h"
#include "worker/case.h"
#include <stdatomic.h>

static size_t n_runs;
static enum ridge_status fake_probe(const struct ridge_host *h, const struct ridge_open_args *a, struct ridge_probe *o)
{
    (void)h, (void)a, (void)o;
    return RIDGE_OK;
}
static enum ridge_status fake_open(const struct ridge_host *h, const struct ridge_open_args *a, void **self, struct ridge_error *e)
{
    (void)h, (void)a, (void)self, (void)e;
    return RIDGE_OK;
}
static void fake_end(void *self)
{
    (void)self;
}
static enum ridge_status fake_load(void *self, const struct ridge_problem *p, struct ridge_error *e)
{
    (void)self, (void)p, (void)e;
    return RIDGE_OK;
}
static enum ridge_status fake_bind(void *self, size_t i, const struct ridge_tensor *in, const struct ridge_tensor *out,
                                   struct ridge_error *e)
{
    (void)self, (void)i, (void)in, (void)out, (void)e;
    return RIDGE_OK;
}
static enum ridge_status fake_run(void *self, size_t i_set, struct ridge_error *e)
{
    (void)self;
    CHECK(i_set < 3);
    return ++n_runs == 1000000 ? ridge_fail(e, RIDGE_ERR_INTERNAL, "fake", "a million") : RIDGE_OK;
}
static const struct ridge_operator *const no_operators[] = {NULL};
static struct ridge_runner fake(void)
{
    return (struct ridge_runner){.abi_version = RIDGE_ABI_VERSION, .struct_size = sizeof(struct ridge_runner),
                                 .name = "fake", .operators = no_operators, .probe = fake_probe, .open = fake_open,
                                 .close = fake_end, .load = fake_load, .unload = fake_end, .bind = fake_bind,
                                 .run = fake_run};
}
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
    char *b = s.host.alloc(s.host.self, (size_t)4 << 20, 64, &page_bytes);
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
}
RIDGE_TEST_MAIN(TEST_ROW(missing_hooks_become_stubs), TEST_ROW(bad_plugins_are_refused_in_words),
                TEST_ROW(unknown_options_are_unsupported),
                TEST_ROW(cold_sets_exceed_the_cache), TEST_ROW(memory_is_aligned_zeroed_and_shifted),
                TEST_ROW(the_pool_runs_every_task_once), TEST_ROW(a_block_counts_lead_in_and_samples))
