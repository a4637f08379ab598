/* A plug-in is opened and asked in a child process first: a library that dies in its constructor, of an instruction
 * that this CPU lacks or in its probe, or that never comes back, costs its plug-in and nothing else. */
#include "worker/plugin.h"
#include "base/log.h"
#include "base/os.h"
#include "data/catalogue.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static size_t count_variants(const struct ridge_runner *r)
{
    size_t n = 0;
    while (r->variants != NULL && r->variants[n] != NULL)
        n++;
    return n;
}
static void ask(const struct ridge_runner *r, const struct ridge_host *host, const char *variant, struct ridge_probe *out)
{
    struct ridge_arena a = {0};
    struct ridge_kvs none = {0};
    void *options = ridge_arena_alloc(&a, r->options_size + 1);
    struct ridge_open_args args = {variant, "", options};
    memset(out, 0, sizeof *out);
    enum ridge_status status = r->options == NULL ? RIDGE_OK
                               : ridge_option_fill(r->options, r->n_options, &none, true, options, NULL);
    if (status == RIDGE_OK)
        status = r->probe(host, &args, out);
    if (status != RIDGE_OK) {
        out->usable = false;
        if (out->reason[0] == '\0')
            (void)snprintf(out->reason, sizeof out->reason, "its probe failed with status %d", (int)status);
    }
    ridge_arena_deinit(&a);
}
static void put(int fd, const void *data, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t done = write(fd, (const char *)data + at, n - at);
        if (done < 0 && errno == EINTR)
            continue;
        if (done <= 0)
            _exit(1);
        at += (size_t)done;
    }
}
/* host NULL: only opens. A plug-in that is refused here is refused by the parent in the same words. */
static _Noreturn void be_child(struct ridge_plugin *p, const struct ridge_host *host, int fd)
{
    struct ridge_probe answer;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    ridge_log_set_level(RIDGE_LOG_ERROR);
    ridge_plugin_open(p);
    size_t n = p->is_usable && host != NULL ? 1 + count_variants(&p->runner) : 0;
    for (size_t i = 0; i < n; i++) {
        ask(&p->runner, host, i == 0 ? "" : p->runner.variants[i - 1], &answer);
        put(fd, &answer, sizeof answer);
    }
    put(fd, "", 1); /* the end: exit(0) in a library is not one */
    _exit(0);
}
/* Until end of file; false: the time is over. */
static bool read_all(int fd, uint64_t timeout_ns, struct ridge_buf *out)
{
    uint64_t until_ns = ridge_os_now_ns() + timeout_ns;
    char bytes[8192];
    for (;;) {
        uint64_t now_ns = ridge_os_now_ns();
        if (now_ns >= until_ns)
            return false;
        struct pollfd ready = {.fd = fd, .events = POLLIN};
        if (poll(&ready, 1, (int)((until_ns - now_ns) / 1000000 + 1)) <= 0)
            continue;
        ssize_t n = read(fd, bytes, sizeof bytes);
        if (n == 0)
            return true;
        if (n > 0)
            ridge_buf_put(out, bytes, (size_t)n);
    }
}
/* The child's pipe closes with the child, unless the library left a process of its own behind: the answer is whole
 * all the same. */
static bool is_whole(const struct ridge_buf *answers)
{
    return answers->n % sizeof(struct ridge_probe) == 1;
}
static bool ask_child(struct ridge_plugin *p, pid_t child, int fd, uint64_t timeout_ns, struct ridge_buf *answers)
{
    char text[96] = "";
    int status = 0;
    bool in_time = read_all(fd, timeout_ns, answers) || is_whole(answers);
    if (!in_time || is_whole(answers))
        (void)kill(child, SIGKILL);
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    if (is_whole(answers))
        return true;
    if (!in_time)
        (void)snprintf(text, sizeof text, "its probe did not end in %.3g s", (double)timeout_ns * 1e-9);
    else if (WIFSIGNALED(status))
        (void)snprintf(text, sizeof text, "its probe crashed (signal %d)", WTERMSIG(status));
    else
        (void)snprintf(text, sizeof text, "its probe ended the process (status %d)", WEXITSTATUS(status));
    return ridge_plugin_refuse(p, text, "");
}
static bool run_child(struct ridge_plugin *p, const struct ridge_host *host, uint64_t timeout_ns, struct ridge_buf *answers)
{
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0)
        return ridge_plugin_refuse(p, "no pipe for its probe", strerror(errno));
    pid_t child = fork();
    if (child == 0)
        be_child(p, host, fds[1]);
    (void)close(fds[1]);
    bool ok = child > 0 ? ask_child(p, child, fds[0], timeout_ns, answers)
                        : ridge_plugin_refuse(p, "no process for its probe", strerror(errno));
    (void)close(fds[0]);
    return ok;
}
bool ridge_plugin_probe(struct ridge_plugin *p, const struct ridge_host *host, uint64_t timeout_ns,
                        struct ridge_arena *a, struct ridge_probe **out, size_t *n_out)
{
    struct ridge_buf answers = {0};
    bool ok = run_child(p, host, timeout_ns, &answers);
    if (ok)
        ridge_plugin_open(p);
    p->is_opened = true; /* never again */
    size_t n = ok && p->is_usable && host != NULL ? 1 + count_variants(&p->runner) : 0;
    if (n * sizeof(struct ridge_probe) + 1 != answers.n && ok && p->is_usable)
        ok = ridge_plugin_refuse(p, "its probe answered otherwise than it opened", "");
    if (ok && p->is_usable && n > 0) {
        *out = ridge_arena_array(a, n, sizeof **out);
        memcpy(*out, answers.data, n * sizeof **out);
        *n_out = n;
    }
    ridge_buf_deinit(&answers);
    return ok && p->is_usable;
}
