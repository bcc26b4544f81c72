/* The named networks, and what can be said of a network's spec without building it. */
#include <string.h>

#include "digest.h"
#include "nn.h"

enum { MLP_UNITS = 128 };

static const nn_network_info g_networks[] = {
    {"s-cnn", "two 3x3 convolutions (32, 64), max pool, dense 128, dropout .25 and .5"},
    {"mlp", "dense hidden layers with ReLU, by default one of 128 units; no dropout"},
};

const nn_network_info *nn_networks(size_t *ret_count)
{
    *ret_count = sizeof g_networks / sizeof g_networks[0];
    return g_networks;
}

static void fill_s_cnn(nn_network_spec *spec)
{
    static const nn_layer_spec layers[] = {
        {.kind = NN_CONV, .size = 32, .kernel = 3, .relu = true},
        {.kind = NN_CONV, .size = 64, .kernel = 3, .relu = true},
        {.kind = NN_MAX_POOL},
        {.kind = NN_DROPOUT, .rate = 0.25},
        {.kind = NN_DENSE, .size = 128, .relu = true},
        {.kind = NN_DROPOUT, .rate = 0.5},
        {.kind = NN_DENSE},
    };
    spec->layer_count = sizeof layers / sizeof layers[0];
    memcpy(spec->layers, layers, sizeof layers);
}

static int fill_mlp(const size_t *hidden, size_t hidden_count, nn_network_spec *spec,
                    fb_error *err)
{
    static const size_t preset[] = {MLP_UNITS};
    if (hidden_count == 0) {
        hidden = preset;
        hidden_count = 1;
    }
    if (hidden_count > NN_MAX_LAYERS - 1)
        return fb_fail(err, FB_ERANGE, "network \"mlp\": %zu hidden layers are more than the %d "
                       "that are possible", hidden_count, NN_MAX_LAYERS - 1);
    for (size_t i = 0; i < hidden_count; i++) {
        if (hidden[i] == 0)
            return fb_fail(err, FB_EINVAL, "network \"mlp\": hidden layer %zu has 0 units, "
                           "expected at least 1", i);
        spec->layers[i] = (nn_layer_spec){.kind = NN_DENSE, .size = hidden[i], .relu = true};
    }
    spec->layers[hidden_count] = (nn_layer_spec){.kind = NN_DENSE};
    spec->layer_count = hidden_count + 1;
    return FB_OK;
}

int nn_network_named(const char *name, const size_t *hidden, size_t hidden_count,
                     nn_network_spec *ret_spec, fb_error *err)
{
    nn_network_spec spec = {0};
    bool mlp = strcmp(name, "mlp") == 0;
    if (!mlp && strcmp(name, "s-cnn") != 0)
        return fb_fail(err, FB_ENOENT, "there is no network \"%.64s\"; there are \"s-cnn\" and "
                       "\"mlp\"", name);
    if (!mlp && hidden_count > 0)
        return fb_fail(err, FB_EINVAL, "network \"%s\" takes no sizes of hidden layers; \"mlp\" "
                       "does", name);
    strcpy(spec.name, name);
    if (mlp) {
        int rc = fill_mlp(hidden, hidden_count, &spec, err);
        if (rc)
            return rc;
    } else {
        fill_s_cnn(&spec);
    }
    *ret_spec = spec;
    return FB_OK;
}

bool nn_network_has_dropout(const nn_network_spec *spec)
{
    for (size_t i = 0; i < spec->layer_count; i++)
        if (spec->layers[i].kind == NN_DROPOUT)
            return true;
    return false;
}

/* Only the fields that the layer's kind reads. */
static void digest_layer(fb_digest *digest, const nn_layer_spec *layer, size_t class_count)
{
    uint64_t rate;
    size_t size = layer->size ? layer->size : class_count;
    switch (layer->kind) {
    case NN_CONV:
        fb_digest_string(digest, "conv");
        fb_digest_u64(digest, layer->size);
        fb_digest_u64(digest, layer->kernel);
        fb_digest_u64(digest, layer->same);
        fb_digest_u64(digest, layer->relu);
        break;
    case NN_MAX_POOL:
        fb_digest_string(digest, "max pool");
        break;
    case NN_DROPOUT:
        memcpy(&rate, &layer->rate, sizeof rate);
        fb_digest_string(digest, "dropout");
        fb_digest_u64(digest, rate);
        break;
    case NN_DENSE:
        fb_digest_string(digest, "dense");
        fb_digest_u64(digest, size);
        fb_digest_u64(digest, layer->relu);
        break;
    default:
        FB_CHECK(!"a layer whose digest is defined");
    }
}

void nn_network_digest(const nn_network_spec *spec, nn_shape input, size_t class_count,
                       char ret_hex[65])
{
    fb_digest digest;
    fb_digest_init(&digest);
    fb_digest_u64(&digest, input.height);
    fb_digest_u64(&digest, input.width);
    fb_digest_u64(&digest, input.channels);
    fb_digest_u64(&digest, class_count);
    for (size_t i = 0; i < spec->layer_count; i++)
        digest_layer(&digest, &spec->layers[i], class_count);
    fb_digest_end_hex(&digest, ret_hex);
}
