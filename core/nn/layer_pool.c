/* Max pooling. The gradient goes to the first pixel of the window, in reading order, that has the
 * largest value. It is found again from x, which is as fast as reading an index would be. */
#include <string.h>

#include "pool.h"

/* ---- windows of 2 x 2 side by side: no pixel is in two of them ------------------------------ */

static bool is_usual(const nn_layer *layer)
{
    return layer->spec.kernel == 2 && layer->spec.stride == 2;
}

static void pool_four(size_t channels, size_t row, const float *restrict x, float *restrict y)
{
    for (size_t c = 0; c < channels; c++) {
        float a = x[c], b = x[channels + c], d = x[row + c], e = x[row + channels + c];
        float top = b > a ? b : a, bottom = e > d ? e : d;
        y[c] = bottom > top ? bottom : top;
    }
}

static void pool_four_gradient(size_t channels, size_t row, const float *restrict x,
                               const float *restrict dy, float *restrict dx)
{
    for (size_t c = 0; c < channels; c++) {
        float a = x[c], b = x[channels + c], d = x[row + c], e = x[row + channels + c];
        float top = b > a ? b : a, bottom = e > d ? e : d;
        float upper = bottom > top ? 0.0f : dy[c], lower = bottom > top ? dy[c] : 0.0f;
        dx[c] = b > a ? 0.0f : upper;
        dx[channels + c] = b > a ? upper : 0.0f;
        dx[row + c] = e > d ? 0.0f : lower;
        dx[row + channels + c] = e > d ? lower : 0.0f;
    }
}

/* ---- any windows --------------------------------------------------------------------------- */

static void pool_any(const nn_layer *layer, const float *restrict x, float *restrict y)
{
    size_t channels = layer->in.channels, kernel = layer->spec.kernel;
    memcpy(y, x, channels * sizeof *y);
    for (size_t a = 0; a < kernel; a++)
        for (size_t b = 0; b < kernel; b++) {
            const float *pixel = x + pool_pixel(layer, a, b);
            for (size_t c = 0; c < channels; c++)
                y[c] = pixel[c] > y[c] ? pixel[c] : y[c];
        }
}

/* Adds to dx, because windows may overlap. */
static void pool_any_gradient(const nn_layer *layer, const float *restrict x,
                              const float *restrict dy, float *restrict dx)
{
    size_t kernel = layer->spec.kernel;
    for (size_t c = 0; c < layer->in.channels; c++) {
        size_t first = c;
        for (size_t a = 0; a < kernel; a++)
            for (size_t b = 0; b < kernel; b++) {
                size_t at = pool_pixel(layer, a, b) + c;
                first = x[at] > x[first] ? at : first;
            }
        dx[first] += dy[c];
    }
}

/* ---- the layer ----------------------------------------------------------------------------- */

static int forward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x, float *y)
{
    (void)pass;
    nn_shape in = layer->in, out = layer->out;
    size_t channels = in.channels, row = in.width * channels;
    bool usual = is_usual(layer);
    for (size_t r = 0; r < rows; r++, x += in.height * row)
        for (size_t i = 0; i < out.height; i++)
            for (size_t j = 0; j < out.width; j++, y += channels)
                if (usual)
                    pool_four(channels, row, x + pool_window(layer, i, j), y);
                else
                    pool_any(layer, x + pool_window(layer, i, j), y);
    return FB_OK;
}

static int backward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x,
                    const float *y, float *dy, float *dx)
{
    (void)pass, (void)y;
    nn_shape in = layer->in, out = layer->out;
    size_t channels = in.channels, row = in.width * channels, image = in.height * row;
    bool usual = is_usual(layer);
    if (!dx)
        return FB_OK;
    if (!usual || in.height % 2 || in.width % 2)
        memset(dx, 0, rows * image * sizeof *dx);
    for (size_t r = 0; r < rows; r++, x += image, dx += image)
        for (size_t i = 0; i < out.height; i++)
            for (size_t j = 0; j < out.width; j++, dy += channels) {
                size_t at = pool_window(layer, i, j);
                if (usual)
                    pool_four_gradient(channels, row, x + at, dy, dx + at);
                else
                    pool_any_gradient(layer, x + at, dy, dx + at);
            }
    return FB_OK;
}

const layer_ops layer_pool_ops = {"max pool", pool_resolve, forward, backward, true};
