#include "session.h"
#include <string.h>

const char *const ridge_cli_export_formats[] = {"json", "ndjson", "csv", "markdown", "gbench", "verdict",
                                                "verdict-json", "summary", "annotations", "junit", NULL};

int ridge_cli_export(const struct ridge_cli_args *args)
{
    const char *const *formats = ridge_cli_export_formats;
    struct ridge_store *store = NULL;
    const char *format = ridge_cli_value(args, "--format"), *run = ridge_cli_value(args, "--run");
    size_t i = 0;
    if (format == NULL)
        format = "json";
    while (formats[i] != NULL && strcmp(formats[i], format) != 0)
        i++;
    if (formats[i] == NULL) {
        const char *near = ridge_text_nearest(format, formats);
        return ridge_cli_usage(args->verb, "--format %s: only json, ndjson, csv, markdown, gbench, verdict, "
                               "verdict-json, summary, annotations, "
                               "junit%s%s%s", format,
                               near != NULL ? "; did you mean " : "", near != NULL ? near : "",
                               near != NULL ? "?" : "");
    }
    int rc = ridge_cli_open_store(args->operands[0], &store);
    if (rc != RIDGE_EXIT_OK)
        return rc;
    rc = ridge_cli_write_report(store, args->operands[0], run != NULL ? run : "last", format,
                                ridge_cli_value(args, "--output"));
    ridge_store_close(store);
    return rc;
}
