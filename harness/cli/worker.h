/* The default worker and what it says it has; where installed data lies. */
#ifndef RIDGE_CLI_WORKER_H
#define RIDGE_CLI_WORKER_H

#include "data/catalogue.h"
#include "wire/wire.h"

#define RIDGE_CLI_MAX_OTHERS 16
struct ridge_cli_worker { /* zero-initialise */
    char path[4096];
    const char *program[2]; /* argv, NULL-terminated */
    struct ridge_arena arena;
    struct ridge_catalogue *catalogue; /* in its own arena */
    struct ridge_msg_hello hello;      /* strings in arena */
    struct ridge_catalogue *others[RIDGE_CLI_MAX_OTHERS]; /* of arms' own workers; rows are shared with catalogue */
    size_t n_others;
};
/* Finds ridge-worker beside this program and asks it to describe itself. */
enum ridge_status ridge_cli_worker_open(struct ridge_cli_worker *w, struct ridge_error *err) RIDGE_MUST_USE;
/* Asks the workers that a suite's arms name too: their backends and operators join the catalogue. A suite that
 * cannot be read is left to the suite's own errors. */
enum ridge_status ridge_cli_worker_add_arms(struct ridge_cli_worker *w, const char *suite_path, const char *suite_text,
                                            struct ridge_error *err) RIDGE_MUST_USE;
void ridge_cli_worker_close(struct ridge_cli_worker *w);
/* A file of the data that came with this program (share/ridge/NAME). */
bool ridge_cli_data_file(const char *name, char *out, size_t n);
#endif
