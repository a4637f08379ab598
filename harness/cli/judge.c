#include "judge.h"
#include "line.h"
#include "base/random.h"
#include "base/os.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- arms ---- */

/* Groups may have been left out of the plan; their members are still in its list. */
static bool *measured_members(struct ridge_plan *plan)
{
    bool *is_measured = ridge_arena_array(&plan->arena, plan->n_members + 1, sizeof *is_measured);
    for (size_t g = 0; g < plan->n_groups; g++)
        for (size_t k = 0; k < plan->groups[g].n_members; k++)
            is_measured[plan->groups[g].members[k]] = true;
    return is_measured;
}

/* Which of the members get the copy: all, or a seeded sample. */
static bool *choose(struct ridge_plan *plan, size_t n_members, bool sampled)
{
    size_t *ranked = ridge_arena_array(&plan->arena, n_members + 1, sizeof *ranked), n = 0;
    bool *chosen = ridge_arena_array(&plan->arena, n_members + 1, sizeof *chosen);
    const bool *is_measured = measured_members(plan);
    uint64_t state = plan->seed ^ 0xaa;
    for (size_t i = 0; i < n_members; i++)
        if (is_measured[i] && plan->members[i].yardstick == NULL &&
            strcmp(plan->arms[plan->members[i].i_arm].name, "main") == 0)
            ranked[n++] = i;
    size_t most = sampled && n > RIDGE_GATE_AA_CASES ? RIDGE_GATE_AA_CASES : n;
    for (size_t i = 0; i < most; i++) {
        size_t k = i + (size_t)(ridge_random_next(&state) % (n - i)), t = ranked[i];
        ranked[i] = ranked[k];
        ranked[k] = t;
        chosen[ranked[i]] = true;
    }
    return chosen;
}

static void add_member(struct ridge_plan *plan, size_t i_member, size_t i_arm, const char *yardstick)
{
    size_t i_new = plan->n_members++;
    plan->members[i_new] = plan->members[i_member];
    plan->members[i_new].i_arm = i_arm;
    plan->members[i_new].yardstick = yardstick;
    for (size_t g = 0; g < plan->n_groups; g++) {
        struct ridge_group *group = &plan->groups[g];
        size_t k = 0;
        while (k < group->n_members && group->members[k] != i_member)
            k++;
        if (k == group->n_members)
            continue;
        size_t *members = ridge_arena_array(&plan->arena, group->n_members + 1, sizeof *members);
        memcpy(members, group->members, group->n_members * sizeof *members);
        members[group->n_members++] = i_new;
        group->members = members;
    }
}

void ridge_cli_add_arm(struct ridge_plan *plan, const char *name, const char *const *program, const struct ridge_kvs *env,
                       const char *yardstick)
{
    size_t n = plan->n_members, i_main = 0;
    struct ridge_arm *arms = ridge_arena_array(&plan->arena, plan->n_arms + 1, sizeof *arms);
    memcpy(arms, plan->arms, plan->n_arms * sizeof *arms);
    for (size_t i = 0; i < plan->n_arms; i++)
        i_main = strcmp(arms[i].name, "main") == 0 ? i : i_main;
    arms[plan->n_arms] = arms[i_main];
    arms[plan->n_arms].name = name;
    if (program != NULL)
        arms[plan->n_arms].program = (const char **)(uintptr_t)program;
    for (size_t i = 0; env != NULL && i < env->n; i++)
        ridge_kvs_set(&plan->arena, &arms[plan->n_arms].env, env->v[i].key, env->v[i].value);
    plan->arms = arms;
    const bool *chosen = choose(plan, n, yardstick != NULL);
    struct ridge_member *members = ridge_arena_array(&plan->arena, 2 * n + 1, sizeof *members);
    memcpy(members, plan->members, n * sizeof *members);
    plan->members = members;
    for (size_t i = 0; i < n; i++)
        if (chosen[i])
            add_member(plan, i, plan->n_arms, yardstick);
    plan->n_arms++;
}

struct place { /* of a member */
    size_t group;
    double n_cpus; /* that its CPU time is summed over; 0: it is in no group */
};

static double cpus_of(const struct ridge_rd_member *m)
{
    int64_t n = 1;
    const char *threads = ridge_kvs_get(&m->options, "threads");
    return threads != NULL && ridge_text_int(threads, &n, NULL) == RIDGE_OK && n > 1 ? (double)n : 1;
}

/* By i_member, n entries. */
static struct place *places_of(struct ridge_arena *a, const struct ridge_gate_run *run, size_t *n)
{
    *n = 0;
    for (size_t g = 0; g < run->n_groups; g++)
        for (size_t k = 0; k < run->groups[g].n_members; k++)
            *n = (size_t)run->groups[g].members[k].i_member >= *n ? (size_t)run->groups[g].members[k].i_member + 1 : *n;
    struct place *out = ridge_arena_array(a, *n + 1, sizeof *out);
    for (size_t g = 0; g < run->n_groups; g++)
        for (size_t k = 0; k < run->groups[g].n_members; k++)
            out[run->groups[g].members[k].i_member] = (struct place){g, cpus_of(&run->groups[g].members[k])};
    return out;
}

double *ridge_cli_fork_costs(struct ridge_arena *a, const struct ridge_gate_run *run, uint64_t begin_ns, double *around_s)
{
    struct ridge_rd_block *blocks = NULL;
    size_t n_blocks = 0, n_members = 0;
    double *out = ridge_arena_array(a, run->n_groups + 1, sizeof *out), n_forks = 0, in_blocks_s = 0;
    const struct place *places = places_of(a, run, &n_members);
    if (ridge_read_blocks(run->store, a, run->run.id, &blocks, &n_blocks, NULL) != RIDGE_OK)
        n_blocks = 0; /* the mean of all is left */
    for (size_t i = 0; i < n_blocks; i++) {
        size_t m = (size_t)blocks[i].i_member;
        if (m >= n_members || places[m].n_cpus <= 0 || blocks[i].cpu_time_ns <= 0)
            continue;
        double block_s = (double)blocks[i].cpu_time_ns * 1e-9 / places[m].n_cpus;
        out[places[m].group] += block_s;
        in_blocks_s += block_s;
    }
    for (size_t g = 0; g < run->n_groups; g++)
        n_forks += (double)ridge_gate_forks(&run->groups[g]);
    *around_s = fmax(0, (double)(ridge_os_now_ns() - begin_ns) * 1e-9 - in_blocks_s) / fmax(1, n_forks);
    for (size_t g = 0; g < run->n_groups; g++)
        out[g] = out[g] / fmax(1, (double)ridge_gate_forks(&run->groups[g])) + *around_s;
    return out;
}

/* ---- rules, names ---- */

int ridge_cli_load_rules(struct ridge_arena *a, const char *path, struct ridge_gate_rules *out)
{
    struct ridge_buf text = {0}, errors = {0};
    struct ridge_error err = {0};
    enum ridge_status st = RIDGE_OK;
    if (path != NULL)
        st = ridge_os_read_file(path, 1u << 20, &text, &err);
    if (st == RIDGE_OK)
        st = ridge_gate_rules_load(a, path != NULL ? path : "default rules",
                                   path != NULL ? ridge_arena_strn(a, text.data != NULL ? text.data : "", text.n) : NULL, out,
                                   &errors, &err);
    for (char *line = errors.data, *end; line != NULL && *line != '\0'; line = end + 1) {
        end = strchr(line, '\n');
        *end = '\0';
        ridge_cli_say("%s", line);
    }
    ridge_buf_deinit(&text);
    ridge_buf_deinit(&errors);
    return st == RIDGE_OK ? RIDGE_EXIT_OK : ridge_cli_error(&err);
}

/* The text is the resolved suite; the path in it is relative to the suite's. */
static const char *gate_file_of(struct ridge_arena *a, const struct ridge_rd_run *run)
{
    json_t *root = json_loads(run->suite_text != NULL ? run->suite_text : "", 0, NULL);
    const char *file = json_string_value(json_object_get(root, "gate"));
    const char *out = file != NULL ? ridge_suite_relative(a, run->suite_path, file) : NULL;
    json_decref(root);
    return out;
}

int ridge_cli_load_rules_for(const struct ridge_cli_args *args, struct ridge_arena *a, const struct ridge_rd_run *run,
                             struct ridge_gate_rules *out)
{
    const char *given = ridge_cli_value(args, "--rules");
    return ridge_cli_load_rules(a, given != NULL ? given : gate_file_of(a, run), out);
}

void ridge_cli_split_run(struct ridge_arena *a, const char *text, const char *file, const char **out_file,
                         const char **out_run)
{
    const char *colon = strrchr(text, ':');
    size_t n = strlen(text);
    *out_file = file;
    *out_run = text;
    if (colon != NULL) {
        *out_file = ridge_arena_strn(a, text, (size_t)(colon - text));
        *out_run = colon + 1;
    } else if (n > 6 && strcmp(text + n - 6, ".ridge") == 0) {
        *out_file = text;
        *out_run = "last";
    }
}

/* ---- stored runs ---- */

static enum ridge_status load(struct ridge_store *store, struct ridge_arena *a, int64_t id, struct ridge_gate_run *out,
                              struct ridge_error *err)
{
    return ridge_gate_load(store, a, ridge_arena_printf(a, "%lld", (long long)id), out, err);
}

static bool is_wanted(struct ridge_arena *a, const struct ridge_rd_run *r, const struct ridge_cli_runs *w)
{
    bool is_right = w->host_class == NULL || strcmp(r->host_class, w->host_class) == 0;
    bool is_like = w->n_like == 0 || r->seed == w->like[0].run.seed;
    bool is_fit = !w->needs_fit || strcmp(r->fitness, "unfit") != 0;
    return is_right && is_like && is_fit && r->started_utc_ns < w->before_utc_ns && strcmp(r->status, "complete") == 0 &&
           !ridge_cli_has_old_build(a, r);
}

static int by_time(const void *a, const void *b)
{
    const struct ridge_rd_run *x = a, *y = b;
    return x->started_utc_ns != y->started_utc_ns ? (x->started_utc_ns > y->started_utc_ns) - (x->started_utc_ns < y->started_utc_ns)
                                                  : (x->id > y->id) - (x->id < y->id);
}

static enum ridge_status shares_case(struct ridge_store *store, int64_t run_id, const struct ridge_cli_runs *w, bool *out,
                                     struct ridge_error *err)
{
    enum ridge_status st = RIDGE_OK;
    *out = w->n_like == 0;
    for (size_t i = 0; i < w->n_like && st == RIDGE_OK && !*out; i++)
        st = ridge_read_shares_case(store, run_id, w->like[i].run.id, out, err);
    return st;
}

/* The last `most` up to a time, and as many after it. */
static size_t cut(struct ridge_rd_run *runs, size_t n, int64_t until_utc_ns, size_t most)
{
    size_t n_until = 0, n_kept = 0;
    while (n_until < n && runs[n_until].started_utc_ns <= until_utc_ns)
        n_until++;
    for (size_t i = 0; i < n; i++)
        if ((i < n_until ? n_until : n) - i <= most)
            runs[n_kept++] = runs[i];
    return n_kept;
}

enum ridge_status ridge_cli_load_runs(struct ridge_store *store, struct ridge_arena *a, const struct ridge_cli_runs *wanted,
                                      struct ridge_gate_run **out, size_t *n, struct ridge_error *err)
{
    struct ridge_rd_run *runs = NULL;
    size_t n_runs = 0, n_kept = 0;
    bool shares = false;
    enum ridge_status st = ridge_read_runs(store, a, &runs, &n_runs, err);
    for (size_t i = 0; st == RIDGE_OK && i < n_runs; i++) {
        if (!is_wanted(a, &runs[i], wanted))
            continue;
        st = shares_case(store, runs[i].id, wanted, &shares, err);
        if (shares)
            runs[n_kept++] = runs[i];
    }
    if (n_kept > 0) /* ids follow time but where a clock was set back */
        qsort(runs, n_kept, sizeof *runs, by_time);
    n_kept = cut(runs, n_kept, wanted->until_utc_ns, wanted->most);
    *out = ridge_arena_array(a, n_kept + 1, sizeof **out);
    *n = 0;
    for (size_t i = 0; st == RIDGE_OK && i < n_kept; i++)
        st = load(store, a, runs[i].id, &(*out)[(*n)++], err);
    return st;
}

bool ridge_cli_is_ab(struct ridge_arena *a, const struct ridge_rd_run *run)
{
    struct ridge_cli_line l = ridge_cli_line_read(a, run->command);
    return ridge_cli_line_is(&l, "ab");
}

bool ridge_cli_has_old_build(struct ridge_arena *a, const struct ridge_rd_run *run)
{
    struct ridge_cli_line l = ridge_cli_line_read(a, run->command);
    return ridge_cli_line_is(&l, "ab") && (ridge_cli_line_value(&l, "--a") != NULL || ridge_cli_line_value(&l, "--a-env") != NULL);
}

const char *ridge_cli_no_baseline(struct ridge_arena *a, const struct ridge_rd_run *run)
{
    if (strcmp(run->status, "complete") != 0)
        return ridge_arena_printf(a, "run %lld is %s; a baseline is a complete run", (long long)run->id, run->status);
    if (ridge_cli_has_old_build(a, run))
        return ridge_arena_printf(a, "run %lld is an A/B of two builds, and its arm main is the old one; ridge run --gate makes a run "
                                  "that can be a baseline", (long long)run->id);
    return NULL;
}

enum ridge_status ridge_cli_load_baseline(struct ridge_store *store, struct ridge_arena *a, const char *name,
                                          struct ridge_gate_run **out, size_t *n, struct ridge_error *err)
{
    struct ridge_rd_baseline *rows = NULL;
    size_t n_rows = 0;
    enum ridge_status st = ridge_read_baselines(store, a, &rows, &n_rows, err);
    *out = ridge_arena_array(a, n_rows + 1, sizeof **out);
    *n = 0;
    for (size_t i = 0; st == RIDGE_OK && i < n_rows; i++)
        if (strcmp(rows[i].name, name) == 0)
            st = load(store, a, rows[i].run_id, &(*out)[(*n)++], err);
    return st;
}

/* ---- the end ---- */

int ridge_cli_finish_judgement(const struct ridge_cli_args *args, struct ridge_store *store, const char *file,
                               const struct ridge_gate_run *run, struct ridge_judgement *j)
{
    struct ridge_error err = {0};
    j->run_id = run->run.id;
    j->judged_utc_ns = (int64_t)ridge_os_realtime_ns();
    if (ridge_store_judgement(store, j, &err) != RIDGE_OK)
        return ridge_cli_error(&err);
    int rc = ridge_cli_tell_judgement(args, store, file, j);
    return rc != RIDGE_EXIT_OK ? rc : (int)j->exit_code;
}
