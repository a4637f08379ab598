/* Deals units of work to the pool in contiguous parts. A unit's result never depends on its part.
 * Scratch of part i starts at i * part_bytes: the operator declares n_threads * part_bytes. */
#ifndef RIDGE_KERNELS_COMMON_SPLIT_H
#define RIDGE_KERNELS_COMMON_SPLIT_H

#include "abi/host.h"

/* Waking the pool costs about as much as moving this many bytes. */
enum { RIDGE_SPLIT_MIN_BYTES = 64 * 1024 };

struct ridge_split {
    int64_t n_units, n_parts;
    void (*fn)(void *ctx, int64_t begin, int64_t end, int64_t i_part);
    void *ctx;
};

static inline void ridge_split_part(void *ctx, size_t i_task, int i_thread)
{
    const struct ridge_split *s = ctx;
    const int64_t i = (int64_t)i_task, each = s->n_units / s->n_parts, rest = s->n_units % s->n_parts;
    (void)i_thread;
    s->fn(s->ctx, each * i + (i < rest ? i : rest), each * (i + 1) + (i + 1 < rest ? i + 1 : rest), i);
}

/* Each task on its own, on the pool where there is one. */
static inline void ridge_split_tasks(const struct ridge_host *host, int64_t n_tasks,
                                     void (*fn)(void *ctx, size_t i_task, int i_thread), void *ctx)
{
    if (host != NULL && host->parallel_for != NULL && host->n_threads > 1 && n_tasks > 1) {
        host->parallel_for(host->self, (size_t)n_tasks, fn, ctx);
        return;
    }
    for (int64_t i = 0; i < n_tasks; i++)
        fn(ctx, (size_t)i, 0);
}

static inline void ridge_split_units(const struct ridge_host *host, int64_t n_units, double n_bytes,
                                     void (*fn)(void *ctx, int64_t begin, int64_t end, int64_t i_part),
                                     void *ctx)
{
    if (n_units <= 0)
        return;
    if (host == NULL || host->parallel_for == NULL || host->n_threads < 2 || n_units < 2 ||
        n_bytes < RIDGE_SPLIT_MIN_BYTES) {
        fn(ctx, 0, n_units, 0);
        return;
    }
    struct ridge_split s = {.n_units = n_units, .n_parts = host->n_threads, .fn = fn, .ctx = ctx};
    s.n_parts = s.n_parts < n_units ? s.n_parts : n_units;
    host->parallel_for(host->self, (size_t)s.n_parts, ridge_split_part, &s);
}

#endif
