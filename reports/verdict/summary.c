/* Markdown for a job summary, and annotations for the forge. The command line splits the summary under 1 MiB. */
#include "reports.h"
#include "verdict/verdict.h"

#include <string.h>

enum { MOST_ANNOTATIONS = 10 }; /* of a kind; forges drop the rest without a word */

static void put_cell(struct ridge_buf *b, const char *s)
{
    ridge_buf_puts(b, " ");
    ridge_text_markdown(b, s);
    ridge_buf_puts(b, " |");
}

static void put_row(struct ridge_buf *b, const struct ridge_judged *r)
{
    char text[96];
    ridge_buf_puts(b, ridge_verdict_is_red(r) ? "| **" : "| ");
    ridge_buf_puts(b, ridge_change_text(r->verdict));
    ridge_buf_puts(b, ridge_verdict_is_red(r) ? "** |" : " |");
    put_cell(b, r->subject);
    put_cell(b, r->label);
    put_cell(b, ridge_verdict_change(r->ratio, text, sizeof text));
    put_cell(b, ridge_verdict_interval(r, text, sizeof text));
    put_cell(b, ridge_verdict_margin(r, text, sizeof text));
    put_cell(b, r->why);
    ridge_buf_puts(b, "\n");
}

RIDGE_REPORT_WRITER(ridge_report_summary)
{
    const struct ridge_judgement *j = in->judgement;
    if (j == NULL)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "", "%s", ridge_verdict_none());
    ridge_buf_puts(out, "## Ridge: ");
    ridge_text_markdown(out, j->banner);
    ridge_buf_puts(out, "\n\nAgainst ");
    ridge_text_markdown(out, j->baseline);
    ridge_buf_puts(out, ". ");
    struct ridge_buf control = {0};
    ridge_verdict_put_control(&control, j);
    ridge_text_markdown(out, control.data);
    ridge_buf_deinit(&control);
    ridge_buf_puts(out, ".\n");
    if (j->why[0] != '\0') {
        ridge_buf_puts(out, "\n**Cannot judge:** ");
        ridge_text_markdown(out, j->why);
        ridge_buf_puts(out, "\n");
    }
    if (j->advice[0] != '\0') {
        ridge_buf_puts(out, "\n");
        ridge_text_markdown(out, j->advice);
        ridge_buf_puts(out, ".\n");
    }
    ridge_buf_puts(out, "\n| verdict | case | backend | change | interval | margin | why |\n|:--|:--|:--|--:|:--|--:|:--|\n");
    for (size_t i = 0; i < j->n_rows; i++)
        if (!ridge_verdict_is_aa(&j->rows[i]))
            put_row(out, &j->rows[i]);
    bool any = false;
    for (size_t i = 0; i < j->n_rows; i++)
        if (ridge_verdict_is_red(&j->rows[i]) && j->rows[i].again[0] != '\0') {
            ridge_buf_puts(out, any ? "\n" : "\nMeasure the red ones again:\n\n");
            any = true;
            ridge_buf_puts(out, "    ");
            ridge_text_terminal(out, j->rows[i].again);
        }
    ridge_buf_puts(out, any ? "\n" : "");
    return RIDGE_OK;
}

/* Workflow commands end at a newline; %, CR and LF are escaped, and in properties : and , too. */
static void put_command_text(struct ridge_buf *b, const char *s, bool is_property)
{
    struct ridge_buf safe = {0};
    ridge_text_terminal(&safe, s);
    for (size_t i = 0; i < safe.n; i++) {
        char c = safe.data[i];
        if (c == '%' || c == '\n' || c == '\r' || (is_property && (c == ':' || c == ',')))
            ridge_buf_printf(b, "%%%02X", (unsigned)c);
        else
            ridge_buf_put(b, &c, 1);
    }
    ridge_buf_deinit(&safe);
}

RIDGE_REPORT_WRITER(ridge_report_annotations)
{
    static const struct { enum ridge_change verdict; const char *command; } kinds[] = {
        {RIDGE_CHANGE_FAILED, "error"}, {RIDGE_CHANGE_REGRESSED, "error"}, {RIDGE_CHANGE_INCONCLUSIVE, "warning"}};
    const struct ridge_judgement *j = in->judgement;
    size_t n_errors = 0, n_warnings = 0;
    char text[96];
    if (j == NULL)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "", "%s", ridge_verdict_none());
    for (size_t i = 0; i < j->n_rows; i++) {
        const struct ridge_judged *r = &j->rows[i];
        const char *command = NULL;
        for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
            if (r->verdict == kinds[k].verdict && !ridge_verdict_is_aa(r))
                command = kinds[k].command;
        if (command == NULL)
            continue;
        size_t *n = strcmp(command, "error") == 0 ? &n_errors : &n_warnings;
        if (++*n > MOST_ANNOTATIONS - 1) /* the last one of a kind is the count */
            continue;
        ridge_buf_printf(out, "::%s title=", command);
        put_command_text(out, r->subject, true);
        ridge_buf_puts(out, "::");
        struct ridge_buf words = {0};
        ridge_buf_printf(&words, "%s %s: %s. %s", r->label, ridge_change_text(r->verdict),
                         ridge_verdict_change(r->ratio, text, sizeof text), r->why);
        put_command_text(out, words.data, false);
        ridge_buf_deinit(&words);
        ridge_buf_puts(out, "\n");
    }
    if (n_errors >= MOST_ANNOTATIONS)
        ridge_buf_printf(out, "::error::and %zu more red cases\n", n_errors - MOST_ANNOTATIONS + 1);
    if (n_warnings >= MOST_ANNOTATIONS)
        ridge_buf_printf(out, "::warning::and %zu more undecided cases\n", n_warnings - MOST_ANNOTATIONS + 1);
    return RIDGE_OK;
}
