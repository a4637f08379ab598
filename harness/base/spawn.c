#include "base/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { KEEPER_PATIENCE_MS = 10000 }; /* only a child in an uninterruptible wait takes longer */

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

struct pipes {
    int in[2], out[2], err[2], life[2], status[2], report[2];
};

static int *pipe_at(struct pipes *p, size_t i)
{
    int *const all[] = {p->in, p->out, p->err, p->life, p->status, p->report};
    return all[i];
}
enum { N_PIPES = 6 };

static void pipes_close(struct pipes *p)
{
    for (size_t i = 0; i < N_PIPES; i++) {
        close_fd(&pipe_at(p, i)[0]);
        close_fd(&pipe_at(p, i)[1]);
    }
}

static enum ridge_status pipes_open(struct pipes *p, const char *program, struct ridge_error *err)
{
    for (size_t i = 0; i < N_PIPES; i++)
        pipe_at(p, i)[0] = pipe_at(p, i)[1] = -1;
    for (size_t i = 0; i < N_PIPES; i++)
        if (pipe2(pipe_at(p, i), O_CLOEXEC) != 0) {
            int saved_errno = errno;
            pipes_close(p);
            return ridge_fail(err, RIDGE_ERR_IO, program, "cannot make a pipe: %s",
                              strerror(saved_errno));
        }
    return RIDGE_OK;
}

/* Reads STARTED and, when exec failed, FAILED; the pipe closes at exec. 0 or the errno. */
static int read_reports(int fd, pid_t *child)
{
    int failure = 0;
    *child = -1;
    for (;;) {
        struct ridge_keeper_report r;
        ssize_t n = read(fd, &r, sizeof r);
        if (n < 0 && errno == EINTR)
            continue;
        if (n != (ssize_t)sizeof r)
            break;
        if (r.kind == RIDGE_KEEPER_STARTED)
            *child = (pid_t)r.value;
        else
            failure = r.value != 0 ? r.value : EIO;
    }
    return failure != 0 ? failure : *child < 0 ? ECHILD : 0;
}

static void reap(pid_t pid)
{
    struct pollfd p = {.fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN};
    if (p.fd >= 0) {
        uint64_t until_ns = ridge_os_now_ns() + (uint64_t)KEEPER_PATIENCE_MS * 1000000u;
        for (;;) { /* a signal of ours must not cut the patience short */
            uint64_t now_ns = ridge_os_now_ns();
            int left_ms = now_ns < until_ns ? (int)((until_ns - now_ns) / 1000000u) : 0;
            if (poll(&p, 1, left_ms) >= 0 || errno != EINTR)
                break;
        }
        close(p.fd);
        (void)waitpid(pid, NULL, WNOHANG);
        return;
    }
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

static pid_t fork_keeper(struct pipes *p, const struct ridge_spawn *spec)
{
    /* No handler of ours may run in the keeper: signals wait until it has blocked them itself. */
    sigset_t all, old;
    sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, &old);
    pid_t pid = fork();
    if (pid == 0) {
        struct ridge_keeper_args args = {.spec = spec,
                                         .in_fd = p->in[0],
                                         .out_fd = p->out[1],
                                         .err_fd = p->err[1],
                                         .life_fd = p->life[0],
                                         .status_fd = p->status[1],
                                         .report_fd = p->report[1]};
        ridge_keeper_main(&args);
    }
    int saved_errno = errno;
    (void)sigprocmask(SIG_SETMASK, &old, NULL);
    errno = saved_errno;
    return pid;
}

static int take(int *fd)
{
    int v = *fd;
    *fd = -1;
    return v;
}

enum ridge_status ridge_os_spawn(const struct ridge_spawn *spec, struct ridge_child *out,
                                 struct ridge_error *err)
{
    struct pipes p;
    *out = (struct ridge_child){-1, -1, -1, -1, -1, -1, -1, false, 0};
    if (spec->argv == NULL || spec->argv[0] == NULL)
        return ridge_fail(err, RIDGE_ERR_CONFIG, "", "no program was given");
    const char *program = spec->argv[0];
    enum ridge_status status = pipes_open(&p, program, err);
    if (status != RIDGE_OK)
        return status;
    pid_t keeper = fork_keeper(&p, spec);
    if (keeper < 0) {
        status = ridge_fail(err, RIDGE_ERR_IO, program, "cannot fork: %s", strerror(errno));
        goto out;
    }
    close_fd(&p.report[1]);
    int failure = read_reports(p.report[0], &out->pid);
    if (failure != 0) {
        pipes_close(&p);
        reap(keeper);
        out->pid = -1;
        return ridge_fail(err, RIDGE_ERR_IO, program, "cannot start: %s", strerror(failure));
    }
    out->keeper_pid = keeper;
    out->in_fd = take(&p.in[1]);
    out->out_fd = take(&p.out[0]);
    out->err_fd = take(&p.err[0]);
    out->keeper_fd = take(&p.life[1]);
    out->status_fd = take(&p.status[0]);
    (void)fcntl(out->out_fd, F_SETFL, O_NONBLOCK);
    (void)fcntl(out->err_fd, F_SETFL, O_NONBLOCK);
    (void)fcntl(out->status_fd, F_SETFL, O_NONBLOCK);
out:
    pipes_close(&p);
    return status;
}

bool ridge_os_child_ended(struct ridge_child *c, int *wait_status)
{
    if (!c->has_ended && c->status_fd >= 0) {
        int value = 0;
        ssize_t n = read(c->status_fd, &value, sizeof value);
        if (n < 0)
            return false; /* EAGAIN: alive */
        c->has_ended = true;
        /* End of file without a status: the keeper was killed, and the child with it. */
        c->wait_status = n == (ssize_t)sizeof value ? value : SIGKILL;
    }
    if (c->has_ended && wait_status != NULL)
        *wait_status = c->wait_status;
    return c->has_ended;
}

void ridge_os_child_signal(const struct ridge_child *c, int signo)
{
    struct pollfd p = {.fd = c->status_fd, .events = POLLIN};
    if (c->pid <= 1 || c->has_ended || c->status_fd < 0 || poll(&p, 1, 0) != 0)
        return; /* ended: its number may be somebody else's by now */
    (void)kill(-c->pid, signo);
}

void ridge_os_child_kill(struct ridge_child *c)
{
    if (c->keeper_pid > 1) {
        close_fd(&c->keeper_fd);
        reap(c->keeper_pid);
        (void)ridge_os_child_ended(c, NULL);
        c->has_ended = true;
    }
    c->keeper_pid = -1;
    close_fd(&c->keeper_fd);
    close_fd(&c->in_fd);
    close_fd(&c->out_fd);
    close_fd(&c->err_fd);
    close_fd(&c->status_fd);
}
