#include "ridge_test.h"

#include "base/arena.h"
#include "base/text.h"

typedef void escaper(struct ridge_buf *b, const char *s);

static char *escaped(struct ridge_arena *a, escaper *fn, const char *s)
{
    struct ridge_buf b = {0};
    ridge_buf_puts(&b, "");
    fn(&b, s);
    char *out = ridge_arena_strn(a, b.data, b.n);
    ridge_buf_deinit(&b);
    return out;
}

static void parses_whole_numbers_only(void)
{
    int64_t v = 7;
    CHECK(ridge_text_int("-12", &v, NULL) == RIDGE_OK && v == -12);
    CHECK(ridge_text_int("9223372036854775807", &v, NULL) == RIDGE_OK && v == INT64_MAX);
    CHECK(ridge_text_int("-9223372036854775808", &v, NULL) == RIDGE_OK && v == INT64_MIN);
    static const char *const bad[] = {
        "", "-", "+", " 1", "1 ", "1x", "0x10", "1.0", "1e3", "9223372036854775808", "\xff", "1\n"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct ridge_error err = {0};
        CHECK(ridge_text_int(bad[i], &v, &err) == RIDGE_ERR_CONFIG);
        CHECK(err.text[0] != '\0');
    }
}

static void parses_reals(void)
{
    double v;
    CHECK(ridge_text_real("1e-3", &v, NULL) == RIDGE_OK && v == 1e-3);
    CHECK(ridge_text_real("-.5", &v, NULL) == RIDGE_OK && v == -0.5);
    static const char *const bad[] = {"",      ".",  "nan", "inf", "0x1p3",
                                      "1e999", "1e", "1,5", " 1",  "--1"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(ridge_text_real(bad[i], &v, NULL) == RIDGE_ERR_CONFIG);
    int32_t b;
    CHECK(ridge_text_bool("yes", &b, NULL) == RIDGE_OK && b == 1);
    CHECK(ridge_text_bool("off", &b, NULL) == RIDGE_OK && b == 0);
    CHECK(ridge_text_bool("TRUE", &b, NULL) == RIDGE_ERR_CONFIG);
}

static void parses_units(void)
{
    int64_t v;
    CHECK(ridge_text_duration_ns("400 ms", &v, NULL) == RIDGE_OK && v == 400000000);
    CHECK(ridge_text_duration_ns("3s", &v, NULL) == RIDGE_OK && v == 3000000000);
    CHECK(ridge_text_duration_ns("1.5 us", &v, NULL) == RIDGE_OK && v == 1500);
    CHECK(ridge_text_duration_ns("10 \xc2\xb5s", &v, NULL) == RIDGE_OK && v == 10000);
    CHECK(ridge_text_duration_ns("5 min", &v, NULL) == RIDGE_OK && v == INT64_C(300000000000));
    static const char *const bad[] = {"400", "-1 s", "1 S",           "s",
                                      "",    "1 s ", "99999999999 h", "1e3 ms"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        CHECK(ridge_text_duration_ns(bad[i], &v, NULL) == RIDGE_ERR_CONFIG);
    CHECK(ridge_text_bytes("64", &v, NULL) == RIDGE_OK && v == 64);
    CHECK(ridge_text_bytes("2 MiB", &v, NULL) == RIDGE_OK && v == 2097152);
    CHECK(ridge_text_bytes("1 GB", &v, NULL) == RIDGE_OK && v == 1000000000);
    CHECK(ridge_text_bytes("9007199254740993", &v, NULL) == RIDGE_OK &&
          v == INT64_C(9007199254740993));
    CHECK(ridge_text_bytes("9999999 TiB", &v, NULL) == RIDGE_ERR_CONFIG);
    CHECK(ridge_text_bytes("1 mb", &v, NULL) == RIDGE_ERR_CONFIG);
}

static void error_of_a_4_kib_text_stays_short(void)
{
    char big[4097];
    memset(big, 'x', sizeof big - 1);
    big[sizeof big - 1] = '\0';
    struct ridge_error err = {0};
    int64_t v;
    CHECK(ridge_text_int(big, &v, &err) == RIDGE_ERR_CONFIG);
    CHECK(strlen(err.text) < 200 && strstr(err.text, "whole number") != NULL);
}

static void formats_for_people(void)
{
    char t[40];
    CHECK_STR(ridge_text_format_ns(2.4e6, t, sizeof t), "2.40 ms");
    CHECK_STR(ridge_text_format_ns(417, t, sizeof t), "417 ns");
    CHECK_STR(ridge_text_format_ns(999.7e3, t, sizeof t), "1.00 ms");
    CHECK_STR(ridge_text_format_ns(0.25, t, sizeof t), "0.250 ns");
    CHECK_STR(ridge_text_format_ns(90e9, t, sizeof t), "90.0 s");
    CHECK_STR(ridge_text_format_ns(300e9, t, sizeof t), "5.00 min");
    CHECK_STR(ridge_text_format_ns(NAN, t, sizeof t), "-");
    CHECK_STR(ridge_text_format_ns(0, t, sizeof t), "0 ns");
    CHECK_STR(ridge_text_format_bytes(64.0 * 1048576, t, sizeof t), "64 MiB");
    CHECK_STR(ridge_text_format_bytes(1.5 * 1048576, t, sizeof t), "1.50 MiB");
    CHECK_STR(ridge_text_format_bytes(100, t, sizeof t), "100 B");
    CHECK_STR(ridge_text_format_si(3.67e9, "Hz", t, sizeof t), "3.67 GHz");
    CHECK_STR(ridge_text_format_si(268.4e6, "FLOP", t, sizeof t), "268 MFLOP");
    CHECK_STR(ridge_text_format_si(12, "", t, sizeof t), "12.0");
}

static void globs(void)
{
    static const struct {
        const char *pattern, *text;
        bool want;
    } rows[] = {{"", "", true},
                {"*", "", true},
                {"?", "", false},
                {"bert-*", "bert-a", true},
                {"*a*b*c", "xaybzc", true},
                {"*a*b*c", "xaybz", false},
                {"a?c", "abc", true},
                {"a?c",
                 "a\xc3\xa9"
                 "c",
                 true},
                {"ABC", "abc", false},
                {"*.onnx", "x.onnx.bak", false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK(ridge_text_glob(rows[i].pattern, rows[i].text) == rows[i].want);
    /* backtracking is linear per star, not exponential */
    CHECK(!ridge_text_glob("*a*a*a*a*a*a*a*a*a*b",
                           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"));
}

static void finds_the_nearest_name(void)
{
    static const char *const names[] = {"threads", "cache", "scenario", "openblas", NULL};
    CHECK_STR(ridge_text_nearest("thread", names), "threads");
    CHECK_STR(ridge_text_nearest("cahce", names), "cache");
    CHECK_STR(ridge_text_nearest("OpenBLAS", names), "openblas");
    CHECK_STR(ridge_text_nearest("open", names), "openblas");
    CHECK(ridge_text_nearest("zzzzzz", names) == NULL);
    CHECK(ridge_text_nearest("", names) == NULL);
}

#define ESC "\x1b"
static void hostile_names_come_out_harmless(void)
{
    struct ridge_arena a = {0};
    static const struct {
        escaper *fn;
        const char *in, *want;
    } rows[] = {
        {ridge_text_html, "</script>", "&lt;/script&gt;"},
        {ridge_text_html, "a\"b'c&\n", "a&quot;b&#39;c&amp;&#10;"},
        {ridge_text_html, "\xff\xc3(", "\xEF\xBF\xBD\xEF\xBF\xBD("},
        {ridge_text_html, ESC "[31m", "\xEF\xBF\xBD[31m"},
        {ridge_text_html,
         "\xe2\x80\xae"
         "fdp",
         "\xEF\xBF\xBD"
         "fdp"},
        {ridge_text_json, "</script>", "\"\\u003c/script\\u003e\""},
        {ridge_text_json, "a\"\\\n" ESC, "\"a\\\"\\\\\\n\\u001b\""},
        {ridge_text_json, "\xe2\x80\xa8\xff", "\"\\u2028\xEF\xBF\xBD\""},
        {ridge_text_csv, "plain", "plain"},
        {ridge_text_csv, "=cmd()", "\"'=cmd()\""},
        {ridge_text_csv, "@x", "\"'@x\""},
        {ridge_text_csv, "-5.2", "-5.2"},
        {ridge_text_csv, "-5+cmd", "\"'-5+cmd\""},
        {ridge_text_csv, "a,\"b\"\n", "\"a,\"\"b\"\"\n\""},
        {ridge_text_csv, ESC "[2J", "\xEF\xBF\xBD[2J"},
        {ridge_text_markdown, "a|b`c<d[e\nf", "a\\|b\\`c&lt;d\\[e f"},
        {ridge_text_markdown, "ridge_gemm", "ridge_gemm"},
        {ridge_text_terminal, ESC "]0;title\a\n", "\\x1b]0;title\\x07\\n"},
        {ridge_text_terminal,
         "\xc2\x9b"
         "31m",
         "\\u{9b}31m"},
        {ridge_text_terminal, "\xe2\x80\xaex\x7f", "\\u{202e}x\\x7f"},
        {ridge_text_terminal, "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f"},
        {ridge_text_shell, "gemm:m=1,n=2", "gemm:m=1,n=2"},
        {ridge_text_shell, "", "''"},
        {ridge_text_shell, "$(rm -rf ~)", "'$(rm -rf ~)'"},
        {ridge_text_shell, "it's", "'it'\\''s'"},
        {ridge_text_shell, "a\n'" ESC, "$'a\\n\\'\\x1b'"},
        {ridge_text_shell, "=ls", "'=ls'"},
        {ridge_text_shell, "\xe2\x80\xaex", "$'\\u202ex'"},
        {ridge_text_shell, "\xf3\xa0\x80\x81z", "$'\\U000e0001z'"}, /* \u takes four digits, the fifth would be a letter */
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        CHECK_STR(escaped(&a, rows[i].fn, rows[i].in), rows[i].want);
    ridge_arena_deinit(&a);
}

/* Every escaper over every single byte and over 4 KiB: valid UTF-8, no raw control byte but in CSV.
 */
static void escapers_never_pass_control_bytes(void)
{
    static escaper *const all[] = {ridge_text_html,     ridge_text_json,     ridge_text_csv,
                                   ridge_text_markdown, ridge_text_terminal, ridge_text_shell};
    struct ridge_arena a = {0};
    char every[4097];
    for (size_t i = 0; i < sizeof every - 1; i++)
        every[i] = (char)(1 + (i * 7) % 255);
    every[sizeof every - 1] = '\0';
    for (size_t k = 0; k < sizeof all / sizeof all[0]; k++) {
        const char *out = escaped(&a, all[k], every);
        size_t n_bad = 0;
        for (const char *p = out; *p != '\0'; p++)
            n_bad += ((unsigned char)*p < 0x20 &&
                      (all[k] != ridge_text_csv || strchr("\t\r\n", *p) == NULL)) ||
                     *p == 0x7f || (unsigned char)*p == 0xff;
        CHECK(n_bad == 0);
    }
    ridge_arena_deinit(&a);
}

static void rejects_bad_utf8(void)
{
    struct ridge_arena a = {0};
    /* overlong slash, surrogate, above U+10FFFF, cut in the middle: no byte of them comes through
     */
    static const char *const bad[] = {"\xc0\xaf", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        const char *out = escaped(&a, ridge_text_terminal, bad[i]);
        CHECK(strlen(out) == 3 * strlen(bad[i]) && strncmp(out, "\xEF\xBF\xBD", 3) == 0);
    }
    ridge_arena_deinit(&a);
}

static void buffers_and_arenas_grow(void)
{
    struct ridge_arena a = {0};
    struct ridge_buf b = {0};
    for (int i = 0; i < 1000; i++)
        ridge_buf_printf(&b, "%d,", i);
    CHECK(b.n == 3890 && b.data[b.n] == '\0');
    ridge_buf_printf(&b, "%s", b.n > 0 ? "end" : "");
    CHECK_STR(b.data + 3890, "end");
    ridge_buf_deinit(&b);
    char *small = ridge_arena_str(&a, "x");
    char *big = ridge_arena_alloc(&a, 1 << 20);
    char *next = ridge_arena_str(&a, "y");
    CHECK((uintptr_t)big % 16 == 0 && big[(1 << 20) - 1] == 0);
    CHECK(next - small == 16); /* a large block does not hide the small one's rest */
    CHECK_STR(ridge_arena_printf(&a, "%s-%d", "k", 5), "k-5");
    ridge_arena_deinit(&a);
}

RIDGE_TEST_MAIN(TEST_ROW(parses_whole_numbers_only), TEST_ROW(parses_reals), TEST_ROW(parses_units),
                TEST_ROW(error_of_a_4_kib_text_stays_short), TEST_ROW(formats_for_people),
                TEST_ROW(globs), TEST_ROW(finds_the_nearest_name),
                TEST_ROW(hostile_names_come_out_harmless),
                TEST_ROW(escapers_never_pass_control_bytes), TEST_ROW(rejects_bad_utf8),
                TEST_ROW(buffers_and_arenas_grow))
