/* The spread between runs that is assumed while fewer than 5 runs of a host class are stored, as a standard deviation of
 * the log time: relative to the FMA yardstick, to the plain read, and without a yardstick. Made by
 * `tests/stat/campaign.py prior`. */
#ifndef RIDGE_GATE_PRIOR_H
#define RIDGE_GATE_PRIOR_H

#define RIDGE_GATE_PRIOR_COMPUTE 0.08
#define RIDGE_GATE_PRIOR_MEMORY 0.12
#define RIDGE_GATE_PRIOR_NONE 0.15
#define RIDGE_GATE_PRIOR_SOURCE "chosen, not measured"

#endif
