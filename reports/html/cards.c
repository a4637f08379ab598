/* One card a subject: its table, bars and latency picture; then percent of peak over all of them. */
#include "html.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define N_OPEN 6

static void put_line(struct ridge_page *p, const struct ridge_view_group *vg, const struct ridge_view_row *r)
{
    static const char *const times[] = {"time_ns", "p50_ns", "p90_ns", "p99_ns"};
    char text[96];
    H(p, "<tr><th scope=row>");
    ridge_draw_text(p->b, r->label, 60);
    if (vg->rate_metric) {
        F(p, "<td>%s", ridge_view_rate(vg, r->m, text, sizeof text));
        F(p, "<td>%s", ridge_view_percent(ridge_rd_metric(r->m, "peak_ratio"), text, sizeof text));
    }
    for (size_t i = 0; i < 4; i++)
        F(p, "<td>%s", ridge_view_time(r->m, times[i], text, sizeof text));
    F(p, "<td class=l>%s\n", ridge_view_vs(vg, r, text, sizeof text));
}

static void put_yardstick(struct ridge_page *p, const struct ridge_view_group *vg, const struct ridge_view_row *r)
{
    char text[64];
    const struct ridge_metric *flop = ridge_rd_metric(r->m, "flop_per_s"), *bytes = ridge_rd_metric(r->m, "bytes_per_s");
    const struct ridge_metric *rate = ridge_view_has(flop) ? flop : bytes;
    H(p, "<tr class=dim><th scope=row>");
    ridge_draw_text(p->b, r->label, 40);
    if (vg->rate_metric) {
        F(p, "<td>%s", ridge_view_has(rate) ? ridge_view_number(rate->value / 1e9, text, sizeof text) : "-");
        F(p, "%s<td>", ridge_view_has(rate) && rate == bytes ? " GB/s" : "");
    }
    F(p, "<td>%s<td><td><td><td class=l>yardstick, no rank\n", ridge_view_time(r->m, "time_ns", text, sizeof text));
}

static void put_table(struct ridge_page *p, const struct ridge_view_group *vg)
{
    H(p, "<div class=scroll tabindex=0 role=region aria-label=\"Figures\"><table><thead><tr><th>backend");
    if (vg->rate_metric)
        F(p, "<th>%s<th>of peak", vg->rate_unit);
    H(p, "<th>time<th>p50<th>p90<th>p99<th class=l>vs best</thead><tbody>\n");
    for (size_t i = 0; i < vg->g->n_members; i++) {
        const struct ridge_view_row *r = &vg->rows[i];
        if (i < vg->n_ranked)
            put_line(p, vg, r);
        else if (i < vg->n_ranked + vg->n_yardsticks)
            put_yardstick(p, vg, r);
        else {
            H(p, "<tr><th scope=row>");
            ridge_draw_text(p->b, r->label, 60);
            F(p, "<td colspan=%d class=\"l wrap %s\">", vg->rate_metric ? 7 : 5,
              r->m->verdict && strcmp(r->m->verdict, "unsupported") == 0 ? "dim" : "fail");
            T(p, r->m->verdict && strcmp(r->m->verdict, "ok") != 0 ? r->m->verdict : "no figures");
            H(p, r->m->reason && r->m->reason[0] ? ": " : "\n");
            ridge_draw_text(p->b, r->m->reason ? r->m->reason : "", 200);
            H(p, "\n");
        }
    }
    H(p, "</tbody></table></div>");
}

static void put_facts(struct ridge_page *p, const struct ridge_view_group *vg)
{
    char text[48];
    const struct ridge_rd_member *m = vg->n_ranked ? vg->rows[0].m : NULL;
    const struct ridge_metric *intensity = m ? ridge_rd_metric(m, "intensity_flop_per_byte") : NULL;
    H(p, "<p class=dim>");
    if (m && m->flop > 0)
        F(p, "%s of work, ", ridge_text_format_si(m->flop, "FLOP", text, sizeof text));
    if (m && m->compulsory_bytes > 0)
        F(p, "at least %s to move, ", ridge_text_format_bytes(m->compulsory_bytes, text, sizeof text));
    if (ridge_view_has(intensity))
        F(p, "%.1f FLOP/B; ", intensity->value);
    F(p, "%" PRId64 " fork%s × %" PRId64 " rounds", vg->n_forks, vg->n_forks == 1 ? "" : "s", vg->n_rounds);
    if (m && m->inner_reps > 1)
        F(p, "; each sample of the best is the mean of %" PRId64 " runs", m->inner_reps);
    const char *remarks = ridge_view_remarks(&p->view, vg);
    H(p, remarks[0] ? ". " : ".");
    ridge_draw_text(p->b, remarks, 400);
    const char *note = NULL;
    for (size_t i = 1; i < vg->n_ranked && note == NULL; i++)
        note = vg->rows[i].note;
    if (note) {
        H(p, remarks[0] ? ". Comparisons: " : " Comparisons: ");
        ridge_draw_text(p->b, note, 120);
        H(p, ".");
    }
    H(p, "</p>");
}

static void put_card(struct ridge_page *p, size_t i_group, bool open)
{
    struct ridge_view_group *vg = &p->view.groups[i_group];
    F(p, "<details class=card id=g%zu%s><summary><h3>", i_group, open ? " open" : "");
    ridge_draw_text(p->b, vg->heading, 120);
    H(p, " <small>");
    ridge_draw_text(p->b, vg->options, 80);
    H(p, "</small></h3>");
    if (vg->n_ranked > 1) {
        H(p, "<span class=who>");
        H(p, vg->outcome == RIDGE_OUTCOME_WIN ? "★ " : vg->outcome == RIDGE_OUTCOME_LEVEL ? "≈ level: " : "");
        ridge_draw_text(p->b, vg->rows[0].label, 40);
        for (size_t i = 1; i < vg->n_ranked && vg->outcome == RIDGE_OUTCOME_LEVEL; i++)
            if (vg->rows[i].standing == RIDGE_STANDING_LEVEL) {
                H(p, ", ");
                ridge_draw_text(p->b, vg->rows[i].label, 40);
            }
        H(p, "</span>");
    }
    H(p, "</summary>");
    put_table(p, vg);
    put_facts(p, vg);
    if (vg->n_ranked) {
        F(p, "<div class=pair><figure><figcaption><b>%s</b> per backend, %s is better. The bracket is the 95 %% interval.</figcaption>",
          vg->rate_metric ? vg->rate_unit : "Time", vg->rate_metric ? "longer" : "shorter");
        ridge_draw_bars(p->b, vg);
        H(p, "</figure>");
        size_t before = p->b->n;
        H(p, "<figure><figcaption><b>Latency</b>: share of samples at or below a time. Left is faster, steep is steady; "
             "the marker is the median, the slowest 2 % are cut off.</figcaption>");
        if (ridge_draw_ecdf(p->b, &p->view, vg))
            H(p, "</figure>");
        else {
            p->b->n = before;
            p->b->data[before] = '\0';
        }
        H(p, "</div>");
    }
    H(p, "</details>\n");
}

void ridge_html_cards(struct ridge_page *p)
{
    H(p, "<section id=subjects aria-labelledby=h-subjects><h2 id=h-subjects>Each subject</h2>");
    if (p->n_detailed < p->view.n_groups)
        F(p, "<p>Details of %zu of %zu subjects: those with failures, noise, slow backends or clear winners. The rest: "
             "<code>ridge show CASE</code>.</p>", p->n_detailed, p->view.n_groups);
    if (p->n_detailed > N_OPEN)
        H(p, "<p class=js hidden><button id=openall>Open all</button></p>");
    for (size_t i = 0; i < p->n_detailed; i++)
        put_card(p, p->detailed[i], i < N_OPEN);
    H(p, "</section>\n");
}

void ridge_html_peak(struct ridge_page *p)
{
    size_t n = 0, *with = ridge_arena_array(&p->view.arena, p->n_detailed + 1, sizeof *with);
    for (size_t i = 0; i < p->n_detailed && n < 60; i++)
        if (p->view.groups[p->detailed[i]].n_ranked &&
            ridge_view_has(ridge_rd_metric(p->view.groups[p->detailed[i]].rows[0].m, "peak_ratio")))
            with[n++] = p->detailed[i];
    H(p, "<section id=peak aria-labelledby=h-peak><h2 id=h-peak>Percent of peak</h2>");
    if (n == 0)
        H(p, "<p>No subject of this run has both FLOPs and a measured FMA peak.</p>");
    else {
        H(p, "<p>How much of this machine's measured multiply-add speed each backend uses. The peak is measured in the same rounds, "
             "so it feels the same clock and the same neighbours. Far from 100 %: memory, too little work, or a weak kernel.</p><figure class=wide>");
        ridge_draw_dots(p->b, &p->view, with, n);
        H(p, "</figure>");
    }
    H(p, "</section>\n");
}
