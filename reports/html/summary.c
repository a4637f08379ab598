/* The summary in words, the standings, and what has no result. */
#include "html.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

static const struct { const char *fitness, *class, *mark, *words; } trusts[] = {
    {"quiet", "good", "✔", "Quiet: these figures can be relied on."},
    {"noisy", "fair", "▲", "Noisy: read small differences with care."},
    {"unfit", "bad", "✖", "Unfit: do not draw conclusions from this run."},
    {"", "fair", "?", "Not judged: the run did not end, or nobody said how quiet the machine was."},
};

static void put_trust(struct ridge_page *p)
{
    const struct ridge_rd_run *run = p->view.in->run;
    size_t i = 0;
    while (i < 3 && strcmp(trusts[i].fitness, run->fitness ? run->fitness : "") != 0)
        i++;
    F(p, "<div class=\"trust %s\"><p><b><span aria-hidden=true>%s</span> %s</b>", trusts[i].class, trusts[i].mark, trusts[i].words);
    if (run->why && run->why[0]) {
        H(p, "<br>");
        ridge_draw_text(p->b, run->why, 600);
    }
    H(p, "</p>");
    if (run->status && strcmp(run->status, "complete") != 0) {
        H(p, "<p>This run is <b>");
        ridge_draw_text(p->b, run->status, 40);
        H(p, "</b>: it shows what had been stored until then.</p>");
    }
    if (run->forks > 0 && run->forks < 5)
        F(p, "<p class=dim>%" PRId64 " fork%s: each comparison has seen %s, so a difference of one or two percent "
             "may be the layout's, not the backend's. <code>--set forks=5</code> or more tells.</p>", run->forks,
          run->forks == 1 ? "" : "s", run->forks == 1 ? "one memory layout only" : "few memory layouts");
    H(p, "</div>");
}

static void put_label(struct ridge_page *p, size_t i_label)
{
    H(p, "<b>");
    ridge_draw_text(p->b, p->view.labels[i_label].label, 48);
    H(p, "</b>");
}

static const char *plural(size_t n)
{
    return n == 1 ? "" : "s";
}

/* "By how much", over all subjects: the geomean of the stored ratios. */
static void put_geomeans(struct ridge_page *p)
{
    size_t n_said = 0;
    for (size_t i = 0; i < p->view.n_labels && n_said < 4; i++) {
        const struct ridge_standing_sum *s = &p->view.labels[p->by_wins[i]];
        if (s->n_ratios == 0)
            continue;
        H(p, n_said++ ? ", " : "<p>Over the subjects that each could run, the speed relative to the best is (geometric mean): ");
        put_label(p, p->by_wins[i]);
        F(p, " %.3f", ridge_view_geomean(s->log_sum, s->n_ratios));
    }
    H(p, n_said ? ".</p>" : "");
}

static void put_headline(struct ridge_page *p)
{
    const struct ridge_view *v = &p->view;
    const size_t *out = v->n_outcomes;
    size_t n_compared = out[RIDGE_OUTCOME_WIN] + out[RIDGE_OUTCOME_LEVEL] + out[RIDGE_OUTCOME_OPEN];
    const struct ridge_standing_sum *lead = v->n_labels ? &v->labels[p->by_wins[0]] : NULL;
    const char *fitness = v->in->run->fitness ? v->in->run->fitness : "";
    bool unfit = strcmp(fitness, "unfit") == 0;
    H(p, unfit && n_compared ? "<p class=headline>The machine was <b>unfit</b> to judge; what was measured: " : "<p class=headline>");
    if (v->n_ok == 0)
        H(p, "No case gave a result. The reasons are below.");
    else if (n_compared == 0)
        F(p, "%zu subject%s measured, each on one backend only: there is nobody to compare with.", out[RIDGE_OUTCOME_ALONE],
          plural(out[RIDGE_OUTCOME_ALONE]));
    else if (lead->n_wins == 0)
        F(p, "No clear winner on any of %zu subject%s.", n_compared, plural(n_compared));
    else {
        put_label(p, p->by_wins[0]);
        F(p, " is %sthe fastest on %zu of %zu subject%s", strcmp(fitness, "quiet") == 0 ? "clearly " : "", lead->n_wins, n_compared, plural(n_compared));
        for (size_t i = 1; i < v->n_labels && i < 3 && v->labels[p->by_wins[i]].n_wins; i++) {
            H(p, ", ");
            put_label(p, p->by_wins[i]);
            F(p, " on %zu", v->labels[p->by_wins[i]].n_wins);
        }
        H(p, ".");
    }
    if (out[RIDGE_OUTCOME_LEVEL])
        F(p, " On %zu the best are <a href=\"#glossary\">level</a>: the data cannot tell them apart.", out[RIDGE_OUTCOME_LEVEL]);
    if (out[RIDGE_OUTCOME_OPEN])
        F(p, " On %zu no winner is named: a comparison is missing or contradicts the order.", out[RIDGE_OUTCOME_OPEN]);
    H(p, "</p>");
    if (n_compared)
        put_geomeans(p);
    if (n_compared && out[RIDGE_OUTCOME_ALONE])
        F(p, "<p>%zu more subject%s ran on one backend only.</p>", out[RIDGE_OUTCOME_ALONE], plural(out[RIDGE_OUTCOME_ALONE]));
}

static void put_standing(struct ridge_page *p, size_t i_label)
{
    const struct ridge_standing_sum *s = &p->view.labels[i_label];
    F(p, "<tr><th scope=row><svg class=key viewBox=\"0 0 14 14\" aria-hidden=true>");
    ridge_draw_marker(p->b, i_label, 7, 7, 5.5);
    H(p, "</svg> ");
    ridge_draw_text(p->b, s->label, 48);
    F(p, "<td>%zu<td>%zu<td>%zu<td>%zu<td>%zu<td>", s->n_wins, s->n_level, s->n_behind, s->n_unknown + s->n_alone, s->n_bad);
    if (s->n_ratios) {
        double g = ridge_view_geomean(s->log_sum, s->n_ratios);
        F(p, "<b>%.3f</b> <small>over %zu</small> <svg class=meter viewBox=\"0 0 100 8\" preserveAspectRatio=none aria-hidden=true>"
             "<rect class=track width=100 height=8 /><rect class=f%zu width=%.1f height=8 /></svg>", g, s->n_ratios, i_label % 8,
          100 * fmin(g, 1));
    } else {
        H(p, "–");
    }
    H(p, "\n");
}

static void put_standings(struct ridge_page *p)
{
    size_t n = p->view.n_labels < 24 ? p->view.n_labels : 24;
    if (n == 0)
        return;
    H(p, "<div class=scroll tabindex=0 role=region aria-label=\"Standings\"><table class=sortable><thead><tr>"
         "<th><button>backend</button><th><button>fastest</button><th><button>level with best</button>"
         "<th><button>behind</button><th><button>not compared</button><th><button>no result</button>"
         "<th><button>speed against the best (geomean)</button></thead><tbody>\n");
    for (size_t i = 0; i < n; i++)
        put_standing(p, p->by_wins[i]);
    H(p, "</tbody></table></div>\n<p class=dim>Speed against the best: 1.000 is as fast as the best on every subject, 0.900 takes "
         "11 % longer. It is the geometric mean of the stored ratios; it has no interval, so it orders nobody.</p>");
    if (n < p->view.n_labels)
        F(p, "<p class=dim>%zu more backends: <code>ridge export --format csv</code>.</p>", p->view.n_labels - n);
}

/* Equal reasons of equal backends are one line. */
struct bad_line {
    const struct ridge_view_row *row;
    const char *heading;
    size_t n;
};
#define MAX_BAD_LINES 60

static bool same_text(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") == 0;
}

static size_t collect_bad(const struct ridge_view *v, struct bad_line *lines)
{
    size_t n = 0;
    for (size_t i = 0; i < v->n_groups; i++) {
        const struct ridge_view_group *vg = &v->groups[i];
        for (size_t k = vg->n_ranked + vg->n_yardsticks; k < vg->g->n_members; k++) {
            const struct ridge_view_row *r = &vg->rows[k];
            size_t at = 0;
            while (at < n && !(same_text(lines[at].row->label, r->label) && same_text(lines[at].row->m->verdict, r->m->verdict) &&
                               same_text(lines[at].row->m->reason, r->m->reason)))
                at++;
            if (at == n && n < MAX_BAD_LINES)
                lines[n++] = (struct bad_line){r, vg->heading, 0};
            if (at < n)
                lines[at].n++;
        }
    }
    return n;
}

static void put_bad(struct ridge_page *p)
{
    struct bad_line lines[MAX_BAD_LINES];
    size_t n = collect_bad(&p->view, lines), n_shown = 0;
    const size_t n_bad = p->view.n_failed + p->view.n_unsupported + p->view.n_unmeasured;
    if (n == 0)
        return;
    F(p, "<h3 id=failed>No result: %zu case%s</h3><div class=scroll tabindex=0 role=region aria-label=\"Cases without a result\">"
         "<table><thead><tr><th>backend<th class=l>what happened<th>cases<th class=l>first subject<th class=l>reason</thead><tbody>\n",
      n_bad, plural(n_bad));
    for (size_t i = 0; i < n; i++) {
        const struct ridge_rd_member *m = lines[i].row->m;
        bool unsupported = same_text(m->verdict, "unsupported");
        H(p, "<tr><th scope=row>");
        ridge_draw_text(p->b, lines[i].row->label, 48);
        F(p, "<td class=\"l %s\">%s ", unsupported ? "dim" : "fail", unsupported ? "○" : "✖");
        ridge_draw_text(p->b, same_text(m->verdict, "ok") ? "no figures" : m->verdict ? m->verdict : "no verdict", 20);
        F(p, "<td>%zu<td class=l>", lines[i].n);
        ridge_draw_text(p->b, lines[i].heading, 48);
        H(p, "<td class=wrap>");
        ridge_draw_text(p->b, m->reason ? m->reason : "", 400);
        if (m->stderr_tail && m->stderr_tail[0]) {
            H(p, "<details><summary>last words on stderr</summary><pre>");
            ridge_draw_text(p->b, m->stderr_tail, 1500);
            H(p, "</pre></details>");
        }
        H(p, "\n");
        n_shown += lines[i].n;
    }
    H(p, "</tbody></table></div>");
    if (n_shown < n_bad)
        F(p, "<p class=dim>%zu more: <code>ridge show</code>.</p>", n_bad - n_shown);
}

void ridge_html_summary(struct ridge_page *p)
{
    H(p, "<section id=summary aria-labelledby=h-summary><h2 id=h-summary>Summary</h2>");
    put_headline(p);
    put_trust(p);
    put_standings(p);
    put_bad(p);
    H(p, "</section>\n");
}
