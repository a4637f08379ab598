/* ridge gate: the last run against a named baseline and the rules of a gate file. */
#include "judge.h"
#include "line.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct gating {
    const struct ridge_cli_args *args;
    struct ridge_arena arena;
    struct ridge_gate_rules rules;
    struct ridge_store *store, *base_store; /* base_store: another file's, or store */
    const char *file, *baseline;
    struct ridge_gate_run now, *base, *earlier;
    size_t n_base, n_earlier;
};

static int open_for_judging(const char *file, struct ridge_store **out)
{
    int rc = ridge_cli_open_store(file, out); /* says what to do where there is none */
    struct ridge_error err = {0};
    if (rc != RIDGE_EXIT_OK)
        return rc;
    ridge_store_close(*out);
    *out = NULL;
    return ridge_store_open(file, true, out, &err) == RIDGE_OK ? RIDGE_EXIT_OK : ridge_cli_error(&err);
}

static bool has_limits(const struct ridge_gate_rules *rules)
{
    for (size_t i = 0; i < rules->n; i++)
        if (rules->v[i].max == rules->v[i].max || rules->v[i].min == rules->v[i].min || rules->v[i].must_exist)
            return true;
    return false;
}

/* --run, or the last run that is no A/B: of such a one the arm main is the old build. */
static enum ridge_status find_run(struct gating *g, struct ridge_error *err)
{
    const char *run = ridge_cli_value(g->args, "--run");
    enum ridge_status st = ridge_gate_load(g->store, &g->arena, run != NULL ? run : "last", &g->now, err);
    for (int back = 1; run == NULL && st == RIDGE_OK && ridge_cli_is_ab(&g->arena, &g->now.run); back++) {
        st = ridge_gate_load(g->store, &g->arena, ridge_arena_printf(&g->arena, "last~%d", back), &g->now, err);
        if (st != RIDGE_OK)
            return ridge_fail(err, RIDGE_ERR_USAGE, g->file, "%s holds A/B runs only; ridge run --gate makes one to be judged", g->file);
    }
    return st;
}

/* A run in place of a name; *why: it cannot be a baseline. */
static enum ridge_status take_run(struct gating *g, const char *run, const char **why, struct ridge_error *err)
{
    g->base = ridge_arena_array(&g->arena, 1, sizeof *g->base);
    enum ridge_status st = ridge_gate_load(g->base_store, &g->arena, run, g->base, err);
    g->n_base = st == RIDGE_OK;
    if (st == RIDGE_OK)
        *why = ridge_cli_no_baseline(&g->arena, &g->base->run);
    return st == RIDGE_ERR_USAGE ? RIDGE_OK : st; /* a name that is not there is told by the caller */
}

/* NAME, FILE.ridge:NAME or a RUN; without --baseline the name main. A baseline that was lost must not pass in silence, so
 * limits alone are judged by the word none. */
static int find_baseline(struct gating *g)
{
    struct ridge_error err = {0};
    const char *given = ridge_cli_value(g->args, "--baseline"), *file, *run, *why = NULL;
    g->baseline = given != NULL ? given : "main";
    g->base_store = g->store;
    if (strcmp(g->baseline, "none") == 0)
        return has_limits(&g->rules) ? RIDGE_EXIT_OK
                                     : ridge_cli_usage(g->args->verb, "--baseline none judges the limits of a gate file, and "
                                                       "there are none: --rules FILE");
    ridge_cli_split_run(&g->arena, g->baseline, g->file, &file, &run);
    if (strcmp(file, g->file) != 0) {
        int rc = ridge_cli_open_store(file, &g->base_store);
        if (rc != RIDGE_EXIT_OK)
            return rc;
    }
    enum ridge_status st = ridge_cli_load_baseline(g->base_store, &g->arena, run, &g->base, &g->n_base, &err);
    if (st == RIDGE_OK && g->n_base == 0 && given != NULL)
        st = take_run(g, run, &why, &err);
    if (st != RIDGE_OK)
        return ridge_cli_error(&err);
    if (why != NULL)
        return ridge_cli_usage(g->args->verb, "%s", why);
    if (g->n_base > 0)
        return RIDGE_EXIT_OK;
    return ridge_cli_usage(g->args->verb, "there is no baseline or run '%s' in %s; ridge baseline set %s RUN makes one%s", run,
                           file, run, has_limits(&g->rules) ? ", --baseline none judges the limits alone" : "");
}

/* Of a baseline's runs those that the noise page calls unfit, or that had other inputs, are no reference, while another is. */
static void choose_base(struct gating *g)
{
    size_t n_kept = 0;
    struct ridge_gate_run *kept = ridge_arena_array(&g->arena, g->n_base + 1, sizeof *kept);
    for (size_t i = 0; i < g->n_base; i++)
        if ((!g->rules.require_fit || strcmp(g->base[i].run.fitness, "unfit") != 0) && g->base[i].run.seed == g->now.run.seed)
            kept[n_kept++] = g->base[i];
    if (n_kept == 0)
        return;
    g->base = kept;
    g->n_base = n_kept;
}

/* "": times of one class of host. Answers, must-exist and limits hold on any. */
static const char *other_host(struct gating *g)
{
    for (size_t i = 0; i < g->n_base; i++)
        if (strcmp(g->base[i].run.host_class, g->now.run.host_class) != 0)
            return ridge_arena_printf(&g->arena, "run %lld was measured on another class of host (%s) "
                                      "than run %lld (%s): a gate does not judge times of different machines; ridge compare shows "
                                      "them", (long long)g->base[i].run.id, g->base[i].run.host_class, (long long)g->now.run.id,
                                      g->now.run.host_class);
    return "";
}

static enum ridge_status judge_times(struct gating *g, struct ridge_judgement *j, struct ridge_error *err)
{
    const struct ridge_cli_runs wanted = {g->now.run.host_class, g->base, g->n_base, g->rules.require_fit, g->now.run.started_utc_ns,
                                          g->base[g->n_base - 1].run.started_utc_ns, RIDGE_CLI_MOST_RUNS};
    enum ridge_status st = ridge_cli_load_runs(g->base_store, &g->arena, &wanted, &g->earlier, &g->n_earlier, err);
    const struct ridge_gate_stored stored = {g->base, g->earlier, g->n_base, g->n_earlier, true, false};
    return st == RIDGE_OK ? ridge_gate_unpaired(&g->arena, &g->now, &stored, &g->rules, j, err) : st;
}

static enum ridge_status judge(struct gating *g, struct ridge_judgement *j, struct ridge_error *err)
{
    struct ridge_arena *a = &g->arena;
    const char *why = other_host(g);
    enum ridge_status st = RIDGE_OK;
    if (g->n_base > 0 && why[0] == '\0')
        st = judge_times(g, j, err);
    if (st == RIDGE_OK)
        st = ridge_gate_control(a, &g->now, &g->rules, j, err);
    if (st == RIDGE_OK)
        st = ridge_gate_limits(a, &g->now, "", &g->rules, j, err);
    if (why[0] != '\0')
        j->why = why;
    return st;
}

/* With two builds at hand nothing goes red on the word of a stored run: what is not OK is measured again, interleaved,
 * and the pairs have the last word. */
static bool is_suspect(const struct ridge_judged *r)
{
    bool is_compared = strcmp(r->kind, "unpaired") == 0 || strcmp(r->kind, "metric") == 0;
    return is_compared && r->i_member >= 0 && (r->verdict == RIDGE_CHANGE_REGRESSED || r->verdict == RIDGE_CHANGE_INCONCLUSIVE);
}

static bool is_pair_of(const struct ridge_judged *p, const struct ridge_judged *r)
{
    bool is_same = (strcmp(p->kind, "paired") == 0 || strcmp(p->kind, "metric") == 0) && strcmp(p->metric, r->metric) == 0;
    return (is_same || strcmp(p->kind, "answer") == 0) && strcmp(p->case_id, r->case_id) == 0;
}

/* The worst that the A/B says of a case's figure: a wrong answer there counts too. */
static const struct ridge_judged *pair_of(const struct ridge_judgement *pairs, const struct ridge_judged *r)
{
    const struct ridge_judged *worst = NULL;
    for (size_t i = 0; i < pairs->n_rows; i++)
        if (is_pair_of(&pairs->rows[i], r) && (worst == NULL || pairs->rows[i].verdict > worst->verdict))
            worst = &pairs->rows[i];
    return worst;
}

static void take_pair(struct gating *g, struct ridge_judged *r, const struct ridge_judgement *pairs)
{
    const struct ridge_judged *p = pair_of(pairs, r);
    if (p == NULL)
        return;
    bool is_unfit = pairs->why[0] != '\0' && p->verdict != RIDGE_CHANGE_FAILED;
    const char *why = is_unfit ? pairs->why : p->why;
    r->verdict = is_unfit ? RIDGE_CHANGE_INCONCLUSIVE : p->verdict;
    r->ratio = p->ratio;
    r->low = p->low;
    r->high = p->high;
    r->p = p->p;
    r->n_forks = p->n_forks;
    r->n_more_forks = p->n_more_forks;
    r->more_s = p->more_s;
    r->detect_ratio = p->detect_ratio;
    r->why = ridge_arena_printf(&g->arena, "measured again as A/B (run %lld)%s%s", (long long)pairs->run_id,
                                why[0] != '\0' ? ": " : "", why);
}

static int measure_suspects(struct gating *g, struct ridge_judgement *j)
{
    struct ridge_error err = {0};
    struct ridge_rd_run last;
    struct ridge_judgement *pairs = NULL;
    const char **cases = ridge_arena_array(&g->arena, j->n_rows + 1, sizeof *cases);
    size_t n = 0;
    bool any_red = false;
    for (size_t i = 0; i < j->n_rows; i++)
        if (is_suspect(&j->rows[i])) {
            if (n == 0 || strcmp(cases[n - 1], j->rows[i].case_id) != 0) /* rows of one case follow each other */
                cases[n++] = j->rows[i].case_id;
            any_red |= j->rows[i].verdict == RIDGE_CHANGE_REGRESSED;
        }
    if (n == 0 || ridge_cli_value(g->args, "--b") == NULL)
        return RIDGE_EXIT_OK;
    ridge_cli_say("%zu case%s to be measured again as A/B", n, n == 1 ? " is" : "s are");
    int rc = ridge_cli_ab_cases(g->args, &g->rules, &g->now.run, g->file, cases);
    if (rc != RIDGE_EXIT_OK && rc != RIDGE_EXIT_REGRESSION && rc != RIDGE_EXIT_UNFIT)
        return rc;
    if (ridge_read_run(g->store, &g->arena, "last", &last, &err) != RIDGE_OK ||
        ridge_read_judgement(g->store, &g->arena, last.id, &pairs, &err) != RIDGE_OK)
        return ridge_cli_error(&err);
    for (size_t i = 0; pairs != NULL && i < j->n_rows; i++)
        if (is_suspect(&j->rows[i]))
            take_pair(g, &j->rows[i], pairs);
    if (any_red && pairs != NULL && pairs->why[0] != '\0') /* what was red is not green for that */
        j->why = ridge_arena_printf(&g->arena, "what regressed could not be measured again as A/B (run %lld): %s",
                                    (long long)pairs->run_id, pairs->why);
    return RIDGE_EXIT_OK;
}

static const char *half_run(struct ridge_arena *a, const struct ridge_rd_run *run)
{
    const char *line = ridge_cli_resume_line(a, run->command);
    return ridge_arena_printf(a, "run %lld is %s: a part of its cases says nothing of the others%s%s%s", (long long)run->id, run->status,
                              line != NULL ? "; " : "", line != NULL ? line : "", line != NULL ? " ends it" : "");
}

/* Of this file or of a copy of it. */
static bool is_own_baseline(const struct gating *g)
{
    for (size_t i = 0; i < g->n_base; i++)
        if (g->base[i].run.started_utc_ns == g->now.run.started_utc_ns && g->base[i].run.seed == g->now.run.seed)
            return true;
    return false;
}

static int gate(struct gating *g)
{
    struct ridge_judgement j = {.base_run_id = -1, .n_looks = 1};
    struct ridge_error err = {0};
    if (find_run(g, &err) != RIDGE_OK)
        return ridge_cli_error(&err);
    int rc = ridge_cli_load_rules_for(g->args, &g->arena, &g->now.run, &g->rules);
    if (rc == RIDGE_EXIT_OK)
        rc = find_baseline(g);
    if (rc != RIDGE_EXIT_OK)
        return rc;
    if (is_own_baseline(g))
        return ridge_cli_usage(g->args->verb, "run %lld is the baseline itself; measure a new one with ridge run --gate",
                               (long long)g->now.run.id);
    choose_base(g);
    j.alpha = g->rules.alpha;
    if (judge(g, &j, &err) != RIDGE_OK)
        return ridge_cli_error(&err);
    bool is_complete = strcmp(g->now.run.status, "complete") == 0;
    if (!is_complete)
        j.why = half_run(&g->arena, &g->now.run);
    if (is_complete && (rc = measure_suspects(g, &j)) != RIDGE_EXIT_OK)
        return rc;
    j.mode = strcmp(g->args->verb->name, "rejudge") == 0 ? "rejudge" : "gate";
    j.baseline = g->n_base > 0 ? ridge_arena_printf(&g->arena, "%s (run %lld%s)", g->baseline, (long long)g->base[0].run.id,
                                                    g->n_base > 1 ? " and others" : "")
                               : "limits only";
    j.base_run_id = g->n_base > 0 && g->base_store == g->store ? g->base[0].run.id : -1;
    for (size_t i = 0; g->base_store != g->store && i < j.n_rows; i++)
        j.rows[i].base_run_id = j.rows[i].i_member_base = -1; /* ids of another file mean nothing here */
    j.rules_name = g->rules.name;
    j.rules_text = g->rules.text;
    j.rules_sha256 = g->rules.sha256;
    j.command = ridge_cli_command_text(&g->arena, g->args);
    ridge_gate_conclude(&g->arena, &g->now, &g->rules, true, &j);
    ridge_cli_put_again(&g->arena, &g->now, &j);
    return ridge_cli_finish_judgement(g->args, g->store, g->file, &g->now, &j);
}

/* A half of a side would be ignored without a word. */
static int check_sides(const struct ridge_cli_args *args)
{
    static const char *const flags[] = {"--a", "--a-env", "--b-env"};
    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++)
        if (ridge_cli_value(args, flags[i]) != NULL && ridge_cli_value(args, "--b") == NULL)
            return ridge_cli_usage(args->verb, "%s needs --b CMD, the new build: suspects are then measured again as A/B", flags[i]);
    return RIDGE_EXIT_OK;
}

int ridge_cli_gate(const struct ridge_cli_args *args)
{
    struct gating g = {.args = args, .file = args->n_operands > 0 ? args->operands[0] : "results.ridge"};
    int rc = check_sides(args);
    if (rc == RIDGE_EXIT_OK)
        rc = open_for_judging(g.file, &g.store);
    if (rc == RIDGE_EXIT_OK)
        rc = gate(&g);
    if (g.base_store != NULL && g.base_store != g.store)
        ridge_store_close(g.base_store);
    ridge_store_close(g.store);
    ridge_arena_deinit(&g.arena);
    return rc;
}

/* An ab run is judged again from its pairs, any other against its baseline. */
static bool sides_of(struct ridge_arena *a, const struct ridge_gate_run *run, const char **side_a, const char **side_b)
{
    struct ridge_cli_line l = ridge_cli_line_read(a, run->run.command);
    const char *option = ridge_cli_line_value(&l, "--option");
    *side_a = "arm=main";
    *side_b = "arm=b";
    return ridge_cli_line_is(&l, "ab") && (option == NULL || ridge_cli_option_sides(a, option, side_a, side_b));
}

static int rejudge_pairs(const struct ridge_cli_args *args, struct ridge_store *store, const char *file,
                         struct ridge_arena *a, const struct ridge_gate_rules *rules, const struct ridge_gate_run *run,
                         const char *side_a, const char *side_b)
{
    struct ridge_judgement j = {.base_run_id = -1};
    struct ridge_gate_look look = {.i_look = 0};
    struct ridge_error err = {0};
    if (ridge_gate_paired(a, run, side_a, side_b, rules, &look, &j, &err) != RIDGE_OK ||
        ridge_gate_limits(a, run, side_b, rules, &j, &err) != RIDGE_OK)
        return ridge_cli_error(&err);
    j.mode = "rejudge";
    if (strcmp(run->run.status, "complete") != 0)
        j.why = half_run(a, &run->run);
    j.baseline = strcmp(side_b, "arm=b") == 0 ? "main" : side_a;
    j.rules_name = rules->name;
    j.rules_text = rules->text;
    j.rules_sha256 = rules->sha256;
    j.command = ridge_cli_command_text(a, args);
    ridge_gate_conclude(a, run, rules, true, &j);
    ridge_cli_put_again(a, run, &j);
    return ridge_cli_finish_judgement(args, store, file, run, &j);
}

int ridge_cli_rejudge(const struct ridge_cli_args *args)
{
    struct ridge_arena a = {0};
    struct ridge_store *store = NULL;
    struct ridge_gate_rules rules;
    struct ridge_gate_run run;
    struct ridge_error err = {0};
    const char *file = args->n_operands > 0 ? args->operands[0] : "results.ridge", *which = ridge_cli_value(args, "--run");
    int rc = open_for_judging(file, &store);
    if (rc == RIDGE_EXIT_OK && ridge_gate_load(store, &a, which != NULL ? which : "last", &run, &err) != RIDGE_OK)
        rc = ridge_cli_error(&err);
    if (rc == RIDGE_EXIT_OK)
        rc = ridge_cli_load_rules_for(args, &a, &run.run, &rules);
    const char *side_a, *side_b;
    bool is_paired = rc == RIDGE_EXIT_OK && sides_of(&a, &run, &side_a, &side_b);
    if (is_paired)
        rc = rejudge_pairs(args, store, file, &a, &rules, &run, side_a, side_b);
    ridge_store_close(store);
    ridge_arena_deinit(&a);
    return rc == RIDGE_EXIT_OK && !is_paired ? ridge_cli_gate(args) : rc;
}
