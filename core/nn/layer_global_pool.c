/* Global average pooling: the mean over all pixels, their sum in reading order. */
#include "network.h"
#include "vector.h"

static int resolve(nn_layer *layer, fb_error *err)
{
    (void)err;
    layer->out = (nn_shape){1, 1, layer->in.channels};
    return FB_OK;
}

static int forward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x, float *y)
{
    (void)pass;
    size_t channels = layer->in.channels, pixels = layer->in.height * layer->in.width;
    for (size_t r = 0; r < rows; r++, x += pixels * channels, y += channels) {
        vector_sum_rows(pixels, channels, x, y);
        for (size_t c = 0; c < channels; c++)
            y[c] /= (float)pixels;
    }
    return FB_OK;
}

static int backward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x,
                    const float *y, float *dy, float *dx)
{
    (void)pass, (void)x, (void)y;
    size_t channels = layer->in.channels, pixels = layer->in.height * layer->in.width;
    if (!dx)
        return FB_OK;
    for (size_t r = 0; r < rows; r++, dx += pixels * channels, dy += channels) {
        for (size_t c = 0; c < channels; c++)
            dy[c] /= (float)pixels;
        vector_fill_rows(pixels, channels, dy, dx);
    }
    return FB_OK;
}

const layer_ops layer_global_pool_ops = {"global pool", resolve, forward, backward, true};
