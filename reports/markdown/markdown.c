/* Tables for a merge request or a README. */
#include "reports.h"
#include "view.h"
#include <inttypes.h>
#include <string.h>

static void put_cell(struct ridge_buf *b, const char *s)
{
    ridge_buf_puts(b, " ");
    ridge_text_markdown(b, s);
    ridge_buf_puts(b, " |");
}

static void put_group(struct ridge_buf *b, struct ridge_view *v, const struct ridge_view_group *vg)
{
    static const char *const times[] = {"time_ns", "p50_ns", "p90_ns", "p99_ns"};
    char text[96];
    ridge_buf_puts(b, "\n### ");
    ridge_text_markdown(b, vg->heading);
    ridge_buf_puts(b, vg->options[0] ? ", " : "");
    ridge_text_markdown(b, vg->options);
    ridge_buf_puts(b, "\n\n");
    if (vg->n_ranked) {
        ridge_buf_puts(b, "| backend |");
        if (vg->rate_metric)
            ridge_buf_printf(b, " %s | of peak |", vg->rate_unit);
        ridge_buf_printf(b, " time | p50 | p90 | p99 | vs best |\n|:--|%s--:|--:|--:|--:|:--|\n",
                         vg->rate_metric ? "--:|--:|" : "");
    }
    for (size_t i = 0; i < vg->n_ranked; i++) {
        const struct ridge_view_row *r = &vg->rows[i];
        ridge_buf_puts(b, "|");
        put_cell(b, r->label);
        if (vg->rate_metric) {
            put_cell(b, ridge_view_rate(vg, r->m, text, sizeof text));
            put_cell(b, ridge_view_percent(ridge_rd_metric(r->m, "peak_ratio"), text, sizeof text));
        }
        for (size_t t = 0; t < 4; t++)
            put_cell(b, ridge_view_time(r->m, times[t], text, sizeof text));
        put_cell(b, ridge_view_vs(vg, r, text, sizeof text));
        ridge_buf_puts(b, "\n");
    }
    for (size_t i = vg->n_ranked + vg->n_yardsticks; i < vg->g->n_members; i++) {
        const struct ridge_rd_member *m = vg->rows[i].m;
        ridge_buf_puts(b, i == vg->n_ranked + vg->n_yardsticks ? "\n- " : "- ");
        ridge_text_markdown(b, vg->rows[i].label);
        ridge_buf_puts(b, ": ");
        ridge_text_markdown(b, m->verdict ? m->verdict : "no result");
        ridge_buf_puts(b, m->reason && m->reason[0] ? ": " : "");
        ridge_text_markdown(b, m->reason ? m->reason : "");
        ridge_buf_puts(b, "\n");
    }
    const char *remarks = ridge_view_remarks(v, vg);
    if (remarks[0]) {
        ridge_buf_puts(b, "\n");
        ridge_text_markdown(b, remarks);
        ridge_buf_puts(b, "\n");
    }
}

RIDGE_REPORT_WRITER(ridge_report_markdown)
{
    (void)err;
    struct ridge_view v;
    char when[48];
    ridge_view_init(&v, in);
    ridge_buf_puts(out, "## Ridge: ");
    ridge_text_markdown(out, in->run->name ? in->run->name : "run");
    ridge_buf_printf(out, "\n\n%s, %" PRId64 " forks x %" PRId64 " rounds, %zu of %zu cases measured. ",
                     ridge_view_utc(in->run->started_utc_ns, when, sizeof when), in->run->forks, in->run->rounds,
                     v.n_ok, v.n_cases);
    ridge_text_markdown(out, in->run->fitness ? in->run->fitness : "not judged");
    ridge_buf_puts(out, in->run->why && in->run->why[0] ? ": " : "");
    ridge_text_markdown(out, in->run->why ? in->run->why : "");
    ridge_buf_puts(out, "\n");
    for (size_t i = 0; i < v.n_groups; i++)
        put_group(out, &v, &v.groups[i]);
    ridge_view_deinit(&v);
    return RIDGE_OK;
}
