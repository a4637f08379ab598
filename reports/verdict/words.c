#include "verdict/verdict.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

char *ridge_verdict_change(double ratio, char *out, size_t n)
{
    if (!isfinite(ratio))
        (void)snprintf(out, n, "-");
    else if (ratio >= 2 || ratio <= 0.5)
        (void)snprintf(out, n, "x %.3g", ratio);
    else
        (void)snprintf(out, n, "%+.*f %%", fabs(ratio - 1) < 0.0995 ? 2 : 1, 100 * (ratio - 1));
    return out;
}

char *ridge_verdict_interval(const struct ridge_judged *r, char *out, size_t n)
{
    char low[32], high[32];
    if (!isfinite(r->low) || !isfinite(r->high))
        (void)snprintf(out, n, "-");
    else
        (void)snprintf(out, n, "%s to %s", ridge_verdict_change(r->low, low, sizeof low),
                       ridge_verdict_change(r->high, high, sizeof high));
    return out;
}

char *ridge_verdict_margin(const struct ridge_judged *r, char *out, size_t n)
{
    (void)snprintf(out, n, isfinite(r->margin_ratio) ? "%.3g %%" : "-", 100 * r->margin_ratio);
    return out;
}

bool ridge_verdict_is_aa(const struct ridge_judged *r)
{
    return strcmp(r->kind, "aa") == 0;
}

bool ridge_verdict_is_red(const struct ridge_judged *r)
{
    return !ridge_verdict_is_aa(r) && (r->verdict == RIDGE_CHANGE_REGRESSED || r->verdict == RIDGE_CHANGE_FAILED);
}

void ridge_verdict_put_control(struct ridge_buf *b, const struct ridge_judgement *j)
{
    if (j->n_aa == 0) {
        ridge_buf_puts(b, "A/A control: none in this run");
        return;
    }
    ridge_buf_printf(b, "A/A control: %lld of %lld cases of identical code left their margin (at most %lld may)",
                     (long long)j->n_aa_out, (long long)j->n_aa, (long long)j->n_aa_allowed);
    ridge_buf_printf(b, "; on this host class %lld of %lld, so below %.1f %% (95 %%)", (long long)j->n_aa_out_pooled,
                     (long long)j->n_aa_pooled, 100 * j->aa_upper);
}

const char *ridge_verdict_none(void)
{
    return "this run was never judged; ridge gate, ab or compare does";
}
