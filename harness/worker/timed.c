/* The timed loop of scenario `single`. Between the first start and the last stop it allocates nothing,
 * locks nothing and writes nothing but the sample arrays, which were touched before. */
#include "worker/case.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_LEAD_IN_SAMPLES = 4096 };
#define LONG_RUN_NS 10e6

struct timed {
    struct ridge_worker_case *c;
    uint64_t *start, *duration; /* ticks, then ns */
    uint8_t *cpu_changed;
    size_t n;
    uint32_t cpu; /* of the last stop */
};

/* Results are kept from the optimiser without a store of our own. */
#define BARRIER() __asm__ volatile("" ::: "memory")

static enum ridge_status sample(struct timed *t, struct ridge_error *err)
{
    struct ridge_worker_case *c = t->c;
    enum ridge_status status = RIDGE_OK;
    uint32_t cpu = 0;
    int64_t k = c->inner_reps;
    uint64_t start = ridge_clock_start(&c->clock);
    BARRIER();
    for (int64_t i = 0; i < k; i++) {
        status = ridge_case_run(c, err);
        BARRIER();
        if (__builtin_expect(status != RIDGE_OK, 0))
            break;
    }
    uint64_t stop = ridge_clock_stop(&c->clock, &cpu);
    t->start[t->n] = start;
    t->duration[t->n] = stop - start;
    t->cpu_changed[t->n] = cpu != t->cpu;
    t->cpu = cpu;
    t->n++;
    return status;
}
static uint64_t ticks_of(const struct ridge_clock *c, int64_t ns)
{
    return c->is_tsc && c->ns_per_tick > 0 ? (uint64_t)((double)ns / c->ns_per_tick) : (uint64_t)ns;
}
/* Ticks since the first sample began, at the end of the last one. */
static uint64_t elapsed(const struct timed *t, size_t i_first)
{
    return t->n <= i_first ? 0 : t->start[t->n - 1] + t->duration[t->n - 1] - t->start[i_first];
}
static enum ridge_status lead_in(struct timed *t, const struct ridge_block_limits *l, struct ridge_error *err)
{
    const struct ridge_worker_case *c = t->c;
    int64_t k = c->inner_reps;
    bool is_long = c->run_ns > LONG_RUN_NS;
    uint64_t enough = ticks_of(&c->clock, l->lead_in_ns);
    enum ridge_status status = RIDGE_OK;
    while (status == RIDGE_OK && t->n < MAX_LEAD_IN_SAMPLES) {
        bool has_runs = (int64_t)t->n * k >= l->lead_in_runs, has_time = elapsed(t, 0) >= enough;
        if ((has_runs && has_time) || (is_long && t->n > 0))
            break;
        status = sample(t, err);
    }
    return status;
}
static void to_ns(struct timed *t, struct ridge_chunk *out, size_t n_lead_in)
{
    const struct ridge_clock *clock = &t->c->clock;
    uint64_t zero = t->n > 0 ? t->start[0] : 0;
    for (size_t i = 0; i < t->n; i++) {
        t->start[i] = (uint64_t)ridge_clock_ns(clock, t->start[i] - zero);
        t->duration[i] = (uint64_t)(ridge_clock_ns(clock, t->duration[i]) + 0.5);
    }
    if (t->n > 0)
        t->cpu_changed[0] = 0; /* nothing to compare with */
    out->n = t->n;
    out->n_lead_in = n_lead_in;
    out->inner_reps = t->c->inner_reps;
    for (size_t i = n_lead_in; i < t->n; i++)
        out->n_disturbed += t->cpu_changed[i];
}
/* Samples to make room for: four times what the warm-up leads to expect. Touching the most that a block may hold would cost
 * a millisecond and the caches. */
static size_t room(const struct ridge_worker_case *c, const struct ridge_block_limits *l)
{
    double sample_ns = c->run_ns * (double)c->inner_reps;
    double want = sample_ns > 0 ? 4 * (double)l->block_ns / sample_ns + 64 : INFINITY;
    return want < (double)l->max_samples ? (size_t)want : (size_t)l->max_samples;
}
enum ridge_status ridge_case_time_single(struct ridge_worker_case *c, const struct ridge_block_limits *l,
                                         struct ridge_chunk *out, struct ridge_error *err)
{
    size_t most = room(c, l), cap = most + MAX_LEAD_IN_SAMPLES;
    struct timed t = {.c = c,
                      .start = ridge_chunk_add(out, "start_ns", RIDGE_COL_I64, cap),
                      .duration = ridge_chunk_add(out, "duration_ns", RIDGE_COL_I64, cap),
                      .cpu_changed = ridge_chunk_add(out, "cpu_changed", RIDGE_COL_U8, cap)};
    uint64_t enough = ticks_of(&c->clock, l->block_ns);
    enum ridge_status status = lead_in(&t, l, err);
    size_t n_lead_in = t.n, max = n_lead_in + most;
    while (status == RIDGE_OK) {
        status = sample(&t, err);
        if (t.n >= max || elapsed(&t, n_lead_in) >= enough)
            break;
    }
    to_ns(&t, out, n_lead_in);
    return status;
}
