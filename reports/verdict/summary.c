/* Markdown for a job summary, in parts where a forge would cut it, and annotations for the forge. */
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

/* A red row carries the command that reproduces it, so that it stays whole in whatever part it falls. */
static void put_why(struct ridge_buf *b, const struct ridge_judged *r)
{
    ridge_buf_puts(b, " ");
    ridge_text_markdown(b, r->why);
    if (ridge_verdict_is_red(r) && r->again[0] != '\0') {
        ridge_buf_puts(b, r->why[0] != '\0' ? "<br>" : "");
        ridge_buf_puts(b, "again: <code>");
        ridge_text_markdown(b, r->again);
        ridge_buf_puts(b, "</code>");
    }
    ridge_buf_puts(b, " |\n");
}

static void put_row(struct ridge_buf *b, const struct ridge_judged *r)
{
    char text[96];
    ridge_buf_puts(b, ridge_verdict_is_red(r) ? "| **" : "| ");
    ridge_buf_puts(b, ridge_change_text(r->verdict));
    ridge_buf_puts(b, ridge_verdict_is_red(r) ? "** |" : " |");
    put_cell(b, r->subject);
    put_cell(b, r->label);
    put_cell(b, r->metric);
    put_cell(b, ridge_verdict_change(r, text, sizeof text));
    put_cell(b, ridge_verdict_interval(r, text, sizeof text));
    put_cell(b, ridge_verdict_margin(r, text, sizeof text));
    put_cell(b, ridge_verdict_sees(r, text, sizeof text));
    put_why(b, r);
}

static void put_head(struct ridge_buf *out, const struct ridge_judgement *j)
{
    struct ridge_buf words = {0};
    ridge_buf_puts(out, "\n\nAgainst ");
    ridge_text_markdown(out, j->baseline);
    ridge_buf_puts(out, ". ");
    ridge_verdict_put_power(&words, j);
    ridge_buf_puts(&words, words.n > 0 ? ". " : "");
    ridge_verdict_put_control(&words, j);
    ridge_text_markdown(out, words.data);
    ridge_buf_deinit(&words);
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
}

/* Rows from i_row on until the part is full, one at least; where the next part begins. */
static size_t put_rows(struct ridge_buf *out, const struct ridge_judgement *j, size_t i_row, size_t most_bytes)
{
    bool any = false;
    for (; i_row < j->n_rows; i_row++) {
        size_t before = out->n;
        if (ridge_verdict_is_aa(&j->rows[i_row]))
            continue;
        put_row(out, &j->rows[i_row]);
        if (any && out->n > most_bytes) {
            out->n = before;
            break;
        }
        any = true;
    }
    return i_row;
}

size_t ridge_report_summary_part(const struct ridge_judgement *j, size_t i_row, size_t most_bytes, const char *next,
                                 struct ridge_buf *out)
{
    static const char header[] = "\n| verdict | case | backend | metric | change | interval | margin | can see | why |\n"
                                 "|:--|:--|:--|:--|--:|:--|--:|--:|:--|\n";
    size_t n_tail = strlen(next) + 64;
    ridge_buf_puts(out, RIDGE_SUMMARY_MARK);
    ridge_text_markdown(out, j->banner);
    if (i_row == 0)
        put_head(out, j);
    else
        ridge_buf_puts(out, ", continued\n");
    ridge_buf_puts(out, header);
    size_t n = put_rows(out, j, i_row, most_bytes > n_tail ? most_bytes - n_tail : 0);
    if (n < j->n_rows) {
        size_t n_left = 0;
        for (size_t i = n; i < j->n_rows; i++)
            n_left += !ridge_verdict_is_aa(&j->rows[i]);
        ridge_buf_printf(out, "\n%zu more rows: continued in ", n_left);
        ridge_text_markdown(out, next);
        ridge_buf_puts(out, "\n");
    }
    return n;
}

RIDGE_REPORT_WRITER(ridge_report_summary)
{
    if (in->judgement == NULL)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "", "%s", ridge_verdict_none());
    (void)ridge_report_summary_part(in->judgement, 0, SIZE_MAX, "", out);
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

/* A comparison tells and blames nobody: its rows are notices. */
static const char *kind_of(const struct ridge_judgement *j, const struct ridge_judged *r)
{
    bool is_open = r->verdict == RIDGE_CHANGE_INCONCLUSIVE;
    if (ridge_verdict_is_aa(r) || (!ridge_verdict_is_red(r) && !is_open))
        return NULL;
    return ridge_verdict_is_told(j) ? "notice" : is_open ? "warning" : "error";
}

static void put_annotation(struct ridge_buf *out, const char *kind, const struct ridge_judged *r)
{
    char figures[160];
    struct ridge_buf words = {0};
    ridge_buf_printf(out, "::%s title=", kind);
    put_command_text(out, r->subject, true);
    ridge_buf_puts(out, "::");
    ridge_buf_printf(&words, "%s %s: %s %s", r->label, ridge_change_text(r->verdict), r->metric,
                     ridge_verdict_figures(r, figures, sizeof figures));
    ridge_buf_printf(&words, "%s%s%s%s", r->why[0] != '\0' ? ". " : "", r->why, r->again[0] != '\0' ? ". Again: " : "", r->again);
    put_command_text(out, words.data, false);
    ridge_buf_deinit(&words);
    ridge_buf_puts(out, "\n");
}

RIDGE_REPORT_WRITER(ridge_report_annotations)
{
    static const struct { const char *name, *rest; } kinds[] = {
        {"error", "red cases"}, {"warning", "undecided cases"}, {"notice", "cases that changed or are undecided"}};
    const struct ridge_judgement *j = in->judgement;
    if (j == NULL)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "", "%s", ridge_verdict_none());
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++) {
        size_t n = 0;
        for (size_t i = 0; i < j->n_rows; i++) {
            const char *kind = kind_of(j, &j->rows[i]);
            bool is_it = kind != NULL && strcmp(kind, kinds[k].name) == 0;
            if (is_it && ++n < MOST_ANNOTATIONS) /* the last one of a kind is the count */
                put_annotation(out, kind, &j->rows[i]);
        }
        if (n >= MOST_ANNOTATIONS)
            ridge_buf_printf(out, "::%s::and %zu more %s\n", kinds[k].name, n - MOST_ANNOTATIONS + 1, kinds[k].rest);
    }
    return RIDGE_OK;
}
