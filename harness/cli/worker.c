#include "worker.h"
#include "base/os.h"
#include "sched/sched.h"
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum ridge_status ridge_cli_worker_open(struct ridge_cli_worker *w, struct ridge_error *err)
{
    (void)snprintf(w->path, sizeof w->path, "%s/ridge-worker", ridge_os_program_dir());
    if (!ridge_os_exists(w->path))
        return ridge_fail(err, RIDGE_ERR_CONFIG, w->path, "the worker is not beside ridge; build or install it there");
    w->program[0] = w->path;
    w->program[1] = NULL;
    return ridge_sched_describe(w->program, &w->catalogue, &w->hello, &w->arena, err);
}

/* argv of an arm's worker with its environment before it: env K=V... program... */
static const char *const *arm_program(struct ridge_arena *a, const json_t *arm)
{
    const json_t *program = json_object_get(arm, "program"), *env = json_object_get(arm, "env");
    const char **argv = ridge_arena_array(a, json_array_size(program) + json_object_size(env) + 2, sizeof *argv);
    const char *key;
    json_t *value;
    size_t n = 0, i;
    if (json_array_size(program) == 0)
        return NULL;
    argv[n++] = "env";
    json_object_foreach((json_t *)(uintptr_t)env, key, value)
        if (json_is_string(value))
            argv[n++] = ridge_arena_printf(a, "%s=%s", key, json_string_value(value));
    json_array_foreach(program, i, value)
        if (json_is_string(value))
            argv[n++] = ridge_arena_str(a, json_string_value(value));
    return argv;
}

static void join_catalogue(struct ridge_cli_worker *w, const struct ridge_catalogue *other)
{
    struct ridge_catalogue *c = w->catalogue;
    struct ridge_cat_backend *backends =
        ridge_arena_array(&c->arena, c->n_backends + other->n_backends, sizeof *backends);
    struct ridge_cat_operator *operators =
        ridge_arena_array(&c->arena, c->n_operators + other->n_operators, sizeof *operators);
    if (c->n_backends > 0)
        memcpy(backends, c->backends, c->n_backends * sizeof *backends);
    if (c->n_operators > 0)
        memcpy(operators, c->operators, c->n_operators * sizeof *operators);
    c->backends = backends;
    c->operators = operators;
    for (size_t i = 0; i < other->n_backends; i++)
        if (ridge_catalogue_backend(c, other->backends[i].name) == NULL)
            backends[c->n_backends++] = other->backends[i];
    for (size_t i = 0; i < other->n_operators; i++)
        if (ridge_catalogue_operator(c, other->operators[i].name) == NULL)
            operators[c->n_operators++] = other->operators[i];
}

enum ridge_status ridge_cli_worker_add_arms(struct ridge_cli_worker *w, const char *suite_path, const char *suite_text,
                                            struct ridge_error *err)
{
    json_t *root = suite_text != NULL ? json_loads(suite_text, 0, NULL) : json_load_file(suite_path, 0, NULL), *arm;
    const char *name;
    enum ridge_status st = RIDGE_OK;
    json_object_foreach(json_object_get(root, "arms"), name, arm)
    {
        const char *const *program = arm_program(&w->arena, arm);
        struct ridge_msg_hello hello;
        if (program == NULL || st != RIDGE_OK || w->n_others == RIDGE_CLI_MAX_OTHERS)
            continue;
        memset(&hello, 0, sizeof hello);
        st = ridge_sched_describe(program, &w->others[w->n_others], &hello, &w->arena, err);
        if (st == RIDGE_OK)
            join_catalogue(w, w->others[w->n_others++]);
    }
    json_decref(root);
    return st;
}

void ridge_cli_worker_close(struct ridge_cli_worker *w)
{
    for (size_t i = 0; i < w->n_others; i++) {
        ridge_catalogue_deinit(w->others[i]);
        free(w->others[i]);
    }
    w->n_others = 0;
    if (w->catalogue != NULL) {
        ridge_catalogue_deinit(w->catalogue);
        free(w->catalogue);
    }
    w->catalogue = NULL;
    ridge_arena_deinit(&w->arena);
}

bool ridge_cli_data_file(const char *name, char *out, size_t n)
{
    /* installed: bin/ridge and share/ridge; build tree: build/ridge and build/share/ridge */
    static const char *const places[] = {"../share/ridge", "share/ridge"};
    for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
        (void)snprintf(out, n, "%s/%s/%s", ridge_os_program_dir(), places[i], name);
        if (ridge_os_exists(out))
            return true;
    }
    return false;
}
