/* fakedev: stands in for an accelerator. Its memory faults when the host touches it, its work is done by
 * an engine thread, out of order, and the shape of its output is known only after a run.
 *
 * Device memory is one memfd mapped twice: the pointer that is given out is PROT_NONE, the engine and the
 * copy hooks use the alias. Operator `fakeadd`: c = a + b over the first n_valid elements, where n_valid is
 * data-dependent (a[0] says how many): output_dims tells it after the run. */
#include "abi/runner.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { MAX_SETS = 4096, MAX_BUFFERS = 3 * MAX_SETS, MAX_QUEUE = 512, BATCH = 4 };

struct shape {
    int64_t n;
};
struct buffer {
    char *guarded, *alias;
    size_t n_bytes;
};
struct job {
    size_t i_set;
    uint64_t ticket;
    int64_t submitted_ns, enqueue_ns;
};
struct set {
    struct ridge_tensor a, b, c;
    int64_t n_valid;
};
struct device {
    const struct ridge_host *host;
    pthread_t engine;
    pthread_mutex_t lock;
    pthread_cond_t work, completed;
    struct job queue[MAX_QUEUE];
    struct ridge_done done[MAX_QUEUE];
    size_t n_queue, n_done, n_batch; /* n_batch: first jobs of the queue that come next */
    int is_stopping, is_started;
    struct shape shape;
    struct set sets[MAX_SETS];
    size_t n_sets;
    struct buffer buffers[MAX_BUFFERS];
    size_t n_buffers;
};

static int64_t now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

/* ---- operator */
static const struct ridge_option_row fields[] = {
    {.key = "n", .kind = RIDGE_KIND_INT, .role = RIDGE_ROLE_SUBJECT, .offset = offsetof(struct shape, n),
     .unit = "elements", .min = 1, .max = 1 << 26, .help = "elements of a, b and c"}};
static const char *const short_form[] = {"n", NULL}, *const yardsticks[] = {NULL};

static int64_t n_valid_of(int64_t n, float first)
{
    int64_t v = (int64_t)((float)n * first); /* first lies in [0.5, 1) */
    return v < 1 ? 1 : v > n ? n : v;
}
static enum ridge_status cost(const void *shape, struct ridge_cost *out, struct ridge_error *err)
{
    (void)err;
    double n = (double)((const struct shape *)shape)->n;
    *out = (struct ridge_cost){n, 12 * n};
    return RIDGE_OK;
}
static enum ridge_status tensor(const void *shape, size_t i, struct ridge_tensor *out, struct ridge_error *err)
{
    static const char *const names[] = {"a", "b", "c"};
    int64_t n = ((const struct shape *)shape)->n;
    if (i > 2)
        return ridge_fail(err, RIDGE_ERR_INTERNAL, "fakeadd", "no tensor %zu", i);
    *out = (struct ridge_tensor){.name = names[i], .dtype = RIDGE_F32, .rank = 1, .dims = {i == 2 ? -1 : n},
                                 .role = i == 2 ? RIDGE_TENSOR_OUTPUT : RIDGE_TENSOR_ACTIVATION, .layout = "row",
                                 .symbols = {i == 2 ? "n_valid" : NULL}, .device = "fakedev:0",
                                 .n_bytes = (uint64_t)n * sizeof(float)};
    return RIDGE_OK;
}
static void fill(const void *shape, size_t i, struct ridge_tensor *t, uint64_t seed)
{
    (void)shape, (void)i;
    float *x = t->data;
    uint64_t s = seed | 1;
    for (size_t j = 0; j < t->n_bytes / sizeof *x; j++) {
        s = s * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        x[j] = 0.5f + (float)(s >> 41) * 0x1p-24f;
    }
}
static enum ridge_status check(const void *shape, const struct ridge_tensor *in, const struct ridge_tensor *out,
                               uint64_t seed, const char *algorithm, struct ridge_check *result, struct ridge_error *err)
{
    (void)seed, (void)algorithm;
    const float *a = in[0].data, *b = in[1].data, *c = out[0].data;
    int64_t n = n_valid_of(((const struct shape *)shape)->n, a[0]);
    *result = (struct ridge_check){.tolerance = 0, .n_checked = (uint64_t)n};
    if (out[0].dims[0] != n) {
        (void)snprintf(result->text, sizeof result->text, "c has %lld elements, want %lld", (long long)out[0].dims[0], (long long)n);
        return ridge_fail(err, RIDGE_ERR_WRONG, "fakeadd", "%s", result->text);
    }
    for (int64_t i = 0; i < n; i++)
        if (!(c[i] == a[i] + b[i])) {
            result->error_ratio = 1;
            (void)snprintf(result->text, sizeof result->text, "c[%lld] is %g, want %g", (long long)i, (double)c[i], (double)(a[i] + b[i]));
            return ridge_fail(err, RIDGE_ERR_WRONG, "fakeadd", "%s", result->text);
        }
    return RIDGE_OK;
}
static const struct ridge_operator fakeadd = {
    .abi_version = RIDGE_ABI_VERSION, .struct_size = sizeof(struct ridge_operator), .name = "fakeadd",
    .doc = "c = a + b on a device that is not there", .fields = fields, .n_fields = 1,
    .shape_size = sizeof(struct shape), .short_form = short_form, .yardsticks = yardsticks, .cost = cost,
    .n_inputs = 2, .n_outputs = 1, .tensor = tensor, .fill = fill, .check = check};

/* ---- memory */
static size_t round_up(size_t n)
{
    return (n + 4095) / 4096 * 4096;
}
static void *device_alloc(void *self, size_t n_bytes)
{
    struct device *d = self;
    size_t size = round_up(n_bytes ? n_bytes : 1);
    int fd = d->n_buffers < MAX_BUFFERS ? memfd_create("fakedev", MFD_CLOEXEC) : -1;
    if (fd < 0)
        return NULL;
    struct buffer *b = &d->buffers[d->n_buffers];
    *b = (struct buffer){.n_bytes = size, .guarded = MAP_FAILED, .alias = MAP_FAILED};
    if (ftruncate(fd, (off_t)size) == 0) {
        b->guarded = mmap(NULL, size, PROT_NONE, MAP_SHARED, fd, 0);
        b->alias = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
    }
    (void)close(fd);
    if (b->guarded == MAP_FAILED || b->alias == MAP_FAILED)
        return NULL;
    d->n_buffers++;
    return b->guarded;
}
static void device_free(void *self, void *ptr)
{
    struct device *d = self;
    for (size_t i = 0; i < d->n_buffers; i++)
        if (d->buffers[i].guarded == ptr) {
            (void)munmap(d->buffers[i].guarded, d->buffers[i].n_bytes);
            (void)munmap(d->buffers[i].alias, d->buffers[i].n_bytes);
            d->buffers[i] = d->buffers[--d->n_buffers];
            return;
        }
}
static char *alias_of(const struct device *d, const void *ptr)
{
    for (size_t i = 0; i < d->n_buffers; i++)
        if (d->buffers[i].guarded == ptr)
            return d->buffers[i].alias;
    return NULL;
}
static enum ridge_status device_write(void *self, void *dst, const void *src, size_t n_bytes)
{
    char *to = alias_of(self, dst);
    if (to == NULL)
        return RIDGE_ERR_INTERNAL;
    memcpy(to, src, n_bytes);
    return RIDGE_OK;
}
static enum ridge_status device_read(void *self, void *dst, const void *src, size_t n_bytes)
{
    const char *from = alias_of(self, src);
    if (from == NULL)
        return RIDGE_ERR_INTERNAL;
    memcpy(dst, from, n_bytes);
    return RIDGE_OK;
}

/* ---- engine */
static void add(struct device *d, struct set *s)
{
    const float *a = (const float *)(void *)alias_of(d, s->a.data), *b = (const float *)(void *)alias_of(d, s->b.data);
    float *c = (float *)(void *)alias_of(d, s->c.data);
    s->n_valid = n_valid_of(d->shape.n, a[0]);
    for (int64_t i = 0; i < s->n_valid; i++)
        c[i] = a[i] + b[i];
}
/* Takes batches of at most BATCH jobs, each from its newest to its oldest: completions come out of order, and none
 * waits for ever. */
static struct job take(struct device *d)
{
    if (d->n_batch == 0)
        d->n_batch = d->n_queue < BATCH ? d->n_queue : BATCH;
    size_t i = --d->n_batch;
    struct job job = d->queue[i];
    d->n_queue--;
    memmove(&d->queue[i], &d->queue[i + 1], (d->n_queue - i) * sizeof job);
    return job;
}
static void *engine_main(void *arg)
{
    struct device *d = arg;
    d->host->thread_started(d->host->self, "fakedev engine");
    (void)pthread_mutex_lock(&d->lock);
    for (;;) {
        while (d->n_queue == 0 && !d->is_stopping)
            (void)pthread_cond_wait(&d->work, &d->lock);
        if (d->is_stopping)
            break;
        struct job job = take(d);
        (void)pthread_mutex_unlock(&d->lock);
        int64_t begin = now_ns();
        add(d, &d->sets[job.i_set]);
        int64_t end = now_ns();
        (void)pthread_mutex_lock(&d->lock);
        d->done[d->n_done++] = (struct ridge_done){
            .ticket = job.ticket, .completed_ns = (uint64_t)end,
            .span_ns = {job.enqueue_ns, begin - job.submitted_ns, end - begin, now_ns() - end}};
        (void)pthread_cond_broadcast(&d->completed);
    }
    (void)pthread_mutex_unlock(&d->lock);
    return NULL;
}
static enum ridge_status submit(void *self, size_t i_set, uint64_t ticket, struct ridge_error *err)
{
    struct device *d = self;
    int64_t begin = now_ns();
    enum ridge_status status = RIDGE_OK;
    (void)pthread_mutex_lock(&d->lock);
    if (i_set >= d->n_sets || d->n_queue + d->n_done + 1 >= MAX_QUEUE)
        status = ridge_fail(err, RIDGE_ERR_INTERNAL, "fakedev", "set %zu is not bound or the queue is full", i_set);
    else
        d->queue[d->n_queue++] = (struct job){i_set, ticket, begin, now_ns() - begin};
    (void)pthread_cond_signal(&d->work);
    (void)pthread_mutex_unlock(&d->lock);
    return status;
}
static size_t reap(void *self, uint64_t timeout_ns, struct ridge_done *done, size_t n_done)
{
    struct device *d = self;
    int64_t until = now_ns() + (int64_t)timeout_ns;
    struct timespec at = {until / 1000000000, until % 1000000000};
    (void)pthread_mutex_lock(&d->lock);
    while (d->n_done == 0 && pthread_cond_timedwait(&d->completed, &d->lock, &at) == 0)
        ;
    size_t n = d->n_done < n_done ? d->n_done : n_done;
    memcpy(done, d->done, n * sizeof *done);
    memmove(d->done, d->done + n, (d->n_done - n) * sizeof *done);
    d->n_done -= n;
    (void)pthread_mutex_unlock(&d->lock);
    return n;
}
static enum ridge_status run(void *self, size_t i_set, struct ridge_error *err)
{
    struct ridge_done done;
    enum ridge_status status = submit(self, i_set, 0, err);
    while (status == RIDGE_OK && reap(self, 1000000000, &done, 1) == 0)
        ;
    return status;
}

/* ---- life */
static enum ridge_status probe(const struct ridge_host *host, const struct ridge_open_args *args, struct ridge_probe *out)
{
    (void)host, (void)args;
    *out = (struct ridge_probe){.usable = true, .version = "1"};
    return RIDGE_OK;
}
static void close_device(void *self)
{
    struct device *d = self;
    if (d->is_started) {
        (void)pthread_mutex_lock(&d->lock);
        d->is_stopping = 1;
        (void)pthread_cond_broadcast(&d->work);
        (void)pthread_mutex_unlock(&d->lock);
        (void)pthread_join(d->engine, NULL);
    }
    while (d->n_buffers > 0)
        device_free(d, d->buffers[0].guarded);
    free(d);
}
static enum ridge_status open_device(const struct ridge_host *host, const struct ridge_open_args *args, void **self,
                                     struct ridge_error *err)
{
    (void)args;
    struct device *d = calloc(1, sizeof *d);
    pthread_condattr_t monotonic;
    if (d == NULL)
        return ridge_fail(err, RIDGE_ERR_NOMEM, "fakedev", "out of memory");
    d->host = host;
    (void)pthread_mutex_init(&d->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&d->work, &monotonic);
    (void)pthread_cond_init(&d->completed, &monotonic);
    d->is_started = pthread_create(&d->engine, NULL, engine_main, d) == 0;
    if (!d->is_started) {
        free(d);
        return ridge_fail(err, RIDGE_ERR_NOMEM, "fakedev", "its engine thread could not be started");
    }
    *self = d;
    return RIDGE_OK;
}
static enum ridge_status load(void *self, const struct ridge_problem *problem, struct ridge_error *err)
{
    (void)err;
    ((struct device *)self)->shape = *(const struct shape *)problem->shape;
    return RIDGE_OK;
}
static void unload(void *self)
{
    ((struct device *)self)->n_sets = 0;
}
static enum ridge_status bind_set(void *self, size_t i_set, const struct ridge_tensor *in, const struct ridge_tensor *out,
                                  struct ridge_error *err)
{
    struct device *d = self;
    if (i_set != d->n_sets || i_set >= MAX_SETS)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "fakedev", "at most %d input sets, in order", MAX_SETS);
    d->sets[d->n_sets++] = (struct set){in[0], in[1], out[0], 0};
    return RIDGE_OK;
}
static enum ridge_status output_dims(void *self, size_t i_set, size_t i_out, struct ridge_tensor *out)
{
    (void)i_out;
    out->dims[0] = ((struct device *)self)->sets[i_set].n_valid;
    return RIDGE_OK;
}
static const struct ridge_operator *const operators[] = {&fakeadd, NULL};
static const struct ridge_runner runner = {
    .abi_version = RIDGE_ABI_VERSION, .struct_size = sizeof(struct ridge_runner), .name = "fakedev",
    .doc = "a device whose memory faults on host access and whose work completes out of order",
    .operators = operators, .is_device_memory = true, .probe = probe, .open = open_device, .close = close_device,
    .load = load, .unload = unload, .bind = bind_set, .run = run, .submit = submit, .reap = reap,
    .tensor_alloc = device_alloc, .tensor_free = device_free, .tensor_write = device_write,
    .tensor_read = device_read, .output_dims = output_dims};

RIDGE_EXPORT const struct ridge_runner *ridge_runner_get(void);
const struct ridge_runner *ridge_runner_get(void)
{
    return &runner;
}
