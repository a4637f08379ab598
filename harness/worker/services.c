#include "worker/services.h"
#include "base/log.h"
#include "base/os.h"
#include "host/host.h"
#include <string.h>

static void say(void *self, enum ridge_log_level level, const char *text)
{
    (void)self;
    ridge_log(level, "%s", text);
}
static uint64_t now_ns(void *self)
{
    (void)self;
    return ridge_os_now_ns();
}
static void *alloc(void *self, size_t n_bytes, size_t align, size_t *page_bytes)
{
    return ridge_memory_alloc(&((struct ridge_services *)self)->memory, n_bytes, align, 0, page_bytes);
}
static void free_block(void *self, void *ptr)
{
    ridge_memory_free(&((struct ridge_services *)self)->memory, ptr);
}
static void parallel_for(void *self, size_t n_tasks, ridge_pool_fn *fn, void *ctx)
{
    struct ridge_services *s = self;
    if (s->pool != NULL) {
        ridge_pool_run(s->pool, n_tasks, fn, ctx);
        return;
    }
    for (size_t i = 0; i < n_tasks; i++)
        fn(ctx, i, 0);
}
/* Regions are for profilers; the timing pass carries none. */
static void region_begin(void *self, const char *name)
{
    (void)self, (void)name;
}
static void region_end(void *self)
{
    (void)self;
}
static void thread_started(void *self, const char *name)
{
    (void)self;
    ridge_log(RIDGE_LOG_DEBUG, "a plug-in's thread started: %s", name);
}
void ridge_services_init(struct ridge_services *s)
{
    *s = (struct ridge_services){.memory = {.lock = PTHREAD_MUTEX_INITIALIZER}};
    s->host = (struct ridge_host){
        .abi_version = RIDGE_ABI_VERSION, .struct_size = sizeof s->host, .self = s, .n_threads = 1,
        .log = say, .now_ns = now_ns, .alloc = alloc, .free_ = free_block, .parallel_for = parallel_for,
        .region_begin = region_begin, .region_end = region_end, .thread_started = thread_started};
}
enum ridge_status ridge_services_start(struct ridge_services *s, int n_threads, const int64_t *cpus, size_t n_cpus,
                                       struct ridge_error *err)
{
    s->n_cpus = (int)(n_cpus < RIDGE_WORKER_MAX_CPUS ? n_cpus : RIDGE_WORKER_MAX_CPUS);
    for (int i = 0; i < s->n_cpus; i++)
        s->cpus[i] = (int)cpus[i];
    /* fewer CPUs than threads: no one-to-one pinning, all threads share the set */
    int is_one_to_one = s->n_cpus >= n_threads;
    if (s->n_cpus > 0) {
        enum ridge_status pinned = ridge_host_pin_self(s->cpus, is_one_to_one ? 1 : s->n_cpus, err);
        if (pinned != RIDGE_OK)
            return pinned;
    }
    s->host.n_threads = n_threads;
    s->host.cpus = is_one_to_one && s->n_cpus > 0 ? s->cpus : NULL;
    enum ridge_status status = ridge_pool_new(&s->pool, n_threads, s->host.cpus, err);
    ridge_services_note_threads(s);
    return status;
}
void ridge_services_deinit(struct ridge_services *s)
{
    ridge_pool_free(s->pool);
    s->pool = NULL;
    ridge_memory_deinit(&s->memory);
}
