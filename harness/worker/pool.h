/* The pinned pool behind parallel_for. Threads spin about 50 us for the next job, then sleep on a futex,
 * so that a parked worker costs nothing. Jobs come from one thread at a time, never nested. */
#ifndef RIDGE_WORKER_POOL_H
#define RIDGE_WORKER_POOL_H

#include "abi/status.h"
#include <stddef.h>

struct ridge_pool;
typedef void ridge_pool_fn(void *ctx, size_t i_task, int i_thread);
/* n_threads includes the caller; cpus may be NULL. */
enum ridge_status ridge_pool_new(struct ridge_pool **out, int n_threads, const int *cpus,
                                 struct ridge_error *err) RIDGE_MUST_USE;
void ridge_pool_free(struct ridge_pool *p);
void ridge_pool_run(struct ridge_pool *p, size_t n_tasks, ridge_pool_fn *fn, void *ctx);
#endif
