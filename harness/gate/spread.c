/* Where the spread of the ratios comes from, and where the next second buys most. */
#include "gate/rows.h"

#include <math.h>
#include <stdlib.h>

void ridge_gate_spread_add(struct ridge_gate_spread *s, const struct ridge_gate_samples *a, const struct ridge_gate_samples *b)
{
    const struct ridge_blocks *x = &a->blocks, *y = &b->blocks;
    struct ridge_blocks ratio = {.n_forks = x->n_forks < y->n_forks ? x->n_forks : y->n_forks,
                                 .n_rounds = x->n_rounds < y->n_rounds ? x->n_rounds : y->n_rounds};
    double *v = ridge_xrealloc_array(NULL, ratio.n_forks * ratio.n_rounds + 1, sizeof *v);
    for (size_t f = 0; f < ratio.n_forks; f++)
        for (size_t r = 0; r < ratio.n_rounds; r++)
            v[f * ratio.n_rounds + r] = y->v[f * y->n_rounds + r] / x->v[f * x->n_rounds + r];
    ratio.v = v;
    struct ridge_spread_split split = ridge_stat_spread_split(&ratio, 1, 0, 0);
    if (isfinite(split.rounds) && isfinite(split.forks)) {
        s->rounds += split.rounds;
        s->forks += split.forks;
        s->n_rounds = ratio.n_rounds;
        s->n++;
    }
    free(v);
}

/* A fork's value is a median of its rounds, so their part shrinks with their number; the forks' part does not. */
const char *ridge_gate_spread_text(struct ridge_arena *a, const struct ridge_gate_spread *s)
{
    if (s->n == 0 || !(s->rounds + s->forks > 0))
        return "";
    double rounds = s->rounds / (double)s->n_rounds, share = s->forks / (s->forks + rounds);
    return ridge_arena_printf(a, "spread of a ratio: %.2g %% between rounds, %.2g %% between forks; %s",
                              100 * sqrt(s->rounds / (double)s->n),
                              100 * sqrt(s->forks / (double)s->n),
                              share > 0.5 ? "more forks buy most" : "more rounds in a fork buy most (--rounds)");
}
