/* Opening a vendor library at run time. The handle is the caller's, close with ridge_dynlib_close. */
#ifndef RIDGE_KERNELS_COMMON_DYNLIB_H
#define RIDGE_KERNELS_COMMON_DYNLIB_H

#include "abi/status.h"

/* Tries `path`, or each of the NULL-terminated `names` when path is "". `hint` says how to get it.
 * file[] receives the file that was really mapped (through a symbol's address). */
enum ridge_status ridge_dynlib_open(const char *path, const char *const *names, const char *hint, void **handle,
                                    struct ridge_error *err) RIDGE_MUST_USE;
/* Looks up all; each entry names a symbol and the place of its pointer. Missing: an error that names it. */
struct ridge_dynlib_symbol {
    const char *name;
    void *place; /* points to a function pointer */
};
enum ridge_status ridge_dynlib_symbols(void *handle, const struct ridge_dynlib_symbol *symbols, size_t n,
                                       struct ridge_error *err) RIDGE_MUST_USE;
void ridge_dynlib_file(const void *function, char *file, size_t n_file);
void ridge_dynlib_close(void *handle);

#endif
