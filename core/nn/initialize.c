/* He-normal initialisation (He et al. 2015), truncated at 2 standard deviations as in Keras;
 * batch normalisation starts as the identity. */
#include <math.h>
#include <string.h>

#include "network.h"

/* Standard deviation of a standard normal truncated at 2, by which Keras divides. */
static const double TRUNCATED_SD = 0.87962566103423978;

enum { BLOCK = 256 };

/* Standard normals first .. first+count-1 of a draw; `first` is even. */
static void normals(fb_stream stream, uint64_t draw, size_t first, size_t count, float *out)
{
    uint32_t bits[BLOCK];
    float z[BLOCK];
    size_t even = (count + 1) / 2 * 2;
    fb_stream_bits(stream, draw, first, even, bits);
    kernels_normal(even, bits, z);
    memcpy(out, z, count * sizeof *out);
}

/* Element e is the first of its draws 0, 1, 2, ... whose magnitude is below 2. */
static float redraw(fb_stream stream, size_t element)
{
    float pair[2];
    for (uint64_t draw = 1;; draw++) {
        normals(stream, draw, element / 2 * 2, 2, pair);
        if (fabsf(pair[element % 2]) < 2.0f)
            return pair[element % 2];
    }
}

static void fill_weights(const nn_layer *layer, fb_stream stream)
{
    float sd = (float)(sqrt(2.0 / (double)layer->fan_in) / TRUNCATED_SD);
    for (size_t first = 0; first < layer->weight_count; first += BLOCK) {
        size_t left = layer->weight_count - first, count = left < BLOCK ? left : BLOCK;
        float *weights = layer->weights + first;
        normals(stream, 0, first, count, weights);
        for (size_t i = 0; i < count; i++) {
            float z = fabsf(weights[i]) < 2.0f ? weights[i] : redraw(stream, first + i);
            weights[i] = sd * z;
        }
    }
}

void nn_initialize(nn_network *network, fb_stream stream)
{
    for (size_t i = 0; i < network->layer_count; i++) {
        nn_layer *layer = &network->layers[i];
        if (layer->weight_count == 0)
            continue;
        if (layer->spec.kind == NN_BATCH_NORM) {
            batch_norm_initialize(layer);
            continue;
        }
        fill_weights(layer, fb_stream_sub(stream, "layer", i));
        memset(layer->bias, 0, layer->bias_count * sizeof *layer->bias);
    }
}
