/* The verdict: banner, then what is not OK with a bar per case around its margin, what is OK, the control. Absent where nothing was
 * judged. */
#include "html.h"
#include "verdict/verdict.h"

#include <math.h>
#include <string.h>

#define MAX_ROWS 300  /* of a table */
#define MAX_CLOSED 8  /* OK cases that need no click where something else is not OK */
#define MAX_COMMANDS 3 /* red rows whose commands need none */
#define HALF_WIDTH 110.0 /* of a bar's picture */

static const struct { int64_t exit_code; const char *class, *mark; } banners[] = {{0, "good", "✔"}, {1, "bad", "✖"}, {4, "fair", "▲"}};

static const struct { const char *class, *mark; } marks[] = {
    [RIDGE_CHANGE_OK] = {"ok", "✔"}, [RIDGE_CHANGE_IMPROVED] = {"gain", "▼"}, [RIDGE_CHANGE_INCONCLUSIVE] = {"open", "?"},
    [RIDGE_CHANGE_REGRESSED] = {"red", "▲"}, [RIDGE_CHANGE_FAILED] = {"red", "✖"}};

/* Tables of the page: what is not OK, what is, the control. */
enum part { PART_NOT_OK, PART_OK, PART_CONTROL };

static bool is_of(const struct ridge_judged *r, enum part part)
{
    if (ridge_verdict_is_aa(r))
        return part == PART_CONTROL;
    return part == (r->verdict == RIDGE_CHANGE_OK ? PART_OK : PART_NOT_OK);
}

static size_t count(const struct ridge_judgement *j, enum part part)
{
    size_t n = 0;
    for (size_t i = 0; i < j->n_rows; i++)
        n += is_of(&j->rows[i], part);
    return n;
}

static bool has_bar(const struct ridge_judged *r)
{
    return !ridge_verdict_is_limit(r) && isfinite(r->ratio) && r->ratio > 0;
}

/* Widest thing on the page, so that all bars share a scale; a doubled latency must not flatten the rest. A limit is no change
 * and has no bar. */
static double scale_of(const struct ridge_judgement *j)
{
    double most = 0.05;
    for (size_t i = 0; i < j->n_rows; i++) {
        const struct ridge_judged *r = &j->rows[i];
        if (has_bar(r) && isfinite(r->low) && isfinite(r->high) && r->low > 0)
            most = fmax(most, fmax(fabs(log(r->low)), fabs(log(r->high))));
    }
    return fmin(most, 0.25);
}

static double x_of(double log_ratio, double scale)
{
    return HALF_WIDTH + fmax(-1, fmin(1, log_ratio / scale)) * (HALF_WIDTH - 6);
}

static void put_bar(struct ridge_page *p, const struct ridge_judged *r, double scale)
{
    double margin = isfinite(r->margin_ratio) ? log1p(r->margin_ratio) : 0, x = x_of(log(r->ratio), scale);
    F(p, "<svg class=ci viewBox=\"0 0 220 16\" aria-hidden=true>");
    if (margin > 0)
        F(p, "<rect class=track x=\"%.1f\" width=\"%.1f\" height=16 />", x_of(-margin, scale), x_of(margin, scale) - x_of(-margin, scale));
    F(p, "<path class=grid d=\"M%.0f 0v16\"/>", HALF_WIDTH);
    if (isfinite(r->low) && isfinite(r->high) && r->low > 0)
        F(p, "<path class=w d=\"M%.1f 4v8m0-4H%.1fm0-4v8\"/>", x_of(log(r->low), scale), x_of(log(r->high), scale));
    if (fabs(log(r->ratio)) > scale) /* off the scale: a wedge at its end */
        F(p, "<path class=dot d=\"M%.1f 3v10l%d-5z\"/></svg>", x, r->ratio > 1 ? 7 : -7);
    else
        F(p, "<circle class=dot cx=\"%.1f\" cy=8 r=3.5 /></svg>", x);
}

/* A cell that sorts by its figure and not by its text. */
static void put_figure(struct ridge_page *p, const char *label, double key, const char *text)
{
    F(p, "<td data-label=\"%s\"", label);
    if (isfinite(key))
        F(p, " data-key=%.6g", key);
    F(p, ">%s", text);
}

static void put_case(struct ridge_page *p, const struct ridge_judged *r, bool is_open)
{
    H(p, "<th scope=row class=wrap>");
    ridge_draw_text(p->b, r->subject, 200);
    H(p, "<br><small>");
    ridge_draw_text(p->b, r->label, 100);
    if (strcmp(r->metric, "time_ns") != 0) {
        H(p, r->label[0] != '\0' ? " · " : "");
        ridge_draw_text(p->b, r->metric, 40);
    }
    H(p, "</small>");
    if (r->why[0] != '\0') {
        H(p, "<p>");
        ridge_draw_text(p->b, r->why, 400);
        H(p, "</p>");
    }
    if (ridge_verdict_is_red(r) && r->again[0] != '\0') {
        F(p, "<details class=cmd%s><summary>measure it again</summary><pre>", is_open ? " open" : "");
        ridge_draw_text(p->b, r->again, 2000);
        H(p, "</pre></details>");
    }
}

static void put_row(struct ridge_page *p, const struct ridge_judged *r, double scale, bool is_open)
{
    char text[96];
    F(p, "<tr class=%s><td class=l data-key=%d><b>%s %s</b>", marks[r->verdict].class, (int)r->verdict, marks[r->verdict].mark,
      ridge_change_text(r->verdict));
    put_case(p, r, is_open);
    bool is_limit = ridge_verdict_is_limit(r);
    put_figure(p, "change", is_limit ? NAN : r->ratio, is_limit ? "limit" : ridge_verdict_change(r, text, sizeof text));
    H(p, "<td>");
    if (has_bar(r))
        put_bar(p, r, scale);
    F(p, "<small>%s</small>", isfinite(r->low) ? ridge_verdict_interval(r, text, sizeof text) : "");
    put_figure(p, "margin", r->margin_ratio, ridge_verdict_margin(r, text, sizeof text));
    put_figure(p, "can see", r->detect_ratio, ridge_verdict_sees(r, text, sizeof text));
    F(p, "<td data-label=forks>%lld\n", (long long)r->n_forks);
}

static void put_table(struct ridge_page *p, const struct ridge_judgement *j, enum part part, const char *name)
{
    double scale = scale_of(j);
    size_t n = count(j, part), n_shown = 0;
    size_t n_red = ridge_judgement_count(j, RIDGE_CHANGE_REGRESSED) + ridge_judgement_count(j, RIDGE_CHANGE_FAILED);
    F(p, "<div class=scroll tabindex=0 role=region aria-label=\"%s\"><table class=\"sortable verdicts\"><thead><tr><th class=l><button>verdict"
         "</button><th class=l><button>case</button><th><button>change</button><th><div class=axis><span>%+.0f %%</span><span>0</span>"
         "<span>%+.0f %%</span></div><th><button>margin</button><th><button>can see</button><th><button>forks</button></thead><tbody>\n",
      name, 100 * expm1(-scale), 100 * expm1(scale));
    for (size_t i = 0; i < j->n_rows && n_shown < MAX_ROWS; i++)
        if (is_of(&j->rows[i], part)) {
            put_row(p, &j->rows[i], scale, n_red <= MAX_COMMANDS);
            n_shown++;
        }
    H(p, "</tbody></table></div>");
    if (n_shown < n)
        F(p, "<p class=dim>%zu more: <code>ridge export --format verdict-json</code>.</p>", n - n_shown);
}

static void put_ok(struct ridge_page *p, const struct ridge_judgement *j)
{
    size_t n_other = count(j, PART_NOT_OK), n = count(j, PART_OK);
    if (n > 0) {
        F(p, "<details%s><summary>%zu OK</summary>", n_other == 0 || n <= MAX_CLOSED ? " open" : "", n);
        put_table(p, j, PART_OK, "OK");
        H(p, "</details>");
    }
    if (n + n_other > 0)
        F(p, "<p class=dim>Grey band: the margin. Line: the %.3g %% interval. Right of the middle is slower. A limit has no bar: its line "
             "says how much of the limit the value is. Can see: the slow-down of which half would be found here.</p>",
          100 * (1 - 2 * j->alpha));
}

static void put_control(struct ridge_page *p, const struct ridge_judgement *j)
{
    struct ridge_buf b = {0};
    H(p, "<h3>A/A control</h3><p>");
    ridge_verdict_put_control(&b, j);
    ridge_draw_text(p->b, b.data, 400);
    ridge_buf_deinit(&b);
    H(p, ". The control is identical code, measured as one more arm in the same rounds: what it shows is this machine's noise today.</p>");
    if (count(j, PART_CONTROL) == 0)
        return;
    F(p, "<details%s><summary>%zu cases of identical code</summary>", j->n_aa_out > 0 ? " open" : "", count(j, PART_CONTROL));
    put_table(p, j, PART_CONTROL, "A/A control");
    H(p, "</details>");
}

static void put_banner(struct ridge_page *p, const struct ridge_judgement *j)
{
    size_t i = 0;
    bool is_told = ridge_verdict_is_told(j);
    struct ridge_buf power = {0};
    while (i < 2 && banners[i].exit_code != j->exit_code)
        i++;
    F(p, "<div class=\"trust %s\"><p class=headline><b><span aria-hidden=true>%s</span> ", is_told ? "told" : banners[i].class,
      is_told ? "●" : banners[i].mark);
    ridge_draw_text(p->b, j->banner, 300);
    H(p, "</b></p>");
    if (j->why[0] != '\0') {
        H(p, "<p>");
        ridge_draw_text(p->b, j->why, 600);
        H(p, "</p>");
    }
    H(p, "<p class=dim>Against ");
    ridge_draw_text(p->b, j->baseline, 200);
    F(p, ", %.3g %% intervals, Benjamini-Hochberg over the cases. Rules: ", 100 * (1 - 2 * j->alpha));
    ridge_draw_text(p->b, j->rules_name, 80);
    ridge_verdict_put_power(&power, j);
    F(p, ". %s%s</p></div>", power.n > 0 ? power.data : "", power.n > 0 ? "." : "");
    ridge_buf_deinit(&power);
}

void ridge_html_verdict(struct ridge_page *p)
{
    const struct ridge_judgement *j = p->view.in->judgement;
    if (j == NULL)
        return;
    H(p, "<section id=verdict aria-labelledby=h-verdict><h2 id=h-verdict>Verdict</h2>");
    put_banner(p, j);
    if (count(j, PART_NOT_OK) > 0)
        put_table(p, j, PART_NOT_OK, "Not OK");
    put_ok(p, j);
    if (j->advice[0] != '\0') {
        H(p, "<p>");
        ridge_draw_text(p->b, j->advice, 300);
        H(p, ".</p>");
    }
    put_control(p, j);
    H(p, "</section>\n");
}
