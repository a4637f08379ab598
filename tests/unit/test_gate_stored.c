/* What a gate against stored runs says of few forks, of baselines of several runs and of new cases, and what rules of one case
 * do to the rows of that case alone. */
#include "gate_fixture.h"

#define NOW (N_RUNS - 1)
#define OLD (N_RUNS - 2)

static void conclude(struct fixture *f)
{
    ridge_gate_conclude(&f->arena, &f->runs[NOW], &f->rules, false, &f->j);
}

/* Only Ridge's own case is judged. */
static void leave_one_case(struct fixture *f)
{
    for (size_t i = 0; i < N_RUNS; i++)
        f->runs[i].groups[0].n_members = 1;
}

static void few_forks_that_count_are_neither_red_nor_green(void)
{
    static const double slower[] = {1, 2};
    for (size_t i = 0; i < 2; i++) {
        struct fixture f;
        init(&f, NULL, NULL);
        slow_down(&f, slower[i]);
        CHECK(judge(&f, NOW, "c0", "time_ns")->verdict == (i == 0 ? RIDGE_CHANGE_OK : RIDGE_CHANGE_REGRESSED));
        member(&f, NOW, 0)->metrics[0].n_forks = 3; /* of the 5 that were measured */
        const struct ridge_judged *r = judge(&f, NOW, "c0", "time_ns");
        CHECK(r->verdict == RIDGE_CHANGE_INCONCLUSIVE && r->n_forks == 3);
        CHECK(says(r->why, "3 forks that count: fewer than 5"));
        CHECK_NEAR(r->ratio, slower[i], 0.01 * slower[i]);
        CHECK(judge(&f, NOW, "c1", "time_ns")->verdict == RIDGE_CHANGE_OK);
        CHECK(ridge_gate_is_disturbed(member(&f, NOW, 0)));
        conclude(&f);
        CHECK(f.j.exit_code == (i == 0 ? 0 : 4));
        CHECK(i == 0 ? f.j.why[0] == '\0' : says(f.j.why, "1 case is over the margin on fewer than 5 forks"));
        CHECK(ridge_judgement_count(&f.j, RIDGE_CHANGE_REGRESSED) == 0);
        deinit(&f);
    }
}

static void few_forks_of_a_baseline_count_where_it_stands_alone(void)
{
    struct fixture f;
    init(&f, NULL, NULL);
    slow_down(&f, 2);
    member(&f, OLD, 0)->metrics[0].n_forks = 3;
    CHECK(judge(&f, NOW, "c0", "time_ns")->verdict == RIDGE_CHANGE_REGRESSED); /* a level of many runs */
    CHECK(judge(&f, 1, "c0", "time_ns")->verdict == RIDGE_CHANGE_INCONCLUSIVE);
    CHECK(says(judge(&f, 1, "c0", "time_ns")->why, "3 forks that count: fewer than 5"));
    deinit(&f);
}

static const struct ridge_judged *judge_against(struct fixture *f, size_t first, size_t n_base, const char *case_id)
{
    struct ridge_error err = {0};
    f->j = (struct ridge_judgement){.base_run_id = -1};
    const struct ridge_gate_stored stored = {&f->runs[first], f->runs, n_base, NOW, true, false};
    CHECK(ridge_gate_unpaired(&f->arena, &f->runs[NOW], &stored, &f->rules, &f->j, &err) == RIDGE_OK);
    CHECK_STR(err.text, "");
    for (size_t i = 0; i < f->j.n_rows; i++)
        if (strcmp(f->j.rows[i].case_id, case_id) == 0)
            return &f->j.rows[i];
    CHECK(!"the case was judged");
    return &f->j.rows[0];
}

static size_t count_rows(const struct fixture *f, const char *case_id)
{
    size_t n = 0;
    for (size_t i = 0; i < f->j.n_rows; i++)
        n += strcmp(f->j.rows[i].case_id, case_id) == 0;
    return n;
}

static void all_runs_of_a_baseline_count(void)
{
    for (size_t is_failed = 0; is_failed < 2; is_failed++) {
        struct fixture f;
        init(&f, NULL, NULL);
        if (is_failed)
            member(&f, OLD - 1, 2)->verdict = "failed";
        else
            f.runs[OLD - 1].groups[0].n_members = 2; /* c2 came with the second */
        member(&f, OLD, 2)->i_member = 7;
        const struct ridge_judged *r = judge_against(&f, OLD - 1, 2, "c2");
        CHECK(r->verdict == RIDGE_CHANGE_OK && r->base_run_id == f.runs[OLD].run.id && r->i_member_base == 7);
        CHECK(count_rows(&f, "c2") == 1 && count_rows(&f, "c0") == 1 && f.j.n_rows == N_MEMBERS);
        CHECK(judge_against(&f, OLD - 1, 2, "c0")->base_run_id == f.runs[OLD - 1].run.id);
        CHECK(strstr(f.j.advice, "no time in the baseline") == NULL);
        f.runs[NOW].groups[0].n_members = 2; /* and it is missed, once, when it is gone */
        CHECK(says(judge_against(&f, OLD - 1, 2, "c2")->why, "the judged run has not") && count_rows(&f, "c2") == 1);
        deinit(&f);
    }
}

static void new_cases_are_counted(void)
{
    struct fixture f;
    init(&f, NULL, NULL);
    (void)judge(&f, NOW, "c0", "time_ns");
    CHECK(strstr(f.j.advice, "no time in the baseline") == NULL);
    f.runs[OLD].groups[0].n_members = 2;
    (void)judge(&f, NOW, "c0", "time_ns");
    CHECK(f.j.n_rows == 2 && says(f.j.advice, "1 case has no time in the baseline and is not judged"));
    f.runs[OLD].groups[0].n_members = 1;
    (void)judge(&f, NOW, "c0", "time_ns");
    CHECK(f.j.n_rows == 1 && says(f.j.advice, "2 cases have no time in the baseline and are not judged"));
    member(&f, NOW, 2)->verdict = "failed"; /* it has no time either: that is told elsewhere */
    (void)judge(&f, NOW, "c0", "time_ns");
    CHECK(says(f.j.advice, "1 case has no time in the baseline and is not judged"));
    deinit(&f);
}

static void load_rules(struct fixture *f, const char *text)
{
    struct ridge_error err = {0};
    struct ridge_buf errors = {0};
    CHECK(ridge_gate_rules_load(&f->arena, "rules", text, &f->rules, &errors, &err) == RIDGE_OK);
    CHECK_STR(err.text, "");
    ridge_buf_deinit(&errors);
}

/* Runs that scatter by 1 %, and no anchor: how far a case must be off depends on the confidence. */
static const double scatter[N_RUNS] = {0, 0.01, -0.01, 0.005, -0.01, 0.01, -0.005, 0.01, 0, 0};
#define SURER "{\"rules\": [{\"cases\": \"backend=ridge\", \"confidence\": \"99.9 %\"}]}"

static void a_surer_rule_opens_its_own_unpaired_row(void)
{
    struct fixture f;
    init(&f, scatter, NULL);
    for (size_t i = 0; i < N_RUNS; i++)
        for (size_t k = 0; k < N_MEMBERS; k++)
            member(&f, i, k)->conditions.n = 0;
    struct ridge_metric *x = &member(&f, NOW, 1)->metrics[0];
    x->value /= 2; /* c1 regresses whatever the confidence is */
    x->low /= 2;
    x->high /= 2;
    for (size_t i = 0; i < 50 && judge(&f, NOW, "c0", "time_ns")->verdict != RIDGE_CHANGE_REGRESSED; i++)
        slow_down(&f, 1.005); /* until the file's confidence just leaves it red */
    const struct ridge_judged red = *judge(&f, NOW, "c0", "time_ns"), other = *judge(&f, NOW, "c1", "time_ns");
    CHECK(red.verdict == RIDGE_CHANGE_REGRESSED && other.verdict == RIDGE_CHANGE_REGRESSED);
    load_rules(&f, SURER);
    const struct ridge_judged open = *judge(&f, NOW, "c0", "time_ns"), same = *judge(&f, NOW, "c1", "time_ns");
    CHECK(open.verdict == RIDGE_CHANGE_INCONCLUSIVE && open.low < red.low && open.high > red.high);
    CHECK_NEAR(open.ratio, red.ratio, 1e-12);
    CHECK(same.verdict == RIDGE_CHANGE_REGRESSED && judge(&f, NOW, "c2", "time_ns")->verdict == RIDGE_CHANGE_OK);
    CHECK_NEAR(same.low, other.low, 1e-12);
    CHECK_NEAR(same.high, other.high, 1e-12);
    load_rules(&f, "{\"confidence\": \"99.9 %\", \"rules\": [{\"cases\": \"backend=ridge\", \"confidence\": \"80 %\"}]}");
    CHECK(judge(&f, NOW, "c0", "time_ns")->verdict == RIDGE_CHANGE_REGRESSED); /* nor does the file's alpha silence a milder rule */
    deinit(&f);
}

/* ---- pairs: two cases, each measured by two arms in the same rounds ---- */

enum { N_PAIRED = 4, N_FORKS = 8, N_ROUNDS = 3 };
static void write_pairs(struct fixture *f)
{
    static const double ns[N_PAIRED] = {1000, 2000, 1000, 2000};
    static int64_t durations[10];
    static const size_t members[N_PAIRED] = {0, 1, 2, 3};
    struct ridge_case cases[2];
    struct ridge_arm arms[2] = {{.name = "main"}, {.name = "b"}};
    struct ridge_member plan_members[N_PAIRED];
    size_t in_group[N_PAIRED] = {0, 1, 2, 3};
    struct ridge_group groups[1] = {{.title = "t", .id = "g0", .members = in_group, .n_members = N_PAIRED}};
    struct ridge_kvs host = {0};
    struct ridge_error err = {0};
    int64_t run = 0;
    for (size_t i = 0; i < 2; i++) {
        cases[i] = (struct ridge_case){.canonical = i ? "c1" : "c0", .subject = "gemm", .op = "gemm", .backend = i ? "onednn" : "ridge",
                                       .device = "cpu", .target = "local", .model = "", .layer = "", .flop = 1e6};
        (void)snprintf(cases[i].id, sizeof cases[i].id, "%016zu", i);
    }
    for (size_t i = 0; i < N_PAIRED; i++)
        plan_members[i] = (struct ridge_member){.i_case = i / 2, .i_arm = i % 2};
    struct ridge_plan plan = {.name = "n", .cases = cases, .n_cases = 2, .arms = arms, .n_arms = 2, .members = plan_members,
                              .n_members = N_PAIRED, .groups = groups, .n_groups = 1, .settings = {.forks = N_FORKS, .statistic = "p10"}};
    struct ridge_run_info info = {.name = "n", .suite_path = "s.json", .suite_text = "{}", .suite_sha256 = "00", .command = "ridge ab",
                                  .version = "0.1", .catalogue_digest = "d", .seed = 1, .started_utc_ns = 5, .host = &host,
                                  .host_class = "vm", .topology = "1 core", .boot_id = "b", .plan = &plan};
    for (size_t i = 0; i < 10; i++)
        durations[i] = 1000;
    CHECK(ridge_store_begin_run(f->store, &info, &run, &err) == RIDGE_OK);
    for (int64_t fork = 0; fork < N_FORKS; fork++) {
        for (size_t i = 0; i < N_PAIRED; i++) {
            struct ridge_process p = {.i_member = i, .fork = fork, .verdict = RIDGE_VERDICT_OK, .clock_name = "tsc", .inner_reps = 1};
            CHECK(ridge_store_process(f->store, run, &p, &err) == RIDGE_OK);
        }
        for (int64_t round = 0; round < N_ROUNDS; round++) {
            struct ridge_chunk c[N_PAIRED];
            for (size_t i = 0; i < N_PAIRED; i++)
                c[i] = (struct ridge_chunk){.fork = fork, .round = round, .order = (int64_t)i, .n = 10, .inner_reps = 1, .n_columns = 1,
                                            .columns = {{"duration_ns", RIDGE_COL_I64, durations}}, .canary_hz = 3e9,
                                            .block_ns = ns[i] * (1 + 0.001 * (double)((fork * 5 + (int64_t)i * 3) % 7))};
            CHECK(ridge_store_round(f->store, run, 0, fork, round, members, c, N_PAIRED, &err) == RIDGE_OK);
        }
        CHECK(ridge_store_fork_end(f->store, run, 0, fork, &err) == RIDGE_OK);
    }
    CHECK(ridge_store_group_end(f->store, run, 0, "forks", NAN, &err) == RIDGE_OK);
    CHECK(ridge_store_end_run(f->store, run, "complete", "quiet", "", &err) == RIDGE_OK);
    CHECK_STR(err.text, "");
}

static struct ridge_judged judge_pair(struct fixture *f, const struct ridge_gate_run *run, const char *backend)
{
    struct ridge_gate_look look = {0};
    struct ridge_error err = {0};
    f->j = (struct ridge_judgement){.base_run_id = -1};
    CHECK(ridge_gate_paired(&f->arena, run, "arm=main", "arm=b", &f->rules, &look, &f->j, &err) == RIDGE_OK);
    CHECK_STR(err.text, "");
    CHECK(f->j.n_rows == 2);
    for (size_t i = 0; i < f->j.n_rows; i++)
        if (strcmp(ridge_kvs_get(f->j.rows[i].keys, "backend"), backend) == 0)
            return f->j.rows[i];
    CHECK(!"the pair was judged");
    return f->j.rows[0];
}

/* 8 forks carry no p below 2^-8: at 99.9 % that is no proof of a doubled time. */
static void a_surer_rule_opens_its_own_paired_row(void)
{
    struct fixture f;
    struct ridge_gate_run run;
    struct ridge_error err = {0};
    init(&f, NULL, NULL);
    write_pairs(&f);
    CHECK(ridge_gate_load(f.store, &f.arena, "last", &run, &err) == RIDGE_OK);
    struct ridge_judged red = judge_pair(&f, &run, "ridge"), other = judge_pair(&f, &run, "onednn");
    CHECK(red.verdict == RIDGE_CHANGE_REGRESSED && other.verdict == RIDGE_CHANGE_REGRESSED);
    load_rules(&f, SURER);
    struct ridge_judged open = judge_pair(&f, &run, "ridge"), same = judge_pair(&f, &run, "onednn");
    CHECK(open.verdict == RIDGE_CHANGE_INCONCLUSIVE && open.n_more_forks > 0 && says(open.why, "8 forks carry no p below"));
    CHECK_NEAR(open.ratio, red.ratio, 1e-12);
    CHECK(same.verdict == RIDGE_CHANGE_REGRESSED);
    CHECK_NEAR(same.low, other.low, 1e-12);
    deinit(&f);
}

static void a_strict_rule_reaches_a_case_that_only_the_baseline_has(void)
{
    static const struct { const char *cases; int exit_code; } rows[] = {{"backend=openblas", 4}, {"backend=onednn", 0}};
    for (size_t i = 0; i < 2; i++) {
        struct fixture f;
        char text[100];
        (void)snprintf(text, sizeof text, "{\"rules\": [{\"cases\": \"%s\", \"inconclusive\": \"fail\"}]}", rows[i].cases);
        init(&f, NULL, text);
        f.runs[NOW].groups[0].n_members = 2;
        CHECK(judge(&f, NOW, "c2", "time_ns")->i_member == -1);
        conclude(&f);
        CHECK(f.j.exit_code == rows[i].exit_code);
        CHECK(i == 0 ? says(f.j.why, "1 case stayed inconclusive, and the gate file does not let that pass") : f.j.why[0] == '\0');
        deinit(&f);
    }
}

static void a_case_alone_that_is_short_of_forks(void)
{
    struct fixture f;
    init(&f, NULL, NULL);
    leave_one_case(&f);
    slow_down(&f, 2);
    member(&f, NOW, 0)->metrics[0].n_forks = 3;
    (void)judge(&f, NOW, "c0", "time_ns");
    conclude(&f);
    CHECK(f.j.exit_code == 4 && says(f.j.why, "3 forks: fewer than 5"));
    deinit(&f);
}

RIDGE_TEST_MAIN(TEST_ROW(few_forks_that_count_are_neither_red_nor_green),
                TEST_ROW(few_forks_of_a_baseline_count_where_it_stands_alone), TEST_ROW(a_case_alone_that_is_short_of_forks),
                TEST_ROW(all_runs_of_a_baseline_count), TEST_ROW(new_cases_are_counted),
                TEST_ROW(a_surer_rule_opens_its_own_unpaired_row), TEST_ROW(a_surer_rule_opens_its_own_paired_row),
                TEST_ROW(a_strict_rule_reaches_a_case_that_only_the_baseline_has))
