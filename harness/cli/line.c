/* Command lines as they are typed and stored: words as a shell reads them, options of a verb. */
#include "line.h"

#include <ctype.h>
#include <string.h>

struct word {
    const char *text, *plain; /* as a shell reads it, and without its quotes */
};

static void put_utf8(struct ridge_buf *b, uint32_t c)
{
    unsigned n = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3; /* bytes that follow the first */
    static const unsigned char first[] = {0, 0xc0, 0xe0, 0xf0};
    char text[4] = {(char)(unsigned char)(first[n] | c >> 6 * n)};
    for (unsigned i = 1; i <= n; i++)
        text[i] = (char)(unsigned char)(0x80 | (c >> 6 * (n - i) & 0x3f));
    ridge_buf_put(b, text, n + 1);
}

/* What stands behind a backslash inside $'...': the escapes that ridge_text_shell writes, any other sign as it is. Ends on the
 * last byte of it. */
static const char *take_escape(struct ridge_buf *b, const char *s)
{
    static const struct { char name; unsigned most_digits; char is; } names[] = {{'n', 0, '\n'}, {'r', 0, '\r'}, {'t', 0, '\t'},
                                                                                {'x', 2, 0},    {'u', 4, 0},    {'U', 8, 0}};
    size_t i = 0;
    while (i < sizeof names / sizeof names[0] && names[i].name != *s)
        i++;
    if (i == sizeof names / sizeof names[0] || (names[i].most_digits > 0 && !isxdigit((unsigned char)s[1]))) {
        ridge_buf_put(b, s, 1);
        return s;
    }
    uint32_t c = 0;
    unsigned n = 0;
    for (; n < names[i].most_digits && isxdigit((unsigned char)s[1 + n]); n++)
        c = c << 4 | (uint32_t)(s[1 + n] <= '9' ? s[1 + n] - '0' : (s[1 + n] | 0x20) - 'a' + 10);
    if (n == 0)
        ridge_buf_put(b, &names[i].is, 1);
    else if (c > 0 && c < 0x110000)
        put_utf8(b, c);
    return s + n;
}

/* False: there is none. */
static bool take_word(struct ridge_arena *a, const char **at, struct word *out)
{
    const char *s = *at + strspn(*at, " \t"), *begin = s;
    struct ridge_buf plain = {0};
    char quote = '\0'; /* $: of $'...', where a backslash counts */
    for (; *s != '\0' && (quote != '\0' || strchr(" \t", *s) == NULL); s++) {
        if (quote == '\0' && s[0] == '$' && s[1] == '\'')
            quote = *s++;
        else if (quote == '\0' && (*s == '\'' || *s == '"'))
            quote = *s;
        else if (quote != '\0' && *s == (quote == '$' ? '\'' : quote))
            quote = '\0';
        else if (*s == '\\' && quote == '$' && s[1] != '\0')
            s = take_escape(&plain, s + 1);
        else if (*s == '\\' && quote != '\'' && s[1] != '\0')
            ridge_buf_put(&plain, ++s, 1);
        else
            ridge_buf_put(&plain, s, 1);
    }
    *out = (struct word){ridge_arena_strn(a, begin, (size_t)(s - begin)), ridge_arena_strn(a, plain.n > 0 ? plain.data : "", plain.n)};
    ridge_buf_deinit(&plain);
    *at = s;
    return s > begin;
}

const char *const *ridge_cli_words(struct ridge_arena *a, const char *text)
{
    const char **out = ridge_arena_array(a, strlen(text) / 2 + 2, sizeof *out);
    struct word w;
    for (size_t n = 0; take_word(a, &text, &w);)
        out[n++] = w.plain;
    return out;
}

/* One option with its value, or one operand. */
static void add_part(struct ridge_arena *a, struct ridge_cli_line *l, const char **at, const struct word *w, bool only_operands)
{
    struct ridge_cli_part *p = &l->parts[l->n++];
    struct word value;
    bool is_flag = !only_operands && w->plain[0] == '-' && w->plain[1] != '\0';
    *p = (struct ridge_cli_part){is_flag ? ridge_cli_option_find(l->verb, w->plain) : NULL, w->text, w->plain};
    if (p->option == NULL || p->option->argument == NULL)
        return;
    p->value = NULL; /* a line that was cut off in front of it */
    const char *eq = strchr(w->plain, '=');
    bool is_letter = w->plain[1] != '-', is_attached = is_letter ? w->plain[2] != '\0' : eq != NULL;
    if (is_attached) {
        p->value = is_letter ? w->plain + 2 : eq + 1;
    } else if (take_word(a, at, &value)) {
        p->text = ridge_arena_printf(a, "%s %s", w->text, value.text);
        p->value = value.plain;
    }
}

struct ridge_cli_line ridge_cli_line_read(struct ridge_arena *a, const char *text)
{
    struct ridge_cli_line l = {0};
    struct word w;
    bool only_operands = false;
    if (text == NULL || !take_word(a, &text, &w) || strcmp(w.plain, "ridge") != 0 || !take_word(a, &text, &w))
        return l;
    l.verb = ridge_cli_verb_find(w.plain);
    l.parts = ridge_arena_array(a, strlen(text) / 2 + 2, sizeof *l.parts);
    while (l.verb != NULL && take_word(a, &text, &w)) {
        if (!only_operands && strcmp(w.plain, "--") == 0)
            only_operands = true;
        else
            add_part(a, &l, &text, &w, only_operands);
    }
    return l;
}

bool ridge_cli_line_is(const struct ridge_cli_line *l, const char *name)
{
    return l->verb != NULL && strcmp(l->verb->name, name) == 0;
}

const char *ridge_cli_line_value(const struct ridge_cli_line *l, const char *flag) /* NULL: absent */
{
    for (size_t i = l->n; i > 0; i--)
        if (l->parts[i - 1].option != NULL && strcmp(l->parts[i - 1].option->flag, flag) == 0)
            return l->parts[i - 1].value;
    return NULL;
}

const char *ridge_cli_line_operand(const struct ridge_cli_line *l, size_t k, const char *otherwise)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->parts[i].option == NULL && k-- == 0)
            return l->parts[i].value;
    return otherwise;
}

const char *ridge_cli_resume_line(struct ridge_arena *a, const char *command)
{
    struct ridge_cli_line l = ridge_cli_line_read(a, command);
    if (l.verb == NULL || ridge_cli_option_find(l.verb, "--resume") == NULL)
        return NULL;
    if (ridge_cli_line_value(&l, "--resume") != NULL)
        return command;
    return ridge_arena_printf(a, "ridge %s --resume%s", l.verb->name, strstr(command, l.verb->name) + strlen(l.verb->name));
}
