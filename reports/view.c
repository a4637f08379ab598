#include "view.h"

#include "base/order.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

bool ridge_view_has(const struct ridge_metric *metric)
{
    return metric != NULL && metric->refused == NULL && isfinite(metric->value);
}

static double time_of(const struct ridge_rd_member *m)
{
    const struct ridge_metric *t = ridge_rd_metric(m, "time_ns");
    return ridge_view_has(t) ? t->value : INFINITY;
}

static int class_of(const struct ridge_rd_member *m)
{
    if (m->yardstick != NULL && m->yardstick[0] != '\0')
        return 1;
    /* what an interrupted run measured counts; its heading says how far it came */
    bool ok = m->verdict == NULL || strcmp(m->verdict, "ok") == 0 || strcmp(m->verdict, "interrupted") == 0;
    return ok && isfinite(time_of(m)) ? 0 : 2;
}

static int by_rank(const void *pa, const void *pb)
{
    const struct ridge_view_row *a = pa, *b = pb;
    int ca = class_of(a->m), cb = class_of(b->m);
    if (ca != cb)
        return ca - cb;
    double ta = time_of(a->m), tb = time_of(b->m);
    if (ca == 0 && ta != tb)
        return ta < tb ? -1 : 1;
    return a->m < b->m ? -1 : a->m > b->m;
}

/* The stored comparison of `r` with the best, turned so that it reads time(best) / time(r). */
static void compare_with_best(const struct ridge_rd_group *g, const struct ridge_view_row *best,
                              struct ridge_view_row *r)
{
    size_t i_best = (size_t)(best->m - g->members), i_row = (size_t)(r->m - g->members);
    r->standing = RIDGE_STANDING_UNKNOWN;
    r->vs = r->vs_low = r->vs_high = NAN;
    for (size_t i = 0; i < g->n_comparisons; i++) {
        const struct ridge_comparison *c = &g->comparisons[i];
        bool straight = c->i_member_a == i_row && c->i_member_b == i_best;
        bool turned = c->i_member_a == i_best && c->i_member_b == i_row;
        if ((!straight && !turned) || !(c->ratio > 0))
            continue;
        r->vs = straight ? c->ratio : 1 / c->ratio;
        r->vs_low = straight ? c->low : 1 / c->high;
        r->vs_high = straight ? c->high : 1 / c->low;
        r->note = c->note != NULL && c->note[0] != '\0' ? c->note : NULL;
        if (!(r->vs_low <= 1) && !(r->vs_low > 1))
            r->standing = RIDGE_STANDING_UNKNOWN; /* no interval: nothing may be said */
        else if (r->vs_low <= 1 && r->vs_high >= 1)
            r->standing = RIDGE_STANDING_LEVEL;
        else
            r->standing = r->vs_high < 1 ? RIDGE_STANDING_BEHIND : RIDGE_STANDING_AHEAD;
        return;
    }
}

static enum ridge_outcome outcome_of(const struct ridge_view_group *vg)
{
    if (vg->n_ranked < 2)
        return vg->n_ranked == 0 ? RIDGE_OUTCOME_NONE : RIDGE_OUTCOME_ALONE;
    bool level = false;
    for (size_t i = 1; i < vg->n_ranked; i++) {
        enum ridge_standing s = vg->rows[i].standing;
        if (s == RIDGE_STANDING_UNKNOWN || s == RIDGE_STANDING_AHEAD)
            return RIDGE_OUTCOME_OPEN;
        level |= s == RIDGE_STANDING_LEVEL;
    }
    return level ? RIDGE_OUTCOME_LEVEL : RIDGE_OUTCOME_WIN;
}

static size_t intern_label(struct ridge_view *v, size_t *cap, const char *label)
{
    for (size_t i = 0; i < v->n_labels; i++)
        if (strcmp(v->labels[i].label, label) == 0)
            return i;
    if (v->n_labels == *cap) {
        *cap = *cap ? 2 * *cap : 16;
        struct ridge_standing_sum *grown = ridge_arena_array(&v->arena, *cap, sizeof *grown);
        if (v->n_labels)
            memcpy(grown, v->labels, v->n_labels * sizeof *grown);
        v->labels = grown;
    }
    v->labels[v->n_labels].label = label;
    return v->n_labels++;
}

static void count_row(struct ridge_view *v, const struct ridge_view_group *vg, const struct ridge_view_row *r,
                      bool ranked)
{
    struct ridge_standing_sum *s = &v->labels[r->i_label];
    const char *verdict = r->m->verdict != NULL ? r->m->verdict : "";
    size_t *n_bad = strcmp(verdict, "unsupported") == 0                                ? &v->n_unsupported
                    : strcmp(verdict, "interrupted") == 0 || strcmp(verdict, "ok") == 0 ? &v->n_unmeasured
                    : verdict[0] == '\0'                                               ? &v->n_unmeasured
                                                                                       : &v->n_failed;
    v->n_cases++;
    v->n_samples += r->m->n_samples;
    if (!ranked) {
        s->n_bad++;
        ++*n_bad;
        return;
    }
    v->n_ok++;
    if (vg->outcome == RIDGE_OUTCOME_ALONE) {
        s->n_alone++;
        return;
    }
    if (isfinite(r->vs)) {
        s->n_ratios++;
        s->log_sum += log(r->vs);
    }
    if (r->standing == RIDGE_STANDING_BEHIND)
        s->n_behind++;
    else if (vg->outcome == RIDGE_OUTCOME_WIN)
        s->n_wins++;
    else if (vg->outcome == RIDGE_OUTCOME_LEVEL)
        s->n_level++;
    else
        s->n_unknown++;
}

static void pick_rate(struct ridge_view_group *vg)
{
    for (size_t i = 0; i < vg->n_ranked; i++) {
        if (ridge_view_has(ridge_rd_metric(vg->rows[i].m, "flop_per_s"))) {
            vg->rate_metric = "flop_per_s";
            vg->rate_unit = "GFLOP/s";
            return;
        }
        if (vg->rate_metric == NULL && ridge_view_has(ridge_rd_metric(vg->rows[i].m, "bytes_per_s"))) {
            vg->rate_metric = "bytes_per_s";
            vg->rate_unit = "GB/s";
        }
    }
}

/* The stored comparisons name the best; by headline time alone another may stand first. */
static void put_best_first(const struct ridge_rd_group *g, struct ridge_view_group *vg)
{
    if (g->n_comparisons == 0)
        return;
    const struct ridge_comparison *c = &g->comparisons[0];
    const size_t i_best = c->ratio > 1 ? c->i_member_a : c->i_member_b;
    size_t i = 0;
    while (i < vg->n_ranked && vg->rows[i].m != &g->members[i_best])
        i++;
    if (i == 0 || i >= vg->n_ranked)
        return;
    const struct ridge_view_row best = vg->rows[i];
    memmove(&vg->rows[1], &vg->rows[0], i * sizeof best);
    vg->rows[0] = best;
}

static void fill_group(struct ridge_view *v, size_t *cap, struct ridge_view_group *vg)
{
    const struct ridge_rd_group *g = vg->g;
    vg->rows = ridge_arena_array(&v->arena, g->n_members + 1, sizeof *vg->rows);
    for (size_t i = 0; i < g->n_members; i++)
        vg->rows[i].m = &g->members[i];
    qsort(vg->rows, g->n_members, sizeof *vg->rows, by_rank);
    for (size_t i = 0; i < g->n_members; i++) {
        const struct ridge_rd_member *m = vg->rows[i].m;
        int class = class_of(m);
        *(class == 0 ? &vg->n_ranked : class == 1 ? &vg->n_yardsticks : &vg->n_bad) += 1;
        vg->n_forks = m->n_forks > vg->n_forks ? m->n_forks : vg->n_forks;
        vg->n_rounds = m->n_rounds > vg->n_rounds ? m->n_rounds : vg->n_rounds;
    }
    put_best_first(g, vg);
    if (vg->n_ranked)
        vg->rows[0].vs = vg->rows[0].vs_low = vg->rows[0].vs_high = 1;
    for (size_t i = 1; i < vg->n_ranked; i++)
        compare_with_best(g, &vg->rows[0], &vg->rows[i]);
    vg->outcome = outcome_of(vg);
    pick_rate(vg);
    ridge_view_headings(v, vg);
    for (size_t i = 0; i < g->n_members; i++) {
        struct ridge_view_row *r = &vg->rows[i];
        bool yardstick = i >= vg->n_ranked && i < vg->n_ranked + vg->n_yardsticks;
        r->label = yardstick ? ridge_view_yardstick_name(r->m->yardstick) : ridge_view_label(v, g, r->m);
        if (yardstick)
            continue;
        r->i_label = intern_label(v, cap, r->label);
        count_row(v, vg, r, i < vg->n_ranked);
    }
    v->n_outcomes[vg->outcome]++;
}

void ridge_view_init(struct ridge_view *v, const struct ridge_report_input *in)
{
    memset(v, 0, sizeof *v);
    v->in = in;
    v->n_groups = in->n_groups;
    v->groups = ridge_arena_array(&v->arena, in->n_groups + 1, sizeof *v->groups);
    size_t cap = 0;
    for (size_t i = 0; i < in->n_groups; i++) {
        v->groups[i].g = &in->groups[i];
        fill_group(v, &cap, &v->groups[i]);
    }
    ridge_view_sum_families(v);
}

void ridge_view_deinit(struct ridge_view *v)
{
    ridge_arena_deinit(&v->arena);
}

double ridge_view_geomean(double log_sum, size_t n)
{
    return n > 0 ? exp(log_sum / (double)n) : 0;
}

char *ridge_view_number(double value, char *out, size_t n)
{
    double size = fabs(value);
    if (!isfinite(value))
        (void)snprintf(out, n, "-");
    else
        (void)snprintf(out, n, "%.*f", size >= 9.995 ? 1 : size >= 0.9995 ? 2 : 3, value);
    return out;
}

char *ridge_view_rate(const struct ridge_view_group *vg, const struct ridge_rd_member *m, char *out, size_t n)
{
    const struct ridge_metric *rate = vg->rate_metric ? ridge_rd_metric(m, vg->rate_metric) : NULL;
    return ridge_view_number(ridge_view_has(rate) ? rate->value / 1e9 : NAN, out, n);
}

char *ridge_view_percent(const struct ridge_metric *metric, char *out, size_t n)
{
    if (!ridge_view_has(metric))
        (void)snprintf(out, n, "-");
    else
        (void)snprintf(out, n, metric->value < 0.0995 ? "%.1f %%" : "%.0f %%", 100 * metric->value);
    return out;
}

char *ridge_view_time(const struct ridge_rd_member *m, const char *metric, char *out, size_t n)
{
    const struct ridge_metric *t = ridge_rd_metric(m, metric);
    if (ridge_view_has(t))
        return ridge_text_format_ns(t->value, out, n);
    (void)snprintf(out, n, "-");
    return out;
}

char *ridge_view_interval(double low, double high, char *out, size_t n)
{
    int digits = 3;
    double width = high - low;
    while (digits < 5 && width * pow(10, digits) < 2)
        digits++;
    (void)snprintf(out, n, "%.*f to %.*f", digits, low, digits, high);
    return out;
}

char *ridge_view_vs(const struct ridge_view_group *vg, const struct ridge_view_row *r, char *out, size_t n)
{
    char interval[48];
    if (r->standing == RIDGE_STANDING_BEST)
        (void)snprintf(out, n, "%s", vg->outcome == RIDGE_OUTCOME_ALONE ? "only one" : "1.00");
    else if (!isfinite(r->vs))
        (void)snprintf(out, n, "-");
    else if (r->standing == RIDGE_STANDING_UNKNOWN)
        (void)snprintf(out, n, "%.2f  (no interval)", r->vs);
    else if (r->standing == RIDGE_STANDING_LEVEL)
        (void)snprintf(out, n, "level (%s)", ridge_view_interval(r->vs_low, r->vs_high, interval, sizeof interval));
    else
        (void)snprintf(out, n, "%.*f  (%s)", r->vs > 0.994 || r->vs < 0.1 ? 3 : 2, r->vs,
                       ridge_view_interval(r->vs_low, r->vs_high, interval, sizeof interval));
    return out;
}

char *ridge_view_utc(int64_t utc_ns, char *out, size_t n)
{
    time_t t = (time_t)(utc_ns / 1000000000);
    struct tm tm;
    if (utc_ns <= 0 || gmtime_r(&t, &tm) == NULL || strftime(out, n, "%Y-%m-%d %H:%M:%S UTC", &tm) == 0)
        (void)snprintf(out, n, "-");
    return out;
}

bool ridge_view_has_samples(const struct ridge_report_input *in)
{
    return in->read_chunks != NULL || in->store != NULL;
}

enum ridge_status ridge_view_chunks(const struct ridge_report_input *in, const struct ridge_rd_member *m,
                                    struct ridge_chunk **out, size_t *n, struct ridge_error *err)
{
    if (in->read_chunks != NULL)
        return in->read_chunks(in, m, out, n, err);
    return ridge_read_chunks(in->store, in->run->id, m->i_member, out, n, err);
}

double ridge_view_block_ns(const struct ridge_chunk *c, const char *statistic)
{
    if (c->n <= c->n_lead_in)
        return NAN;
    size_t n = c->n - c->n_lead_in;
    double *v = ridge_xrealloc_array(NULL, n, sizeof *v), result = NAN;
    if (ridge_chunk_run_ns(c, v)) {
        qsort(v, n, sizeof *v, ridge_order_real);
        bool median = statistic != NULL && strcmp(statistic, "median") == 0;
        result = median ? (v[(n - 1) / 2] + v[n / 2]) / 2 : v[(n + 9) / 10 - 1];
    }
    free(v);
    return result;
}
