/* gemm: comparison with the double reference.
 *
 * Bound: an f32 sum of k products has |error| <= gamma_k * sum |a||b|, gamma_k ~ k u, u = 2^-24
 * (Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., section 3.1); with
 * independent roundings k becomes lambda sqrt(k) with a probability near 1 (Higham and Mary, "A new
 * approach to probabilistic rounding error analysis", SIAM J. Sci. Comput. 41(5), 2019). We take
 * lambda = 2 and 4 u for the last roundings: u * (4 + min(k, 2 sqrt(k))), any order of summation.
 * alpha, beta * c0 and the bias are terms like the others: the scale is |alpha| sum |a||b| + |beta c0| +
 * |bias|, and they add 4 u of roundings. An activation stretches an error by its largest slope and adds
 * 8 u of its result. The double reference's own error is 2^-29 of that.
 *
 * f16 and bf16: the reference takes the rounded inputs, whose products are exact in f32. Tensor cores add
 * them in blocks of at least 4 and cut off instead of rounding, an error of up to 2 u a block on one side, so
 * the sum's bound is u * (4 + k/2 + 2 sqrt(k)); the result is then rounded once, to half a unit of its last
 * place (2^-11 or 2^-8 of itself, 2^-25 for a denormal f16). That part is granted apart from the ratio.
 *
 * Large problems: every corner, points along the edges and seeded points inside; and, where no activation
 * bends it, Freivalds' product test, C x against alpha A (B x) + beta C0 x + bias x with random signs x,
 * which sees every element of C.
 */
#include "common/half.h"
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

/* One product of the batch: where element (i, q) of op(A), (q, j) of op(B) lie. */
struct problem {
    int64_t m, n, k, i_batch;
    const float *a, *b, *c, *c0, *bias;
    int64_t a_row, a_column, b_row, b_column, ldc;
    double alpha, beta;
    int32_t act;
    double tolerance;
    double output_roundoff; /* of a result that is rounded to f16 or bf16; 0: f32 */
    struct ridge_check *result;
    bool is_wrong;
};

static void report(struct problem *p, const char *test, int64_t i, int64_t j, double got,
                   double want)
{
    if (!p->is_wrong)
        (void)snprintf(p->result->text, sizeof p->result->text,
                       "%s: C[%lld,%lld] of product %lld is %.9g, want %.9g (m=%lld n=%lld k=%lld)", test,
                       (long long)i, (long long)j, (long long)p->i_batch, got, want, (long long)p->m,
                       (long long)p->n, (long long)p->k);
    p->is_wrong = true;
}

static void note_ratio(struct problem *p, double ratio)
{
    if (ratio > p->result->error_ratio)
        p->result->error_ratio = ratio;
}

struct value {
    double sum, scale; /* before the activation */
};

static struct value value_at(const struct problem *p, int64_t i, int64_t j)
{
    struct value v = {0, 0};
    for (int64_t q = 0; q < p->k; q++) {
        const double x = (double)p->a[i * p->a_row + q * p->a_column] *
                         (double)p->b[q * p->b_row + j * p->b_column];
        v.sum += x;
        v.scale += fabs(x);
    }
    v.sum *= p->alpha;
    v.scale *= fabs(p->alpha);
    if (p->beta != 0) {
        const double x = p->beta * (double)p->c0[i * p->n + j];
        v.sum += x;
        v.scale += fabs(x);
    }
    if (p->bias != NULL) {
        v.sum += (double)p->bias[j];
        v.scale += fabs((double)p->bias[j]);
    }
    return v;
}

static void check_element(struct problem *p, int64_t i, int64_t j)
{
    const struct value v = value_at(p, i, j);
    const double want = ridge_act_reference(p->act, v.sum);
    const double got = (double)p->c[i * p->ldc + j];
    p->result->n_checked++;
    if (!isfinite(v.sum) || !isfinite(want) ||
        v.scale > (double)3.0e38f) { /* NaN, Inf, or a legal f32 overflow on the way */
        const bool is_same = isnan(want) ? isnan(got) : got == want || isfinite(want);
        if (!is_same)
            report(p, "element", i, j, got, want);
        return;
    }
    /* Products below the smallest normal f32 may be flushed: one such step per term is legal. */
    const double slope = ridge_act_max_slope(p->act);
    const double rounding = p->output_roundoff > 0 ? p->output_roundoff * fabs(want) + 0x1p-25 : 0;
    const double error = (fabs(got - want) - rounding) / slope - (double)(p->k + 2) * 0x1p-126;
    const double ratio = v.scale > 0 && error > 0 ? error / v.scale : 0;
    note_ratio(p, ratio);
    if (!isfinite(got) || ratio > p->tolerance || (v.scale == 0 && got != want))
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
static void check_sample(struct problem *p, uint64_t seed, int64_t n_samples)
{
    struct ridge_kernels_rng rng;
    ridge_kernels_rng_seed(&rng, seed);
    const int64_t last_i = p->m - 1, last_j = p->n - 1;
    check_element(p, 0, 0);
    check_element(p, 0, last_j);
    check_element(p, last_i, 0);
    check_element(p, last_i, last_j);
    for (int64_t s = 0; s < n_samples; s++) {
        int64_t i = pick(&rng, p->m), j = pick(&rng, p->n);
        const int64_t edge = s % 8;
        i = edge == 0 ? 0 : edge == 1 ? last_i : i;
        j = edge == 2 ? 0 : edge == 3 ? last_j : j;
        check_element(p, i, j);
    }
}

static double random_sign(struct ridge_kernels_rng *rng)
{
    return (ridge_kernels_rng_next(rng) >> 63) != 0 ? 1.0 : -1.0;
}

/* bx[q] = sum_j B[q,j] x[j] and ab[q] = sum_j |B[q,j]|; B is walked as it lies. */
static void product_with_signs(const struct problem *p, const double *x, double *bx, double *ab)
{
    const bool is_by_rows = p->b_column == 1;
    const int64_t n_outer = is_by_rows ? p->k : p->n, n_inner = is_by_rows ? p->n : p->k;
    for (int64_t q = 0; q < p->k; q++)
        bx[q] = ab[q] = 0;
    for (int64_t outer = 0; outer < n_outer; outer++) {
        for (int64_t inner = 0; inner < n_inner; inner++) {
            const int64_t q = is_by_rows ? outer : inner, j = is_by_rows ? inner : outer;
            const double b = (double)p->b[q * p->b_row + j * p->b_column];
            bx[q] += b * x[j];
            ab[q] += fabs(b);
        }
    }
}

static void compare_rows(struct problem *p, const double *x, const double *bx, const double *ab)
{
    const double slack = product_deviations / sqrt((double)p->n);
    for (int64_t i = 0; i < p->m; i++) {
        double want = 0, scale = 0, got = 0, squares = 0;
        for (int64_t q = 0; q < p->k; q++) {
            const double a = p->alpha * (double)p->a[i * p->a_row + q * p->a_column];
            want += a * bx[q];
            scale += fabs(a) * ab[q];
        }
        for (int64_t j = 0; j < p->n; j++) {
            double added = p->bias != NULL ? (double)p->bias[j] : 0;
            if (p->beta != 0)
                added += p->beta * (double)p->c0[i * p->n + j];
            want += added * x[j];
            scale += fabs(added);
            const double c = (double)p->c[i * p->ldc + j];
            got += c * x[j];
            squares += c * c;
        }
        if (!isfinite(want)) /* a NaN or Inf among the inputs: only the elements can be compared */
            continue;
        const double rounding = product_deviations * p->output_roundoff * sqrt(squares);
        const double ratio = scale > 0 ? (fabs(got - want) - rounding) / (scale * slack) : 0;
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

static struct problem problem_of(const struct ridge_gemm_shape *s, const struct ridge_tensor *in,
                                 const struct ridge_tensor *out, int64_t i_batch)
{
    const double k = (double)s->k;
    const int64_t lda = ridge_gemm_lda(s), ldb = ridge_gemm_ldb(s);
    const bool is_bare = s->alpha == 1 && s->beta == 0 && !s->bias && s->act == RIDGE_ACT_NONE;
    struct problem p = {
        .m = s->m,
        .n = s->n,
        .k = s->k,
        .i_batch = i_batch,
        .a = (const float *)in[RIDGE_GEMM_A].data + i_batch * ridge_gemm_stride_a(s),
        .b = (const float *)in[RIDGE_GEMM_B].data + i_batch * ridge_gemm_stride_b(s),
        .c = (const float *)out[0].data + i_batch * ridge_gemm_stride_c(s),
        .bias = s->bias ? in[RIDGE_GEMM_BIAS].data : NULL,
        .a_row = s->trans_a ? 1 : lda,
        .a_column = s->trans_a ? lda : 1,
        .b_row = s->trans_b ? 1 : ldb,
        .b_column = s->trans_b ? ldb : 1,
        .ldc = ridge_gemm_ldc(s),
        .alpha = (double)(float)s->alpha, /* the kernels' type */
        .beta = (double)(float)s->beta,
        .act = s->act,
        .tolerance = unit_roundoff * ((is_bare ? 4.0 : s->act == RIDGE_ACT_NONE ? 8.0 : 16.0) +
                                      fmin(k, 2.0 * sqrt(k))),
    };
    if (s->dtype != RIDGE_GEMM_F32) {
        p.output_roundoff = s->dtype == RIDGE_GEMM_F16 ? 0x1p-11 : 0x1p-8;
        p.tolerance = unit_roundoff * ((s->act == RIDGE_ACT_NONE ? 8.0 : 16.0) + k / 2.0 + 2.0 * sqrt(k));
    }
    if (s->beta != 0)
        p.c0 = (const float *)in[RIDGE_GEMM_C0].data + i_batch * s->m * s->n;
    return p;
}

static enum ridge_status check_f32(const struct ridge_gemm_shape *s, const struct ridge_tensor *in,
                                   const struct ridge_tensor *out, uint64_t seed, struct ridge_check *result,
                                   struct ridge_error *err)
{
    *result = (struct ridge_check){.tolerance = problem_of(s, in, out, 0).tolerance};
    enum ridge_status status = RIDGE_OK;
    bool is_wrong = false;
    const double n_elements = (double)s->m * (double)s->n * (double)s->batch;
    const bool is_small = 2.0 * n_elements * (double)s->k <= full_check_flop && n_elements <= full_check_flop;
    const int64_t n_samples = N_SAMPLES / (s->batch > 32 ? 32 : s->batch > 0 ? s->batch : 1);
    for (int64_t b = 0; b < s->batch && s->m > 0 && s->n > 0 && status == RIDGE_OK && !is_wrong; b++) {
        struct problem p = problem_of(s, in, out, b);
        p.result = result;
        if (is_small)
            check_all(&p);
        else
            check_sample(&p, seed + (uint64_t)b, s->act == RIDGE_ACT_NONE ? n_samples : 8 * n_samples);
        if (!is_small && s->k > 0 && s->act == RIDGE_ACT_NONE)
            status = check_product(&p, seed + (uint64_t)b, err);
        is_wrong = p.is_wrong;
    }
    if (status == RIDGE_OK && is_wrong)
        return ridge_fail(err, RIDGE_ERR_WRONG, "gemm", "%s; error ratio %.3g, tolerance %.3g",
                          result->text, result->error_ratio, result->tolerance);
    return status;
}

/* A copy in f32; exact. NULL when out of memory. */
static float *widened(const struct ridge_tensor *t, int32_t dtype)
{
    const uint16_t *from = t->data;
    const size_t n = t->n_bytes / sizeof *from;
    float *to = malloc((n > 0 ? n : 1) * sizeof *to);
    for (size_t i = 0; to != NULL && i < n; i++)
        to[i] = dtype == RIDGE_GEMM_F16 ? ridge_kernels_f16_to_f32(from[i]) : ridge_kernels_bf16_to_f32(from[i]);
    return to;
}

enum ridge_status ridge_gemm_check(const void *shape, const struct ridge_tensor *in,
                                   const struct ridge_tensor *out, uint64_t seed,
                                   const char *algorithm, struct ridge_check *result,
                                   struct ridge_error *err)
{
    (void)algorithm; /* every algorithm here sums k products once; the bound holds for any order */
    const struct ridge_gemm_shape *s = shape;
    if (s->dtype == RIDGE_GEMM_F32)
        return check_f32(s, in, out, seed, result, err);
    struct ridge_tensor wide[RIDGE_GEMM_N_INPUTS + 1];
    enum ridge_status status = RIDGE_OK;
    for (size_t i = 0; i < RIDGE_GEMM_N_INPUTS + 1; i++) {
        wide[i] = i < RIDGE_GEMM_N_INPUTS ? in[i] : out[0];
        wide[i].data = widened(&wide[i], s->dtype);
        if (wide[i].data == NULL)
            status = ridge_fail(err, RIDGE_ERR_NOMEM, "gemm check", "no memory for f32 copies");
    }
    if (status == RIDGE_OK)
        status = check_f32(s, wide, &wide[RIDGE_GEMM_N_INPUTS], seed, result, err);
    for (size_t i = 0; i < RIDGE_GEMM_N_INPUTS + 1; i++)
        free(wide[i].data);
    return status;
}
