/* The gate file: what its rules mean, the mistakes that are told, and what is stored of it. */
#include "gate/prior.h"
#include "gate/rows.h"
#include "ridge_test.h"

struct fixture {
    struct ridge_arena arena;
    struct ridge_gate_rules rules;
    struct ridge_buf errors;
};

static enum ridge_status load(struct fixture *f, const char *text)
{
    struct ridge_error err = {0};
    *f = (struct fixture){0};
    return ridge_gate_rules_load(&f->arena, "rules", text, &f->rules, &f->errors, &err);
}

static void deinit(struct fixture *f)
{
    ridge_buf_deinit(&f->errors);
    ridge_arena_deinit(&f->arena);
}

/* A figure without noise, of two runs; how many rows it got. */
static size_t judge(struct fixture *f, const char *metric, double old, double now, struct ridge_judged *row)
{
    struct ridge_metric x = {.name = metric, .value = old, .source = "declared", .unit = "B", .rule = "", .low = NAN, .high = NAN}, y = x;
    struct ridge_rd_member base = {.case_id = "c0", .subject = "gemm", .op = "gemm", .backend = "ridge", .device = "cpu",
                                   .target = "local", .arm = "main", .model = "", .layer = "", .verdict = "ok", .reason = "",
                                   .n_forks = 5, .metrics = &x, .n_metrics = 1}, member = base;
    const struct ridge_gate_run run = {.run = {.id = 2}};
    const struct ridge_gate_pair pair = {&base, &member, 1, false};
    struct ridge_judgement j = {.base_run_id = -1};
    struct ridge_error err = {0};
    y.value = now;
    member.metrics = &y;
    CHECK(ridge_gate_pair_metrics(&f->arena, &run, &pair, &f->rules, 0.05, &j, &err) == RIDGE_OK);
    if (j.n_rows > 0)
        *row = j.rows[0];
    return j.n_rows;
}

static void a_rule_says_which_way_is_better(void)
{
    static const struct { const char *metric, *rest; double old, now; enum ridge_change want; } rows[] = {
        {"flop", ", \"direction\": \"lower\"", 100, 150, RIDGE_CHANGE_REGRESSED},
        {"flop", ", \"direction\": \"lower\"", 0, 150, RIDGE_CHANGE_REGRESSED},
        {"flop", ", \"direction\": \"higher\"", 100, 150, RIDGE_CHANGE_IMPROVED},
        {"flop", ", \"direction\": \"higher\"", 150, 100, RIDGE_CHANGE_REGRESSED},
        {"flop", ", \"direction\": \"higher\"", 150, 0, RIDGE_CHANGE_REGRESSED},
        {"flop", ", \"direction\": \"higher\"", 0, 150, RIDGE_CHANGE_IMPROVED},
        {"packed_bytes", "", 100, 150, RIDGE_CHANGE_REGRESSED},
        {"packed_bytes", "", 100, 0, RIDGE_CHANGE_IMPROVED},
        {"packed_bytes", "", 0, 0, RIDGE_CHANGE_OK},
        {"packed_bytes", ", \"direction\": \"higher\"", 100, 150, RIDGE_CHANGE_IMPROVED},
        {"throughput_per_s", "", 100, 150, RIDGE_CHANGE_IMPROVED},
        {"throughput_per_s", ", \"direction\": \"lower\"", 100, 150, RIDGE_CHANGE_REGRESSED}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        struct ridge_judged row = {0};
        char text[200];
        (void)snprintf(text, sizeof text, "{\"rules\": [{\"metric\": \"%s\", \"margin\": \"10 %%\"%s}]}", rows[i].metric, rows[i].rest);
        CHECK(load(&f, text) == RIDGE_OK);
        CHECK(judge(&f, rows[i].metric, rows[i].old, rows[i].now, &row) == 1);
        CHECK_STR(ridge_change_text(row.verdict), ridge_change_text(rows[i].want));
        deinit(&f);
    }
}

static void the_last_rule_that_matches_wins(void)
{
    struct fixture f;
    struct ridge_judged row = {0};
    CHECK(load(&f, "{\"rules\": [{\"metric\": \"packed_bytes\", \"margin\": \"10 %\"},"
                   " {\"cases\": \"backend=ridge\", \"metric\": \"packed_bytes\", \"margin\": \"60 %\"},"
                   " {\"cases\": \"backend=ridge\", \"metric\": \"packed_bytes\", \"max\": \"1 GiB\"},"
                   " {\"cases\": \"backend=onednn\", \"metric\": \"packed_bytes\", \"margin\": \"1 %\"}]}") == RIDGE_OK);
    CHECK(judge(&f, "packed_bytes", 100, 150, &row) == 1 && row.verdict == RIDGE_CHANGE_OK);
    CHECK_NEAR(row.margin_ratio, 0.6, 1e-12);
    deinit(&f);
}

static void a_rule_has_a_confidence_of_its_own(void)
{
    struct fixture f;
    struct ridge_kvs ridge = {0}, other = {0};
    CHECK(load(&f, "{\"confidence\": \"80 %\", \"rules\": [{\"cases\": \"op=gemm\", \"confidence\": \"90 %\"},"
                   " {\"cases\": \"backend=ridge\", \"confidence\": 0.95}, {\"cases\": \"backend=ridge\", \"margin\": \"2 %\"},"
                   " {\"metric\": \"p99_ns\", \"margin\": \"2 %\", \"confidence\": \"99 %\"}]}") == RIDGE_OK);
    ridge_kvs_set(&f.arena, &ridge, "op", "gemm");
    ridge_kvs_set(&f.arena, &ridge, "backend", "ridge");
    ridge_kvs_set(&f.arena, &other, "op", "gemm");
    CHECK_NEAR(ridge_gate_alpha(&f.rules, &ridge, "time_ns"), 0.025, 1e-12);
    CHECK_NEAR(ridge_gate_alpha(&f.rules, &other, "time_ns"), 0.05, 1e-12);
    CHECK_NEAR(ridge_gate_alpha(&f.rules, &ridge, "p99_ns"), 0.005, 1e-12);
    CHECK_NEAR(ridge_gate_alpha(&f.rules, &ridge, "p50_ns"), 0.1, 1e-12);
    CHECK(ridge_gate_is_percentile("p999_ns") && !ridge_gate_is_percentile("load_ns"));
    deinit(&f);
}

static void mistakes_in_a_rule_are_told(void)
{
    static const struct { const char *rule, *want; } rows[] = {
        {"\"metric\": \"flop\", \"margin\": \"1 %\"",
         "rules:2:12: metric: whether more or less flop is better is not known: give \"direction\""},
        {"\"metric\": \"flop\", \"margin\": \"1 %\", \"direction\": \"up\"", "rules:2:50: direction: 'up' is neither lower nor higher"},
        {"\"metric\": \"flop\", \"margin\": \"1 %\", \"direction\": 1", "rules:2:50: direction: a text is needed here"},
        {"\"metric\": \"flop\", \"max\": 5, \"direction\": \"higher\"", "rules:2:43: direction: it belongs to a margin"},
        {"\"margin\": \"1 %\", \"direction\": \"higher\"", "rules:2:32: direction: less time is better"},
        {"\"direction\": \"lower\"", "rules:2:1: this rule demands nothing"},
        {"\"confidence\": \"40 %\"", "rules:2:16: confidence: '40 %' is no share above 50 %"},
        {"\"metric\": \"p99_ns\", \"max\": \"2 ms\", \"confidence\": \"95 %\"", "rules:2:51: confidence: it belongs to a margin"},
        {"\"metric\": \"load_ns\", \"margin\": \"2 %\", \"confidence\": \"95 %\"",
         "rules:2:54: confidence: load_ns is judged by its stored interval"},
        {"\"marign\": \"2 %\"", "rules:2:2: unknown key \"marign\"; did you mean margin?"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f;
        char text[200];
        (void)snprintf(text, sizeof text, "{\"rules\": [\n{%s}]}", rows[i].rule);
        CHECK(load(&f, text) == RIDGE_ERR_CONFIG);
        bool is_told = f.errors.data != NULL && strstr(f.errors.data, rows[i].want) != NULL;
        if (!is_told)
            CHECK_STR(f.errors.data, rows[i].want);
        deinit(&f);
    }
}

/* A file that leaves something to the defaults is judged by those of the day: they are stored with it. */
static void what_is_stored_holds_the_defaults_that_were_used(void)
{
#define MARGINS "\"memory_margin\": 0.05, \"model_margin\": 0.05, \"confidence\": 0.9, \"looks\": 3"
#define TEXT(x) #x
#define KEY(key, value) "\"" key "\": " TEXT(value)
#define COMPUTE KEY("compute", RIDGE_GATE_PRIOR_COMPUTE)
#define MEMORY KEY("memory", RIDGE_GATE_PRIOR_MEMORY)
#define NONE KEY("none", RIDGE_GATE_PRIOR_NONE)
#define PRIOR "\"prior\": {" COMPUTE ", " MEMORY ", " NONE "}"
    static const struct { const char *file, *want; } rows[] = {
        {NULL, "{\"margin\": 0.03, " MARGINS ", " PRIOR "}"},
        {"{}", "{\"margin\": 0.03, " MARGINS ", " PRIOR "}"},
        {" \n { \"name\": \"\u00e4\",\n\"margin\": 0.02}\n", " \n {" MARGINS ", " PRIOR ",  \"name\": \"\u00e4\",\n\"margin\": 0.02}\n"},
        {"{\"margin\": 0.02, \"name\": \"\u00e4\", \"prior\": {\"memory\": \"20 %\"}}",
         "{" MARGINS ", \"margin\": 0.02, \"name\": \"\u00e4\", \"prior\": {" COMPUTE ", " NONE ", \"memory\": \"20 %\"}}"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct fixture f, again;
        CHECK(load(&f, rows[i].file) == RIDGE_OK);
        CHECK_STR(f.rules.text, rows[i].want);
        CHECK(load(&again, f.rules.text) == RIDGE_OK); /* it says all: nothing is added */
        CHECK_STR(again.rules.text, f.rules.text);
        CHECK_STR(again.rules.sha256, f.rules.sha256);
        deinit(&again);
        deinit(&f);
    }
}

RIDGE_TEST_MAIN(TEST_ROW(a_rule_says_which_way_is_better), TEST_ROW(the_last_rule_that_matches_wins),
                TEST_ROW(a_rule_has_a_confidence_of_its_own), TEST_ROW(mistakes_in_a_rule_are_told),
                TEST_ROW(what_is_stored_holds_the_defaults_that_were_used))
