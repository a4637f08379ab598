/* Everything but the matrix: names, arms, targets, libraries, compare axes, defaults. */
#include "suite/state.h"
#include <stdlib.h>
#include <string.h>

static void read_text(struct suite *s, const char *key, const char **out)
{
    const struct ridge_node *node = ridge_suite_child(s->root, key);
    if (node != NULL && ridge_suite_expect(s, node, RIDGE_NODE_STRING, key))
        *out = ridge_arena_str(&s->plan->arena, node->text);
}

static void read_seed(struct suite *s)
{
    const struct ridge_node *node = ridge_suite_child(s->root, "seed");
    int64_t seed;
    s->plan->seed = 1;
    if (node == NULL)
        return;
    if ((node->type != RIDGE_NODE_NUMBER && node->type != RIDGE_NODE_STRING) ||
        ridge_text_int(node->text, &seed, NULL) != RIDGE_OK || seed < 0)
        ridge_suite_report(s, node, "a seed is a whole number from 0 to 2^63-1");
    else
        s->plan->seed = (uint64_t)seed;
}

/* A list of strings, NULL-terminated, or NULL after a report. */
static const char **read_words(struct suite *s, const struct ridge_node *node, const char *what)
{
    if (!ridge_suite_expect(s, node, RIDGE_NODE_ARRAY, what))
        return NULL;
    const char **out = ridge_arena_array(&s->plan->arena, node->n + 1, sizeof *out);
    size_t n = 0;
    for (const struct ridge_node *c = node->first; c != NULL; c = c->next) {
        if (!ridge_suite_expect(s, c, RIDGE_NODE_STRING, what))
            return NULL;
        out[n++] = ridge_arena_str(&s->plan->arena, c->text);
    }
    return out;
}

static void read_env(struct suite *s, const struct ridge_node *node, struct ridge_kvs *out)
{
    if (node == NULL || !ridge_suite_expect(s, node, RIDGE_NODE_OBJECT, "environment variables"))
        return;
    for (const struct ridge_node *c = node->first; c != NULL; c = c->next) {
        if (ridge_suite_is_comment(c))
            continue;
        if (c->key[0] == '\0' || strchr(c->key, '=') != NULL)
            ridge_suite_report_key(s, c, "\"%.80s\" cannot be the name of an environment variable",
                                   c->key);
        else if (ridge_suite_expect(s, c, RIDGE_NODE_STRING,
                                    "the value of an environment variable"))
            ridge_kvs_set(&s->plan->arena, out, ridge_arena_str(&s->plan->arena, c->key),
                          ridge_arena_str(&s->plan->arena, c->text));
    }
}

/* backend@label or backend:variant@label -> path */
static void read_libraries(struct suite *s, const struct ridge_node *node, struct ridge_kvs *out)
{
    if (node == NULL ||
        !ridge_suite_expect(s, node, RIDGE_NODE_OBJECT, "libraries by \"backend@label\""))
        return;
    for (const struct ridge_node *c = node->first; c != NULL; c = c->next) {
        if (ridge_suite_is_comment(c))
            continue;
        const size_t n_name = strcspn(c->key, ":@");
        const char *name = ridge_arena_strn(&s->arena, c->key, n_name);
        const char **names = ridge_arena_array(&s->arena, s->cat->n_backends + 1, sizeof *names);
        for (size_t i = 0; i < s->cat->n_backends; i++)
            names[i] = s->cat->backends[i].name;
        if (strchr(c->key, '@') == NULL)
            ridge_suite_report_key(
                s, c, "expected backend@label such as \"openblas@wheel\", got \"%.80s\"", c->key);
        else if (ridge_catalogue_backend(s->cat, name) == NULL)
            ridge_suite_report_key(s, c, "unknown backend \"%.80s\"%s", name,
                                   ridge_suite_hint(s, name, names));
        else if (ridge_suite_expect(s, c, RIDGE_NODE_STRING, "the path of a library"))
            ridge_kvs_set(&s->plan->arena, out, ridge_arena_str(&s->plan->arena, c->key),
                          strchr(c->text, '/') != NULL
                              ? ridge_suite_relative(&s->plan->arena, c->file, c->text)
                              : ridge_arena_str(&s->plan->arena, c->text));
    }
}

static void read_arm(struct suite *s, const struct ridge_node *node,
                     const struct ridge_kvs *libraries)
{
    static const char *const keys[] = {"program", "env", "libraries", NULL};
    struct ridge_arm *arm = &s->plan->arms[s->plan->n_arms];
    const struct ridge_node *program = ridge_suite_child(node, "program");
    if (!ridge_suite_expect(s, node, RIDGE_NODE_OBJECT, "an arm: program, env, libraries"))
        return;
    if (node->key[0] == '\0' || strpbrk(node->key, "|,=*?") != NULL) {
        ridge_suite_report_key(s, node,
                               "the name of an arm must not be empty or contain | , = * ?");
        return;
    }
    if (s->plan->n_arms >= RIDGE_SUITE_MAX_ARMS) {
        ridge_suite_report_key(s, node, "more than %d arms", RIDGE_SUITE_MAX_ARMS);
        return;
    }
    ridge_suite_check_keys(s, node, keys);
    *arm = (struct ridge_arm){.name = ridge_arena_str(&s->plan->arena, node->key),
                              .libraries = ridge_kvs_copy(&s->plan->arena, libraries)};
    if (program != NULL)
        arm->program = read_words(s, program, "the worker's program and its arguments");
    if (arm->program != NULL && arm->program[0] == NULL) {
        ridge_suite_report(s, program,
                           "an empty list: expected a program, or leave \"program\" out");
        arm->program = NULL;
    }
    read_env(s, ridge_suite_child(node, "env"), &arm->env);
    read_libraries(s, ridge_suite_child(node, "libraries"), &arm->libraries);
    s->plan->n_arms++;
}

void ridge_suite_arms(struct suite *s)
{
    const struct ridge_node *node = ridge_suite_child(s->root, "arms");
    struct ridge_kvs libraries = {0};
    read_libraries(s, ridge_suite_child(s->root, "libraries"), &libraries);
    s->plan->arms = ridge_arena_array(&s->plan->arena, RIDGE_SUITE_MAX_ARMS, sizeof *s->plan->arms);
    if (node != NULL && ridge_suite_expect(s, node, RIDGE_NODE_OBJECT, "arms by name"))
        for (const struct ridge_node *c = node->first; c != NULL; c = c->next)
            if (!ridge_suite_is_comment(c))
                read_arm(s, c, &libraries);
    if (s->plan->n_arms == 0)
        s->plan->arms[s->plan->n_arms++] =
            (struct ridge_arm){.name = "main", .libraries = libraries};
}

static void read_targets(struct suite *s)
{
    static const char *const keys[] = {"transport", NULL};
    static const char *none[] = {NULL};
    const struct ridge_node *node = ridge_suite_child(s->root, "targets");
    struct ridge_plan *p = s->plan;
    const bool is_object =
        node != NULL && ridge_suite_expect(s, node, RIDGE_NODE_OBJECT, "targets by name");
    p->targets = ridge_arena_array(&p->arena, (is_object ? node->n : 0) + 1, sizeof *p->targets);
    p->targets[p->n_targets++] = (struct ridge_target){.name = "local", .transport = none};
    for (const struct ridge_node *c = is_object ? node->first : NULL; c != NULL; c = c->next) {
        const struct ridge_node *transport = ridge_suite_child(c, "transport");
        if (ridge_suite_is_comment(c) ||
            !ridge_suite_expect(s, c, RIDGE_NODE_OBJECT, "a target: transport"))
            continue;
        ridge_suite_check_keys(s, c, keys);
        if (strcmp(c->key, "local") == 0 || c->key[0] == '\0' || strpbrk(c->key, "|,=*?") != NULL) {
            ridge_suite_report_key(
                s, c, "the name of a target must not be empty, \"local\" or contain | , = * ?");
            continue;
        }
        const char **words =
            transport != NULL
                ? read_words(s, transport, "an argv prefix such as [\"ssh\", \"board\"]")
                : none;
        p->targets[p->n_targets++] = (struct ridge_target){
            .name = ridge_arena_str(&p->arena, c->key), .transport = words != NULL ? words : none};
    }
}

static void read_gate(struct suite *s)
{
    const struct ridge_node *node = ridge_suite_child(s->root, "gate");
    if (node != NULL && ridge_suite_expect(s, node, RIDGE_NODE_STRING, "the path of a gate file"))
        s->plan->gate_file = ridge_suite_relative(&s->plan->arena, node->file, node->text);
}

static void read_compare(struct suite *s)
{
    static const char *default_axes[] = {"backend", NULL}, *arm_axes[] = {"backend", "arm", NULL};
    const struct ridge_node *node = ridge_suite_child(s->root, "compare");
    s->plan->compare = s->plan->n_arms > 1 ? arm_axes : default_axes;
    const char **axes =
        node != NULL ? read_words(s, node, "axes that are compared, such as [\"backend\"]") : NULL;
    if (axes == NULL)
        return;
    s->plan->compare = axes;
    const struct ridge_node *c = node->first;
    for (size_t i = 0; axes[i] != NULL; i++, c = c->next)
        if (ridge_suite_key_find(s, axes[i]) == SIZE_MAX || strcmp(axes[i], "subject") == 0)
            ridge_suite_report(s, c, "\"%.80s\" is no axis that can be compared%s", axes[i],
                               ridge_suite_hint(s, axes[i], s->keys + 1));
}

static void apply_setting(struct suite *s, const struct ridge_node *node,
                          const struct ridge_option_row *row)
{
    struct ridge_error err = {0};
    if (node->type == RIDGE_NODE_NULL || node->type == RIDGE_NODE_ARRAY ||
        node->type == RIDGE_NODE_OBJECT)
        ridge_suite_report(s, node, "expected one value of %s (%s), got %s", row->key, row->help,
                           ridge_suite_type_name(node->type));
    else if (ridge_suite_settings_apply(&s->arena, row, node->text, &s->plan->settings, &err) !=
             RIDGE_OK)
        ridge_suite_report(s, node, "%s", err.text);
}

static void read_default(struct suite *s, const struct ridge_node *node)
{
    const struct ridge_option_row *setting = ridge_suite_setting(node->key);
    const size_t key = ridge_suite_key_find(s, node->key);
    struct suite_values values = {0};
    if (setting != NULL) {
        apply_setting(s, node, setting);
        return;
    }
    if (key != SIZE_MAX && key != RIDGE_KEY_SUBJECT) {
        ridge_suite_value(s, key, node, &values);
        /* "*" stays open until the subject is known */
        if (values.n > 0 && !(key == RIDGE_KEY_BACKEND && values.v[0]->is_from_star))
            s->defaults[key] = values.v[0];
        free(values.v);
        return;
    }
    const char **known =
        ridge_arena_array(&s->arena, s->n_keys + ridge_n_suite_setting_rows + 1, sizeof *known);
    size_t n = 0;
    for (size_t i = RIDGE_KEY_BACKEND; i < s->n_keys; i++)
        known[n++] = s->keys[i];
    for (size_t i = 0; i < ridge_n_suite_setting_rows; i++)
        known[n++] = ridge_suite_setting_rows[i].key;
    ridge_suite_report_key(s, node, "unknown setting or option \"%.80s\"%s", node->key,
                           ridge_suite_hint(s, node->key, known));
}

static void read_defaults(struct suite *s)
{
    const struct ridge_node *node = ridge_suite_child(s->root, "defaults");
    const struct ridge_node *scenario = ridge_suite_child(s->root, "scenario");
    const size_t i_scenario = ridge_suite_key_find(s, "scenario");
    ridge_suite_settings_defaults(&s->plan->settings);
    if (scenario != NULL && i_scenario != SIZE_MAX)
        read_default(s, scenario);
    if (node != NULL && ridge_suite_expect(s, node, RIDGE_NODE_OBJECT, "settings and options"))
        for (const struct ridge_node *c = node->first; c != NULL; c = c->next)
            if (!ridge_suite_is_comment(c))
                read_default(s, c);
    ridge_suite_settings_finish(&s->plan->settings, ridge_suite_child(node, "rounds") != NULL,
                                ridge_suite_child(node, "block") != NULL);
}

void ridge_suite_head(struct suite *s)
{
    s->plan->name = "";
    const char *doc = "";
    read_text(s, "name", &s->plan->name);
    read_text(s, "doc", &doc);
    read_text(s, "$schema", &doc);
    read_seed(s);
    ridge_suite_arms(s);
    read_targets(s);
    read_compare(s);
    read_gate(s);
    read_defaults(s);
}
