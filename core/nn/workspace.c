/* The memory of a pass: activations, masks, and the gradients of activations. */
#include "network.h"

#include "alloc.h"

/* Cuts the workspace into its parts for `rows` rows, starting at `base`, and returns the number of
 * floats. A first call with base NULL measures. */
static size_t lay_out(nn_network *network, float *base, size_t rows, bool train)
{
    size_t offset = 0, largest = 0;
#define TAKE(part, floats)                                                                         \
    do {                                                                                           \
        (part) = base ? base + offset : NULL;                                                      \
        offset += network_aligned(floats);                                                         \
    } while (0)
    TAKE(network->input, rows * nn_shape_size(network->input_shape));
    for (size_t i = 0; i < network->layer_count; i++) {
        nn_layer *layer = &network->layers[i];
        if (layer->done_before)
            continue;
        size_t size = rows * layer_output_size(layer);
        largest = size > largest ? size : largest;
        TAKE(layer->output, size);
        if (layer->spec.kind == NN_DROPOUT)
            TAKE(layer->mask, size);
        if (layer->pools && train)
            TAKE(layer->winner, (size + sizeof(float) - 1) / sizeof(float));
        if (layer->saved_count > 0 && train)
            TAKE(layer->saved, layer->saved_count);
    }
    for (size_t i = 0; i < network->gradient_count && train; i++)
        TAKE(network->gradients[i], largest);
#undef TAKE
    return offset;
}

int network_reserve(nn_network *network, size_t rows, bool train, fb_error *err)
{
    if (network->workspace && rows <= network->rows && (network->trains || !train))
        return FB_OK;
    if (rows < network->rows)
        rows = network->rows;
    train = train || network->trains;
    if (rows > INT32_MAX)
        return fb_fail(err, FB_ERANGE, "a batch of %zu samples is too large", rows);
    fb_free(network->workspace);
    network->workspace = NULL;
    network->rows = 0;
    size_t floats = lay_out(network, NULL, rows, train);
    float *workspace = fb_calloc(floats, sizeof *workspace);
    if (!workspace)
        return fb_fail_memory(err, floats, sizeof *workspace, "the activations of a batch");
    lay_out(network, workspace, rows, train);
    network->workspace = workspace;
    network->rows = rows;
    network->trains = train;
    return FB_OK;
}

int network_allocate_scratch(nn_network *network, fb_error *err)
{
    size_t largest = 0;
    for (size_t i = 0; i < network->layer_count; i++) {
        const nn_layer *layer = &network->layers[i];
        size_t size = 0;
        if (layer->spec.kind == NN_CONV)
            size = network->engine->scratch_size(&layer->conv);
        largest = size > largest ? size : largest;
    }
    network->scratch = fb_calloc(largest, sizeof(float));
    if (!network->scratch)
        return fb_fail_memory(err, largest, sizeof(float), "unfolded images");
    return FB_OK;
}
