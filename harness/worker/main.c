/* ridge-worker: runs one case at a time for a harness on stdin and stdout. */
#include "host/host.h"
#include "worker/serve.h"
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc > 1) {
        int is_version = strcmp(argv[1], "--version") == 0;
        (void)fprintf(is_version ? stdout : stderr, is_version ? "ridge-worker %s\n"
                      : "ridge-worker %s speaks JSON lines on stdin and stdout; see WIRE.md\n", RIDGE_WORKER_VERSION);
        return is_version ? 0 : 2;
    }
    ridge_clock_begin();
    /* a library that prints must not break the wire, one that reads must not eat of it */
    struct ridge_worker w = {.in_fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10),
                             .out_fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10)};
    int null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    if (w.in_fd < 0 || w.out_fd < 0 || null_fd < 0 || dup2(null_fd, STDIN_FILENO) < 0 ||
        dup2(STDERR_FILENO, STDOUT_FILENO) < 0)
        return 1;
    (void)close(null_fd);
    (void)signal(SIGPIPE, SIG_IGN);
    ridge_plugins_scan(&w.plugins, getenv("RIDGE_PLUGIN_PATH"));
    return ridge_worker_serve(&w);
}

#if defined(__SANITIZE_ADDRESS__)
/* Vendor libraries leak when they are unloaded; only our own leaks are errors. */
const char *__lsan_default_suppressions(void);
RIDGE_EXPORT const char *__lsan_default_suppressions(void)
{
    return "leak:libdnnl.so\nleak:libgomp.so\nleak:libopenblas\nleak:libblis.so\nleak:libOpenCL.so\n";
}
#endif
