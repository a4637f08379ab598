/* One `go`: what surrounds the block is read before the first tick and after the last. */
#include "worker/case.h"
#include "base/os.h"
#include "stat/stat.h"
#include <math.h>
#include <string.h>

enum { CANARY_NS = 1000000, LOOK_AGAIN_NS = 500000, MAX_SAMPLES = 1000000, MIN_CANARIES = 3 };
#define MAX_WAIT_RATIO 0.01
#define MAX_CLOCK_RATIO 0.02

void *ridge_chunk_add(struct ridge_chunk *c, const char *name, enum ridge_column_type type, size_t n)
{
    size_t n_bytes = n * (type == RIDGE_COL_U8 ? sizeof(uint8_t) : sizeof(int64_t));
    struct ridge_column *column = &c->columns[c->n_columns++];
    column->type = type;
    (void)snprintf(column->name, sizeof column->name, "%s", name);
    column->data = ridge_xmalloc(n_bytes);
    memset(column->data, 0xff, n_bytes); /* prefault; not 0, which malloc could hand out untouched */
    return column->data;
}
static int64_t delta(int64_t before, int64_t after)
{
    return before < 0 || after < 0 ? -1 : after > before ? after - before : 0;
}
static void take_counters(struct ridge_chunk *out, const struct ridge_services *on, const struct ridge_host_counters *a,
                          const struct ridge_host_counters *b)
{
    out->steal_ns = delta(a->steal_ns, b->steal_ns);
    out->wait_ns = delta(a->wait_ns, b->wait_ns);
    out->foreign_ns = b->n_threads <= on->n_cpus ? out->wait_ns : -1;
    out->n_voluntary_switches = delta(a->n_voluntary, b->n_voluntary);
    out->n_involuntary_switches = delta(a->n_involuntary, b->n_involuntary);
}
static double usual_canary_hz(const struct ridge_worker_case *c)
{
    double v[RIDGE_WORKER_MAX_CANARIES];
    size_t n = c->n_canaries < RIDGE_WORKER_MAX_CANARIES ? c->n_canaries : RIDGE_WORKER_MAX_CANARIES;
    memcpy(v, c->canary_hz, n * sizeof *v);
    return n >= MIN_CANARIES ? ridge_stat_median(v, n) : -1;
}
/* A pinned worker hardly ever changes its CPU, so what disturbs it shows in the counters of the whole block. */
bool ridge_case_is_disturbed(const struct ridge_chunk *b, double usual_hz, int n_cpus)
{
    double block_ns = (double)b->cpu_time_ns / (n_cpus > 0 ? n_cpus : 1);
    bool has_waited = b->foreign_ns >= 0 && (double)b->foreign_ns > MAX_WAIT_RATIO * block_ns;
    bool has_other_clock = b->canary_hz > 0 && usual_hz > 0 && fabs(b->canary_hz / usual_hz - 1) > MAX_CLOCK_RATIO;
    return b->steal_ns > 0 || has_waited || has_other_clock;
}
static void mark_disturbed(struct ridge_worker_case *c, struct ridge_chunk *b)
{
    if (ridge_case_is_disturbed(b, usual_canary_hz(c), c->services.n_cpus))
        b->n_disturbed = (int64_t)(b->n - b->n_lead_in);
    if (b->canary_hz > 0)
        c->canary_hz[c->n_canaries++ % RIDGE_WORKER_MAX_CANARIES] = b->canary_hz;
}
/* A neighbour on the core comes and goes in turns of milliseconds to a quarter of a second: the block begins when it is gone. */
static void wait_until_quiet(const struct ridge_msg_go *go)
{
    uint64_t begin_ns = ridge_os_now_ns();
    while (go->least_loads > 0 && ridge_os_now_ns() - begin_ns < (uint64_t)go->quiet_wait_ns &&
           ridge_host_loads_per_step() < go->least_loads)
        ridge_os_sleep_ns(LOOK_AGAIN_NS);
}
enum ridge_status ridge_case_go(struct ridge_worker_case *c, const struct ridge_msg_go *go, struct ridge_chunk *out,
                                struct ridge_error *err)
{
    int64_t max = go->max_samples < 1 ? 1 : go->max_samples > MAX_SAMPLES ? MAX_SAMPLES : go->max_samples;
    struct ridge_block_limits limits = {go->block_ns, go->lead_in_ns, go->lead_in_runs, max};
    struct ridge_host_counters before, after;
    *out = (struct ridge_chunk){.fork = go->fork, .round = go->round, .order = go->order, .n_completed = -1,
                                  .span_ns = -1};
    bool has_canary = c->runner == NULL || !c->runner->is_scripted;
    if (has_canary)
        wait_until_quiet(go);
    out->canary_hz = has_canary ? ridge_host_canary_hz(CANARY_NS) : -1;
    out->loads_per_step = has_canary ? ridge_host_loads_per_step() : -1;
    ridge_host_read_counters(c->services.cpus, c->services.n_cpus, &before);
    uint64_t begin_ns = ridge_os_now_ns();
    enum ridge_status status = c->scenario.kind != RIDGE_SCENARIO_SINGLE
                                   ? ridge_case_time_requests(c, &limits, out, err)
                                   : ridge_case_time_single(c, &limits, out, err);
    out->cpu_time_ns = (int64_t)(ridge_os_now_ns() - begin_ns) * (c->services.n_cpus > 0 ? c->services.n_cpus : 1);
    ridge_host_read_counters(c->services.cpus, c->services.n_cpus, &after);
    if (has_canary && c->services.n_cpus <= 1) /* threads of a library that still spin would be taken for a neighbour */
        out->loads_per_step = fmin(out->loads_per_step, ridge_host_loads_per_step());
    take_counters(out, &c->services, &before, &after);
    mark_disturbed(c, out);
    return status;
}
