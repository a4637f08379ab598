/* The command behind each row of a judgement: measures its case again and judges it as it was judged. What it measures goes
 * to a results file of its own, so that no file of the first time is touched. */
#include "base/os.h"
#include "judge.h"
#include "line.h"

#include <string.h>

#define AGAIN "again.ridge"

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
    if (value == NULL || ridge_cli_option_find(verb, flag) == NULL)
        return;
    ridge_buf_printf(b, " %s ", flag);
    ridge_text_shell(b, value);
}

/* The line with other rules, filter and results file, and without the files that it wrote. filter NULL: none. */
static void put_measuring(struct ridge_buf *b, const struct ridge_cli_line *l, const char *rules, const char *filter)
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
static void put_gate(struct ridge_buf *b, struct ridge_arena *a, const struct ridge_cli_line *l, const struct ridge_judgement *j)
{
    const char *file = ridge_cli_line_operand(l, 0, "results.ridge"), *base_file = NULL, *run = NULL;
    const char *given = ridge_cli_line_value(l, "--baseline");
    ridge_buf_puts(b, " && ridge gate");
    if (given != NULL && strcmp(given, "none") == 0)
        put_option(b, l->verb, "--baseline", given);
    else if (given != NULL || j->base_run_id >= 0) {
        ridge_cli_split_run(a, given != NULL ? given : "main", file, &base_file, &run);
        put_option(b, l->verb, "--baseline", ridge_arena_printf(a, "%s:%s", base_file, run));
    }
    put_option(b, l->verb, "--rules", ridge_cli_line_value(l, "--rules"));
    ridge_buf_puts(b, " " AGAIN);
}

static void put_compare(struct ridge_buf *b, struct ridge_arena *a, const struct ridge_cli_line *l)
{
    const char *side_a = ridge_cli_line_value(l, "--a"), *file, *run;
    ridge_buf_puts(b, " && ridge compare ");
    if (side_a == NULL) {
        ridge_cli_split_run(a, ridge_cli_line_operand(l, 0, "last"), "results.ridge", &file, &run);
        ridge_text_shell(b, ridge_arena_printf(a, "%s:%s", file, run));
        ridge_buf_puts(b, " ");
    }
    ridge_buf_puts(b, AGAIN ":last");
    put_option(b, l->verb, "--a", side_a);
    put_option(b, l->verb, "--b", side_a != NULL ? ridge_cli_line_value(l, "--b") : NULL);
    put_option(b, l->verb, "--rules", ridge_cli_line_value(l, "--rules"));
}

/* ---- of a row ---- */

/* Two backends or two values of an option, not two arms of one case: then every pair is, and one tells. */
static bool is_of_two_cases(const struct ridge_gate_run *run, const struct ridge_judgement *j)
{
    for (size_t i = 0; i < j->n_rows; i++) {
        const struct ridge_judged *r = &j->rows[i];
        bool is_of_one_run = strcmp(r->kind, "paired") == 0 || (strcmp(r->kind, "unpaired") == 0 && r->base_run_id == run->run.id);
        if (!is_of_one_run)
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
    struct ridge_cli_line l = ridge_cli_line_read(a, judging);
    struct ridge_buf b = {0};
    bool has_builds = l.verb != NULL && !ridge_cli_line_is(&l, "compare") && ridge_cli_line_value(&l, "--b") != NULL;
    if (!has_builds || of->suite_path == NULL || !ridge_os_exists(of->suite_path))
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
    struct ridge_cli_line l = ridge_cli_line_read(a, command);
    struct ridge_buf b = {0};
    if (!ridge_cli_line_is(&l, "ab") || ridge_cli_line_value(&l, "--option") != NULL)
        return NULL;
    put_measuring(&b, &l, ridge_cli_line_value(&l, "--rules"), filter);
    char *text = ridge_arena_strn(a, b.data, b.n);
    ridge_buf_deinit(&b);
    return text;
}

void ridge_cli_put_again(struct ridge_arena *a, const struct ridge_gate_run *run, struct ridge_judgement *j)
{
    enum { MOST_FOR_ALL = 1000 }; /* rows; of more only those that want it have a command */
    const struct ridge_cli_line judging = ridge_cli_line_read(a, j->command);
    const struct ridge_cli_line pairs = ridge_cli_line_read(a, ridge_cli_suspects_line(a, j->command, &run->run));
    struct ridge_cli_line measuring = ridge_cli_line_read(a, run->run.command);
    if (measuring.verb == NULL)
        measuring = ridge_cli_line_read(a, "ridge run --gate");
    bool is_stored = judging.verb != NULL && strcmp(j->mode, "ab") != 0 && !ridge_cli_line_is(&measuring, "ab");
    bool is_two_cases = is_of_two_cases(run, j);
    for (size_t i = 0; i < j->n_rows; i++) {
        struct ridge_judged *r = &j->rows[i];
        struct ridge_buf b = {0};
        if (r->verdict < RIDGE_CHANGE_INCONCLUSIVE && j->n_rows >= MOST_FOR_ALL)
            continue;
        bool is_compared = strcmp(r->kind, "unpaired") == 0 || strcmp(r->kind, "metric") == 0;
        bool is_pair = pairs.verb != NULL && r->i_member >= 0 && is_compared; /* measured as A/B */
        put_measuring(&b, is_pair ? &pairs : &measuring, ridge_cli_line_value(&judging, "--rules"), filter_of(a, run, r, is_two_cases));
        if (ridge_cli_line_is(&judging, "compare"))
            put_compare(&b, a, &judging);
        else if (is_stored && !is_pair)
            put_gate(&b, a, &judging, j);
        r->again = ridge_arena_strn(a, b.data, b.n);
        ridge_buf_deinit(&b);
    }
}
