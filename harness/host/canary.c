/* Two canaries. A chain of dependent adds takes one cycle a step on every core we know, so steps per second is the
 * core's clock. Register + register: some cores fold adds of a constant away at rename (Golden Cove). Beside it, loads
 * from L1 fill the core's issue slots: fewer of them a step mean that another hardware thread has a part of the core. A
 * hypervisor does not tell of such a neighbour, and the chain alone, bound by latency, hardly feels it. */
#include "host/host.h"

#include "base/order.h"
#include "base/os.h"
#include <stdlib.h>

enum { STEPS_PER_TURN = 64, TURNS_PER_PIECE = 2048, MAX_PIECES = 129 };

/* On x86-64 in assembly: the same instructions at the same alignment whatever the compiler and its flags, for the level of one
 * build is held against that of another. */
#if defined(__x86_64__)
static void run_chain(long turns)
{
    uint64_t x = 1, y = 3;
    __asm__ volatile(".p2align 6\n1:\t.rept 64\n\tadd %[y], %[x]\n\t.endr\n\tsub $1, %[turns]\n\tjne 1b"
                     : [x] "+r"(x), [turns] "+r"(turns)
                     : [y] "r"(y)
                     : "cc");
}
#else
#define STEP                                                                                       \
    x += y;                                                                                        \
    __asm__ volatile("" : "+r"(x));
#define STEP8 STEP STEP STEP STEP STEP STEP STEP STEP

static void run_chain(long turns)
{
    uint64_t x = 1, y = 3;
    __asm__ volatile("" : "+r"(y));
    for (long i = 0; i < turns; i++) {
        STEP8 STEP8 STEP8 STEP8 STEP8 STEP8 STEP8 STEP8
    }
}
#endif

typedef uint64_t lanes __attribute__((vector_size(16)));
enum { LANES = 1024, PASSES = 96, CHAIN_TURNS = 512, N_PAIRS = 5 };

static lanes line[LANES] __attribute__((aligned(64))); /* 16 KiB: half of the smallest L1 */
static lanes volatile sink;

static void run_loads(void)
{
    lanes a = {0}, b = a, c = a, d = a, e = a, f = a, g = a, h = a;
    for (int pass = 0; pass < PASSES; pass++) {
        const lanes *p = line;
#if defined(__x86_64__)
        __asm__ volatile(".p2align 6\n1:\tpaddq (%[p]), %[a]\n\tpaddq 16(%[p]), %[b]\n\tpaddq 32(%[p]), %[c]\n\t"
                         "paddq 48(%[p]), %[d]\n\tpaddq 64(%[p]), %[e]\n\tpaddq 80(%[p]), %[f]\n\tpaddq 96(%[p]), %[g]\n\t"
                         "paddq 112(%[p]), %[h]\n\tsub $-128, %[p]\n\tcmp %[end], %[p]\n\tjne 1b"
                         : [p] "+r"(p), [a] "+x"(a), [b] "+x"(b), [c] "+x"(c), [d] "+x"(d), [e] "+x"(e), [f] "+x"(f),
                           [g] "+x"(g), [h] "+x"(h)
                         : [end] "r"(line + LANES)
                         : "memory", "cc");
#else
        __asm__ volatile("" : "+r"(p)::"memory");
        for (int i = 0; i < LANES; i += 8) {
            a += p[i], b += p[i + 1], c += p[i + 2], d += p[i + 3];
            e += p[i + 4], f += p[i + 5], g += p[i + 6], h += p[i + 7];
        }
#endif
    }
    sink = a + b + c + d + e + f + g + h;
}

double ridge_host_loads_per_step(void)
{
    double found[N_PAIRS];
    run_loads(); /* brings the line into L1 */
    for (int i = 0; i < N_PAIRS; i++) {
        uint64_t begin = ridge_os_now_ns();
        run_chain(CHAIN_TURNS);
        uint64_t middle = ridge_os_now_ns();
        run_loads();
        uint64_t end = ridge_os_now_ns();
        double step_ns = (double)(middle - begin) / (STEPS_PER_TURN * CHAIN_TURNS);
        found[i] = end > middle ? step_ns * LANES * PASSES / (double)(end - middle) : 0;
    }
    qsort(found, N_PAIRS, sizeof found[0], ridge_order_real);
    return found[N_PAIRS / 2];
}

double ridge_host_canary_hz(uint64_t ns)
{
    uint64_t pieces[MAX_PIECES];
    size_t n = 0;
    uint64_t begin = ridge_os_now_ns(), now = begin;
    do {
        run_chain(TURNS_PER_PIECE);
        uint64_t then = now;
        now = ridge_os_now_ns();
        pieces[n++] = now - then;
    } while (n < MAX_PIECES && now - begin < ns);
    /* The median piece: a preempted piece says nothing about the clock. */
    qsort(pieces, n, sizeof pieces[0], ridge_order_u64);
    uint64_t piece_ns = pieces[n / 2];
    return piece_ns > 0 ? (double)STEPS_PER_TURN * TURNS_PER_PIECE * 1e9 / (double)piece_ns : -1;
}
