/* Building a network, and running its layers forward and backward. */
#include "network.h"

#include "alloc.h"
#include "digest.h"

/* Tensors start at multiples of this many floats, a cache line. */
enum { ALIGN_FLOATS = 16 };

size_t checked_size(size_t a, size_t b, size_t c)
{
    const size_t limit = INT32_MAX;
    if (a == 0 || b == 0 || c == 0 || a > limit || b > limit / a || c > limit / (a * b))
        return 0;
    return a * b * c;
}

static size_t aligned(size_t floats)
{
    return (floats + ALIGN_FLOATS - 1) / ALIGN_FLOATS * ALIGN_FLOATS;
}

static const layer_ops *find_ops(nn_layer_kind kind)
{
    switch (kind) {
    case NN_CONV:
        return &layer_conv_ops;
    case NN_MAX_POOL:
        return &layer_pool_ops;
    case NN_DROPOUT:
        return &layer_dropout_ops;
    case NN_DENSE:
        return &layer_dense_ops;
    }
    return NULL;
}

static int resolve_layer(nn_network *network, const nn_layer_spec *spec, size_t index, nn_shape in,
                         fb_error *err)
{
    nn_layer *layer = &network->layers[index];
    bool head = index == network->layer_count - 1;
    *layer = (nn_layer){.ops = find_ops(spec->kind), .spec = *spec, .index = index, .in = in};
    if (!layer->ops)
        return fb_fail(err, FB_EINVAL, "layer %zu is of no known kind (%d)", index,
                       (int)spec->kind);
    if (head && (spec->kind != NN_DENSE || spec->relu))
        return fb_fail(err, FB_EINVAL, "the last layer must be a dense layer without ReLU");
    if (head && spec->size != 0 && spec->size != network->class_count)
        return fb_fail(err, FB_EINVAL, "the last layer has %zu units, but there are %zu classes",
                       spec->size, network->class_count);
    if (head)
        layer->spec.size = network->class_count;
    int rc = layer->ops->resolve(layer, err);
    if (rc)
        return err ? fb_fail_prefix(err, "layer %zu (%s)", index, layer->ops->name) : rc;
    if (!checked_size(layer->out.height, layer->out.width, layer->out.channels) ||
        (layer->bias_count && !layer->weight_count))
        return fb_fail(err, FB_ERANGE, "layer %zu (%s): more than 2^31 numbers in one array",
                       index, layer->ops->name);
    return FB_OK;
}

static int resolve(nn_network *network, const nn_network_spec *spec, fb_error *err)
{
    nn_shape shape = network->input_shape;
    if (spec->layer_count == 0 || spec->layer_count > NN_MAX_LAYERS)
        return fb_fail(err, FB_EINVAL, "a network has 1 to %d layers, not %zu", NN_MAX_LAYERS,
                       spec->layer_count);
    if (!checked_size(shape.height, shape.width, shape.channels))
        return fb_fail(err, FB_EINVAL, "an input of %zu x %zu x %zu is empty or too large",
                       shape.height, shape.width, shape.channels);
    if (network->class_count < 2 || network->class_count > INT32_MAX)
        return fb_fail(err, FB_EINVAL, "a network needs at least 2 classes, not %zu",
                       network->class_count);
    network->layer_count = spec->layer_count;
    for (size_t i = 0; i < spec->layer_count; i++) {
        int rc = resolve_layer(network, &spec->layers[i], i, shape, err);
        if (rc)
            return rc;
        shape = network->layers[i].out;
    }
    return FB_OK;
}

/* Finds the convolutions that do the pooling behind them. */
static void fuse_pooling(nn_network *network)
{
    for (size_t i = 0; i + 1 < network->layer_count; i++) {
        nn_layer *layer = &network->layers[i], *next = layer + 1;
        if (layer->spec.kind != NN_CONV || next->spec.kind != NN_MAX_POOL)
            continue;
        layer->pools = network->engine->pools(&layer->conv);
        next->done_before = layer->pools;
    }
}

/* Gives each layer its parts of the parameters and of the gradient. */
static int allocate_slab(nn_network *network, fb_error *err)
{
    for (size_t i = 0; i < network->layer_count; i++)
        network->slab_count += aligned(network->layers[i].weight_count) +
                               aligned(network->layers[i].bias_count);
    network->parameters = fb_calloc(network->slab_count, 4 * sizeof(float));
    if (!network->parameters)
        return fb_fail_memory(err, network->slab_count, 4 * sizeof(float),
                              "a network's parameters");
    network->gradient = network->parameters + network->slab_count;
    network->first_moment = network->gradient + network->slab_count;
    network->second_moment = network->first_moment + network->slab_count;
    size_t offset = 0;
    for (size_t i = 0; i < network->layer_count; i++) {
        nn_layer *layer = &network->layers[i];
        layer->weights = network->parameters + offset;
        layer->d_weights = network->gradient + offset;
        offset += aligned(layer->weight_count);
        layer->bias = network->parameters + offset;
        layer->d_bias = network->gradient + offset;
        offset += aligned(layer->bias_count);
    }
    return FB_OK;
}

static int allocate_scratch(nn_network *network, fb_error *err)
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

int nn_create(const nn_network_spec *spec, nn_shape input, size_t class_count, nn_engine engine,
              nn_network **ret_network, fb_error *err)
{
    const engine_ops *ops = engine_find(engine);
    if (!ops)
        return fb_fail(err, FB_EINVAL, "there is no engine number %d", (int)engine);
    nn_network *network = fb_calloc(1, sizeof *network);
    if (!network)
        return fb_fail_memory(err, 1, sizeof *network, "a network");
    network->input_shape = input;
    network->class_count = class_count;
    network->engine = ops;
    int rc = resolve(network, spec, err);
    if (rc)
        goto done;
    fuse_pooling(network);
    rc = allocate_slab(network, err);
    if (rc)
        goto done;
    rc = allocate_scratch(network, err);
    if (rc)
        goto done;
    ops->prepare();
    *ret_network = network;
    network = NULL;
done:
    nn_destroy(network);
    return rc;
}

void nn_destroy(nn_network *network)
{
    if (!network)
        return;
    fb_free(network->parameters);
    fb_free(network->workspace);
    fb_free(network->scratch);
    fb_free(network);
}

/* Cuts the workspace into its parts for `rows` rows, starting at `base`, and returns the number of
 * floats. A first call with base NULL measures. */
static size_t lay_out(nn_network *network, float *base, size_t rows, bool train)
{
    size_t offset = 0, largest = 0;
#define TAKE(part, floats)                                                                         \
    do {                                                                                           \
        (part) = base ? base + offset : NULL;                                                      \
        offset += aligned(floats);                                                                 \
    } while (0)
    TAKE(network->input, rows * nn_shape_size(network->input_shape));
    for (size_t i = 0; i < network->layer_count; i++) {
        nn_layer *layer = &network->layers[i];
        if (layer->done_before)
            continue;
        size_t size = rows * nn_shape_size(layer->pools ? layer[1].out : layer->out);
        largest = size > largest ? size : largest;
        TAKE(layer->output, size);
        if (layer->spec.kind == NN_DROPOUT)
            TAKE(layer->mask, size);
        if (layer->pools && train)
            TAKE(layer->winner, (size + sizeof(float) - 1) / sizeof(float));
    }
    for (size_t i = 0; i < 2 && train; i++)
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

int network_forward(nn_network *network, const layer_pass *pass, size_t first, size_t end,
                    size_t rows, const float *x, const float **ret_y, fb_error *err)
{
    FB_CHECK(rows <= network->rows);
    for (size_t i = first; i < end; i++) {
        nn_layer *layer = &network->layers[i];
        bool dropout = layer->spec.kind == NN_DROPOUT;
        if (layer->done_before || (dropout && pass->kind == PASS_EVALUATE))
            continue;
        int rc = layer->ops->forward(layer, pass, rows, x, layer->output);
        if (rc)
            return fail_layer(layer, rc, err);
        layer->last_x = x;
        x = layer->output;
    }
    *ret_y = x;
    return FB_OK;
}

/* Index of the first layer with parameters: nothing below it needs a gradient. */
static size_t first_trained(const nn_network *network)
{
    size_t i = 0;
    while (network->layers[i].weight_count == 0)
        i++;
    return i;
}

int network_backward(nn_network *network, const layer_pass *pass, size_t rows, fb_error *err)
{
    FB_CHECK(pass->kind == PASS_TRAIN && network->trains && rows <= network->rows);
    float *dy = network->gradients[0], *dx = network->gradients[1];
    size_t lowest = first_trained(network);
    for (size_t i = network->layer_count; i-- > lowest;) {
        nn_layer *layer = &network->layers[i];
        if (layer->done_before)
            continue;
        int rc = layer->ops->backward(layer, pass, rows, layer->last_x, layer->output, dy,
                                      i > lowest ? dx : NULL);
        if (rc)
            return fail_layer(layer, rc, err);
        float *swap = dy;
        dy = dx;
        dx = swap;
    }
    return FB_OK;
}

size_t network_first_dropout(const nn_network *network)
{
    size_t i = 0;
    while (i < network->layer_count && network->layers[i].spec.kind != NN_DROPOUT)
        i++;
    return i;
}

size_t nn_embedding_size(const nn_network *network)
{
    return nn_shape_size(network->layers[network_head(network)].in);
}

size_t nn_class_count(const nn_network *network)
{
    return network->class_count;
}

size_t nn_parameter_count(const nn_network *network)
{
    size_t count = 0;
    for (size_t i = 0; i < network->layer_count; i++)
        count += network->layers[i].weight_count + network->layers[i].bias_count;
    return count;
}

const float *nn_head_weights(const nn_network *network)
{
    return network->layers[network_head(network)].weights;
}

const float *nn_head_bias(const nn_network *network)
{
    return network->layers[network_head(network)].bias;
}

void nn_weights_digest(const nn_network *network, char ret_hex[65])
{
    fb_digest digest;
    fb_digest_init(&digest);
    for (size_t i = 0; i < network->layer_count; i++) {
        const nn_layer *layer = &network->layers[i];
        fb_digest_bytes(&digest, layer->weights, layer->weight_count * sizeof(float));
        fb_digest_bytes(&digest, layer->bias, layer->bias_count * sizeof(float));
    }
    fb_digest_end_hex(&digest, ret_hex);
}
