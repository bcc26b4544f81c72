/* SPDX-License-Identifier: 0BSD
 *
 * conv.c - convolutions as products whose left operand is packed straight from the images.
 *
 * Row q of the patch matrix is the pixel q = (image, row, column) of the output; its column
 * (kernel row, kernel column, channel) is the number of the input that lies under it, 0 outside. */
#include "product.h"

typedef struct patches {
    const float *images;            /* NHWC */
    size_t height, width, channels; /* of the images */
    size_t kernel;
    ptrdiff_t padding;              /* may be negative: the border is then left out */
    size_t out_height, out_width;
} patches;

static size_t clamp(ptrdiff_t x, size_t low, size_t high)
{
    return x < (ptrdiff_t)low ? low : smaller((size_t)x, high);
}

static void zero_floats(float *to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = 0;
}

SIMD_INLINE void copy_floats(float *to, const float *from, size_t count)
{
    size_t i = 0;
    for (; i + V_WIDTH <= count; i += V_WIDTH)
        v_store(to + i, v_load(from + i));
    for (; i + 4 <= count; i += 4)
        memcpy(to + i, from + i, sizeof(float[4]));
    for (; i < count; i++)
        to[i] = from[i];
}

/* `times` copies of `count` floats, at their distances. */
SIMD_INLINE void copy_repeatedly(float *to, size_t to_step, const float *from, size_t from_step,
                                 size_t times, size_t count)
{
    for (size_t i = 0; i < times; i++)
        copy_floats(to + i * to_step, from + i * from_step, count);
}

/* The same; the short counts of 3 x 3 kernels and of a whole panel become constants. */
static void copy_strided(float *to, size_t to_step, const float *from, size_t from_step,
                         size_t times, size_t count)
{
    if (count == 3)
        copy_repeatedly(to, to_step, from, from_step, times, 3);
    else if (count == 9)
        copy_repeatedly(to, to_step, from, from_step, times, 9);
    else if (count == TILE_ROWS)
        copy_repeatedly(to, to_step, from, from_step, times, TILE_ROWS);
    else
        copy_repeatedly(to, to_step, from, from_step, times, count);
}

/* Pixels next to each other in one output row. */
typedef struct run {
    size_t image, row, column, count;
} run;

/* The elements [from, to) of a kernel row (its elements are (kernel column, channel)) that reaches
 * over the side of the image; `column` is the image's under the kernel's first. */
static void copy_border(const patches *p, const float *image_row, ptrdiff_t column, size_t from,
                        size_t to, float *dest)
{
    const ptrdiff_t channels = (ptrdiff_t)p->channels, width = (ptrdiff_t)p->width;
    size_t begin = clamp(-column * channels, from, to);
    size_t end = clamp((width - column) * channels, begin, to);
    zero_floats(dest, begin - from);
    if (begin < end)
        copy_floats(dest + (begin - from), image_row + (column * channels + (ptrdiff_t)begin),
                    end - begin);
    zero_floats(dest + (end - from), to - end);
}

/* For each pixel of the run, the elements [from, to) of kernel row `kernel_row` to `dest`, `step`
 * floats apart. */
static void copy_kernel_row(const patches *p, run r, size_t kernel_row, size_t from, size_t to,
                            float *dest, size_t step)
{
    const ptrdiff_t row = (ptrdiff_t)(r.row + kernel_row) - p->padding;
    if (row < 0 || row >= (ptrdiff_t)p->height) {
        for (size_t i = 0; i < r.count; i++)
            zero_floats(dest + i * step, to - from);
        return;
    }
    const float *image_row =
        p->images + (r.image * p->height + (size_t)row) * p->width * p->channels;
    const ptrdiff_t column = (ptrdiff_t)r.column - p->padding; /* the image's, first pixel */
    /* The pixels [begin, end) of the run have the whole kernel row over the image. */
    size_t begin = clamp(-column, 0, r.count);
    size_t end = clamp((ptrdiff_t)p->width - (ptrdiff_t)p->kernel + 1 - column, begin, r.count);
    for (size_t i = 0; i < begin; i++)
        copy_border(p, image_row, column + (ptrdiff_t)i, from, to, dest + i * step);
    if (begin < end)
        copy_strided(dest + begin * step, step,
                     image_row + (size_t)(column + (ptrdiff_t)begin) * p->channels + from,
                     p->channels, end - begin, to - from);
    for (size_t i = end; i < r.count; i++)
        copy_border(p, image_row, column + (ptrdiff_t)i, from, to, dest + i * step);
}

/* The elements [from, to) of the patches of `count` pixels from `pixel` on: each pixel's to
 * `dest`, `step` floats apart. */
static void copy_patches(const patches *p, size_t pixel, size_t count, size_t from, size_t to,
                         float *dest, size_t step)
{
    const size_t row_length = p->kernel * p->channels;
    run r = {
        .image = pixel / p->out_width / p->out_height,
        .row = pixel / p->out_width % p->out_height,
        .column = pixel % p->out_width,
    };
    while (count > 0) {
        r.count = smaller(p->out_width - r.column, count);
        for (size_t at = from, end; at < to; at = end) {
            size_t kernel_row = at / row_length, begin = kernel_row * row_length;
            end = smaller(begin + row_length, to);
            copy_kernel_row(p, r, kernel_row, at - begin, end - begin, dest + (at - from), step);
        }
        dest += r.count * step;
        count -= r.count;
        r.column = 0;
        if (++r.row == p->out_height) {
            r.row = 0;
            r.image++;
        }
    }
}

/* The patch matrix on the left. */
static void pack_patches(const void *operand, size_t row, size_t count, size_t k, size_t depth,
                         float *panel)
{
    copy_patches(operand, row, count, k, k + depth, panel, LEFT_STRIDE);
}

/* Its transpose on the left: the product's rows are the patch's elements, its steps the pixels. */
static void pack_patches_transposed(const void *operand, size_t row, size_t count, size_t k,
                                    size_t depth, float *panel)
{
    copy_patches(operand, k, depth, row, row + count, panel, TILE_ROWS);
}

static patches input_patches(const kernels_conv *conv, const float *x)
{
    return (patches){
        .images = x,
        .height = conv->height,
        .width = conv->width,
        .channels = conv->channels,
        .kernel = conv->kernel,
        .padding = (ptrdiff_t)conv->padding,
        .out_height = conv->height + 2 * conv->padding - conv->kernel + 1,
        .out_width = conv->width + 2 * conv->padding - conv->kernel + 1,
    };
}

int ISA(conv_forward)(const kernels_conv *conv, size_t count, const float *x, const float *weights,
                      const float *bias, bool relu, float *y)
{
    const patches left = input_patches(conv, x);
    const product_matrix right = {weights, conv->filters};
    const product p = {
        .m = count * left.out_height * left.out_width,
        .n = conv->filters,
        .k = conv->kernel * conv->kernel * conv->channels,
        .pack_left = pack_patches,
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

void ISA(sum_rows)(size_t rows, size_t columns, const float *x, float *out)
{
    size_t j = 0;
    for (; j + V_WIDTH <= columns; j += V_WIDTH) {
        v_f32 sum = v_set1(0.0f);
        for (size_t i = 0; i < rows; i++)
            sum = v_add(sum, v_load(x + i * columns + j));
        v_store(out + j, sum);
    }
    for (; j < columns; j++) {
        float sum = 0;
        for (size_t i = 0; i < rows; i++)
            sum += x[i * columns + j];
        out[j] = sum;
    }
}

int ISA(conv_weight_gradient)(const kernels_conv *conv, size_t count, const float *x,
                              const float *dy, float *d_weights, float *d_bias)
{
    const patches left = input_patches(conv, x);
    const product_matrix right = {dy, conv->filters};
    const size_t pixels = count * left.out_height * left.out_width;
    const product p = {
        .m = conv->kernel * conv->kernel * conv->channels,
        .n = conv->filters,
        .k = pixels,
        .pack_left = pack_patches_transposed,
        .left = &left,
        .layout = TILE_BY_STEP,
        .pack_right = ISA(pack_right_matrix),
        .right = &right,
        .direct = dy,
        .direct_stride = conv->filters,
        .out = d_weights,
        .row_stride = conv->filters,
        .column_stride = 1,
    };
    int status = ISA(product)(&p);
    if (status < 0)
        return status;
    ISA(sum_rows)(pixels, conv->filters, dy, d_bias);
    return 0;
}

/* The weights as the right operand of the input gradient. */
typedef struct turned_weights {
    const float *weights; /* (positions, channels, filters) */
    size_t positions, channels, filters;
} turned_weights;

/* Turned by 180 degrees, channels and filters exchanged: the steps are (kernel row, kernel column,
 * filter), the columns are channels. */
static void pack_turned_weights(const void *operand, size_t column, size_t count, size_t k,
                                size_t depth, float *panel)
{
    const turned_weights *turned = operand;
    if (count < TILE_COLUMNS)
        memset(panel, 0, depth * sizeof(float[TILE_COLUMNS]));
    for (size_t p = 0, steps; p < depth; p += steps) {
        size_t position = (k + p) / turned->filters, filter = (k + p) % turned->filters;
        steps = smaller(turned->filters - filter, depth - p);
        const product_matrix matrix = {
            turned->weights +
                (turned->positions - 1 - position) * turned->channels * turned->filters + filter,
            turned->filters,
        };
        ISA(pack_right_transposed)(&matrix, column, count, 0, steps, panel + p * TILE_COLUMNS);
    }
}

/* The input gradient is itself a convolution: of dy, with the turned weights and with kernel - 1 -
 * padding zeros round it. The sums run over (kernel row, kernel column, filter) of the turned
 * kernel. */
int ISA(conv_input_gradient)(const kernels_conv *conv, size_t count, const float *weights,
                             const float *dy, float *dx)
{
    const patches left = {
        .images = dy,
        .height = conv->height + 2 * conv->padding - conv->kernel + 1,
        .width = conv->width + 2 * conv->padding - conv->kernel + 1,
        .channels = conv->filters,
        .kernel = conv->kernel,
        .padding = (ptrdiff_t)conv->kernel - 1 - (ptrdiff_t)conv->padding,
        .out_height = conv->height,
        .out_width = conv->width,
    };
    const turned_weights right = {
        .weights = weights,
        .positions = conv->kernel * conv->kernel,
        .channels = conv->channels,
        .filters = conv->filters,
    };
    const product p = {
        .m = count * conv->height * conv->width,
        .n = conv->channels,
        .k = conv->kernel * conv->kernel * conv->filters,
        .pack_left = pack_patches,
        .left = &left,
        .layout = TILE_BY_ROW,
        .pack_right = pack_turned_weights,
        .right = &right,
        .out = dx,
        .row_stride = conv->channels,
        .column_stride = 1,
    };
    return ISA(product)(&p);
}
