/* SPDX-License-Identifier: 0BSD */
#include "patches.h"

static size_t clamp(ptrdiff_t x, size_t low, size_t high)
{
    return x < (ptrdiff_t)low ? low : smaller((size_t)x, high);
}

static void zero_floats(float *to, size_t count)
{
    for (size_t i = 0; i < count; i++)
        to[i] = 0;
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

void ISA(pack_patches)(const void *operand, size_t row, size_t count, size_t k, size_t depth,
                       float *panel)
{
    copy_patches(operand, row, count, k, k + depth, panel, LEFT_STRIDE);
}

void ISA(pack_patches_transposed)(const void *operand, size_t row, size_t count, size_t k,
                                  size_t depth, float *panel)
{
    copy_patches(operand, k, depth, row, row + count, panel, TILE_ROWS);
}
