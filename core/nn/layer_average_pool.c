/* Average pooling: the mean over each window, its sum in reading order. */
#include <string.h>

#include "pool.h"

static float window_size(const nn_layer *layer)
{
    return (float)(layer->spec.kernel * layer->spec.kernel);
}

static void average(const nn_layer *layer, const float *restrict x, float *restrict y)
{
    size_t channels = layer->in.channels, kernel = layer->spec.kernel;
    float size = window_size(layer);
    memset(y, 0, channels * sizeof *y);
    for (size_t a = 0; a < kernel; a++)
        for (size_t b = 0; b < kernel; b++) {
            const float *pixel = x + pool_pixel(layer, a, b);
            for (size_t c = 0; c < channels; c++)
                y[c] += pixel[c];
        }
    for (size_t c = 0; c < channels; c++)
        y[c] /= size;
}

/* Adds to dx, because windows may overlap. */
static void average_gradient(const nn_layer *layer, const float *restrict dy, float *restrict dx)
{
    size_t kernel = layer->spec.kernel;
    float size = window_size(layer);
    for (size_t a = 0; a < kernel; a++)
        for (size_t b = 0; b < kernel; b++) {
            float *pixel = dx + pool_pixel(layer, a, b);
            for (size_t c = 0; c < layer->in.channels; c++)
                pixel[c] += dy[c] / size;
        }
}

static int forward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x, float *y)
{
    (void)pass;
    nn_shape in = layer->in, out = layer->out;
    for (size_t r = 0; r < rows; r++, x += nn_shape_size(in))
        for (size_t i = 0; i < out.height; i++)
            for (size_t j = 0; j < out.width; j++, y += out.channels)
                average(layer, x + pool_window(layer, i, j), y);
    return FB_OK;
}

static int backward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x,
                    const float *y, float *dy, float *dx)
{
    (void)pass, (void)x, (void)y;
    nn_shape in = layer->in, out = layer->out;
    if (!dx)
        return FB_OK;
    memset(dx, 0, rows * nn_shape_size(in) * sizeof *dx);
    for (size_t r = 0; r < rows; r++, dx += nn_shape_size(in))
        for (size_t i = 0; i < out.height; i++)
            for (size_t j = 0; j < out.width; j++, dy += out.channels)
                average_gradient(layer, dy, dx + pool_window(layer, i, j));
    return FB_OK;
}

const layer_ops layer_average_pool_ops = {"average pool", pool_resolve, forward, backward, true};
