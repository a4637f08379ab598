#include "draw.h"
#include <math.h>

#define ROW 34.0
#define MAX_LEGEND 16

static double top_of_scale(const struct ridge_view *v, const size_t *i_groups, size_t n)
{
    double top = 1;
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < v->groups[i_groups[i]].n_ranked; k++) {
            const struct ridge_metric *x = ridge_rd_metric(v->groups[i_groups[i]].rows[k].m, "peak_ratio");
            if (ridge_view_has(x))
                top = fmax(top, x->value);
        }
    return fmin(top * 1.03, 10);
}

static void put_line(struct ridge_buf *b, const struct ridge_view_group *vg, double y, double top)
{
    char text[32];
    ridge_buf_printf(b, "<text y=\"%.0f\">", y + 11);
    ridge_draw_text(b, vg->heading, 36);
    ridge_buf_puts(b, "<tspan class=\"m\"> ");
    ridge_draw_text(b, vg->options, 22);
    ridge_buf_printf(b, "</tspan></text><path class=\"grid\" d=\"M0 %.0fh%.0f\"/>", y + 23, RIDGE_DRAW_WIDTH);
    double last_x = -100, shift = 0;
    for (size_t k = vg->n_ranked; k-- > 0;) { /* the fastest is drawn last; neighbours step aside */
        const struct ridge_metric *x = ridge_rd_metric(vg->rows[k].m, "peak_ratio");
        if (!ridge_view_has(x))
            continue;
        double at = 6 + (RIDGE_DRAW_WIDTH - 12) * fmin(x->value / top, 1);
        shift = fabs(at - last_x) < 8 && shift >= 0 ? -6 : fabs(at - last_x) < 8 ? 6 : 0;
        last_x = at;
        ridge_buf_puts(b, "<g class=\"mark\"><title>");
        ridge_draw_text(b, vg->rows[k].label, 60);
        ridge_buf_printf(b, ": %s of peak</title>", ridge_view_percent(x, text, sizeof text));
        ridge_draw_marker(b, vg->rows[k].i_label, at, y + 23 + shift, 5);
        ridge_buf_puts(b, "</g>");
    }
}

void ridge_draw_dots(struct ridge_buf *b, const struct ridge_view *v, const size_t *i_groups, size_t n)
{
    size_t i_labels[MAX_LEGEND], n_labels = v->n_labels < MAX_LEGEND ? v->n_labels : MAX_LEGEND;
    for (size_t i = 0; i < n_labels; i++)
        i_labels[i] = i;
    double legend = 18 * (double)((n_labels + 1) / 2) + 10, top = top_of_scale(v, i_groups, n);
    double height = legend + ROW * (double)n + 20;
    ridge_buf_printf(b, "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"share of FMA peak, one line a subject, "
                        "one marker a backend\">", RIDGE_DRAW_WIDTH, height);
    (void)ridge_draw_legend(b, v, i_labels, n_labels, 10);
    for (int percent = 0; percent <= 100 * top; percent += top > 2 ? 100 : 25) {
        double x = 6 + (RIDGE_DRAW_WIDTH - 12) * percent / 100.0 / top;
        ridge_buf_printf(b, "<path class=\"%s\" d=\"M%.1f %.0fV%.0f\"/><text class=\"m %s\" x=\"%.1f\" y=\"%.0f\">%d %%</text>",
                         percent == 100 ? "peak" : "grid", x, legend, height - 16, percent == 0 ? "" : x > 420 ? "e" : "c",
                         percent == 0 ? 0 : x > 420 ? RIDGE_DRAW_WIDTH : x, height - 2, percent);
    }
    for (size_t i = 0; i < n; i++)
        put_line(b, &v->groups[i_groups[i]], legend + ROW * (double)i, top);
    ridge_buf_puts(b, "</svg>");
}
