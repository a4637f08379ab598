/* Whether a kernel is asked for, in words. */
#include "conv/support.h"
#include "common/cpu.h"

bool ridge_conv_asks_for(const struct ridge_conv_shape *s, enum ridge_conv_algorithm algorithm,
                         int layouts, const char *isa, char *reason, size_t n_reason)
{
    static const char *const layout_names[] = {"nchw", "nhwc", "nchw16c"};
    if (!ridge_kernels_cpu_supports(isa, reason, n_reason))
        return false;
    if (s->algorithm != RIDGE_CONV_AUTO && s->algorithm != (int32_t)algorithm) {
        (void)snprintf(reason, n_reason, "%s has no kernel of this ISA for this shape and layout",
                       ridge_conv_algorithm_names[s->algorithm]);
        return false;
    }
    if ((layouts >> s->layout & 1) == 0) {
        (void)snprintf(reason, n_reason, "%s (%s) does not take the layout %s",
                       ridge_conv_algorithm_names[algorithm], isa, layout_names[s->layout]);
        return false;
    }
    return true;
}
