/* ridge bench: one line is a suite underneath. Builds the suite's text, runs it into a temporary file
 * unless -o keeps it. */
#include "base/os.h"
#include "session.h"
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* flag of bench -> key of the suite's defaults, with bench's own default */
static const struct {
    const char *flag, *key, *def;
} defaults_rows[] = {
    {"--dtype", "dtype", NULL},   {"--duration", "duration", NULL}, {"--rounds", "rounds", NULL},
    {"--forks", "forks", "1"}, {"--warmup", "warmup", NULL},
};

static json_t *split(const char *list)
{
    json_t *out = json_array();
    while (*list != '\0') {
        size_t n = strcspn(list, ",");
        if (n > 0)
            json_array_append_new(out, json_stringn(list, n));
        list += n + (list[n] == ',');
    }
    return out;
}

static json_t *split_threads(const char *list, struct ridge_error *err)
{
    json_t *texts = split(list), *out = json_array();
    for (size_t i = 0; i < json_array_size(texts); i++) {
        int64_t n = 0;
        if (ridge_text_int(json_string_value(json_array_get(texts, i)), &n, err) == RIDGE_OK)
            json_array_append_new(out, json_integer(n));
    }
    json_decref(texts);
    return out;
}

static json_t *build_defaults(const struct ridge_cli_args *args)
{
    json_t *out = json_object();
    for (size_t i = 0; i < sizeof defaults_rows / sizeof defaults_rows[0]; i++) {
        const char *value = ridge_cli_value(args, defaults_rows[i].flag);
        int64_t n = 0;
        if (value == NULL)
            value = defaults_rows[i].def;
        if (value == NULL)
            continue;
        bool is_number = ridge_text_int(value, &n, NULL) == RIDGE_OK;
        json_object_set_new(out, defaults_rows[i].key, is_number ? json_integer(n) : json_string(value));
    }
    return out;
}

static char *build_suite(const struct ridge_cli_args *args, struct ridge_error *err)
{
    json_t *root = json_object(), *matrix = json_object(), *subjects = json_array();
    const char *backend = ridge_cli_value(args, "--backend"), *threads = ridge_cli_value(args, "--threads");
    char *text = NULL;
    for (size_t i = 0; i < args->n_operands; i++)
        if (json_array_append_new(subjects, json_string(args->operands[i])) != 0)
            (void)ridge_fail(err, RIDGE_ERR_USAGE, "", "a SUBJECT is not UTF-8 text");
    json_object_set_new(matrix, "subject", subjects);
    json_object_set_new(matrix, "backend", split(backend != NULL ? backend : "*"));
    json_object_set_new(matrix, "threads", split_threads(threads != NULL ? threads : "1", err));
    json_object_set_new(root, "name", json_string("bench"));
    json_object_set_new(root, "defaults", build_defaults(args));
    json_object_set_new(root, "matrix", matrix);
    if (err->status == RIDGE_OK)
        text = json_dumps(root, JSON_INDENT(2));
    json_decref(root);
    if (text == NULL)
        (void)ridge_fail(err, RIDGE_ERR_USAGE, "", "the command line is not UTF-8 text");
    return text;
}

/* A temporary results file beside nothing else, so its -wal and -shm go with the folder. */
static bool temporary_file(char *folder, size_t n_folder, char *file, size_t n_file)
{
    if (!ridge_cli_temporary_folder("bench", folder, n_folder))
        return false;
    (void)snprintf(file, n_file, "%s/bench.ridge", folder);
    return true;
}

static void remove_temporary(const char *folder, const char *file)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal"};
    char path[4300];
    for (size_t i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++) {
        (void)snprintf(path, sizeof path, "%s%s", file, suffixes[i]);
        (void)unlink(path);
    }
    (void)rmdir(folder);
}

static int save_suite(const char *path, const char *text)
{
    struct ridge_error err = {0};
    struct ridge_buf b = {0};
    ridge_buf_printf(&b, "%s\n", text);
    enum ridge_status st = ridge_os_write_file(path, b.data, b.n, &err);
    ridge_buf_deinit(&b);
    if (st != RIDGE_OK)
        return ridge_cli_error(&err);
    ridge_cli_say("suite: %s", path);
    return RIDGE_EXIT_OK;
}

static int run_suite(const struct ridge_cli_args *args, struct ridge_cli_worker *worker, const char *text)
{
    char folder[4096] = "", file[4200] = "";
    const char *set[RIDGE_CLI_MAX_VALUES + 1];
    struct ridge_session_config c = {.suite_path = "command line",
                                     .suite_text = text,
                                     .set = set,
                                     .filter = ridge_cli_value(args, "--filter"),
                                     .output_path = ridge_cli_value(args, "--output"),
                                     .report_path = ridge_cli_value(args, "--report"),
                                     .require_quiet = ridge_cli_value(args, "--require-quiet") != NULL,
                                     .json = ridge_cli_value(args, "--json") != NULL,
                                     .command = ridge_cli_command_text(&worker->arena, args)};
    (void)ridge_cli_values(args, "--set", set);
    if (c.output_path == NULL) {
        if (!temporary_file(folder, sizeof folder, file, sizeof file)) {
            ridge_cli_say("ridge: no temporary folder can be made; set TMPDIR or give -o FILE");
            return RIDGE_EXIT_USAGE;
        }
        c.output_path = file;
        c.is_temporary = true;
    }
    int rc = ridge_cli_session(&c, worker);
    if (c.is_temporary)
        remove_temporary(folder, file);
    return rc;
}

int ridge_cli_bench(const struct ridge_cli_args *args)
{
    struct ridge_cli_worker worker = {0};
    struct ridge_error err = {0};
    char *text = NULL;
    int rc = RIDGE_EXIT_OK;
    if (ridge_cli_worker_open(&worker, &err) != RIDGE_OK || (text = build_suite(args, &err)) == NULL)
        rc = ridge_cli_error(&err);
    const char *save = ridge_cli_value(args, "--save-suite");
    if (rc == RIDGE_EXIT_OK && save != NULL)
        rc = save_suite(save, text);
    if (rc == RIDGE_EXIT_OK)
        rc = run_suite(args, &worker, text);
    free(text);
    ridge_cli_worker_close(&worker);
    return rc;
}
