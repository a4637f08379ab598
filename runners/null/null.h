/* The null backend: runs that last exactly as long as a script says, and faults at the n-th run. */
#ifndef RIDGE_RUNNERS_NULL_H
#define RIDGE_RUNNERS_NULL_H

#include "abi/runner.h"

enum null_pattern { NULL_CONSTANT, NULL_LIST, NULL_TWO_MODES, NULL_DRIFT, NULL_SPIKES };
enum null_fault {
    NULL_NONE, NULL_CRASH, NULL_HANG, NULL_EXIT, NULL_FLOOD_STDERR, NULL_PRINT_STDOUT, NULL_ALLOC, NULL_LIE,
    NULL_BROKEN_LINE, NULL_ESCAPE, NULL_FAIL, NULL_WRONG
};
enum { NULL_MAX_LIST = 64 };

struct null_shape {
    int32_t pattern, fault;
    int64_t latency_ns, second_latency_ns, fault_at;
    double share, flop, bytes;
    char list[RIDGE_OPTION_STRING_MAX];
};
struct null_script { /* parsed once, so that a run does no work of its own */
    struct null_shape shape;
    int64_t list_ns[NULL_MAX_LIST];
    size_t n_list;
    double scale; /* RIDGE_NULL_SCALE: every latency times this, for arms that differ by a known share */
};
/* script.c */
enum ridge_status null_script_init(struct null_script *s, const struct null_shape *shape, struct ridge_error *err);
int64_t null_script_latency_ns(const struct null_script *s, uint64_t i_run); /* i_run counts from 0 */
void null_wait(int64_t ns);
/* faults.c */
enum ridge_status null_fault_now(enum null_fault fault, struct ridge_error *err);
#endif
