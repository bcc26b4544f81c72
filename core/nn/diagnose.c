#include "diagnose.h"

#include <math.h>
#include <stdio.h>

static bool all_finite(size_t count, const float *x)
{
    for (size_t i = 0; i < count; i++)
        if (!isfinite(x[i]))
            return false;
    return true;
}

static bool finite_weights(const nn_layer *layer)
{
    return all_finite(layer->weight_count, layer->weights) &&
           all_finite(layer->bias_count, layer->bias);
}

/* A pooling layer whose work the convolution before it does has no output of its own. */
static bool finite_output(const nn_layer *layer, size_t rows)
{
    return layer->done_before || all_finite(rows * layer_output_size(layer), layer->output);
}

void diagnose_not_finite(const nn_network *network, size_t rows, char ret_clause[DIAGNOSE_SIZE])
{
    if (!all_finite(rows * nn_shape_size(network->input_shape), network->input)) {
        snprintf(ret_clause, DIAGNOSE_SIZE, "the samples hold numbers that are not finite");
        return;
    }
    for (size_t i = 0; i < network->layer_count; i++) {
        const nn_layer *layer = &network->layers[i];
        bool sound = finite_weights(layer);
        if (sound && finite_output(layer, rows))
            continue;
        snprintf(ret_clause, DIAGNOSE_SIZE, "the %s of layer %zu (%s) are not finite",
                 sound ? "outputs" : "weights", i, layer->ops->name);
        return;
    }
    snprintf(ret_clause, DIAGNOSE_SIZE, "%s", rows > 0
             ? "every layer's output is finite, but the logits are too large for a loss"
             : "all weights are finite, but the samples or what they become are not");
}
