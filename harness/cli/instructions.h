/* Instructions of one call of a case, by callgrind (ab --instructions). Kernels by the hundred take minutes: a figure that
 * is asked for, not one of every run. */
#ifndef RIDGE_CLI_INSTRUCTIONS_H
#define RIDGE_CLI_INSTRUCTIONS_H

#include "cli.h"
#include "data/plan.h"

struct ridge_count {
    double instructions; /* NAN: why says why not */
    char kernel[128];    /* that ran under valgrind */
    char why[200];
};
bool ridge_cli_has_callgrind(void); /* valgrind is in PATH */
/* One member of a plan; worker: argv for arms that name no program. */
struct ridge_count ridge_cli_count(const struct ridge_plan *plan, size_t i_member, const char *const *worker);
/* Both sides in words; timed_kernel: the one whose time was measured. */
const char *ridge_cli_count_text(struct ridge_arena *a, const struct ridge_count *old, const struct ridge_count *now,
                                 const char *timed_kernel);
#endif
