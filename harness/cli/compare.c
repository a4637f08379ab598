/* ridge compare: two runs, two files, or two sides of one run. It tells; it does not gate. */
#include "judge.h"

#include <math.h>
#include <string.h>

struct comparing {
    const struct ridge_cli_args *args;
    struct ridge_arena arena;
    struct ridge_gate_rules rules;
    struct ridge_store *store_a, *store_b;
    const char *file_a, *file_b, *run_a, *run_b;
    struct ridge_gate_run a, b;
};

static int open_sides(struct comparing *c)
{
    struct ridge_error err = {0};
    const char *const *o = c->args->operands;
    ridge_cli_split_run(&c->arena, o[0], "results.ridge", &c->file_a, &c->run_a);
    ridge_cli_split_run(&c->arena, c->args->n_operands > 1 ? o[1] : o[0], c->file_a, &c->file_b, &c->run_b);
    int rc = ridge_cli_open_store(c->file_b, &c->store_b);
    if (rc == RIDGE_EXIT_OK) {
        ridge_store_close(c->store_b);
        c->store_b = NULL;
        rc = ridge_store_open(c->file_b, true, &c->store_b, &err) == RIDGE_OK ? RIDGE_EXIT_OK : ridge_cli_error(&err);
    }
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
    const char *side_a = ridge_cli_value(c->args, "--a"), *side_b = ridge_cli_value(c->args, "--b");
    struct ridge_gate_look look = {.s_per_fork = NAN};
    if (side_a == NULL || side_b == NULL)
        return ridge_fail(err, RIDGE_ERR_USAGE, "", "inside one run two sides are needed: --a backend=openblas --b backend=ridge");
    c->rules.n_looks = 1;
    j->baseline = ridge_arena_printf(&c->arena, "%s (paired by fork and round)", side_a);
    return ridge_gate_paired(&c->arena, &c->b, side_a, side_b, &c->rules, &look, j, err);
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
    enum ridge_status st = ridge_cli_load_runs(c->store_a, &c->arena, c->b.run.host_class, c->b.run.started_utc_ns, 40, &earlier,
                                               &n, err);
    ridge_cli_drop_old_builds(&c->arena, earlier, &n);
    if (st == RIDGE_OK)
        st = ridge_gate_unpaired(&c->arena, &c->b, &(struct ridge_gate_stored){&c->a, earlier, 1, is_one_host ? n : 0, false},
                                 &c->rules, j, err);
    return st == RIDGE_OK ? ridge_gate_control(&c->arena, &c->b, &c->rules, j, err) : st;
}

static int compare(struct comparing *c)
{
    struct ridge_judgement j = {.base_run_id = -1};
    struct ridge_error err = {0};
    bool is_same = c->store_a == c->store_b && c->a.run.id == c->b.run.id;
    enum ridge_status st = is_same ? compare_sides(c, &j, &err) : compare_runs(c, &j, &err);
    if (st != RIDGE_OK)
        return ridge_cli_error(&err);
    j.mode = "compare";
    j.base_run_id = c->store_a == c->store_b ? c->a.run.id : -1;
    for (size_t i = 0; c->store_a != c->store_b && i < j.n_rows; i++)
        j.rows[i].base_run_id = j.rows[i].i_member_base = -1;
    j.rules_name = c->rules.name;
    j.rules_text = c->rules.text;
    j.rules_sha256 = c->rules.sha256;
    j.command = ridge_cli_command_text(&c->arena, c->args);
    ridge_gate_conclude(&c->arena, &c->b, &c->rules, false, &j);
    ridge_cli_put_again(&c->arena, &c->b, &j);
    int rc = ridge_cli_finish_judgement(c->args, c->store_b, c->file_b, &c->b, &j);
    bool is_answer = rc == RIDGE_EXIT_REGRESSION || rc == RIDGE_EXIT_UNFIT;
    return is_answer ? RIDGE_EXIT_OK : rc; /* a comparison has no bad outcome; gate and ab have */
}

int ridge_cli_compare(const struct ridge_cli_args *args)
{
    struct comparing c = {.args = args};
    int rc = ridge_cli_load_rules(&c.arena, ridge_cli_value(args, "--rules"), &c.rules);
    if (rc == RIDGE_EXIT_OK)
        rc = open_sides(&c);
    if (rc == RIDGE_EXIT_OK)
        rc = compare(&c);
    if (c.store_a != c.store_b)
        ridge_store_close(c.store_a);
    ridge_store_close(c.store_b);
    ridge_arena_deinit(&c.arena);
    return rc;
}
