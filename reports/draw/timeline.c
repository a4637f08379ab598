/* The clock over the run: every block's canary against the median, in the order of measurement; blocks in
 * which the hypervisor took time away are marked below. */
#include "draw.h"

#include "base/order.h"
#include <math.h>
#include <stdlib.h>

#define N_BINS 100
#define TOP 10.0
#define PLOT 110.0
#define LEFT 46.0
#define RIGHT 432.0
#define MIN_SPAN 0.01 /* of the clock: less is drawn flat */

struct bin {
    double low, high, steal_ns;
    size_t n;
};

static double median_of(const struct ridge_rd_block *v, size_t n)
{
    double *hz = ridge_xrealloc_array(NULL, n, sizeof *hz), median = NAN;
    size_t n_known = 0;
    for (size_t i = 0; i < n; i++)
        if (v[i].canary_hz > 0)
            hz[n_known++] = v[i].canary_hz;
    if (n_known > 0) {
        qsort(hz, n_known, sizeof *hz, ridge_order_real);
        median = hz[n_known / 2];
    }
    free(hz);
    return median;
}

static double fill_bins(struct bin *bins, size_t n_bins, const struct ridge_rd_block *v, size_t n, double median)
{
    double span = MIN_SPAN;
    for (size_t i = 0; i < n; i++) {
        struct bin *b = &bins[i * n_bins / n];
        b->steal_ns += v[i].steal_ns > 0 ? (double)v[i].steal_ns : 0;
        if (!(v[i].canary_hz > 0))
            continue;
        double share = v[i].canary_hz / median - 1;
        b->low = b->n == 0 ? share : fmin(b->low, share);
        b->high = b->n == 0 ? share : fmax(b->high, share);
        b->n++;
        span = fmax(span, fabs(share));
    }
    return span;
}

static void put_axes(struct ridge_buf *b, double span, double median, size_t n)
{
    char text[32];
    for (int k = -1; k <= 1; k++) {
        double y = TOP + PLOT / 2 - k * PLOT / 2;
        ridge_buf_printf(b, "<path class=\"grid\" d=\"M%.0f %.1fH%.0f\"/><text class=\"m e\" x=\"%.0f\" y=\"%.1f\">%+.2g %%</text>",
                         LEFT, y, RIGHT, LEFT - 4, y + 4, 100 * span * k);
    }
    ridge_buf_printf(b, "<text class=\"m\" x=\"%.0f\" y=\"%.0f\">first block</text><text class=\"m e\" x=\"%.0f\" y=\"%.0f\">last of %zu; "
                        "0 %% is %s</text>", LEFT, TOP + PLOT + 30, RIGHT, TOP + PLOT + 30, n,
                     ridge_text_format_si(median, "Hz", text, sizeof text));
}

bool ridge_draw_timeline(struct ridge_buf *b, const struct ridge_rd_block *v, size_t n)
{
    double median = n > 0 ? median_of(v, n) : NAN;
    if (!isfinite(median))
        return false;
    struct bin bins[N_BINS] = {0};
    size_t n_bins = n < N_BINS ? n : N_BINS;
    double span = fill_bins(bins, n_bins, v, n, median), width = (RIGHT - LEFT) / (double)n_bins;
    ridge_buf_printf(b, "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"clock of every block against the run's median, "
                        "in the order of measurement\">", RIDGE_DRAW_WIDTH, TOP + PLOT + 40);
    put_axes(b, span, median, n);
    for (size_t i = 0; i < n_bins; i++) {
        double x = LEFT + width * (double)i, middle = TOP + PLOT / 2, scale = PLOT / 2 / span;
        if (bins[i].n > 0)
            ridge_buf_printf(b, "<rect class=\"f0\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>", x,
                             middle - bins[i].high * scale - 1, width * 0.8, (bins[i].high - bins[i].low) * scale + 2);
        if (bins[i].steal_ns > 0)
            ridge_buf_printf(b, "<text class=\"m c\" x=\"%.1f\" y=\"%.0f\">▲</text>", x + width / 2, TOP + PLOT + 14);
    }
    ridge_buf_puts(b, "</svg>");
    return true;
}
