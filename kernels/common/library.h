/* A kernel library: a table of kernels behind one plug-in, own or a peer's.
 *
 * Each plug-in defines one `const struct ridge_kernel_library ridge_kernel_library`; the kernel runner
 * (runners/kernels) turns it into a backend. A peer opens its vendor library at run time, by its usual
 * name or by the path that a label names, so two versions can be measured in one run.
 * Thread rule: open and close from one thread; the handle is then used by that thread only.
 */
#ifndef RIDGE_KERNELS_COMMON_LIBRARY_H
#define RIDGE_KERNELS_COMMON_LIBRARY_H

#include "abi/runner.h"

struct ridge_library_info {
    char version[128];
    char path[512];      /* resolved file */
    char threading[128]; /* what was called to pin the thread count, stored as a condition */
    char note[256];      /* what the user should know: kernels below the CPU's ISA; "": nothing */
};

struct ridge_kernel_library {
    const char *name, *doc;
    const char *const *variants; /* NULL-terminated ISAs, best first; NULL: the library chooses itself */
    const struct ridge_operator *const *operators; /* NULL-terminated */
    const struct ridge_kernel *const *(*kernels)(size_t *n);
    /* NULL for own kernels. path "" = the usual names. n_threads is pinned. */
    enum ridge_status (*open)(const char *path, int n_threads, void **library,
                              struct ridge_library_info *info, struct ridge_error *err);
    void (*close)(void *library);
};

extern const struct ridge_kernel_library ridge_kernel_library;

#endif
