/* Opening stored runs and writing them through a report: what report, show, export and run share. */
#include "report.h"
#include "base/os.h"
#include "session.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int ridge_cli_open_store(const char *file, struct ridge_store **out)
{
    struct ridge_error err = {0};
    if (!ridge_os_exists(file)) {
        (void)ridge_fail(&err, RIDGE_ERR_CONFIG, file, "no such results file; ridge run makes one");
        return ridge_cli_error(&err);
    }
    return ridge_store_open(file, false, out, &err) == RIDGE_OK ? RIDGE_EXIT_OK : ridge_cli_error(&err);
}

bool ridge_cli_temporary_folder(const char *name, char *folder, size_t n_folder)
{
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(folder, n_folder, "%s/ridge-%s-XXXXXX", tmp != NULL && tmp[0] == '/' ? tmp : "/tmp", name);
    return mkdtemp(folder) != NULL;
}

int ridge_cli_check_output(const char *path, const char *other)
{
    struct ridge_error err = {0};
    struct stat to;
    bool exists = path != NULL && stat(path, &to) == 0;
    if (path == NULL)
        return RIDGE_EXIT_OK;
    const char *slash = strrchr(path, '/');
    if (other != NULL && ridge_os_same_file(path, other))
        (void)ridge_fail(&err, RIDGE_ERR_USAGE, path, "this command reads or fills that very file; it would be lost");
    else if (exists && S_ISDIR(to.st_mode))
        (void)ridge_fail(&err, RIDGE_ERR_USAGE, path, "is a folder; a file name is needed");
    else if (exists && access(path, W_OK) != 0)
        (void)ridge_fail(&err, RIDGE_ERR_USAGE, path, "cannot be written: %s", strerror(errno));
    if (!exists && err.status == RIDGE_OK) {
        struct ridge_buf folder = {0};
        ridge_buf_put(&folder, slash != NULL ? path : ".", slash == NULL || slash == path ? 1 : (size_t)(slash - path));
        if (access(folder.data, W_OK | X_OK) != 0)
            (void)ridge_fail(&err, RIDGE_ERR_USAGE, path, "cannot be created: %s", strerror(errno));
        ridge_buf_deinit(&folder);
    }
    return err.status == RIDGE_OK ? RIDGE_EXIT_OK : ridge_cli_error(&err);
}

/* Where a report's text goes: a file beside its place until it is whole, or stdout as it comes. */
struct sink {
    struct ridge_os_output file;
    bool is_file, is_gone; /* gone: the reader of a pipe had enough */
};

static enum ridge_status flush(void *self, struct ridge_buf *b, struct ridge_error *err)
{
    struct sink *s = self;
    enum ridge_status st = RIDGE_OK;
    if (s->is_file) {
        st = ridge_os_output_put(&s->file, b->data != NULL ? b->data : "", b->n, err);
    } else if (b->n > 0 && (fwrite(b->data, 1, b->n, stdout) != b->n || fflush(stdout) != 0)) {
        s->is_gone = errno == EPIPE;
        st = ridge_fail(err, RIDGE_ERR_IO, "standard output", "cannot write: %s", strerror(errno));
    }
    b->n = 0;
    return st;
}

static enum ridge_status write_through(const struct ridge_report *writer, struct ridge_report_input *in, const char *path,
                                       struct ridge_error *err)
{
    struct sink s = {.is_file = path != NULL};
    struct ridge_buf b = {0};
    enum ridge_status st = path != NULL ? ridge_os_output_open(&s.file, path, err) : RIDGE_OK;
    in->flush = flush;
    in->flush_self = &s;
    if (st == RIDGE_OK)
        st = writer->write(in, &b, err);
    if (st == RIDGE_OK)
        st = flush(&s, &b, err);
    if (s.is_file) {
        enum ridge_status closed = ridge_os_output_close(&s.file, st == RIDGE_OK, err);
        st = st != RIDGE_OK ? st : closed;
    }
    ridge_buf_deinit(&b);
    return s.is_gone ? RIDGE_OK : st;
}

/* told NULL: the run's stored judgement. */
static int write_run(struct ridge_store *store, const char *file, const char *run, const struct ridge_judgement *told,
                     const char *report, const char *path)
{
    struct ridge_arena a = {0};
    struct ridge_error err = {0};
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
    struct ridge_judgement *stored = NULL;
    if (st == RIDGE_OK && told == NULL)
        st = ridge_read_judgement(store, &a, rd.id, &stored, &err);
    if (st == RIDGE_OK) {
        struct ridge_report_input in = {.judgement = told != NULL ? told : stored,
                                        .store = store,
                                        .run = &rd,
                                        .groups = groups,
                                        .n_groups = n_groups,
                                        .file = file,
                                        .rerun = ridge_cli_rerun,
                                        .color = path == NULL && ridge_cli_color(stdout),
                                        .width_columns = path == NULL ? ridge_cli_width(stdout) : 0};
        st = write_through(writer, &in, path, &err);
    }
    int rc = st == RIDGE_OK ? RIDGE_EXIT_OK : ridge_cli_error(&err);
    ridge_arena_deinit(&a);
    return rc;
}

int ridge_cli_write_report(struct ridge_store *store, const char *file, const char *run, const char *report,
                           const char *path)
{
    return write_run(store, file, run, NULL, report, path);
}

int ridge_cli_write_told(struct ridge_store *store, const char *file, const struct ridge_judgement *told, const char *report,
                         const char *path)
{
    char id[32];
    (void)snprintf(id, sizeof id, "%lld", (long long)told->run_id);
    return write_run(store, file, id, told, report, path);
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
