/* Runs one ISA's loops over the pool. Allocates nothing. */
#ifndef RIDGE_KERNELS_PEAK_RUN_H
#define RIDGE_KERNELS_PEAK_RUN_H

#include "peak/loops.h"
#include "peak/peak.h"

enum ridge_status ridge_peak_run(const struct ridge_peak_loops *loops,
                                 const struct ridge_kernel_args *args);

#endif
