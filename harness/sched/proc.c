#include "sched/proc.h"
#include "base/log.h"
#include "host/host.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define TERM_GRACE_NS 2000000000u
#define BYE_GRACE_NS 2000000000u

int ridge_pool_interrupted(const struct pool *pool)
{
    return pool->interrupted != NULL ? (int)*pool->interrupted : 0;
}
bool ridge_proc_start(struct proc *p, const struct ridge_spawn *spec, bool local)
{
    struct ridge_error err = {0};
    p->local = local;
    p->max_memory_bytes = spec->max_memory_bytes;
    p->n_oom_kills = ridge_host_oom_kills();
    if (ridge_os_spawn(spec, &p->child, &err) != RIDGE_OK) {
        p->info.verdict = RIDGE_VERDICT_FAILED;
        (void)snprintf(p->info.reason, sizeof p->info.reason, "cannot start '%s': %.900s",
                       spec->argv[0], err.text);
        return false;
    }
    p->alive = true;
    (void)fcntl(p->child.in_fd, F_SETFL, fcntl(p->child.in_fd, F_GETFL) | O_NONBLOCK);
    return true;
}
void ridge_proc_park(struct proc *p)
{
    if (p->alive && p->local && !p->stopped)
        ridge_os_child_signal(&p->child, SIGSTOP);
    p->stopped = p->alive && p->local;
}
void ridge_proc_unpark(struct proc *p)
{
    if (p->alive && p->stopped)
        ridge_os_child_signal(&p->child, SIGCONT);
    p->stopped = false;
}
static void save_tail(struct proc *p)
{
    size_t n = p->n_tail < sizeof p->info.stderr_tail ? p->n_tail : sizeof p->info.stderr_tail - 1;
    memcpy(p->info.stderr_tail, p->tail + p->n_tail - n, n);
    p->info.stderr_tail[n] = '\0';
    for (size_t i = 0; i < n; i++)
        if (p->info.stderr_tail[i] == '\0')
            p->info.stderr_tail[i] = ' ';
}
void ridge_proc_kill(struct proc *p)
{
    if (!p->alive)
        return;
    ridge_proc_read_err(p);
    ridge_os_child_kill(&p->child);
    p->alive = false;
    save_tail(p);
}
void ridge_proc_fail(struct proc *p, enum ridge_verdict verdict, const char *fmt, ...)
{
    if (p->info.verdict == RIDGE_VERDICT_OK) {
        p->info.verdict = verdict;
        va_list ap;
        va_start(ap, fmt);
        (void)vsnprintf(p->info.reason, sizeof p->info.reason, fmt, ap);
        va_end(ap);
    }
    ridge_proc_kill(p);
}
void ridge_proc_deinit(struct proc *p)
{
    ridge_proc_kill(p);
    ridge_buf_deinit(&p->out);
    ridge_buf_deinit(&p->in);
    ridge_arena_deinit(&p->arena);
}
enum ridge_verdict ridge_proc_verdict_of(const char *text)
{
    for (int v = 0; v <= RIDGE_VERDICT_INTERRUPTED; v++)
        if (text != NULL && strcmp(ridge_verdict_text((enum ridge_verdict)v), text) == 0)
            return (enum ridge_verdict)v;
    return RIDGE_VERDICT_FAILED;
}

static bool tail_says_oom(struct proc *p)
{
    static const char *const signs[] = {"bad_alloc", "out of memory", "Out of memory",
                                        "Cannot allocate memory", "MemoryError"};
    save_tail(p);
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++)
        if (strstr(p->info.stderr_tail, signs[i]) != NULL)
            return true;
    return false;
}
/* SIGKILL alone says nothing: anybody may send it, and a limit on address space sends none. */
static bool kernel_killed(const struct proc *p)
{
    int64_t now = ridge_host_oom_kills();
    return p->local && p->n_oom_kills >= 0 && now > p->n_oom_kills;
}
/* The worker ended by itself while an answer was due. */
static void judge_end(struct proc *p)
{
    ridge_proc_read_err(p);
    bool by_signal = WIFSIGNALED(p->wait_status);
    int code = by_signal ? WTERMSIG(p->wait_status) : WEXITSTATUS(p->wait_status);
    bool killed = by_signal && code == SIGKILL;
    if (tail_says_oom(p) || (killed && kernel_killed(p))) {
        ridge_proc_fail(p, RIDGE_VERDICT_OOM, "out of memory at %s (%s %d, limit %llu bytes)",
                        p->asked, by_signal ? "signal" : "exit status", code,
                        (unsigned long long)p->max_memory_bytes);
    } else if (by_signal) {
        p->info.term_signal = code;
        ridge_proc_fail(p, RIDGE_VERDICT_CRASHED, "killed by signal %d (%s) at %s%s", code,
                        strsignal(code), p->asked,
                        killed ? "; not by the kernel for want of memory, as far as it tells" : "");
    } else {
        ridge_proc_fail(p, RIDGE_VERDICT_FAILED, "exited with status %d at %s", code, p->asked);
    }
}
static void wait_end(const struct pool *pool, struct proc *p, uint64_t grace_ns)
{
    uint64_t deadline = ridge_os_now_ns() + grace_ns;
    for (int level; !p->ended && ridge_os_now_ns() < deadline;) {
        if ((level = ridge_pool_interrupted(pool)) >= 2)
            return;
        if (!ridge_proc_read_out(p)) /* nobody listens any more */
            return;
        p->out.n = p->i_head = p->i_scan = 0;
        ridge_pool_poll(pool, p, deadline, level);
    }
}
/* TERM, two seconds, KILL of all descendants. A stopped group must run to see TERM. */
static void escalate(const struct pool *pool, struct proc *p)
{
    ridge_os_child_signal(&p->child, SIGTERM);
    ridge_os_child_signal(&p->child, SIGCONT);
    p->stopped = false;
    wait_end(pool, p, TERM_GRACE_NS);
}
static void fail_timeout(const struct pool *pool, struct proc *p, uint64_t timeout_ns)
{
    escalate(pool, p);
    char text[48];
    ridge_proc_fail(p, RIDGE_VERDICT_TIMEOUT, "no answer to %s for %s; %s", p->asked,
                    ridge_text_format_ns((double)timeout_ns, text, sizeof text),
                    p->ended ? "ended on SIGTERM" : "ignored SIGTERM, killed");
}
static void log_text(const struct ridge_message *m)
{
    struct ridge_buf b = {0};
    ridge_text_terminal(&b, m->u.error.text);
    ridge_log(RIDGE_LOG_INFO, "worker: %s", b.n ? b.data : "");
    ridge_buf_deinit(&b);
}
/* 1: *answer holds what was asked for; 0: go on; -1: p failed. */
static int take_message(struct proc *p, const struct request *r, const char *line, size_t n,
                        struct ridge_message *answer)
{
    struct ridge_error err = {0};
    if (ridge_wire_decode(line, n, answer, &err) != RIDGE_OK) {
        ridge_proc_fail(p, RIDGE_VERDICT_FAILED, "broken message: %.900s", err.text);
        return -1;
    }
    if (answer->type == r->wanted)
        return 1;
    int go_on = 0;
    if (answer->type == RIDGE_MSG_LOG) {
        log_text(answer);
    } else if (answer->type == RIDGE_MSG_ERROR) {
        enum ridge_verdict v = ridge_proc_verdict_of(answer->u.error.verdict);
        ridge_proc_fail(p, v == RIDGE_VERDICT_OK ? RIDGE_VERDICT_FAILED : v, "%.1000s",
                        answer->u.error.text);
        go_on = -1;
    } else if (answer->type != RIDGE_MSG_UNKNOWN) {
        ridge_proc_fail(p, RIDGE_VERDICT_FAILED,
                        "broken message: an answer to %s was due, not message type %d", p->asked,
                        (int)answer->type);
        go_on = -1;
    }
    ridge_message_deinit(answer);
    return go_on;
}
/* `level` was read once for this turn: a Ctrl-C that comes later ends the sleep that follows. */
static bool stop_waiting(const struct pool *pool, struct proc *p, const struct request *r,
                         uint64_t deadline_ns, int level)
{
    if (level >= 2 || (level == 1 && !r->finish)) {
        ridge_proc_fail(p, RIDGE_VERDICT_INTERRUPTED, "interrupted at %s", p->asked);
    } else if (ridge_os_now_ns() >= deadline_ns) {
        if (p->out_eof)
            ridge_proc_fail(p, RIDGE_VERDICT_FAILED, "closed its standard output at %s", p->asked);
        else
            fail_timeout(pool, p, r->timeout_ns);
    }
    return p->info.verdict != RIDGE_VERDICT_OK;
}
static bool await(const struct pool *pool, struct proc *p, const struct request *r,
                  struct ridge_message *answer)
{
    uint64_t deadline = ridge_os_now_ns() + r->timeout_ns;
    bool eof_seen = false;
    for (;;) {
        const char *line;
        size_t n;
        bool was_ended = p->ended; /* looked at before the last read: nothing can follow it */
        if (!ridge_proc_read_out(p)) {
            ridge_proc_fail(p, RIDGE_VERDICT_FAILED, "broken message: a line longer than %u bytes",
                            RIDGE_WIRE_MAX_LINE_BYTES);
            return false;
        }
        while (ridge_proc_line(p, &line, &n)) {
            int got = take_message(p, r, line, n, answer);
            if (got != 0)
                return got > 0;
        }
        if (was_ended) {
            judge_end(p);
            return false;
        }
        if (p->out_eof && !eof_seen) { /* its end must follow soon */
            eof_seen = true;
            uint64_t soon = ridge_os_now_ns() + TERM_GRACE_NS;
            deadline = soon < deadline ? soon : deadline;
        }
        int level = ridge_pool_interrupted(pool);
        if (stop_waiting(pool, p, r, deadline, level))
            return false;
        if (!p->ended)
            ridge_pool_poll(pool, p, deadline, level);
    }
}
bool ridge_proc_ask(const struct pool *pool, struct proc *p, const struct request *r,
                    struct ridge_message *answer)
{
    static const char *const names[] = {"hello", "describe", "cost", "load", "go", "check", "bye"};
    if (!p->alive || p->info.verdict != RIDGE_VERDICT_OK)
        return false;
    p->asked = names[r->message->type];
    ridge_proc_send(p, r->message);
    return await(pool, p, r, answer);
}
void ridge_proc_finish(const struct pool *pool, struct proc *p)
{
    if (!p->alive)
        return;
    ridge_proc_unpark(p);
    struct ridge_message bye = {.type = RIDGE_MSG_BYE};
    ridge_proc_send(p, &bye);
    p->asked = "bye";
    wait_end(pool, p, BYE_GRACE_NS);
    if (!p->ended)
        escalate(pool, p);
    if (p->ended && WIFSIGNALED(p->wait_status) && WTERMSIG(p->wait_status) != SIGTERM)
        judge_end(p);
    else if (p->ended && WIFEXITED(p->wait_status) && WEXITSTATUS(p->wait_status) != 0)
        ridge_log(RIDGE_LOG_WARN, "a worker ended with status %d after bye",
                  WEXITSTATUS(p->wait_status));
    ridge_proc_kill(p);
}
