/* The console table of a judgement: worst first, each red line with the command that reproduces it. */
#include "reports.h"
#include "verdict/verdict.h"

#include <string.h>

enum { MOST_OK = 30 };

static const char *color_of(enum ridge_change c)
{
    static const char *const colors[] = {[RIDGE_CHANGE_OK] = "", [RIDGE_CHANGE_IMPROVED] = "\033[32m",
                                         [RIDGE_CHANGE_INCONCLUSIVE] = "\033[33m", [RIDGE_CHANGE_REGRESSED] = "\033[1;31m",
                                         [RIDGE_CHANGE_FAILED] = "\033[1;31m"};
    return (size_t)c < RIDGE_N_CHANGES ? colors[c] : "";
}

static void pad(struct ridge_buf *b, size_t from, size_t width)
{
    while (b->n - from < width)
        ridge_buf_puts(b, " ");
}

static void put_row(struct ridge_buf *b, const struct ridge_report_input *in, const struct ridge_judged *r, size_t width)
{
    char text[96];
    size_t from;
    ridge_buf_puts(b, "  ");
    from = b->n;
    ridge_text_terminal(b, r->subject);
    ridge_buf_puts(b, "  ");
    ridge_text_terminal(b, r->label);
    pad(b, from, width);
    ridge_buf_printf(b, "  %9s", ridge_verdict_change(r, text, sizeof text));
    ridge_buf_printf(b, "  %-22s", ridge_verdict_interval(r, text, sizeof text));
    ridge_buf_printf(b, "  %6s", ridge_verdict_margin(r, text, sizeof text));
    ridge_buf_printf(b, "  %5lld  ", (long long)r->n_forks);
    if (in->color)
        ridge_buf_puts(b, color_of(r->verdict));
    ridge_buf_puts(b, ridge_change_text(r->verdict));
    if (in->color && color_of(r->verdict)[0] != '\0')
        ridge_buf_puts(b, "\033[0m");
    if (strcmp(r->metric, "time_ns") != 0)
        ridge_buf_printf(b, " (%s)", r->metric);
    ridge_buf_puts(b, "\n");
    /* of a pair that is OK: what differs without a clock; of a limit: the value and the limit */
    bool is_plain = r->verdict == RIDGE_CHANGE_OK && strcmp(r->kind, "paired") != 0 && !ridge_verdict_is_limit(r);
    if (r->why[0] != '\0' && !is_plain) {
        ridge_buf_puts(b, "      ");
        ridge_text_terminal(b, r->why);
        ridge_buf_puts(b, "\n");
    }
    if (ridge_verdict_is_red(r) && r->again[0] != '\0') {
        ridge_buf_puts(b, "      again: ");
        ridge_text_terminal(b, r->again);
        ridge_buf_puts(b, "\n");
    }
}

static size_t width_of(const struct ridge_judgement *j)
{
    size_t width = 20;
    for (size_t i = 0; i < j->n_rows; i++) {
        size_t n = strlen(j->rows[i].subject) + 2 + strlen(j->rows[i].label);
        width = n > width && n <= 64 ? n : width;
    }
    return width;
}

static void put_rows(struct ridge_buf *b, const struct ridge_report_input *in)
{
    const struct ridge_judgement *j = in->judgement;
    size_t width = width_of(j), n_ok = 0;
    ridge_buf_puts(b, "  case");
    pad(b, b->n - 4, width);
    ridge_buf_printf(b, "  %9s  %-22s  %6s  %5s  verdict\n", "change", "interval", "margin", "forks");
    for (size_t i = 0; i < j->n_rows; i++) {
        const struct ridge_judged *r = &j->rows[i];
        if (ridge_verdict_is_aa(r))
            continue;
        n_ok += r->verdict == RIDGE_CHANGE_OK;
        if (r->verdict != RIDGE_CHANGE_OK || n_ok <= MOST_OK)
            put_row(b, in, r, width);
    }
    if (n_ok > MOST_OK)
        ridge_buf_printf(b, "  ... and %zu more OK\n", n_ok - MOST_OK);
}

RIDGE_REPORT_WRITER(ridge_report_verdict)
{
    const struct ridge_judgement *j = in->judgement;
    if (j == NULL)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "", "%s", ridge_verdict_none());
    ridge_buf_puts(out, "against ");
    ridge_text_terminal(out, j->baseline);
    ridge_buf_puts(out, ", rules ");
    ridge_text_terminal(out, j->rules_name);
    ridge_buf_printf(out, ", interval %.3g %%%s\n", 100 * (1 - 2 * j->alpha), j->n_looks > 1 ? " at this look" : "");
    if (j->n_rows > 0)
        put_rows(out, in);
    size_t before = out->n;
    ridge_verdict_put_power(out, j);
    ridge_buf_puts(out, out->n > before ? "\n" : "");
    if (j->advice[0] != '\0') {
        ridge_text_terminal(out, j->advice);
        ridge_buf_puts(out, "\n");
    }
    ridge_verdict_put_control(out, j);
    ridge_buf_puts(out, "\n");
    if (j->why[0] != '\0') {
        ridge_buf_puts(out, "cannot judge: ");
        ridge_text_terminal(out, j->why);
        ridge_buf_puts(out, "\n");
    }
    ridge_text_terminal(out, j->banner);
    ridge_buf_puts(out, "\n");
    return RIDGE_OK;
}
