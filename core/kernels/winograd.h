/* SPDX-License-Identifier: 0BSD
 *
 * winograd.h - what kernels.c needs to know of winograd.c, the same for all instruction sets. */
#ifndef FB_KERNELS_WINOGRAD_H
#define FB_KERNELS_WINOGRAD_H

#include "kernels.h"

enum { WINOGRAD_POINTS = 36, WINOGRAD_PAD = 16 };

static inline bool winograd_fits(const kernels_conv *conv)
{
    return conv->kernel == 3 && conv->stride == 1 && conv->padding <= 1 &&
           conv->channels % 16 == 0 && conv->filters % 16 == 0;
}

/* Tiles at a time: few enough for the L2 cache; but many channels make the weights large, and then
 * they, and the sums of their gradient, should be gone through for more tiles. */
static inline size_t winograd_group(const kernels_conv *conv, bool gradients)
{
    const size_t weights = conv->channels * conv->filters;
    if (gradients)
        return weights > 128 * 128 ? 144 : 48;
    return weights > 256 * 256 ? 144 : 24;
}

/* From one point's weights to the next: some lines more than they are, so that the points' do not
 * fall into the same cache sets. */
static inline size_t winograd_weight_distance(const kernels_conv *conv)
{
    return conv->channels * conv->filters + WINOGRAD_PAD;
}

/* Floats: the weights' points, turned ones in the backward pass, and there the sums of their
 * gradient and of the bias'. */
static inline size_t winograd_memory(const kernels_conv *conv, bool gradients)
{
    const size_t points = WINOGRAD_POINTS * winograd_weight_distance(conv);
    return gradients ? 2 * points + conv->filters : points;
}

/* Floats: two or three sets of planes. */
static inline size_t winograd_scratch(const kernels_conv *conv, bool gradients)
{
    const size_t sets = gradients ? 2 : 1, group = winograd_group(conv, gradients);
    return WINOGRAD_POINTS *
           (group * (sets * conv->channels + conv->filters) + (sets + 1) * WINOGRAD_PAD);
}

#endif
