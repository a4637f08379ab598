/* Plug-ins: found by file name, opened with dlopen, checked once, kept in a copy with every optional hook
 * filled. A bad plug-in stays in the list with the reason. Thread rule: the worker's main thread. */
#ifndef RIDGE_WORKER_PLUGIN_H
#define RIDGE_WORKER_PLUGIN_H

#include "abi/runner.h"
#include "base/arena.h"
#include <stdbool.h>

struct ridge_plugin {
    char name[64];   /* of the file: ridge-backend-NAME.so */
    char *path;
    void *handle;
    bool is_opened;  /* dlopen was tried */
    bool is_usable;
    bool has_submit, has_output_dims, has_device_memory;
    char reason[600]; /* why not usable */
    struct ridge_runner runner;         /* copied, hooks that it does not have are stubs */
    struct ridge_operator *operators;   /* copied; runner.operators points here */
    const struct ridge_operator **list; /* NULL-terminated */
};
struct ridge_plugins {
    struct ridge_plugin *v;
    size_t n, cap;
};
/* Lists the files of `dirs` (colon separated; NULL: none), then of the folders beside the program. The
 * first file of a name wins. Opens nothing. */
void ridge_plugins_scan(struct ridge_plugins *p, const char *dirs);
void ridge_plugins_deinit(struct ridge_plugins *p);
/* Opens on first use; NULL when there is no such file. */
struct ridge_plugin *ridge_plugins_open(struct ridge_plugins *p, const char *name);
/* Opens on first use, but only what a child process could open and ask: a constructor that crashes or hangs costs
 * its plug-in. NULL when there is no such file. */
struct ridge_plugin *ridge_plugins_open_apart(struct ridge_plugins *p, size_t i);
/* probe.c: opens and asks in a child process. On success *out holds n_out answers: of the best variant, then of each
 * variant in order, in the arena. Otherwise the plug-in is refused: "its probe crashed (signal 4)". */
bool ridge_plugin_probe(struct ridge_plugin *p, const struct ridge_host *host, uint64_t timeout_ns,
                        struct ridge_arena *a, struct ridge_probe **out, size_t *n_out);
#define RIDGE_PROBE_TIMEOUT_NS UINT64_C(20000000000)
bool ridge_plugin_refuse(struct ridge_plugin *p, const char *why, const char *what); /* false */
void ridge_plugin_open(struct ridge_plugin *p);                                      /* once, in this process */
/* Checks version, size and required hooks of the runner and its operators, copies both and fills the stubs. false:
 * p->reason says why. */
bool ridge_plugin_adopt(struct ridge_plugin *p, const struct ridge_runner *from);
const struct ridge_operator *ridge_plugin_operator(const struct ridge_plugin *p, const char *name);
/* Fills missing optional hooks with stubs that answer "unsupported" in words. */
void ridge_plugin_fill_stubs(struct ridge_runner *r);
#endif
