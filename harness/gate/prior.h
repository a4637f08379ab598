/* The spread between runs that is assumed while fewer than 5 runs of a host class are stored, as a standard deviation of
 * the log time: relative to the FMA yardstick, to the plain read, and without a yardstick. Made by
 * `tests/stat/campaign.py prior`. */
#ifndef RIDGE_GATE_PRIOR_H
#define RIDGE_GATE_PRIOR_H

#define RIDGE_GATE_PRIOR_COMPUTE 0.094
#define RIDGE_GATE_PRIOR_MEMORY 0.105
#define RIDGE_GATE_PRIOR_NONE 0.122
#define RIDGE_GATE_PRIOR_SOURCE "largest of 20 cases over 97 runs, shared cores included; x86_64, 22 November 2026"

#endif
