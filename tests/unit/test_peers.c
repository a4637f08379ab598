/* Every peer's plug-in through the runner seam: a wrong path is refused in words; where the library is there,
 * small gemms and convolutions in every layout, algorithm and epilogue that it takes agree with the reference. */
#include "abi/runner.h"
#include "conv/conv.h"
#include "eltwise/eltwise.h"
#include "gemm/gemm.h"
#include "layernorm/layernorm.h"
#include "pool/pool.h"
#include "reorder/reorder.h"
#include "ridge_test.h"
#include "softmax/softmax.h"
#include "transpose/transpose.h"

#include <dlfcn.h>

enum { MAX_TENSORS = 8, TAIL_BYTES = 64 };

/* What vendor libraries keep to themselves is not ours to free. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libdnnl\nleak:libxsmm\nleak:libblis\nleak:libopenblas\nleak:libgomp\nleak:libXNNPACK\n";
}

static void *host_alloc(void *self, size_t n_bytes, size_t align, size_t *page_bytes)
{
    (void)self;
    const size_t n = (n_bytes + TAIL_BYTES + align - 1) / align * align; /* XNNPACK reads up to 16 bytes further */
    void *p = aligned_alloc(align, n);
    if (p != NULL)
        memset(p, 0, n);
    if (page_bytes != NULL)
        *page_bytes = 4096;
    return p;
}
static void host_free(void *self, void *ptr)
{
    (void)self;
    free(ptr);
}
static void host_parallel_for(void *self, size_t n_tasks, void (*fn)(void *, size_t, int), void *ctx)
{
    (void)self;
    for (size_t i = 0; i < n_tasks; i++)
        fn(ctx, i, 0);
}
static const struct ridge_host host = {.abi_version = RIDGE_ABI_VERSION, .struct_size = sizeof host, .n_threads = 1,
                                       .alloc = host_alloc, .free_ = host_free, .parallel_for = host_parallel_for};

static const char *const names[] = {"openblas", "blis", "onednn", "xnnpack", "libxsmm", "fftw"};
enum { N_PEERS = sizeof names / sizeof names[0] };

/* The plug-in, with its library opened once and kept: a library that was unloaded has no name to suppress. */
static const struct ridge_runner *plugin(const char *name)
{
    static void *kept[N_PEERS];
    char path[1024];
    size_t i = 0;
    while (strcmp(names[i], name) != 0)
        i++;
    (void)snprintf(path, sizeof path, "%s/plugins/ridge-backend-%s.so", RIDGE_BINARY_DIR, name);
    void *dl = dlopen(path, RTLD_NOW | RTLD_LOCAL); /* stays: the tables live in it */
    if (dl == NULL) {
        printf("       %s\n", dlerror());
        return NULL;
    }
    ridge_runner_get_fn *get;
    void *symbol = dlsym(dl, RIDGE_RUNNER_SYMBOL);
    memcpy(&get, &symbol, sizeof get);
    const struct ridge_open_args args = {.variant = "", .library_path = ""};
    if (kept[i] == NULL)
        (void)get()->open(&host, &args, &kept[i], NULL);
    return get();
}

static const struct ridge_operator *operator_of(const struct ridge_runner *r, const char *name)
{
    for (size_t i = 0; r->operators[i] != NULL; i++)
        if (strcmp(r->operators[i]->name, name) == 0)
            return r->operators[i];
    return NULL;
}

static bool is_usable(const struct ridge_runner *r)
{
    struct ridge_probe probe;
    const struct ridge_open_args args = {.variant = "", .library_path = ""};
    CHECK(r->probe(&host, &args, &probe) == RIDGE_OK);
    CHECK(probe.usable || probe.reason[0] != '\0');
    if (!probe.usable)
        printf("       %s left out: %s\n", r->name, probe.reason);
    else
        printf("       %s: %s%s%s\n", r->name, probe.version, probe.note[0] != '\0' ? "; " : "", probe.note);
    return probe.usable;
}

/* One case from open to close. Answers the status of the first step that did not work. */
static enum ridge_status run_case(const struct ridge_runner *r, const char *op_name, const void *shape,
                                  struct ridge_error *err)
{
    const struct ridge_operator *op = operator_of(r, op_name);
    const struct ridge_open_args args = {.variant = "", .library_path = ""};
    const struct ridge_problem problem = {op, shape, 7};
    struct ridge_tensor t[MAX_TENSORS] = {0};
    const size_t n = op->n_inputs + op->n_outputs;
    struct ridge_check check;
    void *self = NULL;
    enum ridge_status rc = r->open(&host, &args, &self, err);
    if (rc != RIDGE_OK)
        return rc;
    rc = r->load(self, &problem, err);
    const bool is_loaded = rc == RIDGE_OK;
    for (size_t i = 0; i < n && rc == RIDGE_OK; i++) {
        rc = op->tensor(shape, i, &t[i], err);
        t[i].data = host_alloc(NULL, t[i].n_bytes, 64, NULL);
        memset(t[i].data, 0xff, t[i].n_bytes);
        if (i < op->n_inputs)
            op->fill(shape, i, &t[i], 7 + i);
    }
    if (rc == RIDGE_OK)
        rc = r->bind(self, 0, t, t + op->n_inputs, err);
    for (int i = 0; i < 2 && rc == RIDGE_OK; i++)
        rc = r->run(self, 0, err);
    if (rc == RIDGE_OK)
        rc = op->check(shape, t, t + op->n_inputs, 7, r->algorithm(self), &check, err);
    if (is_loaded)
        r->unload(self);
    r->close(self);
    for (size_t i = 0; i < n; i++)
        free(t[i].data);
    return rc;
}

static void expect_right(const struct ridge_runner *r, const char *op, const void *shape, const char *what)
{
    struct ridge_error err = {0};
    const enum ridge_status rc = run_case(r, op, shape, &err);
    if (rc != RIDGE_OK)
        fprintf(stderr, "%s %s: %s\n", r->name, what, err.text);
    CHECK(rc == RIDGE_OK);
}

static void expect_words(const struct ridge_runner *r, const char *op, const void *shape, const char *words)
{
    struct ridge_error err = {0};
    CHECK(run_case(r, op, shape, &err) == RIDGE_ERR_UNSUPPORTED);
    if (strstr(err.text, words) == NULL)
        fprintf(stderr, "%s: '%s' lacks '%s'\n", r->name, err.text, words);
    CHECK(strstr(err.text, words) != NULL);
}

static void a_missing_library_is_said_in_words(void)
{
    for (size_t i = 0; i < N_PEERS; i++) {
        const struct ridge_runner *r = plugin(names[i]);
        struct ridge_probe probe;
        struct ridge_error err = {0};
        const struct ridge_open_args args = {.variant = "", .library_path = "/nowhere/libpeer.so"};
        void *self = NULL;
        CHECK(r != NULL);
        if (r == NULL)
            continue;
        CHECK(r->probe(&host, &args, &probe) == RIDGE_OK && !probe.usable);
        CHECK(strstr(probe.reason, "cannot open /nowhere/libpeer.so") != NULL);
        CHECK(strstr(probe.reason, "apt install") != NULL || strstr(probe.reason, "README") != NULL);
        CHECK(r->open(&host, &args, &self, &err) == RIDGE_ERR_UNSUPPORTED && self == NULL);
    }
}

/* BLIS 0.9 used to abort in the probe where an arm's environment names the kernels. */
static void blis_is_probed_with_its_variable_set(void)
{
    CHECK(setenv("BLIS_ARCH_TYPE", "3", 1) == 0); /* before anything opens it: BLIS asks once */
    const struct ridge_runner *r = plugin("blis");
    if (r != NULL)
        (void)is_usable(r);
    CHECK(unsetenv("BLIS_ARCH_TYPE") == 0);
}

static void gemms_are_right(void)
{
    static const int64_t sizes[][3] = {{1, 1, 1}, {5, 7, 3}, {33, 65, 129}, {64, 64, 64}, {1, 200, 77}, {130, 17, 40}};
    for (size_t i = 0; i < N_PEERS; i++) {
        const struct ridge_runner *r = plugin(names[i]);
        if (r == NULL || operator_of(r, "gemm") == NULL || !is_usable(r))
            continue;
        const bool packs = strcmp(names[i], "xnnpack") == 0, does_both = strcmp(names[i], "onednn") == 0;
        for (size_t j = 0; j < sizeof sizes / sizeof sizes[0]; j++) {
            struct ridge_gemm_shape s = ridge_gemm_plain_shape(sizes[j][0], sizes[j][1], sizes[j][2]);
            s.weights = packs ? RIDGE_GEMM_PREPACKED : RIDGE_GEMM_GIVEN;
            expect_right(r, "gemm", &s, "gemm");
            s.weights = packs ? RIDGE_GEMM_GIVEN : RIDGE_GEMM_PREPACKED;
            if (does_both)
                expect_right(r, "gemm", &s, "gemm prepacked");
            else
                expect_words(r, "gemm", &s, packs ? "weights=prepacked" : "weights as given only");
        }
        struct ridge_gemm_shape narrow = ridge_gemm_plain_shape(4, 4, 4);
        narrow.dtype = RIDGE_GEMM_BF16;
        expect_words(r, "gemm", &narrow, "no gemm kernel for dtype=bf16");
    }
}

/* What a row leaves out is 1. */
static struct ridge_conv_shape completed(struct ridge_conv_shape s)
{
    int64_t *const fields[] = {&s.batch, &s.stride_h, &s.stride_w, &s.dilation, &s.groups};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        *fields[i] = *fields[i] == 0 ? 1 : *fields[i];
    return s;
}

struct conv_row {
    struct ridge_conv_shape s;
    const char *what;
};
#define CONV(...) {__VA_ARGS__}
static const struct conv_row conv_rows[] = {
    {CONV(.ic = 16, .ih = 9, .iw = 11, .oc = 32, .kh = 3, .kw = 3, .pad_t = 1, .pad_b = 1, .pad_l = 1, .pad_r = 1), "3x3"},
    {CONV(.ic = 16, .ih = 7, .iw = 5, .oc = 16, .kh = 1, .kw = 1, .bias = 1), "1x1 bias"},
    {CONV(.ic = 32, .ih = 10, .iw = 10, .oc = 16, .kh = 3, .kw = 3, .pad_t = 1, .pad_b = 1, .pad_l = 1, .pad_r = 1,
          .bias = 1, .act = RIDGE_ACT_RELU), "3x3 bias relu"},
    {CONV(.ic = 16, .ih = 12, .iw = 9, .oc = 16, .kh = 3, .kw = 2, .pad_t = 2, .pad_l = 1, .act = RIDGE_ACT_RELU6),
     "odd pads, relu6"},
    {CONV(.ic = 16, .ih = 11, .iw = 11, .oc = 32, .kh = 3, .kw = 3, .stride_h = 2, .stride_w = 2, .pad_t = 1, .pad_l = 1),
     "stride 2"},
    {CONV(.ic = 16, .ih = 12, .iw = 12, .oc = 16, .kh = 3, .kw = 3, .dilation = 2), "dilation 2"},
    {CONV(.ic = 32, .ih = 8, .iw = 8, .oc = 32, .kh = 3, .kw = 3, .groups = 2, .bias = 1), "2 groups"},
    {CONV(.ic = 32, .ih = 9, .iw = 9, .oc = 32, .kh = 3, .kw = 3, .groups = 32, .pad_t = 1, .pad_b = 1, .pad_l = 1,
          .pad_r = 1, .bias = 1), "depthwise"},
    {CONV(.ic = 16, .ih = 8, .iw = 8, .oc = 16, .kh = 3, .kw = 3, .residual = 1, .bias = 1, .act = RIDGE_ACT_RELU),
     "residual"},
    {CONV(.ic = 16, .ih = 8, .iw = 8, .oc = 16, .kh = 1, .kw = 1, .act = RIDGE_ACT_SILU), "silu"},
    {CONV(.ic = 16, .ih = 8, .iw = 8, .oc = 16, .kh = 1, .kw = 1, .act = RIDGE_ACT_HARDSWISH), "hardswish"},
    {CONV(.batch = 2, .ic = 3, .ih = 13, .iw = 10, .oc = 24, .kh = 7, .kw = 7, .stride_h = 2, .stride_w = 2, .pad_t = 3,
          .pad_b = 3, .pad_l = 3, .pad_r = 3, .bias = 1), "first layer"},
    {CONV(.batch = 2, .ic = 20, .ih = 6, .iw = 10, .oc = 24, .kh = 5, .kw = 5, .pad_t = 2, .pad_b = 2, .pad_l = 2,
          .pad_r = 2), "5x5, odd channels"},
};

/* Right, or refused in words. */
static bool answers(const struct ridge_runner *r, const struct ridge_conv_shape *s, const char *what)
{
    struct ridge_error err = {0};
    const enum ridge_status rc = run_case(r, "conv", s, &err);
    if (rc != RIDGE_OK && rc != RIDGE_ERR_UNSUPPORTED)
        fprintf(stderr, "%s %s layout=%d weights=%d algorithm=%d: %s\n", r->name, what, s->layout, s->weights,
                s->algorithm, err.text);
    CHECK(rc == RIDGE_OK || (rc == RIDGE_ERR_UNSUPPORTED && err.text[0] != '\0'));
    return rc == RIDGE_OK;
}

static int conv_all_ways(const struct ridge_runner *r)
{
    int n_right = 0;
    for (size_t i = 0; i < sizeof conv_rows / sizeof conv_rows[0]; i++)
        for (int way = 0; way < 6 * RIDGE_CONV_N_ALGORITHMS; way++) {
            struct ridge_conv_shape s = completed(conv_rows[i].s);
            s.layout = way % 3;
            s.weights = way / 3 % 2;
            s.algorithm = way / 6;
            n_right += answers(r, &s, conv_rows[i].what);
        }
    return n_right;
}

static void convolutions_are_right_or_refused(void)
{
    static const struct {
        const char *name;
        int at_least; /* so that "everything is refused" does not pass */
    } peers[] = {{"onednn", 180}, {"xnnpack", 14}, {"fftw", 12}};
    for (size_t i = 0; i < sizeof peers / sizeof peers[0]; i++) {
        const struct ridge_runner *r = plugin(peers[i].name);
        if (r == NULL || !is_usable(r))
            continue;
        const int n_right = conv_all_ways(r);
        printf("       %s: %d cases right\n", r->name, n_right);
        CHECK(n_right >= peers[i].at_least);
    }
}

static const struct ridge_pool_shape pools[] = {
    {.batch = 2, .c = 20, .ih = 9, .iw = 11, .kh = 3, .kw = 3, .stride_h = 2, .stride_w = 2, .pad_t = 1, .pad_b = 1,
     .pad_l = 1, .pad_r = 1},
    {.batch = 1, .c = 16, .ih = 8, .iw = 8, .kh = 2, .kw = 2, .stride_h = 2, .stride_w = 2,
     .kind = RIDGE_POOL_AVERAGE},
    {.batch = 1, .c = 7, .ih = 8, .iw = 9, .kh = 3, .kw = 2, .stride_h = 1, .stride_w = 2, .pad_t = 1,
     .kind = RIDGE_POOL_AVERAGE},
    {.batch = 2, .c = 33, .ih = 7, .iw = 7, .kind = RIDGE_POOL_GLOBAL_AVERAGE, .kh = 1, .kw = 1, .stride_h = 1,
     .stride_w = 1},
};
static const struct ridge_softmax_shape softmaxes[] = {{.rows = 5, .columns = 100}, {.rows = 1, .columns = 7}};
static const struct ridge_layernorm_shape layernorms[] = {{.rows = 5, .columns = 100, .epsilon = 1e-5},
                                                          {.rows = 3, .columns = 7, .epsilon = 1e-5}};
static const struct ridge_reorder_shape reorders[] = {
    {.batch = 2, .c = 20, .h = 5, .w = 7, .from = RIDGE_REORDER_NCHW, .to = RIDGE_REORDER_NHWC},
    {.batch = 1, .c = 33, .h = 4, .w = 6, .from = RIDGE_REORDER_NHWC, .to = RIDGE_REORDER_NCHW},
    {.batch = 1, .c = 20, .h = 4, .w = 6, .from = RIDGE_REORDER_NCHW, .to = RIDGE_REORDER_NCHW16C},
    {.batch = 1, .c = 20, .h = 4, .w = 6, .from = RIDGE_REORDER_NCHW16C, .to = RIDGE_REORDER_NHWC},
};
static const struct ridge_transpose_shape transposes[] = {{.d0 = 1, .d1 = 3, .d2 = 17, .d3 = 29, .perm = 1},
                                                          {.d0 = 2, .d1 = 3, .d2 = 5, .d3 = 7, .perm = 9}};
static const struct ridge_eltwise_shape eltwises[] = {
    {.a0 = 1, .a1 = 2, .a2 = 3, .a3 = 77, .b0 = 1, .b1 = 1, .b2 = 1, .b3 = 1, .op = RIDGE_ELTWISE_RELU6},
    {.a0 = 1, .a1 = 2, .a2 = 3, .a3 = 70, .b0 = 1, .b1 = 2, .b2 = 3, .b3 = 70, .op = RIDGE_ELTWISE_ADD},
    {.a0 = 1, .a1 = 2, .a2 = 3, .a3 = 70, .b0 = 1, .b1 = 2, .b2 = 1, .b3 = 70, .op = RIDGE_ELTWISE_MUL},
};
static const struct dense_rows {
    const char *op;
    const void *shapes;
    size_t n, size;
} dense_rows[] = {
    {"pool", pools, sizeof pools / sizeof pools[0], sizeof pools[0]},
    {"softmax", softmaxes, sizeof softmaxes / sizeof softmaxes[0], sizeof softmaxes[0]},
    {"layernorm", layernorms, sizeof layernorms / sizeof layernorms[0], sizeof layernorms[0]},
    {"reorder", reorders, sizeof reorders / sizeof reorders[0], sizeof reorders[0]},
    {"transpose", transposes, sizeof transposes / sizeof transposes[0], sizeof transposes[0]},
    {"eltwise", eltwises, sizeof eltwises / sizeof eltwises[0], sizeof eltwises[0]},
};

static void memory_bound_operators_are_right(void)
{
    for (size_t i = 0; i < N_PEERS; i++) {
        const struct ridge_runner *r = plugin(names[i]);
        for (size_t j = 0; r != NULL && j < sizeof dense_rows / sizeof dense_rows[0]; j++) {
            const struct dense_rows *d = &dense_rows[j];
            if (operator_of(r, d->op) == NULL || !is_usable(r))
                continue;
            for (size_t k = 0; k < d->n; k++) {
                const void *shape = (const char *)d->shapes + k * d->size;
                if (strcmp(names[i], "openblas") == 0 && k > 0)
                    expect_words(r, d->op, shape, "perm=0132 only");
                else
                    expect_right(r, d->op, shape, d->op);
            }
        }
    }
}

static void onednn_says_what_it_chose(void)
{
    const struct ridge_runner *r = plugin("onednn");
    struct ridge_conv_shape s = completed((struct ridge_conv_shape){
        .ic = 64, .ih = 28, .iw = 28, .oc = 64, .kh = 3, .kw = 3, .layout = RIDGE_CONV_NHWC,
        .algorithm = RIDGE_CONV_WINDOW});
    if (r == NULL || !is_usable(r))
        return;
    expect_words(r, "conv", &s, "no algorithm=window");
    s.algorithm = RIDGE_CONV_DEPTHWISE;
    expect_words(r, "conv", &s, "groups = ic");
}

RIDGE_TEST_MAIN(TEST_ROW(blis_is_probed_with_its_variable_set), TEST_ROW(a_missing_library_is_said_in_words),
                TEST_ROW(gemms_are_right), TEST_ROW(convolutions_are_right_or_refused),
                TEST_ROW(memory_bound_operators_are_right), TEST_ROW(onednn_says_what_it_chose))
