/* The message loop: one request line in, one answer line out. Owns plug-ins, the case and the wire. */
#ifndef RIDGE_WORKER_SERVE_H
#define RIDGE_WORKER_SERVE_H

#include "worker/case.h"

#define RIDGE_WORKER_VERSION "0.1.0"

struct ridge_worker {
    int in_fd, out_fd;
    struct ridge_buf line; /* bytes read and not yet used */
    struct ridge_plugins plugins;
    struct ridge_worker_case held;
    bool is_loaded;
};
/* Until bye or end of file; the exit code. */
int ridge_worker_serve(struct ridge_worker *w);
/* describe.c; costs live in the request's arena. */
struct ridge_catalogue *ridge_worker_describe(struct ridge_plugins *plugins);
void ridge_worker_cost(struct ridge_plugins *plugins, struct ridge_arena *a, struct ridge_msg_cost_item *v, size_t n);
#endif
