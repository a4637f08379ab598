/* The gate file: JSON with positions, through the scanner of suites. */
#include "gate/rows.h"
#include "gate/prior.h"
#include "base/os.h"
#include "data/metric.h"
#include "suite/scan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct reader {
    struct ridge_arena *a;
    const char *file;
    struct ridge_buf *errors;
    size_t n_errors;
};

static void report(struct reader *r, int line, int column, const char *fmt, ...) RIDGE_PRINTF(4, 5);
static void report(struct reader *r, int line, int column, const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (r->n_errors++ < 50)
        ridge_buf_printf(r->errors, "%s:%d:%d: %s\n", r->file, line, column, text);
}

/* ---- values ---- */

static const char *scalar(struct reader *r, const struct ridge_node *n, const char *what)
{
    if (n->type == RIDGE_NODE_NUMBER || n->type == RIDGE_NODE_STRING || n->type == RIDGE_NODE_BOOL)
        return n->text;
    report(r, n->line, n->column, "%s: %s is needed here", n->key != NULL ? n->key : "entry", what);
    return NULL;
}

/* 0.03, "3 %" or "3%" */
static bool ratio_text(const char *text, double *out, bool *is_percent)
{
    char number[64];
    size_t n = strlen(text);
    bool percent = n > 0 && text[n - 1] == '%';
    n -= percent;
    while (n > 0 && text[n - 1] == ' ')
        n--;
    if (n == 0 || n >= sizeof number)
        return false;
    memcpy(number, text, n);
    number[n] = '\0';
    if (ridge_text_real(number, out, NULL) != RIDGE_OK)
        return false;
    *is_percent = percent;
    *out *= percent ? 0.01 : 1;
    return true;
}

static void read_ratio(struct reader *r, const struct ridge_node *n, double low, double high, double *out)
{
    const char *text = scalar(r, n, "a share such as \"3 %\"");
    double v;
    bool is_percent = false;
    if (text == NULL)
        return;
    if (ratio_text(text, &v, &is_percent) && !is_percent && v >= 1 && high > 1) {
        report(r, n->line, n->column, "%s: %.60s is %g %%: write it with its sign, as \"%.60s %%\"", n->key, text, 100 * v, text);
        return;
    }
    if (!ratio_text(text, &v, &is_percent) || !(v > low && v <= high)) {
        report(r, n->line, n->column, "%s: '%.60s' is no share above %g %% and at most %g %%, such as \"3 %%\"", n->key, text,
               low * 100, high * 100);
        return;
    }
    *out = v;
}

/* In the metric's own unit: "20 ms", "2 GiB", 1.05, "95 %" */
static void read_limit(struct reader *r, const struct ridge_node *n, const char *metric, double *out)
{
    const struct ridge_metric_def *def = ridge_metric_find(metric);
    const char *text = scalar(r, n, "a limit such as \"20 ms\""), *unit = def != NULL ? def->unit : NULL;
    int64_t whole = 0;
    double v = NAN;
    bool is_percent = false;
    if (text == NULL)
        return;
    if (unit != NULL && strcmp(unit, "ns") == 0 && ridge_text_duration_ns(text, &whole, NULL) == RIDGE_OK)
        v = (double)whole;
    else if (unit != NULL && strcmp(unit, "B") == 0 && ridge_text_bytes(text, &whole, NULL) == RIDGE_OK)
        v = (double)whole;
    else if (unit != NULL && strcmp(unit, "ns") != 0)
        (void)ratio_text(text, &v, &is_percent);
    if (isnan(v) || (is_percent && strcmp(unit, "1") != 0))
        report(r, n->line, n->column, "%s: '%.60s' is no limit for %s; its unit is %s", n->key, text, metric,
               unit != NULL ? unit : "unknown");
    else
        *out = v;
}

static void read_bool(struct reader *r, const struct ridge_node *n, bool *out)
{
    if (n->type != RIDGE_NODE_BOOL)
        report(r, n->line, n->column, "%s: true or false is needed here", n->key);
    else
        *out = strcmp(n->text, "true") == 0;
}

static void read_string(struct reader *r, const struct ridge_node *n, const char **out)
{
    if (n->type != RIDGE_NODE_STRING)
        report(r, n->line, n->column, "%s: a text is needed here", n->key);
    else
        *out = n->text;
}

/* pass, fail */
static void read_inconclusive(struct reader *r, const struct ridge_node *n, bool *fail)
{
    const char *text = "";
    read_string(r, n, &text);
    if (strcmp(text, "pass") != 0 && strcmp(text, "fail") != 0 && text[0] != '\0')
        report(r, n->line, n->column, "%s: '%.40s' is neither pass nor fail", n->key, text);
    *fail = strcmp(text, "fail") == 0;
}

static void read_confidence(struct reader *r, const struct ridge_node *n, double *alpha)
{
    double confidence = NAN;
    read_ratio(r, n, 0.5, 0.9999, &confidence);
    *alpha = isnan(confidence) ? *alpha : (1 - confidence) / 2;
}

static void read_direction(struct reader *r, const struct ridge_node *n, bool *is_higher_better)
{
    const char *text = "lower";
    read_string(r, n, &text);
    if (strcmp(text, "lower") != 0 && strcmp(text, "higher") != 0)
        report(r, n->line, n->column, "%s: '%.40s' is neither lower nor higher (which is better)", n->key, text);
    *is_higher_better = strcmp(text, "higher") == 0;
}

static void unknown_key(struct reader *r, const struct ridge_node *n, const char *const *keys)
{
    const char *near = ridge_text_nearest(n->key, keys);
    report(r, n->key_line, n->key_column, "unknown key \"%.60s\"%s%s%s", n->key, near != NULL ? "; did you mean " : "",
           near != NULL ? near : "", near != NULL ? "?" : "");
}

/* ---- one rule ---- */

static const char *const rule_keys[] = {"name", "cases", "metric", "margin", "direction", "confidence", "max", "min",
                                        "must_exist", "inconclusive", "improved", "$comment", NULL};

static void read_rule_key(struct reader *r, const struct ridge_node *n, struct ridge_gate_rule *rule)
{
    const char *text = "";
    struct ridge_error err = {0};
    if (strcmp(n->key, "name") == 0)
        read_string(r, n, &rule->name);
    else if (strcmp(n->key, "margin") == 0)
        read_ratio(r, n, 0, 10, &rule->margin_ratio);
    else if (strcmp(n->key, "direction") == 0)
        read_direction(r, n, &rule->is_higher_better);
    else if (strcmp(n->key, "confidence") == 0)
        read_confidence(r, n, &rule->alpha);
    else if (strcmp(n->key, "must_exist") == 0)
        read_bool(r, n, &rule->must_exist);
    else if (strcmp(n->key, "inconclusive") == 0)
        read_inconclusive(r, n, &rule->fail_inconclusive);
    else if (strcmp(n->key, "improved") == 0)
        read_inconclusive(r, n, &rule->fail_improved);
    else if (strcmp(n->key, "max") == 0)
        read_limit(r, n, rule->metric, &rule->max);
    else if (strcmp(n->key, "min") == 0)
        read_limit(r, n, rule->metric, &rule->min);
    else if (strcmp(n->key, "cases") == 0) {
        read_string(r, n, &text);
        if (ridge_selector_parse(r->a, strcmp(text, "*") == 0 ? "" : text, &rule->cases, &err) != RIDGE_OK)
            report(r, n->line, n->column, "cases: %.300s", err.text);
    } else if (strcmp(n->key, "metric") != 0 && strcmp(n->key, "$comment") != 0)
        unknown_key(r, n, rule_keys);
}

/* Keys that would change nothing are mistakes: the time has a margin and a direction of its own, a limit needs neither. */
static void check_keys(struct reader *r, const struct ridge_node *n, const struct ridge_gate_rule *rule)
{
    const struct ridge_node *direction = ridge_suite_child(n, "direction"), *confidence = ridge_suite_child(n, "confidence");
    const struct ridge_node *metric = ridge_suite_child(n, "metric");
    bool is_time = strcmp(rule->metric, "time_ns") == 0, has_margin = ridge_suite_child(n, "margin") != NULL;
    bool has_none = strcmp(ridge_metric_find(rule->metric)->better, "none") == 0;
    if (direction != NULL && is_time && rule->is_higher_better)
        report(r, direction->line, direction->column, "direction: less time is better, always; a time that is too short has a \"min\"");
    if (direction != NULL && !is_time && !has_margin)
        report(r, direction->line, direction->column, "direction: it belongs to a margin, and this rule has none");
    if (confidence != NULL && !is_time && !has_margin)
        report(r, confidence->line, confidence->column, "confidence: it belongs to a margin, and this rule has none; a limit is held "
               "against the stored interval");
    else if (confidence != NULL && !is_time && !ridge_gate_is_percentile(rule->metric))
        report(r, confidence->line, confidence->column, "confidence: %s is judged by its stored interval; only the time and "
               "percentiles have one that follows it", rule->metric);
    if (has_none && has_margin && direction == NULL)
        report(r, metric->line, metric->column, "metric: whether more or less %s is better is not known: give \"direction\": "
               "\"lower\" or \"higher\"", rule->metric);
}

static void read_rule(struct reader *r, const struct ridge_node *n, struct ridge_gate_rule *rule)
{
    *rule = (struct ridge_gate_rule){.name = "", .metric = "time_ns", .margin_ratio = NAN, .max = NAN, .min = NAN, .alpha = NAN,
                                     .line = n->line};
    if (n->type != RIDGE_NODE_OBJECT) {
        report(r, n->line, n->column, "a rule is an object: {\"cases\": \"op=gemm\", \"margin\": \"3 %%\"}");
        return;
    }
    const struct ridge_node *metric = ridge_suite_child(n, "metric");
    if (metric != NULL)
        read_string(r, metric, &rule->metric);
    const struct ridge_metric_def *def = ridge_metric_find(rule->metric);
    rule->is_higher_better = def != NULL && strcmp(def->better, "higher") == 0;
    if (def == NULL) {
        const char *near = ridge_metric_nearest(rule->metric);
        report(r, metric->line, metric->column, "unknown metric '%.60s'%s%s; ridge list metrics has them", rule->metric,
               near != NULL ? "; did you mean " : "", near != NULL ? near : "");
    }
    for (const struct ridge_node *c = n->first; c != NULL; c = c->next)
        read_rule_key(r, c, rule);
    if (def != NULL)
        check_keys(r, n, rule);
    bool says_nothing = isnan(rule->margin_ratio) && isnan(rule->max) && isnan(rule->min) && isnan(rule->alpha) &&
                        !rule->must_exist && !rule->fail_inconclusive && !rule->fail_improved;
    if (says_nothing)
        report(r, n->line, n->column, "this rule demands nothing: give margin, max, min, must_exist or inconclusive");
}

/* ---- the file ---- */

static const char *const file_keys[] = {"$schema", "$comment", "name", "margin", "memory_margin", "model_margin",
                                        "confidence", "looks", "budget", "require_fit", "inconclusive", "prior",
                                        "rules", NULL};

static void read_prior(struct reader *r, const struct ridge_node *n, struct ridge_gate_rules *out)
{
    static const char *const keys[] = {"compute", "memory", "none", NULL};
    double *const values[] = {&out->prior_compute, &out->prior_memory, &out->prior_none};
    out->prior_source = "by the gate file";
    if (n->type != RIDGE_NODE_OBJECT)
        report(r, n->line, n->column, "prior: an object is needed: {\"compute\": \"8 %%\", \"memory\": \"12 %%\"}");
    for (const struct ridge_node *c = n->first; c != NULL; c = c->next) {
        size_t i = 0;
        while (keys[i] != NULL && c->key != NULL && strcmp(keys[i], c->key) != 0)
            i++;
        if (c->key == NULL || keys[i] == NULL)
            unknown_key(r, c, keys);
        else
            read_ratio(r, c, 0, 1, values[i]);
    }
}

static void read_whole(struct reader *r, const struct ridge_node *n, int64_t low, int64_t high, int64_t *out)
{
    const char *text = scalar(r, n, "a whole number");
    int64_t v;
    if (text == NULL)
        return;
    if (ridge_text_int(text, &v, NULL) != RIDGE_OK || v < low || v > high)
        report(r, n->line, n->column, "%s: '%.40s' is no whole number from %lld to %lld", n->key, text, (long long)low,
               (long long)high);
    else
        *out = v;
}

static void read_rules(struct reader *r, const struct ridge_node *n, struct ridge_gate_rules *out)
{
    if (n->type != RIDGE_NODE_ARRAY) {
        report(r, n->line, n->column, "rules: a list of rules is needed here");
        return;
    }
    out->v = ridge_arena_array(r->a, n->n + 1, sizeof *out->v);
    for (const struct ridge_node *c = n->first; c != NULL; c = c->next)
        read_rule(r, c, &out->v[out->n++]);
}

static void read_key(struct reader *r, const struct ridge_node *n, struct ridge_gate_rules *out)
{
    struct ridge_error err = {0};
    if (strcmp(n->key, "name") == 0)
        read_string(r, n, &out->name);
    else if (strcmp(n->key, "margin") == 0)
        read_ratio(r, n, 0, 10, &out->margin_ratio);
    else if (strcmp(n->key, "memory_margin") == 0)
        read_ratio(r, n, 0, 10, &out->memory_margin_ratio);
    else if (strcmp(n->key, "model_margin") == 0)
        read_ratio(r, n, 0, 10, &out->model_margin_ratio);
    else if (strcmp(n->key, "confidence") == 0)
        read_confidence(r, n, &out->alpha);
    else if (strcmp(n->key, "looks") == 0)
        read_whole(r, n, 1, 10, &out->n_looks);
    else if (strcmp(n->key, "budget") == 0) {
        const char *text = scalar(r, n, "a time such as \"5 min\"");
        if (text != NULL && ridge_text_duration_ns(text, &out->budget_ns, &err) != RIDGE_OK)
            report(r, n->line, n->column, "budget: %.300s", err.text);
    } else if (strcmp(n->key, "require_fit") == 0)
        read_bool(r, n, &out->require_fit);
    else if (strcmp(n->key, "inconclusive") == 0)
        read_inconclusive(r, n, &out->fail_inconclusive);
    else if (strcmp(n->key, "prior") == 0)
        read_prior(r, n, out);
    else if (strcmp(n->key, "rules") == 0)
        read_rules(r, n, out);
    else if (n->key[0] != '$')
        unknown_key(r, n, file_keys);
}

/* ---- what is stored with a judgement: the file, and the defaults that it left to this version of Ridge ---- */

static size_t offset_of(const char *text, const struct ridge_node *n)
{
    size_t at = 0;
    for (int line = 1; line < n->line; at++)
        line += text[at] == '\n';
    for (int column = 1; column < n->column; column++)
        do
            at++;
        while ((text[at] & 0xc0) == 0x80); /* a column is a code point */
    return at;
}

/* The text with the keys that the object lacks, on the line where it begins: no other line moves. */
static const char *with_missing(struct ridge_arena *a, const char *text, const struct ridge_node *object, const struct ridge_kv *keys,
                                size_t n_keys)
{
    struct ridge_buf b = {0};
    size_t at = offset_of(text, object) + 1, n_left = object->n;
    ridge_buf_put(&b, text, at);
    for (size_t i = 0; i < n_keys; i++)
        if (ridge_suite_child(object, keys[i].key) == NULL)
            ridge_buf_printf(&b, "%s\"%s\": %s", b.n > at ? ", " : "", keys[i].key, keys[i].value);
    ridge_buf_puts(&b, b.n > at && n_left > 0 ? ", " : "");
    ridge_buf_puts(&b, text + at);
    const char *whole = ridge_arena_strn(a, b.data, b.n);
    ridge_buf_deinit(&b);
    return whole;
}

static const char *number(struct ridge_arena *a, double v)
{
    return ridge_arena_printf(a, "%.12g", v);
}

static const char *effective_text(struct ridge_arena *a, const char *text, const struct ridge_node *root,
                                  const struct ridge_gate_rules *r)
{
    const struct ridge_kv prior[] = {{"compute", number(a, r->prior_compute)}, {"memory", number(a, r->prior_memory)},
                                     {"none", number(a, r->prior_none)}};
    const struct ridge_node none = {.type = RIDGE_NODE_OBJECT, .line = 1, .column = 1}, *own = ridge_suite_child(root, "prior");
    const struct ridge_kv keys[] = {{"margin", number(a, r->margin_ratio)},
                                    {"memory_margin", number(a, r->memory_margin_ratio)},
                                    {"model_margin", number(a, r->model_margin_ratio)},
                                    {"confidence", number(a, 1 - 2 * r->alpha)},
                                    {"looks", number(a, (double)r->n_looks)},
                                    {"prior", with_missing(a, "{}", &none, prior, 3)}};
    if (own != NULL) /* behind the root's beginning: first, so that both places still hold */
        text = with_missing(a, text, own, prior, 3);
    return with_missing(a, text, root, keys, sizeof keys / sizeof keys[0]);
}

enum ridge_status ridge_gate_rules_load(struct ridge_arena *a, const char *file, const char *text,
                                        struct ridge_gate_rules *out, struct ridge_buf *errors, struct ridge_error *err)
{
    struct reader r = {.a = a, .file = file, .errors = errors};
    struct ridge_scan_error syntax = {0};
    char *sha256 = ridge_arena_alloc(a, 65);
    const char *slash = strrchr(file, '/');
    *out = (struct ridge_gate_rules){.name = text == NULL ? "default" : slash != NULL ? slash + 1 : file, .margin_ratio = 0.03,
                                     .memory_margin_ratio = 0.05, .model_margin_ratio = 0.05, .alpha = 0.05, .n_looks = 3,
                                     .budget_ns = INT64_C(300000000000), .require_fit = true, .prior_compute = RIDGE_GATE_PRIOR_COMPUTE,
                                     .prior_memory = RIDGE_GATE_PRIOR_MEMORY, .prior_none = RIDGE_GATE_PRIOR_NONE,
                                     .prior_source = RIDGE_GATE_PRIOR_SOURCE};
    text = text != NULL ? text : "{}";
    const struct ridge_node *root = ridge_suite_scan(a, file, text, strlen(text), &syntax);
    if (root == NULL)
        report(&r, syntax.line, syntax.column, "%s", syntax.text);
    else if (root->type != RIDGE_NODE_OBJECT)
        report(&r, root->line, root->column, "a gate file is an object: {\"margin\": \"3 %%\", \"rules\": [...]}");
    else
        for (const struct ridge_node *n = root->first; n != NULL; n = n->next)
            read_key(&r, n, out);
    if (r.n_errors > 0)
        return ridge_fail(err, RIDGE_ERR_CONFIG, file, "%zu mistake%s in the gate file", r.n_errors, r.n_errors == 1 ? "" : "s");
    out->text = effective_text(a, text, root, out);
    ridge_os_sha256(out->text, strlen(out->text), sha256);
    out->sha256 = sha256;
    return RIDGE_OK;
}
