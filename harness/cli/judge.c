#include "judge.h"
#include "base/random.h"
#include "base/os.h"

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

double ridge_cli_s_per_fork(const struct ridge_gate_run *run, uint64_t begin_ns)
{
    double n = 0;
    for (size_t i = 0; i < run->n_groups; i++)
        n += (double)ridge_gate_forks(&run->groups[i]);
    return n > 0 ? (double)(ridge_os_now_ns() - begin_ns) * 1e-9 / n : NAN;
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

const char *const *ridge_cli_words(struct ridge_arena *a, const char *text)
{
    const char **out = ridge_arena_array(a, strlen(text) / 2 + 2, sizeof *out);
    size_t n = 0;
    for (const char *s = text; *s != '\0';) {
        struct ridge_buf b = {0};
        s += strspn(s, " \t");
        if (*s == '\0')
            break;
        ridge_buf_puts(&b, "");
        while (*s != '\0' && *s != ' ' && *s != '\t') {
            char quote = *s == '\'' || *s == '"' ? *s : '\0';
            size_t k = quote != '\0' ? strcspn(s + 1, quote == '"' ? "\"" : "'") : strcspn(s, " \t'\"");
            ridge_buf_put(&b, quote != '\0' ? s + 1 : s, k);
            s += quote != '\0' ? k + 1 + (s[k + 1] != '\0') : k;
        }
        out[n++] = ridge_arena_strn(a, b.data != NULL ? b.data : "", b.n);
        ridge_buf_deinit(&b);
    }
    return out;
}

/* ---- stored runs ---- */

static enum ridge_status load(struct ridge_store *store, struct ridge_arena *a, int64_t id, struct ridge_gate_run *out,
                              struct ridge_error *err)
{
    return ridge_gate_load(store, a, ridge_arena_printf(a, "%lld", (long long)id), out, err);
}

enum ridge_status ridge_cli_load_runs(struct ridge_store *store, struct ridge_arena *a, const char *host_class,
                                      int64_t before_utc_ns, size_t most, struct ridge_gate_run **out, size_t *n,
                                      struct ridge_error *err)
{
    struct ridge_rd_run *runs = NULL;
    size_t n_runs = 0, n_kept = 0, skip;
    enum ridge_status st = ridge_read_runs(store, a, &runs, &n_runs, err);
    for (size_t i = 0; st == RIDGE_OK && i < n_runs; i++) {
        bool is_right = host_class == NULL || strcmp(runs[i].host_class, host_class) == 0;
        if (is_right && runs[i].started_utc_ns < before_utc_ns && strcmp(runs[i].status, "complete") == 0)
            runs[n_kept++] = runs[i];
    }
    skip = n_kept > most ? n_kept - most : 0;
    *out = ridge_arena_array(a, n_kept + 1, sizeof **out);
    *n = 0;
    for (size_t i = skip; st == RIDGE_OK && i < n_kept; i++)
        st = load(store, a, runs[i].id, &(*out)[(*n)++], err);
    return st;
}

bool ridge_cli_has_arm(const struct ridge_gate_run *run, const char *arm)
{
    for (size_t g = 0; g < run->n_groups; g++)
        for (size_t k = 0; k < run->groups[g].n_members; k++)
            if (strcmp(run->groups[g].members[k].arm, arm) == 0)
                return true;
    return false;
}

static bool has_old_build(struct ridge_arena *a, const struct ridge_gate_run *run)
{
    if (!ridge_cli_has_arm(run, "b"))
        return false;
    const char *const *words = ridge_cli_words(a, run->run.command != NULL ? run->run.command : "");
    for (size_t i = 0; words[i] != NULL; i++)
        if (strcmp(words[i], "--a") == 0 || strcmp(words[i], "--a-env") == 0)
            return true;
    return false;
}

void ridge_cli_drop_old_builds(struct ridge_arena *a, struct ridge_gate_run *runs, size_t *n)
{
    size_t n_kept = 0;
    for (size_t i = 0; i < *n; i++)
        if (!has_old_build(a, &runs[i]))
            runs[n_kept++] = runs[i];
    *n = n_kept;
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
