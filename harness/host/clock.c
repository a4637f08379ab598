/* The clock around a timed sample. Fences after Intel's "How to Benchmark Code Execution Times"
 * (2010) and the SDM's note at RDTSC: lfence keeps earlier work out before, rdtscp waits for it at
 * the end. */
#include "host/host.h"

#include "base/order.h"
#include "base/os.h"
#include "host/cpu.h"
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__x86_64__)
#include <x86intrin.h>
#define HAVE_TSC 1
#else
#define HAVE_TSC 0
#endif

/* Both clocks are read within 0.1 us of each other, so 12 ms are good to 10 ppm. */
enum { CALIBRATION_NS = 12000000, N_EMPTY_PAIRS = 10000 };

uint64_t ridge_clock_start(const struct ridge_clock *c)
{
#if HAVE_TSC
    if (c->is_tsc) {
        _mm_lfence();
        uint64_t ticks = __rdtsc();
        _mm_lfence();
        return ticks;
    }
#endif
    (void)c;
    return ridge_os_now_ns();
}

uint64_t ridge_clock_stop(const struct ridge_clock *c, uint32_t *cpu)
{
#if HAVE_TSC
    if (c->is_tsc) {
        unsigned aux;
        uint64_t ticks = __rdtscp(&aux);
        _mm_lfence();
        *cpu = aux & 0xFFFu; /* Linux: CPU in bits 0..11, node above */
        return ticks;
    }
#endif
    (void)c;
    uint64_t ns = ridge_os_now_ns();
    int now_on = sched_getcpu();
    *cpu = now_on >= 0 ? (uint32_t)now_on : 0;
    return ns;
}

double ridge_clock_ns(const struct ridge_clock *c, uint64_t ticks)
{
    return c->is_tsc ? (double)ticks * c->ns_per_tick : (double)ticks;
}

struct instant {
    uint64_t ns, ticks;
};

/* Both clocks at one moment: the tightest of some tries, ticks taken from its middle. */
static struct instant both_clocks(const struct ridge_clock *c)
{
    struct instant best = {0, 0};
    uint64_t best_width = UINT64_MAX;
    for (int i = 0; i < 50; i++) {
        uint32_t cpu;
        uint64_t before = ridge_clock_start(c);
        uint64_t ns = ridge_os_now_ns();
        uint64_t after = ridge_clock_stop(c, &cpu);
        if (after - before < best_width) {
            best_width = after - before;
            best = (struct instant){ns, before + (after - before) / 2};
        }
    }
    return best;
}

static struct instant begun; /* of this process */

void ridge_clock_begin(void)
{
    const struct ridge_clock tsc = {.is_tsc = HAVE_TSC && ridge_cpu_has_rdtscp()};
    begun = both_clocks(&tsc);
}

static double calibrate_ns_per_tick(const struct ridge_clock *c)
{
    if (begun.ns == 0)
        ridge_clock_begin();
    uint64_t passed_ns = ridge_os_now_ns() - begun.ns;
    if (passed_ns < CALIBRATION_NS)
        ridge_os_sleep_ns(CALIBRATION_NS - passed_ns);
    struct instant now = both_clocks(c);
    return now.ticks > begun.ticks ? (double)(now.ns - begun.ns) / (double)(now.ticks - begun.ticks) : 0;
}

static uint64_t greatest_common_divisor(uint64_t a, uint64_t b)
{
    while (b != 0) {
        uint64_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

/* Cost: p10 of empty pairs. Resolution: the step that all differences are multiples of. */
static void measure_cost(struct ridge_clock *c)
{
    uint64_t *pairs = ridge_xmalloc(N_EMPTY_PAIRS * sizeof *pairs);
    uint64_t step = 0;
    for (size_t i = 0; i < N_EMPTY_PAIRS; i++) {
        uint32_t cpu;
        uint64_t begin = ridge_clock_start(c);
        uint64_t end = ridge_clock_stop(c, &cpu);
        pairs[i] = end > begin ? end - begin : 0; /* two CPUs' counters may differ by a hair */
    }
    for (size_t i = 0; i < N_EMPTY_PAIRS; i++)
        step = greatest_common_divisor(pairs[i], step);
    qsort(pairs, N_EMPTY_PAIRS, sizeof *pairs, ridge_order_u64);
    c->cost_ns = ridge_clock_ns(c, pairs[N_EMPTY_PAIRS / 10]);
    c->resolution_ns = ridge_clock_ns(c, step > 0 ? step : 1);
    free(pairs);
}

/* Why the time stamp counter cannot be used, NULL when it can. */
static const char *why_not_tsc(void)
{
    char source[64];
    if (!HAVE_TSC)
        return "this processor has no time stamp counter that Ridge knows";
    if (!ridge_cpu_has_invariant_tsc())
        return "the processor (or the hypervisor) does not promise an invariant time stamp counter";
    if (!ridge_cpu_has_rdtscp())
        return "the processor has no rdtscp instruction";
    if (!ridge_os_read_small("/sys/devices/system/clocksource/clocksource0/current_clocksource",
                             source, sizeof source))
        return "the kernel does not say which clock source it trusts";
    if (strcmp(source, "tsc") != 0)
        return "the kernel's own clock source is not tsc, so it may not be trusted across CPUs";
    return NULL;
}

void ridge_clock_calibrate(struct ridge_clock *c)
{
    const char *why_not = why_not_tsc();
    *c = (struct ridge_clock){.name = "clock_gettime", .ns_per_tick = 1, .why = why_not};
    if (why_not == NULL) {
        *c = (struct ridge_clock){.name = "rdtsc",
                                  .is_tsc = true,
                                  .ns_per_tick = 1,
                                  .why = "invariant time stamp counter, trusted by the kernel"};
        c->ns_per_tick = calibrate_ns_per_tick(c);
        if (!(c->ns_per_tick > 0.01 && c->ns_per_tick < 1000))
            *c = (struct ridge_clock){
                .name = "clock_gettime",
                .ns_per_tick = 1,
                .why = "the time stamp counter did not run evenly in calibration"};
    }
    measure_cost(c);
}
