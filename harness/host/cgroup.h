/* Limits of control groups. Private to host. */
#ifndef RIDGE_HOST_CGROUP_H
#define RIDGE_HOST_CGROUP_H
#include "base/arena.h"
/* "none", "1.50 CPUs (150000 100000)", "unknown: ..." */
const char *ridge_cgroup_cpu_max(struct ridge_arena *a);
/* "none", bytes as digits, "unknown: ..." */
const char *ridge_cgroup_memory_max(struct ridge_arena *a);
#endif
