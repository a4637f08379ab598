/* Command lines as they are stored: words as a shell reads them, options of a verb; and which stored runs a gate learns from. */
#include "base/text.h"
#include "cli/judge.h"
#include "cli/line.h"
#include "store_fixture.h"

static void words_are_read_as_a_shell_reads_them(void)
{
    static const struct { const char *text, *want[6]; } rows[] = {
        {"", {NULL}},
        {"  \t ", {NULL}},
        {"a  b\tc ", {"a", "b", "c"}},
        {"'a b' \"c d\"", {"a b", "c d"}},
        {"a'b c'\"d e\"f", {"ab cd ef"}},
        {"'' x \"\"", {"", "x", ""}},
        {"'a\"b' \"a'b\"", {"a\"b", "a'b"}},
        {"a\\ b \\'c \\\\", {"a b", "'c", "\\"}},
        {"'a\\' b", {"a\\", "b"}},
        {"'it'\\''s'", {"it's"}},
        {"\"a\\\"b\"", {"a\"b"}},
        {"$'a b' $'it\\'s' $'\\\\'", {"a b", "it's", "\\"}},
        {"$'a\\nb' $'\\t' $'\\x1b[31m' $'\\u202e.'", {"a\nb", "\t", "\x1b[31m", "\xe2\x80\xae."}},
        {"$HOME a$", {"$HOME", "a$"}},
        {"a\\", {"a\\"}}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ridge_arena a = {0};
        const char *const *words = ridge_cli_words(&a, rows[i].text);
        size_t n = 0;
        for (; words[n] != NULL && rows[i].want[n] != NULL; n++)
            CHECK_STR(words[n], rows[i].want[n]);
        CHECK(words[n] == NULL && rows[i].want[n] == NULL);
        ridge_arena_deinit(&a);
    }
}

/* What is written for a shell comes back. */
static void words_survive_being_quoted(void)
{
    static const char *const words[] = {"", "a", "a b", "it's", "=x", "\\", "\"", "$x", "a\nb", "\t", "\x1b[0m 'x' \\", "\x07" "5",
                                        "\xc3\xa4 \xe2\x80\xae", "\xf3\xa0\x80\x81" "f", "*?[", "a;b|c"};
    struct ridge_arena a = {0};
    struct ridge_buf b = {0};
    size_t n = sizeof words / sizeof words[0];
    for (size_t i = 0; i < n; i++) {
        ridge_buf_puts(&b, i > 0 ? " " : "");
        ridge_text_shell(&b, words[i]);
    }
    const char *const *got = ridge_cli_words(&a, b.data);
    size_t n_got = 0;
    for (; n_got < n && got[n_got] != NULL; n_got++)
        CHECK_STR(got[n_got], words[n_got]);
    CHECK(n_got == n && got[n] == NULL);
    ridge_buf_deinit(&b);
    ridge_arena_deinit(&a);
}

static void a_line_has_options_and_operands(void)
{
    struct ridge_arena a = {0};
    struct ridge_cli_line l = ridge_cli_line_read(&a, "ridge ab --a='old dir/w' --b \"new w\" --b-env K=\"a b\" -oout.ridge "
                                                  "--set x=1 --set=y=2 --json --filter '' --rules=a=b -- -suite.json --forks");
    CHECK(ridge_cli_line_is(&l, "ab") && !ridge_cli_line_is(&l, "run"));
    CHECK_STR(ridge_cli_line_value(&l, "--a"), "old dir/w");
    CHECK_STR(ridge_cli_line_value(&l, "--b"), "new w");
    CHECK_STR(ridge_cli_line_value(&l, "--b-env"), "K=a b");
    CHECK_STR(ridge_cli_line_value(&l, "--output"), "out.ridge");
    CHECK_STR(ridge_cli_line_value(&l, "--set"), "y=2"); /* the last one */
    CHECK_STR(ridge_cli_line_value(&l, "--filter"), "");
    CHECK_STR(ridge_cli_line_value(&l, "--rules"), "a=b");
    CHECK(ridge_cli_line_value(&l, "--forks") == NULL && ridge_cli_line_value(&l, "--a-env") == NULL);
    CHECK_STR(ridge_cli_line_operand(&l, 0, "none"), "-suite.json");
    CHECK_STR(ridge_cli_line_operand(&l, 1, "none"), "--forks");
    CHECK_STR(ridge_cli_line_operand(&l, 2, "none"), "none");
    CHECK_STR(l.parts[0].text, "--a='old dir/w'"); /* as it was typed: it can be put into another line */
    CHECK_STR(l.parts[1].text, "--b \"new w\"");
    l = ridge_cli_line_read(&a, "ridge run s.json -o");
    CHECK_STR(ridge_cli_line_operand(&l, 0, "none"), "s.json");
    CHECK(ridge_cli_line_value(&l, "--output") == NULL);
    static const char *const none[] = {NULL, "", "ridge", "ridge nothing x", "other ab x", "'ridge' "};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        l = ridge_cli_line_read(&a, none[i]);
        CHECK(l.verb == NULL && l.n == 0 && !ridge_cli_line_is(&l, "ab") && ridge_cli_line_value(&l, "--a") == NULL);
    }
    ridge_arena_deinit(&a);
}

static void a_line_that_goes_on(void)
{
    static const struct { const char *line, *want; } rows[] = {
        {"ridge run --gate s.json", "ridge run --resume --gate s.json"},
        {"ridge run -- -run.json", "ridge run --resume -- -run.json"},
        {"ridge run --resume s.json", "ridge run --resume s.json"},
        {"ridge run", "ridge run --resume"},
        {"ridge bench null -o x.ridge", NULL},
        {"ridge ab s.json", NULL},
        {"", NULL}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ridge_arena a = {0};
        const char *got = ridge_cli_resume_line(&a, rows[i].line);
        CHECK((got == NULL) == (rows[i].want == NULL));
        if (got != NULL && rows[i].want != NULL)
            CHECK_STR(got, rows[i].want);
        ridge_arena_deinit(&a);
    }
}

/* ---- which stored runs count ---- */

struct odd { /* what is odd about a run; all NULL or 0: nothing */
    const char *command, *fitness, *status, *host_class, *case_id;
    uint64_t seed;
};

static int64_t write_run(struct fixture *f, struct ridge_store *s, int64_t at, const struct odd *odd)
{
    struct ridge_error err = {0};
    int64_t run = 0;
    (void)snprintf(f->cases[0].id, sizeof f->cases[0].id, "%s", odd->case_id != NULL ? odd->case_id : "0000000000000000");
    f->cases[0].canonical = odd->case_id != NULL ? odd->case_id : "c0";
    f->info.command = odd->command != NULL ? odd->command : "ridge run --gate s.json";
    f->info.host_class = odd->host_class != NULL ? odd->host_class : "vm";
    f->info.seed = odd->seed != 0 ? odd->seed : 1;
    f->info.started_utc_ns = at;
    CHECK(ridge_store_begin_run(s, &f->info, &run, &err) == RIDGE_OK);
    CHECK(ridge_store_end_run(s, run, odd->status != NULL ? odd->status : "complete", odd->fitness != NULL ? odd->fitness : "quiet", "",
                              &err) == RIDGE_OK);
    CHECK_STR(err.text, "");
    return run;
}

static const struct odd odds[] = {{.case_id = "other suite"},
                                  {.seed = 2},
                                  {.fitness = "unfit"},
                                  {.status = "interrupted"},
                                  {.host_class = "another"},
                                  {.command = "ridge ab --a old s.json"},
                                  {.command = "ridge ab --a-env X=1 --b new s.json"}};
static const struct odd fine[] = {{.fitness = "noisy"}, {.command = "ridge ab --b new s.json"}, {.command = NULL}};
enum { N_ODD = sizeof odds / sizeof odds[0], N_FINE = sizeof fine / sizeof fine[0], N_SIDE = 25, MOST = 20 };

/* 25 good runs on either side of the baseline, each with all odd ones behind it: those push no good one out. */
static void the_last_twenty_that_tell_something_on_either_side(void)
{
    struct fixture f;
    struct ridge_store *s;
    struct ridge_rd_run base;
    struct ridge_gate_run *got = NULL;
    struct ridge_error err = {0};
    int64_t good[2 * N_SIDE + 1], at = 0;
    size_t n = 0;
    fx_init(&f, "chosen");
    CHECK(ridge_store_open(f.path, true, &s, &err) == RIDGE_OK);
    for (size_t i = 0; i < 2 * N_SIDE; i++) {
        good[i] = write_run(&f, s, ++at, &fine[i % N_FINE]);
        for (size_t k = 0; k < N_ODD; k++)
            (void)write_run(&f, s, ++at, &odds[k]);
    }
    CHECK(ridge_read_run(s, &f.arena, "last", &base, &err) == RIDGE_OK);
    char name[24];
    (void)snprintf(name, sizeof name, "%" PRId64, good[N_SIDE - 1]);
    CHECK(ridge_read_run(s, &f.arena, name, &base, &err) == RIDGE_OK);
    const struct ridge_gate_run like = {.run = base};
    const struct ridge_cli_runs wanted = {"vm", &like, 1, true, at + 1, base.started_utc_ns, MOST};
    CHECK(ridge_cli_load_runs(s, &f.arena, &wanted, &got, &n, &err) == RIDGE_OK);
    CHECK(n == 2 * MOST);
    for (size_t i = 0; i < n && n == 2 * MOST; i++) /* the last 20 of either 25, oldest first */
        CHECK(got[i].run.id == good[i < MOST ? N_SIDE - MOST + i : N_SIDE + N_SIDE - 2 * MOST + i]);
    const struct ridge_cli_runs before = {"vm", &like, 1, true, base.started_utc_ns, base.started_utc_ns, MOST}; /* none from here on */
    CHECK(ridge_cli_load_runs(s, &f.arena, &before, &got, &n, &err) == RIDGE_OK && n == MOST);
    CHECK(n == MOST && got[MOST - 1].run.id == good[N_SIDE - 2]);
    const struct ridge_cli_runs any = {NULL, NULL, 0, false, at + 1, at, 1000}; /* all but old builds and parts of runs */
    CHECK(ridge_cli_load_runs(s, &f.arena, &any, &got, &n, &err) == RIDGE_OK && n == 2 * N_SIDE * (1 + N_ODD - 3));
    CHECK_STR(err.text, "");
    ridge_store_close(s);
    fx_deinit(&f);
}

RIDGE_TEST_MAIN(TEST_ROW(words_are_read_as_a_shell_reads_them), TEST_ROW(words_survive_being_quoted),
                TEST_ROW(a_line_has_options_and_operands), TEST_ROW(a_line_that_goes_on),
                TEST_ROW(the_last_twenty_that_tell_something_on_either_side))
