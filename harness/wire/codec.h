/* Field tables: one row per message field drives both encoding and decoding. Internal to wire.
 * Rows are const; a decoder writes into a zeroed struct, strings go to the message's arena. */
#ifndef RIDGE_WIRE_CODEC_H
#define RIDGE_WIRE_CODEC_H

#include "wire/wire.h"
#include <jansson.h>

#define MAX_LIST 200000u
#define MAX_KVS 4096u

enum field_kind {
    F_INT,    /* int64_t within [min, max] */
    F_SIZE,   /* size_t */
    F_SEED,   /* uint64_t below 2^63 */
    F_REAL,   /* double; absent or null: `fallback` */
    F_BOOL,   /* bool */
    F_ENUM,   /* 4-byte enum as text of `names` */
    F_STR,    /* const char * */
    F_CHARS,  /* char[size] */
    F_KVS,    /* struct ridge_kvs as object of texts */
    F_STRS,   /* const char ** NULL-terminated */
    F_LIST,   /* array of structs: pointer at offset, size_t count at offset_n, rows in `sub` */
    F_OBJECT, /* nested object over the same struct */
    F_HOOK    /* `decode` and `encode` do it */
};
enum field_need { REQUIRED, OPTIONAL, NULLABLE }; /* absent: error, "" or empty, NULL */

struct decoder {
    struct ridge_arena *arena;
    struct ridge_error *err;
    char path[160]; /* of the struct being read, for error texts */
};
struct field;
struct field_table {
    const struct field *v;
    size_t n;
};
struct field {
    const char *key;
    enum field_kind kind;
    enum field_need need;
    size_t offset, size; /* size: of CHARS, or of one LIST element */
    size_t offset_n;
    int64_t min, max; /* INT; both 0: any */
    double fallback;  /* INT (absent), REAL */
    const char *const *names;
    const struct field_table *sub;
    enum ridge_status (*decode)(struct decoder *d, const struct field *f, json_t *v, void *base);
    void (*encode)(struct ridge_buf *b, const struct field *f, const void *base);
};
extern const struct field_table ridge_wire_tables[RIDGE_MSG_UNKNOWN];
extern const struct field_table ridge_wire_hello_answer;
extern const char *const ridge_wire_type_names[RIDGE_MSG_UNKNOWN + 1];

enum ridge_status ridge_wire_read_fields(struct decoder *d, const struct field_table *t,
                                         json_t *object, void *base) RIDGE_MUST_USE;
void ridge_wire_write_fields(struct ridge_buf *b, const struct field_table *t, const void *base);
void ridge_wire_write_text(struct ridge_buf *b, const char *s);
void ridge_wire_write_real(struct ridge_buf *b, double v);
enum ridge_status ridge_wire_bad(struct decoder *d, const char *key, const char *fmt, ...)
    RIDGE_PRINTF(3, 4);

/* hooks (special.c) */
#define DECLARE_HOOK(name)                                                                        \
    enum ridge_status ridge_wire_read_##name(struct decoder *d, const struct field *f, json_t *v, \
                                             void *base);                                         \
    void ridge_wire_write_##name(struct ridge_buf *b, const struct field *f, const void *base)
DECLARE_HOOK(cpus);
DECLARE_HOOK(phases);
DECLARE_HOOK(facts);
DECLARE_HOOK(columns);
#endif
