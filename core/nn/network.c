/* Building a network out of its layers, and what can be asked of it. */
#include "network.h"

#include <string.h>

#include "alloc.h"
#include "digest.h"

/* Floats of activations that two neighbouring layers should have in the cache at a time. */
enum { CHUNK_FLOATS = 1 << 17 };

size_t checked_size(size_t a, size_t b, size_t c)
{
    const size_t limit = INT32_MAX;
    if (a == 0 || b == 0 || c == 0 || a > limit || b > limit / a || c > limit / (a * b))
        return 0;
    return a * b * c;
}

static const layer_ops *find_ops(nn_layer_kind kind)
{
    switch (kind) {
    case NN_CONV:
        return &layer_conv_ops;
    case NN_MAX_POOL:
        return &layer_pool_ops;
    case NN_AVERAGE_POOL:
        return &layer_average_pool_ops;
    case NN_GLOBAL_POOL:
        return &layer_global_pool_ops;
    case NN_BATCH_NORM:
        return &layer_batch_norm_ops;
    case NN_RELU:
        return &layer_relu_ops;
    case NN_DROPOUT:
        return &layer_dropout_ops;
    case NN_DENSE:
        return &layer_dense_ops;
    case NN_ADD:
        return &layer_add_ops;
    }
    return NULL;
}

/* The last layer is the head: it gives the classes' logits. */
static int resolve_head(nn_network *network, nn_layer_spec *spec, fb_error *err)
{
    if (spec->kind != NN_DENSE || spec->relu)
        return fb_fail(err, FB_EINVAL, "the last layer must be a dense layer without ReLU");
    if (spec->size != 0 && spec->size != network->class_count)
        return fb_fail(err, FB_EINVAL, "the last layer has %zu units, but there are %zu classes",
                       spec->size, network->class_count);
    spec->size = network->class_count;
    return FB_OK;
}

static nn_shape output_shape(const nn_network *network, size_t number)
{
    return number == 0 ? network->input_shape : network->layers[number - 1].out;
}

/* Finds out whose outputs a layer reads. */
static int resolve_reads(nn_network *network, nn_layer *layer, fb_error *err)
{
    size_t index = layer->index, other = layer->spec.other;
    layer->reads = layer->spec.from ? layer->spec.from : index;
    layer->in = output_shape(network, layer->reads);
    if (layer->spec.kind != NN_ADD)
        return FB_OK;
    layer->adds = other;
    nn_shape in = layer->in, added = output_shape(network, other);
    if (memcmp(&in, &added, sizeof in) != 0)
        return fb_fail(err, FB_EINVAL, "layer %zu (sum): its summands are %zu x %zu x %zu and %zu "
                       "x %zu x %zu; they must have the same shape, so give the shortcut a "
                       "convolution that makes it so", index, in.height, in.width, in.channels,
                       added.height, added.width, added.channels);
    return FB_OK;
}

static int resolve_layer(nn_network *network, const nn_layer_spec *spec, size_t index,
                         fb_error *err)
{
    nn_layer *layer = &network->layers[index];
    int rc = FB_OK;
    *layer = (nn_layer){.ops = find_ops(spec->kind), .spec = *spec, .index = index};
    if (!layer->ops)
        return fb_fail(err, FB_EINVAL, "layer %zu is of no known kind (%d)", index,
                       (int)spec->kind);
    if (spec->from > index || spec->other > index || (spec->other && spec->kind != NN_ADD))
        return fb_fail(err, FB_EINVAL, "layer %zu (%s) reads layers %zu and %zu, which do not come "
                       "before it", index, layer->ops->name, spec->from, spec->other);
    if (index == network->layer_count - 1)
        rc = resolve_head(network, &layer->spec, err);
    if (!rc)
        rc = resolve_reads(network, layer, err);
    if (rc)
        return rc;
    rc = layer->ops->resolve(layer, err);
    if (rc)
        return err ? fb_fail_prefix(err, "layer %zu (%s)", index, layer->ops->name) : rc;
    if (!checked_size(layer->out.height, layer->out.width, layer->out.channels) ||
        (layer->fan_in && !layer->weight_count))
        return fb_fail(err, FB_ERANGE, "layer %zu (%s): more than 2^31 numbers in one array",
                       index, layer->ops->name);
    return FB_OK;
}

/* Counts who reads each layer's output; one that is never read would be trained to no end. */
static int count_readers(nn_network *network, fb_error *err)
{
    for (size_t i = 0; i < network->layer_count; i++) {
        const nn_layer *layer = &network->layers[i];
        if (layer->reads > 0)
            network->layers[layer->reads - 1].readers++;
        if (layer->adds > 0)
            network->layers[layer->adds - 1].readers++;
    }
    for (size_t i = 0; i + 1 < network->layer_count; i++)
        if (network->layers[i].readers == 0)
            return fb_fail(err, FB_EINVAL, "layer %zu (%s): no layer reads its output", i,
                           network->layers[i].ops->name);
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
        int rc = resolve_layer(network, &spec->layers[i], i, err);
        if (rc)
            return rc;
    }
    return count_readers(network, err);
}

static void run_team(void *threads, size_t count, void (*task)(void *context, size_t index),
                     void *context)
{
    parallel_run(threads, count, task, context);
}

int nn_set_threads(nn_network *network, size_t threads, fb_error *err)
{
    parallel *pool = NULL;
    int rc = threads == 1 ? FB_OK : parallel_create(threads, &pool, err);
    if (rc)
        return rc;
    parallel_destroy(network->team.threads);
    network->team = (kernels_team){.size = threads, .threads = pool, .run = run_team};
    return FB_OK;
}

parallel *nn_threads(const nn_network *network)
{
    return network->team.threads;
}

/* Finds the convolutions that do the pooling behind them. */
static void fuse_pooling(nn_network *network)
{
    for (size_t i = 0; i + 1 < network->layer_count; i++) {
        nn_layer *layer = &network->layers[i], *next = layer + 1;
        if (layer->spec.kind != NN_CONV || next->spec.kind != NN_MAX_POOL ||
            next->spec.kernel != 2 || next->spec.stride != 2 || next->reads != i + 1 ||
            layer->readers != 1)
            continue;
        layer->pools = network->engine->pools(&layer->conv);
        next->done_before = layer->pools;
    }
}

/* Finds the layers that take a batch in chunks: a chain from the first on. */
static void plan_chunks(nn_network *network)
{
    size_t largest = 1;
    for (size_t i = 0; i < network->layer_count; i++) {
        const nn_layer *layer = &network->layers[i];
        bool chained = i == 0 || (layer->reads == i && network->layers[i - 1].readers == 1);
        if (!layer->ops->by_row || !chained || layer->spec.kind == NN_ADD)
            break;
        size_t size = nn_shape_size(layer->in) + layer_output_size(layer);
        largest = size > largest ? size : largest;
        network->chunk_layers = i + 1;
    }
    network->chunk_rows = CHUNK_FLOATS / largest > 1 ? CHUNK_FLOATS / largest : 1;
}

/* Gives each layer its parts of the parameters and of the gradient. */
static int allocate_slab(nn_network *network, fb_error *err)
{
    for (size_t i = 0; i < network->layer_count; i++) {
        const nn_layer *layer = &network->layers[i];
        network->slab_count += network_aligned(layer->weight_count) +
                               network_aligned(layer->bias_count);
        network->state_count += network_aligned(layer->state_count);
    }
    size_t floats = 4 * network->slab_count + network->state_count;
    network->parameters = fb_calloc(floats, sizeof(float));
    if (!network->parameters)
        return fb_fail_memory(err, floats, sizeof(float), "a network's parameters");
    network->gradient = network->parameters + network->slab_count;
    network->first_moment = network->gradient + network->slab_count;
    network->second_moment = network->first_moment + network->slab_count;
    network->state = network->second_moment + network->slab_count;
    size_t offset = 0, state_offset = 0;
    for (size_t i = 0; i < network->layer_count; i++) {
        nn_layer *layer = &network->layers[i];
        layer->weights = network->parameters + offset;
        layer->d_weights = network->gradient + offset;
        offset += network_aligned(layer->weight_count);
        layer->bias = network->parameters + offset;
        layer->d_bias = network->gradient + offset;
        offset += network_aligned(layer->bias_count);
        layer->state = network->state + state_offset;
        state_offset += network_aligned(layer->state_count);
    }
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
    plan_chunks(network);
    rc = gradients_plan(network, err);
    if (rc)
        goto done;
    rc = allocate_slab(network, err);
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
    parallel_destroy(network->team.threads);
    fb_free(network->parameters);
    fb_free(network->workspace);
    fb_free(network);
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

size_t nn_state_size(const nn_network *network)
{
    return network->slab_count + network->state_count;
}

void nn_get_state(const nn_network *network, float *ret_state)
{
    memcpy(ret_state, network->parameters, network->slab_count * sizeof *ret_state);
    memcpy(ret_state + network->slab_count, network->state,
           network->state_count * sizeof *ret_state);
}

void nn_set_state(nn_network *network, const float *state)
{
    memcpy(network->parameters, state, network->slab_count * sizeof *state);
    memcpy(network->state, state + network->slab_count, network->state_count * sizeof *state);
}

void nn_weights_digest(const nn_network *network, char ret_hex[65])
{
    fb_digest digest;
    fb_digest_init(&digest);
    for (size_t i = 0; i < network->layer_count; i++) {
        const nn_layer *layer = &network->layers[i];
        fb_digest_bytes(&digest, layer->weights, layer->weight_count * sizeof(float));
        fb_digest_bytes(&digest, layer->bias, layer->bias_count * sizeof(float));
        fb_digest_bytes(&digest, layer->state, layer->state_count * sizeof(float));
    }
    fb_digest_end_hex(&digest, ret_hex);
}
