/* SPDX-License-Identifier: 0BSD
 *
 * conv_few.c - 3 x 3 convolutions of images with one channel or three.
 *
 * Their patches have but 9 or 27 elements: as a product (see conv.c), most of the time would go
 * into copying them. Here they are read from the image, round which the padding has been laid.
 * Forward, the sums of a few pixels next to each other are held in registers; for the weights'
 * gradient, those of nine elements of the patch, while the pixels of a row pass. */
#include "conv_few.h"
#include "product.h"
#include "team.h"

enum {
    KERNEL = 3,
    FILTERS = 16, /* their number is a multiple of it */
    VECTORS = 2,  /* of filters at a time, forward */
    PIXELS = TILE_ROWS,
    FEW_PIXELS = 4,
    ELEMENTS = 9, /* of a patch at a time */
#if defined(SIMD_AVX512) || defined(SIMD_NEON)
    GRADIENT_VECTORS = 2, /* with 32 registers */
#else
    GRADIENT_VECTORS = 1,
#endif
};

static size_t padded_height(const kernels_conv *conv)
{
    return conv->height + 2 * conv->padding;
}

static size_t padded_width(const kernels_conv *conv)
{
    return conv->width + 2 * conv->padding;
}

bool ISA(few_fits)(const kernels_conv *conv)
{
    const size_t room = (size_t)BLOCK_K * BLOCK_N;
    return conv->kernel == KERNEL && conv->stride == 1 && conv->padding <= 1 &&
           (conv->channels == 1 || conv->channels == 3) && conv->filters % FILTERS == 0 &&
           padded_width(conv) <= room / conv->channels &&
           padded_height(conv) <= room / conv->channels / padded_width(conv);
}

/* An image with its padding: itself, or a copy in the scratch. */
static const float *pad_image(const kernels_conv *conv, const float *image, float *copy)
{
    const size_t row = conv->width * conv->channels, border = conv->padding * conv->channels;
    const size_t padded_row = row + 2 * border;
    if (conv->padding == 0)
        return image;
    memset(copy, 0, padded_height(conv) * padded_row * sizeof *copy);
    for (size_t i = 0; i < conv->height; i++)
        copy_floats(copy + (i + conv->padding) * padded_row + border, image + i * row, row);
    return copy;
}

/* Work that is shared among threads. */
typedef struct shared_conv {
    const kernels_conv *conv;
    size_t count, shares;
    const float *x, *weights, *bias, *dy;
    bool relu;
    float *y, *d_weights, *d_bias;
    int status[TEAM_MAX];
} shared_conv;

/* The multiply-adds tell how many threads they are worth. */
static int run_shared(shared_conv *s, void (*task)(void *context, size_t index))
{
    const double pixels = (double)s->count * (double)kernels_conv_out_height(s->conv) *
                          (double)kernels_conv_out_width(s->conv);
    s->shares = team_size_for(pixels * (double)s->conv->filters * (double)s->conv->channels *
                              KERNEL * KERNEL);
    team_run(s->shares, task, s);
    for (size_t i = 0; i < s->shares; i++)
        if (s->status[i])
            return s->status[i];
    return 0;
}

/* ---- forward ------------------------------------------------------------------------------- */

/* Pixels of an output row and vectors of filters. */
typedef struct pixel_tile {
    const float *image; /* under the first pixel's kernel */
    size_t row_stride;  /* of the image */
    size_t channels, filters;
    const float *weights, *bias; /* of the first filter; bias may be NULL */
    bool relu;
    float *y; /* the first pixel's first filter */
} pixel_tile;

SIMD_INLINE void run_pixels(const pixel_tile *t, size_t pixels, size_t vectors)
{
    v_f32 sum[PIXELS][VECTORS];
    SIMD_UNROLL
    for (size_t i = 0; i < pixels; i++) {
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++)
            sum[i][v] = v_set1(0.0f);
    }
    const size_t channels = t->channels, filters = t->filters, steps = KERNEL * channels;
    const float *weights = t->weights;
    for (size_t row = 0; row < KERNEL; row++) {
        const float *x = t->image + row * t->row_stride;
        for (size_t k = 0; k < steps; k++, weights += filters) {
            v_f32 w[VECTORS];
            SIMD_UNROLL
            for (size_t v = 0; v < vectors; v++)
                w[v] = v_load(weights + v * V_WIDTH);
            SIMD_UNROLL
            for (size_t i = 0; i < pixels; i++) {
                const v_f32 a = v_set1(x[k + i * channels]);
                SIMD_UNROLL
                for (size_t v = 0; v < vectors; v++)
                    sum[i][v] = v_fma(a, w[v], sum[i][v]);
            }
        }
    }
    SIMD_UNROLL
    for (size_t i = 0; i < pixels; i++) {
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) {
            v_f32 y = sum[i][v];
            if (t->bias)
                y = v_add(y, v_load(t->bias + v * V_WIDTH));
            if (t->relu)
                y = v_max(v_set1(0.0f), y);
            v_store(t->y + i * filters + v * V_WIDTH, y);
        }
    }
}

/* A whole output row. */
SIMD_INLINE void run_row(pixel_tile t, size_t width, size_t vectors)
{
    while (width > 0) {
        const size_t pixels = width >= PIXELS ? PIXELS : width >= FEW_PIXELS ? FEW_PIXELS : 1;
        if (pixels == PIXELS)
            run_pixels(&t, PIXELS, vectors);
        else if (pixels == FEW_PIXELS)
            run_pixels(&t, FEW_PIXELS, vectors);
        else
            run_pixels(&t, 1, vectors);
        t.image += pixels * t.channels;
        t.y += pixels * t.filters;
        width -= pixels;
    }
}

static void forward_row(const pixel_tile *row, size_t width)
{
    size_t j = 0;
    for (; j < row->filters; j += VECTORS * V_WIDTH) {
        pixel_tile t = *row;
        t.weights += j;
        t.bias = t.bias ? t.bias + j : NULL;
        t.y += j;
        if (row->filters - j >= VECTORS * V_WIDTH)
            run_row(t, width, VECTORS);
        else
            run_row(t, width, 1);
    }
}

static void forward_share(void *context, size_t index)
{
    shared_conv *s = context;
    const kernels_conv *conv = s->conv;
    const size_t height = kernels_conv_out_height(conv), width = kernels_conv_out_width(conv);
    const size_t image_size = conv->height * conv->width * conv->channels;
    kernels_scratch *scratch = kernels_scratch_borrow();
    if (!scratch) {
        s->status[index] = FB_ENOMEM;
        return;
    }
    size_t image, end;
    pixel_tile t = {
        .row_stride = padded_width(conv) * conv->channels,
        .channels = conv->channels,
        .filters = conv->filters,
        .weights = s->weights,
        .bias = s->bias,
        .relu = s->relu,
    };
    team_share(s->count, 1, s->shares, index, &image, &end);
    for (; image < end; image++) {
        t.image = pad_image(conv, s->x + image * image_size, scratch->right);
        t.y = s->y + image * height * width * conv->filters;
        for (size_t i = 0; i < height; i++) {
            forward_row(&t, width);
            t.image += t.row_stride;
            t.y += width * conv->filters;
        }
    }
    kernels_scratch_return(scratch);
}

int ISA(few_forward)(const kernels_conv *conv, size_t count, const float *x, const float *weights,
                     const float *bias, bool relu, float *y)
{
    shared_conv s = {.conv = conv, .count = count, .x = x, .weights = weights, .bias = bias,
                     .relu = relu, .y = y};
    return run_shared(&s, forward_share);
}

/* ---- the weights' gradient ------------------------------------------------------------------- */

/* What an output row adds to the gradient of nine elements of the patch and of the bias, for
 * vectors of filters. The elements are three runs of three numbers that follow each other in the
 * image: with one channel three rows of the kernel, with three the columns of a row. */
typedef struct element_tile {
    const float *x[KERNEL]; /* the runs, under the first pixel's kernel */
    size_t channels, filters, width;
    const float *dy; /* the first pixel's first filter */
    float *d_weights; /* of the first element, first filter */
    float *d_bias;
} element_tile;

SIMD_INLINE void run_elements(const element_tile *t, size_t vectors)
{
    const size_t filters = t->filters, channels = t->channels;
    const float *x0 = t->x[0], *x1 = t->x[1], *x2 = t->x[2], *dy = t->dy;
    v_f32 sum[ELEMENTS][GRADIENT_VECTORS], total[GRADIENT_VECTORS];
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++) {
        total[v] = v_load(t->d_bias + v * V_WIDTH);
        SIMD_UNROLL
        for (size_t e = 0; e < ELEMENTS; e++)
            sum[e][v] = v_load(t->d_weights + e * filters + v * V_WIDTH);
    }
    for (size_t i = 0; i < t->width; i++) {
        SIMD_UNROLL
        for (size_t v = 0; v < vectors; v++) {
            const v_f32 g = v_load(dy + v * V_WIDTH);
            total[v] = v_add(total[v], g);
            SIMD_UNROLL
            for (size_t e = 0; e < KERNEL; e++) {
                sum[e][v] = v_fma(v_set1(x0[e]), g, sum[e][v]);
                sum[e + KERNEL][v] = v_fma(v_set1(x1[e]), g, sum[e + KERNEL][v]);
                sum[e + 2 * KERNEL][v] = v_fma(v_set1(x2[e]), g, sum[e + 2 * KERNEL][v]);
            }
        }
        x0 += channels;
        x1 += channels;
        x2 += channels;
        dy += filters;
    }
    SIMD_UNROLL
    for (size_t v = 0; v < vectors; v++) {
        v_store(t->d_bias + v * V_WIDTH, total[v]);
        SIMD_UNROLL
        for (size_t e = 0; e < ELEMENTS; e++)
            v_store(t->d_weights + e * filters + v * V_WIDTH, sum[e][v]);
    }
}

/* What an output row adds to the gradient of the filters [filter, end); `image` is under its first
 * pixel's kernel. */
static void gradient_row(const shared_conv *s, const float *image, const float *dy, size_t filter,
                         size_t end)
{
    const kernels_conv *conv = s->conv;
    const size_t channels = conv->channels, filters = conv->filters;
    const size_t row_stride = padded_width(conv) * channels;
    const size_t run_stride = channels == 1 ? row_stride : KERNEL;
    for (size_t j = filter; j < end; j += GRADIENT_VECTORS * V_WIDTH)
        for (size_t group = 0; group < channels; group++) {
            float unused[GRADIENT_VECTORS * V_WIDTH] = {0};
            const float *x = image + group * row_stride;
            const element_tile t = {
                .x = {x, x + run_stride, x + 2 * run_stride},
                .channels = channels,
                .filters = filters,
                .width = kernels_conv_out_width(conv),
                .dy = dy + j,
                .d_weights = s->d_weights + group * ELEMENTS * filters + j,
                .d_bias = s->d_bias && group == 0 ? s->d_bias + j : unused,
            };
            if (end - j >= GRADIENT_VECTORS * V_WIDTH)
                run_elements(&t, GRADIENT_VECTORS);
            else
                run_elements(&t, 1);
        }
}

static void gradient_share(void *context, size_t index)
{
    shared_conv *s = context;
    const kernels_conv *conv = s->conv;
    const size_t height = kernels_conv_out_height(conv), width = kernels_conv_out_width(conv);
    const size_t row_stride = padded_width(conv) * conv->channels;
    const size_t image_size = conv->height * conv->width * conv->channels;
    kernels_scratch *scratch = kernels_scratch_borrow();
    if (!scratch) {
        s->status[index] = FB_ENOMEM;
        return;
    }
    size_t filter, end;
    team_share(conv->filters, GRADIENT_VECTORS * V_WIDTH, s->shares, index, &filter, &end);
    const float *dy = s->dy;
    for (size_t image = 0; image < s->count && filter < end; image++) {
        const float *x = pad_image(conv, s->x + image * image_size, scratch->right);
        for (size_t i = 0; i < height; i++) {
            gradient_row(s, x + i * row_stride, dy, filter, end);
            dy += width * conv->filters;
        }
    }
    kernels_scratch_return(scratch);
}

int ISA(few_weight_gradient)(const kernels_conv *conv, size_t count, const float *x,
                             const float *dy, bool add, float *d_weights, float *d_bias)
{
    shared_conv s = {.conv = conv, .count = count, .x = x, .dy = dy, .d_weights = d_weights,
                     .d_bias = d_bias};
    if (!add)
        memset(d_weights, 0,
               KERNEL * KERNEL * conv->channels * conv->filters * sizeof *d_weights);
    if (d_bias && !add)
        memset(d_bias, 0, conv->filters * sizeof *d_bias);
    return run_shared(&s, gradient_share);
}
