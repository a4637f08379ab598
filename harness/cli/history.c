/* ridge history: series per case, metric and host class, with change points. */
#include "judge.h"
#include "rows.h"
#include "data/metric.h"

#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RUNS = 1000 };

struct loaded {
    struct ridge_gate_run *runs;
    size_t n;
};

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

/* Of the machine while a run was measured: quiet, noisy or unfit. */
static const char *fitness_of(const struct loaded *l, int64_t run_id)
{
    for (size_t i = 0; i < l->n; i++)
        if (l->runs[i].run.id == run_id)
            return l->runs[i].run.fitness;
    return "";
}

static bool is_unfit(const char *fitness)
{
    return strcmp(fitness, "unfit") == 0;
}

static void put_host(const struct loaded *l, const char *host_class, struct ridge_buf *out)
{
    size_t n = 0;
    ridge_buf_printf(out, "host class %s\n", host_class);
    for (size_t i = 0; i < l->n; i++) {
        const struct ridge_rd_run *r = &l->runs[i].run;
        if (strcmp(r->host_class, host_class) == 0 && is_unfit(r->fitness))
            ridge_buf_printf(out, "%s %lld", n++ == 0 ? "  measured on a machine unfit to judge: run" : ",", (long long)r->id);
    }
    ridge_buf_puts(out, n > 0 ? "\n" : "");
}

static void put_series(struct ridge_arena *a, const struct loaded *l, const struct ridge_gate_series *s, struct ridge_buf *out)
{
    const struct ridge_gate_point *first = &s->v[0], *last = &s->v[s->n - 1];
    ridge_text_terminal(out, s->subject);
    ridge_buf_puts(out, "  ");
    ridge_text_terminal(out, s->label);
    ridge_buf_printf(out, "  %s: %zu run%s, %s -> %s\n", s->metric, s->n, s->n == 1 ? "" : "s", value_text(a, first->value, s->unit),
                     value_text(a, last->value, s->unit));
    for (size_t i = 0; i < s->n_changes; i++) {
        const struct ridge_change_point_at *c = &s->changes[i];
        int64_t run_id = s->v[c->at].run_id;
        ridge_buf_printf(out, "    %s at run %lld%s: %s -> %s (%+.1f %%), p %.3f, %zu run%s since\n", direction(s, c->ratio),
                         (long long)run_id, is_unfit(fitness_of(l, run_id)) ? " (unfit)" : "", value_text(a, c->before, s->unit),
                         value_text(a, c->after, s->unit), 100 * (c->ratio - 1), c->p, c->n_after, c->n_after == 1 ? "" : "s");
    }
}

static json_t *series_json(const struct loaded *l, const struct ridge_gate_series *s)
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
        json_object_set_new(p, "fitness", json_string(fitness_of(l, s->v[i].run_id)));
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

static void put_json(const struct loaded *l, const struct ridge_gate_series *s, size_t n, struct ridge_buf *out)
{
    json_t *root = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(root, series_json(l, &s[i]));
    char *text = json_dumps(root, JSON_INDENT(1));
    ridge_buf_printf(out, "%s\n", text != NULL ? text : "[]");
    free(text);
    json_decref(root);
}

static void put_text(struct ridge_arena *a, const struct loaded *l, const struct ridge_gate_series *s, size_t n,
                     struct ridge_buf *out)
{
    for (size_t i = 0; i < n; i++) {
        if (i == 0 || strcmp(s[i].host_class, s[i - 1].host_class) != 0)
            put_host(l, s[i].host_class, out);
        put_series(a, l, &s[i], out);
    }
}

static enum ridge_status check_metric(const char *metric, struct ridge_error *err)
{
    if (ridge_metric_find(metric) != NULL)
        return RIDGE_OK;
    const char *near = ridge_metric_nearest(metric);
    return ridge_fail(err, RIDGE_ERR_USAGE, "", "unknown metric '%s'%s%s; ridge list metrics has them", metric,
                      near != NULL ? "; did you mean " : "", near != NULL ? near : "");
}

static enum ridge_status history(const struct ridge_cli_args *args, struct ridge_store *store, struct ridge_arena *a,
                                 struct ridge_buf *out, struct ridge_error *err)
{
    struct loaded l = {0};
    struct ridge_gate_series *series = NULL;
    struct ridge_selector cases;
    size_t n = 0;
    const char *filter = ridge_cli_value(args, "--filter"), *metric = ridge_cli_value(args, "--metric");
    metric = metric != NULL ? metric : "time_ns";
    enum ridge_status st = check_metric(metric, err);
    if (st == RIDGE_OK)
        st = ridge_selector_parse(a, filter != NULL ? filter : "", &cases, err);
    if (st == RIDGE_OK)
        st = ridge_cli_load_runs(store, a, &(struct ridge_cli_runs){.before_utc_ns = INT64_MAX, .until_utc_ns = INT64_MAX,
                                                                    .most = MOST_RUNS}, &l.runs, &l.n, err);
    if (st == RIDGE_OK)
        st = ridge_gate_history(a, l.runs, l.n, &cases, metric, &series, &n, err);
    if (st == RIDGE_OK && ridge_cli_value(args, "--json") != NULL)
        put_json(&l, series, n, out);
    else if (st == RIDGE_OK)
        put_text(a, &l, series, n, out);
    return st;
}

int ridge_cli_history(const struct ridge_cli_args *args)
{
    struct ridge_arena a = {0};
    struct ridge_store *store = NULL;
    struct ridge_buf out = {0};
    struct ridge_error err = {0};
    int rc = ridge_cli_open_store(args->n_operands > 0 ? args->operands[0] : "results.ridge", &store);
    if (rc != RIDGE_EXIT_OK)
        return rc;
    enum ridge_status st = history(args, store, &a, &out, &err);
    rc = st == RIDGE_OK ? ridge_cli_print(&out, NULL, &err) : ridge_cli_error(&err);
    ridge_buf_deinit(&out);
    ridge_store_close(store);
    ridge_arena_deinit(&a);
    return rc;
}
