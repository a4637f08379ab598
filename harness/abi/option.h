/* Option rows: one row drives parsing, did-you-mean, --help, JSON Schema, docs and facets.
 *
 * A row describes one field of a plain struct: the worker parses text into `base + offset`.
 * Storage by kind: INT, DURATION_NS, BYTES int64_t; REAL double; BOOL int32_t; ENUM int32_t (index
 * into names); STRING char[RIDGE_OPTION_STRING_MAX]. Rows are const and outlive the plug-in.
 */
#ifndef RIDGE_ABI_OPTION_H
#define RIDGE_ABI_OPTION_H

#include <stddef.h>
#include <stdint.h>

#define RIDGE_OPTION_STRING_MAX 256

enum ridge_option_kind {
    RIDGE_KIND_INT,
    RIDGE_KIND_REAL,
    RIDGE_KIND_BOOL,
    RIDGE_KIND_STRING,
    RIDGE_KIND_ENUM,
    RIDGE_KIND_DURATION_NS, /* text: 400 ms, 3s, 10 us */
    RIDGE_KIND_BYTES        /* text: 64, 2 MiB, 1 GB */
};

enum ridge_option_role {
    RIDGE_ROLE_SUBJECT,  /* a field of the subject: gemm:m=,n=,k= (identity) */
    RIDGE_ROLE_IDENTITY, /* an option that is part of the case's id */
    RIDGE_ROLE_CONDITION /* stored and comparable, not part of the id */
};

struct ridge_option_row {
    const char *key;
    enum ridge_option_kind kind;
    enum ridge_option_role role;
    size_t offset;
    const char *unit;         /* "elements", "ns", "bytes"; NULL: none */
    const char *def;          /* default as text; NULL: required */
    double min, max;          /* bounds for numbers; both 0: unbounded */
    const char *const *names; /* ENUM: NULL-terminated list */
    const char *help;         /* one line */
};

#endif
