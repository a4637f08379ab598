/* What this machine can measure; for what it cannot: why, and how to get it. */
#include "host/host.h"

#include "base/os.h"
#include "host/cgroup.h"
#include "host/cpu.h"
#include <errno.h>
#include <inttypes.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

typedef struct ridge_ability probe_fn(struct ridge_arena *a);

static struct ridge_ability clock_row(struct ridge_arena *a)
{
    struct ridge_clock c;
    ridge_clock_calibrate(&c);
    return (struct ridge_ability){
        "time stamp counter clock", c.is_tsc,
        ridge_arena_printf(a, "%s: %s; one reading costs %.1f ns, steps of %.2g ns", c.name, c.why,
                           c.cost_ns, c.resolution_ns)};
}

static struct ridge_ability frequency_row(struct ridge_arena *a)
{
    double hz = ridge_host_canary_hz(2000000);
    char text[32];
    const char *reason = hz > 0
                             ? ridge_arena_printf(a, "%s by a chain of dependent adds",
                                                  ridge_text_format_si(hz, "Hz", text, sizeof text))
                             : "the clock is too coarse for the canary";
    return (struct ridge_ability){"core clock", hz > 0, reason};
}

static bool is_virtual(struct ridge_arena *a)
{
    return strcmp(ridge_cpu_hypervisor(a), "no") != 0;
}

/* A counter that opens but stays at 0 counts nothing: some virtual machines do that. */
static bool counts(int fd)
{
    uint64_t n = 0;
    (void)ioctl(fd, PERF_EVENT_IOC_ENABLE, 0);
    for (volatile int i = 0; i < 100000; i++)
        ;
    (void)ioctl(fd, PERF_EVENT_IOC_DISABLE, 0);
    return read(fd, &n, sizeof n) == (ssize_t)sizeof n && n > 0;
}

static const char *why_no_counters(struct ridge_arena *a, int error)
{
    char paranoid[32] = "?";
    (void)ridge_os_read_small("/proc/sys/kernel/perf_event_paranoid", paranoid, sizeof paranoid);
    if (error == EACCES || error == EPERM)
        return ridge_arena_printf(
            a,
            "not permitted: perf_event_paranoid is %s or a sandbox forbids it; as root: "
            "sysctl kernel.perf_event_paranoid=1",
            paranoid);
    if (error == ENOSYS)
        return "this kernel was built without perf events, or a sandbox hides them";
    if (is_virtual(a))
        return ridge_arena_printf(
            a,
            "PMU not available due to virtualization (%s); use bare metal, or ask for a "
            "virtual PMU",
            error != 0 ? strerror(error) : "the counter stays at 0");
    return ridge_arena_printf(a, "the kernel has no driver for this processor's counters (%s)",
                              error != 0 ? strerror(error) : "the counter stays at 0");
}

static struct ridge_ability counters_row(struct ridge_arena *a)
{
    struct perf_event_attr attr = {.type = PERF_TYPE_HARDWARE,
                                   .size = sizeof attr,
                                   .config = PERF_COUNT_HW_INSTRUCTIONS,
                                   .disabled = 1,
                                   .exclude_kernel = 1,
                                   .exclude_hv = 1};
    int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
    int error = fd < 0 ? errno : 0;
    bool usable = fd >= 0 && counts(fd);
    if (fd >= 0)
        close(fd);
    return (struct ridge_ability){"hardware counters", usable,
                                  usable ? "perf events count instructions"
                                         : why_no_counters(a, error)};
}

static struct ridge_ability hugepages_row(struct ridge_arena *a)
{
    char thp[128];
    if (!ridge_os_read_small("/sys/kernel/mm/transparent_hugepage/enabled", thp, sizeof thp))
        return (struct ridge_ability){"huge pages", false, "kernel without transparent huge pages"};
    bool usable = strstr(thp, "[never]") == NULL;
    return (struct ridge_ability){
        "huge pages", usable,
        ridge_arena_printf(a,
                           usable ? "transparent huge pages: %s"
                                  : "transparent huge pages: %s; as root: echo madvise > "
                                    "/sys/kernel/mm/transparent_hugepage/enabled",
                           thp)};
}

static struct ridge_ability governor_row(struct ridge_arena *a)
{
    char governor[64];
    if (!ridge_os_read_small("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", governor,
                             sizeof governor))
        return (struct ridge_ability){
            "frequency governor", false,
            is_virtual(a) ? "no cpufreq (virtual machine: the host decides); the core "
                            "clock is watched by the canary instead"
                          : "no cpufreq driver; the core clock is watched by the canary "
                            "instead"};
    bool steady = strcmp(governor, "performance") == 0;
    return (struct ridge_ability){
        "frequency governor", steady,
        ridge_arena_printf(a,
                           steady ? "%s"
                                  : "%s; for steadier figures, as root: cpupower frequency-set -g "
                                    "performance",
                           governor)};
}

static struct ridge_ability pinning_row(struct ridge_arena *a)
{
    int cpus[1024];
    int n = ridge_host_pick_cpus(cpus, 1024);
    return (struct ridge_ability){"pinning to CPUs", n > 0,
                                  n > 0 ? ridge_arena_printf(a, "%d CPU%s allowed, first is CPU %d",
                                                             n, n == 1 ? "" : "s", cpus[0])
                                        : "hwloc finds no CPU that this process may use"};
}

static struct ridge_ability steal_row(struct ridge_arena *a)
{
    int cpu = 0;
    (void)ridge_host_pick_cpus(&cpu, 1);
    struct ridge_host_counters c;
    ridge_host_read_counters(&cpu, 1, &c);
    if (c.steal_ns < 0)
        return (struct ridge_ability){"steal and foreign CPU time", false,
                                      "/proc/stat shows no such CPU"};
    return (struct ridge_ability){
        "steal and foreign CPU time", true,
        ridge_arena_printf(a, "/proc/stat, in steps of %ld ms%s", 1000 / sysconf(_SC_CLK_TCK),
                           is_virtual(a) ? "; steal is what the hypervisor reports" : "")};
}

static struct ridge_ability queue_row(struct ridge_arena *a)
{
    (void)a;
    struct ridge_host_counters c;
    ridge_host_read_counters(NULL, 0, &c);
    return (struct ridge_ability){"run-queue wait", c.wait_ns >= 0,
                                  c.wait_ns >= 0 ? "/proc/self/task/*/schedstat"
                                                 : "kernel without schedstat (CONFIG_SCHED_INFO)"};
}

static struct ridge_ability cgroup_row(struct ridge_arena *a)
{
    const char *cpu = ridge_cgroup_cpu_max(a), *memory = ridge_cgroup_memory_max(a);
    bool is_free = strcmp(cpu, "none") == 0 || strncmp(cpu, "unknown", 7) == 0;
    return (struct ridge_ability){
        "CPU time without a quota", is_free,
        ridge_arena_printf(a, "cgroup cpu: %s, memory: %s%s", cpu, memory,
                           is_free ? "" : "; a quota throttles in the middle of blocks")};
}

size_t ridge_host_abilities(struct ridge_arena *a, struct ridge_ability *out, size_t max)
{
    static probe_fn *const probes[] = {clock_row,     frequency_row, counters_row,
                                       hugepages_row, governor_row,  pinning_row,
                                       steal_row,     queue_row,     cgroup_row};
    size_t n = 0;
    for (; n < max && n < sizeof probes / sizeof probes[0]; n++)
        out[n] = probes[n](a);
    return n;
}
