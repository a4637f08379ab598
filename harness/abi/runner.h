/* The runner seam: a backend that runs subjects. One plug-in file ridge-backend-NAME.so exports
 *     const struct ridge_runner *ridge_runner_get(void);
 *
 * The worker owns bound tensors; the runner borrows them until unload. Hooks marked (optional) may be
 * NULL: the loader fills "unsupported" stubs once. Thread rule: all hooks from one thread, except that
 * done records may be produced on any thread of the runner and are handed over by reap().
 */
#ifndef RIDGE_ABI_RUNNER_H
#define RIDGE_ABI_RUNNER_H

#include "kernel.h"

struct ridge_probe {
    bool usable;
    char reason[512];       /* why not, and how to get it */
    char version[128];      /* of the library behind the backend; "" when own */
    char library_path[512]; /* resolved file of that library; "" when own */
    char note[256];         /* usable, but: "chose Prescott kernels on a CPU with AVX-512; ..."; "": nothing */
};

struct ridge_open_args {
    const char *variant;      /* "" = best for this CPU */
    const char *library_path; /* "" = the library's usual name */
    const void *options;      /* struct of `options_size`, parsed from `options` rows */
};

struct ridge_problem {
    const struct ridge_operator *op;
    const void *shape;
    uint64_t seed;
};

struct ridge_fact { /* a metric or a condition that the runner knows of itself */
    const char *name;  /* a name of metrics.inc, or a condition key when text != NULL */
    double value;
    const char *text;
};

enum ridge_span { RIDGE_SPAN_ENQUEUE, RIDGE_SPAN_H2D, RIDGE_SPAN_COMPUTE, RIDGE_SPAN_D2H, RIDGE_N_SPANS };

struct ridge_done {
    uint64_t ticket;
    enum ridge_status status;
    uint64_t completed_ns;             /* host monotonic clock */
    int64_t span_ns[RIDGE_N_SPANS];    /* -1: unknown */
};

struct ridge_kernel_row { /* what `ridge list kernels` shows */
    const char *op, *name, *algorithm, *dtype, *isa, *layout;
};

struct ridge_runner {
    uint32_t abi_version, struct_size;
    const char *name, *doc;
    const char *const *variants; /* NULL-terminated; NULL: none */
    const struct ridge_option_row *options; /* backend's own options */
    size_t n_options, options_size;
    const struct ridge_operator *const *operators; /* NULL-terminated */
    const struct ridge_kernel_row *kernels;
    size_t n_kernels;
    bool is_device_memory; /* tensors must come from alloc_tensor/upload/download below */
    bool is_scripted; /* its time is the clock's and not a core's work: who shares the core disturbs nothing */
    /* probe: does this backend (and variant) work here; must not crash and must be cheap. */
    enum ridge_status (*probe)(const struct ridge_host *host, const struct ridge_open_args *args,
                               struct ridge_probe *out);
    enum ridge_status (*open)(const struct ridge_host *host, const struct ridge_open_args *args, void **self,
                              struct ridge_error *err);
    void (*close)(void *self);
    enum ridge_status (*load)(void *self, const struct ridge_problem *problem, struct ridge_error *err);
    void (*unload)(void *self);
    /* Tensors of input set i_set, inputs first then outputs, described by the operator. Called once per
     * set; i_set counts from 0. With device memory the data pointers come from tensor_alloc. */
    enum ridge_status (*bind)(void *self, size_t i_set, const struct ridge_tensor *in,
                              const struct ridge_tensor *out, struct ridge_error *err);
    enum ridge_status (*run)(void *self, size_t i_set, struct ridge_error *err); /* synchronous */
    /* (optional) asynchronous pair; reap waits at most timeout_ns for at least one completion. */
    enum ridge_status (*submit)(void *self, size_t i_set, uint64_t ticket, struct ridge_error *err);
    size_t (*reap)(void *self, uint64_t timeout_ns, struct ridge_done *done, size_t n_done);
    /* (optional) device memory: allocate, free, copy in and out. */
    void *(*tensor_alloc)(void *self, size_t n_bytes);
    void (*tensor_free)(void *self, void *ptr);
    enum ridge_status (*tensor_write)(void *self, void *dst, const void *src, size_t n_bytes);
    enum ridge_status (*tensor_read)(void *self, void *dst, const void *src, size_t n_bytes);
    /* (optional) output dims after run, for dynamic shapes. */
    enum ridge_status (*output_dims)(void *self, size_t i_set, size_t i_out, struct ridge_tensor *out);
    /* (optional) facts: kernel chosen, packed_bytes, workspace_bytes, threading that was set, page size.
     * Text lives until close. */
    size_t (*facts)(void *self, struct ridge_fact *facts, size_t max_facts);
    /* (optional) name of the algorithm in use, for the operator's tolerance. */
    const char *(*algorithm)(void *self);
};

typedef const struct ridge_runner *ridge_runner_get_fn(void);
#define RIDGE_RUNNER_SYMBOL "ridge_runner_get"

#endif
