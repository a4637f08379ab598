/* What kernel tests share: a host with a real pool of threads, buffers between guard pages, and a run() that may
 * not allocate: these tests are linked with --wrap, so that every allocation of a kernel passes here. */
#ifndef RIDGE_TEST_KERNEL_HOST_H
#define RIDGE_TEST_KERNEL_HOST_H

#include "abi/kernel.h"
#include "ridge_test.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { TEST_MAX_THREADS = 4, TEST_PAGE_BYTES = 4096 };

static atomic_int test_n_allocations;

#define TEST_WRAP(type, name, params, args)                                                                            \
    type __real_##name params;                                                                                         \
    type __wrap_##name params;                                                                                         \
    type __wrap_##name params                                                                                          \
    {                                                                                                                  \
        atomic_fetch_add(&test_n_allocations, 1);                                                                      \
        return __real_##name args;                                                                                     \
    }
TEST_WRAP(void *, malloc, (size_t n), (n))
TEST_WRAP(void *, calloc, (size_t n, size_t size), (n, size))
TEST_WRAP(void *, realloc, (void *p, size_t n), (p, n))
TEST_WRAP(void *, aligned_alloc, (size_t align, size_t n), (align, n))
TEST_WRAP(int, posix_memalign, (void **p, size_t align, size_t n), (p, align, n))

__attribute__((unused)) static enum ridge_status test_run(const struct ridge_kernel *kernel, const struct ridge_kernel_args *args)
{
    const int before = atomic_load(&test_n_allocations);
    const enum ridge_status status = kernel->run(args);
    if (atomic_load(&test_n_allocations) != before)
        fprintf(stderr, "%s allocates in run()\n", kernel->name);
    CHECK(atomic_load(&test_n_allocations) == before);
    return status;
}

struct test_job {
    void (*fn)(void *ctx, size_t i_task, int i_thread);
    void *ctx;
    size_t n_tasks, i_first, stride;
};

static void *test_worker(void *arg)
{
    const struct test_job *job = arg;
    for (size_t t = job->i_first; t < job->n_tasks; t += job->stride)
        job->fn(job->ctx, t, (int)job->i_first);
    return NULL;
}

/* Task t runs on thread t mod n_threads; the caller is thread 0. */
static void test_parallel_for(void *self, size_t n_tasks, void (*fn)(void *, size_t, int),
                              void *ctx)
{
    const struct ridge_host *host = *(struct ridge_host *const *)self;
    pthread_t threads[TEST_MAX_THREADS];
    struct test_job jobs[TEST_MAX_THREADS];
    for (int i = 0; i < host->n_threads; i++)
        jobs[i] = (struct test_job){fn, ctx, n_tasks, (size_t)i, (size_t)host->n_threads};
    for (int i = 1; i < host->n_threads; i++)
        if (pthread_create(&threads[i], NULL, test_worker, &jobs[i]) != 0)
            abort();
    test_worker(&jobs[0]);
    for (int i = 1; i < host->n_threads; i++)
        pthread_join(threads[i], NULL);
}

static void test_host_init(struct ridge_host *host, const struct ridge_host **self, int n_threads)
{
    *self = host;
    *host = (struct ridge_host){.abi_version = RIDGE_ABI_VERSION,
                                .struct_size = sizeof *host,
                                .self = self,
                                .n_threads = n_threads,
                                .parallel_for = test_parallel_for};
}

/* n_bytes of poison (all bits set: NaN) between two pages that fault. */
struct test_buffer {
    char *map;
    size_t map_bytes;
    void *data;
};

static void test_buffer_init(struct test_buffer *b, size_t n_bytes, bool is_at_end)
{
    const size_t inner = (n_bytes + TEST_PAGE_BYTES - 1) / TEST_PAGE_BYTES * TEST_PAGE_BYTES;
    b->map_bytes = inner + 2 * TEST_PAGE_BYTES;
    b->map = mmap(NULL, b->map_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (b->map == MAP_FAILED)
        abort();
    char *first = b->map + TEST_PAGE_BYTES;
    if (inner > 0 && mprotect(first, inner, PROT_READ | PROT_WRITE) != 0)
        abort();
    memset(first, 0xff, inner);
    b->data = is_at_end ? first + inner - n_bytes : first;
}

static void test_buffer_deinit(struct test_buffer *b)
{
    munmap(b->map, b->map_bytes);
}

#endif
