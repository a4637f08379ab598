/* The CUDA runner: device memory, one stream, completions by events. Compiled into both CUDA plug-ins.
 *
 * submit() records an event, enqueues the product and records another; reap() asks for the oldest pair, so
 * completions come in the order of submission. The span `compute` is the GPU's own clock between the two
 * events; nothing is copied in a run, so h2d and d2h are 0. */
#include "cuda/cuda_library.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_SETS = 4096, MAX_FLIGHT = 1024 };

struct flight {
    cuda_handle begin, end;
    uint64_t ticket;
    int64_t enqueue_ns;
};

struct runner {
    const struct ridge_host *host;
    struct cuda_driver driver;
    void *library;
    char version[128];
    struct cuda_case loaded;
    struct ridge_gemm_shape shape;
    bool is_loaded;
    struct cuda_gemm sets[MAX_SETS];
    size_t n_sets;
    struct flight flights[MAX_FLIGHT]; /* a ring: i_first is the oldest */
    size_t i_first, n_flights;
};

static enum ridge_status runner_probe(const struct ridge_host *host, const struct ridge_open_args *args,
                                      struct ridge_probe *out)
{
    const struct ridge_cuda_library *lib = &ridge_cuda_library;
    struct cuda_driver driver = {0};
    struct ridge_error err = {0};
    void *library = NULL;
    (void)host;
    memset(out, 0, sizeof *out);
    enum ridge_status rc = lib->present != NULL ? lib->present(args->library_path, &err) : RIDGE_OK;
    if (rc == RIDGE_OK)
        rc = ridge_cuda_open(&driver, lib->takes_library_path ? "" : args->library_path, &err);
    if (rc == RIDGE_OK)
        rc = lib->open(&driver, args->library_path, &library, out->version, sizeof out->version, &err);
    out->usable = rc == RIDGE_OK;
    if (out->usable) {
        (void)snprintf(out->note, sizeof out->note, "%s", driver.name);
        (void)snprintf(out->library_path, sizeof out->library_path, "%s", driver.path);
        lib->close(library);
        ridge_cuda_close(&driver);
    } else {
        if (driver.dl != NULL)
            ridge_cuda_close(&driver);
        (void)snprintf(out->reason, sizeof out->reason, "%.500s", err.text);
    }
    return RIDGE_OK;
}

static void runner_close(void *self)
{
    struct runner *r = self;
    if (r->library != NULL)
        ridge_cuda_library.close(r->library);
    if (r->driver.dl != NULL)
        ridge_cuda_close(&r->driver);
    free(r);
}

static enum ridge_status runner_open(const struct ridge_host *host, const struct ridge_open_args *args, void **self,
                                     struct ridge_error *err)
{
    const struct ridge_cuda_library *lib = &ridge_cuda_library;
    struct runner *r = calloc(1, sizeof *r);
    if (r == NULL)
        return ridge_fail(err, RIDGE_ERR_NOMEM, lib->name, "out of memory");
    r->host = host;
    enum ridge_status rc = lib->present != NULL ? lib->present(args->library_path, err) : RIDGE_OK;
    if (rc == RIDGE_OK)
        rc = ridge_cuda_open(&r->driver, lib->takes_library_path ? "" : args->library_path, err);
    if (rc == RIDGE_OK)
        rc = lib->open(&r->driver, args->library_path, &r->library, r->version, sizeof r->version, err);
    if (rc != RIDGE_OK)
        runner_close(r);
    else
        *self = r;
    return rc;
}

static enum ridge_status cuda_status(const struct runner *r, int code, const char *what, struct ridge_error *err)
{
    if (code == 0)
        return RIDGE_OK;
    return ridge_fail(err, RIDGE_ERR_INTERNAL, ridge_cuda_library.name, "%s: %s", what,
                      ridge_cuda_text(&r->driver, code));
}

static enum ridge_status make_events(struct runner *r, struct ridge_error *err)
{
    for (size_t i = 0; i < MAX_FLIGHT; i++) {
        struct flight *f = &r->flights[i];
        int code = r->driver.event_create(&f->begin, 0);
        if (code == 0)
            code = r->driver.event_create(&f->end, 0);
        if (code != 0)
            return cuda_status(r, code, "events", err);
    }
    return RIDGE_OK;
}

static void runner_unload(void *self)
{
    struct runner *r = self;
    (void)r->driver.stream_wait(r->driver.stream);
    for (size_t i = 0; i < MAX_FLIGHT; i++) {
        struct flight *f = &r->flights[i];
        if (f->begin != NULL)
            (void)r->driver.event_destroy(f->begin);
        if (f->end != NULL)
            (void)r->driver.event_destroy(f->end);
        *f = (struct flight){0};
    }
    if (r->is_loaded)
        ridge_cuda_library.unload(r->library);
    r->is_loaded = false;
    r->n_sets = r->n_flights = r->i_first = 0;
}

static enum ridge_status check_shape(const struct ridge_gemm_shape *s, struct ridge_error *err)
{
    const char *name = ridge_cuda_library.name;
    if (s->weights != RIDGE_GEMM_GIVEN)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, name, "%s takes B as given: weights=prepacked has no other layout "
                          "here", name);
    if (!ridge_gemm_is_plain(s))
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, name, "%s is written for a dense C = A * B: no transposes, "
                          "strides, batch, alpha, beta, bias or activation", name);
    return RIDGE_OK;
}

static enum ridge_status runner_load(void *self, const struct ridge_problem *problem, struct ridge_error *err)
{
    struct runner *r = self;
    r->shape = *(const struct ridge_gemm_shape *)problem->shape;
    r->loaded = (struct cuda_case){.driver = &r->driver, .shape = &r->shape};
    enum ridge_status rc = check_shape(&r->shape, err);
    if (rc == RIDGE_OK)
        rc = make_events(r, err);
    if (rc == RIDGE_OK)
        rc = ridge_cuda_library.load(r->library, &r->loaded, err);
    r->is_loaded = rc == RIDGE_OK;
    if (rc != RIDGE_OK)
        runner_unload(r);
    return rc;
}

static cuda_address address_of(const struct ridge_tensor *t)
{
    return (cuda_address)(uintptr_t)t->data;
}

static enum ridge_status runner_bind(void *self, size_t i_set, const struct ridge_tensor *in,
                                     const struct ridge_tensor *out, struct ridge_error *err)
{
    struct runner *r = self;
    if (i_set != r->n_sets || i_set >= MAX_SETS)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "bind", "at most %d input sets, in order", MAX_SETS);
    r->sets[r->n_sets++] = (struct cuda_gemm){address_of(&in[RIDGE_GEMM_A]), address_of(&in[RIDGE_GEMM_B]),
                                              address_of(&out[0])};
    return RIDGE_OK;
}

static enum ridge_status runner_run(void *self, size_t i_set, struct ridge_error *err)
{
    struct runner *r = self;
    const enum ridge_status rc = ridge_cuda_library.launch(r->library, &r->sets[i_set], err);
    return rc == RIDGE_OK ? cuda_status(r, r->driver.stream_wait(r->driver.stream), "run", err) : rc;
}

static enum ridge_status runner_submit(void *self, size_t i_set, uint64_t ticket, struct ridge_error *err)
{
    struct runner *r = self;
    if (r->n_flights == MAX_FLIGHT || i_set >= r->n_sets)
        return ridge_fail(err, RIDGE_ERR_INTERNAL, "submit", "input set %zu is not bound, or %d are under way", i_set,
                          MAX_FLIGHT);
    struct flight *f = &r->flights[(r->i_first + r->n_flights) % MAX_FLIGHT];
    const uint64_t begin_ns = r->host->now_ns(r->host->self);
    enum ridge_status rc = cuda_status(r, r->driver.event_record(f->begin, r->driver.stream), "submit", err);
    if (rc == RIDGE_OK)
        rc = ridge_cuda_library.launch(r->library, &r->sets[i_set], err);
    if (rc == RIDGE_OK)
        rc = cuda_status(r, r->driver.event_record(f->end, r->driver.stream), "submit", err);
    if (rc != RIDGE_OK)
        return rc;
    f->ticket = ticket;
    f->enqueue_ns = (int64_t)(r->host->now_ns(r->host->self) - begin_ns);
    r->n_flights++;
    return RIDGE_OK;
}

static struct ridge_done done_of(struct runner *r, const struct flight *f, int code)
{
    float ms = -1;
    const bool is_known = code == 0 && r->driver.event_elapsed(&ms, f->begin, f->end) == 0;
    return (struct ridge_done){
        .ticket = f->ticket,
        .status = code == 0 ? RIDGE_OK : RIDGE_ERR_INTERNAL,
        .completed_ns = r->host->now_ns(r->host->self),
        .span_ns = {[RIDGE_SPAN_ENQUEUE] = f->enqueue_ns, [RIDGE_SPAN_COMPUTE] = is_known ? (int64_t)(ms * 1e6) : -1}};
}

/* Polls: a wait that sleeps would add its wake-up to every completion. */
static size_t runner_reap(void *self, uint64_t timeout_ns, struct ridge_done *done, size_t n_done)
{
    struct runner *r = self;
    const uint64_t until_ns = r->host->now_ns(r->host->self) + timeout_ns;
    size_t n = 0;
    while (n < n_done && r->n_flights > 0) {
        const struct flight *f = &r->flights[r->i_first];
        const int code = r->driver.event_query(f->end);
        if (code != CUDA_NOT_READY) {
            done[n++] = done_of(r, f, code);
            r->i_first = (r->i_first + 1) % MAX_FLIGHT;
            r->n_flights--;
        } else if (n > 0 || r->host->now_ns(r->host->self) >= until_ns) {
            break;
        }
    }
    return n;
}

static void *runner_tensor_alloc(void *self, size_t n_bytes)
{
    struct runner *r = self;
    cuda_address address = 0;
    if (r->driver.alloc(&address, n_bytes > 0 ? n_bytes : 256) != 0)
        return NULL;
    return (void *)(uintptr_t)address;
}

static void runner_tensor_free(void *self, void *ptr)
{
    struct runner *r = self;
    if (ptr != NULL)
        (void)r->driver.free_((cuda_address)(uintptr_t)ptr);
}

static enum ridge_status runner_tensor_write(void *self, void *dst, const void *src, size_t n_bytes)
{
    struct runner *r = self;
    const int code = n_bytes > 0 ? r->driver.copy_in((cuda_address)(uintptr_t)dst, src, n_bytes) : 0;
    return code == 0 ? RIDGE_OK : RIDGE_ERR_INTERNAL;
}

static enum ridge_status runner_tensor_read(void *self, void *dst, const void *src, size_t n_bytes)
{
    struct runner *r = self;
    const int code = n_bytes > 0 ? r->driver.copy_out(dst, (cuda_address)(uintptr_t)src, n_bytes) : 0;
    return code == 0 ? RIDGE_OK : RIDGE_ERR_INTERNAL;
}

static size_t runner_facts(void *self, struct ridge_fact *facts, size_t max_facts)
{
    struct runner *r = self;
    const struct ridge_fact all[] = {
        {"kernel", 0, r->loaded.kernel},
        {"library_version", 0, r->version},
        {"library_path", 0, r->driver.path},
        {"gpu", 0, r->driver.name},
        {"threading", 0, "one stream"},
        {"workspace_bytes", (double)r->loaded.workspace_bytes, NULL},
    };
    size_t n = 0;
    while (n < sizeof all / sizeof all[0] && n < max_facts) {
        facts[n] = all[n];
        n++;
    }
    return n;
}

static const char *runner_algorithm(void *self)
{
    (void)self;
    return "packed";
}

RIDGE_EXPORT const struct ridge_runner *ridge_runner_get(void);
const struct ridge_runner *ridge_runner_get(void)
{
    static const struct ridge_operator *const operators[] = {&ridge_gemm_operator, NULL};
    static struct ridge_runner runner = {
        .abi_version = RIDGE_ABI_VERSION, .struct_size = sizeof(struct ridge_runner), .operators = operators,
        .is_device_memory = true, .probe = runner_probe, .open = runner_open, .close = runner_close,
        .load = runner_load, .unload = runner_unload, .bind = runner_bind, .run = runner_run,
        .submit = runner_submit, .reap = runner_reap, .tensor_alloc = runner_tensor_alloc,
        .tensor_free = runner_tensor_free, .tensor_write = runner_tensor_write, .tensor_read = runner_tensor_read,
        .facts = runner_facts, .algorithm = runner_algorithm,
    };
    runner.name = ridge_cuda_library.name;
    runner.doc = ridge_cuda_library.doc;
    runner.kernels = ridge_cuda_library.kernels;
    runner.n_kernels = ridge_cuda_library.n_kernels;
    return &runner;
}
