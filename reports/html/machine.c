/* The machine, the versions, the commands that repeat a case, the glossary and the data block. */
#include "html.h"
#include "json_out.h"
#include <inttypes.h>
#include <string.h>

/* 110100480 is hard to read: the same figure in words beside it. */
static void put_bytes(struct ridge_page *p, const struct ridge_kv *kv)
{
    int64_t bytes;
    char text[32];
    size_t n = strlen(kv->key);
    if (n > 6 && strcmp(kv->key + n - 6, "_bytes") == 0 && ridge_text_int(kv->value, &bytes, NULL) == RIDGE_OK && bytes > 0)
        F(p, " (%s)", ridge_text_format_bytes((double)bytes, text, sizeof text));
}

static void put_pairs(struct ridge_page *p, const struct ridge_kvs *kvs)
{
    H(p, "<dl class=facts>");
    for (size_t i = 0; i < kvs->n; i++) {
        H(p, "<div><dt>");
        T(p, kvs->v[i].key);
        H(p, "<dd>");
        ridge_draw_text(p->b, kvs->v[i].value, 600);
        put_bytes(p, &kvs->v[i]);
        H(p, "</div>\n");
    }
    H(p, "</dl>");
}

static void put_versions(struct ridge_page *p)
{
    const struct ridge_view *v = &p->view;
    bool *seen = ridge_arena_array(&p->view.arena, v->n_labels + 1, sizeof *seen);
    H(p, "<h3>What ran, and how it was set</h3>");
    for (size_t i = 0; i < v->n_groups; i++)
        for (size_t k = 0; k < v->groups[i].n_ranked; k++) {
            const struct ridge_view_row *r = &v->groups[i].rows[k];
            if (seen[r->i_label] || r->m->conditions.n == 0)
                continue;
            seen[r->i_label] = true;
            H(p, "<details><summary>");
            ridge_draw_text(p->b, r->label, 60);
            const char *version = ridge_kvs_get(&r->m->conditions, "library.version");
            H(p, version ? " <small>" : "");
            ridge_draw_text(p->b, version ? version : "", 60);
            H(p, version ? "</small></summary>" : "</summary>");
            put_pairs(p, &r->m->conditions);
            H(p, "</details>");
        }
}

void ridge_html_machine(struct ridge_page *p)
{
    const struct ridge_rd_run *run = p->view.in->run;
    H(p, "<section id=machine aria-labelledby=h-machine><h2 id=h-machine>Machine</h2>");
    if (run->host_class && run->host_class[0]) {
        H(p, "<p>Host class: <code>");
        ridge_draw_text(p->b, run->host_class, 400);
        H(p, "</code>. Runs of one class may be compared over time.</p>");
    }
    put_pairs(p, &run->host);
    H(p, "<h3>Topology</h3><pre tabindex=0>");
    ridge_draw_text(p->b, run->topology && run->topology[0] ? run->topology : "not stored", 20000);
    H(p, "</pre>");
    put_versions(p);
    H(p, "</section>\n");
}

static void put_command(struct ridge_page *p, const char *label, const char *command)
{
    H(p, "<div class=cmd><span>");
    ridge_draw_text(p->b, label, 60);
    H(p, "</span><pre tabindex=0>");
    T(p, command);
    H(p, "</pre></div>\n");
}

void ridge_html_rerun(struct ridge_page *p)
{
    const struct ridge_report_input *in = p->view.in;
    struct ridge_arena a = {0};
    H(p, "<section id=rerun aria-labelledby=h-rerun><h2 id=h-rerun>Run it again</h2>");
    if (in->run->command && in->run->command[0])
        put_command(p, "the whole run", in->run->command);
    if (in->file != NULL) {
        struct ridge_buf all = {0};
        ridge_buf_puts(&all, "ridge export ");
        ridge_text_shell(&all, in->file);
        ridge_buf_puts(&all, " --format csv");
        put_command(p, "all figures as a table", all.data);
        ridge_buf_deinit(&all);
    }
    for (size_t i = 0; in->rerun != NULL && i < p->n_detailed; i++) {
        const struct ridge_view_group *vg = &p->view.groups[p->detailed[i]];
        H(p, "<details><summary>");
        ridge_draw_text(p->b, vg->heading, 100);
        H(p, " <small>");
        ridge_draw_text(p->b, vg->options, 60);
        H(p, "</small></summary>");
        for (size_t k = 0; k < vg->g->n_members; k++)
            if (k < vg->n_ranked || k >= vg->n_ranked + vg->n_yardsticks)
                put_command(p, vg->rows[k].label, in->rerun(&a, in->run, vg->rows[k].m));
        H(p, "</details>\n");
    }
    ridge_arena_deinit(&a);
    H(p, "</section>\n");
}

static const struct { const char *term, *text; } glossary[] = {
    {"backend", "The library or engine that does the work, for example <code>onednn</code>. <code>ridge:avx2</code> is backend ridge in its variant avx2."},
    {"subject", "What is run: a kernel problem with its sizes, or a model. The same sizes with other options (threads, cold cache) are a subject of their own here."},
    {"time", "The headline: the median over all blocks of the block statistic. Ranks, GFLOP/s and comparisons use it."},
    {"block statistic", "A block is one turn of one backend, 10 to 50 ms of repeated runs. Of each block one figure is kept: the 10th percentile for kernels (the undisturbed speed), the median for models."},
    {"p50, p90, p99", "Of 100 runs, 50, 90 or 99 were at most this slow. All samples count, the disturbed ones too. A percentile that the number of samples cannot carry is not printed: p99 needs 299."},
    {"of peak", "GFLOP/s as a share of the fastest multiply-add loop that Ridge could run on this machine, measured in the same rounds."},
    {"vs best", "Speed relative to the fastest backend of that subject, from blocks measured in the same rounds, with its 95 % interval."},
    {"level", "The interval of the ratio holds 1: by this data neither is faster. More forks and rounds may part them."},
    {"fork, round", "A fork is a fresh set of processes (a new memory layout); in each round every backend has one turn, in random order, so drift of the machine hits all alike."},
    {"yardstick", "A simple loop measured beside the backends: FMA peak, plain read and plain copy of the same bytes. It has no rank; it shows what the machine could do."},
    {"quiet, noisy, unfit", "What the run says about the machine while it measured. Unfit: too much came from outside to believe differences."},
    {"GFLOP/s", "Billions of floating-point operations a second that the problem needs, however the backend really does it."},
    {"FLOP/B", "Arithmetic intensity: operations per byte that must be moved at least. Low values are bound by memory, high ones by arithmetic."},
};

void ridge_html_glossary(struct ridge_page *p)
{
    H(p, "<section id=glossary aria-labelledby=h-glossary><h2 id=h-glossary>Words used here</h2><dl class=words>");
    for (size_t i = 0; i < sizeof glossary / sizeof glossary[0]; i++)
        F(p, "<dt>%s<dd>%s", glossary[i].term, glossary[i].text);
    H(p, "</dl></section>\n");
}

/* For scripts of the reader's own: the detailed rows. No figure here that is not stored. */
void ridge_html_data(struct ridge_page *p)
{
    struct ridge_buf *b = p->b;
    const struct ridge_rd_run *run = p->view.in->run;
    H(p, "<script type=\"application/json\" id=\"ridge-data\">\n"); /* the newline tells the writer that nothing came before */
    ridge_json_open(b, NULL, '{');
    ridge_json_int(b, "run", run->id);
    ridge_json_str(b, "name", run->name);
    ridge_json_str(b, "fitness", run->fitness);
    ridge_json_open(b, "groups", '[');
    for (size_t i = 0; i < p->n_detailed; i++) {
        const struct ridge_view_group *vg = &p->view.groups[p->detailed[i]];
        ridge_json_open(b, NULL, '{');
        ridge_json_str(b, "subject", vg->heading);
        ridge_json_str(b, "options", vg->options);
        ridge_json_open(b, "members", '[');
        for (size_t k = 0; k < vg->n_ranked; k++) {
            const struct ridge_metric *t = ridge_rd_metric(vg->rows[k].m, "time_ns");
            ridge_json_open(b, NULL, '{');
            ridge_json_str(b, "case", vg->rows[k].m->case_id);
            ridge_json_str(b, "backend", vg->rows[k].label);
            ridge_json_real(b, "time_ns", t->value);
            ridge_json_real(b, "vs_best", vg->rows[k].vs);
            ridge_json_real(b, "low", vg->rows[k].vs_low);
            ridge_json_real(b, "high", vg->rows[k].vs_high);
            ridge_json_close(b, '}');
        }
        ridge_json_close(b, ']');
        ridge_json_close(b, '}');
    }
    ridge_json_close(b, ']');
    ridge_json_close(b, '}');
    H(p, "\n</script>\n");
}
