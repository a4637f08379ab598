/* The double reference of conv_transpose; conv's is in conv.h. Any thread. */
#ifndef RIDGE_KERNELS_CONV_CHECK_H
#define RIDGE_KERNELS_CONV_CHECK_H

#include "conv/conv.h"

enum ridge_status ridge_conv_transpose_check(const void *shape, const struct ridge_tensor *in,
                                             const struct ridge_tensor *out, uint64_t seed,
                                             const char *algorithm, struct ridge_check *result,
                                             struct ridge_error *err);

#endif
