/* One `go`: what surrounds the block is read before the first tick and after the last. */
#include "worker/case.h"
#include <string.h>

enum { CANARY_NS = 1000000, MAX_SAMPLES = 1000000 };

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
static void take_counters(struct ridge_chunk *out, const struct ridge_host_counters *a, const struct ridge_host_counters *b)
{
    int64_t busy = delta(a->busy_ns, b->busy_ns), own = delta(a->own_ns, b->own_ns);
    out->steal_ns = delta(a->steal_ns, b->steal_ns);
    out->foreign_ns = busy < 0 || own < 0 ? -1 : busy > own ? busy - own : 0;
    out->wait_ns = delta(a->wait_ns, b->wait_ns);
    out->n_voluntary_switches = delta(a->n_voluntary, b->n_voluntary);
    out->n_involuntary_switches = delta(a->n_involuntary, b->n_involuntary);
}
enum ridge_status ridge_case_go(struct ridge_worker_case *c, const struct ridge_msg_go *go, struct ridge_chunk *out,
                                struct ridge_error *err)
{
    int64_t max = go->max_samples < 1 ? 1 : go->max_samples > MAX_SAMPLES ? MAX_SAMPLES : go->max_samples;
    struct ridge_block_limits limits = {go->block_ns, go->lead_in_ns, go->lead_in_runs, max};
    struct ridge_host_counters before, after;
    *out = (struct ridge_chunk){.fork = go->fork, .round = go->round, .order = go->order};
    out->canary_hz = ridge_host_canary_hz(CANARY_NS);
    ridge_host_read_counters(c->services.cpus, c->services.n_cpus, &before);
    enum ridge_status status = c->depth > 0 ? ridge_case_time_depth(c, &limits, out, err)
                                            : ridge_case_time_single(c, &limits, out, err);
    ridge_host_read_counters(c->services.cpus, c->services.n_cpus, &after);
    take_counters(out, &before, &after);
    return status;
}
