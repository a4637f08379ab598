/* A case from its warm-up to its check, on runners that misbehave: repetitions, disturbance, poison, requests. */
#include "worker_fixture.h"
#include <math.h>

/* A runner whose runs last what the test says: the first one and the later ones. */
static uint64_t first_ns, later_ns;
static enum ridge_status timed_run(void *self, size_t i_set, struct ridge_error *e)
{
    (void)self, (void)i_set, (void)e;
    uint64_t ns = n_runs++ == 0 ? first_ns : later_ns;
    if (ns > 0)
        ridge_os_sleep_ns(ns);
    return RIDGE_OK;
}
static struct ridge_worker_case warm_up(struct ridge_plugin *plugin, uint64_t first, uint64_t later, int64_t max_ns)
{
    struct ridge_runner r = fake();
    r.run = timed_run;
    CHECK(ridge_plugin_adopt(plugin, &r));
    struct ridge_worker_case c = {.plugin = plugin, .runner = &plugin->runner, .n_sets = 1};
    ridge_clock_calibrate(&c.clock);
    n_runs = 0;
    first_ns = first;
    later_ns = later;
    CHECK(ridge_case_warm_up(&c, max_ns, NULL) == RIDGE_OK);
    plugin_free(plugin);
    return c;
}
static void a_slow_first_run_does_not_fix_the_repetitions(void)
{
    struct ridge_plugin plugin = {.name = "fake"};
    struct ridge_worker_case c = warm_up(&plugin, 5000000, 0, 100000000);
    CHECK(c.inner_reps > 1);
}
static void long_runs_can_be_warm(void)
{
    struct ridge_plugin plugin = {.name = "fake"};
    const char *warm = "";
    for (int i = 0; i < 10 && strcmp(warm, "warm") != 0; i++) { /* others may use this CPU */
        plugin = (struct ridge_plugin){.name = "fake"};
        warm = warm_up(&plugin, 60000000, 60000000, 350000000).warm;
    }
    CHECK_STR(warm, "warm");
    plugin = (struct ridge_plugin){.name = "fake"};
    CHECK_STR(warm_up(&plugin, 20000000, 20000000, 30000000).warm, "too_few_runs");
}
static void a_disturbed_block_is_told_by_its_surroundings(void)
{
    static const struct { struct ridge_chunk b; double usual_hz; bool is_disturbed; } rows[] = {
        {{.cpu_time_ns = 2000000, .foreign_ns = 0, .canary_hz = 3e9}, 3e9, false},
        {{.cpu_time_ns = 2000000, .foreign_ns = -1, .steal_ns = -1, .canary_hz = -1}, -1, false},
        {{.cpu_time_ns = 2000000, .foreign_ns = 0, .steal_ns = 10000000, .canary_hz = 3e9}, 3e9, true},
        {{.cpu_time_ns = 2000000, .foreign_ns = 9999, .canary_hz = 3e9}, 3e9, false},
        {{.cpu_time_ns = 2000000, .foreign_ns = 10001, .canary_hz = 3e9}, 3e9, true},
        {{.cpu_time_ns = 2000000, .foreign_ns = 0, .canary_hz = 2.9e9}, 3e9, true},
        {{.cpu_time_ns = 2000000, .foreign_ns = 0, .canary_hz = 2.9e9}, -1, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK(ridge_case_is_disturbed(&rows[i].b, rows[i].usual_hz, 2) == rows[i].is_disturbed);
}

/* An operator of four floats and four integers that are all 3. */
static float floats[RIDGE_WORKER_MAX_FLIGHT][4];
static int32_t integers[RIDGE_WORKER_MAX_FLIGHT][4];
static enum { HONEST, READS_OUTPUT, LIES } manner;
static enum ridge_status threes_run(void *self, size_t i_set, struct ridge_error *e)
{
    (void)self, (void)e;
    for (int i = 0; i < 4; i++) {
        floats[i_set][i] = manner == LIES ? 4 : 3 + (manner == READS_OUTPUT ? 0 * floats[i_set][i] : 0);
        integers[i_set][i] = 3;
    }
    return RIDGE_OK;
}
static enum ridge_status threes_cost(const void *shape, struct ridge_cost *out, struct ridge_error *e)
{
    (void)shape, (void)e;
    *out = (struct ridge_cost){0};
    return RIDGE_OK;
}
static enum ridge_status threes_tensor(const void *shape, size_t i, struct ridge_tensor *out, struct ridge_error *e)
{
    (void)shape, (void)e;
    *out = (struct ridge_tensor){.name = "t", .dtype = i == 0 ? RIDGE_F32 : RIDGE_I32, .rank = 1, .dims = {4}, .n_bytes = 16};
    return RIDGE_OK;
}
static enum ridge_status threes_check(const void *shape, const struct ridge_tensor *in, const struct ridge_tensor *out,
                                      uint64_t seed, const char *algorithm, struct ridge_check *result, struct ridge_error *e)
{
    (void)shape, (void)in, (void)seed, (void)algorithm, (void)e;
    result->n_checked = 8;
    for (int i = 0; i < 4; i++)
        if (!(((const float *)out[0].data)[i] == 3 && ((const int32_t *)out[1].data)[i] == 3)) {
            (void)snprintf(result->text, sizeof result->text, "element %d is not 3", i);
            return RIDGE_ERR_WRONG;
        }
    return RIDGE_OK;
}
static const struct ridge_operator threes = {.abi_version = RIDGE_ABI_VERSION, .struct_size = sizeof(struct ridge_operator),
                                             .name = "threes", .cost = threes_cost, .n_outputs = 2,
                                             .tensor = threes_tensor, .check = threes_check};
static const struct ridge_operator *const threes_operators[] = {&threes, NULL};

static void threes_case(struct ridge_worker_case *c, struct ridge_plugin *plugin, const struct ridge_runner *r, size_t n_sets)
{
    *plugin = (struct ridge_plugin){.name = "fake"};
    CHECK(ridge_plugin_adopt(plugin, r));
    *c = (struct ridge_worker_case){.plugin = plugin, .runner = &plugin->runner, .op = plugin->runner.operators[0],
                                    .n_sets = n_sets, .inner_reps = 1, .max_in_flight = n_sets};
    c->sets = calloc(n_sets, sizeof *c->sets);
    for (size_t i = 0; i < n_sets; i++)
        for (size_t j = 0; j < 2; j++) {
            CHECK(threes_tensor(NULL, j, &c->sets[i].out[j], NULL) == RIDGE_OK);
            c->sets[i].out[j].data = j == 0 ? (void *)floats[i] : (void *)integers[i];
        }
    manner = HONEST;
}
static void case_free(struct ridge_worker_case *c, struct ridge_plugin *plugin)
{
    free(c->sets);
    plugin_free(plugin);
    ridge_arena_deinit(&c->arena);
}
static const char *verdict_of_check(struct ridge_worker_case *c)
{
    struct ridge_msg_loaded out;
    ridge_case_check(c, &out);
    return ridge_verdict_text(out.verdict);
}
static void poison_is_seen_by_a_kernel_that_reads_its_output(void)
{
    struct ridge_runner r = fake();
    struct ridge_plugin plugin;
    struct ridge_worker_case c;
    r.operators = threes_operators;
    r.run = threes_run;
    threes_case(&c, &plugin, &r, 1);
    CHECK_STR(verdict_of_check(&c), "ok");
    CHECK(ridge_case_poison(&c, 0, NULL) == RIDGE_OK);
    CHECK(isnan(floats[0][3]) && integers[0][3] == 0x7f7f7f7f);
    manner = READS_OUTPUT;
    CHECK_STR(verdict_of_check(&c), "wrong");
    case_free(&c, &plugin);
}
static void the_check_looks_at_what_a_block_wrote(void)
{
    struct ridge_runner r = fake();
    struct ridge_plugin plugin;
    struct ridge_worker_case c;
    r.operators = threes_operators;
    r.run = threes_run;
    threes_case(&c, &plugin, &r, 3);
    manner = LIES;
    for (int i = 0; i < 5; i++)
        CHECK(ridge_case_run(&c, NULL) == RIDGE_OK);
    manner = HONEST; /* when it is looked at */
    CHECK_STR(verdict_of_check(&c), "wrong");
    for (int i = 0; i < 3; i++)
        CHECK(ridge_case_run(&c, NULL) == RIDGE_OK);
    CHECK_STR(verdict_of_check(&c), "ok");
    case_free(&c, &plugin);
}

/* A server that does one request after the other when it is asked for results. */
static struct { uint64_t tickets[RIDGE_WORKER_MAX_FLIGHT]; size_t n, n_served, twice_at, lies_at; } server;
static size_t n_served_by_set[RIDGE_WORKER_MAX_FLIGHT];
static enum ridge_status serve_submit(void *self, size_t i_set, uint64_t ticket, struct ridge_error *e)
{
    manner = server.lies_at == ++server.n_served ? LIES : HONEST;
    n_served_by_set[i_set]++;
    enum ridge_status status = threes_run(self, i_set, e);
    server.tickets[server.n++] = ticket;
    return status;
}
static size_t serve_reap(void *self, uint64_t timeout_ns, struct ridge_done *done, size_t n_done)
{
    (void)self, (void)timeout_ns, (void)n_done;
    if (server.n == 0)
        return 0;
    uint64_t until_ns = ridge_os_now_ns() + 100000;
    while (ridge_os_now_ns() < until_ns)
        ;
    *done = (struct ridge_done){.ticket = server.tickets[0], .completed_ns = ridge_os_now_ns(), .span_ns = {-1, -1, -1, -1}};
    if (server.n_served != server.twice_at)
        memmove(server.tickets, server.tickets + 1, --server.n * sizeof server.tickets[0]);
    return 1;
}
static void server_case(struct ridge_worker_case *c, struct ridge_plugin *plugin)
{
    struct ridge_runner r = fake();
    memset(&server, 0, sizeof server);
    r.operators = threes_operators;
    r.run = threes_run;
    r.submit = serve_submit;
    r.reap = serve_reap;
    threes_case(c, plugin, &r, 4);
    c->scenario = (struct ridge_scenario){.kind = RIDGE_SCENARIO_DEPTH, .depth = 4};
    c->options.scenario[0] = '\0';
}
static const struct ridge_block_limits request_limits = {.block_ns = 20000000, .lead_in_ns = 1000000, .lead_in_runs = 4,
                                                         .max_samples = 1000};
static void throughput_counts_all_that_came_back(void)
{
    struct ridge_plugin plugin;
    struct ridge_worker_case c;
    struct ridge_chunk b = {.n_completed = -1, .span_ns = -1};
    server_case(&c, &plugin);
    CHECK(ridge_case_time_requests(&c, &request_limits, &b, NULL) == RIDGE_OK);
    const int64_t *start = ridge_chunk_column(&b, "start_ns")->data, *ns = ridge_chunk_column(&b, "duration_ns")->data;
    int64_t n_all = 0, n_kept = 0, begin = start[b.n_lead_in], end = start[b.n - 1];
    for (size_t i = 0; i < b.n; i++)
        if (start[i] + ns[i] > begin && start[i] + ns[i] <= end) {
            n_all++;
            n_kept += i >= b.n_lead_in;
        }
    CHECK(b.span_ns == end - begin && b.n_completed == n_all && n_all >= 90);
    CHECK(n_kept < n_all && n_all < (int64_t)(b.n - b.n_lead_in));
    ridge_chunk_deinit(&b);
    case_free(&c, &plugin);
}
static void a_ticket_is_completed_once(void)
{
    struct ridge_plugin plugin;
    struct ridge_worker_case c;
    struct ridge_chunk b = {0};
    struct ridge_error err = {0};
    server_case(&c, &plugin);
    server.twice_at = 50;
    CHECK(ridge_case_time_requests(&c, &request_limits, &b, &err) == RIDGE_ERR_INTERNAL);
    CHECK(strstr(err.text, "not in flight") != NULL);
    ridge_chunk_deinit(&b);
    case_free(&c, &plugin);
}
static void the_check_looks_at_every_set_of_requests(void)
{
    struct ridge_plugin plugin;
    struct ridge_worker_case c;
    struct ridge_chunk b = {0};
    server_case(&c, &plugin);
    CHECK(ridge_case_time_requests(&c, &request_limits, &b, NULL) == RIDGE_OK);
    size_t before[4], n_sent = server.n_served;
    memcpy(before, n_served_by_set, sizeof before);
    CHECK_STR(verdict_of_check(&c), "ok");
    for (int i = 0; i < 4; i++)
        CHECK(n_served_by_set[i] == before[i] + 1);
    ridge_chunk_deinit(&b);
    server.lies_at = server.n_served + 3; /* the third set of the next check */
    CHECK(server.n_served == n_sent + 4);
    CHECK_STR(verdict_of_check(&c), "wrong");
    floats[1][0] = 7; /* as if the block had left it so */
    server.lies_at = 0;
    CHECK_STR(verdict_of_check(&c), "wrong");
    case_free(&c, &plugin);
}

static void operators_are_checked_and_may_be_older(void)
{
    struct ridge_plugin p = {.name = "fake"};
    struct ridge_runner r = fake();
    struct ridge_operator op = threes;
    const struct ridge_operator *const list[] = {&op, NULL};
    static const char *const aliases[] = {"beyond", NULL};
    r.operators = list;
    op.aliases = aliases; /* beyond the end of what an older plug-in has */
    op.struct_size = offsetof(struct ridge_operator, aliases);
    CHECK(ridge_plugin_adopt(&p, &r));
    CHECK(p.is_usable && p.runner.operators[0]->aliases == NULL && p.runner.operators[1] == NULL);
    op.cost = NULL;
    CHECK(!ridge_plugin_adopt(&p, &r) && strstr(p.reason, "cost of operator threes") != NULL);
    op = threes;
    op.abi_version = 9;
    CHECK(!ridge_plugin_adopt(&p, &r) && strstr(p.reason, "version 9") != NULL);
    op = threes;
    op.struct_size = 16;
    CHECK(!ridge_plugin_adopt(&p, &r) && strstr(p.reason, "16 bytes") != NULL);
    plugin_free(&p);
}
RIDGE_TEST_MAIN(TEST_ROW(a_slow_first_run_does_not_fix_the_repetitions), TEST_ROW(long_runs_can_be_warm),
                TEST_ROW(a_disturbed_block_is_told_by_its_surroundings),
                TEST_ROW(poison_is_seen_by_a_kernel_that_reads_its_output),
                TEST_ROW(the_check_looks_at_what_a_block_wrote), TEST_ROW(throughput_counts_all_that_came_back),
                TEST_ROW(a_ticket_is_completed_once), TEST_ROW(the_check_looks_at_every_set_of_requests),
                TEST_ROW(operators_are_checked_and_may_be_older))
