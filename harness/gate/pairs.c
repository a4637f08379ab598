/* Two sides that were measured in the same rounds, and the control that tells whether to believe it. */
#include "gate/rows.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct pair {
    const struct ridge_rd_member *base, *now;
    struct ridge_shift shift;
    struct ridge_judge_rule rule;
    size_t n_disturbed; /* forks that count although a neighbour or a thief was beside all of them */
    bool has;
    size_t i_group; /* place in the run */
};
struct pairs {
    struct pair *v;
    size_t n, cap;
    size_t n_alone; /* of side b, without one of side a in their rounds */
};

static bool is_good(const struct ridge_rd_member *m)
{
    return strcmp(m->verdict, "ok") == 0 && m->n_samples > 0;
}

static bool names_key(const struct ridge_selector *a, const struct ridge_selector *b, const char *key)
{
    return ridge_kvs_get(&a->terms, key) != NULL || ridge_kvs_get(&b->terms, key) != NULL;
}

/* Equal in everything that the selectors do not name. An option that only one side has does not count: it belongs
 * to that side's backend. The case's id follows from the rest. */
static bool is_partner(const struct ridge_kvs *x, const struct ridge_kvs *y, const struct ridge_selector *a,
                       const struct ridge_selector *b)
{
    for (size_t i = 0; i < x->n; i++) {
        const char *other = ridge_kvs_get(y, x->v[i].key);
        if (other == NULL || strcmp(x->v[i].key, "case") == 0 || names_key(a, b, x->v[i].key))
            continue;
        if (strcmp(other, x->v[i].value) != 0)
            return false;
    }
    return true;
}

static enum ridge_status parse_sides(struct ridge_arena *a, const char *side_a, const char *side_b, struct ridge_selector *sa,
                                     struct ridge_selector *sb, struct ridge_error *err)
{
    enum ridge_status st = ridge_selector_parse(a, side_a, sa, err);
    return st == RIDGE_OK ? ridge_selector_parse(a, side_b, sb, err) : st;
}

static enum ridge_status no_case(const struct ridge_gate_run *run, const char *side_a, const char *side_b, struct ridge_error *err)
{
    return ridge_fail(err, RIDGE_ERR_USAGE, "", "no case of run %lld has both a member with %s and one with %s",
                      (long long)run->run.id, side_a, side_b);
}

static void find_pairs(struct ridge_arena *a, const struct ridge_gate_run *run, size_t i_group, const struct ridge_selector *sa,
                       const struct ridge_selector *sb, struct pairs *out)
{
    const struct ridge_rd_group *g = &run->groups[i_group];
    struct ridge_kvs *kvs = ridge_arena_array(a, g->n_members + 1, sizeof *kvs);
    for (size_t i = 0; i < g->n_members; i++)
        kvs[i] = ridge_gate_member_kvs(a, &g->members[i]);
    for (size_t i = 0; i < g->n_members; i++) {
        if (g->members[i].yardstick != NULL || !ridge_selector_match(sb, &kvs[i]))
            continue;
        bool has = false;
        for (size_t k = 0; k < g->n_members && !has; k++) {
            if (k == i || g->members[k].yardstick != NULL || !ridge_selector_match(sa, &kvs[k]) ||
                !is_partner(&kvs[k], &kvs[i], sa, sb))
                continue;
            RIDGE_PUSH(*out, ((struct pair){.base = &g->members[k], .now = &g->members[i], .i_group = i_group}));
            has = true;
        }
        out->n_alone += !has;
    }
}

static void find_controls(const struct ridge_rd_group *g, struct pairs *out)
{
    for (size_t i = 0; i < g->n_members; i++) {
        if (!ridge_gate_is_aa(&g->members[i]))
            continue;
        for (size_t k = 0; k < g->n_members; k++) {
            const struct ridge_rd_member *m = &g->members[k];
            if (m->yardstick == NULL && strcmp(m->case_id, g->members[i].case_id) == 0 && strcmp(m->arm, "main") == 0) {
                RIDGE_PUSH(*out, ((struct pair){.base = m, .now = &g->members[i]}));
                break;
            }
        }
    }
}

static void add_spread(struct ridge_gate_spread *spread, const struct pair *p, const struct ridge_gate_look *look,
                       const struct ridge_gate_samples *x, const struct ridge_gate_samples *y)
{
    bool is_known = look->s_per_fork != NULL && y->table.blocks.n_rounds > 0;
    double round_s = is_known ? (look->s_per_fork[p->i_group] - look->s_around) / (double)y->table.blocks.n_rounds : NAN;
    ridge_gate_spread_add(spread, x, y, is_known ? look->s_around : NAN, round_s);
}

static enum ridge_status measure(struct ridge_arena *a, const struct ridge_gate_run *run, struct pair *p,
                                 const struct ridge_gate_rules *rules, double alpha, size_t n_cases,
                                 const struct ridge_gate_look *look, struct ridge_gate_spread *spread, struct ridge_error *err)
{
    struct ridge_gate_samples x = {0}, y = {0};
    struct ridge_kvs kvs = ridge_gate_member_kvs(a, p->now);
    double share = ridge_gate_is_aa(p->now) ? 1 : ridge_gate_alpha(rules, &kvs, "time_ns") / rules->alpha; /* one rate for the control */
    p->rule = (struct ridge_judge_rule){ridge_gate_margin(rules, &kvs, p->base, "time_ns"), alpha * share, n_cases};
    if (!is_good(p->base) || !is_good(p->now))
        return RIDGE_OK;
    enum ridge_status st = ridge_gate_samples_read(run, p->base, false, &x, err);
    if (st == RIDGE_OK)
        st = ridge_gate_samples_read(run, p->now, false, &y, err);
    if (st == RIDGE_OK) {
        double *d = ridge_xrealloc_array(NULL, x.table.blocks.n_forks + 1, sizeof *d);
        size_t n = ridge_stat_fork_ratios(&x.table.blocks, &y.table.blocks, d, &p->n_disturbed);
        p->has = n > 0;
        p->shift = ridge_stat_shift(d, n, &p->rule);
        if (spread != NULL)
            add_spread(spread, p, look, &x, &y);
        free(d);
    }
    ridge_gate_samples_deinit(&x);
    ridge_gate_samples_deinit(&y);
    return st;
}

static void fill(struct ridge_judged *r, const struct pair *p, int64_t run_id)
{
    r->base_run_id = run_id;
    r->i_member_base = p->base->i_member;
    r->margin_ratio = p->rule.margin_ratio;
    if (!p->has)
        return;
    r->ratio = exp(p->shift.value);
    r->low = isfinite(p->shift.low) ? exp(p->shift.low) : NAN;
    r->high = isfinite(p->shift.high) ? exp(p->shift.high) : NAN;
    r->n_forks = p->shift.n_forks;
    r->detect_ratio = ridge_stat_detectable(&p->shift, &p->rule);
    r->p = p->shift.value >= 0 ? p->shift.p_slower : p->shift.p_faster;
}

static bool same_work(const struct ridge_rd_member *x, const struct ridge_rd_member *y)
{
    return strcmp(x->case_id, y->case_id) != 0 || (x->flop == y->flop && x->compulsory_bytes == y->compulsory_bytes);
}

static const char *say_more(struct ridge_arena *a, const struct ridge_judged *r, const char *because)
{
    if (r->n_more_forks <= 0)
        return ridge_arena_printf(a, "%s; more than 200 forks would be needed: make rounds longer or the machine quieter", because);
    if (isfinite(r->more_s))
        return ridge_arena_printf(a, "%s; needs %lld more forks, about %.0f s", because, (long long)r->n_more_forks, r->more_s);
    return ridge_arena_printf(a, "%s; needs %lld more forks", because, (long long)r->n_more_forks);
}

static const char *because(struct ridge_arena *a, const struct pair *p, bool is_many)
{
    if (p->shift.n_forks < RIDGE_GATE_MIN_FORKS)
        return ridge_arena_printf(a, "%lld fork%s: fewer than %d layouts can be luck", (long long)p->shift.n_forks,
                                  p->shift.n_forks == 1 ? "" : "s", RIDGE_GATE_MIN_FORKS);
    if (!isfinite(p->shift.low))
        return ridge_arena_printf(a, "%lld forks carry no p below %.2g, this look needs %.2g", (long long)p->shift.n_forks,
                                  ldexp(1, -(int)p->shift.n_forks), p->rule.alpha);
    if (is_many)
        return ridge_arena_printf(a, "over the margin, but p %.2g is not rare enough among %zu cases",
                                  fmin(p->shift.p_slower, p->shift.p_faster), p->rule.n_cases);
    if (p->n_disturbed > 0)
        return ridge_arena_printf(a, "%zu of %lld forks were disturbed from outside, too many to leave out", p->n_disturbed,
                                  (long long)p->shift.n_forks);
    if (p->shift.autocorrelation > 0)
        return ridge_arena_printf(a, "the interval reaches over the margin; neighbouring forks are alike (r = %.2f), which widened it",
                                  p->shift.autocorrelation);
    return "the interval reaches over the margin";
}

static void judge(struct ridge_arena *a, struct ridge_judged *r, const struct pair *p, bool is_slower, bool is_faster,
                  const struct ridge_gate_look *look)
{
    if (!p->has) {
        bool is_lost = is_good(p->base) && strcmp(p->now->verdict, "unsupported") == 0; /* others: limits.c */
        r->verdict = is_lost ? RIDGE_CHANGE_FAILED : RIDGE_CHANGE_INCONCLUSIVE;
        r->why = ridge_arena_printf(a, "%s has no time here: %s", is_good(p->now) ? "the old side" : "the new side",
                                    is_good(p->now) ? p->base->verdict : p->now->verdict);
        return;
    }
    r->verdict = ridge_stat_verdict(&p->shift, &p->rule);
    bool is_many = (r->verdict == RIDGE_CHANGE_REGRESSED && !is_slower) || (r->verdict == RIDGE_CHANGE_IMPROVED && !is_faster);
    if (is_many)
        r->verdict = RIDGE_CHANGE_INCONCLUSIVE;
    if (!same_work(p->base, p->now)) {
        r->verdict = RIDGE_CHANGE_INCONCLUSIVE;
        r->why = "the two sides do different work under one name: FLOPs or bytes differ";
        return;
    }
    r->n_more_forks = ridge_stat_more_forks(&p->shift, r->verdict, &p->rule);
    bool is_open = r->verdict == RIDGE_CHANGE_INCONCLUSIVE;
    if (is_open && p->n_disturbed > 0 && r->n_more_forks < r->n_forks)
        r->n_more_forks = r->n_forks; /* the width is the disturbance's: it goes when enough quiet forks are there */
    r->more_s = look->s_per_fork != NULL ? (double)r->n_more_forks * look->s_per_fork[p->i_group] : NAN;
    if (is_open)
        r->why = say_more(a, r, because(a, p, is_many));
}

static enum ridge_status control(struct ridge_arena *a, const struct ridge_gate_run *run,
                                 const struct ridge_gate_rules *rules, double alpha, struct ridge_judgement *out,
                                 struct ridge_error *err)
{
    struct pairs pairs = {0};
    enum ridge_status st = RIDGE_OK;
    for (size_t i = 0; i < run->n_groups; i++)
        find_controls(&run->groups[i], &pairs);
    out->n_aa = out->n_aa_out = 0;
    for (size_t i = 0; i < pairs.n && st == RIDGE_OK; i++) {
        struct pair *p = &pairs.v[i];
        st = measure(a, run, p, rules, alpha, 1, NULL, NULL, err);
        if (st != RIDGE_OK || !p->has)
            continue;
        struct ridge_judged *r = ridge_gate_add(a, out, &run->run, p->now, "time_ns", "aa");
        fill(r, p, run->run.id);
        r->verdict = ridge_stat_verdict(&p->shift, &p->rule);
        out->n_aa += isfinite(p->shift.low) && isfinite(p->shift.high); /* others could not have left */
        out->n_aa_out += r->verdict == RIDGE_CHANGE_REGRESSED || r->verdict == RIDGE_CHANGE_IMPROVED;
    }
    free(pairs.v);
    for (size_t i = 0; out->n_aa == 0 && i < out->n_rows; i++) /* then nothing can be judged */
        if (strcmp(out->rows[i].kind, "aa") == 0)
            out->rows[i].n_more_forks = out->rows[i].n_forks > 0 ? out->rows[i].n_forks : RIDGE_GATE_MIN_FORKS;
    /* one side's alpha at either end, and 0.999 that an honest control stays inside */
    out->n_aa_allowed = ridge_stat_binomial_allowed(out->n_aa, 2 * alpha, 0.999);
    out->n_aa_pooled = out->n_aa_out_pooled = 0;
    if (st == RIDGE_OK)
        st = ridge_read_aa(run->store, run->run.host_class, run->run.id, &out->n_aa_out_pooled, &out->n_aa_pooled, err);
    out->n_aa_pooled += out->n_aa;
    out->n_aa_out_pooled += out->n_aa_out;
    return st;
}

enum ridge_status ridge_gate_control(struct ridge_arena *a, const struct ridge_gate_run *run,
                                     const struct ridge_gate_rules *rules, struct ridge_judgement *out,
                                     struct ridge_error *err)
{
    return control(a, run, rules, rules->alpha, out, err);
}

static bool same_inputs(const struct ridge_rd_member *x, const struct ridge_rd_member *y)
{
    return strcmp(x->subject, y->subject) == 0 && strcmp(x->backend, y->backend) == 0;
}

static void judge_all(struct ridge_arena *a, const struct ridge_gate_run *run, const struct pairs *pairs, double alpha,
                      const struct ridge_gate_look *look, struct ridge_gate_exact_sum *exact, struct ridge_judgement *out)
{
    double *p = ridge_arena_array(a, pairs->n + 1, sizeof *p);
    bool *slower = ridge_arena_array(a, pairs->n + 1, sizeof *slower);
    bool *faster = ridge_arena_array(a, pairs->n + 1, sizeof *faster);
    for (size_t i = 0; i < pairs->n; i++) /* the step-up runs at one alpha */
        p[i] = pairs->v[i].has ? pairs->v[i].shift.p_slower * alpha / pairs->v[i].rule.alpha : NAN;
    (void)ridge_stat_benjamini_hochberg(p, pairs->n, alpha, slower);
    for (size_t i = 0; i < pairs->n; i++)
        p[i] = pairs->v[i].has ? pairs->v[i].shift.p_faster * alpha / pairs->v[i].rule.alpha : NAN;
    (void)ridge_stat_benjamini_hochberg(p, pairs->n, alpha, faster);
    for (size_t i = 0; i < pairs->n; i++) {
        struct ridge_judged *r = ridge_gate_add(a, out, &run->run, pairs->v[i].now, "time_ns", "paired");
        fill(r, &pairs->v[i], run->run.id);
        judge(a, r, &pairs->v[i], slower[i], faster[i], look);
        const struct ridge_rd_member *base = pairs->v[i].base, *now = pairs->v[i].now;
        struct ridge_gate_exact e = ridge_gate_exact(a, base, now, same_inputs(base, now));
        ridge_gate_exact_add(a, r, &e, exact);
    }
}

static const char *alone_text(struct ridge_arena *a, size_t n)
{
    return n == 0 ? "" : ridge_arena_printf(a, "%zu case%s of the new side %s no partner in the same rounds and %s not judged", n,
                                            n == 1 ? "" : "s", n == 1 ? "has" : "have", n == 1 ? "is" : "are");
}

enum ridge_status ridge_gate_paired(struct ridge_arena *a, const struct ridge_gate_run *run, const char *side_a,
                                    const char *side_b, const struct ridge_gate_rules *rules,
                                    const struct ridge_gate_look *look, struct ridge_judgement *out,
                                    struct ridge_error *err)
{
    struct ridge_selector sa, sb;
    struct pairs pairs = {0};
    struct ridge_gate_spread spread = {0};
    struct ridge_gate_exact_sum exact = {0};
    double alpha = rules->alpha / (double)rules->n_looks; /* Bonferroni over looks: safe for any stopping */
    enum ridge_status st = parse_sides(a, side_a, side_b, &sa, &sb, err);
    if (st != RIDGE_OK)
        return st;
    for (size_t i = 0; i < run->n_groups; i++)
        find_pairs(a, run, i, &sa, &sb, &pairs);
    for (size_t i = 0; i < pairs.n && st == RIDGE_OK; i++)
        st = measure(a, run, &pairs.v[i], rules, alpha, pairs.n, look, &spread, err);
    if (st == RIDGE_OK && pairs.n == 0)
        st = no_case(run, side_a, side_b, err);
    if (st == RIDGE_OK)
        judge_all(a, run, &pairs, alpha, look, &exact, out);
    for (size_t i = 0; i < pairs.n && st == RIDGE_OK; i++)
        if (pairs.v[i].has)
            st = ridge_gate_pair_metrics(a, run, &(struct ridge_gate_pair){pairs.v[i].base, pairs.v[i].now, run->run.id, true}, rules,
                                         alpha / (double)pairs.n, out, err);
    free(pairs.v);
    out->alpha = alpha;
    out->n_looks = look->i_look + 1;
    out->advice = ridge_gate_advice(a, alone_text(a, pairs.n_alone),
                                    ridge_gate_advice(a, ridge_gate_exact_text(a, &exact), ridge_gate_spread_text(a, &spread)));
    return st == RIDGE_OK ? control(a, run, rules, alpha, out, err) : st;
}

/* ---- sides that never met in a round ---- */

struct side_member {
    const struct ridge_rd_member *m;
    struct ridge_kvs keys;
};
struct sides {
    struct ridge_arena *a;
    const struct ridge_selector *sa, *sb;
    struct side_member *old; /* of side a */
    size_t n_old;
    struct ridge_rd_group *base, *now;
    size_t n;
};

static const struct ridge_rd_member *partner_of(const struct sides *s, const struct ridge_kvs *keys, const struct ridge_rd_member *m)
{
    for (size_t i = 0; i < s->n_old; i++)
        if (s->old[i].m != m && is_partner(&s->old[i].keys, keys, s->sa, s->sb))
            return s->old[i].m;
    return NULL;
}

static void put_alone(struct sides *s, struct ridge_rd_group *out, const struct ridge_rd_member *m, const struct ridge_rd_member *as)
{
    struct ridge_rd_member *copy = ridge_arena_alloc(s->a, sizeof *copy);
    *copy = *m;
    copy->case_id = as->case_id;
    copy->arm = as->arm;
    *out = (struct ridge_rd_group){.i_group = (int64_t)s->n, .title = "", .members = copy, .n_members = 1};
}

static void take_pair(struct sides *s, const struct side_member *x)
{
    const struct ridge_rd_member *partner = ridge_selector_match(s->sb, &x->keys) ? partner_of(s, &x->keys, x->m) : NULL;
    if (partner == NULL)
        return;
    put_alone(s, &s->base[s->n], partner, x->m);
    put_alone(s, &s->now[s->n], x->m, x->m);
    s->n++;
}

static struct side_member *list_members(struct ridge_arena *a, const struct ridge_gate_run *run, size_t *n)
{
    size_t most = 0;
    for (size_t g = 0; g < run->n_groups; g++)
        most += run->groups[g].n_members;
    struct side_member *out = ridge_arena_array(a, most + 1, sizeof *out);
    *n = 0;
    for (size_t g = 0; g < run->n_groups; g++)
        for (size_t k = 0; k < run->groups[g].n_members; k++)
            if (run->groups[g].members[k].yardstick == NULL)
                out[(*n)++] = (struct side_member){&run->groups[g].members[k], ridge_gate_member_kvs(a, &run->groups[g].members[k])};
    return out;
}

enum ridge_status ridge_gate_sides(struct ridge_arena *a, const struct ridge_gate_run *run, const char *side_a, const char *side_b,
                                   struct ridge_gate_run *base, struct ridge_gate_run *now, struct ridge_error *err)
{
    struct ridge_selector sa, sb;
    size_t n = 0;
    enum ridge_status st = parse_sides(a, side_a, side_b, &sa, &sb, err);
    if (st != RIDGE_OK)
        return st;
    const struct side_member *all = list_members(a, run, &n);
    struct sides s = {.a = a, .sa = &sa, .sb = &sb};
    s.old = ridge_arena_array(a, n + 1, sizeof *s.old);
    s.base = ridge_arena_array(a, n + 1, sizeof *s.base);
    s.now = ridge_arena_array(a, n + 1, sizeof *s.now);
    for (size_t i = 0; i < n; i++)
        if (ridge_selector_match(&sa, &all[i].keys))
            s.old[s.n_old++] = all[i];
    for (size_t i = 0; i < n; i++)
        take_pair(&s, &all[i]);
    *base = *now = *run;
    base->groups = s.base;
    now->groups = s.now;
    base->n_groups = now->n_groups = s.n;
    return s.n > 0 ? RIDGE_OK : no_case(run, side_a, side_b, err);
}

bool ridge_gate_has_pairs(struct ridge_arena *a, const struct ridge_gate_run *run, const char *side_a, const char *side_b)
{
    struct ridge_selector sa, sb;
    struct pairs pairs = {0};
    bool can_read = parse_sides(a, side_a, side_b, &sa, &sb, NULL) == RIDGE_OK;
    for (size_t i = 0; can_read && i < run->n_groups && pairs.n == 0; i++)
        find_pairs(a, run, i, &sa, &sb, &pairs);
    free(pairs.v);
    return pairs.n > 0;
}
