/* Nodes of defaults, axes and include entries -> values, checked against the catalogue. */
#include "suite/state.h"
#include "data/scenario.h"
#include <stdlib.h>
#include <string.h>

static struct suite_value *value_new(struct suite *s, const char *text, const char *raw,
                                     const struct ridge_node *node)
{
    struct suite_value *value = ridge_arena_alloc(&s->arena, sizeof *value);
    *value = (struct suite_value){.text = ridge_suite_intern(s, text), .raw = raw, .node = node};
    return value;
}

static struct suite_value *subject_value(struct suite *s, struct suite_subject *subject,
                                         const struct ridge_node *node)
{
    struct suite_value *value = value_new(s, subject->text, subject->text, node);
    value->subject = subject;
    return value;
}

static void add_subject(struct suite *s, const struct ridge_node *node, struct suite_values *out)
{
    struct ridge_error err = {0};
    struct ridge_kvs shape;
    const char *op;
    if (node->type == RIDGE_NODE_OBJECT) {
        ridge_suite_csv_values(s, node, out);
        return;
    }
    if (!ridge_suite_expect(
            s, node, RIDGE_NODE_STRING,
            "a subject such as \"gemm:512x512x512\", or {\"csv\": FILE, \"where\": SELECTOR}"))
        return;
    if (ridge_suite_subject(&s->arena, node->text, s->cat, &op, &shape, &err) != RIDGE_OK) {
        ridge_suite_report(s, node, "%s", err.text);
        return;
    }
    struct suite_subject *subject =
        ridge_suite_subject_new(s, ridge_catalogue_operator(s->cat, op), shape);
    RIDGE_PUSH(*out, subject_value(s, subject, node));
}

struct suite_value *ridge_suite_backend_value(struct suite *s,
                                              const struct ridge_cat_backend *backend,
                                              const char *variant, const struct ridge_node *node)
{
    const char *text = variant[0] != '\0'
                           ? ridge_arena_printf(&s->arena, "%s:%s", backend->name, variant)
                           : backend->name;
    struct suite_value *value = value_new(s, text, text, node);
    value->backend = backend;
    value->variant = ridge_suite_intern(s, variant);
    value->label = "";
    value->is_from_star = true;
    return value;
}

static void add_variants(struct suite *s, const struct ridge_cat_backend *backend,
                         const struct ridge_node *node, struct suite_values *out)
{
    for (size_t i = 0; backend->variants != NULL && backend->variants[i] != NULL; i++) {
        bool is_usable = backend->usable;
        for (size_t j = 0; j < backend->n_variant_probes; j++)
            if (strcmp(backend->variant_probes[j].name, backend->variants[i]) == 0)
                is_usable = backend->variant_probes[j].usable;
        if (is_usable)
            RIDGE_PUSH(*out, ridge_suite_backend_value(s, backend, backend->variants[i], node));
    }
}

static bool check_label(struct suite *s, const struct ridge_node *node, const char *full,
                        const char *label)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._+-";
    if (label[0] == '\0' || label[strspn(label, allowed)] != '\0') {
        ridge_suite_report(
            s, node, "a label after '@' has letters, digits and . _ + -, got \"%.80s\"", label);
        return false;
    }
    for (size_t i = 0; i < s->plan->n_arms; i++) {
        if (ridge_kvs_get(&s->plan->arms[i].libraries, full) != NULL)
            continue;
        ridge_suite_report(
            s, node,
            "\"%.80s\" needs a library: add \"libraries\": {\"%.80s\": \"/path/to/lib.so\"}%s%s",
            full, full, s->plan->n_arms > 1 ? " to arm " : "",
            s->plan->n_arms > 1 ? s->plan->arms[i].name : "");
        return false;
    }
    return true;
}

static bool check_variant(struct suite *s, const struct ridge_node *node,
                          const struct ridge_cat_backend *backend, const char *variant)
{
    for (size_t i = 0; backend->variants != NULL && backend->variants[i] != NULL; i++)
        if (strcmp(backend->variants[i], variant) == 0)
            return true;
    ridge_suite_report(s, node, "backend %s has no variant \"%.80s\"%s", backend->name, variant,
                       ridge_suite_hint(s, variant, (const char *const *)backend->variants));
    return false;
}

static void unknown_backend(struct suite *s, const struct ridge_node *node, const char *name)
{
    const char **names = ridge_arena_array(&s->arena, s->cat->n_backends + 1, sizeof *names);
    for (size_t i = 0; i < s->cat->n_backends; i++)
        names[i] = s->cat->backends[i].name;
    ridge_suite_report(s, node, "unknown backend \"%.80s\"%s", name,
                       ridge_suite_hint(s, name, names));
}

/* name[:variant][@label], "*" for every usable backend, "name:*" for every usable variant */
static void add_backend(struct suite *s, const struct ridge_node *node, struct suite_values *out)
{
    if (!ridge_suite_expect(s, node, RIDGE_NODE_STRING, "a backend, name[:variant][@label]"))
        return;
    if (strcmp(node->text, "*") == 0) {
        for (size_t i = 0; i < s->cat->n_backends; i++)
            if (s->cat->backends[i].usable)
                RIDGE_PUSH(*out, ridge_suite_backend_value(s, &s->cat->backends[i], "", node));
        return;
    }
    char *name = ridge_arena_str(&s->arena, node->text), *label = strchr(name, '@');
    if (label != NULL)
        *label++ = '\0';
    char *variant = strchr(name, ':');
    if (variant != NULL)
        *variant++ = '\0';
    const struct ridge_cat_backend *backend = ridge_catalogue_backend(s->cat, name);
    if (backend == NULL) {
        unknown_backend(s, node, name);
    } else if (variant != NULL && strcmp(variant, "*") == 0 && label == NULL) {
        add_variants(s, backend, node, out);
    } else if ((variant == NULL || check_variant(s, node, backend, variant)) &&
               (label == NULL || check_label(s, node, node->text, label))) {
        struct suite_value *value = value_new(s, node->text, node->text, node);
        value->backend = backend;
        value->variant = ridge_suite_intern(s, variant != NULL ? variant : "");
        value->label = ridge_suite_intern(s, label != NULL ? label : "");
        RIDGE_PUSH(*out, value);
    }
}

static void add_device(struct suite *s, const struct ridge_node *node, struct suite_values *out)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyz0123456789_.:-";
    if (!ridge_suite_expect(s, node, RIDGE_NODE_STRING, "a device such as \"cpu\" or \"cuda:0\""))
        return;
    if (node->text[0] == '\0' || node->text[strspn(node->text, allowed)] != '\0')
        ridge_suite_report(s, node, "\"%.80s\" is no device: expected something like cpu or cuda:0",
                           node->text);
    else
        RIDGE_PUSH(*out, value_new(s, node->text, node->text, node));
}

static void add_target(struct suite *s, const struct ridge_node *node, struct suite_values *out)
{
    const struct ridge_plan *p = s->plan;
    const char **names = ridge_arena_array(&s->arena, p->n_targets + 1, sizeof *names);
    if (!ridge_suite_expect(s, node, RIDGE_NODE_STRING, "the name of a target"))
        return;
    for (size_t i = 0; i < p->n_targets; i++) {
        names[i] = p->targets[i].name;
        if (strcmp(names[i], node->text) == 0) {
            RIDGE_PUSH(*out, value_new(s, node->text, node->text, node));
            return;
        }
    }
    ridge_suite_report(s, node, "unknown target \"%.80s\"%s", node->text,
                       ridge_suite_hint(s, node->text, names));
}

static void add_arm(struct suite *s, const struct ridge_node *node, struct suite_values *out)
{
    const struct ridge_plan *p = s->plan;
    const char **names = ridge_arena_array(&s->arena, p->n_arms + 1, sizeof *names);
    if (!ridge_suite_expect(s, node, RIDGE_NODE_STRING, "the name of an arm"))
        return;
    for (size_t i = 0; i < p->n_arms; i++) {
        names[i] = p->arms[i].name;
        if (strcmp(names[i], node->text) == 0) {
            struct suite_value *value = value_new(s, node->text, node->text, node);
            value->i_arm = i;
            RIDGE_PUSH(*out, value);
            return;
        }
    }
    ridge_suite_report(s, node, "unknown arm \"%.80s\"%s", node->text,
                       ridge_suite_hint(s, node->text, names));
}

static bool check_scenario(struct suite *s, const struct ridge_node *node)
{
    struct ridge_scenario scenario;
    struct ridge_error why = {0};
    if (ridge_scenario_parse(node->text, &scenario, &why) == RIDGE_OK)
        return true;
    ridge_suite_report(s, node, "%s", why.text);
    return false;
}

static void add_option(struct suite *s, size_t key, const struct ridge_node *node,
                       struct suite_values *out)
{
    struct ridge_error first = {0};
    const struct ridge_option_row *row;
    if (node->type == RIDGE_NODE_NULL || node->type == RIDGE_NODE_ARRAY ||
        node->type == RIDGE_NODE_OBJECT) {
        ridge_suite_report(s, node, "expected one value of %s, got %s", s->keys[key],
                           ridge_suite_type_name(node->type));
        return;
    }
    if (strchr(node->text, '|') != NULL) {
        ridge_suite_report(s, node, "%s must not contain '|'", s->keys[key]);
        return;
    }
    if (strcmp(s->keys[key], "scenario") == 0 && !check_scenario(s, node))
        return;
    for (size_t i = 0; (row = ridge_suite_row(s->cat, s->keys[key], i)) != NULL; i++) {
        const char *text;
        if (ridge_option_canonical(&s->arena, row, node->text, &text, &first) == RIDGE_OK) {
            RIDGE_PUSH(*out, value_new(s, text, node->text, node));
            return;
        }
    }
    ridge_suite_report(s, node, "%s", first.text);
}

void ridge_suite_value(struct suite *s, size_t key, const struct ridge_node *node,
                       struct suite_values *out)
{
    static void (*const rows[RIDGE_N_FIXED_KEYS])(struct suite *, const struct ridge_node *,
                                                  struct suite_values *) = {
        [RIDGE_KEY_SUBJECT] = add_subject,
        [RIDGE_KEY_BACKEND] = add_backend,
        [RIDGE_KEY_DEVICE] = add_device,
        [RIDGE_KEY_TARGET] = add_target,
        [RIDGE_KEY_ARM] = add_arm};
    if (key < RIDGE_N_FIXED_KEYS)
        rows[key](s, node, out);
    else
        add_option(s, key, node, out);
}

/* NULL, reported once, when the row refuses the value. */
const char *ridge_suite_canonical(struct suite *s, struct suite_value *value,
                                  const struct ridge_option_row *row)
{
    struct ridge_error err = {0};
    for (const struct suite_canon *c = value->canon; c != NULL; c = c->next)
        if (c->row == row)
            return c->text;
    struct suite_canon *canon = ridge_arena_alloc(&s->arena, sizeof *canon);
    *canon = (struct suite_canon){.row = row, .next = value->canon};
    value->canon = canon;
    if (ridge_option_canonical(&s->plan->arena, row, value->raw, &canon->text, &err) != RIDGE_OK) {
        canon->text = NULL;
        if (value->node != NULL)
            ridge_suite_report(s, value->node, "%s", err.text);
    }
    return canon->text;
}
