/* The terminal's answer: the subject as a heading, the fastest first, one line of trust. */
#include "reports.h"
#include "view.h"
#include <inttypes.h>
#include <math.h>
#include <string.h>

#define DIM "\033[2m"
#define BOLD "\033[1m"
#define RED "\033[31m"
#define GREEN "\033[32m"
#define PLAIN "\033[0m"
#define MAX_LABEL_COLUMNS 40

static void paint(struct ridge_buf *b, const struct ridge_report_input *in, const char *code)
{
    if (in->color)
        ridge_buf_puts(b, code);
}

/* Columns a UTF-8 text takes, one per code point: good enough for labels. */
static int columns_of(const char *s)
{
    int n = 0;
    for (; *s; s++)
        n += ((unsigned char)*s & 0xC0) != 0x80;
    return n;
}

static void put_clipped(struct ridge_buf *b, const char *s, int max_columns)
{
    struct ridge_buf safe = {0};
    ridge_text_terminal(&safe, s);
    const char *p = safe.n ? safe.data : "";
    int n = 0;
    size_t end = 0;
    while (p[end] && (n < max_columns - 1 || columns_of(p) <= max_columns)) {
        n++;
        for (end++; ((unsigned char)p[end] & 0xC0) == 0x80; end++)
            continue;
    }
    ridge_buf_put(b, p, end);
    if (p[end])
        ridge_buf_puts(b, "…");
    ridge_buf_deinit(&safe);
}

static void put_padded(struct ridge_buf *b, const char *s, int width)
{
    size_t before = b->n;
    put_clipped(b, s, width);
    for (int n = columns_of(b->data + before); n < width; n++)
        ridge_buf_puts(b, " ");
}

static void put_right(struct ridge_buf *b, const char *s, int width)
{
    for (int n = columns_of(s); n < width; n++)
        ridge_buf_puts(b, " ");
    ridge_buf_puts(b, s);
}

static void put_heading(struct ridge_buf *b, const struct ridge_report_input *in, const struct ridge_view_group *vg)
{
    char text[48];
    paint(b, in, BOLD);
    put_clipped(b, vg->heading, 200);
    paint(b, in, PLAIN);
    struct ridge_buf options = {0};
    for (const char *p = vg->options; *p; p++) /* ", " reads as two blanks here */
        ridge_buf_put(&options, *p == ',' && p[1] == ' ' ? " " : p, 1);
    if (options.n) {
        ridge_buf_puts(b, "  ");
        put_clipped(b, options.data, 120);
    }
    ridge_buf_deinit(&options);
    const struct ridge_rd_member *m = vg->n_ranked ? vg->rows[0].m : NULL;
    const struct ridge_metric *intensity = m ? ridge_rd_metric(m, "intensity_flop_per_byte") : NULL;
    if (m && m->flop > 0)
        ridge_buf_printf(b, "   %s", ridge_text_format_si(m->flop, "FLOP", text, sizeof text));
    if (ridge_view_has(intensity))
        ridge_buf_printf(b, "   %.*f FLOP/B", intensity->value < 9.5 ? 1 : 0, intensity->value);
    if (vg->n_forks)
        ridge_buf_printf(b, "          %" PRId64 " fork%s x %" PRId64 " round%s", vg->n_forks,
                         vg->n_forks == 1 ? "" : "s", vg->n_rounds, vg->n_rounds == 1 ? "" : "s");
    ridge_buf_puts(b, "\n");
}

static void put_row(struct ridge_buf *b, const struct ridge_report_input *in, const struct ridge_view_group *vg,
                    const struct ridge_view_row *r, int width)
{
    static const char *const times[] = {"time_ns", "p50_ns", "p90_ns", "p99_ns"};
    char text[96];
    bool first = r->standing == RIDGE_STANDING_BEST && vg->outcome != RIDGE_OUTCOME_ALONE;
    ridge_buf_puts(b, "  ");
    if (first)
        paint(b, in, GREEN);
    put_padded(b, r->label, width);
    paint(b, in, first ? PLAIN : "");
    if (vg->rate_metric) {
        put_right(b, ridge_view_rate(vg, r->m, text, sizeof text), 9);
        put_right(b, ridge_view_percent(ridge_rd_metric(r->m, "peak_ratio"), text, sizeof text), 10);
    }
    for (size_t i = 0; i < 4; i++)
        put_right(b, ridge_view_time(r->m, times[i], text, sizeof text), 10);
    ridge_buf_printf(b, "   %s\n", ridge_view_vs(vg, r, text, sizeof text));
}

static void put_yardstick(struct ridge_buf *b, const struct ridge_report_input *in, const struct ridge_view_row *r,
                          int width)
{
    char text[64], time[64];
    const struct ridge_metric *flop = ridge_rd_metric(r->m, "flop_per_s"), *bytes = ridge_rd_metric(r->m, "bytes_per_s");
    const struct ridge_metric *rate = ridge_view_has(flop) ? flop : bytes;
    paint(b, in, DIM);
    ridge_buf_puts(b, "  ");
    put_padded(b, r->label, width);
    if (ridge_view_has(rate)) {
        put_right(b, ridge_view_number(rate->value / 1e9, text, sizeof text), 9);
        ridge_buf_puts(b, rate == flop ? " GFLOP/s" : " GB/s   ");
    } else {
        ridge_buf_puts(b, "                 ");
    }
    ridge_buf_puts(b, "  ");
    put_right(b, ridge_view_time(r->m, "time_ns", time, sizeof time), 10);
    ridge_buf_puts(b, strcmp(r->m->yardstick, "aa") == 0 ? "   main a second time" : "   yardstick, no rank");
    if (r->m->verdict && strcmp(r->m->verdict, "ok") != 0) {
        ridge_buf_puts(b, ", ");
        put_clipped(b, r->m->verdict, 20);
        ridge_buf_puts(b, ": ");
        put_clipped(b, r->m->reason ? r->m->reason : "no reason stored", 120);
    }
    paint(b, in, PLAIN);
    ridge_buf_puts(b, "\n");
}

static void put_bad(struct ridge_buf *b, const struct ridge_report_input *in, const struct ridge_view_row *r, int width)
{
    bool unsupported = r->m->verdict && strcmp(r->m->verdict, "unsupported") == 0;
    bool ok = r->m->verdict == NULL || strcmp(r->m->verdict, "ok") == 0;
    ridge_buf_puts(b, "  ");
    put_padded(b, r->label, width);
    paint(b, in, unsupported ? DIM : RED);
    ridge_buf_puts(b, "  ");
    put_clipped(b, ok ? "no figures" : r->m->verdict, 20);
    ridge_buf_puts(b, ": ");
    const char *without = !ok                    ? "no reason stored"
                          : r->m->n_samples > 0 ? "stored but not evaluated: ridge run --resume goes on"
                                                : "no block was timed";
    const char *reason = r->m->reason && r->m->reason[0] ? r->m->reason : without;
    put_clipped(b, reason, in->width_columns > 0 && in->width_columns > width + 30 ? in->width_columns - width - 18 : 160);
    paint(b, in, PLAIN);
    ridge_buf_puts(b, "\n");
}

/* Why percentiles are missing, and notes of comparisons ("1 layout seen"), each once, on one line. */
static void put_notes(struct ridge_buf *b, struct ridge_view *v, const struct ridge_view_group *vg)
{
    const char *separator = "";
    const char *remarks = ridge_view_remarks(v, vg);
    if (remarks[0]) {
        put_clipped(b, remarks, 400);
        separator = ".  ";
    }
    for (size_t i = 1; i < vg->n_ranked; i++) {
        const char *note = vg->rows[i].note;
        bool seen = note == NULL;
        for (size_t j = 1; !seen && j < i; j++)
            seen = vg->rows[j].note && strcmp(vg->rows[j].note, note) == 0;
        if (seen)
            continue;
        ridge_buf_printf(b, "%scomparisons: ", separator);
        put_clipped(b, note, 200);
        separator = ".  ";
    }
    ridge_buf_puts(b, separator[0] ? "\n\n" : "\n");
}

static void put_group(struct ridge_buf *b, struct ridge_view *v, const struct ridge_view_group *vg)
{
    const struct ridge_report_input *in = v->in;
    int width = 14;
    for (size_t i = 0; i < vg->g->n_members; i++) {
        int n = columns_of(vg->rows[i].label);
        width = n > width ? n : width;
    }
    width = width > MAX_LABEL_COLUMNS ? MAX_LABEL_COLUMNS : width;
    put_heading(b, in, vg);
    if (vg->n_ranked) {
        paint(b, in, DIM);
        ridge_buf_puts(b, "  ");
        put_padded(b, "backend", width);
        if (vg->rate_metric) {
            put_right(b, vg->rate_unit, 9);
            put_right(b, "of peak", 10);
        }
        ridge_buf_puts(b, "      time       p50       p90       p99   vs best");
        paint(b, in, PLAIN);
        ridge_buf_puts(b, "\n");
    }
    for (size_t i = 0; i < vg->g->n_members; i++) {
        if (i < vg->n_ranked)
            put_row(b, in, vg, &vg->rows[i], width);
        else if (i < vg->n_ranked + vg->n_yardsticks)
            put_yardstick(b, in, &vg->rows[i], width);
        else
            put_bad(b, in, &vg->rows[i], width);
    }
    put_notes(b, v, vg);
}

static void put_contest(struct ridge_buf *b, const struct ridge_view_contest *c)
{
    static const char *const shares[RIDGE_N_SHARES] = {"FMA peak", "a plain read", "a plain copy"};
    char text[64];
    ridge_buf_puts(b, "  ");
    put_padded(b, c->name, MAX_LABEL_COLUMNS / 2);
    if (c->n > 0)
        (void)snprintf(text, sizeof text, "%.3f  (%.2f to %.2f)", ridge_view_geomean(c->log_sum, c->n), c->least, c->most);
    else
        (void)snprintf(text, sizeof text, "met no other");
    ridge_buf_printf(b, "%4zu  %-22s", c->n, text);
    double bound = 0; /* the yardstick that it comes closest to */
    const char *what = "";
    for (size_t k = 0; k < RIDGE_N_SHARES; k++) {
        const double share = ridge_view_geomean(c->share_log_sum[k], c->n_shares[k]);
        what = share > bound ? shares[k] : what;
        bound = fmax(bound, share);
    }
    if (bound > 0)
        ridge_buf_printf(b, "  %.3f of %s", bound, what);
    ridge_buf_puts(b, "\n");
}

static void put_families(struct ridge_buf *b, const struct ridge_view *v)
{
    if (v->n_families > 0)
        ridge_buf_puts(b, "Families: speed against the best of the others, subjects and geometric mean "
                          "(least to most), share of the nearest yardstick\n");
    for (size_t i = 0; i < v->n_families; i++) {
        paint(b, v->in, BOLD);
        put_clipped(b, v->families[i].name, 100);
        paint(b, v->in, PLAIN);
        ridge_buf_puts(b, "\n");
        for (size_t k = 0; k < v->families[i].n_contests; k++)
            put_contest(b, &v->families[i].contests[k]);
    }
    ridge_buf_puts(b, v->n_families > 0 ? "\n" : "");
}

static void put_trust(struct ridge_buf *b, const struct ridge_view *v)
{
    const struct ridge_rd_run *run = v->in->run;
    const char *fitness = run->fitness && run->fitness[0] ? run->fitness : "not judged";
    bool quiet = strcmp(fitness, "quiet") == 0;
    ridge_buf_printf(b, "%zu of %zu cases measured", v->n_ok, v->n_cases);
    if (v->n_unsupported)
        ridge_buf_printf(b, ", %zu unsupported", v->n_unsupported);
    if (v->n_failed)
        ridge_buf_printf(b, ", %zu failed", v->n_failed);
    if (v->n_unmeasured)
        ridge_buf_printf(b, ", %zu not measured", v->n_unmeasured);
    ridge_buf_puts(b, ".  ");
    paint(b, v->in, quiet ? GREEN : RED);
    put_clipped(b, fitness, 20);
    paint(b, v->in, PLAIN);
    ridge_buf_puts(b, run->why && run->why[0] ? ": " : "");
    put_clipped(b, run->why ? run->why : "", 400);
    if (run->status && strcmp(run->status, "complete") != 0) {
        ridge_buf_puts(b, "  (run ");
        put_clipped(b, run->status, 40);
        ridge_buf_puts(b, ")");
    }
    ridge_buf_puts(b, "\n");
}

RIDGE_REPORT_WRITER(ridge_report_table)
{
    (void)err;
    struct ridge_view v;
    ridge_view_init(&v, in);
    for (size_t i = 0; i < v.n_groups; i++)
        put_group(out, &v, &v.groups[i]);
    put_families(out, &v);
    put_trust(out, &v);
    ridge_view_deinit(&v);
    return RIDGE_OK;
}
