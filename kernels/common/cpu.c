#include "common/cpu.h"
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>

/* Bits: Intel SDM volume 2, CPUID leaves 1 and 7; volume 1, 13.3 for XCR0. */
enum {
    LEAF1_ECX_FMA = 1 << 12,
    LEAF1_ECX_OSXSAVE = 1 << 27,
    LEAF1_ECX_AVX = 1 << 28,
    LEAF7_EBX_AVX2 = 1 << 5,
    LEAF7_EBX_AVX512 = (1 << 16) | (1 << 17) | (1 << 30), /* F, DQ, BW */
    XCR0_AVX = 0x06,   /* SSE and AVX registers */
    XCR0_AVX512 = 0xe6 /* and opmask, ZMM 0..15, ZMM 16..31 */
};
#define LEAF7_EBX_AVX512VL (1u << 31)

static uint32_t read_xcr0(void)
{
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return low;
}

static bool has_bits(uint32_t value, uint32_t bits)
{
    return (value & bits) == bits;
}

static bool has_vectors(bool want_avx512)
{
    uint32_t a, b, c, d, b7, c7;
    if (!__get_cpuid(1, &a, &b, &c, &d) ||
        !has_bits(c, LEAF1_ECX_FMA | LEAF1_ECX_OSXSAVE | LEAF1_ECX_AVX))
        return false;
    if (!__get_cpuid_count(7, 0, &a, &b7, &c7, &d) || !has_bits(b7, LEAF7_EBX_AVX2))
        return false;
    const uint32_t xcr0 = read_xcr0();
    if (!want_avx512)
        return has_bits(xcr0, XCR0_AVX);
    return has_bits(xcr0, XCR0_AVX512) && has_bits(b7, LEAF7_EBX_AVX512 | LEAF7_EBX_AVX512VL);
}

void ridge_kernels_cpu_name(char *text, size_t n_text)
{
    uint32_t words[13] = {0};
    for (uint32_t i = 0; i < 3; i++) {
        if (!__get_cpuid(0x80000002u + i, &words[4 * i], &words[4 * i + 1], &words[4 * i + 2],
                         &words[4 * i + 3])) {
            (void)snprintf(text, n_text, "unknown CPU");
            return;
        }
    }
    (void)snprintf(text, n_text, "%s", (const char *)words);
}
#else
static bool has_vectors(bool want_avx512)
{
    (void)want_avx512;
    return false;
}

void ridge_kernels_cpu_name(char *text, size_t n_text)
{
    (void)snprintf(text, n_text, "unknown CPU");
}
#endif

bool ridge_kernels_cpu_has(const char *isa)
{
    if (strcmp(isa, "ref") == 0)
        return true;
    if (strcmp(isa, "avx2") == 0)
        return has_vectors(false);
    return strcmp(isa, "avx512") == 0 && has_vectors(true);
}

bool ridge_kernels_cpu_supports(const char *isa, char *reason, size_t n_reason)
{
    if (ridge_kernels_cpu_has(isa))
        return true;
    const char *needs = strcmp(isa, "avx512") == 0 ? "AVX-512 (F, BW, DQ, VL)"
                        : strcmp(isa, "avx2") == 0 ? "AVX2 and FMA"
                                                   : isa;
    (void)snprintf(reason, n_reason, "this CPU or operating system has no %s", needs);
    return false;
}

/* Half of the last level; but a large one is shared with other cores and other tenants, so no more than
 * 16 MiB of it count. On a Xeon (family 6 model 207, 260 MB of L3, 2 of its CPUs) a copy with streaming
 * stores overtook one with ordinary stores between 8 and 16 MB, in several noisy runs. */
bool ridge_kernels_cpu_should_stream(double n_bytes)
{
    static const long max_counted_bytes = 16L << 20;
    long llc_bytes = 0;
#ifdef _SC_LEVEL3_CACHE_SIZE
    llc_bytes = sysconf(_SC_LEVEL3_CACHE_SIZE);
#endif
    const long counted = llc_bytes <= 0 || llc_bytes / 2 > max_counted_bytes ? max_counted_bytes : llc_bytes / 2;
    return n_bytes > (double)counted;
}
