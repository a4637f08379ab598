/* JSON Schema 2020-12 of suite files, generated from the catalogue's and the settings' rows. */
#include "suite/state.h"
#include <string.h>

static void put_string(struct ridge_buf *b, const char *key, const char *value)
{
    ridge_text_json(b, key);
    ridge_buf_puts(b, ":");
    ridge_text_json(b, value != NULL ? value : "");
}

static void put_names(struct ridge_buf *b, const char *const *names)
{
    ridge_buf_puts(b, "\"enum\":[");
    for (size_t i = 0; names[i] != NULL; i++) {
        ridge_buf_puts(b, i > 0 ? "," : "");
        ridge_text_json(b, names[i]);
    }
    ridge_buf_puts(b, "]");
}

static void put_bounds(struct ridge_buf *b, const struct ridge_option_row *row)
{
    if (row->min != 0 || row->max != 0)
        ridge_buf_printf(b, ",\"minimum\":%.17g,\"maximum\":%.17g", row->min, row->max);
}

/* The schema of one value of the row; numbers may also be written as text, as --set does. */
static void put_value(struct ridge_buf *b, const struct ridge_option_row *row)
{
    static const char *const patterns[] = {
        [RIDGE_KIND_DURATION_NS] = "^[0-9.]+ *(ns|us|\xc2\xb5s|\xce\xbcs|ms|s|min|h)$",
        [RIDGE_KIND_BYTES] = "^[0-9.]+ *(|B|kB|KB|MB|GB|TB|KiB|MiB|GiB|TiB)$"};
    switch (row->kind) {
    case RIDGE_KIND_ENUM:
        put_names(b, row->names);
        return;
    case RIDGE_KIND_BOOL:
        ridge_buf_puts(b, "\"enum\":[true,false,\"true\",\"false\"]");
        return;
    case RIDGE_KIND_INT:
    case RIDGE_KIND_REAL:
        ridge_buf_printf(b, "\"type\":\"%s\"", row->kind == RIDGE_KIND_INT ? "integer" : "number");
        put_bounds(b, row);
        return;
    case RIDGE_KIND_DURATION_NS:
        ridge_buf_puts(b, "\"type\":\"string\",");
        put_string(b, "pattern", patterns[row->kind]);
        return;
    case RIDGE_KIND_BYTES:
        ridge_buf_puts(b, "\"type\":[\"string\",\"integer\"],");
        put_string(b, "pattern", patterns[row->kind]);
        return;
    case RIDGE_KIND_STRING:
        ridge_buf_puts(b, "\"type\":\"string\"");
        return;
    }
}

static void put_description(struct ridge_buf *b, const struct ridge_option_row *row)
{
    struct ridge_arena a = {0};
    put_string(b, "description",
               row->def != NULL ? ridge_arena_printf(&a, "%s (default %s)", row->help, row->def)
                                : row->help);
    ridge_arena_deinit(&a);
}

/* "key": {"description": ..., "anyOf": [one per origin]} */
static void put_option(struct ridge_buf *b, const struct ridge_catalogue *cat, const char *key,
                       bool is_axis)
{
    const struct ridge_option_row *row = ridge_suite_row(cat, key, 0);
    ridge_text_json(b, key);
    ridge_buf_puts(b, ":{");
    put_description(b, row);
    ridge_buf_puts(b, ",\"anyOf\":[");
    for (size_t i = 0; (row = ridge_suite_row(cat, key, i)) != NULL; i++) {
        ridge_buf_puts(b, i > 0 ? ",{" : "{");
        put_value(b, row);
        ridge_buf_puts(b, "}");
        if (!is_axis)
            continue;
        ridge_buf_puts(b, ",{\"type\":\"array\",\"minItems\":1,\"items\":{");
        put_value(b, row);
        ridge_buf_puts(b, "}}");
    }
    ridge_buf_puts(b, "]}");
}

static void put_settings(struct ridge_buf *b)
{
    for (size_t i = 0; i < ridge_n_suite_setting_rows; i++) {
        const struct ridge_option_row *row = &ridge_suite_setting_rows[i];
        ridge_buf_puts(b, i > 0 ? "," : "");
        ridge_text_json(b, row->key);
        ridge_buf_puts(b, ":{");
        put_description(b, row);
        ridge_buf_puts(b, ",");
        put_value(b, row);
        ridge_buf_puts(b, "}");
    }
}

static void put_const(struct ridge_buf *b, const char *name, const char *variant, const char *doc)
{
    struct ridge_arena a = {0};
    ridge_buf_puts(b, "{");
    put_string(b, "const",
               variant[0] != '\0' ? ridge_arena_printf(&a, "%s:%s", name, variant) : name);
    ridge_buf_puts(b, ",");
    put_string(b, "description", doc);
    ridge_buf_puts(b, "},");
    ridge_arena_deinit(&a);
}

static void put_backend(struct ridge_buf *b, const struct ridge_catalogue *cat)
{
    ridge_buf_puts(b, "\"backend\":{\"description\":\"name[:variant][@label]\",\"anyOf\":[");
    for (size_t i = 0; i < cat->n_backends; i++) {
        const struct ridge_cat_backend *backend = &cat->backends[i];
        put_const(b, backend->name, "", backend->doc);
        for (size_t j = 0; backend->variants != NULL && backend->variants[j] != NULL; j++)
            put_const(b, backend->name, backend->variants[j], backend->doc);
    }
    put_const(b, "*", "", "every usable backend that runs the subject");
    ridge_buf_puts(
        b, "{\"type\":\"string\",\"pattern\":\"^[^@:]+(:[^@]+)?(@[A-Za-z0-9._+-]+)?$\"}]},");
}

static void put_subject(struct ridge_buf *b, const struct ridge_catalogue *cat)
{
    struct ridge_arena a = {0};
    ridge_buf_puts(b, "\"subject\":{\"anyOf\":[");
    for (size_t i = 0; i < cat->n_operators; i++) {
        const struct ridge_cat_operator *op = &cat->operators[i];
        ridge_buf_puts(b, "{\"type\":\"string\",");
        put_string(b, "pattern", ridge_arena_printf(&a, "^%s(:|$)", op->name));
        ridge_buf_puts(b, ",");
        put_string(
            b, "description",
            ridge_arena_printf(&a, "%s. %s:%s", op->doc != NULL ? op->doc : "", op->name,
                               ridge_suite_join(&a, (const char *const *)op->short_form, "x")));
        ridge_buf_puts(b, "},");
    }
    ridge_buf_puts(
        b, "{\"type\":\"object\",\"description\":\"rows of a shape list\",\"required\":[\"csv\"],"
           "\"additionalProperties\":false,\"properties\":{\"$comment\":true,"
           "\"csv\":{\"type\":\"string\",\"description\":\"file, relative to this suite\"},"
           "\"where\":{\"type\":\"string\",\"description\":\"column=glob,column=glob\"},"
           "\"op\":{\"type\":\"string\",\"description\":\"operator, where the list has no column "
           "op\"}}}]},");
    ridge_arena_deinit(&a);
}

static void put_axes(struct ridge_buf *b, const struct suite *s, bool is_axis, bool has_subject)
{
    static const char *const refs[] = {"subject", "backend", "name", "name", "name"};
    for (size_t i = has_subject ? 0 : 1; i < s->n_keys; i++) {
        ridge_buf_puts(b, ",");
        if (i >= RIDGE_N_FIXED_KEYS) {
            put_option(b, s->cat, s->keys[i], is_axis);
            continue;
        }
        ridge_text_json(b, s->keys[i]);
        if (is_axis)
            ridge_buf_printf(
                b,
                ":{\"anyOf\":[{\"$ref\":\"#/$defs/%s\"},{\"type\":\"array\",\"minItems\":1,"
                "\"items\":{\"$ref\":\"#/$defs/%s\"}}]}",
                refs[i], refs[i]);
        else
            ridge_buf_printf(b, ":{\"$ref\":\"#/$defs/%s\"}", refs[i]);
    }
}

static void put_matrix(struct ridge_buf *b, const struct suite *s)
{
    ridge_buf_puts(b,
                   "\"matrix\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
                   "\"$comment\":true");
    ridge_buf_puts(b, ",\"family\":{\"type\":\"string\",\"description\":\"heading under which reports sum up "
                      "these cases\"}");
    put_axes(b, s, true, true);
    ridge_buf_puts(b, ",\"include\":{\"type\":\"array\",\"description\":\"values added to the "
                      "combinations they do not "
                      "change, else combinations of their own\",\"items\":{\"type\":\"object\","
                      "\"additionalProperties\":false,\"properties\":{\"$comment\":true");
    put_axes(b, s, false, true);
    ridge_buf_puts(b, "}}},\"exclude\":{\"type\":\"array\",\"description\":\"combinations to leave "
                      "out; values are "
                      "globs\",\"items\":{\"anyOf\":[{\"type\":\"string\"},{\"type\":\"object\","
                      "\"minProperties\":1}]}}}},");
}

static const char tail[] =
    "\"name\":{\"type\":\"string\"},"
    "\"words\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}},"
    "\"texts\":{\"type\":\"object\",\"additionalProperties\":{\"type\":\"string\"}},"
    "\"libraries\":{\"type\":\"object\",\"description\":\"backend@label to the path of its "
    "library\","
    "\"properties\":{\"$comment\":true},\"patternProperties\":{\"@\":{\"type\":\"string\"}},"
    "\"additionalProperties\":false},"
    "\"arm\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"$comment\":true,"
    "\"program\":{\"$ref\":\"#/$defs/words\",\"minItems\":1},\"env\":{\"$ref\":\"#/$defs/texts\"},"
    "\"libraries\":{\"$ref\":\"#/$defs/libraries\"}}},"
    "\"target\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{\"$comment\":"
    "true,"
    "\"transport\":{\"$ref\":\"#/$defs/words\"}}}}}\n";

static const char top[] =
    "\"type\":\"object\",\"required\":[],\"additionalProperties\":false,\"properties\":{"
    "\"$schema\":{\"type\":\"string\"},\"$comment\":true,"
    "\"name\":{\"type\":\"string\"},\"doc\":{\"type\":\"string\"},"
    "\"include\":{\"$ref\":\"#/$defs/words\",\"description\":\"suites, relative to this one, whose "
    "keys are the "
    "base of this one's\"},"
    "\"matrix\":{\"anyOf\":[{\"$ref\":\"#/$defs/matrix\"},{\"type\":\"array\",\"minItems\":1,"
    "\"items\":{\"$ref\":\"#/$defs/matrix\"}}]},"
    "\"arms\":{\"type\":\"object\",\"description\":\"ways to run the same "
    "case\",\"properties\":{\"$comment\":true},"
    "\"additionalProperties\":{\"$ref\":\"#/$defs/arm\"}},"
    "\"targets\":{\"type\":\"object\",\"properties\":{\"$comment\":true},"
    "\"additionalProperties\":{\"$ref\":\"#/$defs/target\"}},"
    "\"libraries\":{\"$ref\":\"#/$defs/libraries\"},"
    "\"scenario\":{\"type\":\"string\",\"description\":\"single, depth(n), open(rate,poisson), "
    "open(rate,constant), "
    "offline\"},"
    "\"gate\":{\"type\":\"string\",\"description\":\"gate file, relative to this one: runs are made fit to be "
    "judged, by its rules\"},"
    "\"seed\":{\"type\":[\"integer\",\"string\"],\"minimum\":0},";

void ridge_suite_schema(const struct ridge_catalogue *cat, struct ridge_buf *out)
{
    struct suite s = {.cat = cat};
    (void)ridge_suite_keys_init(&s, NULL);
    ridge_buf_puts(out, "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\","
                        "\"$id\":\"urn:ridge:schema:suite:0\",\"title\":\"Ridge suite\",");
    ridge_buf_puts(out, top);
    ridge_buf_puts(out, "\"compare\":{\"type\":\"array\",\"minItems\":1,\"description\":\"axes "
                        "whose values are compared "
                        "in one group\",\"items\":{");
    put_names(out, s.keys + 1);
    ridge_buf_puts(
        out, "}},\"defaults\":{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
             "\"$comment\":true,");
    put_settings(out);
    put_axes(out, &s, false, false);
    ridge_buf_puts(out, "}}},\"$defs\":{");
    put_backend(out, cat);
    put_subject(out, cat);
    put_matrix(out, &s);
    ridge_buf_puts(out, tail);
}
