/* The profiler seam. A profiler never runs in the timing pass. One plug-in file ridge-profiler-NAME.so
 * exports `const struct ridge_profiler *ridge_profiler_get(void)`. A wrapper (valgrind, perf) has no
 * start/stop: plan_pass gives the argv prefix and the output file names, parse_output reads them
 * where the worker ran. Thread rule: hooks from the worker's main thread. */
#ifndef RIDGE_ABI_PROFILER_H
#define RIDGE_ABI_PROFILER_H

#include "runner.h"

struct ridge_event {
    const char *name, *unit, *doc;
};

struct ridge_reading {
    const char *event;
    double value;
    const char *source; /* counter, simulated */
};

struct ridge_profiler {
    uint32_t abi_version, struct_size;
    const char *name, *doc;
    const struct ridge_option_row *options;
    size_t n_options, options_size;
    enum ridge_status (*before_load)(const struct ridge_host *host, const void *options, void **self,
                                     struct ridge_error *err);
    enum ridge_status (*probe)(const struct ridge_host *host, struct ridge_probe *out);
    size_t (*events)(void *self, struct ridge_event *out, size_t max);
    enum ridge_status (*plan)(void *self, const char *const *events, size_t n, size_t *n_passes,
                              struct ridge_error *err);
    enum ridge_status (*start)(void *self, size_t i_pass, struct ridge_error *err);
    enum ridge_status (*stop)(void *self, struct ridge_error *err);
    size_t (*read)(void *self, struct ridge_reading *out, size_t max);
    void (*close)(void *self);
    enum ridge_status (*plan_pass)(void *self, size_t i_pass, char *argv_prefix, size_t n_argv_prefix,
                                   struct ridge_error *err);
    size_t (*parse_output)(void *self, const char *path, struct ridge_reading *out, size_t max);
};

#endif
