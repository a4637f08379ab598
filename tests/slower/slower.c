/* Slow-downs of the f32 product engine, by the linker's --wrap, for tests of the judge. No variable: a tile that is narrower
 * and shorter, as a careless change would leave it. RIDGE_SLOWER_SHARE=0.05: the real tiles, and every product takes 5 % longer. */
#include "common/sgemm/engine.h"

#include <stdlib.h>
#include <time.h>

enum { NARROW_ROWS = 2, SHORT_KC = 8 };

void __real_ridge_sgemm_plan_make(const struct ridge_sgemm *problem, const struct ridge_sgemm_micro_set *set, int n_threads,
                                  struct ridge_sgemm_plan *plan);
void __wrap_ridge_sgemm_plan_make(const struct ridge_sgemm *problem, const struct ridge_sgemm_micro_set *set, int n_threads,
                                  struct ridge_sgemm_plan *plan);
void __real_ridge_sgemm_driver_run(const struct ridge_sgemm_micro_set *set, const struct ridge_sgemm *problem,
                                   const struct ridge_host *host, void *scratch);
void __wrap_ridge_sgemm_driver_run(const struct ridge_sgemm_micro_set *set, const struct ridge_sgemm *problem,
                                   const struct ridge_host *host, void *scratch);

static double share(void)
{
    static double known = -1; /* one thread runs the hooks */
    if (known < 0) {
        const char *text = getenv("RIDGE_SLOWER_SHARE");
        known = text != NULL ? strtod(text, NULL) : 0;
    }
    return known;
}

static double now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

void __wrap_ridge_sgemm_plan_make(const struct ridge_sgemm *problem, const struct ridge_sgemm_micro_set *set, int n_threads,
                                  struct ridge_sgemm_plan *plan)
{
    struct ridge_sgemm_micro_set narrow = *set;
    if (share() == 0)
        narrow.max_rows = NARROW_ROWS;
    __real_ridge_sgemm_plan_make(problem, &narrow, n_threads, plan);
    if (share() == 0 && plan->kc > SHORT_KC)
        plan->kc = SHORT_KC;
}

void __wrap_ridge_sgemm_driver_run(const struct ridge_sgemm_micro_set *set, const struct ridge_sgemm *problem,
                                   const struct ridge_host *host, void *scratch)
{
    double begin_s = now_s();
    __real_ridge_sgemm_driver_run(set, problem, host, scratch);
    double until_s = now_s();
    until_s += share() * (until_s - begin_s);
    while (now_s() < until_s)
        continue;
}
