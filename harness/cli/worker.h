/* The default worker and what it says it has; where installed data lies. */
#ifndef RIDGE_CLI_WORKER_H
#define RIDGE_CLI_WORKER_H

#include "data/catalogue.h"
#include "wire/wire.h"

struct ridge_cli_worker { /* zero-initialise */
    char path[4096];
    const char *program[2]; /* argv, NULL-terminated */
    struct ridge_arena arena;
    struct ridge_catalogue *catalogue; /* in its own arena */
    struct ridge_msg_hello hello;      /* strings in arena */
};
/* Finds ridge-worker beside this program and asks it to describe itself. */
enum ridge_status ridge_cli_worker_open(struct ridge_cli_worker *w, struct ridge_error *err) RIDGE_MUST_USE;
void ridge_cli_worker_close(struct ridge_cli_worker *w);
/* A file of the data that came with this program (share/ridge/NAME). */
bool ridge_cli_data_file(const char *name, char *out, size_t n);
#endif
