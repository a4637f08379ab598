/* check: are the outputs right that the timed blocks left behind, and those of a run that starts from poison. */
#include "worker/case.h"
#include "base/os.h"
#include <math.h>
#include <string.h>
#include <sys/resource.h>

/* The reference may be slow: sets are compared until this is over, at least one. */
#define MAX_CHECK_NS 2000000000u
enum { REAP_TIMEOUT_NS = 1000000000, MAX_REAPS = 60 };

static void keep_worst(struct ridge_process *p, const char *name, double value)
{
    for (size_t i = 0; i < p->n_facts; i++)
        if (strcmp(p->facts[i].name, name) == 0) {
            p->facts[i].value = value > p->facts[i].value || isnan(value) ? value : p->facts[i].value;
            return;
        }
    ridge_case_add_fact(p, name, value);
}
enum ridge_status ridge_case_compare_set(struct ridge_worker_case *c, size_t i_set, struct ridge_process *p,
                                         struct ridge_error *err)
{
    struct ridge_check check;
    enum ridge_status status = ridge_case_compare(c, i_set, &check, err);
    if (check.n_checked > 0) {
        keep_worst(p, "error_ratio", check.error_ratio);
        keep_worst(p, "tolerance_ratio", check.tolerance);
    }
    return status == RIDGE_ERR_WRONG ? ridge_fail(err, status, c->op->name, "%s", check.text) : status;
}
/* One request; its backend may have been busy with several at once before. */
static enum ridge_status request(struct ridge_worker_case *c, size_t i_set, struct ridge_error *err)
{
    struct ridge_done done = {.status = RIDGE_OK};
    if (!c->plugin->has_submit)
        return c->runner->run(c->self, i_set, err);
    enum ridge_status status = c->runner->submit(c->self, i_set, i_set, err);
    size_t n = 0;
    for (int i = 0; i < MAX_REAPS && n == 0 && status == RIDGE_OK; i++)
        n = c->runner->reap(c->self, REAP_TIMEOUT_NS, &done, 1);
    if (status != RIDGE_OK)
        return status;
    if (n == 0)
        return ridge_fail(err, RIDGE_ERR_TIMEOUT, "reap", "a request that was checked did not come back in %d s", MAX_REAPS);
    if (done.ticket != i_set)
        return ridge_fail(err, RIDGE_ERR_INTERNAL, "reap", "the backend completed ticket %llu that is not in flight",
                          (unsigned long long)done.ticket);
    return done.status == RIDGE_OK ? RIDGE_OK
                                   : ridge_fail(err, done.status, "reap", "the request failed with status %d", (int)done.status);
}
/* One run and nothing else, under a name that a counting tool can be told (callgrind's --toggle-collect). */
__attribute__((noinline)) enum ridge_status ridge_case_counted_run(struct ridge_worker_case *c, size_t i_set,
                                                                   struct ridge_error *err)
{
    return c->scenario.kind == RIDGE_SCENARIO_SINGLE ? c->runner->run(c->self, i_set, err) : request(c, i_set, err);
}
static enum ridge_status poisoned_run(struct ridge_worker_case *c, size_t i_set, struct ridge_process *p,
                                      struct ridge_error *err)
{
    enum ridge_status status = ridge_case_poison(c, i_set, err);
    if (status == RIDGE_OK)
        status = ridge_case_counted_run(c, i_set, err);
    return status == RIDGE_OK ? ridge_case_compare_set(c, i_set, p, err) : status;
}
/* Requests wrote the first n_requested_sets, several at once; back-to-back runs wrote the last one. */
static enum ridge_status check_sets(struct ridge_worker_case *c, struct ridge_process *p, struct ridge_error *err)
{
    enum ridge_status status = RIDGE_OK;
    uint64_t until_ns = ridge_os_now_ns() + MAX_CHECK_NS;
    if (c->scenario.kind == RIDGE_SCENARIO_SINGLE) {
        if (c->i_run > 0)
            status = ridge_case_compare_set(c, (c->i_run - 1) % c->n_sets, p, err);
        return status == RIDGE_OK ? poisoned_run(c, 0, p, err) : status;
    }
    for (size_t i = 0; i < c->n_requested_sets && status == RIDGE_OK && ridge_os_now_ns() < until_ns; i++)
        status = ridge_case_compare_set(c, i, p, err);
    until_ns = ridge_os_now_ns() + MAX_CHECK_NS;
    for (size_t i = 0; i < c->n_sets && status == RIDGE_OK && (i == 0 || ridge_os_now_ns() < until_ns); i++)
        status = poisoned_run(c, i, p, err);
    return status;
}
void ridge_case_check(struct ridge_worker_case *c, struct ridge_msg_loaded *out)
{
    struct ridge_error err = {0};
    struct rusage usage;
    *out = (struct ridge_msg_loaded){.process = {.inner_reps = c->inner_reps}};
    enum ridge_status status = check_sets(c, &out->process, &err);
    if (getrusage(RUSAGE_SELF, &usage) == 0)
        ridge_case_add_fact(&out->process, "peak_memory_bytes", (double)usage.ru_maxrss * 1024);
    ridge_case_say_verdict(c, out, status, &err);
}
