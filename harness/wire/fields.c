/* The tables of WIRE.md: every message's fields, once. */
#include "wire/codec.h"

#define AT(T, m) offsetof(struct T, m)
#define TABLE(rows)                        \
    {                                      \
        rows, sizeof rows / sizeof rows[0] \
    }
#define BIG INT64_MAX

static const char *const verdict_names[] = {
#define VERDICT_NAME(name, text) text,
    RIDGE_VERDICTS(VERDICT_NAME)
#undef VERDICT_NAME
        NULL};
static const char *const kind_names[] = {"int",  "real",        "bool",  "string",
                                         "enum", "duration_ns", "bytes", NULL};
static const char *const role_names[] = {"subject", "identity", "condition", NULL};

static const struct field hello_fields[] = {
    {.key = "min", .kind = F_INT, .offset = AT(ridge_msg_hello, min_wire), .min = 1, .max = BIG},
    {.key = "max", .kind = F_INT, .offset = AT(ridge_msg_hello, max_wire), .min = 1, .max = BIG},
};
static const struct field hello_answer_fields[] = {
    {.key = "wire", .kind = F_INT, .offset = AT(ridge_msg_hello, wire), .min = 1, .max = BIG},
    {.key = "worker", .kind = F_STR, .offset = AT(ridge_msg_hello, worker)},
    {.key = "version", .kind = F_STR, .need = OPTIONAL, .offset = AT(ridge_msg_hello, version)},
    {.key = "boot_id", .kind = F_STR, .need = OPTIONAL, .offset = AT(ridge_msg_hello, boot_id)},
    {.key = "pid",
     .kind = F_INT,
     .need = OPTIONAL,
     .offset = AT(ridge_msg_hello, pid),
     .min = 0,
     .max = BIG},
    {.key = "host", .kind = F_KVS, .need = OPTIONAL, .offset = AT(ridge_msg_hello, host)},
    {.key = "host_class",
     .kind = F_STR,
     .need = OPTIONAL,
     .offset = AT(ridge_msg_hello, host_class)},
    {.key = "topology", .kind = F_STR, .need = OPTIONAL, .offset = AT(ridge_msg_hello, topology)},
};
const struct field_table ridge_wire_hello_answer = TABLE(hello_answer_fields);

#define COST_AT(m) AT(ridge_msg_cost_item, m)
static const struct field cost_item_fields[] = {
    {.key = "op", .kind = F_STR, .offset = COST_AT(op)},
    {.key = "shape", .kind = F_KVS, .offset = COST_AT(shape)},
    {.key = "options", .kind = F_KVS, .need = OPTIONAL, .offset = COST_AT(options)},
};
static const struct field costs_item_fields[] = {
    {.key = "flop", .kind = F_REAL, .need = OPTIONAL, .offset = COST_AT(flop)},
    {.key = "bytes", .kind = F_REAL, .need = OPTIONAL, .offset = COST_AT(compulsory_bytes)},
    {.key = "reason", .kind = F_STR, .need = NULLABLE, .offset = COST_AT(reason)},
};
static const struct field_table cost_item = TABLE(cost_item_fields),
                                costs_item = TABLE(costs_item_fields);
#define COST_LIST(name, rows)                                                                     \
    {                                                                                             \
        .key = name, .kind = F_LIST,                                                              \
        .offset = offsetof(struct ridge_message, u.cost.v) - offsetof(struct ridge_message, u),   \
        .offset_n = offsetof(struct ridge_message, u.cost.n) - offsetof(struct ridge_message, u), \
        .size = sizeof(struct ridge_msg_cost_item), .sub = &rows                                  \
    }
static const struct field cost_fields[] = {COST_LIST("cases", cost_item)};
static const struct field costs_fields[] = {COST_LIST("costs", costs_item)};

#define LOAD_AT(m) AT(ridge_msg_load, m)
static const struct field load_fields[] = {
    {.key = "op", .kind = F_STR, .offset = LOAD_AT(op)},
    {.key = "backend", .kind = F_STR, .offset = LOAD_AT(backend)},
    {.key = "variant", .kind = F_STR, .need = OPTIONAL, .offset = LOAD_AT(variant)},
    {.key = "label", .kind = F_STR, .need = OPTIONAL, .offset = LOAD_AT(label)},
    {.key = "library_path", .kind = F_STR, .need = OPTIONAL, .offset = LOAD_AT(library_path)},
    {.key = "device", .kind = F_STR, .need = OPTIONAL, .offset = LOAD_AT(device)},
    {.key = "shape", .kind = F_KVS, .offset = LOAD_AT(shape)},
    {.key = "options", .kind = F_KVS, .need = OPTIONAL, .offset = LOAD_AT(options)},
    {.key = "seed", .kind = F_SEED, .offset = LOAD_AT(seed)},
    {.key = "heap_pad",
     .kind = F_INT,
     .need = OPTIONAL,
     .offset = LOAD_AT(heap_pad_bytes),
     .min = 0,
     .max = 1 << 30},
    {.key = "buffer_offset",
     .kind = F_INT,
     .need = OPTIONAL,
     .offset = LOAD_AT(buffer_offset_bytes),
     .min = 0,
     .max = 1 << 30},
    {.key = "warmup_ns", .kind = F_INT, .offset = LOAD_AT(warmup_ns), .min = 0, .max = BIG},
    {.key = "block_ns", .kind = F_INT, .offset = LOAD_AT(block_ns), .min = 0, .max = BIG},
    {.key = "cpus",
     .kind = F_HOOK,
     .need = OPTIONAL,
     .decode = ridge_wire_read_cpus,
     .encode = ridge_wire_write_cpus},
};

#define PROC_AT(m) AT(ridge_msg_loaded, process.m)
static const struct field clock_fields[] = {
    {.key = "name", .kind = F_CHARS, .need = OPTIONAL, .offset = PROC_AT(clock_name), .size = 32},
    {.key = "cost_ns", .kind = F_REAL, .need = OPTIONAL, .offset = PROC_AT(clock_cost_ns)},
    {.key = "resolution_ns",
     .kind = F_REAL,
     .need = OPTIONAL,
     .offset = PROC_AT(clock_resolution_ns)},
};
static const struct field_table clock_table = TABLE(clock_fields);
static const struct field loaded_fields[] = {
    {.key = "verdict",
     .kind = F_ENUM,
     .offset = AT(ridge_msg_loaded, verdict),
     .names = verdict_names},
    {.key = "reason", .kind = F_STR, .need = OPTIONAL, .offset = AT(ridge_msg_loaded, reason)},
    {.key = "phases",
     .kind = F_HOOK,
     .need = OPTIONAL,
     .decode = ridge_wire_read_phases,
     .encode = ridge_wire_write_phases},
    {.key = "warm", .kind = F_CHARS, .need = OPTIONAL, .offset = PROC_AT(warm), .size = 16},
    {.key = "clock", .kind = F_OBJECT, .need = OPTIONAL, .sub = &clock_table},
    {.key = "inner_reps",
     .kind = F_INT,
     .need = OPTIONAL,
     .offset = PROC_AT(inner_reps),
     .min = 0,
     .max = BIG},
    {.key = "conditions", .kind = F_KVS, .need = OPTIONAL, .offset = PROC_AT(conditions)},
    {.key = "facts",
     .kind = F_HOOK,
     .need = OPTIONAL,
     .decode = ridge_wire_read_facts,
     .encode = ridge_wire_write_facts},
};

#define GO_INT(name, field, low)                                                              \
    {                                                                                         \
        .key = name, .kind = F_INT, .offset = AT(ridge_msg_go, field), .min = low, .max = BIG \
    }
static const struct field go_fields[] = {
    GO_INT("fork", fork, 0),
    GO_INT("round", round, 0),
    GO_INT("order", order, 0),
    GO_INT("block_ns", block_ns, 0),
    GO_INT("lead_in_ns", lead_in_ns, 0),
    GO_INT("lead_in_runs", lead_in_runs, 0),
    GO_INT("max_samples", max_samples, 1),
    {.key = "least_loads", .kind = F_REAL, .need = OPTIONAL, .offset = AT(ridge_msg_go, least_loads)},
    {.key = "quiet_wait_ns", .kind = F_INT, .need = OPTIONAL, .offset = AT(ridge_msg_go, quiet_wait_ns), .min = 0, .max = BIG},
};

#define CHUNK_INT(name, field, low)                                                          \
    {                                                                                        \
        .key = name, .kind = F_INT, .offset = AT(ridge_chunk, field), .min = low, .max = BIG \
    }
/* -1: could not be measured; travels as null or absent */
#define CHUNK_MAYBE(name, field)                                                                   \
    {                                                                                              \
        .key = name, .kind = F_INT, .need = OPTIONAL, .offset = AT(ridge_chunk, field), .min = -1, \
        .max = BIG, .fallback = -1                                                                 \
    }
#define CHUNK_MAYBE_REAL(name, field)                                                                    \
    {                                                                                                    \
        .key = name, .kind = F_REAL, .need = OPTIONAL, .offset = AT(ridge_chunk, field), .fallback = -1 \
    }
static const struct field samples_fields[] = {
    CHUNK_INT("fork", fork, 0),
    CHUNK_INT("round", round, 0),
    CHUNK_INT("order", order, 0),
    {.key = "n", .kind = F_SIZE, .offset = AT(ridge_chunk, n)},
    {.key = "n_lead_in", .kind = F_SIZE, .offset = AT(ridge_chunk, n_lead_in)},
    CHUNK_INT("inner_reps", inner_reps, 1),
    CHUNK_MAYBE("disturbed", n_disturbed),
    {.key = "columns",
     .kind = F_HOOK,
     .decode = ridge_wire_read_columns,
     .encode = ridge_wire_write_columns},
    CHUNK_MAYBE_REAL("canary_hz", canary_hz),
    CHUNK_MAYBE_REAL("loads_per_step", loads_per_step),
    CHUNK_MAYBE("steal_ns", steal_ns),
    CHUNK_MAYBE("foreign_ns", foreign_ns),
    CHUNK_MAYBE("cpu_time_ns", cpu_time_ns),
    CHUNK_MAYBE("completed", n_completed),
    CHUNK_MAYBE("span_ns", span_ns),
    CHUNK_MAYBE("wait_ns", wait_ns),
    CHUNK_MAYBE("voluntary", n_voluntary_switches),
    CHUNK_MAYBE("involuntary", n_involuntary_switches),
};

static const struct field row_fields[] = {
    {.key = "key", .kind = F_STR, .offset = AT(ridge_option_row, key)},
    {.key = "kind", .kind = F_ENUM, .offset = AT(ridge_option_row, kind), .names = kind_names},
    {.key = "role", .kind = F_ENUM, .offset = AT(ridge_option_row, role), .names = role_names},
    {.key = "unit", .kind = F_STR, .need = NULLABLE, .offset = AT(ridge_option_row, unit)},
    {.key = "default", .kind = F_STR, .need = NULLABLE, .offset = AT(ridge_option_row, def)},
    {.key = "min", .kind = F_REAL, .need = OPTIONAL, .offset = AT(ridge_option_row, min)},
    {.key = "max", .kind = F_REAL, .need = OPTIONAL, .offset = AT(ridge_option_row, max)},
    {.key = "names", .kind = F_STRS, .need = NULLABLE, .offset = AT(ridge_option_row, names)},
    {.key = "help", .kind = F_STR, .need = OPTIONAL, .offset = AT(ridge_option_row, help)},
};
static const struct field_table row_table = TABLE(row_fields);
#define ROWS(name, T, ptr, count)                                                            \
    {                                                                                        \
        .key = name, .kind = F_LIST, .need = OPTIONAL, .offset = AT(T, ptr),                 \
        .offset_n = AT(T, count), .size = sizeof(struct ridge_option_row), .sub = &row_table \
    }

#define OP_AT(m) AT(ridge_cat_operator, m)
static const struct field operator_fields[] = {
    {.key = "name", .kind = F_STR, .offset = OP_AT(name)},
    {.key = "doc", .kind = F_STR, .need = OPTIONAL, .offset = OP_AT(doc)},
    ROWS("fields", ridge_cat_operator, fields, n_fields),
    {.key = "short_form", .kind = F_STRS, .need = OPTIONAL, .offset = OP_AT(short_form)},
    {.key = "yardsticks", .kind = F_STRS, .need = OPTIONAL, .offset = OP_AT(yardsticks)},
    {.key = "aliases", .kind = F_STRS, .need = OPTIONAL, .offset = OP_AT(aliases)},
};
static const struct field variant_fields[] = {
    {.key = "name", .kind = F_STR, .offset = AT(ridge_cat_variant, name)},
    {.key = "usable", .kind = F_BOOL, .offset = AT(ridge_cat_variant, usable)},
    {.key = "reason", .kind = F_STR, .need = OPTIONAL, .offset = AT(ridge_cat_variant, reason)},
};
static const struct field_table operator_table = TABLE(operator_fields),
                                variant_table = TABLE(variant_fields);

#define BACKEND_TEXT(name)                                                                   \
    {                                                                                        \
        .key = #name, .kind = F_STR, .need = OPTIONAL, .offset = AT(ridge_cat_backend, name) \
    }
static const struct field backend_fields[] = {
    {.key = "name", .kind = F_STR, .offset = AT(ridge_cat_backend, name)},
    BACKEND_TEXT(doc),
    BACKEND_TEXT(runner),
    {.key = "variants",
     .kind = F_STRS,
     .need = OPTIONAL,
     .offset = AT(ridge_cat_backend, variants)},
    {.key = "operators",
     .kind = F_STRS,
     .need = OPTIONAL,
     .offset = AT(ridge_cat_backend, operators)},
    ROWS("options", ridge_cat_backend, options, n_options),
    {.key = "usable", .kind = F_BOOL, .offset = AT(ridge_cat_backend, usable)},
    BACKEND_TEXT(reason),
    BACKEND_TEXT(version),
    BACKEND_TEXT(note),
    BACKEND_TEXT(library_path),
    BACKEND_TEXT(library_sha256),
    BACKEND_TEXT(plugin_path),
    BACKEND_TEXT(plugin_sha256),
    {.key = "variant_probes",
     .kind = F_LIST,
     .need = OPTIONAL,
     .offset = AT(ridge_cat_backend, variant_probes),
     .offset_n = AT(ridge_cat_backend, n_variant_probes),
     .size = sizeof(struct ridge_cat_variant),
     .sub = &variant_table},
};
#define KERNEL_TEXT(name)                                                                   \
    {                                                                                       \
        .key = #name, .kind = F_STR, .need = OPTIONAL, .offset = AT(ridge_cat_kernel, name) \
    }
static const struct field kernel_fields[] = {
    {.key = "name", .kind = F_STR, .offset = AT(ridge_cat_kernel, name)},
    KERNEL_TEXT(backend),
    KERNEL_TEXT(op),
    KERNEL_TEXT(algorithm),
    KERNEL_TEXT(dtype),
    KERNEL_TEXT(isa),
    KERNEL_TEXT(layout),
};
static const struct field profiler_fields[] = {
    {.key = "name", .kind = F_STR, .offset = AT(ridge_cat_profiler, name)},
    {.key = "doc", .kind = F_STR, .need = OPTIONAL, .offset = AT(ridge_cat_profiler, doc)},
    {.key = "usable", .kind = F_BOOL, .offset = AT(ridge_cat_profiler, usable)},
    {.key = "reason", .kind = F_STR, .need = OPTIONAL, .offset = AT(ridge_cat_profiler, reason)},
};
static const struct field_table backend_table = TABLE(backend_fields),
                                kernel_table = TABLE(kernel_fields),
                                profiler_table = TABLE(profiler_fields);
#define CAT_LIST(name, T)                                                                     \
    {                                                                                         \
        .key = #name "s", .kind = F_LIST, .need = OPTIONAL,                                   \
        .offset = AT(ridge_catalogue, name##s), .offset_n = AT(ridge_catalogue, n_##name##s), \
        .size = sizeof(struct T), .sub = &name##_table                                        \
    }
static const struct field catalogue_fields[] = {
    {.key = "worker", .kind = F_STR, .offset = AT(ridge_catalogue, worker)},
    {.key = "version", .kind = F_STR, .need = OPTIONAL, .offset = AT(ridge_catalogue, version)},
    {.key = "digest", .kind = F_STR, .need = OPTIONAL, .offset = AT(ridge_catalogue, digest)},
    CAT_LIST(operator, ridge_cat_operator),
    CAT_LIST(backend, ridge_cat_backend),
    CAT_LIST(kernel, ridge_cat_kernel),
    CAT_LIST(profiler, ridge_cat_profiler),
    ROWS("options", ridge_catalogue, options, n_options),
};
static const struct field error_fields[] = {
    {.key = "verdict", .kind = F_STR, .need = OPTIONAL, .offset = AT(ridge_msg_error, verdict)},
    {.key = "text", .kind = F_STR, .offset = AT(ridge_msg_error, text)},
};

const struct field_table ridge_wire_tables[RIDGE_MSG_UNKNOWN] = {
    [RIDGE_MSG_HELLO] = TABLE(hello_fields),         [RIDGE_MSG_COST] = TABLE(cost_fields),
    [RIDGE_MSG_LOAD] = TABLE(load_fields),           [RIDGE_MSG_GO] = TABLE(go_fields),
    [RIDGE_MSG_CATALOGUE] = TABLE(catalogue_fields), [RIDGE_MSG_COSTS] = TABLE(costs_fields),
    [RIDGE_MSG_LOADED] = TABLE(loaded_fields),       [RIDGE_MSG_SAMPLES] = TABLE(samples_fields),
    [RIDGE_MSG_CHECKED] = TABLE(loaded_fields),      [RIDGE_MSG_LOG] = TABLE(error_fields),
    [RIDGE_MSG_ERROR] = TABLE(error_fields),
};
const char *const ridge_wire_type_names[RIDGE_MSG_UNKNOWN + 1] = {
    "hello", "describe", "cost",    "load",    "go",  "check", "bye", "catalogue",
    "costs", "loaded",   "samples", "checked", "log", "error", NULL};
