/* One row a case (yardsticks too), every metric with its interval; RFC 4180, formulas defused. */
#include "reports.h"
#include "view.h"
#include "data/metric.h"
#include <inttypes.h>
#include <math.h>

static void put_text(struct ridge_buf *b, const char *s)
{
    ridge_text_csv(b, s ? s : "");
    ridge_buf_puts(b, ",");
}

static void put_real(struct ridge_buf *b, double v)
{
    if (isfinite(v))
        ridge_buf_printf(b, "%.9g", v);
    ridge_buf_puts(b, ",");
}

static void put_row(struct ridge_buf *b, struct ridge_view *v, const struct ridge_view_group *vg,
                    const struct ridge_view_row *r)
{
    const struct ridge_rd_member *m = r->m;
    char *options = ridge_kvs_text(&v->arena, &m->options);
    const char *const texts[] = {m->case_id, m->subject, m->op, m->backend, m->device, m->target, m->arm,
                                 m->yardstick, options, m->model, m->layer, vg->g->stop_reason, m->verdict, m->reason};
    ridge_buf_printf(b, "%" PRId64 ",%" PRId64 ",", v->in->run->id, vg->g->i_group);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        put_text(b, texts[i]);
    ridge_buf_printf(b, "%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",", m->n_forks, m->n_rounds, m->n_samples,
                     m->inner_reps);
    for (size_t i = 0; i < ridge_n_metric_defs; i++) {
        const struct ridge_metric *metric = ridge_rd_metric(m, ridge_metric_defs[i].name);
        bool has = ridge_view_has(metric);
        put_real(b, has ? metric->value : NAN);
        put_real(b, has ? metric->low : NAN);
        put_real(b, has ? metric->high : NAN);
    }
    bool ranked = r < vg->rows + vg->n_ranked;
    put_real(b, ranked ? r->vs : NAN);
    put_real(b, ranked ? r->vs_low : NAN);
    put_real(b, ranked ? r->vs_high : NAN);
    ridge_text_csv(b, r->note ? r->note : "");
    ridge_buf_puts(b, "\r\n");
}

RIDGE_REPORT_WRITER(ridge_report_csv)
{
    (void)err;
    struct ridge_view v;
    ridge_view_init(&v, in);
    ridge_buf_puts(out, "run,group,case,subject,op,backend,device,target,arm,yardstick,options,model,layer,"
                        "stop_reason,verdict,reason,forks,rounds,samples,inner_reps,");
    for (size_t i = 0; i < ridge_n_metric_defs; i++)
        ridge_buf_printf(out, "%s,%s_low,%s_high,", ridge_metric_defs[i].name, ridge_metric_defs[i].name, ridge_metric_defs[i].name);
    ridge_buf_puts(out, "vs_best,vs_best_low,vs_best_high,vs_best_note\r\n");
    for (size_t i = 0; i < v.n_groups; i++)
        for (size_t k = 0; k < v.groups[i].g->n_members; k++)
            put_row(out, &v, &v.groups[i], &v.groups[i].rows[k]);
    ridge_view_deinit(&v);
    return RIDGE_OK;
}
