/* The figures of one case: one producer per row of the metric dictionary, in its order. */
#include "stat/stat.h"
#include "data/metric.h"

#include <math.h>
#include <string.h>

struct context {
    struct ridge_arena *arena;
    struct ridge_case_samples *s;
    struct ridge_interval time;
};
typedef void producer(const struct context *c, struct ridge_metric *m, double arg);

static void set(struct ridge_metric *m, double value, double low, double high, int64_t n)
{
    m->value = value;
    m->low = low;
    m->high = high;
    m->n = n;
}
static void refuse(struct ridge_metric *m, const char *why)
{
    set(m, NAN, NAN, NAN, m->n);
    m->refused = why;
}

static void make_time(const struct context *c, struct ridge_metric *m, double arg)
{
    (void)arg;
    set(m, c->time.value, c->time.low, c->time.high, c->time.n);
    m->n_forks = c->time.n_forks;
    m->rule = ridge_arena_printf(c->arena, RIDGE_RULE_HEADLINE "%s", c->s->statistic,
                                 c->time.n_disturbed > 0 ? RIDGE_RULE_DISTURBED : "");
    if (c->time.n == 0)
        refuse(m, "no block was measured");
}

static const char *sample_rule(const struct context *c, const char *rule)
{
    if (c->s->inner_reps <= 1)
        return rule;
    return ridge_arena_printf(c->arena, "%s, samples are means of %lld runs", rule,
                              (long long)c->s->inner_reps);
}

static void make_quantile(const struct context *c, struct ridge_metric *m, double p)
{
    struct ridge_quantile q = ridge_stat_quantile(c->s->run_ns, c->s->n, p, 0.95);
    set(m, q.value, q.low, q.high, q.n);
    m->rule = sample_rule(c, RIDGE_RULE_QUANTILE);
    if (q.refused)
        refuse(m, ridge_arena_printf(c->arena, "p%g needs %lld samples, has %lld", p * 100,
                                     (long long)q.n_needed, (long long)q.n));
}

enum sample_figure { FIGURE_MIN, FIGURE_MEAN, FIGURE_STDDEV, FIGURE_COV };
static void make_sample(const struct context *c, struct ridge_metric *m, double arg)
{
    static const char *const rules[] = {[FIGURE_MIN] = "minimum v1",
                                        [FIGURE_MEAN] = "arithmetic mean v1",
                                        [FIGURE_STDDEV] = "n-1 v1",
                                        [FIGURE_COV] = "stddev / mean v1"};
    enum sample_figure figure = (enum sample_figure)arg;
    size_t n = c->s->n;
    m->n = (int64_t)n;
    m->rule = sample_rule(c, rules[figure]);
    if (n == 0 || (n < 2 && figure >= FIGURE_STDDEV)) {
        refuse(m, n == 0 ? "no samples" : "needs 2 samples, has 1");
        return;
    }
    double mean = ridge_stat_mean(c->s->run_ns, n), sd = ridge_stat_stddev(c->s->run_ns, n);
    const double values[] = {[FIGURE_MIN] = c->s->run_ns[0],
                             [FIGURE_MEAN] = mean,
                             [FIGURE_STDDEV] = sd,
                             [FIGURE_COV] = mean > 0 ? sd / mean : NAN};
    m->value = values[figure];
    if (isnan(m->value))
        refuse(m, "the mean is 0");
}

/* amount / time_ns * 1e9, the interval turned around */
static void per_second(const struct context *c, struct ridge_metric *m, double amount)
{
    const struct ridge_interval *t = &c->time;
    if (!(t->value > 0))
        refuse(m, t->n == 0 ? "no block was measured" : "the time is 0");
    else
        set(m, amount * 1e9 / t->value, amount * 1e9 / t->high, amount * 1e9 / t->low, t->n);
}
static void make_throughput(const struct context *c, struct ridge_metric *m, double arg)
{
    (void)arg;
    m->rule = "1e9 / time_ns v1";
    if (c->s->throughput_per_s > 0) {
        m->rule = "completions over wall time v1";
        set(m, c->s->throughput_per_s, NAN, NAN, (int64_t)c->s->n);
    } else {
        per_second(c, m, 1);
    }
}

enum amount_figure { AMOUNT_FLOP, AMOUNT_BYTES };
static void make_rate(const struct context *c, struct ridge_metric *m, double arg)
{
    bool is_flop = (enum amount_figure)arg == AMOUNT_FLOP;
    double amount = is_flop ? c->s->flop : c->s->compulsory_bytes;
    m->rule = is_flop ? "flop / time_ns v1" : "compulsory_bytes / time_ns v1";
    if (amount > 0)
        per_second(c, m, amount);
    else
        refuse(m, is_flop ? "the FLOPs of this case are unknown" : "the bytes of this case are unknown");
}
static void make_amount(const struct context *c, struct ridge_metric *m, double arg)
{
    bool is_flop = (enum amount_figure)arg == AMOUNT_FLOP;
    m->value = is_flop ? c->s->flop : c->s->compulsory_bytes;
    m->rule = "formula of the operator v1";
    m->n = 1;
    if (!(m->value > 0))
        refuse(m, is_flop ? "the FLOPs of this case are unknown" : "the bytes of this case are unknown");
}
static void make_intensity(const struct context *c, struct ridge_metric *m, double arg)
{
    (void)arg;
    m->rule = "flop / compulsory_bytes v1";
    m->n = 1;
    if (c->s->flop > 0 && c->s->compulsory_bytes > 0)
        m->value = c->s->flop / c->s->compulsory_bytes;
    else
        refuse(m, "the FLOPs or the bytes of this case are unknown");
}

/* scale * time(yardstick) / time(case), paired by round */
static void against(const struct context *c, struct ridge_metric *m, const struct ridge_blocks *yardstick,
                    double scale, const char *missing)
{
    m->rule = RIDGE_RULE_RATIO;
    if (yardstick->v == NULL) {
        refuse(m, missing);
        return;
    }
    struct ridge_interval r = ridge_stat_ratio(&c->s->blocks, yardstick, c->s->seed);
    set(m, r.value * scale, r.low * scale, r.high * scale, r.n);
    m->n_forks = r.n_forks;
    if (r.n_disturbed > 0)
        m->rule = RIDGE_RULE_RATIO RIDGE_RULE_DISTURBED;
    if (r.n == 0)
        refuse(m, "no round holds both this case and the yardstick");
}
static void make_peak(const struct context *c, struct ridge_metric *m, double arg)
{
    (void)arg;
    if (c->s->flop > 0 && c->s->yardstick_fma_flop > 0)
        against(c, m, &c->s->yardstick_fma, c->s->flop / c->s->yardstick_fma_flop,
                "no FMA yardstick ran in these rounds");
    else
        refuse(m, c->s->flop > 0 ? "no FMA yardstick ran in these rounds"
                                 : "the FLOPs of this case are unknown");
}
enum yardstick_figure { YARDSTICK_READ, YARDSTICK_COPY };
static void make_memory(const struct context *c, struct ridge_metric *m, double arg)
{
    const bool is_read = (enum yardstick_figure)arg == YARDSTICK_READ;
    const double bytes = is_read ? c->s->yardstick_read_bytes : c->s->yardstick_copy_bytes;
    const double scale = bytes > 0 && c->s->compulsory_bytes > 0 ? c->s->compulsory_bytes / bytes : NAN;
    against(c, m, is_read ? &c->s->yardstick_read : &c->s->yardstick_copy, scale,
            is_read ? "no plain read ran in these rounds" : "no plain copy ran in these rounds");
    if (m->refused == NULL && !isfinite(m->value))
        refuse(m, "the bytes of this case are unknown");
}

static void make_count(const struct context *c, struct ridge_metric *m, double arg)
{
    (void)arg;
    m->rule = sample_rule(c, "count v1");
    m->value = (double)c->s->n;
    m->n = (int64_t)c->s->n;
}
static void make_disturbed(const struct context *c, struct ridge_metric *m, double arg)
{
    (void)arg;
    m->rule = "disturbed / samples v1";
    m->n = (int64_t)c->s->n;
    if (c->s->n == 0)
        refuse(m, "no samples");
    else
        m->value = (double)c->s->n_disturbed / (double)c->s->n;
}
static void make_clock(const struct context *c, struct ridge_metric *m, double arg)
{
    (void)arg;
    double *v = ridge_arena_array(c->arena, c->s->n_canary + 1, sizeof *v);
    size_t n = 0;
    for (size_t i = 0; i < c->s->n_canary; i++)
        if (c->s->canary_hz[i] > 0)
            v[n++] = c->s->canary_hz[i];
    m->rule = "median over blocks v1";
    m->n = (int64_t)n;
    if (n == 0) {
        refuse(m, "no clock canary ran");
        return;
    }
    double median = ridge_stat_median(v, n);
    struct ridge_quantile q = ridge_stat_quantile(v, n, 0.5, 0.95);
    set(m, median, q.low, q.high, (int64_t)n);
}

/* Rows of metrics.inc that are not here come from elsewhere (facts of the worker). */
static const struct {
    const char *name;
    producer *make;
    double arg;
} producers[] = {
    {"time_ns", make_time, 0},
    {"min_ns", make_sample, FIGURE_MIN},
    {"p10_ns", make_quantile, 0.10},
    {"p50_ns", make_quantile, 0.50},
    {"p90_ns", make_quantile, 0.90},
    {"p95_ns", make_quantile, 0.95},
    {"p99_ns", make_quantile, 0.99},
    {"p999_ns", make_quantile, 0.999},
    {"mean_ns", make_sample, FIGURE_MEAN},
    {"stddev_ns", make_sample, FIGURE_STDDEV},
    {"cov_ratio", make_sample, FIGURE_COV},
    {"throughput_per_s", make_throughput, 0},
    {"flop_per_s", make_rate, AMOUNT_FLOP},
    {"peak_ratio", make_peak, 0},
    {"bytes_per_s", make_rate, AMOUNT_BYTES},
    {"read_ratio", make_memory, YARDSTICK_READ},
    {"copy_ratio", make_memory, YARDSTICK_COPY},
    {"intensity_flop_per_byte", make_intensity, 0},
    {"flop", make_amount, AMOUNT_FLOP},
    {"compulsory_bytes", make_amount, AMOUNT_BYTES},
    {"n_samples", make_count, 0},
    {"disturbed_ratio", make_disturbed, 0},
    {"clock_hz", make_clock, 0},
};

size_t ridge_stat_case_metrics(struct ridge_arena *a, struct ridge_case_samples *s, struct ridge_metric *out,
                               size_t max)
{
    ridge_stat_sort(s->run_ns, s->n);
    struct context c = {a, s, ridge_stat_headline(&s->blocks, s->seed)};
    size_t n = 0;
    for (size_t i = 0; i < ridge_n_metric_defs; i++)
        for (size_t k = 0; k < sizeof producers / sizeof producers[0] && n < max; k++) {
            const struct ridge_metric_def *def = &ridge_metric_defs[i];
            if (strcmp(producers[k].name, def->name) != 0)
                continue;
            out[n] = (struct ridge_metric){.name = def->name, .value = NAN, .low = NAN, .high = NAN,
                                           .unit = def->unit, .source = def->source, .rule = ""};
            producers[k].make(&c, &out[n++], producers[k].arg);
        }
    return n;
}
