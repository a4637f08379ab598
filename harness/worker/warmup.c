/* From the first run to a steady state. */
#include "worker/case.h"
#include "base/os.h"
#include "stat/stat.h"
#include <stdlib.h>

enum { CLOCK_COSTS_PER_SAMPLE = 100, MAX_INNER_REPS = 1000000, WINDOW = 5, POINT_NS = 1000000, MAX_POINTS = 4096 };
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
/* Inner repetitions: a sample lasts at least 100 clock costs. Cold and asynchronous samples are one run. */
static enum ridge_status choose_reps(struct ridge_worker_case *c, struct ridge_error *err)
{
    double enough_ns = CLOCK_COSTS_PER_SAMPLE * c->clock.cost_ns, ns = 0;
    enum ridge_status status = RIDGE_OK;
    int64_t n = 1;
    for (; status == RIDGE_OK; n *= 2) {
        status = time_runs(c, n, &ns, err);
        if (ns >= enough_ns || n >= MAX_INNER_REPS)
            break;
    }
    c->run_ns = ns / (double)n;
    c->inner_reps = 1;
    if (c->options.cache == 0 && c->depth == 0 && c->run_ns < enough_ns) {
        double k = enough_ns / (c->run_ns > 0.1 ? c->run_ns : 0.1) + 1;
        c->inner_reps = k < MAX_INNER_REPS ? (int64_t)k : MAX_INNER_REPS;
    }
    return status;
}
enum ridge_status ridge_case_warm_up(struct ridge_worker_case *c, int64_t max_ns, struct ridge_error *err)
{
    double points[MAX_POINTS];
    size_t n = 0;
    uint64_t begin_ns = ridge_os_now_ns();
    c->is_warm = false;
    enum ridge_status status = choose_reps(c, err);
    while (status == RIDGE_OK && n < MAX_POINTS && ridge_os_now_ns() - begin_ns < (uint64_t)max_ns) {
        double reps = c->run_ns < POINT_NS ? POINT_NS / (c->run_ns > 1 ? c->run_ns : 1) : 1, ns = 0;
        int64_t n_runs = reps > 1 ? (int64_t)reps : 1;
        status = time_runs(c, n_runs, &ns, err);
        points[n++] = ns / (double)n_runs;
        c->run_ns = points[n - 1];
        if (ridge_stat_steady(points, n, WINDOW, steady_ratio)) {
            c->is_warm = true;
            break;
        }
    }
    if (status == RIDGE_OK && c->inner_reps > 1)
        status = choose_reps(c, err); /* warm now: the first choice saw cold caches */
    return status;
}
