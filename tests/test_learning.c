/* Real learning: what a training must reach, on data that everybody has. Release builds only. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "datasets.h"
#include "nn.h"

enum { SEED = 1 };

/* How a network learns, and how many of the test samples it is asked about. */
typedef struct lesson {
    const char *name;
    nn_engine engine;
    uint64_t seed;
    size_t epochs, test_count;
} lesson;

static fb_stream stream_of(uint64_t seed, const char *purpose)
{
    return fb_stream_make(seed, purpose, NULL, 0);
}

/* Trains a network by Adam on the samples `ids` of a data set; gives the test accuracy. */
static double learn(const dataset *data, const lesson *l, uint32_t *ids, size_t count)
{
    nn_shape shape = {data->height, data->width, data->channels};
    nn_source train = {shape, data->train.u8, data->train.f32, data->train.count};
    nn_source test = {shape, data->test.u8, data->test.f32, data->test.count};
    nn_recipe recipe = {.optimizer = NN_ADAM, .learning_rate = 1e-3, .beta1 = 0.9, .beta2 = 0.999,
                        .epsilon = 1e-7, .batch = 32, .epochs = l->epochs, .keep = NN_KEEP_LAST};
    uint32_t *labels = calloc(count, sizeof *labels);
    for (size_t i = 0; i < count; i++)
        labels[i] = data->train.labels[ids[i]];
    nn_training training = {.source = &train, .ids = ids, .labels = labels, .count = count,
                            .batches = stream_of(l->seed, FB_STREAM_BATCHES),
                            .dropout = stream_of(l->seed, FB_STREAM_DROPOUT)};
    nn_network_spec spec;
    nn_network *network = NULL;
    nn_training_result result;
    nn_metrics metrics = {0};
    fb_error err = {0};
    if (nn_network_named(l->name, NULL, 0, &spec, &err) ||
        nn_create(&spec, shape, data->class_count, l->engine, &network, &err))
        fail_msg("%s", err.text);
    nn_initialize(network, stream_of(l->seed, FB_STREAM_WEIGHTS));
    if (nn_train(network, &recipe, &training, &result, &err) ||
        nn_evaluate(network, &test, NULL, data->test.labels, l->test_count, &metrics, &err))
        fail_msg("%s", err.text);
    nn_destroy(network);
    free(labels);
    print_message("# %s (%s) on %zu samples, %zu epochs: accuracy %.4f, loss %.4f\n", l->name,
                  nn_engine_name(l->engine), count, l->epochs, metrics.accuracy, metrics.loss);
    return metrics.accuracy;
}

/* `count` sample ids, drawn by keyed hash and ascending. */
static uint32_t *draw_ids(const dataset *data, size_t count)
{
    uint32_t *all = calloc(data->train.count, sizeof *all);
    uint32_t *ids = calloc(count, sizeof *ids);
    for (uint32_t i = 0; i < data->train.count; i++)
        all[i] = i;
    assert_int_equal(fb_stream_sample(stream_of(SEED, FB_STREAM_INITIAL), all, data->train.count,
                                      count, ids), 0);
    free(all);
    return ids;
}

/* Skips the test where Fashion-MNIST is not installed. */
static dataset load_fashion_mnist(void)
{
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
    return data;
}

static void s_cnn_learns_fashion_mnist(void **state)
{
    (void)state;
    dataset data = load_fashion_mnist();
    const lesson l = {"s-cnn", NN_PORTABLE, SEED, 20, data.test.count};
    uint32_t *ids = draw_ids(&data, 10000);
    double accuracy = learn(&data, &l, ids, 10000);
    free(ids);
    dataset_finish(&data);
    assert_true(accuracy >= 0.885);
}

/* The two round differently, and then training takes them apart; what is learnt must be as good.
 * Accuracies of one seed differ by a standard deviation of 0.01 (seen), their mean over five by
 * 0.0045: the bound is four of that. */
static void engines_learn_alike(void **state)
{
    (void)state;
    enum { SEEDS = 5, SAMPLES = 1000 };
    dataset data = load_fashion_mnist();
    uint32_t *ids = draw_ids(&data, SAMPLES);
    double difference = 0.0;
    for (uint64_t seed = 0; seed < SEEDS; seed++) {
        const lesson ours = {"s-cnn", NN_PORTABLE, seed, 6, 2000};
        const lesson theirs = {"s-cnn", NN_BLAS, seed, 6, 2000};
        double a = learn(&data, &ours, ids, SAMPLES), b = learn(&data, &theirs, ids, SAMPLES);
        assert_true(a >= 0.7 && b >= 0.7);
        difference += (a - b) / SEEDS;
    }
    print_message("# portable minus blas: %+.4f\n", difference);
    free(ids);
    dataset_finish(&data);
    assert_true(fabs(difference) <= 0.018);
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
    const lesson l = {"mlp", NN_PORTABLE, SEED, 60, data.test.count};
    double accuracy = learn(&data, &l, ids, 1000);
    free(ids);
    dataset_finish(&data);
    assert_true(accuracy >= 0.95);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mlp_learns_two_moons),
        cmocka_unit_test(engines_learn_alike),
        cmocka_unit_test(s_cnn_learns_fashion_mnist),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
