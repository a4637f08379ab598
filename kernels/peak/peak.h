/* The peak operator: the machine's ceilings, as kernels that are measured like any other.
 *
 * kind=fma: a fixed amount of f32 fused multiply-add in registers. kind=read: every line of `bytes`
 * is loaded and summed. kind=copy: `bytes` are copied with plain stores. Tensors: input "source",
 * output "result" (fma: f32[1]; read: i64[1], the sum of the 8-byte words; copy: u8[bytes]).
 * All tables are const; safe from any thread.
 */
#ifndef RIDGE_KERNELS_PEAK_H
#define RIDGE_KERNELS_PEAK_H

#include "abi/kernel.h"

enum ridge_peak_kind { RIDGE_PEAK_FMA, RIDGE_PEAK_READ, RIDGE_PEAK_COPY };

struct ridge_peak_shape {
    int32_t kind;  /* enum ridge_peak_kind */
    int64_t bytes; /* read and copy */
};

extern const struct ridge_operator ridge_peak_operator;

const struct ridge_kernel *const *ridge_peak_kernels(size_t *n_kernels);

/* fma's work: units of 768 FLOP, the least that 24 x 16, 12 x 8 and 12 x 1 lanes all divide.
 * 31 MFLOP are 0.2 ms at 160 GFLOP/s. */
enum { RIDGE_PEAK_UNIT_FLOP = 768, RIDGE_PEAK_N_UNITS = 40960 };

#endif
