/* Sizes and names of element types. Owns nothing; pure. */
#ifndef RIDGE_KERNELS_COMMON_DTYPE_H
#define RIDGE_KERNELS_COMMON_DTYPE_H

#include "abi/tensor.h"
#include <stddef.h>

/* Bytes of one element; 0 for a value that is no dtype. */
static inline size_t ridge_kernels_dtype_bytes(enum ridge_dtype dtype)
{
    static const unsigned char bytes[] = {[RIDGE_F32] = 4, [RIDGE_F64] = 8, [RIDGE_BF16] = 2,
                                          [RIDGE_F16] = 2, [RIDGE_I8] = 1,  [RIDGE_U8] = 1,
                                          [RIDGE_I32] = 4, [RIDGE_I64] = 8};
    return (size_t)dtype < sizeof bytes ? bytes[dtype] : 0;
}

#endif
