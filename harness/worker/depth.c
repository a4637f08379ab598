/* Scenario depth(n): n requests in flight, completions in any order. A ticket holds the sample's number
 * and the input set that the request owns until it is done. */
#include "worker/case.h"
#include "base/os.h"
#include <stdlib.h>
#include <string.h>

enum { MAX_LEAD_IN_SAMPLES = 4096, MAX_REAPED = 64, REAP_TIMEOUT_NS = 1000000000 };

static const char *const span_names[RIDGE_N_SPANS] = {"enqueue_ns", "h2d_ns", "compute_ns", "d2h_ns"};

struct flight {
    struct ridge_worker_case *c;
    int64_t *due, *start, *duration, *span[RIDGE_N_SPANS];
    bool is_known[RIDGE_N_SPANS];
    size_t cap, n_sent, n_done;
    size_t n_counted;  /* samples below this are kept; SIZE_MAX until the block ends */
    size_t n_open;     /* of the kept ones: not yet done */
    size_t n_lead_in;  /* set once */
    bool is_steady;
    size_t free_sets[RIDGE_WORKER_MAX_DEPTH], n_free;
    uint64_t freed_ns[RIDGE_WORKER_MAX_DEPTH]; /* when the set came back: the request was due then */
    uint64_t zero_ns;
};

static enum ridge_status submit(struct flight *f, struct ridge_error *err)
{
    size_t i_set = f->free_sets[--f->n_free], i = f->n_sent;
    uint64_t now_ns = ridge_os_now_ns();
    if (i < f->cap) {
        f->due[i] = (int64_t)(f->freed_ns[i_set] - f->zero_ns);
        f->start[i] = (int64_t)(now_ns - f->zero_ns);
    }
    f->n_sent++;
    return f->c->runner->submit(f->c->self, i_set, (uint64_t)i * (uint64_t)f->c->depth + i_set, err);
}
static enum ridge_status take(struct flight *f, const struct ridge_done *d, struct ridge_error *err)
{
    uint64_t depth = (uint64_t)f->c->depth;
    size_t i = (size_t)(d->ticket / depth), i_set = (size_t)(d->ticket % depth);
    if (i >= f->n_sent || f->n_free >= depth)
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
    f->free_sets[f->n_free++] = i_set;
    f->freed_ns[i_set] = d->completed_ns;
    f->n_open -= f->n_counted != SIZE_MAX && i < f->n_counted;
    f->n_done++;
    return RIDGE_OK;
}
static enum ridge_status reap(struct flight *f, struct ridge_error *err)
{
    struct ridge_done done[MAX_REAPED];
    size_t n = f->c->runner->reap(f->c->self, REAP_TIMEOUT_NS, done, MAX_REAPED);
    enum ridge_status status = RIDGE_OK;
    for (size_t i = 0; i < n && i < MAX_REAPED && status == RIDGE_OK; i++)
        status = take(f, &done[i], err);
    return status;
}
/* Lead-in ends, later the block ends; both by time and count. */
static void move_on(struct flight *f, const struct ridge_block_limits *l)
{
    int64_t now_ns = (int64_t)(ridge_os_now_ns() - f->zero_ns);
    int64_t runs = l->lead_in_runs > f->c->depth ? l->lead_in_runs : f->c->depth;
    if (!f->is_steady) {
        f->is_steady = ((int64_t)f->n_done >= runs && now_ns >= l->lead_in_ns) || f->n_sent >= MAX_LEAD_IN_SAMPLES;
        f->n_lead_in = f->n_sent;
        return;
    }
    if (f->n_counted != SIZE_MAX || f->n_sent == f->n_lead_in)
        return;
    if (now_ns - f->start[f->n_lead_in] >= l->block_ns || f->n_sent >= f->cap) {
        f->n_counted = f->n_sent;
        f->n_open = f->n_sent - f->n_done;
    }
}
/* Requests go on until every kept one is done, so that the last ones see the same depth; those are dropped. */
static enum ridge_status fly(struct flight *f, const struct ridge_block_limits *l, struct ridge_error *err)
{
    enum ridge_status status = RIDGE_OK;
    while (status == RIDGE_OK && (f->n_counted == SIZE_MAX || f->n_open > 0)) {
        while (status == RIDGE_OK && f->n_free > 0) {
            status = submit(f, err);
            move_on(f, l);
        }
        if (status == RIDGE_OK)
            status = reap(f, err);
    }
    while (status == RIDGE_OK && f->n_done < f->n_sent)
        status = reap(f, err);
    return status;
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
enum ridge_status ridge_case_time_depth(struct ridge_worker_case *c, const struct ridge_block_limits *l,
                                        struct ridge_chunk *out, struct ridge_error *err)
{
    struct flight f = {.c = c, .cap = (size_t)l->max_samples + MAX_LEAD_IN_SAMPLES, .n_counted = SIZE_MAX};
    f.due = ridge_chunk_add(out, "due_ns", RIDGE_COL_I64, f.cap);
    f.start = ridge_chunk_add(out, "start_ns", RIDGE_COL_I64, f.cap);
    f.duration = ridge_chunk_add(out, "duration_ns", RIDGE_COL_I64, f.cap);
    for (int s = 0; s < RIDGE_N_SPANS; s++) {
        f.span[s] = ridge_chunk_add(out, span_names[s], RIDGE_COL_I64, f.cap);
        f.is_known[s] = true;
    }
    f.zero_ns = ridge_os_now_ns();
    f.n_free = (size_t)c->depth;
    for (size_t i = 0; i < f.n_free; i++) {
        f.free_sets[i] = i;
        f.freed_ns[i] = f.zero_ns;
    }
    enum ridge_status status = fly(&f, l, err);
    out->n = f.n_counted != SIZE_MAX ? f.n_counted : 0;
    out->n_lead_in = f.n_lead_in < out->n ? f.n_lead_in : out->n;
    out->inner_reps = 1;
    drop_unknown_spans(&f, out);
    return status;
}
