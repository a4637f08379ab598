/* Services that the worker gives to every plug-in. A plug-in needs no hwloc and no pool of its own.
 *
 * Thread rule: parallel_for is called from the thread that runs the case, never nested; the other
 * hooks may be called from any thread. Memory from alloc is freed with free_; both count for the
 * worker's memory metrics. Nothing here may be called between start and stop of a timed block
 * except parallel_for, now_ns and region_*.
 */
#ifndef RIDGE_ABI_HOST_H
#define RIDGE_ABI_HOST_H

#include "status.h"
#include <stddef.h>
#include <stdint.h>

enum ridge_log_level { RIDGE_LOG_ERROR, RIDGE_LOG_WARN, RIDGE_LOG_INFO, RIDGE_LOG_DEBUG };

struct ridge_host {
    uint32_t abi_version, struct_size;
    void *self;
    int n_threads;       /* size of the pinned pool, the caller included */
    const int *cpus;     /* n_threads CPU numbers, or NULL where pinning is not possible */
    void (*log)(void *self, enum ridge_log_level level, const char *text);
    uint64_t (*now_ns)(void *self); /* CLOCK_MONOTONIC */
    /* Aligned, zeroed, prefaulted. Asks for huge pages from 2 MiB up; *page_bytes (may be NULL)
     * says what was had. NULL when out of memory. */
    void *(*alloc)(void *self, size_t n_bytes, size_t align, size_t *page_bytes);
    void (*free_)(void *self, void *ptr);
    /* Calls fn(ctx, i_task, i_thread) for i_task in [0, n_tasks) on the pool; returns when all are done. */
    void (*parallel_for)(void *self, size_t n_tasks, void (*fn)(void *ctx, size_t i_task, int i_thread),
                         void *ctx);
    void (*region_begin)(void *self, const char *name); /* layers and phases, for profilers */
    void (*region_end)(void *self);
    void (*thread_started)(void *self, const char *name); /* a plug-in's own thread says hello */
};

#endif
