/* Tensor description. The buffer belongs to whoever allocated it (the worker, for bound tensors).
 * dims are in elements; -1 with a symbol for a dynamic dimension; strides in elements, dense
 * row-major when all 0. 64-bit everywhere: element counts beyond 2^31 are legal. */
#ifndef RIDGE_ABI_TENSOR_H
#define RIDGE_ABI_TENSOR_H

#include <stdint.h>

#define RIDGE_MAX_RANK 8

enum ridge_dtype { RIDGE_F32, RIDGE_F64, RIDGE_BF16, RIDGE_F16, RIDGE_I8, RIDGE_U8, RIDGE_I32, RIDGE_I64 };

enum ridge_tensor_role { RIDGE_TENSOR_ACTIVATION, RIDGE_TENSOR_WEIGHT, RIDGE_TENSOR_OUTPUT };

struct ridge_tensor {
    const char *name;
    enum ridge_dtype dtype;
    enum ridge_tensor_role role;
    uint32_t rank;
    int64_t dims[RIDGE_MAX_RANK];
    int64_t strides[RIDGE_MAX_RANK];
    const char *symbols[RIDGE_MAX_RANK]; /* name of a dynamic dimension, or NULL */
    const char *layout;                  /* "row", "nchw", "nhwc", ... */
    const char *device;                  /* "cpu", "fakedev:0", ... */
    void *data;
    uint64_t n_bytes;
};

#endif
