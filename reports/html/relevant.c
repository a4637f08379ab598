/* Which groups get details: those with failures, noise or slow members first, then clear winners, up to a
 * number of cases. The winner table always has all. */
#include "html.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

struct candidate {
    size_t i_group;
    double score;
};

static double value_of(const struct ridge_rd_member *m, const char *name, double otherwise)
{
    const struct ridge_metric *x = ridge_rd_metric(m, name);
    return ridge_view_has(x) ? x->value : otherwise;
}

static double score_of(const struct ridge_view_group *vg)
{
    double score = 0;
    for (size_t i = vg->n_ranked + vg->n_yardsticks; i < vg->g->n_members; i++)
        score += vg->rows[i].m->verdict && strcmp(vg->rows[i].m->verdict, "unsupported") == 0 ? 0.5 : 20;
    for (size_t i = 0; i < vg->n_ranked; i++) {
        const struct ridge_rd_member *m = vg->rows[i].m;
        score += m->warm && strcmp(m->warm, "not_steady") == 0 ? 3 : 0;
        score += value_of(m, "disturbed_ratio", 0) > 0.01 ? 4 : 0;
    }
    if (vg->n_ranked == 0)
        return score;
    score += vg->g->stop_reason && strcmp(vg->g->stop_reason, "width") != 0 ? 2 : 0;
    score += 4 * fmax(0, 1 - value_of(vg->rows[0].m, "peak_ratio", 1)); /* slow against the machine */
    if (vg->n_ranked > 1 && isfinite(vg->rows[vg->n_ranked - 1].vs) && vg->rows[vg->n_ranked - 1].vs > 0)
        score += fmin(3, -log(vg->rows[vg->n_ranked - 1].vs)); /* somebody is far behind */
    return score + (vg->outcome == RIDGE_OUTCOME_WIN ? 1 : 0);
}

static int by_score(const void *pa, const void *pb)
{
    const struct candidate *a = pa, *b = pb;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return a->i_group < b->i_group ? -1 : a->i_group > b->i_group;
}

static double geomean(const struct ridge_standing_sum *s)
{
    return ridge_view_geomean(s->log_sum, s->n_ratios);
}

static void order_labels(struct ridge_page *p)
{
    const struct ridge_standing_sum *s = p->view.labels;
    p->by_wins = ridge_arena_array(&p->view.arena, p->view.n_labels + 1, sizeof *p->by_wins);
    for (size_t i = 0; i < p->view.n_labels; i++) { /* insertion: there are few labels at the front */
        size_t at = i;
        while (at > 0 && (s[i].n_wins > s[p->by_wins[at - 1]].n_wins ||
                          (s[i].n_wins == s[p->by_wins[at - 1]].n_wins &&
                           geomean(&s[i]) > geomean(&s[p->by_wins[at - 1]])))) {
            p->by_wins[at] = p->by_wins[at - 1];
            at--;
        }
        p->by_wins[at] = i;
    }
}

void ridge_html_relevant(struct ridge_page *p)
{
    struct ridge_view *v = &p->view;
    struct candidate *all = ridge_arena_array(&v->arena, v->n_groups + 1, sizeof *all);
    p->is_detailed = ridge_arena_array(&v->arena, v->n_groups + 1, sizeof *p->is_detailed);
    p->detailed = ridge_arena_array(&v->arena, v->n_groups + 1, sizeof *p->detailed);
    for (size_t i = 0; i < v->n_groups; i++)
        all[i] = (struct candidate){i, score_of(&v->groups[i])};
    qsort(all, v->n_groups, sizeof *all, by_score);
    size_t n_cases = 0;
    for (size_t i = 0; i < v->n_groups; i++) {
        size_t n = v->groups[all[i].i_group].n_ranked + v->groups[all[i].i_group].n_bad;
        if (n_cases + n > RIDGE_HTML_MAX_DETAILS)
            continue;
        n_cases += n;
        p->is_detailed[all[i].i_group] = true;
    }
    for (size_t i = 0; i < v->n_groups; i++)
        if (p->is_detailed[i])
            p->detailed[p->n_detailed++] = i;
    order_labels(p);
}
