/* oneDNN's C interface as far as Ridge uses it, opened at run time: own minimal prototypes.
 *
 * 2.x describes memory and operations by structs, 3.x by handles; everything else is equal in both. The
 * difference is behind ridge_dnnl_md_*, ridge_dnnl_matmul and ridge_dnnl_convolution.
 * Source: oneDNN developer guide 2.6 and 3.2, chapters "Memory", "Matrix multiplication", "Convolution".
 * Thread rule: one library handle belongs to the thread that runs the case.
 */
#ifndef RIDGE_PEERS_ONEDNN_DNNL_H
#define RIDGE_PEERS_ONEDNN_DNNL_H

#include "common/library.h"

enum { DNNL_CPU = 1, DNNL_IN_ORDER = 1, DNNL_F32 = 3, DNNL_FORWARD_INFERENCE = 96, DNNL_SCRATCHPAD_USER = 1 };
enum { DNNL_TAG_ANY = 1 };
enum { DNNL_CONV_DIRECT = 1, DNNL_CONV_WINOGRAD = 2, DNNL_CONV_AUTO = 3, DNNL_BINARY_ADD = 0x1fff0 };
enum { DNNL_QUERY_IMPL = 8, DNNL_QUERY_SRC = 129, DNNL_QUERY_WEIGHTS = 131, DNNL_QUERY_DST = 133,
       DNNL_QUERY_SCRATCHPAD = 136 };
enum { DNNL_ARG_SRC = 1, DNNL_ARG_SRC_1 = 2, DNNL_ARG_DST = 17, DNNL_ARG_WEIGHTS = 33, DNNL_ARG_BIAS = 41,
       DNNL_ARG_SCALE = 51, DNNL_ARG_SHIFT = 52,
       DNNL_ARG_SCRATCHPAD = 80, DNNL_ARG_POST_OP_0_V2 = 16384, DNNL_ARG_POST_OP_0_V3 = 32768 };
enum { DNNL_MAX_ARGS = 8, DNNL_MAX_STEPS = 4, DNNL_MAX_MEMORIES = 24, DNNL_MAX_BUFFERS = 8 };

typedef struct dnnl_object *dnnl_handle; /* engine, stream, attributes, descriptor, primitive, memory */

struct dnnl_arg {
    int arg;
    dnnl_handle memory;
};

struct dnnl_md { /* 2.x: the struct itself (below 1 KiB); 3.x: a handle */
    dnnl_handle handle;
    _Alignas(16) unsigned char in_place[2048];
};

struct dnnl_version_text { /* layout of dnnl_version_t in 2.x and 3.x */
    int major, minor, patch;
    const char *hash;
    unsigned cpu_runtime, gpu_runtime;
};

struct dnnl_convolution {
    int algorithm;
    const struct dnnl_md *src, *weights, *bias, *dst; /* bias may be NULL */
    int64_t strides[2], dilates[2], pad_begin[2], pad_end[2];
};

struct dnnl {
    void *dl;
    int is_v3;
    int tag_nchw16c; /* its number differs between versions */
    dnnl_handle engine, stream;
    const struct dnnl_version_text *(*version)(void);
    void (*omp_set_num_threads)(int); /* of the OpenMP runtime that the library brought along */
    int (*sgemm)(char, char, int64_t, int64_t, int64_t, float, const float *, int64_t, const float *, int64_t,
                 float, float *, int64_t);
    const char *(*tag_text)(int tag);
    int (*engine_create)(dnnl_handle *, int kind, size_t index);
    int (*engine_destroy)(dnnl_handle);
    int (*stream_create)(dnnl_handle *, dnnl_handle engine, unsigned flags);
    int (*stream_wait)(dnnl_handle);
    int (*stream_destroy)(dnnl_handle);
    int (*attr_create)(dnnl_handle *);
    int (*attr_destroy)(dnnl_handle);
    int (*attr_set_scratchpad_mode)(dnnl_handle, int mode);
    int (*attr_set_post_ops)(dnnl_handle, dnnl_handle post_ops);
    int (*post_ops_create)(dnnl_handle *);
    int (*post_ops_destroy)(dnnl_handle);
    void *post_ops_append_eltwise; /* 2.x takes a scale first */
    int (*post_ops_append_binary)(dnnl_handle, int algorithm, const void *md);
    const void *(*desc_query_md)(dnnl_handle, int what, int index);
    int (*desc_query)(dnnl_handle, int what, int index, void *result);
    int (*desc_destroy)(dnnl_handle);
    size_t (*md_get_size)(const void *md);
    int (*md_equal)(const void *a, const void *b);
    int (*memory_create)(dnnl_handle *, const void *md, dnnl_handle engine, void *data);
    int (*memory_destroy)(dnnl_handle);
    int (*reorder_desc_create)(dnnl_handle *, const void *src_md, dnnl_handle, const void *dst_md, dnnl_handle,
                               dnnl_handle attr);
    int (*primitive_create)(dnnl_handle *, dnnl_handle desc);
    int (*primitive_execute)(dnnl_handle, dnnl_handle stream, int n_args, const struct dnnl_arg *args);
    int (*primitive_destroy)(dnnl_handle);
    /* 2.x */
    int (*md_init_by_strides)(void *md, int n_dims, const int64_t *dims, int dtype, const int64_t *strides);
    int (*md_init_by_tag)(void *md, int n_dims, const int64_t *dims, int dtype, int tag);
    int (*matmul_init)(void *op, const void *src, const void *weights, const void *bias, const void *dst);
    int (*convolution_init)(void *op, int prop, int algorithm, const void *src, const void *weights, const void *bias,
                            const void *dst, const int64_t *strides, const int64_t *dilates, const int64_t *pad_begin,
                            const int64_t *pad_end);
    int (*pooling_init)(void *op, int prop, int algorithm, const void *src, const void *dst, const int64_t *strides,
                        const int64_t *kernel, const int64_t *pad_begin, const int64_t *pad_end);
    int (*softmax_init)(void *op, int prop, const void *data, int axis);
    int (*layernorm_init)(void *op, int prop, const void *data, const void *statistics, float epsilon, unsigned flags);
    int (*iterator_create)(dnnl_handle *, const void *op, dnnl_handle attr, dnnl_handle engine, dnnl_handle hint);
    int (*iterator_next)(dnnl_handle);
    dnnl_handle (*iterator_fetch)(dnnl_handle);
    int (*iterator_destroy)(dnnl_handle);
    /* 3.x */
    int (*md_create_with_strides)(dnnl_handle *, int n_dims, const int64_t *dims, int dtype, const int64_t *strides);
    int (*md_create_with_tag)(dnnl_handle *, int n_dims, const int64_t *dims, int dtype, int tag);
    int (*md_destroy)(dnnl_handle);
    int (*matmul_desc_create)(dnnl_handle *, dnnl_handle engine, const void *src, const void *weights,
                              const void *bias, const void *dst, dnnl_handle attr);
    int (*convolution_desc_create)(dnnl_handle *, dnnl_handle engine, int prop, int algorithm, const void *src,
                                   const void *weights, const void *bias, const void *dst, const int64_t *strides,
                                   const int64_t *dilates, const int64_t *pad_begin, const int64_t *pad_end,
                                   dnnl_handle attr);
    int (*pooling_desc_create)(dnnl_handle *, dnnl_handle engine, int prop, int algorithm, const void *src,
                               const void *dst, const int64_t *strides, const int64_t *kernel, const int64_t *dilation,
                               const int64_t *pad_begin, const int64_t *pad_end, dnnl_handle attr);
    int (*softmax_desc_create)(dnnl_handle *, dnnl_handle engine, int prop, int algorithm, const void *src,
                               const void *dst, int axis, dnnl_handle attr);
    int (*layernorm_desc_create)(dnnl_handle *, dnnl_handle engine, int prop, const void *src, const void *dst,
                                 const void *statistics, float epsilon, unsigned flags, dnnl_handle attr);
    int (*desc_next_impl)(dnnl_handle);
};

enum { DNNL_OP_BYTES = 16384 }; /* 2.x: an operation's struct stays below 8 KiB */

enum ridge_status ridge_dnnl_open(const char *path, int n_threads, void **library, struct ridge_library_info *info,
                                  struct ridge_error *err);
void ridge_dnnl_close(void *library);

/* Memory descriptions; any of them may be freed twice. `strides` in elements. False: not accepted. */
bool ridge_dnnl_md_plain(const struct dnnl *lib, struct dnnl_md *md, int n_dims, const int64_t *dims,
                         const int64_t *strides);
bool ridge_dnnl_md_tag(const struct dnnl *lib, struct dnnl_md *md, int n_dims, const int64_t *dims, int tag);
void ridge_dnnl_md_free(const struct dnnl *lib, struct dnnl_md *md);
const void *ridge_dnnl_md(const struct dnnl *lib, const struct dnnl_md *md);

/* The first implementation whose name contains `impl`; NULL: the library's first; "-": the first that is neither
 * its GEMM nor its reference. NULL: none. */
dnnl_handle ridge_dnnl_first_v2(const struct dnnl *lib, const void *op, const char *impl, dnnl_handle attr);
dnnl_handle ridge_dnnl_matmul(const struct dnnl *lib, const struct dnnl_md *src, const struct dnnl_md *weights,
                              const struct dnnl_md *dst, dnnl_handle attr);
dnnl_handle ridge_dnnl_convolution(const struct dnnl *lib, const struct dnnl_convolution *c, const char *impl,
                                   dnnl_handle attr);
const char *ridge_dnnl_impl(const struct dnnl *lib, dnnl_handle desc);

/* One input set's objects: primitives in the order of execution, their memory objects and buffers. */
struct dnnl_step {
    dnnl_handle primitive;
    struct dnnl_arg args[DNNL_MAX_ARGS];
    int n_args;
};
struct dnnl_set {
    const struct ridge_host *host;
    struct dnnl_step steps[DNNL_MAX_STEPS];
    dnnl_handle memories[DNNL_MAX_MEMORIES];
    void *buffers[DNNL_MAX_BUFFERS];
    int n_steps, n_memories, n_buffers;
    uint64_t workspace_bytes, packed_bytes;
    bool is_broken; /* an object could not be made */
};
struct dnnl_set *ridge_dnnl_set_new(const struct ridge_host *host);
void ridge_dnnl_set_free(void *library, void *set); /* struct ridge_kernel.release */
enum ridge_status ridge_dnnl_set_run(const struct ridge_kernel_args *args); /* struct ridge_kernel.run */
/* A memory object over `data`, or over a new buffer that counts into *n_bytes. */
dnnl_handle ridge_dnnl_memory(const struct dnnl *lib, struct dnnl_set *set, const void *md, void *data,
                              uint64_t *n_bytes);
/* Takes `desc`; with a scratch buffer of its own when the implementation asks for one. */
struct dnnl_step *ridge_dnnl_step(const struct dnnl *lib, struct dnnl_set *set, dnnl_handle desc);
void ridge_dnnl_step_arg(struct dnnl_set *set, struct dnnl_step *step, int arg, dnnl_handle memory);
/* Ends a prepare(): takes the set, fills *out or frees it with the words. */
enum ridge_status ridge_dnnl_set_finish(struct dnnl *lib, struct dnnl_set *set, const char *what,
                                        struct ridge_kernel_prepared *out, struct ridge_error *err);
/* from -> to as a step of run(), or at once (is_now). */
void ridge_dnnl_reorder(const struct dnnl *lib, struct dnnl_set *set, const void *from_md, dnnl_handle from,
                        const void *to_md, dnnl_handle to, bool is_now);

extern const struct ridge_kernel ridge_onednn_sgemm, ridge_onednn_matmul;
const struct ridge_kernel *const *ridge_onednn_conv_kernels(size_t *n);
const struct ridge_kernel *const *ridge_onednn_dense_kernels(size_t *n); /* pool, softmax, layernorm, layouts */

#endif
