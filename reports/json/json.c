/* Everything but the samples. Intervals that do not exist are null, refused metrics carry their reason. */
#include "json_out.h"
#include "reports.h"

static void put_run(struct ridge_buf *b, const struct ridge_rd_run *r)
{
    ridge_json_open(b, "run", '{');
    ridge_json_int(b, "id", r->id);
    const struct { const char *key, *value; } texts[] = {
        {"name", r->name}, {"suite", r->suite_path}, {"suite_text", r->suite_text}, {"command", r->command},
        {"version", r->version}, {"status", r->status}, {"fitness", r->fitness}, {"why", r->why},
        {"boot_id", r->boot_id}, {"host_class", r->host_class}, {"topology", r->topology}, {"statistic", r->statistic},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ridge_json_str(b, texts[i].key, texts[i].value);
    ridge_json_int(b, "started_utc_ns", r->started_utc_ns);
    ridge_json_int(b, "ended_utc_ns", r->ended_utc_ns);
    char seed[24];
    (void)snprintf(seed, sizeof seed, "%llu", (unsigned long long)r->seed);
    ridge_json_str(b, "seed", seed); /* 64 bits do not fit a JSON reader's double */
    ridge_json_int(b, "forks", r->forks);
    ridge_json_int(b, "rounds", r->rounds);
    ridge_json_kvs(b, "host", &r->host);
    ridge_json_close(b, '}');
}

static void put_families(struct ridge_buf *b, const struct ridge_rd_member *m)
{
    ridge_json_open(b, "families", '[');
    for (size_t i = 0; i < m->n_families; i++)
        ridge_json_str(b, NULL, m->families[i]);
    ridge_json_close(b, ']');
}

static void put_member(struct ridge_buf *b, const struct ridge_rd_member *m)
{
    ridge_json_open(b, NULL, '{');
    ridge_json_int(b, "member", m->i_member);
    const struct { const char *key, *value; } texts[] = {
        {"case", m->case_id}, {"subject", m->subject}, {"op", m->op}, {"backend", m->backend}, {"device", m->device},
        {"target", m->target}, {"arm", m->arm}, {"yardstick", m->yardstick}, {"model", m->model}, {"layer", m->layer},
        {"verdict", m->verdict}, {"reason", m->reason}, {"stderr_tail", m->stderr_tail}, {"warm", m->warm},
        {"clock", m->clock_name},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ridge_json_str(b, texts[i].key, texts[i].value);
    put_families(b, m);
    ridge_json_kvs(b, "shape", &m->shape);
    ridge_json_kvs(b, "options", &m->options);
    ridge_json_kvs(b, "conditions", &m->conditions);
    ridge_json_real(b, "flop", m->flop);
    ridge_json_real(b, "compulsory_bytes", m->compulsory_bytes);
    ridge_json_int(b, "forks", m->n_forks);
    ridge_json_int(b, "rounds", m->n_rounds);
    ridge_json_int(b, "samples", m->n_samples);
    ridge_json_int(b, "inner_reps", m->inner_reps);
    ridge_json_real(b, "clock_cost_ns", m->clock_cost_ns);
    ridge_json_real(b, "clock_resolution_ns", m->clock_resolution_ns);
    ridge_json_metrics(b, m);
    ridge_json_close(b, '}');
}

static void put_comparison(struct ridge_buf *b, const struct ridge_rd_group *g, const struct ridge_comparison *c)
{
    ridge_json_open(b, NULL, '{');
    ridge_json_int(b, "a", c->i_member_a < g->n_members ? g->members[c->i_member_a].i_member : -1);
    ridge_json_int(b, "b", c->i_member_b < g->n_members ? g->members[c->i_member_b].i_member : -1);
    ridge_json_real(b, "ratio", c->ratio);
    ridge_json_real(b, "low", c->low);
    ridge_json_real(b, "high", c->high);
    ridge_json_int(b, "pairs", c->n_pairs);
    ridge_json_int(b, "forks", c->n_forks);
    ridge_json_bool(b, "paired", c->paired);
    ridge_json_str(b, "estimator", c->estimator);
    ridge_json_str(b, "note", c->note);
    ridge_json_close(b, '}');
}

RIDGE_REPORT_WRITER(ridge_report_json)
{
    (void)err;
    ridge_json_open(out, NULL, '{');
    ridge_json_str(out, "format", "ridge-run-1");
    ridge_json_str(out, "ratio_means", "time(b) / time(a)");
    put_run(out, in->run);
    ridge_json_open(out, "groups", '[');
    for (size_t i = 0; i < in->n_groups; i++) {
        const struct ridge_rd_group *g = &in->groups[i];
        ridge_json_open(out, NULL, '{');
        ridge_json_int(out, "group", g->i_group);
        ridge_json_str(out, "title", g->title);
        ridge_json_str(out, "stop_reason", g->stop_reason);
        ridge_json_real(out, "width_ratio", g->width_ratio);
        ridge_json_open(out, "members", '[');
        for (size_t k = 0; k < g->n_members; k++)
            put_member(out, &g->members[k]);
        ridge_json_close(out, ']');
        ridge_json_open(out, "comparisons", '[');
        for (size_t k = 0; k < g->n_comparisons; k++)
            put_comparison(out, g, &g->comparisons[k]);
        ridge_json_close(out, ']');
        ridge_json_close(out, '}');
    }
    ridge_json_close(out, ']');
    ridge_json_close(out, '}');
    ridge_buf_puts(out, "\n");
    return RIDGE_OK;
}
