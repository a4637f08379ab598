/* Subject x backend. One short row a group: this is the only part that grows with the run. */
#include "html.h"
#include <math.h>
#include <string.h>

static void put_cell(struct ridge_page *p, const struct ridge_view_group *vg, const struct ridge_view_row *r)
{
    char text[64];
    size_t i = (size_t)(r - vg->rows);
    if (i >= vg->n_ranked) {
        bool unsupported = r->m->verdict && strcmp(r->m->verdict, "unsupported") == 0;
        H(p, unsupported ? "<td class=dim>○ unsupported" : "<td class=fail>✖ ");
        if (!unsupported)
            ridge_draw_text(p->b, r->m->verdict && strcmp(r->m->verdict, "ok") != 0 ? r->m->verdict : "no figures", 16);
        return;
    }
    if (r->standing == RIDGE_STANDING_BEST) {
        F(p, "<td%s <b>1.00</b>", vg->outcome == RIDGE_OUTCOME_WIN ? " class=win>★" : vg->outcome == RIDGE_OUTCOME_LEVEL ? " class=lev>≈" : ">");
        if (vg->rate_metric)
            F(p, " <small>%s</small>", ridge_view_rate(vg, r->m, text, sizeof text));
    } else if (r->standing == RIDGE_STANDING_LEVEL) {
        F(p, "<td class=lev>≈ level <small>%s</small>", ridge_view_interval(r->vs_low, r->vs_high, text, sizeof text));
    } else if (!isfinite(r->vs)) {
        H(p, "<td>not compared");
    } else if (r->standing == RIDGE_STANDING_UNKNOWN) {
        F(p, "<td>%.2f <small>no interval</small>", r->vs);
    } else {
        F(p, "<td>%.*f <small>%s</small>", r->vs > 0.994 || r->vs < 0.1 ? 3 : 2, r->vs, ridge_view_interval(r->vs_low, r->vs_high, text, sizeof text));
    }
}

static void put_row(struct ridge_page *p, size_t i_group, size_t n_columns)
{
    const struct ridge_view_group *vg = &p->view.groups[i_group];
    char text[48];
    H(p, "<tr><th scope=row>");
    if (p->is_detailed[i_group])
        F(p, "<a href=\"#g%zu\">", i_group);
    ridge_draw_text(p->b, vg->heading, 60);
    H(p, p->is_detailed[i_group] ? "</a> <small>" : " <small>");
    ridge_draw_text(p->b, vg->options, 40);
    F(p, "<td>%s", vg->n_ranked ? ridge_view_time(vg->rows[0].m, "time_ns", text, sizeof text) : "–");
    for (size_t c = 0; c < n_columns; c++) {
        size_t k = 0;
        while (k < vg->g->n_members && (vg->rows[k].i_label != p->by_wins[c] ||
                                        (k >= vg->n_ranked && k < vg->n_ranked + vg->n_yardsticks)))
            k++;
        if (k < vg->g->n_members)
            put_cell(p, vg, &vg->rows[k]);
        else
            H(p, "<td>–");
    }
    H(p, "\n");
}

void ridge_html_winners(struct ridge_page *p)
{
    const struct ridge_view *v = &p->view;
    size_t n_columns = v->n_labels < RIDGE_HTML_MAX_COLUMNS ? v->n_labels : RIDGE_HTML_MAX_COLUMNS;
    H(p, "<section id=winners aria-labelledby=h-winners><h2 id=h-winners>Winners</h2><p>Speed of each backend relative to the "
         "fastest on that subject, with the 95 % interval of the ratio. <b>★ 1.00</b>: clearly the fastest, the small figure is its rate in GFLOP/s "
         "or GB/s. <b>≈ level</b>: the interval holds 1, so neither is faster. 0.93: 93 % of the best's speed.</p>"
         "<p class=js hidden><label>Show subjects with <input id=filter type=search placeholder=\"e.g. k=512\"></label> "
         "<output id=shown for=filter></output></p>"
         "<div class=scroll tabindex=0 role=region aria-label=\"Winner table\"><table class=\"sortable matrix\" id=matrix><thead><tr>"
         "<th><button>subject</button><th><button>best time</button>");
    for (size_t c = 0; c < n_columns; c++) {
        H(p, "<th><button>");
        ridge_draw_text(p->b, v->labels[p->by_wins[c]].label, 32);
        H(p, "</button>");
    }
    H(p, "</thead><tbody>\n");
    for (size_t i = 0; i < v->n_groups; i++)
        put_row(p, i, n_columns);
    H(p, "</tbody></table></div>");
    if (n_columns < v->n_labels)
        F(p, "<p class=dim>%zu more backends do not fit: <code>ridge export --format csv</code>.</p>", v->n_labels - n_columns);
    H(p, "</section>\n");
}
