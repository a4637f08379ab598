/* Plug-ins: found by file name, opened with dlopen, checked once, kept in a copy with every optional hook
 * filled. A bad plug-in stays in the list with the reason. Thread rule: the worker's main thread. */
#ifndef RIDGE_WORKER_PLUGIN_H
#define RIDGE_WORKER_PLUGIN_H

#include "abi/runner.h"
#include <stdbool.h>

struct ridge_plugin {
    char name[64];   /* of the file: ridge-backend-NAME.so */
    char *path;
    void *handle;
    bool is_opened;  /* dlopen was tried */
    bool is_usable;
    bool has_submit, has_output_dims, has_device_memory;
    char reason[600]; /* why not usable */
    struct ridge_runner runner;
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
void ridge_plugins_open_all(struct ridge_plugins *p);
/* Checks version, size and required hooks, copies and fills the stubs. false: p->reason says why. */
bool ridge_plugin_adopt(struct ridge_plugin *p, const struct ridge_runner *from);
const struct ridge_operator *ridge_plugin_operator(const struct ridge_plugin *p, const char *name);
/* Fills missing optional hooks with stubs that answer "unsupported" in words. */
void ridge_plugin_fill_stubs(struct ridge_runner *r);
#endif
