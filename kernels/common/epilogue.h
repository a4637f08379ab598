/* What may follow a product in the same pass: C = act(C + bias + residual). Pure; owns nothing.
 *
 * relu6 = min(max(x, 0), 6); silu = x * sigmoid(x) (Elfwing et al., arXiv:1702.03118);
 * hardswish = x * relu6(x + 3) / 6 (Howard et al., arXiv:1905.02244).
 */
#ifndef RIDGE_KERNELS_COMMON_EPILOGUE_H
#define RIDGE_KERNELS_COMMON_EPILOGUE_H

#include <stdint.h>

enum ridge_act { RIDGE_ACT_NONE, RIDGE_ACT_RELU, RIDGE_ACT_RELU6, RIDGE_ACT_SILU, RIDGE_ACT_HARDSWISH };
/* Names of enum ridge_act, NULL-terminated: the option row `act` of every operator that has one. */
extern const char *const ridge_act_names[];

struct ridge_epilogue {
    const float *bias;         /* NULL: none */
    int32_t is_bias_per_row;   /* bias[i] for row i of C, else bias[j] for column j */
    int32_t act;               /* enum ridge_act */
    const float *residual;     /* added before act; NULL: none */
    int64_t residual_ld;       /* elements between its rows */
};

/* The definition, in double: what every fused epilogue is compared with. */
double ridge_act_reference(int32_t act, double x);
/* The largest |slope|: what an error of x may become. */
double ridge_act_max_slope(int32_t act);
/* In f32, for kernels in plain C. NaN stays NaN. */
float ridge_act_f32(int32_t act, float x);

#endif
