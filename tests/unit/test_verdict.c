/* The writers of a judgement, with hostile names and with more red cases than a forge shows. */
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

RIDGE_TEST_MAIN(TEST_ROW(hostile_names_stay_text), TEST_ROW(a_forge_gets_ten_of_a_kind), TEST_ROW(figures_are_the_rows),
                TEST_ROW(a_run_that_was_never_judged))
