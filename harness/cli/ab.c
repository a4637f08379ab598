/* ridge ab: two builds measured now as two arms of every case, interleaved, with a control beside them. */
#include "base/os.h"
#include "instructions.h"
#include "judge.h"
#include "line.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIDE_A "arm=main"
#define SIDE_B "arm=b"

struct ab {
    const struct ridge_cli_args *args;
    const char *file;
    struct ridge_arena arena;
    struct ridge_gate_rules rules;
    struct side {
        const char *const *program; /* NULL: the worker beside ridge */
        struct ridge_kvs env;
    } a, b;
    int64_t forks, rounds, i_look, budget_ns;
    uint64_t begin_ns, extra_begin_ns; /* extra: when the planned forks were done */
    const char *option; /* KEY=A,B: two values of an option instead of two arms */
    const char *side_a, *side_b;
    /* gate's suspects: measure these case ids (NULL-terminated) of that run's suite, and print nothing */
    const char *const *only;
    const struct ridge_rd_run *of;
    const double *fork_s;              /* per group of the run, at the last look */
    struct ridge_session_hooks hooks;
    const struct ridge_plan *plan;     /* the session's, from adjust on */
    const char *const *worker;         /* argv of the worker beside ridge */
};

/* ---- the two sides ---- */

/* A worker command, a folder that holds one, or a checkout with such a folder named build. */
static const char *const *program_of(struct ridge_arena *a, const char *command)
{
    struct stat st;
    if (command == NULL)
        return NULL;
    if (stat(command, &st) == 0 && S_ISDIR(st.st_mode)) {
        const char **argv = ridge_arena_array(a, 2, sizeof *argv), *built = ridge_arena_printf(a, "%s/build/ridge-worker", command);
        argv[0] = ridge_arena_printf(a, "%s/ridge-worker", command);
        if (!ridge_os_exists(argv[0]) && ridge_os_exists(built))
            argv[0] = built;
        return argv;
    }
    return ridge_cli_words(a, command);
}

/* An empty word is a variable that was not set; forks and rounds have options of their own. */
static bool check_words(const struct ab *ab)
{
    static const char *const flags[] = {"--a", "--b"}, *const own[] = {"forks", "rounds"};
    const char *set[RIDGE_CLI_MAX_VALUES + 1];
    (void)ridge_cli_values(ab->args, "--set", set);
    for (size_t i = 0; i < 2; i++) {
        const char *command = ridge_cli_value(ab->args, flags[i]);
        size_t n = strlen(own[i]);
        if (command != NULL && command[strspn(command, " \t")] == '\0')
            return ridge_cli_usage(ab->args->verb, "%s is empty: a worker command or a build folder is needed", flags[i]) == 0;
        for (size_t k = 0; set[k] != NULL; k++)
            if (strncmp(set[k], own[i], n) == 0 && set[k][n] == '=')
                return ridge_cli_usage(ab->args->verb, "--set %s: ab has --%s for it", set[k], own[i]) == 0;
    }
    return true;
}

static bool read_env(struct ab *ab, const char *flag, struct ridge_kvs *out)
{
    const char *values[RIDGE_CLI_MAX_VALUES + 1];
    (void)ridge_cli_values(ab->args, flag, values);
    for (size_t i = 0; values[i] != NULL; i++) {
        const char *eq = strchr(values[i], '=');
        if (eq == NULL || eq == values[i]) {
            (void)ridge_cli_usage(ab->args->verb, "%s %s: KEY=VALUE is needed", flag, values[i]);
            return false;
        }
        ridge_kvs_set(&ab->arena, out, ridge_arena_strn(&ab->arena, values[i], (size_t)(eq - values[i])), eq + 1);
    }
    return true;
}

static bool read_whole(struct ab *ab, const char *flag, int64_t otherwise, int64_t least, int64_t *out)
{
    const char *text = ridge_cli_value(ab->args, flag);
    *out = otherwise;
    if (text == NULL || (ridge_text_int(text, out, NULL) == RIDGE_OK && *out >= least && *out <= 1000))
        return true;
    (void)ridge_cli_usage(ab->args->verb, "%s %s: a whole number from %lld to 1000 is needed", flag, text, (long long)least);
    return false;
}

bool ridge_cli_option_sides(struct ridge_arena *a, const char *option, const char **side_a, const char **side_b)
{
    const char *eq = strchr(option, '='), *comma = eq != NULL ? strchr(eq, ',') : NULL;
    if (comma == NULL || strchr(comma + 1, ',') != NULL || eq == option || comma == eq + 1 || comma[1] == '\0')
        return false;
    int n_key = (int)(eq - option);
    *side_a = ridge_arena_printf(a, "%.*s=%.*s,arm=main", n_key, option, (int)(comma - eq - 1), eq + 1);
    *side_b = ridge_arena_printf(a, "%.*s=%s,arm=main", n_key, option, comma + 1);
    return true;
}

/* The selectors of the two sides and the suite override. */
static bool read_option(struct ab *ab)
{
    ab->side_a = SIDE_A;
    ab->side_b = SIDE_B;
    ab->option = ridge_cli_value(ab->args, "--option");
    if (ab->option == NULL)
        return true;
    bool is_alone = ab->a.program == NULL && ab->b.program == NULL && ab->a.env.n + ab->b.env.n == 0;
    if (is_alone && ridge_cli_option_sides(&ab->arena, ab->option, &ab->side_a, &ab->side_b))
        return true;
    (void)ridge_cli_usage(ab->args->verb, "--option KEY=A,B stands alone and names two values, as threads=1,2");
    return false;
}

static bool read_sides(struct ab *ab)
{
    const char *budget = ridge_cli_value(ab->args, "--budget");
    ab->a.program = program_of(&ab->arena, ridge_cli_value(ab->args, "--a"));
    ab->b.program = program_of(&ab->arena, ridge_cli_value(ab->args, "--b"));
    if (!check_words(ab) || !read_env(ab, "--a-env", &ab->a.env) || !read_env(ab, "--b-env", &ab->b.env) || !read_option(ab) ||
        !read_whole(ab, "--forks", 10, 1, &ab->forks) || !read_whole(ab, "--rounds", 3, 1, &ab->rounds))
        return false;
    ab->budget_ns = ab->rules.budget_ns;
    if (budget != NULL && ridge_text_duration_ns(budget, &ab->budget_ns, NULL) != RIDGE_OK) {
        (void)ridge_cli_usage(ab->args->verb, "--budget %s: a time is needed, as \"2 min\" or 0s", budget);
        return false;
    }
    return true;
}

/* {"arms": {"a": {"program": [...], "env": {...}}}}: how the worker page learns of other programs */
static char *arms_text(const struct ab *ab)
{
    const struct side *const sides[] = {&ab->a, &ab->b};
    json_t *root = json_object(), *arms = json_object();
    for (size_t i = 0; i < 2; i++) {
        json_t *arm = json_object(), *program = json_array(), *env = json_object();
        for (size_t k = 0; sides[i]->program != NULL && sides[i]->program[k] != NULL; k++)
            json_array_append_new(program, json_string(sides[i]->program[k]));
        for (size_t k = 0; k < sides[i]->env.n; k++)
            json_object_set_new(env, sides[i]->env.v[k].key, json_string(sides[i]->env.v[k].value));
        json_object_set_new(arm, "program", program);
        json_object_set_new(arm, "env", env);
        json_object_set_new(arms, i == 0 ? "a" : "b", arm);
    }
    json_object_set_new(root, "arms", arms);
    char *text = json_dumps(root, 0);
    json_decref(root);
    return text;
}

/* ---- hooks of the session ---- */

static bool is_wanted(const struct ab *ab, const struct ridge_plan *plan, const struct ridge_group *g)
{
    for (size_t i = 0; i < g->n_members; i++)
        for (size_t k = 0; ab->only[k] != NULL; k++)
            if (strcmp(plan->cases[plan->members[g->members[i]].i_case].id, ab->only[k]) == 0)
                return true;
    return false;
}

static void keep_wanted(const struct ab *ab, struct ridge_plan *plan)
{
    size_t n = 0;
    for (size_t g = 0; g < plan->n_groups; g++)
        if (is_wanted(ab, plan, &plan->groups[g]))
            plan->groups[n++] = plan->groups[g];
    plan->n_groups = n;
}

/* A rule on a figure relative to a yardstick is decided by forks that have one. */
static bool needs_yardsticks(const struct ridge_gate_rules *rules)
{
    for (size_t i = 0; i < rules->n; i++)
        if (strstr(rules->v[i].metric, "_ratio") != NULL)
            return true;
    return false;
}

/* The suite's own gate file, where the command line names none. */
static int suite_rules(struct ab *ab, const struct ridge_plan *plan)
{
    if (plan->gate_file == NULL || ab->only != NULL || ridge_cli_value(ab->args, "--rules") != NULL)
        return RIDGE_EXIT_OK;
    int rc = ridge_cli_load_rules(&ab->arena, plan->gate_file, &ab->rules);
    if (rc == RIDGE_EXIT_OK && ridge_cli_value(ab->args, "--budget") == NULL)
        ab->budget_ns = ab->rules.budget_ns;
    return rc;
}

static int adjust(void *self, struct ridge_plan *plan)
{
    struct ab *ab = self;
    if (plan->n_arms > 1 || strcmp(plan->arms[0].name, "main") != 0)
        return ridge_cli_usage(ab->args->verb, "the suite has arms of its own; ab makes them");
    int rc = suite_rules(ab, plan);
    if (rc != RIDGE_EXIT_OK)
        return rc;
    if (ab->only != NULL)
        keep_wanted(ab, plan);
    ab->hooks.pairs_only = !needs_yardsticks(&ab->rules);
    plan->settings.forks = ab->forks;
    plan->settings.rounds = plan->settings.max_rounds = ab->rounds;
    plan->settings.duration_ns = 0;
    plan->settings.width_ratio = INFINITY; /* a judge decides, not the width */
    if (ab->option == NULL) /* before main takes side a's program and environment */
        ridge_cli_add_arm(plan, "b", ab->b.program, &ab->b.env, NULL);
    if (ab->a.program != NULL)
        plan->arms[0].program = (const char **)(uintptr_t)ab->a.program;
    for (size_t i = 0; i < ab->a.env.n; i++)
        ridge_kvs_set(&plan->arena, &plan->arms[0].env, ab->a.env.v[i].key, ab->a.env.v[i].value);
    ridge_cli_add_arm(plan, RIDGE_GATE_AA, NULL, NULL, RIDGE_GATE_AA);
    ab->plan = plan;
    ab->begin_ns = ridge_os_now_ns();
    return RIDGE_EXIT_OK;
}

static enum ridge_status judge(struct ab *ab, struct ridge_store *store, int64_t run_id, struct ridge_gate_run *run,
                               struct ridge_judgement *j, struct ridge_error *err)
{
    char id[32];
    (void)snprintf(id, sizeof id, "%lld", (long long)run_id);
    *j = (struct ridge_judgement){.base_run_id = -1};
    enum ridge_status st = ridge_gate_load(store, &ab->arena, id, run, err);
    struct ridge_gate_look look = {.i_look = ab->i_look};
    if (st == RIDGE_OK)
        look.s_per_fork = ab->fork_s = ridge_cli_fork_costs(&ab->arena, run, ab->begin_ns, &look.s_around);
    if (st == RIDGE_OK)
        st = ridge_gate_paired(&ab->arena, run, ab->side_a, ab->side_b, &ab->rules, &look, j, err);
    return st;
}

struct need {
    size_t i_group;
    double fork_s;
    int64_t have, more; /* forks; at most three times as many: 10, 30, 90 */
};
static int by_more(const void *a, const void *b)
{
    const struct need *x = a, *y = b;
    return x->more != y->more ? (x->more > y->more) - (x->more < y->more) : (x->i_group > y->i_group) - (x->i_group < y->i_group);
}

/* The least first: a case that may need hundreds must not starve those that need one. */
static struct need *needs_of(struct ab *ab, const struct ridge_gate_run *run, const struct ridge_judgement *j)
{
    struct need *out = ridge_arena_array(&ab->arena, run->n_groups + 1, sizeof *out);
    for (size_t i = 0; i < run->n_groups; i++) {
        int64_t have = ridge_gate_forks(&run->groups[i]), more = ridge_gate_wanted_forks(run, i, j) - have;
        out[i] = (struct need){(size_t)run->groups[i].i_group, ab->fork_s[i], have, more > 2 * have ? 2 * have : more > 0 ? more : 0};
    }
    qsort(out, run->n_groups, sizeof *out, by_more);
    return out;
}

static bool look(void *self, struct ridge_store *store, int64_t run_id, const struct ridge_plan *plan, int64_t *want)
{
    struct ab *ab = self;
    struct ridge_gate_run run;
    struct ridge_judgement j;
    struct ridge_error err = {0};
    bool any = false;
    if (ab->extra_begin_ns == 0)
        ab->extra_begin_ns = ridge_os_now_ns();
    double left_s = ((double)ab->budget_ns - (double)(ridge_os_now_ns() - ab->extra_begin_ns)) * 1e-9, cost_s = 0;
    if (ab->i_look + 1 >= ab->rules.n_looks || judge(ab, store, run_id, &run, &j, &err) != RIDGE_OK)
        return false;
    struct need *needs = needs_of(ab, &run, &j);
    for (size_t i = 0; i < run.n_groups && i < plan->n_groups; i++) {
        int64_t most = (int64_t)fmax(0, (left_s - cost_s) / needs[i].fork_s), more = needs[i].more < most ? needs[i].more : most;
        want[needs[i].i_group] = more > 0 ? needs[i].have + more : 0;
        cost_s += (double)more * needs[i].fork_s;
        any |= more > 0;
    }
    ab->i_look += any;
    if (any)
        ridge_cli_say("some cases are undecided: more forks, about %.0f s (look %lld of %lld)", cost_s,
                      (long long)ab->i_look + 1, (long long)ab->rules.n_looks);
    return any;
}

static const char *kernel_of(const struct ridge_gate_run *run, int64_t i_member)
{
    const struct ridge_rd_member *m = ridge_gate_member(run, i_member);
    return m != NULL ? ridge_kvs_get(&m->conditions, "kernel") : NULL;
}

/* A count has no noise: it goes in front of what the clock says. */
static void count_instructions(struct ab *ab, const struct ridge_gate_run *run, struct ridge_judgement *j)
{
    for (size_t i = 0; i < j->n_rows && ridge_cli_interrupted == 0; i++) {
        struct ridge_judged *r = &j->rows[i];
        if (strcmp(r->kind, "paired") != 0)
            continue;
        ridge_cli_say("counting instructions of %s, %s", r->subject, r->label);
        struct ridge_count old = ridge_cli_count(ab->plan, (size_t)r->i_member_base, ab->worker);
        struct ridge_count now = ridge_cli_count(ab->plan, (size_t)r->i_member, ab->worker);
        r->why = ridge_arena_printf(&ab->arena, "%s%s%s", ridge_cli_count_text(&ab->arena, &old, &now, kernel_of(run, r->i_member)),
                                    r->why[0] != '\0' ? "; " : "", r->why);
    }
}

static int conclude(void *self, struct ridge_store *store, int64_t run_id, int measured)
{
    struct ab *ab = self;
    struct ridge_gate_run run;
    struct ridge_judgement j;
    struct ridge_error err = {0};
    struct ridge_buf base = {0};
    enum ridge_status st = judge(ab, store, run_id, &run, &j, &err);
    const char *advice = j.advice;
    if (st == RIDGE_OK)
        st = ridge_gate_limits(&ab->arena, &run, ab->side_b, &ab->rules, &j, &err);
    if (st != RIDGE_OK)
        return ridge_cli_error(&err);
    if (ab->only != NULL) /* rules of cases that are no suspects match nothing here */
        j.advice = advice;
    if (ridge_cli_value(ab->args, "--instructions") != NULL)
        count_instructions(ab, &run, &j);
    ridge_buf_puts(&base, ab->option != NULL ? ab->side_a : "main");
    for (size_t i = 0; ab->a.program != NULL && ab->a.program[i] != NULL; i++)
        ridge_buf_printf(&base, "%s%s", i == 0 ? ": " : " ", ab->a.program[i]);
    j.mode = "ab";
    j.baseline = base.data;
    j.rules_name = ab->rules.name;
    j.rules_text = ab->rules.text;
    j.rules_sha256 = ab->rules.sha256;
    j.command = run.run.command;
    if (measured == RIDGE_EXIT_UNFIT) /* failed cases have rows of their own */
        j.why = "the suite wants a quiet machine (require_quiet), and it was not";
    ridge_gate_conclude(&ab->arena, &run, &ab->rules, true, &j);
    ridge_cli_put_again(&ab->arena, &run, &j);
    int rc = (int)j.exit_code;
    j.run_id = run.run.id;
    j.judged_utc_ns = (int64_t)ridge_os_realtime_ns();
    if (ab->only == NULL)
        rc = ridge_cli_finish_judgement(ab->args, store, ab->file, &run, &j);
    else if (ridge_store_judgement(store, &j, &err) != RIDGE_OK)
        rc = ridge_cli_error(&err);
    ridge_buf_deinit(&base);
    return rc;
}

/* ---- the verb ---- */

/* The two values must stand in one group: the suite's text with "compare" set to the option. */
static char *suite_text(struct ab *ab)
{
    json_t *root = json_load_file(ab->args->operands[0], 0, NULL), *axes = json_array();
    if (root == NULL) { /* a suite that cannot be read is told by its own errors */
        json_decref(axes);
        return NULL;
    }
    json_array_append_new(axes, json_stringn(ab->option, strcspn(ab->option, "=")));
    json_object_set_new(root, "compare", axes);
    char *text = json_dumps(root, JSON_INDENT(1));
    json_decref(root);
    return text;
}

/* --set words of the command line, or of the run that the suspects come from: words hold "--set", "KEY=VALUE", ... */
static void read_set(const struct ab *ab, struct ridge_arena *a, const char **set)
{
    size_t n = ridge_cli_values(ab->args, "--set", set);
    const char *const *words = ab->of != NULL ? ridge_cli_words(a, ab->of->set_words) : NULL;
    for (size_t i = 1; words != NULL && words[i - 1] != NULL && words[i] != NULL && n < RIDGE_CLI_MAX_VALUES; i += 2)
        set[n++] = words[i];
    if (ab->option != NULL)
        set[n++] = ab->option;
    set[n] = NULL;
}

static int run_session(struct ab *ab, struct ridge_cli_worker *worker, const char *suite)
{
    const char *set[RIDGE_CLI_MAX_VALUES + 2];
    ab->hooks = (struct ridge_session_hooks){.self = ab, .adjust = adjust, .look = look, .conclude = conclude};
    read_set(ab, &worker->arena, set);
    char *text = ab->option != NULL ? suite_text(ab) : NULL;
    const char *command = ridge_cli_command_text(&worker->arena, ab->args);
    const char *suspects = ab->of != NULL ? ridge_cli_suspects_line(&worker->arena, command, ab->of) : NULL;
    struct ridge_session_config c = {.suite_path = suite,
                                     .suite_text = ab->of != NULL ? ab->of->suite_text : text,
                                     .set = set,
                                     .filter = ridge_cli_value(ab->args, "--filter"),
                                     .output_path = ab->file,
                                     .command = suspects != NULL ? suspects : command,
                                     .hooks = &ab->hooks};
    int rc = ridge_cli_session(&c, worker);
    free(text);
    return rc;
}

/* Without --a the old side is the worker beside ridge. Where that is the new build itself, suspects would be held against
 * themselves and come out clean. */
static bool is_same_build(const struct ab *ab)
{
    if (ab->a.program != NULL || ab->a.env.n + ab->b.env.n > 0)
        return false;
    return ridge_os_same_file(ab->b.program[0], ab->worker[0]) && ab->b.program[1] == NULL;
}

/* Both sides must speak a wire that this ridge knows: they are asked before anything is measured. */
static int measure(struct ab *ab, const char *suite)
{
    struct ridge_cli_worker worker = {0};
    struct ridge_error err = {0};
    int rc = read_sides(ab) ? RIDGE_EXIT_OK : RIDGE_EXIT_USAGE;
    if (rc == RIDGE_EXIT_OK && ridge_cli_value(ab->args, "--instructions") != NULL && !ridge_cli_has_callgrind())
        rc = ridge_cli_usage(ab->args->verb, "--instructions needs valgrind, which is not in PATH");
    if (rc == RIDGE_EXIT_OK && ridge_cli_worker_open(&worker, &err) != RIDGE_OK)
        rc = ridge_cli_error(&err);
    if (rc == RIDGE_EXIT_OK) {
        char *text = arms_text(ab);
        if (ridge_cli_worker_add_arms(&worker, NULL, text, &err) != RIDGE_OK)
            rc = ridge_cli_error(&err);
        free(text);
    }
    ab->worker = worker.program;
    if (rc == RIDGE_EXIT_OK && ab->only != NULL && is_same_build(ab))
        rc = ridge_cli_usage(ab->args->verb, "--b %s is the worker beside this ridge, which is the old side without --a: name the "
                             "old build with --a", ab->b.program[0]);
    if (rc == RIDGE_EXIT_OK)
        rc = run_session(ab, &worker, suite);
    ridge_cli_worker_close(&worker);
    ridge_arena_deinit(&ab->arena);
    return rc;
}

/* The gate that asks has a word of its own on what must exist and on what stays open. */
static struct ridge_gate_rules rules_of_pairs(struct ridge_arena *a, const struct ridge_gate_rules *rules)
{
    struct ridge_gate_rules out = *rules;
    out.fail_inconclusive = false;
    out.v = ridge_arena_array(a, rules->n + 1, sizeof *out.v);
    for (size_t i = 0; i < rules->n; i++) {
        out.v[i] = rules->v[i];
        out.v[i].must_exist = out.v[i].fail_inconclusive = false;
    }
    return out;
}

int ridge_cli_ab_cases(const struct ridge_cli_args *args, const struct ridge_gate_rules *rules, const struct ridge_rd_run *of,
                       const char *file, const char *const *cases)
{
    struct ab ab = {.args = args, .file = file, .only = cases, .of = of};
    ab.rules = rules_of_pairs(&ab.arena, rules);
    return measure(&ab, of->suite_path);
}

int ridge_cli_ab(const struct ridge_cli_args *args)
{
    struct ab ab = {.args = args, .file = ridge_cli_value(args, "--output")};
    ab.file = ab.file != NULL ? ab.file : "results.ridge";
    int rc = ridge_cli_load_rules(&ab.arena, ridge_cli_value(args, "--rules"), &ab.rules);
    if (rc == RIDGE_EXIT_OK)
        return measure(&ab, args->operands[0]);
    ridge_arena_deinit(&ab.arena);
    return rc;
}
