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
    size_t kernel_height, kernel_width;
    size_t stride;
    ptrdiff_t top, left; /* padding; may be negative: the border is then left out */
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

/* Pixels next to each other in one output row. The pixels [begin, end) of them have whole kernel
 * rows over the image, no part of which reaches over its sides. */
typedef struct run {
    size_t image, row, column, count;
    size_t begin, end;
} run;

/* The image's column under the kernel's first, for pixel `i` of the run. */
static ptrdiff_t column_under(const patches *p, const run *r, size_t i)
{
    return (ptrdiff_t)((r->column + i) * p->stride) - p->left;
}

static void find_whole(const patches *p, run *r)
{
    const ptrdiff_t stride = (ptrdiff_t)p->stride, first = column_under(p, r, 0);
    const ptrdiff_t room = (ptrdiff_t)p->width - (ptrdiff_t)p->kernel_width - first;
    r->begin = clamp((stride - 1 - first) / stride, 0, r->count);
    r->end = room < 0 ? r->begin : clamp(room / stride + 1, r->begin, r->count);
}

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
static void copy_kernel_row(const patches *p, const run *r, size_t kernel_row, size_t from,
                            size_t to, float *dest, size_t step)
{
    const ptrdiff_t row = (ptrdiff_t)(r->row * p->stride + kernel_row) - p->top;
    if (row < 0 || row >= (ptrdiff_t)p->height) {
        for (size_t i = 0; i < r->count; i++)
            zero_floats(dest + i * step, to - from);
        return;
    }
    const float *image_row =
        p->images + (r->image * p->height + (size_t)row) * p->width * p->channels;
    for (size_t i = 0; i < r->begin; i++)
        copy_border(p, image_row, column_under(p, r, i), from, to, dest + i * step);
    if (r->begin < r->end)
        copy_strided(dest + r->begin * step, step,
                     image_row + (size_t)column_under(p, r, r->begin) * p->channels + from,
                     p->stride * p->channels, r->end - r->begin, to - from);
    for (size_t i = r->end; i < r->count; i++)
        copy_border(p, image_row, column_under(p, r, i), from, to, dest + i * step);
}

/* The elements [from, to) of the patches of `count` pixels from `pixel` on: each pixel's to
 * `dest`, `step` floats apart. */
static void copy_patches(const patches *p, size_t pixel, size_t count, size_t from, size_t to,
                         float *dest, size_t step)
{
    const size_t row_length = p->kernel_width * p->channels;
    run r = {
        .image = pixel / p->out_width / p->out_height,
        .row = pixel / p->out_width % p->out_height,
        .column = pixel % p->out_width,
    };
    while (count > 0) {
        r.count = smaller(p->out_width - r.column, count);
        find_whole(p, &r);
        for (size_t at = from, end; at < to; at = end) {
            size_t kernel_row = at / row_length, begin = kernel_row * row_length;
            end = smaller(begin + row_length, to);
            copy_kernel_row(p, &r, kernel_row, at - begin, end - begin, dest + (at - from), step);
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
    if (d_bias)
        ISA(sum_rows)(pixels, conv->filters, dy, d_bias);
    return 0;
}

/* ---- the input gradient --------------------------------------------------------------------
 *
 * With a stride of 1 it is itself a convolution: of dy, with the kernel turned by 180 degrees,
 * channels and filters exchanged, and kernel - 1 - padding zeros round it. With a larger stride
 * each pixel lies under only every stride-th row and column of the kernel. Which ones depends on
 * its row and column modulo the stride: the pixels of such a phase are a convolution of dy with
 * that part of the kernel. */

/* One phase along the rows, or along the columns. */
typedef struct phase {
    size_t kernel;     /* rows of the kernel: first, first + stride, ... */
    size_t first;
    size_t pixel;      /* rows of the image: pixel, pixel + stride, ... */
    size_t count;      /* of those */
    ptrdiff_t padding; /* of dy */
} phase;

/* `first` is below the stride and the kernel's size, `size` is the image's. */
static phase find_phase(const kernels_conv *conv, size_t first, size_t size)
{
    const size_t stride = conv->stride, padding = conv->padding;
    phase p = {.first = first, .kernel = (conv->kernel - first - 1) / stride + 1};
    /* The kernel at output row q has its row first + stride u over the image's row
     * stride (q + u) + first - padding: the phase's pixels are those with q + u = line, line + 1,
     * ... */
    const size_t line = padding > first ? (padding - first - 1) / stride + 1 : 0;
    p.pixel = line * stride + first - padding;
    p.count = p.pixel < size ? (size - p.pixel - 1) / stride + 1 : 0;
    p.padding = (ptrdiff_t)p.kernel - 1 - (ptrdiff_t)line;
    return p;
}

/* A phase's pixels, and their part of the weights. */
typedef struct phase_operands {
    const kernels_conv *conv;
    const float *weights;
    phase rows, columns;
} phase_operands;

/* The weights on the right, turned: the steps are (kernel row, kernel column, filter), the columns
 * are channels. */
static void pack_turned_weights(const void *operand, size_t column, size_t count, size_t k,
                                size_t depth, float *panel)
{
    const phase_operands *o = operand;
    const kernels_conv *conv = o->conv;
    const size_t filters = conv->filters;
    if (count < TILE_COLUMNS)
        memset(panel, 0, depth * sizeof(float[TILE_COLUMNS]));
    for (size_t p = 0, steps; p < depth; p += steps) {
        size_t position = (k + p) / filters, filter = (k + p) % filters;
        size_t i = o->rows.kernel - 1 - position / o->columns.kernel;
        size_t j = o->columns.kernel - 1 - position % o->columns.kernel;
        size_t kernel_row = o->rows.first + i * conv->stride;
        size_t kernel_column = o->columns.first + j * conv->stride;
        steps = smaller(filters - filter, depth - p);
        const product_matrix matrix = {
            o->weights +
                (kernel_row * conv->kernel + kernel_column) * conv->channels * filters + filter,
            filters,
        };
        ISA(pack_right_transposed)(&matrix, column, count, 0, steps, panel + p * TILE_COLUMNS);
    }
}

/* Where the pixels of a phase are in dx. */
static void place_phase(const void *operand, size_t row, size_t count, size_t *ret_places)
{
    const phase_operands *o = operand;
    const kernels_conv *conv = o->conv;
    size_t image = row / o->columns.count / o->rows.count;
    size_t i = row / o->columns.count % o->rows.count, j = row % o->columns.count;
    for (size_t at = 0; at < count; at++) {
        size_t line = image * conv->height + o->rows.pixel + i * conv->stride;
        ret_places[at] =
            (line * conv->width + o->columns.pixel + j * conv->stride) * conv->channels;
        if (++j < o->columns.count)
            continue;
        j = 0;
        if (++i == o->rows.count) {
            i = 0;
            image++;
        }
    }
}

static int compute_phase(const phase_operands *o, size_t count, const float *dy, float *dx)
{
    const kernels_conv *conv = o->conv;
    const patches left = {
        .images = dy,
        .height = kernels_conv_out_height(conv),
        .width = kernels_conv_out_width(conv),
        .channels = conv->filters,
        .kernel_height = o->rows.kernel,
        .kernel_width = o->columns.kernel,
        .stride = 1,
        .top = o->rows.padding,
        .left = o->columns.padding,
        .out_height = o->rows.count,
        .out_width = o->columns.count,
    };
    const product p = {
        .m = count * o->rows.count * o->columns.count,
        .n = conv->channels,
        .k = o->rows.kernel * o->columns.kernel * conv->filters,
        .pack_left = pack_patches,
        .left = &left,
        .layout = TILE_BY_ROW,
        .pack_right = pack_turned_weights,
        .right = o,
        .out = dx,
        .row_stride = conv->channels,
        .column_stride = 1,
        .place_rows = conv->stride > 1 ? place_phase : NULL,
        .places = o,
    };
    return ISA(product)(&p);
}

int ISA(conv_input_gradient)(const kernels_conv *conv, size_t count, const float *weights,
                             const float *dy, float *dx)
{
    phase_operands o = {.conv = conv, .weights = weights};
    if (conv->stride > conv->kernel) /* some pixels lie under no part of the kernel */
        memset(dx, 0, count * conv->height * conv->width * conv->channels * sizeof *dx);
    const size_t phases = smaller(conv->stride, conv->kernel);
    for (size_t i = 0; i < phases; i++)
        for (size_t j = 0; j < phases; j++) {
            o.rows = find_phase(conv, i, conv->height);
            o.columns = find_phase(conv, j, conv->width);
            if (o.rows.count == 0 || o.columns.count == 0)
                continue;
            int status = compute_phase(&o, count, dy, dx);
            if (status < 0)
                return status;
        }
    return 0;
}
