/* What needs no partner: answers, must-exist, absolute limits, tails. */
#include "gate/rows.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct limiting {
    struct ridge_arena *a;
    const struct ridge_gate_run *run;
    const struct ridge_gate_rules *rules;
    struct ridge_selector side;
    struct ridge_judgement *out;
};

/* Unavailable is data; a crash or a wrong answer is not. */
static void check_answer(struct limiting *l, const struct ridge_rd_member *m)
{
    static const char *const fine[] = {"ok", "unsupported", "interrupted"};
    for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
        if (strcmp(m->verdict, fine[i]) == 0)
            return;
    struct ridge_judged *r = ridge_gate_add(l->a, l->out, &l->run->run, m, "time_ns", "answer");
    r->verdict = RIDGE_CHANGE_FAILED;
    r->why = ridge_arena_printf(l->a, "%s%s%s", m->verdict, m->reason[0] != '\0' ? ": " : "", m->reason);
}

static char *value_text(double v, const char *unit, char *out, size_t n)
{
    if (strcmp(unit, "ns") == 0)
        return ridge_text_format_ns(v, out, n);
    if (strcmp(unit, "B") == 0)
        return ridge_text_format_bytes(v, out, n);
    (void)snprintf(out, n, "%.4g%s%s", v, strcmp(unit, "1") == 0 ? "" : " ", strcmp(unit, "1") == 0 ? "" : unit);
    return out;
}

/* direction +1: must not be above; -1: must not be below. The whole interval decides where there is one. */
static void check_limit(struct limiting *l, const struct ridge_rd_member *m, const struct ridge_gate_rule *rule,
                        double limit, int direction)
{
    char have[64], want[64];
    const struct ridge_metric *x = ridge_rd_metric(m, rule->metric);
    struct ridge_judged *r = ridge_gate_add(l->a, l->out, &l->run->run, m, rule->metric, "limit");
    r->n_forks = m->n_forks;
    if (x == NULL || x->refused != NULL || !isfinite(x->value)) {
        r->verdict = RIDGE_CHANGE_INCONCLUSIVE;
        r->why = x != NULL && x->refused != NULL ? x->refused : ridge_arena_printf(l->a, "%s was not measured", rule->metric);
        return;
    }
    double low = isfinite(x->low) ? x->low : x->value, high = isfinite(x->high) ? x->high : x->value;
    r->ratio = x->value / limit;
    r->low = low / limit;
    r->high = high / limit;
    bool inside = direction > 0 ? high <= limit : low >= limit, outside = direction > 0 ? low > limit : high < limit;
    bool is_few = outside && m->n_forks < RIDGE_GATE_MIN_FORKS;
    r->verdict = inside ? RIDGE_CHANGE_OK : outside && !is_few ? RIDGE_CHANGE_REGRESSED : RIDGE_CHANGE_INCONCLUSIVE;
    r->why = ridge_arena_printf(l->a, "%s%s%s %s, %s allowed is %s%s", rule->name, rule->name[0] != '\0' ? ": " : "", rule->metric,
                                value_text(x->value, x->unit, have, sizeof have), direction > 0 ? "most" : "least",
                                value_text(limit, x->unit, want, sizeof want),
                                is_few ? "; fewer than 5 forks can be luck"
                                : r->verdict == RIDGE_CHANGE_INCONCLUSIVE ? "; its interval holds the limit" : "");
}

static bool is_judged(const struct limiting *l, const struct ridge_rd_member *m, const struct ridge_kvs *kvs)
{
    return m->yardstick == NULL && ridge_selector_match(&l->side, kvs);
}

enum met { MET_NOTHING, MET_CASE, MET_ANSWER }; /* no case matches, none that was measured well, one that was */

static void check_member(struct limiting *l, const struct ridge_rd_member *m, enum met *met)
{
    struct ridge_kvs kvs = ridge_gate_member_kvs(l->a, m);
    if (!is_judged(l, m, &kvs))
        return;
    check_answer(l, m);
    for (size_t i = 0; i < l->rules->n; i++) {
        const struct ridge_gate_rule *rule = &l->rules->v[i];
        if (!ridge_selector_match(&rule->cases, &kvs))
            continue;
        bool is_ok = strcmp(m->verdict, "ok") == 0;
        met[i] = is_ok ? MET_ANSWER : met[i] == MET_NOTHING ? MET_CASE : met[i];
        if (!is_ok)
            continue;
        if (!isnan(rule->max))
            check_limit(l, m, rule, rule->max, 1);
        if (!isnan(rule->min))
            check_limit(l, m, rule, rule->min, -1);
    }
}

static void check_exists(struct limiting *l, const struct ridge_gate_rule *rule, bool exists)
{
    const struct ridge_rd_member none = {.i_member = -1, .case_id = "", .subject = "", .backend = ""};
    struct ridge_judged *r = ridge_gate_add(l->a, l->out, &l->run->run, &none, rule->metric, "exists");
    char *cases = ridge_kvs_text(l->a, &rule->cases.terms);
    r->subject = cases[0] != '\0' ? cases : "*";
    r->verdict = exists ? RIDGE_CHANGE_OK : RIDGE_CHANGE_FAILED;
    if (!exists)
        r->why = ridge_arena_printf(l->a, "the gate file (line %d) wants a case that matches; none was measured", rule->line);
}

/* A rule with a slip of the pen in its pattern would sleep. */
static void tell_idle(struct limiting *l, const enum met *met)
{
    const char *idle = "";
    for (size_t i = 0; i < l->rules->n; i++)
        if (met[i] == MET_NOTHING && !l->rules->v[i].must_exist)
            idle = ridge_arena_printf(l->a, "%s%s%d", idle, idle[0] != '\0' ? ", " : "", l->rules->v[i].line);
    if (idle[0] == '\0')
        return;
    const char *before = l->out->advice != NULL ? l->out->advice : "";
    l->out->advice = ridge_arena_printf(l->a, "%s%sno case matches the rule in line %s of the gate file", before,
                                        before[0] != '\0' ? ". " : "", idle);
}

enum ridge_status ridge_gate_limits(struct ridge_arena *a, const struct ridge_gate_run *run, const char *side_b,
                                    const struct ridge_gate_rules *rules, struct ridge_judgement *out,
                                    struct ridge_error *err)
{
    struct limiting l = {.a = a, .run = run, .rules = rules, .out = out};
    enum met *met = ridge_arena_array(a, rules->n + 1, sizeof *met);
    enum ridge_status st = ridge_selector_parse(a, side_b, &l.side, err);
    if (st != RIDGE_OK)
        return st;
    for (size_t i = 0; i < run->n_groups; i++)
        for (size_t k = 0; k < run->groups[i].n_members; k++)
            check_member(&l, &run->groups[i].members[k], met);
    for (size_t i = 0; i < rules->n; i++)
        if (rules->v[i].must_exist)
            check_exists(&l, &rules->v[i], met[i] == MET_ANSWER);
    tell_idle(&l, met);
    return RIDGE_OK;
}
