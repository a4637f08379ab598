/* ridge plan: groups and cases as they would run, with the expected time. */
#include "session.h"
#include <jansson.h>
#include <stdlib.h>

static json_t *text_or_replaced(const char *s)
{
    json_t *j = json_string(s);
    return j != NULL ? j : json_string("(not UTF-8)");
}

static json_t *member_json(const struct ridge_plan *p, const struct ridge_member *m)
{
    const struct ridge_case *c = &p->cases[m->i_case];
    json_t *j = json_object(), *options = json_object();
    json_object_set_new(j, "id", json_string(c->id));
    json_object_set_new(j, "subject", text_or_replaced(c->subject));
    json_object_set_new(j, "backend", text_or_replaced(c->backend));
    json_object_set_new(j, "device", text_or_replaced(c->device));
    json_object_set_new(j, "target", text_or_replaced(c->target));
    json_object_set_new(j, "arm", text_or_replaced(p->arms[m->i_arm].name));
    if (m->yardstick != NULL)
        json_object_set_new(j, "yardstick", text_or_replaced(m->yardstick));
    for (size_t i = 0; i < c->options.n; i++)
        json_object_set_new(options, c->options.v[i].key, text_or_replaced(c->options.v[i].value));
    json_object_set_new(j, "options", options);
    json_object_set_new(j, "flop", json_real(c->flop));
    json_object_set_new(j, "compulsory_bytes", json_real(c->compulsory_bytes));
    return j;
}

static void write_json(const struct ridge_plan *p, struct ridge_buf *out)
{
    json_t *root = json_object(), *groups = json_array();
    json_object_set_new(root, "name", text_or_replaced(p->name));
    json_object_set_new(root, "n_cases", json_integer((json_int_t)p->n_cases));
    json_object_set_new(root, "n_groups", json_integer((json_int_t)p->n_groups));
    json_object_set_new(root, "n_members", json_integer((json_int_t)p->n_members));
    json_object_set_new(root, "expected_ns", json_integer((json_int_t)ridge_plan_expected_ns(p)));
    for (size_t i = 0; i < p->n_groups; i++) {
        json_t *g = json_object(), *members = json_array();
        json_object_set_new(g, "id", json_string(p->groups[i].id));
        json_object_set_new(g, "title", text_or_replaced(p->groups[i].title));
        for (size_t j = 0; j < p->groups[i].n_members; j++)
            json_array_append_new(members, member_json(p, &p->members[p->groups[i].members[j]]));
        json_object_set_new(g, "members", members);
        json_array_append_new(groups, g);
    }
    json_object_set_new(root, "groups", groups);
    char *text = json_dumps(root, JSON_INDENT(1));
    ridge_buf_puts(out, text != NULL ? text : "{}");
    ridge_buf_puts(out, "\n");
    free(text);
    json_decref(root);
}

/* The options along which the suite compares, so that members of one backend can be told apart. */
static void put_compared(const struct ridge_plan *p, const struct ridge_case *c, struct ridge_buf *out)
{
    for (size_t i = 0; p->compare != NULL && p->compare[i] != NULL; i++) {
        const char *value = ridge_kvs_get(&c->options, p->compare[i]);
        if (value == NULL)
            continue;
        ridge_buf_puts(out, "/");
        ridge_text_terminal(out, value);
    }
}

static void write_text(const struct ridge_plan *p, struct ridge_buf *out)
{
    char time[32];
    for (size_t i = 0; i < p->n_groups; i++) {
        const struct ridge_group *g = &p->groups[i];
        ridge_text_terminal(out, g->title);
        ridge_buf_puts(out, "\n ");
        for (size_t j = 0; j < g->n_members; j++) {
            const struct ridge_member *m = &p->members[g->members[j]];
            ridge_buf_puts(out, " ");
            if (m->yardstick != NULL) {
                ridge_buf_printf(out, "(%s)", m->yardstick);
                continue;
            }
            ridge_text_terminal(out, p->cases[m->i_case].backend);
            put_compared(p, &p->cases[m->i_case], out);
            if (p->n_arms > 1) {
                ridge_buf_puts(out, "/");
                ridge_text_terminal(out, p->arms[m->i_arm].name);
            }
        }
        ridge_buf_puts(out, "\n");
    }
    size_t n_ranked = 0;
    for (size_t i = 0; i < p->n_members; i++)
        n_ranked += p->members[i].yardstick == NULL;
    ridge_text_format_ns((double)ridge_plan_expected_ns(p), time, sizeof time);
    ridge_buf_printf(out, "%zu groups, %zu cases to compare, %zu yardsticks, %lld fork%s; about %s\n", p->n_groups,
                     n_ranked, p->n_members - n_ranked, (long long)p->settings.forks,
                     p->settings.forks == 1 ? "" : "s", time);
}

int ridge_cli_plan(const struct ridge_cli_args *args)
{
    char quick[4096];
    const char *set[RIDGE_CLI_MAX_VALUES + 1];
    struct ridge_cli_worker worker = {0};
    struct ridge_plan plan = {0};
    struct ridge_error err = {0};
    struct ridge_buf b = {0};
    struct ridge_session_config c = {
        .suite_path = args->operands[0], .set = set, .filter = ridge_cli_value(args, "--filter")};
    (void)ridge_cli_values(args, "--set", set);
    if (c.suite_path == NULL) {
        if (!ridge_cli_data_file("suites/quick.json", quick, sizeof quick))
            return ridge_cli_usage(args->verb, "the quick suite was not installed with this program; name a SUITE");
        c.suite_path = quick;
    }
    int rc = ridge_cli_worker_open(&worker, &err) == RIDGE_OK ? RIDGE_EXIT_OK : ridge_cli_error(&err);
    if (rc == RIDGE_EXIT_OK)
        rc = ridge_cli_load_plan(&c, &worker, &plan);
    if (rc == RIDGE_EXIT_OK) {
        if (ridge_cli_value(args, "--json") != NULL)
            write_json(&plan, &b);
        else
            write_text(&plan, &b);
        rc = ridge_cli_print(&b, NULL, &err);
    }
    ridge_buf_deinit(&b);
    ridge_plan_deinit(&plan);
    ridge_cli_worker_close(&worker);
    return rc;
}
