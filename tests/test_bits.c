/* The same bits, whatever does the work: instruction set, rows at a time, threads; and, because the
 * digests stand here as constants, compiler and machine. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "kernels.h"
#include "network.h"
#include "nn_fixture.h"

enum { CLASSES = 5, COUNT = 44, BATCH = 16 };

#define CONV(filters, side, ...)                                                                   \
    {                                                                                              \
        .kind = NN_CONV, .size = (filters), .kernel = (side), .no_bias = true, __VA_ARGS__         \
    }
#define NORM(...) {.kind = NN_BATCH_NORM, __VA_ARGS__}

/* Two residual blocks, the second at half the size. */
static const nn_layer_spec g_residual[] = {
    CONV(32, 3, .same = true),
    NORM(.relu = true),
    CONV(32, 3, .same = true),
    NORM(.relu = true),
    CONV(32, 3, .same = true),
    NORM(.relu = false),
    {.kind = NN_ADD, .other = 2, .relu = true},
    CONV(64, 3, .same = true, .stride = 2),
    NORM(.relu = true),
    CONV(64, 3, .same = true),
    NORM(.relu = false),
    CONV(64, 1, .same = true, .stride = 2, .from = 7),
    NORM(.relu = false),
    {.kind = NN_ADD, .other = 11, .relu = true},
    {.kind = NN_GLOBAL_POOL},
    {.kind = NN_DENSE},
};

/* A change of a digest is a change of NN_NUMERICS_VERSION. */
static const struct {
    const char *name; /* NULL: g_residual */
    nn_shape input;
    const char *digest;
} g_cases[] = {
    {"s-cnn", {8, 9, 2}, 
     "d6ec419d0fea5ed8312c08a6895698b1dde841664228dd61127bc83967712a30"},
    {"k-cnn", {8, 9, 3}, 
     "257c61dd41ffca7ea419332b0a2086112d8364c5a35fd703eb8df59d7dc75950"},
    {"mlp", {1, 1, 19}, 
     "7c07436a4ea0678172d58dc84726e8f93947ab7f3c9c647882723b0b1a6b1843"},
    {NULL, {9, 8, 3}, 
     "4a4695b03d99d8a96e031eaed352553f3a71515e24cf0c3cf90954f9cd341742"},
};
enum { CASE_COUNT = sizeof g_cases / sizeof g_cases[0] };

static nn_network *create_case(size_t which)
{
    nn_network_spec spec = {.layer_count = sizeof g_residual / sizeof g_residual[0]};
    nn_network *network = NULL;
    fb_error err = {0};
    memcpy(spec.layers, g_residual, sizeof g_residual);
    if (g_cases[which].name)
        assert_int_equal(nn_network_named(g_cases[which].name, NULL, 0, &spec, NULL), 0);
    if (nn_create(&spec, g_cases[which].input, CLASSES, NN_PORTABLE, &network, &err))
        fail_msg("%s", err.text);
    nn_initialize(network, stream_of(FB_STREAM_WEIGHTS, 3));
    return network;
}

/* Three steps, the last of a smaller batch; then the weights' digest and the logits. */
static void run_case(size_t which, size_t chunk, size_t threads, char ret_digest[65],
                     float ret_logits[COUNT * CLASSES])
{
    samples s = make_samples(g_cases[which].input, CLASSES, COUNT, true, 71);
    nn_recipe recipe = recipe_of(BATCH, 1, 1e-3);
    nn_training training = training_of(&s);
    nn_network *network = create_case(which);
    fb_error err = {0};
    if (chunk)
        network->chunk_rows = chunk;
    if (nn_set_threads(network, threads, &err))
        fail_msg("%s", err.text);
    train(network, &recipe, &training);
    nn_weights_digest(network, ret_digest);
    assert_int_equal(nn_infer(network, &s.source, NULL, COUNT, NULL, ret_logits, NULL), 0);
    nn_destroy(network);
    free_samples(&s);
}

static void instruction_sets_agree(void **state)
{
    (void)state;
    for (const char *const *isa = kernels_isas(); *isa; isa++) {
        assert_int_equal(kernels_use_isa(*isa, NULL), 0);
        for (size_t i = 0; i < CASE_COUNT; i++) {
            char digest[65];
            float logits[COUNT * CLASSES];
            run_case(i, 0, 1, digest, logits);
            if (strcmp(digest, g_cases[i].digest) != 0)
                fail_msg("%s under %s: the weights' digest is %s, expected %s",
                         g_cases[i].name ? g_cases[i].name : "residual", *isa, digest,
                         g_cases[i].digest);
        }
    }
    assert_int_equal(kernels_use_isa(NULL, NULL), 0);
}

static void chunks_and_threads_agree(void **state)
{
    (void)state;
    static const struct {
        size_t chunk, threads;
    } ways[] = {{1, 1}, {3, 1}, {16, 1}, {1000, 1}, {0, 2}, {0, 3}, {5, 2}, {0, 7}};
    for (size_t i = 0; i < CASE_COUNT; i++) {
        char wanted[65], digest[65];
        float wanted_logits[COUNT * CLASSES], logits[COUNT * CLASSES];
        run_case(i, 0, 1, wanted, wanted_logits);
        for (size_t w = 0; w < sizeof ways / sizeof ways[0]; w++) {
            run_case(i, ways[w].chunk, ways[w].threads, digest, logits);
            if (strcmp(digest, wanted) != 0 ||
                memcmp(logits, wanted_logits, sizeof logits) != 0)
                fail_msg("%s: other bits in chunks of %zu on %zu threads",
                         g_cases[i].name ? g_cases[i].name : "residual", ways[w].chunk,
                         ways[w].threads);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instruction_sets_agree),
        cmocka_unit_test(chunks_and_threads_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
