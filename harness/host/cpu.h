/* CPUID in words. Private to host. On other processors than x86 all answers are "no" or unknown. */
#ifndef RIDGE_HOST_CPU_H
#define RIDGE_HOST_CPU_H

#include "data/kvs.h"

bool ridge_cpu_has_invariant_tsc(void);
bool ridge_cpu_has_rdtscp(void);
/* "no", the hypervisor's name, or "unknown: ..." */
const char *ridge_cpu_hypervisor(struct ridge_arena *a);
/* Value of the first "key : value" line of /proc/cpuinfo, NULL when absent. */
const char *ridge_cpu_info(struct ridge_arena *a, const char *key);
/* Instruction set extensions that kernels care about, in a fixed order, separated by blanks. */
const char *ridge_cpu_isa(struct ridge_arena *a);
#endif
