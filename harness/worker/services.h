/* Host services of one case: pool, memory, log. Owns every block that alloc gave. */
#ifndef RIDGE_WORKER_SERVICES_H
#define RIDGE_WORKER_SERVICES_H

#include "abi/host.h"
#include "worker/pool.h"
#include <pthread.h>
#include <stdbool.h>
#include <sys/types.h>

enum { RIDGE_WORKER_MAX_CPUS = 64 };

struct ridge_memory_block;
struct ridge_memory { /* zero-initialise */
    pthread_mutex_t lock;
    struct ridge_memory_block *blocks;
    size_t largest_bytes, page_bytes; /* the largest block so far and the pages that it got */
};
/* memory.c: mmap, prefaulted, zeroed; `offset_bytes` shifts the aligned pointer. NULL when out of memory. */
void *ridge_memory_alloc(struct ridge_memory *m, size_t n_bytes, size_t align, size_t offset_bytes, size_t *page_bytes);
void ridge_memory_free(struct ridge_memory *m, void *ptr);
void ridge_memory_deinit(struct ridge_memory *m);

struct ridge_services {
    struct ridge_host host;
    struct ridge_memory memory;
    struct ridge_pool *pool; /* NULL until started: parallel_for then runs in the caller */
    int cpus[RIDGE_WORKER_MAX_CPUS];
    int n_cpus;
    pid_t own_threads[RIDGE_WORKER_MAX_CPUS + 2]; /* that were there before the runner was opened */
    size_t n_own_threads;
};
void ridge_services_init(struct ridge_services *s);
/* Pins the caller and starts the pool; n_cpus 0: not pinned. */
enum ridge_status ridge_services_start(struct ridge_services *s, int n_threads, const int64_t *cpus, size_t n_cpus,
                                       struct ridge_error *err) RIDGE_MUST_USE;
/* threads.c: start() notes its own threads; pin_threads() finds those of a library after the first run and pins
 * them one to one; say_pinning() tells what really holds. */
void ridge_services_note_threads(struct ridge_services *s);
void ridge_services_pin_threads(struct ridge_services *s);
void ridge_services_say_pinning(const struct ridge_services *s, char *text, size_t n_text);
void ridge_services_deinit(struct ridge_services *s);
#endif
