/* Dense layer over the flattened input: y = x W + b, optional ReLU; weights (in, units). */
#include "network.h"

static int resolve(nn_layer *layer, fb_error *err)
{
    if (layer->spec.size == 0)
        return fb_fail(err, FB_EINVAL, "a dense layer that is not the last needs at least one "
                       "unit");
    layer->out = (nn_shape){1, 1, layer->spec.size};
    layer->fan_in = nn_shape_size(layer->in);
    layer->weight_count = checked_size(layer->fan_in, layer->spec.size, 1);
    layer->bias_count = layer->spec.size;
    return FB_OK;
}

static int forward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x, float *y)
{
    const kernels_dense dense = {.batch = rows, .in = layer->fan_in, .units = layer->spec.size};
    return pass->engine->dense_forward(&dense, x, layer->weights, layer->bias, layer->spec.relu, y);
}

typedef struct update_of {
    const layer_pass *pass;
    const nn_layer *layer;
} update_of;

static void update(void *context, size_t first, size_t count, const float *gradient)
{
    const update_of *of = context;
    of->pass->update(of->pass->update_context, of->layer, first, count, gradient);
}

static int backward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x,
                    const float *y, float *dy, float *dx)
{
    const kernels_dense dense = {.batch = rows, .in = layer->fan_in, .units = layer->spec.size};
    update_of of = {pass, layer};
    if (layer->spec.relu)
        kernels_relu_gradient(rows * dense.units, y, dy);
    kernels_sum_rows(rows, dense.units, dy, false, layer->d_bias);
    return pass->engine->dense_gradients(&dense, x, dy, layer->weights, dx, layer->d_weights,
                                         pass->update ? update : NULL, &of);
}

const layer_ops layer_dense_ops = {"dense", resolve, forward, backward, false};
