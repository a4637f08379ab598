/* ridge show: a stored run as its table, or one case with all its figures and the line that re-runs it. */
#include "base/os.h"
#include "session.h"
#include <math.h>
#include <string.h>

struct found {
    struct ridge_rd_run run;
    const struct ridge_rd_group *group;
    const struct ridge_rd_member *member;
};

/* [FILE:]NAME; a colon that ends no existing file belongs to the name. */
static const char *split_file(const char *operand, char *file, size_t n_file)
{
    const char *colon = strrchr(operand, ':');
    (void)snprintf(file, n_file, "results.ridge");
    if (colon == NULL) {
        if (!ridge_os_exists(operand) || strchr(operand, '.') == NULL)
            return operand;
        (void)snprintf(file, n_file, "%s", operand); /* a bare FILE.ridge: its last run */
        return "last";
    }
    (void)snprintf(file, n_file, "%.*s", (int)(colon - operand), operand);
    return colon[1] != '\0' ? colon + 1 : "last";
}

static bool find_in_run(struct ridge_store *store, struct ridge_arena *a, const char *id, struct found *out)
{
    struct ridge_rd_group *groups = NULL;
    size_t n_groups = 0;
    if (ridge_read_groups(store, a, out->run.id, &groups, &n_groups, NULL) != RIDGE_OK)
        return false;
    for (size_t i = 0; i < n_groups; i++) {
        for (size_t j = 0; j < groups[i].n_members; j++) {
            if (strncmp(groups[i].members[j].case_id, id, strlen(id)) == 0) {
                out->group = &groups[i];
                out->member = &groups[i].members[j];
                return true;
            }
        }
    }
    return false;
}

/* The newest run that holds the case. */
static bool find_case(struct ridge_store *store, struct ridge_arena *a, const char *id, struct found *out)
{
    struct ridge_rd_run *runs = NULL;
    size_t n = 0, n_id = strlen(id);
    if (n_id < 3 || n_id > 16 || strspn(id, "0123456789abcdef") != n_id)
        return false;
    if (ridge_read_runs(store, a, &runs, &n, NULL) != RIDGE_OK)
        return false;
    for (size_t i = 0; i < n; i++) {
        size_t newest = 0;
        for (size_t j = 1; j < n; j++)
            if (runs[j].id > runs[newest].id)
                newest = j;
        out->run = runs[newest];
        runs[newest].id = -1;
        if (find_in_run(store, a, id, out))
            return true;
    }
    return false;
}

static void put_metric(struct ridge_buf *b, const struct ridge_metric *m)
{
    ridge_buf_printf(b, "  %-24s ", m->name);
    if (m->refused != NULL) {
        ridge_buf_puts(b, "- (");
        ridge_text_terminal(b, m->refused);
        ridge_buf_puts(b, ")\n");
        return;
    }
    ridge_buf_printf(b, "%.6g %s", m->value, m->unit);
    if (isfinite(m->low) && isfinite(m->high))
        ridge_buf_printf(b, "  (%.6g to %.6g)", m->low, m->high);
    ridge_buf_printf(b, "  n=%lld  %s, %s\n", (long long)m->n, m->source, m->rule != NULL ? m->rule : "");
}

static void put_pairs(struct ridge_buf *b, const char *title, const struct ridge_kvs *kvs)
{
    for (size_t i = 0; i < kvs->n; i++) {
        ridge_buf_printf(b, "  %s ", title);
        ridge_text_terminal(b, kvs->v[i].key);
        ridge_buf_puts(b, " = ");
        ridge_text_terminal(b, kvs->v[i].value);
        ridge_buf_puts(b, "\n");
    }
}

static void put_line(struct ridge_buf *b, const char *title, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    ridge_buf_printf(b, "%s: ", title);
    ridge_text_terminal(b, text);
    ridge_buf_puts(b, "\n");
}

static void write_text(struct ridge_arena *a, const struct found *f, struct ridge_buf *b)
{
    const struct ridge_rd_member *m = f->member;
    put_line(b, "case", m->case_id);
    put_line(b, "subject", m->subject);
    put_line(b, "backend", m->backend);
    put_line(b, "arm", m->arm);
    put_line(b, "verdict", m->verdict);
    put_line(b, "reason", m->reason);
    put_line(b, "stderr", m->stderr_tail);
    ridge_buf_printf(b, "run: %lld, %lld forks, %lld rounds, %lld samples of %lld runs each\n", (long long)f->run.id,
                     (long long)m->n_forks, (long long)m->n_rounds, (long long)m->n_samples,
                     (long long)m->inner_reps);
    for (size_t i = 0; i < m->n_metrics; i++)
        put_metric(b, &m->metrics[i]);
    put_pairs(b, "option", &m->options);
    put_pairs(b, "condition", &m->conditions);
    put_line(b, "run it again", ridge_cli_rerun(a, &f->run, m));
}

static void put_json_pair(struct ridge_buf *b, const char *key, const char *value)
{
    ridge_buf_printf(b, "  \"%s\": ", key);
    ridge_text_json(b, value != NULL ? value : "");
    ridge_buf_puts(b, ",\n");
}

static void put_json_number(struct ridge_buf *b, const char *key, double v)
{
    if (isfinite(v))
        ridge_buf_printf(b, ", \"%s\": %.17g", key, v);
}

static void write_json(struct ridge_arena *a, const struct found *f, struct ridge_buf *b)
{
    const struct ridge_rd_member *m = f->member;
    ridge_buf_puts(b, "{\n");
    put_json_pair(b, "case", m->case_id);
    put_json_pair(b, "subject", m->subject);
    put_json_pair(b, "backend", m->backend);
    put_json_pair(b, "arm", m->arm);
    put_json_pair(b, "verdict", m->verdict);
    put_json_pair(b, "reason", m->reason);
    put_json_pair(b, "rerun", ridge_cli_rerun(a, &f->run, m));
    ridge_buf_printf(b, "  \"run\": %lld,\n  \"metrics\": {", (long long)f->run.id);
    for (size_t i = 0; i < m->n_metrics; i++) {
        const struct ridge_metric *x = &m->metrics[i];
        ridge_buf_printf(b, "%s\n    \"%s\": {\"unit\": \"%s\"", i > 0 ? "," : "", x->name, x->unit);
        if (x->refused != NULL) {
            ridge_buf_puts(b, ", \"refused\": ");
            ridge_text_json(b, x->refused);
        } else {
            put_json_number(b, "value", x->value);
        }
        put_json_number(b, "low", x->low);
        put_json_number(b, "high", x->high);
        ridge_buf_printf(b, ", \"n\": %lld}", (long long)x->n);
    }
    ridge_buf_puts(b, "\n  }\n}\n");
}

int ridge_cli_show(const struct ridge_cli_args *args)
{
    char file[4096];
    struct ridge_store *store = NULL;
    struct ridge_arena a = {0};
    struct ridge_error err = {0};
    struct ridge_buf b = {0};
    struct found f = {0};
    bool json = ridge_cli_value(args, "--json") != NULL;
    const char *name = split_file(args->operands[0], file, sizeof file);
    int rc = ridge_cli_open_store(file, &store);
    if (rc != RIDGE_EXIT_OK)
        return rc;
    if (find_case(store, &a, name, &f)) {
        if (json)
            write_json(&a, &f, &b);
        else
            write_text(&a, &f, &b);
        rc = ridge_cli_print(&b, NULL, &err);
    } else {
        rc = ridge_cli_write_report(store, file, name, json ? "json" : "table", NULL);
    }
    ridge_buf_deinit(&b);
    ridge_arena_deinit(&a);
    ridge_store_close(store);
    return rc;
}
