/* The memory of a pass: activations, masks, and the gradients of activations. */
#include "network.h"

#include "alloc.h"

/* Floats of the largest gradient of a row that a buffer for whole batches holds. The chunked
 * layers' are in buffers of their own, but for that of what they give. */
static size_t largest_gradient(const nn_network *network)
{
    size_t first = network->chunk_layers > 0 ? network->chunk_layers - 1 : 0, largest = 0;
    for (size_t i = first; i < network->layer_count; i++) {
        size_t size = layer_output_size(&network->layers[i]);
        largest = size > largest ? size : largest;
    }
    return largest;
}

/* ... and of the largest between the chunked layers. */
static size_t largest_chunk_gradient(const nn_network *network)
{
    size_t largest = 0;
    for (size_t i = 0; i + 1 < network->chunk_layers; i++) {
        size_t size = layer_output_size(&network->layers[i]);
        largest = size > largest ? size : largest;
    }
    return largest;
}

/* Of the engine's convolutions. */
typedef struct conv_needs {
    size_t scratch, memory; /* the most that one wants */
} conv_needs;

static conv_needs find_conv_needs(const nn_network *network, bool train)
{
    conv_needs most = {0};
    for (size_t i = 0; i < network->layer_count; i++) {
        const nn_layer *layer = &network->layers[i];
        if (layer->spec.kind != NN_CONV)
            continue;
        size_t scratch = network->engine->conv_scratch(&layer->conv, train);
        size_t memory = network->engine->conv_memory(&layer->conv, train);
        most.scratch = scratch > most.scratch ? scratch : most.scratch;
        most.memory = memory > most.memory ? memory : most.memory;
    }
    return most;
}

/* Cuts the workspace into its parts for `rows` rows, starting at `base`, and returns the number of
 * floats. A first call with base NULL measures. */
static size_t lay_out(nn_network *network, float *base, size_t rows, bool train)
{
    const conv_needs most = find_conv_needs(network, train);
    size_t chunk = rows < network->chunk_rows ? rows : network->chunk_rows;
    size_t offset = 0;
    float *shared = NULL; /* the memory of convolutions that are done with a batch at once */
#define TAKE(part, floats)                                                                         \
    do {                                                                                           \
        (part) = base ? base + offset : NULL;                                                      \
        offset += network_aligned(floats);                                                         \
    } while (0)
    TAKE(network->scratch, most.scratch);
    TAKE(shared, most.memory);
    TAKE(network->input, rows * nn_shape_size(network->input_shape));
    for (size_t i = 0; i < network->layer_count; i++) {
        nn_layer *layer = &network->layers[i];
        if (layer->done_before)
            continue;
        size_t size = rows * layer_output_size(layer);
        TAKE(layer->output, size);
        layer->memory = shared;
        if (layer->spec.kind == NN_CONV && i < network->chunk_layers)
            TAKE(layer->memory, network->engine->conv_memory(&layer->conv, train));
        if (layer->spec.kind == NN_DROPOUT)
            TAKE(layer->keep, (size + sizeof(float) - 1) / sizeof(float));
        if (layer->pools && train)
            TAKE(layer->winner, (size + sizeof(float) - 1) / sizeof(float));
        if (layer->saved_count > 0 && train)
            TAKE(layer->saved, layer->saved_count);
    }
    for (size_t i = 0; i < 2 && train; i++)
        TAKE(network->chunk_gradients[i], chunk * largest_chunk_gradient(network));
    for (size_t i = 0; i < network->gradient_count && train; i++)
        TAKE(network->gradients[i], rows * largest_gradient(network));
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
