#include "ridge_test.h"

#include "base/arena.h"
#include "base/os.h"
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool start(struct ridge_child *c, const char *script, struct ridge_error *err)
{
    const char *argv[] = {"sh", "-c", script, NULL};
    struct ridge_spawn spec = {.argv = argv};
    return ridge_os_spawn(&spec, c, err) == RIDGE_OK;
}

/* Reads what the child prints until it holds `until` or 10 s are over. */
static void read_until(const struct ridge_child *c, const char *until, char *out, size_t n)
{
    size_t had = 0;
    struct pollfd p = {.fd = c->out_fd, .events = POLLIN};
    out[0] = '\0';
    while (strstr(out, until) == NULL && had + 1 < n && poll(&p, 1, 10000) > 0) {
        ssize_t got = read(c->out_fd, out + had, n - 1 - had);
        if (got <= 0)
            break;
        had += (size_t)got;
        out[had] = '\0';
    }
}

static bool wait_end(struct ridge_child *c, int *status)
{
    struct pollfd p = {.fd = c->status_fd, .events = POLLIN};
    (void)poll(&p, 1, 10000);
    return ridge_os_child_ended(c, status);
}

/* A zombie counts as gone: it runs nothing. */
static bool is_alive(long pid)
{
    char path[64], text[512];
    (void)snprintf(path, sizeof path, "/proc/%ld/stat", pid);
    if (!ridge_os_read_small(path, text, sizeof text))
        return false;
    const char *p = strrchr(text, ')');
    return p != NULL && p[2] != 'Z' && p[2] != 'X';
}

static bool is_gone_soon(long pid)
{
    for (int i = 0; i < 500 && is_alive(pid); i++)
        ridge_os_sleep_ns(10000000);
    return !is_alive(pid);
}

static void child_talks_and_ends(void)
{
    struct ridge_child c;
    char text[256];
    int status = -1;
    CHECK(start(&c, "read line; echo \"got $line\"; echo oops >&2; exit 7", NULL));
    CHECK(!ridge_os_child_ended(&c, &status));
    CHECK(write(c.in_fd, "hi\n", 3) == 3);
    read_until(&c, "\n", text, sizeof text);
    CHECK_STR(text, "got hi\n");
    CHECK(wait_end(&c, &status));
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    CHECK(ridge_os_child_ended(&c, &status) && WEXITSTATUS(status) == 7);
    ssize_t n = read(c.err_fd, text, sizeof text);
    CHECK(n == 5);
    ridge_os_child_kill(&c);
    ridge_os_child_kill(&c); /* idempotent */
    CHECK(c.in_fd == -1 && c.keeper_pid == -1);
}

static void exec_failure_is_an_error(void)
{
    const char *argv[] = {"/no/such/program", NULL};
    struct ridge_spawn spec = {.argv = argv};
    struct ridge_child c;
    struct ridge_error err = {0};
    CHECK(ridge_os_spawn(&spec, &c, &err) == RIDGE_ERR_IO);
    CHECK(strstr(err.text, "No such file") != NULL);
    CHECK_STR(err.where, "/no/such/program");
    CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD); /* no keeper is left behind */
}

static void child_starts_clean(void)
{
    struct ridge_child c;
    char text[2048];
    sigset_t all, old;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &old);
    signal(SIGPIPE, SIG_IGN);
    bool ok = start(
        &c,
        "grep -E 'SigBlk|SigIgn|NoNewPrivs' /proc/self/status; ulimit -c; ls /proc/self/fd | wc -l",
        NULL);
    sigprocmask(SIG_SETMASK, &old, NULL);
    signal(SIGPIPE, SIG_DFL);
    CHECK(ok);
    int status;
    CHECK(wait_end(&c, &status));
    read_until(&c, "never", text, sizeof text);
    CHECK(strstr(text, "SigBlk:\t0000000000000000") != NULL);
    CHECK(strstr(text, "SigIgn:\t0000000000000000") != NULL);
    CHECK(strstr(text, "NoNewPrivs:\t1") != NULL);
    CHECK(strstr(text, "\n0\n4\n") != NULL); /* no core; 0 1 2 and the folder that ls reads */
    ridge_os_child_kill(&c);
}

static void child_is_the_first_that_the_kernel_kills_for_memory(void)
{
    struct ridge_child c;
    char text[64];
    CHECK(start(&c, "cat /proc/self/oom_score_adj", NULL));
    read_until(&c, "\n", text, sizeof text);
    CHECK_STR(text, "1000\n");
    ridge_os_child_kill(&c);
}

static void memory_limit_holds(void)
{
    const char *argv[] = {"sh", "-c", "ulimit -v", NULL};
    struct ridge_spawn spec = {.argv = argv, .max_memory_bytes = 512u << 20};
    struct ridge_child c;
    char text[64];
    CHECK(ridge_os_spawn(&spec, &c, NULL) == RIDGE_OK);
    read_until(&c, "\n", text, sizeof text);
    CHECK_STR(text, "524288\n");
    ridge_os_child_kill(&c);
}

/* sleep in a session of its own, orphaned by a double fork; then a stopped one */
#define ESCAPE "(setsid sh -c 'echo $$; exec sleep 300' </dev/null &) ; "

static void kill_reaches_escaped_and_stopped(void)
{
    struct ridge_child c;
    char text[256];
    CHECK(start(&c,
                ESCAPE "sleep 0.2; sh -c 'kill -STOP $$; sleep 300' & echo $!; echo ready; wait",
                NULL));
    read_until(&c, "ready", text, sizeof text);
    long escaped = 0, stopped = 0;
    CHECK(sscanf(text, "%ld %ld", &escaped, &stopped) == 2);
    CHECK(is_alive(escaped) && is_alive(stopped));
    long child = c.pid;
    ridge_os_child_signal(&c, SIGSTOP);
    ridge_os_child_kill(&c);
    CHECK(is_gone_soon(escaped) && is_gone_soon(stopped) && is_gone_soon(child));
}

static void leftovers_die_with_the_child(void)
{
    struct ridge_child c;
    char text[256];
    int status;
    long escaped = 0;
    CHECK(start(&c, ESCAPE "read x", NULL));
    read_until(&c, "\n", text, sizeof text);
    CHECK(sscanf(text, "%ld", &escaped) == 1 && is_alive(escaped));
    CHECK(write(c.in_fd, "\n", 1) == 1);
    CHECK(wait_end(&c, &status) && WIFEXITED(status) && WEXITSTATUS(status) == 0);
    CHECK(is_gone_soon(escaped));
    ridge_os_child_kill(&c);
}

/* In a forked "ridge": spawns two children, parks one, tells their pids and waits to be killed. */
static void be_ridge(int tell_fd)
{
    struct ridge_child c[2];
    char text[64];
    long pids[4] = {0};
    for (int i = 0; i < 2; i++) {
        if (!start(&c[i], ESCAPE "sleep 300", NULL))
            _exit(1);
        read_until(&c[i], "\n", text, sizeof text);
        (void)sscanf(text, "%ld", &pids[2 * i]);
        pids[2 * i + 1] = c[i].pid;
    }
    ridge_os_child_signal(&c[0], SIGSTOP);
    if (write(tell_fd, pids, sizeof pids) != (ssize_t)sizeof pids)
        _exit(1);
    for (;;)
        pause();
}

static void kill_9_of_the_parent_kills_all(void)
{
    int tell[2];
    long pids[4] = {0};
    CHECK(pipe2(tell, O_CLOEXEC) == 0);
    pid_t ridge = fork();
    if (ridge == 0)
        be_ridge(tell[1]);
    close(tell[1]);
    CHECK(read(tell[0], pids, sizeof pids) == (ssize_t)sizeof pids);
    for (int i = 0; i < 4; i++)
        CHECK(pids[i] > 1 && is_alive(pids[i]));
    kill(ridge, SIGKILL);
    waitpid(ridge, NULL, 0);
    for (int i = 0; i < 4; i++)
        CHECK(is_gone_soon(pids[i]));
    close(tell[0]);
}

static void keeper_survives_terminal_signals_and_sleeps(void)
{
    struct ridge_child c;
    char path[64], before[64], after[64];
    CHECK(start(&c, "sleep 300", NULL));
    CHECK(getpgid(c.keeper_pid) == c.keeper_pid && getpgid(c.pid) == c.pid);
    kill(c.keeper_pid, SIGINT);
    kill(c.keeper_pid, SIGTERM);
    ridge_os_sleep_ns(50000000);
    (void)snprintf(path, sizeof path, "/proc/%ld/schedstat", (long)c.keeper_pid);
    bool has = ridge_os_read_small(path, before, sizeof before);
    for (int i = 0; i < 5; i++) { /* parking must not wake the keeper */
        ridge_os_child_signal(&c, SIGSTOP);
        ridge_os_sleep_ns(10000000);
        ridge_os_child_signal(&c, SIGCONT);
        ridge_os_sleep_ns(10000000);
    }
    CHECK(is_alive(c.keeper_pid) && is_alive(c.pid));
    if (has && ridge_os_read_small(path, after, sizeof after))
        CHECK_STR(after, before);
    ridge_os_child_kill(&c);
}

static void keeper_killed_kills_the_child(void)
{
    struct ridge_child c;
    int status = 0;
    CHECK(start(&c, "exec sleep 300", NULL));
    long child = c.pid;
    kill(c.keeper_pid, SIGKILL);
    CHECK(wait_end(&c, &status) && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    CHECK(is_gone_soon(child));
    ridge_os_child_kill(&c);
}

static void files_are_replaced_whole(void)
{
    char dir[] = "/tmp/ridge-test-XXXXXX", path[64], link_path[64];
    struct ridge_buf b = {0};
    struct ridge_error err = {0};
    CHECK(mkdtemp(dir) != NULL);
    (void)snprintf(path, sizeof path, "%s/f", dir);
    (void)snprintf(link_path, sizeof link_path, "%s/l", dir);
    CHECK(ridge_os_write_file(path, "one", 3, NULL) == RIDGE_OK);
    CHECK(chmod(path, 0600) == 0 && symlink("f", link_path) == 0);
    CHECK(ridge_os_write_file(link_path, "two!", 4, NULL) == RIDGE_OK);
    struct stat st;
    CHECK(lstat(link_path, &st) == 0 && S_ISLNK(st.st_mode));
    CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    CHECK(ridge_os_read_file(path, 100, &b, NULL) == RIDGE_OK);
    CHECK_STR(b.data, "two!");
    CHECK(ridge_os_read_file(path, 3, &b, &err) == RIDGE_ERR_CONFIG);
    CHECK(ridge_os_read_file("/no/such", 3, &b, NULL) == RIDGE_ERR_IO);
    CHECK(ridge_os_write_file("/no/such/x", "", 0, NULL) == RIDGE_ERR_IO);
    CHECK(ridge_os_write_file(dir, "", 0, NULL) == RIDGE_ERR_IO);
    CHECK(ridge_os_write_file("/dev/full", "x", 1, NULL) == RIDGE_ERR_IO);
    ridge_buf_deinit(&b);
    unlink(link_path);
    unlink(path);
    CHECK(rmdir(dir) == 0); /* no temporary file is left */
}

static void digests_and_clocks(void)
{
    char hex[65];
    ridge_os_sha256("abc", 3, hex);
    CHECK_STR(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    CHECK(ridge_os_sha256_file("/dev/null", hex, NULL) == RIDGE_OK);
    CHECK_STR(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    CHECK(ridge_os_sha256_file("/no/such", hex, NULL) == RIDGE_ERR_IO);
    CHECK(ridge_os_hash64("a") == UINT64_C(0xaf63dc4c8601ec8c));
    uint64_t t = ridge_os_now_ns();
    ridge_os_sleep_ns(2000000);
    CHECK(ridge_os_now_ns() - t >= 2000000);
    CHECK(ridge_os_random() != ridge_os_random());
    CHECK(ridge_os_exists(ridge_os_program_dir()));
    CHECK(!ridge_os_read_small("/no/such", hex, sizeof hex));
}

RIDGE_TEST_MAIN(TEST_ROW(child_talks_and_ends), TEST_ROW(exec_failure_is_an_error),
                TEST_ROW(child_starts_clean), TEST_ROW(memory_limit_holds),
                TEST_ROW(child_is_the_first_that_the_kernel_kills_for_memory),
                TEST_ROW(kill_reaches_escaped_and_stopped), TEST_ROW(leftovers_die_with_the_child),
                TEST_ROW(kill_9_of_the_parent_kills_all),
                TEST_ROW(keeper_survives_terminal_signals_and_sleeps),
                TEST_ROW(keeper_killed_kills_the_child), TEST_ROW(files_are_replaced_whole),
                TEST_ROW(digests_and_clocks))
