/* The tightest limit from our group up to the root: a parent's limit binds its children. */
#include "host/cgroup.h"
#include "host/host.h"

#include "base/os.h"
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static const char unknown[] = "unknown: no cgroup file system is mounted at /sys/fs/cgroup";

/* Our group's folder by the "0::/path" line (cgroup v2). */
static bool own_folder(char *out, size_t n)
{
    struct ridge_buf text = {0};
    bool found = false;
    if (ridge_os_exists("/sys/fs/cgroup/cgroup.controllers") &&
        ridge_os_read_file("/proc/self/cgroup", 1u << 20, &text, NULL) == RIDGE_OK) {
        const char *line =
            strncmp(text.data, "0::", 3) == 0 ? text.data : strstr(text.data, "\n0::");
        if (line != NULL) {
            const char *path = strchr(line, '/');
            int len = path != NULL ? (int)strcspn(path, "\n") : 0;
            found = snprintf(out, n, "/sys/fs/cgroup%.*s", len, path != NULL ? path : "") < (int)n;
        }
    }
    ridge_buf_deinit(&text);
    return found;
}

/* Smallest value of `file` on the way to the root; value() gives -1 for "max". False: no cgroup v2.
 */
static bool tightest(const char *file, double (*value)(const char *text), double *least, char *text,
                     size_t n)
{
    char folder[PATH_MAX], path[PATH_MAX + 32], line[128];
    if (!own_folder(folder, sizeof folder))
        return false;
    *least = -1;
    size_t root = strlen("/sys/fs/cgroup");
    for (;;) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, file);
        double v = ridge_os_read_small(path, line, sizeof line) ? value(line) : -1;
        if (v >= 0 && (*least < 0 || v < *least)) {
            *least = v;
            (void)snprintf(text, n, "%s", line);
        }
        char *slash = strrchr(folder, '/');
        if (strlen(folder) <= root || slash == NULL)
            return true;
        *slash = '\0';
    }
}

static double cpus_of(const char *text) /* "QUOTA PERIOD" or "max PERIOD" */
{
    char *end;
    double quota = strtod(text, &end), period = strtod(end, NULL);
    return end != text && period > 0 ? quota / period : -1;
}

static double bytes_of(const char *text)
{
    char *end;
    double v = strtod(text, &end);
    return end != text ? v : -1;
}

const char *ridge_cgroup_cpu_max(struct ridge_arena *a)
{
    char text[128] = "", period[64];
    double cpus;
    if (tightest("cpu.max", cpus_of, &cpus, text, sizeof text))
        return cpus < 0 ? "none" : ridge_arena_printf(a, "%.2f CPUs (%s)", cpus, text);
    if (!ridge_os_read_small("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", text, sizeof text) ||
        !ridge_os_read_small("/sys/fs/cgroup/cpu/cpu.cfs_period_us", period, sizeof period))
        return unknown;
    double quota_us = strtod(text, NULL), period_us = strtod(period, NULL);
    if (quota_us <= 0 || period_us <= 0)
        return "none";
    return ridge_arena_printf(a, "%.2f CPUs (%s %s)", quota_us / period_us, text, period);
}

const char *ridge_cgroup_memory_max(struct ridge_arena *a)
{
    char text[128] = "";
    double bytes;
    if (tightest("memory.max", bytes_of, &bytes, text, sizeof text))
        return bytes < 0 ? "none" : ridge_arena_str(a, text);
    if (!ridge_os_read_small("/sys/fs/cgroup/memory/memory.limit_in_bytes", text, sizeof text))
        return unknown;
    return strtod(text, NULL) > 9e18 ? "none"
                                     : ridge_arena_str(a, text); /* v1: no limit is a huge one */
}

static int64_t count_of(const char *path, const char *key)
{
    struct ridge_buf text = {0};
    int64_t count = -1;
    if (ridge_os_read_file(path, 1u << 20, &text, NULL) == RIDGE_OK && text.n > 0) {
        const char *at = strncmp(text.data, key, strlen(key)) == 0 ? text.data : strstr(text.data, key);
        if (at != NULL)
            count = (int64_t)strtoll(at + strlen(key), NULL, 10);
    }
    ridge_buf_deinit(&text);
    return count;
}

/* vmstat counts the kills of cgroups too, but a container may not see the machine's. */
int64_t ridge_host_oom_kills(void)
{
    char folder[PATH_MAX], path[PATH_MAX + 32];
    int64_t all = count_of("/proc/vmstat", "oom_kill ");
    if (!own_folder(folder, sizeof folder))
        return all;
    (void)snprintf(path, sizeof path, "%s/memory.events", folder);
    int64_t own = count_of(path, "oom_kill ");
    return own < 0 ? all : all < 0 ? own : all + own;
}
