#include "draw.h"

#include "base/order.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define N_POINTS 64
#define MAX_LINES 12
#define TOP 8.0
#define PLOT 190.0
#define LEFT 38.0
#define RIGHT 432.0

struct line {
    size_t i_label;
    double q[N_POINTS + 1]; /* times at shares 0, 1/64, ... 1 */
};
struct axis {
    double low, high; /* ns; the picture is logarithmic between them */
};

static size_t append_samples(const struct ridge_chunk *c, double *out)
{
    size_t n = 0, n_timed = c->n > c->n_lead_in ? c->n - c->n_lead_in : 0;
    if (n_timed == 0 || !ridge_chunk_run_ns(c, out))
        return 0;
    for (size_t i = 0; i < n_timed; i++)
        if (out[i] > 0)
            out[n++] = out[i];
    return n;
}

static bool read_line(const struct ridge_view *v, const struct ridge_view_row *r, struct line *line)
{
    struct ridge_chunk *chunks = NULL;
    size_t n_chunks = 0, n = 0, n_max = 0;
    struct ridge_error err = {0};
    if (ridge_view_chunks(v->in, r->m, &chunks, &n_chunks, &err) != RIDGE_OK)
        return false;
    for (size_t i = 0; i < n_chunks; i++)
        n_max += chunks[i].n;
    double *all = ridge_xrealloc_array(NULL, n_max + 1, sizeof *all);
    for (size_t i = 0; i < n_chunks; i++) {
        n += append_samples(&chunks[i], all + n);
        ridge_chunk_deinit(&chunks[i]);
    }
    free(chunks);
    qsort(all, n, sizeof *all, ridge_order_real);
    for (size_t k = 0; n > 0 && k <= N_POINTS; k++)
        line->q[k] = all[(n - 1) * k / N_POINTS];
    free(all);
    line->i_label = r->i_label;
    return n > 0;
}

#define MAX_SPREAD 4.0

/* One slow reference must not press all others into one line: it is named in the key, not drawn. */
static size_t drop_slow(struct line *lines, size_t n, size_t *i_labels, size_t *n_dropped)
{
    double best = INFINITY;
    size_t n_kept = 0;
    for (size_t i = 0; i < n; i++)
        best = fmin(best, lines[i].q[N_POINTS / 2]);
    *n_dropped = 0;
    for (size_t i = 0; i < n; i++) {
        if (lines[i].q[N_POINTS / 2] > MAX_SPREAD * best) {
            i_labels[n - ++*n_dropped] = lines[i].i_label;
            continue;
        }
        i_labels[n_kept] = lines[i].i_label;
        lines[n_kept++] = lines[i];
    }
    return n_kept;
}

/* Up to the largest 98th percentile: one spike must not flatten every line. */
static struct axis pick_axis(const struct line *lines, size_t n)
{
    struct axis x = {INFINITY, 0};
    for (size_t i = 0; i < n; i++) {
        x.low = fmin(x.low, lines[i].q[0]);
        x.high = fmax(x.high, lines[i].q[N_POINTS - 1]);
    }
    double middle = sqrt(x.low * x.high), stretch = fmax(sqrt(x.high / x.low), 1.02);
    return (struct axis){middle / stretch / 1.005, middle * stretch * 1.005};
}

static double x_of(const struct axis *x, double ns)
{
    double share = log(ns / x->low) / log(x->high / x->low);
    return LEFT + (RIGHT - LEFT) * fmin(fmax(share, 0), 1);
}

static void put_tick(struct ridge_buf *b, const struct axis *axis, double ns, double *last)
{
    char text[32];
    double x = x_of(axis, ns);
    if (ns < axis->low || ns > axis->high || x < *last + 58 || x > RIGHT - 14)
        return;
    *last = x;
    ridge_buf_printf(b, "<path class=\"grid\" d=\"M%.1f %.0fv%.0f\"/><text class=\"m c\" x=\"%.1f\" y=\"%.0f\">%s</text>", x, TOP,
                     PLOT, x, TOP + PLOT + 16, ridge_text_format_ns(ns, text, sizeof text));
}

static void put_axes(struct ridge_buf *b, const struct axis *axis)
{
    static const double shares[] = {0, 0.5, 0.9, 1};
    double last = -100;
    for (size_t i = 0; i < sizeof shares / sizeof shares[0]; i++)
        ridge_buf_printf(b, "<path class=\"grid\" d=\"M%.0f %.1fH%.0f\"/><text class=\"m e\" x=\"%.0f\" y=\"%.1f\">%.0f %%</text>",
                         LEFT, TOP + PLOT * (1 - shares[i]), RIGHT, LEFT - 4,
                         TOP + PLOT * (1 - shares[i]) + (i == 3 ? 6 : i == 2 ? 7 : 4), 100 * shares[i]);
    if (axis->high / axis->low > 5) {
        static const double steps[] = {1, 2, 5};
        for (double decade = pow(10, floor(log10(axis->low))); decade <= axis->high; decade *= 10)
            for (size_t i = 0; i < 3; i++)
                put_tick(b, axis, decade * steps[i], &last);
        return;
    }
    double raw = (axis->high - axis->low) / 5, step = pow(10, floor(log10(raw)));
    step *= raw / step > 5 ? 10 : raw / step > 2 ? 5 : raw / step > 1 ? 2 : 1;
    for (int k = 0; k < 12; k++)
        put_tick(b, axis, (ceil(axis->low / step) + k) * step, &last);
}

static void put_line(struct ridge_buf *b, const struct axis *axis, const struct line *line)
{
    ridge_buf_printf(b, "<path class=\"l%zu d%zu\" d=\"M%.1f %.0f", line->i_label % 8, line->i_label / 8 % 3,
                     x_of(axis, line->q[0]), TOP + PLOT);
    for (size_t k = 0; k <= N_POINTS; k++) {
        if (line->q[k] > axis->high)
            break;
        ridge_buf_printf(b, "L%.1f %.1f", x_of(axis, line->q[k]), TOP + PLOT * (1 - (double)k / N_POINTS));
    }
    ridge_buf_puts(b, "\"/>");
    ridge_draw_marker(b, line->i_label, x_of(axis, line->q[N_POINTS / 2]), TOP + PLOT / 2, 4.5);
}

bool ridge_draw_ecdf(struct ridge_buf *b, const struct ridge_view *v, const struct ridge_view_group *vg)
{
    size_t n = 0, i_labels[MAX_LINES];
    if (!ridge_view_has_samples(v->in))
        return false;
    struct line *lines = ridge_xrealloc_array(NULL, MAX_LINES, sizeof *lines);
    for (size_t i = 0; i < vg->n_ranked && n < MAX_LINES; i++)
        n += read_line(v, &vg->rows[i], &lines[n]);
    size_t n_slow = 0;
    n = drop_slow(lines, n, i_labels, &n_slow);
    if (n > 0) {
        struct axis axis = pick_axis(lines, n);
        double legend_y = TOP + PLOT + 38;
        ridge_buf_printf(b, "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"share of samples at or below a time, "
                            "one line a backend\">", RIDGE_DRAW_WIDTH, legend_y + 18 * (double)((n + 1) / 2) + 18 * (double)n_slow);
        put_axes(b, &axis);
        for (size_t i = 0; i < n; i++)
            put_line(b, &axis, &lines[i]);
        legend_y += ridge_draw_legend(b, v, i_labels, n, legend_y);
        for (size_t i = 0; i < n_slow; i++) {
            ridge_buf_printf(b, "<text class=\"m\" x=\"32\" y=\"%.0f\">not drawn, more than 4 times slower: ",
                             legend_y + 18 * (double)i + 4);
            ridge_draw_text(b, v->labels[i_labels[n + n_slow - 1 - i]].label, 24);
            ridge_buf_puts(b, "</text>");
        }
        ridge_buf_puts(b, "</svg>");
    }
    free(lines);
    return n > 0;
}
