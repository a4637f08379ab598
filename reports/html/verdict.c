/* The verdict: banner, a bar per case around its margin, the control. Absent where nothing was judged. */
#include "html.h"
#include "verdict/verdict.h"

#include <math.h>
#include <string.h>

#define MAX_ROWS 300
#define HALF_WIDTH 130.0 /* of a bar's picture */

static const struct { int64_t exit_code; const char *class, *mark; } banners[] = {{0, "good", "✔"}, {1, "bad", "✖"}, {4, "fair", "▲"}};

static const struct { const char *class, *mark; } marks[] = {
    [RIDGE_CHANGE_OK] = {"", "✔"}, [RIDGE_CHANGE_IMPROVED] = {"", "▼"}, [RIDGE_CHANGE_INCONCLUSIVE] = {"dim", "?"},
    [RIDGE_CHANGE_REGRESSED] = {"fail", "▲"}, [RIDGE_CHANGE_FAILED] = {"fail", "✖"}};

/* Widest thing on the page, so that all bars share a scale; a doubled latency must not flatten the rest. */
static double scale_of(const struct ridge_judgement *j)
{
    double most = 0.05;
    for (size_t i = 0; i < j->n_rows; i++) {
        const struct ridge_judged *r = &j->rows[i];
        if (isfinite(r->low) && isfinite(r->high) && r->low > 0)
            most = fmax(most, fmax(fabs(log(r->low)), fabs(log(r->high))));
    }
    return fmin(most, 0.25);
}

static double x_of(double log_ratio, double scale)
{
    return HALF_WIDTH + fmax(-1, fmin(1, log_ratio / scale)) * (HALF_WIDTH - 4);
}

static void put_bar(struct ridge_page *p, const struct ridge_judged *r, double scale)
{
    if (!isfinite(r->ratio) || r->ratio <= 0) {
        H(p, "–");
        return;
    }
    double margin = isfinite(r->margin_ratio) ? log1p(r->margin_ratio) : 0;
    F(p, "<svg class=ci viewBox=\"0 0 260 16\" aria-hidden=true>");
    if (margin > 0)
        F(p, "<rect class=track x=\"%.1f\" width=\"%.1f\" height=16 />", x_of(-margin, scale), x_of(margin, scale) - x_of(-margin, scale));
    F(p, "<path class=grid d=\"M130 0v16\"/>");
    if (isfinite(r->low) && isfinite(r->high) && r->low > 0)
        F(p, "<path class=w d=\"M%.1f 4v8m0-4H%.1fm0-4v8\"/>", x_of(log(r->low), scale), x_of(log(r->high), scale));
    F(p, "<circle class=f%d cx=\"%.1f\" cy=8 r=3.5 /></svg>", r->verdict >= RIDGE_CHANGE_REGRESSED ? 1 : 0, x_of(log(r->ratio), scale));
}

static void put_row(struct ridge_page *p, const struct ridge_judged *r, double scale)
{
    char text[96];
    F(p, "<tr><td class=\"l %s\">%s %s<th scope=row>", marks[r->verdict].class, marks[r->verdict].mark, ridge_change_text(r->verdict));
    ridge_draw_text(p->b, r->subject, 60);
    H(p, "<br><small>");
    ridge_draw_text(p->b, r->label, 60);
    if (strcmp(r->metric, "time_ns") != 0) {
        H(p, " · ");
        ridge_draw_text(p->b, r->metric, 40);
    }
    F(p, "</small><td>%s", ridge_verdict_change(r->ratio, text, sizeof text));
    F(p, "<td>%s<td>", ridge_verdict_interval(r, text, sizeof text));
    put_bar(p, r, scale);
    F(p, "<td>%s<td>%lld", ridge_verdict_margin(r, text, sizeof text), (long long)r->n_forks);
    if (isfinite(r->detect_ratio))
        F(p, "<td>%.2g %%", 100 * r->detect_ratio);
    else
        H(p, "<td>–");
    H(p, "<td class=wrap>");
    ridge_draw_text(p->b, r->why, 300);
    if (ridge_verdict_is_red(r) && r->again[0] != '\0') {
        H(p, "<pre>");
        ridge_draw_text(p->b, r->again, 1000);
        H(p, "</pre>");
    }
    H(p, "\n");
}

static void put_table(struct ridge_page *p, const struct ridge_judgement *j, bool aa)
{
    double scale = scale_of(j);
    size_t n = 0, n_shown = 0;
    for (size_t i = 0; i < j->n_rows; i++)
        n += ridge_verdict_is_aa(&j->rows[i]) == aa;
    if (n == 0)
        return;
    F(p, "<div class=scroll tabindex=0 role=region aria-label=\"%s\"><table class=sortable><thead><tr><th class=l><button>verdict</button>"
         "<th><button>case</button><th><button>change</button><th>interval<th>interval and margin (±%.0f %%)<th><button>margin</button>"
         "<th><button>forks</button><th><button>can see</button><th class=l>why</thead><tbody>\n",
      aa ? "A/A control" : "Verdicts", 100 * expm1(scale));
    for (size_t i = 0; i < j->n_rows && n_shown < MAX_ROWS; i++)
        if (ridge_verdict_is_aa(&j->rows[i]) == aa) {
            put_row(p, &j->rows[i], scale);
            n_shown++;
        }
    H(p, "</tbody></table></div>");
    if (n_shown < n)
        F(p, "<p class=dim>%zu more: <code>ridge export --format verdict-json</code>.</p>", n - n_shown);
}

void ridge_html_verdict(struct ridge_page *p)
{
    const struct ridge_judgement *j = p->view.in->judgement;
    if (j == NULL)
        return;
    size_t i = 0;
    while (i < 2 && banners[i].exit_code != j->exit_code)
        i++;
    H(p, "<section id=verdict aria-labelledby=h-verdict><h2 id=h-verdict>Verdict</h2>");
    F(p, "<div class=\"trust %s\"><p><b><span aria-hidden=true>%s</span> ", banners[i].class, banners[i].mark);
    ridge_draw_text(p->b, j->banner, 300);
    H(p, "</b>");
    if (j->why[0] != '\0') {
        H(p, "<br>");
        ridge_draw_text(p->b, j->why, 600);
    }
    H(p, "</p><p class=dim>Against ");
    ridge_draw_text(p->b, j->baseline, 200);
    F(p, ", %.3g %% intervals, Benjamini-Hochberg over the cases. Rules ", 100 * (1 - 2 * j->alpha));
    ridge_draw_text(p->b, j->rules_name, 80);
    H(p, ".</p></div>");
    put_table(p, j, false);
    if (j->advice[0] != '\0') {
        H(p, "<p>");
        ridge_draw_text(p->b, j->advice, 300);
        H(p, ".</p>");
    }
    H(p, "<h3>A/A control</h3><p>");
    struct ridge_buf b = {0};
    ridge_verdict_put_control(&b, j);
    ridge_draw_text(p->b, b.data, 400);
    ridge_buf_deinit(&b);
    H(p, ". The control is identical code, measured as one more arm in the same rounds: what it shows is this machine's noise today.</p>");
    put_table(p, j, true);
    H(p, "</section>\n");
}
