/* ridge gate: the last run against a named baseline and the rules of a gate file. */
#include "judge.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_EARLIER = 40 };

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
    for (int back = 1; run == NULL && st == RIDGE_OK && ridge_cli_has_arm(&g->now, "b"); back++) {
        st = ridge_gate_load(g->store, &g->arena, ridge_arena_printf(&g->arena, "last~%d", back), &g->now, err);
        if (st != RIDGE_OK)
            return ridge_fail(err, RIDGE_ERR_USAGE, g->file, "%s holds A/B runs only; ridge run --gate makes one to be judged", g->file);
    }
    return st;
}

/* NAME, FILE.ridge:NAME or a RUN; without --baseline the name main. A baseline that was lost must not pass in silence, so
 * limits alone are judged by the word none. */
static int find_baseline(struct gating *g)
{
    struct ridge_error err = {0};
    const char *given = ridge_cli_value(g->args, "--baseline"), *file, *run;
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
    if (ridge_cli_load_baseline(g->base_store, &g->arena, run, &g->base, &g->n_base, &err) != RIDGE_OK)
        return ridge_cli_error(&err);
    if (g->n_base == 0 && given != NULL) {
        g->base = ridge_arena_array(&g->arena, 1, sizeof *g->base);
        if (ridge_gate_load(g->base_store, &g->arena, run, g->base, NULL) == RIDGE_OK)
            g->n_base = 1;
    }
    if (g->n_base > 0)
        return RIDGE_EXIT_OK;
    return ridge_cli_usage(g->args->verb, "there is no baseline or run '%s' in %s; ridge baseline set %s RUN makes one%s", run,
                           file, run, has_limits(&g->rules) ? ", --baseline none judges the limits alone" : "");
}

/* Neither the level nor the spread may come from a run that the noise page calls unfit. */
static void drop_unfit(struct gating *g)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < g->n_earlier; i++)
        if (!g->rules.require_fit || strcmp(g->earlier[i].run.fitness, "unfit") != 0)
            g->earlier[n_kept++] = g->earlier[i];
    g->n_earlier = n_kept;
}

static enum ridge_status check_hosts(const struct gating *g, struct ridge_error *err)
{
    for (size_t i = 0; i < g->n_base; i++)
        if (strcmp(g->base[i].run.host_class, g->now.run.host_class) != 0)
            return ridge_fail(err, RIDGE_ERR_UNFIT, "", "run %lld was measured on another class of host (%s) than run %lld (%s): "
                              "a gate does not judge times of different machines; ridge compare shows them",
                              (long long)g->base[i].run.id, g->base[i].run.host_class, (long long)g->now.run.id,
                              g->now.run.host_class);
    return RIDGE_OK;
}

static enum ridge_status judge(struct gating *g, struct ridge_judgement *j, struct ridge_error *err)
{
    struct ridge_arena *a = &g->arena;
    enum ridge_status st = check_hosts(g, err);
    if (st == RIDGE_OK && g->n_base > 0)
        st = ridge_cli_load_runs(g->base_store, a, g->now.run.host_class, g->now.run.started_utc_ns, MOST_EARLIER, &g->earlier,
                                 &g->n_earlier, err);
    ridge_cli_drop_old_builds(a, g->earlier, &g->n_earlier);
    drop_unfit(g);
    const struct ridge_gate_stored stored = {g->base, g->earlier, g->n_base, g->n_earlier, true};
    if (st == RIDGE_OK && g->n_base > 0)
        st = ridge_gate_unpaired(a, &g->now, &stored, &g->rules, j, err);
    if (st == RIDGE_OK)
        st = ridge_gate_control(a, &g->now, &g->rules, j, err);
    if (st == RIDGE_OK)
        st = ridge_gate_limits(a, &g->now, "", &g->rules, j, err);
    return st;
}

/* With two builds at hand nothing goes red on the word of a stored run: what is not OK is measured again, interleaved,
 * and the pairs have the last word. */
static bool is_suspect(const struct ridge_judged *r)
{
    return strcmp(r->kind, "unpaired") == 0 && r->i_member >= 0 &&
           (r->verdict == RIDGE_CHANGE_REGRESSED || r->verdict == RIDGE_CHANGE_INCONCLUSIVE);
}

/* The worst that the A/B says of a case: a wrong answer there counts too. */
static const struct ridge_judged *pair_of(const struct ridge_judgement *pairs, const char *case_id)
{
    const struct ridge_judged *worst = NULL;
    for (size_t i = 0; i < pairs->n_rows; i++) {
        const struct ridge_judged *p = &pairs->rows[i];
        bool is_it = (strcmp(p->kind, "paired") == 0 || strcmp(p->kind, "answer") == 0) && strcmp(p->case_id, case_id) == 0;
        if (is_it && (worst == NULL || p->verdict > worst->verdict))
            worst = p;
    }
    return worst;
}

static void take_pair(struct gating *g, struct ridge_judged *r, const struct ridge_judgement *pairs)
{
    const struct ridge_judged *p = pair_of(pairs, r->case_id);
    if (p == NULL)
        return;
    bool is_unfit = pairs->exit_code == RIDGE_EXIT_UNFIT && p->verdict != RIDGE_CHANGE_FAILED;
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
    if (any_red && pairs != NULL && pairs->exit_code == RIDGE_EXIT_UNFIT) /* what was red is not green for that */
        j->why = ridge_arena_printf(&g->arena, "what regressed could not be measured again as A/B (run %lld): %s",
                                    (long long)pairs->run_id, pairs->why);
    return RIDGE_EXIT_OK;
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
    struct ridge_judgement j = {.base_run_id = -1};
    struct ridge_error err = {0};
    if (find_run(g, &err) != RIDGE_OK)
        return ridge_cli_error(&err);
    int rc = find_baseline(g);
    if (rc != RIDGE_EXIT_OK)
        return rc;
    if (is_own_baseline(g))
        return ridge_cli_usage(g->args->verb, "run %lld is the baseline itself; measure a new one with ridge run --gate",
                               (long long)g->now.run.id);
    if (judge(g, &j, &err) != RIDGE_OK)
        return ridge_cli_error(&err);
    bool is_complete = strcmp(g->now.run.status, "complete") == 0;
    if (!is_complete)
        j.why = ridge_arena_printf(&g->arena, "run %lld is %s: a part of its cases says nothing of the others; ridge run --resume "
                                   "ends it", (long long)g->now.run.id, g->now.run.status);
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
        rc = ridge_cli_load_rules(&g.arena, ridge_cli_value(args, "--rules"), &g.rules);
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
    *side_a = "arm=main";
    *side_b = "arm=b";
    if (ridge_cli_has_arm(run, "b"))
        return true;
    const char *const *words = ridge_cli_words(a, run->run.command != NULL ? run->run.command : "");
    for (size_t i = 0; words[i] != NULL && words[i + 1] != NULL; i++)
        if (strcmp(words[i], "--option") == 0)
            return ridge_cli_option_sides(a, words[i + 1], side_a, side_b);
    return false;
}

static int rejudge_pairs(const struct ridge_cli_args *args, struct ridge_store *store, const char *file,
                         struct ridge_arena *a, const struct ridge_gate_rules *rules, const struct ridge_gate_run *run,
                         const char *side_a, const char *side_b)
{
    struct ridge_judgement j = {.base_run_id = -1};
    struct ridge_gate_look look = {.i_look = 0, .s_per_fork = NAN};
    struct ridge_error err = {0};
    if (ridge_gate_paired(a, run, side_a, side_b, rules, &look, &j, &err) != RIDGE_OK ||
        ridge_gate_limits(a, run, side_b, rules, &j, &err) != RIDGE_OK)
        return ridge_cli_error(&err);
    j.mode = "rejudge";
    j.baseline = ridge_cli_has_arm(run, "b") ? "main" : side_a;
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
    int rc = ridge_cli_load_rules(&a, ridge_cli_value(args, "--rules"), &rules);
    if (rc == RIDGE_EXIT_OK)
        rc = open_for_judging(file, &store);
    if (rc == RIDGE_EXIT_OK && ridge_gate_load(store, &a, which != NULL ? which : "last", &run, &err) != RIDGE_OK)
        rc = ridge_cli_error(&err);
    const char *side_a, *side_b;
    bool is_paired = rc == RIDGE_EXIT_OK && sides_of(&a, &run, &side_a, &side_b);
    if (is_paired)
        rc = rejudge_pairs(args, store, file, &a, &rules, &run, side_a, side_b);
    ridge_store_close(store);
    ridge_arena_deinit(&a);
    return rc == RIDGE_EXIT_OK && !is_paired ? ridge_cli_gate(args) : rc;
}
