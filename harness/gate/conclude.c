/* The last word: pass, regression, or a machine that cannot judge. */
#include "gate/gate.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PASS = 0, REGRESSION = 1, UNFIT = 4 };

static bool is_kind(const struct ridge_judged *r, const char *kind)
{
    return strcmp(r->kind, kind) == 0;
}

/* Of what is settled the size of the effect; what may still be a slow-down comes before what may be a gain. */
static double weight_of(const struct ridge_judged *r)
{
    bool is_open = r->verdict == RIDGE_CHANGE_OK || r->verdict == RIDGE_CHANGE_INCONCLUSIVE;
    if (!isfinite(r->ratio) || r->ratio <= 0)
        return -INFINITY;
    return is_open ? log(r->ratio) : fabs(log(r->ratio));
}

/* Worst first; among equals the largest effect first; the control last. */
static int by_weight(const void *a, const void *b)
{
    const struct ridge_judged *x = a, *y = b;
    bool x_aa = is_kind(x, "aa"), y_aa = is_kind(y, "aa");
    if (x_aa != y_aa)
        return x_aa ? 1 : -1;
    if (x->verdict != y->verdict && !x_aa)
        return x->verdict > y->verdict ? -1 : 1;
    double p = weight_of(x), q = weight_of(y);
    if (p != q)
        return p > q ? -1 : 1;
    int order = strcmp(x->subject, y->subject);
    return order != 0 ? order : strcmp(x->label, y->label);
}

/* -1: nothing was compared. One case that its cap cut short is undecided alone, and silences no other. */
static int64_t most_forks(const struct ridge_judgement *j)
{
    int64_t most = -1;
    for (size_t i = 0; i < j->n_rows; i++)
        if ((is_kind(&j->rows[i], "paired") || is_kind(&j->rows[i], "unpaired")) && j->rows[i].n_forks > most)
            most = j->rows[i].n_forks;
    return most;
}

static size_t count_rows(const struct ridge_judgement *j, const char *kind)
{
    size_t n = 0;
    for (size_t i = 0; i < j->n_rows; i++)
        n += is_kind(&j->rows[i], kind);
    return n;
}

static const char *why_unfit(struct ridge_arena *a, const struct ridge_gate_run *run, const struct ridge_gate_rules *rules,
                             bool needs_control, const struct ridge_judgement *j)
{
    int64_t forks = most_forks(j);
    if (rules->require_fit && strcmp(run->run.fitness, "unfit") == 0)
        return ridge_arena_printf(a, "the machine was unfit to judge while run %lld was measured: %s", (long long)run->run.id,
                                  run->run.why);
    if (count_rows(j, "aa") == j->n_rows)
        return "no case could be compared";
    if (forks == 0)
        return "no case of the baseline was measured in this run";
    if (forks >= 0 && forks < RIDGE_GATE_MIN_FORKS)
        return ridge_arena_printf(a, "%lld fork%s: fewer than %d cannot tell a change from the luck of a layout; measure with "
                                  "ridge run --gate (5 forks or more), or --set forks=5", (long long)forks,
                                  forks == 1 ? "" : "s", RIDGE_GATE_MIN_FORKS);
    if (needs_control && j->n_aa == 0 && count_rows(j, "aa") > 0)
        return "the A/A control has too few forks to leave its margin or to stay inside; more forks decide";
    if (needs_control && j->n_aa == 0)
        return "this run has no A/A control (arm aa), so its false alarms are not known; measure with ridge run --gate";
    if (j->n_aa_out > j->n_aa_allowed)
        return ridge_arena_printf(a, "the A/A control failed: %lld of %lld cases of identical code left their margin, at most "
                                  "%lld may", (long long)j->n_aa_out, (long long)j->n_aa, (long long)j->n_aa_allowed);
    return "";
}

/* Does a rule speak of this row? */
static bool is_ruled(const struct ridge_gate_rules *rules, const struct ridge_judged *r, bool (*wants)(const struct ridge_gate_rule *))
{
    for (size_t i = 0; i < rules->n; i++)
        if (wants(&rules->v[i]) && ridge_selector_match(&rules->v[i].cases, r->keys))
            return true;
    return false;
}

static bool wants_decision(const struct ridge_gate_rule *rule)
{
    return rule->fail_inconclusive;
}

static bool wants_no_gain(const struct ridge_gate_rule *rule)
{
    return rule->fail_improved;
}

static bool any_rule(const struct ridge_gate_rules *rules, bool (*wants)(const struct ridge_gate_rule *))
{
    for (size_t i = 0; i < rules->n; i++)
        if (wants(&rules->v[i]))
            return true;
    return false;
}

/* A rule with "inconclusive": "fail" makes such a case end in 4. */
static size_t strict_inconclusive(const struct ridge_gate_rules *rules, const struct ridge_judgement *j)
{
    size_t n = 0;
    if (!rules->fail_inconclusive && !any_rule(rules, wants_decision))
        return 0;
    for (size_t i = 0; i < j->n_rows; i++)
        n += j->rows[i].verdict == RIDGE_CHANGE_INCONCLUSIVE && !is_kind(&j->rows[i], "aa") &&
             (rules->fail_inconclusive || is_ruled(rules, &j->rows[i], wants_decision));
    return n;
}

/* A rule with "improved": "fail": work that was left out looks like a gain. */
static void refuse_gains(struct ridge_arena *a, const struct ridge_gate_rules *rules, struct ridge_judgement *j)
{
    if (!any_rule(rules, wants_no_gain))
        return;
    for (size_t i = 0; i < j->n_rows; i++) {
        struct ridge_judged *r = &j->rows[i];
        if (r->verdict != RIDGE_CHANGE_IMPROVED || is_kind(r, "aa") || !is_ruled(rules, r, wants_no_gain))
            continue;
        r->verdict = RIDGE_CHANGE_FAILED;
        r->why = ridge_arena_printf(a, "too good to be true: a rule lets no gain pass%s%s", r->why[0] != '\0' ? "; " : "", r->why);
    }
}

/* Over the margin, and never red for want of forks: that must not pass for a case that is only undecided. */
static size_t short_of_forks(const struct ridge_judgement *j)
{
    size_t n = 0;
    for (size_t i = 0; i < j->n_rows; i++) {
        const struct ridge_judged *r = &j->rows[i];
        bool is_compared = is_kind(r, "paired") || is_kind(r, "unpaired");
        n += is_compared && r->n_forks > 0 && r->n_forks < RIDGE_GATE_MIN_FORKS && r->ratio > 1 + r->margin_ratio;
    }
    return n;
}

static const char *why_open(struct ridge_arena *a, size_t n_short, size_t n_strict)
{
    if (n_short > 0)
        return ridge_arena_printf(a, "%zu case%s over the margin on fewer than %d forks; measure with ridge run --gate (5 forks or "
                                  "more), or --set forks=5", n_short, n_short == 1 ? " is" : "s are", RIDGE_GATE_MIN_FORKS);
    return ridge_arena_printf(a, "%zu case%s stayed inconclusive, and the gate file does not let that pass", n_strict,
                              n_strict == 1 ? "" : "s");
}

/* What cannot be judged is not called red, nowhere: reports and annotations read the rows. */
static void take_back(struct ridge_arena *a, struct ridge_judgement *j)
{
    for (size_t i = 0; i < j->n_rows; i++) {
        struct ridge_judged *r = &j->rows[i];
        if (is_kind(r, "aa") || (r->verdict != RIDGE_CHANGE_REGRESSED && r->verdict != RIDGE_CHANGE_IMPROVED))
            continue;
        r->why = ridge_arena_printf(a, "would be %s, but nothing can be judged here%s%s", ridge_change_text(r->verdict),
                                    r->why[0] != '\0' ? "; " : "", r->why);
        r->verdict = RIDGE_CHANGE_INCONCLUSIVE;
    }
}

/* A wrong answer and a missing case need no quiet machine. */
static size_t hard_failures(const struct ridge_judgement *j)
{
    size_t n = 0;
    for (size_t i = 0; i < j->n_rows; i++)
        n += j->rows[i].verdict == RIDGE_CHANGE_FAILED;
    return n;
}

static double median_detectable(const struct ridge_judgement *j)
{
    double *v = ridge_xrealloc_array(NULL, j->n_rows + 1, sizeof *v);
    size_t n = 0;
    for (size_t i = 0; i < j->n_rows; i++)
        if (!is_kind(&j->rows[i], "aa") && isfinite(j->rows[i].detect_ratio))
            v[n++] = j->rows[i].detect_ratio;
    double median = ridge_stat_median(v, n);
    free(v);
    return median;
}

void ridge_gate_conclude(struct ridge_arena *a, const struct ridge_gate_run *run, const struct ridge_gate_rules *rules,
                         bool needs_control, struct ridge_judgement *j)
{
    size_t n[RIDGE_N_CHANGES], total = 0;
    if (j->why == NULL || j->why[0] == '\0')
        j->why = why_unfit(a, run, rules, needs_control, j);
    j->advice = j->advice != NULL ? j->advice : "";
    if (j->why[0] == '\0')
        refuse_gains(a, rules, j);
    else
        take_back(a, j);
    for (size_t i = 0; i < RIDGE_N_CHANGES; i++)
        total += n[i] = ridge_judgement_count(j, (enum ridge_change)i);
    if (j->n_rows > 0)
        qsort(j->rows, j->n_rows, sizeof *j->rows, by_weight);
    j->aa_upper = ridge_stat_binomial_upper(j->n_aa_out_pooled, j->n_aa_pooled, 0.95);
    j->detect_ratio = median_detectable(j);
    size_t strict = strict_inconclusive(rules, j), n_short = short_of_forks(j);
    size_t n_bad = n[RIDGE_CHANGE_REGRESSED] + n[RIDGE_CHANGE_FAILED];
    if (hard_failures(j) > 0)
        j->exit_code = REGRESSION;
    else if (j->why[0] != '\0')
        j->exit_code = UNFIT;
    else if (n_bad > 0)
        j->exit_code = REGRESSION;
    else if (strict + n_short > 0)
        j->exit_code = UNFIT;
    else
        j->exit_code = PASS;
    if (j->exit_code == UNFIT && j->why[0] == '\0')
        j->why = why_open(a, n_short, strict);
    static const char *const words[] = {[PASS] = "PASS", [REGRESSION] = "REGRESSION", [UNFIT] = "CANNOT JUDGE"};
    j->banner = ridge_arena_printf(a, "%s: %zu of %zu regressed, %zu failed, %zu improved, %zu OK, %zu inconclusive",
                                   words[j->exit_code], n[RIDGE_CHANGE_REGRESSED], total, n[RIDGE_CHANGE_FAILED],
                                   n[RIDGE_CHANGE_IMPROVED], n[RIDGE_CHANGE_OK], n[RIDGE_CHANGE_INCONCLUSIVE]);
}
