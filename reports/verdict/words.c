#include "verdict/verdict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static char *change_text(double ratio, char *out, size_t n)
{
    if (!isfinite(ratio))
        (void)snprintf(out, n, "-");
    else if (ratio >= 2 || ratio <= 0.5)
        (void)snprintf(out, n, "x %.3g", ratio);
    else
        (void)snprintf(out, n, "%+.*f %%", fabs(ratio - 1) < 0.0995 ? 2 : 1, 100 * (ratio - 1));
    return out;
}

char *ridge_verdict_change(const struct ridge_judged *r, char *out, size_t n)
{
    return change_text(ridge_verdict_is_limit(r) ? NAN : r->ratio, out, n);
}

static char *of_limit(const struct ridge_judged *r, char *out, size_t n)
{
    bool is_many = r->high >= 10;
    double unit = is_many ? 1 : 100;
    const char *what = is_many ? "times the limit" : "% of the limit";
    char low[32], high[32];
    (void)snprintf(low, sizeof low, "%.3g", unit * r->low);
    (void)snprintf(high, sizeof high, "%.3g", unit * r->high);
    if (strcmp(low, high) == 0)
        (void)snprintf(out, n, "%s %s", high, what);
    else
        (void)snprintf(out, n, "%s to %s %s", low, high, what);
    return out;
}

char *ridge_verdict_interval(const struct ridge_judged *r, char *out, size_t n)
{
    char low[32], high[32];
    if (!isfinite(r->low) || !isfinite(r->high))
        (void)snprintf(out, n, "-");
    else if (ridge_verdict_is_limit(r))
        return of_limit(r, out, n);
    else
        (void)snprintf(out, n, "%s to %s", change_text(r->low, low, sizeof low), change_text(r->high, high, sizeof high));
    return out;
}

char *ridge_verdict_figures(const struct ridge_judged *r, char *out, size_t n)
{
    char change[48], interval[96];
    if (ridge_verdict_is_limit(r) && isfinite(r->low) && isfinite(r->high))
        return of_limit(r, out, n);
    if (!isfinite(r->ratio))
        (void)snprintf(out, n, "no figure");
    else
        (void)snprintf(out, n, "%s (%s)", ridge_verdict_change(r, change, sizeof change),
                       ridge_verdict_interval(r, interval, sizeof interval));
    return out;
}

char *ridge_verdict_margin(const struct ridge_judged *r, char *out, size_t n)
{
    (void)snprintf(out, n, isfinite(r->margin_ratio) ? "%.3g %%" : "-", 100 * r->margin_ratio);
    return out;
}

/* Two digits, and never 1.2e+02. */
static char *share_text(double share, char *out, size_t n)
{
    if (isfinite(share))
        (void)snprintf(out, n, share >= 0.0995 ? "%.0f %%" : "%.2g %%", 100 * share);
    else
        (void)snprintf(out, n, "-");
    return out;
}

char *ridge_verdict_sees(const struct ridge_judged *r, char *out, size_t n)
{
    return share_text(r->detect_ratio, out, n);
}

bool ridge_verdict_is_aa(const struct ridge_judged *r)
{
    return strcmp(r->kind, "aa") == 0;
}

bool ridge_verdict_is_red(const struct ridge_judged *r)
{
    return !ridge_verdict_is_aa(r) && (r->verdict == RIDGE_CHANGE_REGRESSED || r->verdict == RIDGE_CHANGE_FAILED);
}

bool ridge_verdict_is_limit(const struct ridge_judged *r)
{
    return strcmp(r->kind, "limit") == 0;
}

bool ridge_verdict_is_told(const struct ridge_judgement *j)
{
    return strcmp(j->mode, "compare") == 0;
}

static size_t count_controls(const struct ridge_judgement *j)
{
    size_t n = 0;
    for (size_t i = 0; i < j->n_rows; i++)
        n += ridge_verdict_is_aa(&j->rows[i]);
    return n;
}

void ridge_verdict_put_control(struct ridge_buf *b, const struct ridge_judgement *j)
{
    size_t n = count_controls(j);
    if (j->n_aa == 0 && n > 0) {
        ridge_buf_printf(b, "A/A control: measured for %zu case%s, with too few forks to tell", n, n == 1 ? "" : "s");
        return;
    }
    if (j->n_aa == 0) {
        ridge_buf_puts(b, "A/A control: none in this run");
        return;
    }
    ridge_buf_printf(b, "A/A control: %lld of %lld cases of identical code left their margin (at most %lld may)",
                     (long long)j->n_aa_out, (long long)j->n_aa, (long long)j->n_aa_allowed);
    ridge_buf_printf(b, "; on this host class %lld of %lld, so below %.1f %% (95 %%)", (long long)j->n_aa_out_pooled,
                     (long long)j->n_aa_pooled, 100 * j->aa_upper);
}

void ridge_verdict_put_power(struct ridge_buf *b, const struct ridge_judgement *j)
{
    char text[32];
    if (isfinite(j->detect_ratio))
        ridge_buf_printf(b, "Half of the cases would show a slow-down of %s or more",
                         share_text(j->detect_ratio, text, sizeof text));
}

const char *ridge_verdict_none(void)
{
    return "this run was never judged; ridge gate, ab or compare does";
}
