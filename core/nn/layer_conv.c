/* Convolution: stride 1, bias, optional ReLU; weights (kernel, kernel, channels, filters). Where
 * the engine can, the max pooling behind it is done here too. */
#include "network.h"
#include "vector.h"

static int resolve(nn_layer *layer, fb_error *err)
{
    const nn_layer_spec *spec = &layer->spec;
    nn_shape in = layer->in;
    if (spec->size == 0 || spec->kernel == 0)
        return fb_fail(err, FB_EINVAL, "a convolution needs at least one filter and a kernel "
                       "size");
    if (spec->same && spec->kernel % 2 == 0)
        return fb_fail(err, FB_EINVAL, "`same` padding needs an odd kernel, not %zu",
                       spec->kernel);
    size_t padding = spec->same ? spec->kernel / 2 : 0;
    if (spec->kernel > in.height + 2 * padding || spec->kernel > in.width + 2 * padding)
        return fb_fail(err, FB_EINVAL, "the kernel of %zu is larger than its input of %zu x %zu",
                       spec->kernel, in.height, in.width);
    layer->conv = (kernels_conv){.height = in.height, .width = in.width, .channels = in.channels,
                                 .kernel = spec->kernel, .padding = padding,
                                 .filters = spec->size};
    layer->out = (nn_shape){in.height + 2 * padding - spec->kernel + 1,
                            in.width + 2 * padding - spec->kernel + 1, spec->size};
    layer->fan_in = checked_size(spec->kernel, spec->kernel, in.channels);
    layer->weight_count = checked_size(layer->fan_in, spec->size, 1);
    layer->bias_count = spec->size;
    if (!checked_size(layer->fan_in, layer->out.height, layer->out.width))
        return fb_fail(err, FB_ERANGE, "the convolution's unfolded input is too large");
    return FB_OK;
}

static int forward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x, float *y)
{
    if (layer->pools) {
        uint8_t *winner = layer->winner;
        if (winner)
            winner += pass->first_row * layer_output_size(layer);
        return pass->engine->conv_pool_forward(&layer->conv, rows, x, layer->weights, layer->bias,
                                               layer->spec.relu, y,
                                               pass->kind == PASS_TRAIN ? winner : NULL,
                                               pass->scratch);
    }
    return pass->engine->conv_forward(&layer->conv, rows, x, layer->weights, layer->bias,
                                      layer->spec.relu, y, pass->scratch);
}

static int backward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x,
                    const float *y, float *dy, float *dx)
{
    if (layer->pools)
        return pass->engine->conv_pool_gradients(&layer->conv, rows, x, layer->weights, dy,
                                                 layer->winner, layer->d_weights, layer->d_bias,
                                                 dx, pass->scratch);
    if (layer->spec.relu)
        vector_relu_gradient(rows * nn_shape_size(layer->out), y, dy);
    return pass->engine->conv_gradients(&layer->conv, rows, x, layer->weights, dy, layer->d_weights,
                                        layer->d_bias, dx, pass->scratch);
}

const layer_ops layer_conv_ops = {"convolution", resolve, forward, backward, true};
