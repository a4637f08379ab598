/* Pipes of workers: everything non-blocking, one ppoll. Only the worker that is waited for is read
 * on stdout, so a chatty other one is held back by its own pipe; stderr of all is drained always.
 */
#include "sched/proc.h"
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_READS 64 /* of 64 KiB per wake-up: a flood must not starve the others */

static void keep_tail(struct proc *p, const char *bytes, size_t n)
{
    if (n >= sizeof p->tail) {
        bytes += n - sizeof p->tail;
        n = sizeof p->tail;
    }
    if (p->n_tail + n > sizeof p->tail) {
        size_t drop = p->n_tail + n - sizeof p->tail;
        memmove(p->tail, p->tail + drop, p->n_tail - drop);
        p->n_tail -= drop;
    }
    memcpy(p->tail + p->n_tail, bytes, n);
    p->n_tail += n;
}
void ridge_proc_read_err(struct proc *p)
{
    char bytes[65536];
    for (int i = 0; i < MAX_READS && p->child.err_fd >= 0; i++) {
        ssize_t n = read(p->child.err_fd, bytes, sizeof bytes);
        if (n > 0) {
            keep_tail(p, bytes, (size_t)n);
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else if (n < 0 && errno == EAGAIN) {
            return;
        } else { /* end of file: never poll it again */
            close(p->child.err_fd);
            p->child.err_fd = -1;
        }
    }
}
static bool line_too_long(const struct proc *p)
{
    return p->out.n - p->i_head > RIDGE_WIRE_MAX_LINE_BYTES &&
           memchr(p->out.data + p->i_scan, '\n', p->out.n - p->i_scan) == NULL;
}
bool ridge_proc_read_out(struct proc *p)
{
    char bytes[65536];
    for (int i = 0; i < MAX_READS && !p->out_eof; i++) {
        ssize_t n = read(p->child.out_fd, bytes, sizeof bytes);
        if (n > 0) {
            ridge_buf_put(&p->out, bytes, (size_t)n);
            if (line_too_long(p))
                return false;
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else if (n < 0 && errno == EAGAIN) {
            return true;
        } else {
            p->out_eof = true;
        }
    }
    return true;
}
bool ridge_proc_line(struct proc *p, const char **line, size_t *n)
{
    if (p->i_head == p->out.n) {
        p->out.n = p->i_head = p->i_scan = 0;
        return false;
    }
    const char *end = memchr(p->out.data + p->i_scan, '\n', p->out.n - p->i_scan);
    if (end == NULL) {
        p->out.n -= p->i_head;
        memmove(p->out.data, p->out.data + p->i_head, p->out.n);
        p->i_head = 0;
        p->i_scan = p->out.n;
        return false;
    }
    *line = p->out.data + p->i_head;
    *n = (size_t)(end - *line);
    p->i_head = p->i_scan = (size_t)(end - p->out.data) + 1;
    return true;
}
void ridge_proc_write_in(struct proc *p)
{
    while (p->i_sent < p->in.n) {
        ssize_t n = write(p->child.in_fd, p->in.data + p->i_sent, p->in.n - p->i_sent);
        if (n > 0)
            p->i_sent += (size_t)n;
        else if (n < 0 && errno == EINTR)
            continue;
        else if (n < 0 && errno == EAGAIN)
            return;
        else
            break; /* closed: its end will tell */
    }
    p->in.n = p->i_sent = 0;
}
void ridge_proc_send(struct proc *p, const struct ridge_message *m)
{
    ridge_wire_encode(&p->in, m);
    ridge_proc_write_in(p);
}

static size_t fill_fds(const struct pool *pool, struct proc *p, struct pollfd *fds)
{
    size_t n = 0;
    fds[n++] = (struct pollfd){.fd = p->child.status_fd, .events = POLLIN};
    fds[n++] = (struct pollfd){.fd = p->out_eof ? -1 : p->child.out_fd, .events = POLLIN};
    fds[n++] = (struct pollfd){.fd = p->in.n > p->i_sent ? p->child.in_fd : -1, .events = POLLOUT};
    for (size_t i = 0; i < pool->n; i++)
        fds[n++] = (struct pollfd){.fd = pool->v[i]->alive ? pool->v[i]->child.err_fd : -1,
                                   .events = POLLIN};
    return n;
}
/* Signals are held between the look at the flag and the sleep, so none is slept through. */
static int sleep_in_poll(const struct pool *pool, struct pollfd *fds, size_t n,
                         uint64_t deadline_ns, int known_interrupts)
{
    sigset_t hold, old;
    sigemptyset(&hold);
    sigaddset(&hold, SIGINT);
    sigaddset(&hold, SIGTERM);
    sigaddset(&hold, SIGHUP);
    sigprocmask(SIG_BLOCK, &hold, &old);
    int got = -1;
    if (ridge_pool_interrupted(pool) == known_interrupts) {
        uint64_t now = ridge_os_now_ns();
        uint64_t left = deadline_ns > now ? deadline_ns - now : 0;
        struct timespec ts = {.tv_sec = (time_t)(left / 1000000000u),
                              .tv_nsec = (long)(left % 1000000000u)};
        got = ppoll(fds, n, &ts, &old);
    }
    sigprocmask(SIG_SETMASK, &old, NULL);
    return got;
}
void ridge_pool_poll(const struct pool *pool, struct proc *p, uint64_t deadline_ns,
                     int known_interrupts)
{
    struct pollfd *fds = ridge_xmalloc((pool->n + 3) * sizeof *fds);
    size_t n = fill_fds(pool, p, fds);
    if (sleep_in_poll(pool, fds, n, deadline_ns, known_interrupts) > 0) {
        for (size_t i = 0; i < pool->n; i++)
            if (fds[3 + i].fd >= 0 && fds[3 + i].revents != 0)
                ridge_proc_read_err(pool->v[i]);
        if (fds[2].revents != 0)
            ridge_proc_write_in(p);
        if (fds[0].revents != 0 && ridge_os_child_ended(&p->child, &p->wait_status))
            p->ended = true;
    }
    free(fds);
}
