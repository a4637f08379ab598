/* What this CPU and this operating system can run.
 *
 * Owns nothing; the answer is asked from CPUID and XCR0 on every call (not for hot paths).
 * Safe from any thread.
 */
#ifndef RIDGE_KERNELS_COMMON_CPU_H
#define RIDGE_KERNELS_COMMON_CPU_H

#include <stdbool.h>
#include <stddef.h>

/* isa: "ref" (always), "avx2" (AVX2 + FMA) or "avx512" (F, BW, DQ, VL). True when the CPU has the
 * instructions and the operating system saves their registers. Unknown names answer false. */
bool ridge_kernels_cpu_has(const char *isa);

/* The CPUID brand string, or "unknown CPU". Always terminated. */
void ridge_kernels_cpu_name(char *text, size_t n_text);

/* False, with `reason` filled, where the CPU lacks the set; the words kernels answer with. */
bool ridge_kernels_cpu_supports(const char *isa, char *reason, size_t n_reason);

/* True when an operator that moves n_bytes in all should write its result around the caches: it
 * will not be found there later, and a streaming store does not read the line first. The share of
 * the last-level cache is measured (cpu.c). Cheap: the size comes from libc's copy of CPUID. */
bool ridge_kernels_cpu_should_stream(double n_bytes);

#endif
