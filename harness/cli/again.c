/* The command behind each row of a judgement: measures its case again and judges it as it was judged. What it measures goes
 * to a results file of its own, so that no file of the first time is touched. */
#include "base/os.h"
#include "judge.h"

#include <string.h>

#define AGAIN "again.ridge"

/* ---- command lines as they are stored: words that ridge_text_shell wrote ---- */

struct word {
    const char *text, *plain; /* as a shell reads it, and without its quotes */
};

/* False: there is none. */
static bool take_word(struct ridge_arena *a, const char **at, struct word *out)
{
    const char *s = *at + strspn(*at, " "), *begin = s;
    struct ridge_buf plain = {0};
    char quote = '\0'; /* $: of $'...', where a backslash counts */
    for (; *s != '\0' && (quote != '\0' || *s != ' '); s++) {
        if (quote == '\0' && s[0] == '$' && s[1] == '\'')
            quote = *s++;
        else if (*s == '\'')
            quote = quote == '\0' ? '\'' : '\0';
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

struct line {
    const struct ridge_cli_verb *verb; /* NULL: not a line of ridge */
    struct part {
        const struct ridge_cli_option *option; /* NULL: an operand */
        const char *text, *value;              /* text: with its flag, as a shell reads it */
    } *parts;
    size_t n;
};

static const struct ridge_cli_option *option_of(const struct ridge_cli_verb *verb, const char *plain)
{
    size_t n_flag = strcspn(plain, "=");
    for (size_t i = 0; i < verb->n_options; i++) {
        const struct ridge_cli_option *o = &verb->options[i];
        if ((strlen(o->flag) == n_flag && memcmp(o->flag, plain, n_flag) == 0) ||
            (plain[0] == '-' && o->letter != 0 && plain[1] == o->letter))
            return o;
    }
    return NULL;
}

/* One option with its value, or one operand. */
static void add_part(struct ridge_arena *a, struct line *l, const char **at, const struct word *w, bool only_operands)
{
    struct part *p = &l->parts[l->n++];
    struct word value;
    bool is_flag = !only_operands && w->plain[0] == '-' && w->plain[1] != '\0';
    *p = (struct part){is_flag ? option_of(l->verb, w->plain) : NULL, w->text, w->plain};
    if (p->option == NULL || p->option->argument == NULL)
        return;
    const char *eq = strchr(w->plain, '=');
    bool is_letter = w->plain[1] != '-', is_attached = is_letter ? w->plain[2] != '\0' : eq != NULL;
    if (is_attached) {
        p->value = is_letter ? w->plain + 2 : eq + 1;
    } else if (take_word(a, at, &value)) {
        p->text = ridge_arena_printf(a, "%s %s", w->text, value.text);
        p->value = value.plain;
    }
}

static struct line read_line(struct ridge_arena *a, const char *text)
{
    struct line l = {0};
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

static bool is_verb(const struct line *l, const char *name)
{
    return l->verb != NULL && strcmp(l->verb->name, name) == 0;
}

static const char *value_of(const struct line *l, const char *flag) /* NULL: absent */
{
    for (size_t i = l->n; i > 0; i--)
        if (l->parts[i - 1].option != NULL && strcmp(l->parts[i - 1].option->flag, flag) == 0)
            return l->parts[i - 1].value;
    return NULL;
}

static const char *operand_of(const struct line *l, size_t k, const char *otherwise)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->parts[i].option == NULL && k-- == 0)
            return l->parts[i].value;
    return otherwise;
}

/* ---- writing them ---- */

static bool is_one_of(const char *flag, const char *const *flags)
{
    for (size_t i = 0; flags[i] != NULL; i++)
        if (strcmp(flags[i], flag) == 0)
            return true;
    return false;
}

static void put_option(struct ridge_buf *b, const struct ridge_cli_verb *verb, const char *flag, const char *value)
{
    if (value == NULL || option_of(verb, flag) == NULL)
        return;
    ridge_buf_printf(b, " %s ", flag);
    ridge_text_shell(b, value);
}

/* The line with other rules, filter and results file, and without the files that it wrote. filter NULL: none. */
static void put_measuring(struct ridge_buf *b, const struct line *l, const char *rules, const char *filter)
{
    static const char *const other[] = {"--report", "--junit", "--summary", "--json", "--output", "--save-suite",
                                        "--resume", "--rules", "--filter", NULL};
    bool needs_end = false;
    ridge_buf_printf(b, "ridge %s", l->verb->name);
    for (size_t i = 0; i < l->n; i++)
        if (l->parts[i].option != NULL && !is_one_of(l->parts[i].option->flag, other))
            ridge_buf_printf(b, " %s", l->parts[i].text);
    put_option(b, l->verb, "--rules", rules);
    put_option(b, l->verb, "--output", AGAIN);
    put_option(b, l->verb, "--filter", filter);
    for (size_t i = 0; i < l->n; i++)
        needs_end |= l->parts[i].option == NULL && l->parts[i].value[0] == '-';
    ridge_buf_puts(b, needs_end ? " --" : "");
    for (size_t i = 0; i < l->n; i++)
        if (l->parts[i].option == NULL)
            ridge_buf_printf(b, " %s", l->parts[i].text);
}

/* The file that was judged stays as it is, so names and ids of its runs still mean the same. */
static void put_gate(struct ridge_buf *b, struct ridge_arena *a, const struct line *l, const struct ridge_judgement *j)
{
    const char *file = operand_of(l, 0, "results.ridge"), *given = value_of(l, "--baseline"), *base_file = NULL, *run = NULL;
    ridge_buf_puts(b, " && ridge gate");
    if (given != NULL && strcmp(given, "none") == 0)
        put_option(b, l->verb, "--baseline", given);
    else if (given != NULL || j->base_run_id >= 0) {
        ridge_cli_split_run(a, given != NULL ? given : "main", file, &base_file, &run);
        put_option(b, l->verb, "--baseline", ridge_arena_printf(a, "%s:%s", base_file, run));
    }
    put_option(b, l->verb, "--rules", value_of(l, "--rules"));
    ridge_buf_puts(b, " " AGAIN);
}

static void put_compare(struct ridge_buf *b, struct ridge_arena *a, const struct line *l)
{
    const char *side_a = value_of(l, "--a"), *file, *run;
    ridge_buf_puts(b, " && ridge compare ");
    if (side_a == NULL) {
        ridge_cli_split_run(a, operand_of(l, 0, "last"), "results.ridge", &file, &run);
        ridge_text_shell(b, ridge_arena_printf(a, "%s:%s", file, run));
        ridge_buf_puts(b, " ");
    }
    ridge_buf_puts(b, AGAIN ":last");
    put_option(b, l->verb, "--a", side_a);
    put_option(b, l->verb, "--b", side_a != NULL ? value_of(l, "--b") : NULL);
    put_option(b, l->verb, "--rules", value_of(l, "--rules"));
}

/* ---- of a row ---- */

/* Two backends or two values of an option, not two arms of one case: then every pair is, and one tells. */
static bool is_of_two_cases(const struct ridge_gate_run *run, const struct ridge_judgement *j)
{
    for (size_t i = 0; i < j->n_rows; i++) {
        const struct ridge_judged *r = &j->rows[i];
        if (strcmp(r->kind, "paired") != 0)
            continue;
        const struct ridge_rd_member *base = ridge_gate_member(run, r->i_member_base);
        return base != NULL && strcmp(base->case_id, r->case_id) != 0;
    }
    return false;
}

/* Two sides that are two cases share their shape only, and a row of one side needs the other too; two arms of one case share its
 * id; what should have been there has a pattern in place of an id. NULL: all. */
static const char *filter_of(struct ridge_arena *a, const struct ridge_gate_run *run, const struct ridge_judged *r, bool is_two_cases)
{
    const struct ridge_rd_member *m = is_two_cases ? ridge_gate_member(run, r->i_member) : NULL;
    if (r->case_id[0] == '\0')
        return is_two_cases || strcmp(r->subject, "*") == 0 ? NULL : r->subject;
    if (m == NULL)
        return ridge_arena_printf(a, "case=%s", r->case_id);
    struct ridge_buf b = {0};
    ridge_buf_printf(&b, "op=%s", m->op);
    for (size_t i = 0; i < m->shape.n; i++)
        ridge_buf_printf(&b, ",%s=%s", m->shape.v[i].key, m->shape.v[i].value);
    const char *text = ridge_arena_strn(a, b.data, b.n);
    ridge_buf_deinit(&b);
    return text;
}

char *ridge_cli_suspects_line(struct ridge_arena *a, const char *judging, const struct ridge_rd_run *of)
{
    static const char *const sides[] = {"--a", "--b", "--a-env", "--b-env", "--rules", NULL};
    struct line l = read_line(a, judging);
    struct ridge_buf b = {0};
    if (l.verb == NULL || value_of(&l, "--b") == NULL || of->suite_path == NULL || !ridge_os_exists(of->suite_path))
        return NULL;
    ridge_buf_puts(&b, "ridge ab");
    for (size_t i = 0; i < l.n; i++)
        if (l.parts[i].option != NULL && is_one_of(l.parts[i].option->flag, sides))
            ridge_buf_printf(&b, " %s", l.parts[i].text);
    ridge_buf_puts(&b, of->set_words != NULL ? of->set_words : "");
    ridge_buf_puts(&b, " ");
    ridge_text_shell(&b, of->suite_path);
    char *text = ridge_arena_strn(a, b.data, b.n);
    ridge_buf_deinit(&b);
    return text;
}

char *ridge_cli_builds_line(struct ridge_arena *a, const char *command, const char *filter)
{
    struct line l = read_line(a, command);
    struct ridge_buf b = {0};
    if (!is_verb(&l, "ab") || value_of(&l, "--option") != NULL)
        return NULL;
    put_measuring(&b, &l, value_of(&l, "--rules"), filter);
    char *text = ridge_arena_strn(a, b.data, b.n);
    ridge_buf_deinit(&b);
    return text;
}

void ridge_cli_put_again(struct ridge_arena *a, const struct ridge_gate_run *run, struct ridge_judgement *j)
{
    enum { MOST_FOR_ALL = 1000 }; /* rows; of more only those that want it have a command */
    const struct line judging = read_line(a, j->command), pairs = read_line(a, ridge_cli_suspects_line(a, j->command, &run->run));
    struct line measuring = read_line(a, run->run.command);
    if (measuring.verb == NULL)
        measuring = read_line(a, "ridge run --gate");
    bool is_stored = judging.verb != NULL && strcmp(j->mode, "ab") != 0 && !is_verb(&measuring, "ab");
    bool is_two_cases = is_of_two_cases(run, j);
    for (size_t i = 0; i < j->n_rows; i++) {
        struct ridge_judged *r = &j->rows[i];
        struct ridge_buf b = {0};
        if (r->verdict < RIDGE_CHANGE_INCONCLUSIVE && j->n_rows >= MOST_FOR_ALL)
            continue;
        bool is_pair = pairs.verb != NULL && r->i_member >= 0 && strcmp(r->kind, "unpaired") == 0; /* measured as A/B */
        put_measuring(&b, is_pair ? &pairs : &measuring, value_of(&judging, "--rules"), filter_of(a, run, r, is_two_cases));
        if (is_verb(&judging, "compare"))
            put_compare(&b, a, &judging);
        else if (is_stored && !is_pair)
            put_gate(&b, a, &judging, j);
        r->again = ridge_arena_strn(a, b.data, b.n);
        ridge_buf_deinit(&b);
    }
}
