/* The scheduler: one poll loop that runs a plan on workers and emits events to a sink. Never
 * touches the store. One thread. Sleeps in poll while a block runs; sink callbacks are called
 * between blocks only. */
#ifndef RIDGE_SCHED_SCHED_H
#define RIDGE_SCHED_SCHED_H

#include "data/catalogue.h"
#include "data/plan.h"
#include "data/result.h"
#include "wire/wire.h"
#include <signal.h>

struct ridge_sched_sink { /* any hook may be NULL; a failing status ends the run and kills all
                             workers */
    void *self;
    enum ridge_status (*host)(void *self, const struct ridge_msg_hello *hello,
                              struct ridge_error *err);
    enum ridge_status (*group_begin)(void *self, size_t i_group, int64_t fork,
                                     struct ridge_error *err);
    /* a process is known when loaded (verdict ok) or failed; sent again when its end changes the
     * verdict */
    enum ridge_status (*process)(void *self, const struct ridge_process *p,
                                 struct ridge_error *err);
    /* one round of the group: n chunks in the order they ran; committed as one */
    enum ridge_status (*round)(void *self, size_t i_group, int64_t fork, int64_t round,
                               const size_t *i_members, struct ridge_chunk *chunks, size_t n,
                               struct ridge_error *err);
    /* all processes of the fork have ended and were sent: it can be committed */
    enum ridge_status (*fork_end)(void *self, size_t i_group, int64_t fork,
                                  struct ridge_error *err);
    enum ridge_status (*group_end)(void *self, size_t i_group, const char *stop_reason,
                                   double width_ratio, struct ridge_error *err);
    /* done/total in planned time; text is for people */
    void (*progress)(void *self, double done_ratio, double eta_s, const char *text);
    bool (*skip)(void *self, size_t i_group, int64_t fork); /* resume: already stored */
};
struct ridge_sched_config {
    const char *const *default_program;       /* argv of ridge-worker, NULL-terminated */
    const volatile sig_atomic_t *interrupted; /* 1: stop after this block and store; 2: kill now */
    double usual_loads; /* a step, of this machine's canary when no neighbour is there, as far as is known; 0: nothing is */
    bool no_yardsticks; /* forks that are bought for the ratios of the others, and for their control */
};
enum ridge_status ridge_sched_run(struct ridge_plan *plan, const struct ridge_sched_config *config,
                                  const struct ridge_sched_sink *sink,
                                  struct ridge_error *err) RIDGE_MUST_USE;
/* Asks a worker to describe itself / to cost cases (fills flop and compulsory_bytes of the plan's
 * cases). */
enum ridge_status ridge_sched_describe(const char *const *program, struct ridge_catalogue **out,
                                       struct ridge_msg_hello *hello, struct ridge_arena *arena,
                                       struct ridge_error *err) RIDGE_MUST_USE;
enum ridge_status ridge_sched_cost(const char *const *program, struct ridge_plan *plan,
                                   struct ridge_error *err) RIDGE_MUST_USE;
#endif
