/* Escapers: a name from outside becomes harmless where it is shown. */
#include "base/text.h"

#include "base/utf8.h"
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD" /* U+FFFD */

static bool is_control(uint32_t c)
{
    return c < 0x20 || (c >= 0x7F && c <= 0x9F);
}

/* Characters that reorder or hide what follows; they fake names in a terminal and on a page. */
static bool is_invisible_format(uint32_t c)
{
    return c == 0x061C || (c >= 0x200B && c <= 0x200F) || (c >= 0x2028 && c <= 0x202E) ||
           (c >= 0x2060 && c <= 0x2069) || c == 0xFEFF || (c >= 0xE0000 && c <= 0xE007F);
}

typedef bool escape_fn(struct ridge_buf *b, uint32_t c); /* false: put the character as it is */

static void escape_each(struct ridge_buf *b, const char *s, escape_fn *escape)
{
    while (*s != '\0') {
        const char *start = s;
        uint32_t c = ridge_utf8_next(&s);
        if (c == RIDGE_UTF8_BAD)
            ridge_buf_puts(b, REPLACEMENT);
        else if (!escape(b, c))
            ridge_buf_put(b, start, (size_t)(s - start));
    }
}

struct pair {
    char c;
    const char *text;
};

static bool put_pair(struct ridge_buf *b, const struct pair *pairs, size_t n, uint32_t c)
{
    for (size_t i = 0; i < n; i++)
        if (c == (unsigned char)pairs[i].c) {
            ridge_buf_puts(b, pairs[i].text);
            return true;
        }
    return false;
}

static bool html_char(struct ridge_buf *b, uint32_t c)
{
    static const struct pair pairs[] = {{'&', "&amp;"},  {'<', "&lt;"},   {'>', "&gt;"},
                                        {'"', "&quot;"}, {'\'', "&#39;"}, {'\n', "&#10;"},
                                        {'\t', "&#9;"}};
    if (put_pair(b, pairs, sizeof pairs / sizeof pairs[0], c))
        return true;
    if (!is_control(c) && !is_invisible_format(c))
        return false;
    ridge_buf_puts(b, REPLACEMENT);
    return true;
}

void ridge_text_html(struct ridge_buf *b, const char *s)
{
    escape_each(b, s, html_char);
}

static bool json_char(struct ridge_buf *b, uint32_t c)
{
    static const struct pair pairs[] = {
        {'"', "\\\""}, {'\\', "\\\\"}, {'\n', "\\n"}, {'\r', "\\r"}, {'\t', "\\t"}};
    if (put_pair(b, pairs, sizeof pairs / sizeof pairs[0], c))
        return true;
    bool ends_script = c == '<' || c == '>' || c == '&' || c == 0x2028 || c == 0x2029;
    if (!is_control(c) && !ends_script)
        return false;
    ridge_buf_printf(b, "\\u%04x", (unsigned)c);
    return true;
}

void ridge_text_json(struct ridge_buf *b, const char *s)
{
    ridge_buf_puts(b, "\"");
    escape_each(b, s, json_char);
    ridge_buf_puts(b, "\"");
}

static bool csv_char(struct ridge_buf *b, uint32_t c)
{
    if (c == '"') {
        ridge_buf_puts(b, "\"\"");
        return true;
    }
    if (!is_control(c) || c == '\t' || c == '\n' || c == '\r')
        return false;
    ridge_buf_puts(b, REPLACEMENT); /* an escape sequence must not reach a terminal through `cat` */
    return true;
}

void ridge_text_csv(struct ridge_buf *b, const char *s)
{
    double number;
    bool is_formula = *s != '\0' && strchr("=+-@\t\r", *s) != NULL &&
                      ridge_text_real(s, &number, NULL) != RIDGE_OK;
    bool quote = is_formula || strpbrk(s, "\",;\t\r\n") != NULL || *s == ' ';
    ridge_buf_puts(b, quote ? "\"" : "");
    ridge_buf_puts(b, is_formula ? "'" : "");
    escape_each(b, s, csv_char);
    ridge_buf_puts(b, quote ? "\"" : "");
}

static bool markdown_char(struct ridge_buf *b, uint32_t c)
{
    static const struct pair pairs[] = {{'|', "\\|"},  {'`', "\\`"},   {'[', "\\["},   {']', "\\]"},
                                        {'*', "\\*"},  {'\\', "\\\\"}, {'~', "\\~"},   {'$', "\\$"},
                                        {'<', "&lt;"}, {'>', "&gt;"},  {'&', "&amp;"}, {'\n', " "},
                                        {'\r', " "},   {'\t', " "}};
    if (put_pair(b, pairs, sizeof pairs / sizeof pairs[0], c))
        return true;
    if (!is_control(c) && !is_invisible_format(c))
        return false;
    ridge_buf_puts(b, REPLACEMENT);
    return true;
}

void ridge_text_markdown(struct ridge_buf *b, const char *s)
{
    escape_each(b, s, markdown_char);
}

static bool terminal_char(struct ridge_buf *b, uint32_t c)
{
    static const struct pair pairs[] = {{'\n', "\\n"}, {'\r', "\\r"}, {'\t', "\\t"}};
    if (put_pair(b, pairs, sizeof pairs / sizeof pairs[0], c))
        return true;
    if (!is_control(c) && !is_invisible_format(c))
        return false;
    ridge_buf_printf(b, c < 0x80 ? "\\x%02x" : "\\u{%x}", (unsigned)c);
    return true;
}

void ridge_text_terminal(struct ridge_buf *b, const char *s)
{
    escape_each(b, s, terminal_char);
}

static bool shell_quoted_char(struct ridge_buf *b, uint32_t c)
{
    if (c != '\'')
        return false;
    ridge_buf_puts(b, "'\\''");
    return true;
}

static bool shell_ansi_char(struct ridge_buf *b, uint32_t c)
{
    static const struct pair pairs[] = {
        {'\'', "\\'"}, {'\\', "\\\\"}, {'\n', "\\n"}, {'\r', "\\r"}, {'\t', "\\t"}};
    if (put_pair(b, pairs, sizeof pairs / sizeof pairs[0], c))
        return true;
    if (!is_control(c) && !is_invisible_format(c))
        return false;
    ridge_buf_printf(b, c < 0x80 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)c);
    return true;
}

static bool has_unprintable(const char *s)
{
    while (*s != '\0') {
        uint32_t c = ridge_utf8_next(&s);
        if (c != RIDGE_UTF8_BAD && (is_control(c) || is_invisible_format(c)))
            return true;
    }
    return false;
}

void ridge_text_shell(struct ridge_buf *b, const char *s)
{
    static const char safe[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%+,-./:=@_";
    if (*s != '\0' && *s != '=' && strspn(s, safe) == strlen(s)) {
        ridge_buf_puts(b, s);
        return;
    }
    bool ansi =
        has_unprintable(s); /* bash, zsh, ksh: $'...' keeps an escape from acting when pasted */
    ridge_buf_puts(b, ansi ? "$'" : "'");
    escape_each(b, s, ansi ? shell_ansi_char : shell_quoted_char);
    ridge_buf_puts(b, "'");
}
