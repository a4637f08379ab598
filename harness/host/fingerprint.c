#include "host/host.h"

#include "base/os.h"
#include "host/cgroup.h"
#include "host/cpu.h"
#include "host/topology.h"
#include <inttypes.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#ifndef RIDGE_COMPILER
#define RIDGE_COMPILER "unknown: built without CMake"
#define RIDGE_COMPILER_FLAGS "unknown: built without CMake"
#endif

static void put(struct ridge_arena *a, struct ridge_kvs *out, const char *key, const char *value)
{
    ridge_kvs_set(a, out, key, value);
}

static void put_number(struct ridge_arena *a, struct ridge_kvs *out, const char *key, int64_t v,
                       const char *why_unknown)
{
    put(a, out, key, v >= 0 ? ridge_arena_printf(a, "%" PRId64, v) : why_unknown);
}

/* Facts that are one small file each. */
static void put_files(struct ridge_arena *a, struct ridge_kvs *out)
{
    static const struct {
        const char *key, *path, *why_unknown;
    } rows[] = {
        {"thp", "/sys/kernel/mm/transparent_hugepage/enabled",
         "unknown: kernel without transparent huge pages"},
        {"aslr", "/proc/sys/kernel/randomize_va_space", "unknown: /proc/sys is not readable"},
        {"clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource",
         "unknown: /sys is not readable"},
        {"perf_event_paranoid", "/proc/sys/kernel/perf_event_paranoid",
         "unknown: kernel without perf events"},
        {"boot_id", "/proc/sys/kernel/random/boot_id", "unknown: /proc/sys is not readable"},
        {"hugepages", "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages",
         "unknown: kernel without 2 MiB pages"},
        {"isolated_cpus", "/sys/devices/system/cpu/isolated", "none"},
        {"numa_balancing", "/proc/sys/kernel/numa_balancing",
         "unknown: kernel without NUMA balancing"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[512];
        bool has = ridge_os_read_small(rows[i].path, text, sizeof text);
        if (has && text[0] == '\0')
            put(a, out, rows[i].key, "none");
        else
            put(a, out, rows[i].key, has ? ridge_arena_str(a, text) : rows[i].why_unknown);
    }
}

static void put_frequency(struct ridge_arena *a, struct ridge_kvs *out, int cpu, bool is_virtual)
{
    char path[128], text[128];
    const char *why = is_virtual ? "unknown: no cpufreq (virtual machine: the host decides)"
                                 : "unknown: no cpufreq driver";
    (void)snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/cpufreq/scaling_governor",
                   cpu > 0 ? cpu : 0);
    put(a, out, "governor",
        ridge_os_read_small(path, text, sizeof text) ? ridge_arena_str(a, text) : why);
    const char *turbo = why;
    if (ridge_os_read_small("/sys/devices/system/cpu/intel_pstate/no_turbo", text, sizeof text))
        turbo = strcmp(text, "0") == 0 ? "on" : "off";
    else if (ridge_os_read_small("/sys/devices/system/cpu/cpufreq/boost", text, sizeof text))
        turbo = strcmp(text, "0") == 0 ? "off" : "on";
    put(a, out, "turbo", turbo);
    const char *smt = "unknown: the kernel does not say";
    if (ridge_os_read_small("/sys/devices/system/cpu/smt/active", text, sizeof text))
        smt = strcmp(text, "1") == 0 ? "on" : "off";
    put(a, out, "smt", smt);
}

static void put_cpu(struct ridge_arena *a, struct ridge_kvs *out)
{
    static const struct {
        const char *key, *info;
    } rows[] = {{"cpu.model", "model name"},   {"cpu.microcode", "microcode"},
                {"cpu.vendor", "vendor_id"},   {"cpu.family", "cpu family"},
                {"cpu.model_number", "model"}, {"cpu.stepping", "stepping"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const char *v = ridge_cpu_info(a, rows[i].info);
        put(a, out, rows[i].key, v != NULL && *v != '\0' ? v : "unknown: not in /proc/cpuinfo");
    }
    put(a, out, "microcode", ridge_kvs_get(out, "cpu.microcode"));
    put(a, out, "isa", ridge_cpu_isa(a));
    put(a, out, "virtual", ridge_cpu_hypervisor(a));
    put(a, out, "tsc",
        ridge_cpu_has_invariant_tsc() ? "invariant" : "not invariant, or not on this processor");
}

static void put_topology(struct ridge_arena *a, struct ridge_kvs *out,
                         const struct ridge_topology_facts *f)
{
    static const char why[] = "unknown: hwloc finds none";
    put_number(a, out, "cache.l1d_bytes", f->l1d_bytes, why);
    put_number(a, out, "cache.l2_bytes", f->l2_bytes, why);
    put_number(a, out, "cache.l3_bytes", f->l3_bytes, why);
    put_number(a, out, "topology.packages", f->n_packages, why);
    put_number(a, out, "topology.cores", f->n_cores, why);
    put_number(a, out, "topology.pus", f->n_pus, why);
    put_number(a, out, "topology.numa", f->n_numa_nodes, why);
    put_number(a, out, "topology.allowed_pus", f->n_allowed_pus > 0 ? f->n_allowed_pus : -1, why);
}

static void put_system(struct ridge_arena *a, struct ridge_kvs *out)
{
    struct utsname u;
    bool has = uname(&u) == 0;
    static const char why[] = "unknown: uname failed";
    put(a, out, "kernel", has ? ridge_arena_printf(a, "%s %s", u.sysname, u.release) : why);
    put(a, out, "arch", has ? ridge_arena_str(a, u.machine) : why);
    put(a, out, "hostname", has ? ridge_arena_str(a, u.nodename) : why);
    long n_pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGESIZE);
    bool known = n_pages > 0 && page_bytes > 0;
    put_number(a, out, "memory_bytes", known ? (int64_t)n_pages * page_bytes : -1,
               "unknown: sysconf does not say");
    put_number(a, out, "page_bytes", page_bytes, "unknown: sysconf does not say");
    bool in_container = ridge_os_exists("/.dockerenv") || ridge_os_exists("/run/.containerenv");
    put(a, out, "container", in_container ? "yes" : "none detected");
}

struct ridge_kvs ridge_host_fingerprint(struct ridge_arena *a)
{
    struct ridge_kvs out = {0};
    struct ridge_topology_facts topology = ridge_topology_facts();
    put_cpu(a, &out);
    put_topology(a, &out, &topology);
    put_system(a, &out);
    put_files(a, &out);
    put_frequency(a, &out, topology.first_allowed_pu,
                  strcmp(ridge_kvs_get(&out, "virtual"), "no") != 0);
    put(a, &out, "cgroup.cpu_max", ridge_cgroup_cpu_max(a));
    put(a, &out, "cgroup.memory_max", ridge_cgroup_memory_max(a));
    put(a, &out, "compiler", RIDGE_COMPILER);
    put(a, &out, "flags", RIDGE_COMPILER_FLAGS);
    return out;
}

static const char *value_or(const struct ridge_kvs *kvs, const char *key)
{
    const char *v = ridge_kvs_get(kvs, key);
    return v != NULL ? v : "unknown";
}

/* Next power of two in GiB: firmware and kernels keep different bits of the same memory. */
static int64_t memory_class_gib(const char *bytes_text)
{
    int64_t bytes, gib = 1;
    if (ridge_text_int(bytes_text, &bytes, NULL) != RIDGE_OK)
        return -1;
    while (gib < INT64_C(1) << 20 && gib << 30 < bytes)
        gib *= 2;
    return gib;
}

const char *ridge_host_class(struct ridge_arena *a, const struct ridge_kvs *fingerprint)
{
    const char *kernel = value_or(fingerprint, "kernel");
    size_t n = strcspn(kernel, "."); /* "Linux 6.1.0-13" -> "Linux 6.1" */
    if (kernel[n] == '.')
        n += 1 + strspn(kernel + n + 1, "0123456789");
    return ridge_arena_printf(
        a, "%s, %s PUs, L2 %s, L3 %s, up to %" PRId64 " GiB, virtual %s, %.*s",
        value_or(fingerprint, "cpu.model"), value_or(fingerprint, "topology.pus"),
        value_or(fingerprint, "cache.l2_bytes"), value_or(fingerprint, "cache.l3_bytes"),
        memory_class_gib(value_or(fingerprint, "memory_bytes")), value_or(fingerprint, "virtual"),
        (int)n, kernel);
}
