/* SPDX-License-Identifier: 0BSD
 *
 * conv_input.c - the gradient of a convolution's input.
 *
 * With a stride of 1 it is itself a convolution: of dy, with the kernel turned by 180 degrees,
 * channels and filters exchanged, and kernel - 1 - padding zeros round it. With a larger stride
 * each pixel lies under only every stride-th row and column of the kernel. Which ones depends on
 * its row and column modulo the stride: the pixels of such a phase are a convolution of dy with
 * that part of the kernel. */
#include "patches.h"

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
        .pack_left = ISA(pack_patches),
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
