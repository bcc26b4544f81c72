#include "nn_reference.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* An image's value, 0 outside of it. */
static double pixel(nn_shape shape, const double *x, long i, long j, size_t channel)
{
    if (i < 0 || j < 0 || i >= (long)shape.height || j >= (long)shape.width)
        return 0.0;
    return x[((size_t)i * shape.width + (size_t)j) * shape.channels + channel];
}

/* One output value of a convolution before its ReLU. */
static double conv_value(const nn_layer *layer, const double *weights, const double *x, size_t i,
                         size_t j, size_t filter)
{
    size_t kernel = layer->spec.kernel, channels = layer->in.channels, filters = layer->spec.size;
    long padding = layer->spec.same ? (long)kernel / 2 : 0;
    double sum = 0.0;
    for (size_t ky = 0; ky < kernel; ky++)
        for (size_t kx = 0; kx < kernel; kx++)
            for (size_t c = 0; c < channels; c++)
                sum += weights[((ky * kernel + kx) * channels + c) * filters + filter] *
                       pixel(layer->in, x, (long)(i + ky) - padding, (long)(j + kx) - padding, c);
    return sum;
}

static void conv_sample(const nn_layer *layer, const double *weights, const double *bias,
                        const double *x, double *y)
{
    for (size_t i = 0; i < layer->out.height; i++)
        for (size_t j = 0; j < layer->out.width; j++)
            for (size_t f = 0; f < layer->spec.size; f++) {
                double value = conv_value(layer, weights, x, i, j, f) + bias[f];
                *y++ = layer->spec.relu ? fmax(value, 0.0) : value;
            }
}

static void dense_sample(const nn_layer *layer, const double *weights, const double *bias,
                         const double *x, double *y)
{
    size_t in = nn_shape_size(layer->in), units = layer->spec.size;
    for (size_t u = 0; u < units; u++) {
        double sum = bias[u];
        for (size_t i = 0; i < in; i++)
            sum += x[i] * weights[i * units + u];
        y[u] = layer->spec.relu ? fmax(sum, 0.0) : sum;
    }
}

static void pool_sample(const nn_layer *layer, const double *x, double *y)
{
    for (size_t i = 0; i < layer->out.height; i++)
        for (size_t j = 0; j < layer->out.width; j++)
            for (size_t c = 0; c < layer->in.channels; c++) {
                long top = 2 * (long)i, left = 2 * (long)j;
                *y++ = fmax(fmax(pixel(layer->in, x, top, left, c),
                                 pixel(layer->in, x, top, left + 1, c)),
                            fmax(pixel(layer->in, x, top + 1, left, c),
                                 pixel(layer->in, x, top + 1, left + 1, c)));
            }
}

static void layer_sample(const nn_network *network, const nn_layer *layer,
                         const double *parameters, const float *mask, const double *x, double *y)
{
    size_t size = nn_shape_size(layer->out);
    const double *weights = parameters + (layer->weights - network->parameters);
    const double *bias = parameters + (layer->bias - network->parameters);
    switch (layer->spec.kind) {
    case NN_CONV:
        conv_sample(layer, weights, bias, x, y);
        break;
    case NN_MAX_POOL:
        pool_sample(layer, x, y);
        break;
    case NN_DROPOUT:
        for (size_t i = 0; i < size; i++)
            y[i] = mask ? x[i] * (double)mask[i] : x[i];
        break;
    case NN_DENSE:
        dense_sample(layer, weights, bias, x, y);
        break;
    }
}

static size_t largest_activation(const nn_network *network)
{
    size_t largest = nn_shape_size(network->input_shape);
    for (size_t i = 0; i < network->layer_count; i++) {
        size_t size = nn_shape_size(network->layers[i].out);
        largest = size > largest ? size : largest;
    }
    return largest;
}

void reference_forward(const nn_network *network, const double *parameters, size_t rows,
                       const double *x, bool masks, double *logits)
{
    size_t width = nn_shape_size(network->input_shape), largest = largest_activation(network);
    double *buffer = malloc(2 * largest * sizeof *buffer);
    FB_CHECK(buffer);
    for (size_t r = 0; r < rows; r++) {
        double *from = buffer, *to = buffer + largest;
        memcpy(from, x + r * width, width * sizeof *from);
        for (size_t i = 0; i < network->layer_count; i++) {
            const nn_layer *layer = &network->layers[i];
            const float *mask = NULL;
            if (masks && layer->spec.kind == NN_DROPOUT)
                mask = layer->mask + r * nn_shape_size(layer->out);
            layer_sample(network, layer, parameters, mask, from, to);
            double *swap = from;
            from = to;
            to = swap;
        }
        memcpy(logits + r * network->class_count, from, network->class_count * sizeof *from);
    }
    free(buffer);
}

double reference_loss(size_t rows, size_t classes, const double *logits, const uint32_t *labels)
{
    double loss = 0.0;
    for (size_t r = 0; r < rows; r++) {
        const double *row = logits + r * classes;
        double top = row[0], sum = 0.0;
        for (size_t c = 1; c < classes; c++)
            top = fmax(top, row[c]);
        for (size_t c = 0; c < classes; c++)
            sum += exp(row[c] - top);
        loss += log(sum) + top - row[labels[r]];
    }
    return loss / (double)rows;
}
