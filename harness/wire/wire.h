/* JSON-lines messages between harness and worker; WIRE.md is the page. Encoders append one line to
 * a buffer; decoders read one parsed message. Used by both ends. Pure. */
#ifndef RIDGE_WIRE_WIRE_H
#define RIDGE_WIRE_WIRE_H

#include "base/text.h"
#include "data/catalogue.h"
#include "data/plan.h"
#include "data/result.h"

#define RIDGE_WIRE_VERSION 1
#define RIDGE_WIRE_OLDEST 1
#define RIDGE_WIRE_MAX_LINE_BYTES (64u << 20)

enum ridge_wire_type { /* "type" of a message; order of WIRE.md */
                       RIDGE_MSG_HELLO,
                       RIDGE_MSG_DESCRIBE,
                       RIDGE_MSG_COST,
                       RIDGE_MSG_LOAD,
                       RIDGE_MSG_GO,
                       RIDGE_MSG_CHECK,
                       RIDGE_MSG_BYE, /* to the worker */
                       RIDGE_MSG_CATALOGUE,
                       RIDGE_MSG_COSTS,
                       RIDGE_MSG_LOADED,
                       RIDGE_MSG_SAMPLES,
                       RIDGE_MSG_CHECKED,
                       RIDGE_MSG_LOG,
                       RIDGE_MSG_ERROR, /* from the worker; hello and bye are answered in kind */
                       RIDGE_MSG_UNKNOWN
};
struct ridge_msg_hello {
    int64_t min_wire, max_wire; /* to the worker */
    int64_t wire;               /* from the worker: the version chosen */
    const char *worker, *version, *boot_id;
    int64_t pid;
    struct ridge_kvs host; /* fingerprint */
    const char *host_class, *topology;
};
struct ridge_msg_cost_item {
    const char *op;
    struct ridge_kvs shape, options;
    double flop, compulsory_bytes;
    const char *reason;
};
struct ridge_msg_load {
    const char *op, *backend, *variant, *label, *library_path, *device;
    struct ridge_kvs shape, options;
    uint64_t seed;                               /* inputs */
    int64_t heap_pad_bytes, buffer_offset_bytes; /* layout of this fork */
    int64_t warmup_ns, block_ns;
    int64_t cpus[64];
    size_t n_cpus;
};
struct ridge_msg_loaded { /* also the answer to check (verdict, reason, facts) */
    enum ridge_verdict verdict;
    const char *reason;
    struct ridge_process process; /* phases, warm, clock, inner_reps, conditions, facts */
};
struct ridge_msg_go {
    int64_t fork, round, order;
    int64_t block_ns, lead_in_ns, lead_in_runs, max_samples;
    double least_loads;    /* a step of the canary, below which the core is shared; 0: unknown */
    int64_t quiet_wait_ns; /* at most this long for it not to be, before the block */
};
struct ridge_msg_error {
    const char *verdict, *text;
};

struct ridge_message { /* decoded; strings live in the arena */
    struct ridge_arena arena;
    enum ridge_wire_type type;
    union {
        struct ridge_msg_hello hello;
        struct ridge_catalogue *catalogue; /* receiver takes it (set to NULL) */
        struct {
            struct ridge_msg_cost_item *v;
            size_t n;
        } cost; /* COST and COSTS */
        struct ridge_msg_load load;
        struct ridge_msg_loaded loaded; /* LOADED and CHECKED */
        struct ridge_msg_go go;
        struct ridge_chunk samples;   /* receiver takes the columns */
        struct ridge_msg_error error; /* ERROR and LOG */
    } u;
};
/* Line without newline. Unknown fields are ignored; an unknown type gives RIDGE_MSG_UNKNOWN. Counts
 * that lie (n differs from a column's length, negative, over the caps) are RIDGE_ERR_PROTOCOL. */
enum ridge_status ridge_wire_decode(const char *line, size_t n, struct ridge_message *out,
                                    struct ridge_error *err) RIDGE_MUST_USE;
void ridge_message_deinit(struct ridge_message *m);
void ridge_wire_encode(struct ridge_buf *b,
                       const struct ridge_message *m); /* one line with newline */
#endif
