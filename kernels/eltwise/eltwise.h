/* The eltwise operator: one function of one or two f32 tensors, element by element.
 *
 * Unary: relu = max(x, 0); relu6 = min(max(x, 0), 6); silu = x * sigmoid(x) (arXiv:1702.03118);
 * hardswish = x * relu6(x + 3) / 6 (arXiv:1905.02244); sigmoid = 1 / (1 + e^-x); tanh; gelu = x / 2 *
 * (1 + erf(x / sqrt 2)) (arXiv:1606.08415); exp. Binary: add, sub, mul, div, max, min with NumPy
 * broadcasting: in each of the four dimensions the sizes are equal, or one of them is 1.
 *
 * Tensors: inputs a [a0,a1,a2,a3], b [b0,b1,b2,b3] (unary: 0 bytes, not touched); output y; dense. A size of
 * 0 is legal and gives nothing. Special values are those of the formulas in IEEE 754 arithmetic: NaN gives
 * NaN everywhere, also in relu, max and min (IEEE 754-2019 maximum; of +0 and -0 either); silu,
 * hardswish and gelu of -Inf are -Inf * 0 = NaN. All tables are const; safe from any thread.
 */
#ifndef RIDGE_KERNELS_ELTWISE_H
#define RIDGE_KERNELS_ELTWISE_H

#include "abi/kernel.h"
#include "common/dense.h"

enum { RIDGE_ELTWISE_RANK = 4 };

/* X(NAME, name): the order of the enum, of the option's names and of every table. Unary first. */
#define RIDGE_ELTWISE_UNARY(X)                                                                     \
    X(RELU, relu) X(RELU6, relu6) X(SILU, silu) X(HARDSWISH, hardswish) X(SIGMOID, sigmoid)        \
    X(TANH, tanh) X(GELU, gelu) X(EXP, exp)
#define RIDGE_ELTWISE_BINARY(X)                                                                    \
    X(ADD, add) X(SUB, sub) X(MUL, mul) X(DIV, div) X(MAX, max) X(MIN, min)
#define RIDGE_ELTWISE_ENUM(NAME, name) RIDGE_ELTWISE_##NAME,
enum ridge_eltwise_op {
    RIDGE_ELTWISE_UNARY(RIDGE_ELTWISE_ENUM) RIDGE_ELTWISE_BINARY(RIDGE_ELTWISE_ENUM) RIDGE_ELTWISE_N_OPS
};
static inline bool ridge_eltwise_is_binary(int32_t op)
{
    return op >= RIDGE_ELTWISE_ADD;
}

struct ridge_eltwise_shape {
    int64_t a0, a1, a2, a3, b0, b1, b2, b3;
    int32_t op;    /* enum ridge_eltwise_op */
    int32_t dtype; /* 0: f32 */
};

/* The result's dimensions and the operands' strides in elements; 0 where an operand is repeated. As the
 * tensors say (view), or with neighbouring dimensions merged where both operands allow it (plan). */
struct ridge_eltwise_view {
    int64_t dims[RIDGE_ELTWISE_RANK], a[RIDGE_ELTWISE_RANK], b[RIDGE_ELTWISE_RANK];
};
struct ridge_eltwise_view ridge_eltwise_view_make(const struct ridge_eltwise_shape *s);
struct ridge_eltwise_view ridge_eltwise_plan_make(const struct ridge_eltwise_shape *s);

extern const struct ridge_operator ridge_eltwise_operator;
const struct ridge_kernel *const *ridge_eltwise_kernels(size_t *n_kernels); /* list.inc */
enum ridge_status ridge_eltwise_check(const void *shape, const struct ridge_tensor *in,
                                      const struct ridge_tensor *out, uint64_t seed,
                                      const char *algorithm, struct ridge_check *result,
                                      struct ridge_error *err);

#endif
