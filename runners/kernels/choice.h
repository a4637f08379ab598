/* What `algorithm=auto` chose, kept on disk: measured once per shape, CPU and build, then the same for every fork.
 *
 * One small file a key under $XDG_CACHE_HOME/ridge/choices (else $HOME/.cache/...). A file that cannot be read or
 * written is no error: the candidates are measured again. Thread rule: none, files are replaced as a whole.
 */
#ifndef RIDGE_RUNNERS_KERNELS_CHOICE_H
#define RIDGE_RUNNERS_KERNELS_CHOICE_H

#include "abi/runner.h"

enum { RIDGE_CHOICE_KEY = 4096, RIDGE_CHOICE_TEXT = 384 };

struct ridge_choice {
    char kernel[128];             /* its name */
    char text[RIDGE_CHOICE_TEXT]; /* every candidate and its time, fastest first */
};
/* CPU, build of this plug-in, variant, threads, operator and all fields of the shape. */
void ridge_choice_key(const struct ridge_problem *problem, const char *variant, int n_threads,
                      char key[RIDGE_CHOICE_KEY]);
bool ridge_choice_recall(const char *key, struct ridge_choice *out);
void ridge_choice_keep(const char *key, const struct ridge_choice *choice);

#endif
