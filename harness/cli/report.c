#include "session.h"

int ridge_cli_report(const struct ridge_cli_args *args)
{
    struct ridge_store *store = NULL;
    const char *path = ridge_cli_value(args, "--output"), *run = ridge_cli_value(args, "--run");
    if (path == NULL)
        path = "report.html";
    int rc = ridge_cli_check_output(path, args->operands[0]);
    if (rc == RIDGE_EXIT_OK)
        rc = ridge_cli_open_store(args->operands[0], &store);
    if (rc != RIDGE_EXIT_OK)
        return rc;
    rc = ridge_cli_write_report(store, args->operands[0], run != NULL ? run : "last", "html", path);
    if (rc == RIDGE_EXIT_OK)
        ridge_cli_say("report: %s", path);
    ridge_store_close(store);
    return rc;
}
