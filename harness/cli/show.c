/* ridge show: the runs of a file, a stored run as its table, or one case (all its arms) with every figure and the
 * line that re-runs it. */
#include "base/os.h"
#include "json_out.h"
#include "rows.h"
#include "session.h"
#include "view.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define RESULTS "results.ridge"
#define MAX_LISTED 8

struct found { /* every member of one run that a case prefix names */
    struct ridge_rd_run run;
    struct {
        const struct ridge_rd_member **v;
        size_t n, cap;
    } members;
    bool is_ambiguous; /* more than one case */
};

static void find_in_run(struct ridge_store *store, struct ridge_arena *a, const char *id, struct found *out)
{
    struct ridge_rd_group *groups = NULL;
    size_t n_groups = 0;
    if (ridge_read_groups(store, a, out->run.id, &groups, &n_groups, NULL) != RIDGE_OK)
        return;
    for (size_t i = 0; i < n_groups; i++) {
        for (size_t j = 0; j < groups[i].n_members; j++) {
            const struct ridge_rd_member *m = &groups[i].members[j];
            if (strncmp(m->case_id, id, strlen(id)) != 0)
                continue;
            out->is_ambiguous |= out->members.n > 0 && strcmp(out->members.v[0]->case_id, m->case_id) != 0;
            RIDGE_PUSH(out->members, m);
        }
    }
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
    for (size_t i = n; i > 0 && out->members.n == 0; i--) { /* oldest first in the list */
        out->run = runs[i - 1];
        find_in_run(store, a, id, out);
    }
    return out->members.n > 0;
}

static int refuse_ambiguous(const char *id, const struct found *f)
{
    const char *said[MAX_LISTED];
    size_t n = 0;
    ridge_cli_say("ridge: %s: more than one case of run %" PRId64 " begins so:", id, f->run.id);
    for (size_t i = 0; i < f->members.n && n < MAX_LISTED; i++) {
        const struct ridge_rd_member *m = f->members.v[i];
        bool is_said = false;
        for (size_t j = 0; j < n; j++)
            is_said |= strcmp(said[j], m->case_id) == 0;
        if (is_said)
            continue;
        said[n++] = m->case_id;
        ridge_cli_say("  %s  %s  %s", m->case_id, m->subject, m->backend);
    }
    return RIDGE_EXIT_USAGE;
}

/* ---- text ---- */

static void put_words(struct ridge_buf *b, const char *before, const char *text)
{
    ridge_buf_puts(b, before);
    ridge_text_terminal(b, text != NULL ? text : "");
}

static void put_metric(struct ridge_buf *b, const struct ridge_metric *m)
{
    size_t begin = b->n;
    put_words(b, "  ", m->name);
    while (b->n - begin < 26)
        ridge_buf_puts(b, " ");
    if (m->refused != NULL) {
        put_words(b, " - (", m->refused);
        ridge_buf_puts(b, ")\n");
        return;
    }
    ridge_buf_printf(b, " %.6g", m->value);
    if (m->unit != NULL && strcmp(m->unit, "1") != 0) /* a plain ratio or count */
        put_words(b, " ", m->unit);
    if (isfinite(m->low) && isfinite(m->high))
        ridge_buf_printf(b, "  (%.6g to %.6g)", m->low, m->high);
    ridge_buf_printf(b, "  n=%" PRId64, m->n);
    put_words(b, "  ", m->source);
    put_words(b, ", ", m->rule);
    ridge_buf_puts(b, "\n");
}

static void put_pairs(struct ridge_buf *b, const char *title, const struct ridge_kvs *kvs)
{
    for (size_t i = 0; i < kvs->n; i++) {
        ridge_buf_printf(b, "  %s ", title);
        put_words(b, "", kvs->v[i].key);
        put_words(b, " = ", kvs->v[i].value);
        ridge_buf_puts(b, "\n");
    }
}

static void put_line(struct ridge_buf *b, const char *title, const char *text)
{
    if (text == NULL || text[0] == '\0')
        return;
    ridge_buf_puts(b, title);
    put_words(b, ": ", text);
    ridge_buf_puts(b, "\n");
}

static void put_member(struct ridge_arena *a, const struct found *f, const struct ridge_rd_member *m, struct ridge_buf *b)
{
    put_line(b, "case", m->case_id);
    put_line(b, "subject", m->subject);
    put_line(b, "backend", m->backend);
    put_line(b, "arm", m->arm);
    put_line(b, "verdict", m->verdict);
    put_line(b, "reason", m->reason);
    put_line(b, "stderr", m->stderr_tail);
    ridge_buf_printf(b, "run: %" PRId64 ", %" PRId64 " forks, %" PRId64 " rounds, %" PRId64 " samples of %" PRId64 " runs each\n",
                     f->run.id, m->n_forks, m->n_rounds, m->n_samples, m->inner_reps);
    for (size_t i = 0; i < m->n_metrics; i++)
        put_metric(b, &m->metrics[i]);
    put_pairs(b, "option", &m->options);
    put_pairs(b, "condition", &m->conditions);
    put_line(b, "run it again", ridge_cli_rerun(a, &f->run, m));
}

/* ---- JSON ---- */

static void put_json_member(struct ridge_arena *a, const struct found *f, const struct ridge_rd_member *m,
                            struct ridge_buf *b)
{
    const struct {
        const char *key, *value;
    } texts[] = {{"subject", m->subject}, {"backend", m->backend},        {"device", m->device},
                 {"target", m->target},   {"arm", m->arm},                {"yardstick", m->yardstick},
                 {"verdict", m->verdict}, {"reason", m->reason},          {"stderr", m->stderr_tail},
                 {"clock", m->clock_name}, {"rerun", ridge_cli_rerun(a, &f->run, m)}};
    ridge_json_open(b, NULL, '{');
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ridge_json_str(b, texts[i].key, texts[i].value);
    ridge_json_kvs(b, "options", &m->options);
    ridge_json_kvs(b, "conditions", &m->conditions);
    ridge_json_int(b, "forks", m->n_forks);
    ridge_json_int(b, "rounds", m->n_rounds);
    ridge_json_int(b, "samples", m->n_samples);
    ridge_json_int(b, "inner_reps", m->inner_reps);
    ridge_json_metrics(b, m);
    ridge_json_close(b, '}');
}

static int print_case(struct ridge_arena *a, const struct found *f, bool json)
{
    struct ridge_error err = {0};
    struct ridge_buf b = {0};
    if (json) {
        ridge_json_open(&b, NULL, '{');
        ridge_json_str(&b, "case", f->members.v[0]->case_id);
        ridge_json_int(&b, "run", f->run.id);
        ridge_json_open(&b, "members", '[');
    }
    for (size_t i = 0; i < f->members.n; i++) {
        if (json) {
            put_json_member(a, f, f->members.v[i], &b);
            continue;
        }
        ridge_buf_puts(&b, i > 0 ? "\n" : "");
        put_member(a, f, f->members.v[i], &b);
    }
    if (json)
        ridge_buf_puts(&b, "]}\n");
    int rc = ridge_cli_print(&b, NULL, &err);
    ridge_buf_deinit(&b);
    return rc;
}

static int print_runs(struct ridge_store *store, struct ridge_arena *a, bool json)
{
    struct ridge_rows t = {.columns = {"run", "name", "started", "status", "machine", "cases", "suite", NULL}};
    struct ridge_error err = {0};
    struct ridge_rd_run *runs = NULL;
    size_t n = 0;
    if (ridge_read_runs(store, a, &runs, &n, &err) != RIDGE_OK)
        return ridge_cli_error(&err);
    for (size_t i = 0; i < n; i++) {
        char when[48];
        const char *cells[] = {ridge_arena_printf(a, "%" PRId64, runs[i].id),
                               runs[i].name,
                               ridge_arena_str(a, ridge_view_utc(runs[i].started_utc_ns, when, sizeof when)),
                               runs[i].status,
                               runs[i].fitness,
                               ridge_arena_printf(a, "%" PRId64, runs[i].n_cases),
                               runs[i].suite_path};
        ridge_rows_add(&t, cells);
    }
    int rc = ridge_rows_print(&t, json);
    ridge_rows_deinit(&t);
    return rc;
}

/* [FILE:]NAME: a bare file means its last run, FILE: its list of runs. False: FILE is not there; then the whole may
 * still be a name with a colon. */
static bool split_file(struct ridge_arena *a, const char *operand, const char **file, const char **name)
{
    const char *colon = strrchr(operand, ':');
    *file = RESULTS;
    *name = operand;
    if (ridge_os_exists(operand) && strpbrk(operand, "./") != NULL) {
        *file = operand;
        *name = "last";
        return true;
    }
    if (colon == NULL)
        return true;
    *file = ridge_arena_strn(a, operand, (size_t)(colon - operand));
    *name = colon + 1;
    return ridge_os_exists(*file);
}

static int show(struct ridge_store *store, struct ridge_arena *a, const char *file, const char *name, bool json)
{
    struct ridge_error err = {0};
    struct ridge_rd_run run;
    struct found f = {.is_ambiguous = false};
    int rc;
    if (name[0] == '\0')
        return print_runs(store, a, json);
    if (ridge_read_run(store, a, name, &run, &err) == RIDGE_OK) /* a run's own id and name go first */
        return ridge_cli_write_report(store, file, name, json ? "json" : "table", NULL);
    if (!find_case(store, a, name, &f))
        rc = ridge_cli_error(&err);
    else
        rc = f.is_ambiguous ? refuse_ambiguous(name, &f) : print_case(a, &f, json);
    free(f.members.v);
    return rc;
}

int ridge_cli_show(const struct ridge_cli_args *args)
{
    const char *file, *name, *operand = args->operands[0];
    struct ridge_store *store = NULL;
    struct ridge_arena a = {0};
    struct ridge_rd_run run;
    int rc;
    if (!split_file(&a, operand, &file, &name) && ridge_os_exists(RESULTS)) {
        if ((rc = ridge_cli_open_store(RESULTS, &store)) != RIDGE_EXIT_OK)
            goto out;
        if (ridge_read_run(store, &a, operand, &run, NULL) == RIDGE_OK) {
            file = RESULTS;
            name = operand;
        } else {
            ridge_cli_say("ridge: %s: no such results file, and " RESULTS " has no run '%s'", file, operand);
            rc = RIDGE_EXIT_USAGE;
            goto out;
        }
    }
    rc = store != NULL ? RIDGE_EXIT_OK : ridge_cli_open_store(file, &store);
    if (rc == RIDGE_EXIT_OK)
        rc = show(store, &a, file, name, ridge_cli_value(args, "--json") != NULL);
out:
    ridge_arena_deinit(&a);
    if (store != NULL)
        ridge_store_close(store);
    return rc;
}
