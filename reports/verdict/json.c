/* A judgement for programs. */
#include "json_out.h"
#include "reports.h"
#include "verdict/verdict.h"

static void put_row(struct ridge_buf *b, const struct ridge_judged *r)
{
    const struct { const char *key, *value; } texts[] = {
        {"case", r->case_id}, {"subject", r->subject}, {"label", r->label}, {"metric", r->metric}, {"kind", r->kind},
        {"verdict", ridge_change_text(r->verdict)}, {"why", r->why}, {"again", r->again}};
    const struct { const char *key; double value; } reals[] = {
        {"ratio", r->ratio}, {"low", r->low}, {"high", r->high}, {"margin_ratio", r->margin_ratio}, {"p", r->p},
        {"detect_ratio", r->detect_ratio}, {"more_s", r->more_s}};
    ridge_json_open(b, NULL, '{');
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ridge_json_str(b, texts[i].key, texts[i].value);
    for (size_t i = 0; i < sizeof reals / sizeof reals[0]; i++)
        ridge_json_real(b, reals[i].key, reals[i].value);
    ridge_json_int(b, "forks", r->n_forks);
    ridge_json_int(b, "more_forks", r->n_more_forks);
    ridge_json_int(b, "member", r->i_member);
    ridge_json_close(b, '}');
}

/* What a row's ratio is, by its kind; an answer and a case that must exist have none. */
static void put_meanings(struct ridge_buf *b)
{
    static const struct { const char *kind, *means; } rows[] = {
        {"paired", "time(new) / time(old)"},
        {"unpaired", "time(new) / time(old)"},
        {"aa", "time(main again) / time(main)"},
        {"metric", "how many times worse: new / old, or old / new where more is better"},
        {"limit", "value / limit"}};
    ridge_json_open(b, "ratio_means", '{');
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        ridge_json_str(b, rows[i].kind, rows[i].means);
    ridge_json_close(b, '}');
}

RIDGE_REPORT_WRITER(ridge_report_verdict_json)
{
    const struct ridge_judgement *j = in->judgement;
    if (j == NULL)
        return ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "", "%s", ridge_verdict_none());
    const struct { const char *key, *value; } texts[] = {
        {"mode", j->mode}, {"baseline", j->baseline}, {"rules", j->rules_name}, {"rules_sha256", j->rules_sha256},
        {"command", j->command}, {"banner", j->banner}, {"why", j->why}, {"advice", j->advice}};
    const struct { const char *key; int64_t value; } wholes[] = {
        {"run", j->run_id}, {"exit_code", j->exit_code}, {"looks", j->n_looks}, {"aa_out", j->n_aa_out}, {"aa", j->n_aa},
        {"aa_allowed", j->n_aa_allowed}, {"aa_out_pooled", j->n_aa_out_pooled}, {"aa_pooled", j->n_aa_pooled}};
    ridge_json_open(out, NULL, '{');
    ridge_json_str(out, "format", "ridge-verdict-1");
    put_meanings(out);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        ridge_json_str(out, texts[i].key, texts[i].value);
    for (size_t i = 0; i < sizeof wholes / sizeof wholes[0]; i++)
        ridge_json_int(out, wholes[i].key, wholes[i].value);
    ridge_json_real(out, "alpha", j->alpha);
    ridge_json_real(out, "aa_upper", j->aa_upper);
    ridge_json_real(out, "detect_ratio", j->detect_ratio);
    for (size_t i = 0; i < RIDGE_N_CHANGES; i++)
        ridge_json_int(out, ridge_change_text((enum ridge_change)i), (int64_t)ridge_judgement_count(j, (enum ridge_change)i));
    ridge_json_open(out, "verdicts", '[');
    for (size_t i = 0; i < j->n_rows; i++)
        put_row(out, &j->rows[i]);
    ridge_json_close(out, ']');
    ridge_json_close(out, '}');
    ridge_buf_puts(out, "\n");
    return RIDGE_OK;
}
