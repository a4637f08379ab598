/* The fuzz target on seeded random texts made of pieces that matter, so that it runs without a
 * fuzzer. */
#include "ridge_test.h"

#include "../fuzz/fuzz_text.c"

static void survives_random_texts(void)
{
    static const char *const pieces[] = {"1",        "9",
                                         ".",        "-",
                                         "+",        "e",
                                         " ",        "ms",
                                         "s",        "min",
                                         "MiB",      "GB",
                                         "=",        ",",
                                         "(",        ")",
                                         "*",        "?",
                                         "a",        "key",
                                         "\"",       "'",
                                         "<",        "\xff",
                                         "\xc3\xa9", "\xe2\x80\xae",
                                         "\xf0\x9f", "\x1b[",
                                         "\n",       "\\",
                                         "|",        "9223372036854775807",
                                         "true",     "hot"};
    uint64_t state = 12345;
    for (int i = 0; i < 20000; i++) {
        char text[512];
        size_t n = 0;
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        for (uint64_t k = state >> 60; k > 0; k--) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            const char *piece = pieces[(state >> 33) % (sizeof pieces / sizeof pieces[0])];
            size_t len = state >> 61 == 7 ? 1 + strlen(piece)
                                          : strlen(piece); /* now and then with its NUL */
            memcpy(text + n, piece, len);
            n += len;
        }
        CHECK(LLVMFuzzerTestOneInput((const uint8_t *)text, n) == 0);
    }
}

RIDGE_TEST_MAIN(TEST_ROW(survives_random_texts))
