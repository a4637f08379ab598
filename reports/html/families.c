/* The table that a suite's families give: who is ahead, by heading. */
#include "html.h"

static void put_contest(struct ridge_page *p, const struct ridge_view_contest *c)
{
    H(p, "<tr><th scope=row>");
    ridge_draw_text(p->b, c->name, 48);
    if (c->n > 0) {
        const double mean = ridge_view_geomean(c->log_sum, c->n);
        F(p, "<td>%zu<td%s><b>%.3f</b><td>%.2f<td>%.2f", c->n, mean >= 1 ? " class=win" : "", mean, c->least, c->most);
    } else {
        H(p, "<td>0<td>–<td>–<td>–");
    }
    for (size_t k = 0; k < RIDGE_N_SHARES; k++) {
        if (c->n_shares[k] > 0)
            F(p, "<td>%.3f", ridge_view_geomean(c->share_log_sum[k], c->n_shares[k]));
        else
            H(p, "<td>–");
    }
    H(p, "\n");
}

void ridge_html_families(struct ridge_page *p)
{
    const struct ridge_view *v = &p->view;
    if (v->n_families == 0)
        return;
    H(p, "<section id=families aria-labelledby=h-families><h2 id=h-families>Families</h2><p>Speed of each backend, with its fastest "
         "member of a subject, against the <b>best of the others</b> on that subject; above 1 it is ahead. Geometric means of the stored "
         "ratios; they have no interval. On the right the geometric mean of its share of what the machine can do in the same rounds.</p>"
         "<div class=scroll tabindex=0 role=region aria-label=\"Families\"><table class=families><thead><tr><th>backend<th>subjects"
         "<th>against the best other<th>least<th>most<th>of FMA peak<th>of a plain read<th>of a plain copy</thead>\n");
    for (size_t i = 0; i < v->n_families; i++) {
        const struct ridge_view_family *f = &v->families[i];
        H(p, "<tbody><tr class=head><th scope=rowgroup colspan=8>");
        ridge_draw_text(p->b, f->name, 100);
        F(p, " <small>%zu subject%s</small>\n", f->n_groups, f->n_groups == 1 ? "" : "s");
        for (size_t k = 0; k < f->n_contests; k++)
            put_contest(p, &f->contests[k]);
        H(p, "</tbody>\n");
    }
    H(p, "</table></div></section>\n");
}
