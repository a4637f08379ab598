/* Ridge measures Ridge: backend `self`, operator `self`.
 *
 * task=plan: expand a suite of n cases. task=store: write n samples, one commit per 4096. task=report: read
 * a file of n cases and write its HTML. task=judge: read n cases of two arms and judge them. The
 * harness's own folders are this plug-in's vendor library.
 * The small plan, store and report that are measured are built at load, outside the timing. */
#include "self/fixture.h"

#include <stdlib.h>
#include <string.h>

static const char *const task_names[] = {"plan", "store", "report", "judge", NULL};

static const struct ridge_option_row rows[] = {
    {.key = "task", .kind = RIDGE_KIND_ENUM, .role = RIDGE_ROLE_SUBJECT,
     .offset = offsetof(struct self_shape, task), .def = "plan", .names = task_names,
     .help = "what Ridge does: plan a suite, store samples, write a report, judge"},
    {.key = "n", .kind = RIDGE_KIND_INT, .role = RIDGE_ROLE_SUBJECT, .offset = offsetof(struct self_shape, n),
     .unit = "cases or samples", .def = "1000", .min = 1, .max = 1e7, .help = "cases to plan, report or judge, samples to store"},
};

static enum ridge_status cost(const void *shape, struct ridge_cost *out, struct ridge_error *err)
{
    (void)shape;
    (void)err;
    *out = (struct ridge_cost){0, 0};
    return RIDGE_OK;
}

static enum ridge_status no_tensor(const void *shape, size_t i, struct ridge_tensor *out, struct ridge_error *err)
{
    (void)shape;
    (void)out;
    return ridge_fail(err, RIDGE_ERR_INTERNAL, "self", "operator self has no tensor %zu", i);
}

static void no_fill(const void *shape, size_t i, struct ridge_tensor *t, uint64_t seed)
{
    (void)shape;
    (void)i;
    (void)t;
    (void)seed;
}

/* The answer is counted inside run(): a plan with the wrong number of cases fails there. */
static enum ridge_status check(const void *shape, const struct ridge_tensor *in, const struct ridge_tensor *out,
                               uint64_t seed, const char *algorithm, struct ridge_check *result,
                               struct ridge_error *err)
{
    (void)in;
    (void)out;
    (void)seed;
    (void)algorithm;
    (void)err;
    memset(result, 0, sizeof *result);
    result->n_checked = (uint64_t)((const struct self_shape *)shape)->n;
    return RIDGE_OK;
}

static const char *const short_form[] = {"task", "n", NULL};
static const char *const no_yardsticks[] = {NULL};

static const struct ridge_operator self_operator = {
    .abi_version = RIDGE_ABI_VERSION, .struct_size = sizeof(struct ridge_operator),
    .name = "self", .doc = "Ridge's own work", .fields = rows, .n_fields = sizeof rows / sizeof rows[0],
    .shape_size = sizeof(struct self_shape), .short_form = short_form, .yardsticks = no_yardsticks,
    .cost = cost, .tensor = no_tensor, .fill = no_fill, .check = check,
};

static enum ridge_status probe(const struct ridge_host *host, const struct ridge_open_args *args,
                               struct ridge_probe *out)
{
    (void)host;
    (void)args;
    memset(out, 0, sizeof *out);
    out->usable = true;
    return RIDGE_OK;
}

static enum ridge_status self_open(const struct ridge_host *host, const struct ridge_open_args *args, void **self,
                                   struct ridge_error *err)
{
    (void)host;
    (void)args;
    *self = calloc(1, sizeof(struct self_fixture));
    return *self != NULL ? RIDGE_OK : ridge_fail(err, RIDGE_ERR_NOMEM, "self", "out of memory");
}

static void self_unload(void *self)
{
    self_fixture_deinit(self);
}

static void self_close(void *self)
{
    self_unload(self);
    free(self);
}

static enum ridge_status self_load(void *self, const struct ridge_problem *problem, struct ridge_error *err)
{
    return self_fixture_init(self, problem->shape, err);
}

static enum ridge_status self_bind(void *self, size_t i_set, const struct ridge_tensor *in,
                                   const struct ridge_tensor *out, struct ridge_error *err)
{
    (void)self;
    (void)i_set;
    (void)in;
    (void)out;
    (void)err;
    return RIDGE_OK;
}

typedef enum ridge_status task_fn(struct self_fixture *f, struct ridge_error *err);
static task_fn *const tasks[] = {self_run_plan, self_run_store, self_run_report, self_run_judge};

static enum ridge_status self_run(void *self, size_t i_set, struct ridge_error *err)
{
    struct self_fixture *f = self;
    (void)i_set;
    return tasks[f->shape.task](f, err);
}

RIDGE_EXPORT const struct ridge_runner *ridge_runner_get(void);
const struct ridge_runner *ridge_runner_get(void)
{
    static const struct ridge_operator *const operators[] = {&self_operator, NULL};
    static const struct ridge_runner runner = {
        .abi_version = RIDGE_ABI_VERSION, .struct_size = sizeof(struct ridge_runner),
        .name = "self", .doc = "Ridge's own plan, store and report", .operators = operators,
        .probe = probe, .open = self_open, .close = self_close, .load = self_load, .unload = self_unload,
        .bind = self_bind, .run = self_run,
    };
    return &runner;
}
