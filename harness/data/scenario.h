/* How requests come: single, depth(N), open(RATE), open(RATE,poisson), open(RATE,constant), offline.
 * RATE in requests per second; without a word the arrivals are a Poisson process. Pure. */
#ifndef RIDGE_DATA_SCENARIO_H
#define RIDGE_DATA_SCENARIO_H

#include "abi/status.h"
#include <stdbool.h>
#include <stdint.h>

enum { RIDGE_SCENARIO_MAX_DEPTH = 256 };

enum ridge_scenario_kind {
    RIDGE_SCENARIO_SINGLE,  /* one after the other, back to back */
    RIDGE_SCENARIO_DEPTH,   /* N in flight, each replaced when it is done */
    RIDGE_SCENARIO_OPEN,    /* by a clock, whether or not the last one is done */
    RIDGE_SCENARIO_OFFLINE  /* all there from the start: throughput counts, latency does not */
};
struct ridge_scenario {
    enum ridge_scenario_kind kind;
    int64_t depth;     /* DEPTH */
    double rate_per_s; /* OPEN */
    bool is_poisson;   /* OPEN */
};
/* CONFIG with what would be right. */
enum ridge_status ridge_scenario_parse(const char *text, struct ridge_scenario *out,
                                       struct ridge_error *err) RIDGE_MUST_USE;
#endif
