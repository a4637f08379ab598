/* A run against stored ones. Yesterday's time cannot be paired with today's: what is compared is the case's time
 * relative to the yardstick and the anchors of its own rounds, and the interval holds the spread between runs of this host
 * class. An anchor is a member of the case's group whose library is the same file in both runs. */
#include "gate/rows.h"
#include "stat/change.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ANCHORS = 8 };
#define MOST_SPREADS 2.0 /* that a baseline lies from the level of the runs before it, and still belongs to it */
struct relative { /* how a case is expressed, and where memory of such spreads starts */
    const char *metric;
    const char *words;
    double sign; /* of the log: +1 a time, -1 a rate */
};
static const struct relative relatives[] = {{"peak_ratio", "relative to the FMA yardstick of the same rounds", -1},
                                            {"read_ratio", "relative to the plain read of the same rounds", -1},
                                            {"copy_ratio", "relative to the plain copy of the same rounds", -1},
                                            {"time_ns", "unpaired, no yardstick: drift of the machine not excluded", 1}};

static const struct ridge_metric *good(const struct ridge_rd_member *m, const char *metric)
{
    const struct ridge_metric *x = m != NULL && strcmp(m->verdict, "ok") == 0 ? ridge_rd_metric(m, metric) : NULL;
    return x != NULL && x->refused == NULL && x->value > 0 && isfinite(x->value) ? x : NULL;
}

static const struct relative *pick(const struct ridge_rd_member *now, const struct ridge_rd_member *base)
{
    size_t first = ridge_gate_is_memory_bound(base) ? 1 : 0;
    for (size_t i = first; i < sizeof relatives / sizeof relatives[0]; i++)
        if (good(now, relatives[i].metric) != NULL && good(base, relatives[i].metric) != NULL)
            return &relatives[i];
    return NULL;
}

static double log_of(const struct relative *r, const struct ridge_metric *x)
{
    return r->sign * log(x->value);
}

/* Standard error inside a run, from its 95 % interval. */
static double within(const struct ridge_metric *x)
{
    return x->low > 0 && x->high > x->low ? log(x->high / x->low) / (2 * 1.96) : NAN;
}

struct judging {
    struct ridge_arena *a;
    const struct ridge_gate_run *now, *base, *earlier;
    struct ridge_gate_index now_index, *base_index, *earlier_index;
    size_t n_base, n_earlier;
    bool by_level, is_two_cases;
    const struct ridge_gate_rules *rules;
    double alpha;
};
struct change {
    const struct ridge_rd_member *now, *base;
    const struct ridge_gate_run *base_run; /* of the baseline's runs the first that has a time of it */
    const struct relative *relative;
    const struct ridge_rd_member *anchors[MOST_ANCHORS]; /* of the judged run */
    size_t n_anchors;
    struct ridge_shift shift;
    struct ridge_between between;
    struct ridge_judge_rule rule;
    double prior;
    double within; /* standard error of the judged run's own figure */
    size_t n_runs, n_level; /* level: runs that the reference is made of */
};

/* ---- anchors ---- */

static bool same_library(const struct ridge_rd_member *x, const struct ridge_rd_member *y)
{
    const char *p = ridge_kvs_get(&x->conditions, "library_sha256"), *q = ridge_kvs_get(&y->conditions, "library_sha256");
    return p != NULL && q != NULL && strcmp(p, q) == 0;
}

/* What did not change between two runs tells what the host did. Ridge's own kernels have no library, so none is an anchor. */
static void find_anchors(const struct judging *j, const struct ridge_rd_group *group, struct change *c)
{
    const struct ridge_gate_index *base = &j->base_index[c->base_run - j->base];
    for (size_t i = 0; i < group->n_members && c->n_anchors < MOST_ANCHORS; i++) {
        const struct ridge_rd_member *m = &group->members[i], *old = ridge_gate_find(base, m);
        if (m != c->now && m->yardstick == NULL && old != NULL && same_library(m, old) &&
            good(m, c->relative->metric) != NULL && good(old, c->relative->metric) != NULL)
            c->anchors[c->n_anchors++] = m;
    }
}

/* A time relative to the yardstick has the yardstick as one more anchor, whose own log is 0. */
static double n_references(const struct change *c)
{
    return (double)c->n_anchors + (strcmp(c->relative->metric, "time_ns") != 0);
}

/* A run has another machine under a case whose every fork shared its core, or nearly: by 1.3 and more on a busy host. */
static const struct ridge_metric *quiet(const struct ridge_metric *x)
{
    return x != NULL && strstr(x->rule, RIDGE_RULE_DISTURBED) == NULL ? x : NULL;
}

/* Forks that the figure rests on: a disturbed one is left out where enough are not. */
static int64_t n_counted(const struct ridge_rd_member *m, const struct relative *r)
{
    const struct ridge_metric *x = good(m, r->metric);
    return x != NULL && x->n_forks > 0 ? x->n_forks : m->n_forks;
}

bool ridge_gate_is_disturbed(const struct ridge_rd_member *m)
{
    const struct relative *r = pick(m, m);
    return r != NULL && (quiet(good(m, r->metric)) == NULL || n_counted(m, r) < RIDGE_GATE_MIN_FORKS);
}

/* The case's log value in a run, relative to its anchors there; NAN: not all were measured, or not undisturbed. */
static double value_in(const struct change *c, const struct ridge_gate_index *run, double *within_sq)
{
    const struct ridge_metric *x = quiet(good(ridge_gate_find(run, c->now), c->relative->metric));
    double value = x != NULL ? log_of(c->relative, x) : NAN, w = x != NULL ? within(x) : NAN, sum = w * w;
    for (size_t i = 0; i < c->n_anchors && !isnan(value); i++) {
        const struct ridge_rd_member *m = ridge_gate_find(run, c->anchors[i]);
        x = m != NULL && same_library(m, c->anchors[i]) ? quiet(good(m, c->relative->metric)) : NULL;
        value = x != NULL ? value - log_of(c->relative, x) / n_references(c) : NAN;
        w = x != NULL ? within(x) / n_references(c) : NAN;
        sum += w * w;
    }
    *within_sq = sum;
    return value;
}

/* ---- one case ---- */

static double prior_of(const struct judging *j, const struct relative *r, bool is_memory)
{
    if (strcmp(r->metric, "time_ns") == 0)
        return j->rules->prior_none;
    return is_memory ? j->rules->prior_memory : j->rules->prior_compute;
}

static int64_t baseline_utc_ns(const struct judging *j)
{
    int64_t last = INT64_MIN;
    for (size_t i = 0; i < j->n_base; i++)
        last = j->base[i].run.started_utc_ns > last ? j->base[i].run.started_utc_ns : last;
    return last;
}

struct levels { /* runs of a series from this one on */
    size_t at_baseline, newest;
};

static struct levels levels_of(const double *v, size_t n, size_t n_until)
{
    enum { MOST = 16 };
    struct ridge_change_point found[MOST];
    struct levels out = {0, 0};
    double *ratios = ridge_xrealloc_array(NULL, n + 1, sizeof *ratios);
    for (size_t i = 0; i < n; i++)
        ratios[i] = exp(v[i] - v[0]);
    size_t n_found = ridge_stat_changes(ratios, n, &ridge_change_rule_default, found, MOST);
    for (size_t i = 0; i < n_found; i++) {
        out.newest = found[i].at;
        out.at_baseline = found[i].at < n_until ? found[i].at : out.at_baseline;
    }
    free(ratios);
    return out;
}

/* The runs up to the baseline that lie on its level (since the last change point before it) are one reference: a single
 * run carries its own day's luck. Later runs never move it, so slow creeping is held against the baseline. A baseline that
 * is far off the level is its own reference: a change was accepted, and no change point can be seen so soon after it. */
static size_t level_of_baseline(const double *v, size_t from, size_t n_until, double most_apart, double *base, size_t n_base)
{
    double own = ridge_stat_hodges_lehmann(base, n_base);
    if (fabs(own - ridge_stat_hodges_lehmann(v + from, n_until - from)) > most_apart)
        return n_base;
    memcpy(base, v + from, (n_until - from) * sizeof *v);
    return n_until - from;
}

static void measure_with(const struct judging *j, struct change *c)
{
    double *earlier = ridge_arena_array(j->a, j->n_earlier + 1, sizeof *earlier);
    double *base = ridge_arena_array(j->a, j->n_base + j->n_earlier + 1, sizeof *base), within_sq = NAN;
    size_t n_base = 0, n_until = 0;
    int64_t until_ns = baseline_utc_ns(j);
    c->n_runs = 0;
    for (size_t i = 0; i < j->n_earlier; i++) {
        double v = value_in(c, &j->earlier_index[i], &within_sq);
        if (isnan(v))
            continue;
        earlier[c->n_runs++] = v;
        n_until += j->earlier[i].run.started_utc_ns <= until_ns;
    }
    for (size_t i = 0; i < j->n_base; i++) {
        double v = value_in(c, &j->base_index[i], &within_sq);
        if (!isnan(v))
            base[n_base++] = v;
    }
    double now = value_in(c, &j->now_index, &within_sq);
    c->within = sqrt(within_sq);
    c->prior = prior_of(j, c->relative, ridge_gate_is_memory_bound(c->base));
    struct levels levels = levels_of(earlier, c->n_runs, n_until);
    c->between = ridge_stat_between(earlier, c->n_runs, c->n_runs - levels.newest, c->within, c->prior);
    if (j->by_level && n_until >= RIDGE_JUDGE_MIN_RUNS)
        n_base = level_of_baseline(earlier, levels.at_baseline, n_until, MOST_SPREADS * c->between.spread, base, n_base);
    c->n_level = n_base;
    c->shift = ridge_stat_unpaired(now, base, n_base, &c->between, &c->rule);
    int64_t n_now = n_counted(c->now, c->relative), n_then = n_counted(c->base, c->relative);
    c->shift.n_forks = n_base > 1 || n_now < n_then ? n_now : n_then; /* a level does not hang on one run's forks */
}

/* Anchors that few earlier runs have would turn a known spread into an assumed one. */
static void measure(const struct judging *j, struct change *c)
{
    measure_with(j, c);
    if (!c->between.is_prior || c->n_anchors == 0)
        return;
    struct change without = *c;
    without.n_anchors = 0;
    measure_with(j, &without);
    if (!without.between.is_prior)
        *c = without;
}

/* "": there is one. */
static const char *no_figure(const struct change *c)
{
    if (isfinite(c->shift.value))
        return "";
    bool is_now = quiet(good(c->now, c->relative->metric)) == NULL;
    return is_now ? "too few forks of this run were undisturbed (shared core, steal, other clock) to hold it against another"
                  : "too few forks of the baseline were undisturbed to hold this run against it";
}

static const char *missing_runs(const struct judging *j, const struct change *c)
{
    if (!c->between.is_prior)
        return ridge_arena_printf(j->a, "spread between %zu runs %.2g %%, level of %zu", c->n_runs, 100 * c->between.spread,
                                  c->n_level);
    bool is_own = c->between.spread > c->prior;
    if (j->is_two_cases) /* no stored run tells how such sides differ */
        return ridge_arena_printf(j->a, "spread between rounds that never met %s %.2g %%", is_own ? "taken as the run's own error,"
                                  : "assumed", 100 * c->between.spread);
    return ridge_arena_printf(j->a, "spread between runs %s %.2g %% (%s): %zu of %d earlier runs of this host class are there, "
                              "%zu more are missing", is_own ? "taken as the run's own error," : "assumed", 100 * c->between.spread,
                              is_own ? "more than is assumed" : j->rules->prior_source, c->n_runs, RIDGE_JUDGE_MIN_RUNS,
                              RIDGE_JUDGE_MIN_RUNS - c->n_runs);
}

static const char *basis(const struct judging *j, const struct change *c)
{
    const char *spread = missing_runs(j, c);
    if (c->n_anchors == 0)
        return ridge_arena_printf(j->a, "%s; %s", c->relative->words, spread);
    bool has_yardstick = strcmp(c->relative->metric, "time_ns") != 0;
    return ridge_arena_printf(j->a, "%s%s%zu anchor%s (library unchanged); %s", has_yardstick ? c->relative->words : "relative to",
                              has_yardstick ? " and " : " ", c->n_anchors, c->n_anchors == 1 ? "" : "s", spread);
}

static struct ridge_judged *judge(const struct judging *j, const struct change *c, bool is_slower, bool is_faster,
                                  struct ridge_judgement *out)
{
    struct ridge_judged *r = ridge_gate_add(j->a, out, &j->now->run, c->now, "time_ns", "unpaired");
    r->base_run_id = c->base_run->run.id;
    r->i_member_base = c->base->i_member;
    r->margin_ratio = c->rule.margin_ratio;
    r->ratio = exp(c->shift.value);
    r->low = exp(c->shift.low);
    r->high = exp(c->shift.high);
    r->n_forks = c->shift.n_forks;
    r->p = c->shift.value >= 0 ? c->shift.p_slower : c->shift.p_faster;
    r->detect_ratio = ridge_stat_detectable(&c->shift, &c->rule);
    r->verdict = ridge_stat_verdict(&c->shift, &c->rule);
    bool is_many = (r->verdict == RIDGE_CHANGE_REGRESSED && !is_slower) || (r->verdict == RIDGE_CHANGE_IMPROVED && !is_faster);
    if (is_many)
        r->verdict = RIDGE_CHANGE_INCONCLUSIVE;
    bool is_other_work = c->now->flop != c->base->flop || c->now->compulsory_bytes != c->base->compulsory_bytes;
    if (is_other_work && !j->is_two_cases) {
        r->verdict = RIDGE_CHANGE_INCONCLUSIVE;
        r->why = "the two runs do different work under one name: FLOPs or bytes differ";
    } else if (c->base_run->run.seed != j->now->run.seed) {
        r->verdict = RIDGE_CHANGE_INCONCLUSIVE;
        r->why = ridge_arena_printf(j->a, "the two runs had different inputs: their seeds are %llu and %llu",
                                    (unsigned long long)c->base_run->run.seed, (unsigned long long)j->now->run.seed);
    } else if (c->shift.n_forks < RIDGE_GATE_MIN_FORKS) {
        r->why = ridge_arena_printf(j->a, "%lld fork%s that count%s: fewer than %d layouts can be luck; ridge run --gate measures as many",
                                    (long long)c->shift.n_forks, c->shift.n_forks == 1 ? "" : "s",
                                    c->shift.n_forks == 1 ? "s" : "", RIDGE_GATE_MIN_FORKS);
    } else if (no_figure(c)[0] != '\0') {
        r->why = ridge_arena_printf(j->a, "%s; ridge ab decides it today", no_figure(c));
    } else {
        bool is_open = r->verdict == RIDGE_CHANGE_INCONCLUSIVE;
        r->why = ridge_arena_printf(j->a, "%s%s%s", basis(j, c), is_open ? "; ridge ab decides it today" : "",
                                    is_many ? "; over the margin, but not rare enough among all cases" : "");
    }
    return r;
}

static void missing_case(const struct judging *j, const struct ridge_gate_run *run, const struct ridge_rd_member *base,
                         struct ridge_judgement *out)
{
    struct ridge_judged *r = ridge_gate_add(j->a, out, &run->run, base, "time_ns", "unpaired");
    r->i_member = -1;
    r->base_run_id = run->run.id;
    r->i_member_base = base->i_member;
    r->verdict = RIDGE_CHANGE_INCONCLUSIVE;
    r->why = "the baseline has this case, the judged run has not";
}

/* Of an answer that is wrong or did not come limits.c tells. */
static void lost_case(const struct judging *j, const struct ridge_rd_member *now, const struct ridge_gate_run *run,
                      const struct ridge_rd_member *base, struct ridge_judgement *out)
{
    bool is_unsupported = strcmp(now->verdict, "unsupported") == 0;
    if (!is_unsupported && strcmp(now->verdict, "interrupted") != 0 && strcmp(now->verdict, "ok") != 0)
        return;
    struct ridge_judged *r = ridge_gate_add(j->a, out, &j->now->run, now, "time_ns", "unpaired");
    r->base_run_id = run->run.id;
    r->i_member_base = base->i_member;
    r->verdict = is_unsupported ? RIDGE_CHANGE_FAILED : RIDGE_CHANGE_INCONCLUSIVE;
    r->why = ridge_arena_printf(j->a, "the baseline has a time of this case, the judged run has none: %s%s%s", now->verdict,
                                now->reason != NULL && now->reason[0] != '\0' ? ": " : "",
                                now->reason != NULL ? now->reason : "");
}

static bool has_time(const struct judging *j, size_t n_base, const struct ridge_rd_member *m)
{
    for (size_t k = 0; k < n_base; k++) {
        const struct ridge_rd_member *base = ridge_gate_find(&j->base_index[k], m);
        if (base != NULL && pick(base, base) != NULL)
            return true;
    }
    return false;
}

/* Of one of the baseline's runs the cases that no run before it has. */
static size_t collect_of(struct judging *j, size_t i_base, struct change *changes, struct ridge_judgement *out)
{
    size_t n = 0;
    const struct ridge_gate_index *base = &j->base_index[i_base];
    const struct ridge_gate_run *run = &j->base[i_base];
    for (size_t i = 0; i < base->n; i++) {
        const struct ridge_rd_member *b = base->v[i].m;
        const struct ridge_gate_entry *now = ridge_gate_lookup(&j->now_index, b);
        if (pick(b, b) == NULL || has_time(j, i_base, b))
            continue;
        const struct relative *r = now != NULL ? pick(now->m, b) : NULL;
        if (now == NULL)
            missing_case(j, run, b, out);
        else if (r == NULL)
            lost_case(j, now->m, run, b, out);
        if (r == NULL)
            continue;
        struct ridge_kvs kvs = ridge_gate_member_kvs(j->a, now->m);
        struct change *c = &changes[n++];
        *c = (struct change){.now = now->m, .base = b, .base_run = run, .relative = r,
                             .rule = {ridge_gate_margin(j->rules, &kvs, b, "time_ns"), ridge_gate_alpha(j->rules, &kvs, "time_ns"), 0}};
        find_anchors(j, now->group, c);
    }
    return n;
}

static struct change *collect(struct judging *j, size_t *n, struct ridge_judgement *out)
{
    size_t most = 0;
    for (size_t i = 0; i < j->n_base; i++)
        most += j->base_index[i].n;
    struct change *changes = ridge_arena_array(j->a, most + 1, sizeof *changes);
    *n = 0;
    for (size_t i = 0; i < j->n_base; i++)
        *n += collect_of(j, i, changes + *n, out);
    return changes;
}

/* What has nothing to be held against is told, or a renamed case would leave the gate in silence. */
static const char *new_cases(const struct judging *j)
{
    size_t n = 0;
    for (size_t i = 0; i < j->now_index.n; i++)
        n += pick(j->now_index.v[i].m, j->now_index.v[i].m) != NULL && !has_time(j, j->n_base, j->now_index.v[i].m);
    return n == 0 ? "" : ridge_arena_printf(j->a, "%zu case%s no time in the baseline and %s not judged", n, n == 1 ? " has" : "s have",
                                            n == 1 ? "is" : "are");
}

static struct ridge_gate_index *index_all(struct ridge_arena *a, const struct ridge_gate_run *runs, size_t n)
{
    struct ridge_gate_index *out = ridge_arena_array(a, n + 1, sizeof *out);
    for (size_t i = 0; i < n; i++)
        out[i] = ridge_gate_index_of(a, &runs[i]);
    return out;
}

/* Where the spread lies: of the judged run's rounds and forks by a sample of its cases, between runs by what is stored. */
static enum ridge_status split(const struct judging *j, const struct change *changes, size_t n, const char **text,
                               struct ridge_error *err)
{
    struct ridge_gate_spread spread = {0};
    double between = 0;
    size_t n_between = 0, step = n / RIDGE_GATE_AA_CASES + 1;
    enum ridge_status st = RIDGE_OK;
    for (size_t i = 0; i < n && st == RIDGE_OK; i += step) {
        struct ridge_gate_samples s = {0};
        st = ridge_gate_samples_read(j->now, changes[i].now, false, &s, err);
        if (st == RIDGE_OK)
            ridge_gate_spread_add_one(&spread, &s);
        ridge_gate_samples_deinit(&s);
        if (changes[i].between.is_prior)
            continue;
        between += changes[i].between.spread * changes[i].between.spread;
        n_between++;
    }
    *text = ridge_gate_days_text(j->a, &spread, between, n_between);
    return st;
}

/* Rows of one case: its time, and what rules say about its other figures. */
static enum ridge_status judge_all(const struct judging *j, struct change *changes, size_t n, struct ridge_judgement *out,
                                   struct ridge_error *err)
{
    struct ridge_gate_exact_sum exact = {0};
    const char *spread = "";
    double *p = ridge_arena_array(j->a, 2 * n + 2, sizeof *p);
    bool *slower = ridge_arena_array(j->a, n + 1, sizeof *slower), *faster = ridge_arena_array(j->a, n + 1, sizeof *faster);
    for (size_t i = 0; i < n; i++) {
        changes[i].rule.n_cases = n;
        measure(j, &changes[i]);
        p[i] = changes[i].shift.p_slower * j->alpha / changes[i].rule.alpha; /* the step-up runs at one alpha */
        p[n + i] = changes[i].shift.p_faster * j->alpha / changes[i].rule.alpha;
    }
    (void)ridge_stat_benjamini_hochberg(p, n, j->alpha, slower);
    (void)ridge_stat_benjamini_hochberg(p + n, n, j->alpha, faster);
    enum ridge_status st = split(j, changes, n, &spread, err);
    for (size_t i = 0; i < n && st == RIDGE_OK; i++) {
        const struct change *c = &changes[i];
        struct ridge_judged *r = judge(j, c, slower[i], faster[i], out);
        struct ridge_gate_exact e = ridge_gate_exact(j->a, c->base, c->now, !j->is_two_cases && c->base_run->run.seed == j->now->run.seed);
        ridge_gate_exact_add(j->a, r, &e, &exact);
        const struct ridge_gate_pair pair = {c->base, c->now, c->base_run->run.id, false};
        st = ridge_gate_pair_metrics(j->a, j->now, &pair, j->rules, j->alpha, out, err);
    }
    out->advice = ridge_gate_advice(j->a, new_cases(j), ridge_gate_advice(j->a, ridge_gate_exact_text(j->a, &exact), spread));
    return st;
}

/* Then nothing but the word of that run would be left. */
static const char *unfit_base(const struct judging *j)
{
    for (size_t i = 0; i < j->n_base; i++)
        if (strcmp(j->base[i].run.fitness, "unfit") != 0)
            return "";
    return ridge_arena_printf(j->a, "the machine was unfit to judge while the baseline (run %lld) was measured: %s",
                              (long long)j->base[0].run.id, j->base[0].run.why);
}

enum ridge_status ridge_gate_unpaired(struct ridge_arena *a, const struct ridge_gate_run *now,
                                      const struct ridge_gate_stored *stored, const struct ridge_gate_rules *rules,
                                      struct ridge_judgement *out, struct ridge_error *err)
{
    if (stored->n_base == 0)
        return ridge_fail(err, RIDGE_ERR_USAGE, "", "the baseline has no run");
    struct judging j = {.a = a, .now = now, .base = stored->base, .n_base = stored->n_base, .earlier = stored->earlier,
                        .n_earlier = stored->n_earlier, .by_level = stored->by_level,
                        .is_two_cases = stored->is_two_cases, .rules = rules, .alpha = rules->alpha};
    j.now_index = ridge_gate_index_of(a, now);
    j.base_index = index_all(a, j.base, j.n_base);
    j.earlier_index = index_all(a, j.earlier, j.n_earlier);
    size_t n = 0;
    struct change *changes = collect(&j, &n, out);
    out->alpha = j.alpha;
    out->n_looks = 1;
    out->why = rules->require_fit ? unfit_base(&j) : "";
    return judge_all(&j, changes, n, out, err);
}
