/* Messages to stderr. The level is the only global state. */
#ifndef RIDGE_BASE_LOG_H
#define RIDGE_BASE_LOG_H
#include "abi/host.h"
void ridge_log_set_level(enum ridge_log_level level);
void ridge_log(enum ridge_log_level level, const char *fmt, ...) RIDGE_PRINTF(2, 3);
#endif
