/* A plug-in whose library dies of an illegal instruction as soon as it is opened. */
#include "abi/runner.h"

#include <signal.h>

__attribute__((constructor)) static void die(void)
{
    (void)signal(SIGILL, SIG_DFL);
    (void)raise(SIGILL);
}

RIDGE_EXPORT const struct ridge_runner *ridge_runner_get(void);
const struct ridge_runner *ridge_runner_get(void)
{
    return NULL;
}
