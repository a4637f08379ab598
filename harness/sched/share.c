/* A block that ran while another hardware thread had a part of its core is measured again. The canary around the block
 * says so, never the block's own time, so nothing slow is thrown away for being slow. */
#include "sched/engine.h"

/* Of the issue slots that the core had in this run. Golden Cove's canary has two levels of its own, 2.5 and 2.8 loads a
 * step, at which a GEMM is equally fast; beside a neighbour it falls to 1.9, and the GEMM by as much. */
#define LEAST_RATIO 0.86
enum { MAX_TRIES = 4, FREE_REPEATS = 10, BLOCKS_PER_REPEAT = 4 };

static void learn(struct core_share *s, double loads)
{
    for (size_t i = 0; i < RIDGE_SHARE_BEST; i++)
        if (loads > s->best[i]) {
            double lower = s->best[i];
            s->best[i] = loads;
            loads = lower;
        }
}
static bool is_shared(const struct core_share *s, const struct ridge_chunk *c)
{
    double usual = s->best[RIDGE_SHARE_BEST - 1]; /* not the highest: one lucky canary must not rule a run */
    return c->loads_per_step > 0 && usual > 0 && c->loads_per_step < LEAST_RATIO * usual;
}
bool ridge_share_repeats(struct core_share *s, struct ridge_chunk *c, int64_t i_try, bool may_repeat)
{
    if (i_try == 0)
        s->n_blocks++;
    if (c->loads_per_step > 0)
        learn(s, c->loads_per_step);
    c->n_repeats = i_try;
    if (!is_shared(s, c))
        return false;
    c->n_disturbed = (int64_t)(c->n - c->n_lead_in);
    /* a neighbour that never leaves must not hold the run up */
    if (!may_repeat || i_try + 1 >= MAX_TRIES || s->n_repeats > FREE_REPEATS + s->n_blocks / BLOCKS_PER_REPEAT)
        return false;
    s->n_repeats++;
    return true;
}
