/* Dense layer over the flattened input: y = x W + b, optional ReLU; weights (in, units). */
#include "network.h"
#include "vector.h"

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
    size_t in = layer->fan_in, units = layer->spec.size;
    vector_fill_rows(rows, units, layer->bias, y);
    int rc = pass->engine->gemm(false, false, rows, units, in, x, in, layer->weights, units, 1.0f,
                                y, units);
    if (!rc && layer->spec.relu)
        vector_relu(rows * units, y);
    return rc;
}

static int backward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x,
                    const float *y, float *dy, float *dx)
{
    size_t in = layer->fan_in, units = layer->spec.size;
    if (layer->spec.relu)
        vector_relu_gradient(rows * units, y, dy);
    vector_sum_rows(rows, units, dy, layer->d_bias);
    int rc = pass->engine->gemm(true, false, in, units, rows, x, in, dy, units, 0.0f,
                                layer->d_weights, units);
    if (rc || !dx)
        return rc;
    return pass->engine->gemm(false, true, rows, in, units, dy, units, layer->weights, units, 0.0f,
                              dx, in);
}

const layer_ops layer_dense_ops = {"dense", resolve, forward, backward, false};
