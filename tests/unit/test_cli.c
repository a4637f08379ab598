/* The command line's rows: parsing, help, tables. */
#include "base/os.h"
#include "cli/cli.h"
#include "cli/judge.h"
#include "cli/rows.h"
#include "ridge_test.h"

#include <unistd.h>

static struct ridge_cli_args parse(const char *verb, char **words, bool *ok)
{
    struct ridge_cli_args args = {.verb = ridge_cli_verb_find(verb)};
    int n = 0;
    while (words[n] != NULL)
        n++;
    *ok = ridge_cli_parse(&args, n, words);
    return args;
}

static void takes_flags_in_every_form(void)
{
    char *words[] = {"-o", "a.ridge", "suite.json", "--set=forks=5", "--set", "rounds=9", "--json", NULL};
    bool ok;
    struct ridge_cli_args a = parse("run", words, &ok);
    const char *set[RIDGE_CLI_MAX_VALUES + 1];
    CHECK(ok);
    CHECK_STR(a.operands[0], "suite.json");
    CHECK_STR(ridge_cli_value(&a, "--output"), "a.ridge");
    CHECK(ridge_cli_value(&a, "--json") != NULL);
    CHECK(ridge_cli_value(&a, "--report") == NULL);
    CHECK(ridge_cli_values(&a, "--set", set) == 2);
    CHECK_STR(set[0], "forks=5");
    CHECK_STR(set[1], "rounds=9");
    CHECK(set[2] == NULL);
}

static void refuses_what_it_does_not_know(void)
{
    char *unknown[] = {"--reprot", "x", NULL}, *missing[] = {"--report", NULL}, *many[] = {"a", "b", NULL};
    char *value[] = {"--json=yes", NULL}, *after[] = {"--", "--not-a-flag", NULL};
    bool ok;
    (void)parse("run", unknown, &ok);
    CHECK(!ok);
    (void)parse("run", missing, &ok);
    CHECK(!ok);
    (void)parse("run", many, &ok);
    CHECK(!ok);
    (void)parse("run", value, &ok);
    CHECK(!ok);
    struct ridge_cli_args a = parse("run", after, &ok);
    CHECK(ok);
    CHECK_STR(a.operands[0], "--not-a-flag");
}

static void every_verb_has_its_rows(void)
{
    for (size_t i = 0; i < ridge_cli_n_verbs; i++) {
        const struct ridge_cli_verb *v = &ridge_cli_verbs[i];
        CHECK(v->examples != NULL && v->examples[0] != NULL);
        CHECK(v->run != NULL && v->doc[0] != '\0');
        char *words[] = {"--help", NULL};
        bool ok;
        struct ridge_cli_args a = parse(v->name, words, &ok);
        CHECK(ok && ridge_cli_is_help(&a));
    }
}

static void exit_codes_are_the_documented_ones(void)
{
    CHECK(ridge_cli_exit_code(RIDGE_OK) == 0);
    CHECK(ridge_cli_exit_code(RIDGE_ERR_CONFIG) == 2);
    CHECK(ridge_cli_exit_code(RIDGE_ERR_PROTOCOL) == 3);
    CHECK(ridge_cli_exit_code(RIDGE_ERR_UNFIT) == 4);
    CHECK(ridge_cli_exit_code(RIDGE_ERR_DB) == 5);
    CHECK(ridge_cli_exit_code(RIDGE_ERR_INTERRUPTED) == 130);
}

static void rows_print_as_text_and_json(void)
{
    struct ridge_rows t = {.columns = {"name", "what", NULL}};
    const char *one[] = {"a", "first \x1b[31m"}, *two[] = {"longer", NULL};
    struct ridge_buf text = {0}, json = {0};
    ridge_rows_add(&t, one);
    ridge_rows_add(&t, two);
    ridge_rows_text(&t, &text);
    ridge_rows_json(&t, &json);
    CHECK(strchr(text.data, '\x1b') == NULL);
    CHECK(strstr(text.data, "longer\n") != NULL);
    CHECK(strstr(json.data, "{\"name\": \"longer\", \"what\": \"\"}") != NULL);
    ridge_buf_deinit(&text);
    ridge_buf_deinit(&json);
    ridge_rows_deinit(&t);
}

/* A cell longer than its column still ends before the next one begins. */
static void long_cells_keep_their_distance(void)
{
    struct ridge_rows t = {.columns = {"name", "version", "what", NULL}};
    char longest[80];
    memset(longest, 'v', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    const char *one[] = {"a", longest, "yes"};
    struct ridge_buf text = {0};
    ridge_rows_add(&t, one);
    ridge_rows_text(&t, &text);
    CHECK(strstr(text.data, "vv  yes\n") != NULL);
    CHECK(strstr(text.data, "a     vv") != NULL);
    ridge_buf_deinit(&text);
    ridge_rows_deinit(&t);
}

/* A default that the suite's settings know is taken from there, not written a second time. */
static void defaults_come_from_the_settings(void)
{
    size_t n = 0;
    for (size_t i = 0; i < ridge_cli_n_verbs; i++) {
        for (size_t j = 0; j < ridge_cli_verbs[i].n_options; j++) {
            const struct ridge_cli_option *o = &ridge_cli_verbs[i].options[j];
            if (o->def == NULL || o->def[0] != '@')
                continue;
            n++;
            CHECK(ridge_cli_default(o) != NULL && ridge_cli_default(o)[0] != '@');
        }
    }
    CHECK(n >= 3);
    const struct ridge_cli_option rounds = {.flag = "--rounds", .def = "@rounds"}, plain = {.flag = "-x", .def = "x"};
    CHECK_STR(ridge_cli_default(&rounds), "7");
    CHECK_STR(ridge_cli_default(&plain), "x");
}

/* Each line measures the case into a file of its own and ends in the verb that judged it; no file of the first time is written. */
static void again_judges_as_it_was_judged(void)
{
    static const struct { const char *mode, *measured, *judged; int64_t base_run_id; const char *kind, *case_id, *want; } rows[] = {
        {"ab", "ridge ab --a old --b 'new build' --rules r.json --json --summary s.md -o x.ridge 's 1.json'", NULL, -1, "paired", "c7",
         "ridge ab --a old --b 'new build' --rules r.json --output again.ridge --filter case=c7 's 1.json'"},
        {"gate", "ridge run --gate --filter op=gemm --report=r.html -ox.ridge --set 'note=it'\\''s --json' -- -s.json",
         "ridge gate --rules r.json --junit j.xml x.ridge", 1, "unpaired", "c7",
         "ridge run --gate --set 'note=it'\\''s --json' --output again.ridge --filter case=c7 -- -s.json && "
         "ridge gate --baseline x.ridge:main --rules r.json again.ridge"},
        {"gate", "ridge run --gate s.json", "ridge gate --baseline old.ridge:v1", -1, "unpaired", "c7",
         "ridge run --gate --output again.ridge --filter case=c7 s.json && ridge gate --baseline old.ridge:v1 again.ridge"},
        {"gate", "ridge run --gate s.json", "ridge gate --baseline none --rules r.json", -1, "exists", "",
         "ridge run --gate --output again.ridge --filter 'op=gemm,m=5*' s.json && ridge gate --baseline none --rules r.json again.ridge"},
        {"gate", "ridge run --gate s.json", "ridge gate --a old --b new --b-env X=1 --rules r.json --report r.html", 1, "unpaired", "c7",
         "ridge ab --a old --b new --b-env X=1 --set forks=9 --rules r.json --output again.ridge --filter case=c7 /dev/null"},
        {"gate", "ridge run --gate s.json", "ridge gate --b new --rules r.json", 1, "limit", "c7",
         "ridge run --gate --output again.ridge --filter case=c7 s.json && ridge gate --baseline results.ridge:main --rules r.json again.ridge"},
        {"rejudge", "ridge ab --b new s.json --rules mild.json", "ridge rejudge --rules strict.json", -1, "paired", "c7",
         "ridge ab --b new --rules strict.json --output again.ridge --filter case=c7 s.json"},
        {"rejudge", "ridge run --gate s.json --resume", "ridge rejudge --rules strict.json --run 3", 1, "unpaired", "c7",
         "ridge run --gate --output again.ridge --filter case=c7 s.json && "
         "ridge gate --baseline results.ridge:main --rules strict.json again.ridge"},
        {"compare", "ridge run s.json", "ridge compare last~1 last --summary s.md", -1, "unpaired", "c7",
         "ridge run --output again.ridge --filter case=c7 s.json && ridge compare 'results.ridge:last~1' again.ridge:last"},
        {"compare", "ridge run s.json", "ridge compare last --a backend=blis --b backend=ridge", -1, "paired", "c7",
         "ridge run --output again.ridge --filter case=c7 s.json && ridge compare again.ridge:last --a backend=blis --b backend=ridge"}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ridge_arena a = {0};
        struct ridge_gate_run run = {.run = {.command = rows[i].measured, .suite_path = "/dev/null", .set_words = " --set forks=9"}};
        struct ridge_judged row = {.kind = rows[i].kind, .case_id = rows[i].case_id, .subject = "op=gemm,m=5*", .again = "",
                                   .verdict = RIDGE_CHANGE_REGRESSED};
        struct ridge_judgement j = {.mode = rows[i].mode, .command = rows[i].judged != NULL ? rows[i].judged : rows[i].measured,
                                    .base_run_id = rows[i].base_run_id, .rows = &row, .n_rows = 1};
        ridge_cli_put_again(&a, &run, &j);
        CHECK_STR(row.again, rows[i].want);
        ridge_arena_deinit(&a);
    }
}

/* A row of one side of two cases: its command must measure the other side too, or there is nothing to hold it against. */
static void again_of_two_cases_measures_both(void)
{
    static const struct { const char *command, *kind, *case_id, *want; } rows[] = {
        {"ridge ab --option threads=1,2 s.json", "paired", "c2", "op=gemm,k=64,m=512"},
        {"ridge ab --option threads=1,2 s.json", "metric", "c2", "op=gemm,k=64,m=512"},
        {"ridge ab --option threads=1,2 s.json", "limit", "c2", "op=gemm,k=64,m=512"},
        {"ridge ab --option threads=1,2 s.json", "answer", "c2", "op=gemm,k=64,m=512"},
        {"ridge ab --option threads=1,2 s.json", "aa", "c2", "op=gemm,k=64,m=512"},
        {"ridge ab --option threads=1,2 s.json", "exists", "", NULL},
        {"ridge compare last --a backend=blis --b backend=ridge", "metric", "c2", "op=gemm,k=64,m=512"}};
    struct ridge_kv shape[] = {{"k", "64"}, {"m", "512"}};
    struct ridge_rd_member members[] = {{.i_member = 0, .case_id = "c1", .op = "gemm", .shape = {shape, 2, 0}},
                                        {.i_member = 1, .case_id = "c2", .op = "gemm", .shape = {shape, 2, 0}}};
    struct ridge_rd_group group = {.members = members, .n_members = 2};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ridge_arena a = {0};
        struct ridge_gate_run run = {.run = {.command = "ridge ab --option threads=1,2 s.json"}, .groups = &group, .n_groups = 1};
        const struct ridge_judged pair = {.kind = "paired", .case_id = "c2", .subject = "gemm", .again = "", .i_member = 1};
        struct ridge_judged both[2] = {pair, pair};
        both[1].kind = rows[i].kind;
        both[1].case_id = rows[i].case_id;
        both[1].subject = "threads=2";
        both[1].i_member = rows[i].case_id[0] != '\0' ? 1 : -1;
        both[1].i_member_base = strcmp(rows[i].kind, "paired") == 0 ? 0 : -1;
        struct ridge_judgement j = {.mode = i < 6 ? "ab" : "compare", .command = rows[i].command, .base_run_id = -1, .rows = both,
                                    .n_rows = 2};
        ridge_cli_put_again(&a, &run, &j);
        const char *filter = strstr(both[1].again, " --filter ");
        CHECK((filter != NULL) == (rows[i].want != NULL));
        CHECK(filter == NULL || strncmp(filter + 10, rows[i].want, strlen(rows[i].want)) == 0);
        ridge_arena_deinit(&a);
    }
}

static size_t size_of(const char *folder, const char *name) /* 0: there is none */
{
    char path[4200];
    struct ridge_buf b = {0};
    struct ridge_error err = {0};
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    size_t n = ridge_os_read_file(path, 1u << 20, &b, &err) == RIDGE_OK ? b.n : 0;
    ridge_buf_deinit(&b);
    return n;
}

static void a_shorter_summary_leaves_no_old_part(void)
{
    enum { N = 40, MOST = 2000 };
    char folder[4096], path[4200], foreign[4200];
    struct ridge_judged rows[N];
    struct ridge_error err = {0};
    for (size_t i = 0; i < N; i++)
        rows[i] = (struct ridge_judged){.case_id = "c", .subject = "gemm:m=512,n=512,k=512", .label = "ridge", .metric = "time_ns",
                                        .kind = "paired", .ratio = 1, .low = 1, .high = 1, .why = "", .again = ""};
    struct ridge_judgement j = {.mode = "ab", .baseline = "main", .banner = "PASS", .why = "", .advice = "", .rows = rows, .n_rows = N};
    CHECK(ridge_cli_temporary_folder("summary", folder, sizeof folder));
    (void)snprintf(path, sizeof path, "%s/s.md", folder);
    (void)snprintf(foreign, sizeof foreign, "%s/s.2.md", folder);
    CHECK(ridge_cli_write_summary(&j, path, MOST) == RIDGE_EXIT_OK);
    CHECK(size_of(folder, "s.md") > 0 && size_of(folder, "s.md") <= MOST && size_of(folder, "s.2.md") > 0);
    CHECK(size_of(folder, "s.3.md") > 0);
    CHECK(ridge_cli_write_summary(&j, path, 1u << 20) == RIDGE_EXIT_OK);
    CHECK(size_of(folder, "s.md") > MOST && size_of(folder, "s.2.md") == 0 && size_of(folder, "s.3.md") == 0);
    CHECK(ridge_os_write_file(foreign, "mine", 4, &err) == RIDGE_OK);
    CHECK(ridge_cli_write_summary(&j, path, 1u << 20) == RIDGE_EXIT_OK);
    CHECK(size_of(folder, "s.2.md") == 4); /* another's file */
    (void)unlink(foreign);
    (void)unlink(path);
    CHECK(rmdir(folder) == 0);
}

RIDGE_TEST_MAIN(TEST_ROW(takes_flags_in_every_form), TEST_ROW(refuses_what_it_does_not_know),
                TEST_ROW(every_verb_has_its_rows), TEST_ROW(exit_codes_are_the_documented_ones),
                TEST_ROW(rows_print_as_text_and_json), TEST_ROW(long_cells_keep_their_distance),
                TEST_ROW(defaults_come_from_the_settings),
                TEST_ROW(again_judges_as_it_was_judged), TEST_ROW(again_of_two_cases_measures_both),
                TEST_ROW(a_shorter_summary_leaves_no_old_part))
