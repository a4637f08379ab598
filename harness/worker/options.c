/* Texts of a load message -> structs, by rows. A key or value that no row knows is never dropped. */
#include "worker/case.h"
#include "base/text.h"
#include <stdlib.h>
#include <string.h>

struct row_list {
    const struct ridge_option_row *v;
    size_t n;
};

static const struct ridge_option_row *find_row(const struct row_list *lists, size_t n_lists, const char *key)
{
    for (size_t i = 0; i < n_lists; i++)
        for (size_t j = 0; j < lists[i].n; j++)
            if (strcmp(lists[i].v[j].key, key) == 0)
                return &lists[i].v[j];
    return NULL;
}
static enum ridge_status check_known(struct ridge_arena *a, const struct row_list *lists, size_t n_lists,
                                     const struct ridge_kvs *kvs, struct ridge_error *err)
{
    for (size_t i = 0; i < kvs->n; i++) {
        const struct ridge_kv *kv = &kvs->v[i];
        const struct ridge_option_row *row = find_row(lists, n_lists, kv->key);
        if (row == NULL)
            return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, kv->key, "this worker does not know %.100s=%.300s", kv->key,
                              kv->value);
        struct ridge_error why = {0};
        const char *canonical;
        if (ridge_option_canonical(a, row, kv->value, &canonical, &why) != RIDGE_OK)
            return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, kv->key, "this worker does not know %.100s=%.300s: %.400s",
                              kv->key, kv->value, why.text);
    }
    return RIDGE_OK;
}
/* depth(n) needs a backend that takes requests asynchronously; open and offline can also be served one by one. */
static enum ridge_status read_scenario(struct ridge_worker_case *c, struct ridge_error *err)
{
    struct ridge_error why = {0};
    if (ridge_scenario_parse(c->options.scenario, &c->scenario, &why) != RIDGE_OK)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "scenario", "this worker does not know scenario=%.80s: %.400s",
                          c->options.scenario, why.text);
    if (c->scenario.kind == RIDGE_SCENARIO_DEPTH && !c->plugin->has_submit)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "scenario",
                          "backend %s takes no requests asynchronously, which scenario=%.80s needs", c->runner->name,
                          c->options.scenario);
    return RIDGE_OK;
}
static void merge(struct ridge_arena *a, struct ridge_kvs *into, const struct ridge_kvs *from)
{
    for (size_t i = 0; i < from->n; i++)
        ridge_kvs_set(a, into, from->v[i].key, from->v[i].value);
}
enum ridge_status ridge_case_parse(struct ridge_worker_case *c, const struct ridge_msg_load *m, struct ridge_error *err)
{
    const struct ridge_runner *r = c->runner;
    const struct row_list lists[] = {{c->op->fields, c->op->n_fields},
                                     {ridge_case_option_rows, ridge_n_case_option_rows},
                                     {r->options, r->options != NULL ? r->n_options : 0}};
    void *const bases[] = {c->shape = ridge_arena_alloc(&c->arena, c->op->shape_size + 1), &c->options,
                           c->backend_options = ridge_arena_alloc(&c->arena, r->options_size + 1)};
    struct ridge_kvs all = {0};
    merge(&c->arena, &all, &m->shape);
    merge(&c->arena, &all, &m->options);
    enum ridge_status status = check_known(&c->arena, lists, 3, &all, err);
    for (size_t i = 0; i < 3 && status == RIDGE_OK; i++)
        status = ridge_option_fill(lists[i].v, lists[i].n, &all, true, bases[i], err);
    if (status == RIDGE_OK)
        status = read_scenario(c, err);
    if (status == RIDGE_OK && c->op->validate != NULL)
        status = c->op->validate(c->shape, err);
    return status;
}
