/* ridge compare: two runs, two files, or two sides of one run. It tells: nothing is gated, nothing is stored. */
#include "judge.h"

#include <string.h>

struct comparing {
    const struct ridge_cli_args *args;
    struct ridge_arena arena;
    struct ridge_gate_rules rules;
    struct ridge_store *store_a, *store_b;
    const char *file_a, *file_b, *run_a, *run_b;
    const char *side_a, *side_b; /* inside one run; NULL: two runs */
    struct ridge_gate_run a, b;
};

static int open_sides(struct comparing *c)
{
    struct ridge_error err = {0};
    const char *const *o = c->args->operands;
    ridge_cli_split_run(&c->arena, o[0], "results.ridge", &c->file_a, &c->run_a);
    ridge_cli_split_run(&c->arena, c->args->n_operands > 1 ? o[1] : o[0], c->file_a, &c->file_b, &c->run_b);
    int rc = ridge_cli_open_store(c->file_b, &c->store_b);
    c->store_a = c->store_b;
    if (rc == RIDGE_EXIT_OK && strcmp(c->file_a, c->file_b) != 0)
        rc = ridge_cli_open_store(c->file_a, &c->store_a);
    if (rc == RIDGE_EXIT_OK && (ridge_gate_load(c->store_a, &c->arena, c->run_a, &c->a, &err) != RIDGE_OK ||
                                ridge_gate_load(c->store_b, &c->arena, c->run_b, &c->b, &err) != RIDGE_OK))
        rc = ridge_cli_error(&err);
    return rc;
}

static enum ridge_status compare_sides(struct comparing *c, struct ridge_judgement *j, struct ridge_error *err)
{
    struct ridge_gate_look look = {0};
    struct ridge_gate_run base, now;
    c->rules.n_looks = 1;
    if (!ridge_gate_has_pairs(&c->arena, &c->b, c->side_a, c->side_b)) {
        const struct ridge_gate_stored stored = {.base = &base, .n_base = 1, .is_two_cases = true};
        enum ridge_status st = ridge_gate_sides(&c->arena, &c->b, c->side_a, c->side_b, &base, &now, err);
        j->baseline = ridge_arena_printf(&c->arena, "%s (not in the same rounds: unpaired, drift not excluded)", c->side_a);
        return st != RIDGE_OK ? st : ridge_gate_unpaired(&c->arena, &now, &stored, &c->rules, j, err);
    }
    j->baseline = ridge_arena_printf(&c->arena, "%s (paired by fork and round)", c->side_a);
    return ridge_gate_paired(&c->arena, &c->b, c->side_a, c->side_b, &c->rules, &look, j, err);
}

static enum ridge_status compare_runs(struct comparing *c, struct ridge_judgement *j, struct ridge_error *err)
{
    struct ridge_gate_run *earlier = NULL;
    size_t n = 0;
    bool is_one_host = strcmp(c->a.run.host_class, c->b.run.host_class) == 0;
    j->baseline = ridge_arena_printf(&c->arena, "%s:%s, run %lld (unpaired, %s)", c->file_a, c->run_a, (long long)c->a.run.id,
                                     is_one_host ? "drift not excluded"
                                     : ridge_arena_printf(&c->arena, "on ANOTHER MACHINE: %s, here %s", c->a.run.host_class,
                                                          c->b.run.host_class));
    const struct ridge_cli_runs wanted = {c->b.run.host_class, &c->a, 1, c->rules.require_fit, c->b.run.started_utc_ns,
                                          c->a.run.started_utc_ns, RIDGE_CLI_MOST_RUNS};
    enum ridge_status st = ridge_cli_load_runs(c->store_a, &c->arena, &wanted, &earlier, &n, err);
    if (st == RIDGE_OK)
        st = ridge_gate_unpaired(&c->arena, &c->b, &(struct ridge_gate_stored){&c->a, earlier, 1, is_one_host ? n : 0, false, false},
                                 &c->rules, j, err);
    return st == RIDGE_OK ? ridge_gate_control(&c->arena, &c->b, &c->rules, j, err) : st;
}

/* Nothing passes or fails here. */
static void be_mild(struct comparing *c, struct ridge_judgement *j)
{
    j->exit_code = RIDGE_EXIT_OK;
    j->banner = ridge_arena_printf(&c->arena, "COMPARED%s", j->banner + strcspn(j->banner, ":"));
}

static int compare(struct comparing *c)
{
    struct ridge_judgement j = {.base_run_id = -1, .advice = ""};
    struct ridge_error err = {0};
    enum ridge_status st = c->side_a != NULL ? compare_sides(c, &j, &err) : compare_runs(c, &j, &err);
    if (st == RIDGE_OK)
        st = ridge_gate_limits(&c->arena, &c->b, c->side_b != NULL ? c->side_b : "", &c->rules, &j, &err);
    if (st != RIDGE_OK)
        return ridge_cli_error(&err);
    j.mode = "compare";
    j.run_id = c->b.run.id;
    j.rules_name = c->rules.name;
    j.rules_text = c->rules.text;
    j.rules_sha256 = c->rules.sha256;
    j.command = ridge_cli_command_text(&c->arena, c->args);
    ridge_gate_conclude(&c->arena, &c->b, &c->rules, false, &j);
    be_mild(c, &j);
    ridge_cli_put_again(&c->arena, &c->b, &j);
    return ridge_cli_tell_judgement(c->args, c->store_b, c->file_b, &j);
}

/* One run has two sides, two runs have none. */
static int check_sides(struct comparing *c)
{
    bool is_one = c->store_a == c->store_b && c->a.run.id == c->b.run.id, any = c->side_a != NULL || c->side_b != NULL;
    if (c->args->n_operands > 1 && any)
        return ridge_cli_usage(c->args->verb, "--a and --b are the sides of one run, and two runs are named");
    if (is_one && (c->side_a == NULL || c->side_b == NULL))
        return ridge_cli_usage(c->args->verb, "inside one run two sides are needed: --a backend=openblas --b backend=ridge");
    return RIDGE_EXIT_OK;
}

int ridge_cli_compare(const struct ridge_cli_args *args)
{
    struct comparing c = {.args = args, .side_a = ridge_cli_value(args, "--a"), .side_b = ridge_cli_value(args, "--b")};
    int rc = open_sides(&c);
    if (rc == RIDGE_EXIT_OK)
        rc = ridge_cli_load_rules_for(args, &c.arena, &c.b.run, &c.rules);
    if (rc == RIDGE_EXIT_OK)
        rc = check_sides(&c);
    if (rc == RIDGE_EXIT_OK)
        rc = compare(&c);
    if (c.store_a != c.store_b)
        ridge_store_close(c.store_a);
    ridge_store_close(c.store_b);
    ridge_arena_deinit(&c.arena);
    return rc;
}
