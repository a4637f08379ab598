/* Glob matching and nearest names. */
#include "base/text.h"

#include <string.h>

/* ? takes one UTF-8 character, or one byte where the text is not UTF-8. */
static const char *next_char(const char *s)
{
    s++;
    while (((unsigned char)*s & 0xC0u) == 0x80u)
        s++;
    return s;
}

bool ridge_text_glob(const char *pattern, const char *s)
{
    const char *star = NULL, *resume = NULL; /* last *, and where its match may grow from */
    while (*s != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            resume = s;
        } else if (*pattern == '?') {
            pattern++;
            s = next_char(s);
        } else if (*pattern == *s) {
            pattern++;
            s++;
        } else if (star != NULL) {
            pattern = star + 1;
            s = ++resume;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

enum { MAX_NAME = 64 };

static int lower(char c)
{
    return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c;
}

static size_t min_of(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edit distance with transpositions (optimal string alignment), ASCII case ignored. */
static size_t distance(const char *a, size_t n_a, const char *b, size_t n_b)
{
    size_t rows[3][MAX_NAME + 1];
    for (size_t j = 0; j <= n_b; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= n_a; i++) {
        size_t *now = rows[i % 3], *prev = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
        now[0] = i;
        for (size_t j = 1; j <= n_b; j++) {
            int x = lower(a[i - 1]), y = lower(b[j - 1]);
            size_t best = min_of(prev[j] + 1, now[j - 1] + 1);
            best = min_of(best, prev[j - 1] + (x != y));
            if (i > 1 && j > 1 && x == lower(b[j - 2]) && lower(a[i - 2]) == y)
                best = min_of(best, before[j - 2] + 1);
            now[j] = best;
        }
    }
    return rows[n_a % 3][n_b];
}

const char *ridge_text_nearest(const char *s, const char *const *names)
{
    size_t n = strlen(s);
    if (n == 0 || n > MAX_NAME || names == NULL)
        return NULL;
    const char *best = NULL;
    size_t best_distance = SIZE_MAX;
    for (; *names != NULL; names++) {
        size_t m = strlen(*names);
        if (m > MAX_NAME)
            continue;
        size_t d = distance(s, n, *names, m);
        bool is_start = n >= 3 && m > n && strncmp(s, *names, n) == 0;
        size_t bound = is_start ? SIZE_MAX : (n < m ? n : m) / 3 + 1;
        if (d <= bound && d < best_distance && d < (n > m ? n : m)) {
            best = *names;
            best_distance = d;
        }
    }
    return best;
}
