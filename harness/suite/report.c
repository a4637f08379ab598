/* Errors with positions and key paths, and small helpers of the folder. */
#include "suite/state.h"
#include "base/os.h"
#include <stdlib.h>
#include <string.h>

void ridge_suite_errors_deinit(struct ridge_suite_errors *e)
{
    ridge_arena_deinit(&e->arena);
    free(e->v);
    *e = (struct ridge_suite_errors){0};
}

void ridge_suite_report_at(struct suite *s, const char *file, int line, int column,
                           const char *path, const char *text)
{
    struct ridge_suite_errors *e = s->errors;
    if (e->n >= RIDGE_SUITE_MAX_ERRORS) {
        s->too_many_errors = true;
        return;
    }
    const struct ridge_suite_error row = {.file = ridge_arena_str(&e->arena, file),
                                          .line = line,
                                          .column = column,
                                          .path = ridge_arena_str(&e->arena, path),
                                          .text = ridge_arena_str(&e->arena, text)};
    for (size_t i = 0; i < e->n; i++)
        if (e->v[i].line == line && e->v[i].column == column && strcmp(e->v[i].text, text) == 0 &&
            strcmp(e->v[i].file, file) == 0)
            return;
    RIDGE_PUSH(*e, row);
}

const char *ridge_suite_node_path(struct ridge_arena *a, const struct ridge_node *node)
{
    if (node == NULL || node->parent == NULL)
        return "";
    const char *base = ridge_suite_node_path(a, node->parent);
    if (node->key == NULL)
        return ridge_arena_printf(a, "%s[%zu]", base, node->index);
    return ridge_arena_printf(a, "%s%s%.120s", base, base[0] != '\0' ? "." : "", node->key);
}

static void report_node(struct suite *s, const struct ridge_node *at, bool at_key, const char *fmt,
                        va_list ap)
{
    char text[1024];
    (void)vsnprintf(text, sizeof text, fmt, ap);
    at_key = at_key && at->key != NULL;
    ridge_suite_report_at(s, at->file, at_key ? at->key_line : at->line,
                          at_key ? at->key_column : at->column,
                          ridge_suite_node_path(&s->arena, at), text);
}

void ridge_suite_report(struct suite *s, const struct ridge_node *at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    report_node(s, at, false, fmt, ap);
    va_end(ap);
}

void ridge_suite_report_key(struct suite *s, const struct ridge_node *at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    report_node(s, at, true, fmt, ap);
    va_end(ap);
}

/* By file in order of appearance, then by position; insertion sort, at most 50 rows, stable. */
void ridge_suite_sort_errors(struct suite *s)
{
    struct ridge_suite_errors *e = s->errors;
    for (size_t i = 1; i < e->n; i++) {
        const struct ridge_suite_error row = e->v[i];
        size_t place = i, last = 0;
        for (size_t j = 0; j < i; j++)
            if (strcmp(e->v[j].file, row.file) == 0)
                last = j + 1;
        if (last == 0)
            continue;
        for (place = last; place > 0; place--) {
            const struct ridge_suite_error *before = &e->v[place - 1];
            if (strcmp(before->file, row.file) != 0 || before->line < row.line ||
                (before->line == row.line && before->column <= row.column))
                break;
        }
        memmove(&e->v[place + 1], &e->v[place], (i - place) * sizeof row);
        e->v[place] = row;
    }
}

const char *ridge_suite_type_name(enum ridge_node_type type)
{
    static const char *const names[] = {"null",     "true or false", "a number",
                                        "a string", "a list",        "an object"};
    return names[type];
}

bool ridge_suite_expect(struct suite *s, const struct ridge_node *node, enum ridge_node_type type,
                        const char *what)
{
    if (node->type == type)
        return true;
    ridge_suite_report(s, node, "expected %s (%s), got %s", ridge_suite_type_name(type), what,
                       ridge_suite_type_name(node->type));
    return false;
}

bool ridge_suite_is_comment(const struct ridge_node *member)
{
    return member->key != NULL && strcmp(member->key, "$comment") == 0;
}

const char *ridge_suite_join(struct ridge_arena *a, const char *const *words, const char *separator)
{
    struct ridge_buf b = {0};
    for (size_t i = 0; words != NULL && words[i] != NULL; i++) {
        if (b.n > 400) {
            ridge_buf_printf(&b, "%s...", separator);
            break;
        }
        ridge_buf_printf(&b, "%s%.60s", i > 0 ? separator : "", words[i]);
    }
    const char *out = ridge_arena_strn(a, b.n > 0 ? b.data : "", b.n);
    ridge_buf_deinit(&b);
    return out;
}

const char *ridge_suite_hint(struct suite *s, const char *word, const char *const *known)
{
    const char *near = known != NULL ? ridge_text_nearest(word, known) : NULL;
    if (near != NULL)
        return ridge_arena_printf(&s->arena, "; did you mean \"%s\"?", near);
    const char *all = ridge_suite_join(&s->arena, known, ", ");
    return all[0] != '\0' ? ridge_arena_printf(&s->arena, "; known are %s", all) : "";
}

void ridge_suite_check_keys(struct suite *s, const struct ridge_node *object,
                            const char *const *known)
{
    for (const struct ridge_node *c = object->first; c != NULL; c = c->next) {
        bool is_known = ridge_suite_is_comment(c);
        for (size_t i = 0; !is_known && known[i] != NULL; i++)
            is_known = strcmp(known[i], c->key) == 0;
        if (!is_known)
            ridge_suite_report_key(s, c, "unknown key \"%.80s\"%s", c->key,
                                   ridge_suite_hint(s, c->key, known));
    }
}

const char *ridge_suite_relative(struct ridge_arena *a, const char *from_file, const char *path)
{
    const char *slash = strrchr(from_file, '/');
    if (path[0] == '/' || slash == NULL)
        return ridge_arena_str(a, path);
    return ridge_arena_printf(a, "%.*s/%s", (int)(slash - from_file), from_file, path);
}

static void map_grow(struct suite_map *map)
{
    struct suite_map big = {.n = map->n, .n_slots = map->n_slots > 0 ? 2 * map->n_slots : 256};
    big.hashes = ridge_xrealloc_array(NULL, big.n_slots, sizeof *big.hashes);
    big.values = ridge_xrealloc_array(NULL, big.n_slots, sizeof *big.values);
    memset(big.values, 0, big.n_slots * sizeof *big.values);
    for (size_t i = 0; i < map->n_slots; i++) {
        if (map->values[i] == 0)
            continue;
        size_t at = map->hashes[i] & (big.n_slots - 1);
        while (big.values[at] != 0)
            at = (at + 1) & (big.n_slots - 1);
        big.hashes[at] = map->hashes[i];
        big.values[at] = map->values[i];
    }
    ridge_suite_map_deinit(map);
    *map = big;
}

/* A new slot holds 0: the caller must set it to index + 1. */
size_t *ridge_suite_map_slot(struct suite_map *map, uint64_t hash,
                             bool (*same)(void *, size_t, const void *), void *self,
                             const void *key)
{
    if (2 * (map->n + 1) > map->n_slots)
        map_grow(map);
    hash ^= hash >> 29; /* FNV's low bits are weak for short texts */
    size_t at = hash & (map->n_slots - 1);
    while (map->values[at] != 0) {
        if (map->hashes[at] == hash && same(self, map->values[at] - 1, key))
            return &map->values[at];
        at = (at + 1) & (map->n_slots - 1);
    }
    map->hashes[at] = hash;
    map->n++;
    return &map->values[at];
}

void ridge_suite_map_deinit(struct suite_map *map)
{
    free(map->hashes);
    free(map->values);
    *map = (struct suite_map){0};
}

static bool same_text(void *self, size_t i, const void *key)
{
    const struct suite *s = self;
    return strcmp(s->texts.v[i], key) == 0;
}

const char *ridge_suite_intern(struct suite *s, const char *text)
{
    size_t *slot = ridge_suite_map_slot(&s->interned, ridge_os_hash64(text), same_text, s, text);
    if (*slot == 0) {
        RIDGE_PUSH(s->texts, ridge_arena_str(&s->plan->arena, text));
        *slot = s->texts.n;
    }
    return s->texts.v[*slot - 1];
}
