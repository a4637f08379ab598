#include "base/os.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t clock_ns(clockid_t id)
{
    struct timespec t;
    (void)clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

uint64_t ridge_os_now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

uint64_t ridge_os_realtime_ns(void)
{
    return clock_ns(CLOCK_REALTIME);
}

void ridge_os_sleep_ns(uint64_t ns)
{
    struct timespec t = {.tv_sec = (time_t)(ns / 1000000000u), .tv_nsec = (long)(ns % 1000000000u)};
    while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
        ;
}

uint64_t ridge_os_random(void)
{
    uint64_t v = 0;
    while (getrandom(&v, sizeof v, 0) != (ssize_t)sizeof v)
        if (errno != EINTR) /* no getrandom here: time and pid are enough for an order */
            return clock_ns(CLOCK_REALTIME) * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)getpid();
    return v;
}

const char *ridge_os_program_dir(void)
{
    static char dir[PATH_MAX];
    if (dir[0] != '\0')
        return dir;
    ssize_t n = readlink("/proc/self/exe", dir, sizeof dir - 1);
    dir[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(dir, '/');
    if (slash != NULL)
        slash[slash == dir ? 1 : 0] = '\0';
    else
        (void)snprintf(dir, sizeof dir, ".");
    return dir;
}

bool ridge_os_exists(const char *path)
{
    return access(path, F_OK) == 0;
}

bool ridge_os_same_file(const char *x, const char *y)
{
    struct stat s, t;
    return strcmp(x, y) == 0 || (stat(x, &s) == 0 && stat(y, &t) == 0 && s.st_dev == t.st_dev && s.st_ino == t.st_ino);
}

/* The 22nd word of /proc/PID/stat; the second, the name, may hold spaces and parentheses. */
void ridge_os_process_name(pid_t pid, char out[48])
{
    char path[64], text[1024];
    unsigned long long start = 0;
    (void)snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    out[0] = '\0';
    if (!ridge_os_read_small(path, text, sizeof text))
        return;
    const char *p = strrchr(text, ')');
    for (int word = 2; p != NULL && word < 22; word++)
        p = strchr(p + 1, ' ');
    if (p != NULL)
        start = strtoull(p + 1, NULL, 10);
    (void)snprintf(out, 48, "%ld:%llu", (long)pid, start);
}

bool ridge_os_process_lives(const char *name)
{
    char now[48];
    int64_t pid = 0;
    char number[48];
    (void)snprintf(number, sizeof number, "%.*s", (int)strcspn(name, ":"), name);
    if (ridge_text_int(number, &pid, NULL) != RIDGE_OK || pid < 1)
        return false;
    ridge_os_process_name((pid_t)pid, now);
    return strcmp(now, name) == 0;
}
