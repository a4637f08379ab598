/* XNNPACK's C interface of 2022 as far as Ridge uses it: own minimal prototypes, opened at run time.
 *
 * Source of the signatures: xnnpack.h of commit ae108ef. A kernel's state is the library's operator. Thread
 * rule: one handle belongs to the thread that runs the case; it may use the library's own pool.
 */
#ifndef RIDGE_PEERS_XNNPACK_H
#define RIDGE_PEERS_XNNPACK_H

#include "common/library.h"

enum { XNN_DEPTHWISE = 1, XNN_TRANSPOSE_WEIGHTS = 1 };
typedef struct xnn_object *xnn_handle;

struct xnn_allocator;
struct xnnpack {
    void *handle;
    xnn_handle pool;
    int is_initialized;
    int (*initialize)(const struct xnn_allocator *);
    int (*deinitialize)(void);
    int (*run)(xnn_handle op, xnn_handle pool);
    int (*destroy)(xnn_handle op);
    xnn_handle (*pool_create)(size_t n_threads);
    void (*pool_destroy)(xnn_handle);
    int (*fc_create)(size_t ic, size_t oc, size_t i_stride, size_t o_stride, const float *kernel, const float *bias,
                     float min, float max, uint32_t flags, xnn_handle *op);
    int (*fc_setup)(xnn_handle, size_t batch, const float *in, float *out, xnn_handle pool);
    int (*conv_create)(uint32_t top, uint32_t right, uint32_t bottom, uint32_t left, uint32_t kh, uint32_t kw,
                       uint32_t sh, uint32_t sw, uint32_t dh, uint32_t dw, uint32_t groups, size_t group_ic,
                       size_t group_oc, size_t i_stride, size_t o_stride, const float *kernel, const float *bias,
                       float min, float max, uint32_t flags, xnn_handle *op);
    int (*conv_setup)(xnn_handle, size_t batch, size_t ih, size_t iw, const float *in, float *out, xnn_handle pool);
    int (*max_pool_create)(uint32_t top, uint32_t right, uint32_t bottom, uint32_t left, uint32_t kh, uint32_t kw,
                           uint32_t sh, uint32_t sw, uint32_t dh, uint32_t dw, size_t c, size_t i_stride,
                           size_t o_stride, float min, float max, uint32_t flags, xnn_handle *op);
    int (*max_pool_setup)(xnn_handle, size_t batch, size_t ih, size_t iw, const float *in, float *out, xnn_handle pool);
    int (*mean_pool_create)(uint32_t top, uint32_t right, uint32_t bottom, uint32_t left, uint32_t kh, uint32_t kw,
                            uint32_t sh, uint32_t sw, size_t c, size_t i_stride, size_t o_stride, float min, float max,
                            uint32_t flags, xnn_handle *op);
    int (*mean_pool_setup)(xnn_handle, size_t batch, size_t ih, size_t iw, const float *in, float *out,
                           xnn_handle pool);
    int (*global_create)(size_t c, size_t i_stride, size_t o_stride, float min, float max, uint32_t flags,
                         xnn_handle *op);
    int (*global_setup)(xnn_handle, size_t batch, size_t width, const float *in, float *out, xnn_handle pool);
    int (*softmax_create)(size_t c, size_t i_stride, size_t o_stride, uint32_t flags, xnn_handle *op);
    int (*clamp_create)(size_t c, size_t i_stride, size_t o_stride, float min, float max, uint32_t flags,
                        xnn_handle *op);
    int (*softmax_setup)(xnn_handle, size_t batch, const float *in, float *out, xnn_handle pool);
    int (*clamp_setup)(xnn_handle, size_t batch, const float *in, float *out, xnn_handle pool);
    int (*binary_create[2])(float min, float max, uint32_t flags, xnn_handle *op); /* add, multiply */
    int (*binary_setup[2])(xnn_handle, size_t n_a, const size_t *a_dims, size_t n_b, const size_t *b_dims,
                           const float *a, const float *b, float *out, xnn_handle pool);
};


/* struct ridge_kernel.run and .release. */
enum ridge_status ridge_xnn_run(const struct ridge_kernel_args *args);
void ridge_xnn_release(void *library, void *state);
/* Bytes that the library has asked for so far. */
uint64_t ridge_xnn_allocated_bytes(void);
/* Ends a prepare(): takes `op`, fills *out; or says that the library declined (rc != 0). */
enum ridge_status ridge_xnn_finish(const struct xnnpack *lib, int rc, xnn_handle op, uint64_t bytes_before,
                                   struct ridge_kernel_prepared *out, struct ridge_error *err);

extern const struct ridge_kernel ridge_xnn_fully_connected, ridge_xnn_convolution;
extern const struct ridge_kernel ridge_xnn_pool, ridge_xnn_softmax, ridge_xnn_eltwise;

#endif
