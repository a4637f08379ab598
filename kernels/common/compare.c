#include "common/compare.h"
#include "common/rng.h"
#include <float.h>
#include <math.h>
#include <string.h>

static const double full_check_operations = 4e6;
enum { N_EDGE = 24, MIN_SAMPLE = 24, MAX_SAMPLE = 4000 };

void ridge_compare_begin(struct ridge_compare *c, const char *op, double tolerance,
                         struct ridge_check *result)
{
    *result = (struct ridge_check){.tolerance = tolerance};
    *c = (struct ridge_compare){.op = op, .tolerance = tolerance, .result = result};
}

static double ratio_of(double got, double want, double scale)
{
    if (isnan(want))
        return isnan(got) ? 0 : INFINITY;
    if (isnan(got) || isinf(want) || isinf(got)) {
        const bool is_overflow = fabs(want) >= (double)FLT_MAX * (1 - 1e-6) && signbit(want) == signbit(got);
        return got == want || (isinf(got) && is_overflow) ? 0 : INFINITY;
    }
    const double error = fabs(got - want) - 0x1p-126;
    if (error <= 0)
        return 0;
    return scale > 0 ? error / scale : INFINITY;
}

void ridge_compare_value(struct ridge_compare *c, int64_t i_element, double got, double want,
                         double scale)
{
    const double ratio = ratio_of(got, want, scale);
    c->result->n_checked++;
    if (ratio > c->result->error_ratio)
        c->result->error_ratio = ratio;
    if (ratio <= c->tolerance || c->is_wrong)
        return;
    c->is_wrong = true;
    (void)snprintf(c->result->text, sizeof c->result->text, "element %lld is %.9g, want %.9g",
                   (long long)i_element, got, want);
}

void ridge_compare_units(struct ridge_compare *c, int64_t n_units, double unit_cost, uint64_t seed,
                         void (*fn)(void *ctx, int64_t i_unit, struct ridge_compare *c), void *ctx)
{
    const double n_afford = full_check_operations / fmax(unit_cost, 1);
    int64_t n_sample = (int64_t)fmin(n_afford, MAX_SAMPLE);
    n_sample = n_sample > MIN_SAMPLE ? n_sample : MIN_SAMPLE;
    if ((double)n_units <= n_afford || n_units <= 2 * N_EDGE + n_sample) {
        for (int64_t i = 0; i < n_units; i++)
            fn(ctx, i, c);
        return;
    }
    struct ridge_kernels_rng rng;
    ridge_kernels_rng_seed(&rng, seed);
    for (int64_t i = 0; i < N_EDGE; i++) {
        fn(ctx, i, c);
        fn(ctx, n_units - 1 - i, c);
    }
    for (int64_t i = 0; i < n_sample; i++)
        fn(ctx, (int64_t)ridge_kernels_rng_below(&rng, (uint64_t)n_units), c);
}

enum ridge_status ridge_compare_end(struct ridge_compare *c, struct ridge_error *err)
{
    if (!c->is_wrong)
        return RIDGE_OK;
    return ridge_fail(err, RIDGE_ERR_WRONG, c->op, "%s; error ratio %.3g, tolerance %.3g",
                      c->result->text, c->result->error_ratio, c->tolerance);
}

double ridge_compare_load(const void *base, int64_t i)
{
    float x;
    memcpy(&x, (const char *)base + i * (int64_t)sizeof x, sizeof x);
    return (double)x;
}
