#include "worker.h"
#include "base/os.h"
#include "sched/sched.h"
#include <stdio.h>
#include <stdlib.h>

enum ridge_status ridge_cli_worker_open(struct ridge_cli_worker *w, struct ridge_error *err)
{
    (void)snprintf(w->path, sizeof w->path, "%s/ridge-worker", ridge_os_program_dir());
    if (!ridge_os_exists(w->path))
        return ridge_fail(err, RIDGE_ERR_CONFIG, w->path, "the worker is not beside ridge; build or install it there");
    w->program[0] = w->path;
    w->program[1] = NULL;
    return ridge_sched_describe(w->program, &w->catalogue, &w->hello, &w->arena, err);
}

void ridge_cli_worker_close(struct ridge_cli_worker *w)
{
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
