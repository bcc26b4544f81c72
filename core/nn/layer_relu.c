/* ReLU by itself; a NaN stays. */
#include "network.h"

static int resolve(nn_layer *layer, fb_error *err)
{
    (void)err;
    layer->out = layer->in;
    return FB_OK;
}

static int forward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x, float *y)
{
    (void)pass;
    const float *restrict from = x;
    float *restrict to = y;
    size_t count = rows * nn_shape_size(layer->out);
    for (size_t i = 0; i < count; i++)
        to[i] = from[i] < 0.0f ? 0.0f : from[i];
    return FB_OK;
}

static int backward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x,
                    const float *y, float *dy, float *dx)
{
    (void)pass, (void)x;
    const float *restrict from = dy, *restrict out = y;
    float *restrict to = dx;
    size_t count = rows * nn_shape_size(layer->out);
    for (size_t i = 0; to && i < count; i++)
        to[i] = out[i] > 0.0f ? from[i] : 0.0f;
    return FB_OK;
}

const layer_ops layer_relu_ops = {"ReLU", resolve, forward, backward, true};
