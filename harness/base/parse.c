/* Strict parsing: the whole text must be the value, nothing is guessed. */
#include "base/text.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define SHOWN "'%.80s%s'" /* a hostile 4 KiB text must not fill the error record */
#define SHOW(s) (s), (strlen(s) > 80 ? "..." : "")

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

enum ridge_status ridge_text_int(const char *s, int64_t *out, struct ridge_error *err)
{
    const char *p = s + (*s == '-' || *s == '+');
    size_t n_digits = 0;
    while (is_digit(p[n_digits]))
        n_digits++;
    if (n_digits == 0 || p[n_digits] != '\0')
        return ridge_fail(err, RIDGE_ERR_CONFIG, "", SHOWN " is not a whole number, such as 512",
                          SHOW(s));
    errno = 0;
    intmax_t v = strtoimax(s, NULL, 10);
    if (errno == ERANGE || v < INT64_MIN || v > INT64_MAX)
        return ridge_fail(err, RIDGE_ERR_CONFIG, "",
                          SHOWN " is outside the range of 64-bit numbers", SHOW(s));
    *out = (int64_t)v;
    return RIDGE_OK;
}

/* Length of a decimal number at s (sign, digits, point, exponent where allowed), 0: none. */
static size_t number_length(const char *s, bool may_have_exponent)
{
    size_t i = (*s == '-' || *s == '+') ? 1 : 0;
    size_t n_digits = 0;
    for (; is_digit(s[i]); i++)
        n_digits++;
    if (s[i] == '.')
        for (i++; is_digit(s[i]); i++)
            n_digits++;
    if (n_digits == 0)
        return 0;
    if (!may_have_exponent || (s[i] != 'e' && s[i] != 'E'))
        return i;
    size_t j = i + 1 + (s[i + 1] == '-' || s[i + 1] == '+');
    if (!is_digit(s[j]))
        return i;
    while (is_digit(s[j]))
        j++;
    return j;
}

enum ridge_status ridge_text_real(const char *s, double *out, struct ridge_error *err)
{
    size_t n = number_length(s, true);
    if (n == 0 || s[n] != '\0')
        return ridge_fail(err, RIDGE_ERR_CONFIG, "", SHOWN " is not a number, such as 0.5 or 1e-3",
                          SHOW(s));
    double v = strtod(s, NULL);
    if (!isfinite(v))
        return ridge_fail(err, RIDGE_ERR_CONFIG, "", SHOWN " is too large for a number", SHOW(s));
    *out = v;
    return RIDGE_OK;
}

enum ridge_status ridge_text_bool(const char *s, int32_t *out, struct ridge_error *err)
{
    static const struct {
        const char *text;
        int32_t value;
    } words[] = {{"true", 1}, {"false", 0}, {"yes", 1}, {"no", 0},
                 {"on", 1},   {"off", 0},   {"1", 1},   {"0", 0}};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(s, words[i].text) == 0) {
            *out = words[i].value;
            return RIDGE_OK;
        }
    return ridge_fail(err, RIDGE_ERR_CONFIG, "", SHOWN " is neither true nor false", SHOW(s));
}

struct unit {
    const char *name;
    double factor;
};

/* NUMBER [blanks] UNIT, not negative, rounded to a whole number of base units. */
static enum ridge_status parse_with_unit(const char *s, const struct unit *units, const char *what,
                                         int64_t *out, struct ridge_error *err)
{
    size_t n = number_length(s, false);
    if (n == 0 || s[0] == '-' || s[0] == '+')
        return ridge_fail(err, RIDGE_ERR_CONFIG, "", SHOWN " is not %s", SHOW(s), what);
    const char *name = s + n;
    while (*name == ' ')
        name++;
    const struct unit *u = units;
    while (u->name != NULL && strcmp(name, u->name) != 0)
        u++;
    if (u->name == NULL)
        return ridge_fail(err, RIDGE_ERR_CONFIG, "", SHOWN " has %s: it is not %s", SHOW(s),
                          *name == '\0' ? "no unit" : "an unknown unit", what);
    int64_t whole;
    if (memchr(s, '.', n) == NULL) { /* exact beyond 2^53 */
        errno = 0;
        intmax_t v = strtoimax(s, NULL, 10);
        if (errno == ERANGE || __builtin_mul_overflow(v, (int64_t)u->factor, &whole))
            return ridge_fail(err, RIDGE_ERR_CONFIG, "", SHOWN " is too large", SHOW(s));
        *out = whole;
        return RIDGE_OK;
    }
    double v = round(strtod(s, NULL) * u->factor);
    if (!(v < 9.2e18))
        return ridge_fail(err, RIDGE_ERR_CONFIG, "", SHOWN " is too large", SHOW(s));
    *out = (int64_t)v;
    return RIDGE_OK;
}

enum ridge_status ridge_text_duration_ns(const char *s, int64_t *out, struct ridge_error *err)
{
    static const struct unit units[] = {{"ns", 1},          {"us", 1e3},   {"\xc2\xb5s", 1e3},
                                        {"\xce\xbcs", 1e3}, {"ms", 1e6},   {"s", 1e9},
                                        {"min", 60e9},      {"h", 3600e9}, {NULL, 0}};
    return parse_with_unit(s, units, "a duration with its unit, such as 400 ms, 3s, 10 us or 5 min",
                           out, err);
}

enum ridge_status ridge_text_bytes(const char *s, int64_t *out, struct ridge_error *err)
{
    static const struct unit units[] = {{"", 1},
                                        {"B", 1},
                                        {"kB", 1e3},
                                        {"KB", 1e3},
                                        {"MB", 1e6},
                                        {"GB", 1e9},
                                        {"TB", 1e12},
                                        {"KiB", 1024},
                                        {"MiB", 1048576},
                                        {"GiB", 1073741824},
                                        {"TiB", 1099511627776.0},
                                        {NULL, 0}};
    return parse_with_unit(s, units, "a size in bytes, such as 64, 2 MiB or 1 GB", out, err);
}
