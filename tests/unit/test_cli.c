/* The command line's rows: parsing, help, tables. */
#include "cli/cli.h"
#include "cli/rows.h"
#include "ridge_test.h"

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

RIDGE_TEST_MAIN(TEST_ROW(takes_flags_in_every_form), TEST_ROW(refuses_what_it_does_not_know),
                TEST_ROW(every_verb_has_its_rows), TEST_ROW(exit_codes_are_the_documented_ones),
                TEST_ROW(rows_print_as_text_and_json), TEST_ROW(long_cells_keep_their_distance),
                TEST_ROW(defaults_come_from_the_settings))
