/* Operators and kernels: what a kernel problem is, and one way to compute it.
 *
 * An operator owns the shape struct, its option rows, the formulas and the double reference.
 * A kernel is one implementation. Both are const tables; a kernel keeps no state between calls
 * except in `packed`, `scratch` and `state`. Thread rule: run() is called from one thread and may use
 * args->host->parallel_for; of a kernel's hooks only pack() and prepare() may allocate (an operator's
 * check() may).
 */
#ifndef RIDGE_ABI_KERNEL_H
#define RIDGE_ABI_KERNEL_H

#include "host.h"
#include "option.h"
#include "tensor.h"
#include <stdbool.h>

struct ridge_cost {
    double flop;             /* useful floating point operations */
    double compulsory_bytes; /* inputs read once + outputs written once */
};

struct ridge_check {
    double error_ratio;  /* worst |got - want| / scale, scale as the operator defines */
    double tolerance;    /* the bound that was applied */
    uint64_t n_checked;  /* elements compared */
    char text[256];      /* where and what, when wrong */
};

struct ridge_operator {
    uint32_t abi_version, struct_size;
    const char *name, *doc;
    const struct ridge_option_row *fields; /* subject fields and identity options (dtype, weights) */
    size_t n_fields;
    size_t shape_size;             /* bytes of the shape struct that `fields` describe */
    const char *const *short_form; /* NULL-terminated keys of the AxBxC form: m, n, k */
    const char *const *yardsticks; /* NULL-terminated kinds of the `peak` operator: fma, read, copy */
    enum ridge_status (*validate)(const void *shape, struct ridge_error *err); /* optional */
    enum ridge_status (*cost)(const void *shape, struct ridge_cost *out, struct ridge_error *err);
    size_t n_inputs, n_outputs;
    /* Describes tensor i (inputs first, then outputs); data is NULL, n_bytes is set. */
    enum ridge_status (*tensor)(const void *shape, size_t i, struct ridge_tensor *out,
                                struct ridge_error *err);
    /* Fills input i with seeded values (bounded, no denormals). */
    void (*fill)(const void *shape, size_t i, struct ridge_tensor *t, uint64_t seed);
    /* Compares outputs with the double reference: all elements of small problems, a seeded sample with
     * all edges and a randomised product test for large ones. RIDGE_ERR_WRONG when out of tolerance. */
    enum ridge_status (*check)(const void *shape, const struct ridge_tensor *in,
                               const struct ridge_tensor *out, uint64_t seed, const char *algorithm,
                               struct ridge_check *result, struct ridge_error *err);
    /* NULL-terminated other names of it in subjects and lists, with fields that then follow other fields where they
     * are not given: "depthwise:groups=ic,oc=ic"; NULL: none */
    const char *const *aliases;
};

struct ridge_kernel_args {
    const void *shape;
    const struct ridge_tensor *in; /* n_inputs of the operator */
    const struct ridge_tensor *out;
    void *packed;  /* packed_bytes(), filled by pack(), or NULL */
    void *scratch; /* scratch_bytes() */
    const struct ridge_host *host;
    void *library; /* a peer's handle, NULL for own kernels */
    void *state;   /* made by prepare(), or NULL */
};

/* What prepare() made for one input set: a vendor library's primitives, plans, packed weights. */
struct ridge_kernel_prepared {
    void *state;
    uint64_t packed_bytes, workspace_bytes; /* held by the state, beside packed and scratch */
    const char *algorithm; /* what the library chose, static text; NULL: as the kernel says */
    char note[96];         /* the library's own name for its choice; "": none */
};

struct ridge_kernel {
    const char *op, *name, *algorithm, *dtype, *isa, *layout;
    /* false: `reason` says in words why not ("this CPU has no AVX-512"). */
    bool (*supports)(const void *shape, int n_threads, char *reason, size_t n_reason);
    size_t (*packed_bytes)(const void *shape, int n_threads); /* NULL: cannot prepack */
    enum ridge_status (*pack)(const struct ridge_kernel_args *args, struct ridge_error *err);
    size_t (*scratch_bytes)(const void *shape, int n_threads); /* NULL: none */
    /* (optional pair) An object per input set, made when the set is bound (outside every timing, after
     * pack()) and freed at unload. The tensors' data stay where they are until then; the tensor records
     * in args do not. RIDGE_ERR_UNSUPPORTED with words where the library declines the problem. */
    enum ridge_status (*prepare)(const struct ridge_kernel_args *args, struct ridge_kernel_prepared *out,
                                 struct ridge_error *err);
    void (*release)(void *library, void *state);
    enum ridge_status (*run)(const struct ridge_kernel_args *args);
    double (*executed_flop)(const void *shape); /* NULL: equals cost().flop */
};

#endif
