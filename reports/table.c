/* All reports: one row each. */
#include "report.h"
#include "reports.h"
#include <string.h>

const struct ridge_report ridge_reports[] = {
    {"html", "one self-contained page: winners, pictures, noise, machine", "html", ridge_report_html},
    {"table", "the terminal's answer, one block a subject", "txt", ridge_report_table},
    {"markdown", "tables for a merge request or a README", "md", ridge_report_markdown},
    {"csv", "one row a case, for spreadsheets", "csv", ridge_report_csv},
    {"json", "everything but the samples", "json", ridge_report_json},
    {"ndjson", "every raw sample, one object a line", "ndjson", ridge_report_ndjson},
    {"gbench", "Google Benchmark's JSON, one repetition per block", "json", ridge_report_gbench},
    {"verdict", "what was judged: the terminal's answer", "txt", ridge_report_verdict},
    {"verdict-json", "what was judged, for programs", "json", ridge_report_verdict_json},
    {"summary", "what was judged, for a job summary", "md", ridge_report_summary},
    {"annotations", "what was judged, as workflow commands of a forge", "txt", ridge_report_annotations},
    {"junit", "what was judged, as JUnit XML", "xml", ridge_report_junit},
};
const size_t ridge_n_reports = sizeof ridge_reports / sizeof ridge_reports[0];

const struct ridge_report *ridge_report_find(const char *name)
{
    for (size_t i = 0; i < ridge_n_reports; i++)
        if (strcmp(ridge_reports[i].name, name) == 0)
            return &ridge_reports[i];
    return NULL;
}

enum ridge_status ridge_report_flush(const struct ridge_report_input *in, struct ridge_buf *out, struct ridge_error *err)
{
    return in->flush == NULL || out->n < RIDGE_REPORT_FLUSH_BYTES ? RIDGE_OK : in->flush(in->flush_self, out, err);
}
