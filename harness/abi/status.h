/* Status codes and the error record that every layer shares.
 *
 * Owns nothing. Standard C only; C++ clean; used by plug-ins as well as by the harness.
 * Rule: functions return enum ridge_status and take `struct ridge_error *err` last (may be NULL).
 * The first error wins: a later ridge_fail() on a filled record changes nothing.
 * Thread rule: a record belongs to one thread at a time.
 */
#ifndef RIDGE_ABI_STATUS_H
#define RIDGE_ABI_STATUS_H

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#define RIDGE_ABI_VERSION 0u /* 0 = unstable, see design page */

#if defined(__GNUC__)
#define RIDGE_MUST_USE __attribute__((warn_unused_result))
#define RIDGE_PRINTF(a, b) __attribute__((format(printf, a, b)))
#define RIDGE_EXPORT __attribute__((visibility("default")))
#else
#define RIDGE_MUST_USE
#define RIDGE_PRINTF(a, b)
#define RIDGE_EXPORT
#endif

enum ridge_status {
    RIDGE_OK = 0,
    RIDGE_ERR_USAGE,       /* the caller's words are wrong (command line) */
    RIDGE_ERR_CONFIG,      /* a suite, an option or a file's content is wrong */
    RIDGE_ERR_UNSUPPORTED, /* cannot be done here; the text says why */
    RIDGE_ERR_NOMEM,
    RIDGE_ERR_IO,
    RIDGE_ERR_PROTOCOL, /* the other end of the wire broke a rule */
    RIDGE_ERR_TIMEOUT,
    RIDGE_ERR_DB,
    RIDGE_ERR_UNFIT, /* the machine is not fit to judge */
    RIDGE_ERR_INTERRUPTED,
    RIDGE_ERR_WRONG,   /* ran, but the answer is wrong */
    RIDGE_ERR_INTERNAL /* a programmer's mistake that could be caught */
};

struct ridge_error {
    enum ridge_status status;
    char where[256]; /* file:line:column, key, node or path; may be "" */
    char text[1024]; /* what is wrong and what would be right */
};

/* Fills *err (first error wins) and returns `status`, so callers write `return ridge_fail(...)`. */
static inline enum ridge_status ridge_fail(struct ridge_error *err, enum ridge_status status,
                                           const char *where, const char *fmt, ...)
    RIDGE_PRINTF(4, 5);
static inline enum ridge_status ridge_fail(struct ridge_error *err, enum ridge_status status,
                                           const char *where, const char *fmt, ...)
{
    if (err == NULL || err->status != RIDGE_OK)
        return status;
    err->status = status;
    (void)snprintf(err->where, sizeof err->where, "%s", where != NULL ? where : "");
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(err->text, sizeof err->text, fmt, ap);
    va_end(ap);
    return status;
}

#endif
