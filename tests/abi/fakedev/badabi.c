/* A plug-in of another ABI version: it must be listed as unusable, with the reason. */
#include "abi/runner.h"

RIDGE_EXPORT const struct ridge_runner *ridge_runner_get(void);
const struct ridge_runner *ridge_runner_get(void)
{
    static const struct ridge_runner runner = {.abi_version = 999, .struct_size = sizeof(struct ridge_runner)};
    return &runner;
}
