/* OpenBLAS on one thread: products by sgemm, convolutions by im2col. Its bits depend on the
 * machine and on the OpenBLAS build, which is why results of this engine carry a fingerprint. */
#include <cblas.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "engine.h"
#include "vector.h"

/* Images are unfolded a few at a time, so that the columns stay near the second-level cache: 1 to
 * 4 images were 30-50 % faster than whole batches. */
enum { CHUNK_FLOATS = 128 * 1024, CHUNK_IMAGES = 4 };

static void prepare(void)
{
    openblas_set_num_threads(1);
}

static blasint blas_int(size_t value)
{
    FB_CHECK(value <= INT_MAX);
    return (blasint)value;
}

static void gemm(bool trans_a, bool trans_b, size_t m, size_t n, size_t k, const float *a,
                 size_t lda, const float *b, size_t ldb, float beta, float *c, size_t ldc)
{
    cblas_sgemm(CblasRowMajor, trans_a ? CblasTrans : CblasNoTrans,
                trans_b ? CblasTrans : CblasNoTrans, blas_int(m), blas_int(n), blas_int(k), 1.0f,
                a, blas_int(lda), b, blas_int(ldb), beta, c, blas_int(ldc));
}

static int dense_forward(const kernels_dense *dense, const float *x, const float *weights,
                         const float *bias, bool relu, float *y)
{
    const size_t batch = dense->batch, in = dense->in, units = dense->units;
    vector_fill_rows(batch, units, bias, y);
    gemm(false, false, batch, units, in, x, in, weights, units, 1, y, units);
    if (relu)
        vector_relu(batch * units, y);
    return FB_OK;
}

static int dense_gradients(const kernels_dense *dense, const float *x, const float *dy,
                           const float *weights, float *dx, float *d_weights,
                           kernels_dense_update *update, void *context)
{
    const size_t batch = dense->batch, in = dense->in, units = dense->units;
    if (dx)
        gemm(false, true, batch, in, units, dy, units, weights, units, 0, dx, in);
    gemm(true, false, in, units, batch, x, in, dy, units, 0, d_weights, units);
    if (update)
        update(context, 0, in * units, d_weights);
    return FB_OK;
}

static size_t patch_size(const kernels_conv *conv)
{
    return conv->kernel * conv->kernel * conv->channels;
}

static size_t image_columns(const kernels_conv *conv)
{
    return kernels_conv_out_height(conv) * kernels_conv_out_width(conv) * patch_size(conv);
}

static size_t chunk_images(const kernels_conv *conv)
{
    size_t images = CHUNK_FLOATS / image_columns(conv);
    return images < 1 ? 1 : images > CHUNK_IMAGES ? CHUNK_IMAGES : images;
}

static size_t conv_scratch(const kernels_conv *conv, bool train)
{
    (void)train;
    return chunk_images(conv) * image_columns(conv);
}

/* The part of a kernel row at output column `ox` that lies over the image: its places [first, end),
 * which are over the image's columns from `column` on. Empty where all are over the padding. */
typedef struct overlap {
    size_t first, end, column;
} overlap;

static overlap overlap_at(const kernels_conv *conv, size_t ox)
{
    size_t padding = conv->padding, left = ox * conv->stride, right = conv->width + padding;
    size_t first = left < padding ? padding - left : 0;
    size_t end = right < left ? 0 : right - left;
    end = end < conv->kernel ? end : conv->kernel;
    if (first >= end)
        return (overlap){0};
    return (overlap){first, end, left + first - padding};
}

/* Writes one image's patches, (out_height * out_width, kernel * kernel * channels). */
static void unfold(const kernels_conv *conv, const float *image, float *columns)
{
    size_t channels = conv->channels, row = conv->kernel * channels;
    for (size_t oy = 0; oy < kernels_conv_out_height(conv); oy++)
        for (size_t ox = 0; ox < kernels_conv_out_width(conv); ox++) {
            overlap over = overlap_at(conv, ox);
            size_t before = over.first * channels, length = (over.end - over.first) * channels;
            for (size_t ky = 0; ky < conv->kernel; ky++, columns += row) {
                size_t y = oy * conv->stride + ky;
                if (y < conv->padding || y - conv->padding >= conv->height) {
                    memset(columns, 0, row * sizeof *columns);
                    continue;
                }
                const float *from =
                    image + ((y - conv->padding) * conv->width + over.column) * channels;
                memset(columns, 0, before * sizeof *columns);
                memcpy(columns + before, from, length * sizeof *from);
                memset(columns + before + length, 0, (row - before - length) * sizeof *columns);
            }
        }
}

/* The transpose of unfold: adds the patches' gradients to the image's, which starts at 0. */
static void fold(const kernels_conv *conv, const float *columns, float *image)
{
    size_t channels = conv->channels, row = conv->kernel * channels;
    memset(image, 0, conv->height * conv->width * channels * sizeof *image);
    for (size_t oy = 0; oy < kernels_conv_out_height(conv); oy++)
        for (size_t ox = 0; ox < kernels_conv_out_width(conv); ox++) {
            overlap over = overlap_at(conv, ox);
            size_t before = over.first * channels, length = (over.end - over.first) * channels;
            for (size_t ky = 0; ky < conv->kernel; ky++, columns += row) {
                size_t y = oy * conv->stride + ky;
                if (y < conv->padding || y - conv->padding >= conv->height)
                    continue;
                float *to = image + ((y - conv->padding) * conv->width + over.column) * channels;
                const float *from = columns + before;
                for (size_t i = 0; i < length; i++)
                    to[i] += from[i];
            }
        }
}

/* The images of one chunk of a batch, as one matrix product sees them. */
typedef struct chunk {
    size_t images, pixels;
    size_t x_offset, y_offset;
} chunk;

static chunk chunk_at(const kernels_conv *conv, size_t first, size_t count)
{
    size_t images = chunk_images(conv);
    size_t area = kernels_conv_out_height(conv) * kernels_conv_out_width(conv);
    if (images > count - first)
        images = count - first;
    return (chunk){.images = images,
                   .pixels = images * area,
                   .x_offset = first * conv->height * conv->width * conv->channels,
                   .y_offset = first * area * conv->filters};
}

static void unfold_chunk(const kernels_conv *conv, const chunk *at, const float *x, float *columns)
{
    size_t image = conv->height * conv->width * conv->channels;
    for (size_t i = 0; i < at->images; i++)
        unfold(conv, x + at->x_offset + i * image, columns + i * image_columns(conv));
}

static size_t conv_memory(const kernels_conv *conv, bool train)
{
    (void)conv, (void)train;
    return 0;
}

static int conv_forward(const engine_conv *c, const float *x, float *y, uint8_t *winner)
{
    (void)winner;
    const kernels_conv *conv = &c->shape;
    const float *bias = c->bias;
    float *scratch = c->scratch;
    size_t patch = patch_size(conv), filters = conv->filters;
    for (size_t first = 0; first < c->count;) {
        chunk at = chunk_at(conv, first, c->count);
        float *out = y + at.y_offset;
        unfold_chunk(conv, &at, x, scratch);
        if (bias)
            vector_fill_rows(at.pixels, filters, bias, out);
        gemm(false, false, at.pixels, filters, patch, scratch, patch, c->weights, filters,
             bias ? 1.0f : 0.0f, out, filters);
        if (c->relu)
            vector_relu(at.pixels * filters, out);
        first += at.images;
    }
    return FB_OK;
}

static void weight_gradient(const engine_conv *c, const float *x, const float *dy,
                            float *d_weights, float *d_bias)
{
    const kernels_conv *conv = &c->shape;
    size_t patch = patch_size(conv), filters = conv->filters;
    if (c->first)
        memset(d_weights, 0, patch * filters * sizeof *d_weights);
    if (c->first && c->bias)
        memset(d_bias, 0, filters * sizeof *d_bias);
    for (size_t first = 0; first < c->count;) {
        chunk at = chunk_at(conv, first, c->count);
        unfold_chunk(conv, &at, x, c->scratch);
        gemm(true, false, patch, filters, at.pixels, c->scratch, patch, dy + at.y_offset, filters,
             1.0f, d_weights, filters);
        first += at.images;
    }
    if (c->bias)
        vector_add_rows(c->count * kernels_conv_out_height(conv) * kernels_conv_out_width(conv),
                        filters, dy, d_bias);
}

static void input_gradient(const engine_conv *c, const float *dy, float *dx)
{
    const kernels_conv *conv = &c->shape;
    float *scratch = c->scratch;
    size_t patch = patch_size(conv), filters = conv->filters;
    size_t image = conv->height * conv->width * conv->channels;
    for (size_t first = 0; first < c->count;) {
        chunk at = chunk_at(conv, first, c->count);
        gemm(false, true, at.pixels, patch, filters, dy + at.y_offset, filters, c->weights, filters,
             0.0f, scratch, patch);
        for (size_t i = 0; i < at.images; i++)
            fold(conv, scratch + i * image_columns(conv), dx + at.x_offset + i * image);
        first += at.images;
    }
}

static int conv_gradients(const engine_conv *c, const float *x, const float *dy,
                          const uint8_t *winner, float *d_weights, float *d_bias, float *dx)
{
    (void)winner;
    weight_gradient(c, x, dy, d_weights, d_bias);
    if (dx)
        input_gradient(c, dy, dx);
    return FB_OK;
}

/* The first "model name" of /proc/cpuinfo; "unknown CPU" where there is none. */
static void cpu_model(char *out, size_t size)
{
    char line[256];
    snprintf(out, size, "unknown CPU");
    FILE *file = fopen("/proc/cpuinfo", "re");
    if (!file)
        return;
    while (fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) != 0 || !colon)
            continue;
        line[strcspn(line, "\n")] = '\0';
        snprintf(out, size, "%s", colon + 1 + strspn(colon + 1, " \t"));
        break;
    }
    fclose(file);
}

const char *engine_blas_fingerprint(void)
{
    static char text[512];
    if (!text[0]) {
        char model[256];
        cpu_model(model, sizeof model);
        snprintf(text, sizeof text, "%s %s on %s", openblas_get_config(), openblas_get_corename(),
                 model);
    }
    return text;
}

static bool pools(const kernels_conv *conv)
{
    (void)conv;
    return false;
}

const engine_ops engine_blas = {
    .name = "blas",
    .prepare = prepare,
    .conv_scratch = conv_scratch,
    .conv_memory = conv_memory,
    .dense_forward = dense_forward,
    .dense_gradients = dense_gradients,
    .conv_forward = conv_forward,
    .conv_gradients = conv_gradients,
    .pools = pools,
};
