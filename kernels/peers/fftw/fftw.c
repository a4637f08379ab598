/* FFTW, opened at run time: convolution by real transforms of the whole image.
 *
 * GPL-2 or later: opened by name as a peer, never linked, nothing of it is part of Ridge. Debian package
 * libfftw3-single3. Y[o] = sum over c of X[c] * conj(W[o,c]) per frequency (the correlation that a convolution
 * layer is; Mathieu, Henaff, LeCun, arXiv:1312.5851). Transforms are FFTW's, the products between are the loop
 * below. Padded sizes have no factor but 2, 3, 5, 7. weights=prepacked: W is transformed when the set is bound.
 */
#include "common/dynlib.h"
#include "common/library.h"
#include "common/size.h"
#include "peers/conv_peer.h"
#include "peers/gemm_peer.h"

#include <stdlib.h>
#include <string.h>

enum { FFTW_MEASURE = 0, FFTW_DESTROY_INPUT = 1 };
#define MAX_SPECTRA_BYTES ((double)((uint64_t)1 << 30))

#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__)
#define FOR_EACH_ISA __attribute__((target_clones("arch=skylake-avx512", "arch=haswell", "default")))
#else
#define FOR_EACH_ISA
#endif

typedef struct fftw_plan_object *fftw_plan;
struct fftw_dim { /* layout of fftwf_iodim */
    int n, in_step, out_step;
};

struct fftw {
    void *handle;
    const char *version; /* an array in the library */
    fftw_plan (*plan_forward)(int rank, const struct fftw_dim *dims, int n_many, const struct fftw_dim *many,
                              float *in, float *re, float *im, unsigned flags);
    fftw_plan (*plan_backward)(int rank, const struct fftw_dim *dims, int n_many, const struct fftw_dim *many,
                               float *re, float *im, float *out, unsigned flags);
    void (*forward)(fftw_plan, float *in, float *re, float *im);
    void (*backward)(fftw_plan, float *re, float *im, float *out);
    void (*destroy)(fftw_plan);
};

/* A spectrum is n_freq real parts, then n_freq imaginary parts. */
struct fft_set {
    const struct fftw *lib;
    const struct ridge_host *host;
    struct ridge_conv_shape s;
    struct ridge_conv_out o;
    const float *x, *w, *bias, *residual;
    float *y;
    int64_t nh, nw;
    size_t n_real, n_freq; /* padded to whole cache lines */
    float *spectra_x, *spectra_w, *work; /* work: per thread one image and one spectrum */
    fftw_plan forward, backward;
    int64_t i_batch;
};

static void fftw_close(void *library)
{
    struct fftw *lib = library;
    if (lib != NULL)
        ridge_dynlib_close(lib->handle);
    free(lib);
}

static enum ridge_status fftw_open(const char *path, int n_threads, void **library, struct ridge_library_info *info,
                                   struct ridge_error *err)
{
    static const char *const names[] = {"libfftw3f.so.3", "libfftw3f.so", NULL};
    struct fftw *lib = calloc(1, sizeof *lib);
    if (lib == NULL)
        return ridge_fail(err, RIDGE_ERR_NOMEM, "fftw", "out of memory");
    enum ridge_status rc = ridge_dynlib_open(path, names, "Debian: apt install libfftw3-single3", &lib->handle, err);
    if (rc != RIDGE_OK)
        goto out;
    const struct ridge_dynlib_symbol symbols[] = {
        {"fftwf_version", &lib->version},
        {"fftwf_plan_guru_split_dft_r2c", &lib->plan_forward},
        {"fftwf_plan_guru_split_dft_c2r", &lib->plan_backward},
        {"fftwf_execute_split_dft_r2c", &lib->forward},
        {"fftwf_execute_split_dft_c2r", &lib->backward},
        {"fftwf_destroy_plan", &lib->destroy},
    };
    rc = ridge_dynlib_symbols(lib->handle, symbols, sizeof symbols / sizeof symbols[0], err);
    if (rc != RIDGE_OK)
        goto out;
    (void)snprintf(info->version, sizeof info->version, "%s", lib->version);
    (void)snprintf(info->threading, sizeof info->threading, "single-threaded transforms on the host pool (%d)",
                   n_threads);
    ridge_dynlib_file(*(void **)(void *)&lib->forward, info->path, sizeof info->path);
    *library = lib;
    return RIDGE_OK;
out:
    fftw_close(lib);
    return rc;
}

/* ---- sizes */
static int64_t good_size(int64_t n)
{
    for (;; n++) {
        int64_t rest = n;
        for (int64_t p = 2; p <= 7; p++)
            while (rest % p == 0)
                rest /= p;
        if (rest == 1)
            return n;
    }
}

static void choose_sizes(struct fft_set *t)
{
    const struct ridge_conv_shape *s = &t->s;
    t->nh = good_size(s->ih + s->pad_t + s->pad_b);
    t->nw = good_size(s->iw + s->pad_l + s->pad_r);
    t->n_real = ridge_kernels_size_round_up((size_t)(t->nh * t->nw), 16);
    t->n_freq = ridge_kernels_size_round_up((size_t)(t->nh * (t->nw / 2 + 1)), 16);
}

static bool supports(const void *shape, int n_threads, char *reason, size_t n_reason)
{
    const struct ridge_conv_shape *s = shape;
    (void)n_threads;
    struct fft_set t = {.s = *s};
    if (s->algorithm != RIDGE_CONV_AUTO && s->algorithm != RIDGE_CONV_FFT)
        return ridge_peer_refuse(reason, n_reason, "FFTW's convolution is algorithm=fft");
    if (s->layout != RIDGE_CONV_NCHW)
        return ridge_peer_refuse(reason, n_reason, "FFTW's convolution is written for layout=nchw");
    if (s->groups != 1 || s->dilation != 1 || s->stride_h != 1 || s->stride_w != 1)
        return ridge_peer_refuse(reason, n_reason, "FFTW's convolution is for groups, strides and dilation of 1");
    if (!ridge_peer_is_plain_conv(s, "FFTW", reason, n_reason))
        return false;
    choose_sizes(&t);
    if (8.0 * (double)t.n_freq * (double)s->ic * (double)s->oc <= MAX_SPECTRA_BYTES)
        return true;
    return ridge_peer_refuse(reason, n_reason, "the spectra of these weights need more than 1 GiB");
}

/* ---- the steps of a run */
static float *thread_image(const struct fft_set *t, int i_thread)
{
    return t->work + (size_t)i_thread * (t->n_real + 2 * t->n_freq);
}

/* rows x columns of `from` into the zeroed image at (top, left), then its spectrum. */
static void transform(const struct fft_set *t, const float *from, int64_t rows, int64_t columns, int64_t top,
                      int64_t left, float *to, int i_thread)
{
    float *image = thread_image(t, i_thread);
    memset(image, 0, t->n_real * sizeof *image);
    for (int64_t i = 0; i < rows; i++)
        memcpy(image + (top + i) * t->nw + left, from + i * columns, (size_t)columns * sizeof *image);
    t->lib->forward(t->forward, image, to, to + t->n_freq);
}

static void transform_weight(void *ctx, size_t i, int i_thread)
{
    const struct fft_set *t = ctx;
    const int64_t n_taps = t->s.kh * t->s.kw;
    transform(t, t->w + (int64_t)i * n_taps, t->s.kh, t->s.kw, 0, 0, t->spectra_w + i * 2 * t->n_freq, i_thread);
}

static void transform_channel(void *ctx, size_t i, int i_thread)
{
    const struct fft_set *t = ctx;
    const float *x = t->x + (t->i_batch * t->s.ic + (int64_t)i) * t->s.ih * t->s.iw;
    transform(t, x, t->s.ih, t->s.iw, t->s.pad_t, t->s.pad_l, t->spectra_x + i * 2 * t->n_freq, i_thread);
}

FOR_EACH_ISA static void multiply_add(float *restrict y, const float *restrict x, const float *restrict w, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        y[i] += x[i] * w[i] + x[n + i] * w[n + i];
        y[n + i] += x[n + i] * w[i] - x[i] * w[n + i];
    }
}

static void store_channel(const struct fft_set *t, const float *image, size_t o)
{
    const size_t first = ((size_t)t->i_batch * (size_t)t->s.oc + o) * (size_t)(t->o.oh * t->o.ow);
    const float scale = 1.0f / (float)(t->nh * t->nw), bias = t->bias != NULL ? t->bias[o] : 0.0f;
    for (int64_t i = 0; i < t->o.oh; i++)
        for (int64_t j = 0; j < t->o.ow; j++) {
            const size_t at = first + (size_t)(i * t->o.ow + j);
            float v = image[i * t->nw + j] * scale + bias;
            v += t->residual != NULL ? t->residual[at] : 0.0f;
            if (t->s.act != RIDGE_ACT_NONE)
                v = v < 0.0f ? 0.0f : v;
            t->y[at] = t->s.act == RIDGE_ACT_RELU6 && v > 6.0f ? 6.0f : v;
        }
}

static void output_channel(void *ctx, size_t o, int i_thread)
{
    const struct fft_set *t = ctx;
    float *image = thread_image(t, i_thread), *sum = image + t->n_real;
    const size_t n_ic = (size_t)t->s.ic;
    memset(sum, 0, 2 * t->n_freq * sizeof *sum);
    for (size_t c = 0; c < n_ic; c++)
        multiply_add(sum, t->spectra_x + c * 2 * t->n_freq, t->spectra_w + (o * n_ic + c) * 2 * t->n_freq, t->n_freq);
    t->lib->backward(t->backward, sum, sum + t->n_freq, image);
    store_channel(t, image, o);
}

static enum ridge_status run(const struct ridge_kernel_args *args)
{
    struct fft_set *t = args->state;
    const struct ridge_host *host = t->host;
    if (t->s.weights == RIDGE_CONV_GIVEN)
        host->parallel_for(host->self, (size_t)(t->s.oc * t->s.ic), transform_weight, t);
    for (t->i_batch = 0; t->i_batch < t->s.batch; t->i_batch++) {
        host->parallel_for(host->self, (size_t)t->s.ic, transform_channel, t);
        host->parallel_for(host->self, (size_t)t->s.oc, output_channel, t);
    }
    return RIDGE_OK;
}

/* ---- the set */
static void release(void *library, void *state)
{
    const struct fftw *lib = library;
    struct fft_set *t = state;
    if (t == NULL)
        return;
    if (t->forward != NULL)
        lib->destroy(t->forward);
    if (t->backward != NULL)
        lib->destroy(t->backward);
    t->host->free_(t->host->self, t->spectra_x);
    t->host->free_(t->host->self, t->spectra_w);
    t->host->free_(t->host->self, t->work);
    free(t);
}

static float *take(struct fft_set *t, size_t n_floats, uint64_t *n_bytes)
{
    *n_bytes += n_floats * sizeof(float);
    return t->host->alloc(t->host->self, n_floats * sizeof(float), 64, NULL);
}

/* Plans measure on the arrays they are given, before anything lies there. */
static bool make_plans(struct fft_set *t)
{
    const int nh = (int)t->nh, nw = (int)t->nw, half = nw / 2 + 1;
    const struct fftw_dim in[2] = {{nh, nw, half}, {nw, 1, 1}}, back[2] = {{nh, half, nw}, {nw, 1, 1}};
    float *sum = t->work + t->n_real;
    t->forward = t->lib->plan_forward(2, in, 0, NULL, t->work, sum, sum + t->n_freq, FFTW_MEASURE | FFTW_DESTROY_INPUT);
    t->backward = t->lib->plan_backward(2, back, 0, NULL, sum, sum + t->n_freq, t->work,
                                        FFTW_MEASURE | FFTW_DESTROY_INPUT);
    return t->forward != NULL && t->backward != NULL;
}

static enum ridge_status prepare(const struct ridge_kernel_args *args, struct ridge_kernel_prepared *out,
                                 struct ridge_error *err)
{
    const struct ridge_conv_shape *s = args->shape;
    struct fft_set *t = calloc(1, sizeof *t);
    if (t == NULL)
        return ridge_fail(err, RIDGE_ERR_NOMEM, "fftw", "out of memory");
    *t = (struct fft_set){.lib = args->library, .host = args->host, .s = *s, .o = ridge_conv_out_size(s),
                          .x = args->in[RIDGE_CONV_X].data, .w = args->in[RIDGE_CONV_W].data,
                          .bias = s->bias ? args->in[RIDGE_CONV_BIAS].data : NULL,
                          .residual = s->residual ? args->in[RIDGE_CONV_RESIDUAL].data : NULL,
                          .y = args->out[0].data};
    choose_sizes(t);
    const bool is_packed = s->weights == RIDGE_CONV_PREPACKED;
    const size_t n_spectrum = 2 * t->n_freq, n_threads = (size_t)args->host->n_threads;
    t->work = take(t, n_threads * (t->n_real + n_spectrum), &out->workspace_bytes);
    t->spectra_x = take(t, (size_t)s->ic * n_spectrum, &out->workspace_bytes);
    t->spectra_w = take(t, (size_t)(s->ic * s->oc) * n_spectrum, is_packed ? &out->packed_bytes : &out->workspace_bytes);
    if (t->work == NULL || t->spectra_x == NULL || t->spectra_w == NULL || !make_plans(t)) {
        release(args->library, t);
        return ridge_fail(err, RIDGE_ERR_NOMEM, "fftw", "no memory for the spectra, or no plan");
    }
    if (is_packed)
        t->host->parallel_for(t->host->self, (size_t)(s->oc * s->ic), transform_weight, t);
    (void)snprintf(out->note, sizeof out->note, "transforms of %lldx%lld", (long long)t->nh, (long long)t->nw);
    out->algorithm = "fft";
    out->state = t;
    return RIDGE_OK;
}

static bool supports_act(const void *shape, int n_threads, char *reason, size_t n_reason)
{
    const struct ridge_conv_shape *s = shape;
    if (s->act > RIDGE_ACT_RELU6)
        return ridge_peer_refuse(reason, n_reason, "FFTW's convolution fuses bias, residual, ReLU and ReLU6 only");
    return supports(shape, n_threads, reason, n_reason);
}

static const struct ridge_kernel fftw_conv = {
    .op = "conv", .name = "fftw_convolution", .algorithm = "fft", .dtype = "f32", .isa = "library", .layout = "nchw",
    .supports = supports_act, .prepare = prepare, .release = release, .run = run,
};

static const struct ridge_kernel *const *kernels(size_t *n)
{
    static const struct ridge_kernel *const all[] = {&fftw_conv};
    *n = 1;
    return all;
}

static const struct ridge_operator *const operators[] = {&ridge_conv_operator, NULL};

const struct ridge_kernel_library ridge_kernel_library = {
    .name = "fftw",
    .doc = "convolution by FFTW's real transforms",
    .operators = operators,
    .kernels = kernels,
    .open = fftw_open,
    .close = fftw_close,
};
