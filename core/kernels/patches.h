/* SPDX-License-Identifier: 0BSD
 *
 * patches.h - the patch matrix of images, as the left operand of a product.
 *
 * Row q is the pixel q = (image, row, column) of a convolution's output; column (kernel row, kernel
 * column, channel) is the number of the input that lies under it, 0 outside. */
#ifndef FB_KERNELS_PATCHES_H
#define FB_KERNELS_PATCHES_H

#include "product.h"

typedef struct patches {
    const float *images;            /* NHWC */
    size_t height, width, channels; /* of the images */
    size_t kernel_height, kernel_width;
    size_t stride;
    ptrdiff_t top, left; /* padding; may be negative: the border is then left out */
    size_t out_height, out_width;
} patches;

/* The matrix, for TILE_BY_ROW, and its transpose, for TILE_BY_STEP: that product's rows are the
 * patch's elements, its steps the pixels. The operand is a patches. */
product_pack_left ISA(pack_patches), ISA(pack_patches_transposed);

#endif
