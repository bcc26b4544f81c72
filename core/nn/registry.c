/* The named networks, and what can be said of a network's spec without building it. */
#include <stdio.h>
#include <string.h>

#include "digest.h"
#include "nn.h"

/* ---- building a list of layers --------------------------------------------------------------- */

/* Appends a layer and returns what `from` and `other` of later layers call it. */
static size_t add(nn_network_spec *spec, nn_layer_spec layer)
{
    FB_CHECK(spec->layer_count < NN_MAX_LAYERS);
    spec->layers[spec->layer_count++] = layer;
    return spec->layer_count;
}

static void add_dropout(nn_network_spec *spec, double rate)
{
    add(spec, (nn_layer_spec){.kind = NN_DROPOUT, .rate = rate});
}

static void add_dense(nn_network_spec *spec, size_t units)
{
    add(spec, (nn_layer_spec){.kind = NN_DENSE, .size = units, .relu = true});
}

static void add_head(nn_network_spec *spec)
{
    add(spec, (nn_layer_spec){.kind = NN_DENSE});
}

/* A 3x3 convolution with bias and ReLU. */
static void add_conv_relu(nn_network_spec *spec, size_t filters, bool same)
{
    add(spec, (nn_layer_spec){.kind = NN_CONV, .size = filters, .kernel = 3, .same = same,
                              .relu = true});
}

/* The convolution of a residual network, without a bias: batch normalisation has one. */
static size_t add_conv(nn_network_spec *spec, size_t kernel, size_t filters, size_t stride,
                       size_t from)
{
    return add(spec, (nn_layer_spec){.kind = NN_CONV, .size = filters, .kernel = kernel,
                                     .stride = stride, .same = true, .no_bias = true,
                                     .from = from});
}

static size_t add_batch_norm(nn_network_spec *spec, bool relu)
{
    return add(spec, (nn_layer_spec){.kind = NN_BATCH_NORM, .relu = relu});
}

/* ---- the networks ---------------------------------------------------------------------------- */

static void build_linear(nn_network_spec *spec)
{
    add_head(spec);
}

static void build_mlp(nn_network_spec *spec)
{
    add_dense(spec, 128);
    add_head(spec);
}

static void build_s_cnn(nn_network_spec *spec)
{
    add_conv_relu(spec, 32, false);
    add_conv_relu(spec, 64, false);
    add(spec, (nn_layer_spec){.kind = NN_MAX_POOL});
    add_dropout(spec, 0.25);
    add_dense(spec, 128);
    add_dropout(spec, 0.5);
    add_head(spec);
}

static void build_k_cnn(nn_network_spec *spec)
{
    for (size_t filters = 32; filters <= 64; filters *= 2) {
        add_conv_relu(spec, filters, true);
        add_conv_relu(spec, filters, true);
        add(spec, (nn_layer_spec){.kind = NN_MAX_POOL});
        add_dropout(spec, 0.25);
    }
    add_dense(spec, 512);
    add_dropout(spec, 0.5);
    add_head(spec);
}

/* A basic block (He et al. 2016, figure 5 left); `project`: the shapes differ, the shortcut is a
 * 1x1 convolution with batch normalisation. */
static void add_basic_block(nn_network_spec *spec, size_t filters, size_t stride, bool project)
{
    size_t in = spec->layer_count;
    add_conv(spec, 3, filters, stride, 0);
    add_batch_norm(spec, true);
    add_conv(spec, 3, filters, 1, 0);
    size_t out = add_batch_norm(spec, false), shortcut = in;
    if (project) {
        add_conv(spec, 1, filters, stride, in);
        shortcut = add_batch_norm(spec, false);
    }
    add(spec, (nn_layer_spec){.kind = NN_ADD, .from = out, .other = shortcut, .relu = true});
}

static void build_resnet_18(nn_network_spec *spec)
{
    add_conv(spec, 3, 64, 1, 0);
    add_batch_norm(spec, true);
    for (size_t filters = 64; filters <= 512; filters *= 2) {
        bool wider = filters > 64;
        add_basic_block(spec, filters, wider ? 2 : 1, wider);
        add_basic_block(spec, filters, 1, false);
    }
    add(spec, (nn_layer_spec){.kind = NN_GLOBAL_POOL});
    add_head(spec);
}

/* A pre-activation block (Zagoruyko & Komodakis 2016); `project`: the shapes differ, the shortcut
 * is a 1x1 convolution of the activated input. */
static void add_wide_block(nn_network_spec *spec, size_t filters, size_t stride, bool project)
{
    size_t in = spec->layer_count;
    size_t activated = add_batch_norm(spec, true);
    add_conv(spec, 3, filters, stride, 0);
    add_batch_norm(spec, true);
    size_t out = add_conv(spec, 3, filters, 1, 0);
    size_t shortcut = project ? add_conv(spec, 1, filters, stride, activated) : in;
    add(spec, (nn_layer_spec){.kind = NN_ADD, .from = out, .other = shortcut});
}

static void build_wrn_16_8(nn_network_spec *spec)
{
    add_conv(spec, 3, 16, 1, 0);
    for (size_t filters = 128; filters <= 512; filters *= 2) {
        add_wide_block(spec, filters, filters > 128 ? 2 : 1, true);
        add_wide_block(spec, filters, 1, false);
    }
    add_batch_norm(spec, true);
    add(spec, (nn_layer_spec){.kind = NN_GLOBAL_POOL});
    add_head(spec);
}

/* ---- by name --------------------------------------------------------------------------------- */

static const nn_network_info g_networks[] = {
    {"s-cnn", "two 3x3 convolutions (32, 64), max pool, dense 128, dropout .25 and .5"},
    {"k-cnn", "3x3 convolutions 32, 32, 64, 64, max pools, dense 512, dropout .25, .25 and .5"},
    {"resnet-18", "basic residual blocks 64, 128, 256, 512, two each; 3x3 stem for 32 x 32 images"},
    {"wrn-16-8", "wide residual network: pre-activation blocks 128, 256, 512, two each"},
    {"mlp", "dense hidden layers with ReLU, by default one of 128 units; no dropout"},
    {"linear", "multinomial logistic regression, trained to convergence (train: C)"},
};
enum { NETWORKS = sizeof g_networks / sizeof g_networks[0] };

static void (*const g_builders[NETWORKS])(nn_network_spec *spec) = {
    build_s_cnn, build_k_cnn, build_resnet_18, build_wrn_16_8, build_mlp, build_linear};

const nn_network_info *nn_networks(size_t *ret_count)
{
    *ret_count = NETWORKS;
    return g_networks;
}

static int fail_unknown(const char *name, fb_error *err)
{
    char known[16 * NETWORKS] = "";
    for (size_t i = 0, used = 0; i < NETWORKS; i++)
        used += (size_t)snprintf(known + used, sizeof known - used, "%s\"%s\"", i ? ", " : "",
                                 g_networks[i].name);
    return fb_fail(err, FB_ENOENT, "there is no network \"%.64s\"; there are %s", name, known);
}

/* Replaces an mlp's preset. */
static int set_hidden(nn_network_spec *spec, const size_t *hidden, size_t count, fb_error *err)
{
    if (strcmp(spec->name, "mlp") != 0)
        return fb_fail(err, FB_EINVAL, "network \"%s\" takes no sizes of hidden layers; \"mlp\" "
                       "does", spec->name);
    if (count > NN_MAX_LAYERS - 1)
        return fb_fail(err, FB_ERANGE, "network \"mlp\": %zu hidden layers are more than the %d "
                       "that are possible", count, NN_MAX_LAYERS - 1);
    spec->layer_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (hidden[i] == 0)
            return fb_fail(err, FB_EINVAL, "network \"mlp\": hidden layer %zu has 0 units, "
                           "expected at least 1", i);
        add_dense(spec, hidden[i]);
    }
    add_head(spec);
    return FB_OK;
}

int nn_network_named(const char *name, const size_t *hidden, size_t hidden_count,
                     nn_network_spec *ret_spec, fb_error *err)
{
    nn_network_spec spec = {0};
    size_t i = 0;
    while (i < NETWORKS && strcmp(g_networks[i].name, name) != 0)
        i++;
    if (i == NETWORKS)
        return fail_unknown(name, err);
    strcpy(spec.name, name);
    g_builders[i](&spec);
    if (hidden_count > 0) {
        int rc = set_hidden(&spec, hidden, hidden_count, err);
        if (rc)
            return rc;
    }
    *ret_spec = spec;
    return FB_OK;
}

bool nn_network_has_dropout(const nn_network_spec *spec)
{
    for (size_t i = 0; i < spec->layer_count; i++)
        if (spec->layers[i].kind == NN_DROPOUT && spec->layers[i].rate > 0.0)
            return true;
    return false;
}

/* ---- the digest ------------------------------------------------------------------------------ */

static void digest_double(fb_digest *digest, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    fb_digest_u64(digest, bits);
}

/* A number that is left out when it has its usual value: digests that were made before the number
 * existed stay what they were. */
static void digest_unusual(fb_digest *digest, const char *name, size_t value, size_t usual)
{
    if (value == usual)
        return;
    fb_digest_string(digest, name);
    fb_digest_u64(digest, value);
}

static void digest_conv(fb_digest *digest, const nn_layer_spec *layer)
{
    fb_digest_string(digest, "conv");
    fb_digest_u64(digest, layer->size);
    fb_digest_u64(digest, layer->kernel);
    fb_digest_u64(digest, layer->same);
    fb_digest_u64(digest, layer->relu);
    digest_unusual(digest, "stride", layer->stride ? layer->stride : 1, 1);
    digest_unusual(digest, "no bias", layer->no_bias, false);
}

static void digest_pool(fb_digest *digest, const char *name, const nn_layer_spec *layer)
{
    size_t kernel = layer->kernel ? layer->kernel : 2;
    fb_digest_string(digest, name);
    digest_unusual(digest, "kernel", kernel, 2);
    digest_unusual(digest, "stride", layer->stride ? layer->stride : kernel, kernel);
}

static void digest_batch_norm(fb_digest *digest, const nn_layer_spec *layer)
{
    fb_digest_string(digest, "batch norm");
    digest_double(digest, layer->momentum > 0 ? layer->momentum : 0.1);
    digest_double(digest, layer->epsilon > 0 ? layer->epsilon : 1e-5);
    fb_digest_u64(digest, layer->relu);
}

/* Only the fields that the layer's kind reads. */
static void digest_layer(fb_digest *digest, const nn_layer_spec *layer, size_t class_count)
{
    switch (layer->kind) {
    case NN_CONV:
        digest_conv(digest, layer);
        break;
    case NN_MAX_POOL:
        digest_pool(digest, "max pool", layer);
        break;
    case NN_AVERAGE_POOL:
        digest_pool(digest, "average pool", layer);
        break;
    case NN_GLOBAL_POOL:
        fb_digest_string(digest, "global pool");
        break;
    case NN_BATCH_NORM:
        digest_batch_norm(digest, layer);
        break;
    case NN_DROPOUT:
        fb_digest_string(digest, "dropout");
        digest_double(digest, layer->rate);
        break;
    case NN_DENSE:
        fb_digest_string(digest, "dense");
        fb_digest_u64(digest, layer->size ? layer->size : class_count);
        fb_digest_u64(digest, layer->relu);
        break;
    case NN_RELU:
        fb_digest_string(digest, "relu");
        break;
    case NN_ADD:
        fb_digest_string(digest, "add");
        fb_digest_u64(digest, layer->other);
        fb_digest_u64(digest, layer->relu);
        break;
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
    for (size_t i = 0; i < spec->layer_count; i++) {
        const nn_layer_spec *layer = &spec->layers[i];
        digest_layer(&digest, layer, class_count);
        digest_unusual(&digest, "from", layer->from ? layer->from : i, i);
    }
    fb_digest_end_hex(&digest, ret_hex);
}
