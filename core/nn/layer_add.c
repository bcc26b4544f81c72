/* The sum of two outputs, perhaps with ReLU: what closes a residual block (He et al. 2016). */
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
    const float *restrict a = x, *restrict b = layer->second;
    float *restrict sum = y;
    size_t count = rows * nn_shape_size(layer->out);
    if (layer->spec.relu)
        for (size_t i = 0; i < count; i++)
            sum[i] = a[i] + b[i] < 0.0f ? 0.0f : a[i] + b[i];
    else
        for (size_t i = 0; i < count; i++)
            sum[i] = a[i] + b[i];
    return FB_OK;
}

/* Makes dy the gradient of either summand. */
static int backward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x,
                    const float *y, float *dy, float *dx)
{
    (void)pass, (void)x, (void)dx;
    size_t count = rows * nn_shape_size(layer->out);
    for (size_t i = 0; layer->spec.relu && i < count; i++)
        dy[i] = y[i] > 0.0f ? dy[i] : 0.0f;
    return FB_OK;
}

const layer_ops layer_add_ops = {"sum", resolve, forward, backward, true};
