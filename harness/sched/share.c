/* A block that ran while another hardware thread had a part of its core is measured again. The canary around the block
 * says so, never the block's own time, so nothing slow is thrown away for being slow. */
#include "sched/engine.h"

enum { MAX_TRIES = 4, FREE_REPEATS = 10, BLOCKS_PER_REPEAT = 2 };
enum { MOST_PATIENCE_NS = 60000000, FIRST_PATIENCE_NS = 15000000, LEAST_PATIENCE_NS = 2000000 };

void ridge_share_init(struct core_share *s, double usual_loads)
{
    *s = (struct core_share){.patience_ns = FIRST_PATIENCE_NS};
    for (size_t i = 0; i < RIDGE_SHARE_BEST; i++)
        s->best[i] = usual_loads;
}
static void learn(struct core_share *s, double loads)
{
    for (size_t i = 0; i < RIDGE_SHARE_BEST; i++)
        if (loads > s->best[i]) {
            double lower = s->best[i];
            s->best[i] = loads;
            loads = lower;
        }
}
static double usual(const struct core_share *s)
{
    return s->best[RIDGE_SHARE_BEST - 1]; /* not the highest: one lucky canary must not rule a run */
}
static bool is_shared(const struct core_share *s, const struct ridge_chunk *c)
{
    return c->loads_per_step > 0 && c->loads_per_step < RIDGE_LEAST_LOADS_RATIO * usual(s);
}
/* Who comes and goes is waited for; who never leaves is waited for less and less. */
static void learn_patience(struct core_share *s, bool has_shared)
{
    int64_t next_ns = has_shared ? s->patience_ns / 2 : 4 * s->patience_ns;
    s->patience_ns = next_ns < LEAST_PATIENCE_NS ? LEAST_PATIENCE_NS : next_ns > MOST_PATIENCE_NS ? MOST_PATIENCE_NS : next_ns;
}
void ridge_share_ask(struct core_share *s, struct ridge_msg_go *go)
{
    go->least_loads = RIDGE_LEAST_LOADS_RATIO * usual(s);
    go->quiet_wait_ns = s->patience_ns;
}
bool ridge_share_repeats(struct core_share *s, struct ridge_chunk *c, int64_t i_try, bool may_repeat)
{
    if (i_try == 0)
        s->n_blocks++;
    if (c->loads_per_step > 0)
        learn(s, c->loads_per_step);
    c->n_repeats = i_try;
    bool has_shared = is_shared(s, c);
    learn_patience(s, has_shared);
    if (!has_shared)
        return false;
    c->n_disturbed = (int64_t)(c->n - c->n_lead_in);
    /* a neighbour that never leaves must not hold the run up */
    if (!may_repeat || i_try + 1 >= MAX_TRIES || s->n_repeats > FREE_REPEATS + s->n_blocks / BLOCKS_PER_REPEAT)
        return false;
    s->n_repeats++;
    return true;
}
