/* SPDX-License-Identifier: 0BSD
 *
 * conv_few.h - 3 x 3 convolutions of images with one channel or three: a network's first layer. */
#ifndef FB_KERNELS_CONV_FEW_H
#define FB_KERNELS_CONV_FEW_H

#include "table.h"

/* Whether the two functions below can do this convolution. */
bool ISA(few_fits)(const kernels_conv *conv);

/* As kernels_conv_forward and kernels_conv_weight_gradient, with the same bits. */
int ISA(few_forward)(const kernels_conv *conv, size_t count, const float *x, const float *weights,
                     const float *bias, bool relu, float *y);
int ISA(few_weight_gradient)(const kernels_conv *conv, size_t count, const float *x,
                             const float *dy, bool add, float *d_weights, float *d_bias);

#endif
