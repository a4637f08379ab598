#include "judge.h"

int ridge_cli_run(const struct ridge_cli_args *args)
{
    char quick[4096];
    const char *set[RIDGE_CLI_MAX_VALUES + 1];
    struct ridge_cli_worker worker = {0};
    struct ridge_error err = {0};
    struct ridge_session_config c = {.suite_path = args->operands[0],
                                     .set = set,
                                     .filter = ridge_cli_value(args, "--filter"),
                                     .output_path = ridge_cli_value(args, "--output"),
                                     .report_path = ridge_cli_value(args, "--report"),
                                     .resume = ridge_cli_value(args, "--resume") != NULL,
                                     .require_quiet = ridge_cli_value(args, "--require-quiet") != NULL,
                                     .json = ridge_cli_value(args, "--json") != NULL};
    struct ridge_cli_fit fit;
    const struct ridge_session_hooks hooks = ridge_cli_fit_hooks(&fit, ridge_cli_value(args, "--gate") != NULL);
    c.hooks = &hooks;
    (void)ridge_cli_values(args, "--set", set);
    if (c.output_path == NULL)
        c.output_path = "results.ridge";
    if (c.suite_path == NULL) {
        if (!ridge_cli_data_file("suites/quick.json", quick, sizeof quick))
            return ridge_cli_usage(args->verb, "the quick suite was not installed with this program; name a SUITE");
        c.suite_path = quick;
    }
    int rc = ridge_cli_worker_open(&worker, &err) == RIDGE_OK ? RIDGE_EXIT_OK : ridge_cli_error(&err);
    if (rc == RIDGE_EXIT_OK) {
        c.command = ridge_cli_command_text(&worker.arena, args);
        rc = ridge_cli_session(&c, &worker);
    }
    ridge_cli_worker_close(&worker);
    ridge_arena_deinit(&fit.arena);
    return rc;
}
