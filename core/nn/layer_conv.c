/* Convolution: bias unless no_bias, optional ReLU; weights (kernel, kernel, channels, filters).
 * Where the engine can, the max pooling behind it is done here too. */
#include "network.h"

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

/* Of the rows first_row ... of the batch. */
static engine_conv part_of(const nn_layer *layer, const layer_pass *pass, size_t rows)
{
    return (engine_conv){
        .shape = layer->conv,
        .relu = layer->spec.relu,
        .pool = layer->pools,
        .weights = layer->weights,
        .bias = layer->spec.no_bias ? NULL : layer->bias,
        .count = rows,
        .first = pass->first_row == 0,
        .last = pass->first_row + rows == pass->rows,
        .memory = layer->memory,
        .scratch = pass->scratch,
    };
}

/* NULL where it has none. */
static uint8_t *winner_of(const nn_layer *layer, const layer_pass *pass)
{
    uint8_t *winner = layer->winner;
    return winner ? winner + pass->first_row * layer_output_size(layer) : NULL;
}

static int forward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x, float *y)
{
    const engine_conv part = part_of(layer, pass, rows);
    return pass->engine->conv_forward(&part, x, y,
                                      pass->kind == PASS_TRAIN ? winner_of(layer, pass) : NULL);
}

static int backward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x,
                    const float *y, float *dy, float *dx)
{
    const engine_conv part = part_of(layer, pass, rows);
    if (layer->spec.relu && !layer->pools)
        kernels_relu_gradient(rows * nn_shape_size(layer->out), y, dy);
    return pass->engine->conv_gradients(&part, x, dy, winner_of(layer, pass), layer->d_weights,
                                        layer->d_bias, dx);
}

const layer_ops layer_conv_ops = {"convolution", resolve, forward, backward, true};
