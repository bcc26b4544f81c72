#include "nn_reference.h"

#include <math.h>
#include <stdio.h>
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
    long top = (long)(i * layer->spec.stride) - padding;
    long left = (long)(j * layer->spec.stride) - padding;
    double sum = 0.0;
    for (size_t ky = 0; ky < kernel; ky++)
        for (size_t kx = 0; kx < kernel; kx++)
            for (size_t c = 0; c < channels; c++)
                sum += weights[((ky * kernel + kx) * channels + c) * filters + filter] *
                       pixel(layer->in, x, top + (long)ky, left + (long)kx, c);
    return sum;
}

static void conv_sample(const nn_layer *layer, const double *weights, const double *bias,
                        const double *x, double *y)
{
    for (size_t i = 0; i < layer->out.height; i++)
        for (size_t j = 0; j < layer->out.width; j++)
            for (size_t f = 0; f < layer->spec.size; f++) {
                double value = conv_value(layer, weights, x, i, j, f);
                value += layer->spec.no_bias ? 0.0 : bias[f];
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

/* The maximum or the mean over one window. */
static double pool_value(const nn_layer *layer, const double *x, size_t i, size_t j, size_t channel)
{
    size_t kernel = layer->spec.kernel, stride = layer->spec.stride;
    double sum = 0.0, largest = -(double)INFINITY;
    for (size_t a = 0; a < kernel; a++)
        for (size_t b = 0; b < kernel; b++) {
            double value = pixel(layer->in, x, (long)(i * stride + a), (long)(j * stride + b),
                                 channel);
            sum += value;
            largest = fmax(largest, value);
        }
    return layer->spec.kind == NN_MAX_POOL ? largest : sum / (double)(kernel * kernel);
}

static void pool_sample(const nn_layer *layer, const double *x, double *y)
{
    for (size_t i = 0; i < layer->out.height; i++)
        for (size_t j = 0; j < layer->out.width; j++)
            for (size_t c = 0; c < layer->in.channels; c++)
                *y++ = pool_value(layer, x, i, j, c);
}

static void global_sample(const nn_layer *layer, const double *x, double *y)
{
    size_t channels = layer->in.channels, pixels = layer->in.height * layer->in.width;
    for (size_t c = 0; c < channels; c++) {
        y[c] = 0.0;
        for (size_t i = 0; i < pixels; i++)
            y[c] += x[i * channels + c] / (double)pixels;
    }
}

static void add_sample(const nn_layer *layer, const double *x, const double *second, double *y)
{
    for (size_t i = 0; i < nn_shape_size(layer->out); i++)
        y[i] = layer->spec.relu ? fmax(x[i] + second[i], 0.0) : x[i] + second[i];
}

/* What is passed from layer to layer: the outputs of all of them, of all rows. */
typedef struct activations {
    const nn_network *network;
    size_t rows;
    pass_kind kind;
    const double *outputs[NN_MAX_LAYERS + 1];
} activations;

/* Batch normalisation of all rows: by their own statistics in training, by the running ones
 * otherwise. */
static void norm_rows(const activations *a, const nn_layer *layer, const double *parameters,
                      double *y)
{
    size_t channels = layer->in.channels, count = a->rows * nn_shape_size(layer->in) / channels;
    const double *gamma = parameters + (layer->weights - a->network->parameters);
    const double *beta = parameters + (layer->bias - a->network->parameters);
    const double *x = a->outputs[layer->reads];
    for (size_t c = 0; c < channels; c++) {
        double mean = 0.0, variance = 0.0;
        for (size_t i = 0; i < count; i++)
            mean += x[i * channels + c] / (double)count;
        for (size_t i = 0; i < count; i++)
            variance += pow(x[i * channels + c] - mean, 2.0) / (double)count;
        if (a->kind != PASS_TRAIN) {
            mean = (double)layer->state[c];
            variance = (double)layer->state[channels + c];
        }
        for (size_t i = c; i < count * channels; i += channels) {
            y[i] = gamma[c] * (x[i] - mean) / sqrt(variance + layer->spec.epsilon) + beta[c];
            if (layer->spec.relu)
                y[i] = fmax(y[i], 0.0);
        }
    }
}

static void layer_sample(const activations *a, const nn_layer *layer, const double *parameters,
                         size_t row, double *y)
{
    size_t size = nn_shape_size(layer->out);
    const double *weights = parameters + (layer->weights - a->network->parameters);
    const double *bias = parameters + (layer->bias - a->network->parameters);
    const double *x = a->outputs[layer->reads] + row * nn_shape_size(layer->in);
    const uint8_t *keep = layer->keep;
    switch (layer->spec.kind) {
    case NN_CONV:
        conv_sample(layer, weights, bias, x, y);
        break;
    case NN_MAX_POOL:
    case NN_AVERAGE_POOL:
        pool_sample(layer, x, y);
        break;
    case NN_DROPOUT:
        for (size_t i = 0; i < size; i++)
            y[i] = a->kind == PASS_EVALUATE ? x[i]
                                            : x[i] * keep[row * size + i] / (1 - layer->spec.rate);
        break;
    case NN_DENSE:
        dense_sample(layer, weights, bias, x, y);
        break;
    case NN_ADD:
        add_sample(layer, x, a->outputs[layer->adds] + row * size, y);
        break;
    case NN_GLOBAL_POOL:
        global_sample(layer, x, y);
        break;
    case NN_RELU:
        for (size_t i = 0; i < size; i++)
            y[i] = fmax(x[i], 0.0);
        break;
    default:
        fprintf(stderr, "the reference has no layer of kind %d\n", (int)layer->spec.kind);
        abort();
    }
}

void reference_forward(const nn_network *network, const double *parameters, size_t rows,
                       const double *x, pass_kind kind, double *logits)
{
    activations a = {.network = network, .rows = rows, .kind = kind, .outputs = {x}};
    double *outputs[NN_MAX_LAYERS];
    for (size_t i = 0; i < network->layer_count; i++) {
        const nn_layer *layer = &network->layers[i];
        size_t size = nn_shape_size(layer->out);
        outputs[i] = malloc(rows * size * sizeof *outputs[i]);
        FB_CHECK(outputs[i]);
        if (layer->spec.kind == NN_BATCH_NORM)
            norm_rows(&a, layer, parameters, outputs[i]);
        for (size_t r = 0; r < rows && layer->spec.kind != NN_BATCH_NORM; r++)
            layer_sample(&a, layer, parameters, r, outputs[i] + r * size);
        a.outputs[i + 1] = outputs[i];
    }
    memcpy(logits, outputs[network->layer_count - 1],
           rows * network->class_count * sizeof *logits);
    for (size_t i = 0; i < network->layer_count; i++)
        free(outputs[i]);
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
