/* One worker process: its pipes, its lines, its end and the verdict that follows from it. Internal
 * to sched. One thread. Invariant: after a failing call the child is gone and `info.verdict` is not
 * ok. */
#ifndef RIDGE_SCHED_PROC_H
#define RIDGE_SCHED_PROC_H

#include "base/os.h"
#include "wire/wire.h"
#include <signal.h>

struct proc {
    struct ridge_child child;
    bool alive; /* child's fds are open */
    bool local; /* parked by stopping the process group */
    bool stopped, ended, out_eof;
    int wait_status;
    uint64_t max_memory_bytes;
    int64_t n_oom_kills; /* of the machine when it started */
    struct ridge_buf out; /* unread part starts at i_head; scanned up to i_scan */
    size_t i_head, i_scan;
    struct ridge_buf in; /* what the worker has not taken yet, from i_sent */
    size_t i_sent;
    char tail[4096]; /* last of stderr */
    size_t n_tail;
    const char *asked; /* name of the request that is open, for reasons */
    struct ridge_process info;
    struct ridge_arena arena; /* facts and conditions of info */
};
struct pool { /* the processes that are alive together */
    struct proc **v;
    size_t n;
    const volatile sig_atomic_t *interrupted; /* may be NULL */
};
struct request {
    const struct ridge_message *message;
    enum ridge_wire_type wanted;
    uint64_t timeout_ns;
    bool finish; /* a first Ctrl-C waits for the answer: a block is running */
};

bool ridge_proc_start(struct proc *p, const struct ridge_spawn *spec, bool local);
/* Sends and waits; stderr of all others is drained meanwhile. False: p has a verdict and is gone.
 */
bool ridge_proc_ask(const struct pool *pool, struct proc *p, const struct request *r,
                    struct ridge_message *answer);
void ridge_proc_park(struct proc *p);
void ridge_proc_unpark(struct proc *p);
/* bye, wait for the end, kill what is left. */
void ridge_proc_finish(const struct pool *pool, struct proc *p);
/* Sets the verdict (the first one wins) and kills. */
void ridge_proc_fail(struct proc *p, enum ridge_verdict verdict, const char *fmt, ...)
    RIDGE_PRINTF(3, 4);
void ridge_proc_kill(struct proc *p);
void ridge_proc_deinit(struct proc *p);
int ridge_pool_interrupted(const struct pool *pool);
enum ridge_verdict ridge_proc_verdict_of(const char *text); /* FAILED when unknown */

/* io.c: pipes and lines */
void ridge_proc_read_err(struct proc *p);
bool ridge_proc_read_out(struct proc *p); /* false: the line is too long */
void ridge_proc_write_in(struct proc *p);
bool ridge_proc_line(struct proc *p, const char **line, size_t *n); /* valid until the next read */
void ridge_proc_send(struct proc *p, const struct ridge_message *m);
/* Sleeps until something happens to p (or stderr of any) or the deadline. */
void ridge_pool_poll(const struct pool *pool, struct proc *p, uint64_t deadline_ns,
                     int known_interrupts);
#endif
