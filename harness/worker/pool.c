#include "worker/pool.h"
#include "base/os.h"
#include "host/host.h"
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SPIN_NS = 50000, SPINS_PER_LOOK = 64, SPINS_BEFORE_YIELD = 20000 };

struct pool_thread {
    struct ridge_pool *pool;
    pthread_t id;
    int i_thread;
};
struct ridge_pool {
    int n_threads, n_started;
    const int *cpus;
    struct pool_thread *threads;
    /* the job; written before `generation` moves */
    ridge_pool_fn *fn;
    void *ctx;
    size_t n_tasks;
    _Alignas(64) atomic_uint generation;
    atomic_uint n_sleeping;
    atomic_bool is_stopping;
    _Alignas(64) atomic_size_t i_next; /* jobs of more tasks than threads */
    _Alignas(64) atomic_int n_done;
};

static void relax(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}
static void futex(atomic_uint *word, int op, unsigned value)
{
    (void)syscall(SYS_futex, (unsigned *)word, op, value, NULL, NULL, 0);
}
/* Few tasks: task i on thread i, so that data stays in that core's cache. Many: first come. */
static void work(struct ridge_pool *p, int i_thread)
{
    if (p->n_tasks <= (size_t)p->n_threads) {
        if ((size_t)i_thread < p->n_tasks)
            p->fn(p->ctx, (size_t)i_thread, i_thread);
        return;
    }
    for (;;) {
        size_t i = atomic_fetch_add_explicit(&p->i_next, 1, memory_order_relaxed);
        if (i >= p->n_tasks)
            return;
        p->fn(p->ctx, i, i_thread);
    }
}
static void wait_for_job(struct ridge_pool *p, unsigned seen)
{
    uint64_t until_ns = ridge_os_now_ns() + SPIN_NS;
    while (ridge_os_now_ns() < until_ns)
        for (int i = 0; i < SPINS_PER_LOOK; i++) {
            if (atomic_load_explicit(&p->generation, memory_order_acquire) != seen)
                return;
            relax();
        }
    atomic_fetch_add(&p->n_sleeping, 1);
    while (atomic_load(&p->generation) == seen)
        futex(&p->generation, FUTEX_WAIT_PRIVATE, seen);
    atomic_fetch_sub(&p->n_sleeping, 1);
}
static void *thread_main(void *arg)
{
    struct pool_thread *t = arg;
    struct ridge_pool *p = t->pool;
    if (p->cpus != NULL)
        (void)ridge_host_pin_self(&p->cpus[t->i_thread], 1, NULL);
    for (unsigned seen = 0;; seen++) {
        wait_for_job(p, seen);
        if (atomic_load(&p->is_stopping))
            return NULL;
        work(p, t->i_thread);
        atomic_fetch_add_explicit(&p->n_done, 1, memory_order_release);
    }
}
static void announce(struct ridge_pool *p)
{
    atomic_fetch_add(&p->generation, 1);
    if (atomic_load(&p->n_sleeping) > 0)
        futex(&p->generation, FUTEX_WAKE_PRIVATE, 1 << 30);
}
void ridge_pool_run(struct ridge_pool *p, size_t n_tasks, ridge_pool_fn *fn, void *ctx)
{
    if (p->n_threads == 1 || n_tasks <= 1) {
        for (size_t i = 0; i < n_tasks; i++)
            fn(ctx, i, 0);
        return;
    }
    p->fn = fn;
    p->ctx = ctx;
    p->n_tasks = n_tasks;
    atomic_store_explicit(&p->i_next, 0, memory_order_relaxed);
    atomic_store_explicit(&p->n_done, 0, memory_order_relaxed);
    announce(p);
    work(p, 0);
    for (int i = 0; atomic_load_explicit(&p->n_done, memory_order_acquire) < p->n_threads - 1; i++) {
        if (i < SPINS_BEFORE_YIELD)
            relax();
        else
            (void)sched_yield(); /* more threads than CPUs: let the others finish */
    }
}
enum ridge_status ridge_pool_new(struct ridge_pool **out, int n_threads, const int *cpus, struct ridge_error *err)
{
    struct ridge_pool *p = aligned_alloc(64, sizeof *p);
    struct pool_thread *threads = calloc((size_t)n_threads, sizeof *threads);
    if (p == NULL || threads == NULL) {
        free(p);
        free(threads);
        return ridge_fail(err, RIDGE_ERR_NOMEM, "pool", "no memory for a pool of %d threads", n_threads);
    }
    *p = (struct ridge_pool){.n_threads = n_threads, .n_started = 1, .cpus = cpus, .threads = threads};
    for (int i = 1; i < n_threads; i++, p->n_started++) {
        threads[i] = (struct pool_thread){.pool = p, .i_thread = i};
        if (pthread_create(&threads[i].id, NULL, thread_main, &threads[i]) != 0) {
            ridge_pool_free(p);
            return ridge_fail(err, RIDGE_ERR_NOMEM, "pool", "thread %d of %d could not be started", i + 1, n_threads);
        }
    }
    *out = p;
    return RIDGE_OK;
}
void ridge_pool_free(struct ridge_pool *p)
{
    if (p == NULL)
        return;
    atomic_store(&p->is_stopping, true);
    announce(p);
    for (int i = 1; i < p->n_started; i++)
        (void)pthread_join(p->threads[i].id, NULL);
    free(p->threads);
    free(p);
}
