/* The depthwise, Winograd and FFT kernels of conv/list.inc against a double reference: odd sizes, tails,
 * pads, epilogues, layouts, guard pages, poisoned outputs, special values, 1 and 2 threads, given and
 * prepacked weights.
 *
 * Tolerances. Depthwise sums k products in some order: u (4 + min(k, 2 sqrt(k))) of the sum of
 * magnitudes, as in kernels/gemm/check.c. Winograd mixes a tile, so its error follows the norm
 * sqrt(k) rms(x) rms(w); worst case of one dimension: a = max_i sum_j |A_ij| sum|G_j.| sum|B_.j|
 * (8, 29.6 and 67.7 for F(2,3), F(4,3), F(6,3)), so u a^2 in two, here with a factor of 2. FFT: an
 * rms error of about u log2(n) per transform (Higham, section 24.1), three transforms of 2 log2(32)
 * stages and 8 deviations: 3 * 10 * 8 u of the tile's norm, which is at most 32 / sqrt(kh kw) times ours. */
#include "conv/conv.h"
#include "conv/support.h"
#include "kernel_host.h"
#include "ridge_test.h"

static const struct ridge_operator *const op = &ridge_conv_operator;
static const double unit_roundoff = 0x1p-24;

enum { N_TENSORS = RIDGE_CONV_N_INPUTS + 1 };

struct problem {
    struct ridge_conv_shape shape;
    struct ridge_conv_out out;
    struct ridge_tensor t[N_TENSORS];
    struct test_buffer buffers[N_TENSORS];
};

static void problem_init(struct problem *p, const struct ridge_conv_shape *shape, bool is_at_end)
{
    p->shape = *shape;
    p->out = ridge_conv_out_size(shape);
    for (size_t i = 0; i < N_TENSORS; i++) {
        CHECK(op->tensor(&p->shape, i, &p->t[i], NULL) == RIDGE_OK);
        test_buffer_init(&p->buffers[i], p->t[i].n_bytes, is_at_end);
        p->t[i].data = p->buffers[i].data;
        if (i < RIDGE_CONV_N_INPUTS)
            op->fill(&p->shape, i, &p->t[i], 7);
    }
}

static void problem_deinit(struct problem *p)
{
    for (size_t i = 0; i < N_TENSORS; i++)
        test_buffer_deinit(&p->buffers[i]);
}

/* Runs the kernel with scratch and packed weights of exactly the size it asked for. */
static enum ridge_status run_kernel(const struct ridge_kernel *kernel, struct problem *p, int n_threads,
                                    bool is_at_end)
{
    const struct ridge_host *self;
    struct ridge_host host;
    test_host_init(&host, &self, n_threads);
    const bool is_prepacked = p->shape.weights == RIDGE_CONV_PREPACKED;
    const size_t n_packed = is_prepacked ? kernel->packed_bytes(&p->shape, n_threads) : 0;
    const size_t n_scratch = kernel->scratch_bytes == NULL ? 0 : kernel->scratch_bytes(&p->shape, n_threads);
    struct test_buffer packed, scratch;
    test_buffer_init(&packed, n_packed, is_at_end);
    test_buffer_init(&scratch, n_scratch, is_at_end);
    struct ridge_kernel_args args = {.shape = &p->shape, .in = p->t, .out = &p->t[RIDGE_CONV_N_INPUTS],
                                     .packed = is_prepacked ? packed.data : NULL,
                                     .scratch = scratch.data, .host = &host};
    enum ridge_status status = RIDGE_OK;
    if (is_prepacked) {
        status = kernel->pack(&args, NULL);
        memset(p->t[RIDGE_CONV_W].data, 0xff, p->t[RIDGE_CONV_W].n_bytes);
    }
    if (status == RIDGE_OK)
        status = test_run(kernel, &args);
    if (is_prepacked)
        op->fill(&p->shape, RIDGE_CONV_W, &p->t[RIDGE_CONV_W], 7);
    test_buffer_deinit(&packed);
    test_buffer_deinit(&scratch);
    return status;
}

struct element {
    double want, magnitude;
};

static struct element reference(const struct problem *p, int64_t b, int64_t o, int64_t h, int64_t w)
{
    const struct ridge_conv_shape *s = &p->shape;
    const float *x = p->t[RIDGE_CONV_X].data, *f = p->t[RIDGE_CONV_W].data;
    const int64_t icg = s->ic / s->groups, g = o / (s->oc / s->groups);
    struct element e = {0, 0};
    for (int64_t i = 0; i < icg; i++)
        for (int64_t r = 0; r < s->kh; r++)
            for (int64_t q = 0; q < s->kw; q++) {
                const int64_t ih = h * s->stride_h + r * s->dilation - s->pad_t;
                const int64_t iw = w * s->stride_w + q * s->dilation - s->pad_l;
                if (ih < 0 || ih >= s->ih || iw < 0 || iw >= s->iw)
                    continue;
                const double v = (double)x[ridge_conv_index(s, s->ic, s->ih, s->iw, b, g * icg + i, ih, iw)] *
                                 (double)f[ridge_conv_weight_index(s, o, i, r, q)];
                e.want += v;
                e.magnitude += fabs(v);
            }
    if (s->bias)
        e.want += (double)((const float *)p->t[RIDGE_CONV_BIAS].data)[o];
    if (s->residual)
        e.want += (double)((const float *)p->t[RIDGE_CONV_RESIDUAL]
                               .data)[ridge_conv_index(s, s->oc, p->out.oh, p->out.ow, b, o, h, w)];
    e.magnitude += fabs(e.want) + 1;
    e.want = ridge_act_reference(s->act, e.want);
    return e;
}

static double bound(const struct ridge_kernel *kernel, const struct ridge_conv_shape *s, double magnitude)
{
    static const struct {
        const char *algorithm;
        double growth; /* of one dimension */
    } winograd[] = {{"winograd2", 8}, {"winograd4", 29.6}, {"winograd6", 67.7}};
    const double k = (double)(s->ic / s->groups * s->kh * s->kw), norm = sqrt(k + 1) / 3;
    for (size_t i = 0; i < sizeof winograd / sizeof winograd[0]; i++)
        if (strcmp(kernel->algorithm, winograd[i].algorithm) == 0)
            return 1.5 * unit_roundoff * (2 * winograd[i].growth * winograd[i].growth * norm + 4 * magnitude);
    if (strcmp(kernel->algorithm, "fft") == 0)
        return 1.5 * unit_roundoff * (3 * 10 * 8 * norm * 32 / sqrt((double)(s->kh * s->kw)) + 4 * magnitude);
    return 1.5 * unit_roundoff * (8 + fmin(k, 2 * sqrt(k))) * magnitude;
}

static double worst_share;

/* Every element of y, and zero in the padded channels. The number of wrong ones. */
static int64_t n_wrong(const struct ridge_kernel *kernel, const struct problem *p)
{
    const struct ridge_conv_shape *s = &p->shape;
    const float *y = p->t[RIDGE_CONV_N_INPUTS].data;
    const int64_t n_stored = ridge_conv_stored_channels(s, s->oc);
    int64_t n = 0;
    for (int64_t b = 0; b < s->batch; b++)
        for (int64_t o = 0; o < n_stored; o++)
            for (int64_t h = 0; h < p->out.oh; h++)
                for (int64_t w = 0; w < p->out.ow; w++) {
                    const double got = (double)y[ridge_conv_index(s, s->oc, p->out.oh, p->out.ow, b, o, h, w)];
                    if (o >= s->oc) {
                        n += got != 0;
                        continue;
                    }
                    const struct element e = reference(p, b, o, h, w);
                    const double share = fabs(got - e.want) / bound(kernel, s, e.magnitude);
                    if (isfinite(e.want) && !(share <= 1) && n++ == 0)
                        fprintf(stderr, "y[%lld,%lld,%lld,%lld] is %.9g, want %.9g\n", (long long)b, (long long)o,
                                (long long)h, (long long)w, got, e.want);
                    worst_share = fmax(worst_share, share);
                }
    return n;
}

static void check_one(const struct ridge_kernel *kernel, const struct ridge_conv_shape *s, int n_threads,
                      bool is_at_end)
{
    struct problem p;
    problem_init(&p, s, is_at_end);
    CHECK(run_kernel(kernel, &p, n_threads, is_at_end) == RIDGE_OK);
    const int64_t wrong = n_wrong(kernel, &p);
    if (wrong != 0)
        fprintf(stderr,
                "%s: %lld wrong; ic%lldih%lldiw%lldoc%lldkh%lldkw%lld s%lld,%lld p%lld,%lld,%lld,%lld d%lld g%lld "
                "layout=%d weights=%d act=%d bias=%d residual=%d threads=%d\n",
                kernel->name, (long long)wrong, (long long)s->ic, (long long)s->ih, (long long)s->iw,
                (long long)s->oc, (long long)s->kh, (long long)s->kw, (long long)s->stride_h,
                (long long)s->stride_w, (long long)s->pad_t, (long long)s->pad_b, (long long)s->pad_l,
                (long long)s->pad_r, (long long)s->dilation, (long long)s->groups, s->layout, s->weights, s->act,
                s->bias, s->residual, n_threads);
    CHECK(wrong == 0);
    struct ridge_check result;
    CHECK(op->check(&p.shape, p.t, &p.t[RIDGE_CONV_N_INPUTS], 3, kernel->algorithm, &result, NULL) == RIDGE_OK);
    problem_deinit(&p);
}

/* The kernels of an algorithm that take the shape, each in every layout, with changing epilogue, weights,
 * threads and alignment. */
static int check_all_ways(struct ridge_conv_shape s, unsigned seed)
{
    size_t n_kernels;
    const struct ridge_kernel *const *kernels = ridge_conv_kernels(&n_kernels);
    int n_run = 0;
    for (size_t i = 0; i < n_kernels; i++) {
        for (int32_t layout = RIDGE_CONV_NCHW; layout <= RIDGE_CONV_NCHW16C; layout++) {
            s.layout = layout;
            if (strcmp(kernels[i]->op, "conv") != 0 ||
                strcmp(kernels[i]->algorithm, ridge_conv_algorithm_names[s.algorithm]) != 0 ||
                !kernels[i]->supports(&s, 1, (char[256]){0}, 256))
                continue;
            const unsigned way = seed++;
            s.weights = way & 1;
            s.act = (int32_t)(way % 5);
            s.bias = way % 3 != 0;
            s.residual = (way >> 1) & 1;
            check_one(kernels[i], &s, 1 + (int)(way / 2 & 1), way % 7 < 3);
            n_run++;
        }
    }
    return n_run;
}

static struct ridge_conv_shape square(int64_t batch, int64_t ic, int64_t size, int64_t oc, int64_t k, int64_t stride,
                                      int64_t pad)
{
    return (struct ridge_conv_shape){.batch = batch, .ic = ic, .ih = size, .iw = size, .oc = oc, .kh = k, .kw = k,
                                     .stride_h = stride, .stride_w = stride, .pad_t = pad, .pad_b = pad,
                                     .pad_l = pad, .pad_r = pad, .dilation = 1, .groups = 1};
}

static void depthwise_columns_are_right(void)
{
    static const int64_t channels[] = {1, 7, 8, 16, 19, 33, 48};
    unsigned seed = 0;
    for (int64_t k = 3; k <= 7; k += 2)
        for (int64_t stride = 1; stride <= 2; stride++)
            for (int64_t size = 1; size <= 33; size += size < 16 ? 1 : 5) {
                const int64_t c = channels[seed % 7];
                struct ridge_conv_shape s = square(1 + seed % 2, c, size, c, k, stride, k / 2);
                s.algorithm = RIDGE_CONV_DEPTHWISE;
                s.groups = c;
                s.ih = 1 + size / 2;
                s.pad_t = seed % 3;
                if (seed % 5 == 4 && size > k)
                    s.pad_l = s.pad_r = 0;
                if (ridge_conv_out_size(&s).oh > 0)
                    CHECK(check_all_ways(s, seed) > 0);
                seed++;
            }
}

static void depthwise_of_any_shape_is_right(void)
{
    static const struct {
        int64_t ic, multiplier, ih, iw, kh, kw, sh, sw, pt, pb, pl, pr, d;
    } cases[] = {
        {5, 1, 9, 11, 3, 3, 1, 1, 2, 2, 2, 2, 2},  {16, 2, 8, 9, 3, 3, 1, 1, 1, 1, 1, 1, 1},
        {3, 11, 7, 6, 5, 5, 2, 2, 2, 2, 2, 2, 1},  {20, 1, 12, 13, 3, 3, 2, 1, 1, 0, 0, 1, 1},
        {17, 1, 10, 10, 1, 1, 1, 1, 0, 0, 0, 0, 1}, {18, 3, 6, 15, 2, 4, 3, 2, 1, 0, 3, 1, 1},
        {24, 1, 14, 14, 9, 9, 1, 1, 4, 4, 4, 4, 1}, {33, 1, 20, 20, 3, 3, 1, 1, 6, 6, 6, 6, 6},
        {16, 1, 1, 40, 1, 5, 1, 1, 0, 0, 2, 2, 1}, {8, 1, 2, 2, 7, 7, 2, 2, 5, 5, 5, 5, 1},
        {1, 4, 6, 6, 3, 3, 1, 1, 1, 1, 1, 1, 1},   {16, 1, 4, 4, 3, 3, 1, 1, 9, 0, 9, 9, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct ridge_conv_shape s = {
            .batch = 1 + (int64_t)i % 2, .ic = cases[i].ic, .oc = cases[i].ic * cases[i].multiplier,
            .ih = cases[i].ih, .iw = cases[i].iw, .kh = cases[i].kh, .kw = cases[i].kw,
            .stride_h = cases[i].sh, .stride_w = cases[i].sw, .pad_t = cases[i].pt, .pad_b = cases[i].pb,
            .pad_l = cases[i].pl, .pad_r = cases[i].pr, .dilation = cases[i].d, .groups = cases[i].ic,
            .algorithm = RIDGE_CONV_DEPTHWISE};
        CHECK(check_all_ways(s, (unsigned)i) > 0);
        CHECK(check_all_ways(s, (unsigned)i + 8) > 0);
    }
}

static void winograd_is_right(void)
{
    static const struct {
        int64_t batch, ic, ih, iw, oc, pad;
    } cases[] = {
        {1, 1, 3, 3, 1, 0},   {1, 3, 4, 5, 2, 1},  {2, 16, 7, 7, 17, 1},  {1, 17, 8, 13, 33, 1},
        {1, 5, 1, 9, 4, 1},   {3, 4, 14, 14, 7, 1}, {1, 32, 12, 12, 16, 0}, {1, 8, 13, 30, 48, 2},
        {1, 20, 27, 26, 24, 1}, {2, 40, 10, 9, 40, 1}, {1, 6, 5, 40, 70, 0},
    };
    for (int32_t a = RIDGE_CONV_WINOGRAD2; a <= RIDGE_CONV_WINOGRAD6; a++) {
        worst_share = 0;
        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
            struct ridge_conv_shape s = square(cases[i].batch, cases[i].ic, cases[i].ih, cases[i].oc, 3, 1,
                                               cases[i].pad);
            s.iw = cases[i].iw;
            s.algorithm = a;
            CHECK(check_all_ways(s, (unsigned)i) > 0);
        }
        printf("       %s: worst error %.2f of the bound\n", ridge_conv_algorithm_names[a], worst_share);
    }
}

static void fft_is_right(void)
{
    static const struct {
        int64_t batch, ic, ih, iw, oc, kh, kw, pad;
    } cases[] = {
        {1, 1, 5, 5, 1, 3, 3, 1},   {1, 3, 16, 17, 2, 3, 3, 1},  {2, 4, 20, 20, 5, 5, 5, 2},
        {1, 17, 9, 21, 18, 7, 7, 3}, {1, 2, 30, 33, 3, 11, 11, 5}, {1, 3, 28, 8, 2, 1, 7, 3},
        {1, 2, 40, 24, 2, 13, 9, 6}, {1, 2, 45, 45, 2, 24, 24, 0}, {1, 16, 12, 12, 16, 1, 1, 0},
    };
    worst_share = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct ridge_conv_shape s = square(cases[i].batch, cases[i].ic, cases[i].ih, cases[i].oc, cases[i].kh, 1,
                                           cases[i].pad);
        s.iw = cases[i].iw;
        s.kw = cases[i].kw;
        s.algorithm = RIDGE_CONV_FFT;
        CHECK(check_all_ways(s, (unsigned)i) > 0);
    }
    printf("       fft: worst error %.2f of the bound\n", worst_share);
}

/* No element, no channel: a defined result and no access. */
static void empty_problems_are_right(void)
{
    for (int32_t a = RIDGE_CONV_WINOGRAD2; a <= RIDGE_CONV_FFT; a++) {
        struct ridge_conv_shape none[] = {square(0, 4, 8, 4, 3, 1, 1), square(1, 0, 8, 4, 3, 1, 1),
                                          square(1, 4, 8, 0, 3, 1, 1), square(1, 4, 1, 4, 3, 1, 0),
                                          square(1, 4, 0, 4, 3, 1, 1)};
        for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
            none[i].algorithm = a;
            check_all_ways(none[i], (unsigned)i);
            check_all_ways(none[i], (unsigned)i + 3);
        }
    }
    struct ridge_conv_shape none[] = {square(0, 4, 8, 4, 3, 1, 1), square(1, 4, 1, 4, 3, 1, 0),
                                      square(1, 4, 0, 4, 3, 1, 0)};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        none[i].algorithm = RIDGE_CONV_DEPTHWISE;
        none[i].groups = 4;
        check_all_ways(none[i], (unsigned)i);
    }
}

/* A NaN reaches every output whose sum holds it, whatever the activation. */
static void nan_is_kept(void)
{
    size_t n_kernels;
    const struct ridge_kernel *const *kernels = ridge_conv_kernels(&n_kernels);
    for (size_t i = 0; i < n_kernels; i++) {
        for (int32_t a = RIDGE_CONV_DEPTHWISE; a <= RIDGE_CONV_FFT; a++) {
            struct ridge_conv_shape s = square(1, 8, 9, 8, 3, 1, 1);
            struct problem p;
            s.algorithm = a;
            s.groups = a == RIDGE_CONV_DEPTHWISE ? 8 : 1;
            s.layout = RIDGE_CONV_NHWC;
            s.act = (int32_t)(i % 5);
            if (strcmp(kernels[i]->op, "conv") != 0 ||
                strcmp(kernels[i]->algorithm, ridge_conv_algorithm_names[a]) != 0 ||
                !kernels[i]->supports(&s, 1, (char[256]){0}, 256))
                continue;
            problem_init(&p, &s, true);
            ((float *)p.t[RIDGE_CONV_X].data)[(4 * 9 + 4) * 8 + 3] = NAN;
            CHECK(run_kernel(kernels[i], &p, 1, true) == RIDGE_OK);
            const float *y = p.t[RIDGE_CONV_N_INPUTS].data;
            CHECK(isnan(y[(3 * 9 + 5) * 8 + 3]) && isnan(y[(4 * 9 + 4) * 8 + 3]));
            if (a == RIDGE_CONV_DEPTHWISE)
                CHECK(!isnan(y[(4 * 9 + 4) * 8 + 2]) && !isnan(y[(1 * 9 + 4) * 8 + 3]));
            problem_deinit(&p);
        }
    }
}

static void results_do_not_depend_on_threads(void)
{
    size_t n_kernels;
    const struct ridge_kernel *const *kernels = ridge_conv_kernels(&n_kernels);
    for (size_t i = 0; i < n_kernels; i++) {
        for (int32_t a = RIDGE_CONV_DEPTHWISE; a <= RIDGE_CONV_FFT; a++) {
            struct ridge_conv_shape s = square(2, 24, 26, 24, 3, 1, 1);
            struct problem p;
            s.algorithm = a;
            s.groups = a == RIDGE_CONV_DEPTHWISE ? 24 : 1;
            s.layout = RIDGE_CONV_NHWC;
            if (strcmp(kernels[i]->isa, "ref") == 0 || strcmp(kernels[i]->op, "conv") != 0 ||
                strcmp(kernels[i]->algorithm, ridge_conv_algorithm_names[a]) != 0 ||
                !kernels[i]->supports(&s, 1, (char[256]){0}, 256))
                continue;
            problem_init(&p, &s, false);
            const size_t n_bytes = p.t[RIDGE_CONV_N_INPUTS].n_bytes;
            void *first = malloc(n_bytes);
            CHECK(run_kernel(kernels[i], &p, 1, false) == RIDGE_OK);
            memcpy(first, p.t[RIDGE_CONV_N_INPUTS].data, n_bytes);
            for (int n_threads = 2; n_threads <= 3; n_threads++) {
                CHECK(run_kernel(kernels[i], &p, n_threads, false) == RIDGE_OK);
                CHECK(memcmp(first, p.t[RIDGE_CONV_N_INPUTS].data, n_bytes) == 0);
            }
            free(first);
            problem_deinit(&p);
        }
    }
}

static void refusals_are_in_words(void)
{
    size_t n_kernels;
    const struct ridge_kernel *const *kernels = ridge_conv_kernels(&n_kernels);
    struct ridge_conv_shape strided = square(1, 8, 9, 8, 3, 2, 1), wide = square(1, 8, 9, 8, 5, 1, 1);
    struct ridge_conv_shape huge = square(1, INT64_C(1) << 28, 9, INT64_C(1) << 28, 3, 1, 1);
    for (size_t i = 0; i < n_kernels; i++) {
        char reason[256] = "";
        if (strcmp(kernels[i]->algorithm, "winograd4") != 0)
            continue;
        strided.algorithm = wide.algorithm = huge.algorithm = RIDGE_CONV_WINOGRAD4;
        CHECK(!kernels[i]->supports(&strided, 1, reason, sizeof reason) && reason[0] != '\0');
        CHECK(!kernels[i]->supports(&wide, 1, reason, sizeof reason) && reason[0] != '\0');
        CHECK(!kernels[i]->supports(&huge, 1, reason, sizeof reason) && reason[0] != '\0');
        struct ridge_conv_shape s = square(1, 64, 56, 64, 3, 1, 1);
        s.weights = RIDGE_CONV_PREPACKED;
        const double direct = 2.0 * 64 * 64 * 56 * 56 * 9, ratio = direct / kernels[i]->executed_flop(&s);
        CHECK(ratio > 3.0 && ratio < 4.0); /* 4 without transforms */
    }
}

RIDGE_TEST_MAIN(TEST_ROW(depthwise_columns_are_right), TEST_ROW(depthwise_of_any_shape_is_right),
                TEST_ROW(winograd_is_right), TEST_ROW(fft_is_right), TEST_ROW(empty_problems_are_right),
                TEST_ROW(nan_is_kept), TEST_ROW(results_do_not_depend_on_threads), TEST_ROW(refusals_are_in_words))
