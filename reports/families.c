/* Families: the headings that a suite gives its cases, and who stands how under each. A group with several
 * algorithms can have some of them under one heading and all under another. */
#include "view.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *const share_metrics[RIDGE_N_SHARES] = {"peak_ratio", "read_ratio", "copy_ratio"};

/* The rows of a group that belong to one family. */
struct field {
    const struct ridge_view_group *vg;
    const size_t *rows; /* ranked, fastest first */
    size_t n;
    bool has_one_backend;
};

/* Backends stand against each other; where there is one only, what tells its members apart. */
static const char *contestant(const struct field *f, size_t i)
{
    const struct ridge_view_row *row = &f->vg->rows[f->rows[i]];
    return f->has_one_backend ? row->label : row->m->backend;
}

static bool is_same(const struct field *f, size_t i, size_t j)
{
    return strcmp(contestant(f, i), contestant(f, j)) == 0;
}

static struct ridge_view_contest *contest_of(struct ridge_view *v, struct ridge_view_family *family, const char *name)
{
    size_t i = 0;
    while (i < family->n_contests && strcmp(family->contests[i].name, name) != 0)
        i++;
    if (i < family->n_contests)
        return &family->contests[i];
    family->contests = ridge_arena_grown(&v->arena, family->contests, i, sizeof *family->contests);
    family->contests[i] = (struct ridge_view_contest){.name = name, .least = INFINITY};
    family->n_contests = i + 1;
    return &family->contests[i];
}

/* Speed of a contestant's best row against the best row of all others, from what is stored of both against the group's best. */
static double against_others(const struct field *f, size_t i)
{
    size_t other = 0;
    while (other < f->n && is_same(f, i, other))
        other++;
    return other == f->n ? NAN : f->vg->rows[f->rows[i]].vs / f->vg->rows[f->rows[other]].vs;
}

static void count(struct ridge_view *v, struct ridge_view_family *family, const struct field *f, size_t i)
{
    struct ridge_view_contest *c = contest_of(v, family, contestant(f, i));
    const double ratio = against_others(f, i);
    if (isfinite(ratio)) {
        c->n++;
        c->log_sum += log(ratio);
        c->least = fmin(c->least, ratio);
        c->most = fmax(c->most, ratio);
    }
    for (size_t k = 0; k < RIDGE_N_SHARES; k++) {
        const struct ridge_metric *m = ridge_rd_metric(f->vg->rows[f->rows[i]].m, share_metrics[k]);
        if (!ridge_view_has(m) || !(m->value > 0))
            continue;
        c->n_shares[k]++;
        c->share_log_sum[k] += log(m->value);
    }
}

static void add_field(struct ridge_view *v, struct ridge_view_family *family, const struct field *f)
{
    family->n_groups++;
    for (size_t i = 0; i < f->n; i++) {
        size_t first = 0;
        while (!is_same(f, i, first))
            first++;
        if (first == i)
            count(v, family, f, i);
    }
}

static bool is_in(const struct ridge_rd_member *m, const char *family)
{
    for (size_t i = 0; i < m->n_families; i++)
        if (strcmp(m->families[i], family) == 0)
            return true;
    return false;
}

static void add_group(struct ridge_view *v, struct ridge_view_family *family, const struct ridge_view_group *vg, size_t *rows)
{
    struct field f = {.vg = vg, .rows = rows, .has_one_backend = true};
    for (size_t i = 0; i < vg->n_ranked; i++)
        if (is_in(vg->rows[i].m, family->name))
            rows[f.n++] = i;
    for (size_t i = 1; i < f.n; i++)
        f.has_one_backend = f.has_one_backend && strcmp(vg->rows[rows[i]].m->backend, vg->rows[rows[0]].m->backend) == 0;
    if (f.n > 0)
        add_field(v, family, &f);
}

static int by_mean(const void *pa, const void *pb)
{
    const struct ridge_view_contest *a = pa, *b = pb;
    const double mean_a = ridge_view_geomean(a->log_sum, a->n), mean_b = ridge_view_geomean(b->log_sum, b->n);
    return mean_a < mean_b ? 1 : mean_a > mean_b ? -1 : 0;
}

static void note_family(struct ridge_view *v, const char *name)
{
    for (size_t i = 0; i < v->n_families; i++)
        if (strcmp(v->families[i].name, name) == 0)
            return;
    if (v->n_families < RIDGE_VIEW_MAX_FAMILIES)
        v->families[v->n_families++] = (struct ridge_view_family){.name = name};
}

void ridge_view_sum_families(struct ridge_view *v)
{
    size_t n_rows = 1;
    v->families = ridge_arena_array(&v->arena, RIDGE_VIEW_MAX_FAMILIES, sizeof *v->families);
    for (size_t i = 0; i < v->n_groups; i++) {
        const struct ridge_view_group *vg = &v->groups[i];
        n_rows = vg->n_ranked > n_rows ? vg->n_ranked : n_rows;
        for (size_t k = 0; k < vg->n_ranked; k++)
            for (size_t f = 0; f < vg->rows[k].m->n_families; f++)
                note_family(v, vg->rows[k].m->families[f]);
    }
    size_t *rows = ridge_arena_array(&v->arena, n_rows, sizeof *rows);
    for (size_t f = 0; f < v->n_families; f++) {
        struct ridge_view_family *family = &v->families[f];
        for (size_t i = 0; i < v->n_groups; i++)
            add_group(v, family, &v->groups[i], rows);
        if (family->n_contests > 1)
            qsort(family->contests, family->n_contests, sizeof *family->contests, by_mean);
    }
}
