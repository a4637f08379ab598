/* Stored runs against each other, rules on other figures, and what needs no clock: on runs made up in memory. */
#include "gate_fixture.h"

/* Libraries that did not change drift with the host; Ridge's own kernel beside them does too. */
static const double days[N_RUNS] = {0, 0.03, -0.03, 0.03, -0.03, 0.03, -0.03, 0.03, -0.03, -0.06};

static void anchors_take_out_what_the_host_did(void)
{
    struct fixture f;
    init(&f, days, NULL);
    const struct ridge_judged *r = judge(&f, N_RUNS - 1, "c0", "time_ns");
    CHECK(says(r->why, "and 2 anchors (library unchanged)"));
    CHECK_NEAR(log(r->ratio), 0.06 / 3, 0.002); /* the yardstick is the third reference, and did not drift */
    double width = log(r->high / r->low);
    for (size_t i = 0; i < N_RUNS; i++) /* the same without */
        for (size_t k = 1; k < N_MEMBERS; k++)
            member(&f, i, k)->conditions.n = 0;
    r = judge(&f, N_RUNS - 1, "c0", "time_ns");
    CHECK(strstr(r->why, "anchor") == NULL);
    CHECK_NEAR(log(r->ratio), 0.06, 0.002);
    CHECK(width < 0.5 * log(r->high / r->low));
    deinit(&f);
}

static void a_library_that_changed_is_no_anchor(void)
{
    struct fixture f;
    init(&f, NULL, NULL);
    ridge_kvs_set(&f.arena, &member(&f, N_RUNS - 1, 1)->conditions, "library_sha256", "newer");
    const struct ridge_judged *r = judge(&f, N_RUNS - 1, "c0", "time_ns");
    CHECK(says(r->why, "and 1 anchor (library unchanged)"));
    r = judge(&f, N_RUNS - 1, "c1", "time_ns");
    CHECK(says(r->why, "library_sha256: onednn -> newer"));
    CHECK(says(r->why, "and 1 anchor ")); /* openblas; never itself, never ridge */
    deinit(&f);
}

static void anchors_that_are_new_cost_no_known_spread(void)
{
    struct fixture f;
    init(&f, NULL, NULL);
    for (size_t i = 0; i + 3 < N_RUNS; i++)
        f.runs[i].groups[0].n_members = 1; /* libraries came with the last three runs */
    const struct ridge_judged *r = judge(&f, N_RUNS - 1, "c0", "time_ns");
    CHECK(strstr(r->why, "anchor") == NULL && says(r->why, "spread between 9 runs"));
    r = judge(&f, 1, "c0", "time_ns"); /* nobody knows a spread: the anchors stay, and the prior says whence it is */
    CHECK(says(r->why, "anchors") && says(r->why, "assumed") && says(r->why, f.rules.prior_source));
    member(&f, N_RUNS - 1, 0)->metrics[0].low /= 4; /* a run that is worse than the prior is not said to be assumed */
    r = judge(&f, 1, "c0", "time_ns");
    CHECK(says(r->why, "the run's own error") && strstr(r->why, f.rules.prior_source) == NULL);
    deinit(&f);
}

/* The shipped prior, whatever a campaign makes of it, for each way of being relative. */
static void on_the_first_day_a_doubled_latency_is_red(void)
{
    static const char *const metrics[] = {"peak_ratio", "read_ratio", "time_ns"};
    for (size_t i = 0; i < 3; i++) {
        struct fixture f;
        init(&f, NULL, NULL);
        for (size_t r = 0; r < N_RUNS; r++)
            for (size_t k = 0; k < N_MEMBERS; k++)
                member(&f, r, k)->metrics[0].name = metrics[i];
        slow_down(&f, i == 2 ? 1 / 1.05 : 1.05); /* two of the three are rates */
        CHECK(judge(&f, 1, "c0", "time_ns")->verdict != RIDGE_CHANGE_REGRESSED);
        slow_down(&f, i == 2 ? 1.05 / 2 : 2 / 1.05);
        CHECK(judge(&f, 1, "c0", "time_ns")->verdict == RIDGE_CHANGE_REGRESSED);
        deinit(&f);
    }
}

static void the_day_is_a_part_of_the_spread(void)
{
    struct ridge_arena a = {0};
    struct ridge_gate_spread s = {.rounds = 0.0004, .forks = 0.0001, .n_rounds = 4, .n_forks = 5, .n = 1};
    const char *text = ridge_gate_days_text(&a, &s, 0.0009, 1);
    CHECK(says(text, "2 % between rounds") && says(text, "1 % between forks") && says(text, "2.9 % between runs (days)"));
    CHECK(says(text, "more runs on other days"));
    CHECK(says(ridge_gate_days_text(&a, &s, 0.00005, 1), "more rounds")); /* of rounds and forks alike: rounds are cheaper */
    s.forks = 0.001;
    CHECK(says(ridge_gate_days_text(&a, &s, 0.0002, 1), "more forks"));
    CHECK_STR(ridge_gate_days_text(&a, &s, 0, 0), "");
    ridge_arena_deinit(&a);
}

static void another_kernel_is_the_likely_cause(void)
{
    struct fixture f;
    init(&f, NULL, NULL);
    for (size_t i = 0; i < N_RUNS; i++) {
        ridge_kvs_set(&f.arena, &member(&f, i, 0)->conditions, "kernel", i + 1 < N_RUNS ? "avx512" : "ref");
        ridge_kvs_set(&f.arena, &member(&f, i, 0)->conditions, "heap_pad_bytes", i % 2 ? "1" : "2");
        put(&f, member(&f, i, 0), "packed_bytes", "declared", i + 1 < N_RUNS ? 4096 : 0, 0);
    }
    slow_down(&f, 2);
    const struct ridge_judged *r = judge(&f, N_RUNS - 1, "c0", "time_ns");
    CHECK(r->verdict == RIDGE_CHANGE_REGRESSED);
    CHECK(strncmp(r->why, "likely cause: kernel: avx512 -> ref; packed_bytes: 4096 -> 0", 60) == 0);
    CHECK(strstr(r->why, "heap_pad") == NULL);
    CHECK(says(f.j.advice, "1 case runs another kernel"));
    CHECK(judge(&f, N_RUNS - 1, "c1", "time_ns")->verdict == RIDGE_CHANGE_OK); /* it and only it */
    deinit(&f);
}

static void bits_of_answers_are_compared_on_equal_inputs(void)
{
    struct fixture f;
    init(&f, NULL, NULL);
    for (size_t i = 0; i < N_RUNS; i++)
        for (size_t k = 0; k < N_MEMBERS; k++)
            ridge_kvs_set(&f.arena, &member(&f, i, k)->conditions, "output_digest", i + 1 < N_RUNS ? "aa" : k == 0 ? "bb" : k == 1
                          ? RIDGE_RD_DIGEST_VARIES : "aa");
    CHECK(says(judge(&f, N_RUNS - 1, "c0", "time_ns")->why, "other bits, within the tolerance"));
    CHECK(says(judge(&f, N_RUNS - 1, "c1", "time_ns")->why, "differs in bits from process to process"));
    CHECK(strstr(judge(&f, N_RUNS - 1, "c2", "time_ns")->why, "bits") == NULL);
    CHECK(says(f.j.advice, "1 case answers with other bits") && says(f.j.advice, "1 case answers differently from process to process"));
    f.runs[N_RUNS - 1].run.seed = 2; /* other inputs: other bits are right, and the times say nothing */
    slow_down(&f, 2);
    const struct ridge_judged *r = judge(&f, N_RUNS - 1, "c0", "time_ns");
    CHECK(strstr(r->why, "bits") == NULL && says(r->why, "different inputs") && r->verdict == RIDGE_CHANGE_INCONCLUSIVE);
    deinit(&f);
}

static void rules_on_other_figures(void)
{
    struct fixture f;
    init(&f, NULL, "{\"rules\": [{\"metric\": \"workspace_bytes\", \"margin\": \"10 %\"}, {\"metric\": \"p99_ns\", \"margin\": \"10 %\"}]}");
    for (size_t i = 0; i < N_RUNS; i++) {
        put(&f, member(&f, i, 0), "workspace_bytes", "declared", i + 1 < N_RUNS ? 1000 : 1200, 0);
        put(&f, member(&f, i, 0), "p99_ns", "measured", 1000, 0.01);
    }
    CHECK(judge(&f, N_RUNS - 1, "c0", "workspace_bytes")->verdict == RIDGE_CHANGE_REGRESSED);
    const struct ridge_judged *r = judge(&f, N_RUNS - 1, "c0", "p99_ns"); /* it used to be passed over in silence */
    CHECK(r->verdict == RIDGE_CHANGE_INCONCLUSIVE && says(r->why, "ridge ab"));
    deinit(&f);
}

static enum ridge_change paired_metric(struct fixture *f, double old, double now, double half_width, const char **why)
{
    struct ridge_error err = {0};
    struct ridge_rd_member *x = member(f, 0, 0), *y = member(f, 0, 1);
    x->n_metrics = y->n_metrics = 0;
    put(f, x, "first_run_ns", "measured", old, half_width);
    put(f, y, "first_run_ns", "measured", now, half_width);
    f->j = (struct ridge_judgement){.base_run_id = -1};
    const struct ridge_gate_pair pair = {x, y, 1, true};
    CHECK(ridge_gate_pair_metrics(&f->arena, &f->runs[0], &pair, &f->rules, 0.05, &f->j, &err) == RIDGE_OK && f->j.n_rows == 1);
    *why = f->j.rows[0].why;
    return f->j.rows[0].verdict;
}

static void one_measured_figure_is_no_proof(void)
{
    struct fixture f;
    const char *why;
    init(&f, NULL, "{\"rules\": [{\"metric\": \"first_run_ns\", \"margin\": \"10 %\"}]}");
    CHECK(paired_metric(&f, 1000, 1500, 0, &why) == RIDGE_CHANGE_INCONCLUSIVE && says(why, "limit"));
    CHECK(paired_metric(&f, 1000, 1500, 0.01, &why) == RIDGE_CHANGE_REGRESSED);
    CHECK(paired_metric(&f, 1000, 1120, 0.02, &why) == RIDGE_CHANGE_INCONCLUSIVE);
    deinit(&f);
}

static void gains_that_a_rule_does_not_believe(void)
{
    struct fixture f;
    init(&f, NULL, "{\"require_fit\": false, \"rules\": [{\"cases\": \"backend=ridge\", \"improved\": \"fail\"}]}");
    slow_down(&f, 0.5);
    CHECK(judge(&f, N_RUNS - 1, "c0", "time_ns")->verdict == RIDGE_CHANGE_IMPROVED);
    ridge_gate_conclude(&f.arena, &f.runs[N_RUNS - 1], &f.rules, false, &f.j);
    CHECK(f.j.exit_code == 1 && f.j.rows[0].verdict == RIDGE_CHANGE_FAILED && says(f.j.rows[0].why, "too good to be true"));
    f.rules.n = 0;
    (void)judge(&f, N_RUNS - 1, "c0", "time_ns");
    ridge_gate_conclude(&f.arena, &f.runs[N_RUNS - 1], &f.rules, false, &f.j);
    CHECK(f.j.exit_code == 0);
    deinit(&f);
}

static void a_case_that_is_gone_is_no_pass_where_all_must_be_decided(void)
{
    struct fixture f;
    init(&f, NULL, "{\"inconclusive\": \"fail\"}");
    f.runs[N_RUNS - 1].groups[0].n_members = 2;
    CHECK(says(judge(&f, N_RUNS - 1, "c2", "time_ns")->why, "the judged run has not"));
    ridge_gate_conclude(&f.arena, &f.runs[N_RUNS - 1], &f.rules, false, &f.j);
    CHECK(f.j.exit_code == 4 && says(f.j.why, "1 case stayed inconclusive"));
    deinit(&f);
}

static void a_case_without_a_time_is_told(void)
{
    struct fixture f;
    init(&f, NULL, NULL);
    struct ridge_rd_member *m = member(&f, N_RUNS - 1, 0);
    m->n_metrics = 0;
    m->verdict = "unsupported"; /* a plug-in is missing from the new build */
    m->reason = "no such library";
    const struct ridge_judged *r = judge(&f, N_RUNS - 1, "c0", "time_ns");
    CHECK(r->verdict == RIDGE_CHANGE_FAILED && says(r->why, "unsupported: no such library"));
    m->verdict = "interrupted";
    CHECK(judge(&f, N_RUNS - 1, "c0", "time_ns")->verdict == RIDGE_CHANGE_INCONCLUSIVE);
    deinit(&f);
}

static void a_case_on_a_shared_core_is_held_against_nothing(void)
{
    struct fixture f;
    init(&f, NULL, NULL);
    slow_down(&f, 1.3);
    CHECK(judge(&f, N_RUNS - 1, "c0", "time_ns")->verdict == RIDGE_CHANGE_REGRESSED);
    member(&f, N_RUNS - 1, 0)->metrics[0].rule = RIDGE_RULE_RATIO RIDGE_RULE_DISTURBED;
    CHECK(ridge_gate_is_disturbed(member(&f, N_RUNS - 1, 0)) && !ridge_gate_is_disturbed(member(&f, 0, 0)));
    const struct ridge_judged *r = judge(&f, N_RUNS - 1, "c0", "time_ns");
    CHECK(r->verdict == RIDGE_CHANGE_INCONCLUSIVE && says(r->why, "too few forks of this run were undisturbed"));
    for (size_t i = 0; i < N_RUNS; i++) /* nor does it widen what others are judged by */
        member(&f, i, 0)->metrics[0].rule = "";
    double quiet = judge(&f, N_RUNS - 1, "c0", "time_ns")->low;
    struct ridge_metric *x = &member(&f, 3, 0)->metrics[0];
    x->value /= 1.3;
    CHECK(judge(&f, N_RUNS - 1, "c0", "time_ns")->low < quiet - 0.01);
    x->rule = RIDGE_RULE_RATIO RIDGE_RULE_DISTURBED;
    CHECK_NEAR(judge(&f, N_RUNS - 1, "c0", "time_ns")->low, quiet, 0.005);
    deinit(&f);
}

static void a_gate_that_compares_nothing_is_no_pass(void)
{
    static const char *const other[N_MEMBERS] = {"d0", "d1", "d2"};
    struct fixture f;
    init(&f, NULL, NULL);
    for (size_t i = 0; i < N_MEMBERS; i++)
        member(&f, N_RUNS - 1, i)->case_id = other[i];
    CHECK(judge(&f, N_RUNS - 1, "c0", "time_ns")->verdict == RIDGE_CHANGE_INCONCLUSIVE);
    ridge_gate_conclude(&f.arena, &f.runs[N_RUNS - 1], &f.rules, false, &f.j);
    CHECK(f.j.exit_code == 4 && says(f.j.why, "no case of the baseline was measured"));
    deinit(&f);
}

static void one_capped_case_silences_no_other(void)
{
    struct fixture f;
    init(&f, NULL, NULL);
    slow_down(&f, 2);
    member(&f, N_RUNS - 1, 1)->n_forks = 2;
    (void)judge(&f, N_RUNS - 1, "c0", "time_ns");
    ridge_gate_conclude(&f.arena, &f.runs[N_RUNS - 1], &f.rules, false, &f.j);
    CHECK(f.j.exit_code == 1 && f.j.rows[0].verdict == RIDGE_CHANGE_REGRESSED);
    for (size_t i = 0; i < N_MEMBERS; i++)
        member(&f, N_RUNS - 1, i)->n_forks = 2;
    (void)judge(&f, N_RUNS - 1, "c0", "time_ns");
    ridge_gate_conclude(&f.arena, &f.runs[N_RUNS - 1], &f.rules, false, &f.j);
    CHECK(f.j.exit_code == 4 && says(f.j.why, "2 forks"));
    deinit(&f);
}

static void a_limit_is_not_broken_by_one_process(void)
{
    struct fixture f;
    struct ridge_error err = {0};
    init(&f, NULL, "{\"rules\": [{\"cases\": \"backend=ridge\", \"metric\": \"peak_ratio\", \"max\": 0.5}, "
                   "{\"cases\": \"backend=rigde\", \"metric\": \"peak_ratio\", \"max\": 0.5}]}");
    for (int64_t forks = 4; forks <= 5; forks++) {
        member(&f, N_RUNS - 1, 0)->n_forks = forks;
        f.j = (struct ridge_judgement){.base_run_id = -1};
        CHECK(ridge_gate_limits(&f.arena, &f.runs[N_RUNS - 1], "", &f.rules, &f.j, &err) == RIDGE_OK);
        CHECK(f.j.n_rows == 1 && f.j.rows[0].verdict == (forks < 5 ? RIDGE_CHANGE_INCONCLUSIVE : RIDGE_CHANGE_REGRESSED));
        CHECK(says(f.j.advice, "no case matches the rule in line 1"));
    }
    deinit(&f);
}

static void a_baseline_off_the_level_is_its_own_reference(void)
{
    static const double steps[N_RUNS] = {0, 0.001, 0, 0.001, 0, 0.001, 0, 0.001, -0.06, -0.06}; /* the last two are slow alike */
    struct fixture f;
    init(&f, steps, NULL);
    for (size_t i = 0; i < N_RUNS; i++)
        f.runs[i].groups[0].n_members = 1;
    CHECK_NEAR(judge(&f, N_RUNS - 1, "c0", "time_ns")->ratio, 1, 1e-9); /* off the level before: a change that was accepted */
    f.is_compare = true;
    CHECK_NEAR(judge(&f, N_RUNS - 1, "c0", "time_ns")->ratio, 1, 1e-9);
    deinit(&f);
}

static void nothing_is_red_where_nothing_can_be_judged(void)
{
    struct fixture f;
    init(&f, NULL, NULL);
    slow_down(&f, 2);
    f.runs[N_RUNS - 1].run.fitness = "unfit";
    (void)judge(&f, N_RUNS - 1, "c0", "time_ns");
    ridge_gate_conclude(&f.arena, &f.runs[N_RUNS - 1], &f.rules, false, &f.j);
    CHECK(f.j.exit_code == 4 && ridge_judgement_count(&f.j, RIDGE_CHANGE_REGRESSED) == 0);
    CHECK(says(f.j.rows[0].why, "would be REGRESSED"));
    f.runs[N_RUNS - 1].run.fitness = "quiet";
    f.runs[N_RUNS - 2].run.fitness = "unfit"; /* the baseline is no better */
    (void)judge(&f, N_RUNS - 1, "c0", "time_ns");
    ridge_gate_conclude(&f.arena, &f.runs[N_RUNS - 1], &f.rules, false, &f.j);
    CHECK(f.j.exit_code == 4 && says(f.j.why, "while the baseline (run 9)"));
    deinit(&f);
}

static void history_has_one_point_a_run(void)
{
    struct fixture f;
    struct ridge_gate_series *series = NULL;
    const struct ridge_selector all = {0};
    struct ridge_error err = {0};
    size_t n = 0;
    init(&f, NULL, NULL);
    for (size_t i = 0; i < N_RUNS; i++) { /* every member stands in two groups */
        struct ridge_rd_group *twice = ridge_arena_array(&f.arena, 2, sizeof *twice);
        twice[0] = twice[1] = f.runs[i].groups[0];
        f.runs[i].groups = twice;
        f.runs[i].n_groups = 2;
    }
    CHECK(ridge_gate_history(&f.arena, f.runs, N_RUNS, &all, "peak_ratio", &series, &n, &err) == RIDGE_OK && n == N_MEMBERS);
    CHECK(series[0].n == N_RUNS && series[2].n == N_RUNS);
    deinit(&f);
}

static void labels_leave_out_defaults(void)
{
    struct fixture f;
    init(&f, NULL, NULL);
    struct ridge_rd_member *m = member(&f, 0, 0);
    ridge_kvs_set(&f.arena, &f.runs[0].run.defaults, "gemm.act", "none");
    ridge_kvs_set(&f.arena, &f.runs[0].run.defaults, "cache", "hot");
    static const char *const options[][2] = {{"act", "none"}, {"cache", "cold"}, {"dtype", "f32"}, {"threads", "2"}};
    for (size_t i = 0; i < 4; i++)
        ridge_kvs_set(&f.arena, &m->options, options[i][0], options[i][1]);
    CHECK_STR(ridge_gate_label(&f.arena, &f.runs[0].run, m), "ridge cache=cold f32 2 threads");
    deinit(&f);
}

RIDGE_TEST_MAIN(TEST_ROW(anchors_take_out_what_the_host_did), TEST_ROW(a_library_that_changed_is_no_anchor),
                TEST_ROW(anchors_that_are_new_cost_no_known_spread),
                TEST_ROW(on_the_first_day_a_doubled_latency_is_red), TEST_ROW(the_day_is_a_part_of_the_spread),
                TEST_ROW(another_kernel_is_the_likely_cause), TEST_ROW(bits_of_answers_are_compared_on_equal_inputs),
                TEST_ROW(rules_on_other_figures), TEST_ROW(one_measured_figure_is_no_proof),
                TEST_ROW(gains_that_a_rule_does_not_believe),
                TEST_ROW(a_case_that_is_gone_is_no_pass_where_all_must_be_decided),
                TEST_ROW(a_case_without_a_time_is_told), TEST_ROW(a_case_on_a_shared_core_is_held_against_nothing),
                 TEST_ROW(a_gate_that_compares_nothing_is_no_pass),
                TEST_ROW(one_capped_case_silences_no_other), TEST_ROW(a_limit_is_not_broken_by_one_process),
                TEST_ROW(a_baseline_off_the_level_is_its_own_reference), TEST_ROW(nothing_is_red_where_nothing_can_be_judged),
                TEST_ROW(history_has_one_point_a_run), TEST_ROW(labels_leave_out_defaults))
