/* Every kernel of conv/list.inc against the operators' own check: geometries, layouts, tails, strides,
 * dilations, groups, epilogues, guard pages, poisoned outputs, special values, zero sizes, given and
 * prepacked weights; the result is the same bits for any number of threads. */
#include "conv/conv.h"
#include "kernel_host.h"
#include "ridge_test.h"

enum { N_TENSORS = RIDGE_CONV_N_INPUTS + 1 };

struct problem {
    const struct ridge_operator *op;
    struct ridge_conv_shape shape;
    struct ridge_tensor in[RIDGE_CONV_N_INPUTS], out;
    struct test_buffer buffers[N_TENSORS];
};

static const struct ridge_operator *operator_of(const struct ridge_kernel *kernel)
{
    return strcmp(kernel->op, "conv") == 0 ? &ridge_conv_operator : &ridge_conv_transpose_operator;
}

static void problem_init(struct problem *p, const struct ridge_operator *op,
                         struct ridge_conv_shape shape, bool is_at_end)
{
    *p = (struct problem){.op = op, .shape = shape};
    for (size_t i = 0; i < N_TENSORS; i++) {
        struct ridge_tensor *t = i < RIDGE_CONV_N_INPUTS ? &p->in[i] : &p->out;
        CHECK(op->tensor(&p->shape, i, t, NULL) == RIDGE_OK);
        test_buffer_init(&p->buffers[i], t->n_bytes, is_at_end);
        t->data = p->buffers[i].data;
        if (i < RIDGE_CONV_N_INPUTS)
            op->fill(&p->shape, i, t, 7);
    }
}

static void problem_deinit(struct problem *p)
{
    for (size_t i = 0; i < N_TENSORS; i++)
        test_buffer_deinit(&p->buffers[i]);
}

/* Runs the kernel with scratch and packed weights of exactly the size it asked for. */
static enum ridge_status run_kernel(const struct ridge_kernel *kernel, struct problem *p, int n_threads)
{
    const struct ridge_host *self;
    struct ridge_host host;
    test_host_init(&host, &self, n_threads);
    const bool is_packing = p->shape.weights == RIDGE_CONV_PREPACKED && kernel->packed_bytes != NULL;
    const size_t n_packed = is_packing ? kernel->packed_bytes(&p->shape, n_threads) : 0;
    const size_t n_scratch =
        kernel->scratch_bytes == NULL ? 0 : kernel->scratch_bytes(&p->shape, n_threads);
    struct test_buffer packed, scratch;
    test_buffer_init(&packed, n_packed, true);
    test_buffer_init(&scratch, n_scratch, true);
    CHECK((uintptr_t)packed.data % 64 == 0 || n_packed % 64 != 0);
    const struct ridge_kernel_args args = {.shape = &p->shape,
                                           .in = p->in,
                                           .out = &p->out,
                                           .packed = is_packing ? packed.data : NULL,
                                           .scratch = scratch.data,
                                           .host = &host};
    enum ridge_status status = RIDGE_OK;
    if (is_packing) {
        status = kernel->pack(&args, NULL);
        memset(p->in[RIDGE_CONV_W].data, 0xff, p->in[RIDGE_CONV_W].n_bytes); /* run() sees pack()'s only */
    }
    memset(p->out.data, 0xff, p->out.n_bytes);
    if (status == RIDGE_OK)
        status = test_run(kernel, &args);
    test_buffer_deinit(&packed);
    test_buffer_deinit(&scratch);
    if (is_packing)
        p->op->fill(&p->shape, RIDGE_CONV_W, &p->in[RIDGE_CONV_W], 7);
    return status;
}

static void print_shape(const struct ridge_kernel *kernel, const struct ridge_conv_shape *s, int n_threads,
                        const char *text)
{
    fprintf(stderr,
            "%s layout=%d weights=%d act=%d bias=%d residual=%d threads=%d b=%lld %lldx%lldx%lld -> %lld k=%lldx%lld "
            "s=%lldx%lld p=%lld,%lld,%lld,%lld d=%lld g=%lld: %s\n",
            kernel->name, s->layout, s->weights, s->act, s->bias, s->residual, n_threads, (long long)s->batch,
            (long long)s->ic, (long long)s->ih, (long long)s->iw, (long long)s->oc, (long long)s->kh,
            (long long)s->kw, (long long)s->stride_h, (long long)s->stride_w, (long long)s->pad_t,
            (long long)s->pad_b, (long long)s->pad_l, (long long)s->pad_r, (long long)s->dilation,
            (long long)s->groups, text);
}

static void check_one(const struct ridge_kernel *kernel, struct ridge_conv_shape shape, unsigned seed)
{
    struct problem p;
    struct ridge_check result;
    struct ridge_error err = {0};
    const int n_threads = seed % 3 == 0 ? 3 : 1;
    problem_init(&p, operator_of(kernel), shape, (seed & 4) != 0);
    CHECK(run_kernel(kernel, &p, n_threads) == RIDGE_OK);
    const enum ridge_status status =
        p.op->check(&p.shape, p.in, &p.out, 11, kernel->algorithm, &result, &err);
    if (status != RIDGE_OK)
        print_shape(kernel, &shape, n_threads, err.text);
    CHECK(status == RIDGE_OK);
    if (n_threads > 1 && p.out.n_bytes > 0) {
        void *kept = malloc(p.out.n_bytes);
        if (kept == NULL)
            abort();
        memcpy(kept, p.out.data, p.out.n_bytes);
        CHECK(run_kernel(kernel, &p, 1) == RIDGE_OK);
        if (memcmp(kept, p.out.data, p.out.n_bytes) != 0)
            print_shape(kernel, &shape, n_threads, "other bits than with one thread");
        CHECK(memcmp(kept, p.out.data, p.out.n_bytes) == 0);
        free(kept);
    }
    problem_deinit(&p);
}

static int32_t algorithm_of(const struct ridge_kernel *kernel)
{
    for (int32_t i = 0; i < RIDGE_CONV_N_ALGORITHMS; i++)
        if (strcmp(ridge_conv_algorithm_names[i], kernel->algorithm) == 0)
            return i;
    CHECK(false);
    return 0;
}

static unsigned n_runs;

/* All kernels of the operator, in every layout that they take. */
static void check_kernels(const struct ridge_operator *op, struct ridge_conv_shape shape, unsigned seed)
{
    size_t n_kernels;
    const struct ridge_kernel *const *kernels = ridge_conv_kernels(&n_kernels);
    for (size_t i = 0; i < n_kernels; i++)
        for (int32_t layout = 0; layout < 3; layout++, seed++) {
            char reason[256] = "";
            shape.layout = layout;
            shape.algorithm = (seed & 1) != 0 ? RIDGE_CONV_AUTO : algorithm_of(kernels[i]);
            shape.weights = (int32_t)(seed >> 1 & 1);
            shape.act = (int32_t)(seed / 3 % 7 < 5 ? seed / 3 % 7 : 0);
            shape.bias = (int32_t)(seed / 5 & 1);
            shape.residual = (int32_t)(seed / 11 & 1);
            if (operator_of(kernels[i]) != op)
                continue;
            if (kernels[i]->supports(&shape, 1, reason, sizeof reason)) {
                check_one(kernels[i], shape, seed);
                n_runs++;
            } else {
                CHECK(reason[0] != '\0');
            }
        }
}

#define SHAPE(b, c, h, w, o, y, x, sh, sw, t, d, l, r, dil, g)                                     \
    {                                                                                              \
        .batch = b, .ic = c, .ih = h, .iw = w, .oc = o, .kh = y, .kw = x, .stride_h = sh,          \
        .stride_w = sw, .pad_t = t, .pad_b = d, .pad_l = l, .pad_r = r, .dilation = dil,           \
        .groups = g                                                                                \
    }
#define SQUARE(c, h, o, k, s, p, g) SHAPE(1, c, h, h, o, k, k, s, s, p, p, p, p, 1, g)

static const struct ridge_conv_shape shapes[] = {
    /* 1x1: one long line, tails in pixels and channels, strided, padded */
    SQUARE(1, 1, 1, 1, 1, 0, 1),
    SHAPE(2, 5, 3, 4, 7, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1),
    SHAPE(3, 33, 7, 7, 49, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1),
    SHAPE(1, 16, 12, 13, 32, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1),
    SHAPE(2, 20, 9, 11, 40, 1, 1, 2, 2, 0, 0, 0, 0, 1, 1),
    SHAPE(1, 6, 5, 5, 9, 1, 1, 1, 1, 2, 1, 0, 3, 1, 1),
    SHAPE(1, 300, 4, 5, 70, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1),
    /* 3x3, steps 1 and 2: every width of a tile, tails of channels */
    SQUARE(3, 9, 16, 3, 1, 1, 1),
    SHAPE(1, 4, 5, 14, 17, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1),
    SHAPE(1, 17, 4, 15, 31, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1),
    SHAPE(2, 16, 6, 29, 33, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1),
    SHAPE(1, 8, 3, 57, 24, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1),
    SHAPE(1, 40, 7, 7, 65, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1),
    SHAPE(1, 12, 13, 11, 20, 3, 3, 1, 1, 0, 0, 0, 0, 1, 1),
    SHAPE(2, 9, 14, 15, 18, 3, 3, 2, 2, 1, 1, 1, 1, 1, 1),
    SHAPE(1, 5, 16, 33, 34, 3, 3, 2, 2, 0, 1, 0, 1, 1, 1),
    SHAPE(1, 2, 20, 19, 3, 3, 3, 3, 4, 2, 0, 1, 2, 1, 1),
    SHAPE(1, 7, 1, 1, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1),
    SHAPE(1, 3, 2, 2, 19, 3, 3, 1, 1, 3, 3, 3, 3, 1, 1),
    /* many tiles of two heights in a call, lines in parts, borders of several taps on both sides of a tile */
    SHAPE(2, 24, 17, 31, 80, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1),
    SHAPE(1, 7, 3, 100, 40, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1),
    SHAPE(1, 180, 3, 90, 40, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1),
    SHAPE(1, 60, 4, 6, 40, 3, 9, 1, 1, 1, 1, 4, 4, 1, 1),
    SHAPE(1, 40, 3, 40, 33, 3, 7, 1, 1, 1, 1, 5, 2, 1, 1),
    /* first layers, other filters, one row, one column */
    SHAPE(1, 3, 23, 31, 32, 7, 7, 2, 2, 3, 3, 3, 3, 1, 1),
    SHAPE(1, 3, 31, 31, 8, 11, 11, 4, 4, 0, 0, 0, 0, 1, 1),
    SHAPE(1, 6, 12, 12, 10, 5, 5, 1, 1, 2, 2, 2, 2, 1, 1),
    SHAPE(1, 8, 9, 17, 8, 1, 7, 1, 1, 0, 0, 3, 3, 1, 1),
    SHAPE(1, 8, 17, 9, 8, 7, 1, 1, 1, 3, 3, 0, 0, 1, 1),
    SHAPE(1, 4, 1, 64, 12, 1, 5, 1, 2, 0, 0, 2, 2, 1, 1),
    SHAPE(1, 2, 6, 6, 4, 9, 9, 1, 1, 4, 4, 4, 4, 1, 1),
    SHAPE(1, 3, 18, 20, 4, 13, 13, 1, 1, 6, 6, 6, 6, 1, 1),
    SHAPE(1, 5, 10, 10, 6, 2, 4, 1, 1, 1, 0, 2, 1, 1, 1),
    /* dilated */
    SHAPE(1, 10, 12, 13, 17, 3, 3, 1, 1, 2, 2, 2, 2, 2, 1),
    SHAPE(1, 4, 15, 15, 16, 3, 3, 2, 2, 3, 3, 3, 3, 3, 1),
    SHAPE(1, 4, 8, 30, 5, 3, 2, 1, 1, 0, 0, 6, 6, 5, 1),
    /* grouped and depthwise */
    SHAPE(1, 8, 9, 9, 12, 3, 3, 1, 1, 1, 1, 1, 1, 1, 4),
    SHAPE(2, 32, 5, 8, 64, 1, 1, 1, 1, 0, 0, 0, 0, 1, 2),
    SHAPE(1, 32, 7, 7, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1, 8),
    SHAPE(1, 40, 6, 47, 40, 3, 3, 1, 1, 1, 1, 1, 1, 1, 10),
    SHAPE(2, 24, 9, 11, 24, 3, 3, 2, 2, 1, 1, 1, 1, 2, 3),
    SHAPE(1, 6, 7, 9, 6, 5, 1, 2, 1, 2, 2, 0, 0, 1, 3),
    SHAPE(1, 48, 6, 6, 96, 3, 3, 2, 2, 1, 1, 1, 1, 2, 3),
    SHAPE(2, 48, 9, 30, 48, 3, 3, 1, 1, 1, 1, 1, 1, 1, 3),
    SHAPE(2, 48, 7, 33, 48, 5, 5, 1, 1, 2, 2, 2, 2, 1, 6),
    SHAPE(1, 24, 11, 40, 24, 3, 3, 3, 3, 1, 1, 1, 1, 1, 12),
    SHAPE(1, 40, 9, 37, 40, 3, 4, 2, 2, 1, 1, 0, 3, 1, 10),
    /* groups of whole vectors: in place and in the ring, one and two sums a pixel, more outputs than inputs */
    SHAPE(2, 64, 7, 14, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1, 4),
    SHAPE(1, 64, 7, 7, 128, 3, 3, 1, 1, 1, 1, 1, 1, 1, 2),
    SHAPE(1, 96, 8, 31, 96, 3, 3, 2, 2, 1, 1, 1, 1, 1, 2),
    SHAPE(1, 32, 9, 17, 32, 3, 3, 2, 2, 0, 1, 0, 1, 1, 2),
    SHAPE(1, 32, 2, 20, 64, 3, 3, 1, 1, 2, 2, 2, 2, 1, 2),
    SHAPE(2, 16, 6, 45, 48, 3, 5, 1, 1, 1, 1, 2, 2, 1, 2),
    SHAPE(1, 48, 9, 12, 48, 5, 3, 1, 2, 2, 2, 0, 0, 1, 3),
    SHAPE(1, 32, 1, 1, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1, 2),
    SHAPE(1, 32, 10, 9, 32, 3, 3, 1, 1, 1, 1, 1, 1, 1, 32),
    SHAPE(2, 17, 9, 16, 17, 3, 3, 2, 2, 1, 1, 1, 1, 1, 17),
    SHAPE(1, 40, 8, 8, 40, 5, 5, 1, 1, 2, 2, 2, 2, 1, 40),
    SHAPE(1, 20, 9, 9, 20, 7, 7, 2, 2, 3, 3, 3, 3, 1, 20),
    SHAPE(1, 6, 8, 10, 18, 3, 3, 1, 1, 1, 1, 1, 1, 1, 6),
    SHAPE(1, 18, 11, 11, 18, 3, 3, 1, 1, 2, 2, 2, 2, 2, 18),
    SHAPE(1, 16, 5, 40, 16, 3, 3, 1, 1, 1, 1, 1, 1, 1, 16),
    /* depthwise in columns: strips of many tiles, padding beyond half a filter, filters that are not square */
    SHAPE(1, 50, 3, 260, 50, 3, 3, 1, 1, 1, 1, 1, 1, 1, 50),
    SHAPE(1, 37, 5, 150, 37, 5, 5, 2, 2, 2, 2, 2, 2, 1, 37),
    SHAPE(1, 24, 6, 20, 24, 7, 7, 1, 1, 5, 5, 5, 5, 1, 24),
    SHAPE(1, 33, 9, 17, 33, 5, 3, 1, 1, 2, 2, 2, 2, 1, 33),
    SHAPE(1, 64, 2, 30, 64, 3, 7, 2, 2, 1, 1, 3, 3, 1, 64),
    /* two rows at once: an odd and an even number of them, without padding, one tile and several */
    SHAPE(1, 32, 15, 29, 32, 3, 3, 2, 2, 1, 1, 1, 1, 1, 32),
    SHAPE(2, 48, 12, 12, 48, 3, 3, 2, 2, 0, 1, 0, 1, 1, 48),
    SHAPE(1, 16, 23, 90, 16, 3, 3, 2, 2, 1, 0, 0, 0, 1, 16),
    /* nothing there */
    SHAPE(0, 3, 4, 4, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1),
    SHAPE(1, 0, 4, 4, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1),
    SHAPE(1, 3, 4, 4, 0, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1),
    SHAPE(1, 3, 0, 4, 5, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1),
    SHAPE(1, 3, 0, 0, 5, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1),
    SHAPE(1, 3, 4, 4, 5, 3, 3, 1, 1, 0, 0, 0, 0, 2, 1),
    SHAPE(1, 0, 3, 3, 4, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1),
    SHAPE(1, 3, 1, 1, 5, 1, 1, 7, 7, 2, 4, 3, 5, 1, 1),
};
enum { N_SHAPES = sizeof shapes / sizeof shapes[0] };

static void convolutions_are_right(void)
{
    for (unsigned i = 0; i < N_SHAPES; i++)
        check_kernels(&ridge_conv_operator, shapes[i], i * 37);
    printf("       %u runs\n", n_runs);
}

static void larger_convolutions_are_right(void)
{
    static const struct ridge_conv_shape larger[] = {
        SHAPE(1, 300, 7, 9, 70, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1),
        SHAPE(1, 48, 14, 31, 70, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1),
        SHAPE(1, 520, 9, 13, 96, 1, 1, 1, 1, 0, 0, 0, 0, 1, 1),
        SHAPE(1, 1024, 14, 28, 33, 1, 1, 2, 2, 0, 0, 0, 0, 1, 1),
        SHAPE(1, 72, 20, 41, 72, 3, 3, 1, 1, 1, 1, 1, 1, 1, 72),
        SHAPE(1, 60, 5, 45, 35, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1), /* borders in place, inner tiles between */
        SHAPE(2, 5, 25, 43, 7, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1),  /* more pixels than are turned at once */
        SHAPE(1, 64, 65, 66, 64, 3, 3, 1, 1, 1, 1, 1, 1, 1, 16), /* grouped in more than one chunk of rows */
    };
    for (unsigned i = 0; i < sizeof larger / sizeof larger[0]; i++)
        check_kernels(&ridge_conv_operator, larger[i], i * 41);
}

static void transposed_convolutions_are_right(void)
{
    for (unsigned i = 0; i < N_SHAPES; i++) {
        struct ridge_conv_shape s = shapes[i];
        s.ih = s.ih < 12 ? s.ih : 12;
        s.iw = s.iw < 12 ? s.iw : 12;
        s.out_pad_h = i % 2;
        s.out_pad_w = i % 3;
        check_kernels(&ridge_conv_transpose_operator, s, i * 31);
    }
}

static bool is_tiled(const struct ridge_kernel *kernel)
{
    return strncmp(kernel->algorithm, "winograd", 8) == 0 || strcmp(kernel->algorithm, "fft") == 0;
}

/* No padding: what 0 * Inf is at a border is left open. */
static void special_values_propagate(void)
{
    size_t n_kernels;
    const struct ridge_kernel *const *kernels = ridge_conv_kernels(&n_kernels);
    const struct ridge_conv_shape plain = SHAPE(1, 5, 12, 20, 19, 3, 3, 1, 1, 0, 0, 0, 0, 1, 1),
                                  depthwise = SHAPE(1, 19, 12, 20, 19, 3, 3, 1, 1, 0, 0, 0, 0, 1, 19);
    for (size_t i = 0; i < n_kernels; i++) {
        struct problem p;
        struct ridge_check result;
        char reason[256];
        struct ridge_conv_shape s = algorithm_of(kernels[i]) == RIDGE_CONV_DEPTHWISE ? depthwise : plain;
        s.layout = RIDGE_CONV_NHWC;
        if (operator_of(kernels[i]) != &ridge_conv_operator ||
            !kernels[i]->supports(&s, 1, reason, sizeof reason))
            continue;
        s.act = RIDGE_ACT_RELU6;
        problem_init(&p, &ridge_conv_operator, s, true);
        float *x = p.in[RIDGE_CONV_X].data, *w = p.in[RIDGE_CONV_W].data;
        x[(3 * 20 + 4) * s.ic + 2] = NAN;
        x[(11 * 20 + 19) * s.ic + 4] = INFINITY;
        x[(7 * 20 + 9) * s.ic + 1] = 0x1p-140f; /* a denormal */
        if (!is_tiled(kernels[i]) && s.groups == 1)
            w[4 * 19 + 18] = -INFINITY;
        CHECK(run_kernel(kernels[i], &p, 1) == RIDGE_OK);
        struct ridge_error err = {0};
        if (p.op->check(&p.shape, p.in, &p.out, 1, kernels[i]->algorithm, &result, &err) != RIDGE_OK)
            print_shape(kernels[i], &s, 1, err.text);
        CHECK(err.status == RIDGE_OK);
        CHECK(isnan(((float *)p.out.data)[(2 * 18 + 3) * s.oc + 2]) || is_tiled(kernels[i]));
        problem_deinit(&p);
    }
}

static void check_sees_one_wrong_element(void)
{
    size_t n_kernels;
    const struct ridge_kernel *const *kernels = ridge_conv_kernels(&n_kernels);
    const struct ridge_kernel *window = NULL;
    for (size_t i = 0; i < n_kernels; i++)
        if (strcmp(kernels[i]->name, "ridge_conv_window_f32__ref") == 0)
            window = kernels[i];
    for (int32_t layout = 0; window != NULL && layout < 3; layout++) {
        struct problem p;
        struct ridge_check result;
        struct ridge_conv_shape s = SHAPE(1, 12, 40, 40, 20, 3, 3, 1, 1, 1, 1, 1, 1, 1, 2);
        s.layout = layout;
        s.bias = s.residual = 1;
        problem_init(&p, &ridge_conv_operator, s, false);
        CHECK(run_kernel(window, &p, 1) == RIDGE_OK);
        CHECK(p.op->check(&p.shape, p.in, &p.out, 1, "window", &result, NULL) == RIDGE_OK);
        CHECK(result.n_checked >= 256); /* sampled, not full */
        float *y = p.out.data;
        for (int i = 0; i < 60; i++) {
            struct ridge_error err = {0};
            float *wrong = &y[(i * 533) % (20 * 1600)];
            if (layout == RIDGE_CONV_NCHW16C)
                wrong = &y[(i * 400 * 16 + i % 4) % (2 * 1600 * 16)];
            const float kept = *wrong;
            *wrong = kept + 0.01f;
            CHECK(p.op->check(&p.shape, p.in, &p.out, 1, "window", &result, &err) == RIDGE_ERR_WRONG);
            CHECK(result.text[0] != '\0' && err.text[0] != '\0');
            *wrong = kept;
        }
        problem_deinit(&p);
    }
    CHECK(window != NULL);
}

static void shapes_that_cannot_be_are_refused(void)
{
    const struct ridge_conv_shape good = SHAPE(2, 6, 10, 12, 8, 3, 3, 1, 2, 1, 1, 0, 0, 1, 2);
    struct ridge_error err = {0};
    struct ridge_cost cost;
    struct ridge_conv_shape s = good;
    CHECK(ridge_conv_operator.cost(&s, &cost, NULL) == RIDGE_OK);
    CHECK_NEAR(cost.flop, 2.0 * 2 * 8 * 10 * 5 * 3 * 9, 0);
    CHECK_NEAR(cost.compulsory_bytes, 4.0 * (2 * 6 * 120 + 8 * 3 * 9 + 2 * 8 * 50), 0);
    s.bias = s.residual = 1;
    CHECK(ridge_conv_operator.cost(&s, &cost, NULL) == RIDGE_OK);
    CHECK_NEAR(cost.compulsory_bytes, 4.0 * (2 * 6 * 120 + 8 * 3 * 9 + 2 * 8 * 50 * 2 + 8), 0);
    s = good;
    s.ih = s.iw = INT64_C(1) << 40;
    CHECK(ridge_conv_operator.validate(&s, &err) == RIDGE_ERR_CONFIG);
    CHECK(strstr(err.text, "64-bit") != NULL);
    static const struct {
        size_t offset;
        int64_t value;
    } wrong[] = {{offsetof(struct ridge_conv_shape, batch), -1},
                 {offsetof(struct ridge_conv_shape, kh), 0},
                 {offsetof(struct ridge_conv_shape, stride_w), 0},
                 {offsetof(struct ridge_conv_shape, dilation), 0},
                 {offsetof(struct ridge_conv_shape, pad_t), -1},
                 {offsetof(struct ridge_conv_shape, groups), 4},
                 {offsetof(struct ridge_conv_shape, groups), 0},
                 {offsetof(struct ridge_conv_shape, kw), INT64_MAX},
                 {offsetof(struct ridge_conv_shape, pad_r), INT64_MAX}};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        s = good;
        memcpy((char *)&s + wrong[i].offset, &wrong[i].value, sizeof wrong[i].value);
        CHECK(ridge_conv_operator.validate(&s, NULL) == RIDGE_ERR_CONFIG);
        CHECK(ridge_conv_transpose_operator.validate(&s, NULL) == RIDGE_ERR_CONFIG);
    }
    s = good;
    s.layout = 7;
    CHECK(ridge_conv_operator.validate(&s, NULL) == RIDGE_ERR_CONFIG);
    struct ridge_tensor t;
    CHECK(ridge_conv_operator.tensor(&good, 5, &t, NULL) == RIDGE_ERR_INTERNAL);
    CHECK_STR(ridge_conv_operator.aliases[0], "depthwise:groups=ic,oc=ic");
}

static void sizes_beyond_32_bits_are_planned(void)
{
    size_t n_kernels;
    const struct ridge_kernel *const *kernels = ridge_conv_kernels(&n_kernels);
    struct ridge_conv_shape s = SHAPE(1, 256, 1 << 15, 1 << 15, 256, 3, 3, 1, 1, 1, 1, 1, 1, 1, 1);
    s.layout = RIDGE_CONV_NHWC;
    struct ridge_tensor y;
    CHECK(ridge_conv_operator.tensor(&s, RIDGE_CONV_N_INPUTS, &y, NULL) == RIDGE_OK);
    CHECK(y.n_bytes == (uint64_t)1 << 40);
    for (size_t i = 0; i < n_kernels; i++) {
        char reason[256];
        if (operator_of(kernels[i]) == &ridge_conv_operator &&
            kernels[i]->supports(&s, 2, reason, sizeof reason) &&
            strcmp(kernels[i]->algorithm, "im2col") == 0)
            CHECK(kernels[i]->scratch_bytes(&s, 2) >= (size_t)9 << 40);
    }
}

RIDGE_TEST_MAIN(TEST_ROW(shapes_that_cannot_be_are_refused), TEST_ROW(sizes_beyond_32_bits_are_planned),
                TEST_ROW(convolutions_are_right), TEST_ROW(larger_convolutions_are_right),
                TEST_ROW(transposed_convolutions_are_right), TEST_ROW(special_values_propagate),
                TEST_ROW(check_sees_one_wrong_element))
