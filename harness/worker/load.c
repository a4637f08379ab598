/* load: from texts to a warm case, with the time of each phase. What goes wrong is the verdict. */
#include "worker/case.h"
#include "base/os.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { MAX_RUNNER_FACTS = 16 };
#define MAX_COLD_BYTES ((uint64_t)1 << 30)

enum ridge_verdict ridge_case_verdict(enum ridge_status status)
{
    static const struct { enum ridge_status status; enum ridge_verdict verdict; } rows[] = {
        {RIDGE_OK, RIDGE_VERDICT_OK}, {RIDGE_ERR_UNSUPPORTED, RIDGE_VERDICT_UNSUPPORTED},
        {RIDGE_ERR_NOMEM, RIDGE_VERDICT_OOM}, {RIDGE_ERR_WRONG, RIDGE_VERDICT_WRONG},
        {RIDGE_ERR_TIMEOUT, RIDGE_VERDICT_TIMEOUT}, {RIDGE_ERR_INTERRUPTED, RIDGE_VERDICT_INTERRUPTED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].status == status)
            return rows[i].verdict;
    return RIDGE_VERDICT_FAILED;
}
static void add_phase(struct ridge_process *p, const char *name, uint64_t *since_ns)
{
    uint64_t now_ns = ridge_os_now_ns();
    if (p->n_phases < RIDGE_MAX_PHASES) {
        struct ridge_phase *phase = &p->phases[p->n_phases++];
        (void)snprintf(phase->name, sizeof phase->name, "%s", name);
        phase->duration_ns = (int64_t)(now_ns - *since_ns);
    }
    *since_ns = now_ns;
}
void ridge_case_add_fact(struct ridge_process *p, const char *name, double value)
{
    if (p->n_facts < sizeof p->facts / sizeof p->facts[0]) {
        p->facts[p->n_facts].name = name;
        p->facts[p->n_facts++].value = value;
    }
}
static void add_condition(struct ridge_worker_case *c, struct ridge_process *p, const char *key, const char *text)
{
    ridge_kvs_set(&c->arena, &p->conditions, ridge_arena_str(&c->arena, key), ridge_arena_str(&c->arena, text));
}
static void add_condition_int(struct ridge_worker_case *c, struct ridge_process *p, const char *key, uint64_t v)
{
    add_condition(c, p, key, ridge_arena_printf(&c->arena, "%" PRIu64, v));
}

static enum ridge_status choose_runner(struct ridge_worker_case *c, struct ridge_plugins *plugins,
                                       const struct ridge_msg_load *m, struct ridge_error *err)
{
    c->plugin = ridge_plugins_open(plugins, m->backend);
    if (c->plugin == NULL)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "backend", "this worker does not know backend=%.200s", m->backend);
    if (!c->plugin->is_usable)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "backend", "backend %s is not usable: %s", m->backend, c->plugin->reason);
    c->runner = &c->plugin->runner;
    c->op = ridge_plugin_operator(c->plugin, m->op);
    if (c->op == NULL)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "op", "backend %s does not know operator %.200s", m->backend, m->op);
    if (c->op->n_inputs > RIDGE_WORKER_MAX_TENSORS || c->op->n_outputs > RIDGE_WORKER_MAX_TENSORS)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "op", "operator %s has more than %d inputs or outputs", m->op,
                          RIDGE_WORKER_MAX_TENSORS);
    if (m->device[0] != '\0' && strcmp(m->device, "cpu") != 0 && !c->plugin->has_device_memory)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "device", "this worker does not know device=%.200s for backend %s",
                          m->device, m->backend);
    return RIDGE_OK;
}
static enum ridge_status open_runner(struct ridge_worker_case *c, const struct ridge_msg_load *m, struct ridge_error *err)
{
    struct ridge_open_args args = {ridge_arena_str(&c->arena, m->variant),
                                   ridge_arena_str(&c->arena, m->library_path), c->backend_options};
    const char *const *v = c->runner->variants;
    while (v != NULL && *v != NULL && strcmp(*v, m->variant) != 0)
        v++;
    if (m->variant[0] != '\0' && (v == NULL || *v == NULL))
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "variant", "this worker does not know %s:%.200s", m->backend, m->variant);
    return c->runner->open(&c->services.host, &args, &c->self, err);
}
static enum ridge_status load_problem(struct ridge_worker_case *c, struct ridge_error *err)
{
    struct ridge_problem problem = {c->op, c->shape, c->seed};
    enum ridge_status status = c->runner->load(c->self, &problem, err);
    c->is_problem_loaded = status == RIDGE_OK;
    return status;
}
/* All members of a group are alive at once: one takes at most an eighth of what is free. */
static uint64_t available_bytes(void)
{
    struct ridge_buf text = {0};
    uint64_t bytes = UINT64_MAX;
    if (ridge_os_read_file("/proc/meminfo", 65536, &text, NULL) == RIDGE_OK && text.n > 0) {
        const char *at = strstr(text.data, "MemAvailable:");
        if (at != NULL)
            bytes = strtoull(at + strlen("MemAvailable:"), NULL, 10) * 1024;
    }
    ridge_buf_deinit(&text);
    return bytes;
}
static uint64_t cold_memory_bytes(void)
{
    struct rlimit limit;
    char text[64];
    uint64_t most = MAX_COLD_BYTES;
    if (getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY && limit.rlim_cur / 2 < most)
        most = limit.rlim_cur / 2;
    if (ridge_os_read_small("/sys/fs/cgroup/memory.max", text, sizeof text) && text[0] >= '0' && text[0] <= '9') {
        uint64_t cgroup = strtoull(text, NULL, 10) / 8;
        most = cgroup < most ? cgroup : most;
    }
    uint64_t share = available_bytes() / 8;
    return share < most ? share : most;
}
static enum ridge_status make_sets(struct ridge_worker_case *c, struct ridge_process *p, struct ridge_error *err)
{
    for (size_t i = 0; i < c->op->n_inputs + c->op->n_outputs; i++) {
        struct ridge_tensor t = {0};
        enum ridge_status status = c->op->tensor(c->shape, i, &t, err);
        if (status != RIDGE_OK)
            return status;
        c->set_bytes += t.n_bytes;
    }
    uint64_t cache_bytes = ridge_host_last_level_cache_bytes();
    c->max_in_flight = ridge_case_count_in_flight(c, cold_memory_bytes());
    c->n_sets = ridge_case_count_sets(c, cache_bytes, cold_memory_bytes());
    if (c->options.cache == 1) {
        uint64_t had = c->set_bytes * c->n_sets;
        add_condition_int(c, p, "cold_bytes", had);
        if (cache_bytes == 0)
            add_condition(c, p, "cold_note", "the size of the last-level cache is unknown");
        else if (had < 2 * cache_bytes)
            add_condition(c, p, "cold_note", ridge_arena_printf(&c->arena,
                "%" PRIu64 " bytes rotate, less than twice the last-level cache of %" PRIu64 ": some may stay cached",
                had, cache_bytes));
    }
    return ridge_case_alloc(c, err);
}
static enum ridge_status bind_sets(struct ridge_worker_case *c, struct ridge_error *err)
{
    enum ridge_status status = RIDGE_OK;
    for (size_t s = 0; s < c->n_sets && status == RIDGE_OK; s++)
        status = c->runner->bind(c->self, s, c->sets[s].in, c->sets[s].out, err);
    return status;
}
static void apply_layout(struct ridge_worker_case *c, const struct ridge_msg_load *m)
{
    c->buffer_offset_bytes = m->buffer_offset_bytes;
    if (m->heap_pad_bytes > 0) {
        c->heap_pad = malloc((size_t)m->heap_pad_bytes); /* kept: what malloc gives later lies elsewhere */
        if (c->heap_pad != NULL)
            memset(c->heap_pad, 0, (size_t)m->heap_pad_bytes);
    }
}
/* Equal inputs should give equal bits: who judges two sides or two runs compares these. */
static enum ridge_status first_check(struct ridge_worker_case *c, struct ridge_process *p, struct ridge_error *err)
{
    char hex[17];
    enum ridge_status status = ridge_case_compare_set(c, 0, p, err);
    if (status == RIDGE_OK && c->op->n_outputs > 0) {
        ridge_case_output_digest(c, 0, hex);
        add_condition(c, p, "output_digest", hex);
    }
    return status;
}
static enum ridge_status run_phases(struct ridge_worker_case *c, const struct ridge_msg_load *m,
                                    struct ridge_process *p, struct ridge_error *err)
{
    uint64_t at_ns = ridge_os_now_ns(), begin_ns = at_ns;
    enum ridge_status status;
#define PHASE(name, call)                                                                          \
    status = (call);                                                                               \
    add_phase(p, name, &at_ns);                                                                    \
    if (status != RIDGE_OK)                                                                        \
        return status
    PHASE("open", open_runner(c, m, err));
    PHASE("load", load_problem(c, err));
    ridge_case_add_fact(p, "load_ns", (double)(at_ns - begin_ns));
    PHASE("alloc", make_sets(c, p, err));
    PHASE("fill", ridge_case_fill(c, err));
    PHASE("bind", bind_sets(c, err));
    PHASE("first_run", ridge_case_run(c, err));
    ridge_case_add_fact(p, "first_run_ns", (double)p->phases[p->n_phases - 1].duration_ns);
    ridge_services_pin_threads(&c->services);
    PHASE("check", first_check(c, p, err));
    PHASE("warmup", ridge_case_warm_up(c, m->warmup_ns, err));
    ridge_case_add_fact(p, "warmup_ns", (double)p->phases[p->n_phases - 1].duration_ns);
#undef PHASE
    (void)snprintf(p->warm, sizeof p->warm, "%s", c->warm);
    return RIDGE_OK;
}
static void add_library_digest(struct ridge_worker_case *c, struct ridge_process *p)
{
    const char *path = ridge_kvs_get(&p->conditions, "library_path");
    char hex[65];
    if (path != NULL && path[0] != '\0' && ridge_os_sha256_file(path, hex, NULL) == RIDGE_OK)
        add_condition(c, p, "library_sha256", hex);
}
static void add_runner_facts(struct ridge_worker_case *c, struct ridge_process *p)
{
    struct ridge_fact facts[MAX_RUNNER_FACTS];
    size_t n = c->is_problem_loaded ? c->runner->facts(c->self, facts, MAX_RUNNER_FACTS) : 0;
    for (size_t i = 0; i < n && i < MAX_RUNNER_FACTS; i++)
        if (facts[i].text != NULL)
            add_condition(c, p, facts[i].name, facts[i].text);
        else
            ridge_case_add_fact(p, ridge_arena_str(&c->arena, facts[i].name), facts[i].value);
    add_library_digest(c, p);
}
static void add_conditions(struct ridge_worker_case *c, const struct ridge_msg_load *m, struct ridge_process *p)
{
    add_condition_int(c, p, "heap_pad_bytes", (uint64_t)m->heap_pad_bytes);
    add_condition_int(c, p, "buffer_offset_bytes", (uint64_t)m->buffer_offset_bytes);
    add_condition_int(c, p, "n_input_sets", c->n_sets);
    if (c->services.memory.largest_bytes > 0) /* of the largest buffer: tensors, scratch, packed weights */
        add_condition_int(c, p, "page_bytes", c->services.memory.page_bytes);
    char pinning[128];
    ridge_services_say_pinning(&c->services, pinning, sizeof pinning);
    add_condition(c, p, "pinned", pinning);
    add_condition(c, p, "clock", ridge_arena_printf(&c->arena, "%s: %s", c->clock.name, c->clock.why));
    if (m->label[0] != '\0')
        add_condition(c, p, "label", m->label);
    add_runner_facts(c, p);
    (void)snprintf(p->clock_name, sizeof p->clock_name, "%s", c->clock.name);
    p->clock_cost_ns = c->clock.cost_ns;
    p->clock_resolution_ns = c->clock.resolution_ns;
    p->inner_reps = c->inner_reps;
}
void ridge_case_say_verdict(struct ridge_worker_case *c, struct ridge_msg_loaded *out, enum ridge_status status,
                            const struct ridge_error *err)
{
    out->verdict = out->process.verdict = ridge_case_verdict(status);
    out->reason = ridge_arena_str(&c->arena, status == RIDGE_OK ? "" : err->text[0] != '\0' ? err->text
                                  : "the backend gave no reason");
}
void ridge_case_load(struct ridge_worker_case *c, struct ridge_plugins *plugins, const struct ridge_msg_load *m,
                     struct ridge_msg_loaded *out)
{
    struct ridge_error err = {0};
    *out = (struct ridge_msg_loaded){.process = {.inner_reps = 1}};
    ridge_services_init(&c->services);
    c->seed = m->seed;
    c->inner_reps = 1;
    enum ridge_status status = choose_runner(c, plugins, m, &err);
    if (status == RIDGE_OK)
        status = ridge_case_parse(c, m, &err);
    if (status == RIDGE_OK)
        status = ridge_services_start(&c->services, (int)c->options.threads, m->cpus, m->n_cpus, &err);
    if (status == RIDGE_OK) {
        apply_layout(c, m);
        ridge_clock_calibrate(&c->clock);
        status = run_phases(c, m, &out->process, &err);
        add_conditions(c, m, &out->process);
    }
    ridge_case_say_verdict(c, out, status, &err);
}
void ridge_case_deinit(struct ridge_worker_case *c)
{
    if (c->is_problem_loaded)
        c->runner->unload(c->self);
    if (c->self != NULL) {
        ridge_case_free_tensors(c);
        c->runner->close(c->self);
    }
    free(c->sets);
    ridge_services_deinit(&c->services);
    free(c->heap_pad);
    ridge_arena_deinit(&c->arena);
    *c = (struct ridge_worker_case){0};
}
