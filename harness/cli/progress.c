#include "session.h"
#include <math.h>

static bool is_drawn;

void ridge_cli_progress(void *self, double done_ratio, double eta_s, const char *text)
{
    (void)self;
    if (!ridge_cli_is_terminal(stderr))
        return;
    struct ridge_buf b = {0};
    if (isfinite(eta_s) && eta_s >= 0)
        ridge_buf_printf(&b, "\r\033[K%3.0f %%  %d:%02d left  ", 100.0 * done_ratio, (int)(eta_s / 60), (int)eta_s % 60);
    else
        ridge_buf_printf(&b, "\r\033[K%3.0f %%  ", 100.0 * done_ratio);
    size_t n_head = b.n;
    ridge_text_terminal(&b, text != NULL ? text : "");
    int width = ridge_cli_width(stderr);
    if (width > 0 && b.n > n_head + (size_t)width / 2)
        b.n = n_head + (size_t)width / 2; /* a line that wraps cannot be erased */
    (void)fwrite(b.data, 1, b.n, stderr);
    (void)fflush(stderr);
    ridge_buf_deinit(&b);
    is_drawn = true;
}

void ridge_cli_progress_clear(void)
{
    if (is_drawn)
        fputs("\r\033[K", stderr);
    is_drawn = false;
}
