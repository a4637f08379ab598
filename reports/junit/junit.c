/* JUnit XML: a suite per run, a test case per judged case and metric. Red ones fail, undecided ones are skipped,
 * a machine that cannot judge is an error of the suite. */
#include "reports.h"
#include "verdict/verdict.h"

#include <inttypes.h>
#include <string.h>

/* XML 1.0 has no control bytes but tab, CR and LF: ridge_text_terminal makes them visible first. */
static void put_xml(struct ridge_buf *b, const char *s)
{
    struct ridge_buf safe = {0};
    ridge_text_terminal(&safe, s);
    if (safe.n > 0)
        ridge_text_html(b, safe.data);
    ridge_buf_deinit(&safe);
}

static void put_case(struct ridge_buf *b, const struct ridge_judged *r)
{
    char change[48], interval[96];
    ridge_buf_puts(b, "    <testcase classname=\"");
    put_xml(b, r->subject);
    ridge_buf_puts(b, "\" name=\"");
    put_xml(b, r->label);
    ridge_buf_puts(b, " ");
    put_xml(b, r->metric);
    ridge_buf_puts(b, "\">");
    ridge_verdict_change(r->ratio, change, sizeof change);
    ridge_verdict_interval(r, interval, sizeof interval);
    if (ridge_verdict_is_red(r) || r->verdict == RIDGE_CHANGE_INCONCLUSIVE) {
        bool red = ridge_verdict_is_red(r);
        ridge_buf_printf(b, "<%s message=\"%s %s (%s)", red ? "failure" : "skipped", ridge_change_text(r->verdict), change, interval);
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
    ridge_buf_printf(b, "<system-out>%s %s (%s)</system-out></testcase>\n", ridge_change_text(r->verdict), change, interval);
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
    for (size_t i = 0; i < j->n_rows; i++)
        if (!ridge_verdict_is_aa(&j->rows[i]))
            put_case(out, &j->rows[i]);
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
