/* Operator and runner of the null backend. */
#include "null/null.h"
#include <stdlib.h>
#include <string.h>

static const char *const pattern_names[] = {"constant", "list", "two_modes", "drift", "spikes", NULL};
static const char *const fault_names[] = {"none", "crash", "hang", "exit", "flood_stderr", "print_stdout", "alloc",
                                          "lie", "broken_line", "escape", "fail", "wrong", NULL};
static const char *const short_form[] = {NULL}, *const yardsticks[] = {NULL};

#define ROW(k, K, d, ...)                                                                          \
    {.key = #k, .kind = RIDGE_KIND_##K, .role = RIDGE_ROLE_SUBJECT, .def = d, __VA_ARGS__}
#define AT(f) .offset = offsetof(struct null_shape, f)
static const struct ridge_option_row fields[] = {
    ROW(pattern, ENUM, "constant", AT(pattern), .names = pattern_names, .help = "how latencies follow each other"),
    ROW(latency, DURATION_NS, "100 us", AT(latency_ns), .unit = "ns", .help = "latency of a run"),
    ROW(second_latency, DURATION_NS, "1 ms", AT(second_latency_ns), .unit = "ns",
        .help = "the other mode, the spike, or where the drift ends"),
    ROW(share, REAL, "0.01", AT(share), .min = 0, .max = 1, .help = "share of the second latency; drift: way per run"),
    ROW(list, STRING, "", AT(list), .help = "pattern=list: latencies in turn, 1ms;2ms;3ms"),
    ROW(flop, REAL, "0", AT(flop), .min = 0, .max = 1e18, .help = "FLOPs that a run claims"),
    ROW(bytes, REAL, "0", AT(bytes), .min = 0, .max = 1e18, .help = "compulsory bytes that a run claims"),
    ROW(fault, ENUM, "none", AT(fault), .names = fault_names, .help = "what goes wrong"),
    ROW(fault_at, INT, "1", AT(fault_at), .min = 1, .max = 1e15, .help = "at which run of the process, from 1"),
};

static enum ridge_status validate(const void *shape, struct ridge_error *err)
{
    struct null_script script;
    return null_script_init(&script, shape, err);
}
static enum ridge_status cost(const void *shape, struct ridge_cost *out, struct ridge_error *err)
{
    (void)err;
    const struct null_shape *s = shape;
    *out = (struct ridge_cost){s->flop, s->bytes};
    return RIDGE_OK;
}
static enum ridge_status tensor(const void *shape, size_t i, struct ridge_tensor *out, struct ridge_error *err)
{
    (void)shape, (void)out;
    return ridge_fail(err, RIDGE_ERR_INTERNAL, "null", "null has no tensor %zu", i);
}
static void fill(const void *shape, size_t i, struct ridge_tensor *t, uint64_t seed)
{
    (void)shape, (void)i, (void)t, (void)seed;
}
static enum ridge_status check(const void *shape, const struct ridge_tensor *in, const struct ridge_tensor *out,
                               uint64_t seed, const char *algorithm, struct ridge_check *result, struct ridge_error *err)
{
    (void)in, (void)out, (void)seed, (void)algorithm;
    *result = (struct ridge_check){0};
    if (((const struct null_shape *)shape)->fault != NULL_WRONG)
        return RIDGE_OK;
    (void)snprintf(result->text, sizeof result->text, "the script says that the answer is wrong");
    return ridge_fail(err, RIDGE_ERR_WRONG, "null", "%s", result->text);
}
static const struct ridge_operator null_operator = {
    .abi_version = RIDGE_ABI_VERSION, .struct_size = sizeof(struct ridge_operator), .name = "null",
    .doc = "no work: latencies and faults from a script, to test the harness", .fields = fields,
    .n_fields = sizeof fields / sizeof fields[0], .shape_size = sizeof(struct null_shape), .short_form = short_form,
    .yardsticks = yardsticks, .validate = validate, .cost = cost, .tensor = tensor, .fill = fill, .check = check};

struct null_runner {
    struct null_script script;
    uint64_t n_runs;
};

static enum ridge_status runner_probe(const struct ridge_host *host, const struct ridge_open_args *args, struct ridge_probe *out)
{
    (void)host, (void)args;
    *out = (struct ridge_probe){.usable = true};
    return RIDGE_OK;
}
static enum ridge_status runner_open(const struct ridge_host *host, const struct ridge_open_args *args, void **self,
                                     struct ridge_error *err)
{
    (void)host, (void)args;
    *self = calloc(1, sizeof(struct null_runner));
    return *self != NULL ? RIDGE_OK : ridge_fail(err, RIDGE_ERR_NOMEM, "null", "out of memory");
}
static void runner_close(void *self)
{
    free(self);
}
static enum ridge_status runner_load(void *self, const struct ridge_problem *problem, struct ridge_error *err)
{
    const struct null_shape *s = problem->shape;
    if (s->fault == NULL_LIE || s->fault == NULL_BROKEN_LINE)
        return null_fault_now((enum null_fault)s->fault, err);
    return null_script_init(&((struct null_runner *)self)->script, s, err);
}
static void runner_unload(void *self)
{
    (void)self;
}
static enum ridge_status runner_bind(void *self, size_t i_set, const struct ridge_tensor *in, const struct ridge_tensor *out,
                                     struct ridge_error *err)
{
    (void)self, (void)i_set, (void)in, (void)out, (void)err;
    return RIDGE_OK;
}
static enum ridge_status runner_run(void *self, size_t i_set, struct ridge_error *err)
{
    (void)i_set;
    struct null_runner *r = self;
    uint64_t i = r->n_runs++;
    null_wait((int64_t)((double)null_script_latency_ns(&r->script, i) * r->script.scale));
    if (__builtin_expect(i + 1 == (uint64_t)r->script.shape.fault_at, 0))
        return null_fault_now((enum null_fault)r->script.shape.fault, err);
    return RIDGE_OK;
}
static const struct ridge_operator *const operators[] = {&null_operator, NULL};
static const struct ridge_runner runner = {
    .abi_version = RIDGE_ABI_VERSION, .struct_size = sizeof(struct ridge_runner), .name = "null",
    .doc = "scripted latencies and faults", .operators = operators, .is_scripted = true, .probe = runner_probe, .open = runner_open,
    .close = runner_close, .load = runner_load, .unload = runner_unload, .bind = runner_bind, .run = runner_run};

RIDGE_EXPORT const struct ridge_runner *ridge_runner_get(void);
const struct ridge_runner *ridge_runner_get(void)
{
    return &runner;
}
