/* Ordered key=value lists with borrowed strings (usually in an arena), the selector grammar, and the
 * parsing of option rows. Pure. */
#ifndef RIDGE_DATA_KVS_H
#define RIDGE_DATA_KVS_H

#include "abi/option.h"
#include "abi/status.h"
#include "base/arena.h"
#include <stdbool.h>

struct ridge_kv {
    const char *key, *value;
};
struct ridge_kvs { /* sorted by key, keys unique; v in the arena */
    struct ridge_kv *v;
    size_t n;
    size_t cap; /* of large lists, kept by ridge_kvs_set; 0: unknown */
};
const char *ridge_kvs_get(const struct ridge_kvs *kvs, const char *key); /* NULL: absent */
/* Borrows key and value. Lists of up to 64 keys may be copied by value: set never changes the copy. */
void ridge_kvs_set(struct ridge_arena *a, struct ridge_kvs *kvs, const char *key, const char *value);
struct ridge_kvs ridge_kvs_copy(struct ridge_arena *a, const struct ridge_kvs *kvs);
char *ridge_kvs_text(struct ridge_arena *a, const struct ridge_kvs *kvs); /* k=v,k=v sorted */

/* Selector: key=glob,key=glob - all must match; a missing key matches only "". */
struct ridge_selector {
    struct ridge_kvs terms;
};
enum ridge_status ridge_selector_parse(struct ridge_arena *a, const char *text, struct ridge_selector *out,
                                       struct ridge_error *err) RIDGE_MUST_USE;
bool ridge_selector_match(const struct ridge_selector *s, const struct ridge_kvs *kvs);

/* Checks `text` against a row (kind, bounds, names) and gives its canonical text ("400 ms" -> "400000000ns",
 * "2 MiB" -> "2097152", true or false, enum names as they are). The canonical text parses again. */
enum ridge_status ridge_option_canonical(struct ridge_arena *a, const struct ridge_option_row *row,
                                         const char *text, const char **out, struct ridge_error *err)
    RIDGE_MUST_USE;
/* Fills a struct from key=value texts by rows: defaults first; unknown keys are an error that names the
 * nearest row unless `ignore_unknown`. */
enum ridge_status ridge_option_fill(const struct ridge_option_row *rows, size_t n_rows,
                                    const struct ridge_kvs *kvs, bool ignore_unknown, void *base,
                                    struct ridge_error *err) RIDGE_MUST_USE;
#endif
