/* Ways to go wrong, one function each. What must happen on the wire (lie, broken_line) is the Python
 * worker's: a plug-in cannot reach the wire. */
#include "null/null.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#define CHUNK_BYTES ((size_t)64 << 20)
#define MAX_BYTES ((uint64_t)64 << 30)
#define FLOOD_BYTES ((size_t)50 << 20)

static enum ridge_status do_crash(struct ridge_error *err)
{
    (void)err;
    (void)signal(SIGSEGV, SIG_DFL);
    (void)raise(SIGSEGV);
    abort();
}
static enum ridge_status do_hang(struct ridge_error *err)
{
    (void)err;
    (void)signal(SIGTERM, SIG_IGN); /* only KILL ends it */
    while (pause() != 0 || errno != 0)
        ;
    abort();
}
static enum ridge_status do_exit(struct ridge_error *err)
{
    (void)err;
    _exit(7);
}
static void put(int fd, const char *text, size_t n)
{
    while (n > 0) {
        ssize_t done = write(fd, text, n);
        if (done <= 0)
            return;
        text += done;
        n -= (size_t)done;
    }
}
static enum ridge_status do_flood(struct ridge_error *err)
{
    (void)err;
    static char line[1024];
    memset(line, 'x', sizeof line);
    line[sizeof line - 1] = '\n';
    for (size_t n = 0; n < FLOOD_BYTES; n += sizeof line)
        put(STDERR_FILENO, line, sizeof line);
    return RIDGE_OK;
}
static enum ridge_status do_print(struct ridge_error *err)
{
    (void)err;
    static const char garbage[] = "{\"type\":\"samples\",\"n\":-1}\n{\"type\":\"loa";
    put(STDOUT_FILENO, garbage, sizeof garbage - 1);
    return RIDGE_OK;
}
/* Touches what it gets only under a limit; without one it would take the machine down, so it reserves. */
static enum ridge_status do_alloc(struct ridge_error *err)
{
    struct rlimit limit;
    int is_limited = getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
    uint64_t n = 0;
    for (; n < MAX_BYTES; n += CHUNK_BYTES) {
        void *p = mmap(NULL, CHUNK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (p == MAP_FAILED)
            break;
        if (is_limited)
            memset(p, 1, CHUNK_BYTES);
    }
    return ridge_fail(err, RIDGE_ERR_NOMEM, "null", "no more memory after %llu MiB", (unsigned long long)(n >> 20));
}
static enum ridge_status on_wire(struct ridge_error *err)
{
    return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "null", "a plug-in cannot reach the wire: backend pynull has this fault");
}
/* A grandchild in a session of its own, then a crash: the keeper must find it. */
static enum ridge_status do_escape(struct ridge_error *err)
{
    pid_t child = fork();
    if (child == 0) {
        (void)setsid();
        if (fork() == 0) {
            (void)signal(SIGTERM, SIG_IGN);
            (void)alarm(600);
            for (;;)
                (void)pause();
        }
        _exit(0);
    }
    (void)usleep(20000);
    return do_crash(err);
}
static enum ridge_status do_fail(struct ridge_error *err)
{
    return ridge_fail(err, RIDGE_ERR_INTERNAL, "null", "the script says that this run fails");
}
static enum ridge_status do_nothing(struct ridge_error *err)
{
    (void)err;
    return RIDGE_OK;
}
enum ridge_status null_fault_now(enum null_fault fault, struct ridge_error *err)
{
    static enum ridge_status (*const table[])(struct ridge_error *) = {
        [NULL_NONE] = do_nothing, [NULL_CRASH] = do_crash, [NULL_HANG] = do_hang, [NULL_EXIT] = do_exit,
        [NULL_FLOOD_STDERR] = do_flood, [NULL_PRINT_STDOUT] = do_print, [NULL_ALLOC] = do_alloc, [NULL_LIE] = on_wire,
        [NULL_BROKEN_LINE] = on_wire, [NULL_ESCAPE] = do_escape, [NULL_FAIL] = do_fail, [NULL_WRONG] = do_nothing};
    return table[fault](err);
}
