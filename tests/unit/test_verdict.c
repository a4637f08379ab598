/* The writers of a judgement, with hostile names and with more red cases than a forge shows. */
#include "gate/gate.h"
#include "report.h"
#include "ridge_test.h"

#define HOSTILE "<script>alert(1)</script>\"'|\n::error::x\r\x1b[31m%0A`,"

enum { N_ROWS = 40 };
struct fixture {
    struct ridge_rd_run run;
    struct ridge_judged rows[N_ROWS];
    struct ridge_judgement judgement;
    struct ridge_report_input in;
};

static void init(struct fixture *f, const char *name, enum ridge_change verdict)
{
    memset(f, 0, sizeof *f);
    f->run = (struct ridge_rd_run){.name = name, .status = "complete", .fitness = "quiet", .why = "", .version = "0", .command = "",
                                   .suite_path = "", .suite_text = "", .boot_id = "", .host_class = "", .topology = "",
                                   .statistic = "p10"};
    for (size_t i = 0; i < N_ROWS; i++)
        f->rows[i] = (struct ridge_judged){.case_id = "c", .subject = name, .label = name, .metric = "time_ns",
                                           .kind = i % 8 == 7 ? "aa" : "paired", .verdict = i % 8 == 7 ? RIDGE_CHANGE_OK : verdict,
                                           .ratio = 1.1, .low = 1.09, .high = 1.11, .margin_ratio = 0.03, .p = 0.001,
                                           .detect_ratio = 0.04, .n_forks = 10, .why = name, .again = name};
    f->judgement = (struct ridge_judgement){.mode = "ab", .baseline = name, .rules_name = name, .rules_text = "{}",
                                            .rules_sha256 = "", .command = name, .banner = name, .why = name, .advice = name,
                                            .exit_code = 1, .n_aa = 5, .n_aa_pooled = 5, .aa_upper = 0.45, .detect_ratio = 0.04,
                                            .alpha = 0.05, .n_looks = 1, .rows = f->rows, .n_rows = N_ROWS};
    f->in = (struct ridge_report_input){.run = &f->run, .file = "r.ridge", .judgement = &f->judgement};
}

static size_t count(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *s = text; s != NULL && (s = strstr(s, what)) != NULL; s++)
        n++;
    return n;
}

static char *write(const char *report, const struct ridge_report_input *in, struct ridge_buf *b)
{
    struct ridge_error err = {0};
    const struct ridge_report *r = ridge_report_find(report);
    CHECK(r != NULL);
    if (r != NULL)
        CHECK(r->write(in, b, &err) == RIDGE_OK);
    return b->data != NULL ? b->data : (char *)"";
}

static const char *const writers[] = {"verdict", "verdict-json", "summary", "annotations", "junit", "html"};

static void hostile_names_stay_text(void)
{
    struct fixture f;
    init(&f, HOSTILE, RIDGE_CHANGE_REGRESSED);
    for (size_t i = 0; i < sizeof writers / sizeof writers[0]; i++) {
        struct ridge_buf b = {0};
        const char *text = write(writers[i], &f.in, &b);
        bool is_plain = strcmp(writers[i], "verdict") == 0 || strcmp(writers[i], "annotations") == 0 ||
                        strcmp(writers[i], "summary") == 0;
        CHECK(strchr(text, '\x1b') == NULL);
        CHECK(strchr(text, '\r') == NULL);
        CHECK(count(text, "\n::error::x") == 0);
        if (!is_plain)
            CHECK(count(text, "<script>alert(1)") == 0);
        ridge_buf_deinit(&b);
    }
}

static void a_forge_gets_ten_of_a_kind(void)
{
    static const enum ridge_change kinds[] = {RIDGE_CHANGE_REGRESSED, RIDGE_CHANGE_INCONCLUSIVE, RIDGE_CHANGE_FAILED};
    for (size_t i = 0; i < 3; i++) {
        struct fixture f;
        struct ridge_buf b = {0};
        init(&f, "x", kinds[i]);
        const char *text = write("annotations", &f.in, &b);
        CHECK(count(text, "\n") == 10);
        CHECK(count(text, "and 26 more") == 1); /* 35 rows: nine, and the rest as one line */
        ridge_buf_deinit(&b);
    }
}

static void figures_are_the_rows(void)
{
    struct fixture f;
    struct ridge_buf text = {0}, junit = {0}, summary = {0};
    init(&f, "gemm", RIDGE_CHANGE_REGRESSED);
    f.judgement.n_rows = 1;
    (void)write("verdict", &f.in, &text);
    CHECK(strstr(text.data, "+10.0 %") != NULL && strstr(text.data, "+9.00 % to +11.0 %") != NULL && strstr(text.data, "REGRESSED"));
    CHECK(strstr(text.data, "again: gemm") != NULL && strstr(text.data, "below 45.0 %") != NULL);
    (void)write("junit", &f.in, &junit);
    CHECK(strstr(junit.data, "<testsuites tests=\"2\" failures=\"1\" errors=\"1\"") != NULL); /* and that it cannot judge */
    (void)write("summary", &f.in, &summary);
    CHECK(strstr(summary.data, "| **REGRESSED** | gemm |") != NULL);
    ridge_buf_deinit(&text);
    ridge_buf_deinit(&junit);
    ridge_buf_deinit(&summary);
}

static void a_run_that_was_never_judged(void)
{
    struct fixture f;
    init(&f, "x", RIDGE_CHANGE_OK);
    f.in.judgement = NULL;
    for (size_t i = 0; i < 5; i++) {
        struct ridge_buf b = {0};
        struct ridge_error err = {0};
        CHECK(ridge_report_find(writers[i])->write(&f.in, &b, &err) == RIDGE_ERR_UNSUPPORTED);
        CHECK(strstr(err.text, "ridge gate") != NULL);
        ridge_buf_deinit(&b);
    }
    struct ridge_buf html = {0};
    (void)write("html", &f.in, &html);
    CHECK(strstr(html.data, "id=verdict") == NULL);
    ridge_buf_deinit(&html);
}

/* A limit and a tenth of it: neither a change by a tenth nor one that all bars must make room for. */
static void a_limit_is_no_change(void)
{
    struct fixture f;
    struct ridge_buf b[5] = {{0}};
    init(&f, "gemm", RIDGE_CHANGE_OK);
    f.judgement.n_rows = 2;
    f.judgement.exit_code = 0;
    (void)write("html", &f.in, &b[0]);
    f.rows[1] = (struct ridge_judged){.case_id = "c", .subject = "gemm", .label = "ridge", .metric = "p99_ns", .kind = "limit",
                                      .verdict = RIDGE_CHANGE_OK, .ratio = 0.1, .low = 0.098, .high = 0.102, .margin_ratio = NAN,
                                      .p = NAN, .detect_ratio = NAN, .n_forks = 10, .why = "p99_ns 2 ms, most allowed is 20 ms",
                                      .again = ""};
    static const char *const texts[] = {"verdict", "summary", "html"};
    for (size_t i = 0; i < 3; i++) {
        const char *text = write(texts[i], &f.in, &b[1 + i]);
        CHECK(strstr(text, "9.8 to 10.2 % of the limit") != NULL && strstr(text, "p99_ns 2 ms, most allowed is 20 ms") != NULL);
        CHECK(strstr(text, "x 0.1") == NULL);
    }
    CHECK(count(b[0].data, "<svg class=ci") == 2 && count(b[3].data, "<svg class=ci") == 1);
    const char *before = strstr(b[0].data, "<svg class=ci"), *after = strstr(b[3].data, "<svg class=ci");
    CHECK(strncmp(before, after, strcspn(before, "\n") < 200 ? strcspn(before, "\n") : 200) == 0); /* the same scale */
    const char *json = write("verdict-json", &f.in, &b[4]);
    CHECK(strstr(json, "\"limit\":\"value / limit\"") != NULL && strstr(json, "\"paired\":\"time(new) / time(old)\"") != NULL);
    f.rows[1].low = f.rows[1].high = f.rows[1].ratio = 12.5;
    struct ridge_buf many = {0};
    CHECK(strstr(write("verdict", &f.in, &many), " 12.5 times the limit") != NULL);
    ridge_buf_deinit(&many);
    for (size_t i = 0; i < 5; i++)
        ridge_buf_deinit(&b[i]);
}

static void all_say_what_they_could_see(void)
{
    static const char *const texts[] = {"verdict", "summary", "html"};
    struct fixture f;
    init(&f, "gemm", RIDGE_CHANGE_OK);
    f.judgement.detect_ratio = 1.2;
    f.rows[0].detect_ratio = 0.034;
    for (size_t i = 0; i < 3; i++) {
        struct ridge_buf b = {0};
        CHECK(strstr(write(texts[i], &f.in, &b), "Half of the cases would show a slow-down of 120 % or more") != NULL);
        CHECK(i == 0 || strstr(b.data, "3.4 %") != NULL);
        ridge_buf_deinit(&b);
    }
}

/* No interval: such a control does not count, and yet it was measured. */
static void a_control_of_few_forks_was_measured(void)
{
    static const char *const texts[] = {"verdict", "summary", "html"};
    for (size_t i = 0; i < 6; i++) {
        struct fixture f;
        struct ridge_buf b = {0};
        init(&f, "gemm", RIDGE_CHANGE_OK);
        f.judgement.n_aa = f.judgement.n_aa_pooled = 0;
        f.judgement.n_rows = i < 3 ? N_ROWS : 7; /* the first control is row 7 */
        const char *text = write(texts[i % 3], &f.in, &b);
        CHECK((strstr(text, "A/A control: measured for 5 cases, with too few forks to tell") != NULL) == (i < 3));
        CHECK((strstr(text, "A/A control: none in this run") != NULL) == (i >= 3));
        ridge_buf_deinit(&b);
    }
}

static void tests_of_one_case_have_names_of_their_own(void)
{
    static const char *const kinds[] = {"paired", "limit", "limit", "answer", "metric"};
    static const char *const names[] = {"name=\"ridge time_ns\"", "name=\"ridge time_ns limit\"", "name=\"ridge time_ns limit (2)\"",
                                        "name=\"ridge time_ns answer\"", "name=\"ridge p99_ns\""};
    struct fixture f;
    struct ridge_buf b = {0};
    init(&f, "gemm", RIDGE_CHANGE_OK);
    f.judgement.n_rows = 5;
    for (size_t i = 0; i < 5; i++) {
        f.rows[i].label = "ridge";
        f.rows[i].kind = kinds[i];
        f.rows[i].metric = i == 4 ? "p99_ns" : "time_ns";
    }
    const char *text = write("junit", &f.in, &b);
    for (size_t i = 0; i < 5; i++)
        CHECK(count(text, names[i]) == 1);
    ridge_buf_deinit(&b);
}

/* XML 1.0 has not every character that UTF-8 has. */
static void junit_holds_what_xml_can_hold(void)
{
    struct fixture f;
    struct ridge_buf b = {0};
    init(&f, "a\xEF\xBF\xBF\xEF\xBF\xBE\x01z\xEF\xBF\xBD", RIDGE_CHANGE_FAILED);
    const char *text = write("junit", &f.in, &b);
    CHECK(strstr(text, "\xEF\xBF\xBF") == NULL && strstr(text, "\xEF\xBF\xBE") == NULL && strchr(text, 1) == NULL);
    CHECK(strstr(text, "a\xEF\xBF\xBD\xEF\xBF\xBD\\x01z\xEF\xBF\xBD") != NULL);
    ridge_buf_deinit(&b);
}

static void annotations_say_what_and_how_again(void)
{
    struct fixture f;
    struct ridge_buf b = {0}, told = {0};
    init(&f, "gemm", RIDGE_CHANGE_REGRESSED);
    f.judgement.n_rows = 2;
    f.rows[0].metric = "p99_ns";
    f.rows[0].again = "ridge ab s.json --filter case=c";
    f.rows[1].verdict = RIDGE_CHANGE_INCONCLUSIVE;
    const char *text = write("annotations", &f.in, &b);
    CHECK(strstr(text, "::error title=gemm::gemm REGRESSED: p99_ns +10.0 %25 (+9.00 %25 to +11.0 %25). gemm. Again: ridge ab s.json "
                       "--filter case=c\n") != NULL);
    CHECK(count(text, "::warning ") == 1 && count(text, "\n") == 2);
    f.judgement.mode = "compare"; /* tells, and blames nobody */
    text = write("annotations", &f.in, &told);
    CHECK(count(text, "::notice ") == 2 && count(text, "\n") == 2 && strstr(text, "::error") == NULL);
    ridge_buf_deinit(&b);
    ridge_buf_deinit(&told);
}

/* Every part is a page of its own: a heading, the table's head, whole rows, and where it goes on. */
static void a_long_summary_comes_in_parts(void)
{
    enum { MOST = 4000 };
    struct fixture f;
    size_t i_row = 0, n_parts = 0, n_rows = 0;
    init(&f, "gemm", RIDGE_CHANGE_REGRESSED);
    for (size_t i = 0; i < N_ROWS; i++) {
        f.rows[i].kind = i >= 35 ? "aa" : "paired";
        f.rows[i].verdict = RIDGE_CHANGE_REGRESSED;
    }
    do {
        struct ridge_buf b = {0};
        i_row = ridge_report_summary_part(&f.judgement, i_row, MOST, "s.2.md", &b);
        CHECK(b.n <= MOST && strncmp(b.data, RIDGE_SUMMARY_MARK, strlen(RIDGE_SUMMARY_MARK)) == 0);
        CHECK(count(b.data, "| verdict | case | backend | metric |") == 1 && count(b.data, "Against ") == (n_parts == 0));
        CHECK(count(b.data, "continued in s.2.md") == (i_row < N_ROWS) && b.data[b.n - 1] == '\n');
        CHECK(count(b.data, "<code>gemm</code> |\n") == count(b.data, "| **REGRESSED** |")); /* each red row with its command */
        n_rows += count(b.data, "| **REGRESSED** |");
        n_parts++;
        ridge_buf_deinit(&b);
    } while (i_row < N_ROWS && n_parts < N_ROWS);
    CHECK(n_rows == 35 && n_parts >= 2 && n_parts < 10);
    struct ridge_buf small = {0};
    CHECK(ridge_report_summary_part(&f.judgement, 3, 1, "x", &small) == 4); /* one row at least */
    ridge_buf_deinit(&small);
}

static void conclude(struct fixture *f, struct ridge_arena *a, bool needs_control)
{
    const struct ridge_gate_rules rules = {0};
    const struct ridge_gate_run run = {.run = f->run};
    f->judgement.why = "";
    ridge_gate_conclude(a, &run, &rules, needs_control, &f->judgement);
}

static void a_control_that_fails_takes_back_what_is_red(void)
{
    static const char words[] = "would be REGRESSED, but nothing can be judged here";
    struct ridge_arena a = {0};
    for (int64_t n_out = 3; n_out <= 4; n_out++) {
        struct fixture f;
        size_t n_back = 0;
        init(&f, "gemm", RIDGE_CHANGE_REGRESSED);
        f.rows[7].verdict = RIDGE_CHANGE_REGRESSED; /* of the control: it says why, and stays */
        f.judgement.n_aa_out = n_out;
        f.judgement.n_aa_allowed = 3;
        conclude(&f, &a, true);
        for (size_t i = 0; i < N_ROWS; i++)
            n_back += f.rows[i].verdict == RIDGE_CHANGE_INCONCLUSIVE && strncmp(f.rows[i].why, words, strlen(words)) == 0;
        CHECK(f.judgement.exit_code == (n_out > 3 ? 4 : 1) && n_back == (n_out > 3 ? 35 : 0));
        CHECK_STR(f.judgement.why, n_out > 3 ? "the A/A control failed: 4 of 5 cases of identical code left their margin, at most 3 may"
                                             : "");
        CHECK_STR(f.judgement.banner, n_out > 3 ? "CANNOT JUDGE: 0 of 35 regressed, 0 failed, 0 improved, 0 OK, 35 inconclusive"
                                                : "REGRESSION: 35 of 35 regressed, 0 failed, 0 improved, 0 OK, 0 inconclusive");
        CHECK(strcmp(f.rows[35].kind, "aa") == 0 && f.rows[35].verdict == RIDGE_CHANGE_REGRESSED);
    }
    ridge_arena_deinit(&a);
}

static void a_wrong_answer_needs_no_control(void)
{
    struct fixture f;
    struct ridge_arena a = {0};
    init(&f, "gemm", RIDGE_CHANGE_REGRESSED);
    f.rows[3].kind = "answer";
    f.rows[3].verdict = RIDGE_CHANGE_FAILED;
    f.judgement.n_aa_out = 5;
    f.judgement.n_aa_allowed = 3;
    conclude(&f, &a, true);
    CHECK(f.judgement.exit_code == 1 && strstr(f.judgement.why, "the A/A control failed: 5 of 5 cases") != NULL);
    CHECK_STR(f.judgement.banner, "REGRESSION: 0 of 35 regressed, 1 failed, 0 improved, 0 OK, 34 inconclusive");
    ridge_arena_deinit(&a);
}

/* Of what is settled the largest effect comes first, up or down; of what is open the slowest. */
static void the_largest_effect_comes_first(void)
{
    static const struct { enum ridge_change verdict; double ratio; } in[] = {
        {RIDGE_CHANGE_IMPROVED, 0.96}, {RIDGE_CHANGE_OK, 0.98}, {RIDGE_CHANGE_REGRESSED, 1.1}, {RIDGE_CHANGE_IMPROVED, 0.5},
        {RIDGE_CHANGE_OK, 1.02}, {RIDGE_CHANGE_REGRESSED, 1.4}, {RIDGE_CHANGE_IMPROVED, 0.8}};
    static const double want[] = {1.4, 1.1, 0.5, 0.8, 0.96, 1.02, 0.98};
    enum { N = sizeof in / sizeof in[0] };
    struct fixture f;
    struct ridge_arena a = {0};
    init(&f, "gemm", RIDGE_CHANGE_OK);
    for (size_t i = 0; i < N; i++) {
        f.rows[i].kind = "paired";
        f.rows[i].verdict = in[i].verdict;
        f.rows[i].ratio = in[i].ratio;
    }
    f.judgement.n_rows = N;
    f.judgement.n_aa = 0;
    conclude(&f, &a, false);
    for (size_t i = 0; i < N; i++)
        CHECK_NEAR(f.judgement.rows[i].ratio, want[i], 0);
    ridge_arena_deinit(&a);
}

RIDGE_TEST_MAIN(TEST_ROW(hostile_names_stay_text), TEST_ROW(a_forge_gets_ten_of_a_kind), TEST_ROW(figures_are_the_rows),
                TEST_ROW(a_run_that_was_never_judged), TEST_ROW(a_limit_is_no_change), TEST_ROW(all_say_what_they_could_see),
                TEST_ROW(a_control_of_few_forks_was_measured),
                TEST_ROW(tests_of_one_case_have_names_of_their_own), TEST_ROW(junit_holds_what_xml_can_hold),
                TEST_ROW(annotations_say_what_and_how_again), TEST_ROW(a_long_summary_comes_in_parts),
                TEST_ROW(a_control_that_fails_takes_back_what_is_red), TEST_ROW(a_wrong_answer_needs_no_control),
                TEST_ROW(the_largest_effect_comes_first))
