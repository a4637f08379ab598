/* Where the spread of the ratios comes from, and where the next second buys most. */
#include "gate/rows.h"

#include <math.h>
#include <stdlib.h>

static void add(struct ridge_gate_spread *s, const struct ridge_blocks *b, double fork_s, double round_s)
{
    struct ridge_spread_split split = ridge_stat_spread_split(b, 1, fork_s, round_s);
    if (!isfinite(split.rounds) || !isfinite(split.forks))
        return;
    s->rounds += split.rounds;
    s->forks += split.forks;
    s->n_rounds = b->n_rounds;
    s->n_forks = b->n_forks;
    s->n++;
    if (isfinite(split.rounds_per_fork)) {
        s->best_rounds += split.rounds_per_fork;
        s->n_best++;
    }
}

static bool is_disturbed(const struct ridge_blocks *b, size_t f, size_t r)
{
    return b->disturbed != NULL && b->disturbed[f * b->n_rounds + r];
}

void ridge_gate_spread_add(struct ridge_gate_spread *s, const struct ridge_gate_samples *a, const struct ridge_gate_samples *b,
                           double fork_s, double round_s)
{
    const struct ridge_blocks *x = &a->table.blocks, *y = &b->table.blocks;
    struct ridge_blocks ratio = {.n_forks = x->n_forks < y->n_forks ? x->n_forks : y->n_forks,
                                 .n_rounds = x->n_rounds < y->n_rounds ? x->n_rounds : y->n_rounds};
    double *v = ridge_xrealloc_array(NULL, ratio.n_forks * ratio.n_rounds + 1, sizeof *v);
    for (size_t f = 0; f < ratio.n_forks; f++)
        for (size_t r = 0; r < ratio.n_rounds; r++)
            v[f * ratio.n_rounds + r] = is_disturbed(x, f, r) || is_disturbed(y, f, r)
                                            ? NAN : y->v[f * y->n_rounds + r] / x->v[f * x->n_rounds + r];
    ratio.v = v;
    add(s, &ratio, fork_s, round_s);
    free(v);
}

void ridge_gate_spread_add_one(struct ridge_gate_spread *s, const struct ridge_gate_samples *a)
{
    add(s, &a->table.blocks, NAN, NAN);
}

/* A fork's value is a median of its rounds, so their part shrinks with their number; the forks' part does not. Where it is known
 * what a fork costs before its first round, the rounds that spend time best are, and past them more forks buy more. */
static bool is_of_forks(const struct ridge_gate_spread *s)
{
    if (s->n_best > 0)
        return (double)s->n_rounds >= s->best_rounds / (double)s->n_best;
    return s->forks > s->rounds / (double)s->n_rounds;
}

static double percent(double sum, size_t n)
{
    return 100 * sqrt(sum / (double)n);
}

const char *ridge_gate_spread_text(struct ridge_arena *a, const struct ridge_gate_spread *s)
{
    if (s->n == 0 || !(s->rounds + s->forks > 0))
        return "";
    return ridge_arena_printf(a, "spread of a ratio: %.2g %% between rounds, %.2g %% between forks (a process and its layout), "
                              "none between days: both sides share theirs; %s", percent(s->rounds, s->n), percent(s->forks, s->n),
                              is_of_forks(s) ? "more forks buy most" : "more rounds in a fork buy most (--rounds)");
}

/* A stored run's figure has its own error, and the day's on top; only runs narrow the latter. */
const char *ridge_gate_days_text(struct ridge_arena *a, const struct ridge_gate_spread *s, double between, size_t n_between)
{
    if (s->n == 0 || n_between == 0 || !(between > 0))
        return "";
    double inside = s->n_forks > 0 ? (s->forks + s->rounds / (double)s->n_rounds) / ((double)s->n_forks * (double)s->n) : 0;
    double total = between / (double)n_between, days = fmax(0, total - inside);
    const char *next = days > inside ? "more runs on other days buy most, more forks next to nothing"
                       : is_of_forks(s) ? "more forks buy most (--set forks=)" : "more rounds in a fork buy most (--set rounds=)";
    return ridge_arena_printf(a, "spread: %.2g %% between rounds, %.2g %% between forks (a process and its layout), %.2g %% between "
                              "runs (days); %s", percent(s->rounds, s->n), percent(s->forks, s->n), 100 * sqrt(days), next);
}

const char *ridge_gate_advice(struct ridge_arena *a, const char *first, const char *second)
{
    return first[0] == '\0' || second[0] == '\0' ? (first[0] != '\0' ? first : second)
                                                  : ridge_arena_printf(a, "%s. %s", first, second);
}
