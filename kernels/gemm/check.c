/* gemm: comparison with the double reference.
 *
 * Bound: an f32 sum of k products has |error| <= gamma_k * sum |a||b|, gamma_k ~ k u, u = 2^-24
 * (Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., section 3.1); with
 * independent roundings k becomes lambda sqrt(k) with a probability near 1 (Higham and Mary, "A new
 * approach to probabilistic rounding error analysis", SIAM J. Sci. Comput. 41(5), 2019). We take
 * lambda = 2 and 4 u for the last roundings: u * (4 + min(k, 2 sqrt(k))), any order of summation.
 * The double reference's own error is 2^-29 of that.
 *
 * Large problems: every corner, points along the edges and seeded points inside; and Freivalds'
 * product test, C x against A (B x) with random signs x, which sees every element of C.
 */
#include "common/rng.h"
#include "gemm/gemm.h"
#include <math.h>
#include <stdlib.h>

static const double full_check_flop = 4e6;
static const double unit_roundoff = 0x1p-24;
/* Element errors under random signs add like sqrt(n); 8 standard deviations leave no false alarm.
 */
static const double product_deviations = 8.0;
enum { N_SAMPLES = 320 };

struct problem {
    int64_t m, n, k;
    const float *a, *b, *c;
    double tolerance;
    struct ridge_check *result;
    bool is_wrong;
};

static void report(struct problem *p, const char *test, int64_t i, int64_t j, double got,
                   double want)
{
    if (!p->is_wrong)
        (void)snprintf(p->result->text, sizeof p->result->text,
                       "%s: C[%lld,%lld] is %.9g, want %.9g (m=%lld n=%lld k=%lld)", test,
                       (long long)i, (long long)j, got, want, (long long)p->m, (long long)p->n,
                       (long long)p->k);
    p->is_wrong = true;
}

static void note_ratio(struct problem *p, double ratio)
{
    if (ratio > p->result->error_ratio)
        p->result->error_ratio = ratio;
}

static void check_element(struct problem *p, int64_t i, int64_t j)
{
    double want = 0, scale = 0;
    for (int64_t q = 0; q < p->k; q++) {
        const double x = (double)p->a[i * p->k + q] * (double)p->b[q * p->n + j];
        want += x;
        scale += fabs(x);
    }
    const double got = (double)p->c[i * p->n + j];
    p->result->n_checked++;
    if (!isfinite(want) ||
        scale > (double)3.0e38f) { /* NaN, Inf, or a legal f32 overflow on the way */
        const bool is_same = isnan(want) ? isnan(got) : got == want || isfinite(want);
        if (!is_same)
            report(p, "element", i, j, got, want);
        return;
    }
    /* Products below the smallest normal f32 may be flushed: one such step per term is legal. */
    const double error = fabs(got - want) - (double)p->k * 0x1p-126;
    const double ratio = scale > 0 && error > 0 ? error / scale : 0;
    note_ratio(p, ratio);
    if (!isfinite(got) || ratio > p->tolerance || (scale == 0 && got != 0))
        report(p, "element", i, j, got, want);
}

static void check_all(struct problem *p)
{
    for (int64_t i = 0; i < p->m; i++)
        for (int64_t j = 0; j < p->n; j++)
            check_element(p, i, j);
}

static int64_t pick(struct ridge_kernels_rng *rng, int64_t n)
{
    return (int64_t)ridge_kernels_rng_below(rng, (uint64_t)n);
}

/* Of every 8 samples 4 lie on the four edges and 4 inside; the corners come first. */
static void check_sample(struct problem *p, uint64_t seed)
{
    struct ridge_kernels_rng rng;
    ridge_kernels_rng_seed(&rng, seed);
    const int64_t last_i = p->m - 1, last_j = p->n - 1;
    check_element(p, 0, 0);
    check_element(p, 0, last_j);
    check_element(p, last_i, 0);
    check_element(p, last_i, last_j);
    for (int s = 0; s < N_SAMPLES; s++) {
        int64_t i = pick(&rng, p->m), j = pick(&rng, p->n);
        const int edge = s % 8;
        i = edge == 0 ? 0 : edge == 1 ? last_i : i;
        j = edge == 2 ? 0 : edge == 3 ? last_j : j;
        check_element(p, i, j);
    }
}

static double random_sign(struct ridge_kernels_rng *rng)
{
    return (ridge_kernels_rng_next(rng) >> 63) != 0 ? 1.0 : -1.0;
}

/* bx[q] = sum_j B[q,j] x[j] and ab[q] = sum_j |B[q,j]| */
static void product_with_signs(const struct problem *p, const double *x, double *bx, double *ab)
{
    for (int64_t q = 0; q < p->k; q++) {
        double sum = 0, sum_abs = 0;
        for (int64_t j = 0; j < p->n; j++) {
            sum += (double)p->b[q * p->n + j] * x[j];
            sum_abs += fabs((double)p->b[q * p->n + j]);
        }
        bx[q] = sum;
        ab[q] = sum_abs;
    }
}

static void compare_rows(struct problem *p, const double *x, const double *bx, const double *ab)
{
    const double slack = product_deviations / sqrt((double)p->n);
    for (int64_t i = 0; i < p->m; i++) {
        double want = 0, scale = 0, got = 0;
        for (int64_t q = 0; q < p->k; q++) {
            want += (double)p->a[i * p->k + q] * bx[q];
            scale += fabs((double)p->a[i * p->k + q]) * ab[q];
        }
        for (int64_t j = 0; j < p->n; j++)
            got += (double)p->c[i * p->n + j] * x[j];
        if (!isfinite(want)) /* a NaN or Inf among the inputs: only the elements can be compared */
            continue;
        const double ratio = fabs(got - want) / (scale * slack);
        if (!isfinite(got) || ratio > p->tolerance)
            report(p, "product test, row sum with random signs", i, -1, got, want);
    }
}

static enum ridge_status check_product(struct problem *p, uint64_t seed, struct ridge_error *err)
{
    struct ridge_kernels_rng rng;
    ridge_kernels_rng_seed(&rng, seed ^ 0x5bd1e995u);
    double *x = malloc(sizeof *x * (size_t)p->n);
    double *bx = malloc(sizeof *bx * (size_t)p->k);
    double *ab = malloc(sizeof *ab * (size_t)p->k);
    enum ridge_status status = RIDGE_OK;
    if (x == NULL || bx == NULL || ab == NULL) {
        status = ridge_fail(err, RIDGE_ERR_NOMEM, "gemm check", "no memory for %lld vectors",
                            (long long)(p->n + 2 * p->k));
        goto out;
    }
    for (int64_t j = 0; j < p->n; j++)
        x[j] = random_sign(&rng);
    product_with_signs(p, x, bx, ab);
    compare_rows(p, x, bx, ab);
out:
    free(x);
    free(bx);
    free(ab);
    return status;
}

enum ridge_status ridge_gemm_check(const void *shape, const struct ridge_tensor *in,
                                   const struct ridge_tensor *out, uint64_t seed,
                                   const char *algorithm, struct ridge_check *result,
                                   struct ridge_error *err)
{
    (void)algorithm; /* every algorithm here sums k products once; the bound holds for any order */
    const struct ridge_gemm_shape *s = shape;
    const double k = (double)s->k;
    struct problem p = {.m = s->m,
                        .n = s->n,
                        .k = s->k,
                        .a = in[0].data,
                        .b = in[1].data,
                        .c = out[0].data,
                        .tolerance = unit_roundoff * (4.0 + fmin(k, 2.0 * sqrt(k))),
                        .result = result};
    *result = (struct ridge_check){.tolerance = p.tolerance};
    if (s->m == 0 || s->n == 0)
        return RIDGE_OK;
    enum ridge_status status = RIDGE_OK;
    if (2.0 * (double)s->m * (double)s->n * k <= full_check_flop &&
        (double)s->m * (double)s->n <= full_check_flop) {
        check_all(&p);
    } else {
        check_sample(&p, seed);
        if (s->k > 0)
            status = check_product(&p, seed, err);
    }
    if (status == RIDGE_OK && p.is_wrong)
        return ridge_fail(err, RIDGE_ERR_WRONG, "gemm", "%s; error ratio %.3g, tolerance %.3g",
                          result->text, result->error_ratio, result->tolerance);
    return status;
}
