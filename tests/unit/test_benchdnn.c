/* benchdnn's problem strings, and an alias, as subjects of conv. */
#include "ridge_test.h"
#include "suite/state.h"

static const char *no_names[] = {NULL};

static const char *conv_text(struct ridge_arena *a, const char *subject, struct ridge_error *err)
{
    static struct ridge_option_row rows[] = {
        {.key = "batch", .def = "1"},     {.key = "ic"},
        {.key = "ih"},                    {.key = "iw"},
        {.key = "oc"},                    {.key = "kh"},
        {.key = "kw"},                    {.key = "stride_h", .def = "1"},
        {.key = "stride_w", .def = "1"},  {.key = "pad_t", .def = "0"},
        {.key = "pad_b", .def = "0"},     {.key = "pad_l", .def = "0"},
        {.key = "pad_r", .def = "0"},     {.key = "dilation", .def = "1"},
        {.key = "groups", .def = "1"}};
    static const char *aliases[] = {"depthwise", NULL};
    static struct ridge_cat_operator conv = {.name = "conv",
                                             .doc = "",
                                             .fields = rows,
                                             .n_fields = sizeof rows / sizeof rows[0],
                                             .short_form = no_names,
                                             .yardsticks = no_names,
                                             .aliases = aliases};
    const struct ridge_catalogue with_conv = {.operators = &conv, .n_operators = 1};
    struct ridge_kvs shape;
    const char *op = NULL;
    if (ridge_suite_subject(a, subject, &with_conv, &op, &shape, err) != RIDGE_OK)
        return NULL;
    return ridge_suite_subject_text(a, ridge_catalogue_operator(&with_conv, op), &shape);
}

static void benchdnn_strings_are_subjects(void)
{
    static const struct {
        const char *subject, *same;
    } rows[] = {
        {"conv:ic64ih56oc64kh3ph1",
         "conv:ic=64,ih=56,iw=56,oc=64,kh=3,kw=3,pad_t=1,pad_b=1,pad_l=1,pad_r=1"},
        {"conv:g1mb1ic3ih224iw224oc64oh112kh7sh2ph3dh0n\"resnet, conv1=x\"",
         "conv:ic=3,ih=224,iw=224,oc=64,kh=7,kw=7,stride_h=2,stride_w=2,pad_t=3,pad_b=3,pad_l=3,pad_r=3"},
        {"conv:mb2_ic8_ih10_oc4_oh8_kh3",
         "conv:batch=2,ic=8,ih=10,iw=10,oc=4,kh=3,kw=3"},
        {"conv:ic8ih10oc4oh10kh3nname",
         "conv:ic=8,ih=10,iw=10,oc=4,kh=3,kw=3,pad_t=1,pad_b=1,pad_l=1,pad_r=1"},
        {"conv:ic8ih10oc4oh10kh4", /* 3 of padding: 1 above, 2 below */
         "conv:ic=8,ih=10,iw=10,oc=4,kh=4,kw=4,pad_t=1,pad_b=2,pad_l=1,pad_r=2"},
        {"conv:ic8ih224oc4oh112kh3sh2ph0", /* TensorFlow's "same": 0 above, 1 below */
         "conv:ic=8,ih=224,iw=224,oc=4,kh=3,kw=3,stride_h=2,stride_w=2,pad_b=1,pad_r=1"},
        {"conv:ic8iw100oc8kw3pw2dw1", /* one row */
         "conv:ic=8,ih=1,iw=100,oc=8,kh=1,kw=3,pad_l=2,pad_r=2,dilation=2"},
        {"conv:ic16ih17iw20oc16kh1kw7pw3",
         "conv:ic=16,ih=17,iw=20,oc=16,kh=1,kw=7,pad_l=3,pad_r=3"},
        {"depthwise:g32ic32ih7oc32kh5ph2",
         "conv:ic=32,ih=7,iw=7,oc=32,kh=5,kw=5,pad_t=2,pad_b=2,pad_l=2,pad_r=2,groups=32"},
    };
    static const struct {
        const char *subject, *error;
    } wrong[] = {
        {"conv:ic64ih56oc64kh3ph", "\"ic64ih56oc64kh3ph\", character 18: expected a number"},
        {"conv:ic64id8ih56oc64kh3",
         "\"ic64id8ih56oc64kh3\", character 5: a depth: conv has rows and columns only"},
        {"conv:ic64ix56",
         "\"ic64ix56\", character 5: expected one of g, mb, ic, oc, ih, iw, oh, ow, kh, kw, sh, sw, "
         "ph, pw, dh, dw, n"},
        {"conv:ic64ih56ih57oc64kh3",
         "\"ic64ih56ih57oc64kh3\", character 9: the size is given twice"},
        {"conv:ic99999999999999999999ih5",
         "\"ic99999999999999999999ih5\", character 3: the number is beyond 2^40"},
        {"conv:ic64ih56kh3", "\"ic64ih56kh3\" needs oc"},
        {"conv:ic64oc56kh3", "\"ic64oc56kh3\" needs ih"},
        {"conv:ic6ih5oc6kh0", "\"ic6ih5oc6kh0\": kh is 1 or more"},
        {"conv:ic6ih5oc6kh3oh0", "\"ic6ih5oc6kh3oh0\": oh=0 cannot be reached"},
        {"conv:ic6ih9oc6kh3oh5", "\"ic6ih9oc6kh3oh5\": oh=5 leaves pixels out; without it there are more"},
        {"conv:ic6ih9oc6kh3kw3dh1dw2",
         "\"ic6ih9oc6kh3kw3dh1dw2\": dh=1 and dw=2 differ; conv has one dilation"},
    };
    struct ridge_arena a = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct ridge_error err = {0};
        const char *got = conv_text(&a, rows[i].subject, &err);
        if (got == NULL)
            fprintf(stderr, "%s: %s\n", rows[i].subject, err.text);
        CHECK(got != NULL);
        CHECK_STR(got, rows[i].same);
        CHECK_STR(conv_text(&a, rows[i].same, &err), rows[i].same);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        struct ridge_error err = {0};
        CHECK(conv_text(&a, wrong[i].subject, &err) == NULL);
        CHECK_STR(err.text, wrong[i].error);
    }
    ridge_arena_deinit(&a);
}

RIDGE_TEST_MAIN(TEST_ROW(benchdnn_strings_are_subjects))
