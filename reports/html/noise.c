/* What disturbed the run: the words of the judge, then every subject's width, stop, disturbance and clock. */
#include "html.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define MAX_ROWS 200

static const struct { const char *reason, *words; } stops[] = {
    {"width", "precise enough"}, {"cap_rounds", "▲ most rounds used"}, {"cap_time", "▲ out of time"},
};

static const char *stop_words(const char *reason)
{
    for (size_t i = 0; reason && i < sizeof stops / sizeof stops[0]; i++)
        if (strcmp(stops[i].reason, reason) == 0)
            return stops[i].words;
    return reason && reason[0] ? reason : "–";
}

struct worst {
    double disturbed, clock_low, clock_high, clock;
    size_t n_not_steady;
    int64_t n_samples;
};

static struct worst worst_of(const struct ridge_view_group *vg)
{
    struct worst w = {NAN, NAN, NAN, NAN, 0, 0};
    for (size_t i = 0; i < vg->n_ranked; i++) {
        const struct ridge_rd_member *m = vg->rows[i].m;
        const struct ridge_metric *d = ridge_rd_metric(m, "disturbed_ratio"), *c = ridge_rd_metric(m, "clock_hz");
        if (ridge_view_has(d))
            w.disturbed = fmax(w.disturbed, d->value); /* fmax drops NAN */
        if (ridge_view_has(c)) {
            w.clock = isnan(w.clock) ? c->value : w.clock;
            w.clock_low = fmin(w.clock_low, c->value);
            w.clock_high = fmax(w.clock_high, c->value);
        }
        w.n_not_steady += m->warm && m->warm[0] != '\0' && strcmp(m->warm, "warm") != 0; /* not_steady, too_few_runs */
        w.n_samples += m->n_samples;
    }
    return w;
}

static void put_row(struct ridge_page *p, size_t i_group)
{
    const struct ridge_view_group *vg = &p->view.groups[i_group];
    struct worst w = worst_of(vg);
    char low[32], high[32];
    H(p, "<tr><th scope=row>");
    ridge_draw_text(p->b, vg->heading, 48);
    H(p, " <small>");
    ridge_draw_text(p->b, vg->options, 40);
    H(p, "</small><td>");
    ridge_draw_text(p->b, stop_words(vg->g->stop_reason), 40);
    if (isfinite(vg->g->width_ratio) && vg->g->width_ratio > 0)
        F(p, "<td>± %.2f %%", 100 * vg->g->width_ratio);
    else
        H(p, "<td>–");
    F(p, "<td>%" PRId64, w.n_samples);
    if (isfinite(w.disturbed))
        F(p, w.disturbed > 0.01 ? "<td class=fail>▲ %.2f %%" : "<td>%.2f %%", 100 * w.disturbed);
    else
        H(p, "<td>unknown");
    if (isfinite(w.clock))
        F(p, "<td>%s to %s", ridge_text_format_si(w.clock_low, "Hz", low, sizeof low),
          ridge_text_format_si(w.clock_high, "Hz", high, sizeof high));
    else
        H(p, "<td>unknown");
    if (w.n_not_steady)
        F(p, "<td class=fail>▲ %zu not known to be steady\n", w.n_not_steady);
    else
        H(p, "<td>warm\n");
}

static void put_timeline(struct ridge_page *p)
{
    const struct ridge_report_input *in = p->view.in;
    struct ridge_arena a = {0};
    struct ridge_error err = {0};
    struct ridge_rd_block *blocks = NULL;
    struct ridge_buf picture = {0};
    size_t n = 0;
    if (in->store != NULL && ridge_read_blocks(in->store, &a, in->run->id, &blocks, &n, &err) == RIDGE_OK &&
        ridge_draw_timeline(&picture, blocks, n)) {
        H(p, "<figure class=wide><figcaption>Clock of every block against the run's median, in the order of measurement; "
             "▲ the hypervisor took time away</figcaption>");
        H(p, picture.data);
        H(p, "</figure>\n");
    }
    ridge_buf_deinit(&picture);
    ridge_arena_deinit(&a);
}

void ridge_html_noise(struct ridge_page *p)
{
    const struct ridge_rd_run *run = p->view.in->run;
    H(p, "<section id=noise aria-labelledby=h-noise><h2 id=h-noise>Noise</h2><p>The judge says <b>");
    T(p, run->fitness && run->fitness[0] ? run->fitness : "nothing");
    H(p, "</b>: ");
    T(p, run->why && run->why[0] ? run->why : "no reason was stored");
    H(p, ".</p><p>Disturbance is what comes from outside: CPU time taken by the hypervisor (steal) or by other processes, and samples during which the worker "
         "was moved to another CPU. A slow sample alone is never called disturbed. The clock is measured by a short chain of "
         "dependent additions (the canary) between blocks. Loads from L1 beside it show when another hardware thread, perhaps of a neighbour "
         "on the same host, has a part of the core: such a block is measured again, up to three times, and counts as disturbed if that did not help.</p>");
    put_timeline(p);
    H(p, "<div class=scroll tabindex=0 role=region aria-label=\"Noise by subject\"><table class=sortable><thead><tr>"
         "<th><button>subject</button><th><button>why it stopped</button><th><button>widest comparison</button>"
         "<th><button>samples</button><th><button>disturbed, worst</button><th><button>clock</button><th><button>warm-up</button>"
         "</thead><tbody>\n");
    size_t n = p->n_detailed < MAX_ROWS ? p->n_detailed : MAX_ROWS;
    for (size_t i = 0; i < n; i++)
        put_row(p, p->detailed[i]);
    H(p, "</tbody></table></div></section>\n");
}
