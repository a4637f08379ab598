/* The default worker and what it says it has; where installed data lies. */
#ifndef RIDGE_CLI_WORKER_H
#define RIDGE_CLI_WORKER_H

#include "data/catalogue.h"
#include "wire/wire.h"

#define RIDGE_CLI_MAX_OTHERS 48 /* three times the arms of a suite */
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
/* Asks the workers that a suite's arms name too: their backends and operators join the catalogue. The first that
 * does not answer is an error. A suite that cannot be read is left to the suite's own errors. */
enum ridge_status ridge_cli_worker_add_arms(struct ridge_cli_worker *w, const char *suite_path, const char *suite_text,
                                            struct ridge_error *err) RIDGE_MUST_USE;
/* The same for a run: a worker that does not answer is a warning, its cases fail later with the reason. Returns the
 * suite's text, read once (in the worker's arena), for the load; NULL: the load shall read the path and complain. */
const char *ridge_cli_worker_read_suite(struct ridge_cli_worker *w, const char *suite_path, const char *suite_text);
void ridge_cli_worker_close(struct ridge_cli_worker *w);
/* A file of the data that came with this program (share/ridge/NAME). */
bool ridge_cli_data_file(const char *name, char *out, size_t n);
#endif
