/* From a member's chunks to the table of its block values. */
#include "stat/stat.h"
#include "base/arena.h"

#include <math.h>
#include <stdlib.h>

double ridge_stat_chunk(const struct ridge_chunk *c, const char *statistic)
{
    if (c->n <= c->n_lead_in)
        return NAN;
    size_t n = c->n - c->n_lead_in;
    double *run_ns = ridge_xrealloc_array(NULL, n, sizeof *run_ns), value = NAN;
    if (ridge_chunk_run_ns(c, run_ns))
        value = ridge_stat_block(run_ns, n, statistic);
    free(run_ns);
    return value > 0 ? value : NAN; /* a log of nothing helps nobody */
}

static void shape(struct ridge_blocks *b, const struct ridge_chunk *chunks, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t n_forks = (size_t)chunks[i].fork + 1, n_rounds = (size_t)chunks[i].round + 1;
        b->n_forks = n_forks > b->n_forks ? n_forks : b->n_forks;
        b->n_rounds = n_rounds > b->n_rounds ? n_rounds : b->n_rounds;
    }
}

void ridge_stat_block_table(const struct ridge_chunk *chunks, size_t n, const char *statistic,
                            struct ridge_block_table *out)
{
    *out = (struct ridge_block_table){0};
    shape(&out->blocks, chunks, n);
    size_t n_cells = out->blocks.n_forks * out->blocks.n_rounds;
    out->v = ridge_xrealloc_array(NULL, n_cells + 1, sizeof *out->v);
    out->disturbed = ridge_xrealloc_array(NULL, n_cells + 1, sizeof *out->disturbed);
    for (size_t i = 0; i < n_cells; i++) {
        out->v[i] = NAN;
        out->disturbed[i] = false;
    }
    for (size_t i = 0; i < n; i++) {
        const struct ridge_chunk *c = &chunks[i];
        size_t at = (size_t)c->fork * out->blocks.n_rounds + (size_t)c->round;
        out->v[at] = isfinite(c->block_ns) ? c->block_ns : ridge_stat_chunk(c, statistic);
        out->disturbed[at] = ridge_chunk_is_disturbed(c);
    }
    out->blocks.v = out->v;
    out->blocks.disturbed = out->disturbed;
}

void ridge_stat_block_table_deinit(struct ridge_block_table *t)
{
    free(t->v);
    free(t->disturbed);
    *t = (struct ridge_block_table){0};
}
