/* Where a judgement goes: the console table or --json, --junit, --summary and --report files, annotations. Stores nothing. */
#include "judge.h"
#include "report.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { MOST_BYTES = 1000 << 10 }; /* a forge's job summary holds 1 MiB */

/* FILE.md, FILE.2.md, FILE.3.md */
static const char *part_name(struct ridge_arena *a, const char *path, int part)
{
    size_t n = strlen(path), n_end = n > 3 && strcmp(path + n - 3, ".md") == 0 ? 3 : 0;
    return part == 1 ? path : ridge_arena_printf(a, "%.*s.%d%s", (int)(n - n_end), path, part, path + n - n_end);
}

/* Parts of an earlier, longer summary: ours by their first words. */
static void remove_parts(struct ridge_arena *a, const char *path, int part)
{
    for (bool is_ours = true; is_ours; part++) {
        char head[sizeof RIDGE_SUMMARY_MARK] = "";
        const char *name = part_name(a, path, part);
        FILE *f = fopen(name, "rb");
        is_ours = f != NULL && fread(head, 1, sizeof head - 1, f) == sizeof head - 1 && strcmp(head, RIDGE_SUMMARY_MARK) == 0;
        if (f != NULL)
            (void)fclose(f);
        if (is_ours)
            (void)unlink(name);
    }
}

int ridge_cli_write_summary(const struct ridge_judgement *j, const char *path, size_t most_bytes)
{
    struct ridge_arena a = {0};
    struct ridge_error err = {0};
    size_t i_row = 0;
    int rc = RIDGE_EXIT_OK, part = 1;
    for (; rc == RIDGE_EXIT_OK && (part == 1 || i_row < j->n_rows); part++) {
        struct ridge_buf b = {0};
        const char *next = part_name(&a, path, part + 1), *slash = strrchr(next, '/');
        i_row = ridge_report_summary_part(j, i_row, most_bytes, slash != NULL ? slash + 1 : next, &b);
        rc = ridge_cli_print(&b, part_name(&a, path, part), &err);
        ridge_buf_deinit(&b);
    }
    remove_parts(&a, path, part);
    ridge_arena_deinit(&a);
    return rc;
}

static int write_annotations(const struct ridge_judgement *j)
{
    struct ridge_report_input in = {.judgement = j};
    struct ridge_buf b = {0};
    struct ridge_error err = {0};
    enum ridge_status st = ridge_report_find("annotations")->write(&in, &b, &err);
    if (b.n > 0)
        (void)fwrite(b.data, 1, b.n, stderr);
    ridge_buf_deinit(&b);
    return st == RIDGE_OK ? RIDGE_EXIT_OK : ridge_cli_error(&err);
}

int ridge_cli_tell_judgement(const struct ridge_cli_args *args, struct ridge_store *store, const char *file,
                             const struct ridge_judgement *j)
{
    static const struct { const char *flag, *report; } files[] = {{"--junit", "junit"}, {"--report", "html"}};
    const char *summary = ridge_cli_value(args, "--summary");
    const char *console = ridge_cli_value(args, "--json") != NULL ? "verdict-json" : "verdict";
    int rc = ridge_cli_write_told(store, file, j, console, NULL);
    for (size_t i = 0; rc == RIDGE_EXIT_OK && i < sizeof files / sizeof files[0]; i++) {
        const char *path = ridge_cli_value(args, files[i].flag);
        if (path != NULL)
            rc = ridge_cli_write_told(store, file, j, files[i].report, path);
    }
    if (rc == RIDGE_EXIT_OK && summary != NULL)
        rc = ridge_cli_write_summary(j, summary, MOST_BYTES);
    return rc == RIDGE_EXIT_OK && getenv("GITHUB_ACTIONS") != NULL ? write_annotations(j) : rc;
}
