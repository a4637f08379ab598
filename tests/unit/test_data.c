#include "ridge_test.h"

#include "data/catalogue.h"
#include "data/result.h"
#include "data/scenario.h"

static void lists_stay_sorted_and_unshared(void)
{
    struct ridge_arena a = {0};
    struct ridge_kvs one = {0};
    ridge_kvs_set(&a, &one, "n", "2");
    ridge_kvs_set(&a, &one, "k", "3");
    ridge_kvs_set(&a, &one, "m", "1");
    struct ridge_kvs two = one; /* a copy by value must not see later sets, nor cause them */
    ridge_kvs_set(&a, &two, "a", "0");
    ridge_kvs_set(&a, &two, "k", "9");
    CHECK_STR(ridge_kvs_text(&a, &one), "k=3,m=1,n=2");
    CHECK_STR(ridge_kvs_text(&a, &two), "a=0,k=9,m=1,n=2");
    CHECK(ridge_kvs_get(&one, "a") == NULL);
    struct ridge_kvs many = {0};
    for (int i = 999; i >= 0; i--)
        ridge_kvs_set(&a, &many, ridge_arena_printf(&a, "%03d", i), "v");
    CHECK(many.n == 1000 && ridge_kvs_get(&many, "500") != NULL);
    CHECK_STR(many.v[0].key, "000");
    struct ridge_kvs copy = ridge_kvs_copy(&a, &many);
    CHECK(copy.n == 1000 && copy.v[7].key != many.v[7].key);
    ridge_arena_deinit(&a);
}

static void selectors_match(void)
{
    struct ridge_arena a = {0};
    struct ridge_kvs kvs = {0};
    ridge_kvs_set(&a, &kvs, "op", "gemm");
    ridge_kvs_set(&a, &kvs, "model", "bert-base");
    ridge_kvs_set(&a, &kvs, "scenario", "open(100,poisson)");
    static const struct {
        const char *text;
        bool want;
    } rows[] = {{"", true},
                {"op=gemm", true},
                {"op=gemm,model=bert-*", true},
                {"op=conv,model=bert-*", false},
                {"layer=", true},
                {"layer=*", false},
                {" op = gemm ", true},
                {"scenario=open(100,poisson),op=g*", true}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ridge_selector s;
        CHECK(ridge_selector_parse(&a, rows[i].text, &s, NULL) == RIDGE_OK);
        CHECK(ridge_selector_match(&s, &kvs) == rows[i].want);
    }
    static const char *const bad[] = {"gemm", "=x", "a=1,", "a=1,a=2", ","};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ridge_selector s;
        struct ridge_error err = {0};
        CHECK(ridge_selector_parse(&a, bad[i], &s, &err) == RIDGE_ERR_CONFIG &&
              err.text[0] != '\0');
    }
    ridge_arena_deinit(&a);
}

static const char *const dtypes[] = {"f32", "f16", NULL};
struct shape {
    int64_t m, pause_ns, cap_bytes;
    double alpha;
    int32_t trans, dtype;
    char tag[RIDGE_OPTION_STRING_MAX];
};
#define AT(field) .offset = offsetof(struct shape, field)
static const struct ridge_option_row shape_rows[] = {
    {.key = "m",
     .kind = RIDGE_KIND_INT,
     AT(m),
     .min = 1,
     .max = 65536,
     .unit = "elements",
     .help = "rows"},
    {.key = "pause", .kind = RIDGE_KIND_DURATION_NS, AT(pause_ns), .def = "1 ms"},
    {.key = "cap", .kind = RIDGE_KIND_BYTES, AT(cap_bytes), .def = "2 MiB"},
    {.key = "alpha", .kind = RIDGE_KIND_REAL, AT(alpha), .def = "1"},
    {.key = "trans", .kind = RIDGE_KIND_BOOL, AT(trans), .def = "false"},
    {.key = "dtype", .kind = RIDGE_KIND_ENUM, AT(dtype), .def = "f32", .names = dtypes},
    {.key = "tag", .kind = RIDGE_KIND_STRING, AT(tag), .def = ""},
};
enum { N_ROWS = sizeof shape_rows / sizeof shape_rows[0] };

static void canonical_texts_parse_again(void)
{
    static const struct {
        size_t i_row;
        const char *in, *want;
    } cases[] = {{0, "+512", "512"},      {1, "400 ms", "400000000ns"},
                 {2, "2 MiB", "2097152"}, {3, "0.10", "0.1"},
                 {3, "-0.0", "0"},        {3, "3.0000000000000004", "3.0000000000000004"},
                 {4, "yes", "true"},      {5, "f16", "f16"},
                 {6, "a b", "a b"}};
    struct ridge_arena a = {0};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *once = NULL, *twice = NULL;
        CHECK(ridge_option_canonical(&a, &shape_rows[cases[i].i_row], cases[i].in, &once, NULL) ==
              RIDGE_OK);
        CHECK_STR(once, cases[i].want);
        CHECK(ridge_option_canonical(&a, &shape_rows[cases[i].i_row], once, &twice, NULL) ==
              RIDGE_OK);
        CHECK_STR(twice, once);
    }
    ridge_arena_deinit(&a);
}

static void fills_structs_and_names_mistakes(void)
{
    struct ridge_arena a = {0};
    struct ridge_kvs kvs = {0};
    struct shape s;
    struct ridge_error err = {0};
    CHECK(ridge_option_fill(shape_rows, N_ROWS, &kvs, false, &s, &err) == RIDGE_ERR_CONFIG);
    CHECK(strstr(err.text, "'m' is required") != NULL);
    ridge_kvs_set(&a, &kvs, "m", "512");
    ridge_kvs_set(&a, &kvs, "dtype", "f16");
    CHECK(ridge_option_fill(shape_rows, N_ROWS, &kvs, false, &s, NULL) == RIDGE_OK);
    CHECK(s.m == 512 && s.pause_ns == 1000000 && s.cap_bytes == 2097152 && s.alpha == 1 &&
          s.trans == 0 && s.dtype == 1);
    static const struct {
        const char *key, *value, *says;
    } bad[] = {{"m", "0", "outside 1 to 65536 elements"},
               {"m", "x", "m: 'x' is not a whole number"},
               {"dtype", "f23", "did you mean 'f32'"},
               {"alhpa", "1", "did you mean 'alpha'"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ridge_kvs with = kvs;
        err = (struct ridge_error){0};
        ridge_kvs_set(&a, &with, bad[i].key, bad[i].value);
        CHECK(ridge_option_fill(shape_rows, N_ROWS, &with, false, &s, &err) == RIDGE_ERR_CONFIG);
        CHECK(strstr(err.text, bad[i].says) != NULL);
    }
    ridge_kvs_set(&a, &kvs, "other", "1");
    CHECK(ridge_option_fill(shape_rows, N_ROWS, &kvs, true, &s, NULL) == RIDGE_OK);
    char big[300];
    memset(big, 'x', sizeof big);
    big[sizeof big - 1] = '\0';
    ridge_kvs_set(&a, &kvs, "tag", big);
    CHECK(ridge_option_fill(shape_rows, N_ROWS, &kvs, true, &s, NULL) == RIDGE_ERR_CONFIG);
    ridge_arena_deinit(&a);
}

static void case_options_have_defaults(void)
{
    struct ridge_case_options o;
    struct ridge_kvs none = {0};
    CHECK(ridge_option_fill(ridge_case_option_rows, ridge_n_case_option_rows, &none, false, &o,
                            NULL) == RIDGE_OK);
    CHECK(o.threads == 1 && o.cache == 0);
    CHECK_STR(o.scenario, "single");
}

static void results_free_their_columns(void)
{
    struct ridge_chunk c = {.n = 2, .n_columns = 1};
    (void)snprintf(c.columns[0].name, sizeof c.columns[0].name, "duration_ns");
    c.columns[0].data = ridge_xmalloc(16);
    CHECK(ridge_chunk_column(&c, "duration_ns") == &c.columns[0]);
    CHECK(ridge_chunk_column(&c, "flags") == NULL);
    ridge_chunk_deinit(&c);
    ridge_chunk_deinit(&c);
    CHECK_STR(ridge_verdict_text(RIDGE_VERDICT_CRASHED), "crashed");
    CHECK_STR(ridge_verdict_text((enum ridge_verdict)99), "unknown");
}

static void scenarios_are_known_or_refused(void)
{
    static const struct {
        const char *text;
        bool want;
        enum ridge_scenario_kind kind;
        int64_t depth;
        double rate_per_s;
        bool is_poisson;
    } rows[] = {{"single", true, RIDGE_SCENARIO_SINGLE, 0, 0, false},
                {"offline", true, RIDGE_SCENARIO_OFFLINE, 0, 0, false},
                {"depth(4)", true, RIDGE_SCENARIO_DEPTH, 4, 0, false},
                {"depth(256)", true, RIDGE_SCENARIO_DEPTH, 256, 0, false},
                {"open(100)", true, RIDGE_SCENARIO_OPEN, 0, 100, true},
                {"open(0.5,poisson)", true, RIDGE_SCENARIO_OPEN, 0, 0.5, true},
                {"open(1e3,constant)", true, RIDGE_SCENARIO_OPEN, 0, 1000, false},
                {"depth(0)", false, 0, 0, 0, false},
                {"depth(257)", false, 0, 0, 0, false},
                {"depth()", false, 0, 0, 0, false},
                {"depth(4", false, 0, 0, 0, false},
                {"open(-1)", false, 0, 0, 0, false},
                {"open(5,uniform)", false, 0, 0, 0, false},
                {"open(1e9)", false, 0, 0, 0, false},
                {"singles", false, 0, 0, 0, false},
                {"", false, 0, 0, 0, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ridge_scenario s;
        struct ridge_error err = {0};
        bool is_known = ridge_scenario_parse(rows[i].text, &s, &err) == RIDGE_OK;
        CHECK(is_known == rows[i].want);
        if (!is_known)
            CHECK(strstr(err.text, "is no scenario; known are single") != NULL);
        else
            CHECK(s.kind == rows[i].kind && s.depth == rows[i].depth && s.rate_per_s == rows[i].rate_per_s &&
                  s.is_poisson == rows[i].is_poisson);
    }
}

static void late_requests_count_from_when_they_were_due(void)
{
    int64_t due[] = {0, 10, 20, 40}, start[] = {0, 10, 50, 40}, duration[] = {5, 8, 6, 4};
    struct ridge_chunk c = {.n = 4, .n_lead_in = 1, .inner_reps = 1, .n_columns = 1};
    double v[3] = {0};
    CHECK(!ridge_chunk_run_ns(&(struct ridge_chunk){.n = 1}, v));
    (void)snprintf(c.columns[0].name, sizeof c.columns[0].name, "duration_ns");
    c.columns[0].data = duration;
    CHECK(ridge_chunk_run_ns(&c, v) && v[0] == 8 && v[1] == 6 && v[2] == 4);
    c.n_columns = 3;
    (void)snprintf(c.columns[1].name, sizeof c.columns[1].name, "due_ns");
    c.columns[1].data = due;
    (void)snprintf(c.columns[2].name, sizeof c.columns[2].name, "start_ns");
    c.columns[2].data = start;
    CHECK(ridge_chunk_run_ns(&c, v) && v[0] == 8 && v[1] == 36 && v[2] == 4);
    c.inner_reps = 2;
    CHECK(ridge_chunk_run_ns(&c, v) && v[0] == 4);
}

RIDGE_TEST_MAIN(TEST_ROW(scenarios_are_known_or_refused), TEST_ROW(late_requests_count_from_when_they_were_due),
                TEST_ROW(lists_stay_sorted_and_unshared), TEST_ROW(selectors_match),
                TEST_ROW(canonical_texts_parse_again), TEST_ROW(fills_structs_and_names_mistakes),
                TEST_ROW(case_options_have_defaults), TEST_ROW(results_free_their_columns))
