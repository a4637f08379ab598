#include "draw.h"

void ridge_draw_text(struct ridge_buf *b, const char *s, size_t max_chars)
{
    size_t n_chars = 0, end = 0;
    while (s[end] && n_chars < max_chars) {
        n_chars++;
        for (end++; ((unsigned char)s[end] & 0xC0) == 0x80 && end < 4 * max_chars; end++)
            continue;
    }
    struct ridge_buf cut = {0};
    ridge_buf_put(&cut, s, end);
    if (cut.n)
        ridge_text_html(b, cut.data);
    if (s[end])
        ridge_buf_puts(b, "…");
    ridge_buf_deinit(&cut);
}

void ridge_draw_marker(struct ridge_buf *b, size_t i_label, double x, double y, double r)
{
    static const char *const shapes[] = {
        "M-1 0a1 1 0 1 0 2 0a1 1 0 1 0-2 0z",                     /* disc */
        "M-.9-.9h1.8v1.8h-1.8z",                                   /* square */
        "M0-1.1 1.1.8h-2.2z",                                      /* triangle */
        "M0-1.2 1.2 0 0 1.2-1.2 0z",                               /* diamond */
        "M0 1.1 1.1-.8h-2.2z",                                     /* triangle down */
        "M-.35-1.1h.7v.75h.75v.7h-.75v.75h-.7v-.75h-.75v-.7h.75z", /* plus */
        "M-1-.4-.4-1 0-.6.4-1 1-.4.6 0 1 .4.4 1 0 .6-.4 1-1 .4-.6 0z", /* cross */
        "M-1.1-.5h2.2v1h-2.2z",                                    /* dash */
    };
    ridge_buf_printf(b, "<path class=\"f%zu\" transform=\"translate(%.1f %.1f) scale(%.1f)\" d=\"%s\"/>", i_label % 8, x,
                     y, r, shapes[(i_label + i_label / 8) % 8]);
}

double ridge_draw_legend(struct ridge_buf *b, const struct ridge_view *v, const size_t *i_labels, size_t n, double y)
{
    for (size_t i = 0; i < n; i++) {
        double x = i % 2 ? RIDGE_DRAW_WIDTH / 2 : 4, line = y + 18 * (double)(i / 2);
        ridge_buf_printf(b, "<path class=\"l%zu d%zu\" d=\"M%.0f %.1fh22\"/>", i_labels[i] % 8, i_labels[i] / 8 % 3, x, line);
        ridge_draw_marker(b, i_labels[i], x + 11, line, 4.5);
        ridge_buf_printf(b, "<text x=\"%.0f\" y=\"%.1f\">", x + 28, line + 4);
        ridge_draw_text(b, v->labels[i_labels[i]].label, 26);
        ridge_buf_puts(b, "</text>");
    }
    return 18 * (double)((n + 1) / 2);
}
