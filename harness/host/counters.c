#include "host/host.h"

#include "base/os.h"
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Columns of a cpu line in /proc/stat, proc(5). Guest time is part of user already. */
enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, STEAL, N_COLUMNS };

static bool is_wanted(long cpu, const int *cpus, int n)
{
    for (int i = 0; i < n; i++)
        if (cpus[i] == cpu)
            return true;
    return false;
}

static size_t read_columns(char *p, uint64_t ticks[N_COLUMNS])
{
    size_t n = 0;
    for (; n < N_COLUMNS && *p != '\n' && *p != '\0'; n++) {
        char *end;
        ticks[n] = strtoull(p, &end, 10);
        if (end == p)
            break;
        p = end;
        p += *p == ' ';
    }
    return n;
}

static void read_proc_stat(const int *cpus, int n, struct ridge_host_counters *out)
{
    struct ridge_buf text = {0};
    int n_found = 0;
    int64_t steal = 0;
    bool has_steal = true;
    if (ridge_os_read_file("/proc/stat", 16u << 20, &text, NULL) != RIDGE_OK)
        goto out;
    for (char *line = text.data; line != NULL && strncmp(line, "cpu", 3) == 0;) {
        char *next = strchr(line, '\n');
        char *end;
        long cpu = strtol(line + 3, &end, 10);
        if (line[3] != ' ' && is_wanted(cpu, cpus, n)) {
            uint64_t t[N_COLUMNS] = {0};
            has_steal = read_columns(end, t) > STEAL && has_steal;
            steal += (int64_t)t[STEAL];
            n_found++;
        }
        line = next != NULL ? next + 1 : NULL;
    }
    long ticks_per_s = sysconf(_SC_CLK_TCK);
    if (n_found == 0 || ticks_per_s <= 0)
        goto out;
    out->steal_ns = has_steal ? steal * (1000000000 / ticks_per_s) : -1;
out:
    ridge_buf_deinit(&text);
}

/* schedstat: ns on the CPU, ns waiting on a run queue, turns (Documentation/scheduler/sched-stats). */
static bool read_wait(const char *tid, int64_t *wait_ns)
{
    char path[320], text[128], *end;
    (void)snprintf(path, sizeof path, "/proc/self/task/%s/schedstat", tid);
    if (!ridge_os_read_small(path, text, sizeof text))
        return false;
    (void)strtoull(text, &end, 10);
    *wait_ns += (int64_t)strtoull(end, NULL, 10);
    return true;
}

static void read_own(struct ridge_host_counters *out)
{
    int64_t wait_ns = 0, n = 0;
    bool all = true;
    DIR *dir = opendir("/proc/self/task");
    if (dir == NULL)
        return;
    const struct dirent *e;
    while ((e = readdir(dir)) != NULL) {
        if (e->d_name[0] == '.')
            continue;
        all = read_wait(e->d_name, &wait_ns) && all;
        n++;
    }
    closedir(dir);
    out->n_threads = n;
    out->wait_ns = all && n > 0 ? wait_ns : -1;
}

void ridge_host_read_counters(const int *cpus, int n, struct ridge_host_counters *out)
{
    *out = (struct ridge_host_counters){-1, -1, -1, -1, -1};
    read_proc_stat(cpus, n, out);
    read_own(out);
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) == 0) {
        out->n_voluntary = usage.ru_nvcsw;
        out->n_involuntary = usage.ru_nivcsw;
    }
}
