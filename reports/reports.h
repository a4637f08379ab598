/* The writers that table.c lists. */
#ifndef RIDGE_REPORTS_REPORTS_H
#define RIDGE_REPORTS_REPORTS_H
#include "report.h"
#define RIDGE_REPORT_WRITER(name)                                                                  \
    enum ridge_status name(const struct ridge_report_input *in, struct ridge_buf *out, struct ridge_error *err)
RIDGE_REPORT_WRITER(ridge_report_html);
RIDGE_REPORT_WRITER(ridge_report_table);
RIDGE_REPORT_WRITER(ridge_report_markdown);
RIDGE_REPORT_WRITER(ridge_report_csv);
RIDGE_REPORT_WRITER(ridge_report_json);
RIDGE_REPORT_WRITER(ridge_report_ndjson);
RIDGE_REPORT_WRITER(ridge_report_gbench);
RIDGE_REPORT_WRITER(ridge_report_verdict);
RIDGE_REPORT_WRITER(ridge_report_verdict_json);
RIDGE_REPORT_WRITER(ridge_report_summary);
RIDGE_REPORT_WRITER(ridge_report_annotations);
RIDGE_REPORT_WRITER(ridge_report_junit);
#endif
