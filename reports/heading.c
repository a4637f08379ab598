/* Words for groups and members: what all members share is the heading, what differs is the label. */
#include "view.h"
#include <string.h>

static const struct { const char *yardstick, *name; } yardstick_names[] = {
    {"fma", "FMA peak"}, {"read", "plain read"}, {"copy", "plain copy"}, {"aa", "A/A control"},
};

const char *ridge_view_yardstick_name(const char *yardstick)
{
    for (size_t i = 0; i < sizeof yardstick_names / sizeof yardstick_names[0]; i++)
        if (strcmp(yardstick_names[i].yardstick, yardstick) == 0)
            return yardstick_names[i].name;
    return yardstick;
}

/* At its default; element type and threads are always said. */
static bool is_hidden(struct ridge_view *v, const struct ridge_rd_member *m, const struct ridge_kv *kv)
{
    if (strcmp(kv->key, "dtype") == 0 || strcmp(kv->key, "threads") == 0)
        return false;
    const struct ridge_kvs *defaults = &v->in->run->defaults;
    const char *def = ridge_kvs_get(defaults, ridge_arena_printf(&v->arena, "%s.%s", m->op, kv->key));
    if (def == NULL)
        def = ridge_kvs_get(defaults, kv->key);
    return def != NULL && strcmp(def, kv->value) == 0;
}

static bool differs(const char *a, const char *b)
{
    return strcmp(a ? a : "", b ? b : "") != 0;
}

static bool is_yardstick(const struct ridge_rd_member *m)
{
    return m->yardstick != NULL && m->yardstick[0] != '\0';
}

/* Do all ranked members of g have this value? */
static bool is_shared(const struct ridge_rd_group *g, const struct ridge_kv *kv)
{
    for (size_t i = 0; i < g->n_members; i++)
        if (!is_yardstick(&g->members[i]) && differs(ridge_kvs_get(&g->members[i].options, kv->key), kv->value))
            return false;
    return true;
}

static void put_option(struct ridge_buf *b, const struct ridge_kv *kv, const char *separator)
{
    if (b->n)
        ridge_buf_puts(b, separator);
    if (strcmp(kv->key, "dtype") == 0)
        ridge_buf_puts(b, kv->value);
    else if (strcmp(kv->key, "threads") == 0)
        ridge_buf_printf(b, "%s thread%s", kv->value, strcmp(kv->value, "1") == 0 ? "" : "s");
    else if (strcmp(kv->key, "cache") == 0)
        ridge_buf_printf(b, "%s cache", kv->value);
    else
        ridge_buf_printf(b, "%s=%s", kv->key, kv->value);
}

static const struct ridge_rd_member *first_ranked(const struct ridge_rd_group *g)
{
    for (size_t i = 0; i < g->n_members; i++)
        if (!is_yardstick(&g->members[i]))
            return &g->members[i];
    return NULL;
}

/* gemm:m=512,n=512 reads better as words; a model's name or a URL stays as it is. */
static char *subject_words(struct ridge_arena *a, const struct ridge_rd_member *m)
{
    char *text = ridge_arena_str(a, m->subject);
    size_t n_op = m->op != NULL ? strlen(m->op) : 0;
    if (n_op == 0 || strncmp(text, m->op, n_op) != 0 || text[n_op] != ':')
        return text;
    text[n_op] = ' ';
    for (char *p = text + n_op; *p; p++)
        *p = *p == ',' ? ' ' : *p;
    return text;
}

static bool is_set(const char *s)
{
    return s != NULL && s[0] != '\0';
}

void ridge_view_headings(struct ridge_view *v, struct ridge_view_group *vg)
{
    const struct ridge_rd_member *m = first_ranked(vg->g);
    vg->options = "";
    vg->heading = is_set(vg->g->title) ? vg->g->title : "(no name)";
    if (m == NULL)
        return;
    if (m->subject != NULL)
        vg->heading = subject_words(&v->arena, m);
    struct ridge_buf b = {0};
    for (size_t i = 0; i < m->options.n; i++)
        if (!is_hidden(v, m, &m->options.v[i]) && is_shared(vg->g, &m->options.v[i]))
            put_option(&b, &m->options.v[i], ", ");
    if (is_set(m->model))
        ridge_buf_printf(&b, "%s%s", b.n ? ", " : "", m->model);
    if (is_set(m->model) && is_set(m->layer))
        ridge_buf_printf(&b, " %s", m->layer);
    vg->options = ridge_arena_str(&v->arena, b.n ? b.data : "");
    ridge_buf_deinit(&b);
}

const char *ridge_view_label(struct ridge_view *v, const struct ridge_rd_group *g, const struct ridge_rd_member *m)
{
    struct ridge_buf b = {0};
    bool arms = false, devices = false, targets = false;
    for (size_t i = 0; i < g->n_members; i++) {
        const struct ridge_rd_member *o = &g->members[i];
        if (is_yardstick(o))
            continue;
        arms |= differs(o->arm, m->arm);
        devices |= differs(o->device, m->device);
        targets |= differs(o->target, m->target);
    }
    ridge_buf_puts(&b, m->backend && m->backend[0] ? m->backend : "(no backend)");
    for (size_t i = 0; i < m->options.n; i++)
        if (!is_shared(g, &m->options.v[i]))
            put_option(&b, &m->options.v[i], " ");
    if (arms && m->arm)
        ridge_buf_printf(&b, " [%s]", m->arm);
    if (devices && m->device)
        ridge_buf_printf(&b, " %s", m->device);
    if (targets && m->target)
        ridge_buf_printf(&b, " on %s", m->target);
    const char *label = ridge_arena_str(&v->arena, b.data);
    ridge_buf_deinit(&b);
    return label;
}

const char *ridge_view_remarks(struct ridge_view *v, const struct ridge_view_group *vg)
{
    static const char *const columns[] = {"p50_ns", "p90_ns", "p99_ns"};
    struct ridge_buf b = {0};
    for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++) {
        const char *why = NULL;
        size_t n_refused = 0;
        for (size_t i = 0; i < vg->n_ranked; i++) {
            const struct ridge_metric *q = ridge_rd_metric(vg->rows[i].m, columns[c]);
            if (q == NULL || q->refused == NULL)
                continue;
            n_refused++;
            why = why ? why : q->refused;
        }
        if (why == NULL)
            continue;
        ridge_buf_printf(&b, "%s%s", b.n ? "; " : "", why);
        if (n_refused < vg->n_ranked)
            ridge_buf_printf(&b, " (%zu of %zu backends)", n_refused, vg->n_ranked);
    }
    bool is_above_peak = false;
    for (size_t i = 0; i < vg->n_ranked; i++) {
        const struct ridge_metric *share = ridge_rd_metric(vg->rows[i].m, "peak_ratio");
        is_above_peak = is_above_peak || (ridge_view_has(share) && share->value > 1);
    }
    if (is_above_peak)
        ridge_buf_printf(&b, "%sabove 100 %% of peak: the operator's FLOPs count, taps on padding and what Winograd or FFT save included",
                         b.n ? "; " : "");
    const char *text = ridge_arena_str(&v->arena, b.n ? b.data : "");
    ridge_buf_deinit(&b);
    return text;
}
