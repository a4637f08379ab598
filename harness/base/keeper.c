#include "base/keeper.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST_FD = 3, N_FDS = 6 }; /* in, out, err, life, status, report: 3..8 after compact_fds */
enum { FD_IN = FIRST_FD, FD_OUT, FD_ERR, FD_LIFE, FD_STATUS, FD_REPORT };

static void report(int kind, int value)
{
    struct ridge_keeper_report r = {.kind = kind, .value = value};
    ssize_t n = write(FD_REPORT, &r, sizeof r); /* below PIPE_BUF: atomic */
    (void)n;
}

/* Moves the fds we need to fixed places and closes all others: an inherited copy of another child's
 * life pipe would keep that child alive after us. */
static void compact_fds(const struct ridge_keeper_args *a)
{
    int fds[N_FDS] = {a->in_fd, a->out_fd, a->err_fd, a->life_fd, a->status_fd, a->report_fd};
    for (int i = 0; i < N_FDS; i++)
        fds[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, FIRST_FD + N_FDS);
    for (int i = 0; i < N_FDS; i++)
        (void)dup3(fds[i], FIRST_FD + i, O_CLOEXEC);
    (void)close_range(FIRST_FD + N_FDS, ~0U, 0);
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = 0; i < 3; i++)
        (void)dup2(null_fd, i);
    close(null_fd);
}

static void reset_signals(void)
{
    struct sigaction dfl = {.sa_handler = SIG_DFL};
    sigset_t none;
    for (int s = 1; s < NSIG; s++)
        (void)sigaction(s, &dfl, NULL);
    sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

static bool set_limits(const struct ridge_spawn *spec)
{
    struct rlimit no_core = {0, 0};
    struct rlimit memory = {spec->max_memory_bytes, spec->max_memory_bytes};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &no_core) != 0)
        return false;
    return spec->max_memory_bytes == 0 || setrlimit(RLIMIT_AS, &memory) == 0;
}

/* When memory runs out the kernel kills us first, not the one who measures or somebody else. */
static void volunteer_for_oom(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? write(fd, "1000", 4) : 0;
    (void)n; /* not here: as before */
    if (fd >= 0)
        close(fd);
}

static _Noreturn void become_child(const struct ridge_spawn *spec, pid_t keeper_pid)
{
    (void)setpgid(0, 0);
    if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) != 0 || getppid() != keeper_pid)
        _exit(127); /* the keeper is gone already */
    bool ok = dup2(FD_IN, 0) >= 0 && dup2(FD_OUT, 1) >= 0 && dup2(FD_ERR, 2) >= 0;
    reset_signals();
    volunteer_for_oom();
    if (ok && set_limits(spec)) {
        char *const *argv = (char *const *)(uintptr_t)spec->argv;
        char *const *env = spec->env != NULL ? (char *const *)(uintptr_t)spec->env : environ;
        (void)execvpe(argv[0], argv, env);
    }
    report(RIDGE_KEEPER_FAILED, errno);
    _exit(127);
}

/* Parent's pid of /proc/PID/stat; the name in it may hold anything but ends at the last ')'. */
static pid_t parent_of(long pid)
{
    char path[64], text[512];
    (void)snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *p = strrchr(text, ')');
    return p != NULL && strlen(p) > 4 ? (pid_t)strtol(p + 4, NULL, 10) : -1;
}

/* Slow way for kernels without CONFIG_PROC_CHILDREN. */
static void kill_children_by_scan(void)
{
    DIR *dir = opendir("/proc");
    if (dir == NULL)
        return;
    const struct dirent *e;
    while ((e = readdir(dir)) != NULL) {
        long pid = strtol(e->d_name, NULL, 10);
        if (pid > 1 && parent_of(pid) == getpid())
            (void)kill((pid_t)pid, SIGKILL);
    }
    closedir(dir);
}

static void kill_children(void)
{
    char path[64], text[8192];
    (void)snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        kill_children_by_scan();
        return;
    }
    ssize_t n = read(fd, text, sizeof text - 1); /* what does not fit comes in the next turn */
    close(fd);
    if (n <= 0)
        return;
    text[n] = '\0';
    char *p = text, *end;
    for (long pid = strtol(p, &end, 10); end != p; pid = strtol(p, &end, 10)) {
        if (*end == '\0' && n == (ssize_t)sizeof text - 1)
            break; /* maybe cut in the middle of a number */
        if (pid > 1)
            (void)kill((pid_t)pid, SIGKILL);
        p = end;
    }
}

/* We are their subreaper: when a parent dies its children become ours, so killing our own children
 * until none is left reaches all generations. */
static void kill_descendants(pid_t child, int *child_status)
{
    for (;;) {
        kill_children();
        int wait_status;
        pid_t pid = waitpid(-1, &wait_status, 0);
        if (pid < 0 && errno == ECHILD)
            return;
        if (pid == child)
            *child_status = wait_status;
    }
}

/* True when the child has ended. Its zombie stays until its group was killed, so that the group's
 * number cannot belong to somebody else by then. Orphans are reaped on the way. */
static bool child_has_ended(pid_t child)
{
    for (;;) {
        siginfo_t info = {0};
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0)
            return false;
        if (info.si_pid == child)
            return true;
        (void)waitpid(info.si_pid, NULL, WNOHANG);
    }
}

static void wait_for_end(pid_t child, int signal_fd)
{
    struct pollfd fds[2] = {{.fd = FD_LIFE, .events = POLLIN}, {.fd = signal_fd, .events = POLLIN}};
    for (;;) {
        struct signalfd_siginfo info;
        if (poll(fds, 2, -1) < 0)
            continue;
        if (fds[0].revents != 0)
            return;
        if (fds[1].revents != 0 && read(signal_fd, &info, sizeof info) > 0 &&
            child_has_ended(child))
            return;
    }
}

static int block_signals(void)
{
    sigset_t all, chld;
    sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    /* no wake-up when a parked child is stopped or continued */
    struct sigaction sa = {.sa_handler = SIG_DFL, .sa_flags = SA_NOCLDSTOP};
    (void)sigaction(SIGCHLD, &sa, NULL);
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    return signalfd(-1, &chld, SFD_CLOEXEC | SFD_NONBLOCK);
}

_Noreturn void ridge_keeper_main(const struct ridge_keeper_args *args)
{
    (void)setpgid(0, 0);
    compact_fds(args);
    (void)prctl(PR_SET_NAME, "ridge-keeper", 0, 0, 0);
    int signal_fd = block_signals();
    pid_t keeper_pid = getpid();
    pid_t child = -1;
    if (signal_fd >= 0 && prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
        child = fork();
    if (child == 0)
        become_child(args->spec, keeper_pid);
    if (child < 0) {
        report(RIDGE_KEEPER_FAILED, errno);
        _exit(1);
    }
    (void)setpgid(child, child); /* both sides do: whoever comes first */
    report(RIDGE_KEEPER_STARTED, (int)child);
    close(FD_REPORT);
    close(FD_IN);
    close(FD_OUT);
    close(FD_ERR);
    wait_for_end(child, signal_fd);
    (void)kill(-child, SIGKILL);
    int wait_status = SIGKILL; /* as waitpid would say: ended by signal 9 */
    kill_descendants(child, &wait_status);
    ssize_t n = write(FD_STATUS, &wait_status, sizeof wait_status);
    (void)n;
    _exit(0);
}
