/* Quiet, noisy or unfit: the table of limits is the rule. */
#include "stat/stat.h"

#include <stdarg.h>
#include <stdio.h>

const char *ridge_fitness_text(enum ridge_fitness f)
{
    static const char *const texts[] = {
        [RIDGE_QUIET] = "quiet", [RIDGE_NOISY] = "noisy", [RIDGE_UNFIT] = "unfit"};
    return (unsigned)f < sizeof texts / sizeof texts[0] ? texts[f] : "";
}

static void append(char *out, size_t n, size_t *used, const char *fmt, ...) RIDGE_PRINTF(4, 5);
static void append(char *out, size_t n, size_t *used, const char *fmt, ...)
{
    if (*used >= n)
        return;
    va_list ap;
    va_start(ap, fmt);
    int k = vsnprintf(out + *used, n - *used, fmt, ap);
    va_end(ap);
    if (k > 0)
        *used += (size_t)k;
}

struct sign {
    const char *name;
    double ratio, noisy, unfit; /* limits: above them */
};

static enum ridge_fitness judge(const struct sign *s)
{
    return s->ratio > s->unfit ? RIDGE_UNFIT : s->ratio > s->noisy ? RIDGE_NOISY : RIDGE_QUIET;
}

enum ridge_fitness ridge_stat_fitness(const struct ridge_noise *n, char *why, size_t n_why)
{
    double disturbed = n->n_samples > 0 ? (double)n->n_disturbed / (double)n->n_samples : -1;
    const struct sign signs[] = {
        {"steal", n->steal_ratio, 0.005, 0.05},
        {"foreign CPU time", n->foreign_ratio, 0.02, 0.20},
        {"clock spread", n->canary_spread_ratio, 0.02, 0.10},
        {"yardstick spread", n->yardstick_spread_ratio, 0.05, 0.25},
        /* one tick of steal marks a whole block: the share is coarse */
        {"disturbed samples", disturbed, 0.10, 0.50},
    };
    enum ridge_fitness worst = RIDGE_QUIET;
    size_t used = 0;
    if (n_why > 0)
        why[0] = '\0';
    if (n->n_blocks == 0) {
        append(why, n_why, &used, "nothing was measured");
        return RIDGE_UNFIT;
    }
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        const struct sign *s = &signs[i];
        const char *comma = used > 0 ? ", " : "";
        if (!(s->ratio >= 0)) {
            append(why, n_why, &used, "%s%s unknown", comma, s->name);
            continue;
        }
        enum ridge_fitness f = judge(s);
        append(why, n_why, &used, "%s%s %.*g %%", comma, s->name, s->ratio < 0.995 ? 2 : 3, s->ratio * 100);
        if (f != RIDGE_QUIET)
            append(why, n_why, &used, " (%s above %.2g %%)", ridge_fitness_text(f),
                   (f == RIDGE_UNFIT ? s->unfit : s->noisy) * 100);
        worst = f > worst ? f : worst;
    }
    if (n->n_repeated > 0)
        append(why, n_why, &used, ", %lld blocks of %lld measured again (core shared)", (long long)n->n_repeated,
               (long long)n->n_blocks);
    if (n->canary_median_hz > 0)
        append(why, n_why, &used, ", clock %.2f GHz", n->canary_median_hz / 1e9);
    return worst;
}
