/* Scenarios depth(n), open(rate) and offline: requests in flight, completions in any order. A ticket holds the
 * sample's number and the input set that the request owns until it is done. A request's latency counts from
 * when it was due, not from when it could be sent: a late server does not hide its queue (coordinated
 * omission, Tene 2013). Arrivals of `open` are drawn from the case's seed and the round, so all members of a
 * group see the same ones; they are drawn before the first tick. */
#include "worker/case.h"
#include "base/os.h"
#include "base/random.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LEAD_IN_SAMPLES = 4096, MAX_REAPED = 64, REAP_TIMEOUT_NS = 1000000000, SPIN_NS = 60000 };
enum { MIN_REQUESTS = 100, MAX_BLOCKS_LONG = 5 }; /* a block has 100 requests, or lasts five times its length */

static const char *const span_names[RIDGE_N_SPANS] = {"enqueue_ns", "h2d_ns", "compute_ns", "d2h_ns"};

struct flight {
    struct ridge_worker_case *c;
    int64_t *due, *start, *duration, *span[RIDGE_N_SPANS]; /* ns after zero_ns */
    bool is_known[RIDGE_N_SPANS];
    bool is_open;
    size_t cap, n_sent, n_done;
    size_t n_counted; /* samples below this are kept; SIZE_MAX until the block ends */
    size_t n_open;    /* of the kept ones: not yet done */
    size_t n_lead_in; /* set once */
    bool is_steady;
    /* Sets in the order they came back, so that cold inputs rotate; places in flight with the time each fell free. */
    size_t free_sets[RIDGE_WORKER_MAX_SETS], i_free_set, n_free_sets;
    size_t owner[RIDGE_WORKER_MAX_SETS]; /* the request that is in flight with the set, or NOBODY */
    uint64_t freed_ns[RIDGE_SCENARIO_MAX_DEPTH];
    size_t n_free;
    struct ridge_done at_once; /* of a backend without submit: what its run() did */
    bool has_at_once;
    uint64_t zero_ns;
};

#define NOBODY SIZE_MAX

static int64_t now_ns(const struct flight *f)
{
    return (int64_t)(ridge_os_now_ns() - f->zero_ns);
}
/* Uniform in (0, 1]. */
static double draw(uint64_t *state)
{
    return ((double)(ridge_random_next(state) >> 11) + 1) * 0x1p-53;
}
static void draw_arrivals(struct flight *f, int64_t round)
{
    const struct ridge_scenario *s = &f->c->scenario;
    uint64_t state = f->c->seed ^ ((uint64_t)round << 32);
    double at_ns = 0;
    for (size_t i = 0; i < f->cap; i++) {
        f->due[i] = (int64_t)at_ns;
        at_ns += 1e9 / s->rate_per_s * (s->is_poisson ? -log(draw(&state)) : 1);
    }
}
/* A backend that only runs does so here; reap hands the result over. */
static enum ridge_status send(struct flight *f, size_t i_set, uint64_t ticket, struct ridge_error *err)
{
    const struct ridge_runner *r = f->c->runner;
    if (f->c->plugin->has_submit)
        return r->submit(f->c->self, i_set, ticket, err);
    enum ridge_status status = r->run(f->c->self, i_set, err);
    f->at_once = (struct ridge_done){.ticket = ticket, .completed_ns = ridge_os_now_ns(),
                                     .span_ns = {-1, -1, -1, -1}};
    f->has_at_once = true;
    return status;
}
static enum ridge_status submit(struct flight *f, struct ridge_error *err)
{
    size_t i_set = f->free_sets[f->i_free_set], i = f->n_sent;
    uint64_t freed_ns = f->freed_ns[--f->n_free];
    f->i_free_set = (f->i_free_set + 1) % f->c->n_sets;
    f->n_free_sets--;
    if (i < f->cap) {
        if (!f->is_open)
            f->due[i] = f->c->scenario.kind == RIDGE_SCENARIO_OFFLINE ? 0 : (int64_t)(freed_ns - f->zero_ns);
        f->start[i] = now_ns(f);
    }
    f->owner[i_set] = i;
    f->n_sent++;
    return send(f, i_set, (uint64_t)i * f->c->n_sets + i_set, err);
}
static enum ridge_status take(struct flight *f, const struct ridge_done *d, struct ridge_error *err)
{
    uint64_t n_sets = f->c->n_sets;
    size_t i = (size_t)(d->ticket / n_sets), i_set = (size_t)(d->ticket % n_sets);
    if (f->owner[i_set] != i)
        return ridge_fail(err, RIDGE_ERR_INTERNAL, "reap", "the backend completed ticket %llu that is not in flight",
                          (unsigned long long)d->ticket);
    if (d->status != RIDGE_OK)
        return ridge_fail(err, d->status, "reap", "request %zu failed with status %d", i, (int)d->status);
    if (i < f->cap) {
        int64_t ns = (int64_t)(d->completed_ns - f->zero_ns) - f->start[i];
        f->duration[i] = ns > 0 ? ns : 0;
        for (int s = 0; s < RIDGE_N_SPANS; s++) {
            f->is_known[s] = f->is_known[s] && d->span_ns[s] >= 0;
            f->span[s][i] = d->span_ns[s];
        }
    }
    f->owner[i_set] = NOBODY;
    f->free_sets[(f->i_free_set + f->n_free_sets++) % n_sets] = i_set;
    f->freed_ns[f->n_free++] = d->completed_ns;
    f->n_open -= f->n_counted != SIZE_MAX && i < f->n_counted;
    f->n_done++;
    return RIDGE_OK;
}
static enum ridge_status reap(struct flight *f, uint64_t timeout_ns, struct ridge_error *err)
{
    struct ridge_done done[MAX_REAPED];
    size_t n = 1;
    if (f->c->plugin->has_submit)
        n = f->c->runner->reap(f->c->self, timeout_ns, done, MAX_REAPED);
    else if (f->has_at_once)
        done[0] = f->at_once;
    else
        n = 0;
    f->has_at_once = false;
    enum ridge_status status = RIDGE_OK;
    for (size_t i = 0; i < n && i < MAX_REAPED && status == RIDGE_OK; i++)
        status = take(f, &done[i], err);
    return status;
}
/* Lead-in ends, later the block ends; both by time and count. */
static void move_on(struct flight *f, const struct ridge_block_limits *l)
{
    int64_t at_ns = now_ns(f);
    int64_t runs = l->lead_in_runs > (int64_t)f->c->max_in_flight ? l->lead_in_runs : (int64_t)f->c->max_in_flight;
    if (!f->is_steady) {
        f->is_steady = ((int64_t)f->n_done >= runs && at_ns >= l->lead_in_ns) || f->n_sent >= MAX_LEAD_IN_SAMPLES;
        f->n_lead_in = f->n_sent;
        return;
    }
    if (f->n_counted != SIZE_MAX || f->n_sent == f->n_lead_in)
        return;
    int64_t in_block_ns = at_ns - f->start[f->n_lead_in];
    bool is_enough = in_block_ns >= l->block_ns && f->n_sent - f->n_lead_in >= MIN_REQUESTS;
    if (is_enough || in_block_ns >= MAX_BLOCKS_LONG * l->block_ns || f->n_sent >= f->cap) {
        f->n_counted = f->n_sent;
        f->n_open = f->n_sent - f->n_done;
    }
}
/* ns until the next request may go out; 0: now. */
static int64_t wait_ns(const struct flight *f)
{
    if (!f->is_open || f->n_sent >= f->cap)
        return 0;
    int64_t ns = f->due[f->n_sent] - now_ns(f);
    return ns > 0 ? ns : 0;
}
/* Sleeps while nothing is due, spins for the last stretch: a sleep is late by tens of us. */
static enum ridge_status wait(struct flight *f, int64_t ns, struct ridge_error *err)
{
    int64_t sleep_ns = ns > SPIN_NS ? ns - SPIN_NS : 0;
    if (f->n_done < f->n_sent)
        return reap(f, (uint64_t)sleep_ns, err);
    if (sleep_ns > 0)
        ridge_os_sleep_ns((uint64_t)sleep_ns);
    return RIDGE_OK;
}
/* The queue only grows when requests come faster than they are served: at the block's end the next one is late by
 * more than a fifth of the block, or the block does not end at all. */
static enum ridge_status check_pace(const struct flight *f, const struct ridge_block_limits *l, struct ridge_error *err)
{
    int64_t at_ns = now_ns(f);
    bool is_ended = f->n_counted != SIZE_MAX && f->n_sent < f->cap;
    bool is_late = f->is_open && is_ended && at_ns - f->due[f->n_sent] > l->block_ns / 5;
    if (!is_late && (!f->is_open || at_ns < 2 * MAX_BLOCKS_LONG * l->block_ns))
        return RIDGE_OK;
    return ridge_fail(err, RIDGE_ERR_INTERNAL, "scenario",
                      "cannot keep up with scenario=%s: %zu requests done in %.1f s, about %.4g a second; lower the rate",
                      f->c->options.scenario, f->n_done, (double)at_ns * 1e-9,
                      (double)f->n_done * 1e9 / (double)at_ns);
}
/* Requests go on until every kept one is done, so that the last ones see the same load; those are dropped. */
static enum ridge_status fly(struct flight *f, const struct ridge_block_limits *l, struct ridge_error *err)
{
    enum ridge_status status = RIDGE_OK;
    while (status == RIDGE_OK && (f->n_counted == SIZE_MAX || f->n_open > 0)) {
        int64_t ns = 0;
        while (status == RIDGE_OK && f->n_free > 0 && !f->has_at_once && (ns = wait_ns(f)) == 0) {
            status = submit(f, err);
            move_on(f, l);
        }
        if (status == RIDGE_OK)
            status = f->n_free > 0 && ns > 0 ? wait(f, ns, err) : reap(f, REAP_TIMEOUT_NS, err);
        if (status == RIDGE_OK)
            status = check_pace(f, l, err);
    }
    while (status == RIDGE_OK && f->n_done < f->n_sent)
        status = reap(f, REAP_TIMEOUT_NS, err);
    return status;
}
/* Throughput: what came back between the first kept start and the last one, whoever sent it; the tail, in which
 * fewer and fewer kept ones are in flight, is outside. */
static void count_completed(const struct flight *f, struct ridge_chunk *out)
{
    if (out->n < out->n_lead_in + 2)
        return;
    int64_t begin_ns = f->start[out->n_lead_in], end_ns = f->start[out->n - 1];
    size_t n_known = f->n_sent < f->cap ? f->n_sent : f->cap;
    if (end_ns <= begin_ns)
        return;
    out->n_completed = 0;
    out->span_ns = end_ns - begin_ns;
    for (size_t i = 0; i < n_known; i++) {
        int64_t done_ns = f->start[i] + f->duration[i];
        out->n_completed += done_ns > begin_ns && done_ns <= end_ns;
    }
}
static void drop_unknown_spans(struct flight *f, struct ridge_chunk *out)
{
    for (int s = 0; s < RIDGE_N_SPANS; s++)
        for (size_t i = 0; i < out->n_columns && !f->is_known[s]; i++)
            if (strcmp(out->columns[i].name, span_names[s]) == 0) {
                free(out->columns[i].data);
                memmove(&out->columns[i], &out->columns[i + 1], (--out->n_columns - i) * sizeof out->columns[0]);
            }
}
static void prepare(struct flight *f, struct ridge_chunk *out)
{
    f->due = ridge_chunk_add(out, "due_ns", RIDGE_COL_I64, f->cap);
    f->start = ridge_chunk_add(out, "start_ns", RIDGE_COL_I64, f->cap);
    f->duration = ridge_chunk_add(out, "duration_ns", RIDGE_COL_I64, f->cap);
    for (int s = 0; s < RIDGE_N_SPANS; s++) {
        f->span[s] = ridge_chunk_add(out, span_names[s], RIDGE_COL_I64, f->cap);
        f->is_known[s] = true;
    }
    if (f->is_open)
        draw_arrivals(f, out->round);
    f->n_free = f->c->max_in_flight;
    f->n_free_sets = f->c->n_sets;
    for (size_t i = 0; i < f->n_free_sets; i++) {
        f->free_sets[i] = i;
        f->owner[i] = NOBODY;
    }
    f->zero_ns = ridge_os_now_ns();
    for (size_t i = 0; i < f->n_free; i++)
        f->freed_ns[i] = f->zero_ns;
}
enum ridge_status ridge_case_time_requests(struct ridge_worker_case *c, const struct ridge_block_limits *l,
                                           struct ridge_chunk *out, struct ridge_error *err)
{
    struct flight f = {.c = c, .cap = (size_t)l->max_samples + MAX_LEAD_IN_SAMPLES, .n_counted = SIZE_MAX,
                       .is_open = c->scenario.kind == RIDGE_SCENARIO_OPEN};
    prepare(&f, out);
    enum ridge_status status = fly(&f, l, err);
    out->n = f.n_counted != SIZE_MAX ? f.n_counted : 0;
    out->n_lead_in = f.n_lead_in < out->n ? f.n_lead_in : out->n;
    out->inner_reps = 1;
    if (status == RIDGE_OK)
        count_completed(&f, out);
    size_t n_used = f.n_sent < c->n_sets ? f.n_sent : c->n_sets; /* all are used once before one is used twice */
    c->n_requested_sets = n_used > c->n_requested_sets ? n_used : c->n_requested_sets;
    drop_unknown_spans(&f, out);
    return status;
}
