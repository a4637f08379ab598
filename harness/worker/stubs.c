/* Stand-ins for optional hooks that a plug-in does not have. */
#include "worker/plugin.h"

static enum ridge_status no_submit(void *self, size_t i_set, uint64_t ticket, struct ridge_error *err)
{
    (void)self, (void)i_set, (void)ticket;
    return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "submit", "this backend takes no requests asynchronously");
}
static size_t no_reap(void *self, uint64_t timeout_ns, struct ridge_done *done, size_t n_done)
{
    (void)self, (void)timeout_ns, (void)done, (void)n_done;
    return 0;
}
static void *no_tensor_alloc(void *self, size_t n_bytes)
{
    (void)self, (void)n_bytes;
    return NULL;
}
static void no_tensor_free(void *self, void *ptr)
{
    (void)self, (void)ptr;
}
static enum ridge_status no_tensor_copy(void *self, void *dst, const void *src, size_t n_bytes)
{
    (void)self, (void)dst, (void)src, (void)n_bytes;
    return RIDGE_ERR_UNSUPPORTED;
}
static enum ridge_status no_output_dims(void *self, size_t i_set, size_t i_out, struct ridge_tensor *out)
{
    (void)self, (void)i_set, (void)i_out, (void)out;
    return RIDGE_ERR_UNSUPPORTED;
}
static size_t no_facts(void *self, struct ridge_fact *facts, size_t max_facts)
{
    (void)self, (void)facts, (void)max_facts;
    return 0;
}
static const char *no_algorithm(void *self)
{
    (void)self;
    return "";
}

void ridge_plugin_fill_stubs(struct ridge_runner *r)
{
#define FILL(hook, stub)                                                                           \
    if (r->hook == NULL)                                                                           \
        r->hook = stub
    FILL(submit, no_submit);
    FILL(reap, no_reap);
    FILL(tensor_alloc, no_tensor_alloc);
    FILL(tensor_free, no_tensor_free);
    FILL(tensor_write, no_tensor_copy);
    FILL(tensor_read, no_tensor_copy);
    FILL(output_dims, no_output_dims);
    FILL(facts, no_facts);
    FILL(algorithm, no_algorithm);
#undef FILL
}
