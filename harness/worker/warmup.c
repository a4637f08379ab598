/* From the first run to a steady state. */
#include "worker/case.h"
#include "base/os.h"
#include "stat/stat.h"
#include <stdlib.h>

enum { CLOCK_COSTS_PER_SAMPLE = 100, MAX_INNER_REPS = 1000000, MAX_TRIES = 3 };
enum { MIN_WINDOW = 2, MAX_WINDOW = 5, POINT_NS = 1000000, MAX_POINTS = 4096 };
static const double steady_ratio = 0.02;

static enum ridge_status time_runs(struct ridge_worker_case *c, int64_t n, double *ns, struct ridge_error *err)
{
    enum ridge_status status = RIDGE_OK;
    uint32_t cpu;
    uint64_t start = ridge_clock_start(&c->clock);
    for (int64_t i = 0; i < n && status == RIDGE_OK; i++)
        status = ridge_case_run(c, err);
    *ns = ridge_clock_ns(&c->clock, ridge_clock_stop(&c->clock, &cpu) - start);
    return status;
}
/* The fastest of a few tries: one interrupt must not look like a long run. */
static enum ridge_status time_quiet(struct ridge_worker_case *c, int64_t n, double *ns, struct ridge_error *err)
{
    enum ridge_status status = time_runs(c, n, ns, err);
    for (int i = 1; i < MAX_TRIES && status == RIDGE_OK && *ns < POINT_NS; i++) {
        double again = 0;
        status = time_runs(c, n, &again, err);
        *ns = again < *ns ? again : *ns;
    }
    return status;
}
/* Inner repetitions: a sample lasts at least 100 clock costs. Cold and asynchronous samples are one run. */
static enum ridge_status choose_reps(struct ridge_worker_case *c, struct ridge_error *err)
{
    double enough_ns = CLOCK_COSTS_PER_SAMPLE * c->clock.cost_ns, ns = 0;
    enum ridge_status status = RIDGE_OK;
    int64_t n = 1;
    for (; status == RIDGE_OK; n *= 2) {
        status = time_quiet(c, n, &ns, err);
        if (ns >= enough_ns || n >= MAX_INNER_REPS)
            break;
    }
    c->run_ns = ns / (double)n;
    c->inner_reps = 1;
    if (c->options.cache == 0 && c->scenario.kind == RIDGE_SCENARIO_SINGLE && c->run_ns < enough_ns) {
        double k = enough_ns / (c->run_ns > 0.1 ? c->run_ns : 0.1) + 1;
        c->inner_reps = k < MAX_INNER_REPS ? (int64_t)k : MAX_INNER_REPS;
    }
    return status;
}
/* Points per window: two windows must fit into the warm-up, also when one run takes long. */
static size_t window_of(int64_t max_ns, double point_ns)
{
    double n = (double)max_ns / (2 * point_ns);
    return n >= MAX_WINDOW ? MAX_WINDOW : n <= MIN_WINDOW ? MIN_WINDOW : (size_t)n;
}
enum ridge_status ridge_case_warm_up(struct ridge_worker_case *c, int64_t max_ns, struct ridge_error *err)
{
    double points[MAX_POINTS];
    size_t n = 0, window = MIN_WINDOW;
    int64_t n_runs = 1;
    uint64_t begin_ns = ridge_os_now_ns();
    c->warm = "too_few_runs";
    enum ridge_status status = time_runs(c, 1, &c->run_ns, err);
    while (status == RIDGE_OK && n < MAX_POINTS && ridge_os_now_ns() - begin_ns < (uint64_t)max_ns) {
        double reps = POINT_NS / (c->run_ns > 1 ? c->run_ns : 1), ns = 0;
        n_runs = reps > 2 * (double)n_runs ? 2 * n_runs : reps > 1 ? (int64_t)reps : 1; /* one run may lie: double */
        status = time_runs(c, n_runs, &ns, err);
        c->run_ns = ns / (double)n_runs;
        if (ns < POINT_NS / 2)
            continue;
        points[n++] = c->run_ns;
        window = window_of(max_ns, ns > 1 ? ns : 1);
        if (n >= 2 * window)
            c->warm = "not_steady";
        if (ridge_stat_steady(points, n, window, steady_ratio)) {
            c->warm = "warm";
            break;
        }
    }
    c->inner_reps = 1;
    if (status == RIDGE_OK && (n == 0 || c->run_ns < POINT_NS))
        status = choose_reps(c, err); /* only now: a cold run says nothing about a warm one */
    return status;
}
