/* A runner that does nothing and counts how often. */
#ifndef RIDGE_TEST_WORKER_FIXTURE_H
#define RIDGE_TEST_WORKER_FIXTURE_H

#include "ridge_test.h"
#include "base/os.h"
#include "worker/case.h"

static size_t n_runs;
static enum ridge_status fake_probe(const struct ridge_host *h, const struct ridge_open_args *a, struct ridge_probe *o)
{
    (void)h, (void)a, (void)o;
    return RIDGE_OK;
}
static enum ridge_status fake_open(const struct ridge_host *h, const struct ridge_open_args *a, void **self, struct ridge_error *e)
{
    (void)h, (void)a, (void)self, (void)e;
    return RIDGE_OK;
}
static void fake_end(void *self)
{
    (void)self;
}
static enum ridge_status fake_load(void *self, const struct ridge_problem *p, struct ridge_error *e)
{
    (void)self, (void)p, (void)e;
    return RIDGE_OK;
}
static enum ridge_status fake_bind(void *self, size_t i, const struct ridge_tensor *in, const struct ridge_tensor *out,
                                   struct ridge_error *e)
{
    (void)self, (void)i, (void)in, (void)out, (void)e;
    return RIDGE_OK;
}
static enum ridge_status fake_run(void *self, size_t i_set, struct ridge_error *e)
{
    (void)self;
    CHECK(i_set < 3);
    return ++n_runs == 1000000 ? ridge_fail(e, RIDGE_ERR_INTERNAL, "fake", "a million") : RIDGE_OK;
}
static const struct ridge_operator *const no_operators[] = {NULL};
static struct ridge_runner fake(void)
{
    return (struct ridge_runner){.abi_version = RIDGE_ABI_VERSION, .struct_size = sizeof(struct ridge_runner),
                                 .name = "fake", .operators = no_operators, .probe = fake_probe, .open = fake_open,
                                 .close = fake_end, .load = fake_load, .unload = fake_end, .bind = fake_bind,
                                 .run = fake_run};
}
static void plugin_free(struct ridge_plugin *p)
{
    free(p->operators);
    free(p->list);
    p->operators = NULL;
    p->list = NULL;
}
#endif
