/* Bounded JSON scanner that keeps line and column of every key and value.
 *
 * Owns nothing: nodes and texts live in the arena that is passed in. Bounds: 4 MiB of text, depth
 * 64, 1024 keys an object. Strict RFC 8259; a duplicate key, invalid UTF-8 and \u0000 are errors.
 * Columns count code points from 1. Pure; any thread. */
#ifndef RIDGE_SUITE_SCAN_H
#define RIDGE_SUITE_SCAN_H

#include "base/arena.h"
#include "abi/status.h"
#include <stddef.h>
#include <stdint.h>

#define RIDGE_SUITE_MAX_DEPTH 64
#define RIDGE_SUITE_MAX_KEYS_PER_OBJECT 1024

enum ridge_node_type {
    RIDGE_NODE_NULL,
    RIDGE_NODE_BOOL,
    RIDGE_NODE_NUMBER,
    RIDGE_NODE_STRING,
    RIDGE_NODE_ARRAY,
    RIDGE_NODE_OBJECT
};

struct ridge_node {
    enum ridge_node_type type;
    const char *file; /* borrowed */
    int line, column;
    const char *text; /* decoded string, or the number, true, false, null as written */
    const char *key;  /* member of an object: its key, else NULL */
    uint64_t key_hash;
    int key_line, key_column;
    size_t index; /* place in the parent */
    const struct ridge_node *parent;
    struct ridge_node *first, *last, *next; /* children in order; next sibling */
    size_t n;                               /* children */
};

struct ridge_scan_error {
    int line, column;
    char text[256];
};

/* NULL on a syntax error, with *err filled. */
struct ridge_node *ridge_suite_scan(struct ridge_arena *a, const char *file, const char *text,
                                    size_t n_bytes, struct ridge_scan_error *err);
/* NULL when absent or when `object` is no object. */
struct ridge_node *ridge_suite_child(const struct ridge_node *object, const char *key);
void ridge_suite_append(struct ridge_node *parent, struct ridge_node *child);

#endif
