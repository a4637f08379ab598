/* Members of a run by case: one sorted list per run, or 10,000 cases would need 10^8 comparisons. */
#include "gate/rows.h"

#include <stdlib.h>
#include <string.h>

static int by_case(const void *a, const void *b)
{
    const struct ridge_rd_member *x = ((const struct ridge_gate_entry *)a)->m, *y = ((const struct ridge_gate_entry *)b)->m;
    int order = strcmp(x->case_id, y->case_id);
    return order != 0 ? order : strcmp(x->arm, y->arm);
}

/* A case of two groups stands once: of the first. */
static void drop_twins(struct ridge_gate_index *index)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < index->n; i++)
        if (n_kept == 0 || by_case(&index->v[n_kept - 1], &index->v[i]) != 0)
            index->v[n_kept++] = index->v[i];
    index->n = n_kept;
}

struct ridge_gate_index ridge_gate_index_of(struct ridge_arena *a, const struct ridge_gate_run *run)
{
    struct ridge_gate_index out = {0};
    size_t n = 0;
    for (size_t i = 0; i < run->n_groups; i++)
        n += run->groups[i].n_members;
    out.v = ridge_arena_array(a, n + 1, sizeof *out.v);
    for (size_t i = 0; i < run->n_groups; i++)
        for (size_t k = 0; k < run->groups[i].n_members; k++)
            if (run->groups[i].members[k].yardstick == NULL)
                out.v[out.n++] = (struct ridge_gate_entry){&run->groups[i].members[k], &run->groups[i]};
    qsort(out.v, out.n, sizeof *out.v, by_case);
    drop_twins(&out);
    return out;
}

const struct ridge_gate_entry *ridge_gate_lookup(const struct ridge_gate_index *index, const struct ridge_rd_member *m)
{
    const struct ridge_gate_entry key = {.m = m};
    return index->n > 0 ? bsearch(&key, index->v, index->n, sizeof key, by_case) : NULL;
}

const struct ridge_rd_member *ridge_gate_find(const struct ridge_gate_index *index, const struct ridge_rd_member *m)
{
    const struct ridge_gate_entry *hit = ridge_gate_lookup(index, m);
    return hit != NULL ? hit->m : NULL;
}
