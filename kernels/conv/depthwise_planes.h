/* Depthwise rows of nchw: lanes are output columns. Included by the ISA files after depthwise_body.h.
 *
 * A plane of x is first copied between zeros, so that neither rows nor columns have edges; then four output
 * rows at a time, one vector of columns. Step 1 loads, step 2 takes every second of two vectors. */
enum { N_ROWS_AT_ONCE = 4 };

static void copy_plane(const struct ridge_conv_depthwise_plan *p, const float *x, float *to)
{
    const struct ridge_conv_shape *s = p->shape;
    memset(to, 0, (size_t)(p->plane_rows * p->plane_ld) * sizeof *to);
    to += s->pad_t * p->plane_ld + s->pad_l;
    for (int64_t h = 0; h < s->ih; h++)
        memcpy(to + h * p->plane_ld, x + h * s->iw, (size_t)s->iw * sizeof *to);
}

INLINE VEC load_step(const float *x, const int step, int64_t any_step)
{
    if (step == 1)
        return LOAD(x);
    if (step == 2 && VL > 1)
        return EVEN(LOAD(x), LOAD(x + VL));
    return load_lanes(x, any_step, VL);
}

INLINE void planes_tile(const struct ridge_conv_depthwise_plan *p, const float *x, const float *w, VEC *sums,
                        const int n_rows, const int step)
{
    const struct ridge_conv_shape *s = p->shape;
    const int64_t next = s->stride_h * p->plane_ld;
    for (int64_t r = 0; r < s->kh; r++)
        for (int64_t q = 0; q < s->kw; q++) {
            const float *from = x + r * s->dilation * p->plane_ld + q * s->dilation;
            const VEC tap = SET(w[r * s->kw + q]);
            UNROLL(4) for (int i = 0; i < n_rows; i++)
                sums[i] = FMA(load_step(from + i * next, step, s->stride_w), tap, sums[i]);
        }
}

static void planes_sums(const struct ridge_conv_depthwise_plan *p, const float *x, const float *w, VEC *sums,
                        int64_t n_rows)
{
    const bool is_full = n_rows == N_ROWS_AT_ONCE;
    for (int64_t i = 0; i < n_rows; i += is_full ? N_ROWS_AT_ONCE : 1) {
        const float *from = x + i * p->shape->stride_h * p->plane_ld;
        if (p->shape->stride_w == 1 && is_full)
            planes_tile(p, from, w, sums, N_ROWS_AT_ONCE, 1);
        else if (p->shape->stride_w == 2 && is_full)
            planes_tile(p, from, w, sums, N_ROWS_AT_ONCE, 2);
        else
            planes_tile(p, from, w, sums + i, 1, 0);
        if (is_full)
            return;
    }
}

static void one_plane(const struct ridge_conv_depthwise_plan *p, const struct ridge_conv_depthwise_data *d,
                      const struct ridge_conv_depthwise_part *part, int64_t o)
{
    const struct ridge_conv_shape *s = p->shape;
    const struct finish finish = finish_of(s->act);
    const VEC bias = SET(d->bias == NULL ? 0.0f : d->bias[o]);
    const int64_t y0 = part->b * p->y.batch + o * p->y.lane;
    for (int64_t h = part->h0; h < part->h1; h += N_ROWS_AT_ONCE) {
        const int64_t n_rows = part->h1 - h < N_ROWS_AT_ONCE ? part->h1 - h : N_ROWS_AT_ONCE;
        for (int64_t w = 0; w < p->out.ow; w += VL) {
            const MASK mask = mask_of(p->out.ow - w);
            VEC sums[N_ROWS_AT_ONCE] = {bias, bias, bias, bias};
            planes_sums(p, part->scratch + h * s->stride_h * p->plane_ld + w * s->stride_w, d->w + o * p->w_block,
                        sums, n_rows);
            for (int64_t i = 0; i < n_rows; i++) {
                const int64_t at = y0 + (h + i) * p->y.row + w;
                if (d->residual != NULL)
                    sums[i] = ADD(sums[i], LOAD_MASKED(d->residual + at, mask, ZERO()));
                STORE_MASKED(d->y + at, mask, finish_vec(&finish, sums[i]));
            }
        }
    }
}

void RIDGE_ISA_NAME(ridge_conv_depthwise_planes)(const struct ridge_conv_depthwise_plan *p,
                                                 const struct ridge_conv_depthwise_data *d,
                                                 const struct ridge_conv_depthwise_part *part)
{
    for (int64_t o = part->block0; o < part->block1; o++) {
        if (o == part->block0 || o % p->multiplier == 0)
            copy_plane(p, d->x + part->b * p->x.batch + o / p->multiplier * p->x.lane, part->scratch);
        one_plane(p, d, part, o);
    }
}
