/* Latency of the n-th run. Everything is a function of n: the same script gives the same sequence. */
#include "null/null.h"
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SLEEP_FROM_NS = 1000000, WAKE_EARLY_NS = 200000 };

static const struct { const char *name; double ns; } units[] = {{"ns", 1}, {"us", 1e3}, {"ms", 1e6}, {"s", 1e9}};

static enum ridge_status parse_one(const char *text, size_t n, int64_t *out, struct ridge_error *err)
{
    char item[64] = "";
    char *end = item;
    if (n < sizeof item)
        memcpy(item, text, n);
    double value = strtod(item, &end);
    while (*end == ' ')
        end++;
    for (size_t i = 0; i < sizeof units / sizeof units[0] && end != item; i++)
        if (strcmp(end, units[i].name) == 0 && value >= 0 && value * units[i].ns < 1e15) {
            *out = (int64_t)(value * units[i].ns);
            return RIDGE_OK;
        }
    return ridge_fail(err, RIDGE_ERR_CONFIG, "list", "list: '%.*s' is not a duration such as 1ms; items are separated by ;",
                      (int)(n < 60 ? n : 60), text);
}
enum ridge_status null_script_init(struct null_script *s, const struct null_shape *shape, struct ridge_error *err)
{
    const char *scale = getenv("RIDGE_NULL_SCALE");
    *s = (struct null_script){.shape = *shape, .scale = scale != NULL ? strtod(scale, NULL) : 1};
    if (!(s->scale > 0 && s->scale <= 1000))
        return ridge_fail(err, RIDGE_ERR_CONFIG, "RIDGE_NULL_SCALE", "'%s' is no factor above 0 and at most 1000", scale);
    for (const char *at = shape->list; *at != '\0';) {
        size_t n = strcspn(at, ";");
        if (s->n_list == NULL_MAX_LIST)
            return ridge_fail(err, RIDGE_ERR_CONFIG, "list", "list: more than %d items", NULL_MAX_LIST);
        enum ridge_status status = parse_one(at, n, &s->list_ns[s->n_list++], err);
        if (status != RIDGE_OK)
            return status;
        at += n + (at[n] == ';');
    }
    if (shape->pattern == NULL_LIST && s->n_list == 0)
        return ridge_fail(err, RIDGE_ERR_CONFIG, "list", "pattern=list needs list=1ms;2ms;...");
    return RIDGE_OK;
}
/* Golden-ratio sequence: any stretch of n runs holds n * share of the second mode, without a period. */
static int is_second(double share, uint64_t i)
{
    double x = (double)i * 0.6180339887498949;
    return x - floor(x) < share;
}
static int is_spike(double share, uint64_t i)
{
    return floor((double)(i + 1) * share) > floor((double)i * share);
}
int64_t null_script_latency_ns(const struct null_script *s, uint64_t i)
{
    const struct null_shape *p = &s->shape;
    double way = fmin(1.0, (double)i * p->share);
    switch ((enum null_pattern)p->pattern) {
    case NULL_LIST: return s->list_ns[i % s->n_list];
    case NULL_TWO_MODES: return is_second(p->share, i) ? p->second_latency_ns : p->latency_ns;
    case NULL_SPIKES: return is_spike(p->share, i) ? p->second_latency_ns : p->latency_ns;
    case NULL_DRIFT: return p->latency_ns + (int64_t)(way * (double)(p->second_latency_ns - p->latency_ns));
    case NULL_CONSTANT: break;
    }
    return p->latency_ns;
}
/* Not the clock that the worker's ticks are calibrated with: a scripted latency checks the harness's clock. */
static int64_t now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC_RAW, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}
/* Long waits sleep, and spin for the last part: a wake-up is late by tens of microseconds. */
void null_wait(int64_t ns)
{
    int64_t end_ns = now_ns() + ns;
    if (ns >= SLEEP_FROM_NS) {
        int64_t sleep_ns = ns - WAKE_EARLY_NS;
        struct timespec t = {sleep_ns / 1000000000, sleep_ns % 1000000000};
        while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
            ;
    }
    while (ns > 0 && now_ns() < end_ns)
        ;
}
