/* What one load of a suite shares between its steps. Private to this folder. One thread. */
#ifndef RIDGE_SUITE_STATE_H
#define RIDGE_SUITE_STATE_H

#include "suite/csv.h"
#include "suite/scan.h"
#include "suite/suite.h"

#define RIDGE_SUITE_MAX_ERRORS 50
#define RIDGE_SUITE_MAX_KEYS 128
#define RIDGE_SUITE_MAX_ARMS 16
#define RIDGE_SUITE_MAX_FILES 64

/* Keys that are no option rows come first in the key table; options follow, sorted by name. */
enum ridge_suite_key {
    RIDGE_KEY_SUBJECT,
    RIDGE_KEY_BACKEND,
    RIDGE_KEY_DEVICE,
    RIDGE_KEY_TARGET,
    RIDGE_KEY_ARM,
    RIDGE_N_FIXED_KEYS
};

struct suite_canon { /* memo: a value's canonical text under one row; text NULL: refused */
    const struct ridge_option_row *row;
    const char *text;
    struct suite_canon *next;
};
struct suite_subject {
    const struct ridge_cat_operator *op;
    struct ridge_kvs shape;
    const char *text, *canonical; /* in field order; in key order */
    const char *model, *layer, *id;
    const char **dtypes; /* NULL: any */
    bool is_cold;
};
struct suite_value {
    const char *text; /* canonical; one pointer per text: equal texts are equal pointers */
    const char *raw;  /* as written */
    const struct ridge_node *node;
    struct suite_canon *canon;
    struct suite_subject *subject;           /* RIDGE_KEY_SUBJECT */
    const struct ridge_cat_backend *backend; /* RIDGE_KEY_BACKEND; NULL: every usable one */
    const char *variant, *label;
    bool is_from_star; /* a backend that nobody named: dropped where it cannot run the subject */
    size_t i_arm;      /* RIDGE_KEY_ARM */
};
struct suite_values {
    struct suite_value **v;
    size_t n, cap;
};
struct suite_axis {
    size_t key;
    const struct ridge_node *node;
    struct suite_values values;
};
struct suite_extra { /* one entry of matrix.include: values[key] or NULL */
    struct suite_value **values;
    bool was_used;
    const struct ridge_node *node;
};
struct suite_term {
    const char *key, *pattern;
    size_t i_key; /* in the key table, or SIZE_MAX: a word about the subject */
};
struct suite_exclude {
    struct suite_term *terms;
    size_t n_terms;
};
struct suite_matrix {
    const struct ridge_node *node;
    const char *family; /* NULL: none */
    struct suite_axis *axes;
    size_t n_axes;
    struct {
        struct suite_extra *v;
        size_t n, cap;
    } extras;
    struct {
        struct suite_exclude *v;
        size_t n, cap;
    } excludes;
};
/* The option rows that one (operator, backend) pair knows, sorted by key. */
struct suite_layout {
    const struct ridge_cat_operator *op;
    const struct ridge_cat_backend *backend;
    struct suite_layout_row {
        const struct ridge_option_row *row;
        size_t i_key;
        const char *def; /* canonical default, or NULL: required */
        bool is_backend_option;
    } * rows;
    size_t n_rows;
    struct suite_layout *next;
};
struct suite_map { /* open addressing: hash -> index + 1 */
    uint64_t *hashes;
    size_t *values;
    size_t n, n_slots;
};

struct suite {
    struct ridge_arena arena; /* scratch, freed after the load */
    const struct ridge_catalogue *cat;
    const struct ridge_suite_overrides *over;
    struct ridge_plan *plan;
    struct ridge_suite_errors *errors;
    bool too_many_errors;
    const struct ridge_node *root; /* merged */

    const char *keys[RIDGE_SUITE_MAX_KEYS + 1]; /* NULL-terminated */
    size_t n_keys;
    struct suite_value *defaults[RIDGE_SUITE_MAX_KEYS];
    struct suite_matrix *matrices;
    size_t n_matrices;
    struct suite_layout *layouts;
    struct suite_map interned;
    struct {
        const char **v;
        size_t n, cap;
    } texts;
    struct {
        struct ridge_csv **v;
        size_t n, cap;
    } csvs;
    struct ridge_selector filter;
    bool has_filter;
    const char *filter_case; /* glob of case ids, or NULL */

    struct {
        struct ridge_case *v;
        size_t n, cap;
    } cases;
    struct {
        uint32_t *v; /* per case: bit per arm that members exist for */
        size_t n, cap;
    } case_arms;
    struct {
        struct ridge_member *v;
        size_t n, cap;
    } members;
    struct suite_map case_map;
    struct suite_value *cold;        /* the value "cold" that a row of a shape list implies */
    size_t i_key_cache, i_key_dtype; /* SIZE_MAX when no such option */
    struct ridge_buf scratch;
};

/* report.c */
void ridge_suite_report(struct suite *s, const struct ridge_node *at, const char *fmt, ...)
    RIDGE_PRINTF(3, 4);
void ridge_suite_report_key(struct suite *s, const struct ridge_node *at, const char *fmt, ...)
    RIDGE_PRINTF(3, 4);
void ridge_suite_report_at(struct suite *s, const char *file, int line, int column,
                           const char *path, const char *text);
const char *ridge_suite_node_path(struct ridge_arena *a, const struct ridge_node *node);
void ridge_suite_sort_errors(struct suite *s);
const char *ridge_suite_type_name(enum ridge_node_type type);
/* True when `node` has the type; else reports "expected TYPE (what), got TYPE". */
bool ridge_suite_expect(struct suite *s, const struct ridge_node *node, enum ridge_node_type type,
                        const char *what);
/* Reports members of `object` that are not among `known` (NULL-terminated); $comment always is. */
void ridge_suite_check_keys(struct suite *s, const struct ridge_node *object,
                            const char *const *known);
bool ridge_suite_is_comment(const struct ridge_node *member);
/* ", did you mean "x"?" or "; known are a, b, c" */
const char *ridge_suite_hint(struct suite *s, const char *word, const char *const *known);
const char *ridge_suite_join(struct ridge_arena *a, const char *const *words,
                             const char *separator);
const char *ridge_suite_intern(struct suite *s, const char *text);
/* Slot of `hash`: *found tells whether `value` was there already; else it is set to i + 1 by the
 * caller. */
size_t *ridge_suite_map_slot(struct suite_map *map, uint64_t hash,
                             bool (*same)(void *, size_t, const void *), void *self,
                             const void *key);
void ridge_suite_map_deinit(struct suite_map *map);

/* merge.c: files, includes, --set -> one tree */
bool ridge_suite_read(struct suite *s, const char *path, const char *text);
void ridge_suite_emit(const struct ridge_node *node, const char *suite, struct ridge_buf *out);

/* settings.c */
const struct ridge_option_row *ridge_suite_setting(const char *key);
void ridge_suite_settings_defaults(struct ridge_plan_settings *settings);
enum ridge_status ridge_suite_settings_apply(struct ridge_arena *a,
                                             const struct ridge_option_row *row, const char *text,
                                             struct ridge_plan_settings *settings,
                                             struct ridge_error *err) RIDGE_MUST_USE;
void ridge_suite_settings_finish(struct ridge_plan_settings *settings, bool has_rounds,
                                 bool has_block);
/* Text of a setting, as a suite writes it. */
const char *ridge_suite_settings_text(struct ridge_arena *a, const struct ridge_option_row *row,
                                      const struct ridge_plan_settings *settings);

/* keys.c */
bool ridge_suite_keys_init(struct suite *s, struct ridge_error *err);
size_t ridge_suite_key_find(const struct suite *s, const char *key); /* SIZE_MAX: unknown */
struct suite_layout *ridge_suite_layout(struct suite *s, const struct ridge_cat_operator *op,
                                        const struct ridge_cat_backend *backend);
/* i-th row of any origin with this key, NULL when there are no more. */
const struct ridge_option_row *ridge_suite_row(const struct ridge_catalogue *cat, const char *key,
                                               size_t i);
bool ridge_suite_can_run(const struct ridge_cat_backend *backend, const char *op);

/* benchdnn.c: oneDNN's problem strings, "ic64ih56oc64kh3ph1", as fields of conv */
bool ridge_suite_is_benchdnn(const char *text);
enum ridge_status ridge_suite_benchdnn(struct ridge_arena *a, const char *text,
                                       struct ridge_kvs *shape,
                                       struct ridge_error *err) RIDGE_MUST_USE;

/* subject.c */
struct suite_subject *ridge_suite_subject_new(struct suite *s, const struct ridge_cat_operator *op,
                                              struct ridge_kvs shape);
enum ridge_status ridge_suite_shape_finish(struct ridge_arena *a,
                                           const struct ridge_cat_operator *op, const char *name,
                                           struct ridge_kvs *shape,
                                           struct ridge_error *err) RIDGE_MUST_USE; /* name: as written */
const char *ridge_suite_subject_text(struct ridge_arena *a, const struct ridge_cat_operator *op,
                                     const struct ridge_kvs *shape);

/* values.c: nodes -> values; mistakes are reported and leave nothing in `out` */
void ridge_suite_value(struct suite *s, size_t key, const struct ridge_node *node,
                       struct suite_values *out);
const char *ridge_suite_canonical(struct suite *s, struct suite_value *value,
                                  const struct ridge_option_row *row);
struct suite_value *ridge_suite_backend_value(struct suite *s,
                                              const struct ridge_cat_backend *backend,
                                              const char *variant, const struct ridge_node *node);
void ridge_suite_csv_values(struct suite *s, const struct ridge_node *node,
                            struct suite_values *out);

/* head.c, matrix.c */
void ridge_suite_head(struct suite *s);
void ridge_suite_arms(struct suite *s); /* arms and their libraries, into the plan */
void ridge_suite_matrices(struct suite *s);
bool ridge_suite_check_selector(struct suite *s, const struct ridge_node *at, const char *key);
bool ridge_suite_is_word(const char *key); /* op, model, layer, ... in a selector */
const char *ridge_suite_pattern(struct suite *s, const char *key, const char *text);

/* expand.c, cases.c, groups.c */
void ridge_suite_expand(struct suite *s);
const char *ridge_suite_lookup(struct suite *s, const struct suite_term *term,
                               struct suite_value *const *values);
void ridge_suite_emit_cases(struct suite *s, const struct suite_matrix *m,
                            struct suite_value *const *values);
struct ridge_case ridge_suite_case(const struct suite_subject *subject,
                                   const struct suite_value *backend, struct ridge_kvs options,
                                   const char *device, const char *target,
                                   struct ridge_buf *scratch);
void ridge_suite_groups(struct ridge_plan *plan, const struct ridge_catalogue *cat);

#endif
