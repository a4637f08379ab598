/* ridge baseline set NAME RUN..., list, drop NAME: names for runs that others are held against. */
#include "base/os.h"
#include "judge.h"
#include "rows.h"

#include <string.h>

static int list(const struct ridge_cli_args *args, struct ridge_store *store, struct ridge_arena *a)
{
    struct ridge_rd_baseline *b = NULL;
    struct ridge_rows t = {.columns = {"baseline", "run", "suite", "status", "fitness", "host", NULL}};
    struct ridge_buf out = {0};
    struct ridge_error err = {0};
    size_t n = 0;
    if (ridge_read_baselines(store, a, &b, &n, &err) != RIDGE_OK)
        return ridge_cli_error(&err);
    for (size_t i = 0; i < n; i++) {
        struct ridge_rd_run run;
        const char *id = ridge_arena_printf(a, "%lld", (long long)b[i].run_id);
        if (ridge_read_run(store, a, id, &run, &err) != RIDGE_OK)
            return ridge_cli_error(&err);
        const char *const cells[] = {b[i].name, id, run.name, run.status, run.fitness, run.host_class};
        ridge_rows_add(&t, cells);
    }
    if (ridge_cli_value(args, "--json") != NULL)
        ridge_rows_json(&t, &out);
    else if (n > 0)
        ridge_rows_text(&t, &out);
    else
        ridge_buf_puts(&out, "no baseline; ridge baseline set main last makes one\n");
    int rc = ridge_cli_print(&out, NULL, &err);
    ridge_rows_deinit(&t);
    ridge_buf_deinit(&out);
    return rc;
}

/* A run that cannot be judged later is refused now. */
static int check_run(struct ridge_arena *a, const struct ridge_rd_run *run)
{
    const char *why = ridge_cli_no_baseline(a, run);
    if (why != NULL) {
        ridge_cli_say("ridge: %s", why);
        return RIDGE_EXIT_USAGE;
    }
    if (strcmp(run->fitness, "unfit") == 0)
        ridge_cli_say("the machine was unfit to judge while run %lld was measured: %s", (long long)run->id, run->why);
    if (run->forks < RIDGE_GATE_MIN_FORKS)
        ridge_cli_say("run %lld has %lld fork%s; ridge run --gate makes runs that are fit to be judged", (long long)run->id,
                      (long long)run->forks, run->forks == 1 ? "" : "s");
    return RIDGE_EXIT_OK;
}

static int store_runs(struct ridge_store *store, const char *name, const int64_t *ids, size_t n)
{
    struct ridge_error err = {0};
    if (ridge_store_baseline(store, name, ids, n, (int64_t)ridge_os_realtime_ns(), &err) != RIDGE_OK)
        return ridge_cli_error(&err);
    return RIDGE_EXIT_OK;
}

static int set(const struct ridge_cli_args *args, struct ridge_store *store, struct ridge_arena *a)
{
    struct ridge_error err = {0};
    size_t n = args->n_operands - 2;
    int64_t *ids = ridge_arena_array(a, n + 1, sizeof *ids);
    for (size_t i = 0; i < n; i++) {
        struct ridge_rd_run run;
        if (ridge_read_run(store, a, args->operands[2 + i], &run, &err) != RIDGE_OK)
            return ridge_cli_error(&err);
        int rc = check_run(a, &run);
        if (rc != RIDGE_EXIT_OK)
            return rc;
        ids[i] = run.id;
    }
    int rc = store_runs(store, args->operands[1], ids, n);
    for (size_t i = 0; rc == RIDGE_EXIT_OK && i < n; i++)
        ridge_cli_say("baseline %s: run %lld", args->operands[1], (long long)ids[i]);
    return rc;
}

static int drop(const struct ridge_cli_args *args, struct ridge_store *store, struct ridge_arena *a)
{
    struct ridge_error err = {0};
    struct ridge_rd_baseline *b = NULL;
    const char *name = args->operands[1];
    size_t n = 0, i = 0;
    if (ridge_read_baselines(store, a, &b, &n, &err) != RIDGE_OK)
        return ridge_cli_error(&err);
    const char **names = ridge_arena_array(a, n + 1, sizeof *names);
    for (size_t k = 0; k < n; k++)
        names[k] = b[k].name;
    while (i < n && strcmp(names[i], name) != 0)
        i++;
    if (i == n) {
        const char *near = ridge_text_nearest(name, names);
        return ridge_cli_usage(args->verb, "there is no baseline '%s'%s%s%s", name, near != NULL ? "; did you mean " : "",
                               near != NULL ? near : "", near != NULL ? "?" : "");
    }
    int rc = store_runs(store, name, NULL, 0);
    if (rc == RIDGE_EXIT_OK)
        ridge_cli_say("baseline %s is forgotten", name);
    return rc;
}

int ridge_cli_baseline(const struct ridge_cli_args *args)
{
    struct ridge_arena a = {0};
    struct ridge_store *store = NULL;
    struct ridge_error err = {0};
    const char *file = ridge_cli_value(args, "--file"), *word = args->operands[0];
    bool is_list = strcmp(word, "list") == 0, is_set = strcmp(word, "set") == 0;
    file = file != NULL ? file : "results.ridge";
    if ((is_set && args->n_operands < 3) || (!is_set && !is_list && args->n_operands != 2))
        return ridge_cli_usage(args->verb, "baseline %s needs a NAME%s", word, is_set ? " and a RUN, as: set main last" : "");
    int rc = ridge_cli_open_store(file, &store);
    if (rc == RIDGE_EXIT_OK && !is_list) {
        ridge_store_close(store);
        rc = ridge_store_open(file, true, &store, &err) == RIDGE_OK ? RIDGE_EXIT_OK : ridge_cli_error(&err);
    }
    if (rc == RIDGE_EXIT_OK)
        rc = is_list ? list(args, store, &a) : is_set ? set(args, store, &a) : drop(args, store, &a);
    ridge_store_close(store);
    ridge_arena_deinit(&a);
    return rc;
}
