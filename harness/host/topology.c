#include "host/topology.h"

#include "base/text.h"
#include "host/host.h"
#include <errno.h>
#include <hwloc.h>
#include <sched.h>
#include <string.h>

/* NULL when the machine cannot be read. Restricted to what this process may use. */
static hwloc_topology_t topology_new(void)
{
    hwloc_topology_t t;
    if (hwloc_topology_init(&t) != 0)
        return NULL;
    if (hwloc_topology_load(t) != 0) {
        hwloc_topology_destroy(t);
        return NULL;
    }
    hwloc_bitmap_t mine = hwloc_bitmap_alloc();
    /* cgroups are applied by hwloc; taskset and our parent's pinning are not */
    if (mine != NULL && hwloc_get_cpubind(t, mine, HWLOC_CPUBIND_PROCESS) == 0)
        (void)hwloc_topology_restrict(t, mine, 0);
    hwloc_bitmap_free(mine);
    return t;
}

static int64_t cache_bytes(hwloc_topology_t t, hwloc_obj_type_t type)
{
    hwloc_obj_t cache = hwloc_get_obj_by_type(t, type, 0);
    return cache != NULL && cache->attr != NULL && cache->attr->cache.size > 0
               ? (int64_t)cache->attr->cache.size
               : -1;
}

static int64_t count_of(hwloc_topology_t t, hwloc_obj_type_t type)
{
    int n = hwloc_get_nbobjs_by_type(t, type);
    return n > 0 ? n : -1;
}

struct ridge_topology_facts ridge_topology_facts(void)
{
    struct ridge_topology_facts f = {-1, -1, -1, -1, -1, -1, -1, -1, 0, -1};
    hwloc_topology_t t;
    if (hwloc_topology_init(&t) != 0)
        return f;
    if (hwloc_topology_load(t) != 0) {
        hwloc_topology_destroy(t);
        return f;
    }
    f.l1d_bytes = cache_bytes(t, HWLOC_OBJ_L1CACHE);
    f.l2_bytes = cache_bytes(t, HWLOC_OBJ_L2CACHE);
    f.l3_bytes = cache_bytes(t, HWLOC_OBJ_L3CACHE);
    int64_t l4 = cache_bytes(t, HWLOC_OBJ_L4CACHE);
    f.last_level_bytes = l4 > 0           ? l4
                         : f.l3_bytes > 0 ? f.l3_bytes
                         : f.l2_bytes > 0 ? f.l2_bytes
                                          : f.l1d_bytes;
    f.n_packages = count_of(t, HWLOC_OBJ_PACKAGE);
    f.n_cores = count_of(t, HWLOC_OBJ_CORE);
    f.n_pus = count_of(t, HWLOC_OBJ_PU);
    f.n_numa_nodes = count_of(t, HWLOC_OBJ_NUMANODE);
    hwloc_bitmap_t mine = hwloc_bitmap_alloc();
    if (mine != NULL && hwloc_get_cpubind(t, mine, HWLOC_CPUBIND_PROCESS) == 0) {
        f.n_allowed_pus = hwloc_bitmap_weight(mine);
        f.first_allowed_pu = hwloc_bitmap_first(mine);
    }
    hwloc_bitmap_free(mine);
    hwloc_topology_destroy(t);
    return f;
}

uint64_t ridge_host_last_level_cache_bytes(void)
{
    struct ridge_topology_facts f = ridge_topology_facts();
    return f.last_level_bytes > 0 ? (uint64_t)f.last_level_bytes : 0;
}

static void put_object(struct ridge_buf *b, hwloc_obj_t obj, int depth)
{
    char type[64], attr[256], name[128] = "";
    (void)hwloc_obj_type_snprintf(type, sizeof type, obj, 1);
    (void)hwloc_obj_attr_snprintf(attr, sizeof attr, obj, " ", 0);
    if (obj->type == HWLOC_OBJ_PACKAGE && hwloc_obj_get_info_by_name(obj, "CPUModel") != NULL)
        (void)snprintf(name, sizeof name, " \"%s\"", hwloc_obj_get_info_by_name(obj, "CPUModel"));
    ridge_buf_printf(b, "%*s%s", 2 * depth, "", type);
    if (obj->os_index != HWLOC_UNKNOWN_INDEX)
        ridge_buf_printf(b, " %u", obj->os_index);
    ridge_buf_printf(b, "%s%s%s%s\n", name, *attr != '\0' ? " (" : "", attr,
                     *attr != '\0' ? ")" : "");
}

/* Depth is bounded by hwloc's number of levels. */
static void put_tree(struct ridge_buf *b, hwloc_obj_t obj, int depth)
{
    put_object(b, obj, depth);
    for (hwloc_obj_t m = obj->memory_first_child; m != NULL; m = m->next_sibling)
        put_tree(b, m, depth + 1);
    for (unsigned i = 0; i < obj->arity; i++)
        put_tree(b, obj->children[i], depth + 1);
}

char *ridge_host_topology_text(struct ridge_arena *a)
{
    hwloc_topology_t t = topology_new();
    if (t == NULL)
        return ridge_arena_str(a, "unknown: hwloc cannot read this machine's topology\n");
    struct ridge_buf b = {0};
    put_tree(&b, hwloc_get_root_obj(t), 0);
    char *text = ridge_arena_strn(a, b.data, b.n);
    ridge_buf_deinit(&b);
    hwloc_topology_destroy(t);
    return text;
}

/* Kinds are ordered by efficiency, the fast ones last; -1 where all CPUs are alike. */
static int kind_of(hwloc_topology_t t, hwloc_obj_t core)
{
    int kind = hwloc_cpukinds_get_by_cpuset(t, core->cpuset, 0);
    return kind >= 0 ? kind : -1;
}

/* The i-th PU of each core of one kind. */
static int pick_turn(hwloc_topology_t t, int kind, int turn, int *cpus, int n, int n_had)
{
    hwloc_obj_t core = NULL;
    while (n_had < n && (core = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_CORE, core)) != NULL) {
        if (kind_of(t, core) != kind)
            continue;
        int pu = hwloc_bitmap_first(core->cpuset);
        for (int i = 0; i < turn && pu >= 0; i++)
            pu = hwloc_bitmap_next(core->cpuset, pu);
        if (pu >= 0)
            cpus[n_had++] = pu;
    }
    return n_had;
}

static int max_pus_per_core(hwloc_topology_t t)
{
    int most = 0;
    hwloc_obj_t core = NULL;
    while ((core = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_CORE, core)) != NULL) {
        int weight = hwloc_bitmap_weight(core->cpuset);
        most = weight > most ? weight : most;
    }
    return most;
}

int ridge_host_pick_cpus(int *cpus, int n)
{
    hwloc_topology_t t = topology_new();
    if (t == NULL)
        return 0;
    int n_had = 0;
    int n_turns = max_pus_per_core(t);
    int n_kinds = hwloc_cpukinds_get_nr(t, 0);
    for (int turn = 0; turn < n_turns; turn++)
        for (int kind = n_kinds - 1; kind >= -1; kind--)
            n_had = pick_turn(t, kind, turn, cpus, n, n_had);
    if (n_turns == 0) { /* a machine that shows no cores: all PUs in order */
        hwloc_obj_t pu = NULL;
        while (n_had < n && (pu = hwloc_get_next_obj_by_type(t, HWLOC_OBJ_PU, pu)) != NULL)
            cpus[n_had++] = (int)pu->os_index;
    }
    hwloc_topology_destroy(t);
    return n_had;
}

enum ridge_status ridge_host_pin_self(const int *cpus, int n, struct ridge_error *err)
{
    int max_cpu = 0;
    for (int i = 0; i < n; i++) {
        if (cpus[i] < 0 || cpus[i] >= 1 << 16)
            return ridge_fail(err, RIDGE_ERR_CONFIG, "", "%d is not a CPU number", cpus[i]);
        max_cpu = cpus[i] > max_cpu ? cpus[i] : max_cpu;
    }
    if (n <= 0)
        return ridge_fail(err, RIDGE_ERR_CONFIG, "", "no CPU to pin to");
    cpu_set_t *set = CPU_ALLOC((size_t)max_cpu + 1);
    if (set == NULL)
        return ridge_fail(err, RIDGE_ERR_NOMEM, "", "no memory for a CPU set");
    size_t n_bytes = CPU_ALLOC_SIZE((size_t)max_cpu + 1);
    CPU_ZERO_S(n_bytes, set);
    for (int i = 0; i < n; i++)
        CPU_SET_S((size_t)cpus[i], n_bytes, set);
    int rc = sched_setaffinity(0, n_bytes, set), saved_errno = errno;
    CPU_FREE(set);
    if (rc != 0)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "", "cannot pin to CPU %d%s: %s", cpus[0],
                          n > 1 ? " and others" : "", strerror(saved_errno));
    return RIDGE_OK;
}
