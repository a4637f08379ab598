#include "draw.h"
#include <math.h>
#include <string.h>

#define ROW 38.0
#define MAX_BARS 24

struct scale {
    const char *metric;
    double max, peak;
};

static struct scale pick_scale(const struct ridge_view_group *vg)
{
    struct scale s = {.metric = vg->rate_metric ? vg->rate_metric : "time_ns"};
    for (size_t i = 0; i < vg->n_ranked; i++) {
        const struct ridge_metric *x = ridge_rd_metric(vg->rows[i].m, s.metric);
        if (ridge_view_has(x))
            s.max = fmax(s.max, fmax(x->value, isfinite(x->high) ? x->high : 0));
    }
    for (size_t i = vg->n_ranked; i < vg->n_ranked + vg->n_yardsticks; i++) {
        const struct ridge_metric *x = ridge_rd_metric(vg->rows[i].m, s.metric);
        if (strcmp(vg->rows[i].m->yardstick, "fma") == 0 && strcmp(s.metric, "flop_per_s") == 0 && ridge_view_has(x))
            s.peak = x->value;
    }
    s.max = fmax(s.max, s.peak) * 1.01;
    return s;
}

static void put_bar(struct ridge_buf *b, const struct ridge_view_group *vg, const struct ridge_view_row *r,
                    const struct scale *s, double y)
{
    char value[48], percent[24], vs[96];
    const struct ridge_metric *x = ridge_rd_metric(r->m, s->metric), *peak = ridge_rd_metric(r->m, "peak_ratio");
    double per_unit = RIDGE_DRAW_WIDTH / (s->max > 0 ? s->max : 1), width = ridge_view_has(x) ? x->value * per_unit : 0;
    if (vg->rate_metric)
        ridge_view_rate(vg, r->m, value, sizeof value);
    else
        ridge_view_time(r->m, "time_ns", value, sizeof value);
    ridge_buf_puts(b, "<g class=\"mark\" tabindex=\"0\"><title>");
    ridge_draw_text(b, r->label, 80);
    ridge_buf_printf(b, ": %s %s, vs best %s</title>", value, vg->rate_metric ? vg->rate_unit : "",
                     ridge_view_vs(vg, r, vs, sizeof vs));
    ridge_draw_marker(b, r->i_label, 6, y + 8, 4.5);
    ridge_buf_printf(b, "<text x=\"16\" y=\"%.0f\">", y + 12);
    ridge_draw_text(b, r->label, 32);
    ridge_buf_printf(b, "</text><text class=\"e\" x=\"%.0f\" y=\"%.0f\">%s %s", RIDGE_DRAW_WIDTH, y + 12, value,
                     vg->rate_metric ? vg->rate_unit : "");
    if (ridge_view_has(peak))
        ridge_buf_printf(b, ", %s", ridge_view_percent(peak, percent, sizeof percent));
    ridge_buf_printf(b, "</text><rect class=\"track\" y=\"%.0f\" width=\"%.0f\" height=\"12\" rx=\"2\"/>", y + 18, RIDGE_DRAW_WIDTH);
    ridge_buf_printf(b, "<rect class=\"f%zu\" y=\"%.0f\" width=\"%.1f\" height=\"12\" rx=\"2\"/>", r->i_label % 8, y + 18,
                     fmax(width, 1));
    if (ridge_view_has(x) && isfinite(x->low) && isfinite(x->high))
        ridge_buf_printf(b, "<path class=\"w\" d=\"M%.1f %.0fv8m0-4H%.1fm0-4v8\"/>", x->low * per_unit, y + 20, x->high * per_unit);
    ridge_buf_puts(b, "</g>");
}

void ridge_draw_bars(struct ridge_buf *b, const struct ridge_view_group *vg)
{
    struct scale s = pick_scale(vg);
    size_t n = vg->n_ranked < MAX_BARS ? vg->n_ranked : MAX_BARS;
    double height = ROW * (double)n + (s.peak > 0 ? 20 : 4);
    ridge_buf_printf(b, "<svg viewBox=\"0 0 %.0f %.0f\" role=\"group\" aria-label=\"%s of each backend, with intervals\">",
                     RIDGE_DRAW_WIDTH, height, vg->rate_metric ? vg->rate_unit : "time");
    for (size_t i = 0; i < n; i++)
        put_bar(b, vg, &vg->rows[i], &s, ROW * (double)i);
    if (s.peak > 0) {
        double x = s.peak / s.max * RIDGE_DRAW_WIDTH;
        char text[32];
        for (size_t i = 0; i < n; i++)
            ridge_buf_printf(b, "<path class=\"peak\" d=\"M%.1f %.0fv18\"/>", x, ROW * (double)i + 15);
        ridge_buf_printf(b, "<text class=\"m%s\" x=\"%.1f\" y=\"%.0f\">FMA peak %s GFLOP/s%s</text>", x > 220 ? " e" : "", x,
                         height - 6, ridge_view_number(s.peak / 1e9, text, sizeof text), x > 220 ? " ┊" : "");
    }
    ridge_buf_puts(b, "</svg>");
}
