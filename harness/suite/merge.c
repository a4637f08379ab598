/* Files, includes and --set become one tree. Nodes keep the file and position they came from. */
#include "suite/state.h"
#include "base/os.h"
#include <stdlib.h>
#include <string.h>

static const char *const top_keys[] = {"$schema", "name",      "doc",  "include", "defaults",
                                       "matrix",  "compare",   "arms", "targets", "scenario",
                                       "seed",    "libraries", "gate",    NULL};

struct stack { /* files being read, innermost first */
    const char *path;
    const struct stack *outer;
};
struct reading {
    struct suite *s;
    size_t n_files, n_bytes;
};

/* A copy that is linked elsewhere but keeps its parent, for the key path of errors. */
static struct ridge_node *link_copy(struct suite *s, struct ridge_node *list,
                                    const struct ridge_node *node)
{
    struct ridge_node *copy = ridge_arena_alloc(&s->arena, sizeof *copy);
    *copy = *node;
    copy->next = NULL;
    list->n++;
    if (list->last != NULL)
        list->last->next = copy;
    else
        list->first = copy;
    list->last = copy;
    return copy;
}

static struct ridge_node *empty_like(struct suite *s, const struct ridge_node *node)
{
    struct ridge_node *copy = ridge_arena_alloc(&s->arena, sizeof *copy);
    *copy = *node;
    copy->first = copy->last = copy->next = NULL;
    copy->n = 0;
    return copy;
}

static bool is_list(const struct ridge_node *a, const struct ridge_node *b)
{
    return a->type == RIDGE_NODE_ARRAY && b->type == RIDGE_NODE_ARRAY;
}

/* Keys of `over` replace keys of `base`; lists named in `joined` are put one after the other. */
static struct ridge_node *merge_objects(struct suite *s, const struct ridge_node *base,
                                        const struct ridge_node *over, bool joins_lists)
{
    struct ridge_node *out = empty_like(s, over);
    for (const struct ridge_node *c = base->first; c != NULL; c = c->next) {
        const struct ridge_node *mine = ridge_suite_child(over, c->key);
        const bool is_joined = mine != NULL && joins_lists && is_list(mine, c) &&
                               (strcmp(c->key, "include") == 0 || strcmp(c->key, "exclude") == 0);
        if (!is_joined) {
            (void)link_copy(s, out, mine != NULL ? mine : c);
            continue;
        }
        struct ridge_node *joined = link_copy(s, out, empty_like(s, mine));
        for (const struct ridge_node *i = c->first; i != NULL; i = i->next)
            (void)link_copy(s, joined, i);
        for (const struct ridge_node *i = mine->first; i != NULL; i = i->next)
            (void)link_copy(s, joined, i);
    }
    for (const struct ridge_node *c = over->first; c != NULL; c = c->next)
        if (ridge_suite_child(base, c->key) == NULL)
            (void)link_copy(s, out, c);
    return out;
}

static struct ridge_node *merge_suites(struct suite *s, const struct ridge_node *base,
                                       const struct ridge_node *over)
{
    static const char *const by_key[] = {"defaults", "matrix", "arms", "targets", "libraries"};
    struct ridge_node *out = empty_like(s, over);
    for (size_t pass = 0; pass < 2; pass++) {
        for (const struct ridge_node *c = (pass == 0 ? base : over)->first; c != NULL;
             c = c->next) {
            const struct ridge_node *mine = ridge_suite_child(over, c->key);
            bool merges = false;
            if (strcmp(c->key, "include") == 0 ||
                (pass == 1 && ridge_suite_child(base, c->key) != NULL))
                continue;
            for (size_t i = 0; i < sizeof by_key / sizeof by_key[0]; i++)
                merges |= strcmp(c->key, by_key[i]) == 0;
            if (mine == NULL || mine == c)
                (void)link_copy(s, out, c);
            else if (merges && mine->type == RIDGE_NODE_OBJECT && c->type == RIDGE_NODE_OBJECT)
                (void)link_copy(s, out, merge_objects(s, c, mine, strcmp(c->key, "matrix") == 0));
            else
                (void)link_copy(s, out, mine);
        }
    }
    return out;
}

static const struct ridge_node *read_tree(struct reading *r, const char *path, const char *text,
                                          const struct ridge_node *from, const struct stack *outer);

static const struct ridge_node *read_includes(struct reading *r, const struct ridge_node *root,
                                              const char *path, const struct stack *outer)
{
    struct suite *s = r->s;
    const struct ridge_node *list = ridge_suite_child(root, "include");
    const struct ridge_node *base = NULL;
    const struct stack here = {.path = path, .outer = outer};
    if (list == NULL ||
        !ridge_suite_expect(s, list, RIDGE_NODE_ARRAY, "suite files, relative to this one"))
        return root;
    for (const struct ridge_node *c = list->first; c != NULL; c = c->next) {
        if (!ridge_suite_expect(s, c, RIDGE_NODE_STRING, "a suite file, relative to this one"))
            continue;
        const char *file = ridge_suite_relative(&s->arena, path, c->text);
        const struct ridge_node *tree = read_tree(r, file, NULL, c, &here);
        if (tree == NULL)
            continue;
        base = base == NULL ? tree : merge_suites(s, base, tree);
    }
    return base == NULL ? root : merge_suites(s, base, root);
}

/* Same file under two spellings ("a.json", "./a.json") is still a cycle. */
static bool is_open(const struct stack *stack, const char *path)
{
    char *real = realpath(path, NULL);
    bool found = false;
    for (; stack != NULL && !found; stack = stack->outer) {
        char *other = realpath(stack->path, NULL);
        found = strcmp(stack->path, path) == 0 ||
                (real != NULL && other != NULL && strcmp(real, other) == 0);
        free(other);
    }
    free(real);
    return found;
}

static bool load_text(struct reading *r, const char *path, const char *text,
                      const struct ridge_node *from, struct ridge_buf *out)
{
    struct ridge_error err = {0};
    if (text != NULL) {
        ridge_buf_puts(out, text);
        return true;
    }
    if (ridge_os_read_file(path, RIDGE_MAX_SUITE_BYTES, out, &err) == RIDGE_OK)
        return true;
    if (from != NULL)
        ridge_suite_report(r->s, from, "cannot include \"%.200s\": %.400s", from->text, err.text);
    else
        ridge_suite_report_at(r->s, path, 0, 0, "", err.text);
    return false;
}

static const struct ridge_node *read_tree(struct reading *r, const char *path, const char *text,
                                          const struct ridge_node *from, const struct stack *outer)
{
    struct suite *s = r->s;
    struct ridge_buf bytes = {0};
    struct ridge_scan_error err = {0};
    const struct ridge_node *root = NULL;
    if (from != NULL && is_open(outer, path)) {
        ridge_suite_report(s, from, "\"%.200s\" includes itself: a cycle of includes", from->text);
        return NULL;
    }
    if (r->n_files++ >= RIDGE_SUITE_MAX_FILES) {
        ridge_suite_report(s, from, "more than %d files are included", RIDGE_SUITE_MAX_FILES);
        return NULL;
    }
    if (!load_text(r, path, text, from, &bytes))
        goto out;
    r->n_bytes += bytes.n;
    if (r->n_bytes > RIDGE_MAX_SUITE_BYTES) {
        ridge_suite_report_at(s, path, 0, 0, "", "the suite with its includes has more than 4 MiB");
        goto out;
    }
    root = ridge_suite_scan(&s->arena, ridge_arena_str(&s->arena, path),
                            bytes.n > 0 ? bytes.data : "", bytes.n, &err);
    if (root == NULL)
        ridge_suite_report_at(s, path, err.line, err.column, "", err.text);
    else if (!ridge_suite_expect(s, root, RIDGE_NODE_OBJECT, "a suite"))
        root = NULL;
    if (root != NULL) {
        ridge_suite_check_keys(s, root, top_keys);
        root = read_includes(r, root, path, outer);
    }
out:
    ridge_buf_deinit(&bytes);
    return root;
}

/* --set: nodes with the pseudo file "--set", line = its place. */
static struct ridge_node *set_node(struct suite *s, const char *key, const char *text, size_t i_set,
                                   enum ridge_node_type type)
{
    struct ridge_node *node = ridge_arena_alloc(&s->arena, sizeof *node);
    struct ridge_node *parent = ridge_arena_alloc(&s->arena, sizeof *parent);
    *parent =
        (struct ridge_node){.type = RIDGE_NODE_OBJECT, .file = "--set", .line = 1, .column = 1};
    *node = (struct ridge_node){.type = type,
                                .file = "--set",
                                .line = (int)i_set + 1,
                                .column = 1,
                                .text = text,
                                .key = ridge_arena_str(&s->arena, key),
                                .parent = parent,
                                .key_line = (int)i_set + 1,
                                .key_column = 1};
    return node;
}

/* A comma separates values, but not inside parentheses and not before a further field of a subject.
 */
static size_t value_length(const char *text, bool is_subject)
{
    int depth = 0;
    for (size_t i = 0; text[i] != '\0'; i++) {
        depth += text[i] == '(' ? 1 : text[i] == ')' ? -1 : 0;
        if (text[i] != ',' || depth > 0)
            continue;
        const char *next = text + i + 1;
        if (!is_subject || next[strcspn(next, ":=,")] != '=')
            return i;
    }
    return strlen(text);
}

static struct ridge_node *set_list(struct suite *s, const char *key, const char *text, size_t i_set)
{
    struct ridge_node *list = set_node(s, key, NULL, i_set, RIDGE_NODE_ARRAY);
    const bool is_subject = strcmp(key, "subject") == 0;
    for (;;) {
        const size_t n = value_length(text, is_subject);
        struct ridge_node *item =
            set_node(s, key, ridge_arena_strn(&s->arena, text, n), i_set, RIDGE_NODE_STRING);
        item->key = NULL;
        ridge_suite_append(list, item);
        if (text[n] == '\0')
            return list;
        text += n + 1;
    }
}

static struct ridge_node *replace(struct suite *s, const struct ridge_node *object,
                                  const struct ridge_node *child)
{
    struct ridge_node *over =
        set_node(s, object->key != NULL ? object->key : "", NULL, 0, RIDGE_NODE_OBJECT);
    (void)link_copy(s, over, child);
    struct ridge_node *out = merge_objects(s, object, over, false);
    *out = (struct ridge_node){.type = RIDGE_NODE_OBJECT,
                               .file = object->file,
                               .line = object->line,
                               .column = object->column,
                               .key = object->key,
                               .key_line = object->key_line,
                               .key_column = object->key_column,
                               .parent = object->parent,
                               .first = out->first,
                               .last = out->last,
                               .n = out->n};
    return out;
}

static struct ridge_node *replace_in(struct suite *s, const struct ridge_node *root,
                                     const char *section, const struct ridge_node *child,
                                     size_t i_set)
{
    const struct ridge_node *object = ridge_suite_child(root, section);
    if (object == NULL || object->type != RIDGE_NODE_OBJECT)
        object = set_node(s, section, NULL, i_set, RIDGE_NODE_OBJECT);
    return replace(s, root, replace(s, object, child));
}

static const struct ridge_node *set_axis(struct suite *s, const struct ridge_node *root,
                                         const struct ridge_node *axis, size_t i_set)
{
    const struct ridge_node *matrix = ridge_suite_child(root, "matrix");
    if (matrix == NULL || matrix->type != RIDGE_NODE_ARRAY)
        return replace_in(s, root, "matrix", axis, i_set);
    struct ridge_node *list = empty_like(s, matrix);
    for (const struct ridge_node *c = matrix->first; c != NULL; c = c->next)
        (void)link_copy(s, list, c->type == RIDGE_NODE_OBJECT ? replace(s, c, axis) : c);
    return replace(s, root, list);
}

static const struct ridge_node *unknown_set(struct suite *s, const struct ridge_node *root,
                                            const struct ridge_node *node)
{
    const char **known =
        ridge_arena_array(&s->arena, s->n_keys + ridge_n_suite_setting_rows + 4, sizeof *known);
    size_t n = 0;
    for (size_t i = 0; i < s->n_keys; i++)
        known[n++] = s->keys[i];
    for (size_t i = 0; i < ridge_n_suite_setting_rows; i++)
        known[n++] = ridge_suite_setting_rows[i].key;
    known[n++] = "seed";
    known[n++] = "name";
    ridge_suite_report(s, node, "unknown key \"%.80s\"%s", node->key,
                       ridge_suite_hint(s, node->key, known));
    return root;
}

static const struct ridge_node *apply_set(struct suite *s, const struct ridge_node *root,
                                          const char *text, size_t i)
{
    const char *equals = strchr(text, '=');
    const char *key =
        ridge_arena_strn(&s->arena, text, equals != NULL ? (size_t)(equals - text) : strlen(text));
    if (strncmp(key, "defaults.", 9) == 0)
        key += 9;
    struct ridge_node *node =
        set_node(s, key, equals != NULL ? equals + 1 : "", i, RIDGE_NODE_STRING);
    if (equals == NULL || key[0] == '\0') {
        ridge_suite_report(s, node, "expected key=value, got \"%.80s\"", text);
        return root;
    }
    if (ridge_suite_setting(key) != NULL)
        return replace_in(s, root, "defaults", node, i);
    if (strcmp(key, "seed") == 0 || strcmp(key, "name") == 0 || strcmp(key, "doc") == 0)
        return replace(s, root, node);
    if (strcmp(key, "compare") == 0)
        return replace(s, root, set_list(s, key, node->text, i));
    if (strncmp(key, "libraries.", 10) == 0) {
        node->key = key + 10;
        return replace_in(s, root, "libraries", node, i);
    }
    if (ridge_suite_key_find(s, key) == SIZE_MAX)
        return unknown_set(s, root, node);
    return set_axis(s, root, set_list(s, key, node->text, i), i);
}

bool ridge_suite_read(struct suite *s, const char *path, const char *text)
{
    struct reading r = {.s = s};
    const struct ridge_node *root = read_tree(&r, path, text, NULL, NULL);
    if (root == NULL || s->errors->n > 0)
        return (s->root = root) != NULL;
    for (size_t i = 0; s->over != NULL && s->over->set != NULL && s->over->set[i] != NULL; i++)
        root = apply_set(s, root, s->over->set[i], i);
    s->root = root;
    return true;
}

/* As the suite itself would name it: the text may be read again from elsewhere, an included file stands in another folder. */
static const char *path_from(struct ridge_arena *a, const char *suite, const struct ridge_node *node)
{
    const char *path = ridge_suite_relative(a, node->file, node->text), *slash = strrchr(suite, '/');
    size_t n = slash != NULL ? (size_t)(slash - suite) + 1 : 0;
    return strncmp(path, suite, n) == 0 ? path + n : path;
}

static bool is_path(const struct ridge_node *node)
{
    return node->key != NULL && (strcmp(node->key, "csv") == 0 || strcmp(node->key, "gate") == 0);
}

/* Canonical text of the merged suite: no comments, paths as seen from the file `suite`. */
void ridge_suite_emit(const struct ridge_node *node, const char *suite, struct ridge_buf *out)
{
    if (node->type != RIDGE_NODE_OBJECT && node->type != RIDGE_NODE_ARRAY) {
        struct ridge_arena a = {0};
        if (node->type == RIDGE_NODE_STRING)
            ridge_text_json(out, is_path(node) ? path_from(&a, suite, node) : node->text);
        else
            ridge_buf_puts(out, node->text);
        ridge_arena_deinit(&a);
        return;
    }
    const bool is_object = node->type == RIDGE_NODE_OBJECT;
    const char *separator = is_object ? "{" : "[";
    for (const struct ridge_node *c = node->first; c != NULL; c = c->next) {
        if (is_object && (ridge_suite_is_comment(c) || strcmp(c->key, "$schema") == 0))
            continue;
        ridge_buf_puts(out, separator);
        separator = ",";
        if (is_object) {
            ridge_text_json(out, c->key);
            ridge_buf_puts(out, ":");
        }
        ridge_suite_emit(c, suite, out);
    }
    ridge_buf_puts(out, separator[0] != ',' ? (is_object ? "{}" : "[]") : is_object ? "}" : "]");
}
