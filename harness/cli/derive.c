#include "derive.h"
#include "data/metric.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_METRICS 64

/* ---- facts of the processes ---- */

void ridge_derive_add_fact(struct ridge_derive_facts *f, int64_t fork, const char *name, double value)
{
    const struct ridge_metric_def *def = ridge_metric_find(name);
    if (def == NULL)
        return;
    for (size_t i = 0; i < f->n; i++) {
        if (f->v[i].name == def->name) {
            f->v[i].value = fmax(f->v[i].value, value);
            f->v[i].n += f->v[i].last_fork != fork; /* a worker answers more than once */
            f->v[i].last_fork = fork;
            return;
        }
    }
    if (f->n == sizeof f->v / sizeof f->v[0])
        return;
    f->v[f->n].name = def->name;
    f->v[f->n].value = value;
    f->v[f->n].last_fork = fork;
    f->v[f->n++].n = 1;
}

void ridge_derive_add_verdict(struct ridge_derive_facts *f, enum ridge_verdict verdict)
{
    /* later verdicts of the same process replace "ok"; a bad one stays */
    if (!f->is_known || f->verdict == RIDGE_VERDICT_OK)
        f->verdict = verdict;
    f->is_known = true;
}

void ridge_derive_add_process(struct ridge_derive_facts *f, const struct ridge_process *p)
{
    ridge_derive_add_verdict(f, p->verdict);
    for (size_t i = 0; i < p->n_facts; i++)
        ridge_derive_add_fact(f, p->fork, p->facts[i].name, p->facts[i].value);
}

/* ---- samples of one member ---- */

struct doubles {
    double *v;
    size_t n, cap;
};
struct member_samples {
    struct doubles run_ns, canary_hz;
    struct ridge_block_table table;
    int64_t inner_reps, n_disturbed;
    double wall_ns;      /* first start to last end, or the requests' own span, summed over blocks */
    double n_completed;  /* runs or requests in wall_ns */
};

static void samples_deinit(struct member_samples *s)
{
    free(s->run_ns.v);
    free(s->canary_hz.v);
    ridge_stat_block_table_deinit(&s->table);
    memset(s, 0, sizeof *s);
}

/* Where a block's wall time is known: from the first start to the last end outside the lead-in. */
static double chunk_wall_ns(const struct ridge_chunk *c, const int64_t *duration_ns)
{
    const struct ridge_column *start = ridge_chunk_column(c, "start_ns");
    if (start == NULL || start->type != RIDGE_COL_I64 || c->n <= c->n_lead_in)
        return 0;
    const int64_t *start_ns = start->data;
    int64_t last = 0;
    for (size_t i = c->n_lead_in; i < c->n; i++)
        if (start_ns[i] + duration_ns[i] > last)
            last = start_ns[i] + duration_ns[i];
    return (double)(last - start_ns[c->n_lead_in]);
}

static void samples_add(struct member_samples *s, const struct ridge_chunk *c)
{
    if (c->n <= c->n_lead_in)
        return;
    size_t n_timed = c->n - c->n_lead_in;
    double *scratch = ridge_xrealloc_array(NULL, n_timed, sizeof *scratch);
    if (!ridge_chunk_run_ns(c, scratch)) {
        free(scratch);
        return;
    }
    for (size_t i = 0; i < n_timed; i++)
        RIDGE_PUSH(s->run_ns, scratch[i]);
    free(scratch);
    s->inner_reps = c->inner_reps;
    s->n_disturbed += c->n_disturbed > 0 ? c->n_disturbed : 0;
    bool has_span = c->n_completed >= 0 && c->span_ns > 0;
    s->wall_ns += has_span ? (double)c->span_ns : chunk_wall_ns(c, ridge_chunk_column(c, "duration_ns")->data);
    s->n_completed += has_span ? (double)c->n_completed : (double)n_timed;
    if (c->canary_hz > 0)
        RIDGE_PUSH(s->canary_hz, c->canary_hz);
}

static enum ridge_status samples_read(struct ridge_store *store, int64_t run_id, size_t i_member, const char *statistic,
                                      struct member_samples *s, struct ridge_error *err)
{
    struct ridge_chunk *chunks = NULL;
    size_t n = 0;
    enum ridge_status st = ridge_read_chunks(store, run_id, (int64_t)i_member, &chunks, &n, err);
    if (st != RIDGE_OK)
        return st;
    ridge_stat_block_table(chunks, n, statistic, &s->table);
    for (size_t i = 0; i < n; i++) {
        samples_add(s, &chunks[i]);
        ridge_chunk_deinit(&chunks[i]);
    }
    free(chunks);
    return RIDGE_OK;
}

/* ---- a group ---- */

struct group_work {
    const struct ridge_plan *plan;
    const struct ridge_group *group;
    const struct ridge_derive_facts *facts;
    struct member_samples *samples; /* per member of the group */
    struct ridge_metric (*metrics)[MAX_METRICS];
    size_t *n_metrics;
    struct ridge_arena arena;
};

static const struct ridge_member *member_at(const struct group_work *w, size_t i)
{
    return &w->plan->members[w->group->members[i]];
}

static const struct ridge_case *case_at(const struct group_work *w, size_t i)
{
    return &w->plan->cases[member_at(w, i)->i_case];
}

static bool has_time(const struct group_work *w, size_t i)
{
    const struct ridge_derive_facts *f = &w->facts[w->group->members[i]];
    bool may_have = !f->is_known || f->verdict == RIDGE_VERDICT_OK || f->verdict == RIDGE_VERDICT_INTERRUPTED;
    return may_have && w->samples[i].run_ns.n > 0;
}

static bool same_option(const struct ridge_case *a, const struct ridge_case *b, const char *key)
{
    const char *x = ridge_kvs_get(&a->options, key), *y = ridge_kvs_get(&b->options, key);
    return x == NULL || y == NULL || strcmp(x, y) == 0;
}

/* The yardstick of a kind that ran as this member did: threads, device, target, and cache where it matters. */
static size_t yardstick_find(const struct group_work *w, size_t i_beside, const char *kind)
{
    const struct ridge_case *c = case_at(w, i_beside);
    for (size_t i = 0; i < w->group->n_members; i++) {
        const struct ridge_member *m = member_at(w, i);
        const struct ridge_case *y = case_at(w, i);
        if (m->yardstick != NULL && strcmp(m->yardstick, kind) == 0 &&
            strcmp(y->device, c->device) == 0 && strcmp(y->target, c->target) == 0 && same_option(y, c, "threads") &&
            (strcmp(kind, "fma") == 0 || same_option(y, c, "cache")) && has_time(w, i))
            return i;
    }
    return w->group->n_members;
}

static void set_yardsticks(const struct group_work *w, size_t i_beside, struct ridge_case_samples *s)
{
    size_t fma = yardstick_find(w, i_beside, "fma"), read = yardstick_find(w, i_beside, "read"),
           copy = yardstick_find(w, i_beside, "copy");
    if (fma < w->group->n_members) {
        s->yardstick_fma = w->samples[fma].table.blocks;
        s->yardstick_fma_flop = case_at(w, fma)->flop;
    }
    if (read < w->group->n_members) {
        s->yardstick_read = w->samples[read].table.blocks;
        s->yardstick_read_bytes = case_at(w, read)->compulsory_bytes;
    }
    if (copy < w->group->n_members) {
        s->yardstick_copy = w->samples[copy].table.blocks;
        s->yardstick_copy_bytes = case_at(w, copy)->compulsory_bytes;
    }
}

static const char *source_of(const char *name)
{
    return ridge_metric_find(name)->source;
}

static void put_facts(struct group_work *w, size_t i)
{
    const struct ridge_derive_facts *f = &w->facts[w->group->members[i]];
    for (size_t j = 0; j < f->n && w->n_metrics[i] < MAX_METRICS; j++) {
        struct ridge_metric *m = &w->metrics[i][w->n_metrics[i]++];
        *m = (struct ridge_metric){.name = f->v[j].name,
                                   .value = f->v[j].value,
                                   .low = NAN,
                                   .high = NAN,
                                   .n = f->v[j].n,
                                   .unit = ridge_metric_find(f->v[j].name)->unit,
                                   .source = source_of(f->v[j].name),
                                   .rule = "largest over forks v1"};
    }
}

static void derive_member(struct group_work *w, size_t i)
{
    const struct ridge_case *c = case_at(w, i);
    struct member_samples *from = &w->samples[i];
    const char *scenario = ridge_kvs_get(&c->options, "scenario");
    w->n_metrics[i] = 0;
    if (has_time(w, i)) {
        struct ridge_case_samples s = {.run_ns = from->run_ns.v,
                                       .n = from->run_ns.n,
                                       .inner_reps = from->inner_reps,
                                       .n_disturbed = from->n_disturbed,
                                       .blocks = from->table.blocks,
                                       .statistic = ridge_plan_statistic(w->plan, member_at(w, i)),
                                       .flop = c->flop,
                                       .compulsory_bytes = c->compulsory_bytes,
                                       .canary_hz = from->canary_hz.v,
                                       .n_canary = from->canary_hz.n,
                                       .seed = w->plan->seed};
        if (scenario != NULL && strcmp(scenario, "single") != 0 && from->wall_ns > 0)
            s.throughput_per_s = 1e9 * from->n_completed / from->wall_ns;
        if (member_at(w, i)->yardstick == NULL)
            set_yardsticks(w, i, &s);
        w->n_metrics[i] = ridge_stat_case_metrics(&w->arena, &s, w->metrics[i], MAX_METRICS);
    }
    put_facts(w, i);
}

static double headline_ns(const struct group_work *w, size_t i)
{
    for (size_t j = 0; j < w->n_metrics[i]; j++)
        if (strcmp(w->metrics[i][j].name, "time_ns") == 0 && w->metrics[i][j].refused == NULL)
            return w->metrics[i][j].value;
    return NAN;
}

static size_t find_best(const struct group_work *w)
{
    size_t best = w->group->n_members;
    double best_ns = INFINITY;
    for (size_t i = 0; i < w->group->n_members; i++) {
        double ns = member_at(w, i)->yardstick == NULL && has_time(w, i) ? headline_ns(w, i) : NAN;
        if (ns < best_ns) {
            best_ns = ns;
            best = i;
        }
    }
    return best;
}

static const char *comparison_note(struct ridge_arena *a, int64_t n_forks, const char *stop_reason)
{
    const char *cap = stop_reason != NULL && strcmp(stop_reason, "cap_time") == 0 ? "cap_time" : NULL;
    if (n_forks < 5)
        return ridge_arena_printf(a, "%lld layout%s seen%s%s", (long long)n_forks, n_forks == 1 ? "" : "s",
                                  cap != NULL ? "; " : "", cap != NULL ? cap : "");
    return cap != NULL ? cap : "";
}

/* Speed of every ranked member against `best`: time(best) / time(member). *faster: the member with the largest
 * paired ratio above 1, or `best` when there is none. */
static size_t compare_with(struct group_work *w, size_t best, const char *stop_reason, struct ridge_comparison *out,
                           size_t *faster)
{
    size_t n = 0;
    double most = 1;
    *faster = best;
    for (size_t i = 0; i < w->group->n_members; i++) {
        if (i == best || member_at(w, i)->yardstick != NULL || isnan(headline_ns(w, i)))
            continue;
        struct ridge_interval r = ridge_stat_ratio(&w->samples[i].table.blocks, &w->samples[best].table.blocks, w->plan->seed);
        if (!isfinite(r.value))
            continue;
        if (r.value > most) {
            most = r.value;
            *faster = i;
        }
        out[n++] = (struct ridge_comparison){.i_member_a = w->group->members[i],
                                             .i_member_b = w->group->members[best],
                                             .ratio = r.value,
                                             .low = r.low,
                                             .high = r.high,
                                             .n_pairs = r.n,
                                             .n_forks = r.n_forks,
                                             .paired = true,
                                             .estimator = RIDGE_RULE_RATIO,
                                             .note = comparison_note(&w->arena, r.n_forks, stop_reason)};
    }
    return n;
}

/* The best is the one that no paired ratio beats; the smallest headline is only the first guess, because on a
 * drifting machine medians of blocks and paired ratios can disagree. Ratios need not be transitive: give up
 * after as many turns as there are members. */
static size_t compare_all(struct group_work *w, const char *stop_reason, struct ridge_comparison *out)
{
    size_t best = find_best(w), n = 0;
    for (size_t turn = 0; best < w->group->n_members && turn < w->group->n_members; turn++) {
        size_t faster = best;
        n = compare_with(w, best, stop_reason, out, &faster);
        if (faster == best)
            break;
        best = faster;
    }
    return n;
}

static enum ridge_status store_rows(struct ridge_store *store, int64_t run_id, size_t i_group, struct group_work *w,
                                    const char *stop_reason, struct ridge_error *err)
{
    size_t n = w->group->n_members;
    struct ridge_comparison *rows = ridge_arena_array(&w->arena, n, sizeof *rows);
    const struct ridge_metric **lists = ridge_arena_array(&w->arena, n, sizeof *lists);
    for (size_t i = 0; i < n; i++)
        lists[i] = w->metrics[i];
    size_t n_rows = compare_all(w, stop_reason, rows);
    return ridge_store_derived(store, run_id, i_group, w->group->members, lists, w->n_metrics, n, rows, n_rows, err);
}

enum ridge_status ridge_derive_group(struct ridge_store *store, int64_t run_id, const struct ridge_plan *plan,
                                     size_t i_group, const char *stop_reason,
                                     const struct ridge_derive_facts *facts, struct ridge_error *err)
{
    struct group_work w = {.plan = plan, .group = &plan->groups[i_group], .facts = facts};
    size_t n = w.group->n_members;
    enum ridge_status st = RIDGE_OK;
    w.samples = ridge_arena_array(&w.arena, n, sizeof *w.samples);
    w.metrics = ridge_arena_array(&w.arena, n, sizeof *w.metrics);
    w.n_metrics = ridge_arena_array(&w.arena, n, sizeof *w.n_metrics);
    for (size_t i = 0; i < n && st == RIDGE_OK; i++)
        st = samples_read(store, run_id, w.group->members[i], ridge_plan_statistic(plan, member_at(&w, i)), &w.samples[i], err);
    if (st != RIDGE_OK)
        goto out;
    for (size_t i = 0; i < n; i++)
        derive_member(&w, i);
    st = store_rows(store, run_id, i_group, &w, stop_reason, err);
out:
    for (size_t i = 0; i < n; i++)
        samples_deinit(&w.samples[i]);
    ridge_arena_deinit(&w.arena);
    return st;
}
