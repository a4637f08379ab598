/* An operator over dense f32 tensors, said once: its rows, its tensors, its FLOP. The hooks of
 * struct ridge_operator follow from a struct ridge_dense_rules (RIDGE_DENSE_HOOKS), and every
 * operator refuses the same things in the same words. All pure; safe from any thread.
 */
#ifndef RIDGE_KERNELS_COMMON_DENSE_H
#define RIDGE_KERNELS_COMMON_DENSE_H

#include "abi/kernel.h"
#include "common/size.h"

/* Option rows of `type`: sizes are fields of the subject; `value` is a default as text, or NULL. */
#define RIDGE_SIZE_ROW_OR(type, field_, lowest, value, text)                                       \
    {                                                                                              \
        .key = #field_, .kind = RIDGE_KIND_INT, .role = RIDGE_ROLE_SUBJECT,                        \
        .offset = offsetof(type, field_), .unit = "elements", .def = value, .min = lowest,         \
        .max = 0x1p53, .help = text                                                                \
    }
#define RIDGE_SIZE_ROW(type, field_, lowest, text) RIDGE_SIZE_ROW_OR(type, field_, lowest, NULL, text)
#define RIDGE_ENUM_ROW(type, field_, role_, table, value, text)                                    \
    {                                                                                              \
        .key = #field_, .kind = RIDGE_KIND_ENUM, .role = role_, .offset = offsetof(type, field_),  \
        .def = value, .names = table, .help = text                                                 \
    }
#define RIDGE_BOOL_ROW(type, field_, value, text)                                                  \
    {                                                                                              \
        .key = #field_, .kind = RIDGE_KIND_BOOL, .role = RIDGE_ROLE_SUBJECT,                       \
        .offset = offsetof(type, field_), .def = value, .help = text                               \
    }
#define RIDGE_DTYPE_ROW(type)                                                                      \
    RIDGE_ENUM_ROW(type, dtype, RIDGE_ROLE_IDENTITY, ridge_dense_dtype_names, "f32",               \
                   "element type of every tensor")

extern const char *const ridge_dense_dtype_names[];  /* f32 */
extern const char *const ridge_dense_layout_names[]; /* enum ridge_dense_layout */
enum ridge_dense_layout { RIDGE_DENSE_NHWC, RIDGE_DENSE_NCHW, RIDGE_DENSE_N_LAYOUTS };

struct ridge_dense_tensor {
    const char *name, *layout;
    enum ridge_tensor_role role;
    uint32_t rank;
    int64_t dims[RIDGE_MAX_RANK]; /* a tensor that the shape does not ask for: rank 1, 0 elements */
};

struct ridge_dense_rules {
    const char *op;
    const struct ridge_option_row *fields; /* INT, ENUM and BOOL rows are checked against bounds */
    size_t n_fields, n_tensors;
    float fill_scale; /* inputs are uniform in (-fill_scale, fill_scale) */
    /* What the rows cannot say; may be NULL. Called with every row inside its bounds. */
    enum ridge_status (*check_shape)(const void *shape, struct ridge_error *err);
    void (*describe)(const void *shape, size_t i, struct ridge_dense_tensor *out);
    double (*flop)(const void *shape);
};

enum ridge_status ridge_dense_validate(const struct ridge_dense_rules *rules, const void *shape,
                                       struct ridge_error *err);
/* compulsory_bytes: the sum of all tensors' bytes. */
enum ridge_status ridge_dense_cost(const struct ridge_dense_rules *rules, const void *shape,
                                   struct ridge_cost *out, struct ridge_error *err);
enum ridge_status ridge_dense_describe(const struct ridge_dense_rules *rules, const void *shape,
                                       size_t i, struct ridge_tensor *out, struct ridge_error *err);
void ridge_dense_fill(const struct ridge_dense_rules *rules, size_t i, struct ridge_tensor *t,
                      uint64_t seed);

/* The operator's own fields come after the hooks, e.g. .name, .doc, .short_form, .check. */
#define RIDGE_DENSE_OPERATOR(id, rules, type, inputs, ...)                                         \
    static enum ridge_status validate(const void *shape, struct ridge_error *err)                  \
    {                                                                                              \
        return ridge_dense_validate(&(rules), shape, err);                                         \
    }                                                                                              \
    static enum ridge_status cost(const void *shape, struct ridge_cost *out,                       \
                                  struct ridge_error *err)                                         \
    {                                                                                              \
        return ridge_dense_cost(&(rules), shape, out, err);                                        \
    }                                                                                              \
    static enum ridge_status tensor(const void *shape, size_t i, struct ridge_tensor *out,         \
                                    struct ridge_error *err)                                       \
    {                                                                                              \
        return ridge_dense_describe(&(rules), shape, i, out, err);                                 \
    }                                                                                              \
    static void fill(const void *shape, size_t i, struct ridge_tensor *t, uint64_t seed)           \
    {                                                                                              \
        (void)shape;                                                                               \
        ridge_dense_fill(&(rules), i, t, seed);                                                    \
    }                                                                                              \
    const struct ridge_operator id = {.abi_version = RIDGE_ABI_VERSION,                            \
                                      .struct_size = sizeof(struct ridge_operator),                \
                                      .fields = fields,                                            \
                                      .n_fields = sizeof fields / sizeof fields[0],                \
                                      .shape_size = sizeof(type),                                  \
                                      .yardsticks = ridge_dense_yardsticks,                        \
                                      .validate = validate,                                        \
                                      .cost = cost,                                                \
                                      .n_inputs = inputs,                                          \
                                      .n_outputs = 1,                                              \
                                      .tensor = tensor,                                            \
                                      .fill = fill,                                                \
                                      __VA_ARGS__}
#define RIDGE_DENSE_RULES_ROWS .fields = fields, .n_fields = sizeof fields / sizeof fields[0]

extern const char *const ridge_dense_yardsticks[]; /* read, copy */

#endif
