/* The network of a spec: names, and explicit lists of layers with residual blocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "alloc.h"
#include "spec_probe.h"
#include "strbuf.h"

#define BEFORE                                                                                     \
    "flipbench: 1\n"                                                                               \
    "name: base\n"                                                                                 \
    "settings:\n"                                                                                  \
    "  - name: one\n"                                                                              \
    "    dataset: {format: synthetic, generator: glyphs}\n"                                        \
    "    budget: {initial: 10, query: 5, rounds: 2}\n"
#define AFTER "strategies: [random]\n"

/* A layer of every kind, in every way to write it; the list begins in line 9. */
static const char every[] = BEFORE
    "    network:\n"
    "      layers:\n"
    "        - {conv: 32, kernel: 5, stride: 2, padding: same, bias: false, relu: true}\n"
    "        - conv: 16\n"
    "        - {max_pool: 3, stride: 2}\n"
    "        - {average_pool: 2}\n"
    "        - batch_norm\n"
    "        - {batch_norm: {momentum: 0.3, epsilon: 1e-3}, relu: true}\n"
    "        - {dropout: 0.25}\n"
    "        - relu\n"
    "        - residual:\n"
    "            - {conv: 16, padding: same}\n"
    "          relu: true\n"
    "        - residual: [{conv: 8, kernel: 1}, batch_norm]\n"
    "          shortcut: [{conv: 8, kernel: 1, stride: 1}]\n"
    "        - global_pool\n"
    "        - {dense: 64, relu: true}\n"
    "        - dense\n"
    AFTER;

static void assert_double(double a, double b)
{
    assert_true(!(a < b) && !(a > b));
}

static void reads_every_layer(void **state)
{
    (void)state;
    static const nn_layer_kind kinds[] = {
        NN_CONV, NN_CONV, NN_MAX_POOL, NN_AVERAGE_POOL, NN_BATCH_NORM, NN_BATCH_NORM, NN_DROPOUT,
        NN_RELU, NN_CONV, NN_ADD, NN_CONV, NN_BATCH_NORM, NN_CONV, NN_ADD, NN_GLOBAL_POOL, NN_DENSE,
        NN_DENSE};
    struct spec spec = probe_parse(every);
    const nn_network_spec *network = &spec.settings[0].network;
    const nn_layer_spec *layers = network->layers;
    assert_string_equal(network->name, "custom");
    assert_int_equal(network->layer_count, sizeof kinds / sizeof *kinds);
    for (size_t i = 0; i < network->layer_count; i++)
        assert_int_equal(layers[i].kind, kinds[i]);
    assert_true(layers[0].size == 32 && layers[0].kernel == 5 && layers[0].stride == 2);
    assert_true(layers[0].same && layers[0].no_bias && layers[0].relu);
    assert_true(layers[1].size == 16 && layers[1].kernel == 3 && layers[1].stride == 1);
    assert_false(layers[1].same || layers[1].no_bias || layers[1].relu);
    assert_true(layers[2].kernel == 3 && layers[2].stride == 2);
    assert_true(layers[3].kernel == 2 && layers[3].stride == 2);
    assert_double(layers[4].momentum, 0.1);
    assert_double(layers[4].epsilon, 1e-5);
    assert_double(layers[5].momentum, 0.3);
    assert_double(layers[5].epsilon, 1e-3);
    assert_true(layers[5].relu && !layers[4].relu);
    assert_double(layers[6].rate, 0.25);
    assert_true(layers[15].size == 64 && layers[15].relu);
    assert_true(layers[16].size == 0 && !layers[16].relu);
    spec_finish(&spec);
}

/* from and other call layer k - 1 k. */
static void flattens_residual_blocks(void **state)
{
    (void)state;
    struct spec spec = probe_parse(every);
    const nn_layer_spec *layers = spec.settings[0].network.layers;
    for (size_t i = 0; i < spec.settings[0].network.layer_count; i++)
        assert_int_equal(layers[i].from, i == 12 ? 10 : i == 13 ? 12 : 0);
    assert_int_equal(layers[9].other, 8); /* the relu before the block */
    assert_true(layers[9].relu);
    assert_int_equal(layers[13].other, 13); /* the shortcut; `from` is the body's end */
    assert_false(layers[13].relu);
    spec_finish(&spec);
}

static void writes_layers_as_they_were_nested(void **state)
{
    (void)state;
    static const char written[] = "  network:\n"
                                  "    layers:\n"
                                  "    - relu\n"
                                  "    - residual:\n"
                                  "      - batch_norm:\n"
                                  "          momentum: 0.1\n"
                                  "          epsilon: 1e-05\n"
                                  "        relu: false\n"
                                  "      shortcut: [relu]\n"
                                  "      relu: false\n"
                                  "    - max_pool: 2\n"
                                  "      stride: 2\n"
                                  "    - dense\n";
    struct spec spec = probe_parse(BEFORE "    network: {layers: [relu, {residual: [batch_norm], "
                                          "shortcut: [relu]}, {max_pool: 2}, dense]}\n" AFTER);
    if (!strstr(spec.resolved, written))
        fail_msg("%s", spec.resolved);
    spec_finish(&spec);
}

static void layers_read_back(void **state)
{
    (void)state;
    probe_reads_back(every);
    probe_reads_back(BEFORE "    network: {layers: [dense]}\n" AFTER);
    fb_strbuf deep = FB_STRBUF_INIT;
    fb_strbuf_add(&deep, BEFORE "    network: {layers: [relu, ");
    for (size_t i = 0; i < 8; i++)
        fb_strbuf_add(&deep, "{residual: [");
    fb_strbuf_add(&deep, "batch_norm");
    for (size_t i = 0; i < 8; i++)
        fb_strbuf_add(&deep, "]}");
    fb_strbuf_add(&deep, ", dense]}\n" AFTER);
    probe_reads_back(deep.text);
    fb_strbuf_finish(&deep);
}

/* ---- the same network in two ways ------------------------------------------------------------ */

#define CONV(filters, stride) "{conv: " filters ", stride: " stride ", padding: same, bias: false}"
#define ONE_BY_ONE(filters, stride)                                                                \
    "{conv: " filters ", kernel: 1, stride: " stride ", padding: same, bias: false}"
#define ACTIVE_NORM "{batch_norm: {}, relu: true}"
#define BASIC(filters, stride)                                                                     \
    "{residual: [" CONV(filters, stride) ", " ACTIVE_NORM ", " CONV(filters, "1") ", batch_norm]"
#define SAME(filters) BASIC(filters, "1") ", relu: true}, "
#define WIDER(filters)                                                                             \
    BASIC(filters, "2") ", shortcut: [" ONE_BY_ONE(filters, "2") ", batch_norm], relu: true}, "
#define WIDE(filters, stride)                                                                      \
    ACTIVE_NORM ", {residual: [" CONV(filters, stride) ", " ACTIVE_NORM ", " CONV(filters, "1")    \
    "], shortcut: [" ONE_BY_ONE(filters, stride) "]}, "
#define DEEP(filters)                                                                              \
    "{residual: [" ACTIVE_NORM ", " CONV(filters, "1") ", " ACTIVE_NORM ", " CONV(filters, "1")    \
    "]}, "

static void named_networks_can_be_written_out(void **state)
{
    (void)state;
    static const struct {
        const char *name, *layers;
    } cases[] = {
        {"linear", "dense"},
        {"s-cnn", "{conv: 32, relu: true}, {conv: 64, relu: true}, {max_pool: 2}, {dropout: .25}, "
                  "{dense: 128, relu: true}, {dropout: .5}, dense"},
        {"resnet-18", CONV("64", "1") ", " ACTIVE_NORM ", " SAME("64") SAME("64")
                      WIDER("128") SAME("128") WIDER("256") SAME("256") WIDER("512") SAME("512")
                      "global_pool, dense"},
        {"wrn-16-8", CONV("16", "1") ", " WIDE("128", "1") DEEP("128") WIDE("256", "2")
                     DEEP("256") WIDE("512", "2") DEEP("512") ACTIVE_NORM ", global_pool, dense"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        nn_network_spec named;
        nn_shape shape = {32, 32, 3};
        char a[65], b[65];
        fb_strbuf text = FB_STRBUF_INIT;
        fb_strbuf_printf(&text, BEFORE "    network: {layers: [%s]}\n" AFTER, cases[i].layers);
        struct spec spec = probe_parse(text.text);
        assert_int_equal(nn_network_named(cases[i].name, NULL, 0, &named, NULL), 0);
        nn_network_digest(&named, shape, 10, a);
        nn_network_digest(&spec.settings[0].network, shape, 10, b);
        if (strcmp(a, b) != 0)
            fail_msg("%s: another digest", cases[i].name);
        spec_finish(&spec);
        fb_strbuf_finish(&text);
    }
}

/* ---- what is refused ------------------------------------------------------------------------- */

static const struct probe_mistake mistakes[] = {
    {"        - conv: 16\n", "        - conv\n", "10:11",
     "network.layers.1: expected a layer: batch_norm, global_pool, relu, dense (the head), or a "
     "mapping with one of conv, max_pool, average_pool, batch_norm, dropout, dense, residual, "
     "found 'conv'"},
    {"        - conv: 16\n", "        - {cnov: 16}\n", "10:11", "expected a layer"},
    {"        - conv: 16\n", "        - [conv]\n", "10:11", "residual, found a list"},
    {"        - conv: 16\n", "        - {relu: true}\n", "10:11", "residual, found a mapping"},
    {"        - conv: 16\n", "        -\n", "10:10", "residual, found nothing"},
    {"        - conv: 16\n", "        - {conv: 0}\n", "10:18",
     "network.layers.1.conv: expected an integer from 1 to 65536, found '0'"},
    {"        - conv: 16\n", "        - {conv: 16, kernle: 3}\n", "10:22",
     "unknown key 'kernle' in network.layers.1; known here: conv, kernel, stride, padding, bias, "
     "relu; did you mean 'kernel'?"},
    {"        - conv: 16\n", "        - {conv: 16, kernel: 65}\n", "10:30",
     "network.layers.1.kernel: expected an integer from 1 to 64, found '65'"},
    {"        - conv: 16\n", "        - {conv: 16, stride: 0}\n", "10:30", "found '0'"},
    {"        - conv: 16\n", "        - {conv: 16, padding: 1}\n", "10:31",
     "network.layers.1.padding: expected one of valid, same, found '1'"},
    {"        - conv: 16\n", "        - {conv: 16, kernel: 2, padding: same}\n", "10:11",
     "network.layers.1: 'padding: same' needs an odd kernel, not 2"},
    {"        - conv: 16\n", "        - {conv: 16, dense: 5}\n", "10:22", "unknown key 'dense'"},
    {"{average_pool: 2}", "{average_pool: 0}", "12:26", "network.layers.3.average_pool: expected"},
    {"{average_pool: 2}", "{max_pool: 2, relu: true}", "12:25", "unknown key 'relu'"},
    {"momentum: 0.3", "momentum: 0", "14:35",
     "network.layers.5.batch_norm.momentum: expected a number above 0 and at most 1, found '0'"},
    {"epsilon: 1e-3", "epsilon: 0", "14:49",
     "batch_norm.epsilon: expected a number of at least 1e-30"},
    {"{batch_norm: {momentum: 0.3, epsilon: 1e-3}", "{batch_norm: 1", "14:24",
     "network.layers.5.batch_norm: expected a mapping with the keys momentum, epsilon, found '1'"},
    {"{dropout: 0.25}", "{dropout: 1}", "15:21",
     "network.layers.6.dropout: expected a number of at least 0 and below 1, found '1'"},
    /* the head */
    {"        - relu\n", "        - dense\n", "16:11",
     "network.layers.7: 'dense' without a number of units is the head, one unit a class, and "
     "stands at the end; here write {dense: UNITS}"},
    {"        - dense\n", "", "23:11", "network.layers.11: the last layer must be 'dense'"},
    {"        - dense\n", "        - residual: [relu]\n", "24:11", "last layer must be 'dense'"},
    {"        - dense\n", "        - {dense: 10}\n", "24:11", "the last layer must be 'dense'"},
    {"{conv: 8, kernel: 1}, batch_norm]", "{conv: 8, kernel: 1}, dense]", "20:44",
     "network.layers.9.residual.1: 'dense' without a number of units is the head"},
    /* residual blocks */
    {"{conv: 8, kernel: 1}, batch_norm]", "]", "20:21",
     "network.layers.9.residual: expected a list of one layer or more, found a list"},
    {"[{conv: 8, kernel: 1, stride: 1}]", "relu", "21:21",
     "network.layers.9.shortcut: expected a list of one layer or more, found 'relu'"},
    {"          relu: true\n", "          rule: true\n", "19:11",
     "unknown key 'rule' in network.layers.8; known here: residual, shortcut, relu; did you mean"},
    {"{conv: 16, padding: same}", "{conv: 16, padding: valdi}", "18:35",
     "network.layers.8.residual.0.padding: expected one of valid, same, found 'valdi'; did you"},
    {"        - {conv: 32, kernel: 5, stride: 2, padding: same, bias: false, relu: true}\n",
     "        - {residual: [relu]}\n", "9:11",
     "network.layers.0: a residual block cannot be the first layer; put one before it"},
};

static void refuses_each_mistake_at_its_place(void **state)
{
    (void)state;
    probe_mistakes(every, mistakes, sizeof mistakes / sizeof mistakes[0]);
}

static void refuses_other_networks(void **state)
{
    (void)state;
    static const char text[] = BEFORE "    network: X\n" AFTER;
    static const struct probe_mistake others[] = {
        {"X", "{layers: []}", "7:23", "network.layers: expected a list of layers that ends in"},
        {"X", "{layers: relu}", "7:23", "network.layers: expected a list of layers that ends in"},
        {"X", "{layers: [dense], name: mine}", "7:32",
         "unknown key 'name' in network; known here: layers"},
        {"X", "{name: k-cnn, hidden: [5]}", "7:14", "takes no sizes of hidden layers"},
        {"X", "{name: mlp, hidden: []}", "7:34", "expected a list of 1 to 127 sizes"},
    };
    probe_mistakes(text, others, sizeof others / sizeof others[0]);
}

/* `count` layers: relu, and the head. */
static char *long_list(size_t count)
{
    fb_strbuf text = FB_STRBUF_INIT;
    fb_strbuf_add(&text, BEFORE "    network:\n      layers:\n");
    for (size_t i = 0; i + 1 < count; i++)
        fb_strbuf_add(&text, "        - relu\n");
    fb_strbuf_add(&text, "        - dense\n" AFTER);
    return fb_strbuf_take(&text);
}

static void knows_how_many_layers_there_may_be(void **state)
{
    (void)state;
    char *most = long_list(NN_MAX_LAYERS), *more = long_list(NN_MAX_LAYERS + 1);
    probe_reads_back(most);
    assert_true(probe_is_refused(more, NULL, 0, "t.yaml:137:11: ",
                                 "network.layers.128: a network has at most 128 layers"));
    fb_free(most);
    fb_free(more);
}

static void refuses_blocks_that_are_nested_too_deep(void **state)
{
    (void)state;
    fb_strbuf text = FB_STRBUF_INIT;
    fb_strbuf_add(&text, BEFORE "    network: {layers: [relu, ");
    for (size_t i = 0; i < 9; i++)
        fb_strbuf_add(&text, "{residual: [");
    fb_strbuf_add(&text, "relu");
    for (size_t i = 0; i < 9; i++)
        fb_strbuf_add(&text, "]}");
    fb_strbuf_add(&text, ", dense]}\n" AFTER);
    assert_true(probe_is_refused(text.text, NULL, 0, "t.yaml:7:", "more than 8 deep"));
    fb_strbuf_finish(&text);
}

static void takes_layers_from_the_command_line(void **state)
{
    (void)state;
    static const char text[] = BEFORE "    network: mlp\n" AFTER;
    const char *const fine[] = {"network={layers: [{conv: 8}, dense]}", "network.layers.0.conv=9"};
    struct spec spec = {0};
    fb_error err = {0};
    if (spec_parse("t.yaml", text, strlen(text), fine, 2, &spec, &err))
        fail_msg("%s", err.text);
    assert_int_equal(spec.settings[0].network.layers[0].size, 9);
    spec_finish(&spec);
    const char *const wrong[] = {"network={layers: [{conv: x}, dense]}"};
    assert_true(probe_is_refused(text, wrong, 1, "t.yaml: network.layers.0.conv: expected",
                                 "found 'x' (given by --set)"));
}

static void survives_damage_and_short_memory(void **state)
{
    (void)state;
    probe_damage(every);
    probe_short_memory(every, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_layer),
        cmocka_unit_test(flattens_residual_blocks),
        cmocka_unit_test(writes_layers_as_they_were_nested),
        cmocka_unit_test(layers_read_back),
        cmocka_unit_test(named_networks_can_be_written_out),
        cmocka_unit_test(refuses_each_mistake_at_its_place),
        cmocka_unit_test(refuses_other_networks),
        cmocka_unit_test(knows_how_many_layers_there_may_be),
        cmocka_unit_test(refuses_blocks_that_are_nested_too_deep),
        cmocka_unit_test(takes_layers_from_the_command_line),
        cmocka_unit_test(survives_damage_and_short_memory),
    };
    return cmocka_run_group_tests_name("spec_network", tests, NULL, NULL);
}
