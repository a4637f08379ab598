#include "worker.h"
#include "base/os.h"
#include "cli.h"
#include "sched/sched.h"
#include "suite/suite.h"
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
static const char *const *arm_program(struct ridge_arena *a, const struct ridge_arm *arm)
{
    size_t n = 0, n_words = 0;
    while (arm->program[n_words] != NULL)
        n_words++;
    const char **argv = ridge_arena_array(a, n_words + arm->env.n + 2, sizeof *argv);
    argv[n++] = "env";
    for (size_t i = 0; i < arm->env.n; i++)
        argv[n++] = ridge_arena_printf(a, "%s=%s", arm->env.v[i].key, arm->env.v[i].value);
    for (size_t i = 0; i < n_words; i++)
        argv[n++] = ridge_arena_str(a, arm->program[i]);
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

static enum ridge_status add_arm(struct ridge_cli_worker *w, const struct ridge_arm *arm, struct ridge_error *err)
{
    struct ridge_msg_hello hello;
    if (arm->program == NULL)
        return RIDGE_OK;
    if (w->n_others == RIDGE_CLI_MAX_OTHERS)
        return ridge_fail(err, RIDGE_ERR_CONFIG, arm->name, "more than %d workers", RIDGE_CLI_MAX_OTHERS);
    memset(&hello, 0, sizeof hello);
    enum ridge_status st =
        ridge_sched_describe(arm_program(&w->arena, arm), &w->others[w->n_others], &hello, &w->arena, err);
    if (st == RIDGE_OK)
        join_catalogue(w, w->others[w->n_others++]);
    return st;
}

enum ridge_status ridge_cli_worker_add_arms(struct ridge_cli_worker *w, const char *suite_path, const char *suite_text,
                                            struct ridge_error *err)
{
    struct ridge_suite_peek peek;
    enum ridge_status st = RIDGE_OK;
    ridge_suite_peek(suite_path, suite_text, &peek);
    for (size_t i = 0; i < peek.n_arms && st == RIDGE_OK; i++)
        st = add_arm(w, &peek.arms[i], err);
    ridge_suite_peek_deinit(&peek);
    return st;
}

const char *ridge_cli_worker_read_suite(struct ridge_cli_worker *w, const char *suite_path, const char *suite_text)
{
    struct ridge_suite_peek peek;
    ridge_suite_peek(suite_path, suite_text, &peek);
    for (size_t i = 0; i < peek.n_arms; i++) {
        struct ridge_error err = {0};
        if (add_arm(w, &peek.arms[i], &err) != RIDGE_OK)
            ridge_cli_say("warning: arm %s: its worker does not describe itself, so what only it has is unknown: %s",
                          peek.arms[i].name, err.text);
    }
    const char *text = peek.text != NULL ? ridge_arena_str(&w->arena, peek.text) : suite_text;
    ridge_suite_peek_deinit(&peek);
    return text;
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
