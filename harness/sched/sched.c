#include "sched/engine.h"
#include <stdlib.h>
#include <string.h>

/* Groups differ by a hundred times in length, so the time left goes by what is expected of them; by their number
 * where nothing is. */
static double *expected_shares(const struct ridge_plan *plan)
{
    double *shares = ridge_xmalloc((plan->n_groups + 1) * sizeof *shares), total_ns = 0;
    for (size_t i = 0; i < plan->n_groups; i++)
        total_ns += plan->groups[i].expected_ns;
    shares[0] = 0;
    for (size_t i = 0; i < plan->n_groups; i++)
        shares[i + 1] = total_ns > 0 ? shares[i] + plan->groups[i].expected_ns / total_ns
                                     : (double)(i + 1) / (double)plan->n_groups;
    return shares;
}

enum ridge_status ridge_sched_run(struct ridge_plan *plan, const struct ridge_sched_config *config,
                                  const struct ridge_sched_sink *sink, struct ridge_error *err)
{
    struct ridge_error own = {0};
    struct run run = {.plan = plan,
                      .config = config,
                      .sink = sink,
                      .err = err != NULL ? err : &own,
                      .begin_ns = ridge_os_now_ns()};
    struct sigaction ignore = {.sa_handler = SIG_IGN}, old;
    sigaction(SIGPIPE, &ignore,
              &old); /* a worker that is gone is told by its end, not by a signal */
    run.targets = ridge_xmalloc((plan->n_targets + 1) * sizeof *run.targets);
    memset(run.targets, 0, (plan->n_targets + 1) * sizeof *run.targets);
    for (size_t i = 0; i <= plan->n_targets; i++)
        ridge_share_init(&run.targets[i].core_share, i == plan->n_targets ? config->usual_loads : 0);
    run.shares = expected_shares(plan);
    enum ridge_status status = RIDGE_OK;
    for (size_t i = 0; i < plan->n_groups && status == RIDGE_OK; i++) {
        if (config->interrupted != NULL && *config->interrupted != 0)
            status = ridge_fail(run.err, RIDGE_ERR_INTERRUPTED, "", "interrupted");
        else
            status = ridge_sched_group(&run, i);
    }
    free(run.targets);
    free(run.shares);
    sigaction(SIGPIPE, &old, NULL);
    return status;
}
