/* SPDX-License-Identifier: 0BSD
 *
 * conv.c - convolutions as products whose left operand is packed straight from the images. */
#include "conv_few.h"
#include "patches.h"

static patches input_patches(const kernels_conv *conv, const float *x)
{
    return (patches){
        .images = x,
        .height = conv->height,
        .width = conv->width,
        .channels = conv->channels,
        .kernel_height = conv->kernel,
        .kernel_width = conv->kernel,
        .stride = conv->stride,
        .top = (ptrdiff_t)conv->padding,
        .left = (ptrdiff_t)conv->padding,
        .out_height = kernels_conv_out_height(conv),
        .out_width = kernels_conv_out_width(conv),
    };
}

int ISA(conv_forward)(const kernels_conv *conv, size_t count, const float *x, const float *weights,
                      const float *bias, bool relu, float *y)
{
    if (ISA(few_fits)(conv))
        return ISA(few_forward)(conv, count, x, weights, bias, relu, y);
    const patches left = input_patches(conv, x);
    const product_matrix right = {weights, conv->filters};
    const product p = {
        .m = count * left.out_height * left.out_width,
        .n = conv->filters,
        .k = conv->kernel * conv->kernel * conv->channels,
        .pack_left = ISA(pack_patches),
        .left = &left,
        .layout = TILE_BY_ROW,
        .pack_right = ISA(pack_right_matrix),
        .right = &right,
        .out = y,
        .row_stride = conv->filters,
        .column_stride = 1,
        .bias = bias,
        .relu = relu,
    };
    return ISA(product)(&p);
}

int ISA(conv_weight_gradient)(const kernels_conv *conv, size_t count, const float *x,
                              const float *dy, bool add, float *d_weights, float *d_bias)
{
    if (ISA(few_fits)(conv))
        return ISA(few_weight_gradient)(conv, count, x, dy, add, d_weights, d_bias);
    const patches left = input_patches(conv, x);
    const product_matrix right = {dy, conv->filters};
    const size_t pixels = count * left.out_height * left.out_width;
    const product p = {
        .m = conv->kernel * conv->kernel * conv->channels,
        .n = conv->filters,
        .k = pixels,
        .pack_left = ISA(pack_patches_transposed),
        .left = &left,
        .layout = TILE_BY_STEP,
        .pack_right = ISA(pack_right_matrix),
        .right = &right,
        .direct = dy,
        .direct_stride = conv->filters,
        .out = d_weights,
        .row_stride = conv->filters,
        .column_stride = 1,
        .accumulate = add,
    };
    int status = ISA(product)(&p);
    if (status < 0)
        return status;
    if (d_bias)
        ISA(sum_rows)(pixels, conv->filters, dy, add, d_bias);
    return 0;
}
