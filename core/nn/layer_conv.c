/* Convolution: bias unless no_bias, optional ReLU; weights (kernel, kernel, channels, filters).
 * Where the engine can, the max pooling behind it is done here too. */
#include "network.h"
#include "vector.h"

static int check_kernel(const nn_layer *layer, size_t padding, fb_error *err)
{
    const nn_layer_spec *spec = &layer->spec;
    nn_shape in = layer->in;
    if (spec->size == 0 || spec->kernel == 0)
        return fb_fail(err, FB_EINVAL, "a convolution needs at least one filter and a kernel "
                       "size");
    if (spec->same && spec->kernel % 2 == 0)
        return fb_fail(err, FB_EINVAL, "`same` padding needs an odd kernel, not %zu",
                       spec->kernel);
    if (spec->kernel > in.height + 2 * padding || spec->kernel > in.width + 2 * padding)
        return fb_fail(err, FB_EINVAL, "the kernel of %zu is larger than its input of %zu x %zu",
                       spec->kernel, in.height, in.width);
    return FB_OK;
}

static int resolve(nn_layer *layer, fb_error *err)
{
    nn_layer_spec *spec = &layer->spec;
    nn_shape in = layer->in;
    size_t padding = spec->same ? spec->kernel / 2 : 0;
    int rc = check_kernel(layer, padding, err);
    if (rc)
        return rc;
    if (spec->stride == 0)
        spec->stride = 1;
    layer->conv = (kernels_conv){.height = in.height, .width = in.width, .channels = in.channels,
                                 .kernel = spec->kernel, .stride = spec->stride,
                                 .padding = padding, .filters = spec->size};
    layer->out = (nn_shape){kernels_conv_out_height(&layer->conv),
                            kernels_conv_out_width(&layer->conv), spec->size};
    layer->fan_in = checked_size(spec->kernel, spec->kernel, in.channels);
    layer->weight_count = checked_size(layer->fan_in, spec->size, 1);
    layer->bias_count = spec->no_bias ? 0 : spec->size;
    if (!checked_size(layer->fan_in, layer->out.height, layer->out.width))
        return fb_fail(err, FB_ERANGE, "the convolution's unfolded input is too large");
    return FB_OK;
}

static int forward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x, float *y)
{
    const float *bias = layer->spec.no_bias ? NULL : layer->bias;
    if (layer->pools) {
        uint8_t *winner = layer->winner;
        if (winner)
            winner += pass->first_row * layer_output_size(layer);
        return pass->engine->conv_pool_forward(&layer->conv, rows, x, layer->weights, bias,
                                               layer->spec.relu, y,
                                               pass->kind == PASS_TRAIN ? winner : NULL,
                                               pass->scratch);
    }
    return pass->engine->conv_forward(&layer->conv, rows, x, layer->weights, bias,
                                      layer->spec.relu, y, pass->scratch);
}

static int backward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x,
                    const float *y, float *dy, float *dx)
{
    float *d_bias = layer->spec.no_bias ? NULL : layer->d_bias;
    if (layer->pools)
        return pass->engine->conv_pool_gradients(&layer->conv, rows, x, layer->weights, dy,
                                                 layer->winner, layer->d_weights, d_bias, dx,
                                                 pass->scratch);
    if (layer->spec.relu)
        vector_relu_gradient(rows * nn_shape_size(layer->out), y, dy);
    return pass->engine->conv_gradients(&layer->conv, rows, x, layer->weights, dy,
                                        layer->d_weights, d_bias, dx, pass->scratch);
}

const layer_ops layer_conv_ops = {"convolution", resolve, forward, backward, true};
