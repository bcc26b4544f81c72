/* The named networks: their layers are those of their papers, their digests stay what they were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "nn.h"

static const nn_shape gray = {28, 28, 1}, color = {32, 32, 3};

static nn_network_spec named(const char *name)
{
    nn_network_spec spec;
    fb_error err = {0};
    if (nn_network_named(name, NULL, 0, &spec, &err))
        fail_msg("%s", err.text);
    return spec;
}

static void networks_are_found_by_name(void **state)
{
    (void)state;
    size_t count = 0;
    const nn_network_info *networks = nn_networks(&count);
    assert_int_equal(count, 6);
    for (size_t i = 0; i < count; i++) {
        nn_network_spec spec = named(networks[i].name);
        assert_string_equal(spec.name, networks[i].name);
        assert_int_equal(nn_network_has_dropout(&spec), strstr(spec.name, "-cnn") != NULL);
    }
    nn_network_spec none = {.layer_count = 2, .layers = {{.kind = NN_DROPOUT, .rate = 0.0}}};
    assert_false(nn_network_has_dropout(&none));
    none.layers[0].rate = 0.1;
    assert_true(nn_network_has_dropout(&none));
    static const size_t hidden[2] = {30, 20};
    nn_network_spec mlp;
    assert_int_equal(nn_network_named("mlp", hidden, 2, &mlp, NULL), 0);
    assert_int_equal(mlp.layer_count, 3);
    assert_int_equal(mlp.layers[1].size, 20);
}

static void what_there_is_not_is_refused(void **state)
{
    (void)state;
    static const size_t fine[2] = {30, 20}, zero[1] = {0}, many[NN_MAX_LAYERS] = {0};
    static const struct {
        const char *name;
        const size_t *hidden;
        size_t count;
        int status;
        const char *words;
    } cases[] = {
        {"lenet", NULL, 0, FB_ENOENT, "\"lenet\"; there are \"s-cnn\", \"k-cnn\""},
        {"lenet", NULL, 0, FB_ENOENT, ", \"mlp\", \"linear\""},
        {"s-cnn", fine, 2, FB_EINVAL, "\"mlp\" does"},
        {"mlp", zero, 1, FB_EINVAL, "0 units"},
        {"mlp", many, NN_MAX_LAYERS, FB_ERANGE, "128 hidden layers"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        nn_network_spec spec = {.name = "untouched"};
        fb_error err = {0};
        assert_int_equal(nn_network_named(cases[i].name, cases[i].hidden, cases[i].count, &spec,
                                          &err), cases[i].status);
        assert_string_equal(spec.name, "untouched");
        if (!strstr(err.text, cases[i].words))
            fail_msg("'%s' lacks '%s'", err.text, cases[i].words);
    }
}

/* ---- sizes ----------------------------------------------------------------------------------- */

static nn_shape shape_behind(const nn_layer_spec *layer, nn_shape in, size_t class_count)
{
    size_t stride = layer->stride ? layer->stride : 1, kernel = layer->kernel;
    size_t border = layer->same ? kernel / 2 * 2 : 0;
    switch (layer->kind) {
    case NN_CONV:
        return (nn_shape){(in.height + border - kernel) / stride + 1,
                          (in.width + border - kernel) / stride + 1, layer->size};
    case NN_MAX_POOL:
        return (nn_shape){in.height / 2, in.width / 2, in.channels};
    case NN_GLOBAL_POOL:
        return (nn_shape){1, 1, in.channels};
    case NN_DENSE:
        return (nn_shape){1, 1, layer->size ? layer->size : class_count};
    default:
        return in;
    }
}

static size_t parameters_of(const nn_layer_spec *layer, nn_shape in, nn_shape out)
{
    switch (layer->kind) {
    case NN_CONV:
        return (layer->kernel * layer->kernel * in.channels + !layer->no_bias) * out.channels;
    case NN_BATCH_NORM:
        return 2 * in.channels;
    case NN_DENSE:
        return (nn_shape_size(in) + 1) * out.channels;
    default:
        return 0;
    }
}

/* What the layers come to, told from the spec alone; checks that both sides of a sum fit. */
static size_t count_parameters(const nn_network_spec *spec, nn_shape input, size_t class_count)
{
    nn_shape shapes[NN_MAX_LAYERS + 1] = {input};
    size_t count = 0;
    for (size_t i = 0; i < spec->layer_count; i++) {
        const nn_layer_spec *layer = &spec->layers[i];
        assert_true(layer->from <= i && layer->other <= i);
        nn_shape in = shapes[layer->from ? layer->from : i];
        if (layer->kind == NN_ADD)
            assert_memory_equal(&in, &shapes[layer->other], sizeof in);
        shapes[i + 1] = shape_behind(layer, in, class_count);
        count += parameters_of(layer, in, shapes[i + 1]);
    }
    return count;
}

static void networks_have_the_papers_sizes(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t layers, parameters;
    } cases[] = {
        {"linear", 1, 3072 * 10 + 10},
        {"mlp", 2, 3073 * 128 + 1290},
        {"k-cnn", 11, 896 + 9248 + 18496 + 36928 + 4097 * 512 + 5130},
        {"resnet-18", 50, 11173962}, /* the well-known CIFAR variants in PyTorch */
        {"wrn-16-8", 37, 10961370},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        nn_network_spec spec = named(cases[i].name);
        assert_int_equal(spec.layer_count, cases[i].layers);
        assert_int_equal(count_parameters(&spec, color, 10), cases[i].parameters);
    }
}

/* ---- digests --------------------------------------------------------------------------------- */

/* They are part of every stored result's key. */
static void digests_are_golden(void **state)
{
    (void)state;
    static const size_t hidden[1] = {32};
    char hex[65];
    nn_network_spec s_cnn = named("s-cnn"), mlp;
    nn_network_digest(&s_cnn, gray, 10, hex);
    assert_string_equal(hex, "89c24fd6bc715f6d33e7cc17c755cc070efc4341103f52d45b0da7fcf26799f3");
    assert_int_equal(nn_network_named("mlp", hidden, 1, &mlp, NULL), 0);
    nn_network_digest(&mlp, gray, 10, hex);
    assert_string_equal(hex, "c9cd3289d1e0a6f7ca0f82b65f557aa8f7888e49f25eb655f79eac807ca0d925");
}

static void digests_know_shape_and_classes(void **state)
{
    (void)state;
    char a[65], b[65];
    nn_network_spec spec = named("s-cnn");
    nn_network_digest(&spec, gray, 10, a);
    nn_network_digest(&spec, gray, 11, b);
    assert_string_not_equal(a, b);
    nn_network_digest(&spec, color, 10, b);
    assert_string_not_equal(a, b);
    spec.layer_count--;
    nn_network_digest(&spec, gray, 10, b);
    assert_string_not_equal(a, b);
}

/* A list with a layer of every kind; the change is made to layer 3. */
static void digest_with(nn_layer_spec layer, char ret_hex[65])
{
    nn_network_spec spec = {.layer_count = 5,
                            .layers = {{.kind = NN_RELU},
                                       {.kind = NN_GLOBAL_POOL},
                                       {.kind = NN_AVERAGE_POOL},
                                       layer,
                                       {.kind = NN_DENSE}}};
    nn_network_digest(&spec, gray, 10, ret_hex);
}

/* Spelling out a default changes nothing, and what a kind does not read changes nothing either. */
static void digests_see_through_spelling(void **state)
{
    (void)state;
    static const nn_layer_spec pairs[][2] = {
        {{.kind = NN_CONV, .size = 8, .kernel = 3},
         {.kind = NN_CONV, .size = 8, .kernel = 3, .stride = 1, .rate = .5, .from = 3}},
        {{.kind = NN_MAX_POOL}, {.kind = NN_MAX_POOL, .kernel = 2, .stride = 2, .size = 9}},
        {{.kind = NN_MAX_POOL, .kernel = 3}, {.kind = NN_MAX_POOL, .kernel = 3, .stride = 3}},
        {{.kind = NN_AVERAGE_POOL}, {.kind = NN_AVERAGE_POOL, .kernel = 2}},
        {{.kind = NN_BATCH_NORM}, {.kind = NN_BATCH_NORM, .momentum = .1, .epsilon = 1e-5}},
        {{.kind = NN_DENSE}, {.kind = NN_DENSE, .size = 10, .rate = .5}},
        {{.kind = NN_RELU}, {.kind = NN_RELU, .relu = true}},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        char a[65], b[65];
        digest_with(pairs[i][0], a);
        digest_with(pairs[i][1], b);
        assert_string_equal(a, b);
    }
}

static void digests_tell_layers_apart(void **state)
{
    (void)state;
    static const nn_layer_spec layers[] = {
        {.kind = NN_CONV, .size = 8, .kernel = 3},
        {.kind = NN_CONV, .size = 9, .kernel = 3},
        {.kind = NN_CONV, .size = 8, .kernel = 1},
        {.kind = NN_CONV, .size = 8, .kernel = 3, .stride = 2},
        {.kind = NN_CONV, .size = 8, .kernel = 3, .same = true},
        {.kind = NN_CONV, .size = 8, .kernel = 3, .no_bias = true},
        {.kind = NN_CONV, .size = 8, .kernel = 3, .relu = true},
        {.kind = NN_CONV, .size = 8, .kernel = 3, .from = 1},
        {.kind = NN_CONV, .size = 8, .kernel = 3, .from = 2},
        {.kind = NN_MAX_POOL},
        {.kind = NN_MAX_POOL, .kernel = 3},
        {.kind = NN_MAX_POOL, .kernel = 3, .stride = 2},
        {.kind = NN_MAX_POOL, .stride = 1},
        {.kind = NN_AVERAGE_POOL},
        {.kind = NN_AVERAGE_POOL, .kernel = 3},
        {.kind = NN_AVERAGE_POOL, .kernel = 3, .stride = 2},
        {.kind = NN_GLOBAL_POOL},
        {.kind = NN_BATCH_NORM},
        {.kind = NN_BATCH_NORM, .momentum = .2},
        {.kind = NN_BATCH_NORM, .epsilon = 1e-3},
        {.kind = NN_BATCH_NORM, .relu = true},
        {.kind = NN_DROPOUT, .rate = .25},
        {.kind = NN_DROPOUT, .rate = .2501},
        {.kind = NN_DENSE},
        {.kind = NN_DENSE, .size = 8},
        {.kind = NN_DENSE, .size = 8, .relu = true},
        {.kind = NN_RELU},
        {.kind = NN_ADD, .other = 1},
        {.kind = NN_ADD, .other = 2},
        {.kind = NN_ADD, .other = 1, .relu = true},
        {.kind = NN_ADD, .other = 1, .from = 2},
    };
    enum { COUNT = sizeof layers / sizeof *layers };
    char digests[COUNT][65];
    for (size_t i = 0; i < COUNT; i++) {
        digest_with(layers[i], digests[i]);
        for (size_t j = 0; j < i; j++)
            if (strcmp(digests[i], digests[j]) == 0)
                fail_msg("layers %zu and %zu have one digest", j, i);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_are_found_by_name),
        cmocka_unit_test(what_there_is_not_is_refused),
        cmocka_unit_test(networks_have_the_papers_sizes),
        cmocka_unit_test(digests_are_golden),
        cmocka_unit_test(digests_know_shape_and_classes),
        cmocka_unit_test(digests_see_through_spelling),
        cmocka_unit_test(digests_tell_layers_apart),
    };
    return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
