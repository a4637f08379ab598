/* A chain of dependent adds takes one cycle a step on every core we know, so steps per second is
 * the core's clock. Register + register: some cores fold adds of a constant away at rename (Golden
 * Cove). */
#include "host/host.h"

#include "base/os.h"
#include <stdlib.h>

enum { STEPS_PER_TURN = 64, TURNS_PER_PIECE = 2048, MAX_PIECES = 129 };

#define STEP                                                                                       \
    x += y;                                                                                        \
    __asm__ volatile("" : "+r"(x));
#define STEP8 STEP STEP STEP STEP STEP STEP STEP STEP

static void run_piece(void)
{
    uint64_t x = 1, y = 3;
    __asm__ volatile("" : "+r"(y));
    for (int i = 0; i < TURNS_PER_PIECE; i++) {
        STEP8 STEP8 STEP8 STEP8 STEP8 STEP8 STEP8 STEP8
    }
}

static int compare_u64(const void *a, const void *b)
{
    uint64_t p = *(const uint64_t *)a, q = *(const uint64_t *)b;
    return (p > q) - (p < q);
}

double ridge_host_canary_hz(uint64_t ns)
{
    uint64_t pieces[MAX_PIECES];
    size_t n = 0;
    uint64_t begin = ridge_os_now_ns(), now = begin;
    do {
        run_piece();
        uint64_t then = now;
        now = ridge_os_now_ns();
        pieces[n++] = now - then;
    } while (n < MAX_PIECES && now - begin < ns);
    /* The median piece: a preempted piece says nothing about the clock. */
    qsort(pieces, n, sizeof pieces[0], compare_u64);
    uint64_t piece_ns = pieces[n / 2];
    return piece_ns > 0 ? (double)STEPS_PER_TURN * TURNS_PER_PIECE * 1e9 / (double)piece_ns : -1;
}
