/* JUnit XML: a suite per run, a test case per judged case and metric. Red ones fail, undecided ones are skipped,
 * a machine that cannot judge is an error of the suite. */
#include "reports.h"
#include "verdict/verdict.h"

#include <stdlib.h>
#include <string.h>

/* XML 1.0 has no control bytes but tab, CR and LF: ridge_text_terminal makes them visible first. Nor has it U+FFFE and U+FFFF. */
static void put_xml(struct ridge_buf *b, const char *s)
{
    struct ridge_buf safe = {0};
    ridge_text_terminal(&safe, s);
    for (char *c = safe.data; c != NULL && (c = strstr(c, "\xEF\xBF")) != NULL; c += 3)
        if (c[2] == '\xBE' || c[2] == '\xBF')
            c[2] = '\xBD'; /* U+FFFD */
    if (safe.n > 0)
        ridge_text_html(b, safe.data);
    ridge_buf_deinit(&safe);
}

/* What a test is called: forges follow it by class and name from run to run. */
static int by_name(const struct ridge_judged *x, const struct ridge_judged *y)
{
    int order = strcmp(x->subject, y->subject);
    order = order != 0 ? order : strcmp(x->label, y->label);
    order = order != 0 ? order : strcmp(x->metric, y->metric);
    return order != 0 ? order : strcmp(x->kind, y->kind);
}

static int by_name_then_place(const void *a, const void *b)
{
    const struct ridge_judged *x = *(const struct ridge_judged *const *)a, *y = *(const struct ridge_judged *const *)b;
    int order = by_name(x, y);
    return order != 0 ? order : (x > y) - (x < y);
}

/* 0, or for the second row of one name 1, ...: two limits on one metric, say. By row of j; to be freed. */
static size_t *count_twins(const struct ridge_judgement *j)
{
    const struct ridge_judged **sorted = ridge_xrealloc_array(NULL, j->n_rows + 1, sizeof *sorted);
    size_t *out = ridge_xrealloc_array(NULL, j->n_rows + 1, sizeof *out);
    for (size_t i = 0; i < j->n_rows; i++)
        sorted[i] = &j->rows[i];
    if (j->n_rows > 0)
        qsort(sorted, j->n_rows, sizeof *sorted, by_name_then_place);
    for (size_t i = 0; i < j->n_rows; i++) {
        bool is_twin = i > 0 && by_name(sorted[i - 1], sorted[i]) == 0;
        out[sorted[i] - j->rows] = is_twin ? out[sorted[i - 1] - j->rows] + 1 : 0;
    }
    free(sorted);
    return out;
}

/* Label and metric; where it is no change of that metric, what else. The way of measuring (paired or not) is no part of it. */
static void put_name(struct ridge_buf *b, const struct ridge_judged *r, size_t n_twin)
{
    static const char *const changes[] = {"paired", "unpaired", "metric"};
    bool is_change = false;
    for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++)
        is_change |= strcmp(r->kind, changes[i]) == 0;
    put_xml(b, r->label);
    ridge_buf_puts(b, r->label[0] != '\0' ? " " : "");
    put_xml(b, r->metric);
    ridge_buf_puts(b, is_change ? "" : " ");
    put_xml(b, is_change ? "" : r->kind);
    if (n_twin > 0)
        ridge_buf_printf(b, " (%zu)", n_twin + 1);
}

static void put_case(struct ridge_buf *b, const struct ridge_judged *r, size_t n_twin)
{
    char figures[160];
    ridge_buf_puts(b, "    <testcase classname=\"");
    put_xml(b, r->subject);
    ridge_buf_puts(b, "\" name=\"");
    put_name(b, r, n_twin);
    ridge_buf_puts(b, "\">");
    ridge_verdict_figures(r, figures, sizeof figures);
    if (ridge_verdict_is_red(r) || r->verdict == RIDGE_CHANGE_INCONCLUSIVE) {
        bool red = ridge_verdict_is_red(r);
        ridge_buf_printf(b, "<%s message=\"%s %s", red ? "failure" : "skipped", ridge_change_text(r->verdict), figures);
        ridge_buf_puts(b, r->why[0] != '\0' ? ": " : "");
        put_xml(b, r->why);
        ridge_buf_puts(b, "\"");
        if (red) {
            ridge_buf_puts(b, ">");
            put_xml(b, r->again);
            ridge_buf_puts(b, "</failure>");
        } else {
            ridge_buf_puts(b, "/>");
        }
    }
    ridge_buf_printf(b, "<system-out>%s %s</system-out></testcase>\n", ridge_change_text(r->verdict), figures);
}

RIDGE_REPORT_WRITER(ridge_report_junit)
{
    const struct ridge_judgement *j = in->judgement;
    if (j == NULL)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "", "%s", ridge_verdict_none());
    size_t n_red = ridge_judgement_count(j, RIDGE_CHANGE_REGRESSED) + ridge_judgement_count(j, RIDGE_CHANGE_FAILED);
    size_t n_skipped = ridge_judgement_count(j, RIDGE_CHANGE_INCONCLUSIVE), n = n_red + n_skipped;
    n += ridge_judgement_count(j, RIDGE_CHANGE_OK) + ridge_judgement_count(j, RIDGE_CHANGE_IMPROVED);
    size_t n_errors = j->why[0] != '\0';
    ridge_buf_printf(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" "
                     "skipped=\"%zu\">\n  <testsuite name=\"", n + n_errors, n_red, n_errors, n_skipped);
    put_xml(out, in->run->name);
    ridge_buf_printf(out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\">\n", n + n_errors, n_red, n_errors, n_skipped);
    size_t *twins = count_twins(j);
    for (size_t i = 0; i < j->n_rows; i++)
        if (!ridge_verdict_is_aa(&j->rows[i]))
            put_case(out, &j->rows[i], twins[i]);
    free(twins);
    if (n_errors > 0) {
        ridge_buf_puts(out, "    <testcase classname=\"ridge\" name=\"fit to judge\"><error message=\"");
        put_xml(out, j->why);
        ridge_buf_puts(out, "\"/></testcase>\n");
    }
    ridge_buf_puts(out, "    <system-out>");
    put_xml(out, j->banner);
    ridge_buf_puts(out, "</system-out>\n  </testsuite>\n</testsuites>\n");
    return RIDGE_OK;
}
