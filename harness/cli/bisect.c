/* ridge bisect: git bisect with ridge ab as the judge. Works in two worktrees of its own, so the user's tree stays
 * as it is; the good build is kept and every revision is measured against it, interleaved. */
#include "base/os.h"
#include "judge.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct bisecting {
    const struct ridge_cli_args *args;
    struct ridge_arena arena;
    const char *good, *bad, *suite, *worker;
    char folder[4096];
    const char *good_tree, *bad_tree, *script;
};

/* Runs a program in a folder with our own streams; its exit status, or 127. */
static int run_in(const char *folder, const char *const *argv)
{
    pid_t pid = fork();
    int status = 0;
    if (pid < 0)
        return 127;
    if (pid == 0) {
        if (folder != NULL && chdir(folder) != 0)
            _exit(127);
        execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

static int add_tree(const char *path, const char *revision)
{
    const char *const argv[] = {"git", "worktree", "add", "--quiet", "--detach", path, revision, NULL};
    if (run_in(NULL, argv) == 0)
        return RIDGE_EXIT_OK;
    ridge_cli_say("ridge: git cannot check out %s; bisect runs inside a git work tree", revision);
    return RIDGE_EXIT_USAGE;
}

static void drop_tree(const char *path)
{
    const char *const argv[] = {"git", "worktree", "remove", "--force", path, NULL};
    if (path != NULL && ridge_os_exists(path))
        (void)run_in(NULL, argv);
}

/* The commands after --, as one shell line whose words stay words. */
static void put_build(struct bisecting *b, struct ridge_buf *out)
{
    for (size_t i = 0; i < b->args->n_operands; i++) {
        ridge_buf_puts(out, i > 0 ? " " : "");
        ridge_text_shell(out, b->args->operands[i]);
    }
}

/* git bisect run: 0 good, 1 bad, 125 cannot tell. */
static int write_script(struct bisecting *b)
{
    struct ridge_buf s = {0};
    struct ridge_error err = {0};
    const char *rules = ridge_cli_value(b->args, "--rules"), *filter = ridge_cli_value(b->args, "--filter");
    ridge_buf_puts(&s, "#!/bin/sh\n");
    put_build(b, &s);
    ridge_buf_puts(&s, " || exit 125\n");
    ridge_text_shell(&s, ridge_arena_printf(&b->arena, "%s/ridge", ridge_os_program_dir()));
    ridge_buf_puts(&s, " ab --a ");
    ridge_text_shell(&s, ridge_arena_printf(&b->arena, "%s/%s", b->good_tree, b->worker));
    ridge_buf_puts(&s, " --b ");
    ridge_text_shell(&s, ridge_arena_printf(&b->arena, "%s/%s", b->bad_tree, b->worker));
    const struct ridge_kv more[] = {{"--rules", rules}, {"--filter", filter},
                                    {"--output", ridge_arena_printf(&b->arena, "%s/bisect.ridge", b->folder)}};
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
        if (more[i].value != NULL) {
            ridge_buf_printf(&s, " %s ", more[i].key);
            ridge_text_shell(&s, more[i].value);
        }
    ridge_buf_puts(&s, " ");
    ridge_text_shell(&s, b->suite);
    ridge_buf_puts(&s, "\nrc=$?\n[ $rc -le 1 ] && exit $rc\nexit 125\n");
    enum ridge_status st = ridge_os_write_file(b->script, s.data, s.n, &err);
    ridge_buf_deinit(&s);
    return st == RIDGE_OK ? RIDGE_EXIT_OK : ridge_cli_error(&err);
}

static int build_good(struct bisecting *b)
{
    struct ridge_buf line = {0};
    put_build(b, &line);
    const char *const argv[] = {"/bin/sh", "-c", line.data, NULL};
    int rc = run_in(b->good_tree, argv);
    ridge_buf_deinit(&line);
    if (rc == 0 && ridge_os_exists(ridge_arena_printf(&b->arena, "%s/%s", b->good_tree, b->worker)))
        return RIDGE_EXIT_OK;
    ridge_cli_say("ridge: %s does not build, or leaves no %s; --worker names the file", b->good, b->worker);
    return RIDGE_EXIT_USAGE;
}

static int bisect(struct bisecting *b)
{
    const char *const start[] = {"git", "bisect", "start", b->bad, b->good, NULL};
    const char *const run[] = {"git", "bisect", "run", "/bin/sh", b->script, NULL};
    const char *const reset[] = {"git", "bisect", "reset", NULL};
    int rc = add_tree(b->good_tree, b->good);
    if (rc == RIDGE_EXIT_OK)
        rc = build_good(b);
    if (rc == RIDGE_EXIT_OK)
        rc = add_tree(b->bad_tree, b->bad);
    if (rc == RIDGE_EXIT_OK)
        rc = write_script(b);
    if (rc != RIDGE_EXIT_OK)
        return rc;
    if (run_in(b->bad_tree, start) != 0 || run_in(b->bad_tree, run) != 0) {
        ridge_cli_say("ridge: git bisect ended without an answer; the measurements are in %s/bisect.ridge", b->folder);
        rc = RIDGE_EXIT_UNFIT;
    }
    (void)run_in(b->bad_tree, reset);
    return rc;
}

int ridge_cli_bisect(const struct ridge_cli_args *args)
{
    struct bisecting b = {.args = args,
                          .good = ridge_cli_value(args, "--good"),
                          .bad = ridge_cli_value(args, "--bad"),
                          .worker = ridge_cli_value(args, "--worker")};
    const char *suite = ridge_cli_value(args, "--suite");
    char resolved[4096];
    if (b.good == NULL || b.bad == NULL || suite == NULL)
        return ridge_cli_usage(args->verb, "--good REV, --bad REV and --suite FILE are needed");
    if (realpath(suite, resolved) == NULL)
        return ridge_cli_usage(args->verb, "%s: %s", suite, strerror(errno));
    if (!ridge_cli_temporary_folder("bisect", b.folder, sizeof b.folder))
        return ridge_cli_usage(args->verb, "no temporary folder can be made; set TMPDIR");
    b.suite = resolved;
    b.worker = b.worker != NULL ? b.worker : "build/ridge-worker";
    b.good_tree = ridge_arena_printf(&b.arena, "%s/good", b.folder);
    b.bad_tree = ridge_arena_printf(&b.arena, "%s/tree", b.folder);
    b.script = ridge_arena_printf(&b.arena, "%s/judge.sh", b.folder);
    int rc = bisect(&b);
    drop_tree(b.bad_tree);
    drop_tree(b.good_tree);
    ridge_cli_say("measurements: %s/bisect.ridge", b.folder);
    ridge_arena_deinit(&b.arena);
    return rc;
}
