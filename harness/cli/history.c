/* ridge history: series per case, metric and host class, with change points. */
#include "judge.h"
#include "rows.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RUNS = 1000 };

static char *value_text(struct ridge_arena *a, double v, const char *unit)
{
    char text[64];
    if (strcmp(unit, "ns") == 0)
        return ridge_arena_str(a, ridge_text_format_ns(v, text, sizeof text));
    return ridge_arena_printf(a, "%.4g%s%s", v, strcmp(unit, "1") == 0 ? "" : " ", strcmp(unit, "1") == 0 ? "" : unit);
}

/* Slower or faster, whatever the metric's direction. */
static const char *direction(const struct ridge_gate_series *s, double ratio)
{
    if (strcmp(s->better, "none") == 0)
        return "changed";
    return (ratio > 1) == (strcmp(s->better, "lower") == 0) ? "worse" : "better";
}

static void put_series(struct ridge_arena *a, const struct ridge_gate_series *s, struct ridge_buf *out)
{
    const struct ridge_gate_point *first = &s->v[0], *last = &s->v[s->n - 1];
    ridge_text_terminal(out, s->subject);
    ridge_buf_puts(out, "  ");
    ridge_text_terminal(out, s->label);
    ridge_buf_printf(out, "  %s: %zu run%s, %s -> %s\n", s->metric, s->n, s->n == 1 ? "" : "s", value_text(a, first->value, s->unit),
                     value_text(a, last->value, s->unit));
    for (size_t i = 0; i < s->n_changes; i++) {
        const struct ridge_change_point_at *c = &s->changes[i];
        ridge_buf_printf(out, "    %s at run %lld: %s -> %s (%+.1f %%), p %.3f, %zu run%s since\n", direction(s, c->ratio),
                         (long long)s->v[c->at].run_id, value_text(a, c->before, s->unit), value_text(a, c->after, s->unit),
                         100 * (c->ratio - 1), c->p, c->n_after, c->n_after == 1 ? "" : "s");
    }
}

static json_t *series_json(const struct ridge_gate_series *s)
{
    json_t *j = json_object(), *points = json_array(), *changes = json_array();
    const char *const texts[][2] = {{"case", s->case_id}, {"subject", s->subject}, {"label", s->label}, {"metric", s->metric},
                                    {"unit", s->unit}, {"host_class", s->host_class}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        json_object_set_new(j, texts[i][0], json_string(texts[i][1]));
    for (size_t i = 0; i < s->n; i++) {
        json_t *p = json_object();
        json_object_set_new(p, "run", json_integer(s->v[i].run_id));
        json_object_set_new(p, "started_utc_ns", json_integer(s->v[i].started_utc_ns));
        json_object_set_new(p, "value", json_real(s->v[i].value));
        json_array_append_new(points, p);
    }
    for (size_t i = 0; i < s->n_changes; i++) {
        json_t *c = json_object();
        json_object_set_new(c, "run", json_integer(s->v[s->changes[i].at].run_id));
        json_object_set_new(c, "before", json_real(s->changes[i].before));
        json_object_set_new(c, "after", json_real(s->changes[i].after));
        json_object_set_new(c, "p", json_real(s->changes[i].p));
        json_object_set_new(c, "n_after", json_integer((json_int_t)s->changes[i].n_after));
        json_array_append_new(changes, c);
    }
    json_object_set_new(j, "points", points);
    json_object_set_new(j, "changes", changes);
    return j;
}

static void put_json(const struct ridge_gate_series *s, size_t n, struct ridge_buf *out)
{
    json_t *root = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(root, series_json(&s[i]));
    char *text = json_dumps(root, JSON_INDENT(1));
    ridge_buf_printf(out, "%s\n", text != NULL ? text : "[]");
    free(text);
    json_decref(root);
}

int ridge_cli_history(const struct ridge_cli_args *args)
{
    struct ridge_arena a = {0};
    struct ridge_store *store = NULL;
    struct ridge_gate_run *runs = NULL;
    struct ridge_gate_series *series = NULL;
    struct ridge_selector cases;
    struct ridge_buf out = {0};
    struct ridge_error err = {0};
    size_t n_runs = 0, n = 0;
    const char *filter = ridge_cli_value(args, "--filter"), *metric = ridge_cli_value(args, "--metric");
    int rc = ridge_cli_open_store(args->n_operands > 0 ? args->operands[0] : "results.ridge", &store);
    if (rc != RIDGE_EXIT_OK)
        return rc;
    enum ridge_status st = ridge_selector_parse(&a, filter != NULL ? filter : "", &cases, &err);
    if (st == RIDGE_OK)
        st = ridge_cli_load_runs(store, &a, NULL, INT64_MAX, MOST_RUNS, &runs, &n_runs, &err);
    ridge_cli_drop_old_builds(&a, runs, &n_runs);
    if (st == RIDGE_OK)
        st = ridge_gate_history(&a, runs, n_runs, &cases, metric != NULL ? metric : "time_ns", &series, &n, &err);
    if (st == RIDGE_OK && ridge_cli_value(args, "--json") != NULL)
        put_json(series, n, &out);
    for (size_t i = 0; st == RIDGE_OK && ridge_cli_value(args, "--json") == NULL && i < n; i++) {
        if (i == 0 || strcmp(series[i].host_class, series[i - 1].host_class) != 0)
            ridge_buf_printf(&out, "host class %s\n", series[i].host_class);
        put_series(&a, &series[i], &out);
    }
    rc = st == RIDGE_OK ? ridge_cli_print(&out, NULL, &err) : ridge_cli_error(&err);
    ridge_buf_deinit(&out);
    ridge_store_close(store);
    ridge_arena_deinit(&a);
    return rc;
}
