/* Batch normalisation (Ioffe & Szegedy 2015) over batch and pixels, perhaps with ReLU: weights are
 * gamma, the bias is beta. In training by the batch's own mean and variance, whose running means
 * are the layer's state (mean, then variance; as PyTorch's, the variance is divided by n - 1) and
 * what every other pass uses. From forward to backward it saves the mean and 1 / standard
 * deviation.
 *
 * A batch of one pixel has no variance: its outputs are beta, nothing is learnt of gamma, and the
 * running variance stays what it is. */
#include <math.h>

#include "network.h"

static const double USUAL_MOMENTUM = 0.1, USUAL_EPSILON = 1e-5;

/* Where all values of a channel are the same, 1 / sqrt(epsilon) must be a float. */
static const double LEAST_EPSILON = 1e-30;

static int resolve(nn_layer *layer, fb_error *err)
{
    nn_layer_spec *spec = &layer->spec;
    size_t channels = layer->in.channels;
    if (spec->momentum == 0.0)
        spec->momentum = USUAL_MOMENTUM;
    if (spec->epsilon == 0.0)
        spec->epsilon = USUAL_EPSILON;
    if (!(spec->momentum > 0.0 && spec->momentum <= 1.0))
        return fb_fail(err, FB_EINVAL, "the momentum of running statistics must be in (0, 1], not "
                       "%g", spec->momentum);
    if (!(spec->epsilon >= LEAST_EPSILON && spec->epsilon < HUGE_VAL))
        return fb_fail(err, FB_EINVAL, "an epsilon must be at least %g, not %g", LEAST_EPSILON,
                       spec->epsilon);
    layer->out = layer->in;
    layer->weight_count = channels;
    layer->bias_count = channels;
    layer->state_count = 2 * channels;
    layer->saved_count = 2 * channels;
    return FB_OK;
}

void batch_norm_initialize(nn_layer *layer)
{
    size_t channels = layer->in.channels;
    for (size_t c = 0; c < channels; c++) {
        layer->weights[c] = 1.0f;
        layer->bias[c] = 0.0f;
        layer->state[c] = 0.0f;
        layer->state[channels + c] = 1.0f;
    }
}

/* inverse = 1 / sqrt(variance + epsilon), in place too. */
static void invert(size_t channels, double epsilon, const float *variance, float *inverse)
{
    for (size_t c = 0; c < channels; c++)
        inverse[c] = (float)(1.0 / sqrt((double)variance[c] + epsilon));
}

static void update_running(nn_layer *layer, size_t count, const float *mean, const float *variance)
{
    size_t channels = layer->in.channels;
    float *running_mean = layer->state, *running_variance = layer->state + channels;
    double momentum = layer->spec.momentum, rest = 1.0 - momentum;
    for (size_t c = 0; c < channels; c++)
        running_mean[c] = (float)(rest * (double)running_mean[c] + momentum * (double)mean[c]);
    if (count == 1)
        return;
    double unbiased = (double)count / (double)(count - 1);
    for (size_t c = 0; c < channels; c++)
        running_variance[c] = (float)(rest * (double)running_variance[c] +
                                      momentum * (unbiased * (double)variance[c]));
}

/* The whole layer, by the batch's statistics. */
static kernels_batch_norm by_batch(const nn_layer *layer)
{
    size_t channels = layer->in.channels;
    return (kernels_batch_norm){.channels = channels, .stride = channels, .mean = layer->saved,
                                .inverse = layer->saved + channels, .gamma = layer->weights,
                                .beta = layer->bias, .relu = layer->spec.relu};
}

static size_t pixels_of(const nn_layer *layer, size_t rows)
{
    return rows * layer->in.height * layer->in.width;
}

static void forward_training(nn_layer *layer, size_t count, const float *x, float *y)
{
    size_t channels = layer->in.channels;
    float *mean = layer->saved, *variance = layer->saved + channels;
    kernels_batch_norm norm = by_batch(layer);
    kernels_batch_norm_statistics(count, channels, channels, x, mean, variance);
    update_running(layer, count, mean, variance);
    invert(channels, layer->spec.epsilon, variance, variance);
    kernels_batch_norm_forward(&norm, count, x, y);
}

/* By the running statistics, a slice of the channels at a time. */
static void forward_evaluation(const nn_layer *layer, size_t count, const float *x, float *y)
{
    enum { SLICE = 256 };
    float inverse[SLICE];
    size_t channels = layer->in.channels;
    for (size_t first = 0; first < channels; first += SLICE) {
        kernels_batch_norm norm = {
            .channels = channels - first < SLICE ? channels - first : SLICE,
            .stride = channels,
            .mean = layer->state + first,
            .inverse = inverse,
            .gamma = layer->weights + first,
            .beta = layer->bias + first,
            .relu = layer->spec.relu,
        };
        invert(norm.channels, layer->spec.epsilon, layer->state + channels + first, inverse);
        kernels_batch_norm_forward(&norm, count, x + first, y + first);
    }
}

static int forward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x, float *y)
{
    if (pass->kind == PASS_TRAIN)
        forward_training(layer, pixels_of(layer, rows), x, y);
    else
        forward_evaluation(layer, pixels_of(layer, rows), x, y);
    return FB_OK;
}

static int backward(nn_layer *layer, const layer_pass *pass, size_t rows, const float *x,
                    const float *y, float *dy, float *dx)
{
    (void)pass, (void)y;
    size_t count = pixels_of(layer, rows);
    kernels_batch_norm norm = by_batch(layer);
    kernels_batch_norm_gradients(&norm, count, x, dy, layer->d_weights, layer->d_bias);
    if (dx)
        kernels_batch_norm_input_gradient(&norm, count, count, x, dy, layer->d_weights,
                                          layer->d_bias, dx);
    return FB_OK;
}

const layer_ops layer_batch_norm_ops = {"batch norm", resolve, forward, backward, false};
