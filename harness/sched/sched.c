#include "sched/engine.h"
#include <stdlib.h>
#include <string.h>

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
    run.hosts_seen = ridge_xmalloc((plan->n_targets + 1) * sizeof(bool));
    memset(run.hosts_seen, 0, (plan->n_targets + 1) * sizeof(bool));
    enum ridge_status status = RIDGE_OK;
    for (size_t i = 0; i < plan->n_groups && status == RIDGE_OK; i++) {
        if (config->interrupted != NULL && *config->interrupted != 0)
            status = ridge_fail(run.err, RIDGE_ERR_INTERRUPTED, "", "interrupted");
        else
            status = ridge_sched_group(&run, i);
    }
    free(run.hosts_seen);
    sigaction(SIGPIPE, &old, NULL);
    return status;
}
