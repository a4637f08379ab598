/* From a member to a loaded, parked worker. */
#include "base/log.h"
#include "host/host.h"
#include "sched/engine.h"
#include <stdlib.h>
#include <string.h>

#define HELLO_TIMEOUT_NS 30000000000u
#define MAX_PAD_BYTES 4096u /* a page: shifts the stack by any amount within it */
#define LINE_BYTES 64u      /* cache line */

uint64_t ridge_sched_mix(uint64_t seed, uint64_t a, uint64_t b, uint64_t c)
{
    const uint64_t parts[] = {a, b, c};
    uint64_t state = seed;
    for (size_t i = 0; i < 3; i++) {
        state ^= parts[i];
        state = ridge_random_next(&state);
    }
    return state & (uint64_t)INT64_MAX; /* JSON numbers and SQLite's are signed */
}
bool ridge_sched_is_local(const struct slot *s)
{
    return s->target == NULL || s->target->transport == NULL || s->target->transport[0] == NULL;
}
struct target_run *ridge_sched_target(const struct group_run *g, const struct slot *s)
{
    const struct ridge_plan *plan = g->run->plan;
    return &g->run->targets[s->target != NULL ? (size_t)(s->target - plan->targets) : plan->n_targets];
}

static size_t count(const char *const *list)
{
    size_t n = 0;
    while (list != NULL && list[n] != NULL)
        n++;
    return n;
}
const char *const *ridge_sched_argv(struct ridge_arena *a, const char *const *transport,
                                    const char *const *program)
{
    size_t n_transport = count(transport), n_program = count(program);
    const char **argv = ridge_arena_array(a, n_transport + n_program + 1, sizeof *argv);
    for (size_t i = 0; i < n_transport; i++)
        argv[i] = transport[i];
    for (size_t i = 0; i < n_program; i++)
        argv[n_transport + i] = program[i];
    return argv;
}
const char *const *ridge_sched_env(struct ridge_arena *a, const struct ridge_kvs *extra,
                                   size_t n_pad)
{
    static const char *const kept[] = {
        "PATH", "HOME", "XDG_CACHE_HOME", "LANG", "LD_LIBRARY_PATH", "TMPDIR", "RIDGE_PLUGIN_PATH"};
    const size_t n_kept = sizeof kept / sizeof kept[0];
    size_t n_extra = extra != NULL ? extra->n : 0, n = 0;
    const char **env = ridge_arena_array(a, n_kept + n_extra + 2, sizeof *env);
    for (size_t i = 0; i < n_kept; i++) {
        const char *value = getenv(kept[i]);
        if (value != NULL && (extra == NULL || ridge_kvs_get(extra, kept[i]) == NULL))
            env[n++] = ridge_arena_printf(a, "%s=%s", kept[i], value);
    }
    for (size_t i = 0; i < n_extra; i++)
        env[n++] = ridge_arena_printf(a, "%s=%s", extra->v[i].key, extra->v[i].value);
    char pad[MAX_PAD_BYTES];
    n_pad = n_pad < sizeof pad ? n_pad : sizeof pad - 1;
    memset(pad, 'x', n_pad);
    pad[n_pad] = '\0';
    env[n] = ridge_arena_printf(a, "RIDGE_LAYOUT_PAD=%s", pad);
    return env;
}
bool ridge_sched_hello(const struct pool *pool, struct proc *p, uint64_t timeout_ns,
                       struct ridge_message *answer)
{
    struct ridge_message hello = {.type = RIDGE_MSG_HELLO};
    hello.u.hello.min_wire = RIDGE_WIRE_OLDEST;
    hello.u.hello.max_wire = RIDGE_WIRE_VERSION;
    struct request r = {.message = &hello, .wanted = RIDGE_MSG_HELLO, .timeout_ns = timeout_ns};
    if (!ridge_proc_ask(pool, p, &r, answer))
        return false;
    int64_t wire = answer->u.hello.wire;
    if (wire >= RIDGE_WIRE_OLDEST && wire <= RIDGE_WIRE_VERSION)
        return true;
    ridge_message_deinit(answer);
    ridge_proc_fail(p, RIDGE_VERDICT_FAILED,
                    "broken message: it chose wire version %lld, offered were %d to %d",
                    (long long)wire, RIDGE_WIRE_OLDEST, RIDGE_WIRE_VERSION);
    return false;
}

static bool spawn(struct group_run *g, struct slot *s, uint64_t pad_bytes)
{
    struct ridge_arena scratch = {0};
    const struct ridge_plan_settings *set = &g->run->plan->settings;
    const char *const *program =
        s->arm->program != NULL ? s->arm->program : g->run->config->default_program;
    const char *const *transport = s->target != NULL ? s->target->transport : NULL;
    struct ridge_spawn spec = {
        .argv = ridge_sched_argv(&scratch, transport, program),
        .env = ridge_sched_env(&scratch, &s->arm->env, pad_bytes),
        .max_memory_bytes = set->max_memory_bytes > 0 ? (uint64_t)set->max_memory_bytes : 0,
    };
    bool ok = false;
    if (spec.argv[0] == NULL)
        ridge_proc_fail(&s->proc, RIDGE_VERDICT_FAILED, "arm '%s' has no worker program",
                        s->arm->name);
    else
        ok = ridge_proc_start(&s->proc, &spec, ridge_sched_is_local(s));
    ridge_arena_deinit(&scratch);
    return ok;
}
static int64_t threads_of(const struct ridge_case *c)
{
    const char *text = ridge_kvs_get(&c->options, "threads");
    int64_t n = 1;
    if (text == NULL || ridge_text_int(text, &n, NULL) != RIDGE_OK || n < 1)
        return 1;
    return n;
}
static const char *library_of(struct ridge_arena *a, const struct slot *s)
{
    const char *key = s->c->backend_name;
    if (s->c->label != NULL && s->c->label[0] != '\0')
        key = ridge_arena_printf(a, "%s@%s", s->c->backend_name, s->c->label);
    const char *path = ridge_kvs_get(&s->arm->libraries, key);
    if (path == NULL)
        path = ridge_kvs_get(&s->arm->libraries, s->c->backend);
    return path != NULL ? path : "";
}
static void fill_load(struct group_run *g, struct slot *s, uint64_t *layout,
                      struct ridge_message *m)
{
    const struct ridge_plan *plan = g->run->plan;
    const struct ridge_case *c = s->c;
    m->type = RIDGE_MSG_LOAD;
    struct ridge_msg_load *load = &m->u.load;
    *load = (struct ridge_msg_load){
        .op = c->op,
        .backend = c->backend_name,
        .variant = c->variant,
        .label = c->label,
        .library_path = library_of(&m->arena, s),
        .device = c->device,
        .shape = c->shape,
        .options = c->options,
        /* the same inputs for all that is compared */
        .seed = ridge_sched_mix(plan->seed, ridge_os_hash64(c->subject), 0, 0),
        .heap_pad_bytes = (int64_t)(ridge_random_next(layout) % MAX_PAD_BYTES) * 16,
        .buffer_offset_bytes =
            (int64_t)(ridge_random_next(layout) % (MAX_PAD_BYTES / LINE_BYTES) * LINE_BYTES),
        .warmup_ns = plan->settings.warmup_ns,
        .block_ns = plan->settings.block_ns,
    };
    if (!ridge_sched_is_local(s))
        return;
    int64_t want = threads_of(c);
    for (size_t i = 0; i < g->n_cpus && (int64_t)i < want; i++)
        load->cpus[load->n_cpus++] = g->cpus[i];
}
static void copy_facts(struct proc *p, const struct ridge_process *from)
{
    struct ridge_process *to = &p->info;
    const size_t max = sizeof to->facts / sizeof to->facts[0];
    for (size_t i = 0; i < from->n_facts; i++) {
        size_t at = 0;
        while (at < to->n_facts && strcmp(to->facts[at].name, from->facts[i].name) != 0)
            at++;
        if (at == max)
            continue;
        if (at == to->n_facts) {
            to->facts[at].name = ridge_arena_str(&p->arena, from->facts[i].name);
            to->n_facts++;
        }
        to->facts[at].value = from->facts[i].value;
    }
}
/* Takes what loaded or checked says into the process. */
static void take_loaded(struct proc *p, const struct ridge_msg_loaded *m)
{
    const struct ridge_process *from = &m->process;
    copy_facts(p, from);
    for (size_t i = 0; i < from->conditions.n; i++)
        ridge_kvs_set(&p->arena, &p->info.conditions,
                      ridge_arena_str(&p->arena, from->conditions.v[i].key),
                      ridge_arena_str(&p->arena, from->conditions.v[i].value));
    if (from->n_phases > 0) {
        memcpy(p->info.phases, from->phases, sizeof p->info.phases);
        p->info.n_phases = from->n_phases;
    }
    if (from->warm[0] != '\0')
        memcpy(p->info.warm, from->warm, sizeof p->info.warm);
    if (from->clock_name[0] != '\0') {
        memcpy(p->info.clock_name, from->clock_name, sizeof p->info.clock_name);
        p->info.clock_cost_ns = from->clock_cost_ns;
        p->info.clock_resolution_ns = from->clock_resolution_ns;
    }
    if (from->inner_reps > 0)
        p->info.inner_reps = from->inner_reps;
}
static bool send_host(struct group_run *g, struct slot *s, const struct ridge_message *hello)
{
    struct target_run *target = ridge_sched_target(g, s);
    if (target->host_sent || g->run->sink->host == NULL)
        return true;
    target->host_sent = true;
    return g->run->sink->host(g->run->sink->self, &hello->u.hello, g->run->err) == RIDGE_OK;
}
void ridge_sched_launch(struct group_run *g, struct slot *s, int64_t fork)
{
    struct proc *p = &s->proc;
    struct ridge_message answer, load = {0};
    uint64_t layout =
        ridge_sched_mix(g->run->plan->seed, ridge_os_hash64(s->c->id), (uint64_t)fork, s->i_member);
    p->info = (struct ridge_process){.i_member = s->i_member, .fork = fork, .layout_seed = layout};
    p->asked = "start";
    if (!spawn(g, s, ridge_random_next(&layout) % MAX_PAD_BYTES) ||
        !ridge_sched_hello(&g->pool, p, HELLO_TIMEOUT_NS, &answer))
        return;
    if (!send_host(g, s, &answer))
        ridge_proc_fail(p, RIDGE_VERDICT_INTERRUPTED, "the host could not be stored");
    ridge_message_deinit(&answer);
    fill_load(g, s, &layout, &load);
    const struct ridge_plan_settings *set = &g->run->plan->settings;
    struct request r = {.message = &load,
                        .wanted = RIDGE_MSG_LOADED,
                        .timeout_ns = (uint64_t)(set->load_timeout_ns + set->warmup_ns)};
    if (ridge_proc_ask(&g->pool, p, &r, &answer)) {
        take_loaded(p, &answer.u.loaded);
        if (answer.u.loaded.verdict != RIDGE_VERDICT_OK)
            ridge_proc_fail(p, answer.u.loaded.verdict, "%.1000s", answer.u.loaded.reason);
        ridge_message_deinit(&answer);
        ridge_proc_park(p);
    }
    ridge_arena_deinit(&load.arena);
}
enum ridge_status ridge_sched_report(struct group_run *g, struct slot *s)
{
    s->reported = true;
    if (s->proc.info.verdict != RIDGE_VERDICT_OK)
        s->dropped = true;
    if (g->run->sink->process == NULL)
        return RIDGE_OK;
    return g->run->sink->process(g->run->sink->self, &s->proc.info, g->run->err);
}
void ridge_sched_check(struct group_run *g, struct slot *s)
{
    struct ridge_message answer, check = {.type = RIDGE_MSG_CHECK};
    struct request r = {.message = &check,
                        .wanted = RIDGE_MSG_CHECKED,
                        .timeout_ns = (uint64_t)g->run->plan->settings.load_timeout_ns};
    ridge_proc_unpark(&s->proc);
    if (ridge_proc_ask(&g->pool, &s->proc, &r, &answer)) {
        take_loaded(&s->proc, &answer.u.loaded);
        if (answer.u.loaded.verdict != RIDGE_VERDICT_OK)
            ridge_proc_fail(&s->proc, answer.u.loaded.verdict, "after the last block: %.960s",
                            answer.u.loaded.reason);
        ridge_message_deinit(&answer);
    }
}
