/* ridge bisect: git bisect with ridge ab as the judge. Works in two worktrees of its own, so the user's tree stays
 * as it is; the good build is kept and every revision is measured against it, interleaved. */
#include "base/os.h"
#include "judge.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct bisecting {
    const struct ridge_cli_args *args;
    struct ridge_arena arena;
    const char *good, *bad, *suite, *rules, *filter, *worker, *results;
    char folder[4096];
    const char *good_tree, *bad_tree;
    int64_t run_id; /* the last one that was judged */
    struct red {    /* what is slower at the bad end: nothing else decides about a revision */
        const char *case_id, *metric;
    } *red;
    size_t n_red;
};
enum verdict { GOOD, BAD, UNDECIDED, UNBUILDABLE };

/* ---- programs ---- */

static void exec_in(const char *folder, const char *const *argv, const char *out)
{
    int fd = out != NULL ? open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    if ((folder != NULL && chdir(folder) != 0) || (out != NULL && dup2(fd, STDOUT_FILENO) < 0))
        _exit(127);
    if (ridge_cli_interrupted != 0) /* what cleans up is let finish */
        (void)signal(SIGINT, SIG_IGN);
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    _exit(127);
}

/* Runs a program in a folder with our own streams, or stdout into the file out; its exit status, or 127. What is
 * under way ends when we are interrupted. */
static int run_in(const char *folder, const char *const *argv, const char *out)
{
    int before = ridge_cli_interrupted, status = 0;
    pid_t pid = fork();
    if (pid < 0)
        return 127;
    if (pid == 0)
        exec_in(folder, argv, out);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        if (ridge_cli_interrupted != before)
            (void)kill(pid, SIGTERM);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 127;
}

/* What a program prints, without its last newline; "" when it fails. */
static const char *output_of(struct bisecting *b, const char *folder, const char *const *argv)
{
    struct ridge_buf text = {0};
    const char *out = ridge_arena_printf(&b->arena, "%s/output", b->folder), *got = "";
    if (run_in(folder, argv, out) == 0 && ridge_os_read_file(out, 1u << 20, &text, NULL) == RIDGE_OK && text.n > 0)
        got = ridge_arena_strn(&b->arena, text.data, text.n - (text.data[text.n - 1] == '\n'));
    ridge_buf_deinit(&text);
    (void)unlink(out);
    return got;
}

/* ---- worktrees ---- */

static int add_tree(const char *path, const char *revision)
{
    const char *const argv[] = {"git", "worktree", "add", "--quiet", "--detach", path, revision, NULL};
    if (run_in(NULL, argv, NULL) == 0)
        return RIDGE_EXIT_OK;
    if (ridge_cli_interrupted == 0)
        ridge_cli_say("ridge: git cannot check out %s; bisect runs inside a git work tree", revision);
    return RIDGE_EXIT_USAGE;
}

static void drop_tree(const char *path)
{
    const char *const argv[] = {"git", "worktree", "remove", "--force", path, NULL};
    if (ridge_os_exists(path))
        (void)run_in(NULL, argv, NULL);
}

static const char *worker_of(struct bisecting *b, const char *tree)
{
    return ridge_arena_printf(&b->arena, "%s/%s", tree, b->worker);
}

static bool builds(struct bisecting *b, const char *tree)
{
    return run_in(tree, b->args->operands, NULL) == 0 && ridge_os_exists(worker_of(b, tree));
}

static int refuse_build(const struct bisecting *b, const char *revision)
{
    if (ridge_cli_interrupted == 0)
        ridge_cli_say("ridge: %s does not build, or leaves no %s; --worker names the file", revision, b->worker);
    return RIDGE_EXIT_USAGE;
}

/* ---- one revision ---- */

/* Against the good end, that is: a limit may be broken at both. */
static bool is_change(const struct ridge_judged *r)
{
    return strcmp(r->kind, "paired") == 0 || strcmp(r->kind, "metric") == 0;
}

static bool was_red(const struct bisecting *b, const struct ridge_judged *r)
{
    for (size_t i = 0; i < b->n_red; i++)
        if (strcmp(b->red[i].case_id, r->case_id) == 0 && strcmp(b->red[i].metric, r->metric) == 0)
            return true;
    return false;
}

/* Exit codes do not tell: undecided rows alone are 0, and a crash is 1. */
static enum verdict verdict_of(const struct bisecting *b, const struct ridge_judgement *j)
{
    bool is_open = j->why[0] != '\0';
    size_t n = 0;
    for (size_t i = 0; i < j->n_rows; i++) {
        const struct ridge_judged *r = &j->rows[i];
        if (!is_change(r) || (b->n_red > 0 && !was_red(b, r)))
            continue;
        if (r->verdict == RIDGE_CHANGE_REGRESSED)
            return BAD;
        is_open |= r->verdict == RIDGE_CHANGE_FAILED || r->verdict == RIDGE_CHANGE_INCONCLUSIVE;
        n++;
    }
    return is_open || n == 0 || n < b->n_red ? UNDECIDED : GOOD;
}

/* One case alone is measured alone from here on: a filter has no "or". */
static void keep_red(struct bisecting *b, const struct ridge_judgement *j)
{
    bool is_one_case = true;
    b->red = ridge_arena_array(&b->arena, j->n_rows + 1, sizeof *b->red);
    for (size_t i = 0; i < j->n_rows; i++)
        if (is_change(&j->rows[i]) && j->rows[i].verdict == RIDGE_CHANGE_REGRESSED) {
            b->red[b->n_red++] = (struct red){j->rows[i].case_id, j->rows[i].metric};
            is_one_case &= strcmp(b->red[0].case_id, j->rows[i].case_id) == 0;
        }
    if (b->n_red > 0 && is_one_case)
        b->filter = ridge_arena_printf(&b->arena, "case=%s", b->red[0].case_id);
}

/* The table, without commands that name these folders: they are about to change, and to go. */
static void tell(struct bisecting *b, struct ridge_store *store, struct ridge_judgement *j)
{
    for (size_t i = 0; i < j->n_rows; i++)
        j->rows[i].again = "";
    (void)ridge_cli_write_told(store, b->results, j, "verdict", NULL);
}

static enum verdict read_verdict(struct bisecting *b)
{
    struct ridge_store *store = NULL;
    struct ridge_rd_run run;
    struct ridge_judgement *j = NULL;
    enum verdict v = UNDECIDED;
    if (!ridge_os_exists(b->results) || ridge_store_open(b->results, false, &store, NULL) != RIDGE_OK)
        return v;
    bool is_new = ridge_read_run(store, &b->arena, "last", &run, NULL) == RIDGE_OK && run.id != b->run_id;
    if (is_new && ridge_read_judgement(store, &b->arena, run.id, &j, NULL) == RIDGE_OK && j != NULL) {
        b->run_id = run.id;
        v = verdict_of(b, j);
        if (b->n_red == 0)
            keep_red(b, j);
        tell(b, store, j);
    }
    ridge_store_close(store);
    return v;
}

/* --a and --b are command lines: a path is one word of them. */
static const char *command_of(struct bisecting *b, const char *tree)
{
    struct ridge_buf word = {0};
    ridge_text_shell(&word, worker_of(b, tree));
    const char *text = ridge_arena_strn(&b->arena, word.data, word.n);
    ridge_buf_deinit(&word);
    return text;
}

enum { MOST_WORDS = 16 };
static void ab_words(struct bisecting *b, const char *program, const char *output, const char **argv)
{
    const struct ridge_kv pairs[] = {{"--a", command_of(b, b->good_tree)}, {"--b", command_of(b, b->bad_tree)},
                                     {"--rules", b->rules}, {"--filter", b->filter}, {"--output", output}};
    size_t n = 0;
    argv[n++] = program;
    argv[n++] = "ab";
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++)
        if (pairs[i].value != NULL) {
            argv[n++] = pairs[i].key;
            argv[n++] = pairs[i].value;
        }
    argv[n++] = "--";
    argv[n++] = b->suite;
    argv[n] = NULL;
}

static enum verdict judge(struct bisecting *b)
{
    const char *argv[MOST_WORDS], *table = ridge_arena_printf(&b->arena, "%s/table", b->folder);
    ab_words(b, ridge_arena_printf(&b->arena, "%s/ridge", ridge_os_program_dir()), b->results, argv);
    (void)run_in(b->bad_tree, argv, table);
    (void)unlink(table);
    return read_verdict(b);
}

/* ---- all revisions ---- */

/* Before git blames anybody: is there anything to find? */
static int check_bad_end(struct bisecting *b)
{
    if (!builds(b, b->bad_tree))
        return refuse_build(b, b->bad);
    enum verdict v = judge(b);
    if (v == BAD)
        return RIDGE_EXIT_OK;
    if (ridge_cli_interrupted == 0)
        ridge_cli_say(v == GOOD ? "ridge: --bad %s is not slower than --good %s: nothing to bisect"
                                : "ridge: whether --bad %s is slower than --good %s stays undecided; a longer budget in the gate "
                                  "file, or a --filter for one case, may decide it", b->bad, b->good);
    return RIDGE_EXIT_UNFIT;
}

static bool is_found(struct bisecting *b)
{
    const char *const log[] = {"git", "bisect", "log", NULL};
    return strstr(output_of(b, b->bad_tree, log), "# first bad commit:") != NULL;
}

/* git chooses, ab judges. False: git has no more to choose from, and no answer. */
static bool find_commit(struct bisecting *b)
{
    static const struct { const char *mark, *words; } say[] = {
        [GOOD] = {"good", "not slower"}, [BAD] = {"bad", "slower"}, [UNDECIDED] = {"skip", "undecided: skipped"},
        [UNBUILDABLE] = {"skip", "not to be built: skipped"}};
    const char *const head[] = {"git", "rev-parse", "HEAD", NULL};
    /* names like HEAD~5 mean something else in the worktree */
    const char *good = output_of(b, b->good_tree, head), *bad = output_of(b, b->bad_tree, head);
    const char *const start[] = {"git", "bisect", "start", bad, good, NULL};
    int rc = run_in(b->bad_tree, start, NULL);
    while (rc == 0 && ridge_cli_interrupted == 0 && !is_found(b)) {
        enum verdict v = builds(b, b->bad_tree) ? judge(b) : UNBUILDABLE;
        if (ridge_cli_interrupted != 0)
            return false;
        ridge_cli_say("revision %.12s is %s", output_of(b, b->bad_tree, head), say[v].words);
        const char *const mark[] = {"git", "bisect", say[v].mark, NULL};
        rc = run_in(b->bad_tree, mark, NULL);
    }
    return rc == 0;
}

static void say_line(const char *before, const char *const *words, const char *after)
{
    struct ridge_buf line = {0};
    for (size_t i = 0; words[i] != NULL; i++) {
        ridge_buf_puts(&line, i > 0 ? " " : "");
        ridge_text_shell(&line, words[i]);
    }
    ridge_cli_say("  %s%s%s", before, line.data, after);
    ridge_buf_deinit(&line);
}

/* The builds are removed, and the files hold commands that name them: how both come back to where they were. */
static void say_again(struct bisecting *b)
{
    const char *const trees[] = {b->good_tree, b->bad_tree}, *const revisions[] = {"HEAD", "refs/bisect/bad"};
    const char *argv[MOST_WORDS];
    ridge_cli_say("to measure it again:");
    for (size_t i = 0; i < 2; i++) {
        const char *const parse[] = {"git", "rev-parse", revisions[i], NULL};
        const char *const add[] = {"git", "worktree", "add", "--detach", trees[i], output_of(b, trees[i], parse), NULL};
        const char *const enter[] = {"cd", trees[i], NULL};
        say_line("", add, "");
        say_line("(", enter, " &&");
        say_line(" ", b->args->operands, ")");
    }
    ab_words(b, "ridge", "again.ridge", argv);
    say_line("", argv, "");
}

static int bisect(struct bisecting *b)
{
    int rc = add_tree(b->good_tree, b->good);
    if (rc == RIDGE_EXIT_OK)
        rc = builds(b, b->good_tree) ? add_tree(b->bad_tree, b->bad) : refuse_build(b, b->good);
    if (rc == RIDGE_EXIT_OK)
        rc = check_bad_end(b);
    if (rc == RIDGE_EXIT_OK) {
        bool is_one = find_commit(b);
        if (!is_one && ridge_cli_interrupted == 0)
            ridge_cli_say("ridge: git bisect ended without one answer");
        if (ridge_cli_interrupted == 0)
            say_again(b);
        rc = is_one ? RIDGE_EXIT_OK : RIDGE_EXIT_UNFIT;
    }
    drop_tree(b->bad_tree);
    drop_tree(b->good_tree);
    return ridge_cli_interrupted != 0 ? RIDGE_EXIT_INTERRUPTED : rc;
}

/* The judge runs in a worktree: a path must mean the same there. */
static bool resolve(struct bisecting *b, const char *flag, const char **out)
{
    char resolved[4096];
    const char *path = ridge_cli_value(b->args, flag);
    if (path != NULL && realpath(path, resolved) == NULL) {
        (void)ridge_cli_usage(b->args->verb, "%s %s: %s", flag, path, strerror(errno));
        return false;
    }
    *out = path != NULL ? ridge_arena_str(&b->arena, resolved) : NULL;
    return true;
}

static int run(struct bisecting *b)
{
    const char *worker = ridge_cli_value(b->args, "--worker");
    b->good = ridge_cli_value(b->args, "--good");
    b->bad = ridge_cli_value(b->args, "--bad");
    b->worker = worker != NULL ? worker : "build/ridge-worker";
    b->filter = ridge_cli_value(b->args, "--filter");
    if (b->good == NULL || b->bad == NULL || ridge_cli_value(b->args, "--suite") == NULL)
        return ridge_cli_usage(b->args->verb, "--good REV, --bad REV and --suite FILE are needed");
    if (!resolve(b, "--suite", &b->suite) || !resolve(b, "--rules", &b->rules))
        return RIDGE_EXIT_USAGE;
    if (!ridge_cli_temporary_folder("bisect", b->folder, sizeof b->folder))
        return ridge_cli_usage(b->args->verb, "no temporary folder can be made; set TMPDIR");
    b->good_tree = ridge_arena_printf(&b->arena, "%s/good", b->folder);
    b->bad_tree = ridge_arena_printf(&b->arena, "%s/tree", b->folder);
    b->results = ridge_arena_printf(&b->arena, "%s/bisect.ridge", b->folder);
    int rc = bisect(b);
    if (ridge_os_exists(b->results))
        ridge_cli_say("measurements: %s", b->results);
    else
        (void)rmdir(b->folder);
    return rc;
}

int ridge_cli_bisect(const struct ridge_cli_args *args)
{
    struct bisecting b = {.args = args, .run_id = -1};
    ridge_cli_catch_interrupt();
    int rc = run(&b);
    ridge_arena_deinit(&b.arena);
    return rc;
}
