/* Reports over a run in memory: the figures they print, and that hostile names come out harmless. */
#include "report_fixture.h"
#include "ridge_test.h"
#include "base/os.h"
#include "view.h"
#include <jansson.h>
#include <string.h>

static struct ridge_buf write_report(const char *name, struct fixture *f)
{
    struct ridge_buf out = {0};
    struct ridge_error err = {0};
    const struct ridge_report *r = ridge_report_find(name);
    CHECK(r != NULL);
    if (r != NULL && r->write(&f->in, &out, &err) != RIDGE_OK && strstr(err.text, "never judged") == NULL) { /* test_verdict.c */
        fprintf(stderr, "%s: %s\n", name, err.text);
        CHECK(0);
    }
    if (out.data == NULL)
        ridge_buf_puts(&out, " ");
    return out;
}

static bool has(const struct ridge_buf *b, const char *text)
{
    return memmem(b->data, b->n, text, strlen(text)) != NULL;
}

static size_t count(const struct ridge_buf *b, const char *text)
{
    size_t n = 0;
    for (const char *p = b->data; (p = strstr(p, text)) != NULL; p += strlen(text))
        n++;
    return n;
}

static bool is_utf8(const struct ridge_buf *b)
{
    json_t *text = json_stringn(b->data, b->n); /* NULL for invalid UTF-8 */
    json_decref(text);
    return text != NULL;
}

static void the_table_reads_like_the_design(void)
{
    struct fixture f;
    fixture_init(&f, 14, 6, true);
    struct ridge_buf b = write_report("table", &f);
    CHECK(has(&b, "gemm m=512 n=512 k=512  f32  1 thread   268 MFLOP   85 FLOP/B          3 forks x 9 rounds\n"));
    CHECK(has(&b, "  onednn            111.7      95 %   2.40 ms   2.41 ms   2.45 ms         -   1.00\n"));
    CHECK(has(&b, "level (0.995 to 1.001)"));
    CHECK(has(&b, "0.93  (0.929 to 0.935)"));
    CHECK(has(&b, "FMA peak"));
    CHECK(has(&b, "unsupported: acl: this CPU is x86-64"));
    CHECK(has(&b, "crashed: crashed(SIGSEGV) in round 2"));
    CHECK(has(&b, "p99 needs 299 samples"));
    CHECK(has(&b, "quiet: steal 0.1 %"));
    CHECK(!has(&b, "\033"));
    ridge_buf_deinit(&b);
    f.in.color = true;
    b = write_report("table", &f);
    CHECK(has(&b, "\033[1m"));
    ridge_buf_deinit(&b);
    ridge_arena_deinit(&f.arena);
}

static void without_flops_there_are_time_columns_only(void)
{
    struct fixture f;
    fixture_init(&f, 1, 3, false);
    for (size_t i = 0; i < 3; i++) {
        struct ridge_rd_member *m = &f.groups[0].members[i];
        m->n_metrics = 4; /* time and percentiles */
        m->flop = 0;
    }
    struct ridge_buf b = write_report("table", &f);
    CHECK(!has(&b, "FLOP") && !has(&b, "of peak") && has(&b, "2.40 ms"));
    ridge_buf_deinit(&b);
    b = write_report("html", &f);
    CHECK(has(&b, "shorter is better") && has(&b, "No subject of this run has both FLOPs"));
    ridge_buf_deinit(&b);
    ridge_arena_deinit(&f.arena);
}

static void nobody_wins_without_a_comparison(void)
{
    struct fixture f;
    struct ridge_view v;
    fixture_init(&f, 2, 3, false);
    f.groups[0].n_comparisons = 0;
    struct ridge_comparison *c = &f.groups[1].comparisons[0]; /* turned round: the same ratio the other way */
    size_t best = c->i_member_b;
    *c = (struct ridge_comparison){.i_member_a = best, .i_member_b = c->i_member_a, .ratio = 1 / c->ratio,
                                   .low = 1 / c->high, .high = 1 / c->low, .note = ""};
    ridge_view_init(&v, &f.in);
    CHECK(v.groups[0].outcome == RIDGE_OUTCOME_OPEN);
    CHECK(v.groups[1].outcome == RIDGE_OUTCOME_WIN);
    CHECK_NEAR(v.groups[1].rows[1].vs, 0.97, 1e-12);
    CHECK_NEAR(v.groups[1].rows[1].vs_low, 0.97 * 0.997, 1e-9);
    CHECK(v.labels[0].n_wins == 1 && v.labels[1].n_behind == 1);
    ridge_view_deinit(&v);
    struct ridge_buf b = write_report("html", &f);
    CHECK(has(&b, "no winner is named"));
    ridge_buf_deinit(&b);
    ridge_arena_deinit(&f.arena);
}

static const char *const hostile[] = {
    "</script><script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "two\nlines\r\nand\ttabs", "=cmd()|' /C calc'!A0",
    "\033]0;owned\007\033[31mred", "bad \xff\xfe\xc3( utf-8 \xed\xa0\x80", "' onmouseover='alert(1)", "a|b`c`[d](e)<f>", "%s%n%d",
};

static void check_hostile(const char *name)
{
    struct fixture f;
    fixture_init(&f, 5, 6, true);
    struct ridge_buf plain = write_report("html", &f);
    size_t n_scripts = count(&plain, "<script"), n_images = count(&plain, "<img");
    ridge_buf_deinit(&plain);
    fixture_poison(&f, name);
    for (size_t i = 0; i < ridge_n_reports; i++) {
        struct ridge_buf b = write_report(ridge_reports[i].name, &f);
        if (!is_utf8(&b) || memchr(b.data, 0x1b, b.n) || memchr(b.data, 7, b.n))
            fprintf(stderr, "report %s:\n", ridge_reports[i].name);
        CHECK(is_utf8(&b));
        CHECK(memchr(b.data, 0x1b, b.n) == NULL);
        CHECK(memchr(b.data, 0x07, b.n) == NULL);
        if (strcmp(ridge_reports[i].name, "html") == 0) {
            CHECK(count(&b, "<script") == n_scripts && count(&b, "</script") == n_scripts);
            CHECK(count(&b, "<img") == n_images);
            char *data = strstr(b.data, "<script type=\"application/json\"");
            CHECK(data != NULL && !strpbrk(data + 60, "\x1b\x07"));
            if (data != NULL) /* a quote is harmless inside the data block */
                *data = '\0', b.n = (size_t)(data - b.data);
            CHECK(!has(&b, " onmouseover='") && !has(&b, "onerror=alert(1)>"));
        }
        if (strcmp(ridge_reports[i].name, "json") == 0 || strcmp(ridge_reports[i].name, "gbench") == 0) {
            json_error_t error;
            json_t *root = json_loadb(b.data, b.n, 0, &error);
            CHECK(root != NULL);
            json_decref(root);
        }
        if (strcmp(ridge_reports[i].name, "csv") == 0)
            CHECK(!has(&b, ",=cmd") && !has(&b, ",\"=cmd") && !has(&b, "\n=cmd"));
        ridge_buf_deinit(&b);
    }
    ridge_arena_deinit(&f.arena);
}

static void hostile_names_come_out_harmless(void)
{
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++)
        check_hostile(hostile[i]);
    char *big = ridge_xmalloc(4097);
    memset(big, '"', 4096);
    big[4096] = '\0';
    check_hostile(big);
    free(big);
}

/* Fields of one CSV line by RFC 4180; *end is left at the line's end. */
static size_t csv_fields(const char *p, const char **end)
{
    size_t n = 1;
    bool quoted = false;
    for (; *p && (quoted || *p != '\n'); p++) {
        quoted ^= *p == '"';
        n += !quoted && *p == ',';
    }
    *end = *p ? p + 1 : p;
    return n;
}

static void csv_lines_have_equal_fields(void)
{
    struct fixture f;
    fixture_init(&f, 3, 6, true);
    fixture_poison(&f, "a,\"b\"\nc");
    struct ridge_buf b = write_report("csv", &f);
    const char *p = b.data;
    size_t n_header = csv_fields(p, &p), n_lines = 0;
    for (; *p; n_lines++)
        CHECK(csv_fields(p, &p) == n_header);
    CHECK(n_lines == 3 * 9);
    ridge_buf_deinit(&b);
    ridge_arena_deinit(&f.arena);
}

static void a_family_sets_each_backend_against_the_best_other(void)
{
    static const char *all[] = {"all", "some"};
    struct fixture f;
    struct ridge_view v;
    fixture_init(&f, 2, 3, false); /* speeds: 1, 0.998, 0.932 and 1, 0.97, 0.932 * 0.98 */
    for (size_t g = 0; g < 2; g++)
        for (size_t i = 0; i < 3; i++) {
            f.groups[g].members[i].families = all;
            f.groups[g].members[i].n_families = i == 0 ? 1 : 2;
        }
    ridge_view_init(&v, &f.in);
    CHECK(v.n_families == 2 && v.families[0].n_groups == 2 && v.families[0].n_contests == 3);
    const struct ridge_view_contest *first = &v.families[0].contests[0], *some = &v.families[1].contests[0];
    CHECK_STR(first->name, "onednn");
    CHECK(first->n == 2 && first->n_shares[0] == 2 && first->n_shares[1] == 0);
    CHECK_NEAR(first->log_sum, log(1 / 0.998) + log(1 / 0.97), 1e-12);
    CHECK_NEAR(first->most, 1 / 0.97, 1e-12);
    CHECK_STR(some->name, "ridge:avx512"); /* of two that are not the group's best */
    CHECK_NEAR(some->log_sum, log(0.998 / 0.932) + log(0.97 / (0.932 * 0.98)), 1e-12);
    CHECK(v.families[1].n_contests == 2);
    ridge_view_deinit(&v);
    struct ridge_buf page = write_report("html", &f), table = write_report("table", &f);
    CHECK(has(&page, "id=families") && has(&table, "Families: speed against the best of the others"));
    ridge_buf_deinit(&page);
    ridge_buf_deinit(&table);
    ridge_arena_deinit(&f.arena);
}

static void json_holds_the_stored_rows(void)
{
    struct fixture f;
    fixture_init(&f, 2, 6, true);
    struct ridge_buf b = write_report("json", &f);
    json_t *root = json_loadb(b.data, b.n, 0, NULL);
    json_t *member = json_array_get(json_object_get(json_array_get(json_object_get(root, "groups"), 0), "members"), 0);
    json_t *p99 = json_object_get(json_object_get(member, "metrics"), "p99_ns");
    CHECK_STR(json_string_value(json_object_get(member, "backend")), "onednn");
    CHECK(json_object_get(p99, "value") == NULL);
    CHECK_STR(json_string_value(json_object_get(p99, "refused")), "p99 needs 299 samples, there are 165");
    CHECK_STR(json_string_value(json_object_get(json_object_get(root, "run"), "seed")), "18446744073709551615");
    json_decref(root);
    ridge_buf_deinit(&b);
    ridge_arena_deinit(&f.arena);
}

static void samples_are_all_exported(void)
{
    struct fixture f;
    fixture_init(&f, 1, 2, false);
    struct ridge_buf b = write_report("ndjson", &f);
    CHECK(count(&b, "\n") == 2 * 3 * 58);
    CHECK(count(&b, "\"lead_in\":true") == 2 * 3 * 3);
    ridge_buf_deinit(&b);
    b = write_report("gbench", &f);
    json_t *root = json_loadb(b.data, b.n, 0, NULL), *list = json_object_get(root, "benchmarks"), *one = json_array_get(list, 4);
    CHECK(json_array_size(list) == 6);
    CHECK_STR(json_string_value(json_object_get(one, "run_type")), "iteration");
    CHECK_STR(json_string_value(json_object_get(one, "time_unit")), "ns");
    CHECK(json_integer_value(json_object_get(one, "repetitions")) == 3);
    CHECK(json_integer_value(json_object_get(one, "repetition_index")) == 1);
    CHECK(json_number_value(json_object_get(one, "real_time")) > 1e6);
    json_decref(root);
    ridge_buf_deinit(&b);
    f.in.read_chunks = NULL; /* and no store: said, not crashed */
    struct ridge_error err = {0};
    CHECK(ridge_report_find("ndjson")->write(&f.in, &b, &err) != RIDGE_OK && err.text[0]);
    ridge_buf_deinit(&b);
    ridge_arena_deinit(&f.arena);
}

/* compare.py pools what has one name: a name and a repetition are met once. */
static void every_benchmark_has_its_name(void)
{
    struct fixture f;
    fixture_init(&f, 20, 6, true);
    f.groups[1].members[0].arm = "new"; /* the same case twice, in two arms */
    f.groups[1].members[1].backend = f.groups[1].members[0].backend;
    struct ridge_buf b = write_report("gbench", &f);
    json_t *root = json_loadb(b.data, b.n, 0, NULL), *list = json_object_get(root, "benchmarks"), *seen = json_object(), *one;
    size_t i;
    json_array_foreach(list, i, one)
    {
        char key[1024];
        (void)snprintf(key, sizeof key, "%s#%lld", json_string_value(json_object_get(one, "name")),
                       (long long)json_integer_value(json_object_get(one, "repetition_index")));
        if (json_object_get(seen, key) != NULL)
            fprintf(stderr, "twice: %s\n", key);
        CHECK(json_object_get(seen, key) == NULL);
        json_object_set_new(seen, key, json_true());
    }
    CHECK(json_array_size(list) > 100);
    json_decref(seen);
    json_decref(root);
    ridge_buf_deinit(&b);
    ridge_arena_deinit(&f.arena);
}

struct flushed {
    size_t n_calls, n_bytes, most_bytes;
    uint64_t hash;
};

static enum ridge_status count_flush(void *self, struct ridge_buf *out, struct ridge_error *err)
{
    struct flushed *c = self;
    (void)err;
    c->n_calls++;
    c->n_bytes += out->n;
    c->most_bytes = out->cap > c->most_bytes ? out->cap : c->most_bytes;
    for (size_t i = 0; i < out->n; i++)
        c->hash = (c->hash ^ (unsigned char)out->data[i]) * 1099511628211u;
    out->n = 0;
    return RIDGE_OK;
}

static enum ridge_status refuse_flush(void *self, struct ridge_buf *out, struct ridge_error *err)
{
    (void)out;
    ++*(size_t *)self;
    return ridge_fail(err, RIDGE_ERR_IO, "", "full");
}

/* However many samples there are, the text in memory stays near 1 MiB, and it is the same text. */
static void samples_are_written_in_bounded_memory(void)
{
    struct fixture f;
    struct flushed c = {0}, whole = {0};
    struct ridge_error err = {0};
    size_t n_refused = 0;
    fixture_init(&f, 60, 6, false);
    struct ridge_buf b = write_report("ndjson", &f), piece = {0};
    size_t n_bytes = b.n;
    CHECK(n_bytes > 5 * RIDGE_REPORT_FLUSH_BYTES);
    (void)count_flush(&whole, &b, NULL);
    ridge_buf_deinit(&b);
    f.in.flush = count_flush;
    f.in.flush_self = &c;
    CHECK(ridge_report_find("ndjson")->write(&f.in, &piece, &err) == RIDGE_OK);
    (void)count_flush(&c, &piece, NULL);
    CHECK(c.n_bytes == n_bytes && c.hash == whole.hash);
    CHECK(c.n_calls == n_bytes / RIDGE_REPORT_FLUSH_BYTES + 1 || c.n_calls == n_bytes / RIDGE_REPORT_FLUSH_BYTES);
    CHECK(c.most_bytes <= 2 * RIDGE_REPORT_FLUSH_BYTES);
    f.in.flush = refuse_flush;
    f.in.flush_self = &n_refused;
    CHECK(ridge_report_find("ndjson")->write(&f.in, &piece, &err) == RIDGE_ERR_IO && n_refused == 1);
    ridge_buf_deinit(&piece);
    ridge_arena_deinit(&f.arena);
}

/* A temporary results file is gone when the page is read: no command names it. */
static void no_command_names_a_file_that_is_gone(void)
{
    struct fixture f;
    fixture_init(&f, 1, 2, false);
    struct ridge_buf b = write_report("html", &f);
    CHECK(has(&b, "ridge export") && has(&b, "results.ridge"));
    ridge_buf_deinit(&b);
    f.in.file = NULL;
    f.run.command = "ridge bench gemm:1x2x3";
    b = write_report("html", &f);
    CHECK(!has(&b, "ridge export") && !has(&b, "results.ridge"));
    CHECK(has(&b, "ridge bench gemm"));
    ridge_buf_deinit(&b);
    ridge_arena_deinit(&f.arena);
}

static void block_statistics_follow_the_rule(void)
{
    int64_t ns[] = {900, 30, 10, 20, 40, 50};
    struct ridge_chunk c = {.n = 6, .n_lead_in = 1, .inner_reps = 10, .n_columns = 1,
                            .columns = {{.name = "duration_ns", .type = RIDGE_COL_I64, .data = ns}}};
    CHECK_NEAR(ridge_view_block_ns(&c, "p10"), 1.0, 1e-12);
    CHECK_NEAR(ridge_view_block_ns(&c, "median"), 3.0, 1e-12);
}

static size_t html_size(size_t n_groups, size_t n_backends)
{
    struct fixture f;
    fixture_init(&f, n_groups, n_backends, false);
    struct ridge_buf b = write_report("html", &f);
    size_t n = b.n;
    ridge_buf_deinit(&b);
    ridge_arena_deinit(&f.arena);
    return n;
}

static void ten_thousand_cases_stay_small(void)
{
    size_t few = html_size(500, 5), many = html_size(2000, 5);
    CHECK(many < 3u << 20);
    CHECK(many - few < 200 * 7500);
    size_t alone_few = html_size(2000, 1), alone_many = html_size(10000, 1);
    CHECK(alone_many < 3u << 20);
    CHECK(alone_many - alone_few < 200 * 8000);
}

static void the_page_is_one_file_and_obeys_its_policy(void)
{
    struct fixture f;
    fixture_init(&f, 14, 6, true);
    struct ridge_buf b = write_report("html", &f);
    CHECK(has(&b, "default-src 'none'"));
    CHECK(!has(&b, " style=") && !has(&b, " src=") && !has(&b, "http://") && !has(&b, "https://") && !has(&b, "url("));
    CHECK(!has(&b, " onclick=") && !has(&b, "@import"));
    CHECK(has(&b, "<b>onednn</b> is clearly the fastest on 4 of 14 subjects"));
    CHECK(has(&b, "ridge bench &#39;gemm:m=512,n=512,k=512&#39;") || has(&b, "ridge bench &apos;gemm") || has(&b, "ridge bench &#x27;gemm"));
    CHECK(has(&b, "Words used here"));
    ridge_buf_deinit(&b);
    ridge_arena_deinit(&f.arena);
}

static void an_unfit_run_says_so_before_it_names_anybody(void)
{
    struct fixture f;
    fixture_init(&f, 14, 6, true);
    f.run.fitness = "unfit";
    struct ridge_buf b = write_report("html", &f);
    CHECK(has(&b, "<b>unfit</b> to judge") && !has(&b, "is clearly the fastest"));
    ridge_buf_deinit(&b);
    ridge_arena_deinit(&f.arena);
}

static void an_empty_run_is_a_page_too(void)
{
    struct fixture f;
    fixture_init(&f, 0, 0, false);
    f.run = (struct ridge_rd_run){.id = 1};
    for (size_t i = 0; i < ridge_n_reports; i++) {
        struct ridge_buf b = write_report(ridge_reports[i].name, &f);
        ridge_buf_deinit(&b);
    }
    ridge_arena_deinit(&f.arena);
}

/* What a CI engineer looks for: the banner, then what is red with its bar, what is OK behind it, the control last. */
static void the_verdict_comes_first(void)
{
    static const char *const order[] = {"id=verdict", "class=\"trust bad\"", "REGRESSION: 3 of 20", "slow-down of 4.1 % or more",
        "aria-label=\"Not OK\"", ">✖ FAILED<", ">x 2.31<", "124 to 130 % of the limit", ">+8.30 %<", "? INCONCLUSIVE", ">-13.0 %<",
        ">-4.50 %<", "<details><summary>13 OK<", "aria-label=\"OK\"", "A/A control</h3>", "aria-label=\"A/A control\"", "id=summary"};
    struct fixture f;
    fixture_init(&f, 14, 6, true);
    fixture_judge(&f);
    struct ridge_buf b = write_report("html", &f);
    const char *at = b.data;
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        const char *next = strstr(at, order[i]);
        CHECK(next != NULL);
        if (next == NULL)
            fprintf(stderr, "not there, or not in its place: %s\n", order[i]);
        at = next != NULL ? next : at;
    }
    /* margins of 3 % on a scale of a quarter: the band from 97.7 to 122.3, the interval of +8.3 % right of it */
    CHECK(has(&b, "<rect class=track x=\"97.7\" width=\"24.6\" height=16 />"));
    CHECK(has(&b, "<path class=w d=\"M138.6 4v8m0-4H147.7m0-4v8\"/><circle class=dot cx=\"143.2\""));
    CHECK(has(&b, "<path class=dot d=\"M214.0 3v10l7-5z\"/>")); /* x 2.31 is off the scale and says so */
    size_t n_bars = 0;
    for (const char *s = b.data; (s = strstr(s, "<svg class=ci")) != NULL; s++)
        n_bars++;
    CHECK(n_bars == 5 + 12 + 5); /* no answer and no limit has one */
    f.judgement.mode = "compare";
    struct ridge_buf told = write_report("html", &f);
    CHECK(has(&told, "class=\"trust told\"") && !has(&told, "trust bad"));
    ridge_buf_deinit(&b);
    ridge_buf_deinit(&told);
    ridge_arena_deinit(&f.arena);
}

RIDGE_TEST_MAIN(TEST_ROW(the_table_reads_like_the_design), TEST_ROW(without_flops_there_are_time_columns_only),
                TEST_ROW(nobody_wins_without_a_comparison), TEST_ROW(hostile_names_come_out_harmless),
                TEST_ROW(csv_lines_have_equal_fields), TEST_ROW(a_family_sets_each_backend_against_the_best_other), TEST_ROW(json_holds_the_stored_rows), TEST_ROW(samples_are_all_exported),
                TEST_ROW(every_benchmark_has_its_name), TEST_ROW(samples_are_written_in_bounded_memory),
                TEST_ROW(no_command_names_a_file_that_is_gone), TEST_ROW(block_statistics_follow_the_rule), TEST_ROW(ten_thousand_cases_stay_small),
                TEST_ROW(the_page_is_one_file_and_obeys_its_policy), TEST_ROW(an_unfit_run_says_so_before_it_names_anybody),
                TEST_ROW(an_empty_run_is_a_page_too), TEST_ROW(the_verdict_comes_first))
