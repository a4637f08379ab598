/* Opening stored runs and writing them through a report: what report, show, export and run share. */
#include "report.h"
#include "base/os.h"
#include "session.h"

int ridge_cli_open_store(const char *file, struct ridge_store **out)
{
    struct ridge_error err = {0};
    if (!ridge_os_exists(file)) {
        (void)ridge_fail(&err, RIDGE_ERR_CONFIG, file, "no such results file; ridge run makes one");
        return ridge_cli_error(&err);
    }
    return ridge_store_open(file, false, out, &err) == RIDGE_OK ? RIDGE_EXIT_OK : ridge_cli_error(&err);
}

int ridge_cli_write_report(struct ridge_store *store, const char *file, const char *run, const char *report,
                           const char *path)
{
    struct ridge_arena a = {0};
    struct ridge_error err = {0};
    struct ridge_buf b = {0};
    struct ridge_rd_run rd = {0};
    struct ridge_rd_group *groups = NULL;
    size_t n_groups = 0;
    const struct ridge_report *writer = ridge_report_find(report);
    enum ridge_status st = RIDGE_OK;
    if (writer == NULL)
        st = ridge_fail(&err, RIDGE_ERR_UNSUPPORTED, "", "this build has no report '%s'", report);
    if (st == RIDGE_OK)
        st = ridge_read_run(store, &a, run, &rd, &err);
    if (st == RIDGE_OK)
        st = ridge_read_groups(store, &a, rd.id, &groups, &n_groups, &err);
    if (st == RIDGE_OK) {
        struct ridge_report_input in = {.store = store,
                                        .run = &rd,
                                        .groups = groups,
                                        .n_groups = n_groups,
                                        .file = file,
                                        .rerun = ridge_cli_rerun,
                                        .color = path == NULL && ridge_cli_color(stdout),
                                        .width_columns = path == NULL ? ridge_cli_width(stdout) : 0};
        st = writer->write(&in, &b, &err);
    }
    int rc = st == RIDGE_OK ? ridge_cli_print(&b, path, &err) : ridge_cli_error(&err);
    ridge_buf_deinit(&b);
    ridge_arena_deinit(&a);
    return rc;
}

char *ridge_cli_command_text(struct ridge_arena *a, const struct ridge_cli_args *args)
{
    struct ridge_buf b = {0};
    ridge_buf_puts(&b, "ridge");
    for (int i = 1; i < args->argc; i++) {
        ridge_buf_puts(&b, " ");
        ridge_text_shell(&b, args->argv[i]);
    }
    char *text = ridge_arena_strn(a, b.data, b.n);
    ridge_buf_deinit(&b);
    return text;
}
