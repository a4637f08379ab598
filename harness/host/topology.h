/* hwloc's tree and what we take from it. Private to host. */
#ifndef RIDGE_HOST_TOPOLOGY_H
#define RIDGE_HOST_TOPOLOGY_H

#include <stdint.h>

struct ridge_topology_facts { /* -1: unknown */
    int64_t l1d_bytes, l2_bytes, l3_bytes, last_level_bytes;
    int64_t n_packages, n_cores, n_pus, n_numa_nodes;
    int n_allowed_pus, first_allowed_pu;
};
struct ridge_topology_facts ridge_topology_facts(void);
#endif
