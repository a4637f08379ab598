/* Buffers of a case: page-mapped, so that their place depends on the layout and not on the heap. */
#include "worker/services.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define HUGE_BYTES ((size_t)2 << 20)

struct ridge_memory_block {
    struct ridge_memory_block *next;
    char *map, *ptr;
    size_t map_bytes;
};

/* Share of huge pages in the mapping that holds `at`, from smaps; the kernel does not promise any. */
static size_t page_bytes_at(const char *at, size_t n_bytes)
{
    size_t small = (size_t)sysconf(_SC_PAGESIZE), huge_kib = 0;
    FILE *f = fopen("/proc/self/smaps", "re");
    char line[512];
    int is_here = 0;
    while (f != NULL && fgets(line, sizeof line, f) != NULL) {
        uintptr_t low, high;
        if (sscanf(line, "%lx-%lx ", &low, &high) == 2)
            is_here = (uintptr_t)at >= low && (uintptr_t)at < high;
        else if (is_here && sscanf(line, "AnonHugePages: %zu kB", &huge_kib) == 1)
            break;
    }
    if (f != NULL)
        (void)fclose(f);
    return huge_kib * 1024 * 2 >= n_bytes ? HUGE_BYTES : small;
}
void *ridge_memory_alloc(struct ridge_memory *m, size_t n_bytes, size_t align, size_t offset_bytes, size_t *page_bytes)
{
    int is_huge = n_bytes >= HUGE_BYTES;
    size_t step = align < 64 ? 64 : align;
    if (is_huge && step < HUGE_BYTES)
        step = HUGE_BYTES;
    if (n_bytes > SIZE_MAX / 4 || step > SIZE_MAX / 4 || offset_bytes > SIZE_MAX / 4)
        return NULL;
    size_t map_bytes = (n_bytes ? n_bytes : 1) + step + offset_bytes;
    struct ridge_memory_block *b = malloc(sizeof *b);
    char *map = b ? mmap(NULL, map_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) : MAP_FAILED;
    if (map == MAP_FAILED) {
        free(b);
        return NULL;
    }
    char *aligned = map + (step - (uintptr_t)map % step) % step;
    *b = (struct ridge_memory_block){.map = map, .ptr = aligned + offset_bytes, .map_bytes = map_bytes};
    if (is_huge)
        (void)madvise(map, map_bytes, MADV_HUGEPAGE);
    memset(b->ptr, 0, n_bytes); /* prefault */
    const size_t got_bytes = is_huge ? page_bytes_at(b->ptr, n_bytes) : (size_t)sysconf(_SC_PAGESIZE);
    if (page_bytes != NULL)
        *page_bytes = got_bytes;
    (void)pthread_mutex_lock(&m->lock);
    if (n_bytes >= m->largest_bytes) {
        m->largest_bytes = n_bytes;
        m->page_bytes = got_bytes;
    }
    b->next = m->blocks;
    m->blocks = b;
    (void)pthread_mutex_unlock(&m->lock);
    return b->ptr;
}
void ridge_memory_free(struct ridge_memory *m, void *ptr)
{
    if (ptr == NULL)
        return;
    (void)pthread_mutex_lock(&m->lock);
    struct ridge_memory_block **at = &m->blocks, *b = NULL;
    while (*at != NULL && (*at)->ptr != ptr)
        at = &(*at)->next;
    if (*at != NULL) {
        b = *at;
        *at = b->next;
    }
    (void)pthread_mutex_unlock(&m->lock);
    if (b != NULL)
        (void)munmap(b->map, b->map_bytes);
    free(b);
}
void ridge_memory_deinit(struct ridge_memory *m)
{
    while (m->blocks != NULL)
        ridge_memory_free(m, m->blocks->ptr);
}
