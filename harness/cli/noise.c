/* Disturbance and drift over the blocks of a run, from their stored rows. */
#include "derive.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct doubles {
    double *v;
    size_t n, cap;
};

/* (p90 - p10) / median; -1 for fewer than 5. */
static double spread_ratio(struct doubles *d, double *median)
{
    *median = -1;
    if (d->n < 5)
        return -1;
    ridge_stat_sort(d->v, d->n);
    *median = ridge_stat_quantile_sorted(d->v, d->n, 0.5);
    return (ridge_stat_quantile_sorted(d->v, d->n, 0.9) - ridge_stat_quantile_sorted(d->v, d->n, 0.1)) / *median;
}

/* A share of the CPU time of those blocks that know it. */
struct share {
    double part_ns, whole_ns;
};

static void add_share(struct share *s, int64_t part_ns, int64_t whole_ns)
{
    if (part_ns < 0 || whole_ns <= 0)
        return;
    s->part_ns += (double)part_ns;
    s->whole_ns += (double)whole_ns;
}

static double ratio_of(const struct share *s)
{
    return s->whole_ns > 0 ? s->part_ns / s->whole_ns : -1;
}

static int by_member(const void *pa, const void *pb)
{
    const struct ridge_rd_block *a = pa, *b = pb;
    return (a->i_member > b->i_member) - (a->i_member < b->i_member);
}

/* Every block of an FMA yardstick against the median of its member: what the clock and the neighbours did. */
static void add_relative(const struct ridge_rd_block *v, size_t n, struct doubles *out)
{
    struct doubles own = {0};
    for (size_t i = 0; i < n; i++)
        if (v[i].block_ns > 0)
            RIDGE_PUSH(own, v[i].block_ns);
    if (own.n > 0) {
        ridge_stat_sort(own.v, own.n);
        double median = ridge_stat_quantile_sorted(own.v, own.n, 0.5);
        for (size_t i = 0; i < own.n; i++)
            RIDGE_PUSH(*out, own.v[i] / median);
    }
    free(own.v);
}

static double yardstick_spread(struct ridge_rd_block *v, size_t n, const struct ridge_plan *plan)
{
    struct doubles relative = {0};
    double median;
    qsort(v, n, sizeof *v, by_member);
    for (size_t i = 0, end; i < n; i = end) {
        for (end = i + 1; end < n && v[end].i_member == v[i].i_member;)
            end++;
        const char *kind = (size_t)v[i].i_member < plan->n_members ? plan->members[v[i].i_member].yardstick : NULL;
        if (kind != NULL && strcmp(kind, "fma") == 0)
            add_relative(v + i, end - i, &relative);
    }
    double spread = spread_ratio(&relative, &median);
    free(relative.v);
    return spread;
}

enum ridge_status ridge_derive_noise(struct ridge_store *store, int64_t run_id, const struct ridge_plan *plan,
                                     struct ridge_noise *out, struct ridge_error *err)
{
    struct ridge_arena a = {0};
    struct ridge_rd_block *v = NULL;
    struct doubles canary = {0};
    struct share steal = {0}, foreign = {0};
    size_t n = 0;
    enum ridge_status st = ridge_read_blocks(store, &a, run_id, &v, &n, err);
    *out = (struct ridge_noise){.n_blocks = (int64_t)n};
    for (size_t i = 0; i < n; i++) {
        out->n_samples += v[i].n_samples;
        out->n_disturbed += v[i].n_disturbed > 0 ? v[i].n_disturbed : 0;
        out->n_repeated += v[i].n_repeats;
        add_share(&steal, v[i].steal_ns, v[i].cpu_time_ns);
        add_share(&foreign, v[i].foreign_ns, v[i].cpu_time_ns);
        if (v[i].canary_hz > 0)
            RIDGE_PUSH(canary, v[i].canary_hz);
    }
    out->steal_ratio = ratio_of(&steal);
    out->foreign_ratio = ratio_of(&foreign);
    out->canary_spread_ratio = spread_ratio(&canary, &out->canary_median_hz);
    out->yardstick_spread_ratio = yardstick_spread(v, n, plan);
    free(canary.v);
    ridge_arena_deinit(&a);
    return st;
}
