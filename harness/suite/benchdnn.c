/* benchdnn's convolution problems: g1mb1ic3ih224iw224oc64oh112kh7sh2ph3dh0n"name".
 *
 * Rules as its page "driver_conv.md" gives them: sizes of w that are missing are those of h (and
 * where there is no h at all, one row); dh and dw are 0 for a dense filter; oh and ow may be
 * missing; a missing ph follows from oh; the padding below is what oh needs. Underscores separate.
 * Two things differ: mb is 1 when missing, and where padding ph on both sides gives oh it is symmetric. */
#include "suite/state.h"
#include <string.h>

enum key { G, MB, IC, OC, IH, IW, OH, OW, KH, KW, SH, SW, PH, PW, DH, DW, N_KEYS };
static const char *const key_names[N_KEYS] = {"g",  "mb", "ic", "oc", "ih", "iw", "oh", "ow",
                                              "kh", "kw", "sh", "sw", "ph", "pw", "dh", "dw"};
static const int64_t max_number = INT64_C(1) << 40;

struct numbers {
    int64_t v[N_KEYS];
    bool has[N_KEYS];
};

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool ridge_suite_is_benchdnn(const char *text)
{
    size_t n = 0;
    while (is_letter(text[n]))
        n++;
    return n > 0 && n <= 2 && is_digit(text[n]);
}

static enum ridge_status fail_at(struct ridge_error *err, const char *text, const char *at,
                                 const char *what)
{
    return ridge_fail(err, RIDGE_ERR_CONFIG, "", "\"%.200s\", character %zu: %s", text,
                      (size_t)(at - text) + 1, what);
}

/* *at stands on a key; behind it afterwards. */
static enum ridge_status read_key(const char *text, const char **at, int *key, struct ridge_error *err)
{
    size_t n = 0;
    while (is_letter((*at)[n]))
        n++;
    for (int i = 0; i < N_KEYS; i++)
        if (strlen(key_names[i]) == n && strncmp(*at, key_names[i], n) == 0) {
            *key = i;
            *at += n;
            return RIDGE_OK;
        }
    if (n == 2 && (*at)[1] == 'd' && strchr("iokspd", (*at)[0]) != NULL)
        return fail_at(err, text, *at, "a depth: conv has rows and columns only");
    return fail_at(err, text, *at,
                   "expected one of g, mb, ic, oc, ih, iw, oh, ow, kh, kw, sh, sw, ph, pw, dh, dw, n");
}

static enum ridge_status read_number(const char *text, const char **at, int64_t *out,
                                     struct ridge_error *err)
{
    const char *first = *at;
    if (!is_digit(**at))
        return fail_at(err, text, first, "expected a number");
    for (*out = 0; is_digit(**at); (*at)++) {
        *out = *out * 10 + (**at - '0');
        if (*out > max_number)
            return fail_at(err, text, first, "the number is beyond 2^40");
    }
    return RIDGE_OK;
}

static enum ridge_status read_all(const char *text, struct numbers *n, struct ridge_error *err)
{
    const char *at = text;
    while (*at != '\0') {
        const char *first = at;
        int key = 0;
        int64_t number = 0;
        if (*at == '_') {
            at++;
            continue;
        }
        if (*at == 'n') /* the name: the rest of the text; no other key begins so */
            return RIDGE_OK;
        enum ridge_status status = read_key(text, &at, &key, err);
        if (status == RIDGE_OK)
            status = read_number(text, &at, &number, err);
        if (status != RIDGE_OK)
            return status;
        if (n->has[key])
            return fail_at(err, text, first, "the size is given twice");
        n->has[key] = true;
        n->v[key] = number;
    }
    return RIDGE_OK;
}

/* One axis: in, out, filter, stride, padding, dilation as read -> padding before and after. */
struct axis {
    enum key in, out, k, stride, pad, dilation;
};
static const struct axis axis_h = {IH, OH, KH, SH, PH, DH}, axis_w = {IW, OW, KW, SW, PW, DW};

static bool has_any(const struct numbers *n, const struct axis *x)
{
    return n->has[x->in] || n->has[x->out] || n->has[x->k] || n->has[x->stride] || n->has[x->pad] ||
           n->has[x->dilation];
}

/* Sizes of w that are missing are those of h; the output only where nothing of w is given, the padding
 * only for a filter of the same size. */
static void follow_h(struct numbers *n)
{
    static const enum key pairs[][2] = {{OW, OH}, {PW, PH}, {IW, IH}, {KW, KH}, {SW, SH}, {DW, DH}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        const enum key w = pairs[i][0], h = pairs[i][1];
        const bool is_left_out = (w == OW && has_any(n, &axis_w)) ||
                                 (w == PW && n->has[KW] && n->v[KW] != n->v[KH]);
        if (n->has[w] || is_left_out)
            continue;
        n->v[w] = n->v[h];
        n->has[w] = n->has[h];
    }
}

static enum ridge_status finish_axis(const char *text, struct numbers *n, const struct axis *x,
                                     int64_t *after, struct ridge_error *err)
{
    static const char missing[] = "\"%.200s\" needs %s";
    if (!n->has[x->in] || !n->has[x->k])
        return ridge_fail(err, RIDGE_ERR_CONFIG, "", missing, text,
                          key_names[n->has[x->in] ? x->k : x->in]);
    if (!n->has[x->stride])
        n->v[x->stride] = 1;
    if (n->v[x->stride] < 1 || n->v[x->k] < 1)
        return ridge_fail(err, RIDGE_ERR_CONFIG, "", "\"%.200s\": %s is 1 or more", text,
                          key_names[n->v[x->k] < 1 ? x->k : x->stride]);
    const double reach = (double)(n->v[x->k] - 1) * (double)(n->v[x->dilation] + 1) + 1;
    const double in = (double)n->v[x->in], stride = (double)n->v[x->stride];
    if (reach > (double)max_number)
        return ridge_fail(err, RIDGE_ERR_CONFIG, "", "\"%.200s\": the filter spans more than 2^40", text);
    *after = n->v[x->pad];
    if (!n->has[x->out])
        return RIDGE_OK;
    /* All sizes are below 2^41, so these doubles are exact but for the product, which may round. */
    const double need = ((double)n->v[x->out] - 1) * stride + reach - in;
    if (n->v[x->out] < 1 || need > (double)max_number)
        return ridge_fail(err, RIDGE_ERR_CONFIG, "", "\"%.200s\": %s=%lld cannot be reached", text,
                          key_names[x->out], (long long)n->v[x->out]);
    if (!n->has[x->pad])
        n->v[x->pad] = need > 0 ? (int64_t)need / 2 : 0;
    const double pad = (double)n->v[x->pad], surplus = 2 * pad - need;
    *after = surplus >= 0 && surplus < stride ? n->v[x->pad] : (int64_t)(need - pad);
    if (*after < 0 && *after + (int64_t)stride > 0)
        *after = 0; /* the last step does not fit anyway */
    if (*after < 0)
        return ridge_fail(err, RIDGE_ERR_CONFIG, "",
                          "\"%.200s\": %s=%lld leaves pixels out; without it there are more", text,
                          key_names[x->out], (long long)n->v[x->out]);
    return RIDGE_OK;
}

static enum ridge_status finish(const char *text, struct numbers *n, int64_t *below, int64_t *right,
                                struct ridge_error *err)
{
    if (!n->has[IC] || !n->has[OC])
        return ridge_fail(err, RIDGE_ERR_CONFIG, "", "\"%.200s\" needs %s", text,
                          n->has[IC] ? "oc" : "ic");
    if (!n->has[G])
        n->v[G] = 1;
    if (!n->has[MB])
        n->v[MB] = 1;
    if (!has_any(n, &axis_h) && has_any(n, &axis_w)) {
        n->v[IH] = n->v[KH] = 1;
        n->has[IH] = n->has[KH] = true;
    } else {
        follow_h(n);
    }
    enum ridge_status status = finish_axis(text, n, &axis_h, below, err);
    if (status == RIDGE_OK)
        status = finish_axis(text, n, &axis_w, right, err);
    if (status == RIDGE_OK && n->v[KH] > 1 && n->v[KW] > 1 && n->v[DH] != n->v[DW])
        status = ridge_fail(err, RIDGE_ERR_CONFIG, "",
                            "\"%.200s\": dh=%lld and dw=%lld differ; conv has one dilation", text,
                            (long long)n->v[DH], (long long)n->v[DW]);
    return status;
}

enum ridge_status ridge_suite_benchdnn(struct ridge_arena *a, const char *text,
                                       struct ridge_kvs *shape, struct ridge_error *err)
{
    struct numbers n = {0};
    int64_t below = 0, right = 0;
    enum ridge_status status = read_all(text, &n, err);
    if (status == RIDGE_OK)
        status = finish(text, &n, &below, &right, err);
    if (status != RIDGE_OK)
        return status;
    const struct {
        const char *key;
        int64_t value;
    } fields[] = {{"batch", n.v[MB]},    {"ic", n.v[IC]},       {"ih", n.v[IH]},
                  {"iw", n.v[IW]},       {"oc", n.v[OC]},       {"kh", n.v[KH]},
                  {"kw", n.v[KW]},       {"stride_h", n.v[SH]}, {"stride_w", n.v[SW]},
                  {"pad_t", n.v[PH]},    {"pad_b", below},      {"pad_l", n.v[PW]},
                  {"pad_r", right},      {"groups", n.v[G]},
                  {"dilation", (n.v[KH] > 1 ? n.v[DH] : n.v[DW]) + 1}};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
        ridge_kvs_set(a, shape, fields[i].key,
                      ridge_arena_printf(a, "%lld", (long long)fields[i].value));
    return RIDGE_OK;
}
