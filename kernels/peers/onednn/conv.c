/* conv through oneDNN's convolution primitive, one kernel per algorithm that the library names.
 *
 * Weights always go in the layout that the primitive asks for: weights=prepacked reorders them when the set is
 * bound, weights=given in every run. Activations stay in the case's layout; where no implementation takes it
 * (Winograd in nhwc), the primitive chooses and the reorders of x and y are part of every run. */
#include "conv/conv.h"
#include "peers/gemm_peer.h"
#include "peers/onednn/dnnl.h"

#include <string.h>

/* algorithm of the case, what the library is asked for, and a part of the implementation's name. */
struct choice {
    enum ridge_conv_algorithm algorithm;
    int dnnl_algorithm;
    const char *impl;
};
static const struct choice choices[] = {
    {RIDGE_CONV_AUTO, DNNL_CONV_AUTO, NULL},
    {RIDGE_CONV_DIRECT, DNNL_CONV_DIRECT, "-"},
    {RIDGE_CONV_IM2COL, DNNL_CONV_DIRECT, "gemm:"},
    {RIDGE_CONV_DEPTHWISE, DNNL_CONV_DIRECT, "dw"},
    {RIDGE_CONV_WINOGRAD2, DNNL_CONV_WINOGRAD, "wino_2x3"},
    {RIDGE_CONV_WINOGRAD4, DNNL_CONV_WINOGRAD, "wino_4x3"},
};

/* What a primitive's name says about the algorithm, for the tolerance. */
static const struct {
    const char *impl, *algorithm;
} spoken[] = {{"wino_2x3", "winograd2"}, {"wino_4x3", "winograd4"}, {"gemm:", "im2col"}, {"dw", "depthwise"},
              {"", "direct"}};

struct conv_build {
    const struct dnnl *lib;
    const struct ridge_conv_shape *s;
    const struct ridge_kernel_args *args;
    struct dnnl_set *set;
    struct dnnl_md x, w, bias, y, any_x, any_w, any_y;
    struct dnnl_md residual;
    dnnl_handle attr, desc;
};

static const struct choice *choice_of(int32_t algorithm)
{
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++)
        if ((int32_t)choices[i].algorithm == algorithm)
            return &choices[i];
    return NULL;
}

/* The words are the same whichever kernel of the table is asked. */
static bool supports(const struct ridge_conv_shape *s, enum ridge_conv_algorithm algorithm, char *reason,
                     size_t n_reason)
{
    if (choice_of(s->algorithm) == NULL) {
        (void)snprintf(reason, n_reason, "oneDNN's convolution has no algorithm=%s",
                       ridge_conv_algorithm_names[s->algorithm]);
        return false;
    }
    const struct ridge_conv_out o = ridge_conv_out_size(s);
    if (s->batch <= 0 || s->ic <= 0 || s->oc <= 0 || o.oh <= 0 || o.ow <= 0)
        return ridge_peer_refuse(reason, n_reason, "oneDNN's convolution is not asked for sizes of 0");
    if (s->algorithm == RIDGE_CONV_DEPTHWISE && (s->groups != s->ic || s->groups == 1))
        return ridge_peer_refuse(reason, n_reason, "algorithm=depthwise is for groups = ic");
    if (s->layout == RIDGE_CONV_NCHW16C && (s->ic % 16 != 0 || s->oc % 16 != 0) && s->groups != 1)
        return ridge_peer_refuse(reason, n_reason, "oneDNN takes grouped nchw16c with channels divisible by 16 only");
    return (int32_t)algorithm == s->algorithm ||
           ridge_peer_refuse(reason, n_reason, "another kernel of this table answers this algorithm");
}

/* ---- descriptions */
static bool describe_activation(const struct conv_build *b, struct dnnl_md *md, int64_t channels, int64_t h, int64_t w)
{
    const int64_t dims[4] = {b->s->batch, channels, h, w};
    const int64_t nchw[4] = {channels * h * w, h * w, w, 1}, nhwc[4] = {h * w * channels, 1, w * channels, channels};
    if (b->s->layout == RIDGE_CONV_NCHW16C)
        return ridge_dnnl_md_tag(b->lib, md, 4, dims, b->lib->tag_nchw16c);
    return ridge_dnnl_md_plain(b->lib, md, 4, dims, b->s->layout == RIDGE_CONV_NHWC ? nhwc : nchw);
}

static bool describe_any_activation(const struct conv_build *b, struct dnnl_md *md, int64_t channels, int64_t h,
                                    int64_t w)
{
    const int64_t dims[4] = {b->s->batch, channels, h, w};
    return ridge_dnnl_md_tag(b->lib, md, 4, dims, DNNL_TAG_ANY);
}

/* Weights as oneDNN counts them: g x o/g x i/g x r x s, without g where there is one group. */
static bool describe_weights(struct conv_build *b)
{
    const struct ridge_conv_shape *s = b->s;
    const int64_t g = s->groups, og = s->oc / g, ig = s->ic / g, n_taps = s->kh * s->kw;
    const int64_t dims[5] = {g, og, ig, s->kh, s->kw};
    const int64_t oirs[5] = {og * ig * n_taps, ig * n_taps, n_taps, s->kw, 1};
    const int64_t rsio[5] = {og, 1, s->oc, s->kw * ig * s->oc, ig * s->oc};
    const int64_t *strides = s->layout == RIDGE_CONV_NHWC ? rsio : oirs;
    const int skip = g == 1;
    return ridge_dnnl_md_plain(b->lib, &b->w, 5 - skip, dims + skip, strides + skip) &&
           ridge_dnnl_md_tag(b->lib, &b->any_w, 5 - skip, dims + skip, DNNL_TAG_ANY);
}

static bool describe_all(struct conv_build *b)
{
    const struct ridge_conv_shape *s = b->s;
    const struct ridge_conv_out o = ridge_conv_out_size(s);
    const int64_t n_bias[1] = {s->oc}, one[1] = {1};
    return describe_activation(b, &b->x, s->ic, s->ih, s->iw) && describe_activation(b, &b->y, s->oc, o.oh, o.ow) &&
           describe_any_activation(b, &b->any_x, s->ic, s->ih, s->iw) &&
           describe_any_activation(b, &b->any_y, s->oc, o.oh, o.ow) && describe_weights(b) &&
           (!s->residual || describe_activation(b, &b->residual, s->oc, o.oh, o.ow)) &&
           ridge_dnnl_md_plain(b->lib, &b->bias, 1, n_bias, one);
}

/* ---- post-operations: + residual, then the activation */
struct eltwise {
    int v2, v3;
    float alpha, beta;
};
static int append_act(const struct dnnl *lib, dnnl_handle ops, int32_t act)
{
    static const struct eltwise rows[] = {
        [RIDGE_ACT_RELU] = {0x1f, 0x20, 0, 0}, [RIDGE_ACT_RELU6] = {0xff, 0x2e, 0, 6},
        [RIDGE_ACT_SILU] = {0xdf, 0x2c, 1, 0}, [RIDGE_ACT_HARDSWISH] = {0x70, 0x34, 1.0f / 6.0f, 0.5f}};
    int (*append_v3)(dnnl_handle, int, float, float);
    int (*append_v2)(dnnl_handle, float, int, float, float);
    if (act == RIDGE_ACT_NONE)
        return 0;
    memcpy(&append_v3, &lib->post_ops_append_eltwise, sizeof append_v3);
    memcpy(&append_v2, &lib->post_ops_append_eltwise, sizeof append_v2);
    const struct eltwise *e = &rows[act];
    return lib->is_v3 ? append_v3(ops, e->v3, e->alpha, e->beta) : append_v2(ops, 1.0f, e->v2, e->alpha, e->beta);
}

static bool make_attr(struct conv_build *b)
{
    dnnl_handle ops = NULL;
    bool is_good = b->lib->attr_create(&b->attr) == 0 &&
                   b->lib->attr_set_scratchpad_mode(b->attr, DNNL_SCRATCHPAD_USER) == 0 &&
                   b->lib->post_ops_create(&ops) == 0;
    if (is_good && b->s->residual)
        is_good = b->lib->post_ops_append_binary(ops, DNNL_BINARY_ADD, ridge_dnnl_md(b->lib, &b->residual)) == 0;
    is_good = is_good && append_act(b->lib, ops, b->s->act) == 0 && b->lib->attr_set_post_ops(b->attr, ops) == 0;
    if (ops != NULL)
        (void)b->lib->post_ops_destroy(ops);
    return is_good;
}

static void make_desc(struct conv_build *b)
{
    const struct ridge_conv_shape *s = b->s;
    const struct choice *choice = choice_of(s->algorithm);
    const struct dnnl_convolution plain = {
        .algorithm = choice->dnnl_algorithm, .src = &b->x, .weights = &b->any_w, .bias = s->bias ? &b->bias : NULL,
        .dst = &b->y, .strides = {s->stride_h, s->stride_w}, .dilates = {s->dilation - 1, s->dilation - 1},
        .pad_begin = {s->pad_t, s->pad_l}, .pad_end = {s->pad_b, s->pad_r}};
    struct dnnl_convolution free_choice = plain;
    free_choice.src = &b->any_x;
    free_choice.dst = &b->any_y;
    b->desc = ridge_dnnl_convolution(b->lib, &plain, choice->impl, b->attr);
    if (b->desc == NULL)
        b->desc = ridge_dnnl_convolution(b->lib, &free_choice, choice->impl, b->attr);
}

/* The memory object that the primitive reads: the tensor's own, or a buffer of the primitive's layout that a
 * reorder fills (is_now: at bind). */
static dnnl_handle input(struct conv_build *b, const struct dnnl_md *md, void *data, int query, bool is_now,
                         uint64_t *n_bytes)
{
    const void *from = ridge_dnnl_md(b->lib, md), *to = b->lib->desc_query_md(b->desc, query, 0);
    dnnl_handle given = ridge_dnnl_memory(b->lib, b->set, from, data, NULL);
    if (to == NULL || (b->lib->md_equal(from, to) && !is_now))
        return given;
    dnnl_handle wanted = ridge_dnnl_memory(b->lib, b->set, to, NULL, n_bytes);
    ridge_dnnl_reorder(b->lib, b->set, from, given, to, wanted, is_now);
    return wanted;
}

static void build_steps(struct conv_build *b)
{
    const struct ridge_kernel_args *a = b->args;
    const struct dnnl *lib = b->lib;
    struct dnnl_set *set = b->set;
    const bool is_packed = b->s->weights == RIDGE_CONV_PREPACKED;
    dnnl_handle w = input(b, &b->w, a->in[RIDGE_CONV_W].data, DNNL_QUERY_WEIGHTS, is_packed,
                          is_packed ? &set->packed_bytes : &set->workspace_bytes);
    dnnl_handle x = input(b, &b->x, a->in[RIDGE_CONV_X].data, DNNL_QUERY_SRC, false, &set->workspace_bytes);
    const void *y_md = ridge_dnnl_md(lib, &b->y), *made_md = lib->desc_query_md(b->desc, DNNL_QUERY_DST, 0);
    dnnl_handle y = ridge_dnnl_memory(lib, set, y_md, a->out[0].data, NULL), made = y;
    const bool is_same = made_md == NULL || lib->md_equal(y_md, made_md);
    if (!is_same)
        made = ridge_dnnl_memory(lib, set, made_md, NULL, &set->workspace_bytes);
    dnnl_handle back = NULL; /* made now: the step takes desc, and its descriptions with it */
    if (!is_same && lib->reorder_desc_create(&back, made_md, lib->engine, y_md, lib->engine, NULL) != 0)
        set->is_broken = true;
    struct dnnl_step *step = ridge_dnnl_step(lib, set, b->desc);
    b->desc = NULL;
    ridge_dnnl_step_arg(set, step, DNNL_ARG_SRC, x);
    ridge_dnnl_step_arg(set, step, DNNL_ARG_WEIGHTS, w);
    ridge_dnnl_step_arg(set, step, DNNL_ARG_DST, made);
    if (b->s->bias)
        ridge_dnnl_step_arg(set, step, DNNL_ARG_BIAS, ridge_dnnl_memory(lib, set, ridge_dnnl_md(lib, &b->bias),
                                                                      a->in[RIDGE_CONV_BIAS].data, NULL));
    if (b->s->residual)
        ridge_dnnl_step_arg(set, step, (lib->is_v3 ? DNNL_ARG_POST_OP_0_V3 : DNNL_ARG_POST_OP_0_V2) | DNNL_ARG_SRC_1,
                            ridge_dnnl_memory(lib, set, ridge_dnnl_md(lib, &b->residual),
                                              a->in[RIDGE_CONV_RESIDUAL].data, NULL));
    if (back != NULL) {
        struct dnnl_step *last = ridge_dnnl_step(lib, set, back);
        ridge_dnnl_step_arg(set, last, DNNL_ARG_SRC, made);
        ridge_dnnl_step_arg(set, last, DNNL_ARG_DST, y);
    }
}

static void build_free(struct conv_build *b)
{
    struct dnnl_md *all[] = {&b->x, &b->w, &b->bias, &b->y, &b->any_x, &b->any_w, &b->any_y, &b->residual};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        ridge_dnnl_md_free(b->lib, all[i]);
    if (b->desc != NULL)
        (void)b->lib->desc_destroy(b->desc);
    if (b->attr != NULL)
        (void)b->lib->attr_destroy(b->attr);
}

static void say_choice(const struct conv_build *b, struct ridge_kernel_prepared *out)
{
    const char *impl = ridge_dnnl_impl(b->lib, b->desc);
    const void *x_md = b->lib->desc_query_md(b->desc, DNNL_QUERY_SRC, 0);
    const bool is_reordered = x_md != NULL && !b->lib->md_equal(x_md, ridge_dnnl_md(b->lib, &b->x));
    (void)snprintf(out->note, sizeof out->note, "%s%s", impl, is_reordered ? ", x and y reordered in the run" : "");
    size_t i = 0;
    while (strstr(impl, spoken[i].impl) == NULL)
        i++;
    out->algorithm = spoken[i].algorithm;
}

static enum ridge_status conv_prepare(const struct ridge_kernel_args *args, struct ridge_kernel_prepared *out,
                                      struct ridge_error *err)
{
    struct dnnl *lib = args->library;
    struct conv_build b = {.lib = lib, .s = args->shape, .args = args, .set = ridge_dnnl_set_new(args->host)};
    enum ridge_status rc = RIDGE_OK;
    if (b.set == NULL)
        return ridge_fail(err, RIDGE_ERR_NOMEM, "onednn", "no memory for a convolution primitive");
    if (describe_all(&b) && make_attr(&b))
        make_desc(&b);
    if (b.desc == NULL) {
        const struct dnnl_version_text *v = lib->version();
        rc = ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "onednn", "oneDNN %d.%d.%d has no %s convolution for this shape "
                        "on this CPU", v->major, v->minor, v->patch, ridge_conv_algorithm_names[b.s->algorithm]);
        goto out;
    }
    say_choice(&b, out);
    if (b.s->residual && b.s->layout == RIDGE_CONV_NHWC && strstr(out->note, "gemm:") != NULL) {
        rc = ridge_fail(err, RIDGE_ERR_UNSUPPORTED, "onednn", "oneDNN's gemm convolution adds a residual in nhwc wrongly "
                        "(2.6.3)");
        goto out;
    }
    build_steps(&b);
    if (b.set->is_broken) {
        rc = ridge_fail(err, RIDGE_ERR_NOMEM, "onednn", "oneDNN could not make the objects of this convolution");
        goto out;
    }
    out->state = b.set;
    out->packed_bytes = b.set->packed_bytes;
    out->workspace_bytes = b.set->workspace_bytes;
out:
    build_free(&b);
    if (rc != RIDGE_OK)
        ridge_dnnl_set_free(lib, b.set);
    return rc;
}

#define CONV_KERNEL(id, which, text)                                                                            \
    static bool id##_supports(const void *shape, int n_threads, char *reason, size_t n_reason)                  \
    {                                                                                                           \
        (void)n_threads;                                                                                        \
        return supports(shape, which, reason, n_reason);                                                        \
    }                                                                                                           \
    static const struct ridge_kernel id = {                                                                     \
        .op = "conv", .name = "dnnl_convolution_" text, .algorithm = text, .dtype = "f32", .isa = "library",    \
        .layout = "any", .supports = id##_supports, .prepare = conv_prepare, .release = ridge_dnnl_set_free,    \
        .run = ridge_dnnl_set_run}

CONV_KERNEL(conv_auto, RIDGE_CONV_AUTO, "auto");
CONV_KERNEL(conv_direct, RIDGE_CONV_DIRECT, "direct");
CONV_KERNEL(conv_im2col, RIDGE_CONV_IM2COL, "im2col");
CONV_KERNEL(conv_depthwise, RIDGE_CONV_DEPTHWISE, "depthwise");
CONV_KERNEL(conv_winograd2, RIDGE_CONV_WINOGRAD2, "winograd2");
CONV_KERNEL(conv_winograd4, RIDGE_CONV_WINOGRAD4, "winograd4");

const struct ridge_kernel *const *ridge_onednn_conv_kernels(size_t *n)
{
    static const struct ridge_kernel *const all[] = {&conv_auto,      &conv_direct,    &conv_im2col,
                                                     &conv_depthwise, &conv_winograd2, &conv_winograd4};
    *n = sizeof all / sizeof all[0];
    return all;
}
