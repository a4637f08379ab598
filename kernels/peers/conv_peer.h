/* What every convolution peer asks of a shape, in words. Pure. */
#ifndef RIDGE_KERNELS_PEERS_CONV_PEER_H
#define RIDGE_KERNELS_PEERS_CONV_PEER_H

#include "conv/conv.h"
#include <limits.h>

/* No size of 0, and every element count below 2^31. `who` is the library. */
static inline bool ridge_peer_is_plain_conv(const struct ridge_conv_shape *s, const char *who, char *reason,
                                            size_t n_reason)
{
    const struct ridge_conv_out o = ridge_conv_out_size(s);
    const double n_x = (double)s->batch * (double)s->ic * (double)s->ih * (double)s->iw;
    const double n_y = (double)s->batch * (double)s->oc * (double)o.oh * (double)o.ow;
    const double n_w = (double)s->oc * (double)s->ic * (double)s->kh * (double)s->kw;
    if (n_x <= 0 || n_y <= 0 || n_w <= 0 || s->groups <= 0) {
        (void)snprintf(reason, n_reason, "%s is not asked for sizes of 0", who);
        return false;
    }
    if (n_x > INT_MAX || n_y > INT_MAX || n_w > INT_MAX) {
        (void)snprintf(reason, n_reason, "%s has 32-bit sizes", who);
        return false;
    }
    return true;
}

#endif
