/* Max pooling, 2 x 2, stride 2; an odd last row or column is dropped. */
#include <string.h>

#include "network.h"

static int resolve(nn_layer *layer, fb_error *err)
{
    nn_shape in = layer->in;
    if (in.height < 2 || in.width < 2)
        return fb_fail(err, FB_EINVAL, "2 x 2 pooling needs an input of at least 2 x 2, not %zu x "
                       "%zu", in.height, in.width);
    layer->out = (nn_shape){in.height / 2, in.width / 2, in.channels};
    return FB_OK;
}

static void pool_pixel(size_t channels, size_t row, const float *restrict x, float *restrict y)
{
    for (size_t c = 0; c < channels; c++) {
        float a = x[c], b = x[channels + c], d = x[row + c], e = x[row + channels + c];
        float top = b > a ? b : a, bottom = e > d ? e : d;
        y[c] = bottom > top ? bottom : top;
    }
}

/* The gradient goes to the first of the four, in reading order, that has the largest value. It is
 * found again from x, which is as fast as reading an index would be. */
static void pool_pixel_gradient(size_t channels, size_t row, const float *restrict x,
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

static int forward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x, float *y)
{
    (void)pass;
    nn_shape in = layer->in, out = layer->out;
    size_t channels = in.channels, row = in.width * channels;
    for (size_t r = 0; r < rows; r++, x += in.height * row)
        for (size_t i = 0; i < out.height; i++)
            for (size_t j = 0; j < out.width; j++, y += channels)
                pool_pixel(channels, row, x + 2 * i * row + 2 * j * channels, y);
    return FB_OK;
}

static int backward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x,
                    const float *y, float *dy, float *dx)
{
    (void)pass, (void)y;
    nn_shape in = layer->in, out = layer->out;
    size_t channels = in.channels, row = in.width * channels, image = in.height * row;
    if (!dx)
        return FB_OK;
    if (in.height % 2 || in.width % 2)
        memset(dx, 0, rows * image * sizeof *dx);
    for (size_t r = 0; r < rows; r++, x += image, dx += image)
        for (size_t i = 0; i < out.height; i++)
            for (size_t j = 0; j < out.width; j++, dy += channels) {
                size_t at = 2 * i * row + 2 * j * channels;
                pool_pixel_gradient(channels, row, x + at, dy, dx + at);
            }
    return FB_OK;
}

const layer_ops layer_pool_ops = {"max pool", resolve, forward, backward, true};
