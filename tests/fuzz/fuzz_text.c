/* libFuzzer entry over all parsers, escapers and selectors of base and data: any bytes, no crash,
 * no control byte in what is shown, canonical texts that parse again. clang
 * -fsanitize=fuzzer,address,undefined -Iharness tests/fuzz/fuzz_text.c ... */
#include "base/text.h"
#include "data/catalogue.h"
#include "data/kvs.h"
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void must(bool ok)
{
    if (!ok)
        abort();
}

static void try_parsers(const char *s)
{
    int64_t i64;
    int32_t i32;
    double real;
    char text[64];
    if (ridge_text_int(s, &i64, NULL) == RIDGE_OK)
        must(ridge_text_real(s, &real, NULL) == RIDGE_OK);
    if (ridge_text_real(s, &real, NULL) == RIDGE_OK) {
        (void)ridge_text_format_ns(real, text, sizeof text);
        (void)ridge_text_format_bytes(real, text, sizeof text);
        (void)ridge_text_format_si(real, "B/s", text, sizeof text);
    }
    if (ridge_text_bool(s, &i32, NULL) == RIDGE_OK)
        must(i32 == 0 || i32 == 1);
    if (ridge_text_duration_ns(s, &i64, NULL) == RIDGE_OK ||
        ridge_text_bytes(s, &i64, NULL) == RIDGE_OK)
        must(i64 >= 0);
}

static void try_escapers(const char *s)
{
    static void (*const all[])(struct ridge_buf *, const char *) = {
        ridge_text_html,     ridge_text_json,  ridge_text_markdown,
        ridge_text_terminal, ridge_text_shell, ridge_text_csv};
    enum { N_STRICT = 5 }; /* CSV keeps tabs and line ends, inside quotes */
    for (size_t k = 0; k < sizeof all / sizeof all[0]; k++) {
        struct ridge_buf b = {0};
        ridge_buf_puts(&b, "");
        all[k](&b, s);
        for (size_t i = 0; i < b.n && k < N_STRICT; i++)
            must((unsigned char)b.data[i] >= 0x20 && b.data[i] != 0x7f);
        ridge_buf_deinit(&b);
    }
}

static void try_data(const char *s, const char *rest)
{
    static const char *const names[] = {"threads", "cache", "scenario", NULL};
    struct ridge_arena a = {0};
    struct ridge_selector sel;
    struct ridge_kvs kvs = {0};
    ridge_kvs_set(&a, &kvs, "key", rest);
    if (ridge_selector_parse(&a, s, &sel, NULL) == RIDGE_OK)
        (void)ridge_selector_match(&sel, &kvs);
    (void)ridge_text_glob(s, rest);
    (void)ridge_text_nearest(s, names);
    for (int kind = RIDGE_KIND_INT; kind <= RIDGE_KIND_BYTES; kind++) {
        struct ridge_option_row row = {
            .key = "key", .kind = (enum ridge_option_kind)kind, .names = names};
        const char *once, *twice;
        if (ridge_option_canonical(&a, &row, s, &once, NULL) != RIDGE_OK)
            continue;
        must(ridge_option_canonical(&a, &row, once, &twice, NULL) == RIDGE_OK);
        must(strcmp(once, twice) == 0);
    }
    ridge_arena_deinit(&a);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
    struct ridge_buf b = {0};
    ridge_buf_puts(&b, "");
    ridge_buf_put(&b, (const char *)data, n);
    const char *second = strlen(b.data) < n ? b.data + strlen(b.data) + 1 : b.data;
    try_parsers(b.data);
    try_escapers(b.data);
    try_data(b.data, second);
    ridge_buf_deinit(&b);
    return 0;
}
