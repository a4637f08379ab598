#include "common/epilogue.h"
#include <math.h>
#include <stddef.h>

const char *const ridge_act_names[] = {"none", "relu", "relu6", "silu", "hardswish", NULL};

/* Comparisons, not fmin and fmax: those would swallow a NaN. */
#define RELU6(x) ((x) < 0 ? 0 : (x) > 6 ? 6 : (x))

double ridge_act_reference(int32_t act, double x)
{
    switch (act) {
    case RIDGE_ACT_RELU: return x < 0 ? 0 : x;
    case RIDGE_ACT_RELU6: return RELU6(x);
    case RIDGE_ACT_SILU: return x / (1 + exp(-x));
    case RIDGE_ACT_HARDSWISH: return x * RELU6(x + 3) / 6;
    default: return x;
    }
}

double ridge_act_max_slope(int32_t act)
{
    return act == RIDGE_ACT_SILU ? 1.1 : act == RIDGE_ACT_HARDSWISH ? 1.5 : 1.0;
}

float ridge_act_f32(int32_t act, float x)
{
    switch (act) {
    case RIDGE_ACT_RELU: return x < 0 ? 0 : x;
    case RIDGE_ACT_RELU6: return RELU6(x);
    case RIDGE_ACT_SILU: return x / (1 + expf(-x));
    case RIDGE_ACT_HARDSWISH: return x * RELU6(x + 3) * (1.0f / 6);
    default: return x;
    }
}
