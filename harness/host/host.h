/* The machine: topology and fingerprint, host class, pinning, canaries, the machine-wide lock.
 * The only folder that sees hwloc. All paths that are absent give a reason in words, never 0. */
#ifndef RIDGE_HOST_HOST_H
#define RIDGE_HOST_HOST_H

#include "data/kvs.h"

/* Fingerprint: key=value texts (cpu.model, cpu.microcode, isa, cache.l1d_bytes, cache.l2_bytes, cache.l3_bytes,
 * topology.cores, topology.pus, topology.numa, memory_bytes, kernel, governor, turbo, smt, virtual,
 * cgroup.cpu_max, cgroup.memory_max, thp, hugepages, aslr, clocksource, tsc, perf_event_paranoid, boot_id, hostname,
 * compiler, flags, microcode ...). A value that cannot be known starts with "unknown: " and a reason. */
struct ridge_kvs ridge_host_fingerprint(struct ridge_arena *a);
/* Host class: what must be equal for series to be compared (cpu model, pus, caches, memory class, virtual, kernel major.minor). */
const char *ridge_host_class(struct ridge_arena *a, const struct ridge_kvs *fingerprint);
/* hwloc topology as XML (stored) and as indented text (report). */
char *ridge_host_topology_text(struct ridge_arena *a);

/* CPUs to pin n_threads to: one per core first, allowed set only. Returns how many were found (<= n). */
int ridge_host_pick_cpus(int *cpus, int n);
enum ridge_status ridge_host_pin_self(const int *cpus, int n, struct ridge_error *err);
uint64_t ridge_host_last_level_cache_bytes(void); /* 0 unknown */

/* Frequency canary: a chain of dependent adds on the calling thread for about `ns`; cycles per second. */
double ridge_host_canary_hz(uint64_t ns);
/* Loads of 16 bytes from L1 that the calling thread's core does in one step of that chain, about 0.15 ms; no clock in it.
 * Fewer than usual: another hardware thread has a part of the core. */
double ridge_host_loads_per_step(void);

/* How often the kernel's out-of-memory killer has killed, of the machine or of our cgroup; -1 unknown. */
int64_t ridge_host_oom_kills(void);

/* Counters around a block, cumulative; -1 where absent. */
struct ridge_host_counters {
    int64_t steal_ns;      /* /proc/stat, given CPUs */
    int64_t wait_ns;       /* run-queue wait of this process's threads, /proc/self/task schedstat */
    int64_t n_threads;     /* of this process */
    int64_t n_voluntary, n_involuntary;
};
void ridge_host_read_counters(const int *cpus, int n, struct ridge_host_counters *out);

/* Clock chosen and calibrated at start: fenced rdtsc or clock_gettime. */
struct ridge_clock {
    const char *name;        /* "rdtsc" or "clock_gettime" */
    double cost_ns, resolution_ns;
    double ns_per_tick;      /* rdtsc only */
    bool is_tsc;
    const char *why;         /* why this one */
};
/* First thing in a process: calibration then waits for less, for it needs 12 ms from here. Not thread-safe. */
void ridge_clock_begin(void);
void ridge_clock_calibrate(struct ridge_clock *c);
uint64_t ridge_clock_start(const struct ridge_clock *c);                 /* ticks */
uint64_t ridge_clock_stop(const struct ridge_clock *c, uint32_t *cpu);   /* ticks; CPU that ran it */
double ridge_clock_ns(const struct ridge_clock *c, uint64_t ticks);

/* One block at a time per host: an flock in /run/lock, /tmp or $XDG_RUNTIME_DIR. Blocks until had; calls waiting() once if it must wait. */
enum ridge_status ridge_host_lock(int *fd, void (*waiting)(void *), void *ctx, struct ridge_error *err);
void ridge_host_unlock(int fd);

/* What this machine can measure: rows for `ridge doctor`. */
struct ridge_ability { const char *what; bool usable; const char *reason; /* and how to get it */ };
size_t ridge_host_abilities(struct ridge_arena *a, struct ridge_ability *out, size_t max);
#endif
