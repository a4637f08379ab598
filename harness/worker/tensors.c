/* Input sets: allocation, seeded filling, poison, comparison with the reference. */
#include "worker/case.h"
#include "base/os.h"
#include <stdlib.h>
#include <string.h>

/* All ones are a NaN in every float format; 0x7f.. is an integer far from any sum. */
static int poison_of(enum ridge_dtype dtype)
{
    bool is_float = dtype == RIDGE_F32 || dtype == RIDGE_F64 || dtype == RIDGE_BF16 || dtype == RIDGE_F16;
    return is_float ? 0xff : 0x7f;
}

static size_t n_tensors(const struct ridge_worker_case *c)
{
    return c->op->n_inputs + c->op->n_outputs;
}
static struct ridge_tensor *tensor_of(const struct ridge_worker_case *c, struct ridge_case_set *set, size_t i)
{
    return i < c->op->n_inputs ? &set->in[i] : &set->out[i - c->op->n_inputs];
}
static uint64_t seed_of(const struct ridge_worker_case *c, size_t i_set)
{
    return c->seed + i_set * UINT64_C(0x9e3779b97f4a7c15);
}
/* The set as the host can read and write it. */
static struct ridge_case_set *host_side(struct ridge_worker_case *c, size_t i_set)
{
    return c->plugin->has_device_memory ? &c->staging : &c->sets[i_set];
}

/* Requests at once: a backend that only runs serves one, others as many as memory allows. */
size_t ridge_case_count_in_flight(const struct ridge_worker_case *c, uint64_t max_bytes)
{
    const uint64_t most = max_bytes / (c->set_bytes > 0 ? c->set_bytes : 1);
    if (c->scenario.kind == RIDGE_SCENARIO_DEPTH)
        return (size_t)c->scenario.depth;
    if (c->scenario.kind == RIDGE_SCENARIO_SINGLE || !c->plugin->has_submit)
        return 1;
    return most < 1 ? 1 : most > RIDGE_WORKER_MAX_FLIGHT ? RIDGE_WORKER_MAX_FLIGHT : (size_t)most;
}
size_t ridge_case_count_sets(const struct ridge_worker_case *c, uint64_t cache_bytes, uint64_t max_bytes)
{
    uint64_t set_bytes = c->set_bytes > 0 ? c->set_bytes : 1;
    size_t n = c->max_in_flight > 0 ? c->max_in_flight : 1;
    if (c->options.cache == 1) {
        uint64_t want = (2 * cache_bytes + set_bytes - 1) / set_bytes, most = max_bytes / set_bytes;
        want = want > most ? most : want;
        want = want > RIDGE_WORKER_MAX_SETS ? RIDGE_WORKER_MAX_SETS : want;
        n = want > n ? (size_t)want : n;
        n = n < 2 ? 2 : n;
    }
    return n;
}
/* Offsets differ per tensor, so that the layout also moves buffers against each other (4 KiB aliasing). */
static void *host_alloc(struct ridge_worker_case *c, size_t i, size_t n_bytes)
{
    uint64_t offset = (uint64_t)c->buffer_offset_bytes * (i + 1);
    if (offset > 4096)
        offset %= 4096;
    return ridge_memory_alloc(&c->services.memory, n_bytes, 64, (size_t)(offset / 64 * 64), NULL);
}
static enum ridge_status alloc_set(struct ridge_worker_case *c, struct ridge_case_set *set, bool is_device,
                                   struct ridge_error *err)
{
    for (size_t i = 0; i < n_tensors(c); i++) {
        struct ridge_tensor *t = tensor_of(c, set, i);
        enum ridge_status status = c->op->tensor(c->shape, i, t, err);
        if (status != RIDGE_OK)
            return status;
        t->data = is_device ? c->runner->tensor_alloc(c->self, t->n_bytes) : host_alloc(c, i, t->n_bytes);
        if (t->data == NULL && t->n_bytes > 0)
            return ridge_fail(err, RIDGE_ERR_NOMEM, t->name, "no %smemory for tensor %s of %llu bytes",
                              is_device ? "device " : "", t->name, (unsigned long long)t->n_bytes);
    }
    return RIDGE_OK;
}
enum ridge_status ridge_case_alloc(struct ridge_worker_case *c, struct ridge_error *err)
{
    c->sets = calloc(c->n_sets, sizeof *c->sets);
    if (c->sets == NULL)
        return ridge_fail(err, RIDGE_ERR_NOMEM, "sets", "no memory for %zu input sets", c->n_sets);
    enum ridge_status status = RIDGE_OK;
    if (c->plugin->has_device_memory)
        status = alloc_set(c, &c->staging, false, err);
    for (size_t s = 0; s < c->n_sets && status == RIDGE_OK; s++)
        status = alloc_set(c, &c->sets[s], c->plugin->has_device_memory, err);
    return status;
}
static enum ridge_status to_device(struct ridge_worker_case *c, size_t i_set, size_t i, struct ridge_error *err)
{
    const struct ridge_tensor *to = tensor_of(c, &c->sets[i_set], i), *from = tensor_of(c, &c->staging, i);
    if (!c->plugin->has_device_memory)
        return RIDGE_OK;
    enum ridge_status status = c->runner->tensor_write(c->self, to->data, from->data, to->n_bytes);
    return status == RIDGE_OK ? status : ridge_fail(err, status, to->name, "tensor %s could not be written to the device", to->name);
}
static void fill_host(struct ridge_worker_case *c, size_t i_set)
{
    struct ridge_case_set *set = host_side(c, i_set);
    for (size_t i = 0; i < c->op->n_inputs; i++)
        c->op->fill(c->shape, i, &set->in[i], seed_of(c, i_set) + i);
}
enum ridge_status ridge_case_poison(struct ridge_worker_case *c, size_t i_set, struct ridge_error *err)
{
    struct ridge_case_set *set = host_side(c, i_set);
    enum ridge_status status = RIDGE_OK;
    for (size_t i = 0; i < c->op->n_outputs && status == RIDGE_OK; i++) {
        memset(set->out[i].data, poison_of(set->out[i].dtype), set->out[i].n_bytes);
        status = to_device(c, i_set, c->op->n_inputs + i, err);
    }
    return status;
}
enum ridge_status ridge_case_fill(struct ridge_worker_case *c, struct ridge_error *err)
{
    for (size_t s = 0; s < c->n_sets; s++) {
        fill_host(c, s);
        enum ridge_status status = ridge_case_poison(c, s, err);
        for (size_t i = 0; i < c->op->n_inputs && status == RIDGE_OK; i++)
            status = to_device(c, s, i, err);
        if (status != RIDGE_OK)
            return status;
    }
    return RIDGE_OK;
}
static enum ridge_status from_device(struct ridge_worker_case *c, size_t i_set, struct ridge_error *err)
{
    for (size_t i = 0; i < c->op->n_outputs; i++) {
        const struct ridge_tensor *from = &c->sets[i_set].out[i], *to = &c->staging.out[i];
        enum ridge_status status = c->runner->tensor_read(c->self, to->data, from->data, from->n_bytes);
        if (status != RIDGE_OK)
            return ridge_fail(err, status, from->name, "tensor %s could not be read from the device", from->name);
    }
    return RIDGE_OK;
}
enum ridge_status ridge_case_compare(struct ridge_worker_case *c, size_t i_set, struct ridge_check *result,
                                     struct ridge_error *err)
{
    struct ridge_case_set seen = *host_side(c, i_set);
    if (c->plugin->has_device_memory) {
        fill_host(c, i_set); /* staging holds one set: the inputs of this one again */
        enum ridge_status status = from_device(c, i_set, err);
        if (status != RIDGE_OK)
            return status;
    }
    for (size_t i = 0; i < c->op->n_outputs && c->plugin->has_output_dims; i++) {
        struct ridge_tensor now = seen.out[i];
        if (c->runner->output_dims(c->self, i_set, i, &now) != RIDGE_OK)
            continue;
        memcpy(seen.out[i].dims, now.dims, sizeof now.dims);
        seen.out[i].rank = now.rank;
    }
    *result = (struct ridge_check){0};
    return c->op->check(c->shape, seen.in, seen.out, seed_of(c, i_set), c->runner->algorithm(c->self), result, err);
}
/* 64 bits of the outputs of a set as they were compared last. Of one tensor: its bytes; of several: the bytes of each. */
void ridge_case_output_digest(struct ridge_worker_case *c, size_t i_set, char hex[17])
{
    const struct ridge_case_set *set = host_side(c, i_set);
    char all[RIDGE_WORKER_MAX_TENSORS * 64 + 1] = "", digest[65] = "";
    for (size_t i = 0; i < c->op->n_outputs; i++) {
        ridge_os_sha256(set->out[i].data, set->out[i].n_bytes, digest);
        memcpy(all + 64 * i, digest, 65);
    }
    ridge_os_sha256(all, strlen(all), digest);
    (void)snprintf(hex, 17, "%.16s", digest);
}
void ridge_case_free_tensors(struct ridge_worker_case *c)
{
    for (size_t s = 0; c->sets != NULL && s < c->n_sets; s++)
        for (size_t i = 0; i < n_tensors(c); i++) {
            void *data = tensor_of(c, &c->sets[s], i)->data;
            if (data != NULL && c->plugin->has_device_memory)
                c->runner->tensor_free(c->self, data);
        }
    free(c->sets); /* host buffers go with the services' memory */
    c->sets = NULL;
}
