/* pool: comparison with the double reference.
 *
 * A maximum is one of its inputs: exact. A mean of n elements: the sum in any order is off by at most
 * gamma_(n-1) * sum |x|, with a probability near 1 by 2 sqrt(n) u * sum |x| (Higham and Mary, SIAM J.
 * Sci. Comput. 41(5), 2019), then 3 u for the reciprocal, its product of two, and the last product:
 * u * (4 + min(n, 2 sqrt(n))) of the mean of |x|.
 */
#include "common/compare.h"
#include "pool/pool.h"
#include <math.h>

struct reference {
    const struct ridge_pool_shape *s;
    struct ridge_pool_plan p;
    const void *x, *y;
};

static int64_t x_index(const struct ridge_pool_shape *s, int64_t b, int64_t c, int64_t h, int64_t w)
{
    if (s->layout == RIDGE_DENSE_NHWC)
        return ((b * s->ih + h) * s->iw + w) * s->c + c;
    return ((b * s->c + c) * s->ih + h) * s->iw + w;
}

static double ieee_maximum(double a, double b)
{
    return isnan(a) || isnan(b) ? (double)NAN : a > b ? a : b;
}

static void compare_window(void *ctx, int64_t i, struct ridge_compare *cmp)
{
    const struct reference *r = ctx;
    const struct ridge_pool_shape *s = r->s;
    const struct ridge_pool_plan *p = &r->p;
    const bool is_nhwc = s->layout == RIDGE_DENSE_NHWC;
    const int64_t c = is_nhwc ? i % s->c : i / (p->oh * p->ow) % s->c;
    const int64_t pixel = is_nhwc ? i / s->c : i % (p->oh * p->ow);
    const int64_t b = i / (s->c * p->oh * p->ow);
    const int64_t y0 = pixel / p->ow % p->oh * p->stride_h - p->pad_t;
    const int64_t x0 = pixel % p->ow * p->stride_w - p->pad_l;
    double most = -INFINITY, sum = 0, sum_abs = 0;
    int64_t n = 0;
    for (int64_t h = y0 > 0 ? y0 : 0; h < y0 + p->kh && h < s->ih; h++)
        for (int64_t w = x0 > 0 ? x0 : 0; w < x0 + p->kw && w < s->iw; w++) {
            const double value = ridge_compare_load(r->x, x_index(s, b, c, h, w));
            most = ieee_maximum(most, value);
            sum += value;
            sum_abs += fabs(value);
            n++;
        }
    const double count = (double)(p->counts_pad ? p->kh * p->kw : n);
    ridge_compare_value(cmp, i, ridge_compare_load(r->y, i), p->is_max ? most : sum / count,
                        p->is_max ? 0 : sum_abs / count);
}

enum ridge_status ridge_pool_check(const void *shape, const struct ridge_tensor *in,
                                   const struct ridge_tensor *out, uint64_t seed,
                                   const char *algorithm, struct ridge_check *result,
                                   struct ridge_error *err)
{
    (void)algorithm; /* every algorithm sums each window once */
    const struct ridge_pool_shape *s = shape;
    struct reference r = {.s = s, .p = ridge_pool_plan_make(s), .x = in[0].data, .y = out[0].data};
    const double n = (double)r.p.kh * (double)r.p.kw;
    struct ridge_compare cmp;
    ridge_compare_begin(&cmp, "pool",
                        r.p.is_max ? 0 : RIDGE_UNIT_ROUNDOFF * (4 + fmin(n, 2 * sqrt(n))), result);
    ridge_compare_units(&cmp, s->batch * s->c * r.p.oh * r.p.ow, n, seed, compare_window, &r);
    return ridge_compare_end(&cmp, err);
}
