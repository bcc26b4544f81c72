/* Running the layers of a network forward and backward. */
#include "network.h"

#include <string.h>

layer_pass network_pass(const nn_network *network, pass_kind kind, fb_stream dropout,
                        uint64_t draw)
{
    return (layer_pass){.kind = kind, .engine = network->engine, .scratch = network->scratch,
                        .dropout = dropout, .draw = draw};
}

static int fail_layer(const nn_layer *layer, int rc, fb_error *err)
{
    return fb_fail(err, rc, "layer %zu (%s): %s in a kernel", layer->index, layer->ops->name,
                   fb_status_text(rc));
}

static const float *output_number(const nn_network *network, size_t number)
{
    return number == 0 ? network->x : network->layers[number - 1].y;
}

const float *network_input_of(const nn_network *network, const nn_layer *layer)
{
    return output_number(network, layer->reads);
}

/* The kernels of this thread use the network's threads until it is called with NULL. */
static void use_threads(const nn_network *network)
{
    kernels_use_team(network && network->team.threads ? &network->team : NULL);
}

/* ---- forward ------------------------------------------------------------------------------- */

/* Whether the layer hands its input through. */
static bool passes_through(const nn_layer *layer, const layer_pass *pass)
{
    return layer->done_before ||
           (layer->spec.kind == NN_DROPOUT && pass->kind == PASS_EVALUATE);
}

static int run_layer(nn_network *network, nn_layer *layer, layer_pass pass, size_t rows,
                     fb_error *err)
{
    const float *x = network_input_of(network, layer);
    layer->y = passes_through(layer, &pass) ? x : layer->output;
    if (layer->y == x)
        return FB_OK;
    if (layer->spec.kind == NN_ADD)
        layer->second = output_number(network, layer->adds);
    pass.rows = rows;
    int rc = layer->ops->forward(layer, &pass, rows, x, layer->output);
    return rc ? fail_layer(layer, rc, err) : FB_OK;
}

/* The layers first .. end-1, a chain, on one chunk of rows; x and y are those of the whole
 * batch. An evaluation does not come back to what is between them: it is written over by the
 * next chunk. */
static int run_chunk(nn_network *network, layer_pass pass, size_t first, size_t end, size_t rows,
                     fb_error *err)
{
    const size_t at = pass.first_row;
    const float *x = network_input_of(network, &network->layers[first]) +
                     at * nn_shape_size(network->layers[first].in);
    for (size_t i = first; i < end; i++) {
        nn_layer *layer = &network->layers[i];
        if (passes_through(layer, &pass))
            continue;
        size_t last = i + 1;
        while (last < end && passes_through(&network->layers[last], &pass))
            last++;
        bool kept = pass.kind == PASS_TRAIN || last == end;
        float *y = layer->output + (kept ? at * layer_output_size(layer) : 0);
        int rc = layer->ops->forward(layer, &pass, rows, x, y);
        if (rc)
            return fail_layer(layer, rc, err);
        x = y;
    }
    return FB_OK;
}

/* The layers first .. end-1, chunk after chunk. */
static int run_chunks(nn_network *network, const layer_pass *pass, size_t first, size_t end,
                      size_t rows, fb_error *err)
{
    layer_pass part = *pass;
    int rc = FB_OK;
    part.rows = rows;
    for (size_t i = first; i < end; i++) {
        nn_layer *layer = &network->layers[i];
        layer->y = passes_through(layer, pass) ? network_input_of(network, layer) : layer->output;
    }
    for (size_t row = 0; row < rows && !rc; row += network->chunk_rows) {
        size_t count = rows - row < network->chunk_rows ? rows - row : network->chunk_rows;
        part.first_row = row;
        rc = run_chunk(network, part, first, end, count, err);
    }
    return rc;
}

int network_forward(nn_network *network, const layer_pass *pass, size_t first, size_t end,
                    size_t rows, const float *x, const float **ret_y, fb_error *err)
{
    FB_CHECK(rows <= network->rows);
    if (first == 0)
        network->x = x;
    else
        network->layers[first - 1].y = x;
    /* A mask that all rows share is drawn once, for all rows. */
    size_t chunked = pass->kind == PASS_MONTE_CARLO ? 0 : network->chunk_layers;
    chunked = chunked < end ? chunked : end;
    int rc = FB_OK;
    use_threads(network);
    if (first < chunked) {
        rc = run_chunks(network, pass, first, chunked, rows, err);
        first = chunked;
    }
    for (size_t i = first; i < end && !rc; i++)
        rc = run_layer(network, &network->layers[i], *pass, rows, err);
    use_threads(NULL);
    if (!rc)
        *ret_y = output_number(network, end);
    return rc;
}

/* ---- backward ------------------------------------------------------------------------------ */

static void give(gradient_way way, size_t count, const float *from, float *to)
{
    if (way == GRADIENT_WRITE && from != to)
        memcpy(to, from, count * sizeof *to);
    else if (way == GRADIENT_ADD)
        for (size_t i = 0; i < count; i++)
            to[i] += from[i];
}

static int run_backward(nn_network *network, nn_layer *layer, layer_pass pass, size_t rows,
                        fb_error *err)
{
    const gradient_step *step = &layer->backward;
    const bool sum = layer->spec.kind == NN_ADD;
    float *dy = network->gradients[step->dy];
    float *dx = sum || step->way[0] == GRADIENT_NONE ? NULL : network->gradients[step->dx];
    if (layer->done_before)
        return FB_OK;
    pass.rows = rows;
    int rc = layer->ops->backward(layer, &pass, rows, network_input_of(network, layer),
                                  layer->output, dy, dx);
    if (rc)
        return fail_layer(layer, rc, err);
    const float *from = sum ? dy : dx;
    size_t count = rows * nn_shape_size(layer->in);
    give(step->way[0], count, from, network->gradients[step->into[0]]);
    give(step->way[1], count, from, network->gradients[step->into[1]]);
    return FB_OK;
}

/* The chunked layers, from the last that is trained or has one before it that is, on one chunk of
 * rows; `dy` is its part of the gradient of what they give. */
static int run_chunk_backward(nn_network *network, const layer_pass *pass, size_t rows, float *dy,
                              fb_error *err)
{
    const size_t at = pass->first_row;
    size_t turn = 0;
    for (size_t i = network->chunk_layers; i-- > 0 && network->layers[i].backward.wanted;) {
        nn_layer *layer = &network->layers[i];
        if (layer->done_before)
            continue;
        float *dx = layer->backward.way[0] == GRADIENT_NONE ? NULL
                                                            : network->chunk_gradients[turn];
        const float *x = network_input_of(network, layer) + at * nn_shape_size(layer->in);
        const float *y = layer->output + at * layer_output_size(layer);
        int rc = layer->ops->backward(layer, pass, rows, x, y, dy, dx);
        if (rc)
            return fail_layer(layer, rc, err);
        dy = dx;
        turn = 1 - turn;
    }
    return FB_OK;
}

static int run_chunks_backward(nn_network *network, const layer_pass *pass, size_t rows,
                               fb_error *err)
{
    if (network->chunk_layers == 0)
        return FB_OK;
    const nn_layer *last = &network->layers[network->chunk_layers - 1];
    float *dy = network->gradients[last->backward.dy];
    layer_pass part = *pass;
    int rc = FB_OK;
    part.rows = rows;
    for (size_t row = 0; row < rows && !rc; row += network->chunk_rows) {
        size_t count = rows - row < network->chunk_rows ? rows - row : network->chunk_rows;
        part.first_row = row;
        rc = run_chunk_backward(network, &part, count, dy + row * layer_output_size(last), err);
    }
    return rc;
}

int network_backward(nn_network *network, const layer_pass *pass, size_t rows, fb_error *err)
{
    FB_CHECK(pass->kind == PASS_TRAIN && network->trains && rows <= network->rows);
    int rc = FB_OK;
    use_threads(network);
    for (size_t i = network->layer_count; i-- > network->chunk_layers && !rc;)
        if (network->layers[i].backward.wanted)
            rc = run_backward(network, &network->layers[i], *pass, rows, err);
    if (!rc)
        rc = run_chunks_backward(network, pass, rows, err);
    use_threads(NULL);
    return rc;
}

size_t network_first_dropout(const nn_network *network)
{
    size_t i = 0;
    while (i < network->layer_count && network->layers[i].spec.kind != NN_DROPOUT)
        i++;
    return i;
}
