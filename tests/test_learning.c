/* Real learning: what a training must reach, on data that everybody has. Release builds only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

#include "datasets.h"
#include "nn.h"

enum { SEED = 1 };

static fb_stream stream_of(const char *purpose)
{
    return fb_stream_make(SEED, purpose, NULL, 0);
}

/* Trains a named network by Adam on the samples `ids` of a data set; gives the test accuracy. */
static double learn(const dataset *data, const char *name, uint32_t *ids, size_t count,
                    size_t epochs)
{
    nn_shape shape = {data->height, data->width, data->channels};
    nn_source train = {shape, data->train.u8, data->train.f32, data->train.count};
    nn_source test = {shape, data->test.u8, data->test.f32, data->test.count};
    nn_recipe recipe = {.optimizer = NN_ADAM, .learning_rate = 1e-3, .beta1 = 0.9, .beta2 = 0.999,
                        .epsilon = 1e-7, .batch = 32, .epochs = epochs, .keep = NN_KEEP_LAST};
    uint32_t *labels = calloc(count, sizeof *labels);
    for (size_t i = 0; i < count; i++)
        labels[i] = data->train.labels[ids[i]];
    nn_training training = {.source = &train, .ids = ids, .labels = labels, .count = count,
                            .batches = stream_of(FB_STREAM_BATCHES),
                            .dropout = stream_of(FB_STREAM_DROPOUT)};
    nn_network_spec spec;
    nn_network *network = NULL;
    nn_training_result result;
    nn_metrics metrics = {0};
    fb_error err = {0};
    if (nn_network_named(name, NULL, 0, &spec, &err) ||
        nn_create(&spec, shape, data->class_count, NN_PORTABLE, &network, &err))
        fail_msg("%s", err.text);
    nn_initialize(network, stream_of(FB_STREAM_WEIGHTS));
    if (nn_train(network, &recipe, &training, &result, &err) ||
        nn_evaluate(network, &test, NULL, data->test.labels, data->test.count, &metrics, &err))
        fail_msg("%s", err.text);
    nn_destroy(network);
    free(labels);
    print_message("# %s on %zu samples, %zu epochs: accuracy %.4f, loss %.4f\n", name, count,
                  epochs, metrics.accuracy, metrics.loss);
    return metrics.accuracy;
}

/* `count` sample ids, drawn by keyed hash and ascending. */
static uint32_t *draw_ids(const dataset *data, size_t count)
{
    uint32_t *all = calloc(data->train.count, sizeof *all);
    uint32_t *ids = calloc(count, sizeof *ids);
    for (uint32_t i = 0; i < data->train.count; i++)
        all[i] = i;
    assert_int_equal(fb_stream_sample(stream_of(FB_STREAM_INITIAL), all, data->train.count, count,
                                      ids), 0);
    free(all);
    return ids;
}

static void s_cnn_learns_fashion_mnist(void **state)
{
    (void)state;
    dataset data = {0};
    fb_error err = {0};
    data_spec spec = {.format = DATA_REGISTRY, .name = "fashion-mnist"};
    int rc = dataset_load(&spec, &data, &err);
    if (rc == FB_ENOENT) {
        print_message("# skipped: %s\n", err.text);
        skip();
    }
    if (rc)
        fail_msg("%s", err.text);
    uint32_t *ids = draw_ids(&data, 10000);
    double accuracy = learn(&data, "s-cnn", ids, 10000, 20);
    free(ids);
    dataset_finish(&data);
    assert_true(accuracy >= 0.885);
}

/* Two interleaved half circles, which no straight line separates. */
static void mlp_learns_two_moons(void **state)
{
    (void)state;
    dataset data = {0};
    fb_error err = {0};
    data_spec spec = {.format = DATA_SYNTHETIC, .name = "two-moons", .seed = SEED,
                      .train_count = 1000, .test_count = 1000};
    if (dataset_load(&spec, &data, &err))
        fail_msg("%s", err.text);
    uint32_t *ids = draw_ids(&data, 1000);
    double accuracy = learn(&data, "mlp", ids, 1000, 60);
    free(ids);
    dataset_finish(&data);
    assert_true(accuracy >= 0.95);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mlp_learns_two_moons),
        cmocka_unit_test(s_cnn_learns_fashion_mnist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
