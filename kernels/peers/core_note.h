/* Says in words when a library chose kernels below what this CPU can run. Pure. */
#ifndef RIDGE_KERNELS_PEERS_CORE_NOTE_H
#define RIDGE_KERNELS_PEERS_CORE_NOTE_H

#include "common/cpu.h"
#include <stdio.h>
#include <string.h>

struct ridge_peer_core {
    const char *name; /* as the library names its kernels */
    const char *isa;  /* what they use; a core that is not listed uses less than AVX2 */
};

/* note[]: "" when the choice uses the CPU's best ISA, else "chose X kernels on a CPU with Y; <remedy>". */
static inline void ridge_peer_core_note(const struct ridge_peer_core *cores, size_t n_cores, const char *chosen,
                                        const char *remedy_avx512, const char *remedy_avx2, char *note,
                                        size_t n_note)
{
    const char *used = "";
    for (size_t i = 0; i < n_cores; i++)
        if (strcmp(cores[i].name, chosen) == 0)
            used = cores[i].isa;
    const bool has_avx512 = ridge_kernels_cpu_has("avx512"), has_avx2 = ridge_kernels_cpu_has("avx2");
    note[0] = '\0';
    if (has_avx512 && strcmp(used, "avx512") != 0)
        (void)snprintf(note, n_note, "chose %s kernels on a CPU with AVX-512; %s", chosen, remedy_avx512);
    else if (!has_avx512 && has_avx2 && used[0] == '\0')
        (void)snprintf(note, n_note, "chose %s kernels on a CPU with AVX2; %s", chosen, remedy_avx2);
}

#endif
